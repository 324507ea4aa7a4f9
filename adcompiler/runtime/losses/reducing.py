"""What is made of the losses of all elements: their mean, their sum, or themselves.

In: losses, and the name of a reduction. Out: a number, or the losses.
Invariant: the dtype is that of the losses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["reduced", "weighted"]


def reduced(loss: Any, reduction: str) -> Any:
    """The losses reduced: "mean", "sum" or "none"; ValueError of another name."""
    if reduction == "mean":
        return np.mean(loss)
    if reduction == "sum":
        return np.sum(loss)
    if reduction == "none":
        return loss
    raise ValueError(f"{reduction!r} is no reduction: it is 'mean', 'sum' or 'none'")


def weighted(loss: Any, weight: Any, reduction: str) -> Any:
    """The losses times weights, reduced: the mean is one by weight."""
    if reduction == "mean":
        return np.sum(weight * loss) / np.sum(weight)
    return reduced(weight * loss, reduction)
