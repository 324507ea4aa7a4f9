"""Rows of square matrices: inverses, solutions, determinants, Cholesky factors.

In: a statement. Out: its result; None where NumPy is to compute it.
Invariants: small matrices are eliminated in the module, larger ones go to LAPACK. Rows
are exchanged as LAPACK does, for the largest pivot. What has no such pivots, or no
factor, is left to NumPy as it was given: it raises for what is singular.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adcompiler.emit.llvm.called import by_numpy
from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.factored import log_det, root, solve
from adcompiler.emit.llvm.nests import allocated, copied, filled
from adcompiler.emit.llvm.values import (
    Elements,
    Number,
    Value,
    constant_text,
    dense,
    machine,
    zero_text,
)
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let
from adcompiler.ir.types import Array, Scalar

__all__ = ["ROWS"]

Values = list[Value]

_MOST = "16"  # rows, of which a call of NumPy takes longer than the elimination
_SUFFIX = {"float64": "f64", "float32": "f32"}


def _inv(writer: Writer, let: Let) -> Values | None:
    def unit(n: str, dtype: str) -> Elements:
        code = writer.code
        found = filled(code, dtype, (n, n), zero_text(dtype))
        one = constant_text(1, dtype)

        def diagonal(k: str, carried: tuple[str, ...]) -> Sequence[str]:
            place = _place(code, found.data, dtype, code.add(k, code.multiply(k, n)))
            code.do(f"store {machine(dtype)} {one}, ptr {place}")
            return ()

        code.counted(n, diagonal)
        return found

    a = _matrix(writer, let)
    if a is None:
        return None
    return [_solution(writer, let, a, (a.dims[0], a.dims[0]), unit)]


def _solve(writer: Writer, let: Let) -> Values | None:
    a, b = _matrix(writer, let), writer.value(let.operands[1])
    if a is None or not isinstance(b, Elements):
        return None
    if len(b.dims) > 2 or b.dtype != a.dtype:
        return None
    right = b
    return [
        _solution(writer, let, a, b.dims, lambda n, dtype: copied(writer.code, right))
    ]


def _det(writer: Writer, let: Let) -> Values | None:
    a, t = _matrix(writer, let), let.result.type
    if a is None or not isinstance(t, Scalar):
        return None
    code, word = writer.code, machine(a.dtype)

    def eliminated() -> Sequence[str]:
        return _eliminated(writer, a, "null", "0")

    def factored() -> Sequence[str]:
        done, found = _log_det(writer, a)
        return done, found[0]

    found = _by_size(code, a.dims[0], eliminated, factored, ["i1", word])
    (text,) = _or_by_library(writer, let, found, [word])
    return [Number(t.dtype, text, "")]


def _of_log_det(k: int) -> Callable[[Writer, Let], Values | None]:
    def row(writer: Writer, let: Let) -> Values | None:
        a, t = _matrix(writer, let), let.result.type
        if a is None or not isinstance(t, Scalar):
            return None
        done, texts = _log_det(writer, a)
        (text,) = _or_by_library(writer, let, (done, texts[k]), [machine(a.dtype)])
        return [Number(t.dtype, text, "")]

    return row


def _cholesky(writer: Writer, let: Let) -> Values | None:
    a = _matrix(writer, let)
    if a is None:
        return None
    code, n = writer.code, a.dims[0]
    found = copied(code, a)
    name = _function(writer, root(a.dtype))
    done = code.op(f"call i1 @{name}(ptr {found.data}, i64 {n})")
    texts = (done, found.data, found.owner)
    return [_array(writer, let, texts, a.dtype, a.dims)]


def _cofactor(writer: Writer, let: Let) -> Values | None:
    """Of up to three rows, the minors."""
    a, t = _matrix(writer, let), let.result.type
    if a is None or not isinstance(t, Array):
        return None
    code, n = writer.code, a.dims[0]
    name = f"adc_cofactor_{_SUFFIX[a.dtype]}"
    if name not in writer.module.extra:
        writer.module.extra[name] = _cofactor_text(name, a.dtype)

    def minors() -> Sequence[str]:
        given, found = copied(code, a), allocated(code, a.dtype, (n, n))
        code.do(f"call void @{name}(ptr {given.data}, ptr {found.data}, i64 {n})")
        writer.release(given)
        return [found.data, found.owner]

    def by_library() -> Sequence[str]:
        return _kept(by_numpy(writer, let))

    small = code.op(f"icmp ule i64 {n}, 3")
    data, owner = code.chosen(small, minors, by_library, ["ptr", "ptr"])
    return [Elements(a.dtype, data, owner, (n, n), dense(code, (n, n)), True)]


ROWS: dict[str, Callable[[Writer, Let], Values | None]] = {
    "inv": _inv,
    "solve": _solve,
    "det": _det,
    "logabsdet": _of_log_det(1),
    "signdet": _of_log_det(2),
    "cholesky": _cholesky,
    "cofactor": _cofactor,
}


# -- what the rows share ---------------------------------------------------------------


def _matrix(writer: Writer, let: Let) -> Elements | None:
    """The first operand, a square matrix of the result's dtype."""
    a = writer.value(let.operands[0])
    if not isinstance(a, Elements) or len(a.dims) != 2 or a.dtype not in _SUFFIX:
        return None
    return a if a.dtype == getattr(let.result.type, "dtype", None) else None


def _solution(
    writer: Writer,
    let: Let,
    a: Elements,
    dims: tuple[str, ...],
    right: Callable[[str, str], Elements],
) -> Elements:
    """What the matrix takes to the right side, of these lengths."""
    code, n = writer.code, a.dims[0]
    count = dims[1] if len(dims) == 2 else "1"

    def eliminated() -> Sequence[str]:
        b = right(n, a.dtype)
        done, _ = _eliminated(writer, a, b.data, count)
        return [done, b.data, b.owner]

    def factored() -> Sequence[str]:
        given = right(n, a.dtype)
        b = _turned(writer, given)
        matrix, pivots = copied(code, _transposed(a)), allocated(code, "int64", (n,))
        name = _function(writer, solve(a.dtype))
        texts = f"ptr {matrix.data}, ptr {b.data}, ptr {pivots.data}"
        done = code.op(f"call i1 @{name}({texts}, i64 {n}, i64 {count})")
        for value in (matrix, pivots):
            writer.release(value)
        found = _turned(writer, b)
        return [done, found.data, found.owner]

    found = _by_size(code, n, eliminated, factored, ["i1", "ptr", "ptr"])
    return _array(writer, let, found, a.dtype, dims)


def _transposed(x: Elements) -> Elements:
    dims, strides = tuple(reversed(x.dims)), tuple(reversed(x.strides))
    return Elements(x.dtype, x.data, x.owner, dims, strides)


def _turned(writer: Writer, x: Elements) -> Elements:
    """The columns of an array as rows, in place of it; of a vector there is one."""
    if len(x.dims) == 1:
        return x
    found = copied(writer.code, _transposed(x))
    writer.release(x)
    return found


def _by_size(
    code: Code,
    n: str,
    small: Callable[[], Sequence[str]],
    large: Callable[[], Sequence[str]],
    types: Sequence[str],
) -> tuple[str, ...]:
    """What is found of a matrix of n rows."""
    if n.isdigit():
        return tuple(small() if int(n) <= int(_MOST) else large())
    return code.chosen(code.op(f"icmp ule i64 {n}, {_MOST}"), small, large, types)


def _array(
    writer: Writer, let: Let, found: Sequence[str], dtype: str, dims: tuple[str, ...]
) -> Elements:
    """The array that was found, or NumPy's."""
    done, data, owner = found
    strides = dense(writer.code, dims)

    def drop() -> None:
        writer.release(Elements(dtype, data, owner, dims, strides, True))

    types = ["ptr", "ptr"]
    data, owner = _or_by_library(writer, let, (done, data, owner), types, drop)
    return Elements(dtype, data, owner, dims, strides, True)


def _or_by_library(
    writer: Writer,
    let: Let,
    found: Sequence[str],
    types: Sequence[str],
    drop: Callable[[], None] = lambda: None,
) -> tuple[str, ...]:
    """What was found; if it is not `done`, what comes first, NumPy's."""
    done, *texts = found

    def by_library() -> Sequence[str]:
        drop()
        (other,) = by_numpy(writer, let)
        return [other.text] if isinstance(other, Number) else _kept([other])

    return writer.code.chosen(done, lambda: texts, by_library, types)


def _log_det(writer: Writer, a: Elements) -> tuple[str, list[str]]:
    """Whether LAPACK takes the matrix apart; the determinant, the logarithm of its
    absolute value, and its sign."""
    code, n, word = writer.code, a.dims[0], machine(a.dtype)
    work, pivots = copied(code, _transposed(a)), allocated(code, "int64", (n,))
    found = code.alloca(word, 3)
    name = _function(writer, log_det(a.dtype))
    given = f"ptr {work.data}, ptr {pivots.data}, i64 {n}, ptr {found}"
    done = code.op(f"call i1 @{name}({given})")
    for value in (work, pivots):
        writer.release(value)
    places = (_place(code, found, a.dtype, str(k)) for k in range(3))
    return done, [code.op(f"load {word}, ptr {place}") for place in places]


def _function(writer: Writer, function: tuple[str, str]) -> str:
    """The name of a function, which the module has then."""
    name, text = function
    writer.module.extra.setdefault(name, text)
    return name


def _eliminated(writer: Writer, a: Elements, b: str, count: str) -> tuple[str, str]:
    """Whether the elimination was done, and the determinant; `b` is solved in place."""
    code, n = writer.code, a.dims[0]
    name = f"adc_eliminate_{_SUFFIX[a.dtype]}"
    if name not in writer.module.extra:
        writer.module.extra[name] = _elimination_text(name, a.dtype)
    word = machine(a.dtype)
    det = code.alloca(word)
    work = copied(code, a)
    given = f"ptr {work.data}, ptr {b}, i64 {n}, i64 {count}, ptr {det}"
    done = code.op(f"call i1 @{name}({given})")
    writer.release(work)
    return done, code.op(f"load {word}, ptr {det}")


def _kept(values: Sequence[Value]) -> list[str]:
    (found,) = values
    assert isinstance(found, Elements)
    return [found.data, found.owner]


# -- functions of the module -----------------------------------------------------------


def _place(code: Code, data: str, dtype: str, offset: str) -> str:
    return code.op(f"getelementptr {machine(dtype)}, ptr {data}, i64 {offset}")


class _Rows:
    """A matrix in C order, in a function that is being written."""

    def __init__(self, code: Code, data: str, dtype: str, columns: str) -> None:
        self.code, self.data, self.dtype, self.columns = code, data, dtype, columns
        self.word = machine(dtype)

    def place(self, i: str, j: str) -> str:
        offset = self.code.add(self.code.multiply(i, self.columns), j)
        return _place(self.code, self.data, self.dtype, offset)

    def get(self, i: str, j: str) -> str:
        return self.code.op(f"load {self.word}, ptr {self.place(i, j)}")

    def put(self, i: str, j: str, text: str) -> None:
        self.code.do(f"store {self.word} {text}, ptr {self.place(i, j)}")

    def exchange(self, i: str, k: str) -> None:
        """Exchange two rows."""

        def column(j: str, carried: tuple[str, ...]) -> Sequence[str]:
            x, y = self.get(i, j), self.get(k, j)
            self.put(i, j, y)
            self.put(k, j, x)
            return ()

        self.code.counted(self.columns, column)

    def subtract(self, i: str, k: str, factor: str) -> None:
        """Row i less a multiple of row k."""

        def column(j: str, carried: tuple[str, ...]) -> Sequence[str]:
            product = self.code.op(f"fmul {self.word} {factor}, {self.get(k, j)}")
            x = self.get(i, j)
            self.put(i, j, self.code.op(f"fsub {self.word} {x}, {product}"))
            return ()

        self.code.counted(self.columns, column)


def _elimination_text(name: str, dtype: str) -> str:
    """``i1 name(a, b, n, count, det)``: b of n rows becomes what a takes to b."""
    code, word = Code(), machine(dtype)
    a, b = _Rows(code, "%a", dtype, "%n"), _Rows(code, "%b", dtype, "%count")
    one = constant_text(1, dtype)

    def forward(k: str, carried: tuple[str, ...]) -> Sequence[str]:
        done, det = carried
        pivot_row, size = _largest_below(a, k)
        a.exchange(k, pivot_row)
        b.exchange(k, pivot_row)
        pivot = a.get(k, k)
        infinite = constant_text(float("inf"), dtype)
        more = code.op(f"fcmp ogt {word} {size}, {zero_text(dtype)}")
        less = code.op(f"fcmp olt {word} {size}, {infinite}")
        done = code.both(done, code.both(more, less))
        moved = code.op(f"icmp ne i64 {k}, {pivot_row}")
        signed = code.select(moved, word, code.op(f"fneg {word} {pivot}"), pivot)
        det = code.op(f"fmul {word} {det}, {signed}")
        below = code.add(k, "1")

        def row(t: str, carried: tuple[str, ...]) -> Sequence[str]:
            i = code.add(below, t)
            factor = code.op(f"fdiv {word} {a.get(i, k)}, {pivot}")
            a.subtract(i, k, factor)
            b.subtract(i, k, factor)
            return ()

        code.counted(code.subtract("%n", below), row)
        return [done, det]

    def backward(t: str, carried: tuple[str, ...]) -> Sequence[str]:
        k = code.subtract(code.subtract("%n", "1"), t)
        pivot = a.get(k, k)

        def column(j: str, carried: tuple[str, ...]) -> Sequence[str]:
            b.put(k, j, code.op(f"fdiv {word} {b.get(k, j)}, {pivot}"))
            return ()

        def row(i: str, carried: tuple[str, ...]) -> Sequence[str]:
            b.subtract(i, k, a.get(i, k))
            return ()

        code.counted("%count", column)
        code.counted(k, row)
        return ()

    done, det = code.counted("%n", forward, [("i1", "true"), (word, one)])
    code.counted("%n", backward)
    code.do(f"store {word} {det}, ptr %det")
    code.do(f"ret i1 {done}")
    given = "ptr noalias %a, ptr noalias %b, i64 %n, i64 %count, ptr noalias %det"
    return f"define internal i1 @{name}({given}) noinline {{\n{code.text}\n}}\n"


def _largest_below(a: _Rows, k: str) -> tuple[str, str]:
    """The row from k on whose element in column k is the largest, and how large."""
    code, word = a.code, a.word
    first = code.add(k, "1")

    def size(i: str) -> str:
        text = a.get(i, k)
        suffix = _SUFFIX[a.dtype]
        return code.op(f"call {word} @llvm.fabs.{suffix}({word} {text})")

    def row(t: str, carried: tuple[str, ...]) -> Sequence[str]:
        place, most = carried
        i = code.add(first, t)
        mine = size(i)
        more = code.op(f"fcmp ogt {word} {mine}, {most}")
        return [code.select(more, "i64", i, place), code.select(more, word, mine, most)]

    rows = code.subtract("%n", first)
    place, most = code.counted(rows, row, [("i64", k), (word, size(k))])
    return place, most


def _cofactor_text(name: str, dtype: str) -> str:
    """``void name(a, out, n)``, for up to three rows."""
    code, word = Code(), machine(dtype)
    a, out = _Rows(code, "%a", dtype, "%n"), _Rows(code, "%out", dtype, "%n")
    one = constant_text(1, dtype)

    def after(i: str, count: str) -> str:
        return code.op(f"urem i64 {code.add(i, count)}, %n")

    def of_two(i: str, j: str) -> Sequence[str]:
        x = a.get(after(i, "1"), after(j, "1"))
        same = code.op(f"icmp eq i64 {i}, {j}")
        return [code.select(same, word, x, code.op(f"fneg {word} {x}"))]

    def of_three(i: str, j: str) -> Sequence[str]:
        (i1, i2), (j1, j2) = ((after(k, "1"), after(k, "2")) for k in (i, j))
        p = code.op(f"fmul {word} {a.get(i1, j1)}, {a.get(i2, j2)}")
        q = code.op(f"fmul {word} {a.get(i1, j2)}, {a.get(i2, j1)}")
        return [code.op(f"fsub {word} {p}, {q}")]

    def more(i: str, j: str) -> Sequence[str]:
        two = code.op("icmp eq i64 %n, 2")
        return code.chosen(two, lambda: of_two(i, j), lambda: of_three(i, j), [word])

    def row(i: str, carried: tuple[str, ...]) -> Sequence[str]:
        def column(j: str, carried: tuple[str, ...]) -> Sequence[str]:
            alone = code.op("icmp eq i64 %n, 1")
            (text,) = code.chosen(alone, lambda: [one], lambda: more(i, j), [word])
            out.put(i, j, text)
            return ()

        code.counted("%n", column)
        return ()

    code.counted("%n", row)
    code.do("ret void")
    given = "ptr noalias %a, ptr noalias %out, i64 %n"
    return f"define internal void @{name}({given}) noinline {{\n{code.text}\n}}\n"
