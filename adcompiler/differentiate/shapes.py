"""Adjoint statements that need only the shape of a value read it off one in scope.

In: adjoint statements that name primal values freely. Out: the same, in which an
operand read for its shape alone is an array of the function's own region that has the
same lengths and dtype, where there is one; it need not be recorded then, nor assigned
on every path.
Invariant: equal symbolic lengths are equal at run time, so no number changes.

    x_bar = zeros_like(row)   ->   x_bar = zeros_like(y), y of row's lengths, in scope

Of a list that is not in scope only the length is taken from the forward sweep, which
`with_lengths` prepares.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace

from adcompiler.differentiate.cotangents import zero_of_type
from adcompiler.differentiate.residuals import Primal
from adcompiler.ir.builder import Builder
from adcompiler.ir.joins import may_be_undefined
from adcompiler.ir.nodes import Atom, Let, Region, Stmt, Var, defined
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import Array, ListOf, Scalar
from adcompiler.ir.walk import all_stmts, map_regions


def read_shapes_in_scope(
    primal: Primal, stmts: tuple[Stmt, ...]
) -> tuple[tuple[Stmt, ...], dict[Region, Region]]:
    """The statements, and which new region stands for which old one."""
    missing = may_be_undefined(primal.root.body)
    models = _models(primal, missing)
    lengths = _lengths(primal.root)
    replaced: dict[Region, Region] = {}

    def model(atom: Atom) -> Atom:
        if not isinstance(atom, Var) or not isinstance(atom.type, Array):
            return atom
        if atom not in primal.homes:
            return atom
        if primal.in_scope(atom) and atom not in missing:
            return atom
        return models.get(atom.type, atom)

    def visit(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Let):
            places = stmt.primitive.shape_only
            source = stmt.operands[0] if stmt.operands else None
            if isinstance(source, Var) and source in lengths:
                return _by_length(stmt, lengths[source])
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


def with_lengths(region: Region) -> Region:
    """The region, with the lengths of the lists of numbers that loops and branches
    define beside them."""

    def inside(inner: Region) -> Region:
        builder = Builder()
        _measure(builder, inner.params)
        for stmt in inner.body:
            builder.span, builder.role = stmt.span, stmt.role
            builder.append(map_regions(stmt, inside))
            _measure(builder, defined(stmt))
        return replace(inner, body=tuple(builder.stmts))

    return replace(region, body=tuple(map_regions(s, inside) for s in region.body))


def _measure(builder: Builder, values: Iterable[Var]) -> None:
    for var in values:
        t = var.type
        if isinstance(t, ListOf) and t.indexed and isinstance(t.element, Scalar):
            builder.apply("list_length", var)


def _lengths(root: Region) -> dict[Var, Var]:
    """The lengths that `with_lengths` has added, by the list."""
    found: dict[Var, Var] = {}
    own = {id(stmt) for stmt in root.body}
    for stmt in all_stmts(root):
        if isinstance(stmt, Let) and stmt.primitive.name == "list_length":
            (source,) = stmt.operands
            if isinstance(source, Var) and id(stmt) not in own:
                found.setdefault(source, stmt.result)
    for stmt in root.body:
        for var in defined(stmt):
            found.pop(var, None)
    return found


def _by_length(let: Let, count: Var) -> Let:
    """A statement that reads the length of a list, given that."""
    match let.primitive.name:
        case "list_zeros":
            element = let.result.type
            assert isinstance(element, ListOf)
            if not isinstance(element.element, Scalar):
                return let  # zeros of arrays have the shapes of these
            nothing = zero_of_type(Builder(), element.element, count, None)
            full = PRIMITIVES["list_full"]
            return replace(let, primitive=full, operands=(nothing, count))
        case "list_length":
            return replace(let, primitive=PRIMITIVES["copy"], operands=(count,))
        case _:
            return let


def _models(primal: Primal, missing: Container[Var]) -> dict[Array, Var]:
    """An array in scope for each type, the earliest that no store overwrites and no
    path leaves unassigned."""
    models: dict[Array, Var] = {}
    events, root = primal.versions.events, primal.root
    own = [*root.params, *(v for stmt in root.body for v in defined(stmt))]
    restored = {
        loop.results[k] for loop, group in primal.versions.groups.items() for k in group
    }
    for var in own:
        hidden = (root, var) in events or var in restored or var in missing
        if isinstance(var.type, Array) and not hidden:
            models.setdefault(var.type, var)
    return models
