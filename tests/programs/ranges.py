"""What a `for` goes over: ranges of every kind, arrays, tuples."""

import numpy as np

from .registry import TRIPS, integers, program, real, trips


@trips(real(), TRIPS, counts=(2, 3, 4, 8))
def range_with_a_start(x, n):
    y = x
    for i in range(2, n):
        y = y * x + i
    return y


@trips(real(), TRIPS, counts=(0, 1, 2, 6, 7))
def range_with_a_stride(x, n):
    y = x
    for i in range(0, n, 3):
        y = y * x + i
    return y


@trips(real(), TRIPS, counts=(0, 1, 2, 6, 7))
def range_downwards(x, n):
    y = x
    for i in range(n, 0, -1):
        y = y * x - 0.1 * i
    return y


@trips(real(), TRIPS, counts=(0, 1, 2, 6, 7))
def range_downwards_by_two(x, n):
    y = x
    for i in range(n - 1, -1, -2):
        y = y * x - 0.1 * i * y
    return y


@program(real(), 1, 9, 3)
@program(real(), 8, 1, -3, label="down")
@program(real(), 4, 4, 1, label="empty")
@program(real(), 4, 9, -1, label="empty down")
def range_of_runtime_bounds(x, start, stop, step):
    y = 0.9
    for i in range(start, stop, step):
        y = y * y * x + 0.05 * i
    return y


@program(real(4), 0)
@program(real(4), 3, label="last")
@program(real(4), -1, label="from the end")
@program(real(4), -4, label="first from the end")
@program(real(4), 4, raises=IndexError, label="beyond")
@program(real(4), -5, raises=IndexError, label="before")
def item_of_a_range(x, k):
    backwards = range(len(x) - 1, -1, -1)
    return (
        x[backwards[k]] ** 2 * backwards[-1] + x[0] * range(2, 9, 3)[-1] * backwards[k]
    )


@program(real(), 2, 6, 0, raises=ValueError)
def range_of_step_zero(x, start, stop, step):
    y = x
    for i in range(start, stop, step):
        y = y * i
    return y


@program(real(5))
def for_over_an_array(x):
    total = 0.5
    for v in x:
        total = total * v + v
    return total


@program(real(3, 4))
def for_over_rows(a):
    total = np.ones(4)
    for row in a:
        total = total * row + row
    return np.sum(total)


@program(real(), real(), real())
def for_over_a_tuple(x, y, z):
    total = 1.0
    for v in (x, y, z):
        total = total * v + np.sin(v)
    return total


@program(real())
def for_over_a_constant_range(x):
    y = x
    for i in range(4):
        y = y * x + i * x
    return y


@program(real(8))
@program(real(1), label="one")
def fast_walsh_transform(x):
    y, width = x * 1.0, 1
    while width < len(y):
        z = y.copy()
        for i in range(len(y)):
            sign = -1.0 if i & width else 1.0
            z[i] = sign * y[i] + y[i ^ width]
        y, width = z, width << 1
    return np.sum(y**3)


@program(real(6), integers(0, 9, 6), 5)
def bits_of_integers(x, k, mask):
    odd = np.where(k & 1, x, x * x)
    chosen = x[np.bitwise_and(k, 3)] * (np.bitwise_xor(k, mask) + (k << 1) - (~k >> 1))
    common = np.gcd(k, 6) + np.lcm(k, 2) + np.bitwise_count(k | mask)
    return np.sum(odd * chosen) + np.sum(common * x) + (mask & 4 | 3) * x[0]


@program(real(), True)
@program(real(), False, label="none")
def as_often_as_holds(x, flag):
    y = x
    for k in range(flag):
        y = y * x + k
    for k in range(False, y > x, True):
        y = y * y - k
    return y
