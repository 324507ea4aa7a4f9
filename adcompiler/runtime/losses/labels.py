"""Losses of scores by margins between classes, of one label or of several.

In: scores `input` of shape (C,) or (N, C), and the labels of each row. Out: the loss of
each row, reduced.
Invariants: plain programs of NumPy, differentiated as such; float32 stays float32; a
margin that is just met has the derivative 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompiler.runtime.losses.binary import log_odds_loss
from adcompiler.runtime.losses.checking import (
    as_array,
    as_floats,
    as_weights,
    check_classes,
    check_in_range,
    check_rows,
    check_shapes,
    class_weights,
)
from adcompiler.runtime.losses.reducing import reduced

__all__ = [
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
]


def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    *,
    reduction: str = "mean",
) -> Any:
    """What the score of a class lacks of `margin` above each other one, summed and
    divided by their number: ``torch.nn.functional.multi_margin_loss``.

    `input` are scores of shape (C,) or (N, C), `target` classes of shape () or (N,).
    `p` is 1, or 2 for squares; `weight`, of shape (C,), weighs the classes. ValueError
    of other shapes and of another `p` or `reduction`, TypeError of classes that are no
    integers, IndexError of classes that are not there.

    >>> scores = np.array([[0.5, 2.0, 0.0]])
    >>> float(multi_margin_loss(scores, np.array([0])))
    1.0
    """
    input = as_array(input)
    if p not in (1, 2):
        raise ValueError(f"p is 1 or 2, not {p}")
    check_rows(input)
    target = np.asarray(target)
    check_classes(input, target)
    weight = None if weight is None else class_weights(input, weight)
    scores = input[None, :] if np.ndim(input) == 1 else input
    rows = target[None] if np.ndim(target) == 0 else target
    check_in_range(rows, 0, scores.shape[1])
    own = scores[np.arange(len(rows)), rows][:, None]
    lacking = margin - own + scores
    other = np.arange(scores.shape[1]) != rows[:, None]
    powers = lacking if p == 1 else lacking * lacking
    loss = np.mean(np.where(other & (lacking > 0.0), powers, 0.0), axis=1)
    if weight is not None:
        loss = weight[rows] * loss
    return reduced(loss[0] if np.ndim(input) == 1 else loss, reduction)


def multilabel_margin_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    """What the scores of the labels of a row lack of 1 above each other class, summed
    and divided by the number of classes:
    ``torch.nn.functional.multilabel_margin_loss``.

    `input` are scores of shape (C,) or (N, C); `target` has that shape, in each row
    the labels, which end at the first -1. ValueError of other shapes and of another
    `reduction`, TypeError of labels that are no integers, IndexError of classes that
    are not there.

    >>> scores = np.array([[0.5, 2.0, 0.0]])
    >>> float(multilabel_margin_loss(scores, np.array([[0, 1, -1]])))
    0.166...
    """
    input = as_array(input)
    target = np.asarray(target)
    if target.dtype.kind not in "iu":
        raise TypeError(f"labels are integers, and the target is of {target.dtype}")
    check_rows(input)
    check_shapes(input, target)
    check_in_range(target, -1, input.shape[-1])
    scores = input[None, :] if np.ndim(input) == 1 else input
    rows = target[None, :] if np.ndim(target) == 1 else target
    given = np.cumsum(rows < 0, axis=1) == 0
    labels = np.where(given, rows, 0)
    classes = np.arange(scores.shape[1])
    wanted = np.any(given[:, :, None] & (labels[:, :, None] == classes), axis=1)
    own = scores[np.arange(len(scores))[:, None], labels]
    lacking = 1.0 - own[:, :, None] + scores[:, None, :]
    counts = given[:, :, None] & ~wanted[:, None, :] & (lacking > 0.0)
    loss = np.sum(np.where(counts, lacking, 0.0), axis=(1, 2)) / scores.shape[1]
    return reduced(loss[0] if np.ndim(input) == 1 else loss, reduction)


def multilabel_soft_margin_loss(
    input: Any, target: Any, weight: Any = None, *, reduction: str = "mean"
) -> Any:
    """The binary cross entropy of logits, averaged over the classes:
    ``torch.nn.functional.multilabel_soft_margin_loss``.

    `input` and `target` have one shape, classes along the last axis; `weight`
    broadcasts to it. ValueError of other shapes, and of another `reduction`.

    >>> float(multilabel_soft_margin_loss(np.zeros((1, 2)), np.array([[1, 0]])))
    0.693...
    """
    input = as_array(input)
    if np.ndim(input) == 0:
        raise ValueError("the input is a number, and has no classes")
    check_shapes(input, target)
    loss = log_odds_loss(input, as_floats(target, input))
    if weight is not None:
        loss = as_weights(weight, input) * loss
    return reduced(np.mean(loss, axis=-1), reduction)
