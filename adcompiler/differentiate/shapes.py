"""Adjoint statements that need only the shape of a value read it off one in scope.

In: adjoint statements that name primal values freely. Out: the same, in which an
operand read for its shape alone is an array of the function's own region that has the
same lengths and dtype, where there is one; it need not be recorded then, nor assigned
on every path. Zeros that are like a value of which nothing else is read are made by
their lengths, if those are lengths of arrays in scope.
Invariant: equal symbolic lengths are equal at run time, so no number changes.

    x_bar = zeros_like(row)   ->   x_bar = zeros_like(y), y of row's lengths, in scope
    x_bar = zeros_like(ab)    ->   x_bar = zeros(shape(a, 0), shape(b, 1))

Of a list that is not in scope only the length is taken from the forward sweep, which
`with_lengths` prepares.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import TypeGuard

from adcompiler.differentiate.cotangents import zero_of_type
from adcompiler.differentiate.residuals import Primal
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.joins import may_be_undefined
from adcompiler.ir.nodes import Atom, Let, Region, Stmt, Var, defined
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import Array, Dim, ListOf, Scalar
from adcompiler.ir.walk import all_stmts, map_regions, operands, regions


def read_shapes_in_scope(
    primal: Primal, stmts: tuple[Stmt, ...]
) -> tuple[tuple[Stmt, ...], dict[Region, Region]]:
    """The statements, and which new region stands for which old one."""
    shapes = _Shapes(primal, stmts)
    return shapes.body(stmts), shapes.replaced


class _Shapes:
    """What is in scope of the shapes that adjoint statements read."""

    def __init__(self, primal: Primal, stmts: tuple[Stmt, ...]) -> None:
        self.primal = primal
        self.missing = may_be_undefined(primal.root.body)
        arrays = _arrays(primal, self.missing)
        self.models: dict[Array, Var] = {}
        for var, t in arrays.items():
            self.models.setdefault(t, var)
        self.places = _places(arrays)
        self.counts = _counts(primal.root)
        self.read = _read(stmts)
        self.replaced: dict[Region, Region] = {}

    def body(self, stmts: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        builder = Builder(role="adjoint")
        for stmt in stmts:
            builder.span = stmt.span
            new = self.let(stmt, builder) if isinstance(stmt, Let) else None
            builder.append(new or map_regions(stmt, self.region))
        return tuple(builder.stmts)

    def region(self, region: Region) -> Region:
        changed = replace(region, body=self.body(region.body))
        self.replaced[changed] = region
        return changed

    def let(self, let: Let, builder: Builder) -> Let:
        like = let.operands[0] if let.operands else None
        if isinstance(like, Var) and like in self.counts:
            return _by_length(let, self.counts[like])
        given = tuple(
            self.model(a) if k in let.primitive.shape_only else a
            for k, a in enumerate(let.operands)
        )
        spare = let.primitive.name == "zeros_like" and like not in self.read
        if given == let.operands and spare and self.lacks(like):
            return _by_lengths(let, self.places, builder)
        return let.renewed(let.results, given)

    def model(self, atom: Atom) -> Atom:
        """An array of the same shape that is in scope."""
        if self.lacks(atom) and isinstance(atom.type, Array):
            return self.models.get(atom.type, atom)
        return atom

    def lacks(self, atom: Atom | None) -> TypeGuard[Var]:
        """Whether this is an array of the primal that is not there on every path."""
        if not isinstance(atom, Var) or not isinstance(atom.type, Array):
            return False
        if atom not in self.primal.homes:
            return False
        return not self.primal.in_scope(atom) or atom in self.missing


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


def _counts(root: Region) -> dict[Var, Var]:
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


Places = Mapping[Dim, tuple[Var, int]]


def _by_lengths(let: Let, places: Places, builder: Builder) -> Let:
    """Zeros by their lengths, where each is one of an array in scope."""
    t = let.result.type
    assert isinstance(t, Array)
    if not all(isinstance(n, int) or n in places for n in t.dims):
        return let
    lengths = [
        constant(n) if isinstance(n, int) else _shape(builder, *places[n])
        for n in t.dims
    ]
    params = (("dtype", t.dtype), ("known", t))
    zeros = PRIMITIVES["zeros"]
    return replace(
        let, primitive=zeros, operands=tuple(lengths), params=params, safe=True
    )


def _shape(builder: Builder, array: Var, axis: int) -> Var:
    return builder.apply("shape", array, axis=axis)


def _read(stmts: Iterable[Stmt]) -> set[Var]:
    """The arrays of which more than the shape is read."""
    found: set[Var] = set()
    for stmt in all_stmts(stmts):
        spare = stmt.primitive.shape_only if isinstance(stmt, Let) else ()
        given = enumerate(operands(stmt))
        found.update(a for k, a in given if isinstance(a, Var) and k not in spare)
        for region in regions(stmt):
            found.update(a for a in region.results if isinstance(a, Var))
    return found


def _arrays(primal: Primal, missing: Container[Var]) -> dict[Var, Array]:
    """The arrays in scope, the earliest first, that no store overwrites and no path
    leaves unassigned."""
    events, root = primal.versions.events, primal.root
    own = [*root.params, *(v for stmt in root.body for v in defined(stmt))]
    restored = {
        loop.results[k] for loop, group in primal.versions.groups.items() for k in group
    }
    return {
        var: var.type
        for var in own
        if isinstance(var.type, Array)
        and not ((root, var) in events or var in restored or var in missing)
    }


def _places(arrays: Mapping[Var, Array]) -> Places:
    """Where each length is found."""
    found: dict[Dim, tuple[Var, int]] = {}
    for var, t in arrays.items():
        for axis, n in enumerate(t.dims):
            if isinstance(n, Dim):
                found.setdefault(n, (var, axis))
    return found
