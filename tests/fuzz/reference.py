"""Derivatives of a program from the plain Python program itself.

Along a direction: Ridders' extrapolation of central differences, valid only while
the perturbed runs take the decisions of the unperturbed one; then the complex step,
taken as the answer where both agree. What does not converge is unreliable.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.fuzz.instrument import Watched
from tests.fuzz.program import Program, is_real
from tests.fuzz.trees import leaves, mapped, members

STEPS = (2e-2, 2.5e-3, 3e-4)
LEVELS = 5
TINY = 1e-30


@dataclass
class Estimate:
    """A directional derivative and a bound on its error."""

    value: float
    error: float
    exact: bool = False  # from the complex step


@dataclass
class Reference:
    """What a program's derivative must be."""

    value: float = float("nan")
    directions: list[list[Any]] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)
    components: list[Any] | None = None  # the full gradient, per argument
    unreliable: str = ""  # why no reference can be given; empty: reliable


def directions(values: list[Any], count: int, seed: int) -> list[list[Any]]:
    """Random directions over the float arguments; None for the others."""
    generator = np.random.default_rng(seed)
    return [[_random_like(v, generator) for v in values] for _ in range(count)]


def _random_like(value: Any, generator: np.random.Generator) -> Any:
    if not is_real(value):
        return None
    if isinstance(value, np.ndarray):
        drawn = generator.uniform(0.3, 1.0, value.shape)
        return drawn * generator.choice([-1.0, 1.0], value.shape)
    return float(generator.uniform(0.3, 1.0) * generator.choice([-1.0, 1.0]))


def shifted(values: list[Any], direction: list[Any], t: complex) -> list[Any]:
    return [
        v if d is None else v + t * d for v, d in zip(values, direction, strict=True)
    ]


def inner(a: list[Any], b: list[Any]) -> float:
    """<a, b>, skipping what is not differentiated."""
    pairs = zip(a, b, strict=True)
    return float(sum(np.sum(np.multiply(p, q)) for p, q in pairs if q is not None))


def weights(result: Any) -> Any:
    """The cotangent with which the tests weigh a result: 1 of a number, else random."""
    if members(result) is None and not np.ndim(result):
        return 1.0
    seeds = itertools.count(11)
    return mapped(lambda part: _cotangent(part, next(seeds)), result)


def _cotangent(part: Any, seed: int) -> Any:
    drawn = np.random.default_rng(seed).uniform(-1.0, 1.0, np.shape(part))
    return drawn if np.ndim(part) else float(drawn)


def weighed(result: Any) -> Any:
    """One number made of a result; complex if the result is."""
    pairs = zip(leaves(result), leaves(weights(result)), strict=True)
    total = sum(np.sum(p * c) for p, c in pairs)
    return complex(total) if np.iscomplexobj(total) else float(total)


def reference(program: Program, count: int = 2, seed: int = 7) -> Reference:
    """The reference at float64, along `count` random directions."""
    values = program.values()
    watched = Watched(program.source)
    value, trace = watched.run(values)
    result = Reference(weighed(value))
    if not np.isfinite(result.value):
        result.unreliable = "value not finite"
        return result
    result.directions = directions(values, count, seed)
    for direction in result.directions:
        estimate = along(watched, values, direction, trace)
        if isinstance(estimate, str):
            result.unreliable = estimate
            return result
        result.estimates.append(estimate)
    if all(e.exact for e in result.estimates):
        result.components = _components(watched, values)
    return result


def along(
    watched: Watched, values: list[Any], direction: list[Any], trace: list[bytes]
) -> Estimate | str:
    """The derivative along one direction, or why there is none."""
    reason = ""
    best: Estimate | None = None
    for h in STEPS:
        estimate = ridders(watched, values, direction, trace, h)
        if isinstance(estimate, str):
            reason = estimate
        elif best is None or estimate.error < best.error:
            best = estimate
    if best is None:
        return reason
    exact = complex_step(watched, values, direction)
    if exact is not None:
        slack = 30 * best.error + 1e-7 * (1 + abs(exact))
        if abs(exact - best.value) <= slack:
            return Estimate(exact, 1e-13 * (1 + abs(exact)), exact=True)
        if best.error < 1e-6 * (1 + abs(best.value)):
            return "complex step and differences disagree"
    if best.error > 1e-5 * (1 + abs(best.value)):
        return "differences did not converge"
    return best


def ridders(
    watched: Watched,
    values: list[Any],
    direction: list[Any],
    trace: list[bytes],
    h: float,
) -> Estimate | str:
    table: list[list[float]] = []
    best, error = float("nan"), float("inf")
    for level in range(LEVELS):
        step = h / 2**level
        ends = []
        for t in (step, -step):
            value, path = watched.run(shifted(values, direction, t))
            if path != trace:
                return "a decision flips nearby"
            ends.append(weighed(value))
        row = [(ends[0] - ends[1]) / (2 * step)]
        rounding = 4e-16 * (abs(ends[0]) + 1) / step
        for k in range(1, level + 1):
            row.append(row[-1] + (row[-1] - table[-1][k - 1]) / (4**k - 1))
            change = max(abs(row[k] - row[k - 1]), abs(row[k] - table[-1][k - 1]))
            if change + rounding < error:
                best, error = row[k], change + rounding
        table.append(row)
    return Estimate(best, error)


def complex_step(
    watched: Watched, values: list[Any], direction: list[Any]
) -> float | None:
    """The derivative by a complex step, or None where the program has none."""
    try:
        moved = shifted(values, direction, 1j * TINY)
        value, _ = watched.run(moved, complex_step=True)
        result = float(np.imag(weighed(value))) / TINY
    except Exception:  # noqa: BLE001 - not every program runs on complex numbers
        return None
    return result if np.isfinite(result) else None


def _components(watched: Watched, values: list[Any]) -> list[Any] | None:
    """The whole gradient by complex steps (the directions agreed already)."""
    gradient = []
    for position, value in enumerate(values):
        if not is_real(value):
            gradient.append(None)
            continue
        flat = np.zeros(np.size(value))
        for k in range(flat.size):
            unit = np.zeros(flat.size)
            unit[k] = 1.0
            direction: list[Any] = [None] * len(values)
            direction[position] = unit.reshape(np.shape(value))
            if np.ndim(value) == 0:
                direction[position] = 1.0
            part = complex_step(watched, values, direction)
            if part is None:
                return None
            flat[k] = part
        gradient.append(flat.reshape(np.shape(value)))
    return gradient
