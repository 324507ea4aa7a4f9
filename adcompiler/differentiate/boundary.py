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

from collections.abc import Collection, Iterable, Sequence
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
                arms = [a.results for a in (stmt.then, stmt.orelse) if a.falls]
                types = _types([stmt.results], *arms)
                then = _region(stmt.then, types, slots, axes, stmt.span)
                orelse = _region(stmt.orelse, types, slots, axes, stmt.span)
                builder.append(replace(stmt, then=then, orelse=orelse))
            case For() | While():
                paths = stmt.inits, carried_results(stmt)
                types = _types([carried_params(stmt), stmt.results], *paths)
                inits = tuple(
                    _defined(init, types[k], builder, axes)
                    if (stmt, k) in slots
                    else init
                    for k, init in enumerate(stmt.inits)
                )
                body = _region(stmt.body, types, slots, axes, stmt.span)
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
    for k, atom in enumerate(results):
        if (region, k) in slots:
            results[k] = _defined(atom, types[k - skip], builder, axes)
    inside = _body(region.body, slots, axes_of(region.params, axes))
    body = (*inside, *builder.stmts)
    return replace(region, body=body, results=tuple(results))


def _types(joins: Sequence[tuple[Var, ...]], *paths: tuple[Atom, ...]) -> list[Type]:
    """The types of placeholders for what paths give to joins: a length that is a
    join's own is a new symbol. A loop gives the same to two joins."""
    if not paths:
        return [r.type for r in joins[0]]
    given = (
        [a.type for a in atoms if not isinstance(a, Undef)]
        for atoms in zip(*paths, strict=True)
    )
    meetings = ([v.type for v in values] for values in zip(*joins, strict=True))
    return [_outer_lengths(m, g) for m, g in zip(meetings, given, strict=True)]


def _outer_lengths(joined: list[Type], given: list[Type]) -> Type:
    first = joined[0]
    if not isinstance(first, Array):
        return first
    found: dict[int, Length] = {}
    places = _same_lengths(joined)
    for k, place in enumerate(places):
        lengths = [dims_of(t)[k] for t in joined]
        outer = (n for n in lengths if all(dims_of(t)[k] == n for t in given))
        length = next(outer, None)
        if length is not None:
            found.setdefault(place, length)
    dims = (found.setdefault(p, fresh_dim()) for p in places)
    return Array(first.dtype, tuple(dims))


def _same_lengths(joined: list[Type]) -> list[int]:
    """For each axis the first one that some join says to be as long.

    >>> m, n, k = fresh_dim(), fresh_dim(), fresh_dim()
    >>> _same_lengths([Array("float64", (n, m, n)), Array("float64", (k, m, m))])
    [0, 0, 0]
    """
    places = list(range(len(dims_of(joined[0]))))
    for dims in map(dims_of, joined):
        for k, length in enumerate(dims):
            one, other = sorted((places[k], places[dims.index(length)]))
            places = [one if p == other else p for p in places]
    return places


def of_any_length(var: Var) -> Var:
    """A parameter for a residual that may be a placeholder: its lengths are its own."""
    return fresh_var(with_own_lengths(var.type), var.name, var.noun)


def _defined(atom: Atom, t: Type, builder: Builder, axes: Axes) -> Atom:
    return placeholder(t, builder, axes) if isinstance(atom, Undef) else atom
