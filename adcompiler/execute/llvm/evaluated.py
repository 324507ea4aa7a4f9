"""A row as NumPy computes it, called from machine code.

In: what a statement computes. Out: a callable that takes plain numbers and arrays, and
gives such.
Invariants: arrays that it gives own their memory and lie in C order; the rows are
imported when one is first called.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from adcompiler.ir.evaluation import Evaluation
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import Array, ListOf, Scalar, Type

__all__ = ["Evaluated"]


class Evaluated:
    """What is called for a statement."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._params = dict(evaluation.params)
        self._name = evaluation.name
        takes = [_taker(t) for t in evaluation.operands]
        # Most are taken as they are.
        self._takes = takes if any(takes) else None
        self._gives = [_giver(t) for t in evaluation.types]

    @cached_property
    def _evaluate(self) -> Callable[..., Any]:
        import adcompiler.primitives  # noqa: F401  (fills the registry)

        found = PRIMITIVES[self._name].evaluate
        assert found is not None
        return found

    def __call__(self, *values: Any) -> Any:
        if self._takes is not None:
            pairs = zip(self._takes, values, strict=True)
            values = tuple(v if t is None else t(v) for t, v in pairs)
        found = self._evaluate(*values, **self._params)
        if not self._gives:
            return None
        if len(self._gives) == 1:
            return self._gives[0](found)
        return tuple(g(f) for g, f in zip(self._gives, found, strict=True))


def _taker(t: Type) -> Callable[[Any], Any] | None:
    """What a value is made of that is to be more than it comes as."""
    if isinstance(t, Scalar) and t.kind == "numpy":
        return np.dtype(t.dtype).type
    if isinstance(t, ListOf):
        element = _taker(t.element)
        return None if element is None else lambda values: list(map(element, values))
    return None


def _giver(t: Type) -> Callable[[Any], Any]:
    match t:
        case Scalar(dtype="bool"):
            return bool
        case Scalar(dtype=dtype):
            return float if dtype.startswith("float") else int
        case Array(dtype=dtype):
            return lambda value: _own(value, dtype)
        case ListOf(element=element):
            given = _giver(element)
            return lambda values: list(map(given, values))
        case _:
            raise ValueError(f"a result of type {t}")


def _own(value: Any, dtype: str) -> Any:
    """An array in C order, in memory of its own: operands' memory is lent."""
    if isinstance(value, np.ndarray) and value.flags.owndata:
        return np.asarray(value, dtype, order="C")
    return np.array(value, dtype, order="C")
