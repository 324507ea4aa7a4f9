"""A statement that NumPy computes, as data.

In: nothing. Out: `Evaluation`, what machine code names of a row that has no code.
Invariant: it says all that is needed to compute it, so that another process can.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adcompiler.ir.types import Type

__all__ = ["Evaluation"]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The row `name`, with these params, of operands of these types; `types` are those
    of its results."""

    name: str
    params: Mapping[str, Any]
    operands: tuple[Type, ...]
    types: tuple[Type, ...]
