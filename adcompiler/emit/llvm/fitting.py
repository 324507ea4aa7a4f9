"""Ints of Python's that meet integers of few bits, or without a sign.

In: a statement, before it is written. Out: tests which give the run up where such an
int is beyond the integers that the statement computes in, or stores; and the dtypes in
which it is compared with others.
Invariant: where NumPy raises, NumPy does it. It compares as if there were no bounds.

    a = np.uint8(200):   a + 300   ->   OverflowError;   a < 300   ->   True
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from adcompiler.emit.llvm.scalars import COMPARISONS
from adcompiler.emit.llvm.values import Number, machine
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Atom, Const, Let, Var
from adcompiler.ir.types import Scalar

__all__ = ["compared_dtypes", "require_fitting"]

# Rows that take an operand, by its place, as what another is, or the result.
_STORED = {
    "store": (1, 0),
    "scatter": (1, 0),
    "full": (0, None),
    "full_like": (1, None),
    "cast": (0, None),
}


def require_fitting(writer: Writer, let: Let) -> None:
    """Give the run up where an int of Python's is not of the dtype it is taken as."""
    if let.primitive.name in COMPARISONS:
        return
    for atom, dtype in _taken(let):
        if dtype is not None and _may_not_fit(atom, dtype):
            _require(writer, atom, dtype)


def compared_dtypes(let: Let, given: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The dtypes in which operands are compared that are to be in those `wanted`: all
    64 bits, where one is an int that need not fit."""
    pairs = zip(let.operands, wanted, strict=True)
    if not any(_may_not_fit(atom, dtype) for atom, dtype in pairs):
        return list(wanted)
    return [d if d == "uint64" else "int64" for d in given]


def _taken(let: Let) -> Iterator[tuple[Atom, str | None]]:
    """The operands, and the dtypes that they are converted to."""
    yield from zip(let.operands, let.dtypes, strict=False)
    if let.primitive.name in _STORED:
        value, target = _STORED[let.primitive.name]
        kept = let.result if target is None else let.operands[target]
        yield let.operands[value], getattr(kept.type, "dtype", None)


def _may_not_fit(atom: Atom, dtype: str) -> bool:
    t = atom.type
    if not isinstance(t, Scalar) or t.dtype != "int64" or t.kind == "numpy":
        return False
    if not dtype.startswith(("int", "uint")) or dtype == "int64":
        return False
    if isinstance(atom, Const):
        bounds = np.iinfo(dtype)
        return not bounds.min <= int(atom.value) <= bounds.max
    return isinstance(atom, Var)


def _require(writer: Writer, atom: Atom, dtype: str) -> None:
    code, found = writer.code, writer.value(atom)
    assert isinstance(found, Number)
    if dtype == "uint64":
        beyond = code.op(f"icmp slt i64 {found.text}, 0")
    else:
        word, how = machine(dtype), "zext" if dtype.startswith("u") else "sext"
        kept = code.op(f"trunc i64 {found.text} to {word}")
        back = code.op(f"{how} {word} {kept} to i64")
        beyond = code.op(f"icmp ne i64 {back}, {found.text}")
    code.fail_if(code.both(beyond, found.python))
