"""Whether a statement may run before those that it stands after.

In: statements of one region, in program order. Out: what running each does that
another could notice. Invariants: what is primal keeps the order of its errors and
prints; derivative code, which raises only what the primal has raised before, is not
moved in front of primal code that may raise first. A write to an array (every store may
happen in place, see `lowering.bufferise`) is not moved past a read of it, so that no
copy becomes necessary.

    y = math.sqrt(x)                 y = math.sqrt(x)
    s = x + 1          may become    if c:
    if c:                                x_bar = y
        x_bar = y                    s = x + 1
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from adcompiler.ir.nodes import (
    Atom,
    For,
    If,
    Let,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    defined,
)
from adcompiler.ir.primitive import Effect, Storage
from adcompiler.ir.types import Array, Dim, Length, ListOf, dims_of
from adcompiler.ir.walk import all_stmts, count_uses, free_vars, regions
from adcompiler.optimise.dce import has_effect


class Facts(NamedTuple):
    """What running a statement does and reads; arrays and lists by their memory."""

    acts: bool  # it must run, and in its place among others that must
    may_raise: bool
    reads: frozenset[Var]
    memory: frozenset[Var]
    writes: frozenset[Var]


class Order:
    """What is known of a function's statements, and which may change places."""

    def __init__(self, region: Region) -> None:
        self._root: dict[Var, Var] = {}
        self._facts: dict[Stmt, Facts] = {}
        self._note(region)

    def facts(self, stmt: Stmt) -> Facts:
        """What running the statement does."""
        if stmt not in self._facts:
            self._facts[stmt] = self._find(stmt)
        return self._facts[stmt]

    def may_swap(self, first: Stmt, second: Stmt) -> bool:
        """Whether the second of two statements may run before the first."""
        a, b = self.facts(first), self.facts(second)
        if not b.reads.isdisjoint(defined(first)):
            return False
        if (a.acts and (b.acts or b.may_raise)) or (b.acts and a.may_raise):
            return False
        return a.memory.isdisjoint(b.writes) and b.memory.isdisjoint(a.writes)

    def _find(self, stmt: Stmt) -> Facts:
        inner = tuple(all_stmts((stmt,)))
        reads = free_vars(stmt)
        writes = (
            s.operands[0] for s in inner if isinstance(s, Let) and s.primitive.writes
        )
        return Facts(
            any(map(has_effect, inner)),
            any(isinstance(s, Let) and _raises(s) for s in inner),
            frozenset(reads),
            self._memory(reads),
            self._memory(writes),
        )

    def _memory(self, atoms: Iterable[Atom]) -> frozenset[Var]:
        return frozenset(
            self._root.get(a, a)
            for a in atoms
            if isinstance(a, Var) and isinstance(a.type, Array | ListOf)
        )

    def _note(self, region: Region) -> None:
        """Note where the arrays live that the statements give."""
        for stmt in region.body:
            if isinstance(stmt, For | While):
                params = carried_params(stmt)
                conds = stmt.cond.params if isinstance(stmt, While) else ()
                self._same(params + conds, (*stmt.inits, *stmt.inits))
            for inner in regions(stmt):
                self._note(inner)
            match stmt:
                case Let():
                    if stmt.primitive.storage is not Storage.NEW:
                        self._same(stmt.results[-1:], stmt.operands[:1])
                case For() | While():
                    self._same(stmt.results, stmt.inits)
                case If():
                    for arm in regions(stmt):
                        self._same(stmt.results, arm.results)

    def _same(self, names: Iterable[Var], sources: Iterable[Atom]) -> None:
        for var, source in zip(names, sources, strict=False):
            if isinstance(source, Var) and isinstance(var.type, Array | ListOf):
                self._root[var] = self._root.get(source, source)


def new_lengths(stmt: Stmt) -> set[Length]:
    """The symbolic lengths of what a statement gives."""
    dims = {d for v in defined(stmt) for d in dims_of(v.type)}
    return {d for d in dims if isinstance(d, Dim)}


def has_choices(region: Region) -> bool:
    """Whether derivative code has an `If` or stands in one."""
    choice = derived = False
    for stmt in all_stmts(region):
        choice |= isinstance(stmt, If)
        derived |= stmt.role != "primal"
    return choice and derived


def note_uses(uses: dict[Var, int], old: Iterable[Stmt], new: Stmt) -> None:
    """Note how often values are read when a statement stands for some others."""
    for stmts, sign in (((new,), 1), (tuple(old), -1)):
        for var, count in count_uses(Region((), stmts, ())).items():
            uses[var] = uses.get(var, 0) + sign * count


def _raises(let: Let) -> bool:
    types = tuple(a.type for a in let.operands)
    return bool(let.primitive.effect_on(types, dict(let.params)) & Effect.MAY_RAISE)
