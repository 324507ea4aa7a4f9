"""Numbers that are an int on one path and a float on another, or of two precisions."""

import math

import numpy as np

from .registry import const, program, real

SINGLE = np.float32(1.25)


def both(*inputs, **options):
    """Rows on either side of the branch."""

    def enter(fn):
        for x in (2.5, 3.7):
            program(x, *inputs, label=f"x={x}", **options)(fn)
        return fn

    return enter


@both(3)
def int_or_float(x, n):
    y = n if n > x else x
    return y * x + 1.0 / y


@both(3)
def greatest_and_least(x, n):
    return max(n, x) * x + min(x, n) ** 2


@both(3, tags=("mixture returned",))
def greatest_is_returned(x, n):
    return max(n, x)


@both(3)
def arithmetic_of_ints_stays_mixed(x, n):
    y = n if n > x else x
    z = y * n + 2
    z = z // 2 + z % 3 - abs(z) + z**2
    return z * x


@both(3)
def helper_returns_either(x, n):
    def h(x):
        if x > n:
            return n
        return x * x

    return h(x) * x


@both(3)
def carried_through_loops(x, n):
    s = n
    for _ in range(4):
        s = n if s > 2 * x else s * x
    t = n
    while t < 50:
        t = t * x if t > n else t + 1
    return s + t


@both(3)
def stored_and_converted(x, n):
    y = n if n > x else x
    a = np.array([y, 1.0])
    a[0] += y
    a *= y
    filled = np.full(2, y, dtype=float)
    return np.sum(a) * x + np.sqrt(y) + np.sum(filled) + float(y) + math.exp(y)


@both(3)
def rounded_either(x, n):
    y = n if n > x else x
    return round(y) * x + math.floor(y) + int(y) * x


@both(SINGLE, wrt=("x",))
def single_or_double(x, f):
    y = x if x > 3 else f
    return y * np.float64(2.0) + (y > 0) * 1.0


@both(SINGLE, wrt=("x",))
def greatest_of_two_precisions(x, f):
    return max(np.float64(x), f) * np.float64(3.0)


@program(const(0.7, 1.4, -0.3), 1)
def int_or_element(x, n):
    best = n
    for k in range(3):
        best = max(best, x[k])
    return best * x[0] + min(n, x[1])


@program(real(), 3, refused="this shows a number that is an int or a float")
def either_is_printed(x, n):
    y = n if n > x else x
    print(y)
    return y * x


@program(real(), 3, refused="this makes an array of float64 on one path and of int64")
def array_of_either(x, n):
    y = n if n > x else x
    a = np.array([y, 1])
    return np.sum(a) * x


@program(real(), SINGLE, refused="computed in float32 on one path")
def product_in_either_precision(x, f):
    y = x if x > 3 else f
    return y * x


@both(SINGLE, wrt=("x",), tags=("mixture returned",))
def compared_in_single_precision(x, f):
    return max(x, f)


def compared(fn):
    """Rows of float32 beside a Python float that is less, and one that is greater."""
    for a in (0.5, 1.75):
        x = const(1.25, 0.75, -0.5, dtype=np.float32)
        program(x, a, label=f"a={a}", tags=("float32",))(fn)
    return fn


@compared
def greatest_of_single_and_python_float(x, a):
    return float(max(x[0], a)) * a + float(min(x[1], a, x[0]))


@compared
def greatest_in_single_precision_again(x, a):
    return min(x[0], a) * x[1] + max(x[2], a, x[1]) * x[0]


@compared
def either_beside_single_precision(x, a):
    y = a if x[0] < a else x[1]
    return y * x[2] + np.sum(x - y) + np.sum(np.maximum(y, x))


@compared
def sums_in_single_precision_from_a_python_float(x, a):
    s = a
    for v in x:
        s += v * v
    return s * x[0]


@program(real(4))
def double_from_a_single_start(x):
    s = np.float32(0.25)
    for v in x:
        s = s + v * v
    return s * x[0]


@both(real(3))
def single_on_one_path(c, x):
    s = np.float32(0.5)
    if c > 3.0:
        s = x[0] * x[1]
    return s + x[2] * c


@program(real(4), 0, label="no trip")
@program(real(4), 3, label="three trips")
def the_class_of_what_becomes_a_float(x, n):
    total, count, s = 0, 0, x[3]
    for i in range(n):
        half = total * 0.5
        if isinstance(half, float) and isinstance(count, int):
            s = s + half * x[0]
        total = half + x[i]
        count = count + 1
    total = float(total)
    return s + (total * x[1] if isinstance(total, float) else x[2])
