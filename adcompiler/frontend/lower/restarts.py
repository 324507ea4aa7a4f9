"""What ends the lowering of a statement before its end, or has it start again.

In: nothing. Out: the exceptions that lowering raises to itself; none reaches a user.
Invariant: what starts lowering again tells it something that it did not know, of which
there is a finite amount.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from adcompiler.errors import UnsupportedError
from adcompiler.ir.types import Type


class Unreachable(Exception):
    """Control never reaches what follows: the statement before has raised."""


class NeedCapture(Exception):
    """Raised where a captured integer must be known; lowering starts again."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


Site = tuple[object, ...]  # a display, in every lowering of the same function


@dataclass(frozen=True, slots=True)
class RowsOf:
    """What a list of tuples holds, as `library.collected.Rows`: so many parts each."""

    cls: type
    width: int


Element = Type | RowsOf | None


class NeedList(Exception):
    """Raised where a display turns out to be a list that changes, of such elements,
    or of any and of known length; lowering starts again."""

    def __init__(self, elements: Mapping[Site, Element]) -> None:
        super().__init__(str(elements))
        self.elements = elements


class NeedSplit(Exception):
    """Raised where displays of one place, in calls or trips of their own, turn out to
    be lists of unlike elements; lowering starts again and tells them apart."""

    def __init__(self, sites: frozenset[Site]) -> None:
        super().__init__(str(sites))
        self.sites = sites


class NeedCall(Exception):
    """Raised where a function turns out to be one that is called, not inlined;
    lowering starts again."""

    def __init__(self, fn: ast.AST) -> None:
        super().__init__(getattr(fn, "name", "lambda"))
        self.fn = fn


class Inexpressible(Exception):
    """The function cannot be one of its own; says why."""


class NeedUnroll(Exception):
    """Raised where the index of a loop must be known, or a name is another thing at
    its first trip than later; its trips are laid out, or the refusal holds."""

    def __init__(
        self, loop: ast.For, what: str, refusal: UnsupportedError | None = None
    ) -> None:
        super().__init__(what)
        self.loop, self.what, self.refusal = loop, what, refusal
