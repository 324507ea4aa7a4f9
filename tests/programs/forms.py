"""Functions of NumPy and SciPy with arguments of less common forms."""

import numpy as np
from scipy import special

from .registry import const, positive, program, real


@program(real(2, 3, 4))
def norms_over_several_axes(t):
    norm = np.linalg.vector_norm
    total = np.sum(norm(t, axis=(0, 2))) + np.sum(norm(t, axis=(0, 2), ord=1) ** 2)
    total += np.sum(norm(t, axis=(-1, 0), ord=3, keepdims=True) * t)
    return total + np.sum(norm(t, axis=(1, 0)) * np.arange(4.0))


@program(const(*[2.0, 0.3, 0.1, 0.2, 1.1, -0.4, 0.3, 0.1, 0.4]))
def pseudo_inverses_cut_off(v):
    a = v.reshape(3, 3)
    wide = a[:2]
    weights = np.arange(1.0, 10.0).reshape(3, 3)
    total = np.sum(np.linalg.pinv(a, rcond=0.4) * weights)
    total += np.sum(np.linalg.pinv(wide, rtol=0.7) * weights[:, :2])
    total += np.linalg.lstsq(a, a[0], rcond=0.4)[0] @ weights[0]
    return total + np.sum(np.linalg.pinv(a, rcond=1e-3) * weights)


@program(positive())
def pseudo_inverse_of_equal_values(s):
    return np.sum(
        np.linalg.pinv(s * np.eye(3), rcond=1e-3) * np.arange(9.0).reshape(3, 3)
    )


@program(real(3, 4))
def inserted_columns(m):
    y = np.insert(m, 1, m[:, :2].T, axis=1)
    z = np.insert(m, 1, [[1.0], [2.0]], axis=0)
    w = np.insert(m[:, :3], 2, m[:, :3], axis=1)
    return np.sum(y * y * np.arange(18.0).reshape(3, 6)) + np.sum(z * z) + np.sum(w**3)


@program(real(3, 4))
def chosen_by_row_and_by_column(m):
    rows = np.choose([[0], [2], [1]], [m, m * m, m * 3.0])
    columns = np.choose(np.array([0, 1, 1, 0]), [m, m * m])
    grid = np.choose(np.array([[0, 1, 0, 1]] * 3), [m[:1], m[1:2] ** 2])
    return np.sum(rows * columns * grid)


@program(real(2, 3, 4))
def joined_along_the_last_axis(t):
    weights = np.arange(48.0).reshape(2, 3, 8)
    pairs = np.c_[t[0, 0, 0], t[0, 0, 1]]
    return np.sum(np.c_[t, t * t] * weights) + np.sum(pairs * np.array([2.0, 3.0]))


@program(real(2, 3))
def matrices_along_an_axis(m):
    outer = np.apply_along_axis(lambda r: np.outer(r, r), 0, m)
    columns = np.apply_along_axis(lambda r: r[:, None] * np.ones(2), -1, m)
    weights = np.arange(12.0)
    return np.sum(outer * weights.reshape(2, 2, 3)) + np.sum(
        columns * weights.reshape(2, 3, 2)
    )


@program(real(5))
def put_by_a_mask(v):
    y = v * v
    np.put(y, np.array([True, False, True, True, False]), v[2])
    return np.sum(y * y * np.arange(1.0, 6.0))


@program(real(5), const(0, 1, 2, 1, 0, dtype=np.int64), wrt=("v",))
def pieces_by_integers(v, k):
    y = np.piecewise(v, [k % 2], [lambda z: z * z, 1.0])
    return np.sum(y * np.arange(1.0, 6.0))


@program(real(5))
def sums_of_exponentials_without_some(v):
    large = v * np.array([1.0, 1.0, 1.0, 1.0, 1000.0])
    return special.logsumexp(v, b=np.array([0.0, 1.0, 2.0, 0.0, 1.0])) + (
        special.logsumexp(large, b=np.array([1.0, 2.0, 1.0, 1.0, 0.0]))
    )


@program(real(3), const(250, 3, 9, 200, dtype=np.uint8), wrt=("v",))
def integers_that_wrap(v, k):
    near = np.isclose(k, k[::-1], atol=60)
    return (
        v[0] * np.average(k, weights=k)
        + np.sum(np.gradient(k)) * v[1]
        + (np.sum(near) * v[2])
    )


@program(real(5), const(3, 2, 1, dtype=np.uint8), wrt=("x",))
@program(real(5), const(-128, 2, 127, dtype=np.int8), wrt=("x",), label="signed")
@program(real(5), const(3, 2, 1, dtype=np.uint64), wrt=("x",), label="long")
@program(real(5), const(True, False, True, dtype=np.bool_), wrt=("x",), label="bools")
def small_integers_subtracted_in_place(x, k):
    y = x * x
    y[:3] -= k
    y[1] -= k[0]
    y[[0, 1, 0]] -= k
    y[x > 0] -= k[1]
    np.subtract.at(y, [0, 1, 0], k)
    return np.sum(y * y * np.arange(1.0, 6.0))


@program(real(2, 2))
def changed_by_a_part_of_itself(m):
    y = m.copy()
    np.multiply.at(y, [0, 1], y[0])
    np.subtract.at(y, [0, 1], y[0])
    z = m * m
    np.multiply.at(z[1:], [0, 0], z[:2])
    return np.sum(y * np.arange(4.0).reshape(2, 2)) + np.sum(z)


@program(real(2, 2))
def nothing_but_nan(m):
    y = np.where(m > 10.0, m, np.nan)
    least = np.nanmin(np.where(m > -10.0, m, np.nan), axis=1)
    return np.where(np.isnan(np.nanmax(y)), m[0, 0], 0.0) + np.sum(least * least)
