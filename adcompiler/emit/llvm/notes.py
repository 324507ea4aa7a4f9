"""What was written for which statement, for whoever reads a module.

In: statements, while they are written. Out: `Notes`: numbered marks, which lines of the
module carry, the nests that groups became, and what is called for statements.
Invariant: nothing that is written depends on whether notes are taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from adcompiler.errors import Span
from adcompiler.ir.nodes import Let, Role, Stmt
from adcompiler.ir.types import Length

__all__ = ["Mark", "Nest", "Notes"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a line of the module comes from; `nest` is the one that it is part of."""

    span: Span | None
    role: Role
    nest: int | None = None


@dataclass(frozen=True, slots=True)
class Nest:
    """A loop nest over the elements of arrays; its statements, and the lengths."""

    lets: tuple[Let, ...]
    dims: tuple[Length, ...]


@dataclass(slots=True)
class Notes:
    """The notes of a module. Mark 0 is what belongs to no line; `called` are what is
    called that others have written, each with its mark."""

    marks: list[Mark] = field(default_factory=lambda: [Mark(None, "primal")])
    nests: list[Nest] = field(default_factory=list)
    called: list[tuple[str, int]] = field(default_factory=list)
    _numbers: dict[Mark, int] = field(default_factory=dict)

    def mark(self, stmt: Stmt, nest: int | None = None) -> int:
        """The number of what is written for a statement; 0 if it has no line."""
        if stmt.span is None and nest is None:
            return 0
        mark = Mark(stmt.span, stmt.role, nest)
        number = self._numbers.get(mark)
        if number is None:
            number = self._numbers[mark] = len(self.marks)
            self.marks.append(mark)
        return number

    def begin(self, nest: Nest) -> int:
        """The number of a nest that is written now."""
        self.nests.append(nest)
        return len(self.nests) - 1
