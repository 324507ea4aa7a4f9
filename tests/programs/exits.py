"""Loops that end early: in the first trip, a later one, the last, or never."""

import numpy as np

from tests.programs.registry import TRIPS, const, program, real, trips

# With y = 0.8 to begin with and x = 1.3, y passes these bounds in trips 1, 3 and 6.
BOUNDS = {"first": 0.9, "middle": 1.6, "last": 3.7, "never": 99.0}


def ends(*inputs, trips=(6,), **options):
    """Rows for each bound, and for 0, 1 and 2 trips; the bound is the last input, the
    number of trips the one before."""

    def decorate(fn):
        for when, bound in BOUNDS.items():
            for n in trips:
                row = f"{when}, n={n}" if len(trips) > 1 else when
                program(*inputs, n, bound, label=row, **options)(fn)
        for n in (0, 1, 2):
            program(*inputs, n, BOUNDS["middle"], label=f"n={n}", **options)(fn)
        return fn

    return decorate


@ends(1.3)
def return_of_the_index(x, n, bound):
    y = 0.8
    for i in range(n):
        y = y * x + 0.02 * i
        if y > bound:
            return y * y * (i + 1)
    return y * x


@ends(1.3)
def return_of_what_the_test_computes(x, n, bound):
    y, z = 0.8, 0.1
    for i in range(n):
        y, z = y * x, z + y * x
        if np.sqrt(y * y) > bound:
            return np.sqrt(y * y) * z + i
    return y * z


@ends(1.3, trips=(3, 6))
def return_out_of_two_loops(x, n, bound):
    y = 0.8
    for i in range(n):
        for j in range(2):
            y = y * x
            if y > bound:
                return y * y * x + (i - j) * y
        y = 0.95 * y
    return y * x


@ends(1.3)
def return_out_of_three_loops(x, n, bound):
    y = 0.8
    k = 0
    while k < n:
        for i in range(2):
            for j in range(2):
                y = y * (1.0 + 0.25 * (x - 1.0)) + 0.01 * j
                if y > bound:
                    return np.sin(y) * x * (i + 1)
            y = y + 0.1 * x
        k += 1
    return y * y


@ends(1.3)
def updated_before_the_break(x, n, bound):
    y = 0.8
    for i in range(n):
        y = y * x
        if y > bound:
            y = 0.5 * y * x
            break
        y = y + 0.01 * i
    else:
        y = y - 2.0 * x
    return y * y


@ends(1.3)
def constant_before_the_break(x, n, bound):
    y, best = 0.8, 0.0
    for _ in range(n):
        y = y * x
        if y > bound:
            best = 2.5
            break
        best = best + y * x
    return best * y


@ends(1.3)
def chosen_before_the_break(x, n, bound):
    y = 0.8
    for i in range(n):
        y = y * x
        if y > bound:
            if i > 2:
                y = np.sin(y) * x
            else:
                y = np.exp(-y)
            break
    return y * x


@ends(1.3)
def break_under_two_conditions(x, n, bound):
    y = 0.8
    for i in range(n):
        y = y * x
        if y > bound:
            if i % 2 == 0:
                y = y * y
                break
            y = 0.9 * y
        y = y + 0.1
    return y * x


@ends(1.3)
def two_ways_out(x, n, bound):
    y, z = 0.8, 1.0
    for i in range(n):
        z = z * y
        if z < 0.3:
            return z * x
        y = y * x
        if y > bound:
            y = y * z
            break
    return y * x + z


@ends(1.3)
def break_before_the_rest(x, n, bound):
    y = 0.8
    for i in range(n):
        if y > bound:
            break
        y = y * x + 0.01 * i
    return y * y


@program(2.3, 0, label="y")
@program(2.3, 1, label="x")
@program(2.3, 2, label="both")
def iteration_to_convergence(a, what):
    x = a
    while True:
        y = 0.5 * (x + a / x)
        if abs(y - x) < 1e-9:
            break
        x = y
    if what == 0:
        return y * a
    if what == 1:
        return x * a
    return x * y + a


@ends(1.3)
def converged_or_given_up(a, n, bound):
    x, y = a, 0.0
    for _ in range(n):
        y = 0.5 * (x + a / x)
        if abs(y - x) < 0.01 * bound:
            break
        x = y
    return y * y + x


@ends(real(6), 1.3)
def stored_before_the_break(x, c, n, bound):
    u = x * 0.5
    y = 0.8
    for i in range(n):
        y = y * c
        u[i % 6] = u[i % 6] * y
        if y > bound:
            u[0] = u[0] * u[1] * c
            break
    return np.sum(u * u)


@ends(real(4), 1.3)
def array_made_at_the_exit(x, c, n, bound):
    u, y = x, 0.8
    for i in range(n):
        u = np.sin(u) * c
        y = y * c
        if y > bound:
            return np.sum(u * x) * (i + 1)
        u = u + x
    return np.sum(u)


@ends(1.3)
def exit_of_an_inner_loop_only(x, n, bound):
    total = 0.0
    for i in range(n):
        y = 0.8
        for j in range(4):
            y = y * x
            if y > bound:
                y = np.sin(y) * x
                break
            y = y + 0.01 * i
        total = total + y * y
    return total * x


@program(1.3, 6, 1.6, raises=ZeroDivisionError)
def division_by_zero_at_the_exit(x, n, bound):
    y = 0.8
    for _ in range(n):
        y = y * x
        if y > bound:
            return y / (n - 6)
    return y


@program(real(3, 2), real(3), 1, label="loop")
@program(real(3, 2), real(3), -1, label="while")
@program(real(3, 2), real(3), 0, label="two trips")
def array_first_assigned_in_a_loop(x, w, way):
    if way > 0:
        for _ in range(1):
            y = np.prod(np.cos(x), axis=1)
    elif way < 0:
        while True:
            y = w.copy()
            break
    else:
        for k in range(2):
            y = np.sin(x[:, k]) * w
    for _ in range(2):
        y[:] = np.where(x[1:2, 0] > -0.5, y * w, x[:, 1])
    return np.sum(np.sin(y))


@trips(real(), TRIPS, counts=(0, 3, 9))
def found_or_not(x, n):
    y = x
    for i in range(6):
        y = y * x + 0.1
        if i == n:
            r = y * y
            break
    else:
        r = y * x
    return r * x


@trips(real(), TRIPS, counts=(0, 3, 9))
def found_or_not_while(x, n):
    i = 0
    while i < 6:
        if i == n:
            r = x * i
            q = i
            break
        i += 1
    else:
        r = x * x
        q = 2
    return r * q


@trips(real(4), TRIPS, counts=(-1, 0, 3, 9))
def found_by_an_inner_loop(x, n):
    total = 0.0
    for i in range(3):
        for j in range(4):
            total += x[j] ** 2
            if i * 2 + j == n:
                r = total * x[i]
                break
        else:
            r = x[0]
            continue
        s = r * 2
        break
    else:
        s = total * r
    return s * r


@trips(real(4), TRIPS, counts=(0, 3, 9))
def array_found_or_not(x, n):
    y = x.copy()
    for i in range(4):
        y[i] = y[i] ** 2
        if i == n:
            r = y.copy()
            break
        y[i] += y[i - 1]
    else:
        r = x * y
    y[0] = 7.0
    return np.sum(r * x) + np.sum(y)


@program(real(), 0, raises=UnboundLocalError)
def unbound_after_the_break(x, n):
    for i in range(3):
        if i == n:
            break
        r = x * i
    else:
        r = x
    return x * r


@trips(real(6), TRIPS, counts=(0, 1, 3, 6))
def returned_from_two_places_while_stored_to(x, n):
    y = x.copy()
    for i in range(6):
        if i == n:
            y[i] = y[i] ** 2
            return y
        y[i] = y[i] * y[i - 1]
        if i == 4:
            return y * 2.0
    return y * y


@trips(real(4), TRIPS, counts=(-1, 0, 3, 9), order=1)
def two_arrays_returned_from_two_places(x, n):
    y = x.copy()
    z = x * 2
    for i in range(4):
        if i == n:
            return y, z
        y[i] = z[i] ** 2
        z[i - 1] += y[i]
        if y[i] > 5.0 + n:
            return z, y
    return y, x


@program(real(2, 2), 0.3)
@program(real(2, 2), 0.5, label="other arm")
@program(real(2, 2), 0.9, label="unchanged")
def array_gone_where_an_inner_loop_returns(x, a):
    n = 0
    while n < 2:
        n += 1
        z = x * 1.1
        if a < 0.4:
            for i in range(2):
                x[i] = np.log1p(z[i, :1] * z[i, :1])
        else:
            x = x.T
            m = 0
            while m < 3:
                m += 1
                if m % 2 == 0:
                    return np.sum(x * x) + 1.15 * np.sum(z * z)
                if a < 0.6:
                    x = z
    return np.sum(x * x)


@program(const(0.5, 0.3, 0.4), label="to the end")
@program(const(-0.95, 0.3, 0.4), label="the argument itself")
@program(const(0.95, 0.3, 0.4), label="another array")
@program(const(-0.48, 1.3, 0.4), label="the argument later")
def argument_returned_from_a_nested_loop(x):
    for i in range(3):
        j = 0
        while j < 2:
            j += 1
            if x[0] > 0.9:
                return np.sin(x)
            if x[0] * (1.0 + i) < -0.9:
                return x
            if x[1] > 1.0:
                x[2] *= x[1]
                break
        x *= 0.99 * x[1]
        x[0] *= 1.5
    return x


@program(1.3)
def endless_loops_that_only_return_leaves(x):
    k = 0
    while True:
        while True:
            x = x * 0.9
            k += 1
            if x < 0.7:
                return x * k
            if k % 3 == 0:
                break
        x += 0.01


@program(1.3, 2)
@program(1.3, 5, label="n=5")
def endless_loop_in_one_arm(x, n):
    def halved(y):
        while 1:
            if y < 1.0:
                return y * y
            y = y / 2.0

    if n > 3:
        while True:
            x = x * 1.1
            if x > 3.0:
                return halved(x)
    return (x + 1.0) * halved(x)


@program(real(2), 1, raises=ArithmeticError)
def loop_that_always_raises(x, n):
    k = 0
    while k < 4:
        k += 1
        x[0] *= 2.0
        if n > 0:
            raise ArithmeticError("reached")
        raise ValueError(k)
    return np.sum(x * x) * k


@program(real(2), 0, raises=ArithmeticError)
def for_loop_that_always_raises(x, n):
    total = x[0]
    for k in range(len(x) + n):
        total = total * x[k]
        raise ArithmeticError("reached")
    return total


@program(real(2), 0)
def loop_that_would_raise(x, n):
    total = x[0]
    for k in range(n):
        total = total * x[k]
        raise ArithmeticError("reached")
    return total * total


@program(-0.4, real(3), label="returns")
@program(0.4, real(3), raises=ArithmeticError, label="raises")
def an_array_or_an_error(a, x):
    if a <= 0.019:
        return np.sum(a + x)
    raise ArithmeticError("reached")


@program(0.5, real(2), 3, 0, label="returned")
@program(0.5, real(2), 3, 1, label="went on")
def stored_where_it_is_assigned(a, x, n, c):
    if c:
        y = np.outer(x, np.array([1.0, 2.0, 3.0]))
    for _ in range(n):
        if not c:
            return a * x
        s = np.sin(np.sum(y))
        y[0, 1] = a * s
    return y[:, 0] * a + np.sum(y**2)


TABLE = np.array([0.9, 0.45, 0.3])


@program(real(), real(3))
@program(0.05, const(0.3, 0.05, 0.4), label="left early")
def an_array_from_outside_returned_from_a_loop(a, x):
    for k in range(3):
        if x[k] < 0.1:
            return TABLE
        y = x * a
    return TABLE if np.sum(y) < -50.0 else TABLE


class OutOfRangeError(Exception):
    def __init__(self, message, value=None, *, code=0):
        super().__init__(message, value, code)


def named_alike():
    class OutOfRangeError(ValueError):
        pass

    return OutOfRangeError


Another = named_alike()


@program(-0.5, raises=OutOfRangeError)
def an_exception_of_its_own(x):
    if x < 0.0:
        raise OutOfRangeError("below", x, code=2 * 2)
    return x * x


@program(6.0, raises=Another)
def exceptions_that_are_named_alike(x):
    if x < 0.0:
        raise OutOfRangeError(f"below: {x:.2f}") from None
    if x > 5.0:
        raise Another("above", x, 1) from None
    return x * x


def halved(x, n):
    if x < 0.1:
        raise OutOfRangeError("small", np.array([x, x]))
    return x if n == 0 else halved(0.5 * x, n - 1) * x


program(0.2, 3, label="too often", raises=OutOfRangeError, wrt=("x",))(halved)
program(1.5, 3, label="a few times", wrt=("x",))(halved)


@program(2.0, raises=ValueError)
def an_exception_of_several_arguments(x):
    if x > 1.0:
        raise ValueError("too large", x, 1)
    return x * x


@program(real())
def exceptions_that_are_not_raised(x):
    OutOfRangeError_2 = 2.0 * x
    if x * x > 100.0:
        raise OutOfRangeError("far", OutOfRangeError_2)
    if x * x > 90.0:
        raise Another(x)
    return x * OutOfRangeError_2


def from_no_trip(x, n):
    for _ in range(n):
        return x * x
    raise OutOfRangeError("no trip", x)


def no_trip(x):
    for _ in range(0):
        return x * x
    raise OutOfRangeError("no trip", x)


# What a loop that makes no trip gives has no value, and nothing that runs reads it.
program(1.5, 0, label="none", raises=OutOfRangeError)(from_no_trip)
program(1.5, 2, label="some")(from_no_trip)
program(real(), raises=OutOfRangeError)(no_trip)


@program(1.5)
def a_branch_that_always_raises(x):
    if x > 2.0:
        return no_trip(x) * x
    return x * x


@program(1.5)
def a_trip_that_would_always_raise(x):
    while x < 1.0:
        x = x + no_trip(x) * x
    return x * x


@program(real(3), raises=UnboundLocalError)
def read_after_no_trip(x):
    for _ in range(0):
        y = np.sin(x)
    return y[0] * x[1]


@program(real(3))
def over_no_elements(x):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 100.0:
            for _ in np.zeros(0):
                y = x * x
            total += y[0]
        total += x[i] ** 2
    return total


@program(real(2, 3), real(4), 0.3, raises=IndexError)
def the_first_of_two_faults(x, w, s):
    y = x * s
    total = np.sum(y[3])
    y @ w
    return total
