"""What `finally` and `__exit__` print, where the block before them raises.

In: what is emitted, and where blocks begin and end. Out: a refusal, where something is
printed after a block that may raise without `raise`: an error ends the generated code
there and then, and what Python would print on the way out would be lost.
Invariant: what is counted only grows, so that passes over a loop's body do no harm.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import dataclass, field

from adcompiler.ir.nodes import Let, Stmt


@dataclass(slots=True)
class Closings:
    """What has been emitted so far that raises, or prints.

    `raised` has for each statement that may raise the function whose own `raise` it is,
    or None. `begun` says of each block, by function and number, how many of these there
    were at its start, `last` how many there were at its end, and how much was printed.
    """

    raised: list[object] = field(default_factory=list)
    printed: int = 0
    begun: dict[Hashable, int] = field(default_factory=dict)
    last: dict[Hashable, tuple[int, int]] = field(default_factory=dict)

    def note(self, stmt: Stmt, function: object, node: ast.AST) -> None:
        """Note what a statement does that this node of a function stands for."""
        if not isinstance(stmt, Let):
            return
        name = stmt.primitive.name
        self.printed += name == "print"
        if stmt.raises or name in ("raise", "call"):
            own = name == "raise" and isinstance(node, ast.Raise | ast.Assert)
            self.raised.append(function if own else None)

    def begin(self, block: Hashable) -> None:
        """Note where a block begins."""
        self.begun[block] = len(self.raised)

    def end(self, block: Hashable) -> None:
        """Note where that begins which is done at a block's end."""
        self.last[block] = len(self.raised), self.printed

    def lost(self, block: Hashable, function: object) -> bool:
        """Whether something was printed since that an error in the block would skip:
        one other than by a `raise` of the function, before which it is printed."""
        end, printed = self.last[block]
        inside = self.raised[self.begun[block] : end]
        return self.printed > printed and any(
            f is None or f is not function for f in inside
        )
