"""What is known of what a loop goes over.

In: nothing. Out: `Item`, `Stage`, `Source`; see `iteration`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from adcompiler.frontend.bindings import Binding, Dyn, RangeVal
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Range

Item = Callable[[], Binding]  # computes an item when its turn comes


@dataclass(frozen=True, slots=True)
class Stage:
    """What an item passes: a function of it that gives the next, or tells whether to
    take it."""

    function: Binding | None
    filters: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A counted iteration; `range` is the user's own, if the index is the item.

    Each item passes the stages.
    """

    length: Atom | None  # None: there is no last item
    item: Callable[[Dyn], Binding]
    range: RangeVal | None = None
    stages: tuple[Stage, ...] = ()

    @property
    def endless(self) -> bool:
        """Whether there is no last item."""
        return self.length is None

    def bounds(self) -> Range:
        """The loop's range."""
        if self.range is not None:
            of = self.range
            return Range(of.start.atom, of.stop.atom, of.step.atom)
        length = constant(sys.maxsize) if self.length is None else self.length
        return Range(constant(0), length, constant(1))
