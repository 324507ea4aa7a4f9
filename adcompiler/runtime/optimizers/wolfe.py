"""A line search for the strong Wolfe conditions.

In: a function of one variable, with its slope, and a first step. Out: a step after
which it is lower and flatter, and what was found there.
Source: Nocedal and Wright, Numerical Optimization (2006), algorithms 3.5 and 3.6, with
the bounds and the tests of Schmidt's minFunc (2005), which are PyTorch's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Point", "strong_wolfe"]

_LESS = 1e-4  # of the slope, by which the function is to fall at least
_FLAT = 0.9  # of the slope, which is to be left at most
_MOST = 25  # steps of the search

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Point:
    """A step, the function and its gradient there, and the slope along the line."""

    t: float
    value: float
    grad: Array
    slope: float


def strong_wolfe(
    at: Callable[[float], Point], first: float, start: Point, width: float, close: float
) -> tuple[Point, int]:
    """The point where the search ends, and how often `at` was called.

    `start` is where the line begins, `width` the largest part of its direction; ends
    that are less than `close` apart are one.

    >>> def at(t):
    ...     return Point(t, (t - 2.0) ** 2, np.array([2 * (t - 2.0)]), 2 * (t - 2.0))
    >>> point, calls = strong_wolfe(at, 0.5, at(0.0), 1.0, 1e-9)
    >>> point.t, calls
    (0.5, 1)
    """
    search = _Search(at, start, close / width if width else math.inf)
    ends = search.bracket(first)
    return search.narrowed(*ends), search.calls


class _Search:
    def __init__(
        self, at: Callable[[float], Point], start: Point, close: float
    ) -> None:
        self.at, self.start, self.close = at, start, close
        self.calls = 0
        self.rounds = 0

    def look(self, t: float) -> Point:
        self.calls += 1
        return self.at(t)

    def is_too_high(self, p: Point) -> bool:
        start = self.start
        return p.value > start.value + _LESS * p.t * start.slope

    def is_flat(self, p: Point) -> bool:
        return abs(p.slope) <= -_FLAT * self.start.slope

    def bracket(self, t: float) -> tuple[Point, Point]:
        """Two points that have one between them which will do; twice the same if it is
        one itself."""
        before, now = self.start, self.look(t)
        while self.rounds < _MOST:
            higher = self.rounds > 1 and now.value >= before.value
            if self.is_too_high(now) or higher:
                return before, now
            if self.is_flat(now):
                return now, now
            if now.slope >= 0:
                return before, now
            bounds = now.t + 0.01 * (now.t - before.t), 10 * now.t
            before, now = now, self.look(_lowest(before, now, bounds))
            self.rounds += 1
        return self.start, now

    def narrowed(self, one: Point, other: Point) -> Point:
        """A point between two that will do, or the lower end of what is left."""
        low, high = (one, other) if one.value <= other.value else (other, one)
        stuck, found = False, one is other
        while not found and self.rounds < _MOST:
            if abs(high.t - low.t) < self.close:
                break
            left, right = (low, high) if low.t <= high.t else (high, low)
            t, stuck = _inside(left, right, stuck)
            new = self.look(t)
            self.rounds += 1
            if self.is_too_high(new) or new.value >= low.value:
                high = new
                if high.value < low.value:
                    low, high = high, low
            else:
                found = self.is_flat(new)
                if not found and new.slope * (high.t - low.t) >= 0:
                    high = low
                low = new
        return low


def _inside(left: Point, right: Point, stuck: bool) -> tuple[float, bool]:
    """A step between two, not next to an end twice; and whether it is next to one."""
    t = _lowest(left, right, (left.t, right.t))
    margin = 0.1 * (right.t - left.t)
    if min(right.t - t, t - left.t) >= margin:
        return t, False
    if not (stuck or t >= right.t or t <= left.t):
        return t, True
    near_right = abs(t - right.t) < abs(t - left.t)
    return (right.t - margin if near_right else left.t + margin), False


def _lowest(one: Point, other: Point, bounds: tuple[float, float]) -> float:
    """Where the cubic through two points is lowest, within bounds."""
    left, right = (one, other) if one.t <= other.t else (other, one)
    least, most = bounds
    rise = 3 * (left.value - right.value) / (left.t - right.t)
    first = left.slope + right.slope - rise
    square = first * first - left.slope * right.slope
    if not square >= 0:
        return (least + most) / 2
    root = math.sqrt(square)
    part = (right.slope + root - first) / (right.slope - left.slope + 2 * root)
    lowest = right.t - (right.t - left.t) * part
    return min(max(lowest, least), most)
