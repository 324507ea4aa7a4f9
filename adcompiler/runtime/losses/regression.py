"""Losses of predictions that are numbers.

In: predictions `input` and the `target` that they should meet, of one shape. Out: the
mean of the elements' losses, their sum, or all of them, as `reduction` says.
Invariant: plain programs of NumPy, differentiated as such; float32 stays float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompiler.runtime.losses.checking import (
    as_array,
    as_floats,
    as_weights,
    check_shapes,
    check_weight,
)
from adcompiler.runtime.losses.reducing import reduced, weighted

__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]


def _difference(input: Any, target: Any) -> Any:
    check_shapes(input, target)
    return input - as_floats(target, input)


def mse_loss(
    input: Any, target: Any, *, reduction: str = "mean", weight: Any = None
) -> Any:
    """The squares of the differences: ``torch.nn.functional.mse_loss``.

    `input` and `target` are numbers or arrays of one shape; integers and bools among
    the targets are taken in the input's dtype. `weight`, of that shape, multiplies the
    losses, and "mean" then divides by the sum of the weights. ValueError of other
    shapes, also where they would broadcast, and of another `reduction`.

    >>> float(mse_loss(np.array([0.5, 1.0, 2.0]), np.array([0.0, 1.0, 2.0])))
    0.083...
    """
    input = as_array(input)
    loss = _difference(input, target) ** 2
    if weight is None:
        return reduced(loss, reduction)
    check_weight(input, weight)
    return weighted(loss, as_weights(weight, input), reduction)


def l1_loss(
    input: Any, target: Any, *, reduction: str = "mean", weight: Any = None
) -> Any:
    """The absolute differences: ``torch.nn.functional.l1_loss``.

    The derivative is 0 where both are equal. Arguments and errors are those of
    `mse_loss`.

    >>> float(l1_loss(np.array([0.5, 1.0]), np.array([1.0, 3.0])))
    1.25
    """
    input = as_array(input)
    loss = np.abs(_difference(input, target))
    if weight is None:
        return reduced(loss, reduction)
    check_weight(input, weight)
    return weighted(loss, as_weights(weight, input), reduction)


def smooth_l1_loss(
    input: Any, target: Any, *, reduction: str = "mean", beta: float = 1.0
) -> Any:
    """Squares below `beta`, absolute differences above:
    ``torch.nn.functional.smooth_l1_loss``.

    It is `huber_loss` over `beta`, and `l1_loss` at `beta` 0. Shapes and errors are
    those of `mse_loss`; ValueError of a negative `beta`, too.

    >>> smooth_l1_loss(np.array([0.5, 3.0]), np.zeros(2), reduction="none")
    array([0.125, 2.5 ])
    """
    input = as_array(input)
    if beta < 0.0:
        raise ValueError(f"beta is negative: {beta}")
    if beta == 0.0:
        return l1_loss(input, target, reduction=reduction)
    difference = _difference(input, target)
    distance = np.abs(difference)
    near, far = 0.5 * difference**2 / beta, distance - 0.5 * beta
    return reduced(np.where(distance < beta, near, far), reduction)


def huber_loss(
    input: Any,
    target: Any,
    *,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Any = None,
) -> Any:
    """Squares up to `delta`, absolute differences above:
    ``torch.nn.functional.huber_loss`` (Huber, 1964).

    Shapes and errors are those of `mse_loss`; ValueError of a `delta` that is not
    positive, too. As in PyTorch, "mean" divides by the number of elements, with a
    `weight` as well.

    >>> huber_loss(np.array([0.5, 3.0]), np.zeros(2), delta=2.0, reduction="none")
    array([0.125, 4.   ])
    """
    input = as_array(input)
    if delta <= 0.0:
        raise ValueError(f"delta is not positive: {delta}")
    difference = _difference(input, target)
    distance = np.abs(difference)
    near, far = 0.5 * difference**2, delta * (distance - 0.5 * delta)
    loss = np.where(distance <= delta, near, far)
    if weight is None:
        return reduced(loss, reduction)
    check_weight(input, weight)
    return reduced(as_weights(weight, input) * loss, reduction)
