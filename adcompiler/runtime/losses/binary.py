"""Losses of yes and no: of probabilities, or of logits.

In: predictions, and targets between 0 and 1, of one shape. Out: the loss of each
element, reduced.
Invariants: plain programs of NumPy; float32 stays float32. One derivative is stated:
that of the clamped logarithms, which PyTorch takes to be that of the logarithms with
the denominator bounded.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompiler.custom import custom_vjp
from adcompiler.runtime.losses.checking import (
    as_array,
    as_floats,
    as_weights,
    check_shapes,
)
from adcompiler.runtime.losses.reducing import reduced

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "log_odds_loss",
]

LEAST_LOG = -100.0  # what PyTorch lets a logarithm come to
# The least denominator of the derivative: 1e-12, which PyTorch has in single precision.
LEAST_PRODUCT = 9.999999960041972e-13


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, *, reduction: str = "mean"
) -> Any:
    """What probabilities say of targets: ``torch.nn.functional.binary_cross_entropy``.

    `input` and `target` have one shape, elements between 0 and 1; `weight` broadcasts
    to it. As in PyTorch a logarithm is at least -100, and the derivative by the input,
    ``(p - t) / (p * (1 - p))``, has a denominator of at least 1e-12. ValueError of
    other shapes, of an input that is no probability, nan too, and of another
    `reduction`.

    >>> float(binary_cross_entropy(np.array([0.25, 0.5]), np.array([0.0, 1.0])))
    0.490...
    """
    input = as_array(input)
    check_shapes(input, target)
    if not np.all((input >= 0.0) & (input <= 1.0)):
        raise ValueError("the input has elements that are no probabilities")
    loss = _of_probabilities(input, as_floats(target, input))
    if weight is not None:
        loss = as_weights(weight, input) * loss
    return reduced(loss, reduction)


@custom_vjp
def _of_probabilities(p: Any, t: Any) -> Any:
    yes, no = _logarithms(p)
    return -(t * yes + (1.0 - t) * no)


def _logarithms(p: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), LEAST_LOG), np.maximum(np.log1p(-p), LEAST_LOG)


def _forward(p: Any, t: Any) -> Any:
    yes, no = _logarithms(p)
    return -(t * yes + (1.0 - t) * no), (p, t)


def _backward(saved: Any, loss_bar: Any) -> Any:
    p, t = saved
    yes, no = _logarithms(p)
    p_bar = loss_bar * (p - t) / np.maximum(p * (1.0 - p), LEAST_PRODUCT)
    return p_bar, loss_bar * (no - yes)


_of_probabilities.defvjp(_forward, _backward)


def log_odds_loss(input: Any, target: Any, pos_weight: Any = None) -> Any:
    """``-(t * log(s) + (1 - t) * log(1 - s))`` of each element, where `s` is the
    sigmoid of the input; `pos_weight` multiplies the first term."""
    # Neither term is a small difference of large ones, nor is its derivative: of a
    # logit that is far on the right side there remains all that is left.
    yes, no = np.logaddexp(0.0, -input), np.logaddexp(0.0, input)
    if pos_weight is None:
        return target * yes + (1.0 - target) * no
    return pos_weight * target * yes + (1.0 - target) * no


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """What the sigmoid of logits says of targets:
    ``torch.nn.functional.binary_cross_entropy_with_logits``.

    `input` and `target` have one shape; `weight` and `pos_weight`, which weighs the
    term of the targets that are 1, broadcast to it. No exponential overflows.
    ValueError of other shapes, and of another `reduction`.

    >>> float(binary_cross_entropy_with_logits(np.array([0.0, 800.0]), np.ones(2)))
    0.346...
    """
    input = as_array(input)
    check_shapes(input, target)
    if pos_weight is not None:
        pos_weight = as_weights(pos_weight, input)
    loss = log_odds_loss(input, as_floats(target, input), pos_weight)
    if weight is not None:
        loss = as_weights(weight, input) * loss
    return reduced(loss, reduction)
