"""Loops over the items of an array, as a person writes them: ``for v in x:``.

In: a counted loop. Out: the statement that takes the item, where all that the index is
for is to take it. Invariant: no store in the loop could change the array meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping

from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import For, If, Let, Range, Var, While
from adcompiler.ir.types import Array
from adcompiler.ir.walk import all_stmts

BEFORE = frozenset({"list_append", "list_pop"})


def item_taken(
    loop: For | While, folded: Mapping[Var, Let | If], used: Mapping[Var, int]
) -> Let | None:
    """The statement ``v = x[k]`` that a loop over the length of x begins with, if
    nothing else reads k."""
    if isinstance(loop, While) or loop.range.reverse:
        return None
    length = folded.get(loop.range.stop) if isinstance(loop.range.stop, Var) else None
    if not isinstance(length, Let) or length.primitive.name != "shape":
        return None
    stop, index = loop.range.stop, loop.body.params[0]
    if loop.range != Range(constant(0), stop, constant(1)) or used.get(index) != 1:
        return None
    (array,) = length.operands
    for stmt in loop.body.body:
        if not isinstance(stmt, Let):
            return None
        if stmt.primitive.name in BEFORE:
            continue
        takes = stmt.primitive.name == "load" and stmt.param("index") == ("int",)
        whole = length.param("axis") == 0 and stmt.operands == (array, index)
        if not (takes and whole) or stmt.result.name is None or stmt.result in folded:
            return None
        return None if _stores(loop) else stmt
    return None


def _stores(loop: For) -> bool:
    """Whether an array is changed in the loop."""
    return any(
        isinstance(s, Let)
        and s.primitive.writes
        and any(isinstance(v.type, Array) for v in s.results)
        for s in all_stmts(loop.body)
    )
