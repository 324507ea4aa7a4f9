"""Derivatives that a program takes itself, by differences: stands for `ad`.

The formulas are analytic in the arguments, so complex steps go through them, and they
may be nested. All points of one formula must take the same decisions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

STEP, LEVELS, NOISE, SETTLED = 0.02, 4, 1e-9, 1e-6

Function = Callable[..., Any]


class Kink(ArithmeticError):
    """A decision flips between the points of a formula, or its function turns too fast
    for them: there is no reference."""


class Derivatives:
    """`ad`, for the functions of a watched program."""

    def __init__(self, trace: list[bytes]) -> None:
        self._trace = trace

    def grad(self, f: Function, wrt: int | None = None) -> Function:
        return lambda *xs: self._gradient(f, xs, wrt)

    def value_and_grad(self, f: Function, wrt: int | None = None) -> Function:
        return lambda *xs: (f(*_copies(xs)), self._gradient(f, xs, wrt))

    def jvp(self, f: Function) -> Function:
        return lambda xs, ds: (f(*_copies(xs)), self._along(f, xs, ds))

    def vjp(self, f: Function) -> Function:
        def both(*xs: Any) -> Any:
            def pullback(c: Any) -> Any:
                return self._gradient(lambda *ys: np.sum(c * f(*ys)), xs, None)

            return f(*_copies(xs)), pullback

        return both

    def _gradient(self, f: Function, xs: tuple[Any, ...], wrt: int | None) -> Any:
        """Of one argument, or the tuple of those of all that are no integers."""
        real = [k for k, x in enumerate(xs) if np.asarray(x).dtype.kind in "fc"]
        wanted = real if wrt is None else [wrt]
        parts = tuple(self._partial(f, xs, k) for k in wanted)
        return parts[0] if len(parts) == 1 else parts

    def _partial(self, f: Function, xs: tuple[Any, ...], k: int) -> Any:
        shape = np.shape(xs[k])
        units = np.eye(np.size(xs[k])).reshape(-1, *shape)
        slopes = []
        for unit in units:
            direction = [None] * len(xs)
            direction[k] = unit[()] if shape else float(unit)
            slopes.append(self._along(f, xs, direction))
        return np.array(slopes).reshape(shape)[()]

    def _along(self, f: Function, xs: Any, ds: Any) -> Any:
        """The slope along `ds`: central differences, extrapolated."""
        start = len(self._trace)
        f(*_copies(xs))
        path = self._trace[start:]
        rows: list[Any] = []
        for level in range(LEVELS):
            h = STEP / 2**level
            ends = [self._at(f, xs, ds, t, path) for t in (h, -h)]
            new = [(ends[0] - ends[1]) / (2 * h)]
            for k, old in enumerate(rows):
                new.append(new[-1] + (new[-1] - old) / (4 ** (k + 1) - 1))
            rows = new
        slope, before = rows[-1], rows[-2]
        if np.any(np.abs(slope - before) > SETTLED * (1 + np.abs(slope))):
            raise Kink("a derivative that the program takes is too steep")
        # What is rounding alone is zero, so that the sign of a slope is no accident.
        return slope - np.where(np.abs(np.real(slope)) < NOISE, np.real(slope), 0.0)[()]

    def _at(self, f: Function, xs: Any, ds: Any, t: float, path: list[bytes]) -> Any:
        start = len(self._trace)
        moved = [
            x if d is None else x + t * d for x, d in zip(_copies(xs), ds, strict=True)
        ]
        value = f(*moved)
        if self._trace[start:] != path:
            raise Kink("a decision flips within a derivative that the program takes")
        del self._trace[start:]
        return value


def _copies(xs: Any) -> list[Any]:
    return [x.copy() if isinstance(x, np.ndarray) else x for x in xs]
