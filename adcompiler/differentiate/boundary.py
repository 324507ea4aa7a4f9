"""Values that derivative code reads on every path are defined on every path.

In: statements, and the values wanted: residuals that cross from a function to its
pullback, what is recorded in loops, arrays of which zeros are made. Out: the same
statements; where a wanted value is not assigned on some path, it has a placeholder
there, of which nothing comes.
Invariants: only what reaches a wanted value is touched: a name of the user's that is
not assigned stays so. A placeholder has the lengths that its type says. The pullback
knows nothing of the lengths of what may be a placeholder, so that it reads no other
value's shape off one.

    if c: y = f(x)     ->     if c: y = f(x)
                              else: y = 0.0
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from adcompiler.differentiate.placeholders import Axes, axes_of, placeholder
from adcompiler.errors import Span
from adcompiler.ir.builder import Builder
from adcompiler.ir.joins import with_own_lengths
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    If,
    Let,
    Region,
    Stmt,
    Undef,
    Var,
    While,
    carried_params,
    carried_results,
    defined,
    fresh_var,
    stop_flag,
)
from adcompiler.ir.types import (
    Array,
    Length,
    Type,
    dims_of,
    fresh_dim,
)
from adcompiler.ir.walk import all_stmts


def define_residuals(
    params: tuple[Var, ...], stmts: tuple[Stmt, ...], residuals: Iterable[Var]
) -> tuple[Stmt, ...]:
    """The statements of a function of these parameters, with every residual defined on
    every path."""
    slots = _Slots(stmts, residuals).found
    return _body(stmts, slots, axes_of(params, {})) if slots else stmts


def zeroed(stmts: tuple[Stmt, ...]) -> list[Var]:
    """The arrays and lists of which zeros are made, or lengths noted for such; on a
    path where one is not assigned, these are carried all the same, and come to
    nothing."""
    return [
        stmt.operands[0]
        for stmt in all_stmts(stmts)
        if isinstance(stmt, Let)
        and stmt.primitive.name in ("zeros_like", "list_zeros", "list_length")
        and isinstance(stmt.operands[0], Var)
    ]


def measured(stmts: tuple[Stmt, ...], recorded: Collection[Var]) -> list[Var]:
    """The lists whose lengths are recorded, so that zeros can be made for them."""
    return [
        stmt.operands[0]
        for stmt in all_stmts(stmts)
        if isinstance(stmt, Let)
        and stmt.primitive.name == "list_length"
        and stmt.result in recorded
        and isinstance(stmt.operands[0], Var)
    ]


Slot = tuple[Region | For | While, int]


class _Slots:
    """The results of regions, and initial values of loops, that may come to stand for
    a residual: an `Undef` there has to be a placeholder."""

    def __init__(self, stmts: tuple[Stmt, ...], residuals: Iterable[Var]) -> None:
        self.found: set[Slot] = set()
        self._homes: dict[Var, tuple[If | For | While, int]] = {}
        self._params: dict[Var, tuple[For | While, int]] = {}
        for stmt in all_stmts(stmts):
            if not isinstance(stmt, Let):
                self._homes.update((r, (stmt, k)) for k, r in enumerate(stmt.results))
            if isinstance(stmt, For | While):
                params = carried_params(stmt)
                self._params.update((p, (stmt, k)) for k, p in enumerate(params))
        self._pending: list[Atom] = list(residuals)
        seen: set[Var] = set()
        while self._pending:
            atom = self._pending.pop()
            if isinstance(atom, Var) and atom not in seen:
                seen.add(atom)
                self._follow(atom)

    def _follow(self, var: Var) -> None:
        """Find where a value comes from."""
        if var in self._params:
            loop, k = self._params[var]
            self._init(loop, k)
            self._going_on(loop.body, stop_flag(loop), k + loop.exits)
        if var in self._homes:
            stmt, k = self._homes[var]
            if isinstance(stmt, If):
                for arm in (stmt.then, stmt.orelse):
                    self._result(arm, k)
            else:
                self._init(stmt, k)
                self._result(stmt.body, k + stmt.exits)

    def _init(self, loop: For | While, k: int) -> None:
        self.found.add((loop, k))
        self._pending.append(loop.inits[k])

    def _result(self, region: Region, k: int) -> None:
        if region.falls:
            self.found.add((region, k))
            self._pending.append(region.results[k])

    def _going_on(self, region: Region, flag: Atom | None, k: int) -> None:
        """A result of a loop's body, where the flag does not stop the loop."""
        end = region.results[k]
        if isinstance(flag, Const) and flag.value is True:
            return
        place = self._homes.get(end) if isinstance(end, Var) else None
        stmt, j = place or (None, 0)
        if isinstance(stmt, If) and flag in stmt.results:
            for arm in (stmt.then, stmt.orelse):
                if arm.falls:
                    self._going_on(arm, arm.results[stmt.results.index(flag)], j)
        else:
            self._result(region, k)


def _body(stmts: tuple[Stmt, ...], slots: set[Slot], axes: Axes) -> tuple[Stmt, ...]:
    builder = Builder()
    for stmt in stmts:
        builder.span = stmt.span
        match stmt:
            case Let():
                builder.append(stmt)
            case If():
                arms = stmt.then, stmt.orelse
                paths = [a.results for a in arms if a.falls]
                types = iter(_types([stmt.results], paths) if paths else ())
                then, orelse = (
                    _region(a, next(types) if a.falls else [], slots, axes, stmt.span)
                    for a in arms
                )
                builder.append(replace(stmt, then=then, orelse=orelse))
            case For() | While():
                paths = [stmt.inits]
                if stmt.body.falls:
                    paths.append(carried_results(stmt))
                first, *later = _types([carried_params(stmt), stmt.results], paths)
                inits = tuple(
                    _defined(init, first[k], builder, axes)
                    if (stmt, k) in slots
                    else init
                    for k, init in enumerate(stmt.inits)
                )
                ends = later[0] if later else []
                body = _region(stmt.body, ends, slots, axes, stmt.span)
                builder.append(replace(stmt, inits=inits, body=body))
            case _:
                assert_never(stmt)
        axes = axes_of(defined(stmt), axes)
    return tuple(builder.stmts)


def _region(
    region: Region,
    types: list[Type],
    slots: set[Slot],
    axes: Axes,
    span: Span | None,
) -> Region:
    """A region, whose last results may have to be placeholders of these types."""
    builder = Builder(span=span)
    results = list(region.results)
    skip = len(results) - len(types)
    axes = axes_of(region.params, axes)
    inside = _body(region.body, slots, axes)
    axes = axes_of((v for stmt in region.body for v in defined(stmt)), axes)
    for k, atom in enumerate(results):
        if (region, k) in slots:
            results[k] = _defined(atom, types[k - skip], builder, axes)
    body = (*inside, *builder.stmts)
    return replace(region, body=body, results=tuple(results))


def _types(
    joins: Sequence[tuple[Var, ...]], paths: Sequence[tuple[Atom, ...]]
) -> list[list[Type]]:
    """For each path the types of placeholders for what it gives to joins. A length that
    is a join's own is that of what the path gives to it elsewhere, or a new symbol. A
    loop gives the same to two joins."""
    if not any(isinstance(a, Undef) for path in paths for a in path):
        return [[v.type for v in joins[0]]] * len(paths)
    alike = _alike([[v.type for v in values] for values in joins])
    outer = _outer_lengths(joins, paths, alike)
    return [_on_path(joins[0], path, alike, outer) for path in paths]


Place = tuple[int, int]  # a value of a join, and an axis of it


def _alike(joins: Iterable[Sequence[Type]]) -> dict[Place, Place]:
    """For each axis the first one that some join says to be as long.

    >>> m, n, k = fresh_dim(), fresh_dim(), fresh_dim()
    >>> one = [Array("float64", (n, m)), Array("float64", (n,))]
    >>> other = [Array("float64", (k, m)), Array("float64", (m,))]
    >>> _alike([one, other])
    {(0, 0): (0, 0), (0, 1): (0, 0), (1, 0): (0, 0)}
    """
    found: dict[Place, Place] = {}
    for types in joins:
        first: dict[Length, Place] = {}
        for k, t in enumerate(types):
            for axis, length in enumerate(dims_of(t)):
                mine = found.setdefault((k, axis), (k, axis))
                one, two = sorted((mine, found[first.setdefault(length, (k, axis))]))
                if one != two:
                    found.update((p, one) for p, at in found.items() if at == two)
    return found


def _outer_lengths(
    joins: Sequence[tuple[Var, ...]],
    paths: Sequence[tuple[Atom, ...]],
    alike: Mapping[Place, Place],
) -> dict[Place, Length]:
    """The lengths that a join has, and all that the paths give to it there."""
    found: dict[Place, Length] = {}
    for k, (values, atoms) in enumerate(
        zip(zip(*joins, strict=True), zip(*paths, strict=True), strict=True)
    ):
        given = [dims_of(a.type) for a in atoms if not isinstance(a, Undef)]
        for axis in range(len(dims_of(values[0].type))):
            for length in (dims_of(v.type)[axis] for v in values):
                if all(dims[axis] == length for dims in given):
                    found.setdefault(alike[k, axis], length)
    return found


def _on_path(
    values: Sequence[Var],
    path: Sequence[Atom],
    alike: Mapping[Place, Place],
    outer: Mapping[Place, Length],
) -> list[Type]:
    known = dict(outer)
    for k, atom in enumerate(path):
        lengths = () if isinstance(atom, Undef) else dims_of(atom.type)
        for axis, length in enumerate(lengths):
            known.setdefault(alike[k, axis], length)
    types: list[Type] = []
    for k, value in enumerate(values):
        if not isinstance(value.type, Array):
            types.append(value.type)
            continue
        places = (alike[k, axis] for axis in range(value.type.ndim))
        dims = tuple(known.setdefault(p, fresh_dim()) for p in places)
        types.append(Array(value.type.dtype, dims))
    return types


def of_any_length(var: Var) -> Var:
    """A parameter for a residual that may be a placeholder: its lengths are its own."""
    return fresh_var(with_own_lengths(var.type), var.name, var.noun)


def _defined(atom: Atom, t: Type, builder: Builder, axes: Axes) -> Atom:
    return placeholder(t, builder, axes) if isinstance(atom, Undef) else atom
