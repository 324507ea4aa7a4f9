"""Loops that take an element off a tape in each trip go over the tape.

In: a function whose reversed loops count what a forward loop counted. Out: one in which
such a loop is over the length of a list from which each trip takes one element at its
top, where the count is that length; the emitter prints ``for x in reversed(xs):``.
Elsewhere the length of a tape to which each trip appends tells a count of trips.
Invariant: nothing reads the list after such a loop: going over it does not empty it.

    for ...:  # trips                for ...:
        xs.append(x)                     xs.append(x)
    for _ in range(trips):     ->    for _ in range(len(xs)):
        y_bar = 2 * y_bar                x = xs.pop()
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
    for k in range(0, %0, 1) (total: int64 = 0,
            tape.4: list<int64> = tape.3) -> y: int64, %4: list<int64>
        %1: int64, %2: list<int64> = list_pop(tape.4)
        %3: int64 = add(total, %1)
        yield %3, %2
    return y
"""

from __future__ import annotations

from dataclasses import replace

from adcompiler.analysis.tapes import grown, grown_unless_left
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    For,
    Function,
    Let,
    Range,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    carried_results,
)
from adcompiler.ir.walk import count_uses, map_regions


def drain(function: Function) -> Function:
    """The function with its loops over tapes."""
    return replace(function, region=_Drain(function.region).region(function.region))


class _Drain:
    def __init__(self, region: Region) -> None:
        self.used = count_uses(region)
        self.empty: set[Var] = set()
        # By a list: the loop that made it, and what counts its elements.
        self.source: dict[Var, tuple[For | While, Var]] = {}

    def region(self, region: Region) -> Region:
        builder = Builder()
        for stmt in region.body:
            builder.span = stmt.span
            self.stmt(stmt, builder)
        return replace(region, body=tuple(builder.stmts))

    def stmt(self, stmt: Stmt, builder: Builder) -> None:
        if isinstance(stmt, Let) and stmt.primitive.name == "list_new":
            self.empty.add(stmt.result)
        stmt = map_regions(stmt, self.region)
        if isinstance(stmt, For | While):
            for tape, count in grown_unless_left(stmt, self.empty):
                self.source[tape] = stmt, count
            for tape in grown(stmt, self.empty):
                self.source[tape] = stmt, stmt.trips
        if isinstance(stmt, For):
            stmt = self.over_tape(stmt, builder)
        builder.append(stmt)

    def over_tape(self, loop: For, builder: Builder) -> For:
        """The loop over the first of its tapes, if it can go over one."""
        index, *_ = loop.body.params
        if index in self.used or loop.exits or not loop.body.falls:
            return loop
        pops = [
            s
            for s in loop.body.body
            if isinstance(s, Let) and s.primitive.name == "list_pop"
        ]
        drained = {s: tape for s in pops if (tape := self.tape(loop, s)) is not None}
        # Among several, none is first, but that it saves a counter.
        if not drained or (len(pops) > 1 and not self.is_counted(loop, drained)):
            return loop
        pop, tape = next(iter(drained.items()))
        with builder.at(loop.span, loop.role):
            length = builder.apply("list_length", tape)
        others = (s for s in loop.body.body if s is not pop)
        return replace(
            loop,
            range=Range(constant(0), length, constant(1)),
            body=replace(loop.body, body=(pop, *others)),
        )

    def is_counted(self, loop: For, drained: dict[Let, Var]) -> bool:
        """Whether the range is made of a count of trips."""
        counts = {self.source[tape][1] for tape in drained.values()}
        return not counts.isdisjoint(loop.range.atoms)

    def tape(self, loop: For, pop: Let) -> Var | None:
        """The list that the loop takes apart by these pops, one a trip."""
        params, ends = carried_params(loop), carried_results(loop)
        _, rest = pop.results
        if pop.operands[0] not in params or rest not in ends:
            return None
        k = ends.index(rest)
        init, param = loop.inits[k], params[k]
        once = self.used[param] == self.used[rest] == 1 and param == pop.operands[0]
        if not (once and isinstance(init, Var) and loop.results[k] not in self.used):
            return None
        source = self.source.get(init)
        return init if source is not None and _as_often(loop.range, *source) else None


def _as_often(bounds: Range, source: For | While, count: Var) -> bool:
    """Whether a range has as many indices as a loop has trips that count."""
    same = [Range(constant(0), count, constant(1))]
    if isinstance(source, For):
        same.append(replace(source.range, limit=count, reverse=False))
        if not source.exits:
            same.append(replace(source.range, reverse=False))
    return replace(bounds, reverse=False) in same
