"""Values whose derivatives were stated are, in what is emitted, just values.

In: a function of which no more derivatives are taken. Out: the same without `ruled`.
Invariant: what is read is what was given; names that the user gave stay.

    y = ruled(value, x, saved)     ->     value, called y
"""

from __future__ import annotations

from dataclasses import replace

from adcompiler.ir.nodes import Atom, Function, Let, Region, Stmt, Var
from adcompiler.ir.walk import all_stmts, map_regions, substitute

__all__ = ["without_rules"]


def without_rules(function: Function) -> Function:
    """The function without statements that only state derivatives."""
    stmts = all_stmts(function.region)
    found = [s for s in stmts if isinstance(s, Let) and _is_ruled(s)]
    if not found:
        return function
    given: dict[Var, Atom] = {}
    for let in found:
        given.update(zip(let.results, let.operands, strict=False))

    def source(atom: Atom) -> Atom:
        while isinstance(atom, Var) and atom in given:
            atom = given[atom]
        return atom

    def without(region: Region) -> Region:
        kept = (s for s in region.body if not _is_ruled(s))
        return replace(region, body=tuple(map_regions(s, without) for s in kept))

    region = without(function.region)
    return replace(function, region=substitute(region, {v: source(v) for v in given}))


def _is_ruled(stmt: Stmt) -> bool:
    return isinstance(stmt, Let) and stmt.primitive.name == "ruled"
