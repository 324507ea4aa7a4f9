"""What a reduction does to a number: where it starts, a step, the result.

In: a statement that reduces. Out: `Reduction`, which writes the code of these.
Invariants: a sum may be taken in any order, which is what lets it be vectorised; nan is
handed on by extrema.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.scalars import convert, elementwise
from adcompiler.emit.llvm.values import constant_text, machine
from adcompiler.ir.nodes import Let
from adcompiler.ir.types import Array, Scalar

__all__ = ["STEPS", "Reduction", "first_extreme", "plus"]

Step = Callable[[Code, str, str, str], str]  # dtype, what was reduced, an element


def plus(code: Code, dtype: str, total: str, x: str) -> str:
    """A sum, of floats in any order."""
    if dtype.startswith("float"):
        return code.op(f"fadd reassoc contract {machine(dtype)} {total}, {x}")
    return elementwise(code, "add", {}, [total, x], [dtype, dtype])[0]


def _times(code: Code, dtype: str, total: str, x: str) -> str:
    return elementwise(code, "multiply", {}, [total, x], [dtype, dtype])[0]


def _extreme(name: str) -> Step:
    def step(code: Code, dtype: str, best: str, x: str) -> str:
        return elementwise(code, name, {"via": "np"}, [best, x], [dtype, dtype])[0]

    return step


def _or(code: Code, dtype: str, found: str, x: str) -> str:
    return code.op(f"or i1 {found}, {x}")


def _and(code: Code, dtype: str, found: str, x: str) -> str:
    return code.op(f"and i1 {found}, {x}")


def first_extreme(name: str, dtype: str) -> str:
    """What any number replaces as the extremum."""
    lowest = name == "max"
    if dtype.startswith("float"):
        return constant_text(-math.inf if lowest else math.inf, dtype)
    if dtype == "bool":
        return "false" if lowest else "true"
    bits = int(dtype.lstrip("uint"))
    signed = not dtype.startswith("u")
    low = -(2 ** (bits - 1)) if signed else 0
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    return str(low if lowest else high)


def _first(name: str, dtype: str, let: Let) -> str:
    """What a reduction starts from: of extrema what any element replaces."""
    if name in ("max", "min"):
        initial = let.param("initial")
        if initial is not None:
            return constant_text(initial, dtype)
        return first_extreme(name, dtype)
    return {
        "sum": constant_text(0, dtype),
        "mean": constant_text(0, dtype),
        "prod": constant_text(1, dtype),
        "any": "false",
        "all": "true",
    }[name]


STEPS: dict[str, Step] = {
    "sum": plus,
    "mean": plus,
    "prod": _times,
    "max": _extreme("maximum"),
    "min": _extreme("minimum"),
    "any": _or,
    "all": _and,
}


@dataclass(frozen=True, eq=False)
class Reduction:
    """A reduction of an array, or of what a nest computes, to a number."""

    let: Let

    @property
    def name(self) -> str:
        name = self.let.primitive.name
        return "sum" if name == "sum_to" else name

    @property
    def given(self) -> str:
        """The dtype of what is reduced."""
        return str(getattr(self.let.operands[0].type, "dtype", ""))

    @property
    def dtype(self) -> str:
        """The dtype in which it is reduced."""
        if self.name in ("any", "all"):
            return "bool"
        t = self.let.result.type
        assert isinstance(t, Array | Scalar)
        return (
            self.given if self.name in ("max", "min") else self.let.dtypes[0] or t.dtype
        )

    @property
    def first(self) -> str:
        return _first(self.name, self.dtype, self.let)

    def step(self, code: Code, total: str, text: str) -> str:
        """What was reduced, and one element more."""
        x = convert(code, text, self.given, self.dtype)
        return STEPS[self.name](code, self.dtype, total, x)

    def join(self, code: Code, total: str, more: str) -> str:
        """What was reduced of some elements, and of those that come after them."""
        return STEPS[self.name](code, self.dtype, total, more)

    def result(self, code: Code, total: str, count: str) -> str:
        """The result, of so many elements."""
        t = self.let.result.type
        assert isinstance(t, Array | Scalar)
        text = convert(code, total, self.dtype, t.dtype)
        if self.name != "mean":
            return text
        number = convert(code, count, "int64", t.dtype)
        return code.op(f"fdiv {machine(t.dtype)} {text}, {number}")
