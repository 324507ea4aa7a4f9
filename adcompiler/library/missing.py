"""Reductions that leave out what is not a number."""

from __future__ import annotations

import numpy as np

from adcompiler.library.registry import composes
from adcompiler.library.statistics import root


def present(a):
    """The array with zeros for nan, and which entries are numbers."""
    given = ~np.isnan(a)
    return np.where(given, a, 0.0), given


@composes(np.nansum)
def nansum(a, axis=None, keepdims=False):
    return np.sum(np.where(np.isnan(a), 0.0, a), axis=axis, keepdims=keepdims)


@composes(np.nanprod)
def nanprod(a, axis=None, keepdims=False):
    return np.prod(np.where(np.isnan(a), 1.0, a), axis=axis, keepdims=keepdims)


@composes(np.nanmax)
def nanmax(a, axis=None, keepdims=False):
    filled = np.where(np.isnan(a), -np.inf, a)
    return np.max(filled, axis=axis, keepdims=keepdims)


@composes(np.nanmin)
def nanmin(a, axis=None, keepdims=False):
    filled = np.where(np.isnan(a), np.inf, a)
    return np.min(filled, axis=axis, keepdims=keepdims)


@composes(np.nanmean)
def nanmean(a, axis=None, keepdims=False):
    filled, given = present(a)
    count = np.sum(given, axis=axis, keepdims=keepdims)
    return np.sum(filled, axis=axis, keepdims=keepdims) / count


@composes(np.nanvar)
def nanvar(a, axis=None, ddof=0, keepdims=False):
    mean = np.nanmean(a, axis=axis, keepdims=True)
    deviation = np.where(np.isnan(a), 0.0, a - mean)
    count = np.sum(~np.isnan(a), axis=axis, keepdims=keepdims)
    total = np.sum(np.square(deviation), axis=axis, keepdims=keepdims)
    return total / (count - ddof)


@composes(np.nanstd)
def nanstd(a, axis=None, ddof=0, keepdims=False):
    return root(np.nanvar(a, axis=axis, ddof=ddof, keepdims=keepdims))


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
