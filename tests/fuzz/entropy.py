"""Where the generator's decisions come from: one method, `choose(n)`.

`SeededEntropy` is fast and serves bulk runs; `HypothesisEntropy` lets Hypothesis
drive the same generator, and so shrink what it finds: every decision lists its
simplest alternative first.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Source(Protocol):
    """The least a source of decisions must offer."""

    def choose(self, n: int) -> int:
        """Return an integer in `range(n)`."""


class SeededEntropy:
    """Decisions from a seeded `random.Random`."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def choose(self, n: int) -> int:
        return self._random.randrange(n)


class HypothesisEntropy:
    """Decisions drawn from a Hypothesis `data()` object."""

    def __init__(self, data: Any) -> None:
        from hypothesis import strategies

        self._draw = data.draw
        self._integers = strategies.integers

    def choose(self, n: int) -> int:
        return 0 if n == 1 else self._draw(self._integers(0, n - 1))


class Chooser:
    """Conveniences over a source: picks, weights, chances."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def below(self, n: int) -> int:
        return self._source.choose(n)

    def between(self, low: int, high: int) -> int:
        return low + self._source.choose(high - low + 1)

    def pick(self, items: Sequence[T]) -> T:
        return items[self._source.choose(len(items))]

    def chance(self, percent: int) -> bool:
        """True in `percent` per cent of cases; the simple answer is False."""
        return self._source.choose(100) >= 100 - percent

    def weighted(self, table: Sequence[tuple[int, T]]) -> T:
        """Pick from (weight, item) rows; rows of weight 0 never come."""
        ticket = self._source.choose(sum(weight for weight, _ in table))
        for weight, item in table:
            if ticket < weight:
                return item
            ticket -= weight
        raise AssertionError("unreachable")
