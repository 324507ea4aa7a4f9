"""Lists whose heads stay in registers while a loop counts.

In: a loop, while it is written. Out: where the elements of a list are, and how many
there are, as values; memory for what all trips append, taken before the first.
Invariants: only what each trip does as often, in its own statements, is counted: it
appends to a list, or takes off it, and nothing else in the loop reads that. In memory
the length is as before the loop, until it is over: a run that is given up has no use
for it. A list that the loop does not change has one head for all its trips. None is
looked at before the loop that a path may leave unassigned.

    for ...: tape = list_append(tape, x)
        ->   reserve(tape, trips); data, length = head of tape
             for ...: data[length + trip] = x
             length of tape = length + trips
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adcompiler.emit.llvm.listed import head_of, reserve, set_length
from adcompiler.emit.llvm.writer import Head, Writer
from adcompiler.ir.nodes import (
    Atom,
    For,
    Let,
    Region,
    Var,
    carried_params,
    carried_results,
)
from adcompiler.ir.types import ListOf
from adcompiler.ir.walk import all_stmts, count_uses, free_vars

__all__ = ["Counted"]

_STEPS = {"list_append": 1, "list_pop": -1}
_READING = ("list_get", "list_length")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A list that a loop carries, by how much a trip changes its length, where it is,
    and its head before the loop."""

    param: Var
    step: int
    block: str
    head: Head


class Counted:
    """The lists of one loop, of as many trips as `count` says."""

    def __init__(self, writer: Writer, loop: For, count: str) -> None:
        self.writer, self.outside = writer, writer.heads
        self.kept = [
            self._reserved(param, init, step, count)
            for param, init, step in _changing(loop)
            if isinstance(init, Var) and init not in writer.missing
        ]
        found = {
            var: head_of(writer.code, writer.block(var))
            for var in _read_only(loop)
            if var not in writer.heads and var not in writer.missing
        }
        writer.heads = {**writer.heads, **found}

    def _reserved(self, param: Var, init: Var, step: int, count: str) -> _Kept:
        code, block = self.writer.code, self.writer.block(init)
        if step > 0:
            reserve(code, block, param.type, count, step)
        return _Kept(param, step, block, head_of(code, block))

    def trip(self, trips: str) -> None:
        """A trip begins, after this many others."""
        for kept in self.kept:
            self.writer.heads[kept.param] = self._after(kept, trips)

    def _after(self, kept: _Kept, trips: str) -> Head:
        code = self.writer.code
        change = code.multiply(trips, str(abs(kept.step)))
        sign = "add" if kept.step > 0 else "sub"
        return Head(kept.head.data, code.op(f"{sign} i64 {kept.head.length}, {change}"))

    def over(self, trips: str) -> None:
        """The loop is over, after this many trips."""
        code = self.writer.code
        for kept in self.kept:
            set_length(code, kept.block, self._after(kept, trips).length)
        self.writer.heads = self.outside


def _changing(loop: For) -> Iterator[tuple[Var, Atom, int]]:
    """The lists that every trip makes longer, or shorter, by as much: each with what it
    is before the loop."""
    if loop.exits or not loop.body.falls:
        return
    rows = list(
        zip(carried_params(loop), loop.inits, carried_results(loop), strict=True)
    )
    if not any(isinstance(param.type, ListOf) for param, _, _ in rows):
        return
    uses = count_uses(loop.body)
    for param, init, end in rows:
        listed = isinstance(param.type, ListOf)
        step = _step(loop.body, uses, param, end) if listed else 0
        if step:
            yield param, init, step


def _step(region: Region, uses: Mapping[Var, int], start: Var, end: Atom) -> int:
    """How many elements the statements of a region append to a list, less those that
    they take; 0 where they do both, or something else."""
    steps: list[int] = []
    current = start
    for stmt in region.body:
        if not isinstance(stmt, Let) or stmt.primitive.name not in _STEPS:
            continue
        if stmt.operands[0] == current:
            if uses[current] != 1:
                return 0
            steps.append(_STEPS[stmt.primitive.name])
            current = stmt.results[-1]
    whole = current == end and uses.get(current) == 1 and len(set(steps)) == 1
    return sum(steps) if whole else 0


def _read_only(loop: For) -> Iterator[Var]:
    """The lists that trips read elements of, and that no trip makes."""
    lets = (s for s in all_stmts(loop.body) if isinstance(s, Let))
    read = {s.operands[0] for s in lets if s.primitive.name in _READING}
    if read:
        yield from (v for v in free_vars(loop.body) if v in read)
