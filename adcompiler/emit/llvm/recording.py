"""What is recorded is put on its list last, after all that is computed beside it.

In: a function of immutable values. Out: the same, in which an array is appended to a
list as late as its region allows: before a control statement, before a store, and
before what reads the list. A nest that computes it, and others, need not end for that.
Invariants: no list is read earlier than before; nothing that is appended is stored to
meanwhile, which would take a copy of it.

    e = exp(x); tape = list_append(tape, e); y = 1 / e
        ->   e = exp(x); y = 1 / e; tape = list_append(tape, e)
"""

from __future__ import annotations

from dataclasses import replace

from adcompiler.ir.nodes import Function, Let, Region, Stmt
from adcompiler.ir.types import Array
from adcompiler.ir.walk import map_regions, operands

__all__ = ["recorded_last"]


def recorded_last(function: Function) -> Function:
    """The function with what it appends to lists appended as late as can be."""
    return replace(function, region=_region(function.region))


def _region(region: Region) -> Region:
    body: list[Stmt] = []
    waiting: list[Let] = []
    for stmt in region.body:
        if _ends(stmt, waiting):
            body += waiting
            waiting = []
        if isinstance(stmt, Let) and _records(stmt):
            waiting.append(stmt)
        else:
            body.append(map_regions(stmt, _region))
    return replace(region, body=(*body, *waiting))


def _records(let: Let) -> bool:
    appends = let.primitive.name == "list_append"
    return appends and isinstance(let.operands[1].type, Array)


def _ends(stmt: Stmt, waiting: list[Let]) -> bool:
    """Whether nothing waits beyond a statement."""
    if not isinstance(stmt, Let) or (stmt.primitive.writes and not _records(stmt)):
        return True
    return not {let.result for let in waiting}.isdisjoint(operands(stmt))
