"""Moments, averages and spreads."""

from __future__ import annotations

import numpy as np

from adcompiler.library.registry import composes


def counted(a, axis):
    """How many elements a reduction over these axes takes together."""
    if axis is None:
        return np.size(a)
    if isinstance(axis, tuple):
        count = 1
        for k in axis:
            count *= a.shape[k]
        return count
    return a.shape[axis]


@composes(np.var)
def var(a, axis=None, ddof=0, keepdims=False):
    deviation = a - np.mean(a, axis=axis, keepdims=True)
    if ddof == 0:
        return np.mean(np.square(deviation), axis=axis, keepdims=keepdims)
    count = counted(a, axis)
    total = np.sum(np.square(deviation), axis=axis, keepdims=keepdims)
    return total / max(count - ddof, 0)


@composes(np.std)
def std(a, axis=None, ddof=0, keepdims=False):
    return np.sqrt(np.var(a, axis=axis, ddof=ddof, keepdims=keepdims))


@composes(np.ptp)
def ptp(a, axis=None, keepdims=False):
    highest = np.max(a, axis=axis, keepdims=keepdims)
    return highest - np.min(a, axis=axis, keepdims=keepdims)


@composes(np.average)
def average(a, axis=None, weights=None, keepdims=False):
    if weights is None:
        return np.mean(a, axis=axis, keepdims=keepdims)
    weights = np.asarray(weights)
    if axis is not None and np.ndim(weights) < np.ndim(a):
        k = axis % np.ndim(a)
        ones = np.ndim(a) - 1 - k
        weights = weights.reshape((1,) * k + weights.shape + (1,) * ones)
    total = np.sum(weights * np.ones_like(a), axis=axis, keepdims=keepdims)
    return np.sum(a * weights, axis=axis, keepdims=keepdims) / total
