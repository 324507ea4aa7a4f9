"""Functions that say the same are one.

In: definitions by their names. Out: those that differ; what called another calls these.
A function that is called with lengths of which it is not known that they are equal is
another one in the IR, but mostly not in its text.
Invariant: definitions are taken for one only if they are alike to the letter, but for
their own names; the last, which is what was asked for, is none of them.

>>> one, two = (((f"def f{k}(x):", None), ("    return 2 * x", None)) for k in "12")
>>> last = (("def g(x):", None), ("    return f1(x) + f2(x)", None))
>>> for name, lines in merged([("f1", one), ("f2", two), ("g", last)]):
...     print(name, *(text for text, _ in lines))
f1 def f1(x):     return 2 * x
g def g(x):     return f1(x) + f1(x)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from adcompiler.emit.numpy.layout import Place

# The lines of a definition, each with its place.
Definition = tuple[tuple[str, Place | None], ...]


def merged(
    definitions: Sequence[tuple[str, Definition]],
) -> list[tuple[str, Definition]]:
    """The definitions without repetitions."""
    found = list(definitions)
    while renamed := _repeated(found[:-1]):
        kept = (row for row in found if row[0] not in renamed)
        found = [(name, _calling(lines, renamed)) for name, lines in kept]
    return found


def _repeated(definitions: Sequence[tuple[str, Definition]]) -> dict[str, str]:
    """The names of those that were defined before, each with the name of the first."""
    first: dict[str, str] = {}
    renamed: dict[str, str] = {}
    for name, lines in definitions:
        text = "\n".join(text for text, _ in _calling(lines, {name: "itself"}))
        if first.setdefault(text, name) != name:
            renamed[name] = first[text]
    return renamed


def _calling(lines: Definition, renamed: Mapping[str, str]) -> Definition:
    """The definition with other names for the functions that it calls."""
    names = "|".join(map(re.escape, renamed))
    pattern = re.compile(rf"\b({names})(?=\()")
    return tuple(
        (pattern.sub(lambda found: renamed[found[1]], text), place)
        for text, place in lines
    )
