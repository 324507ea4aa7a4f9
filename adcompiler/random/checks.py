"""What may be asked of a generator: each refusal, before anything is drawn.

In: what a user gave. Out: the same in one form, or ValueError or TypeError.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]
Dtype = np.dtype[Any]


def shape_of(given: Any) -> Shape:
    """A shape: one length, or a sequence of them.

    >>> shape_of(3), shape_of([2, 3])
    ((3,), (2, 3))
    """
    if type(given) is int and given >= 0:
        return (given,)
    if type(given) is tuple and not given:
        return ()
    lengths = given if isinstance(given, Sequence) else (given,)
    found = tuple(map(integer, lengths))
    if any(length < 0 for length in found):
        raise ValueError(f"a shape has no negative lengths: {found}")
    return found


def shape_of_all(given: tuple[Any, ...]) -> Shape:
    """The shape that ``rand(2, 3)`` and ``rand((2, 3))`` ask for."""
    if not given:
        return ()
    return shape_of(given[0] if len(given) == 1 else given)


def integer(given: Any) -> int:
    """An int; TypeError of what is none."""
    try:
        return operator.index(given)
    except TypeError:
        raise TypeError(f"{given!r} is no integer") from None


_FLOATS: dict[Any, Dtype] = {
    kind: np.dtype(dtype)
    for dtype in (np.float32, np.float64)
    for kind in (dtype, np.dtype(dtype), np.dtype(dtype).name)
}
_INT64: Dtype = np.dtype(np.int64)
_LARGEST = {dtype: float(np.finfo(dtype).max) for dtype in set(_FLOATS.values())}


def float_dtype(given: Any) -> Dtype:
    """float32 or float64; TypeError of any other."""
    known = _FLOATS.get(given) if isinstance(given, Hashable) else None
    if known is not None:
        return known
    found: Dtype = np.dtype(given)
    if found not in (np.float32, np.float64):
        raise TypeError(f"random numbers are float32 or float64, not {found}")
    return found


def number_dtype(given: Any) -> Dtype:
    """float32, float64 or integers."""
    if given is np.int64:
        return _INT64
    found: Dtype = np.dtype(given)
    return found if found.kind in "iu" else float_dtype(found)


def number(given: Any, what: str) -> float:
    """A Python float; TypeError of arrays."""
    if type(given) is float:
        return given
    if np.ndim(given):
        raise TypeError(f"{what} is a number, not an array of shape {np.shape(given)}")
    return float(given)


def interval(low: float, high: float, dtype: Dtype) -> None:
    """Of `uniform`: the ends in order, their distance no more than the dtype holds."""
    if not low <= high:
        raise ValueError(f"uniform() from {low} to {high}: the ends are not in order")
    if not high - low <= _LARGEST[dtype]:
        raise ValueError(f"uniform() from {low} to {high}: too wide for {dtype}")


def integers(low: int, high: int, dtype: Dtype) -> None:
    """Of `randint`: a range that is not empty, and that the dtype holds."""
    if not low < high:
        raise ValueError(f"randint() from {low} to below {high}: nothing lies between")
    if dtype is _INT64:
        least, greatest = -(2**63), 2**63 - 1
    elif dtype.kind in "iu":
        least, greatest = np.iinfo(dtype).min, np.iinfo(dtype).max
    else:
        greatest = 2 ** (np.finfo(dtype).nmant + 1)
        least = -greatest
    if low < least or high - 1 > greatest or high >= 2**63:
        raise ValueError(f"{dtype} does not hold all from {low} to below {high}")


def spread(std: Any) -> None:
    """A standard deviation, or several."""
    if type(std) is float and std >= 0.0:
        return
    if not np.all(np.asarray(std) >= 0.0):
        raise ValueError(f"a standard deviation is not negative, unlike {std}")


def positive_rate(rate: float) -> None:
    """The rate of `exponential`."""
    if not rate > 0.0:
        raise ValueError(f"the rate of exponential() is positive, unlike {rate}")


def probability(p: Any) -> None:
    """One probability, or several."""
    if type(p) is float and 0.0 <= p <= 1.0:
        return
    values = np.asarray(p)
    outside = ~((values >= 0.0) & (values <= 1.0))
    if outside.any():
        raise ValueError(f"a probability lies in [0, 1], unlike {values[outside][0]}")


def draws_of(weights: Array, count: int, replacement: bool) -> None:
    """Of `multinomial`: rows of weights of which something can be drawn."""
    if weights.ndim not in (1, 2) or weights.shape[-1] == 0:
        raise ValueError(f"weights are a vector or rows, not of shape {weights.shape}")
    if count <= 0:
        raise ValueError(f"multinomial() draws at least one index, not {count}")
    if not replacement and count > weights.shape[-1]:
        raise ValueError(
            f"{count} of {weights.shape[-1]} cannot be drawn without replacement"
        )
    if not (np.isfinite(weights).all() and (weights >= 0.0).all()):
        raise ValueError("weights are finite and not negative")
    if not (weights.sum(axis=-1) > 0.0).all():
        raise ValueError("the weights are all zero: none can be drawn")


def fan_in(shape: Shape) -> int:
    """Over how many inputs a weight's row goes."""
    if len(shape) < 2:
        raise ValueError(f"a weight has at least two axes, unlike shape {shape}")
    return math.prod(shape[1:])
