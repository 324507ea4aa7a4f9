"""The exit of a loop: the arm of an `If` at the end of its body that ends it.

In: a loop. Out: its exit, where it has one and no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    If,
    Region,
    Stmt,
    Var,
    While,
    carried_results,
    defined,
    stop_flag,
)


@dataclass(frozen=True, slots=True)
class Exit:
    """The arm that ends a loop, at the end of its body, and what either arm gives the
    carried values."""

    loop: For | While
    branch: If
    leaf: Region
    other: Region
    leaving: tuple[Atom, ...]
    staying: tuple[Atom, ...]

    @property
    def hidden(self) -> frozenset[Var]:
        """The values that only one of the arms knows."""
        return frozenset(defined_by((*self.leaf.body, *self.other.body)))

    @property
    def own(self) -> frozenset[Var]:
        """The values of the loop that its arms may read."""
        body = self.loop.body
        return frozenset((*body.params, *defined_by(body.body[:-1])))

    @property
    def certain(self) -> bool:
        """Whether the loop ends in no other way: a ``while True``."""
        cond = self.loop.cond.results[0] if isinstance(self.loop, While) else None
        return isinstance(cond, Const) and bool(cond.value)


def exit_of(loop: For | While) -> Exit | None:
    """The one arm that ends the loop."""
    flag = stop_flag(loop)
    last = loop.body.body[-1] if loop.body.body else None
    if not (isinstance(last, If) and isinstance(flag, Var) and flag in last.results):
        return None
    k = last.results.index(flag)
    if not (last.then.falls and last.orelse.falls):
        return None
    flags = [arm.results[k] for arm in (last.then, last.orelse)]
    known = [bool(f.value) for f in flags if isinstance(f, Const)]
    if sorted(known) != [False, True]:
        return None
    leaf, other = last.then, last.orelse
    if not known[0]:
        leaf, other = other, leaf

    def given(arm: Region) -> tuple[Atom, ...]:
        results: dict[Atom, Atom] = dict(zip(last.results, arm.results, strict=True))
        return tuple(results.get(a, a) for a in carried_results(loop))

    return Exit(loop, last, leaf, other, given(leaf), given(other))


def defined_by(stmts: Iterable[Stmt]) -> set[Var]:
    """The values that statements define in their own region."""
    return {v for s in stmts for v in defined(s)}
