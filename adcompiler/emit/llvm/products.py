"""Products of two matrices: loops of the function's own, or BLAS.

In: matrices. Out: LLVM text of ``void adc_product_float64(...)`` and its like, which
choose: BLAS where it pays, loops for few elements and for products of a matrix and a
vector, which take as long as it takes to read the matrix.
Invariant: the innermost loop goes along an axis that lies dense, if there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from adcompiler.emit.llvm.blas import GEMM, gemm
from adcompiler.emit.llvm.code import LINED, Code
from adcompiler.emit.llvm.nests import At, fill
from adcompiler.emit.llvm.scalars import convert
from adcompiler.emit.llvm.values import Elements, Number, machine, read, zero_text
from adcompiler.emit.llvm.writer import Writer

__all__ = ["FEW", "by_nest", "call_product", "dot"]

FEW = 512  # products of elements, of which a nest is the faster
_AT_ONCE = 4  # that are added to an element, between reading and writing it


def _name(dtype: str, *, adds: bool) -> str:
    """The name of the function that gives a product, or adds it."""
    return f"adc_{'add_' if adds else ''}product_{dtype}"


def _function(dtype: str, *, adds: bool) -> str:
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
    name = _name(dtype, adds=adds)
    how = f"noinline {LINED}"
    return f"define internal void @{name}({taken}) {how} {{\n{code.text}\n}}\n"


def call_product(
    writer: Writer, found: Elements, left: Elements, right: Elements, *, adds: bool
) -> None:
    """The product of matrices, or its sum with what is there, by a function."""
    code, ((m, n), k) = writer.code, (found.dims, left.dims[1])
    writer.module.note_call("BLAS", code.mark)
    name = _name(found.dtype, adds=adds)
    if name not in writer.module.extra:
        gemm_name = GEMM[found.dtype]
        writer.module.extra.setdefault(gemm_name, gemm(found.dtype))
        writer.module.extra[name] = _function(found.dtype, adds=adds)
    given = f"{_matrix(left)}, {_matrix(right)}, ptr {found.data}"
    code.do(f"call void @{name}({given}, i64 {m}, i64 {k}, i64 {n})")


def _matrix(x: Elements) -> str:
    return f"ptr {x.data}, i64 {x.strides[0]}, i64 {x.strides[1]}"


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
    """The product as the sum of outer products, by rows or by columns inside.

    Nothing that is read lies in what is written.
    """
    (m, k), (_, n) = left.dims, right.dims
    along, across = (n, m) if inner == "column" else (m, n)
    word, zero = machine(found.dtype), zero_text(found.dtype)

    def pass_over(o: str, p: str, count: int, *, first: bool) -> None:
        """Add so many products to each element of a row, or of a column."""

        def trip(c: str, carried: tuple[str, ...]) -> Sequence[str]:
            i, j = (o, c) if inner == "column" else (c, o)
            place = At(found, _offset(code, found, i, j))
            total = zero if first else place.get(code)
            for q in range(count):
                at = code.add(p, str(q))
                x = read(code, left, _offset(code, left, i, at))
                y = read(code, right, _offset(code, right, at, j))
                product = code.op(f"fmul contract {word} {x}, {y}")
                total = code.op(f"fadd contract {word} {total}, {product}")
            place.put(code, total)
            return ()

        code.counted(along, trip, parallel=True)

    def each(o: str, carried: tuple[str, ...]) -> Sequence[str]:
        done = "0"
        if not adds and _is_some(k):
            # What comes first needs no zeros.
            count = min(int(k), _AT_ONCE)
            pass_over(o, "0", count, first=True)
            done = str(count)
        _in_blocks(code, k, done, lambda p, count: pass_over(o, p, count, first=False))
        return ()

    if not adds and not _is_some(k):
        fill(code, found, Number(found.dtype, zero, "false"))
    code.counted(across, each)


def _is_some(k: str) -> bool:
    return k.isdigit() and k != "0"


def _in_blocks(code: Code, k: str, done: str, add: Callable[[str, int], None]) -> None:
    """Add what is left of k products, so many at once as there are registers for."""
    left = code.subtract(k, done)
    if left.isdigit():
        blocks = str(int(left) // _AT_ONCE)
    else:
        blocks = code.op(f"udiv i64 {left}, {_AT_ONCE}")

    def block(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        add(code.add(done, code.multiply(index, str(_AT_ONCE))), _AT_ONCE)
        return ()

    def single(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        add(code.add(rest, index), 1)
        return ()

    if blocks != "0":
        code.counted(blocks, block)
    rest = code.add(done, code.multiply(blocks, str(_AT_ONCE)))
    if (count := code.subtract(k, rest)) != "0":
        code.counted(count, single)


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
