"""Trip counts and stop marks become ordinary values, where anyone reads them.

In: a function whose loops define `trips` and `stopped`. Out: one in which both are
read of no loop: a count that the range does not tell is a carried value, increased at
the top of the body, and `stopped` is one that takes the value of the stop flag.
Where each trip appends to a list that was empty, its length is the count.
Invariant: all other values are as before.

    for ...:            trips = 0
        ...        ->   for ...:
    use(trips)              trips += 1
                            ...
                        use(trips)

>>> from adcompiler.ir.builder import Builder
>>> from adcompiler.ir.printer import show
>>> import adcompiler.primitives
>>> n, i, trips = (fresh_var(PY_INT, name) for name in ("n", "i", "trips"))
>>> bounds = Range(n, constant(9), constant(2))
>>> loop = For((), bounds, (), Region((i,), (), ()), trips)
>>> print(show(explicit_counters(Function("f", Region((n,), (loop,), (trips,))))))
f(n: int64)
    trips: int64 = range_length(n, 9, 2)
    for i in range(n, 9, 2) ()
        yield
    return trips
"""

from __future__ import annotations

from dataclasses import replace

from adcompiler.analysis.tapes import grown
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    Let,
    Range,
    Region,
    Stmt,
    Var,
    While,
    fresh_var,
)
from adcompiler.ir.types import PY_INT
from adcompiler.ir.walk import count_uses, map_regions, substitute


def explicit_counters(function: Function) -> Function:
    """The function with every trip count and stop mark that is read made explicit."""
    rewrite = _Rewrite(function.region)
    region = rewrite.region(function.region)
    return replace(function, region=substitute(region, rewrite.known))


class _Rewrite:
    def __init__(self, region: Region) -> None:
        self.used = count_uses(region)
        self.lengths: set[Var] = set()
        self.empty: set[Var] = set()
        self.counted_by: dict[Var, Range] = {}
        self.known: dict[Var, Atom] = {}

    def region(self, region: Region) -> Region:
        builder = Builder()
        for stmt in region.body:
            if isinstance(stmt, Let) and stmt.primitive.name in ("shape", "size"):
                self.lengths.add(stmt.result)
            if isinstance(stmt, Let) and stmt.primitive.name == "list_new":
                self.empty.add(stmt.result)
            self.stmt(stmt, builder)
        return replace(region, body=tuple(builder.stmts))

    def stmt(self, stmt: Stmt, builder: Builder) -> None:
        stmt = map_regions(stmt, self.region)
        if isinstance(stmt, For):
            self.counted_by[stmt.trips] = stmt.range
            stmt = replace(stmt, range=self.shortened(stmt.range))
        if not isinstance(stmt, For | While):
            builder.append(stmt)
            return
        tape = next(grown(stmt, self.empty), None)
        if stmt.trips in self.used and tape is None:
            stmt = self.counted(stmt, builder)
        if stmt.stopped is not None and stmt.stopped in self.used:
            stmt = _marked(stmt)
        builder.append(stmt)
        if stmt.trips in self.used and tape is not None:
            with builder.at(stmt.span, stmt.role):
                length = builder.apply("list_length", tape, hint="trips")
            self.known[stmt.trips] = length

    def counted(self, loop: For | While, builder: Builder) -> For | While:
        if isinstance(loop, While) or loop.exits or loop.range.limit is not None:
            return _counting(loop)
        trips, bounds = loop.trips, loop.range
        if _is(bounds.start, 0) and _is(bounds.step, 1) and self.natural(bounds.stop):
            self.known[trips] = bounds.stop
        else:
            with builder.at(loop.span, loop.role):
                length = builder.apply(
                    "range_length", bounds.start, bounds.stop, bounds.step, hint="trips"
                )
            self.known[trips] = length
        return replace(loop, trips=fresh_var(PY_INT, "trips"))

    def shortened(self, bounds: Range) -> Range:
        """``range(n)[:trips]`` is ``range(trips)`` where the trips are of range(n)."""
        if not isinstance(bounds.limit, Var) or bounds.limit not in self.counted_by:
            return bounds
        origin = self.counted_by[bounds.limit]
        same = replace(bounds, limit=origin.limit, reverse=origin.reverse) == origin
        if same and _is(bounds.start, 0) and _is(bounds.step, 1):
            return replace(bounds, stop=bounds.limit, limit=None)
        return bounds

    def natural(self, atom: Atom) -> bool:
        """Whether it cannot be negative."""
        if isinstance(atom, Const):
            return bool(atom.value >= 0)
        return atom in self.lengths


def _is(atom: Atom, value: int) -> bool:
    return isinstance(atom, Const) and bool(atom.value == value)


def _counting(loop: For | While) -> For | While:
    """The loop with its trips counted in a carried value."""
    before = fresh_var(PY_INT, "trips")
    builder = Builder(role=loop.role)
    after = builder.apply("add", before, constant(1), hint="trips")
    body = replace(loop.body, body=(*builder.stmts, *loop.body.body))
    loop = replace(loop, body=body)
    counted = _carry(loop, loop.trips, constant(0), before, after)
    return replace(counted, trips=fresh_var(PY_INT, "trips"))


def _marked(loop: For | While) -> For | While:
    """The loop with its stop flag carried out."""
    assert loop.stopped is not None
    before = fresh_var(loop.stopped.type, loop.stopped.name or "stopped")
    flag = loop.body.results[0]
    marked = _carry(loop, loop.stopped, constant(False), before, flag)
    return replace(marked, stopped=fresh_var(loop.stopped.type, "stopped"))


def _carry(
    loop: For | While, result: Var, init: Atom, param: Var, end: Atom
) -> For | While:
    body = replace(
        loop.body,
        params=(*loop.body.params, param),
        results=(*loop.body.results, end),
    )
    results, inits = (*loop.results, result), (*loop.inits, init)
    if isinstance(loop, For):
        return replace(loop, results=results, inits=inits, body=body)
    cond = replace(
        loop.cond, params=(*loop.cond.params, fresh_var(param.type, param.name))
    )
    return replace(loop, results=results, inits=inits, cond=cond, body=body)
