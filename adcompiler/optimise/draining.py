"""Loops that take an element off a tape in each trip go over the tape.

In: a function whose reversed loops count what a forward loop counted. Out: one in which
such a loop is over the indices of a list of which each trip takes one element, at its
top, where the count is that length; the emitter prints ``for x in reversed(xs):``.
`keep_whole`: where a list is read by an index, too, nothing takes it apart.
Invariant: every trip has the elements that it had.

    for ...:  # trips                for ...:
        xs.append(x)                     xs.append(x)
    for _ in range(trips):     ->    for k in reversed(range(len(xs))):
        y_bar = 2 * y_bar                x = xs[k]
        x = xs.pop()                     y_bar = 2 * y_bar

>>> import adcompiler.primitives
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.types import PY_FLOAT, PY_INT
>>> from adcompiler.ir.printer import show
>>> outer, inner, back = Builder(), Builder(), Builder()
>>> x, i, k, trips = (fresh_var(PY_INT, n) for n in ("x", "i", "k", "trips"))
>>> tape = outer.apply("list_new", element=PY_INT, hint="tape")
>>> params = [fresh_var(tape.type, "tape") for _ in range(2)]
>>> grown = inner.apply("list_append", params[0], i, hint="tape")
>>> full = fresh_var(tape.type, "tape")
>>> bounds = Range(constant(2), x, constant(1))
>>> outer.append(For((full,), bounds, (tape,), inner.region((i, params[0]), (grown,)),
...              trips))
>>> total, y = fresh_var(PY_INT, "total"), fresh_var(PY_INT, "y")
>>> value, less = back.apply_all("list_pop", params[1])
>>> more = back.apply("add", total, value)
>>> outer.append(For((y, fresh_var(tape.type)), replace(bounds, reverse=True),
...              (constant(0), full), back.region((k, total, params[1]), (more, less)),
...              fresh_var(PY_INT)))
>>> function = Function("f", outer.region((x,), (y,)))
>>> print(show(drain(function)))  # doctest: +NORMALIZE_WHITESPACE
f(x: int64)
    tape: list<int64> = list_new(element=int64)
    for i in range(2, x, 1) (tape.1: list<int64> = tape) -> tape.3: list<int64>
        tape.2: list<int64> = list_append(tape.1, i)
        yield tape.2
    %0: int64 = list_length(tape.3)
    for k in reversed(range(0, %0, 1)) (total: int64 = 0) -> y: int64
        %1: int64 = list_get(tape.3, k)
        %2: int64 = add(total, %1)
        yield %2
    return y
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import TypeGuard, TypeVar

from adcompiler.analysis.tapes import Sources, is_plain, place_popped
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Atom,
    For,
    Function,
    Let,
    Range,
    Region,
    Stmt,
    Var,
    carried_params,
)
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.walk import all_stmts, count_uses, map_regions

T = TypeVar("T")


def drain(function: Function) -> Function:
    """The function with its loops over tapes."""
    return replace(function, region=_Drain(function.region).region(function.region))


def keep_whole(function: Function) -> Function:
    """The function in which loops do not pop what others read by its place."""
    read = {s.operands[0] for s in all_stmts(function.region) if _is_get(s)}
    if not read:
        return function
    keeper = _Keeper(function.region, read)
    region = keeper.region(function.region)
    return replace(function, region=region) if keeper.changed else function


class _Walk:
    """Goes through the loops that may be rewritten."""

    def __init__(self, region: Region) -> None:
        self.used = count_uses(region)
        self.sources = Sources()

    def region(self, region: Region) -> Region:
        builder = Builder()
        for stmt in region.body:
            builder.span = stmt.span
            self.stmt(stmt, builder)
        return replace(region, body=tuple(builder.stmts))

    def stmt(self, stmt: Stmt, builder: Builder) -> None:
        stmt = map_regions(stmt, self.region)
        self.sources.note(stmt)
        if isinstance(stmt, For) and stmt.body.falls and not stmt.exits:
            stmt = self.loop(stmt, builder)
        builder.append(stmt)

    def loop(self, loop: For, builder: Builder) -> For:
        """The loop rewritten, after what it takes."""
        raise NotImplementedError


class _Keeper(_Walk):
    def __init__(self, region: Region, read: Set[Atom]) -> None:
        super().__init__(region)
        self.read = read
        self.changed = False

    def loop(self, loop: For, builder: Builder) -> For:
        """The loop reading by its index the lists that others read."""
        for pop, tape in tuple(self.sources.drained(loop, self.used)):
            if tape in self.read:
                loop = _by_index(loop, pop, tape)
                self.changed = True
        return loop


class _Drain(_Walk):
    def loop(self, loop: For, builder: Builder) -> For:
        """The loop over the first of its tapes, if it can go over one."""
        read = count_uses(loop.body).get(loop.body.params[0], 0)
        if read > 1:
            return loop
        found = self.got(loop) if read else self.popped(loop)
        if found is None:
            return loop
        taken, tape = found
        with builder.at(loop.span, loop.role):
            length = builder.apply("list_length", tape)
        return _from_its_top(loop, taken, tape, length)

    def got(self, loop: For) -> tuple[Let, Var] | None:
        """What is read by the index, which is for nothing else."""
        for let in loop.body.body:
            if not _is_get(let):
                continue
            tape, at = let.operands
            source = self.sources.of.get(tape) if isinstance(tape, Var) else None
            own = at == loop.body.params[0] and is_plain(loop.range)
            if own and source is not None and source.as_often(loop.range):
                return let, source.tape
        return None

    def popped(self, loop: For) -> tuple[Let, Var] | None:
        """What is popped, where no one reads the index."""
        pops = [
            s
            for s in loop.body.body
            if isinstance(s, Let) and s.primitive.name == "list_pop"
        ]
        drained = dict(self.sources.drained(loop, self.used))
        # Among several, none is first, but that it saves a counter.
        if not drained or (len(pops) > 1 and not self.is_counted(loop, drained)):
            return None
        return next(iter(drained.items()))

    def is_counted(self, loop: For, drained: dict[Let, Var]) -> bool:
        """Whether the range is made of a count of trips."""
        counts = {self.sources.of[tape].count for tape in drained.values()}
        return not counts.isdisjoint(loop.range.atoms)


def _is_get(stmt: Stmt) -> TypeGuard[Let]:
    return isinstance(stmt, Let) and stmt.primitive.name == "list_get"


def _by_index(loop: For, pop: Let, tape: Var) -> For:
    """The loop reading off a tape what it pops, by its index."""
    builder = Builder()
    for stmt in loop.body.body:
        with builder.at(stmt.span, stmt.role):
            if stmt is not pop:
                builder.append(stmt)
                continue
            place = place_popped(loop, loop.body.params[0], builder)
            builder.append(_get(pop, tape, place))
    body = replace(loop.body, body=tuple(builder.stmts))
    return _uncarried(replace(loop, body=body), pop)


def _from_its_top(loop: For, taken: Let, tape: Var, length: Var) -> For:
    """The loop over the indices of a tape, of which it takes an element at its top."""
    pops = taken.primitive.name == "list_pop"
    get = _get(taken, tape, loop.body.params[0])
    others = (s for s in loop.body.body if s is not taken)
    bounds = Range(constant(0), length, constant(1), None, pops or loop.range.reverse)
    body = replace(loop.body, body=(get, *others))
    loop = replace(loop, range=bounds, body=body)
    return _uncarried(loop, taken) if pops else loop


def _get(taken: Let, tape: Var, place: Atom) -> Let:
    row, value = PRIMITIVES["list_get"], taken.results[0]
    return replace(taken, primitive=row, results=(value,), operands=(tape, place))


def _uncarried(loop: For, pop: Let) -> For:
    """The loop without the list that it popped."""
    k = carried_params(loop).index(pop.operands[0])
    body = replace(
        loop.body,
        params=_without(loop.body.params, k + 1),
        results=_without(loop.body.results, k),
    )
    results, inits = _without(loop.results, k), _without(loop.inits, k)
    return replace(loop, results=results, inits=inits, body=body)


def _without(row: tuple[T, ...], k: int) -> tuple[T, ...]:
    return (*row[:k], *row[k + 1 :])
