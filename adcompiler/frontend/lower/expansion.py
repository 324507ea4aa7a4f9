"""The inline budget: which functions stay calls, since their code would be repeated.

In: the sites at which functions are inlined, and how much each of them emitted. Out:
the functions that are to be called. A function that emits more than `LARGE` where it is
first inlined is called from its second site on; at the end, the lowering starts again,
with calls at all of its sites.

Invariants: a site is a path of calls, each in its trip of the loops that are laid out.
The size of a site leaves out what is to be calls within it: what emits much
only for the sake of functions that are called is small. One lowering finds (nearly) all
of them, so that a chain of functions that call each other is lowered a few times, not
once for each that stays a call.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

__all__ = ["LARGE", "Expansion", "Path"]

LARGE = 50  # what is inlined once only, in applications of primitives

Path = tuple[tuple[ast.AST, tuple[int, ...]], ...]


@dataclass(slots=True)
class Expansion:
    """What was inlined so far, and what is called instead.

    `called` outlives a lowering; it only grows; `recursive` are those of them that call
    themselves. `sites` has the sizes of the functions
    that are inlined yet; `replaced` those of the copies that will be calls.
    """

    called: set[ast.AST] = field(default_factory=set)
    recursive: set[ast.AST] = field(default_factory=set)
    sites: dict[ast.AST, dict[Path, int]] = field(default_factory=dict)
    replaced: list[tuple[Path, int]] = field(default_factory=list)

    def is_repeated(self, fn: ast.AST, site: Path) -> bool:
        """Whether a large function that was inlined elsewhere is wanted here, too; it
        is called from now on."""
        others = self.sites.get(fn, {})
        if site in others or not any(map(self._is_large, others, others.values())):
            return False
        self._call(fn)
        return True

    def note(self, fn: ast.AST, site: Path, size: int) -> None:
        """Note how much a function has emitted at a site."""
        sizes = self.sites.setdefault(fn, {})
        sizes[site] = max(size, sizes.get(site, 0))
        if len(sizes) > 1 and self._is_large(site, size):
            self._call(fn)

    def _is_large(self, site: Path, size: int) -> bool:
        deep = len(site)
        within = (s for at, s in self.replaced if len(at) > deep and at[:deep] == site)
        return size - sum(within) > LARGE

    def _call(self, fn: ast.AST) -> None:
        self.called.add(fn)
        self.replaced += self.sites.pop(fn).items()
