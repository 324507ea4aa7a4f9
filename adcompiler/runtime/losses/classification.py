"""Losses of scores of classes.

In: scores `input` of shape (C,), (N, C) or (N, C, d1, ...), and targets: classes, of
the shape without C, or probabilities of the classes, of the whole shape. Out: the loss
of each target, reduced.
Invariants: plain programs of NumPy, differentiated as such; float32 stays float32; a
target that is ignored gives nothing to the value or the gradient, whatever its scores.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompiler.api import stop_gradient
from adcompiler.runtime.losses.checking import (
    as_array,
    check_classes,
    check_probabilities,
    class_weights,
)
from adcompiler.runtime.losses.reducing import reduced

__all__ = ["cross_entropy", "nll_loss"]


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """What the softmax of scores says of targets:
    ``torch.nn.functional.cross_entropy``.

    `input` are scores of shape (C,), (N, C) or (N, C, d1, ...). `target` are classes,
    integers of the shape without C; or probabilities of the classes, floats of the
    input's shape. `weight`, of shape (C,), weighs the classes. Targets that are
    `ignore_index` count for nothing. `label_smoothing` is the share of every target
    that is spread over all classes. "mean" divides by the weights of the targets that
    are not ignored (nan where there is none), or by the number of distributions.

    ValueError of other shapes, of a share outside [0, 1], of another `reduction`, and
    of an `ignore_index` beside probabilities; TypeError of classes that are no
    integers, and of probabilities that are; IndexError of classes that are not there.

    >>> float(cross_entropy(np.array([[1.5, 2.0, 0.5]]), np.array([1])))
    0.604...
    """
    input = as_array(input)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"label_smoothing is not in [0, 1]: {label_smoothing}")
    if np.ndim(target) == np.ndim(input):
        if ignore_index >= 0:
            raise ValueError("no class can be ignored where targets are probabilities")
        return _of_probabilities(input, target, weight, reduction, label_smoothing)
    target = np.asarray(target)
    check_classes(input, target)
    kept, index = _places(input, target, ignore_index)
    weight = None if weight is None else class_weights(input, weight)
    scores = _rows(input)
    top = stop_gradient(np.max(scores, axis=1, keepdims=True))
    picked, shifted = _picked(scores, index) - np.squeeze(top, 1), scores - top
    powers = np.exp(shifted)
    total = np.sum(powers, axis=1)
    log_total = np.log(total)
    loss = log_total - picked
    if weight is None:
        shares = kept.astype(input.dtype)
    else:
        shares = np.where(kept, weight[index], 0.0)
        loss = weight[index] * loss
    if label_smoothing > 0.0:
        if weight is None:
            spread = log_total - np.mean(shifted, axis=1)
        else:
            part = np.mean(_along_classes(weight, scores) * shifted, axis=1)
            spread = np.mean(weight) * log_total - part
        loss = (1.0 - label_smoothing) * loss + label_smoothing * spread
    return _reduced(np.where(kept, loss, 0.0), shares, target, reduction)


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """What logarithms of probabilities say of classes:
    ``torch.nn.functional.nll_loss``.

    `input` are logarithms of shape (C,), (N, C) or (N, C, d1, ...). Targets, options
    and errors are those of `cross_entropy`.

    >>> float(nll_loss(np.log(np.array([[0.25, 0.75]])), np.array([0])))
    1.386...
    """
    input = as_array(input)
    target = np.asarray(target)
    check_classes(input, target)
    kept, index = _places(input, target, ignore_index)
    loss = -_picked(_rows(input), index)
    if weight is None:
        shares = kept.astype(input.dtype)
    else:
        weight = class_weights(input, weight)
        shares = np.where(kept, weight[index], 0.0)
        loss = weight[index] * loss
    return _reduced(np.where(kept, loss, 0.0), shares, target, reduction)


def _of_probabilities(
    input: Any, target: Any, weight: Any, reduction: str, label_smoothing: float
) -> Any:
    """`cross_entropy` of targets that are probabilities of the classes."""
    check_probabilities(input, target)
    axis = 0 if np.ndim(input) == 1 else 1
    shifted = input - stop_gradient(np.max(input, axis=axis, keepdims=True))
    powers = np.exp(shifted)
    total = np.sum(powers, axis=axis, keepdims=True)
    log_total = np.log(total)
    share = target
    if label_smoothing > 0.0:
        share = (1.0 - label_smoothing) * target + label_smoothing / input.shape[axis]
    if weight is not None:
        share = share * _along_classes(class_weights(input, weight), input)
    return reduced(np.sum(share * (log_total - shifted), axis=axis), reduction)


def _rows(input: Any) -> Any:
    """The scores with an axis of distributions in front."""
    return input[None, :] if np.ndim(input) == 1 else input


def _places(input: Any, target: Any, ignore_index: int) -> Any:
    """Which targets count, and their classes, 0 for one that does not.

    IndexError of a class that is not there.
    """
    classes = input.shape[0] if np.ndim(input) == 1 else input.shape[1]
    target = target[None] if np.ndim(target) == 0 else target
    kept = target != ignore_index
    wrong = kept & ((target < 0) | (target >= classes))
    if np.any(wrong):
        raise IndexError(
            f"the target {target[wrong][0]} is no class: there are {classes}"
        )
    return kept, np.where(kept, target, 0)


def _picked(scores: Any, index: Any) -> Any:
    """The scores of the classes at the second axis."""
    if np.ndim(scores) == 2:
        return scores[np.arange(len(scores)), index]
    rows = scores.shape[:1] + scores.shape[2:]
    first, *others = np.ix_(*[np.arange(n) for n in rows])
    return scores[(first, index, *others)]


def _along_classes(x: Any, scores: Any) -> Any:
    """A vector over the classes, beside scores."""
    if np.ndim(scores) <= 2:
        return x
    return x.reshape((-1,) + (1,) * (np.ndim(scores) - 2))


def _reduced(loss: Any, shares: Any, target: Any, reduction: str) -> Any:
    """The losses reduced, where each counts in the mean by its share."""
    if reduction == "mean":
        return np.sum(loss) / np.sum(shares)
    return reduced(loss[0] if np.ndim(target) == 0 else loss, reduction)
