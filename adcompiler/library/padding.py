"""np.pad with values that come from the array."""

from __future__ import annotations

import numpy as np

from adcompiler.library.registry import composes


@composes(np.pad)
def pad(
    array,
    pad_width,
    mode="constant",
    *,
    constant_values=0,
    end_values=0,
    stat_length=None,
    reflect_type="even",
):
    if mode == "constant":
        return np.pad(array, pad_width, constant_values=constant_values)  # a row
    if stat_length is not None or reflect_type != "even" or callable(mode):
        raise NotImplementedError(
            "np.pad by a part of an axis, or by a function",
            "pad by parts: np.concatenate((np.full(n, np.mean(x[:3])), x))",
        )
    if mode == "empty":
        raise NotImplementedError(
            "np.pad with mode='empty', which defines no elements",
            "leave mode= away, which pads with zeros",
        )
    rank = np.ndim(array)
    widths, ends = of_axes(pad_width, rank), of_axes(end_values, rank)
    y = array
    for axis in range(rank):
        before, after = widths[axis]
        if y.shape[axis] == 0 and (before > 0 or after > 0):
            raise ValueError(
                f"can't extend empty axis {axis} using modes other than 'constant' "
                "or 'empty'"
            )
        if mode == "linear_ramp":
            y = ramped(y, axis, before, after, ends[axis][0], ends[axis][1])
        elif mode in ("edge", "reflect", "symmetric", "wrap"):
            y = np.take(y, places(mode, y.shape[axis], before, after), axis=axis)
        else:
            value = summary(mode, y, axis)
            first = np.repeat(value, before, axis=axis)
            last = np.repeat(value, after, axis=axis)
            y = np.concatenate((first, y, last), axis=axis)
    return y


def of_axes(values, rank):
    """A pair for each axis, of one number, one pair, or such pairs."""
    if not isinstance(values, (tuple, list)):
        return ((values, values),) * rank
    if not isinstance(values[0], (tuple, list)):
        return ((values[0], values[-1]),) * rank
    pairs = tuple((pair[0], pair[-1]) for pair in values)
    return pairs * rank if len(pairs) == 1 else pairs


def places(mode, n, before, after):
    """Which elements of an axis of n the padded axis has."""
    k = np.arange(-before, n + after)
    if mode == "edge":
        return np.clip(k, 0, n - 1)
    if mode == "wrap":
        return k % n
    if mode == "symmetric":
        k = k % (2 * n)
        return np.minimum(k, 2 * n - 1 - k)
    period = max(2 * (n - 1), 1)
    k = k % period
    return np.minimum(k, period - k)


def ramped(y, axis, before, after, first, last):
    """With ramps along an axis, from the ends to the edges."""
    y = np.moveaxis(y, axis, 0)
    up = np.linspace(first, y[0], before, endpoint=False)
    down = np.linspace(last, y[-1], after, endpoint=False)
    if y.dtype.kind != "f":
        up, down = np.floor(up).astype(y.dtype), np.floor(down).astype(y.dtype)
    return np.moveaxis(np.concatenate((up, y, down[::-1])), 0, axis)


def summary(mode, y, axis):
    """One number for each line along an axis; of integers an integer."""
    if mode in ("mean", "median"):
        average = np.mean if mode == "mean" else np.median
        found = average(y, axis=axis, keepdims=True)
        return found if y.dtype.kind == "f" else np.rint(found).astype(y.dtype)
    if mode == "maximum":
        return np.max(y, axis=axis, keepdims=True)
    if mode == "minimum":
        return np.min(y, axis=axis, keepdims=True)
    raise ValueError("mode is not supported")
