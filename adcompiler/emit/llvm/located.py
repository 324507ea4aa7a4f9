"""Rows that find places: where an array is not zero, where its extremum stands, where a
number belongs in a sorted vector.

In: a statement. Out: integers; None where NumPy is to find them.
Invariants: of equal extrema the first is found, and nan is beyond all numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from adcompiler.emit.llvm.accumulators import first_extreme
from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.nests import At, allocated, each, visited
from adcompiler.emit.llvm.scalars import convert, elementwise
from adcompiler.emit.llvm.values import Elements, Number, Value, machine, read
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let
from adcompiler.ir.types import Array, Scalar

__all__ = ["ROWS", "listed_places"]

Values = list[Value]


# -- where it holds ----------------------------------------------------------------


def _count(code: Code, x: Elements) -> str:
    """How many elements are not zero."""

    def body(places: list[At], carried: tuple[str, ...]) -> Sequence[str]:
        flag = convert(code, places[0].get(code), x.dtype, "bool")
        return [code.add(carried[0], code.op(f"zext i1 {flag} to i64"))]

    return each(code, x.dims, [x], body, [("i64", "0")])[0]


def _vectors(code: Code, count: str, number: int) -> list[Elements]:
    """Vectors of so many integers, with room for one more."""
    room = code.op(f"add i64 {count}, 1")
    made = [allocated(code, "int64", (room,)) for _ in range(number)]
    return [replace(v, dims=(count,)) for v in made]


def _listed(
    code: Code,
    x: Elements,
    vectors: Sequence[Elements],
    found: Callable[[list[str], str], Sequence[str]],
) -> None:
    """Write what `found(indices, offset)` gives where an element is not zero."""
    # Written at each place, and kept where it holds: so there is nothing to predict.
    still = replace(x, strides=x.strides)

    def body(
        indices: list[str], places: list[At], carried: tuple[str, ...]
    ) -> Sequence[str]:
        texts = found(indices, places[0].offset)
        flag = convert(code, places[0].get(code), x.dtype, "bool")
        for vector, text in zip(vectors, texts, strict=True):
            At(vector, carried[0]).put(code, text)
        return [code.add(carried[0], code.op(f"zext i1 {flag} to i64"))]

    visited(code, x.dims, [still], body, [("i64", "0")])


def listed_places(code: Code, mask: Elements, strides: Sequence[str]) -> Elements:
    """Where a mask holds, as offsets into an array of these strides."""
    (vector,) = _vectors(code, _count(code, mask), 1)

    def place(indices: list[str], _: str) -> Sequence[str]:
        offset = "0"
        for index, stride in zip(indices, strides, strict=True):
            offset = code.add(offset, code.multiply(index, stride))
        return [offset]

    _listed(code, mask, [vector], place)
    return vector


def _nonzero(writer: Writer, let: Let) -> Values | None:
    x = writer.value(let.operands[0])
    if not isinstance(x, Elements) or len(x.dims) != len(let.results):
        return None
    vectors = _vectors(writer.code, _count(writer.code, x), len(x.dims))
    _listed(writer.code, x, vectors, lambda indices, _: indices)
    return list(vectors)


# -- where the extremum stands -----------------------------------------------------


def _extremum(name: str) -> Callable[[Writer, Let], Values | None]:
    """The place of the first extremum, or of the first nan."""
    how = "greater" if name == "max" else "less"

    def row(writer: Writer, let: Let) -> Values | None:
        x, t, axis = (
            writer.value(let.operands[0]),
            let.result.type,
            let.param("axis"),
        )
        if not isinstance(x, Elements) or not isinstance(t, Array | Scalar):
            return None
        code = writer.code
        first = [(machine(x.dtype), first_extreme(name, x.dtype)), ("i64", "0")]

        def better(text: str, place: str, carried: Sequence[str]) -> list[str]:
            best, at = carried
            found = _is_beyond(code, how, x.dtype, text, best)
            word = machine(x.dtype)
            return [
                code.select(found, word, text, best),
                code.select(found, "i64", place, at),
            ]

        if axis is None:

            def step(places: list[At], carried: tuple[str, ...]) -> Sequence[str]:
                best = better(places[0].get(code), carried[2], carried[:2])
                return [*best, code.op(f"add i64 {carried[2]}, 1")]

            inits = [*first, ("i64", "0")]
            _, at, _ = each(
                code, x.dims, [replace(x, contiguous=x.contiguous)], step, inits
            )
            if isinstance(t, Scalar):
                return [Number(t.dtype, at, "")]
            return None
        return [_along(code, x, t, axis, bool(let.param("keepdims")), first, better)]

    return row


def _is_beyond(code: Code, how: str, dtype: str, x: str, best: str) -> str:
    found, _ = elementwise(code, how, {}, [x, best], [dtype, dtype])
    if not dtype.startswith("float"):
        return found
    nothing = code.op(f"fcmp uno {machine(dtype)} {x}, {x}")
    number = code.op(f"fcmp ord {machine(dtype)} {best}, {best}")
    return code.either(found, code.both(nothing, number))


def _along(
    code: Code,
    x: Elements,
    t: Array | Scalar,
    axis: int,
    keepdims: bool,
    first: Sequence[tuple[str, str]],
    better: Callable[[str, str, Sequence[str]], list[str]],
) -> Value:
    """The places along one axis."""
    n, stride = x.dims[axis], x.strides[axis]
    dims = (*x.dims[:axis], *x.dims[axis + 1 :])
    strides = (*x.strides[:axis], *x.strides[axis + 1 :])
    rows = replace(x, dims=dims, strides=strides, contiguous=False)

    def best_of(row: At) -> str:
        def trip(k: str, carried: tuple[str, ...]) -> Sequence[str]:
            place = code.add(row.offset, code.multiply(k, stride))
            return better(read(code, x, place), k, carried)

        return code.counted(n, trip, first)[1]

    if isinstance(t, Scalar):
        return Number(t.dtype, best_of(At(rows, "0")), "")
    shown = (*x.dims[:axis], "1", *x.dims[axis + 1 :]) if keepdims else dims
    made = allocated(code, t.dtype, shown)
    kept = list(made.strides)
    if keepdims:
        del kept[axis]
    target = replace(made, dims=dims, strides=tuple(kept), contiguous=False)

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        places[0].put(code, best_of(places[1]))

    each(code, dims, [target, rows], body)
    return made


# -- where a number belongs --------------------------------------------------------


def _searchsorted(writer: Writer, let: Let) -> Values | None:
    a, v = (writer.source(x) for x in let.operands)
    t = let.result.type
    if not isinstance(a, Elements) or a.dtype != v.dtype:
        return None
    assert isinstance(t, Array | Scalar)
    code, right = writer.code, let.param("side") == "right"
    if isinstance(v, Number):
        return [Number(t.dtype, _belongs(code, a, v.text, right=right), "")]
    found = allocated(code, t.dtype, v.dims)

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        text = _belongs(code, a, places[1].get(code), right=right)
        places[0].put(code, text)

    each(code, v.dims, [found, v], body)
    if isinstance(t, Scalar):
        return None
    return [found]


def _belongs(code: Code, a: Elements, v: str, *, right: bool) -> str:
    """The first place before which `v` may stand, or with `right` the last."""
    (n,), (stride,) = a.dims, a.strides
    free = code.op(f"call i64 @llvm.ctlz.i64(i64 {n}, i1 false)")
    steps = code.op(f"sub i64 64, {free}")
    last = code.subtract(n, "1")

    def halve(k: str, carried: tuple[str, ...]) -> Sequence[str]:
        low, high = carried
        middle = code.op(f"lshr i64 {code.op(f'add i64 {low}, {high}')}, 1")
        x = read(code, a, code.multiply(code.least(middle, last), stride))
        behind = _is_less(code, a.dtype, *((v, x) if right else (x, v)))
        if right:
            behind = code.op(f"xor i1 {behind}, true")
        open_ = code.op(f"icmp slt i64 {low}, {high}")
        up = code.both(open_, behind)
        down = code.both(open_, code.op(f"xor i1 {behind}, true"))
        above = code.op(f"add i64 {middle}, 1")
        return [
            code.select(up, "i64", above, low),
            code.select(down, "i64", middle, high),
        ]

    return code.counted(steps, halve, [("i64", "0"), ("i64", n)])[0]


def _is_less(code: Code, dtype: str, x: str, y: str) -> str:
    """Whether one number stands before another, nan behind all."""
    found, _ = elementwise(code, "less", {}, [x, y], [dtype, dtype])
    if not dtype.startswith("float"):
        return found
    number = code.op(f"fcmp ord {machine(dtype)} {x}, {x}")
    nothing = code.op(f"fcmp uno {machine(dtype)} {y}, {y}")
    return code.either(found, code.both(number, nothing))


ROWS: dict[str, Callable[[Writer, Let], Values | None]] = {
    "nonzero": _nonzero,
    "argmax": _extremum("max"),
    "argmin": _extremum("min"),
    "searchsorted": _searchsorted,
}
