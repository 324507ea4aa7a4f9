"""The loss of sequences of labels that are not aligned: connectionist temporal
classification.

In: logarithms of probabilities of the labels in each frame, and the labels. Out: the
loss of each sequence, reduced.
Invariants: the recursion over frames is a plain program of NumPy, differentiated as
such; float32 stays float32. As in PyTorch the derivative presumes that the logarithms
came from a `log_softmax`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompiler.api import stop_gradient
from adcompiler.runtime.losses.checking import as_array, check_in_range
from adcompiler.runtime.losses.reducing import reduced

__all__ = ["ctc_loss"]

# The logarithm of the probability of what cannot be. It is finite, so that sums and
# differences of it are numbers, and in single precision too.
NEVER = -1e30
IMPOSSIBLE = 1e29  # a loss above this is that of a sequence without any alignment


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """What frames say of labels, in any alignment: ``torch.nn.functional.ctc_loss``
    (Graves et al., 2006).

    `log_probs` are logarithms of probabilities, of shape (T, N, C), or (T, C) of one
    sequence. `targets` are labels, of shape (N, S), or all behind each other in a
    vector; none is `blank`. `input_lengths` and `target_lengths`, of shape (N,) or (),
    say how many frames and labels count. "mean" divides each loss by the number of its
    labels first. A sequence that has no alignment has an infinite loss, or with
    `zero_infinity` the loss 0; its derivative is 0.

    As in PyTorch the derivative is that of the loss as a function of scores of which
    `log_probs` are the `log_softmax`, the probabilities less those of the labels given
    the sequence: what reaches the scores through a `log_softmax` is right.

    ValueError of other shapes and lengths, and of another `reduction`, TypeError of
    labels that are no integers, IndexError of labels, and of a `blank`, that are no
    classes.

    >>> half = np.log(np.full((2, 1, 2), 0.5))
    >>> loss = ctc_loss(half, np.array([[1]]), np.array([2]), np.array([1]))
    >>> float(np.exp(-loss))
    0.75
    """
    log_probs = as_array(log_probs)
    targets = np.asarray(targets)
    if targets.dtype.kind not in "iu":
        raise TypeError(f"labels are integers, and the targets are of {targets.dtype}")
    if np.ndim(log_probs) not in (2, 3):
        raise ValueError(
            f"log_probs has shape {np.shape(log_probs)}, not (T, N, C) or (T, C)"
        )
    single = np.ndim(log_probs) == 2
    frames = log_probs[:, None] if single else log_probs
    if not 0 <= blank < frames.shape[2]:
        raise IndexError(f"blank is {blank}, and there are {frames.shape[2]} classes")
    trips = _lengths(input_lengths, frames.shape[1], "input_lengths")
    counts = _lengths(target_lengths, frames.shape[1], "target_lengths")
    if np.any(trips > frames.shape[0]):
        raise ValueError(
            f"an input length is above {frames.shape[0]}, the number of frames"
        )
    labels = _labels(targets, counts, blank)
    check_in_range(labels, 0, frames.shape[2])
    loss = _losses(frames, labels, trips, counts, blank)
    impossible = loss > IMPOSSIBLE
    loss = loss + _of_scores(frames, trips)
    loss = np.where(impossible, 0.0 if zero_infinity else np.inf, loss)
    if reduction == "mean":
        return np.mean(loss / np.maximum(counts, 1).astype(loss.dtype))
    return reduced(loss[0] if single else loss, reduction)


def _lengths(lengths: Any, count: int, name: str) -> Any:
    """The lengths of the sequences as a vector; ValueError of another number of them,
    and of negative ones."""
    lengths = np.asarray(lengths)
    lengths = lengths[None] if np.ndim(lengths) == 0 else lengths
    if np.shape(lengths) != (count,):
        raise ValueError(
            f"{name} has shape {np.shape(lengths)}, and there are {count} sequences"
        )
    if np.any(lengths < 0):
        raise ValueError(f"{name} has negative elements")
    return lengths


def _labels(targets: Any, counts: Any, blank: int) -> Any:
    """The labels as a matrix, a row for each sequence, blanks behind the last one;
    ValueError of targets that do not hold them, and of a blank among them."""
    if np.ndim(targets) == 1:
        if len(targets) != np.sum(counts):
            raise ValueError(
                f"there are {len(targets)} targets, and the target lengths come to"
                f" {np.sum(counts)}"
            )
        order = np.arange(np.max(counts))
        given, before = order < counts[:, None], np.cumsum(counts) - counts
        labels = targets[np.where(given, before[:, None] + order, 0)]
    else:
        if np.shape(targets)[0] != len(counts) or np.any(counts > targets.shape[1]):
            raise ValueError(
                f"targets of shape {np.shape(targets)} do not hold {np.max(counts)}"
                f" labels of each of {len(counts)} sequences"
            )
        labels, given = targets, np.arange(targets.shape[1]) < counts[:, None]
    if np.any(given & (labels == blank)):
        raise ValueError(f"a target is {blank}, the blank")
    return np.where(given, labels, blank)


def _losses(frames: Any, labels: Any, trips: Any, counts: Any, blank: int) -> Any:
    """Less the logarithm of the probability of each sequence of labels.

    States are the start, the blank before each label, the labels, and the last blank.
    `alpha` has the logarithms of the probabilities to be in each, behind two that
    never are. All sequences end with the last step: shorter ones wait at the start.
    """
    padded = np.full((len(counts), 2 * labels.shape[1] + 4), blank)
    padded[:, 4::2] = labels
    states, rows = padded[:, 2:], np.arange(len(counts))
    jumps = (states != blank) & (states != padded[:, :-2])
    steps = np.arange(len(frames))[:, None] - (len(frames) - trips)
    seen = frames[np.maximum(steps, 0)[:, :, None], rows[:, None], states]
    seen = np.where((steps >= 0)[:, :, None] & (seen > NEVER), seen, NEVER)
    seen[:, :, 0] = np.where(steps < 0, 0.0, NEVER)
    barred = np.where(jumps, 0.0, NEVER).astype(seen.dtype)
    alpha = np.full(padded.shape, NEVER, dtype=seen.dtype)
    alpha[:, 2] = 0.0
    for now in seen:
        stayed, moved, jumped = alpha[:, 2:], alpha[:, 1:-1], alpha[:, :-2] + barred
        top = stop_gradient(np.maximum(np.maximum(stayed, moved), jumped))
        total = np.exp(stayed - top) + np.exp(moved - top) + np.exp(jumped - top)
        alpha[:, 2:] = top + np.log(total) + now
    last, label = alpha[rows, 2 * counts + 3], alpha[rows, 2 * counts + 2]
    return -np.logaddexp(last, label)


def _of_scores(frames: Any, trips: Any) -> Any:
    """0, of which the derivative is what the `log_softmax` before it would take away:
    the probabilities of all labels in the frames that count."""
    given = np.arange(len(frames))[:, None] < trips
    powers = np.sum(np.exp(frames), axis=2)
    scores = np.sum(np.where(given, powers, 0.0), axis=0)
    return scores - stop_gradient(scores)
