"""Products, powers and norms of arrays."""

from __future__ import annotations

import math

import numpy as np

from adcompiler.library.registry import composes


@composes(np.inner)
def inner(a, b):
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    return np.tensordot(a, b, axes=(-1, -1))[()]


@composes(np.tensordot)
def tensordot(a, b, axes=2):
    left, right = np.ndim(a), np.ndim(b)
    if isinstance(axes, int):
        inner_a, inner_b = tuple(range(left - axes, left)), tuple(range(axes))
    else:
        first, second = axes
        inner_a = (first,) if isinstance(first, int) else tuple(first)
        inner_b = (second,) if isinstance(second, int) else tuple(second)
    inner_a = tuple(k % left for k in inner_a)
    inner_b = tuple(k % right for k in inner_b)
    outer_a = tuple(k for k in range(left) if k not in inner_a)
    outer_b = tuple(k for k in range(right) if k not in inner_b)
    rows = math.prod(a.shape[k] for k in outer_a)
    depth = math.prod(a.shape[k] for k in inner_a)
    columns = math.prod(b.shape[k] for k in outer_b)
    matrix_a = a.transpose(outer_a + inner_a).reshape((rows, depth))
    matrix_b = b.transpose(inner_b + outer_b).reshape((depth, columns))
    shape = tuple(a.shape[k] for k in outer_a) + tuple(b.shape[k] for k in outer_b)
    return (matrix_a @ matrix_b).reshape(shape)


@composes(np.kron)
def kron(a, b):
    rank = max(np.ndim(a), np.ndim(b))
    left = np.reshape(a, (1,) * (rank - np.ndim(a)) + np.shape(a))
    right = np.reshape(b, (1,) * (rank - np.ndim(b)) + np.shape(b))
    odd, even = tuple(range(1, 2 * rank, 2)), tuple(range(0, 2 * rank, 2))
    products = np.expand_dims(left, odd) * np.expand_dims(right, even)
    shape = tuple(m * n for m, n in zip(left.shape, right.shape, strict=True))
    return products.reshape(shape)


@composes(np.cross)
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """Of vectors of length 3."""
    if axis is not None:
        axisa, axisb, axisc = axis, axis, axis
    return cross_of_last(np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1), axisc)


def cross_of_last(u, v, axisc):
    """Of vectors along the last axes."""
    if u.shape[-1] != 3 or v.shape[-1] != 3:
        raise ValueError(
            "np.cross is of vectors of length 3 here: of length 2 it is "
            "a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]"
        )
    ax, ay, az = u[..., 0], u[..., 1], u[..., 2]
    bx, by, bz = v[..., 0], v[..., 1], v[..., 2]
    parts = (ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
    return np.moveaxis(np.stack(parts, axis=-1), -1, axisc)


def cross_of_plane(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """Of vectors of lengths 2 and 2, or 2 and 3, that are known while compiling."""
    if axis is not None:
        axisa, axisb, axisc = axis, axis, axis
    u, v = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if u.shape[-1] == v.shape[-1]:
        return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    return cross_of_last(in_space(u), in_space(v), axisc)


def in_space(u):
    """Vectors of the plane with a third coordinate, which is zero."""
    if u.shape[-1] == 2:
        return np.concatenate((u, np.zeros_like(u[..., :1])), axis=-1)
    return u


@composes(np.linalg.matrix_power)
def matrix_power(a, n):
    if np.ndim(a) < 2:
        raise NotImplementedError(
            "np.linalg.matrix_power takes a matrix", "give it two axes: x.reshape(n, n)"
        )
    if 0 <= n < 2 and a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    if n == 0:
        return np.zeros_like(a) + np.eye(a.shape[-1])
    if n < 0:
        a, n = np.linalg.inv(a), -n
    result = a
    for _ in range(n - 1):
        result = result @ a
    return result


@composes(np.linalg.multi_dot)
def multi_dot(arrays):
    if len(arrays) < 2:
        raise ValueError("Expecting at least two arrays.")
    result = arrays[0]
    for a in arrays[1:]:
        result = result @ a
    return result


@composes(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False):
    if np.asarray(x).dtype.kind != "f":
        x = np.asarray(x).astype(float)
    if ord is None:
        return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims))
    if axis is None:
        axis = tuple(range(np.ndim(x)))
    if isinstance(axis, int):
        axis = (axis,)
    if len(axis) == 1:
        return vector_norm(x, ord, axis[0], keepdims)
    if len(axis) != 2:
        raise ValueError("Improper number of dimensions to norm.")
    return matrix_norm(x, ord, axis[0], axis[1], keepdims)


def largest(a, axis, keepdims):
    """The largest of elements that are not negative, 0 of none: a row of its own."""
    return np.max(a, axis=axis, keepdims=keepdims, initial=0)


def vector_norm(x, ord, axis, keepdims):
    """The norm along one axis."""
    if ord == 2:
        return np.linalg.norm(x, axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return largest(np.abs(x), axis, keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum((x != 0).astype(x.dtype), axis=axis, keepdims=keepdims)
    if ord < 1:
        return steep_norm(x, ord, axis, keepdims)
    total = np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims)
    root = np.where(total == 0.0, 1.0, total) ** (1.0 / ord)
    return np.where(total == 0.0, 0.0, root)[()]


def steep_norm(x, ord, axis, keepdims):
    """Of an order below 1: flat in the elements that are zero, where it has a cusp."""
    zero = x == 0.0
    at_zero = 0.0 if ord > 0 else np.inf
    powers = np.where(zero, at_zero, np.where(zero, 1.0, np.abs(x)) ** ord)
    total = np.sum(powers, axis=axis, keepdims=keepdims)
    none = total == at_zero
    root = np.where(none, 1.0, total) ** (1.0 / ord)
    return np.where(none, 0.0, root)[()]


def matrix_norm(x, ord, row, column, keepdims):
    """The norm of the matrices along two axes."""
    if ord == "fro":
        return np.linalg.norm(x, axis=(row, column), keepdims=keepdims)
    if ord in (2, -2, "nuc"):
        return spectral_norm(x, ord, row, column, keepdims)
    if ord not in (1, -1, np.inf, -np.inf):
        raise ValueError("Invalid norm order for matrices.")
    along, across = (row, column) if abs(ord) == 1 else (column, row)
    sums = np.sum(np.abs(x), axis=along, keepdims=True)
    if ord > 0:
        found = largest(sums, across, True)
    else:
        found = np.min(sums, axis=across, keepdims=True)
    return found if keepdims else np.sum(found, axis=(row, column))


@composes(np.vecdot, np.linalg.vecdot)
def vecdot(x1, x2, *, axis=-1):
    if (x1 * x2).dtype.kind in "bu":
        raise NotImplementedError(
            "np.vecdot of numbers that wrap", "make them floats: x.astype(float)"
        )
    return np.sum(x1 * x2, axis=axis)


@composes(np.matvec)
def matvec(x1, x2):
    if x1.dtype.kind in "bu" and x2.dtype.kind in "bu":
        raise NotImplementedError(
            "np.matvec of numbers that wrap", "make them floats: x.astype(float)"
        )
    return np.sum(x1 * x2[..., None, :], axis=-1)


@composes(np.vecmat)
def vecmat(x1, x2):
    if x1.dtype.kind in "bu" and x2.dtype.kind in "bu":
        raise NotImplementedError(
            "np.vecmat of numbers that wrap", "make them floats: x.astype(float)"
        )
    return np.sum(x1[..., :, None] * x2, axis=-2)


def pinv_above(a, rcond):
    """The pseudo-inverse of what is left of a matrix without its small singular values:
    where these are more than rounding, its rank is not the matrix's."""
    if rank_is_kept(np.linalg.svd(a, compute_uv=False), rcond):
        return np.linalg.pinv(a)
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    kept = s > rcond * largest(s, -1, True)
    inverse = np.where(kept, 1.0 / np.where(kept, s, 1.0), 0.0)
    return np.swapaxes(vh, -1, -2) * inverse[..., None, :] @ np.swapaxes(u, -1, -2)


def lstsq_above(a, b, rcond):
    """Least squares without the small singular values of the matrix."""
    x, residuals, rank, s = np.linalg.lstsq(a, b, rcond=None)
    if rank_is_kept(s, rcond):
        return x, residuals, rank, s
    rank = np.count_nonzero(s > rcond * s[0])
    return pinv_above(a, rcond) @ b, residuals[:0], rank, s


def rank_is_kept(s, rcond):
    """Whether none but zeros are cut off, which `np.linalg.pinv` does of itself."""
    top = largest(s, -1, True)
    return np.all((s > rcond * top) | (s <= 1e-15 * top))


@composes(np.linalg.vector_norm)
def vector_norm_of(x, axis=None, keepdims=False, ord=2):
    if axis is None and np.ndim(x) > 1:
        whole = np.linalg.norm(np.ravel(x), ord)
        return np.reshape(whole, (1,) * np.ndim(x)) if keepdims else whole
    if isinstance(axis, tuple):
        rank = np.ndim(x)
        axes = [k % rank for k in axis]
        kept = [k for k in range(rank) if k not in axes]
        y = np.transpose(x, (*kept, *axes))
        y = np.reshape(y, (*y.shape[: len(kept)], -1))
        whole = np.linalg.norm(y, ord, axis=-1)
        return np.expand_dims(whole, tuple(axes)) if keepdims else whole
    return np.linalg.norm(x, ord, axis=axis, keepdims=keepdims)


@composes(np.linalg.matrix_norm)
def matrix_norm_of(x, keepdims=False, ord="fro"):
    return np.linalg.norm(x, ord, axis=(-2, -1), keepdims=keepdims)


@composes(np.linalg.outer)
def outer(x1, x2):
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(
            "Input arrays must be one-dimensional, "
            f"but they are x1.ndim={np.ndim(x1)} and x2.ndim={np.ndim(x2)}."
        )
    return np.outer(x1, x2)


@composes(np.linalg.cross)
def cross_of(x1, x2, *, axis=-1):
    return np.cross(x1, x2, axis=axis)


@composes(np.linalg.trace)
def trace(x, offset=0):
    return np.trace(x, offset, -2, -1)


@composes(np.linalg.diagonal)
def diagonal(x, offset=0):
    return np.diagonal(x, offset, -2, -1)


@composes(np.linalg.matmul)
def matmul(x1, x2):
    return np.matmul(x1, x2)


@composes(np.linalg.tensordot)
def tensordot_of(x1, x2, axes=2):
    return np.tensordot(x1, x2, axes)


def spectral_norm(x, ord, row, column, keepdims):
    """The norm by singular values."""
    row, column = row % np.ndim(x), column % np.ndim(x)
    others = tuple(k for k in range(np.ndim(x)) if k not in (row, column))
    matrices = np.transpose(x, (*others, row, column))
    values = np.linalg.svd(matrices, compute_uv=False)
    if ord == "nuc":
        found = np.sum(values, axis=-1)
    elif ord == 2:
        found = largest(values, -1, False)
    else:
        found = np.min(values, axis=-1)
    if keepdims:
        ones = (1 if k in (row, column) else n for k, n in enumerate(np.shape(x)))
        return np.reshape(found, tuple(ones))
    return found


@composes(np.linalg.cond)
def cond(x, p=None):
    if np.size(x) == 0:
        raise np.linalg.LinAlgError("cond is not defined on empty arrays")
    if p is None or p == 2 or p == -2:
        values = np.linalg.svd(x, compute_uv=False)
        if p == -2:
            return values[..., -1] / values[..., 0]
        return values[..., 0] / values[..., -1]
    singular = np.linalg.slogdet(x)[0] == 0.0
    size = np.linalg.norm(x, p, axis=(-2, -1))
    if np.ndim(x) == 2:
        if singular:
            return (1.0 + size) * np.inf
        return size * np.linalg.norm(np.linalg.inv(x), p)
    regular = np.where(singular[..., None, None], np.eye(x.shape[-1]), x)
    product = size * np.linalg.norm(np.linalg.inv(regular), p, axis=(-2, -1))
    return np.where(singular, (1.0 + size) * np.inf, product)


@composes(np.linalg.svdvals)
def svdvals(x):
    return np.linalg.svd(x, compute_uv=False)


@composes(np.linalg.matrix_rank)
def matrix_rank(A, tol=None, hermitian=False, *, rtol=None):
    if hermitian:
        raise NotImplementedError(
            "np.linalg.matrix_rank with hermitian=True",
            "leave hermitian= away: the rank is the same",
        )
    if np.ndim(A) < 2:
        return int(np.any(A != 0))
    A = A.astype(float) if A.dtype.kind in "biu" else A
    values = np.linalg.svd(A, compute_uv=False)
    if tol is None:
        if rtol is None:
            rtol = max(A.shape[-2:]) * np.finfo(A.dtype).eps
        tol = largest(values, -1, True) * np.asarray(rtol)[..., None]
    else:
        tol = np.asarray(tol)[..., None]
    return np.count_nonzero(values > tol, axis=-1)


@composes(np.linalg.tensorsolve)
def tensorsolve(a, b, axes=None):
    if axes is not None:
        raise NotImplementedError(
            "np.linalg.tensorsolve with axes=",
            "move them to the end first: np.moveaxis(a, 0, -1)",
        )
    shape = np.shape(a)[np.ndim(b) :]
    size = math.prod(shape)
    if np.size(a) != size**2:
        raise np.linalg.LinAlgError(
            "Input arrays must satisfy the requirement "
            "prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])"
        )
    matrix = np.reshape(a, (size, size))
    return np.reshape(np.linalg.solve(matrix, np.ravel(b)), shape)


@composes(np.linalg.tensorinv)
def tensorinv(a, ind=2):
    size = math.prod(np.shape(a)[ind:])
    inverse = np.linalg.inv(np.reshape(a, (size, -1)))
    return np.reshape(inverse, np.shape(a)[ind:] + np.shape(a)[:ind])
