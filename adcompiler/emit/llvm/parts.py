"""Rows on the parts of arrays: lengths, what is read and what is written.

In: a statement. Out: its results.
Invariants: a part that is a view holds the memory that it looks at; a store is in
place, and first copies what it stores if that may lie in the array itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.contiguity import leads
from adcompiler.emit.llvm.contractions import add_product
from adcompiler.emit.llvm.framed import may_hold
from adcompiler.emit.llvm.groups import Group, Sink
from adcompiler.emit.llvm.nests import At, broadcast, copied, each
from adcompiler.emit.llvm.scalars import convert, elementwise
from adcompiler.emit.llvm.spans import range_length
from adcompiler.emit.llvm.values import (
    Elements,
    Number,
    Value,
    element,
    read,
)
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let, Var
from adcompiler.ir.types import Array, Scalar
from adcompiler.primitives.indexing import part_lengths

__all__ = [
    "ROWS",
    "added",
    "counted_from_start",
    "may_sink",
    "part_shape",
    "put_part",
    "sinks_into",
    "sliced",
    "viewed",
]

Values = list[Value]


def _int(text: str) -> Values:
    return [Number("int64", text, "true")]


def _shape(writer: Writer, let: Let) -> Values:
    dims = writer.dims(let.operands[0])
    assert dims is not None
    return _int(dims[let.param("axis")])


def _size(writer: Writer, let: Let) -> Values:
    return _int(writer.code.product(writer.dims(let.operands[0]) or ()))


def _range_length(writer: Writer, let: Let) -> Values:
    start, stop, step = map(writer.int64, let.operands)
    return _int(range_length(writer.code, start, stop, step))


# -- parts -------------------------------------------------------------------------


def counted_from_start(code: Code, i: str, n: str) -> str:
    """An index that may count from the end."""
    if i.lstrip("-").isdigit():
        return (
            i
            if int(i) >= 0
            else code.add(n, i)
            if not n.isdigit()
            else str(int(n) + int(i))
        )
    below = code.op(f"icmp slt i64 {i}, 0")
    return code.select(below, "i64", code.op(f"add i64 {i}, {n}"), i)


def _bound(code: Code, i: str, low: str, high: str, n: str) -> str:
    """A bound of a slice, counted from the start, between `low` and `high`."""
    if i.isdigit() and low == "0" and high == n:
        return "0" if i == "0" else code.least(i, n)
    return code.least(code.most(counted_from_start(code, i, n), low), high)


def sliced(
    code: Code, n: str, start: str | None, stop: str | None, step: str | None
) -> tuple[str, str, str]:
    """Where a slice starts, how many elements it takes, and how far apart."""
    if step in (None, "1"):
        first = "0" if start is None else _bound(code, start, "0", n, n)
        last = n if stop is None else _bound(code, stop, "0", n, n)
        if first == "0":
            return first, last, "1"
        return first, code.most(code.op(f"sub i64 {last}, {first}"), "0"), "1"
    down = code.op(f"icmp slt i64 {step}, 0")
    low = code.select(down, "i64", "-1", "0")
    high = code.select(down, "i64", code.op(f"sub i64 {n}, 1"), n)
    first = (
        code.select(down, "i64", high, low)
        if start is None
        else _bound(code, start, low, high, n)
    )
    last = (
        code.select(down, "i64", low, high)
        if stop is None
        else _bound(code, stop, low, high, n)
    )
    return first, range_length(code, first, last, step), step


def part(
    writer: Writer, x: Elements, index: Sequence[object], let: Let, first: int
) -> Elements:
    """``x[index]``, whose operands are those of the statement from `first` on."""
    code = writer.code
    atoms = iter(let.operands[first:])
    axes = iter(zip(x.dims, x.strides, strict=True))
    offset, dims, strides = "0", [], []
    for entry in index:
        if entry == "new":
            dims.append("1")
            strides.append("0")
            continue
        n, stride = next(axes)
        if entry == "int":
            number = writer.number(next(atoms))
            writer.require_int64(number)
            i = convert(code, number.text, number.dtype, "int64")
            if not let.param("tested"):
                i = counted_from_start(code, i, n)
            offset = code.add(offset, code.multiply(i, stride))
        elif entry == "full":
            dims.append(n)
            strides.append(stride)
        else:
            assert isinstance(entry, tuple)
            bounds = [writer.int64(next(atoms)) if has else None for has in entry[1:]]
            begin, count, step = sliced(code, n, *bounds)
            offset = code.add(offset, code.multiply(begin, stride))
            dims.append(count)
            strides.append(code.multiply(stride, step))
    rest = list(axes)
    dims += [n for n, _ in rest]
    strides += [s for _, s in rest]
    data = element(code, x, offset)
    return Elements(x.dtype, data, x.owner, tuple(dims), tuple(strides))


def _load(writer: Writer, let: Let) -> Values:
    x = writer.elements(let.operands[0])
    found = part(writer, x, let.param("index"), let, 1)
    if isinstance(let.result.type, Scalar):
        return [Number(x.dtype, read(writer.code, found, "0"), "false")]
    return [viewed(writer, let, found)]


def viewed(writer: Writer, let: Let, found: Elements) -> Elements:
    """The view, which holds the memory of what it looks at."""
    x = let.operands[0]
    owner = writer.value(x) if writer.lends(x, let.result) else writer.handed(x)
    assert isinstance(owner, Elements)
    return replace(found, owner=owner.owner, contiguous=writer.is_dense(let.result))


def _written_value(writer: Writer, let: Let, target: Elements) -> tuple[Value, bool]:
    """What is written, as the target's shape takes it; and whether it is a copy."""
    value = writer.value(let.operands[1])
    if not isinstance(value, Elements):
        return value, False
    mine = writer.roots(let.operands[1]) & writer.roots(let.operands[0])
    taken = copied(writer.code, value) if mine else value
    rank = len(target.dims)
    extra = len(taken.dims) - rank
    if extra > 0:  # ones in front do not count
        taken = replace(
            taken,
            dims=taken.dims[extra:],
            strides=taken.strides[extra:],
            contiguous=False,
        )
    return broadcast(writer.code, taken, target.dims), bool(mine)


def _accumulate(writer: Writer, let: Let) -> Values:
    return add_product(writer, let) or _write(writer, let)


def _sunk(writer: Writer, let: Let, target: Elements) -> Values | None:
    """Have the group of the value write it, if that is of the part's shape; None if it
    does not. What reads or writes the array itself has been written before."""
    array, value, *_ = let.operands
    group = writer.pending.get(value) if isinstance(value, Var) else None
    if group is None or not may_sink(writer, let, group):
        return None
    assert isinstance(value, Var)
    for mine, theirs in zip(target.dims, group.dims, strict=True):
        writer.require_equal(mine, theirs)
    place = replace(target, dims=group.dims)
    found = writer.handed(array)
    group.sinks.append(Sink(let, place, value, _stays(writer, let, target)))
    group.written |= writer.roots(array)
    return [found]


def may_sink(writer: Writer, let: Let, group: Group) -> bool:
    """Whether the group that computes a value can write it to the part."""
    array, value, *_ = let.operands
    inside = group.scope is writer.scopes[-1] and value not in group.places
    if not inside or value not in group.elements:
        return False
    if part_shape(writer, let) != group.shape:
        return False
    if writer.roots(array) & group.written:
        return False
    return all(
        _is_same(writer, let, source) or not writer.roots(array) & writer.roots(v)
        for v, source in group.sources.items()
    )


def _is_same(writer: Writer, let: Let, source: Elements | Number) -> bool:
    """Whether what a group reads is the whole array that is stored to: each element is
    read, and then written, at one place of the nest."""
    array = writer.values.get(let.operands[0])  # type: ignore[arg-type]
    if let.primitive.name != "store" or let.param("index") != ():
        return False
    if not isinstance(array, Elements) or not isinstance(source, Elements):
        return False
    # A part from the first element on has the same strides, and is stretched.
    return (array.data, array.dtype, array.dims, array.strides) == (
        *(source.data, source.dtype, source.dims, source.strides),
    )


def sinks_into(writer: Writer, let: Let) -> Group | None:
    """The group that writes what is stored to a whole array when it computes it, though
    it reads that array."""
    value = let.operands[1] if len(let.operands) > 1 else None
    group = writer.pending.get(value) if isinstance(value, Var) else None
    whole = let.primitive.name == "store" and let.param("index") == ()
    return group if whole and group and may_sink(writer, let, group) else None


def part_shape(writer: Writer, let: Let) -> tuple[Hashable, ...]:
    """What tells the shape of a part apart that is written."""
    array, _, *operands = let.operands
    assert isinstance(array.type, Array)
    known = let.param("known")
    if isinstance(known, Array):
        return writer.shape_of(known.dims)
    index = let.param("index")
    return writer.shape_of(part_lengths(array.type.dims, index, operands))


def _stays(writer: Writer, let: Let, target: Elements) -> bool:
    """Whether the value can be read where it is stored as long as it is needed."""
    array, value, *_ = let.operands
    assert isinstance(value, Var)
    scope = writer.scopes[-1]
    last = scope.last.get(value, -1)
    if not scope.at < last < len(scope.body) or let.primitive.name != "store":
        return False
    same = getattr(array.type, "dtype", "") == getattr(value.type, "dtype", None)
    dense = target.contiguous or not writer.is_dense(value)
    if not (same and dense and writer.roots.is_alone(value)):
        return False
    memory = writer.roots(array)
    between = scope.body[scope.at + 1 : last + 1]
    return all(
        isinstance(s, Let)
        and not (s.primitive.writes and memory & writer.roots(s.operands[0]))
        and not (may_hold(s) and value in s.operands)
        for s in between
    )


def put_part(code: Code, let: Let, place: At, text: str) -> None:
    """Write an element of the value, or add it to what is there."""
    array, value, *_ = (str(getattr(a.type, "dtype", "")) for a in let.operands)
    if let.primitive.name in ("accumulate", "scatter_add"):
        place.put(code, added(code, let, place.get(code), text))
    else:
        place.put(code, convert(code, text, value or array, array))


def added(code: Code, let: Let, old: str, more: str) -> str:
    """An element of the array to which one of the value is added."""
    array, value, *_ = (str(getattr(a.type, "dtype", "")) for a in let.operands)
    wide = let.dtypes[0] or array
    args = [convert(code, old, array, wide), convert(code, more, value or array, wide)]
    text, _ = elementwise(code, "add", {}, args, [wide, wide])
    return convert(code, text, wide, array)


def _write(writer: Writer, let: Let) -> Values:
    code = writer.code
    x = writer.elements(let.operands[0])
    index = let.param("index")
    target = part(writer, x, index, let, 2)
    target = replace(target, contiguous=_is_run(x, index))
    sunk = _sunk(writer, let, target)
    if sunk is not None:
        return sunk
    source, copy = _written_value(writer, let, target)

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        put_part(code, let, places[0], places[1].get(code))

    assert isinstance(source, Elements | Number)
    writer.changes(writer.roots(let.operands[0]))
    each(code, target.dims, [target, source], body, parallel=True)
    if copy:
        writer.release(source)
    return [writer.handed(let.operands[0])]


def _is_run(x: Elements, index: Sequence[object]) -> bool:
    """Whether a part of an array is one run of memory in C order."""
    return x.contiguous and leads(tuple(index))


ROWS: dict[str, Callable[[Writer, Let], Values | None]] = {
    "shape": _shape,
    "size": _size,
    "range_length": _range_length,
    "load": _load,
    "store": _write,
    "accumulate": _accumulate,
}
