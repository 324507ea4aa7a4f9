"""Elements moved, repeated, padded, sorted and looked up."""

import numpy as np

from .registry import distinct, positive, program, real


@program(real(6), real(6))
def periodic_stencil_by_rolls(u, c):
    for _ in range(3):
        u = u + 0.1 * c * (np.roll(u, 1) - 2.0 * u + np.roll(u, -1))
    return np.sum(u * u)


@program(real(3, 4))
def laplacian_by_padding(u):
    p = np.pad(u, 1)
    lap = p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:] - 4.0 * u
    return np.sum(lap * lap * u)


@program(real(3, 3))
def diagonal_read_after_a_store(a):
    b = a * 2.0
    d = np.diagonal(b)
    b[1, 1] = a[0, 2] * a[0, 1]
    return np.sum(d * d) * np.trace(b)


@program(real(4))
def matrices_of_diagonals(v):
    a = np.diag(v) + np.diag(v[1:] * v[:-1], 1) - np.diag(v[:3], k=-1)
    np.fill_diagonal(a, 2.0 * v)
    return np.sum(np.triu(a) @ np.tril(a, -1)) + np.sum(np.diag(a @ a))


@program(distinct(6))
def order_statistics(x):
    y = np.sort(x)
    return y[0] * y[-1] + np.median(x) ** 2 + np.quantile(x, 0.3) * y[2]


@program(distinct(3, 4))
def sorted_in_place(x):
    y = x * x
    y[0].sort()
    z = y.T.copy()
    z.sort(axis=0)
    return np.sum(z * np.arange(12).reshape(4, 3)) + np.sum(y[0] * y[1])


@program(distinct(5), real(5))
def ranked_weights(x, w):
    order = np.argsort(-x)
    return np.sum(x[order] * w * np.cumsum(w[order]))


@program(distinct(3, 4))
def top_two_of_each_row(x):
    top = np.argsort(x, axis=1)[:, -2:]
    best = np.take_along_axis(x, top, axis=1)
    return np.sum(best[:, 0] * best[:, 1] ** 2)


@program(real(2, 3))
def tiles_and_repeats(x):
    a, b = np.tile(x, (2, 1)), np.repeat(x, 2, axis=0)
    c = np.repeat(x, 3) * np.tile(x[0], 6)
    return np.sum(a * b) + np.sum(c * c) + np.sum(np.tile(x[1], (2, 2)) ** 3)


@program(real(3), real(2))
def grids(x, y):
    u, v = np.meshgrid(x, y)
    w = np.broadcast_to(x, (2, 3)) * u
    return np.sum(np.sin(u * v) * w) + np.sum(np.squeeze(w[None, :, :, None]) ** 2)


@program(positive(4))
def table_lookup(x):
    knots = np.array([0.0, 0.8, 1.1, 2.0])
    table = np.cumsum(x)
    y = np.interp(x * 1.1, knots, table)
    return np.sum(y * y) + np.interp(x[0], knots, table)


@program(real(6))
def piecewise_by_functions(x):
    y = np.piecewise(x, [x < -0.5, x > 0.5], [np.sin, lambda t: t * t + np.sum(t), 2.0])
    return np.sum(y * x)


@program(real(2, 3))
def attributes_of_arrays(x):
    return np.sum(x.mT @ x.real) * x.itemsize + x[:, :2].trace() * x.T.trace()


@program(real(3, 4))
def reductions_of_some_elements(x):
    mask = x > 0
    total = np.sum(x * x, where=mask) * np.mean(x, axis=0, where=x < 5.0)
    top = x.max(axis=1, where=mask, initial=0.2)
    return np.sum(total) * np.sum(top**2) + np.prod(x, where=mask, initial=2.0)
