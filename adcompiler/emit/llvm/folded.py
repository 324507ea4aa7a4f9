"""Functions that are the same, written once.

In: the texts of a module's inner functions, by name. Out: those that stay, and by which
name what is left out is called.
Invariant: two functions are the same if they call the same in the same places, and each
itself where the other does; what is told apart by its address is not among them.

    f(x) calls g(x)         f(x) calls g(x)
    g(x) = 2 * x       ->   g(x) = 2 * x
    h(x) = 2 * x            h stands for g

A function that is called with numbers of Python's in one place and of NumPy's in
another is lowered for each, and mostly is the same code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["folded", "renamed"]

_NAME = re.compile(r"@([\w.]+)")


def folded(texts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The texts that stay, and the names of those that stand for others.

    >>> one = "define i32 @f(i32 %x) { %y = call i32 @g(i32 %x) ret i32 %y }"
    >>> two = "define i32 @h(i32 %x) { %y = call i32 @g(i32 %x) ret i32 %y }"
    >>> kept, names = folded({"f": one, "h": two})
    >>> list(kept), names
    (['f'], {'h': 'f'})
    """
    names: dict[str, str] = {}
    while True:
        before, kept = len(names), dict[str, str]()
        for name, text in texts.items():
            if name not in names:
                first = kept.setdefault(renamed(text, {**names, name: "self"}), name)
                if first != name:
                    names[name] = first
        if len(names) == before:  # else what calls the two may be the same, too
            return {n: renamed(texts[n], names) for n in kept.values()}, names


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with the functions called that stand for others."""

    def name(found: re.Match[str]) -> str:
        what = found[1]
        while what in names:
            what = names[what]
        return f"@{what}"

    return _NAME.sub(name, text) if names else text
