"""The rows of the corpus: ``Program``, the decorators that make them, the inputs.

A program is an ordinary Python function; the decorators register it and hand it back
unchanged, so programs can call one another. Inputs are stated beside it: what is
callable draws from the row's own generator, anything else is passed as it stands.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Program:
    """One row: a function, its inputs, and what is expected of its derivative."""

    name: str
    fn: Callable[..., Any]
    make_args: Callable[[np.random.Generator], tuple]
    wrt: tuple[str | int, ...] | None = None
    order: int = 2
    tags: frozenset[str] = frozenset()
    refused: str | None = None
    raises: type[BaseException] | None = None
    reference: Callable[..., Any] | None = None

    @property
    def double(self) -> Callable[..., Any]:
        """The function to take differences of: one that rounds to float64 alone."""
        return self.fn if self.reference is None else self.reference

    def args(self) -> tuple:
        """Fresh arguments, the same at every call."""
        return self.make_args(np.random.default_rng(zlib.crc32(self.name.encode())))


PROGRAMS: dict[str, Program] = {}


def _register(row: Program) -> None:
    if row.name in PROGRAMS:
        raise ValueError(f"two programs are named {row.name}")
    PROGRAMS[row.name] = row


def program(
    *inputs: Any,
    label: str = "",
    wrt: tuple[str | int, ...] | None = None,
    order: int = 2,
    tags: tuple[str, ...] = (),
    refused: str | None = None,
    raises: type[BaseException] | None = None,
    reference: Callable[..., Any] | None = None,
) -> Callable:
    """Register the function with these inputs; ``label`` tells further rows apart."""

    def make_args(rng: np.random.Generator) -> tuple:
        return tuple(i(rng) if callable(i) else i for i in inputs)

    def decorate(fn: Callable) -> Callable:
        theme = fn.__module__.rpartition(".")[2]
        name = f"{theme}.{fn.__name__}" + (f"[{label}]" if label else "")
        marks = frozenset((theme, *tags))
        _register(
            Program(name, fn, make_args, wrt, order, marks, refused, raises, reference)
        )
        return fn

    return decorate


def trips(*inputs: Any, counts: tuple[int, ...] = (0, 1, 2, 5), **options: Any):
    """Register one row for each trip count, which replaces the input ``TRIPS``."""

    def decorate(fn: Callable) -> Callable:
        for count in counts:
            row = [count if i is TRIPS else i for i in inputs]
            program(*row, label=f"n={count}", **options)(fn)
        return fn

    return decorate


TRIPS = object()


# --- inputs -----------------------------------------------------------------------


def _shaped(numbers: np.ndarray, shape: tuple[int, ...], dtype: type | None) -> Any:
    if dtype is None:
        return numbers.reshape(shape) if shape else float(numbers[0])
    return numbers.astype(dtype).reshape(shape) if shape else dtype(numbers[0])


def positive(*shape: int, dtype: type | None = None) -> Callable:
    """Numbers in (0.5, 1.5): a Python float without a shape, else an array."""
    size = int(np.prod(shape))
    return lambda rng: _shaped(rng.uniform(0.5, 1.5, size), shape, dtype)


def real(*shape: int, dtype: type | None = None) -> Callable:
    """Numbers of either sign, none within 0.3 of zero and none beyond 1.3."""
    size = int(np.prod(shape))

    def draw(rng: np.random.Generator) -> Any:
        signs = rng.choice((-1.0, 1.0), size)
        return _shaped(signs * rng.uniform(0.3, 1.3, size), shape, dtype)

    return draw


def small(*shape: int, dtype: type | None = None) -> Callable:
    """Numbers of either sign between 0.1 and 0.8 in size."""
    size = int(np.prod(shape))

    def draw(rng: np.random.Generator) -> Any:
        signs = rng.choice((-1.0, 1.0), size)
        return _shaped(signs * rng.uniform(0.1, 0.8, size), shape, dtype)

    return draw


def zero_d() -> Callable:
    """A 0-d array."""
    return lambda rng: np.array(rng.uniform(0.5, 1.5))


def distinct(*shape: int) -> Callable:
    """Numbers at least 0.2 apart, in random order: no ties for max and sorting."""
    size = int(np.prod(shape))

    def draw(rng: np.random.Generator) -> np.ndarray:
        ladder = 0.3 * np.arange(1, size + 1) + rng.uniform(0.0, 0.1, size)
        return rng.permutation(ladder - 0.13 * size).reshape(shape)

    return draw


def spd(n: int) -> Callable:
    """A symmetric positive definite matrix."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        a = rng.uniform(-0.5, 0.5, (n, n))
        return a @ a.T + np.diag(rng.uniform(1.0, 2.0, n))

    return draw


def dominant(n: int) -> Callable:
    """A diagonally dominant matrix, not symmetric."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        return rng.uniform(-0.5, 0.5, (n, n)) + np.diag(rng.uniform(2.0, 3.0, n))

    return draw


def const(*numbers: float, dtype: type = np.float64) -> Callable:
    """A fresh array of these very numbers."""
    return lambda rng: np.array(numbers, dtype=dtype)


def integers(low: int, high: int, *shape: int) -> Callable:
    """An int64 array."""
    return lambda rng: rng.integers(low, high, shape)
