"""Loops whose index must be known while compiling: their trips are laid out."""

import numpy as np

from .registry import TRIPS, positive, program, real, trips


@program(real(3))
def items_of_a_tuple(x):
    parts = (x, x * x, np.sin(x))
    s = 0.0
    for k in range(3):
        s += np.sum(parts[k]) * (k + 1)
    return s


@program(real(3))
def items_backwards(x):
    parts = (x, x * x, np.sin(x))
    s = 0.0
    for k in range(len(parts) - 1, -1, -1):
        s = s * np.sum(parts[k]) + k
    return s


@program(real(2, 3))
def each_axis(x):
    s = 0.0
    for axis in range(x.ndim):
        s += np.sum(np.sum(x, axis=axis) ** 2)
    return s


@program(positive(3))
def table_of_functions(x):
    steps = (np.sin, np.sqrt, lambda u: u * u)
    y = x
    for k in range(3):
        y = steps[k](y)
    return np.sum(y)


@program(real(3), 2)
def as_often_as_an_argument_says(x, n):
    parts = (x, x * x, np.sin(x))
    s = 0.0
    for k in range(n):
        s += np.sum(parts[k])
    return s


@program(real(3))
def range_zipped_with_a_tuple(x):
    parts = (x, x * x, np.sin(x))
    s = 0.0
    for k, v in zip(range(3), parts):
        s += np.sum(parts[k] * v)
    for k, j in zip(range(3), range(1, 4)):
        s += np.sum(parts[k]) * j
    return s


@program(positive(3))
def inner_loop_alone(x):
    parts = (x, x * x, np.sqrt(x))
    s = 0.0
    for i in range(len(x)):
        for k in range(3):
            if parts[k][i] > 1.1:
                break
            s += parts[k][i] * (k + 1)
        else:
            s *= 2
    return s


@program(real(3))
def bounds_of_the_loop_around(x):
    parts = (x, x * x, np.sin(x))
    s = 0.0
    for i in range(3):
        for k in range(i):
            s += np.sum(parts[k] * parts[i])
    return s


@program(positive(3))
def stores_and_returns_early(x):
    parts = (x, x * x, np.sqrt(x))
    for k in range(3):
        y = parts[k]
        y[0] = k
        if y[1] > 1.2:
            return np.sum(y * x)
    return np.sum(x)


@program(real(3))
def rank_of_zeros(x):
    s = 0.0
    for k in range(1, 3):
        z = np.zeros((2,) * k)
        z[(0,) * k] = x[k]
        s += np.sum(z * z)
    return s


@program(real(100), refused="how often it runs is not known")
def over_a_long_array(x):
    parts = (x, x * x)
    s = 0.0
    for k, v in enumerate(x):
        s += np.sum(parts[k % 2]) * v
    return s


@program(real(3))
def over_an_array(x):
    parts = (x, x * x, np.sin(x))
    s = 0.0
    for k, v in enumerate(x):
        s += np.sum(parts[k]) * v
    return s


@program(real(3), refused="at most 64 are laid out")
def too_many_trips(x):
    parts = (x, x * x)
    s = 0.0
    for k in range(100):
        s += np.sum(parts[k % 2])
    return s


@program(real(4))
def a_sum_that_starts_with_a_number(x):
    t = 0
    for k in range(3):
        t = t + x * k
    s = 0.0
    for k in range(1, 4):
        s += x**k
    return np.sum(t * s)


@trips(real(4), TRIPS, counts=(1, 2, 5))
def a_sum_of_arrays_over_an_argument(x, n):
    t = 0
    for k in range(n):
        t = t + x ** (k + 1)
    return np.sum(t * x)


@program(real(4))
def nothing_before_the_first_trip(x):
    best = previous = None
    s = 0.0
    for k in range(4):
        y = x * x[k]
        if best is None or np.sum(y) < np.sum(best):
            best = y
        if previous is not None:
            s += np.sum((y - previous) ** 2)
        previous = y
    return np.sum(best * best) + s


@program(real(4))
def nothing_before_the_first_of_many_trips(x):
    best = None
    for v in x:
        if best is None or v > best:
            best = v
    return best * best


@program(0.4, 5)
def keys_that_an_index_decides(x, n):
    sums = {"odd": 0.0, "even": 0.0}
    for k in range(n):
        key = "odd" if k % 2 else "even"
        sums[key] += x**k
    return sums["odd"] * sums["even"]


@program(0.4, 5)
def functions_that_an_index_decides(x, n):
    def step(k):
        return np.sin if k % 3 else lambda u: u * u + x

    for k in range(n):
        x = step(k)(x)
    return x


@program(real(3))
def what_the_first_trip_makes(x):
    s = 0.0
    for k in range(4):
        if k == 0:
            previous = (x, x * x)
        else:
            previous = [np.sum(x)]
        s = s + len(previous) * np.sum(previous[0]) ** 2
    return s


@program(0.4, refused="on another")
def functions_that_many_trips_decide(x):
    for k in range(100):
        x = (np.sin if k % 2 else np.cos)(x)
    return x
