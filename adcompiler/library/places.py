"""Where elements are: functions that give indices, or take and put elements by them."""

from __future__ import annotations

import math

import numpy as np

from adcompiler.library.registry import composes

# --- By a condition ------------------------------------------------------------------


@composes(np.flatnonzero)
def flatnonzero(a):
    return np.nonzero(np.ravel(a))[0]


@composes(np.argwhere)
def argwhere(a):
    return np.stack(np.nonzero(a), axis=-1)


@composes(np.extract)
def extract(condition, arr):
    return np.ravel(arr)[np.flatnonzero(condition)]


@composes(np.compress)
def compress(condition, a, axis=None):
    chosen = np.flatnonzero(condition)
    return np.ravel(a)[chosen] if axis is None else np.take(a, chosen, axis=axis)


@composes(np.isin)
def isin(element, test_elements, assume_unique=False, invert=False):
    each = np.reshape(element, (*np.shape(element), 1))
    found = np.any(each == np.ravel(test_elements), axis=-1)
    return ~found if invert else found


@composes(np.choose)
def choose(a, choices):
    stack = np.asarray(choices)
    if len(stack) == 0:
        raise ValueError("0-length sequence.")
    if np.any((a < 0) | (a >= len(stack))):
        raise ValueError("invalid entry in choice array")
    if np.ndim(stack) == 1:
        return stack[a]
    rank = max(np.ndim(a), np.ndim(stack) - 1)
    if np.ndim(a) < rank or np.ndim(stack) - 1 < rank:
        a = np.reshape(a, (1,) * (rank - np.ndim(a)) + np.shape(a))
        ones = (1,) * (rank + 1 - np.ndim(stack))
        stack = np.reshape(stack, stack.shape[:1] + ones + stack.shape[1:])
    if a.shape != stack.shape[1:]:
        a, _ = np.broadcast_arrays(a, stack[0])
        stack, _ = np.broadcast_arrays(stack, a[None])
    return np.take_along_axis(stack, a[None], axis=0)[0]


@composes(np.putmask, stores=True)
def putmask(a, mask, values):
    if np.ndim(values) > 0:
        raise NotImplementedError(
            "np.putmask with an array of values",
            "write x[...] = np.where(mask, values, x)",
        )
    if np.size(mask) != np.size(a):
        raise ValueError("putmask: mask and data must be the same size")
    a[...] = np.where(np.reshape(mask, np.shape(a)), values, a)


@composes(np.place, stores=True)
def place(arr, mask, vals):
    if np.size(mask) != np.size(arr):
        raise ValueError("place: mask and data must be the same size")
    chosen = np.reshape(mask, np.shape(arr)) != 0
    count = np.count_nonzero(chosen)
    if np.ndim(vals) == 0:
        arr[chosen] = vals
    else:
        if np.size(vals) == 0:
            raise ValueError("Cannot insert from an empty array!")
        arr[chosen] = _in_turn(vals, count)


@composes(np.put, stores=True)
def put(a, ind, v, mode="raise"):
    places = np.asarray(ind)
    if places.dtype == bool:
        places = places.astype(int)
    if mode == "wrap":
        places = wrapped(places, np.size(a))
    elif mode == "clip":
        places = clipped(places, np.size(a))
    values = v
    if np.ndim(v) > 0:
        values = np.reshape(_in_turn(v, np.size(places)), np.shape(places))
    if np.ndim(a) > 1:
        size = np.size(a)
        bad = (places < -size) | (places >= size)
        if np.any(bad):
            k = first_where(bad, places)
            raise IndexError(f"index {k} is out of bounds for axis 0 with size {size}")
        a[np.unravel_index(places % size, np.shape(a))] = values
    else:
        a[places] = values


def _in_turn(values, count):
    """So many values, again from the first one after the last."""
    return np.ravel(values)[np.arange(count) % np.size(values)]


def wrapped(k, n):
    """Indices of an axis of n, round and round."""
    return k % n


def clipped(k, n):
    """Indices of an axis of n, the first or last of which stands for those outside."""
    return np.clip(k, 0, n - 1)


# --- Of triangles, diagonals and grids ------------------------------------------------


@composes(np.tril_indices)
def tril_indices(n, k=0, m=None):
    return np.nonzero(np.tri(n, m, k, dtype=bool))


@composes(np.triu_indices)
def triu_indices(n, k=0, m=None):
    return np.nonzero(~np.tri(n, m, k - 1, dtype=bool))


@composes(np.tril_indices_from)
def tril_indices_from(arr, k=0):
    if np.ndim(arr) != 2:
        raise ValueError("input array must be 2-d")
    return np.tril_indices(arr.shape[-2], k, arr.shape[-1])


@composes(np.triu_indices_from)
def triu_indices_from(arr, k=0):
    if np.ndim(arr) != 2:
        raise ValueError("input array must be 2-d")
    return np.triu_indices(arr.shape[-2], k, arr.shape[-1])


@composes(np.diag_indices)
def diag_indices(n, ndim=2):
    return (np.arange(n),) * ndim


@composes(np.diag_indices_from)
def diag_indices_from(arr):
    if np.ndim(arr) < 2:
        raise ValueError("input array must be at least 2-d")
    for n in arr.shape[1:]:
        if n != arr.shape[0]:
            raise ValueError("All dimensions of input must be of equal length")
    return (np.arange(arr.shape[0]),) * np.ndim(arr)


def tril_of_rows(m, k):
    """The lower triangle of a square matrix of which all rows are this one."""
    return np.where(np.tri(len(m), k=k, dtype=bool), m, np.zeros_like(m))


def triu_of_rows(m, k):
    """The upper triangle of a square matrix of which all rows are this one."""
    return np.where(np.tri(len(m), k=k - 1, dtype=bool), np.zeros_like(m), m)


def along(x, axis, rank):
    """A vector along one of so many axes."""
    return x[(None,) * axis + (slice(None),) + (None,) * (rank - 1 - axis)]


@composes(np.ix_)
def ix(*args):
    rank = len(args)
    vectors = [np.asarray(a) for a in args]
    vectors = [np.flatnonzero(v) if v.dtype == bool else v for v in vectors]
    return tuple(along(v, k, rank) for k, v in enumerate(vectors))


@composes(np.indices)
def indices(dimensions, dtype=int, sparse=False):
    rank = len(dimensions)
    found = tuple(
        along(np.arange(n, dtype=dtype), k, rank) for k, n in enumerate(dimensions)
    )
    if sparse:
        return found
    return np.stack([np.broadcast_to(part, dimensions) for part in found])


@composes(np.meshgrid)
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    rank = len(xi)
    vectors = [np.ravel(x) for x in xi]
    turned = indexing == "xy" and rank > 1
    order = (1, 0, *range(2, rank)) if turned else tuple(range(rank))
    grids = tuple(along(v, order[k], rank) for k, v in enumerate(vectors))
    if sparse:
        return tuple(grid.copy() for grid in grids) if copy else grids
    shape = tuple(vectors[k].shape[0] for k in order)
    grids = tuple(np.broadcast_to(grid, shape) for grid in grids)
    return tuple(grid.copy() for grid in grids) if copy else grids


@composes(np.ravel_multi_index)
def ravel_multi_index(multi_index, dims):
    flat = 0
    for part, n in zip(multi_index, dims, strict=True):
        k = np.asarray(part)
        if np.any((k < 0) | (k >= n)):
            raise ValueError("invalid entry in coordinates array")
        flat = flat * n + k
    return flat


def first_where(chosen, values):
    return np.ravel(values)[np.argmax(chosen)]


@composes(np.unravel_index)
def unravel_index(indices, shape):
    size = math.prod(shape)
    bad = (indices < 0) | (indices >= size)
    if np.any(bad):
        k = first_where(bad, indices)
        raise ValueError(f"index {k} is out of bounds for array with size {size}")
    found = ()
    for n in shape[:0:-1]:
        found = (indices % n, *found)
        indices = indices // n
    return (indices, *found)


# --- Counts --------------------------------------------------------------------------


@composes(np.bincount)
def bincount(x, weights=None, minlength=0):
    if np.ndim(x) != 1:
        raise ValueError("object too deep for desired array")
    if weights is not None and np.ndim(weights) != 1:
        raise ValueError("The weights and list don't have the same length.")
    if np.any(x < 0):
        raise ValueError("'list' argument must have no negative elements")
    x = x.astype(int) if x.dtype == bool else x
    length = max(int(np.max(x.astype(int), initial=-1)) + 1, minlength)
    if weights is None:
        counts = np.zeros(length, dtype=int)
        np.add.at(counts, x, 1)
        return counts
    sums = np.zeros(length)
    np.add.at(sums, x, weights)
    return sums


@composes(np.unique)
def unique(ar, return_index=False, return_inverse=False, return_counts=False):
    flat = np.ravel(ar)
    order = np.argsort(flat, kind="stable")
    ordered = flat[order]
    first = np.ones(flat.shape[0], dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    first[1:] &= ~(np.isnan(ordered[1:]) & np.isnan(ordered[:-1]))  # one nan is left
    found = (ordered[first],)
    if return_index:
        found = (*found, order[first])
    if return_inverse:
        inverse = np.zeros(flat.shape[0], dtype=int)
        inverse[order] = np.cumsum(first) - 1
        found = (*found, np.reshape(inverse, np.shape(ar)))
    if return_counts:
        starts = np.flatnonzero(first)
        found = (*found, np.diff(np.append(starts, flat.shape[0])))
    return found[0] if len(found) == 1 else found


@composes(np.histogram)
def histogram(a, bins=10, range=None, density=None, weights=None):
    if weights is not None and np.shape(weights) != np.shape(a):
        raise ValueError("weights should have the same shape as a.")
    a = np.ravel(a)
    edges = edges_of(a, bins, range)
    order = np.argsort(a)
    ordered = a[order]
    inner = np.searchsorted(ordered, edges[:-1], side="left")
    last = np.searchsorted(ordered, edges[-1:], side="right")
    bounds = np.concatenate((inner, last))
    if weights is None:
        counts = np.diff(bounds)
    else:
        if weights.dtype == bool:
            raise NotImplementedError(
                "np.histogram with weights that are bools",
                "make them numbers: weights=mask.astype(float)",
            )
        sums = np.cumsum(np.ravel(weights)[order])
        counts = np.diff(np.concatenate((np.zeros(1, dtype=sums.dtype), sums))[bounds])
    if density:
        return counts / np.diff(edges) / np.sum(counts), edges
    return counts, edges


@composes(np.histogram_bin_edges)
def edges_of(a, bins=10, range=None):
    """The bounds of the bins."""
    a = np.ravel(a)
    if isinstance(bins, str):
        raise NotImplementedError(
            "np.histogram with bins by a rule",
            "give the edges of the bins: np.linspace(low, high, 11)",
        )
    if np.ndim(bins) > 0:
        bins = np.asarray(bins)
        if np.any(bins[1:] < bins[:-1]):
            raise ValueError("`bins` must increase monotonically, when an array")
        return bins
    if bins < 1:
        raise ValueError("`bins` must be positive, when an integer")
    if range is not None:
        first, last = range
        if first > last:
            raise ValueError("max must be larger than min in range parameter.")
        if not (np.isfinite(first) and np.isfinite(last)):
            raise ValueError(f"supplied range of [{first}, {last}] is not finite")
    elif np.size(a) == 0:
        first, last = np.arange(2, dtype=a.dtype)
    else:
        first, last = np.min(a), np.max(a)
        if not (np.isfinite(first) and np.isfinite(last)):
            raise ValueError(f"autodetected range of [{first}, {last}] is not finite")
    if first == last:
        first, last = first - 0.5, last + 0.5
    dtype = (a[:0] + 0.0 + first + last).dtype
    edges = np.linspace(first, last, bins + 1, dtype=dtype)
    if np.any(edges[:-1] >= edges[1:]):
        raise ValueError(
            f"Too many bins for data range. Cannot create {bins} finite-sized bins."
        )
    return edges


@composes(np.unique_values)
def unique_values(x):
    return np.unique(x)


@composes(np.union1d)
def union1d(ar1, ar2):
    return np.unique(np.concatenate((np.ravel(ar1), np.ravel(ar2))))


@composes(np.intersect1d)
def intersect1d(ar1, ar2, assume_unique=False, return_indices=False):
    if return_indices:
        raise NotImplementedError(
            "np.intersect1d with return_indices=True",
            "look them up: np.searchsorted(np.sort(x), common)",
        )
    first, second = np.ravel(ar1), np.ravel(ar2)
    if not assume_unique:
        first, second = np.unique(first), np.unique(second)
    both = np.sort(np.concatenate((first, second)))
    return both[:-1][both[1:] == both[:-1]]


@composes(np.setdiff1d)
def setdiff1d(ar1, ar2, assume_unique=False):
    first = np.ravel(ar1) if assume_unique else np.unique(ar1)
    return first[~np.isin(first, ar2)]


@composes(np.setxor1d)
def setxor1d(ar1, ar2, assume_unique=False):
    first, second = np.ravel(ar1), np.ravel(ar2)
    if not assume_unique:
        first, second = np.unique(first), np.unique(second)
    both = np.sort(np.concatenate((first, second)))
    steps = both[1:] != both[:-1]
    end = np.ones(1, dtype=bool)
    steps = np.concatenate((end, steps, end))
    return both[steps[1:] & steps[:-1]] if np.size(both) > 0 else both


# --- What is left out, put in ---------------------------------------------------------


@composes(np.delete)
def delete(arr, obj, axis=None):
    if axis is None:
        arr = np.ravel(arr)
    y = arr if axis is None else np.moveaxis(arr, axis, 0)
    keep = np.ones(y.shape[0], dtype=bool)
    keep[obj] = False
    y = y[keep]
    return y if axis is None else np.moveaxis(y, 0, axis)


@composes(np.insert)
def insert(arr, obj, values, axis=None):
    y = np.ravel(arr) if axis is None else np.moveaxis(arr, axis, 0)
    if np.ndim(obj) > 0:
        raise NotImplementedError(
            "np.insert at several places",
            "join the parts: np.concatenate((x[:k], values, x[k:]))",
        )
    n = y.shape[0]
    if obj < -n or obj > n:
        raise IndexError(f"index {obj} is out of bounds for axis 0 with size {n}")
    if obj < 0:
        obj = obj + n
    values = np.asarray(values)
    if axis is None:
        between = np.ravel(values)
    elif np.ndim(values) < np.ndim(y):
        between = np.broadcast_to(values, (1, *y.shape[1:]))
    else:
        between = np.broadcast_to(values, (values.shape[0], *y.shape[1:]))
    between = between.astype(y.dtype)
    joined = np.concatenate((y[:obj], between, y[obj:]))
    return joined if axis is None else np.moveaxis(joined, 0, axis)


@composes(np.trim_zeros)
def trim_zeros(filt, trim="fb"):
    if np.ndim(filt) != 1:
        raise NotImplementedError(
            "np.trim_zeros of an array with several axes",
            "cut it: x[first:last, left:right]",
        )
    places = np.flatnonzero(filt)
    n = len(filt)
    if len(places) == 0:
        return filt[n:]
    first = places[0] if "f" in trim else 0
    last = places[-1] + 1 if "b" in trim else n
    return filt[first:last]


@composes(np.resize)
def resize(a, new_shape):
    if np.size(a) == 0:
        return np.zeros(new_shape, dtype=a.dtype)
    count = np.size(np.empty(new_shape))
    return np.reshape(np.ravel(a)[np.arange(count) % np.size(a)], new_shape)
