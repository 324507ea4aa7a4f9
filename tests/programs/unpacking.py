"""Sequences of known length: starred targets and arguments, `in`, `del`, slices."""

import math

import numpy as np

from .registry import program, real


@program(real(3, 4))
def starred_targets(x):
    *lead, last = x.shape
    first, *rest = x[0, 0], x[0, 1] * x[1, 1], x[2, 3]
    a, *none = (first,)
    return a * rest[0] * rest[-1] * last * lead[0] + len(none)


@program(real(3))
def starred_arguments(x):
    def weighted(a, b, c=2.0, *, d=1.0):
        return a * b * c * d

    pair = (x[0], x[1])
    triple = (*pair, x[2])
    return weighted(*pair) + weighted(*triple, d=x[0]) + max(*pair, 0.1 * x[2])


@program(real(4))
def memberships(x):
    total = 0.0
    for i in range(len(x)):
        if i in (0, 2):
            total += x[i] * x[i]
        elif i in tuple(range(3, 5)):
            total += x[i] ** 3
    if x[1] in x:
        total *= x[1]
    return total if "a" in "abc" else 0.0


@program(real(4))
def names_deleted(x):
    y = x * x
    z = y * x
    del y
    for i in range(3):
        t = z[i] * x[i]
        z[i] = t * t
        del t
    return np.sum(z)


@program(real(), raises=UnboundLocalError)
def a_name_deleted_on_one_path(x):
    y = x * x
    if x * x > 0:
        del y
    return y


@program(real(5, 4))
def slices_as_values(x):
    rows, columns = slice(1, None, 2), slice(None, -1)
    inner = (rows, columns)
    y = x * 2.0
    y[inner] *= x[rows, slice(3)]
    return np.sum(y * y)


@program(real(3, 4))
def comprehensions_of_known_length(x):
    parts = [x[k] * k for k in range(3) if k != 1]
    total = sum(np.sum(part) ** 2 for part in parts)
    pairs = [(a, b) for a in (0, 1) for b in range(a, 2)]
    k = 2
    largest = max(x[a, b] for a, b in pairs)
    return total + largest * math.prod(x[0, i] for i in range(4)) * x[k, 0]


@program(real(4))
def functions_of_any_number_of_arguments(x):
    def power_sum(first, *rest, p=2):
        total = first
        for k, term in enumerate(rest):
            total += term**p * (k + 1)
        return total * len(rest)

    return power_sum(x[0], *(x[1], x[2])) + power_sum(x[3], x[0], p=3)


@program(real(3), real(2))
def dtype_of_another_array(x, y):
    z = x.astype(y.dtype) * 2.0
    return np.sum(z * z) * np.sum(y)


@program(real(5))
def starred_targets_of_an_array(x):
    first, *middle, last = x * x
    head, *none = x[:1]
    return first * last + sum(v**3 for v in middle) + head * len(none)


@program(real(3, 4))
def starred_targets_in_a_loop(x):
    total = 0.0
    for k, (first, *rest) in enumerate(x):
        (a, *_), b = (rest, first)
        total += (k + 1) * a * b + sum(rest)
    return total


@program(real(2), raises=ValueError)
def too_few_for_a_starred_target(x):
    a, b, c, *rest = x
    return a * b * c + len(rest)


@program(real(4, 5))
def indices_made_by_s_(x):
    rows, inner = np.s_[1:], np.index_exp[1:-1, ::2]
    return np.sum(x[rows] ** 2) + np.sum(x[inner] ** 3)


@program(real(2, 3))
def rows_and_elements_behind_stars(x):
    head, *rows = x
    first, *rest = x[0]
    (a, *b), (c, *d) = x, x[1]
    return first * sum(rest) + head[0] * rows[0][1] + a[2] * b[0][2] * c * d[1]


@program(real(2, 3))
def starred_targets_in_trips_laid_out(x):
    total = 0.0
    for part in (x, x[0], x * x):
        first, *rest = part
        total += np.sum(first) * np.sum(np.array(rest) ** 2)
    return total
