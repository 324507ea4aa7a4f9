"""Differences, integrals and polynomials."""

from __future__ import annotations

import numpy as np

from adcompiler.library.registry import composes


def spaced(start, stop, num, endpoint, retstep, axis):
    """What np.linspace gives of arrays, without the last, or with the step."""
    gaps = num - 1 if endpoint else num
    step = np.subtract(stop, start) / max(gaps, 1)
    steps = np.arange(num)
    rank = max(np.ndim(start), np.ndim(stop))
    if rank > 0:
        steps = np.reshape(steps, (num,) + (1,) * rank)
    y = steps * step + start
    if axis != 0:
        y = np.moveaxis(y, 0, axis)
    return (y, step if gaps > 0 else step * np.nan) if retstep else y


@composes(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    y = np.moveaxis(y, axis, -1)
    means = (y[..., 1:] + y[..., :-1]) / 2.0
    if x is None:
        return np.sum(dx * means, axis=-1)
    if np.ndim(x) > 1:
        x = np.moveaxis(x, axis, -1)
    return np.sum((x[..., 1:] - x[..., :-1]) * means, axis=-1)


@composes(np.polyval)
def polyval(p, x):
    y = np.zeros_like(x)
    for coefficient in p:
        y = y * x + coefficient
    return y


@composes(np.vander)
def vander(x, N=None, increasing=False):
    count = len(x) if N is None else N
    powers = np.arange(count) if increasing else np.arange(count)[::-1]
    return x[:, None] ** powers


@composes(np.gradient)
def gradient(f, *spacing, axis=None, edge_order=1):
    if edge_order != 1:
        raise NotImplementedError("np.gradient with edge_order=2 is not supported")
    if axis is None:
        if np.ndim(f) > 1:
            raise NotImplementedError("np.gradient of several axes: name the axis")
        axis = 0
    step = spacing[0] if spacing else 1.0
    if np.ndim(step) > 0:
        raise NotImplementedError("np.gradient of unequal steps is not supported")
    y = np.moveaxis(f, axis, 0)
    first, last = (y[1:2] - y[:1]) / step, (y[-1:] - y[-2:-1]) / step
    inner = (y[2:] - y[:-2]) / (2.0 * step)
    return np.moveaxis(np.concatenate((first, inner, last)), 0, axis)


@composes(np.diff)
def diff(a, n=1, axis=-1):
    y = np.moveaxis(a, axis, -1)
    for _ in range(n):
        y = y[..., 1:] - y[..., :-1]
    return np.moveaxis(y, -1, axis)


@composes(np.ediff1d)
def ediff1d(ary):
    flat = np.ravel(ary)
    return flat[1:] - flat[:-1]


# --- Convolution -------------------------------------------------------------------


@composes(np.convolve)
def convolve(a, v, mode="full"):
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
    return np.convolve(a, v[::-1], mode)
