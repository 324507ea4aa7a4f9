"""What machine code makes of a program: loops, vectors, calls.

In: a built program. Out: `MachineCode`, in words of the source: which lines are one
loop nest, how many numbers it takes at a time, and what is called.
Invariant: how many numbers are taken at a time is read off the code as LLVM leaves it,
for this processor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from adcompiler.building import Built
from adcompiler.emit.llvm import NotNative
from adcompiler.emit.llvm.notes import Mark, Nest
from adcompiler.explain.sizes import Sizes
from adcompiler.ir.nodes import Let
from adcompiler.machine import shown

__all__ = ["Called", "Loops", "MachineCode", "machine_code"]


@dataclass(frozen=True, slots=True)
class Loops:
    """A loop nest that several lines share.

    Attributes:
        lines: the lines whose values it computes, by their role: "primal", "adjoint".
        over: the lengths that it goes over, None for one that arguments do not tell.
        at_a_time: how many numbers it takes at a time.
    """

    lines: tuple[tuple[str, int], ...]
    over: tuple[str | None, ...]
    at_a_time: int


@dataclass(frozen=True, slots=True)
class Called:
    """What is called: a row that NumPy computes, or a routine of BLAS."""

    what: str
    line: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class MachineCode:
    """The machine code of a derivative.

    Attributes:
        loops: nests over elements of arrays, in the order in which they are run.
        others: lines of other loops that take several numbers at a time.
        called: what is left to NumPy and to BLAS.
        lacking: why there is no machine code; empty if there is.
    """

    loops: tuple[Loops, ...] = ()
    others: tuple[tuple[str, int], ...] = ()
    called: tuple[Called, ...] = ()
    lacking: str = ""


def machine_code(parts: Sequence[Built]) -> MachineCode:
    """The machine code of programs, of which a derivative consists."""
    found = [_of(built) for built in parts]
    return MachineCode(
        tuple(loops for code in found for loops in code.loops),
        tuple(dict.fromkeys(line for code in found for line in code.others)),
        tuple(dict.fromkeys(called for code in found for called in code.called)),
        "; ".join(dict.fromkeys(filter(None, (code.lacking for code in found)))),
    )


def _of(built: Built) -> MachineCode:
    try:
        found = shown(built)
    except NotNative as error:
        return MachineCode(lacking=str(error))
    marks, nests = found.notes.marks, found.notes.nests
    lanes = _lanes(found.optimised)
    # What LLVM has left nothing of is computed nowhere.
    widths: dict[int, int] = {}
    for mark, width in lanes.items():
        nest = marks[mark].nest
        if nest is not None:
            widths[nest] = max(width, widths.get(nest, 1))
    sizes = Sizes.of_source(built.source)
    loops = [_loops(nests[k], sizes, widths[k]) for k in sorted(widths)]
    alone = (marks[k] for k, w in sorted(lanes.items()) if w > 1)
    others = _lines(mark for mark in alone if mark.nest is None)
    called = [
        Called(what, next(iter(_lines([marks[k]])), None))
        for what, k in found.notes.called
    ]
    shared = {line for one in loops for line in one.lines}
    return MachineCode(
        tuple(loops),
        tuple(line for line in others if line not in shared),
        tuple(dict.fromkeys(called)),
    )


def _loops(nest: Nest, sizes: Sizes, width: int) -> Loops:
    lines = (_line(let) for let in nest.lets)
    return Loops(
        tuple(dict.fromkeys(line for line in lines if line is not None)),
        tuple(sizes.length(n) for n in nest.dims),
        width,
    )


def _line(of: Let | Mark) -> tuple[str, int] | None:
    return None if of.span is None else (of.role, of.span.lineno)


def _lines(marks: Iterable[Mark]) -> tuple[tuple[str, int], ...]:
    found = map(_line, marks)
    return tuple(dict.fromkeys(line for line in found if line is not None))


_VECTOR = re.compile(r"<(\d+) x (?:double|float|i\d+)>")


def _lanes(text: str) -> Mapping[int, int]:
    """How many numbers the instructions of each mark take at a time."""
    found: dict[int, int] = {}
    for line in text.splitlines():
        body, _, mark = line.rpartition(" ;@")
        if body and mark.isdigit():
            widths = map(int, _VECTOR.findall(body))
            found[int(mark)] = max([found.get(int(mark), 1), *widths])
    return found
