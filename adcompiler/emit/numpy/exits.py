"""Which branches at the end of a region leave it: by `break`, `continue` or `return`.

In: a region's stop flag or results, and the `If` that ends it. Out: whether an arm of
the `If` surely exits, so that what follows it need not be nested under `else`.
"""

from __future__ import annotations

import linecache
import re
from typing import NamedTuple

from adcompiler.errors import Span
from adcompiler.ir.nodes import Atom, Const, If, Region, Stmt, Var


class Exits(NamedTuple):
    """Which `If`s at the end of a region take the finish into their arms.

    `flag` is the stop flag among the region's results, where they belong to a loop's
    body; `returns` tells that they are the function's. `top` marks the function's own
    statements, `trip` those of a loop's body.
    """

    flag: Atom | None = None
    returns: bool = False
    top: bool = False
    trip: bool = False

    def within(self, stmt: If, results: tuple[Atom, ...]) -> bool:
        """Whether an arm of the `If` that ends the region surely exits."""
        if self.returns:
            return any(r in results for r in stmt.results) and _returns(stmt)
        if self.rest(stmt) is not None:
            return True
        if self.flag is None or self.flag not in stmt.results:
            return False
        return any(self.arm(stmt, a).sure(a) for a in (stmt.then, stmt.orelse))

    def arm(self, stmt: If, arm: Region) -> Exits:
        """The same for an arm."""
        if self.flag is None or self.flag not in stmt.results or not arm.falls:
            return Exits(None, self.returns, trip=self.trip)
        flag = arm.results[stmt.results.index(_var(self.flag))]
        return Exits(flag, trip=self.trip)

    def rest(self, stmt: If) -> Region | None:
        """The arm that holds what stands behind the user's own statement in a trip,
        whose other arm goes on with the next one."""
        if not self.trip or stmt.span is None or stmt.role != "primal":
            return None
        for arm, other in ((stmt.then, stmt.orelse), (stmt.orelse, stmt.then)):
            after = [_behind(s, stmt.span) for s in arm.body if s.span is not None]
            before = [_behind(s, stmt.span) for s in other.body if s.span is not None]
            if after and all(after) and not any(before):
                return arm
        return None

    def sure(self, region: Region) -> bool:
        """Whether the region exits, somewhere for sure."""
        if isinstance(self.flag, Const):
            return bool(self.flag.value)
        last = region.body[-1] if region.body else None
        return isinstance(last, If) and self.within(last, region.results)


NO_EXIT = Exits()


def _behind(stmt: Stmt, span: Span) -> bool:
    """Whether a statement stands behind a stretch of the same source."""
    own = stmt.span
    assert own is not None
    return own.filename == span.filename and own.lineno > span.end_lineno


def _var(atom: Atom) -> Var:
    assert isinstance(atom, Var)
    return atom


def _returns(stmt: If) -> bool:
    """Whether the user's own statement returns; without source, names tell."""
    if stmt.span is None:
        return all(r.name is None for r in stmt.results)
    return re.search(r"\breturn\b", _source(stmt.span)) is not None


def _source(span: Span) -> str:
    lines = range(span.lineno, span.end_lineno + 1)
    return "".join(linecache.getline(span.filename, k) for k in lines)
