"""The lines of a program, each with its adjoint.

In: lines of the reverse sweep, and the source lines that they come from. Out:
`Section`s, one for each function that has such lines, the differentiated one first.
Invariant: every line of the reverse sweep that comes from a source line stands beside
it, in the order in which it is run.
"""

from __future__ import annotations

import ast
import linecache
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Row", "Section", "sections"]

Spot = tuple[str, int]  # file and line
Extent = tuple[str, int, int]  # file, first and last line


@dataclass(frozen=True, slots=True)
class Row:
    """A source line and its adjoint, of several lines; `marked` if it records."""

    lineno: int
    source: str
    adjoint: tuple[str, ...]
    marked: bool


@dataclass(frozen=True, slots=True)
class Section:
    """The lines of one function."""

    filename: str
    rows: tuple[Row, ...]


def sections(
    main: Spot,
    adjoint: Sequence[tuple[Spot, str]],
    marked: Iterable[Spot],
    signatures: Mapping[Spot | None, str],
) -> tuple[Section, ...]:
    """The functions that have adjoint lines. `signatures` has the heads of what is
    generated: that of the gradient itself under None, others under a line in them."""
    files = {spot[0]: _parsed(spot[0]) for spot in (main, *(s for s, _ in adjoint))}
    extents = _extents(main, dict.fromkeys(s for s, _ in adjoint), files)
    beside: dict[Spot, list[str]] = {}
    for spot, text in adjoint:
        beside.setdefault(spot, []).append(text)
    recording = set(marked)
    heads = {_extent_of(spot or main, extents): h for spot, h in signatures.items()}
    found = []
    for extent in extents:
        rows = _rows(extent, files[extent[0]], beside, recording, heads.get(extent))
        found.append(Section(extent[0], tuple(rows)))
    return tuple(found)


def _rows(
    extent: Extent,
    tree: ast.Module | None,
    beside: Mapping[Spot, Sequence[str]],
    marked: set[Spot],
    head: str | None,
) -> Iterator[Row]:
    filename, first, last = extent
    lines = linecache.getlines(filename)[first - 1 : last]
    texts = textwrap.dedent("".join(lines).expandtabs()).splitlines()
    skipped = _docstring(tree, first)
    for lineno, text in enumerate(texts, first):
        spot = filename, lineno
        adjoint = tuple(beside.get(spot, ()))
        if lineno == first and head is not None:
            adjoint = (head, *adjoint)
        if (text.strip() and lineno not in skipped) or adjoint:
            yield Row(lineno, text.rstrip(), adjoint, spot in marked)


# --- Functions in files -------------------------------------------------------------


def _parsed(filename: str) -> ast.Module | None:
    try:
        return ast.parse("".join(linecache.getlines(filename)))
    except SyntaxError:
        return None  # a notebook's cell may hold more than Python


def _extents(
    main: Spot, spots: Iterable[Spot], files: Mapping[str, ast.Module | None]
) -> list[Extent]:
    """The functions in which these lines are, none within another."""
    found = [_around(main, files[main[0]])]
    for spot in spots:
        if _extent_of(spot, found) is None:
            found.append(_around(spot, files[spot[0]]))
    inner = {e for e in found for o in found if o != e and _within(e, o)}
    return [e for e in found if e not in inner]


def _within(inner: Extent, outer: Extent) -> bool:
    same = inner[0] == outer[0]
    return same and outer[1] <= inner[1] and inner[2] <= outer[2]


def _extent_of(spot: Spot, extents: Iterable[Extent]) -> Extent | None:
    inside = (e for e in extents if e[0] == spot[0] and e[1] <= spot[1] <= e[2])
    return next(inside, None)


def _around(spot: Spot, tree: ast.Module | None) -> Extent:
    """The innermost function around a line; the line alone if none is found."""
    filename, lineno = spot
    around = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(tree or ast.Module([], []))
        if isinstance(node, ast.FunctionDef | ast.Lambda)
        and node.lineno <= lineno <= (node.end_lineno or node.lineno)
    ]
    return (filename, *max(around, default=(lineno, lineno)))


def _docstring(tree: ast.Module | None, first: int) -> range:
    """The lines of the docstring of the function that begins there."""
    for node in ast.walk(tree or ast.Module([], [])):
        if isinstance(node, ast.FunctionDef) and node.lineno == first:
            match node.body[0]:
                case ast.Expr(ast.Constant(value=str())) as text:
                    return range(text.lineno, (text.end_lineno or text.lineno) + 1)
    return range(0)
