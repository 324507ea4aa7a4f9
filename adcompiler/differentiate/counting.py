"""Integers that a loop counts with.

In: a loop. Out: a `Counter` for each carried integer that changes by the same amount in
every trip: the reverse sweep has its value by the number of the trip, and no tape.

    p = first                        p = first + (j - i)
    for j in range(i, n):     ->     in the trip of j
        x[p] = ...
        p += 1

Invariant: what is counted by is known before the loop, and the count is changed at the
end of each trip, however the loop ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Let,
    Var,
    While,
    carried_params,
    carried_results,
)
from adcompiler.ir.types import Scalar
from adcompiler.ir.walk import free_vars

__all__ = ["Counter", "counted", "counters"]

_CHANGES = ("add", "subtract")


@dataclass(frozen=True, slots=True)
class Counter:
    """What a carried integer is: `init`, changed by `step` in each trip of the loop;
    `change` is "add" or "subtract"."""

    loop: For | While
    init: Atom
    change: str
    step: Atom

    @property
    def sources(self) -> tuple[Var, ...]:
        """What is known of it before the loop."""
        atoms: tuple[Atom | None, ...] = (self.init, self.step)
        if isinstance(self.loop, For):
            atoms += (self.loop.range.start, self.loop.range.step)
        return tuple(a for a in atoms if isinstance(a, Var))


def counters(loop: For | While) -> Iterator[tuple[Var, Counter]]:
    """The integers that a loop counts with."""
    if not loop.body.falls:
        return
    lets = {v: s for s in loop.body.body if isinstance(s, Let) for v in s.results}
    rows = zip(carried_params(loop), loop.inits, carried_results(loop), strict=True)
    outside: frozenset[Var] | None = None
    for param, init, end in rows:
        let = lets.get(end) if isinstance(end, Var) else None
        if let is None or let.primitive.name not in _CHANGES or not _is_whole(param):
            continue
        first, step = let.operands
        if let.primitive.name == "add" and step == param:
            first, step = step, first
        if first != param or not init.type == end.type == param.type:
            continue
        if outside is None:
            outside = frozenset(free_vars(loop.body))
        known = isinstance(step, Const) or step in outside
        if known and isinstance(init, Const | Var):
            yield param, Counter(loop, init, let.primitive.name, step)


def _is_whole(var: Var) -> bool:
    """Whether a value is an integer of 64 bits, or one of Python's."""
    t = var.type
    return isinstance(t, Scalar) and t.dtype == "int64" and t.kind != "either"


def counted(
    counter: Counter,
    trip: Atom,
    now: Callable[[Atom], Atom],
    builder: Builder,
    name: str | None,
) -> Atom:
    """What the loop has counted before a trip; `now` gives atoms as they are found in
    the reverse sweep."""
    first = len(builder.stmts)
    step, passed = now(counter.step), trip
    if step != constant(1):
        passed = builder.apply("multiply", trip, step)
    value = builder.apply(counter.change, now(counter.init), passed, hint=name)
    # The forward sweep came to the same number, step by step.
    for k, stmt in enumerate(builder.stmts[first:], first):
        if isinstance(stmt, Let):
            builder.stmts[k] = replace(stmt, safe=True)
    return value
