"""Medians and quantiles, and what looks up or chooses values."""

from __future__ import annotations

import numpy as np

from adcompiler.library.registry import composes

LARGEST = 1.7976931348623157e308


@composes(np.median)
def median(a, axis=None, keepdims=False):
    return np.quantile(a, 0.5, axis=axis, keepdims=keepdims)


@composes(np.percentile)
def percentile(a, q, axis=None, keepdims=False):
    return np.quantile(a, q / 100.0, axis=axis, keepdims=keepdims)


@composes(np.quantile)
def quantile(a, q, axis=None, keepdims=False):
    if np.ndim(q) > 0:
        raise NotImplementedError("np.quantile of several quantiles at once")
    if isinstance(axis, tuple):
        raise NotImplementedError("np.quantile along several axes")
    if axis is None:
        ordered = np.sort(np.ravel(a))
    else:
        ordered = np.moveaxis(np.sort(a, axis=axis), axis, 0)
    position = q * (ordered.shape[0] - 1)
    below = int(np.floor(position))
    above = min(below + 1, ordered.shape[0] - 1)
    part = position - below
    result = ordered[below] + part * (ordered[above] - ordered[below])
    if not keepdims:
        return result
    if axis is None:
        return np.reshape(result, (1,) * np.ndim(a))
    return np.expand_dims(result, axis)


@composes(np.interp)
def interp(x, xp, fp, left=None, right=None):
    last = len(xp) - 1
    k = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, last - 1)
    slope = (fp[k + 1] - fp[k]) / (xp[k + 1] - xp[k])
    y = slope * (x - xp[k]) + fp[k]
    below = fp[0] if left is None else left
    above = fp[last] if right is None else right
    return np.where(x < xp[0], below, np.where(x > xp[last], above, y))


@composes(np.select)
def select(condlist, choicelist, default=0):
    result = default
    for condition, choice in zip(condlist[::-1], choicelist[::-1], strict=True):
        result = np.where(condition, choice, result)
    return result


@composes(np.nan_to_num)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    if not copy:
        raise NotImplementedError("np.nan_to_num in place")
    largest = LARGEST if posinf is None else posinf
    least = -LARGEST if neginf is None else neginf
    filled = np.where(np.isnan(x), nan, x)
    return np.where(x == np.inf, largest, np.where(x == -np.inf, least, filled))


@composes(np.isclose)
def isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    near = np.abs(a - b) <= atol + rtol * np.abs(b)
    found = np.where(np.isfinite(b), near, a == b)
    return found | (np.isnan(a) & np.isnan(b)) if equal_nan else found


@composes(np.allclose)
def allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    return bool(np.all(np.isclose(a, b, rtol, atol, equal_nan)))


@composes(np.array_equal)
def array_equal(a1, a2):
    if a1.shape != a2.shape:
        return False
    return bool(np.all(a1 == a2))


@composes(np.count_nonzero)
def count_nonzero(a, axis=None, keepdims=False):
    return np.sum(a != 0, axis=axis, keepdims=keepdims)


@composes(np.fmax)
def fmax(x1, x2):
    return np.where(np.isnan(x1), x2, np.where(np.isnan(x2), x1, np.maximum(x1, x2)))


@composes(np.fmin)
def fmin(x1, x2):
    return np.where(np.isnan(x1), x2, np.where(np.isnan(x2), x1, np.minimum(x1, x2)))


@composes(np.isposinf)
def isposinf(x):
    return np.equal(x, np.inf)


@composes(np.isneginf)
def isneginf(x):
    return np.equal(x, -np.inf)


@composes(np.digitize)
def digitize(x, bins, right=False):
    side = "left" if right else "right"
    return np.searchsorted(bins, x, side=side)


@composes(np.sinc)
def sinc(x):
    y = np.pi * np.where(x == 0, 1.0e-20, x)
    return np.sin(y) / y


@composes(np.divmod)
def divmod_of(x1, x2):
    return (np.floor_divide(x1, x2), np.remainder(x1, x2))


@composes(np.modf)
def modf(x):
    whole = np.trunc(x)
    return (np.where(np.isinf(x), 0.0 * np.sign(x), x - whole), whole)


@composes(np.nancumsum)
def nancumsum(a, axis=None):
    return np.cumsum(np.where(np.isnan(a), 0.0, a), axis=axis)


@composes(np.nancumprod)
def nancumprod(a, axis=None):
    return np.cumprod(np.where(np.isnan(a), 1.0, a), axis=axis)


@composes(np.piecewise)
def piecewise(x, condlist, funclist):
    y = np.zeros_like(x)
    rest = np.ones_like(x, dtype=bool)
    for condition, function in zip(condlist, funclist[: len(condlist)], strict=True):
        y[condition] = value_of(function, x[condition])
        rest = rest & ~condition
    if len(funclist) > len(condlist):
        y[rest] = value_of(funclist[len(condlist)], x[rest])
    return y


def value_of(function, x):
    """A number, or what a function gives."""
    return function(x) if callable(function) else function
