"""Which values are still needed, at every point of a structured region.

In: a region. Out: for every statement the values live after it; for every region those
live at its start; for every loop those that must outlive each trip.
Invariants: a value is live from its definition to its last read on any path. What a
loop's body reads from outside is live throughout the loop, since the next trip reads
it again; what follows an `If` is live at the end of both arms, except of one that
raises.

A value may be *folded*: it is written out at its use, where the values that it is
computed from are then read (`lowering.inlining`).

Sets of values are ints with a bit for each value: in a long function most values are
live at most points, and the sets of all points would be quadratic in its length.

>>> from adcompiler.ir.nodes import Const, If, Region, fresh_var
>>> from adcompiler.ir.types import PY_BOOL, PY_FLOAT
>>> c, x, y, z = (fresh_var(t) for t in (PY_BOOL, PY_FLOAT, PY_FLOAT, PY_FLOAT))
>>> choice = If((z,), c, Region((), (), (x,)), Region((), (), (y,)))
>>> live = liveness(Region((c, x, y), (choice,), (z, x)))
>>> live.after[choice] == live.bits((z, x))
True
>>> live.values(live.entry[choice.orelse]) == [x, y]
True
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
Bits = int


@dataclass(slots=True)
class Liveness:
    """The values live after a statement, at the start of a region, through a loop."""

    after: dict[Stmt, Bits] = field(default_factory=dict)
    entry: dict[Region, Bits] = field(default_factory=dict)
    through: dict[Stmt, Bits] = field(default_factory=dict)
    order: list[Var] = field(default_factory=list)
    bit: dict[Var, Bits] = field(default_factory=dict)

    def bits(self, values: Iterable[Atom]) -> Bits:
        """The set of these values; numbers are left out."""
        found = 0
        for value in values:
            if isinstance(value, Var):
                found |= self.bit.get(value) or self.note(value)
        return found

    def note(self, var: Var) -> Bits:
        """The bit of a value that has none yet."""
        self.bit[var] = 1 << len(self.order)
        self.order.append(var)
        return self.bit[var]

    def values(self, bits: Bits) -> list[Var]:
        """The values of a set, oldest first."""
        found = []
        while bits:
            lowest = bits & -bits
            found.append(self.order[lowest.bit_length() - 1])
            bits ^= lowest
        return sorted(found, key=hash)


def liveness(region: Region, folded: Folded | None = None) -> Liveness:
    """The liveness of all values in the region; `folded` maps values that are written
    out at their use to those that are read there."""
    walk = _Walk(folded or {})
    walk.region(region, 0)
    return walk.found


class _Walk:
    """Goes backwards: each step takes what is live after it, gives what is before."""

    def __init__(self, folded: Folded) -> None:
        self.folded = folded
        self.found = Liveness()

    def read(self, atoms: Iterable[Atom]) -> Bits:
        """The values that are read where these atoms are."""
        result = 0
        for atom in atoms:
            if isinstance(atom, Var):
                result |= self.found.bits(self.folded.get(atom, (atom,)))
        return result

    def region(self, region: Region, after: Bits) -> Bits:
        """What is live at the start, where `after` is what is live after the region."""
        live = after if region.falls else 0
        live |= self.read(region.results)
        for stmt in reversed(region.body):
            live = self.stmt(stmt, live)
        self.found.entry[region] = live
        return live & ~self.found.bits(region.params)

    def stmt(self, stmt: Stmt, live: Bits) -> Bits:
        if any(v in self.folded for v in defined(stmt)):
            return live
        self.found.after[stmt] = live
        live &= ~self.found.bits(defined(stmt))
        match stmt:
            case Let():
                pass
            case If():
                live = self.region(stmt.then, live) | self.region(stmt.orelse, live)
            case For() | While():
                live = self.loop(stmt, live)
            case _:
                assert_never(stmt)
        return live | self.read(operands(stmt))

    def loop(self, loop: For | While, live: Bits) -> Bits:
        for region in regions(loop):
            live |= self.read(free_vars(region))
        self.found.through[loop] = live
        self.region(loop.body, live)
        if isinstance(loop, While):
            # After the condition come the body or the end: both read all carried.
            self.region(loop.cond, live | self.found.bits(loop.cond.params))
        return live
