"""Rows that make arrays: from lengths, like others, of others.

In: a statement. Out: a new array; None where NumPy is to make it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.nests import At, allocated, broadcast, copied, each, filled
from adcompiler.emit.llvm.scalars import convert
from adcompiler.emit.llvm.spans import number_at, range_length
from adcompiler.emit.llvm.values import (
    Elements,
    Number,
    Value,
    constant_text,
    dense,
    element,
    read,
    zero_text,
)
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let
from adcompiler.ir.types import Array, Scalar

__all__ = ["ROWS"]

Values = list[Value]


def _copy(writer: Writer, let: Let) -> Values | None:
    x = writer.value(let.operands[0])
    match let.result.type:
        case Scalar():
            return [x]
        case Array():
            assert isinstance(x, Elements)
            return [_copied_if_there(writer, let, x)]
        case _:
            return None


def _copied_if_there(writer: Writer, let: Let, x: Elements) -> Elements:
    """A copy; of what is not assigned on some path there is none there."""
    code = writer.code
    if not let.param("maybe"):
        return copied(code, x)
    lacking = code.op(f"icmp eq ptr {x.data}, null")
    held: list[Elements] = []

    def there() -> list[str]:
        held.append(copied(code, x))
        return [held[0].data, held[0].owner]

    data, owner = code.chosen(lacking, lambda: ["null", "null"], there, ["ptr", "ptr"])
    return Elements(x.dtype, data, owner, x.dims, dense(code, x.dims), True)


def _lengths(writer: Writer, let: Let, first: int = 0) -> list[str]:
    """The lengths that are operands, or those that the type knows."""
    t = let.result.type
    assert isinstance(t, Array)
    given = [writer.int64(a) for a in let.operands[first:]]
    return [
        str(d) if isinstance(d, int) else n for d, n in zip(t.dims, given, strict=True)
    ]


def _constant(value: int) -> Callable[[Writer, Let], Values]:
    def row(writer: Writer, let: Let) -> Values:
        t = let.result.type
        assert isinstance(t, Array)
        found = writer.room(let.result, _lengths(writer, let))
        text = constant_text(value, t.dtype)
        return [filled(writer.code, t.dtype, found.dims, text, found)]

    return row


def _empty(writer: Writer, let: Let) -> Values:
    t = let.result.type
    assert isinstance(t, Array)
    return [writer.room(let.result, _lengths(writer, let))]


def _like(value: int) -> Callable[[Writer, Let], Values | None]:
    def row(writer: Writer, let: Let) -> Values | None:
        t, x = let.result.type, writer.value(let.operands[0])
        if isinstance(t, Scalar):
            return [Number(t.dtype, constant_text(value, t.dtype), "")]
        if not isinstance(x, Elements) or not isinstance(t, Array):
            return None
        found = writer.room(let.result, x.dims)
        text = constant_text(value, t.dtype)
        return [filled(writer.code, t.dtype, found.dims, text, found)]

    return row


def _full(writer: Writer, let: Let) -> Values:
    code, x, t = writer.code, writer.value(let.operands[0]), let.result.type
    assert isinstance(t, Array)
    found = writer.room(let.result, _lengths(writer, let, 1))
    return [_filled_with(code, found, x)]


def _filled_with(code: Code, found: Elements, x: Value) -> Elements:
    dtype, dims = found.dtype, found.dims
    if isinstance(x, Number):
        return filled(code, dtype, dims, convert(code, x.text, x.dtype, dtype), found)
    assert isinstance(x, Elements)
    given = x.dtype

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        places[0].put(code, convert(code, places[1].get(code), given, dtype))

    each(code, dims, [found, broadcast(code, x, dims)], body)
    return found


def _full_like(writer: Writer, let: Let) -> Values | None:
    code, t = writer.code, let.result.type
    like, x = (writer.value(a) for a in let.operands)
    if isinstance(t, Scalar) and isinstance(x, Number):
        return [Number(t.dtype, convert(code, x.text, x.dtype, t.dtype), x.python)]
    if not isinstance(like, Elements) or not isinstance(t, Array):
        return None
    return [_filled_with(code, writer.room(let.result, like.dims), x)]


def _arange(writer: Writer, let: Let) -> Values | None:
    t = let.result.type
    if not isinstance(t, Array) or any(
        getattr(a.type, "dtype", "") != "int64" for a in let.operands
    ):
        return None
    code = writer.code
    start, stop, step = (writer.number(a).text for a in let.operands)
    count = range_length(code, start, stop, step)
    (known,) = t.dims
    dims = [str(known) if isinstance(known, int) else count]
    found = allocated(code, t.dtype, dims)

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        number = number_at(code, start, step, index)
        At(found, index).put(code, convert(code, number, "int64", t.dtype))
        return ()

    code.counted(dims[0], trip)
    return [found]


def _eye(writer: Writer, let: Let) -> Values | None:
    t = let.result.type
    if let.param("k", 0) or not isinstance(t, Array):
        return None
    code = writer.code
    given = [writer.int64(a) for a in let.operands]
    dims = given if len(given) == 2 else given * 2
    dims = [
        str(d) if isinstance(d, int) else n for d, n in zip(t.dims, dims, strict=True)
    ]
    found = filled(code, t.dtype, dims, zero_text(t.dtype))
    count = dims[0] if dims[0] == dims[1] else code.least(*dims)
    stride = code.add(dims[1], "1")

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        place = At(found, code.multiply(index, stride))
        place.put(code, constant_text(1, t.dtype))
        return ()

    code.counted(count, trip)
    return [found]


def _cast(writer: Writer, let: Let) -> Values | None:
    code, x, t = writer.code, writer.value(let.operands[0]), let.result.type
    if isinstance(x, Elements):
        if isinstance(t, Array):
            return [_filled_with(code, writer.room(let.result, x.dims), x)]
        if not isinstance(t, Scalar):
            return None
        # float() and its like of an array with one element.
        if any(n != "1" for n in x.dims):
            return None
        x = Number(x.dtype, read(code, x, "0"), "false")
    if not isinstance(t, Scalar) or not isinstance(x, Number):
        return None
    if t.dtype == "int64" and t.kind != "numpy" and x.dtype.startswith("float"):
        wide = convert(code, x.text, x.dtype, "float64")
        size = code.op(f"call double @llvm.fabs.f64(double {wide})")
        code.fail_if(
            code.op(f"fcmp uge double {size}, {constant_text(2.0**62, 'float64')}")
        )
    if t.dtype == "int64" and t.kind != "numpy":
        writer.require_int64(x)
    return [Number(t.dtype, convert(code, x.text, x.dtype, t.dtype), "")]


# -- joining -----------------------------------------------------------------------


def _stack(writer: Writer, let: Let) -> Values | None:
    t = let.result.type
    if not isinstance(t, Array):
        return None
    code, axis = writer.code, let.param("axis", 0)
    values = [writer.value(a) for a in let.operands]
    lengths = _common_dims(values)
    dims = [*lengths[:axis], str(len(values)), *lengths[axis:]]
    dims = [
        str(d) if isinstance(d, int) else n for d, n in zip(t.dims, dims, strict=True)
    ]
    found = allocated(code, t.dtype, dims)
    for k, value in enumerate(values):
        row = replace(
            found,
            data=element(code, found, code.multiply(str(k), found.strides[axis])),
            dims=(*found.dims[:axis], *found.dims[axis + 1 :]),
            strides=(*found.strides[:axis], *found.strides[axis + 1 :]),
            contiguous=axis == 0,
        )
        _write_all(code, row, value)
    return [found]


def _common_dims(values: Sequence[Value]) -> list[str]:
    for value in values:
        if isinstance(value, Elements):
            return list(value.dims)
    return []


def _write_all(code: Code, target: Elements, value: Value) -> None:
    """The elements of a value of the target's shape."""
    assert isinstance(value, Elements | Number)
    given = value.dtype

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        text = convert(code, places[1].get(code), given, target.dtype)
        places[0].put(code, text)

    each(code, target.dims, [target, value], body)


def _concatenate(writer: Writer, let: Let) -> Values | None:
    t, axis = let.result.type, let.param("axis", 0)
    if not isinstance(t, Array) or axis is None:
        return None
    code = writer.code
    values = [writer.elements(a) for a in let.operands]
    total = "0"
    for x in values:
        total = code.add(total, x.dims[axis])
    dims = list(values[0].dims)
    dims[axis] = total
    dims = [
        str(d) if isinstance(d, int) else n for d, n in zip(t.dims, dims, strict=True)
    ]
    found = allocated(code, t.dtype, dims)
    start = "0"
    for x in values:
        offset = code.multiply(start, found.strides[axis])
        lengths = (*found.dims[:axis], x.dims[axis], *found.dims[axis + 1 :])
        data = element(code, found, offset)
        run = axis == 0
        _write_all(code, replace(found, data=data, dims=lengths, contiguous=run), x)
        start = code.add(start, x.dims[axis])
    return [found]


ROWS: dict[str, Callable[[Writer, Let], Values | None]] = {
    "copy": _copy,
    "zeros": _constant(0),
    "ones": _constant(1),
    "empty": _empty,
    "zeros_like": _like(0),
    "ones_like": _like(1),
    "empty_like": _like(0),
    "full": _full,
    "full_like": _full_like,
    "arange": _arange,
    "eye": _eye,
    "cast": _cast,
    "stack": _stack,
    "concatenate": _concatenate,
}
