"""Rows on lists.

In: a statement. Out: its results; None where there is no code for it.
Invariants: a list changes in place, as `bufferise` has settled; what it holds is held
once by the list. A block that holds others lets go of them when it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.nests import At, allocated, each, filled
from adcompiler.emit.llvm.scalars import convert, elementwise
from adcompiler.emit.llvm.values import (
    Block,
    Elements,
    Number,
    Value,
    constant_text,
    element,
    load_record,
    offset_by,
    read,
    record_size,
    store_record,
)
from adcompiler.emit.llvm.writer import Head, Writer, owned
from adcompiler.ir.nodes import Atom, Let, Stmt, Var
from adcompiler.ir.types import Array, ListOf, Scalar, Type
from adcompiler.ir.walk import all_stmts, regions

__all__ = [
    "DROP",
    "ROWS",
    "append",
    "head_of",
    "item_of",
    "length_of",
    "new_list",
    "reserve",
    "set_field",
    "set_length",
]

Values = list[Value]
_DATA, _KIND, _LENGTH, _CAPACITY, DROP = "32", "24", "48", "56", "40"


def _element(t: Type) -> Type:
    assert isinstance(t, ListOf)
    return t.element


def _size(t: Type) -> int:
    return record_size(_element(t), listed=_compact(t))


def _compact(t: Type) -> bool:
    """Whether the list keeps numbers alone: a tape, which only derivatives read."""
    return isinstance(t, ListOf) and not t.indexed


def _field(code: Code, block: str, offset: str, word: str = "i64") -> str:
    return code.op(f"load {word}, ptr {offset_by(code, block, offset)}")


def set_field(
    code: Code, block: str, offset: str, text: str, word: str = "i64"
) -> None:
    """Set a field of a block's head."""
    code.do(f"store {word} {text}, ptr {offset_by(code, block, offset)}")


def _read(code: Code, t: Type, place: str) -> Value:
    """The element of a list of this type that is at a place."""
    return load_record(code, _element(t), place, listed=_compact(t))


def _write(code: Code, value: Value, t: Type, place: str) -> None:
    store_record(code, value, _element(t), place, listed=_compact(t))


def _place(code: Code, block: str, t: Type, index: str) -> str:
    """Where an element's record is."""
    return _place_at(code, _field(code, block, _DATA, "ptr"), t, index)


def _place_at(code: Code, data: str, t: Type, index: str) -> str:
    return offset_by(code, data, code.multiply(index, str(_size(t))))


# -- heads -------------------------------------------------------------------------


def head_of(code: Code, block: str) -> Head:
    """The head of a list, as it is in memory."""
    data = _field(code, block, _DATA, "ptr")
    return Head(data, _field(code, block, _LENGTH))


def set_length(code: Code, block: str, length: str) -> None:
    """Say in memory how many elements a list has."""
    set_field(code, block, _LENGTH, length)


def reserve(code: Code, block: str, t: Type, trips: str, each: int) -> None:
    """Have room for what so many trips append."""
    given = f"ptr {block}, i64 {trips}, i64 {each}, i64 {_size(t)}"
    code.fail_if(code.op(f"call i1 @adc_reserve({given})"))


def _known(writer: Writer, xs: Atom) -> Head:
    """The head of a list, as the loop around knows it or as it is in memory."""
    found = writer.heads.get(xs) if isinstance(xs, Var) else None
    return found or head_of(writer.code, writer.block(xs))


# -- making ------------------------------------------------------------------------


def new_list(writer: Writer, t: Type) -> str:
    """An empty list."""
    code = writer.code
    block = code.op("call ptr @adc_block(ptr %ctx, i64 0, i64 1)")
    code.fail_if(code.op(f"icmp eq ptr {block}, null"))
    set_field(code, block, _KIND, "1")
    if owned(_element(t)):
        set_field(code, block, DROP, f"@{_dropper(writer, t)}", "ptr")
    return block


def _dropper(writer: Writer, t: Type) -> str:
    """The function that lets go of what a list holds."""
    held = _element(t)
    rank = len(held.dims) if isinstance(held, Array) else 0
    name = f"adc_drop_list_{rank if isinstance(held, Array) else 'block'}"
    if name not in writer.module.extra:
        code = Code()
        count = _field(code, "%block", _LENGTH)

        def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
            value = _read(code, t, _place(code, "%block", t, index))
            assert isinstance(value, Elements | Block)
            code.do(f"call void @adc_release(ptr %ctx, ptr {value.owner})")
            return ()

        code.counted(count, trip)
        code.do("ret void")
        header = f"define internal void @{name}(ptr %ctx, ptr %block)"
        writer.module.extra[name] = f"{header} {{\n{code.text}\n}}\n"
    return name


def length_of(code: Code, block: str) -> str:
    """How many elements a list has."""
    return _field(code, block, _LENGTH)


def item_of(code: Code, block: str, t: Type, index: str) -> Value:
    """An element of a list, which the list holds."""
    return _read(code, t, _place(code, block, t, index))


def append(writer: Writer, block: str, t: Type, value: Value) -> None:
    """Append a value, which the list then holds."""
    code = writer.code
    length, capacity = _field(code, block, _LENGTH), _field(code, block, _CAPACITY)
    full = code.op(f"icmp eq i64 {length}, {capacity}")

    def grow() -> Sequence[str]:
        code.fail_if(code.op(f"call i1 @adc_grow(ptr {block}, i64 {_size(t)})"))
        return ()

    code.chosen(full, grow, lambda: ())
    _write(code, value, t, _place(code, block, t, length))
    set_field(code, block, _LENGTH, code.op(f"add i64 {length}, 1"))


def _new(writer: Writer, let: Let) -> Values:
    return [Block(new_list(writer, let.result.type))]


def _as_element(writer: Writer, value: Value, t: Type) -> Value:
    if isinstance(value, Number):
        assert isinstance(t, Scalar)
        text = convert(writer.code, value.text, value.dtype, t.dtype)
        return Number(t.dtype, text, value.python)
    return value


def _append(writer: Writer, let: Let) -> Values:
    t, (xs, x), code = let.result.type, let.operands, writer.code
    value = _as_element(writer, writer.handed(x), _element(t))
    head = writer.heads.get(xs) if isinstance(xs, Var) else None
    if head is None:
        append(writer, writer.block(xs), t, value)
    else:  # there is room for what the loop appends
        _write(code, value, t, _place_at(code, head.data, t, head.length))
        longer = code.op(f"add i64 {head.length}, 1")
        writer.heads[let.result] = replace(head, length=longer)
    return [writer.handed(xs)]


def _pop(writer: Writer, let: Let) -> Values:
    code, xs = writer.code, let.operands[0]
    head = _known(writer, xs)
    length = code.op(f"sub i64 {head.length}, 1")
    if xs in writer.heads:
        writer.heads[let.results[1]] = replace(head, length=length)
    else:
        set_length(code, writer.block(xs), length)
    value = _read(code, xs.type, _place_at(code, head.data, xs.type, length))
    return [_typed(value, let.results[0].type), writer.handed(xs)]


def _typed(value: Value, t: Type) -> Value:
    """An element that is read, of the kind that is stated."""
    if isinstance(value, Number) and isinstance(t, Scalar) and t.kind != "either":
        return replace(value, python="true" if t.kind == "python" else "false")
    return value


def _length(writer: Writer, let: Let) -> Values:
    length = _known(writer, let.operands[0]).length
    return [Number("int64", length, "true")]


def _at(writer: Writer, let: Let, operand: int) -> str:
    """Where the record of an element is."""
    code, xs = writer.code, let.operands[0]
    head, index = _known(writer, xs), writer.int64(let.operands[operand])
    below = code.op(f"icmp slt i64 {index}, 0")
    behind = code.op(f"add i64 {index}, {head.length}")
    index = code.select(below, "i64", behind, index)
    return _place_at(code, head.data, xs.type, index)


def _get(writer: Writer, let: Let) -> Values:
    place = _at(writer, let, 1)
    value = _read(writer.code, let.operands[0].type, place)
    if _may_go(writer, let) or not writer.lends(let.operands[0], let.result):
        writer.retain(value)
    return [_typed(value, let.result.type)]


def _may_go(writer: Writer, let: Let) -> bool:
    """Whether an element may leave its list, as others do, before it was used last."""
    scope = writer.scopes[-1]
    between = scope.body[scope.at + 1 : scope.last.get(let.result, -1) + 1]
    found = (s for stmt in between for s in (stmt, *_inner(stmt)))
    return any(isinstance(s, Let) and s.primitive.name in _TAKING for s in found)


def _inner(stmt: Stmt) -> Iterator[Stmt]:
    for region in regions(stmt):
        yield from all_stmts(region)


_TAKING = ("list_set", "list_accumulate", "list_pop", "call")


def _set(writer: Writer, let: Let) -> Values:
    t = let.result.type
    value = _as_element(writer, writer.handed(let.operands[1]), _element(t))
    place = _at(writer, let, 2)
    writer.release(_read(writer.code, t, place))
    _write(writer.code, value, t, place)
    return [writer.handed(let.operands[0])]


def _list_accumulate(writer: Writer, let: Let) -> Values:
    code, t = writer.code, let.result.type
    value = writer.value(let.operands[1])
    place = _at(writer, let, 2)
    old = _read(code, t, place)
    total = _sum(writer, old, _as_element(writer, value, _element(t)))
    writer.release(old)
    _write(code, total, t, place)
    return [writer.handed(let.operands[0])]


def _sum(writer: Writer, a: Value, b: Value) -> Value:
    """The sum of two elements of one type."""
    code = writer.code
    if isinstance(a, Number) and isinstance(b, Number):
        text, _ = elementwise(code, "add", {}, [a.text, b.text], [a.dtype, a.dtype])
        return replace(a, text=text)
    assert isinstance(a, Elements)
    assert isinstance(b, Elements | Number)
    return added(writer, a, b)


def added(writer: Writer, a: Elements, b: Elements | Number) -> Elements:
    """The sum of an array and another of its shape, or a number."""
    code = writer.code
    found = allocated(code, a.dtype, a.dims)

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        x, y = places[1].get(code), places[2].get(code)
        text, _ = elementwise(code, "add", {}, [x, y], [a.dtype, a.dtype])
        places[0].put(code, text)

    each(code, found.dims, [found, a, b], body)
    return found


# -- whole lists -------------------------------------------------------------------


def _mapped(
    writer: Writer, source: str, given: Type, made: Type, rule: Callable[[Value], Value]
) -> str:
    """A list of what the rule makes of each element."""
    code, block = writer.code, new_list(writer, made)

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        place = _place(code, source, given, index)
        value = _read(code, given, place)
        append(writer, block, made, rule(value))
        return ()

    code.counted(_field(code, source, _LENGTH), trip)
    return block


def _zeros(writer: Writer, let: Let) -> Values:
    t, made = let.operands[0].type, let.result.type

    def zero(value: Value) -> Value:
        if isinstance(value, Elements):
            text = constant_text(0, value.dtype)
            return filled(writer.code, value.dtype, value.dims, text)
        held = _element(made)
        assert isinstance(held, Scalar)
        return Number(held.dtype, constant_text(0, held.dtype), "true")

    return [Block(_mapped(writer, writer.block(let.operands[0]), t, made, zero))]


def _copy(writer: Writer, let: Let) -> Values | None:
    t = let.result.type
    if not isinstance(t, ListOf) or let.param("maybe"):
        return None

    def same(value: Value) -> Value:
        writer.retain(value)
        return value

    return [Block(_mapped(writer, writer.block(let.operands[0]), t, t, same))]


def _list_full(writer: Writer, let: Let) -> Values:
    code, t = writer.code, let.result.type
    value = _as_element(writer, writer.value(let.operands[0]), _element(t))
    block = new_list(writer, t)

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        append(writer, block, t, value)
        return ()

    count = code.most(writer.int64(let.operands[1]), "0")
    code.counted(count, trip)
    return [Block(block)]


def _list_add(writer: Writer, let: Let) -> Values:
    code, made = writer.code, let.result.type
    (a, s), (b, t) = ((writer.block(x), x.type) for x in let.operands)
    block = new_list(writer, made)

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        x = _read(code, s, _place(code, a, s, index))
        y = _read(code, t, _place(code, b, t, index))
        append(writer, block, made, _sum(writer, x, y))
        return ()

    code.counted(_field(code, a, _LENGTH), trip)
    return [Block(block)]


def _list_sum(writer: Writer, let: Let) -> Values | None:
    code, xs = writer.code, let.operands[0]
    held, block = _element(xs.type), writer.block(xs)
    if not isinstance(held, Scalar) or held.dtype != "float64":
        return None
    length = _field(code, block, _LENGTH)

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        x = _read(code, xs.type, _place(code, block, xs.type, index))
        assert isinstance(x, Number)
        total = code.op(f"fadd double {carried[0]}, {x.text}")
        return [total, code.both(carried[1], x.python)]

    inits = [("double", "0.0"), ("i1", "true")]
    total, flag = code.counted(length, trip, inits)
    return [Number("float64", total, flag)]


def _list_stack(writer: Writer, let: Let) -> Values | None:
    """The array of a list; arrays of other lengths than the first fail."""
    code, xs, t = writer.code, let.operands[0], let.result.type
    held, block = _element(xs.type), writer.block(xs)
    if not isinstance(t, Array) or let.param("via", "array") not in ("array", "stack"):
        return None
    length = _field(code, block, _LENGTH)
    if isinstance(held, Scalar):
        if "via" in dict(let.params):
            code.fail_if(code.op(f"icmp eq i64 {length}, 0"))
        found = allocated(code, t.dtype, [length])
        _fill_from(writer, found, block, xs.type, length)
        return [found]
    if not isinstance(held, Array):
        return None
    code.fail_if(code.op(f"icmp eq i64 {length}, 0"))
    first = _read(code, xs.type, _place(code, block, xs.type, "0"))
    assert isinstance(first, Elements)
    found = allocated(code, t.dtype, [length, *first.dims])
    _fill_from(writer, found, block, xs.type, length)
    return [found]


def _fill_from(
    writer: Writer, found: Elements, block: str, t: Type, length: str
) -> None:
    code = writer.code

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        x = _read(code, t, _place(code, block, t, index))
        offset = code.multiply(index, found.strides[0])
        if isinstance(x, Number):
            At(found, offset).put(code, convert(code, x.text, x.dtype, found.dtype))
            return ()
        assert isinstance(x, Elements)
        for mine, first in zip(x.dims, found.dims[1:], strict=True):
            if mine != first:
                code.fail_if(code.op(f"icmp ne i64 {mine}, {first}"))
        row = replace(
            found,
            data=element(code, found, offset),
            dims=found.dims[1:],
            strides=found.strides[1:],
        )

        def body(places: list[At], carried: tuple[str, ...]) -> None:
            text = convert(code, places[1].get(code), x.dtype, found.dtype)
            places[0].put(code, text)

        each(code, row.dims, [row, x], body)
        return ()

    code.counted(length, trip)


def _list_unstack(writer: Writer, let: Let) -> Values:
    code, x, t = writer.code, writer.elements(let.operands[0]), let.result.type
    block = new_list(writer, t)

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        offset = code.multiply(index, x.strides[0])
        if len(x.dims) == 1:
            value: Value = Number(x.dtype, read(code, x, offset), "false")
        else:
            value = replace(
                x,
                data=element(code, x, offset),
                dims=x.dims[1:],
                strides=x.strides[1:],
            )
            writer.retain(value)
        append(writer, block, t, value)
        return ()

    code.counted(x.dims[0], trip)
    return [Block(block)]


ROWS: dict[str, Callable[[Writer, Let], Values | None]] = {
    "list_copy": _copy,
    "list_new": _new,
    "list_append": _append,
    "list_pop": _pop,
    "list_length": _length,
    "list_get": _get,
    "list_set": _set,
    "list_accumulate": _list_accumulate,
    "list_zeros": _zeros,
    "list_full": _list_full,
    "list_add": _list_add,
    "list_sum": _list_sum,
    "list_stack": _list_stack,
    "list_unstack": _list_unstack,
}
