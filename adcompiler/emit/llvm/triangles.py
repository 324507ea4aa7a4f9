"""Rows of triangles and diagonals.

In: a statement. Out: a new array.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adcompiler.emit.llvm.nests import At, allocated, filled, visited
from adcompiler.emit.llvm.values import (
    Elements,
    Value,
    element,
    machine,
    zero_text,
)
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let

__all__ = ["ROWS"]

Values = list[Value]


def _triangle(how: str) -> Callable[[Writer, Let], Values | None]:
    """Of the matrices of a stack what lies on one side of a diagonal."""

    def row(writer: Writer, let: Let) -> Values | None:
        x = writer.value(let.operands[0])
        if not isinstance(x, Elements) or len(x.dims) < 2:
            return None
        code, k = writer.code, str(let.param("k", 0))
        found = allocated(code, x.dtype, x.dims)

        def body(
            indices: list[str], places: list[At], carried: tuple[str, ...]
        ) -> None:
            edge = code.add(indices[-2], k)
            inside = code.op(f"icmp {how} i64 {indices[-1]}, {edge}")
            text = places[1].get(code)
            zero = zero_text(x.dtype)
            places[0].put(code, code.select(inside, machine(x.dtype), text, zero))

        visited(code, x.dims, [found, x], body, parallel=True)
        return [found]

    return row


def _diag(writer: Writer, let: Let) -> Values:
    """A matrix with a vector on a diagonal."""
    code, x, k = writer.code, writer.elements(let.operands[0]), let.param("k", 0)
    (n,) = x.dims
    side = code.add(n, str(abs(k)))
    found = filled(code, x.dtype, (side, side), zero_text(x.dtype))
    start = code.multiply(str(k), "1") if k >= 0 else code.multiply(str(-k), side)
    step = code.add(side, "1")
    line = replace(
        found,
        data=element(code, found, start),
        dims=(n,),
        strides=(step,),
        contiguous=False,
    )

    def body(indices: list[str], places: list[At], carried: tuple[str, ...]) -> None:
        places[0].put(code, places[1].get(code))

    visited(code, (n,), [line, x], body, parallel=True)
    return [found]


ROWS: dict[str, Callable[[Writer, Let], Values | None]] = {
    "tril": _triangle("sle"),
    "triu": _triangle("sge"),
    "diag": _diag,
}
