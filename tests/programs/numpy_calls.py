"""Calls of NumPy in the less usual forms of their arguments."""

import numpy as np

from .registry import positive, program, real


@program(real(), real(5), 0.62)
def table_at_numbers(left, y, x):
    u = np.array([0.0, 0.3, 0.5, 1.1, 2.0])
    before = np.interp(-x, u, y, left=left)
    after = np.interp(3.0 + x, u, y)
    return np.interp(x, u, y) * before + after


@program(real(1), real(1), real(3))
def table_of_one_point(u, y, x):
    return np.interp(u[0], u, y) + np.sum(np.interp(x + 5.0, u, y) * x)


@program(real(0), real(4), real())
def extrema_that_begin_with_a_number(none, x, s):
    few = x[x > 9.0]
    return np.max(none, initial=s) * np.min(few, initial=s) * np.max(x, initial=s - 9.0)


@program(real(3, 4))
def largest_of_each_row_taken_along(m):
    where = np.argmax(m, axis=1, keepdims=True)
    return np.sum(np.take_along_axis(m * m, where, axis=1)) * m.min(axis=0, initial=0.0)


@program(real(3))
def triangles_of_a_vector(x):
    return np.tril(x, -1) * np.triu(x).T @ x


@program(real(4), real(7))
def correlation_with_what_is_longer(x, y):
    return np.correlate(x, y, "same") * y


@program(real(2, 3, 2), real(3, 2))
def arrays_where_lists_of_arrays_stand(t, m):
    a, b, c = np.unstack(m)
    joined = np.concatenate(t, axis=1) * np.stack(t, axis=-1).reshape(3, 4)
    return np.sum(joined) * a @ b * np.sum(np.vstack([c, c * c]))


@program(real(5), real())
def pieces_with_an_argument(x, s):
    y = np.piecewise(x, x > 0.0, [lambda v, a: v * v * a, 1.0], s)
    return np.sum(y) * np.piecewise(s, [s < 0, s >= 0], [np.exp, np.sin])


@program(real(3, 4), real(2))
def stores_into_matrices_by_functions(m, v):
    y = m * m
    np.put(y, [0, -1], v)
    np.place(y, m > 0.5, v * v)
    y[[]] = 5.0
    return np.sum(y * m) + np.sum(m[[]])


@program(real(3), 0.7)
def ufuncs_in_other_forms(x, s):
    y = np.ldexp(x, 2) * np.i0(x) + np.ldexp(s, np.array([1, 0, -1]))
    total = np.add.reduce(y, 0, float, None, True, s)
    return (
        total * np.maximum.reduce(y, initial=-9.0) * np.logaddexp.reduce(x, initial=s)
    )


@program(real(3, 3), real(3, 3))
def blocks_three_deep(a, b):
    y = np.block([[[a, b]], [[b, a * a]]])
    return np.sum(y * y[::-1]) + np.sum(np.block(a) * np.dstack([a, b])[..., 1])


@program(real(3, 4), real(4))
def put_again_from_the_first(x, v):
    x = x * 1.0
    np.put(x, [0, 5, -1, 5, 7], v[:3])
    np.put(x, [[0, 1], [2, 3]], v[:2, None] * x[0, 0])
    np.place(x, np.array([1, 0, 1, 0] * 3), v[2:])
    y = x[1]
    np.put(y, [0, 1, 2], v[1:3])
    np.place(y, np.array([0, 2, 0, 1]), v[:1, None])
    return np.sum(x * x * x)


@program(real(3, 4), real(4), raises=IndexError)
def put_beyond_the_last(x, v):
    np.put(x, [0, 12], v[:2])
    return np.sum(x)


@program(real(3, 4), real(4), raises=ValueError, wrt=(0,))
def masks_of_other_sizes(x, v):
    np.place(x, v > 9.0, 3.0)
    return np.sum(x)


@program(real(), 0.1, 0.9)
def last_of_the_evenly_spaced(a, first, last):
    total = 0.0
    for k in range(6):
        here = first + a * 0.0, last + 0.1 * k + a * 0.0
        y, z = np.linspace(*here, 7), np.linspace(*here, k)
        if y[-1] == here[1]:
            total += a * y[2]
        if k > 1 and z[-1] == here[1]:
            total += a * a * z[k // 2]
    return total


@program(positive(2), real(2), np.uint8(200), np.uint8(100), 4, wrt=("a", "b"))
def evenly_spaced_in_other_dtypes(a, b, high, low, n):
    few = np.linspace(-2.9 * a, b, n, dtype=int)
    more, step = np.linspace(high, low, n, retstep=True)
    return np.sum(few * b) + np.sum(more * a[0]) * step * b[1]


@program(positive(9))
def largest_in_the_last_bin(x):
    counts, edges = np.histogram(x, 4, weights=x * x)
    return np.sum(counts * counts) * edges[-1] + np.sum(counts * edges[1:])
