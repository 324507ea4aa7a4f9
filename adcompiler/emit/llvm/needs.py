"""What the runs of a module need besides their arguments.

In: the functions of a module, and what was written for them. Out: `Needs`, by which the
entry leaves out what nothing would use.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from adcompiler.ir.nodes import Function, Let
from adcompiler.ir.types import Array, Scalar, Type
from adcompiler.ir.walk import all_stmts

__all__ = ["Needs", "needs_of"]

_POOLED = ("adc_array", "adc_each_trip", "adc_pooled")


@dataclass(frozen=True, slots=True)
class Needs:
    """`context`: memory that is counted, or loops that look for signals; `pool`: memory
    for small arrays in it; `errors`: that NumPy was asked for nothing but warnings on
    floating-point errors."""

    context: bool
    pool: bool
    errors: bool


def needs_of(functions: Collection[Function], text: str, others: str) -> Needs:
    """What a module needs: `text` is that of its last function, which is asked for,
    `others` all else that is written."""
    *_, asked = functions
    arrays = any(isinstance(atom.type, Array) for atom in asked.results)
    return Needs(
        context=arrays or "%ctx" in text.partition("{")[2],
        pool=any(f"@{name}(" in text + others for name in _POOLED),
        errors=not all(map(_is_of_python, functions)),
    )


def _is_of_python(function: Function) -> bool:
    """Whether it computes with numbers of Python alone, by operators and functions of
    Python, which know nothing of what NumPy was asked for."""
    return all(_is_python(p.type) for p in function.params) and all(
        _is_operator(stmt)
        for stmt in all_stmts(function.region)
        if isinstance(stmt, Let)
    )


def _is_operator(let: Let) -> bool:
    """Whether NumPy has no part in a statement, as it is written in the text: what type
    a cotangent has does not tell."""
    types = [atom.type for atom in (*let.operands, *let.results)]
    if let.spelled or not all(map(_is_python, types)):
        return False
    match let.param("via"):
        case "math" | "builtin":
            return True
        case None:
            return let.primitive.operator or bool(let.param("safe"))
    return False


def _is_python(t: Type) -> bool:
    return isinstance(t, Scalar) and t.kind == "python"
