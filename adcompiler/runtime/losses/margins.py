"""Losses that ask scores, or distances, to differ by a margin.

In: scores or vectors, and targets that say which are to be the larger. Out: the loss of
each element or row, reduced.
Invariants: plain programs of NumPy, differentiated as such; float32 stays float32. At a
margin that is just met derivatives are PyTorch's: those of ``clamp``, which passes at
its bound, but 0 in `multi_margin_loss` and `multilabel_margin_loss`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompiler.runtime.losses.checking import (
    as_array,
    as_floats,
    check_ranks,
    check_shapes,
)
from adcompiler.runtime.losses.reducing import reduced

__all__ = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
]

LEAST_SQUARE = 1e-12  # what PyTorch adds to the squared lengths of vectors


def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, *, reduction: str = "mean"
) -> Any:
    """The input where the target is 1, and what it lacks of `margin` where it is -1:
    ``torch.nn.functional.hinge_embedding_loss``.

    `target` has as many axes as the input, lengths that broadcast. ValueError of
    others, and of another `reduction`.

    >>> x, t = np.array([0.5, 0.25, 2.0]), np.array([1, -1, -1])
    >>> hinge_embedding_loss(x, t, reduction="none")
    array([0.5 , 0.75, 0.  ])
    """
    input, target = as_array(input), as_array(target)
    check_ranks(input, target)
    target = as_floats(target, input)
    near = np.where(target != -1.0, input, 0.0)
    far = np.where(target != 1.0, np.clip(margin - input, 0.0, None), 0.0)
    return reduced(near + far, reduction)


def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    *,
    reduction: str = "mean",
) -> Any:
    """What lacks of `margin` between two inputs, of which the first is to be the larger
    where the target is 1, and the second where it is -1:
    ``torch.nn.functional.margin_ranking_loss``.

    All have as many axes, lengths that broadcast; the target may be a number.
    ValueError of others, and of another `reduction`.

    >>> a, b = np.array([0.5, 3.0]), np.array([2.0, 1.0])
    >>> margin_ranking_loss(a, b, np.array([1, 1]), reduction="none")
    array([1.5, 0. ])
    """
    input1, input2 = as_array(input1), as_array(input2)
    check_ranks(input1, input2)
    check_ranks(input1, target)
    lacking = margin - as_floats(target, input1) * (input1 - input2)
    return reduced(np.clip(lacking, 0.0, None), reduction)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Any:
    """What lacks of `margin` between the distances of rows to positive and to negative
    ones: ``torch.nn.functional.triplet_margin_loss`` (Balntas et al., 2016).

    All have one shape, (D,) or (N, D). Distances are norms of order `p` of differences
    to which `eps` is added; `swap` takes the distance of positive and negative instead,
    where that is smaller. ValueError of other shapes, of a `margin` that is not
    positive, of a negative `eps`, and of another `reduction`.

    >>> a, b, c = np.zeros((1, 2)), np.ones((1, 2)), np.array([[0.0, 2.0]])
    >>> float(triplet_margin_loss(a, b, c))
    0.414...
    """
    anchor = as_array(anchor)
    positive = as_array(positive)
    negative = as_array(negative)
    if margin <= 0.0:
        raise ValueError(f"margin is not positive: {margin}")
    if eps < 0.0:
        raise ValueError(f"eps is negative: {eps}")
    check_shapes(anchor, positive)
    check_shapes(anchor, negative)
    near = np.linalg.norm(anchor - positive + eps, p, axis=-1)
    far = np.linalg.norm(anchor - negative + eps, p, axis=-1)
    if swap:
        far = np.minimum(far, np.linalg.norm(positive - negative + eps, p, axis=-1))
    return reduced(np.clip(margin + near - far, 0.0, None), reduction)


def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    *,
    reduction: str = "mean",
) -> Any:
    """What the cosine of two vectors lacks of 1 where the target is 1, and what it is
    above `margin` where it is -1: ``torch.nn.functional.cosine_embedding_loss``.

    The inputs have one shape, (N, D) or (D,), and the target (N,) or (). As in PyTorch
    1e-12 is added to squared lengths. ValueError of other shapes, and of another
    `reduction`.

    >>> a, b = np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]])
    >>> float(cosine_embedding_loss(a, b, np.array([1])))
    0.292...
    """
    input1 = as_array(input1)
    input2 = as_array(input2)
    target = as_array(target)
    check_shapes(input1, input2)
    if np.ndim(input1) not in (1, 2) or np.shape(target) != np.shape(input1)[:-1]:
        raise ValueError(
            f"inputs of shape {np.shape(input1)} and a target of {np.shape(target)}:"
            " these are (N, D) and (N,), or (D,) and ()"
        )
    squares = np.sum(input1 * input1, axis=-1) + LEAST_SQUARE
    others = np.sum(input2 * input2, axis=-1) + LEAST_SQUARE
    cosine = np.sum(input1 * input2, axis=-1) / np.sqrt(squares * others)
    target = as_floats(target, input1)
    unlike = np.where(target == -1.0, np.clip(cosine - margin, 0.0, None), 0.0)
    return reduced(np.where(target == 1.0, 1.0 - cosine, unlike), reduction)


def soft_margin_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    """``log(1 + exp(-target * input))``: ``torch.nn.functional.soft_margin_loss``.

    Targets are 1 or -1, and have as many axes as the input, lengths that broadcast. No
    exponential overflows. ValueError of others, and of another `reduction`.

    >>> float(soft_margin_loss(np.array([0.0, 800.0]), np.array([1, 1])))
    0.346...
    """
    input, target = as_array(input), as_array(target)
    check_ranks(input, target)
    agreement = as_floats(target, input) * input
    return reduced(np.logaddexp(0.0, -agreement), reduction)
