"""What the state of lowering is made of: frames, arms, and what memory may be.

In: a function that is interpreted, or a piece of it. Out: the names, the values and the
memory there.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Literal

import adcompiler.primitives  # noqa: F401  (enters the rows)
from adcompiler.frontend.bindings import (
    Binding,
    Conflict,
    Location,
    ObjectRef,
    RecordVal,
    Step,
)
from adcompiler.frontend.interface import Captured
from adcompiler.frontend.liveness import Liveness
from adcompiler.frontend.lower.facts import Facts
from adcompiler.ir.builder import Builder
from adcompiler.ir.nodes import Atom, Var, defined

Way = Literal["alias", "in a list", "an item"]


@dataclass(frozen=True, slots=True)
class Stale:
    """The contents of memory that a store may or may not have changed, as the value of
    `cond` decided."""

    captured: Captured
    node: ast.AST
    cond: Atom | None = None
    # What is stored into may be in the list, or is an item of another.
    way: Way = "alias"


Held = RecordVal | Conflict | Stale  # what the memory of an object holds


@dataclass(frozen=True, slots=True)
class Alias:
    """What memory is where two paths met: a view of the one or the other location."""

    cond: Atom
    parts: tuple[tuple[Location, tuple[Step, ...]], tuple[Location, tuple[Step, ...]]]


@dataclass(eq=False, slots=True)
class Frame:
    """A function being interpreted.

    `closure` is the frame around a nested function; `sites` tells where each name was
    last assigned; `exit_live` are the names live where the loops around lead to.
    `cells` hold its names that functions in it assign, `nonlocals` are those that it
    assigns of functions around it. `caller` is the frame of the call.
    """

    captured: Captured
    node: ast.FunctionDef | ast.Lambda
    liveness: Liveness
    locals: frozenset[str]
    closure: Frame | None = None
    env: dict[str, Binding] = field(default_factory=dict)
    sites: dict[str, ast.AST] = field(default_factory=dict)
    exit_live: frozenset[str] = frozenset()
    muted: bool = False
    cells: dict[str, ObjectRef] = field(default_factory=dict)
    nonlocals: frozenset[str] = frozenset()
    caller: Frame | None = None

    def cell(self, name: str) -> ObjectRef | None:
        """What holds a name that functions in the one that owns it assign, too."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.cells:
                return frame.cells[name]
            if name in frame.locals or name in frame.env:
                return None
            frame = frame.closure
        return None


@dataclass(slots=True)
class Arm:
    """What running a piece of the program in a region of its own has left."""

    builder: Builder
    env: dict[str, Binding]
    values: dict[Location, Atom | Stale]
    objects: dict[Location, Held]
    cache: dict[tuple[Atom, Step], Var]
    facts: Facts
    falls: bool
    value: Binding | None = None

    def defined(self) -> set[Var]:
        """The values defined in the region itself."""
        return {var for stmt in self.builder.stmts for var in defined(stmt)}
