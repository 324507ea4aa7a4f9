"""Dead code: what no result, error, print or draw depends on goes.

In: any function. Out: one with the same results and effects, in the same order.
Invariants: no statement of the result is dead. A value carried by a loop only to
compute itself is dead, and so is a tape from which nothing is ever popped. A `While`
stays, since it may not end; a `For` without effects and without live results goes.

What may raise stays even when its value is unused: the gradient raises what the primal
would. Derivative code is *safe*: it raises nothing that the primal has not raised
before, so there an unused value goes.

Marks from the roots along the edges from a value to what it is computed from, then
sweeps; linear (cf. Cytron et al. 1991, section 7.1).

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.nodes import Function, Region, fresh_var
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import NP_FLOAT
>>> b, x = Builder(), fresh_var(NP_FLOAT, "x")
>>> y, unused = b.apply("sin", x, via="np"), b.apply("multiply", x, constant(2))
>>> print(show(eliminate_dead_code(Function("f", b.region((x,), (y,))))))
f(x: np.float64)
    %0: np.float64 = sin(x, via='np')
    return %0
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar, assert_never

from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    carried_results,
    defined,
    stop_flag,
)
from adcompiler.ir.walk import all_stmts, regions

T = TypeVar("T")


def eliminate_dead_code(function: Function) -> Function:
    """The function without dead code; the same object where there is none."""
    marks = _Marks(function.region)
    if not marks.dead:
        return function
    return replace(function, region=_swept(function.region, marks))


def has_effect(stmt: Stmt) -> bool:
    """Whether a statement must run, apart from those in its regions."""
    match stmt:
        case Let():
            return bool(stmt.effect)
        case If():
            return False
        case For():
            # range() raises where its step is 0.
            step = stmt.range.step
            unknown = not isinstance(step, Const) or step.value == 0
            return unknown and stmt.role == "primal"
        case While():
            return True
        case _:
            assert_never(stmt)


class _Marks:
    """Which values and statements are live."""

    def __init__(self, region: Region) -> None:
        self.live: set[Var] = set()
        self.kept: set[Stmt] = set()
        self.source: dict[Var, tuple[Stmt, int]] = {}
        self.parent: dict[Stmt, Stmt] = {}
        self.pending: list[Var | Stmt] = []
        self.slots: set[tuple[Stmt, int]] = set()
        self._index(region, None)
        self._reach(region.results)
        while self.pending:
            item = self.pending.pop()
            if isinstance(item, Var):
                self._mark_var(item)
            else:
                self._mark_stmt(item)
        self.dead = any(self._is_dead(s) for s in all_stmts(region))

    def _is_dead(self, stmt: Stmt) -> bool:
        if stmt not in self.kept:
            return True
        match stmt:
            case Let():
                return False
            case If():
                return not self.live.issuperset(stmt.results)
            case For() | While():
                return any((stmt, k) not in self.slots for k in range(len(stmt.inits)))
            case _:
                assert_never(stmt)

    def _index(self, region: Region, parent: Stmt | None) -> None:
        """Note where each value comes from, and what must run."""
        for stmt in region.body:
            if parent is not None:
                self.parent[stmt] = parent
            for k, var in enumerate(defined(stmt)):
                self.source[var] = (stmt, k)
            if not isinstance(stmt, Let):
                self._index_within(stmt)
            if has_effect(stmt):
                self.pending.append(stmt)

    def _index_within(self, stmt: If | For | While) -> None:
        if not isinstance(stmt, If):
            for k, param in enumerate(carried_params(stmt)):
                self.source[param] = (stmt, k)
        if isinstance(stmt, While):
            for k, param in enumerate(stmt.cond.params):
                self.source[param] = (stmt, k)
        for inner in regions(stmt):
            self._index(inner, stmt)

    def _reach(self, atoms: Iterable[Atom]) -> None:
        self.pending += [a for a in atoms if isinstance(a, Var)]

    def _mark_stmt(self, stmt: Stmt) -> None:
        """A statement runs: so does the one around it, and what it reads is live."""
        if stmt in self.kept:
            return
        self.kept.add(stmt)
        if stmt in self.parent:
            self.pending.append(self.parent[stmt])
        match stmt:
            case Let():
                self._reach(stmt.operands)
            case If():
                self._reach((stmt.cond,))
            case For():
                self._reach(stmt.range.atoms)
                self._reach_flag(stmt)
            case While():
                self._reach(stmt.cond.results)
                self._reach_flag(stmt)
            case _:
                assert_never(stmt)

    def _reach_flag(self, loop: For | While) -> None:
        flag = stop_flag(loop) if loop.exits and loop.body.falls else None
        self._reach(() if flag is None else (flag,))

    def _mark_var(self, var: Var) -> None:
        """A value is live: so is what it comes from."""
        if var in self.live:
            return
        self.live.add(var)
        if var not in self.source:
            return
        stmt, k = self.source[var]
        self.pending.append(stmt)
        match stmt:
            case Let():
                pass
            case If():
                arms = [a for a in (stmt.then, stmt.orelse) if a.falls]
                self._reach(a.results[k] for a in arms)
            case For() | While():
                # The trip count and `stopped` come after the carried values.
                if k < len(stmt.inits):
                    self._mark_slot(stmt, k)
            case _:
                assert_never(stmt)

    def _mark_slot(self, loop: For | While, k: int) -> None:
        """A carried value is live before, in and after the loop, or nowhere."""
        self.slots.add((loop, k))
        self._reach((loop.inits[k],))
        if loop.body.falls:
            self._reach((carried_results(loop)[k],))


def _swept(region: Region, marks: _Marks) -> Region:
    body = tuple(_pruned(s, marks) for s in region.body if s in marks.kept)
    return replace(region, body=body)


def _pruned(stmt: Stmt, marks: _Marks) -> Stmt:
    match stmt:
        case Let():
            return stmt
        case If():
            alive = [r in marks.live for r in stmt.results]
            return replace(
                stmt,
                results=_chosen(stmt.results, alive),
                then=_arm(stmt.then, alive, marks),
                orelse=_arm(stmt.orelse, alive, marks),
            )
        case For():
            alive = [(stmt, k) in marks.slots for k in range(len(stmt.inits))]
            return replace(
                stmt,
                results=_chosen(stmt.results, alive),
                inits=_chosen(stmt.inits, alive),
                body=_body(stmt, [True, *alive], alive, marks),
            )
        case While():
            alive = [(stmt, k) in marks.slots for k in range(len(stmt.inits))]
            cond = _swept(stmt.cond, marks)
            return replace(
                stmt,
                results=_chosen(stmt.results, alive),
                inits=_chosen(stmt.inits, alive),
                cond=replace(cond, params=_chosen(cond.params, alive)),
                body=_body(stmt, alive, alive, marks),
            )
        case _:
            assert_never(stmt)


def _arm(arm: Region, alive: list[bool], marks: _Marks) -> Region:
    swept = _swept(arm, marks)
    return replace(swept, results=_chosen(arm.results, alive)) if arm.falls else swept


def _body(
    loop: For | While, params: list[bool], alive: list[bool], marks: _Marks
) -> Region:
    swept = replace(_swept(loop.body, marks), params=_chosen(loop.body.params, params))
    if not loop.body.falls:
        return swept
    flag = [True] if loop.exits else []
    return replace(swept, results=_chosen(loop.body.results, flag + alive))


def _chosen(items: tuple[T, ...], alive: list[bool]) -> tuple[T, ...]:
    return tuple(i for i, keep in zip(items, alive, strict=True) if keep)
