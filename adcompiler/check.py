"""Checking derivatives against difference quotients.

In: a function and arguments. Out: nothing, or a `GradientError` that names the
argument, the index, both numbers and the relative error.
Invariant: quotients are taken in float64 and extrapolated (Richardson), so that the
tolerance is tight enough to show a missing term.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from adcompiler.differentiable import Differentiable
from adcompiler.frontend.arguments import bind, describe
from adcompiler.frontend.structures import made, opened, parts_of
from adcompiler.frontend.wrt import differentiated, spread
from adcompiler.programs import name_of
from adcompiler.random.rewinding import Rewinding

__all__ = ["GradientError", "check_grads"]

STEPS = (1e-3, 1e-4, 1e-5)

Vector = np.ndarray[Any, np.dtype[np.float64]]


class GradientError(AssertionError):
    """A derivative differs from the difference quotient."""


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 1,
    modes: Sequence[str] = ("rev", "fwd"),
    *,
    tolerance: float | None = None,
) -> None:
    """Compare the derivatives of `f` at `args` with difference quotients.

    Raises GradientError unless all agree, up to the `order`. Orders above one need a
    scalar result, those above two a scalar argument besides. All runs draw the same
    random numbers, and generators stay where they are.
    """
    with Rewinding() as journal:
        try:
            _check_grads(f, args, order, modes, tolerance, journal)
        finally:
            journal.rewind()


def _check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int,
    modes: Sequence[str],
    tolerance: float | None,
    journal: Rewinding,
) -> None:
    unknown = set(modes) - {"rev", "fwd"}
    if unknown:
        raise ValueError(f"modes are 'rev' and 'fwd', not {sorted(unknown)}")
    if tolerance is None:
        tolerance = 1e-2 if any(map(_is_coarse, args)) else 1e-6
    function = f if isinstance(f, Differentiable) else Differentiable(f)
    point = _Point.of(function, tuple(args), tolerance, journal)
    if "rev" in modes:
        point.check_reverse()
    if "fwd" in modes:
        point.check_forward()
    if order > 2 and (len(point.order) > 1 or not point.is_scalar(point.places)):
        raise ValueError(
            f"order={order} checks derivatives of the gradient's gradient, which has "
            f"more than one number by {', '.join(point.order)}: check a function of "
            "one number, such as the value along a line, lambda t: f(x + t * v)"
        )
    if order > 1:
        check_grads(
            Differentiable(function.grad, function.wrt),
            args,
            order - 1,
            modes,
            tolerance=tolerance,
        )


def _is_coarse(value: Any) -> bool:
    container = opened(value)
    if container is not None:
        return any(map(_is_coarse, container[1]))
    return getattr(value, "dtype", None) in (np.float16, np.float32)


@dataclass(frozen=True, slots=True)
class _Point:
    """A function at the arguments where it is checked; `places` are the moving ones,
    `order` that of their gradients."""

    function: Differentiable[..., Any]
    args: tuple[Any, ...]
    places: dict[int, str]
    order: tuple[str, ...]
    tolerance: float
    value: Vector
    journal: Rewinding

    @classmethod
    def of(
        cls,
        function: Differentiable[..., Any],
        args: tuple[Any, ...],
        tolerance: float,
        journal: Rewinding,
    ) -> _Point:
        values, passed = bind(function.signature, (*function.prefix, *args), {})
        specs = {name: describe(value, name=name) for name, value in values.items()}
        chosen = differentiated(specs, function.wrt, passed, name_of(function.function))
        wanted, names = spread(specs, chosen), list(spread(specs, specs, floats=False))
        names = names[len(function.prefix) :][: len(args)]
        places = {k: name for k, name in enumerate(names) if name in wanted}
        value = _flat(function(*copy.deepcopy(args)))
        return cls(function, args, places, tuple(wanted), tolerance, value, journal)

    def is_scalar(self, places: Iterable[int]) -> bool:
        """Whether these arguments are numbers."""
        return all(
            opened(self.args[k]) is None and np.ndim(self.args[k]) == 0 for k in places
        )

    def slope(self, place: int, direction: Any, step: float) -> Vector:
        """How the result changes as an argument moves; extrapolated differences."""
        sizes = [np.max(np.abs(x), initial=0.0) for x in _leaves(self.args[place])]
        step = step * max(1.0, *sizes)
        coarse, fine = (self._central(place, direction, h) for h in (step, step / 2))
        return (4 * fine - coarse) / 3

    def _central(self, place: int, direction: Any, step: float) -> Vector:
        ends = []
        for sign in (1, -1):
            args = list(map(_refined, copy.deepcopy(self.args)))
            args[place] = _moved(args[place], direction, sign * step)
            self.journal.rewind()
            ends.append(_flat(self.function(*args)))
        return (ends[0] - ends[1]) / (2 * step)

    def check_reverse(self) -> None:
        """Each element of each gradient; of several values for a random cotangent."""
        self.journal.rewind()
        value, pullback = self.function.vjp(*copy.deepcopy(self.args))
        rng = np.random.default_rng(0)
        cotangent = _map(partial(_draw, rng, alone=opened(value) is None), value)
        gradients = pullback(cotangent)
        if len(self.order) == 1:
            gradients = (gradients,)
        weights = _flat(cotangent)
        for place, name in self.places.items():
            found = _leaves(gradients[self.order.index(name)])
            for unit, leaf, index in _units(self.args[place]):
                self.compare(
                    f"the gradient of {name}",
                    index,
                    found[leaf][index],
                    partial(self._weighted, place, unit, weights),
                )

    def _weighted(
        self, place: int, direction: Any, weights: Vector, step: float
    ) -> float:
        return float(weights @ self.slope(place, direction, step))

    def check_forward(self) -> None:
        """Each element of the tangent; along an array in a random direction."""
        rng = np.random.default_rng(1)
        for place, name in self.places.items():
            alone = opened(self.args[place]) is None
            direction = _map(partial(_draw, rng, alone=alone), self.args[place])
            tangents: list[Any] = [None] * len(self.args)
            tangents[place] = direction
            args = copy.deepcopy(self.args)
            self.journal.rewind()
            found = _flat(self.function.jvp(args, tuple(tangents))[1])
            slopes = cache(partial(self.slope, place, direction))

            def quotient(k: int, step: float, slopes: Any = slopes) -> float:
                return float(slopes(step)[k])

            for k, tangent in enumerate(found):
                self.compare(
                    f"the tangent along {name}",
                    (k,),
                    tangent,
                    partial(quotient, k),
                )

    def compare(
        self,
        what: str,
        index: tuple[int, ...],
        found: float,
        quotient: Callable[[float], float],
    ) -> None:
        """Raise unless the derivative agrees with the quotient for one of the steps.

        A long step loses fewest digits, a short one stays on its side of a kink.
        """
        scale = 1e-3 * np.max(np.abs(self.value), initial=0.0)
        for step in STEPS:
            expected = float(quotient(step))
            size = max(abs(found), abs(expected))
            error = abs(found - expected)
            if error <= self.tolerance * max(size, scale):
                return
        where = f"[{', '.join(map(str, index))}]" if index else ""
        raise GradientError(
            f"{what}{where} of {name_of(self.function.function)} is "
            f"{float(found):.12g}, the difference quotient {expected:.12g}: "
            f"a relative error of {float(error / size if size else error):.2g}"
        )


# --- Values with parts -----------------------------------------------------------


def _moves(value: Any, inside: bool) -> bool:
    """Whether this is a number that may vary: inside a container, a float."""
    return np.asarray(value).dtype.kind in ("f" if inside else "fiu")


def _map(change: Callable[[Any], Any], value: Any, inside: bool = False) -> Any:
    """A container with its numbers changed, None for what is no number."""
    container = opened(value)
    if container is not None:
        return made(container[0], [_map(change, item, True) for item in container[1]])
    return change(value) if _moves(value, inside) else None


def _leaves(value: Any, inside: bool = False) -> list[Vector]:
    """The numbers in a value, as float64 arrays."""
    container = opened(value)
    if container is not None:
        return [leaf for item in container[1] for leaf in _leaves(item, True)]
    return [np.asarray(value, np.float64)] if _moves(value, inside) else []


def _flat(value: Any) -> Vector:
    return np.concatenate([np.zeros(0), *(leaf.ravel() for leaf in _leaves(value))])


def _refined(value: Any) -> Any:
    """The value in float64, where it is coarser."""
    container = opened(value)
    if container is not None:
        return made(container[0], map(_refined, container[1]))
    if getattr(getattr(value, "dtype", None), "kind", "") == "f":
        return value.astype(np.float64)
    return value


def _draw(rng: np.random.Generator, like: Any, *, alone: bool = False) -> Any:
    """A random direction in the space of a value; None for integers. That of a number
    which stands `alone` is 1, so that derivatives are those that a user knows."""
    if np.asarray(like).dtype.kind != "f" and np.ndim(like):
        return None
    if alone and np.ndim(like) == 0:
        return np.ones((), getattr(like, "dtype", np.float64))[()]
    drawn = rng.uniform(0.5, 1.5, np.shape(like)) * rng.choice([-1, 1], np.shape(like))
    return drawn.astype(getattr(like, "dtype", np.float64))[()]


def _moved(value: Any, direction: Any, step: float) -> Any:
    if direction is None:
        return value
    container = opened(value)
    if container is not None:
        kind, parts = container
        ways = parts_of(kind, direction)
        moved = [_moved(v, d, step) for v, d in zip(parts, ways, strict=True)]
        return made(kind, moved)
    number = value + step * np.asarray(direction, np.float64)
    return number if isinstance(value, np.ndarray | np.generic) else float(number)


def _units(value: Any) -> Iterator[tuple[Any, int, tuple[int, ...]]]:
    """Unit directions, each with the leaf and the index that it moves."""
    container = opened(value)
    if container is None:
        for index in np.ndindex(np.shape(value)):
            unit = np.zeros(np.shape(value))
            unit[index] = 1.0
            yield unit, 0, index
        return
    before = 0
    kind, parts = container
    for k, item in enumerate(parts):
        leaves = _leaves(item, True)
        for unit, leaf, index in _units(item) if leaves else ():
            direction: list[Any] = [None] * len(parts)
            direction[k] = unit
            yield made(kind, direction), before + leaf, index
        before += len(leaves)
