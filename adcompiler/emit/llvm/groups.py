"""What waits while a region is written: its scope, and groups of its statements.

In: nothing. Out: the records that the writer fills, and that `fusion`, `grouped` and
`shifted` read.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from adcompiler.emit.llvm.nests import Source
from adcompiler.emit.llvm.values import Elements
from adcompiler.ir.nodes import Atom, Let, Stmt, Var

__all__ = ["Group", "Scope", "Sink", "Term"]


@dataclass(slots=True)
class Scope:
    """A region while it is written: what it holds, and when each was used last.

    `body` are its statements, `at` the one that is being written.
    """

    last: dict[Var, int]
    body: tuple[Stmt, ...] = ()
    at: int = 0
    moved: set[Var] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Group:
    """Elementwise statements and reductions over one shape, which one nest computes.

    `shape` are the lengths by type, `dims` as values; `sources` are the arrays and
    numbers that are read; `elements` the values that have the group's shape; `places`
    are those of values that take the place of arrays, in `written` memory; `after` are
    statements on numbers that follow it; `released` is what is to be let go of when it
    is written; `sinks` are parts of arrays that values of it are written to, each of
    another array. Of sums to parts of one array, which have no such statements, `terms`
    are what is added, and `result` is the array after them.
    """

    scope: Scope
    shape: tuple[Hashable, ...]
    dims: tuple[str, ...]
    members: list[Let] = field(default_factory=list)
    sources: dict[Var, Source] = field(default_factory=dict)
    elements: set[Var] = field(default_factory=set)
    places: dict[Var, Elements] = field(default_factory=dict)
    written: frozenset[Any] = frozenset()
    after: list[Let] = field(default_factory=list)
    released: list[Var] = field(default_factory=list)
    sinks: list[Sink] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    result: Var | None = None


@dataclass(frozen=True, slots=True)
class Sink:
    """A store, or a sum in place, to a part of an array that a group does not read.

    `stays`: what is stored is there as long as the value is needed.
    """

    let: Let
    target: Elements
    value: Var
    stays: bool


@dataclass(slots=True)
class Term:
    """A sum in place to a part of an array, which begins at `first` and has `dims`.

    What is added is a source, or the value of the last of its members, which compute
    it of the sources; these have the part's lengths.
    """

    let: Let
    first: tuple[str, ...]
    dims: tuple[str, ...]
    members: list[Let] = field(default_factory=list)
    sources: dict[Atom, Source] = field(default_factory=dict)
