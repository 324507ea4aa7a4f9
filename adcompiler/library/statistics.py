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
def var(
    a, axis=None, *, ddof=0, keepdims=False, where=None, mean=None, correction=None
):
    less = ddof if correction is None else correction
    if where is not None:
        return var_where(a, axis, less, keepdims, where, mean)
    centre = np.mean(a, axis=axis, keepdims=True) if mean is None else mean
    deviation = a - centre
    if less == 0:
        return np.mean(np.square(deviation), axis=axis, keepdims=keepdims)
    count = counted(a, axis)
    total = np.sum(np.square(deviation), axis=axis, keepdims=keepdims)
    return total / max(count - less, 0)


def var_where(a, axis, less, keepdims, where, mean):
    """The variance of the elements that a mask takes."""
    if mean is None:
        mean = np.mean(a, axis=axis, keepdims=True, where=where)
    square = np.where(where, np.square(a - mean), 0.0)
    count = np.sum(np.where(where, np.ones_like(a), 0.0), axis=axis, keepdims=keepdims)
    return np.sum(square, axis=axis, keepdims=keepdims) / np.maximum(count - less, 0.0)


@composes(np.std)
def std(
    a, axis=None, *, ddof=0, keepdims=False, where=None, mean=None, correction=None
):
    less = ddof if correction is None else correction
    variance = var(a, axis, ddof=less, keepdims=keepdims, where=where, mean=mean)
    return root(variance)


def root(variance):
    """The root, with derivative zero where the variance is: a row of its own."""
    return np.sqrt(variance)


@composes(np.ptp)
def ptp(a, axis=None, *, keepdims=False):
    highest = np.max(a, axis=axis, keepdims=keepdims)
    return highest - np.min(a, axis=axis, keepdims=keepdims)


@composes(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    if weights is None and not returned:
        return np.mean(a, axis=axis, keepdims=keepdims)
    a = a.astype(float) if a.dtype.kind in "biu" else a
    weights = np.ones_like(a) if weights is None else np.asarray(weights)
    if np.ndim(weights) < np.ndim(a):
        if axis is None:
            raise TypeError(
                "Axis must be specified when shapes of a and weights differ."
            )
        weights = beside(weights, a, axis if isinstance(axis, tuple) else (axis,))
    total = np.sum(weights * np.ones_like(a), axis=axis, keepdims=keepdims)
    if np.any(total == 0.0):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    mean = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (mean, total) if returned else mean


def beside(weights, a, axes):
    """The weights along these axes, with axes of length 1 for the others."""
    rank = np.ndim(a)
    axes = [range(rank)[k] for k in axes]
    order = tuple([j for k in range(rank) for j, m in enumerate(axes) if m == k])
    shape = tuple([n if k in axes else 1 for k, n in enumerate(np.shape(a))])
    return np.reshape(np.transpose(weights, order), shape)


@composes(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None):
    if fweights is not None:
        raise NotImplementedError(
            "np.cov with fweights=",
            "repeat the columns: np.cov(np.repeat(x, fweights, axis=1))",
        )
    x = observations(np.asarray(m, dtype=float), rowvar)
    if y is not None:
        x = np.concatenate((x, observations(y, rowvar)))
    less = ddof if ddof is not None else (0 if bias else 1)
    if aweights is None:
        deviation = x - np.mean(x, axis=1, keepdims=True)
        result = deviation @ deviation.T / max(x.shape[1] - less, 0)
    else:
        w = np.asarray(aweights)
        if np.any(w < 0):
            raise ValueError("aweights cannot be negative")
        total = np.sum(w)
        if total == 0.0:
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        deviation = x - (x @ w / total)[:, None]
        fact = total - less * np.sum(w * w) / total
        result = (deviation * w) @ deviation.T / fact
    if np.ndim(m) == 1 and y is None:
        return np.squeeze(result, axis=(0, 1))
    if x.shape[0] == 1:
        raise ValueError("np.cov of one variable is of a vector here: np.cov(x[0])")
    return result


def cov_of_one(
    m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None
):
    """Of a matrix with one variable."""
    return cov(np.ravel(m), None, True, bias, ddof, fweights, aweights)


def observations(m, rowvar):
    """A row for each variable."""
    if np.ndim(m) == 1:
        return m[None, :]
    return m if rowvar else m.T


@composes(np.corrcoef)
def corrcoef(x, y=None, rowvar=True):
    c = np.cov(x, y, rowvar)
    if np.ndim(c) == 0:
        return c / c
    spread = np.sqrt(np.diag(c))
    return np.clip(c / spread[:, None] / spread[None, :], -1, 1)
