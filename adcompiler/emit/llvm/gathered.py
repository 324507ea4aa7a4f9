"""Rows that read and write the parts of arrays that arrays point out.

In: a statement. Out: its result; None where NumPy is to compute it.
Invariants: what is gathered is new memory. Places are met in C order: so of values
written to one place the last stays, and those added to it are added in order. What adds
to a place once reads all that is there before it writes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.nests import (
    At,
    Source,
    allocated,
    broadcast,
    copied,
    each,
    filled,
)
from adcompiler.emit.llvm.parts import put_part
from adcompiler.emit.llvm.scalars import elementwise
from adcompiler.emit.llvm.steered import Part, Steer, is_inside, steered_part, walk
from adcompiler.emit.llvm.values import Elements, Number, Value, zero_text
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let, Var
from adcompiler.ir.types import Array

__all__ = ["ROWS", "looks_itself"]

Values = list[Value]


def looks_itself(writer: Writer, let: Let) -> bool:
    """Whether the code of a row tests what the row says that it raises."""
    return let.primitive.name in ROWS and _is_ours(writer, let)


def _is_ours(writer: Writer, let: Let) -> bool:
    """Whether a statement is written here: not where an index lies in what is written
    to, nor where the order counts in which NumPy meets places, which follows how the
    index arrays lie."""
    name = let.primitive.name
    if name not in ("scatter", "scatter_add"):
        return isinstance(let.result.type, Array)
    target = writer.roots(let.operands[0])
    indices = let.operands[2:]
    if any(target & writer.roots(a) for a in indices):
        return False
    if name == "scatter_add" and let.param("repeats"):
        return True
    return all(
        a.type.ndim < 2 or a.type.dtype == "bool" or writer.is_dense(a)
        for a in indices
        if isinstance(a, Var) and isinstance(a.type, Array)
    )


def _release(writer: Writer, part: Part) -> None:
    for made in part.made:
        writer.release(made)


def _gather(writer: Writer, let: Let) -> Values | None:
    if not _is_ours(writer, let):
        return None
    part = steered_part(writer, let, writer.elements(let.operands[0]), 1)
    found = _read(writer, part)
    _release(writer, part)
    return [found]


def _read(writer: Writer, part: Part) -> Elements:
    """The elements of a part, in new memory."""
    code = writer.code
    found = allocated(code, part.view.dtype, part.view.dims)

    def body(place: At, places: list[At]) -> None:
        places[0].put(code, place.get(code))

    walk(code, part, [found], body, parallel=True)
    return found


def _value(writer: Writer, let: Let, part: Part) -> tuple[Source, list[Elements]]:
    """What is written, in the part's shape; and the copy of it, if one is needed."""
    code, value, dims = writer.code, writer.source(let.operands[1]), part.view.dims
    if isinstance(value, Number):
        return value, []
    extra = max(0, len(value.dims) - len(dims))
    if not let.safe:
        for n in value.dims[:extra]:
            code.fail_if(code.op(f"icmp ne i64 {n}, 1"))
        lead = len(dims) - len(value.dims) + extra
        for mine, wanted in zip(value.dims[extra:], dims[lead:], strict=True):
            if mine not in (wanted, "1"):
                differ = code.op(f"icmp ne i64 {mine}, {wanted}")
                fixed = code.op(f"icmp ne i64 {mine}, 1")
                code.fail_if(code.both(differ, fixed))
    made = []
    if writer.roots(let.operands[1]) & writer.roots(let.operands[0]):
        value = copied(code, value)
        made.append(value)
    if extra:
        value = replace(
            value,
            dims=value.dims[extra:],
            strides=value.strides[extra:],
            contiguous=False,
        )
    return broadcast(code, value, dims), made


def _scatter(writer: Writer, let: Let) -> Values | None:
    if not _is_ours(writer, let):
        return None
    code = writer.code
    part = steered_part(writer, let, writer.elements(let.operands[0]), 2)
    value, made = _value(writer, let, part)
    once = "array" not in let.param("index")
    write = put_part
    if let.primitive.name == "scatter_add" and not once and not let.param("repeats"):
        value = _sums(writer, let, part, value)
        made.append(value)
        write = _put

    def body(place: At, places: list[At]) -> None:
        write(code, let, place, places[0].get(code))

    walk(code, part, [value], body, parallel=once)
    for x in made:
        writer.release(x)
    _release(writer, part)
    return [writer.handed(let.operands[0])]


def _put(code: Code, let: Let, place: At, text: str) -> None:
    place.put(code, text)


def _sums(writer: Writer, let: Let, part: Part, value: Source) -> Elements:
    """The sums of what is in a part and of what is added to it."""
    code, found = writer.code, _read(writer, part)

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        put_part(code, let, places[0], places[1].get(code))

    each(code, found.dims, [found, value], body, parallel=True)
    return found


# -- along an axis -----------------------------------------------------------------


def _lane(x: Elements, index: Elements, axis: int) -> Part:
    """What the places along an axis are of `x`."""
    strides = (*x.strides[:axis], "0", *x.strides[axis + 1 :])
    view = replace(x, dims=index.dims, strides=strides, contiguous=False)
    return Part(view, (Steer(index, x.dims[axis], x.strides[axis]),))


def _take_along_axis(writer: Writer, let: Let) -> Values:
    code, axis = writer.code, let.param("axis")
    x, index = (writer.elements(a) for a in let.operands)
    if not let.safe:
        others = (k for k in range(len(x.dims)) if k != axis)
        for m, n in ((x.dims[k], index.dims[k]) for k in others):
            if m != n:
                code.fail_if(code.op(f"icmp ne i64 {m}, {n}"))
        is_inside(code, index, x.dims[axis])
    return [_read(writer, _lane(x, index, axis))]


def _put_back(writer: Writer, let: Let) -> Values | None:
    g, index = (writer.elements(a) for a in let.operands[:2])
    dims = writer.dims(let.operands[2])
    if dims is None:
        return None
    code = writer.code
    found = filled(code, g.dtype, dims, zero_text(g.dtype))

    def body(place: At, places: list[At]) -> None:
        more = [place.get(code), places[0].get(code)]
        text, _ = elementwise(code, "add", {}, more, [g.dtype, g.dtype])
        place.put(code, text)

    walk(code, _lane(found, index, let.param("axis")), [g], body, parallel=False)
    return [found]


ROWS: dict[str, Callable[[Writer, Let], Values | None]] = {
    "gather": _gather,
    "scatter": _scatter,
    "scatter_add": _scatter,
    "take_along_axis": _take_along_axis,
    "put_back": _put_back,
}
