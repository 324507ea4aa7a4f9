"""Loops that add up numbers, some at a time: what a sum of many loses to rounding.

In: a loop as `Code.counted` writes it, and for each value that it carries where that
starts and how two of them are joined. Out: the same loop in blocks of trips: each block
starts anew, and what it gives is joined to what the ones before it gave.
Invariant: as many numbers are added one after the other as a block has, and as there
are blocks, not as there are trips. A loop over what lies densely needs none of this: it
becomes one of vectors, each lane of which has a sum of its own.

Source: N. J. Higham, The accuracy of floating point summation, SIAM J. Sci. Comput. 14
(1993).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adcompiler.emit.llvm.code import Code

__all__ = ["Carried", "cascaded"]

BLOCK = 512  # trips, and blocks

Trip = Callable[[str, tuple[str, ...]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Carried:
    """A value that a loop carries: its type, its start, and how two are joined."""

    word: str
    first: str
    join: Callable[[Code, str, str], str]


def cascaded(
    code: Code,
    count: str,
    trip: Trip,
    held: Sequence[str],
    carried: Sequence[Carried],
    *,
    levels: int,
) -> tuple[str, ...]:
    """The loop, whose trips are independent but for what they carry, from what is
    `held`; with so many levels of blocks."""

    def run(begin: str, trips: str, held: Sequence[str], level: int) -> tuple[str, ...]:
        def one(index: str, inside: tuple[str, ...]) -> Sequence[str]:
            return trip(code.add(begin, index), inside)

        def block(index: str, inside: tuple[str, ...]) -> Sequence[str]:
            first = code.multiply(index, str(span))
            rest = code.least(code.subtract(trips, first), str(span))
            starts = [c.first for c in carried]
            found = run(code.add(begin, first), rest, starts, level - 1)
            pairs = zip(carried, inside, found, strict=True)
            return [c.join(code, old, more) for c, old, more in pairs]

        pairs = [(c.word, v) for c, v in zip(carried, held, strict=True)]
        span = BLOCK**level
        if level == 0 or (trips.isdigit() and int(trips) <= BLOCK):
            return code.counted(trips, one, pairs, parallel=True)
        blocks = code.divided(code.add(trips, str(span - 1)), span)
        return code.counted(blocks, block, pairs)

    return run("0", count, held, levels)
