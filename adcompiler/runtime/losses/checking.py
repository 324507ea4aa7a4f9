"""What a loss asks of its arguments, before anything is computed.

In: arguments of a loss. Out: nothing, or the argument in the dtype to compute in.
Invariant: what does not fit is a ValueError for shapes and numbers, a TypeError for
dtypes, an IndexError for classes, in plain calls and in derivatives alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "as_array",
    "as_floats",
    "as_weights",
    "check_classes",
    "check_in_range",
    "check_probabilities",
    "check_ranks",
    "check_rows",
    "check_shapes",
    "check_weight",
    "class_weights",
]


def as_array(x: Any) -> Any:
    """A list of numbers, or of such lists, as an array; all else as it is."""
    return np.asarray(x) if isinstance(x, list | tuple) else x


def as_floats(x: Any, like: Any) -> Any:
    """Integers and bools in the dtype of `like`, so that single precision stays; what
    is of floats as it is."""
    if isinstance(x, int | float):
        return x
    x = np.asarray(x)
    if x.dtype.kind in "biu":
        return x.astype(np.asarray(like).dtype)
    return x


def as_weights(weight: Any, input: Any) -> Any:
    """Weights in the dtype of what they weigh, so that single precision stays."""
    return np.asarray(weight).astype(np.asarray(input).dtype)


def check_shapes(input: Any, target: Any) -> None:
    """ValueError unless both have one shape."""
    if np.shape(target) != np.shape(input):
        raise ValueError(
            f"the target has shape {np.shape(target)}, and the input {np.shape(input)}:"
            " both must have one shape"
        )


def check_ranks(input: Any, target: Any) -> None:
    """ValueError unless both have as many axes, or the target is a number: what has
    an axis more would be paired with every element."""
    if np.ndim(target) not in (0, np.ndim(input)):
        raise ValueError(
            f"the target has shape {np.shape(target)}, and the input {np.shape(input)}:"
            " both must have as many axes"
        )


def check_weight(input: Any, weight: Any) -> None:
    """ValueError unless there is a weight for each element."""
    if np.shape(weight) != np.shape(input):
        raise ValueError(
            f"the weight has shape {np.shape(weight)}, and the input {np.shape(input)}:"
            " each element needs a weight"
        )


def check_classes(input: Any, target: Any) -> None:
    """Whether targets may be classes, one for each distribution of the scores:
    TypeError of what are no integers, ValueError of another shape."""
    if target.dtype.kind not in "iu":
        raise TypeError(f"classes are integers, and the target is of {target.dtype}")
    wanted = () if np.ndim(input) == 1 else np.shape(input)[:1] + np.shape(input)[2:]
    if np.shape(target) != wanted:
        raise ValueError(
            f"an input of shape {np.shape(input)} needs a target of shape {wanted},"
            f" not {np.shape(target)}"
        )


def check_probabilities(input: Any, target: Any) -> None:
    """Whether targets are probabilities: TypeError of what are no floats, ValueError
    of another shape."""
    if target.dtype.kind != "f":
        raise TypeError(
            f"a target of the input's shape has probabilities, not {target.dtype}:"
            " classes have a shape without that axis"
        )
    check_shapes(input, target)


def check_in_range(classes: Any, first: int, count: int) -> None:
    """IndexError unless classes are from `first` on, and below their number."""
    wrong = (classes < first) | (classes >= count)
    if np.any(wrong):
        raise IndexError(
            f"the target {classes[wrong][0]} is no class: there are {count}"
        )


def check_rows(input: Any) -> None:
    """ValueError unless scores are a row, or rows."""
    if np.ndim(input) not in (1, 2):
        raise ValueError(f"the input has shape {np.shape(input)}, not (N, C) or (C,)")


def class_weights(input: Any, weight: Any) -> Any:
    """The weights of the classes in the dtype of their scores; ValueError unless there
    is one for each."""
    classes = input.shape[0] if np.ndim(input) == 1 else input.shape[1]
    if np.shape(weight) != (classes,):
        raise ValueError(
            f"the weight has shape {np.shape(weight)}, and there are {classes} classes:"
            " each needs a weight"
        )
    return as_weights(weight, input)
