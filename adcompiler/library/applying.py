"""What calls a function, or a ufunc, on parts of arrays."""

from __future__ import annotations

import math

import numpy as np

from adcompiler.library.registry import composes


@composes(np.apply_along_axis)
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    lines = np.moveaxis(arr, axis, -1)
    lead = lines.shape[:-1]
    count = math.prod(lead)
    if count == 0:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    flat = np.reshape(lines.copy(), (count, lines.shape[-1]))
    found = np.array([typed(func1d(line, *args, **kwargs)) for line in flat])
    y = np.reshape(found, lead + found.shape[1:])
    for k in range(np.ndim(found) - 1):  # the axes of a result, one after the other
        y = np.moveaxis(y, len(lead) + k, axis % np.ndim(arr) + k)
    return y


def typed(value):
    """A result of which the dtype is known: the first one's is that of all."""
    if np.ndim(value) == 0 and not isinstance(value, np.generic):
        raise NotImplementedError(
            "np.apply_along_axis of what gives Python numbers",
            "give a NumPy number, as np.float64(v), or write a loop over the rows",
        )
    return value


@composes(np.apply_over_axes)
def apply_over_axes(func, a, axes):
    for axis in (axes,) if isinstance(axes, int) else axes:
        y = func(a, axis)
        a = y if np.ndim(y) == np.ndim(a) else np.expand_dims(y, axis)
    return a


@composes(np.fromfunction)
def fromfunction(function, shape, dtype=float):
    grid = np.indices(shape, dtype=dtype)
    return function(*[grid[k] for k in range(len(shape))])


@composes(np.vectorize.__call__)
def vectorized(self, *args):
    """Of results that are floats; it is called with Python numbers, as by NumPy."""
    arrays = np.broadcast_arrays(*args)
    shape = arrays[0].shape
    flat = [np.ravel(a) for a in arrays]
    found = [self(*[v[k].item() for v in flat]) for k in range(len(flat[0]))]
    return np.reshape(np.array(found), shape)


# --- In brackets: a slice comes as a list of start, stop and step ---------------------


def spread(part):
    """A part of ``np.r_[...]`` as a vector."""
    if isinstance(part, list):
        start, stop, step = part
        return np.arange(start, stop, step)
    return np.ravel(part)


@composes(np.r_)
def r_(*parts):
    if len(parts) > 0 and isinstance(parts[0], str):
        raise NotImplementedError(
            "np.r_ with an axis", "use np.concatenate((a, b), axis=1)"
        )
    if len(parts) > 0 and not isinstance(parts[0], list) and np.ndim(parts[0]) > 1:
        return np.concatenate(parts)
    return np.concatenate([spread(part) for part in parts])


@composes(np.c_)
def c_(*parts):
    parts = [spread(part) if isinstance(part, list) else part for part in parts]
    columns = [
        np.reshape(part, (-1, 1)) if np.ndim(part) < 2 else part for part in parts
    ]
    return np.concatenate(columns, axis=-1)


@composes(np.mgrid)
def mgrid(*parts):
    vectors = [spread(part) for part in parts]
    if len(vectors) == 1:
        return vectors[0]
    return np.stack(np.meshgrid(*vectors, indexing="ij"))


@composes(np.ogrid)
def ogrid(*parts):
    if len(parts) == 1:
        return spread(parts[0])
    return np.ix_(*[spread(part) for part in parts])


# --- Methods of ufuncs ----------------------------------------------------------------


def outer_of(ufunc, A, B):
    return ufunc(np.reshape(A, np.shape(A) + (1,) * np.ndim(B)), B)


def accumulate_of(ufunc, array, axis=0):
    y = np.moveaxis(array, axis, 0).copy()
    if y.dtype != ufunc(y[:1], y[:1]).dtype:
        raise NotImplementedError(
            "'accumulate' of this ufunc on integers or truth values",
            "make them floats first: x.astype(float)",
        )
    for k in range(1, y.shape[0]):
        # Of elements that are equal, the last is the largest, or smallest, so far.
        if ufunc is np.maximum:
            y[k] = np.where((y[k] >= y[k - 1]) | np.isnan(y[k]), y[k], y[k - 1])
        elif ufunc is np.minimum:
            y[k] = np.where((y[k] <= y[k - 1]) | np.isnan(y[k]), y[k], y[k - 1])
        else:
            y[k] = ufunc(y[k - 1], y[k])
    return np.moveaxis(y, 0, axis)


def reduce_of(ufunc, array, axis=0, keepdims=False):
    if isinstance(axis, (tuple, type(None))):
        raise NotImplementedError(
            "'reduce' of this ufunc over several axes",
            "reduce them one after the other, the last first",
        )
    lines = np.moveaxis(array, axis, 0)
    if lines.shape[0] == 0:
        raise ValueError(
            f"zero-size array to reduction operation {ufunc.__name__} which has no "
            "identity"
        )
    y = lines[0] * 1
    for k in range(1, lines.shape[0]):
        y = ufunc(y, lines[k])
    return np.expand_dims(y, axis) if keepdims else y


@composes(stores=True)
def at_of(ufunc, a, indices, *b):
    """One element, or row, after the other: of those named again, each time."""
    if ufunc is np.subtract:
        less = np.asarray(b[0])
        np.add.at(
            a, indices, -(less if less.dtype.kind == "f" else less.astype(a.dtype))
        )
        return
    b = [np.array(v) for v in b]  # it may be a part of what is changed
    if isinstance(indices, list):
        indices = np.array(indices)
    if isinstance(indices, np.ndarray) and indices.ndim == 1 and indices.dtype != bool:
        values = [np.broadcast_to(v, indices.shape + np.shape(a)[1:]) for v in b]
        for k in range(len(indices)):
            i = indices[k]
            a[i] = ufunc(a[i], *[v[k] for v in values])
        return
    places = np.reshape(np.arange(np.size(a)), np.shape(a))[indices]
    values = [np.ravel(np.broadcast_to(v, np.shape(places))) for v in b]
    places = np.ravel(places)
    for k in range(len(places)):
        i = places[k] if np.ndim(a) == 1 else np.unravel_index(places[k], np.shape(a))
        a[i] = ufunc(a[i], *[v[k] for v in values])


OF_UFUNCS = {
    "outer": outer_of,
    "accumulate": accumulate_of,
    "reduce": reduce_of,
    "at": at_of,
}
