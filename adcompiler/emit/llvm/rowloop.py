"""The loop that statements become which are done for some rows at a time.

In: plans of statements, in order, and which of their results are read elsewhere. Out:
statements: lengths and new arrays, then the loop; None where a length is not known.
Invariants: before the loop, the first axes of the arrays that it reads are found to be
equal. As many rows are taken as make an array that the cache nearest to the processor
holds, and at least one. What is read elsewhere is stored under the name that it had.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from adcompiler.emit.llvm.sliced import Classes, Plan
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    If,
    Let,
    Range,
    Region,
    Stmt,
    Var,
    fresh_var,
)
from adcompiler.ir.types import (
    PY_INT,
    Array,
    Dim,
    Length,
    Scalar,
    Type,
    dims_of,
    fresh_dim,
)

__all__ = ["Rows", "is_of_lengths", "row_loop"]

# What is raised where lengths that are taken for equal differ.
_UNEQUAL: dict[str, Any] = {"exception": "ValueError", "template": None}

ELEMENTS = 2048  # of one array, in a trip of the loop
SLICE = (("slice", True, True, False),)


@dataclass(frozen=True, slots=True)
class Rows:
    """The statements of a loop; `wanted` are the values read elsewhere."""

    plans: tuple[Plan, ...]
    wanted: frozenset[Var]
    classes: Classes

    @property
    def given(self) -> list[Var]:
        """The arrays whose rows are read, and that are not made here."""
        made = {p.let.result for p in self.plans}
        read = (v for p in self.plans for v in p.taken("rows") if v not in made)
        return list(dict.fromkeys(read))

    @property
    def outputs(self) -> list[Var]:
        """The values that are stored row by row."""
        plans = (p for p in self.plans if p.kind != "sum")
        return [p.let.result for p in plans if p.let.result in self.wanted]

    @property
    def sums(self) -> list[Plan]:
        return [p for p in self.plans if p.kind == "sum"]


class _Lengths:
    """Lengths as numbers, read off arrays that are there."""

    def __init__(self, ahead: Builder, classes: Classes, there: Iterable[Var]) -> None:
        self.ahead, self.classes = ahead, classes
        self.places: dict[Hashable, tuple[Var, int]] = {}
        self.known: dict[Hashable, Atom] = {}
        for v in there:
            for k, d in enumerate(dims_of(v.type)):
                self.places.setdefault(classes(d), (v, k))

    def has(self, t: Type) -> bool:
        """Whether all lengths of a type are there."""
        named = (d for d in dims_of(t) if isinstance(d, Dim))
        return all(self.classes(d) in self.places for d in named)

    def of(self, length: Length) -> Atom:
        if isinstance(length, int):
            return constant(length)
        key = self.classes(length)
        if key not in self.known:
            array, axis = self.places[key]
            self.known[key] = self.ahead.apply("shape", array, axis=axis)
        return self.known[key]


@dataclass(slots=True)
class _Loop:
    """The loop while it is written: what stands before it, its body, the first row and
    the one behind the last, how many they are, what each value is for these rows, and
    the arrays that are stored to."""

    rows: Rows
    ahead: Builder
    body: Builder
    start: Var
    stop: Var
    count: Dim
    known: dict[Var, Atom] = field(default_factory=dict)
    held: dict[Var, Var] = field(default_factory=dict)


def is_of_lengths(let: Let) -> bool:
    """Whether a statement raises as lengths differ that are taken for equal."""
    return let.primitive.name == "raise" and dict(let.params) == _UNEQUAL


def row_loop(rows: Rows, seen: Sequence[Var]) -> list[Stmt] | None:
    """The statements; `seen` are arrays that lengths may be read from."""
    last = rows.plans[-1].let
    ahead = Builder(span=last.span, role=last.role)
    lengths = _Lengths(ahead, rows.classes, [*rows.given, *seen])
    made = [*rows.outputs, *(p.let.result for p in rows.sums)]
    widest = _widest(rows)
    if not all(lengths.has(v.type) for v in (*made, widest)):
        return None
    count = ahead.apply("shape", rows.given[0], axis=0)
    _compare(rows, ahead, count)
    inits = [_init(lengths, v, stored=v in rows.outputs) for v in made]
    step = _rows_at_a_time(lengths, widest.type)
    loop = _begun(rows, ahead, count, step)
    params = [fresh_var(a.type) for a in inits]
    loop.held = dict(zip(made, params, strict=True))
    for plan in _late(_reduced_first(rows.plans)):
        _state(loop, plan)
    ends = tuple(loop.held[v] for v in made)
    body = Region((loop.start, *params), tuple(loop.body.stmts), ends)
    end: Atom = count
    if any(plan.let.raises for plan in rows.plans):
        # What raises for lengths that do not fit does so where there are no rows, too.
        end = ahead.apply("maximum", count, constant(1), via="builtin")
    bounds = Range(constant(0), end, step)
    place = (fresh_var(PY_INT), None, ahead.span, ahead.role)
    ahead.append(For(tuple(made), bounds, tuple(inits), body, *place, by_rows=True))
    return ahead.stmts


def _reduced_first(plans: Sequence[Plan]) -> list[Plan]:
    """The statements in an order in which what a product reads is reduced before it: by
    the nest that computes it, while a row of it is in registers."""
    found = list(plans)
    makers = {p.let.result: p for p in plans}
    needs: dict[Plan, set[Plan]] = {}
    for plan in plans:
        direct = [makers[v] for v in plan.taken("rows") if v in makers]
        needs[plan] = {*direct}.union(*(needs[p] for p in direct))
    for product in (p for p in plans if p.kind == "product"):
        here = found.index(product)
        early = {
            p
            for plan in found[here + 1 :]
            if plan.kind in ("reduce", "sum")
            and product not in needs[plan]
            and needs[plan] & needs[product]
            for p in (plan, *needs[plan])
        }
        moved = [p for p in found[here:] if p in early]
        found[here:] = [*moved, *(p for p in found[here:] if p not in early)]
    return found


def _late(plans: Sequence[Plan]) -> list[Plan]:
    """The statements in an order in which what is elementwise comes where it is needed
    first: so that it is part of the nest that needs it."""
    found: list[Plan] = []
    for plan in reversed(plans):
        place = 0
        if plan.kind in ("map", "view"):
            read = (plan.let.result in p.let.operands for p in found)
            place = next((k for k, reads in enumerate(read) if reads), 0)
        found.insert(place, plan)
    return found


def _widest(rows: Rows) -> Var:
    """A value of which a row has most axes that are longer than 1."""
    values = [v for p in rows.plans for v in (*p.taken("rows"), *p.let.results)]
    return max(values, key=lambda v: sum(d != 1 for d in dims_of(v.type)[1:]))


def _compare(rows: Rows, ahead: Builder, count: Var) -> None:
    """Raise where a first axis is not of the length that it is taken for."""
    first, *others = rows.given
    told = {dims_of(first.type)[0]}
    for var in others:
        length = dims_of(var.type)[0]
        if length in told:
            continue
        told.add(length)
        mine = ahead.apply("shape", var, axis=0)
        differ = ahead.apply("not_equal", mine, count)
        inner = ahead.child()
        inner.apply_all("raise", **_UNEQUAL)
        raised = Region((), tuple(inner.stmts), (), falls=False)
        ahead.append(If((), differ, raised, Region((), (), ()), ahead.span, ahead.role))


def _init(lengths: _Lengths, var: Var, *, stored: bool) -> Atom:
    """What is stored to, or added to."""
    t = var.type
    if isinstance(t, Scalar):
        return Const(np.dtype(t.dtype).type(0), Scalar(t.dtype, "numpy"))
    assert isinstance(t, Array)
    dims = [lengths.of(d) for d in t.dims]
    name = "empty" if stored else "zeros"
    return lengths.ahead.apply(name, *dims, dtype=t.dtype, known=t)


def _rows_at_a_time(lengths: _Lengths, t: Type) -> Atom:
    """How many rows make an array of so many elements."""
    ahead, size = lengths.ahead, constant(1)
    found: Atom = size
    for d in dims_of(t)[1:]:
        found = ahead.apply("multiply", found, lengths.of(d))
    found = ahead.apply("maximum", found, constant(1), via="builtin")
    several = ahead.apply("floor_divide", constant(ELEMENTS), found)
    return ahead.apply("maximum", several, constant(1), via="builtin")


def _begun(rows: Rows, ahead: Builder, count: Var, step: Atom) -> _Loop:
    body, start = ahead.child(), fresh_var(PY_INT, "i")
    end = body.apply("add", start, step)
    stop = body.apply("minimum", end, count, via="builtin")
    return _Loop(rows, ahead, body, start, stop, fresh_dim())


def _some(loop: _Loop, t: Type) -> Type:
    """The type of some rows."""
    assert isinstance(t, Array)
    return Array(t.dtype, (loop.count, *t.dims[1:]))


def _state(loop: _Loop, plan: Plan) -> None:
    """A statement for some rows, in the body of the loop."""
    body, let = loop.body, plan.let
    old = let.result
    with body.at(let.span, let.role):
        atoms = tuple(
            _of_rows(loop, a) if part == "rows" and isinstance(a, Var) else a
            for a, part in zip(let.operands, plan.parts, strict=True)
        )
        t = old.type if plan.kind == "sum" else _some(loop, old.type)
        result = fresh_var(t, old.name, old.noun)
        params = _params(loop, let)
        body.append(replace(let, results=(result,), operands=atoms, params=params))
        if plan.kind == "sum":
            held = loop.held[old]
            if isinstance(t, Scalar):
                loop.held[old] = body.apply("add", held, result)
            else:
                loop.held[old] = body.apply("accumulate", held, result, index=())
            return
        loop.known[old] = result
        if old in loop.held:
            loop.held[old] = _part(loop, "store", loop.held[old], result)


def _params(loop: _Loop, let: Let) -> tuple[tuple[str, object], ...]:
    """The params; what is known of the result is known of its rows."""
    return tuple(
        (name, _some(loop, value) if name == "known" else value)
        for name, value in let.params
    )


def _of_rows(loop: _Loop, x: Var) -> Atom:
    if x not in loop.known:
        loop.known[x] = _part(loop, "load", x)
    return loop.known[x]


def _part(loop: _Loop, name: str, x: Var, *value: Atom) -> Var:
    """``x[start:stop]``, or the array with this in its place."""
    body, t = loop.body, _some(loop, x.type)
    place = (loop.start, loop.stop)
    body.apply(name, x, *value, *place, index=SLICE, known=t)
    let = body.stmts.pop()
    assert isinstance(let, Let)
    result = fresh_var(t if name == "load" else x.type)
    body.append(replace(let, results=(result,), safe=True))
    return result
