"""Formulas that derivative rules share.

In: operands as `Expr`. Out: `Expr` built of primitives that have rules themselves.
Invariant: nothing built here raises where the primal did not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr, constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import Array, Scalar, dims_of

Factor = Expr | float


def known_number(x: Expr) -> float | None:
    """The operand's value if it is known while compiling."""
    return x.atom.value if isinstance(x.atom, Const) else None


def ratio(a: Factor, b: Expr, *, safe: bool = False) -> Expr:
    """``a / b``; `safe` where the primal has shown that b is not zero."""
    params: dict[str, Any] = {"safe": True} if safe or known_number(b) else {}
    left = Expr(b.builder, b.lift(a))
    return left.call("ieee_divide", b, **params)


def select(mask: Expr, then: Factor, orelse: Factor) -> Expr:
    """``where(mask, then, orelse)``; a conditional expression on scalars."""
    atoms = (mask.atom, mask.lift(then), mask.lift(orelse))
    scalar = all(isinstance(a.type, Scalar) for a in atoms)
    via = "builtin" if scalar else "np"
    return Expr(mask.builder, mask.builder.apply("where", *atoms, via=via))


def number(x: Expr, value: float | int) -> Expr:
    """A constant beside x."""
    return Expr(x.builder, constant(value))


def near(x: Expr, radius: float) -> Expr:
    """Where x is so close to zero that a series stands for a quotient."""
    return x.call("absolute").call("less", radius)


def series(x: Expr, ratios: Sequence[float]) -> Factor:
    """``1 + r0 * x * (1 + r1 * x * (1 + ...))``: of a term to the one before."""
    total: Factor = 1.0
    for r in reversed(ratios):
        total = 1.0 + r * x * total
    return total


def or_infinite(y: Expr) -> Expr:
    """What to divide by: where a norm is zero, so is the quotient."""
    return select(y.call("equal", 0.0), number(y, np.inf), y)


def length(x: Expr, axis: int) -> Expr:
    """The length of an axis: the number, or read at run time."""
    known = dims_of(x.type)[axis]
    return number(x, known) if isinstance(known, int) else x.call("shape", axis=axis)


def count(x: Expr, axes: tuple[int, ...]) -> Expr:
    """How many elements a reduction over these axes takes together."""
    dims = dims_of(x.type)
    if any(not isinstance(dims[a], int) for a in axes) and len(axes) == len(dims):
        return x.call("size")
    total = number(x, 1)
    for axis in axes:
        factor = length(x, axis)
        total = factor if known_number(total) == 1 else total * factor
    return total


def all_axes(x: Expr) -> tuple[int, ...]:
    """Every axis of x."""
    return tuple(range(len(dims_of(x.type))))


def zero_like(x: Expr) -> Expr:
    """Zeros of x's shape and dtype."""
    if isinstance(x.type, Scalar):
        zero = 0.0 if x.type.dtype == "float64" else np.dtype(x.type.dtype).type(0)
        return Expr(x.builder, constant(zero))
    return x.call("zeros_like", dtype=None)


def cast_like(value: Expr, like: Atom) -> Expr:
    """The value in the dtype of `like`."""
    source, target = value.type, like.type
    if not isinstance(source, Scalar | Array) or not isinstance(target, Scalar | Array):
        return value
    if source.dtype == target.dtype:
        return value
    via = "astype" if isinstance(source, Array) else "scalar"
    return value.call("cast", dtype=target.dtype, via=via)
