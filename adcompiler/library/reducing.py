"""Reductions of some of the elements, and those that ufuncs have as methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompiler.library.registry import composes, held

# --- Of the elements that a mask takes ------------------------------------------------
# What stands for an element that is left out changes no sum, product or extremum.


def sum_where(a, axis=None, keepdims=False, initial=0, where=True):
    taken = np.where(where, a, 0.0)
    return np.sum(taken, axis=axis, keepdims=keepdims) + start(initial, a)


def prod_where(a, axis=None, keepdims=False, initial=1, where=True):
    taken = np.where(where, a, 1.0)
    return np.prod(taken, axis=axis, keepdims=keepdims) * start(initial, a)


def start(initial, a):
    """What a reduction starts with: a number of the array's kind."""
    if np.ndim(initial) > 0:
        raise ValueError("Input object to FillWithScalar is not a scalar")
    whole = np.asarray(a).dtype.kind != "f" and np.asarray(initial).dtype.kind == "f"
    return int(initial) if whole else initial


def mean_where(a, axis=None, keepdims=False, where=True):
    count = np.sum(np.where(where, np.ones_like(a), 0.0), axis=axis, keepdims=keepdims)
    return np.sum(np.where(where, a, 0.0), axis=axis, keepdims=keepdims) / count


def max_where(a, axis=None, keepdims=False, initial=None, where=None):
    if initial is None:
        if where is not None:
            raise ValueError(
                "reduction operation 'maximum' does not have an identity, so to use a "
                "where mask one has to specify 'initial'"
            )
        return np.max(a, axis=axis, keepdims=keepdims)
    taken = a if where is None else np.where(where, a, -np.inf)
    return np.maximum(greatest(taken, axis, keepdims), extreme(initial, a))


def min_where(a, axis=None, keepdims=False, initial=None, where=None):
    if initial is None:
        if where is not None:
            raise ValueError(
                "reduction operation 'minimum' does not have an identity, so to use a "
                "where mask one has to specify 'initial'"
            )
        return np.min(a, axis=axis, keepdims=keepdims)
    taken = a if where is None else np.where(where, a, np.inf)
    return np.minimum(least(taken, axis, keepdims), extreme(initial, a))


def extreme(initial, a):
    """What the search for an extremum starts with."""
    return start(initial, a) if np.asarray(a).dtype != bool else bool(initial)


def greatest(a, axis, keepdims):
    """The largest element, -inf of none: a row of its own, which takes any dtype."""
    return np.max(a, axis=axis, keepdims=keepdims, initial=lowest(a))


def least(a, axis, keepdims):
    """The smallest element, inf of none: a row of its own, which takes any dtype."""
    return np.min(a, axis=axis, keepdims=keepdims, initial=highest(a))


def lowest(a: Any) -> Any:
    """What no element is below."""
    dtype = np.asarray(a).dtype
    if dtype.kind == "b":
        return False
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def highest(a: Any) -> Any:
    """What no element is above."""
    dtype = np.asarray(a).dtype
    if dtype.kind == "b":
        return True
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


def any_where(a, axis=None, keepdims=False, where=True):
    return np.any(np.logical_and(a, where), axis=axis, keepdims=keepdims)


def all_where(a, axis=None, keepdims=False, where=True):
    skipped = np.logical_not(where)
    return np.all(np.logical_or(a, skipped), axis=axis, keepdims=keepdims)


SELECTIVE: dict[str, Any] = {
    "sum": sum_where,
    "prod": prod_where,
    "mean": mean_where,
    "max": max_where,
    "min": min_where,
    "any": any_where,
    "all": all_where,
}

# --- Methods of ufuncs ----------------------------------------------------------------


def reduced_by(function, array, axis, dtype, out, keepdims, initial, where):
    """What the method of a ufunc gives, by the function that it is known as."""
    if out is not None:
        raise NotImplementedError(
            "the reduction of a ufunc with out=", "store it: y[...] = np.add.reduce(x)"
        )
    if dtype is not None:
        array = array.astype(dtype)
    if initial is None and where is None:
        return function(array, axis=axis, keepdims=keepdims)
    if where is None:
        return function(array, axis=axis, keepdims=keepdims, initial=initial)
    if initial is None:
        return function(array, axis=axis, keepdims=keepdims, where=where)
    return function(array, axis=axis, keepdims=keepdims, initial=initial, where=where)


@composes(np.add.reduce)
def add_reduce(
    array, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=None
):
    return reduced_by(np.sum, array, axis, dtype, out, keepdims, initial, where)


@composes(np.multiply.reduce)
def multiply_reduce(
    array, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=None
):
    return reduced_by(np.prod, array, axis, dtype, out, keepdims, initial, where)


@composes(np.maximum.reduce)
def maximum_reduce(
    array, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=None
):
    return reduced_by(np.max, array, axis, dtype, out, keepdims, initial, where)


@composes(np.minimum.reduce)
def minimum_reduce(
    array, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=None
):
    return reduced_by(np.min, array, axis, dtype, out, keepdims, initial, where)


@composes(np.logical_and.reduce)
def logical_and_reduce(
    array, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=None
):
    return reduced_by(np.all, array, axis, dtype, out, keepdims, initial, where)


@composes(np.logical_or.reduce)
def logical_or_reduce(
    array, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=None
):
    return reduced_by(np.any, array, axis, dtype, out, keepdims, initial, where)


@composes(np.logaddexp.reduce)
def logaddexp_reduce(
    array, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=None
):
    return reduced_by(log_sum, array, axis, dtype, out, keepdims, initial, where)


def log_sum(a, axis, keepdims, initial=None, where=None):
    taken = a if where is None else np.where(where, a, -np.inf)
    return log_of_sum(taken, None, axis, keepdims, initial)


def log_of_sum(a, weights, axis, keepdims, initial=None):
    """The logarithm of the sum of exponentials, the largest of which is taken out."""
    counted = a if weights is None else np.where(weights != 0, a, -np.inf)
    highest = greatest(counted, axis, True)
    if initial is not None:
        highest = np.maximum(highest, initial)
    highest = held(np.where(np.isfinite(highest), highest, 0.0))
    over = a - highest
    if weights is not None:  # what counts for nothing may be larger than all the rest
        over = np.where(weights != 0, over, np.minimum(over, 700.0))
    terms = np.exp(over)
    if weights is not None:
        terms = weights * terms
    total = np.sum(terms, axis=axis, keepdims=True)
    if initial is not None:
        total = total + np.exp(initial - highest)
    total = np.log(total) + highest
    return total if keepdims else np.sum(total, axis=axis)


@composes(np.add.accumulate)
def add_accumulate(array, axis=0):
    return np.cumsum(array, axis=axis)


@composes(np.multiply.accumulate)
def multiply_accumulate(array, axis=0):
    return np.cumprod(array, axis=axis)


def only_axis(x, axis):
    """The axis to go along, which only a vector need not name."""
    if axis is None and np.ndim(x) > 1:
        raise ValueError(
            "For arrays which have more than one dimension ``axis`` argument is "
            "required."
        )
    return 0 if axis is None else axis


@composes(np.cumulative_sum)
def cumulative_sum(x, *, axis=None, include_initial=False):
    along = only_axis(x, axis)
    sums = np.cumsum(x, axis=along)
    if not include_initial:
        return sums
    first = np.zeros_like(np.sum(sums, axis=along, keepdims=True))
    return np.concatenate((first, sums), axis=along)


@composes(np.cumulative_prod)
def cumulative_prod(x, *, axis=None, include_initial=False):
    along = only_axis(x, axis)
    products = np.cumprod(x, axis=along)
    if not include_initial:
        return products
    first = np.ones_like(np.sum(products, axis=along, keepdims=True))
    return np.concatenate((first, products), axis=along)
