"""Reductions that leave out what is not a number."""

from __future__ import annotations

import numpy as np

from adcompiler.library.reducing import reduced_by
from adcompiler.library.registry import composes
from adcompiler.library.statistics import root


def present(a):
    """The array with zeros for nan, and which entries are numbers."""
    given = ~np.isnan(a)
    return np.where(given, a, 0.0), given


def of_taken(a, where):
    """The array with nan for what a mask leaves out."""
    return a if where is None else np.where(where, a, np.nan)


@composes(np.nansum)
def nansum(a, axis=None, *, keepdims=False, initial=None, where=None):
    if np.asarray(a).dtype.kind != "f":
        return reduced_by(np.sum, a, axis, None, None, keepdims, initial, where)
    a = of_taken(a, where)
    total = np.sum(np.where(np.isnan(a), 0.0, a), axis=axis, keepdims=keepdims)
    return total if initial is None else total + initial


@composes(np.nanprod)
def nanprod(a, axis=None, *, keepdims=False, initial=None, where=None):
    if np.asarray(a).dtype.kind != "f":
        return reduced_by(np.prod, a, axis, None, None, keepdims, initial, where)
    a = of_taken(a, where)
    product = np.prod(np.where(np.isnan(a), 1.0, a), axis=axis, keepdims=keepdims)
    return product if initial is None else product * initial


@composes(np.nanmax)
def nanmax(a, axis=None, *, keepdims=False, initial=None, where=None):
    if np.asarray(a).dtype.kind != "f":
        return reduced_by(np.max, a, axis, None, None, keepdims, initial, where)
    a = of_taken(a, where)
    filled = np.where(np.isnan(a), -np.inf, a)
    if initial is not None:
        return np.max(filled, axis=axis, keepdims=keepdims, initial=initial)
    found = np.max(filled, axis=axis, keepdims=keepdims)
    return nan_of_nothing(found, a, axis, keepdims)


@composes(np.nanmin)
def nanmin(a, axis=None, *, keepdims=False, initial=None, where=None):
    if np.asarray(a).dtype.kind != "f":
        return reduced_by(np.min, a, axis, None, None, keepdims, initial, where)
    a = of_taken(a, where)
    filled = np.where(np.isnan(a), np.inf, a)
    if initial is not None:
        return np.min(filled, axis=axis, keepdims=keepdims, initial=initial)
    found = np.min(filled, axis=axis, keepdims=keepdims)
    return nan_of_nothing(found, a, axis, keepdims)


def nan_of_nothing(found, a, axis, keepdims):
    """nan where there is nothing else."""
    missing = np.all(np.isnan(a), axis=axis, keepdims=keepdims)
    return np.where(missing, np.nan, found)[()]


@composes(np.nanmean)
def nanmean(a, axis=None, *, keepdims=False, where=None):
    filled, given = present(of_taken(a, where))
    count = np.sum(given, axis=axis, keepdims=keepdims)
    return in_its_precision(np.sum(filled, axis=axis, keepdims=keepdims) / count, a)


def in_its_precision(x, a):
    """A quotient by a count in the precision of the array that was counted."""
    return x.astype(np.float32) if np.asarray(a).dtype == np.float32 else x


@composes(np.nanvar)
def nanvar(
    a, axis=None, *, ddof=0, keepdims=False, where=None, mean=None, correction=None
):
    less = ddof if correction is None else correction
    a = of_taken(a, where)
    centre = np.nanmean(a, axis=axis, keepdims=True) if mean is None else mean
    deviation = np.where(np.isnan(a), 0.0, a - centre)
    count = np.sum(~np.isnan(a), axis=axis, keepdims=keepdims)
    total = np.sum(np.square(deviation), axis=axis, keepdims=keepdims)
    if less != 0:
        count = np.where(count > less, count - less, np.nan)
    return in_its_precision(total / count, a)


@composes(np.nanstd)
def nanstd(
    a, axis=None, *, ddof=0, keepdims=False, where=None, mean=None, correction=None
):
    less = ddof if correction is None else correction
    variance = nanvar(a, axis, ddof=less, keepdims=keepdims, where=where, mean=mean)
    return root(variance)


@composes(np.nanargmax)
def nanargmax(a, axis=None):
    if np.any(np.all(np.isnan(a), axis=axis)):
        raise ValueError("All-NaN slice encountered")
    return np.argmax(np.where(np.isnan(a), -np.inf, a), axis=axis)


@composes(np.nanargmin)
def nanargmin(a, axis=None):
    if np.any(np.all(np.isnan(a), axis=axis)):
        raise ValueError("All-NaN slice encountered")
    return np.argmin(np.where(np.isnan(a), np.inf, a), axis=axis)
