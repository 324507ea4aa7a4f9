"""Adjoint statements that need only the shape of a value read it off one in scope.

In: adjoint statements that name primal values freely. Out: the same, in which an
operand read for its shape alone is an array of the function's own region that has the
same lengths and dtype, where there is one; it need not be recorded then.
Invariant: equal symbolic lengths are equal at run time, so no number changes.

    x_bar = zeros_like(row)   ->   x_bar = zeros_like(y), y of row's lengths, in scope
"""

from __future__ import annotations

from dataclasses import replace

from adcompiler.differentiate.residuals import Primal
from adcompiler.ir.joins import may_be_undefined
from adcompiler.ir.nodes import Atom, Let, Region, Stmt, Var, defined
from adcompiler.ir.types import Array
from adcompiler.ir.walk import map_regions


def read_shapes_in_scope(
    primal: Primal, stmts: tuple[Stmt, ...]
) -> tuple[tuple[Stmt, ...], dict[Region, Region]]:
    """The statements, and which new region stands for which old one."""
    models = _models(primal)
    replaced: dict[Region, Region] = {}

    def model(atom: Atom) -> Atom:
        if not isinstance(atom, Var) or not isinstance(atom.type, Array):
            return atom
        if atom not in primal.homes or primal.in_scope(atom):
            return atom
        return models.get(atom.type, atom)

    def visit(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Let):
            places = stmt.primitive.shape_only
            operands = [
                model(a) if k in places else a for k, a in enumerate(stmt.operands)
            ]
            return replace(stmt, operands=tuple(operands)) if places else stmt
        return map_regions(stmt, inside)

    def inside(region: Region) -> Region:
        changed = replace(region, body=tuple(map(visit, region.body)))
        replaced[changed] = region
        return changed

    return tuple(map(visit, stmts)), replaced


def _models(primal: Primal) -> dict[Array, Var]:
    """An array in scope for each type, the earliest that no store overwrites and no
    path leaves unassigned."""
    models: dict[Array, Var] = {}
    events, root = primal.versions.events, primal.root
    own = [*root.params, *(v for stmt in root.body for v in defined(stmt))]
    restored = {
        loop.results[k] for loop, group in primal.versions.groups.items() for k in group
    }
    missing = may_be_undefined(root.body)
    for var in own:
        hidden = (root, var) in events or var in restored or var in missing
        if isinstance(var.type, Array) and not hidden:
            models.setdefault(var.type, var)
    return models
