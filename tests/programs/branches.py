"""Branches: ``if`` of every kind, booleans, conditional expressions, early returns."""

import numpy as np

from .registry import const, distinct, positive, program, real


@program(0.7, label="above")
@program(-0.7, label="below")
def if_else(x):
    if x > 0.0:
        y = x * x
    else:
        y = -3.0 * x
    return y * x


@program(0.7, label="above")
@program(-0.7, label="below")
def if_without_else(x):
    y = x
    if x > 0.0:
        y = y * y * y
    return y + x


@program(0.2, label="first")
@program(0.7, label="second")
@program(1.7, label="third")
@program(3.1, label="else")
def elif_chain(x):
    if x < 0.5:
        return x * x
    elif x < 1.0:
        return np.sin(x)
    elif x < 2.0:
        y = np.exp(-x)
    else:
        y = 1.0 / (x * x)
    return y * x


@program(0.7, 0.2, label="yes")
@program(0.2, 0.7, label="no")
def conditional_expression(x, y):
    return (x if x > y else y * y) * x


@program(0.1, label="below")
@program(0.5, label="inside")
@program(0.9, label="above")
def chained_comparison(x):
    if 0.2 < x <= 0.8:
        return x**3
    return x


@program(0.5, 0.5, label="both")
@program(0.5, -0.5, label="one")
@program(-0.5, -0.5, label="none")
def boolean_and_or_not(x, y):
    z = 1.0
    if x > 0 and y > 0:
        z = x * y
    if x > 0 or y > 0:
        z = z * x
    if not (x > 0):
        z = z * y
    return z


@program(0, 2.0, label="guarded")
@program(1, 2.0, label="evaluated")
def short_circuit_guards_a_division(n, y):
    if n != 0 and y / n > 1.0:
        return y / (n + y)
    return y * y


@program(0.5, label="or first")
@program(0.0, label="or second", order=1)  # discontinuous there: no differences
def or_returns_an_operand(x, z=1.5):
    y = x or 2.0
    return y * y * z + x


@program(0.7, 3, label="odd")
@program(0.7, 4, label="even")
def branch_on_an_integer(x, n):
    if n % 2 == 1:
        return x**n
    return n * x


@program(0.7, label="above")
@program(-0.7, label="below")
def nested_branches(x):
    y = x
    if x > 0:
        if x > 0.5:
            y = x * x
        else:
            y = x
        y = y * 2.0
    else:
        if x < -0.5:
            y = np.sin(x)
    return y * y


@program(0.7, label="above")
@program(-0.7, label="below")
def early_return(x):
    if x < 0:
        return -x
    y = x * x
    return y * np.exp(x)


@program(0.7, label="three")
@program(0.2, label="two")
@program(-0.7, label="one")
def several_early_returns(x):
    if x < 0:
        return np.sin(x)
    y = np.cos(x)
    if x < 0.5:
        return y * x
    y = y * y
    return y + x


@program(real(), label="float")
def branch_that_only_rebinds_one_name(x):
    a, b = x, x * x
    if b > 0.0:
        a = b
    return a * b


@program(0.7, label="defined")
def variable_defined_on_one_arm(x):
    if x > 0:
        y = x * x
    if x > 0:
        return y * 2.0
    return x


@program(-0.4, label="below")
@program(0.4, label="inside")
@program(1.4, label="above")
def clamp_by_branches(x):
    if x < 0.0:
        y = 0.0
    elif x > 1.0:
        y = 1.0
    else:
        y = x
    return y * y + x


@program(0.7, label="float arm")
@program(-0.7, label="integer arm")
def arms_of_int_and_float(x):
    y = x if x > 0 else 0
    return y * 2.0 + x


@program(real(4))
def branch_on_an_array_element(x):
    if x[0] > x[1]:
        return x[2] * x[3]
    return x[0] * x[1] * x[2]


@program(real(4))
def branch_between_arrays(x):
    if np.sum(x) > 0:
        y = x * x
    else:
        y = np.sin(x)
    return np.sum(y * x)


@program(positive(3), True)
def branch_on_a_boolean(x, square):
    y = x * x if square else x
    return y.sum()


@program(positive(), label="passes")
@program(-1.0, label="fails", raises=AssertionError)
def assertion(x):
    assert x > 0, "x must be positive"
    return np.log(x)


@program(positive(), label="passes")
@program(-1.0, label="raises", raises=ValueError)
def user_exception(x):
    if x < 0:
        raise ValueError(f"x is {x}")
    return np.sqrt(x)


@program(1.5, 0.0, raises=ZeroDivisionError)
def python_division_by_zero(x, y):
    return x / y


@program(real(3), 5, raises=IndexError)
def index_out_of_range(x, i):
    return x[i] * 2.0


@program(real(3), real(4), raises=ValueError)
def shapes_do_not_match(x, y):
    return np.sum(x + y)


@program(real())
def prints_and_formats(x):
    print("x is", x)
    y = x * x
    print(f"y = {y:.3f}", end="")
    return y


@program(distinct(3))
def median_of_three(x):
    a, b, c = x[0], x[1], x[2]
    if a > b:
        a, b = b, a
    if b > c:
        b, c = c, b
    if a > b:
        a, b = b, a
    return b * b + a * c


@program(0.3, 0.9)
def comparison_as_a_number(x, y):
    return (x < y) * x + (x > y) * y


@program(real())
def is_instance_of_float(x):
    if isinstance(x, float):
        return x * x
    return x


@program(real(3))
def branch_on_rank(x):
    if x.ndim == 1:
        return np.sum(x * x)
    return np.sum(x)


@program(real())
def pass_in_a_branch(x):
    if x > 0:
        pass
    else:
        x = x * x
    return x * 2.0


@program(0.4, label="hit")
@program(0.6, label="miss")
def condition_is_a_named_boolean(x):
    hit = x < 0.5
    y = x
    if hit:
        y = x * x
    return y * x if not hit else y


@program(-0.7, label="below")
@program(0.7, label="above")
def infinite_slope_on_the_other_path(x):
    y = 0.0
    if x > 0.0:
        y = np.sqrt(x)
    return y * x + 3.0 * x


@program(real(6), 0.6)
def two_guarded_pieces(x, delta):
    total = 0.0
    for i in range(len(x)):
        r = np.sin(x[i]) * x[0]
        if abs(r) <= delta:
            total += 0.5 * r * r
            continue
        total += delta * (abs(r) - 0.5 * delta)
    return total


@program(0.4, 0.3, label="neither")
@program(0.4, 1.3, label="second")
@program(1.4, 0.3, label="first")
@program(1.4, 1.3, label="both")
def conditions_taken_up_again(x, y):
    first, second = x > 1.0, y > 1.0
    u = x * y if first else y
    v = u * u if second else x
    if first:
        v = v * u
    w = v + x
    if not second:
        w = w * u
    if first:
        w = w * v
    return w


@program(const(0.5, -0.4, 0.8), 1, label="inside")
@program(const(0.5, -0.4, 0.8), 7, raises=IndexError, label="beyond the end")
def an_index_that_may_be_wrong(x, i):
    y = 2.0 * x[0] if x[1] < 0.0 else x[2]
    z = x[i]
    if x[1] < 0.0:
        y = y * x[i]
    return y * z


@program(const(0.5, -0.4, 0.8), label="taken")
@program(const(0.5, 0.4, 0.8), label="not taken")
def elements_of_one_arm(x):
    y = x * 1.5
    if y[1] < 0.0:
        y[0] = y[1] * y[2]
        scale = y[0]
    else:
        scale = 0.0
    y[1] = y[1] * y[0] + scale
    if y[2] > 0.0:
        y[2] += scale * x[0]
    return np.sum(y * y) * (1.0 + scale)


@program(0.4, 4, label="some trips")
@program(1.4, 4, label="not evaluated there, read later")
@program(0.4, 0, raises=UnboundLocalError, label="no trip")
def a_name_that_may_be_missing_where_a_condition_ends_early(x, n):
    y = x
    for i in range(n):
        y += x * i
    beyond = x > 1.0 or i < 2
    if beyond:
        y *= 1.5 + (i * 2 + 1) % 4
    z = i * x if x < 1.0 else y
    return y * z + i


# --- Branches that only one arm leaves ----------------------------------------------


@program(0.02, const(-1.07, -0.63, -0.3))
def stored_into_where_the_other_arm_raises(a, x):
    for i in range(2):
        if x[i] < 1.019:
            a /= 1.5
            x[...] = np.exp(0.3 * x)
        else:
            raise IndexError
        x[::3] /= 1.5 + x[:1] ** 2
        x[0] = a
    return a + np.sum(x * x)


@program(0.4, real(4), 3)
@program(0.4, real(4), 0, label="none")
def checked_before_it_is_used(a, x, n):
    for i in range(n):
        if i >= len(x):
            raise IndexError("beyond the end")
        if x[i] > -9.0:
            if a > 99.0:
                raise ValueError("too large")
            else:
                y = np.sin(a * x[i])
                x[i] = y * y + a
        else:
            raise ValueError("too small")
        a = a * y + x[i + 1]
    return a * x[0]


@program(0.7, real(3), real(3), real(3))
def exchanged_by_a_loop_of_no_trips(s, x, y, z):
    for _ in range(4):
        for _ in range(0):
            z, x = x, z
            for _ in range(1):
                s = s + y[2]
                if s < -0.5:
                    return s * x[0]
    return s * x[0] + z[1]


@program(0.3, real(5), wrt=("w",))
def the_least_found_again(w, x):
    """What is compared is computed anew, and must be the same to the bit."""
    best = 1e9
    for i in range(len(x)):
        d = 0.1 * (x[i] * w)
        if d < best:
            best = d
    s = 0.0
    for i in range(len(x)):
        d = 0.1 * (x[i] * w)
        if d == best:
            s += d * d
    return s


@program(0.3, const([1.0, -2.0], [3.0, 1.0]), const(np.inf, 1.0), wrt=("w",))
def sums_of_opposite_infinities(w, x, y):
    scale, s = w, 0.0
    for i in range(len(y)):
        t = np.sum(x[i] * (y[i] * w))
        if np.isnan(t):
            s = s + scale
        else:
            scale = scale * 0.5
    return s + scale


@program(0.7, real(6))
def steps_computed_again(w, x):
    s = 0.0
    for i in range(len(x)):
        t = 10.0 * (0.1 * (3.0 * i)) * (w / w)
        k = np.floor(t)
        r = (10.0 * (0.1 * (3.0 * i)) * w / w) % 1.0
        s += (
            (t - k) * x[i] * w
            + r * r * w * x[i]
            + np.sign(0.1 * (3.0 * i) - 0.1 * 3.0 * i) * x[i]
        )
    return s


@program(real(4, 3), 0.4)
def nearest_of_rows_found_again(x, w):
    best = 1e9
    for row in x:
        e = np.sum(0.1 * (row * w) ** 2) / 3.0
        if e < best:
            best = e
    s = 0.0
    for row in x:
        e = np.sum(0.1 * (row * w) ** 2) / 3.0
        if e <= best:
            s += e * w + row[0]
    return s
