"""An explanation as text of 100 columns, and as HTML for notebooks.

In: an `Explanation`. Out: text. Invariant: of HTML, whatever comes from the program is
escaped.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from adcompiler.explain.explanation import Explanation, Kept
from adcompiler.explain.listing import Row, Section
from adcompiler.explain.memory import in_bytes
from adcompiler.explain.words import in_machine_code

__all__ = ["as_html", "as_text"]

WIDTH = 100
_REASONS = 3  # lines that are quoted for each value

_INTRODUCTIONS = {
    "adjoint": "The adjoint is run from the last source line up. "
    "A line marked * records a value.",
    "tangent": "Each tangent is run with its source line.",
}


def as_text(explanation: Explanation) -> str:
    """The explanation as it is printed."""
    introduction = _INTRODUCTIONS[explanation.beside]
    lines = [f"{explanation.title}. {introduction}"]
    if len(lines[0]) > WIDTH:
        lines = [f"{explanation.title}.", introduction]
    for section in explanation.sections:
        lines += ["", *_section(section, explanation.beside)]
    if explanation.beside == "adjoint":
        lines += ["", *_summary(explanation)]
    if explanation.machine is not None:
        lines.append("")
        for text in in_machine_code(explanation.machine):
            lines += textwrap.wrap(text, WIDTH, subsequent_indent=" " * 6)
    return "\n".join(line.rstrip() for line in lines)


# --- The lines --------------------------------------------------------------------


def _section(section: Section, beside: str) -> Iterator[str]:
    rows = section.rows
    number = max((len(str(row.lineno)) for row in rows), default=1)
    room = WIDTH - number - 7  # number, mark, two spaces, bar
    adjoint = max((len(t) for row in rows for t in row.adjoint), default=0)
    source = max((len(row.source) for row in rows), default=0)
    left = min(max(source, len("source")), max(room - adjoint, room * 45 // 100))
    right = room - left
    yield f"{section_title(section)}"
    yield f"{'':{number}}    {'source':{left}} | {beside}"
    yield f"{'':{number}}    {'-' * left} | {'-' * min(max(adjoint, 7), right)}"
    for row in rows:
        yield from _row(row, number, left, right)


def section_title(section: Section) -> str:
    """The file, without the directories that it is in."""
    name = section.filename
    return f"{name if name.startswith('<') else Path(name).name}:"


def _row(row: Row, number: int, left: int, right: int) -> Iterator[str]:
    sources = wrapped(row.source, left)
    adjoints = [part for text in row.adjoint for part in wrapped(text, right)]
    pairs = zip_longest(sources, adjoints or [""], fillvalue="")
    for k, (source, adjoint) in enumerate(pairs):
        head = f"{row.lineno:{number}} {'*' if row.marked else ' '}" if k == 0 else ""
        yield f"{head:{number + 2}}  {source:{left}} | {adjoint}"


def wrapped(text: str, width: int) -> list[str]:
    """A line of code in several, the others indented further.

    >>> wrapped("    y = first + second", 16)
    ['    y = first +', '        second']
    """
    indent = re.match(r" *", text)
    assert indent is not None
    return textwrap.wrap(
        text,
        width,
        subsequent_indent=indent.group() + "    ",
        break_on_hyphens=False,
        drop_whitespace=True,
    ) or [""]


# --- What is kept -----------------------------------------------------------------


def _summary(explanation: Explanation) -> Iterator[str]:
    tapes = [k for k in explanation.kept if k.recorded]
    arrays = [k for k in explanation.kept if not k.recorded]
    if not explanation.kept:
        yield "Nothing is kept for the adjoint."
    else:
        yield (
            f"Kept for the adjoint, with these arguments: {in_bytes(explanation.bytes)}"
        )
    for title, group in (("recorded in loops", tapes), ("kept whole", arrays)):
        if group:
            yield f"  {title}: {in_bytes(sum(k.bytes for k in group))}"
            for kept in group:
                yield from _kept(kept)
    yield from _at_no_cost(explanation)


def _kept(kept: Kept) -> Iterator[str]:
    yield from textwrap.wrap(
        f"{kept.name}: {_facts(kept)}",
        WIDTH,
        initial_indent=" " * 4,
        subsequent_indent=" " * 8,
    )
    for text in shown(kept):
        yield from textwrap.wrap(
            text,
            WIDTH,
            initial_indent=" " * 6,
            subsequent_indent=" " * 14,
            break_on_hyphens=False,
        )


def _facts(kept: Kept) -> str:
    where = ", ".join(map(str, kept.lines))
    lines = "lines" if len(kept.lines) > 1 else "line"
    told = kept.formula is not None and not kept.formula.isdigit()
    formula = f" ({kept.formula})" if told else ""
    return f"{kept.what}, {in_bytes(kept.bytes)}{formula}" + (
        f", {'recorded' if kept.recorded else 'computed'} in {lines} {where}"
        if kept.lines
        else ""
    )


def shown(kept: Kept) -> list[str]:
    """The first lines that need it, and how many others do."""
    texts = [
        f"for {text}" if line is None else f"for the adjoint of line {line}: {text}"
        for line, text in kept.reasons[:_REASONS]
    ]
    more = len(kept.reasons) - _REASONS
    if more > 0:
        texts.append(f"and for {more} more line{'s' * (more > 1)}")
    return texts


def _at_no_cost(explanation: Explanation) -> Iterator[str]:
    for title, names in (
        ("Read as passed, at no cost", explanation.free),
        ("Numbers that stay at hand", explanation.numbers),
        ("Computed in the adjoint, not kept", explanation.again),
    ):
        if names:
            yield from textwrap.wrap(
                f"{title}: {', '.join(names)}", WIDTH, subsequent_indent="    "
            )


# --- HTML -------------------------------------------------------------------------

_CODE = 'style="text-align:left;vertical-align:top;white-space:pre-wrap;{}"'
_MONO = "font-family:monospace"


def as_html(explanation: Explanation) -> str:
    """The same as tables, without scripts or anything from elsewhere."""
    beside = explanation.beside
    title = html.escape(explanation.title)
    parts = [f"<p><b>{title}.</b> {_INTRODUCTIONS[beside]}</p>"]
    for section in explanation.sections:
        rows = "".join(map(_html_row, section.rows))
        heads = _cells("th", (section_title(section), "", "source", beside))
        parts.append(f"<table><tr>{heads}</tr>{rows}</table>")
    if explanation.kept:
        heads = _cells("th", ("kept for the adjoint", "", "because of"))
        rows = "".join(map(_html_kept, explanation.kept))
        total = _cells("td", ("in all", in_bytes(explanation.bytes), ""))
        table = f"<tr>{heads}</tr>{rows}<tr>{total}</tr>"
        parts.append(f"<table>{table}</table>")
    elif beside == "adjoint":
        parts.append("<p>Nothing is kept for the adjoint.</p>")
    parts += (f"<p>{html.escape(text)}</p>" for text in _at_no_cost(explanation))
    if explanation.machine is not None:
        title, *lines = in_machine_code(explanation.machine)
        items = "".join(f"<li>{html.escape(line.strip())}</li>" for line in lines)
        parts.append(f"<p>{html.escape(title)}</p><ul>{items}</ul>")
    return "\n".join(parts)


def _html_row(row: Row) -> str:
    mark = "*" if row.marked else ""
    cells = (str(row.lineno), mark, row.source, "\n".join(row.adjoint))
    return f"<tr>{_cells('td', cells)}</tr>"


def _html_kept(kept: Kept) -> str:
    cells = (kept.name, _facts(kept), "\n".join(shown(kept)))
    return f"<tr>{_cells('td', cells)}</tr>"


def _cells(tag: str, texts: Sequence[str]) -> str:
    style = _CODE.format(_MONO if tag == "td" else "")
    return "".join(f"<{tag} {style}>{html.escape(text)}</{tag}>" for text in texts)
