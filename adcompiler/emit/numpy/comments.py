"""Comments in emitted code: which source line an adjoint statement comes from, and why
a statement is there that computes nothing that is used.

In: statements, and what is written for them. Out: comments. Invariant: a comment quotes
the user's own line.
"""

from __future__ import annotations

from collections.abc import Sequence

from adcompiler.emit.numpy.layout import Comment, Line, Node
from adcompiler.ir.nodes import Stmt

Place = tuple[str, int]

# Above what is computed for its error alone.
RAISES = Comment("# raises where the original does")


def place_of(stmt: Stmt) -> Place | None:
    """The source line that an adjoint statement comes from."""
    if stmt.role != "adjoint" or stmt.span is None or stmt.span.text is None:
        return None
    return stmt.span.filename, stmt.span.lineno


def quoting(stmt: Stmt) -> Comment:
    """The comment above the adjoint of a source line."""
    span = stmt.span
    assert span is not None
    text = (span.text or "").strip()
    if span.end_lineno > span.lineno and not text.endswith(":"):
        text += " ..."
    return Comment(f"# adjoint of: {text}")


def is_unread(nodes: Sequence[Node]) -> bool:
    """Whether the last line is there for its error alone."""
    last = nodes[-1] if nodes else None
    return isinstance(last, Line) and last.text.startswith("_ = ")
