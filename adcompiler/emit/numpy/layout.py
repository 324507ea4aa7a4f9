"""The shape of emitted code, and its text: indentation, and lines of 88 columns.

In: a tree of lines and blocks. Out: lines of text. Long lines are broken as ruff and
black do: inside the last brackets, or inside parentheses put around the right-hand
side, in front of the operators that bind least; one argument per line if need be.

>>> tree = (Block((("if x > 0:", (Line("y = x"),)), ("else:", (Line("y = 0"),)))),)
>>> print("\\n".join(render(tree)))
if x > 0:
    y = x
else:
    y = 0
>>> print("\\n".join(wrap("y = first_value * second + third", 0, 20)))
y = (
    first_value
    * second
    + third
)
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from adcompiler.ir.nodes import Role

WIDTH = 88

# What a line was written for: file and line of the source, and the role.
Place = tuple[str, int, Role]


@dataclass(frozen=True, slots=True)
class Line:
    """A simple statement; `place` is that of the statement it was written for."""

    text: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment; `apart` puts an empty line before it."""

    text: str
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A compound statement: headers with what stands under them."""

    clauses: tuple[tuple[str, Nodes], ...]
    place: Place | None = None


Node = Line | Comment | Block
Nodes = tuple[Node, ...]


def render(nodes: Sequence[Node], indent: int = 0) -> Iterator[str]:
    """The lines of the tree."""
    return (text for text, _ in placed_lines(nodes, indent))


def placed_lines(
    nodes: Sequence[Node], indent: int = 0
) -> Iterator[tuple[str, Place | None]]:
    """The lines of the tree, each with the place of its statement."""
    for position, node in enumerate(nodes):
        match node:
            case Line():
                yield from ((t, node.place) for t in wrap(node.text, indent))
            case Comment():
                if node.apart and position:
                    yield "", None
                yield shorten(" " * indent + node.text), None
            case Block():
                for header, body in node.clauses:
                    yield from ((t, node.place) for t in wrap(header, indent))
                    yield from placed_lines(body or (Line("pass"),), indent + 4)


def placed(nodes: Nodes, place: Place) -> Nodes:
    """The tree, of which lines that have no place yet have this one."""

    def visit(node: Node) -> Node:
        match node:
            case Comment():
                return node
            case Line():
                return node if node.place else replace(node, place=place)
            case Block():
                clauses = tuple((h, placed(body, place)) for h, body in node.clauses)
                return Block(clauses, node.place or place)

    return tuple(map(visit, nodes))


def shorten(line: str) -> str:
    """A comment cut at the width of a line."""
    return line if len(line) <= WIDTH else line[: WIDTH - 4].rstrip() + " ..."


# --- long lines -------------------------------------------------------------------

_KEYWORDS = re.compile(r"(return|raise|if|elif|while|del|assert) |for .+? in ")
_LITERAL = re.compile(r'"[^"\\]*"$')
_ASSIGNMENT = re.compile(r" (?://|\*\*|[-+*/%@&|^])?= ")
_LEVELS = (
    (" if ", " else "),
    (" or ",),
    (" and ",),
    (" not in ", " in ", " < ", " <= ", " > ", " >= ", " == ", " != ", " is "),
    (" | ",),
    (" ^ ",),
    (" & ",),
    (" + ", " - "),
    (" * ", " / ", " // ", " % ", " @ "),
)


def wrap(text: str, indent: int, width: int = WIDTH) -> list[str]:
    """A statement or header as lines that fit, if they can."""
    if "\n" in text:
        return [" " * indent + line for line in text.split("\n")]
    if indent + len(text) <= width:
        return [" " * indent + text]
    head, body, tail = _parted(text)
    targets, equals, _ = head.partition(" = ")
    above: list[str] = []
    if equals and indent + len(head) > width // 2 and _commas(targets):
        above = [" " * indent + "(", *_listed(targets, indent + 4, width)]
        head = ") = "
    return above + _broken(head, body, tail, indent, width)


def _broken(head: str, body: str, tail: str, indent: int, width: int) -> list[str]:
    """A line broken in the expression behind its head."""
    if head == ") = " and indent + len(head) + len(body) <= width:
        return [" " * indent + head + body]
    pair = _closing_pair(body)
    if pair is not None and pair[0] + 1 < pair[1] and not _operators(body):
        first, *inner, last = _opened(body, pair, indent, width)
        return [" " * indent + head + first.lstrip(), *inner, last + tail]
    if not head:
        return _expression(body + tail, indent, width)
    inner = _expression(body, indent + 4, width)
    if head == "return " and _commas(body):
        inner = _listed(body, indent + 4, width)
    return [" " * indent + head + "(", *inner, " " * indent + ")" + tail]


def _parted(text: str) -> tuple[str, str, str]:
    """What stands before the expression, the expression, the colon after it."""
    tail = ":" if text.endswith(":") else ""
    body = text[: len(text) - len(tail)]
    keyword = _KEYWORDS.match(body)
    if keyword:
        return keyword.group(), body[keyword.end() :], tail
    for start in _top_level(body):
        found = _ASSIGNMENT.match(body, start)
        if found:
            return body[: found.end()], body[found.end() :], tail
    return "", body, tail


def _expression(text: str, indent: int, width: int) -> list[str]:
    """An expression that may be broken: it stands in brackets, or ends with some."""
    pad = " " * indent
    if indent + len(text) <= width:
        return [pad + text]
    if _LITERAL.match(text):
        return [pad + part for part in _parts(text, width - indent)]
    pieces = _operators(text)
    if pieces:
        return [line for p in pieces for line in _expression(p, indent, width)]
    pair = _closing_pair(text)
    if pair is None or pair[0] + 1 == pair[1]:
        return [pad + text]
    return _opened(text, pair, indent, width)


def _parts(literal: str, width: int) -> list[str]:
    """A string as several that stand one after the other, broken after spaces."""
    parts, rest = [], literal[1:-1]
    while len(rest) + 2 > width and (space := rest.rfind(" ", 0, width - 2) + 1):
        parts.append(f'"{rest[:space]}"')
        rest = rest[space:]
    return [*parts, f'"{rest}"']


def _opened(text: str, pair: tuple[int, int], indent: int, width: int) -> list[str]:
    """An expression that ends with brackets, what is in these on lines of its own."""
    pad, (start, stop) = " " * indent, pair
    inside = text[start + 1 : stop]
    if indent + 4 + len(inside) <= width:
        lines = [pad + "    " + inside]
    elif _commas(inside):
        lines = _listed(inside, indent + 4, width)
    else:
        lines = _expression(inside, indent + 4, width)
    return [pad + text[: start + 1], *lines, pad + text[stop:]]


def _listed(text: str, indent: int, width: int) -> list[str]:
    """One item per line, with a comma after each."""
    lines = []
    for item in _split(text, _commas(text), 2):
        lines += _expression(item, indent, width - 1)
        lines[-1] += ","
    return lines


def _operators(text: str) -> list[str]:
    """The expression split before its least binding operators; empty if it has none."""
    places = list(_top_level(text))
    for level in _LEVELS:
        found = [p for p in places if any(text.startswith(op, p) for op in level)]
        if found:
            return _split(text, found, 1)
    return []


def _commas(text: str) -> list[int]:
    return [p for p in _top_level(text) if text.startswith(", ", p)]


def _split(text: str, places: Sequence[int], skip: int) -> list[str]:
    """The parts between the places, without the `skip` characters at each."""
    edges = [-skip, *places, len(text)]
    return [part for a, b in itertools.pairwise(edges) if (part := text[a + skip : b])]


def _top_level(text: str) -> Iterator[int]:
    """The positions outside brackets and strings."""
    return (p for p, depth in _depths(text) if depth == 0 and text[p] not in ")]}")


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """The positions outside strings, and in how many brackets they leave us."""
    depth, quote, escaped = 0, "", False
    for position, character in enumerate(text):
        if quote:
            if character == quote and not escaped:
                quote = ""
            escaped = character == "\\" and not escaped
            continue
        if character in "\"'":
            quote = character
            continue
        depth += (character in "([{") - (character in ")]}")
        yield position, depth


def _closing_pair(text: str) -> tuple[int, int] | None:
    """The brackets that end the expression; of several, one behind the other, as in
    ``f(x, y)[0]``, those around most."""
    if not text or text[-1] not in ")]}":
        return None
    outside = set(_top_level(text))
    first = max(outside, default=-1) + 1
    closing = [p for p, depth in _depths(text) if depth == 0 and p >= first]
    pairs = zip([first, *(p + 1 for p in closing)], closing, strict=False)
    return max(pairs, key=lambda pair: pair[1] - pair[0])
