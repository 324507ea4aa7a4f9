"""What the runs of a module need besides their arguments.

In: the functions of a module, and what was written for them. Out: `Needs`, by which the
entry leaves out what nothing would use.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from adcompiler.emit.llvm.handing import is_boxing
from adcompiler.ir.nodes import Function, Let
from adcompiler.ir.types import Array, ListOf, Scalar, Type
from adcompiler.ir.walk import all_stmts

__all__ = ["Needs", "needs_of"]

_POOLED = ("adc_array", "adc_each_trip", "adc_pooled")


@dataclass(frozen=True, slots=True)
class Needs:
    """`context`: memory that is counted, or loops that look for signals; `pool`: memory
    for small arrays in it; `errors`: that NumPy was asked for nothing but warnings on
    floating-point errors; `lock`: that no other thread runs meanwhile, since objects of
    Python are touched."""

    context: bool
    pool: bool
    errors: bool
    lock: bool


def needs_of(
    functions: Collection[Function], text: str, others: Mapping[str, str]
) -> Needs:
    """What a module needs: `text` is that of its last function, which is asked for,
    `others` all else that is written, by name."""
    *_, asked = functions
    arrays = any(isinstance(atom.type, Array) for atom in asked.results)
    lists = any(isinstance(a.type, ListOf) for a in (*asked.params, *asked.results))
    quiet = (t for name, t in others.items() if not is_boxing(name))
    texts = (text, *others.values())
    return Needs(
        context=arrays or "%ctx" in text.partition("{")[2],
        pool=any(f"@{name}(" in t for name in _POOLED for t in texts),
        errors=not all(map(_is_of_python, functions)),
        lock=lists or any("@Py" in t for t in (text, *quiet)),
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
