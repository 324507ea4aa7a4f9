"""Rows that draw random numbers, called from the function.

In: a draw; the state of a generator is the memory of an argument, or of the run. Out:
what is drawn.
Invariants: the state is lent as an array that is stored to; all else is as for what
NumPy computes. Where a run is given up, what it has drawn is undone by who calls it
(`building`), before the NumPy program draws the same.
"""

from __future__ import annotations

from adcompiler.emit.llvm.called import by_numpy
from adcompiler.emit.llvm.values import Value
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let

__all__ = ["ROWS"]


def _drawn(writer: Writer, let: Let) -> list[Value]:
    return by_numpy(writer, let, stored=(0,) if let.operands else ())


ROWS = dict.fromkeys(("draw", "dropout_mask", "fork", "generator"), _drawn)
