"""Arrays that need no counting: those that nobody holds but the statements around them.

In: a function, and the memory that its values may lie in. Out: the values whose memory
may be the function's own frame.
Invariants: such memory is used within one trip of the loop around it, or once; nothing
that holds it, looks at it or is it leaves the region: no loop carries it, no list and
no caller takes it.

    for z in zs: y = F @ x; x = y + z   ->   y, and not x, which the loop carries
"""

from __future__ import annotations

from collections.abc import Iterator

from adcompiler.emit.llvm.writer import Memory
from adcompiler.ir.nodes import Atom, For, Function, Let, Region, Var, While
from adcompiler.ir.types import Array
from adcompiler.ir.walk import all_stmts, regions

__all__ = ["framed_arrays", "may_hold"]


def framed_arrays(function: Function, roots: Memory) -> frozenset[Var]:
    """The values, of lengths that are known."""
    left = {root for atom in _leaving(function.region) for root in roots(atom)}
    return frozenset(
        var
        for stmt in all_stmts(function.region)
        if isinstance(stmt, Let)
        for var in stmt.results
        if isinstance(var.type, Array)
        and all(isinstance(d, int) for d in var.type.dims)
        and ("fresh", var) in roots(var)
        and not roots(var) & left
    )


def _leaving(region: Region) -> Iterator[Atom]:
    """What leaves its region, or is handed to what may hold it."""
    yield from region.results
    for stmt in region.body:
        if isinstance(stmt, For | While):
            yield from stmt.inits
        if isinstance(stmt, Let):
            if may_hold(stmt):
                yield from stmt.operands
        else:
            for inner in regions(stmt):
                yield from _leaving(inner)


def may_hold(let: Let) -> bool:
    """Whether what a statement is given may be held after it."""
    name = let.primitive.name
    return name.startswith("list_") or name in ("call", "pack")
