"""Rows that contract arrays: products of matrices and vectors.

In: a statement. Out: its result; None where NumPy is to compute it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from adcompiler.emit.llvm.blas import GEMM, gemm
from adcompiler.emit.llvm.called import by_numpy
from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.nests import At, allocated, each, filled
from adcompiler.emit.llvm.scalars import convert, elementwise
from adcompiler.emit.llvm.values import (
    Elements,
    Number,
    Value,
    dense,
    machine,
    read,
    zero_text,
)
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let
from adcompiler.ir.types import Array, Scalar

__all__ = ["ROWS"]

Values = list[Value]


_SMALL = 512  # products of elements, of which a nest is the faster


def _matmul(writer: Writer, let: Let) -> Values | None:
    """Of few elements a nest; of more BLAS; NumPy's of what BLAS does not take."""
    a, b = (writer.value(x) for x in let.operands)
    t = let.result.type
    if not isinstance(a, Elements) or not isinstance(b, Elements):
        return None
    if len(a.dims) > 2 or len(b.dims) > 2 or not isinstance(t, Array | Scalar):
        return None
    if not t.dtype == a.dtype == b.dtype or t.dtype not in GEMM:
        return None
    left, right = _as_matrix(a, row=True), _as_matrix(b, row=False)
    if isinstance(t, Scalar):
        return [Number(t.dtype, _dot(writer.code, left, right, t.dtype, "0", "0"), "")]
    return [_product(writer, let, left, right, t)]


def _as_matrix(x: Elements, *, row: bool) -> Elements:
    """A vector as a matrix of one row, or of one column."""
    if len(x.dims) == 2:
        return x
    (n,), (step,) = x.dims, x.strides
    if row:
        return replace(x, dims=("1", n), strides=(n, step), contiguous=False)
    return replace(x, dims=(n, "1"), strides=(step, "1"), contiguous=False)


def _product(
    writer: Writer, let: Let, left: Elements, right: Elements, t: Array
) -> Elements:
    code = writer.code
    (m, k), (_, n) = left.dims, right.dims
    ranks = [len(getattr(a.type, "dims", ())) for a in let.operands]
    dims = tuple(x for x, rank in zip((m, n), ranks, strict=True) if rank == 2)

    def plain() -> Sequence[str]:
        return _kept(_by_nest(code, left, right, t.dtype))

    def library() -> Sequence[str]:
        found = allocated(code, t.dtype, (m, n))
        name = GEMM[t.dtype]
        if name not in writer.module.extra:
            writer.module.extra[name] = gemm(t.dtype)
        done = code.op(
            f"call i1 @{name}({_matrix(left)}, {_matrix(right)}, ptr {found.data}, "
            f"i64 {m}, i64 {k}, i64 {n})"
        )

        def by_hand() -> Sequence[str]:
            writer.release(found)
            (other,) = by_numpy(writer, let)
            assert isinstance(other, Elements)
            return _kept(other)

        return code.chosen(done, lambda: _kept(found), by_hand, ["ptr", "ptr"])

    if len(dims) == 2:
        small = code.op(f"icmp sle i64 {code.product((m, k, n))}, {_SMALL}")
        data, owner = code.chosen(small, plain, library, ["ptr", "ptr"])
    else:
        data, owner = plain()  # reading the matrix takes the time
    return Elements(t.dtype, data, owner, dims, dense(code, dims), True)


def _kept(x: Elements) -> list[str]:
    return [x.data, x.owner]


def _matrix(x: Elements) -> str:
    return f"ptr {x.data}, i64 {x.strides[0]}, i64 {x.strides[1]}"


def _by_nest(code: Code, left: Elements, right: Elements, dtype: str) -> Elements:
    """The product by loops, the innermost along an axis that lies dense."""
    m, n = left.dims[0], right.dims[1]
    if n != "1" and right.strides[1] == "1":
        return _added_up(code, left, right, dtype, inner="column")
    if n == "1" and left.strides[0] == "1":
        return _added_up(code, left, right, dtype, inner="row")
    found = allocated(code, dtype, (m, n))

    def row(i: str, carried: tuple[str, ...]) -> Sequence[str]:
        def column(j: str, held: tuple[str, ...]) -> Sequence[str]:
            place = code.add(code.multiply(i, n), j)
            At(found, place).put(code, _dot(code, left, right, dtype, i, j))
            return ()

        code.counted(n, column)
        return ()

    code.counted(m, row)
    return found


def _added_up(
    code: Code, left: Elements, right: Elements, dtype: str, *, inner: str
) -> Elements:
    """The product as the sum of outer products, by rows or by columns inside."""
    (m, k), (_, n) = left.dims, right.dims
    word = machine(dtype)
    found = filled(code, dtype, (m, n), zero_text(dtype))

    def step(i: str, p: str, j: str) -> None:
        x = read(code, left, _offset(code, left, i, p))
        y = read(code, right, _offset(code, right, p, j))
        place = At(found, _offset(code, found, i, j))
        product = code.op(f"fmul contract {word} {x}, {y}")
        total = place.get(code)
        place.put(code, code.op(f"fadd contract {word} {total}, {product}"))

    lengths = {"column": (m, k, n), "row": (k, n, m)}[inner]

    def first(a: str, carried: tuple[str, ...]) -> Sequence[str]:
        def second(b: str, carried: tuple[str, ...]) -> Sequence[str]:
            def third(c: str, carried: tuple[str, ...]) -> Sequence[str]:
                if inner == "column":
                    step(a, b, c)
                else:
                    step(c, a, b)
                return ()

            code.counted(lengths[2], third)
            return ()

        code.counted(lengths[1], second)
        return ()

    code.counted(lengths[0], first)
    return found


def _offset(code: Code, x: Elements, i: str, j: str) -> str:
    along = code.multiply(j, x.strides[1])
    return code.add(code.multiply(i, x.strides[0]), along)


def _dot(code: Code, a: Elements, b: Elements, dtype: str, i: str, j: str) -> str:
    """The product of a row and a column."""
    word = machine(dtype)
    row = code.multiply(i, a.strides[0])
    column = code.multiply(j, b.strides[1])

    def trip(k: str, carried: tuple[str, ...]) -> Sequence[str]:
        x = read(code, a, code.add(row, code.multiply(k, a.strides[1])))
        y = read(code, b, code.add(column, code.multiply(k, b.strides[0])))
        x, y = convert(code, x, a.dtype, dtype), convert(code, y, b.dtype, dtype)
        product = code.op(f"fmul contract {word} {x}, {y}")
        return [code.op(f"fadd reassoc contract {word} {carried[0]}, {product}")]

    (total,) = code.counted(a.dims[1], trip, [(word, zero_text(dtype))])
    return total


def _outer(writer: Writer, let: Let) -> Values | None:
    t = let.result.type
    a, b = (writer.value(x) for x in let.operands)
    if (
        not isinstance(a, Elements)
        or not isinstance(b, Elements)
        or not isinstance(t, Array)
    ):
        return None
    code = writer.code
    found = allocated(code, t.dtype, (a.dims[0], b.dims[0]))
    wide = t.dtype
    left = replace(a, dims=found.dims, strides=(a.strides[0], "0"), contiguous=False)
    right = replace(b, dims=found.dims, strides=("0", b.strides[0]), contiguous=False)

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        x = convert(code, places[1].get(code), a.dtype, wide)
        y = convert(code, places[2].get(code), b.dtype, wide)
        text, _ = elementwise(code, "multiply", {}, [x, y], [wide, wide])
        places[0].put(code, text)

    each(code, found.dims, [found, left, right], body)
    return [found]


ROWS: dict[str, Callable[[Writer, Let], Values | None]] = {
    "matmul": _matmul,
    "outer": _outer,
}
