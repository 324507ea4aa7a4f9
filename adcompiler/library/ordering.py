"""Medians and quantiles, and what looks up or chooses values."""

from __future__ import annotations

import numpy as np

from adcompiler.library.registry import composes

# --- Quantiles -----------------------------------------------------------------------


@composes(np.median)
def median(a, axis=None, *, keepdims=False):
    ordered = np.sort(lines(a, axis), axis=0)
    n = ordered.shape[0]
    middle = np.mean(ordered[(n - 1) // 2 : n // 2 + 1], axis=0)
    unknown = np.any(np.isnan(ordered[-1:]), axis=0)  # nan is sorted last
    found = np.where(unknown, np.nan, middle)[()]
    return with_ones(found, a, axis) if keepdims else found


@composes(np.percentile)
def percentile(a, q, axis=None, *, method="linear", keepdims=False):
    share = np.asarray(q) / 100.0 if isinstance(q, (list, tuple)) else q / 100.0
    if not within_one(share):
        raise ValueError("Percentiles must be in the range [0, 100]")
    return np.quantile(a, share, axis=axis, method=method, keepdims=keepdims)


@composes(np.quantile)
def quantile(a, q, axis=None, *, method="linear", keepdims=False):
    q = np.asarray(q) if isinstance(q, (list, tuple)) else q
    if not within_one(q):
        raise ValueError("Quantiles must be in the range [0, 1]")
    ordered = np.sort(lines(a, axis), axis=0)
    last = ordered.shape[0] - 1
    position = place_of(q, last, method)
    below = np.floor(position)
    if np.ndim(q) == 0:
        low, part = int(below), as_weak(position - below, q)
    else:
        low = below.astype(int)
        part = np.reshape(position - below, np.shape(q) + (1,) * (np.ndim(ordered) - 1))
    high = np.minimum(low + 1, last) if np.ndim(q) > 0 else min(low + 1, last)
    found = ordered[low] + part * (ordered[high] - ordered[low])
    found = np.where(np.isnan(ordered[-1]), np.nan, found)[()]  # nan is sorted last
    return with_ones(found, a, axis, np.ndim(q)) if keepdims else found


@composes(np.nanmedian)
def nanmedian(a, axis=None, *, keepdims=False):
    return np.nanquantile(a, 0.5, axis=axis, keepdims=keepdims)


@composes(np.nanpercentile)
def nanpercentile(a, q, axis=None, *, keepdims=False):
    share = np.asarray(q) / 100.0 if isinstance(q, (list, tuple)) else q / 100.0
    if not within_one(share):
        raise ValueError("Percentiles must be in the range [0, 100]")
    return np.nanquantile(a, share, axis=axis, keepdims=keepdims)


@composes(np.nanquantile)
def nanquantile(a, q, axis=None, *, keepdims=False):
    q = np.asarray(q) if isinstance(q, (list, tuple)) else q
    if not within_one(q):
        raise ValueError("Quantiles must be in the range [0, 1]")
    if np.ndim(q) == 0 and np.size(a) == 0:
        return np.nanmean(a, axis=axis, keepdims=keepdims)
    ordered = np.sort(lines(a, axis), axis=0)
    last = np.sum(~np.isnan(ordered), axis=0, keepdims=True) - 1
    share = q
    if np.ndim(q) > 0:
        share = np.reshape(q, (-1,) + (1,) * (np.ndim(ordered) - 1))
    position = np.maximum(share * last, 0.0)
    below = np.floor(position)
    low = below.astype(int)
    high = np.maximum(np.minimum(low + 1, last), 0)
    part = (position - below).astype(ordered.dtype)
    first = np.take_along_axis(ordered, low, axis=0)
    second = np.take_along_axis(ordered, high, axis=0)
    found = first + part * (second - first)
    if np.ndim(q) == 0:
        found = np.sum(found, axis=0)
    else:
        found = np.reshape(found, np.shape(q) + np.shape(found)[1:])
    return with_ones(found, a, axis, np.ndim(q)) if keepdims else found


def as_weak(part, q):
    """A Python number if q is one, so that arrays keep their precision."""
    own = isinstance(q, (int, float)) and not isinstance(q, np.generic)
    return float(part) if own else part


def within_one(q):
    """Whether all shares are in the range from 0 to 1; nan is not."""
    if np.ndim(q) == 0:
        return 0.0 <= q <= 1.0
    return np.all((q >= 0.0) & (q <= 1.0))


def lines(a, axis):
    """The axes that are taken together as one, in front."""
    if axis is None:
        return np.ravel(a)
    if isinstance(axis, int):
        return np.moveaxis(a, axis, 0)
    moved = np.moveaxis(a, axis, tuple(range(len(axis))))
    return np.reshape(moved, (-1, *np.shape(moved)[len(axis) :]))


def with_ones(found, a, axis, ahead=0):
    """With axes of length 1 for those that were taken together, behind so many."""
    if axis is None:
        return np.reshape(found, np.shape(found)[:ahead] + (1,) * np.ndim(a))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return np.expand_dims(found, tuple(ahead + k % np.ndim(a) for k in axes))


def place_of(q, last, method):
    """Where quantiles lie among the elements in order, of which the last is this."""
    if method == "linear":
        return q * last
    if method == "lower":
        return np.floor(q * last)
    if method == "higher":
        return np.ceil(q * last)
    if method == "nearest":
        return np.rint(q * last)
    if method == "midpoint":
        return 0.5 * (np.floor(q * last) + np.ceil(q * last))
    if method == "hazen":
        shift = 0.5
    elif method == "weibull":
        shift = 0.0
    elif method == "median_unbiased":
        shift = 1.0 / 3.0
    elif method == "normal_unbiased":
        shift = 3.0 / 8.0
    else:
        raise NotImplementedError(
            "np.quantile by a method that is not continuous",
            "leave method= away, or take an element: np.sort(x)[k]",
        )
    place = (last + 1) * q + shift + q * (1.0 - 2.0 * shift) - 1.0
    return np.clip(place, 0, last)


@composes(np.lexsort)
def lexsort(keys, axis=-1):
    order = np.argsort(keys[0], axis=axis, kind="stable")
    for key in keys[1:]:
        taken = np.take_along_axis(np.asarray(key), order, axis)
        again = np.argsort(taken, axis=axis, kind="stable")
        order = np.take_along_axis(order, again, axis)
    return order


# --- Looking up and choosing ---------------------------------------------------------


@composes(np.interp)
def interp(x, xp, fp, left=None, right=None, period=None):
    x = np.asarray(x) if isinstance(x, (list, tuple)) else x
    if len(xp) == 1 and len(fp) == 1 and period is None:
        below = fp[0] if left is None else left
        above = fp[0] if right is None else right
        return np.where(x < xp[0], below, np.where(x > xp[0], above, fp[0]))[()]
    return interp_between(x, xp, fp, left, right, period)


def interp_between(x, xp, fp, left=None, right=None, period=None):
    """In a table of which it is known that it has more than one point."""
    x = np.asarray(x) if isinstance(x, (list, tuple)) else x
    xp, fp = np.asarray(xp, dtype=float), np.asarray(fp, dtype=float)
    if len(xp) == 0:
        raise ValueError("array of sample points is empty")
    if len(fp) != len(xp):
        raise ValueError("fp and xp are not of the same length.")
    if period is not None:
        return periodic(x, xp, fp, abs(period))
    return interpolated(x, xp, fp, left, right)


def interpolated(x, xp, fp, left, right):
    """Between points in order; outside, what is given, or the first and last."""
    if np.ndim(x) == 0:
        if x < xp[0]:
            return fp[0] if left is None else np.float64(left)
        if x > xp[-1]:
            return fp[-1] if right is None else np.float64(right)
        return between(x, xp, fp)
    below = fp[0] if left is None else left
    above = fp[-1] if right is None else right
    y = between(x, xp, fp)
    return np.where(x < xp[0], below, np.where(x > xp[-1], above, y))


def between(x, xp, fp):
    """On the line through the two points that are nearest."""
    after, last = np.searchsorted(xp, x, side="right"), len(xp) - 1
    k = min(after, last) - 1 if np.ndim(x) == 0 else np.clip(after, 1, last) - 1
    slope = (fp[k + 1] - fp[k]) / (xp[k + 1] - xp[k])
    return slope * (x - xp[k]) + fp[k]


def periodic(x, xp, fp, period):
    """The interpolation in one period, with a point of the periods beside it."""
    places = xp % period
    order = np.argsort(places)
    places, values = places[order], fp[order]
    around = np.concatenate((places[-1:] - period, places, places[:1] + period))
    heights = np.concatenate((values[-1:], values, values[:1]))
    return interpolated(x % period, around, heights, None, None)


@composes(np.select)
def select(condlist, choicelist, default=0):
    result = default
    for condition, choice in zip(condlist[::-1], choicelist[::-1], strict=True):
        result = np.where(condition, choice, result)
    return result


@composes(np.nan_to_num)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    if not copy:
        raise NotImplementedError(
            "np.nan_to_num with copy=False",
            "store the result: x[...] = np.nan_to_num(x)",
        )
    if np.asarray(x).dtype == bool:
        return np.array(x)[()]
    if np.asarray(x).dtype in (np.int64, np.int32):
        return np.positive(x)
    limit = np.finfo(np.asarray(x).dtype).max
    largest = limit if posinf is None else posinf
    least = -limit if neginf is None else neginf
    filled = np.where(np.isnan(x), nan, x)
    return np.where(x == np.inf, largest, np.where(x == -np.inf, least, filled))[()]


@composes(np.isclose)
def isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    b = b * 1.0  # differences of integers may wrap
    near = np.abs(a - b) <= atol + rtol * np.abs(b)
    found = np.where(np.isfinite(b), near, a == b)[()]
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


@composes(np.array_equiv)
def array_equiv(a1, a2):
    return bool(np.all(np.equal(a1, a2)))


@composes(np.signbit)
def signbit(x):
    return np.copysign(1.0, x) < 0


@composes(np.float_power)
def float_power(x1, x2):
    return np.power(np.asarray(x1).astype(float), x2)


@composes(np.isreal)
def isreal(x):
    return np.ones_like(x, dtype=bool)


@composes(np.imag)
def imag(val):
    return np.zeros_like(val)


@composes(np.fmax)
def fmax(x1, x2):
    return np.where(np.greater_equal(x1, x2) | np.isnan(x2), x1, x2)[()]


@composes(np.fmin)
def fmin(x1, x2):
    return np.where(np.less_equal(x1, x2) | np.isnan(x2), x1, x2)[()]


@composes(np.isposinf)
def isposinf(x):
    return np.equal(x, np.inf)


@composes(np.isneginf)
def isneginf(x):
    return np.equal(x, -np.inf)


@composes(np.digitize)
def digitize(x, bins, right=False):
    side = "left" if right else "right"
    if np.any(bins[1:] < bins[:-1]):
        if np.any(bins[1:] > bins[:-1]):
            raise ValueError("bins must be monotonically increasing or decreasing")
        return len(bins) - np.searchsorted(bins[::-1], x, side=side)
    return np.searchsorted(bins, x, side=side)


@composes(np.sinc)
def sinc(x):
    y = np.pi * x
    close = np.abs(y) < 0.25
    near, far = np.where(close, y, 0.0)[()], np.where(close, 1.0, y)[()]
    return np.where(close, sinc_series(near * near), np.sin(far) / far)[()]


def sinc_series(s):
    """``sin(y) / y`` near zero by ``s = y * y``, as exact as its derivatives are."""
    rest = 1.0 - s / 72.0 * (1.0 - s / 110.0 * (1.0 - s / 156.0))
    return 1.0 - s / 6.0 * (1.0 - s / 20.0 * (1.0 - s / 42.0 * rest))


@composes(np.divmod)
def divmod_of(x1, x2):
    return (np.floor_divide(x1, x2), np.remainder(x1, x2))


@composes(np.modf)
def modf(x):
    whole = np.trunc(x)
    return (np.where(np.isinf(x), 0.0 * np.sign(x), x - whole)[()], whole)


@composes(np.nancumsum)
def nancumsum(a, axis=None):
    return np.cumsum(np.where(np.isnan(a), 0.0, a), axis=axis)


@composes(np.nancumprod)
def nancumprod(a, axis=None):
    return np.cumprod(np.where(np.isnan(a), 1.0, a), axis=axis)


@composes(np.piecewise)
def piecewise(x, condlist, funclist, *args, **kw):
    if isinstance(condlist, np.ndarray) and np.ndim(condlist) == np.ndim(x):
        condlist = [condlist]
    if np.ndim(x) == 0:
        masks = [np.reshape(condition, (1,)) for condition in condlist]
        found = in_pieces(np.reshape(x, (1,)), masks, funclist, args, kw)
        return np.reshape(found, ())
    return in_pieces(x, condlist, funclist, args, kw)


def in_pieces(x, condlist, funclist, args, kw):
    """Of an array with axes."""
    if len(funclist) not in (len(condlist), len(condlist) + 1):
        raise ValueError("with so many conditions, as many functions or one more")
    y = np.zeros_like(x)
    rest = np.ones_like(x, dtype=bool)
    for given, function in zip(condlist, funclist[: len(condlist)], strict=True):
        condition = given.astype(bool)
        y[condition] = value_of(function, x[condition], args, kw)
        rest = rest & ~condition
    if len(funclist) > len(condlist):
        y[rest] = value_of(funclist[len(condlist)], x[rest], args, kw)
    return y


def value_of(function, x, args, kw):
    """A number, or what a function gives."""
    return function(x, *args, **kw) if callable(function) else function


@composes(np.isscalar)
def isscalar(element):
    return not isinstance(element, (np.ndarray, list, tuple, type(None)))


@composes(np.iscomplexobj)
def iscomplexobj(x):
    return False


@composes(np.isrealobj)
def isrealobj(x):
    return True


@composes(np.iscomplex)
def iscomplex(x):
    return np.zeros_like(x, dtype=bool)


@composes(np.angle)
def angle(z, deg=False):
    found = np.arctan2(0.0, z)
    return np.degrees(found) if deg else found


@composes(np.astype)
def astype(x, dtype, *, copy=True):
    return x.astype(dtype, copy=copy)


@composes(np.require)
def require(a, dtype=None, requirements=None):
    if requirements is None:
        return np.asarray(a, dtype=dtype)
    if requirements in ("C", "C_CONTIGUOUS", "CONTIGUOUS"):
        return np.asarray(a, dtype=dtype, order="C")
    if requirements in ("F", "F_CONTIGUOUS", "FORTRAN"):
        return np.asarray(a, dtype=dtype, order="F")
    raise NotImplementedError(
        "np.require of what is not one order", "say what is needed: x.copy()"
    )
