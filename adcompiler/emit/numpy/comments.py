"""Comments in emitted code: which source line an adjoint statement comes from, and why
a statement is there that computes nothing that is used.

In: statements, and what is written for them. Out: comments. Invariant: a comment quotes
the user's own line.
"""

from __future__ import annotations

from collections.abc import Sequence

from adcompiler.emit.numpy.layout import Comment, Line, Node, Place
from adcompiler.ir.nodes import Let, Stmt

# These belong to the statement whose values they keep.
RECORDING = frozenset({"list_new", "list_append"})
# Above what is computed for its error alone.
RAISES = Comment("# raises where the original does")


def place_of(stmt: Stmt, last: Place | None) -> Place | None:
    """The source line that a statement of a reverse sweep comes from, after those of
    the line `last`. Tangents are of the sweep that they stand in."""
    if isinstance(stmt, Let) and stmt.primitive.name in RECORDING:
        return last
    span, role = stmt.span, stmt.role
    if span is None or span.text is None:
        return None
    line = span.filename, span.lineno
    match role:
        case "primal":
            return None
        case "tangent":
            same = last is None or last[:2] == line
            return last if same else (*line, "adjoint")
        case _:
            return (*line, role)


def written_for(stmt: Stmt) -> Place | None:
    """The place of what is written for a statement; None for what has no source."""
    span = stmt.span
    return None if span is None else (span.filename, span.lineno, stmt.role)


def quoting(stmt: Stmt, place: Place) -> Comment:
    """The comment above what comes from a source line."""
    span, (_, _, role) = stmt.span, place
    assert span is not None
    text = (span.text or "").strip()
    if span.end_lineno > span.lineno and not text.endswith(":"):
        text += " ..."
    whose = role.replace("adjoint of ", "adjoint of the ") + " of"
    return Comment(f"# {whose}: {text}")


def is_unread(nodes: Sequence[Node]) -> bool:
    """Whether the last line is there for its error alone."""
    last = nodes[-1] if nodes else None
    return isinstance(last, Line) and last.text.startswith("_ = ")
