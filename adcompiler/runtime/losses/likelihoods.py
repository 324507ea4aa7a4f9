"""Losses that are negative logarithms of likelihoods, and divergences.

In: parameters of distributions, and what was observed, or another distribution. Out:
the loss of each element, reduced.
Invariants: plain programs of NumPy; float32 stays float32. One derivative is stated:
that of the bounded variance of `gaussian_nll_loss`, which PyTorch takes to be 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompiler.custom import custom_vjp
from adcompiler.runtime.losses.checking import (
    as_array,
    as_floats,
    check_ranks,
    check_shapes,
)
from adcompiler.runtime.losses.reducing import reduced

__all__ = ["gaussian_nll_loss", "kl_div", "poisson_nll_loss"]


def kl_div(
    input: Any, target: Any, *, reduction: str = "mean", log_target: bool = False
) -> Any:
    """``target * (log(target) - input)``: ``torch.nn.functional.kl_div``.

    `input` are logarithms of probabilities; `target` probabilities, or their logarithms
    with `log_target`; as many axes, lengths that broadcast. A target of 0 gives 0.
    "mean" divides by the number of elements, "batchmean" by that of rows. ValueError of
    other shapes, and of another `reduction`.

    >>> half = np.array([[0.5, 0.5]])
    >>> float(kl_div(np.log(half), np.array([[0.0, 1.0]]), reduction="batchmean"))
    0.693...
    """
    input, target = as_array(input), as_array(target)
    check_ranks(input, target)
    target = as_floats(target, input)
    if log_target:
        loss = np.exp(target) * (target - input)
    else:
        positive = np.where(target == 0.0, 1.0, target)
        loss = target * (np.log(positive) - input)
    if reduction == "batchmean":
        return np.sum(loss) / (input.shape[0] if np.ndim(input) > 0 else 1)
    return reduced(loss, reduction)


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Any:
    """``rate - target * log(rate)``: ``torch.nn.functional.poisson_nll_loss``.

    `input` is the logarithm of the rate, or with ``log_input=False`` the rate, to which
    `eps` is added within the logarithm. `full` adds Stirling's approximation of
    ``log(target!)`` for targets above 1. `target` has as many axes, lengths that
    broadcast. ValueError of others, of a negative `eps`, and of another `reduction`.

    >>> float(poisson_nll_loss(np.array([0.0, 1.0]), np.array([1.0, 1.0])))
    1.359...
    """
    input, target = as_array(input), as_array(target)
    if eps < 0.0:
        raise ValueError(f"eps is negative: {eps}")
    check_ranks(input, target)
    target = as_floats(target, input)
    if log_input:
        loss = np.exp(input) - target * input
    else:
        loss = input - target * np.log(input + eps)
    if full:
        several = np.where(target > 1.0, target, 1.0)
        loss = loss + np.where(target > 1.0, _stirling(several), 0.0)
    return reduced(loss, reduction)


def _stirling(n: Any) -> Any:
    """The logarithm of the factorial, nearly."""
    return n * np.log(n) - n + 0.5 * np.log(2.0 * math.pi * n)


def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Any:
    """``(log(var) + (input - target) ** 2 / var) / 2``:
    ``torch.nn.functional.gaussian_nll_loss``.

    `input` and `target` have one shape. `var`, the variance, has it too, or 1 for the
    last length, or lacks that axis; it is taken to be at least `eps`, which its
    derivative does not see. `full` adds the constant, ``log(2 pi) / 2``. ValueError of
    other shapes, of negative variances, of an `eps` that is not positive, and of
    another `reduction`.

    >>> float(gaussian_nll_loss(np.array([1.0]), np.array([3.0]), np.array([2.0])))
    1.346...
    """
    input = as_array(input)
    target = as_array(target)
    var = as_array(var)
    if eps <= 0.0:
        raise ValueError(f"eps is not positive: {eps}")
    check_shapes(input, target)
    var = _beside(input, as_floats(var, input))
    if np.any(var < 0.0):
        raise ValueError("var has negative elements")
    variance = at_least(var, eps)
    difference = input - as_floats(target, input)
    loss = 0.5 * (np.log(variance) + difference**2 / variance)
    if full:
        loss = loss + 0.5 * math.log(2.0 * math.pi)
    return reduced(loss, reduction)


def _beside(input: Any, var: Any) -> Any:
    """The variances with an axis for each of the input's."""
    if np.shape(var) == np.shape(input):
        return var
    if np.shape(var) == np.shape(input)[:-1]:
        return var[..., None]
    if np.shape(var) == (*np.shape(input)[:-1], 1):
        return var
    raise ValueError(
        f"var has shape {np.shape(var)}, and the input {np.shape(input)}: both must"
        " have one shape, but for the last axis of var, which may be 1 long or missing"
    )


@custom_vjp
def at_least(x: Any, least: float) -> Any:
    """``np.maximum(x, least)``, of which derivatives see ``x`` alone."""
    return np.maximum(x, least)


at_least.defvjp(
    lambda x, least: (np.maximum(x, least), None),
    lambda _, bounded_bar: (bounded_bar, None),
)
