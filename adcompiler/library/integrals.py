"""SciPy's integrals of what is sampled."""

from __future__ import annotations

import numpy as np
from scipy import integrate

from adcompiler.library.registry import composes


@composes(integrate.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    return np.trapezoid(y, x, dx, axis)


@composes(integrate.cumulative_trapezoid)
def cumulative_trapezoid(y, x=None, dx=1.0, axis=-1, initial=None):
    if np.ndim(dx) > 0:
        raise NotImplementedError(
            "cumulative_trapezoid with an array of steps",
            "give the points: x=np.append(0.0, np.cumsum(dx))",
        )
    y = np.moveaxis(y, axis, -1)
    if y.shape[-1] == 0:
        raise ValueError("At least one point is required along `axis`.")
    if x is None:
        steps = dx
    else:
        x = np.moveaxis(x, axis, -1) if np.ndim(x) > 1 else x
        steps = x[..., 1:] - x[..., :-1]
    sums = np.cumsum(steps * (y[..., 1:] + y[..., :-1]) / 2.0, axis=-1)
    if initial is not None:
        if initial != 0:
            raise ValueError("`initial` must be `None` or `0`.")
        first = np.broadcast_to(initial, (*y.shape[:-1], 1))
        sums = np.concatenate((first, sums), axis=-1)
    return np.moveaxis(sums, -1, axis)


@composes(integrate.simpson)
def simpson(y, x=None, *, dx=1.0, axis=-1):
    y = np.moveaxis(y, axis, -1)
    n = y.shape[-1]
    if np.ndim(dx) > 0:
        raise NotImplementedError(
            "simpson with an array of steps",
            "give the points: x=np.append(0.0, np.cumsum(dx))",
        )
    if x is None:
        steps = np.full(max(n - 1, 0), dx)
    else:
        x = np.moveaxis(x, axis, -1) if np.ndim(x) > 1 else x
        steps = x[..., 1:] - x[..., :-1]
    if n < 3:
        return np.sum(0.5 * steps * (y[..., 1:] + y[..., :-1]), axis=-1)
    last = (n - 1) // 2 * 2
    h0, h1 = steps[..., :last:2], steps[..., 1:last:2]
    total = np.sum(
        (h0 + h1)
        / 6.0
        * (
            y[..., :last:2] * (2.0 - h1 / h0)
            + y[..., 1:last:2] * ((h0 + h1) ** 2 / (h0 * h1))
            + y[..., 2 : last + 1 : 2] * (2.0 - h0 / h1)
        ),
        axis=-1,
    )
    if n % 2 == 0:
        total = total + by_parabola(y, steps)
    return total


def by_parabola(y, steps):
    """The last of an odd number of steps, by the parabola of the last three points."""
    g, h = steps[..., -2], steps[..., -1]
    return (
        y[..., -1] * ((2.0 * h**2 + 3.0 * g * h) / (6.0 * (g + h)))
        + y[..., -2] * ((h**2 + 3.0 * g * h) / (6.0 * g))
        - y[..., -3] * (h**3 / (6.0 * g * (g + h)))
    )
