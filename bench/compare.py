"""Each workload at each size: gradients checked, then all contenders timed in turns.

In: names of workloads. Out: `Measured`, one for each workload and size.
Invariant: a contender whose gradient is not that of the adjoint by hand is not timed:
the run ends with an AssertionError.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from bench.by_hand import Missing
from bench.peers import CONTENDERS, Contender, flat
from bench.workload import Workload
from bench.workloads import workload

__all__ = ["Measured", "Time", "measured"]

_LONGEST = 0.5  # seconds of a call that is left out


@dataclass(frozen=True)
class Time:
    """Seconds of a call over the rounds, as pytest-benchmark sums them up: the median,
    the quartiles around it, the least, the mean and how far the rounds lie from it, and
    how many are outliers, beyond one deviation and beyond 1.5 quartile ranges."""

    median: float
    q1: float
    q3: float
    min: float
    mean: float
    stddev: float
    outliers: str
    rounds: int

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Time:
        """Of the rounds' seconds."""
        from pytest_benchmark.stats import Stats

        stats = Stats()
        for second in seconds:
            stats.update(second)
        return cls(**{f.name: getattr(stats, f.name) for f in fields(cls)})


@dataclass
class Measured:
    """What was measured of a workload at a size, by contender."""

    name: str
    title: str
    size: str
    bar: float | None
    hand_by: str = ""
    gradients: dict[str, Time] = field(default_factory=dict)
    primals: dict[str, Time] = field(default_factory=dict)
    first_calls: dict[str, float] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def ratio(self, other: str) -> float | None:
        """Value and gradient of machine code over those of another contender."""
        ours, theirs = self.gradients.get("llvm"), self.gradients.get(other)
        return ours.median / theirs.median if ours and theirs else None

    def over_primal(self, name: str) -> float | None:
        """Value and gradient over the primal; ours over the one by hand."""
        primal = {"llvm": "hand", "numpy": "Python"}.get(name, name)
        top, below = self.gradients.get(name), self.primals.get(primal)
        return top.median / below.median if top and below else None


def measured(names: Sequence[str], seconds: float) -> Iterator[Measured]:
    """Every workload of these names, at its sizes."""
    _warm_up()
    for name in names:
        found = workload(name)
        for size in found.sizes:
            yield _at(name, found, size, seconds)


def _warm_up() -> None:
    """What is imported by a first derivative is no part of another's first call."""
    found = workload("polynomial")
    size = next(iter(found.sizes))
    args = found.sizes[size](np.random.default_rng(0))
    for make in CONTENDERS.values():
        try:
            contender = make(found, args, size)
        except Missing:
            continue
        if contender.gradient is not None:
            contender.gradient()


def _at(name: str, found: Workload, size: str, seconds: float) -> Measured:
    args = found.sizes[size](np.random.default_rng(1))
    result = Measured(name, found.title, size, found.bar_at(size))
    given = found.left_out.get(size, {})
    contenders: dict[str, Contender] = {}
    wanted: np.ndarray[Any, Any] | None = None
    single = any(getattr(a, "dtype", None) == np.float32 for a in args)
    # By hand first: the others are checked by it.
    for kind in ("hand", *(k for k in CONTENDERS if k != "hand")):
        try:
            if kind in given:
                raise Missing(given[kind])
            contender = CONTENDERS[kind](found, args, size)
            took, value = _first(contender)
            if kind != "floor" and contender.gradient is not None:
                wanted = flat(value) if wanted is None else wanted
                _check(name, size, kind, flat(value), wanted, single)
                if not contender.ahead_of_time:
                    result.first_calls[kind] = took
            if kind == "hand":
                result.hand_by = contender.by
            if (again := _first(contender)[0]) > _LONGEST:
                raise Missing(f"a call takes {again:.1f} s")
            contenders[kind] = contender
        except Missing as missing:
            if str(missing):
                result.left_out[kind] = str(missing)
    gradients = {k: c.gradient for k, c in contenders.items() if c.gradient is not None}
    primals = {k: c.primal for k, c in contenders.items() if c.primal is not None}
    result.gradients = _timed(gradients, seconds)
    result.primals = _timed(primals, seconds / 2)
    return result


def _first(contender: Contender) -> tuple[float, Any]:
    """Seconds of a call, and what it gave."""
    call = contender.gradient or contender.primal
    assert call is not None
    start = time.perf_counter()
    value = call()
    return time.perf_counter() - start, value


def _check(
    name: str,
    size: str,
    kind: str,
    found: np.ndarray[Any, Any],
    wanted: np.ndarray[Any, Any],
    single: bool,
) -> None:
    """Value and gradient are those by hand, measured by the largest of them."""
    error = np.max(np.abs(found[1:] - wanted[1:])) / np.max(np.abs(wanted[1:]))
    error = max(error, abs(found[0] - wanted[0]) / abs(wanted[0]))
    assert error < (1e-4 if single else 1e-9), f"{name}, {size}: {kind} is off {error}"


def _timed(calls: Mapping[str, Callable[[], Any]], seconds: float) -> dict[str, Time]:
    from bench.timing import samples

    rounds = samples(calls, seconds)
    return {name: Time.of(times) for name, times in rounds.items()}
