"""Integers of few bits as bounds, lengths, indices and parts of slices."""

import numpy as np

from tests.programs.registry import program, real

DTYPES = ("int64", "int32", "int16", "uint8")


def each_dtype(*inputs):
    """A row for each dtype of the last input, which is 2."""

    def decorate(fn):
        for name in DTYPES[1:]:
            program(*inputs, np.dtype(name).type(2), label=name)(fn)
        return fn

    return decorate


def sparse_product(x, values, columns, starts):
    total = 0.0
    for i in range(len(starts) - 1):
        row = 0.0
        for k in range(starts[i], starts[i + 1]):
            row += values[k] * x[columns[k]]
        total += row * row * (i + 1)
    return total


for _name in DTYPES:
    _starts = np.array([0, 2, 2, 5], dtype=_name)
    _columns = np.array([1, 0, 3, 2, 0], dtype=_name)
    _inputs = real(4), real(5), lambda _, c=_columns: c.copy()
    program(*_inputs, lambda _, s=_starts: s.copy(), label=_name)(sparse_product)


@each_dtype(real(6))
def trips_and_steps(x, n):
    s = 0.0
    for i in range(n, 6, n):
        for j in range(i):
            s += x[i] * x[j] * x[i - 1]
    for i in reversed(range(n + n)):
        x[i] += s
    return np.sum(x * x)


@each_dtype(real(6))
def trips_of_while(x, n):
    k = n
    s = 0.0
    while k > 0:
        s += x[k] ** 2
        k -= 1
    return s + x[k]


@each_dtype(real(6))
def parts_of_slices(x, n):
    x[n:] = x[n:] ** 2
    x[:n] *= x[n : n + n]
    return np.sum(x[::n] ** 2) + np.sum(x[1 : n + 1] ** 3)


@each_dtype(real(6))
def lengths_of_arrays(x, n):
    a = np.zeros(n) + x[:n]
    b = np.full((n, 3), x[0]) * x.reshape(n, -1)
    c = np.eye(n) * np.linspace(x[1], x[2], n)
    return np.sum(a**2) + np.sum(b * b) + np.sum(c**2) + np.sum(np.arange(n) * x[:n])


@each_dtype(real(6))
def places_in_lists(x, n):
    ys = [v * v for v in x]
    ys.insert(n, x[0])
    zs = [x[1]] * n
    return ys[n] * ys.pop(n) + ys[n - 1] + sum(zs) ** 2
