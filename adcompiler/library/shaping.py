"""Functions that join, part, turn and fill arrays."""

from __future__ import annotations

import numpy as np

from adcompiler.library.places import along
from adcompiler.library.registry import composes

# --- More axes, or other ones ------------------------------------------------------


@composes(np.atleast_1d)
def atleast_1d(*arys):
    found = tuple(np.reshape(a, (1,)) if np.ndim(a) == 0 else a for a in arys)
    return found[0] if len(found) == 1 else found


@composes(np.atleast_2d)
def atleast_2d(*arys):
    found = tuple(at_least_two(a) for a in arys)
    return found[0] if len(found) == 1 else found


def at_least_two(a):
    """A matrix of one row, of what is a vector."""
    if np.ndim(a) == 0:
        return np.reshape(a, (1, 1))
    return a[None, :] if np.ndim(a) == 1 else a


@composes(np.atleast_3d)
def atleast_3d(*arys):
    found = tuple(at_least_three(a) for a in arys)
    return found[0] if len(found) == 1 else found


def at_least_three(a):
    """A stack of matrices, of what has fewer axes."""
    if np.ndim(a) == 0:
        return np.reshape(a, (1, 1, 1))
    return in_depth(a)


@composes(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x):
    return np.swapaxes(x, -1, -2)


@composes(np.rollaxis)
def rollaxis(a, axis, start=0):
    source = range(np.ndim(a))[axis]
    target = start + np.ndim(a) if start < 0 else start
    return np.moveaxis(a, source, target - 1 if source < target else target)


@composes(np.rot90)
def rot90(m, k=1, axes=(0, 1)):
    if axes[0] == axes[1] or abs(axes[0] - axes[1]) == np.ndim(m):
        raise ValueError("Axes must be different.")
    first, second = range(np.ndim(m))[axes[0]], range(np.ndim(m))[axes[1]]
    turns = k % 4
    if turns == 0:
        return m[:]
    if turns == 2:
        return np.flip(m, axis=(first, second))
    if turns == 1:
        return np.swapaxes(np.flip(m, axis=second), first, second)
    return np.flip(np.swapaxes(m, first, second), axis=second)


@composes(np.fliplr)
def fliplr(m):
    return m[:, ::-1]


@composes(np.flipud)
def flipud(m):
    return m[::-1]


# --- Joining -----------------------------------------------------------------------


@composes(np.append)
def append(arr, values, axis=None):
    if axis is None:
        return np.concatenate((np.ravel(arr), np.ravel(values)))
    return np.concatenate((arr, values), axis=axis)


@composes(np.column_stack)
def column_stack(tup):
    columns = [np.reshape(a, (1,)) if np.ndim(a) == 0 else a for a in tup]
    columns = [a[:, None] if np.ndim(a) == 1 else a for a in columns]
    return np.concatenate(columns, axis=1)


@composes(np.dstack)
def dstack(tup):
    return np.concatenate([in_depth(a) for a in tup], axis=2)


def in_depth(a):
    """The array with three axes."""
    if np.ndim(a) == 0:
        return np.reshape(a, (1, 1, 1))
    if np.ndim(a) == 1:
        return a[None, :, None]
    return a[:, :, None] if np.ndim(a) == 2 else a


@composes(np.block)
def block(arrays):
    if isinstance(arrays, tuple):
        raise NotImplementedError(
            "np.block takes lists of arrays",
            "write the lists out: np.block([[a, b], [c, d]])",
        )
    if not isinstance(arrays, list):
        return np.array(arrays)
    deep = isinstance(arrays[0], list)
    deeper = deep and isinstance(arrays[0][0], list)
    planes = arrays if deeper else [arrays] if deep else [[arrays]]
    rank = 3 if deeper else 2 if deep else 1
    for rows in planes:
        for row in rows:
            for a in row:
                if isinstance(a, list):
                    raise NotImplementedError(
                        "np.block of lists four deep",
                        "join the blocks of the last axes first, with np.concatenate",
                    )
                rank = max(rank, np.ndim(a))
    joined = [joined_blocks(rows, rank, deep) for rows in planes]
    return np.concatenate(joined, axis=-3) if deeper else joined[0]


def joined_blocks(rows, rank, deep):
    """Rows of blocks joined along the last axis, and these along the one before."""
    lines = [np.concatenate([of_rank(a, rank) for a in row], axis=-1) for row in rows]
    return np.concatenate(lines, axis=-2) if deep else lines[0]


def of_rank(a, rank):
    """With axes of length 1 in front, up to this rank."""
    missing = rank - np.ndim(a)
    return np.reshape(a, (1,) * missing + np.shape(a)) if missing > 0 else a


def joined_rows(x, axis):
    """The rows of an array one after the other, along one of their axes."""
    moved = np.moveaxis(x, 0, axis)
    shape = np.shape(moved)
    length = shape[axis] * shape[axis + 1]
    return np.reshape(moved, (*shape[:axis], length, *shape[axis + 2 :])).copy()


def stacked_rows(x, axis):
    """The rows of an array side by side, along a new axis."""
    return np.moveaxis(x, 0, axis).copy()


# --- Parting -----------------------------------------------------------------------


@composes(np.split)
def split(ary, indices_or_sections, axis=0):
    moved = np.moveaxis(ary, axis, 0)
    if isinstance(indices_or_sections, int):
        count, length = indices_or_sections, moved.shape[0]
        if length % count != 0:
            raise ValueError("array split does not result in an equal division")
        size = length // count
        parts = [moved[k * size : (k + 1) * size] for k in range(count)]
    else:
        bounds = (0, *indices_or_sections, moved.shape[0])
        parts = [moved[a:b] for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
    return [np.moveaxis(part, 0, axis) for part in parts]


@composes(np.unstack)
def unstack(x, *, axis=0):
    return list(np.moveaxis(x, axis, 0))


@composes(np.hsplit)
def hsplit(ary, indices_or_sections):
    return np.split(ary, indices_or_sections, axis=0 if np.ndim(ary) == 1 else 1)


@composes(np.vsplit)
def vsplit(ary, indices_or_sections):
    if np.ndim(ary) < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return np.split(ary, indices_or_sections, axis=0)


@composes(np.array_split)
def array_split(ary, indices_or_sections, axis=0):
    if not isinstance(indices_or_sections, int):
        return np.split(ary, indices_or_sections, axis=axis)
    count, length = indices_or_sections, ary.shape[axis]
    size, more = length // count, length % count
    bounds = tuple(k * size + min(k, more) for k in range(1, count))
    return np.split(ary, bounds, axis=axis)


@composes(np.dsplit)
def dsplit(ary, indices_or_sections):
    if np.ndim(ary) < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return np.split(ary, indices_or_sections, axis=2)


@composes(np.broadcast_shapes)
def broadcast_shapes(*args):
    arrays = [np.empty(shape) for shape in args]
    total = arrays[0]
    for a in arrays[1:]:
        total = total + a
    return np.shape(total)


@composes(np.broadcast_arrays)
def broadcast_arrays(*args):
    if len(args) == 1:
        return (np.asarray(args[0]),)
    total = np.zeros_like(args[0])
    for a in args[1:]:
        total = total + np.zeros_like(a)
    return tuple(np.broadcast_to(a, np.shape(total)) for a in args)


# --- Filling -----------------------------------------------------------------------


@composes(np.tri)
def tri(N, M=None, k=0, dtype=float):
    columns = N if M is None else M
    return np.tril(np.ones((N, columns), dtype=dtype), k)


@composes(np.identity)
def identity(n, dtype=float):
    return np.eye(n, dtype=dtype)


@composes(np.fill_diagonal, stores=True)
def fill_diagonal(a, val):
    if np.ndim(a) < 2:
        raise ValueError("array must be at least 2-d")
    if np.ndim(a) == 2:
        places = np.arange(min(a.shape[0], a.shape[1]))
    else:
        for n in a.shape[1:]:
            if n != a.shape[0]:
                raise ValueError("All dimensions of input must be of equal length")
        places = np.arange(a.shape[0])
    a[(places,) * np.ndim(a)] = val


@composes(np.put_along_axis, stores=True)
def put_along_axis(arr, indices, values, axis):
    if axis is None:
        raise NotImplementedError(
            "np.put_along_axis with axis=None",
            "store into the flat array: x.reshape(-1)[indices] = values",
        )
    rank = np.ndim(arr)
    places = tuple(
        indices if k == range(rank)[axis] else along(np.arange(arr.shape[k]), k, rank)
        for k in range(rank)
    )
    arr[places] = values


@composes(np.lib.stride_tricks.sliding_window_view, view=True)
def sliding_window_view(x, window_shape, axis=None):
    x = np.asarray(x)
    if isinstance(window_shape, int):
        window_shape = (window_shape,)
    if axis is None:
        axis = tuple(range(np.ndim(x)))
    elif isinstance(axis, int):
        axis = (axis,)
    if len(window_shape) != len(axis):
        raise ValueError("a window has a length for each of the axes")
    windows = x
    for n, k in zip(window_shape, axis, strict=True):
        windows = windows_along(windows, n, k % np.ndim(x))
    return windows


def windows_along(x, length, axis):
    """The windows of an array along one axis, their own axis last."""
    y = x if axis == 0 else np.moveaxis(x, axis, 0)
    if length > y.shape[0]:
        raise ValueError("window shape cannot be larger than input array shape")
    count = y.shape[0] - length + 1
    starts = np.arange(count)[:, None] + np.arange(length)
    windows = y[starts]
    return windows if np.ndim(x) == 1 else shifted(windows, axis)


def shifted(windows, axis):
    """Windows along an axis, their own axis last."""
    return np.moveaxis(np.moveaxis(windows, 1, -1), 0, axis)


@composes(np.diagflat)
def diagflat(v, k=0):
    return np.diag(np.ravel(v), k)


@composes(np.copyto, stores=True)
def copyto(dst, src, *, where=True):
    if dst.dtype.kind in "biu" and np.asarray(src).dtype.kind == "f":
        what = "scalar" if np.ndim(src) == 0 else "array data"
        given, wanted = np.asarray(src).dtype, dst.dtype
        raise TypeError(
            f"Cannot cast {what} from dtype('{given}') to dtype('{wanted}') according "
            "to the rule 'same_kind'"
        )
    if isinstance(where, bool):
        dst[...] = src
    else:
        dst[...] = np.where(where, src, dst)


@composes(np.geomspace)
def geomspace(start, stop, num=50, endpoint=True):
    if np.any(start == 0) or np.any(stop == 0):
        raise ValueError("Geometric sequence cannot include zero")
    sign = np.sign(start)
    start, stop = start / sign, stop / sign
    y = np.power(10.0, np.linspace(np.log10(start), np.log10(stop), num, endpoint))
    if num > 0:
        y[0] = start
    if num > 1 and endpoint:
        y[-1] = stop
    return y * sign


@composes(np.logspace)
def logspace(start, stop, num=50, endpoint=True, base=10.0):
    if np.ndim(base) > 0:
        raise NotImplementedError(
            "np.logspace with an array of bases",
            "write base ** np.linspace(start, stop, num)[:, None]",
        )
    return np.power(base, np.linspace(start, stop, num, endpoint))


@composes(np.trace)
def trace(a, offset=0, axis1=0, axis2=1):
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1)
