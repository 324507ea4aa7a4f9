"""Differences, integrals and convolutions."""

from __future__ import annotations

import numpy as np

from adcompiler.library.registry import composes


def spaced(start, stop, num, endpoint, retstep, axis, dtype):
    """What np.linspace gives of arrays, without the last, or with the step."""
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    gaps = num - 1 if endpoint else num
    step = (stop - start) / max(gaps, 1)
    steps = np.arange(num, dtype=dtype)
    rank = max(np.ndim(start), np.ndim(stop))
    if rank > 0:
        steps = np.reshape(steps, (num,) + (1,) * rank)
    y = steps * step + start
    if endpoint and num > 1:
        y[-1] = stop
    if axis != 0:
        y = np.moveaxis(y, 0, axis)
    return (y, step if gaps > 0 else step * np.nan) if retstep else y


@composes(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    if np.ndim(dx) > 0:
        raise NotImplementedError(
            "np.trapezoid with an array of steps",
            "give the points: x=np.append(0.0, np.cumsum(dx))",
        )
    y = np.moveaxis(y, axis, -1)
    means = (y[..., 1:] + y[..., :-1]) / 2.0
    if x is None:
        return np.sum(dx * means, axis=-1)
    if np.ndim(x) > 1:
        x = np.moveaxis(x, axis, -1)
    return np.sum((x[..., 1:] - x[..., :-1]) * means, axis=-1)


@composes(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    f = f.astype(float) if f.dtype.kind in "iu" else f
    rank = np.ndim(f)
    if axis is None:
        axes = tuple(range(rank))
    else:
        axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    for k, one in enumerate(axes):
        for other in axes[:k]:
            if one == other or abs(one - other) == rank > max(one, other):
                raise ValueError("repeated axis")
    steps = steps_along(f, axes, varargs)
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    found = tuple(
        slope(f, step, k, edge_order) for step, k in zip(steps, axes, strict=True)
    )
    return found[0] if len(found) == 1 else found


def steps_along(f, axes, given):
    """For each axis a number, or the places of the values."""
    if len(given) == 0:
        return (1.0,) * len(axes)
    if len(given) == 1 and np.ndim(given[0]) == 0:
        return given * len(axes)
    if len(given) != len(axes):
        raise TypeError("invalid number of arguments")
    for step, k in zip(given, axes, strict=True):
        if np.ndim(step) > 1:
            raise ValueError("distances must be either scalars or 1d")
        if np.ndim(step) == 1 and len(step) != f.shape[k]:
            raise ValueError(
                "when 1d, distances must match the length of the corresponding "
                "dimension"
            )
    return given


def slope(f, step, axis, edge_order):
    """The derivative along an axis: differences of second order inside."""
    y = np.moveaxis(f, axis, 0)
    if y.shape[0] < edge_order + 1:
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, "
            "at least (edge_order + 1) elements are required."
        )
    if np.ndim(step) == 0:
        inner = (y[2:] - y[:-2]) / (2.0 * step)
        if edge_order == 1:
            first, last = (y[1:2] - y[:1]) / step, (y[-1:] - y[-2:-1]) / step
        else:
            first = (-1.5 * y[:1] + 2.0 * y[1:2] - 0.5 * y[2:3]) / step
            last = (0.5 * y[-3:-2] - 2.0 * y[-2:-1] + 1.5 * y[-1:]) / step
        return np.moveaxis(np.concatenate((first, inner, last)), 0, axis)
    widths = np.reshape(step[1:] - step[:-1], (-1,) + (1,) * (np.ndim(y) - 1))
    slopes = (y[1:] - y[:-1]) / widths
    before, after = widths[:-1], widths[1:]
    inner = (after * slopes[:-1] + before * slopes[1:]) / (before + after)
    first, last = slopes[:1], slopes[-1:]
    if edge_order == 2:
        first = first + (slopes[:1] - slopes[1:2]) * before[:1] / (before + after)[:1]
        last = last + (slopes[-1:] - slopes[-2:-1]) * after[-1:] / (before + after)[-1:]
    return np.moveaxis(np.concatenate((first, inner, last)), 0, axis)


@composes(np.diff)
def diff(a, n=1, axis=-1, prepend=None, append=None):
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    y = np.moveaxis(a, axis, -1)
    if prepend is not None:
        y = np.concatenate((beside(y, prepend, axis), y), axis=-1)
    if append is not None:
        y = np.concatenate((y, beside(y, append, axis)), axis=-1)
    if n > 0:  # outside the loop: it is no memory of a
        y = y[..., 1:] - y[..., :-1]
    for _ in range(1, n):
        y = y[..., 1:] - y[..., :-1]
    return np.moveaxis(y, -1, axis)


def beside(y, value, axis):
    """What is put before or behind the last axis: a number is one for each line."""
    if np.ndim(value) == 0:
        return np.broadcast_to(value, (*y.shape[:-1], 1))
    return np.moveaxis(value, axis, -1)


@composes(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    flat = np.ravel(ary)
    y = flat[1:] - flat[:-1]
    if to_begin is not None:
        y = np.concatenate((np.ravel(to_begin), y))
    return y if to_end is None else np.concatenate((y, np.ravel(to_end)))


@composes(np.unwrap)
def unwrap(p, discont=None, axis=-1, *, period=2.0 * np.pi):
    y = np.moveaxis(p, axis, -1)
    steps = y[..., 1:] - y[..., :-1]
    half = period / 2.0
    wrapped = np.mod(steps + half, period) - half
    wrapped = np.where((wrapped == -half) & (steps > 0), half, wrapped)
    jump = half if discont is None else max(discont, half)
    added = np.cumsum(np.where(np.abs(steps) < jump, 0.0, wrapped - steps), axis=-1)
    whole = np.concatenate((y[..., :1], y[..., 1:] + added), axis=-1)
    return np.moveaxis(whole, -1, axis)


# --- Frequencies ---------------------------------------------------------------------


@composes(np.fft.fftshift)
def fftshift(x, axes=None):
    return turned(x, axes, 1)


@composes(np.fft.ifftshift)
def ifftshift(x, axes=None):
    return turned(x, axes, -1)


def turned(x, axes, way):
    """An array turned by half of its length, along each axis."""
    if axes is None:
        axes = tuple(range(np.ndim(x)))
    for k in (axes,) if isinstance(axes, int) else axes:
        half = x.shape[k] // 2
        x = np.roll(x, half if way > 0 else -half, axis=k)
    return x


@composes(np.fft.fftfreq)
def fftfreq(n, d=1.0):
    middle = (n - 1) // 2 + 1
    return np.concatenate((np.arange(middle), np.arange(-(n // 2), 0))) * (
        1.0 / (n * d)
    )


@composes(np.fft.rfftfreq)
def rfftfreq(n, d=1.0):
    return np.arange(n // 2 + 1) * (1.0 / (n * d))


# --- Convolution -------------------------------------------------------------------


@composes(np.convolve)
def convolve(a, v, mode="full"):
    if mode not in ("full", "same", "valid"):
        raise ValueError(
            "Use one of 'valid', 'same', or 'full' for convolve/correlate mode"
        )
    whole = np.convolve(a, v)  # a row of its own
    if mode == "full":
        return whole
    short, long = min(len(a), len(v)), max(len(a), len(v))
    if mode == "valid":
        return whole[short - 1 : long]
    start = (short - 1) // 2
    return whole[start : start + long]


@composes(np.correlate)
def correlate(a, v, mode="valid"):
    if mode == "same" and len(a) < len(v):  # NumPy exchanges them, and turns the result
        return np.convolve(v, a[::-1], mode)[::-1]
    return np.convolve(a, v[::-1], mode)
