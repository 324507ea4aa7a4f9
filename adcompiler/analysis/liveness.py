"""Which values are still needed, at every point of a structured region.

In: a region. Out: for every statement the values live after it; for every region those
live at its start; for every loop those that must outlive each trip.
Invariants: a value is live from its definition to its last read on any path. What a
loop's body reads from outside is live throughout the loop, since the next trip reads
it again; what follows an `If` is live at the end of both arms, except of one that
raises.

A value may be *folded*: it is written out at its use, where the values that it is
computed from are then read (`lowering.inlining`).

>>> from adcompiler.ir.nodes import Const, If, Region, fresh_var
>>> from adcompiler.ir.types import PY_BOOL, PY_FLOAT
>>> c, x, y, z = (fresh_var(t) for t in (PY_BOOL, PY_FLOAT, PY_FLOAT, PY_FLOAT))
>>> choice = If((z,), c, Region((), (), (x,)), Region((), (), (y,)))
>>> live = liveness(Region((c, x, y), (choice,), (z, x)))
>>> live.after[choice] == {z, x}, live.entry[choice.orelse] == {x, y}
(True, True)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from adcompiler.ir.nodes import (
    Atom,
    For,
    If,
    Let,
    Region,
    Stmt,
    Var,
    While,
    defined,
)
from adcompiler.ir.walk import free_vars, operands, regions

Folded = Mapping[Var, tuple[Var, ...]]
Live = frozenset[Var]


@dataclass(frozen=True, slots=True)
class Liveness:
    """The values live after a statement, at the start of a region, through a loop."""

    after: dict[Stmt, Live] = field(default_factory=dict)
    entry: dict[Region, Live] = field(default_factory=dict)
    through: dict[Stmt, Live] = field(default_factory=dict)


def liveness(region: Region, folded: Folded | None = None) -> Liveness:
    """The liveness of all values in the region; `folded` maps values that are written
    out at their use to those that are read there."""
    walk = _Walk(folded or {})
    walk.region(region, set())
    return walk.found


class _Walk:
    """Goes backwards; `live` is the set at the current point, changed in place."""

    def __init__(self, folded: Folded) -> None:
        self.folded = folded
        self.found = Liveness()

    def read(self, atoms: Iterable[Atom]) -> set[Var]:
        """The values that are read where these atoms are."""
        result: set[Var] = set()
        for atom in atoms:
            if isinstance(atom, Var):
                result.update(self.folded.get(atom, (atom,)))
        return result

    def region(self, region: Region, after: Iterable[Var]) -> set[Var]:
        """What is live at the start, where `after` is what is live after the region."""
        live = set(after) if region.falls else set()
        live |= self.read(region.results)
        for stmt in reversed(region.body):
            self.stmt(stmt, live)
        self.found.entry[region] = frozenset(live)
        live.difference_update(region.params)
        return live

    def stmt(self, stmt: Stmt, live: set[Var]) -> None:
        if any(v in self.folded for v in defined(stmt)):
            return
        self.found.after[stmt] = frozenset(live)
        live.difference_update(defined(stmt))
        match stmt:
            case Let():
                pass
            case If():
                arms = self.region(stmt.then, live) | self.region(stmt.orelse, live)
                live.clear()
                live |= arms
            case For() | While():
                self.loop(stmt, live)
            case _:
                assert_never(stmt)
        live |= self.read(operands(stmt))

    def loop(self, loop: For | While, live: set[Var]) -> None:
        for region in regions(loop):
            live |= self.read(free_vars(region))
        self.found.through[loop] = frozenset(live)
        self.region(loop.body, live)
        if isinstance(loop, While):
            # After the condition come the body or the end: both read all carried.
            self.region(loop.cond, live.union(loop.cond.params))
