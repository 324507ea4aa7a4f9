"""Lists that grow with a loop: their length counts its trips, which find their
elements.

In: a loop, and the lists that are empty before it. Out: the lists to which each trip
appends one element, and those to which each trip does that the exit does not end, with
the carried count of these trips; the loops that take such a list apart, one element a
trip, and where in it what a trip pops was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from adcompiler.analysis.exits import exit_of
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Let,
    Range,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    carried_results,
)
from adcompiler.ir.types import PY_INT


def grown(loop: For | While, empty: set[Var]) -> Iterator[Var]:
    """The lists after a loop to which each trip has appended one element."""
    if loop.body.falls:
        yield from _grown(loop, empty, loop.body, carried_results(loop))


def grown_unless_left(loop: For | While, empty: set[Var]) -> Iterator[tuple[Var, Var]]:
    """The lists to which each trip has appended one element but the one that ended the
    loop early, each with the count of these trips."""
    exit = exit_of(loop)
    if exit is None:
        return
    params = carried_params(loop)
    kept = [a == p for a, p in zip(exit.leaving, params, strict=True)]
    counts = [
        result
        for k, result in enumerate(loop.results)
        if kept[k] and _counts(loop, k, exit.other, exit.staying[k])
    ]
    ends = tuple(
        end if keeps else param
        for end, keeps, param in zip(exit.staying, kept, params, strict=True)
    )
    for tape in _grown(loop, empty, exit.other, ends):
        yield from ((tape, count) for count in counts)


def _counts(loop: For | While, k: int, region: Region, end: Atom) -> bool:
    """Whether a carried value counts the runs of a region."""
    init, param = loop.inits[k], carried_params(loop)[k]
    if param.type != PY_INT or not (isinstance(init, Const) and init.value == 0):
        return False
    return any(
        isinstance(s, Let)
        and s.primitive.name == "add"
        and s.results == (end,)
        and s.operands[0] == param
        and isinstance(s.operands[1], Const)
        and s.operands[1].value == 1
        for s in region.body
    )


def _grown(
    loop: For | While, empty: set[Var], region: Region, ends: tuple[Atom, ...]
) -> Iterator[Var]:
    appended = {
        s.result: s.operands[0]
        for s in region.body
        if isinstance(s, Let) and s.primitive.name == "list_append"
    }
    rows = zip(loop.inits, carried_params(loop), ends, loop.results, strict=True)
    for init, param, end, result in rows:
        if init in empty and isinstance(end, Var) and appended.get(end) == param:
            yield result


@dataclass(frozen=True, slots=True)
class Source:
    """A list, the loop that appended one element a trip to it when it was empty, and
    what counts these."""

    tape: Var
    loop: For | While
    count: Var

    def as_often(self, bounds: Range) -> bool:
        """Whether a range has as many indices as the list has elements."""
        same = [Range(constant(0), self.count, constant(1))]
        if isinstance(self.loop, For):
            own = replace(self.loop.range, reverse=False)
            same.append(replace(own, limit=self.count))
            if not self.loop.exits:
                same.append(own)
        return replace(bounds, reverse=False) in same


class Sources:
    """The lists that loops have made, as statements are gone through."""

    def __init__(self) -> None:
        self.empty: set[Var] = set()
        self.of: dict[Var, Source] = {}

    def note(self, stmt: Stmt) -> None:
        """A statement, after those before it and those inside it."""
        if isinstance(stmt, Let) and stmt.primitive.name == "list_new":
            self.empty.add(stmt.result)
        if isinstance(stmt, For | While):
            for tape, count in grown_unless_left(stmt, self.empty):
                self.of[tape] = Source(tape, stmt, count)
            for tape in grown(stmt, self.empty):
                self.of[tape] = Source(tape, stmt, stmt.trips)

    def drained(self, loop: For, used: Mapping[Var, int]) -> Iterator[tuple[Let, Var]]:
        """The pops that take a whole list apart, one element a trip, each with the list
        before the loop, where nothing reads what is left of it."""
        params, ends = carried_params(loop), carried_results(loop)
        for pop in loop.body.body:
            if not (isinstance(pop, Let) and pop.primitive.name == "list_pop"):
                continue
            param, rest = pop.operands[0], pop.results[1]
            if param not in params or rest not in ends:
                continue
            k = ends.index(rest)
            init = loop.inits[k]
            once = param == params[k] and used[params[k]] == used[rest] == 1
            if not once or loop.results[k] in used or not isinstance(init, Var):
                continue
            if init in self.of and self.of[init].as_often(loop.range):
                yield pop, init


def is_plain(bounds: Range) -> bool:
    """Whether this is ``range(n)``, or its reversal."""
    return (bounds.start, bounds.step) == (constant(0), constant(1))


def offset(bounds: Range, index: Atom, builder: Builder) -> Atom:
    """How many indices of a range, not reversed, there are before this one."""
    start, step = bounds.start, bounds.step
    if step == constant(-1):
        return builder.apply("subtract", start, index)
    passed = index if start == constant(0) else builder.apply("subtract", index, start)
    if step == constant(1):
        return passed
    return builder.apply("floor_divide", passed, step)


def place_popped(loop: For, index: Atom, builder: Builder) -> Atom:
    """Where in a list was what the trip of this index pops of it."""
    place = offset(loop.range, index, builder)
    if loop.range.reverse:
        return place
    return builder.apply("subtract", constant(-1), place)


def item_of(loop: For | While, made: Mapping[Var, Stmt]) -> Let | None:
    """The statement by which a loop over the indices of a list takes an element of it
    at the top of each trip."""
    if isinstance(loop, While) or loop.exits or not loop.body.body:
        return None
    index, first, stop = loop.body.params[0], loop.body.body[0], loop.range.stop
    length = made.get(stop) if isinstance(stop, Var) else None
    if not (isinstance(first, Let) and isinstance(length, Let)):
        return None
    if (first.primitive.name, length.primitive.name) != ("list_get", "list_length"):
        return None
    bounds = Range(constant(0), stop, constant(1), None, loop.range.reverse)
    whole = loop.range == bounds and first.operands == (length.operands[0], index)
    return first if whole else None


def element_taken(
    loop: For | While, folded: Mapping[Var, Stmt], used: Mapping[Var, int]
) -> Let | None:
    """The statement that takes an element off a list at the top of each trip of a loop
    over its indices, which nothing else reads."""
    item = item_of(loop, folded)
    if item is None or item.result in folded:
        return None
    return item if used.get(loop.body.params[0]) == 1 else None
