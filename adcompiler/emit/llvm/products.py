"""Products of two matrices: loops of the function's own, or BLAS.

In: matrices. Out: LLVM text of ``void adc_product_float64(...)`` and its like, which
choose: BLAS where it pays, loops for few elements and for products of a matrix and a
vector, which take as long as it takes to read the matrix.
Invariant: the innermost loop goes along an axis that lies dense, if there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from adcompiler.emit.llvm.blas import GEMM
from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.nests import At, fill
from adcompiler.emit.llvm.scalars import convert
from adcompiler.emit.llvm.values import Elements, Number, machine, read, zero_text

__all__ = ["FEW", "by_nest", "dot", "product_function", "product_name"]

FEW = 512  # products of elements, of which a nest is the faster


def product_name(dtype: str, *, adds: bool) -> str:
    """The name of the function that gives a product, or adds it."""
    return f"adc_{'add_' if adds else ''}product_{dtype}"


def product_function(dtype: str, *, adds: bool) -> str:
    """The function for matrices of a dtype."""
    code, word = Code(), machine(dtype)
    m, k, n = "%m", "%k", "%n"
    left = Elements(dtype, "%a", "null", (m, k), ("%a0", "%a1"))
    right = Elements(dtype, "%b", "null", (k, n), ("%b0", "%b1"))
    found = Elements(dtype, "%c", "null", (m, n), (n, "1"), True)
    size = code.multiply(code.multiply(m, k), n)
    few = code.op(f"icmp sle i64 {size}, {FEW}")
    for length in (m, n, k):
        few = code.either(few, code.op(f"icmp eq i64 {length}, 1"))
    loops, library, done = (code.label(h) for h in ("loops", "library", "done"))
    code.branch(few, loops, library)
    code.start(library)
    share = "1.0" if adds else "0.0"
    given = "ptr %a, i64 %a0, i64 %a1, ptr %b, i64 %b0, i64 %b1, ptr %c"
    ready = code.op(
        f"call i1 @{GEMM[dtype]}({given}, i64 {m}, i64 {k}, i64 {n}, {word} {share})"
    )
    code.branch(ready, done, loops)
    code.start(loops)
    _by_layout(code, found, left, right, adds=adds)
    code.jump(done)
    code.start(done)
    code.do("ret void")
    taken = (
        "ptr noalias readonly %a, i64 %a0, i64 %a1, ptr noalias readonly %b, i64 %b0, "
        "i64 %b1, ptr noalias %c, i64 %m, i64 %k, i64 %n"
    )
    name = product_name(dtype, adds=adds)
    return f"define internal void @{name}({taken}) noinline {{\n{code.text}\n}}\n"


def _by_layout(
    code: Code, found: Elements, left: Elements, right: Elements, *, adds: bool
) -> None:
    """Loops for matrices that lie as is seen when it runs."""
    along_row = code.op(f"icmp eq i64 {right.strides[1]}, 1")
    wide = code.op(f"icmp ne i64 {found.dims[1]}, 1")
    rows = replace(right, strides=(right.strides[0], "1"))
    columns = replace(left, strides=("1", left.strides[1]))
    dense_left = replace(left, strides=(left.strides[0], "1"))

    def by_rows() -> Sequence[str]:
        by_nest(code, found, left, rows, adds=adds)
        return ()

    def by_columns() -> Sequence[str]:
        _added_up(code, found, columns, right, inner="row", adds=adds)
        return ()

    def by_dots() -> Sequence[str]:
        even = code.op(f"icmp eq i64 {left.strides[1]}, 1")
        same = code.op(f"icmp eq i64 {right.strides[0]}, 1")

        def packed() -> Sequence[str]:
            column = replace(right, strides=("1", right.strides[1]))
            _dots(code, found, dense_left, column, adds=adds)
            return ()

        def other() -> Sequence[str]:
            _dots(code, found, left, right, adds=adds)
            return ()

        code.chosen(code.both(even, same), packed, other)
        return ()

    def narrow() -> Sequence[str]:
        dense = code.op(f"icmp eq i64 {left.strides[0]}, 1")
        single = code.op(f"icmp eq i64 {found.dims[1]}, 1")
        code.chosen(code.both(dense, single), by_columns, by_dots)
        return ()

    code.chosen(code.both(along_row, wide), by_rows, narrow)


def by_nest(
    code: Code, found: Elements, left: Elements, right: Elements, *, adds: bool
) -> None:
    """The product by loops that are chosen by what is known of the strides."""
    n = right.dims[1]
    if n != "1" and right.strides[1] == "1":
        _added_up(code, found, left, right, inner="column", adds=adds)
    elif n == "1" and left.strides[0] == "1":
        _added_up(code, found, left, right, inner="row", adds=adds)
    else:
        _dots(code, found, left, right, adds=adds)


def _dots(
    code: Code, found: Elements, left: Elements, right: Elements, *, adds: bool
) -> None:
    """Each element as the product of a row and a column."""
    dtype, (m, n) = found.dtype, found.dims
    word = machine(dtype)

    def row(i: str, carried: tuple[str, ...]) -> Sequence[str]:
        def column(j: str, held: tuple[str, ...]) -> Sequence[str]:
            place = At(found, _offset(code, found, i, j))
            total = dot(code, left, right, dtype, i, j)
            if adds:
                total = code.op(f"fadd {word} {place.get(code)}, {total}")
            place.put(code, total)
            return ()

        code.counted(n, column)
        return ()

    code.counted(m, row)


def _added_up(
    code: Code,
    found: Elements,
    left: Elements,
    right: Elements,
    *,
    inner: str,
    adds: bool,
) -> None:
    """The product as the sum of outer products, by rows or by columns inside."""
    (m, k), (_, n) = left.dims, right.dims
    dtype = found.dtype
    word = machine(dtype)
    if not adds:
        fill(code, found, Number(dtype, zero_text(dtype), "false"))

    def step(i: str, p: str, j: str) -> None:
        x = read(code, left, _offset(code, left, i, p))
        y = read(code, right, _offset(code, right, p, j))
        place = At(found, _offset(code, found, i, j))
        product = code.op(f"fmul contract {word} {x}, {y}")
        total = place.get(code)
        place.put(code, code.op(f"fadd contract {word} {total}, {product}"))

    lengths = {"column": (m, k, n), "row": (k, n, m)}[inner]
    order: Callable[[str, str, str], None] = (
        step if inner == "column" else lambda p, j, i: step(i, p, j)
    )

    def first(a: str, carried: tuple[str, ...]) -> Sequence[str]:
        def second(b: str, carried: tuple[str, ...]) -> Sequence[str]:
            def third(c: str, carried: tuple[str, ...]) -> Sequence[str]:
                order(a, b, c)
                return ()

            code.counted(lengths[2], third)
            return ()

        code.counted(lengths[1], second)
        return ()

    code.counted(lengths[0], first)


def _offset(code: Code, x: Elements, i: str, j: str) -> str:
    along = code.multiply(j, x.strides[1])
    return code.add(code.multiply(i, x.strides[0]), along)


def dot(code: Code, a: Elements, b: Elements, dtype: str, i: str, j: str) -> str:
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
