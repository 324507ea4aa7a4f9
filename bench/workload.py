"""What is measured: a program of a user, and what it is measured against.

In: nothing. Out: `Workload`, one for each module of `bench.workloads`.
Invariant: a module of a workload imports no package but NumPy and SciPy, so that it
can be tested where the peers are not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["C", "Function", "Numba", "Workload"]

Function = Callable[..., Any]
Inputs = Callable[[np.random.Generator], tuple[Any, ...]]


@dataclass(frozen=True)
class Numba:
    """An adjoint by hand in Python, which Numba compiles.

    `loose`: sums may be taken in another order, as NumPy takes those of arrays.
    `calls`: functions that the two call, each after what it calls.
    """

    primal: Function
    value_and_grad: Function
    loose: bool = False
    calls: tuple[Function, ...] = ()


@dataclass(frozen=True)
class C:
    """An adjoint by hand in C, with vector instructions: `bench/hand/NAME.c`.

    The file defines `primal` and `value_and_grad`, and `floor` where it has the least
    that memory must do; `single`: in single precision.
    """

    name: str
    single: bool = False
    floor: str | None = None


@dataclass(frozen=True)
class Workload:
    """A program, sizes to run it at, the adjoint by hand, and the peers' programs.

    `hand` and `bar` may differ by size. `bar` is what value and gradient may take of
    what they take by hand. `tiny` is the size of the tests.
    `static` names arguments that are no numbers to a tracer, `stores` are the places of
    those that the program stores to. `left_out` says of a size which contenders do not
    run, and why.
    """

    title: str
    program: Function
    wrt: tuple[str, ...]
    sizes: Mapping[str, Inputs]
    tiny: Inputs
    hand: Numba | C | Mapping[str, Numba | C]
    bar: float | Mapping[str, float] | None = None
    peers: Mapping[str, Function] = field(default_factory=dict)
    static: tuple[str, ...] = ()
    stores: tuple[int, ...] = ()
    left_out: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def hand_at(self, size: str) -> Numba | C:
        return self.hand if isinstance(self.hand, Numba | C) else self.hand[size]

    def bar_at(self, size: str) -> float | None:
        return self.bar.get(size) if isinstance(self.bar, Mapping) else self.bar
