"""Rows that look at an array in another way.

In: a statement. Out: a view, which holds the memory that it looks at; or new memory, if
elements cannot be found by strides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from adcompiler.emit.llvm.nests import broadcast, copied, filled
from adcompiler.emit.llvm.parts import viewed
from adcompiler.emit.llvm.values import (
    Elements,
    Number,
    Value,
    dense,
    element,
    read,
)
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let
from adcompiler.ir.types import Scalar

__all__ = ["ROWS"]

Values = list[Value]


def _transpose(writer: Writer, let: Let) -> Values:
    x, axes = writer.elements(let.operands[0]), let.param("axes")
    dims = tuple(x.dims[a] for a in axes)
    strides = tuple(x.strides[a] for a in axes)
    return [viewed(writer, let, replace(x, dims=dims, strides=strides))]


def _expand_dims(writer: Writer, let: Let) -> Values | None:
    x, axes = writer.value(let.operands[0]), let.param("axis")
    code = writer.code
    if isinstance(x, Number):
        return [filled(code, x.dtype, ["1"] * len(axes), x.text)]
    assert isinstance(x, Elements)
    rest = iter(zip(x.dims, x.strides, strict=True))
    rank = len(x.dims) + len(axes)
    pairs = [("1", "0") if k in axes else next(rest) for k in range(rank)]
    dims, strides = zip(*pairs, strict=True)
    return [viewed(writer, let, replace(x, dims=dims, strides=strides))]


def _squeeze(writer: Writer, let: Let) -> Values:
    x, axes = writer.elements(let.operands[0]), let.param("axis")
    pairs = [
        p for k, p in enumerate(zip(x.dims, x.strides, strict=True)) if k not in axes
    ]
    dims, strides = tuple(n for n, _ in pairs), tuple(s for _, s in pairs)
    if isinstance(let.result.type, Scalar):
        return [Number(x.dtype, read(writer.code, x, "0"), "false")]
    return [viewed(writer, let, replace(x, dims=dims, strides=strides))]


def _flip(writer: Writer, let: Let) -> Values:
    code, x = writer.code, writer.elements(let.operands[0])
    offset, strides = "0", list(x.strides)
    for axis in let.param("axis"):
        last = code.subtract(x.dims[axis], "1")
        # Of an array of no elements the place is not read.
        offset = code.add(offset, code.multiply(last, strides[axis]))
        strides[axis] = code.multiply(strides[axis], "-1")
    data = element(code, x, offset)
    return [viewed(writer, let, replace(x, data=data, strides=tuple(strides)))]


def _broadcast_to(writer: Writer, let: Let) -> Values:
    x, like = (writer.value(a) for a in let.operands)
    if isinstance(let.result.type, Scalar):
        return [replace(x, python="")] if isinstance(x, Number) else [x]
    assert isinstance(like, Elements)
    if isinstance(x, Number):
        return [filled(writer.code, x.dtype, like.dims, x.text)]
    assert isinstance(x, Elements)
    return [viewed(writer, let, broadcast(writer.code, x, like.dims))]


def _diagonal(writer: Writer, let: Let) -> Values:
    code, x, k = writer.code, writer.elements(let.operands[0]), let.param("k", 0)
    (m, n), (down, along) = x.dims, x.strides
    if k >= 0:
        start = code.multiply(str(k), along)
        n = code.most(code.subtract(n, str(k)), "0")
    else:
        start = code.multiply(str(-k), down)
        m = code.most(code.subtract(m, str(-k)), "0")
    found = replace(
        x,
        data=element(code, x, start),
        dims=(m if m == n else code.least(m, n),),
        strides=(code.add(down, along),),
    )
    return [viewed(writer, let, found)]


def _matrix_diagonal(writer: Writer, let: Let) -> Values:
    code, x = writer.code, writer.elements(let.operands[0])
    dims = x.dims[:-1]
    strides = (*x.strides[:-2], code.add(x.strides[-2], x.strides[-1]))
    return [viewed(writer, let, replace(x, dims=dims, strides=strides))]


def _reshape(writer: Writer, let: Let) -> Values:
    """One length may be -1: the rest."""
    code, x = writer.code, writer.value(let.operands[0])
    lengths = [writer.int64(a) for a in let.operands[1:]]
    total = code.product(x.dims) if isinstance(x, Elements) else "1"
    known = "1"
    for n in lengths:
        if n.isdigit():
            known = code.multiply(known, n)
        elif n != "-1":
            below = code.op(f"icmp slt i64 {n}, 0")
            known = code.multiply(known, code.select(below, "i64", "1", n))
    dims = []
    for n in lengths:
        if n.isdigit():
            dims.append(n)
            continue
        positive = (
            code.most(known, "1") if not known.isdigit() else str(max(1, int(known)))
        )
        rest = code.op(f"sdiv i64 {total}, {positive}")
        below = code.op(f"icmp slt i64 {n}, 0") if n != "-1" else "true"
        dims.append(code.select(below, "i64", rest, n))
    return _reshaped(writer, let, dims)


def _reshape_like(writer: Writer, let: Let) -> Values:
    like = writer.value(let.operands[1])
    return _reshaped(writer, let, like.dims if isinstance(like, Elements) else ())


def _reshaped(writer: Writer, let: Let, dims: Sequence[str]) -> Values:
    code, x = writer.code, writer.value(let.operands[0])
    if isinstance(let.result.type, Scalar):
        assert isinstance(x, Number)
        return [replace(x, python="")]
    if isinstance(x, Number):
        return [filled(code, x.dtype, dims, x.text)]
    assert isinstance(x, Elements)
    if x.contiguous:
        found = replace(x, dims=tuple(dims), strides=dense(code, dims))
        return [viewed(writer, let, found)]
    made = copied(code, x)
    return [replace(made, dims=tuple(dims), strides=dense(code, dims))]


def _same(writer: Writer, let: Let) -> Values | None:
    x = writer.value(let.operands[0])
    return [viewed(writer, let, x)] if isinstance(x, Elements) else None


ROWS: dict[str, Callable[[Writer, Let], Values | None]] = {
    "transpose": _transpose,
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
    "stop_gradient": _same,
    "flip": _flip,
    "broadcast_to": _broadcast_to,
    "diagonal": _diagonal,
    "matrix_diagonal": _matrix_diagonal,
    "reshape": _reshape,
    "reshape_like": _reshape_like,
}
