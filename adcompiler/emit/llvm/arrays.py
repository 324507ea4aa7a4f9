"""Rows on arrays: lengths, views, parts that are read and written, new arrays.

In: a statement. Out: its results; None where NumPy is to compute them.
Invariants: a view holds the memory that it looks at; a store is in place, and first
copies what it stores if that may lie in the array itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from adcompiler.emit.llvm.called import by_numpy
from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.contiguity import leads
from adcompiler.emit.llvm.nests import At, allocated, broadcast, copied, each, filled
from adcompiler.emit.llvm.scalars import convert, elementwise
from adcompiler.emit.llvm.values import (
    Elements,
    Number,
    Value,
    constant_text,
    dense,
    element,
    machine,
    read,
    zero_text,
)
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let
from adcompiler.ir.types import Array, Scalar

__all__ = ["ROWS"]

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
    given = ", ".join(f"i64 {writer.number(a).text}" for a in let.operands)
    return _int(writer.code.op(f"call i64 @adc_range_length({given})"))


# -- parts -------------------------------------------------------------------------


def _index(code: Code, i: str, n: str) -> str:
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
    return code.least(code.most(_index(code, i, n), low), high)


def _sliced(
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
    count = code.op(f"call i64 @adc_range_length(i64 {first}, i64 {last}, i64 {step})")
    return first, count, step


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
            i = convert(code, number.text, number.dtype, "int64")
            offset = code.add(offset, code.multiply(_index(code, i, n), stride))
        elif entry == "full":
            dims.append(n)
            strides.append(stride)
        else:
            assert isinstance(entry, tuple)
            bounds = [
                writer.number(next(atoms)).text if has else None for has in entry[1:]
            ]
            begin, count, step = _sliced(code, n, *bounds)
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
    return [_view(writer, let, found)]


def _view(writer: Writer, let: Let, found: Elements) -> Elements:
    """The view, which holds the memory of what it looks at."""
    owner = writer.handed(let.operands[0])
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


def _store(writer: Writer, let: Let) -> Values:
    return _write(writer, let, adds=False)


def _accumulate(writer: Writer, let: Let) -> Values:
    return _write(writer, let, adds=True)


def _write(writer: Writer, let: Let, *, adds: bool) -> Values:
    code = writer.code
    x = writer.elements(let.operands[0])
    index = let.param("index")
    target = part(writer, x, index, let, 2)
    target = replace(target, contiguous=_is_run(x, index))
    source, copy = _written_value(writer, let, target)
    given = getattr(let.operands[1].type, "dtype", x.dtype)
    wide = let.dtypes[0] or x.dtype

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        text = places[1].get(code)
        if adds:
            old = convert(code, places[0].get(code), x.dtype, wide)
            new = convert(code, text, given, wide)
            text, _ = elementwise(code, "add", {}, [old, new], [wide, wide])
            text = convert(code, text, wide, x.dtype)
        else:
            text = convert(code, text, given, x.dtype)
        places[0].put(code, text)

    assert isinstance(source, Elements | Number)
    each(code, target.dims, [target, source], body)
    if copy:
        writer.release(source)
    return [writer.handed(let.operands[0])]


def _is_run(x: Elements, index: Sequence[object]) -> bool:
    """Whether a part of an array is one run of memory in C order."""
    return x.contiguous and leads(tuple(index))


# -- views -------------------------------------------------------------------------


def _transpose(writer: Writer, let: Let) -> Values:
    x, axes = writer.elements(let.operands[0]), let.param("axes")
    dims = tuple(x.dims[a] for a in axes)
    strides = tuple(x.strides[a] for a in axes)
    return [_view(writer, let, replace(x, dims=dims, strides=strides))]


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
    return [_view(writer, let, replace(x, dims=dims, strides=strides))]


def _squeeze(writer: Writer, let: Let) -> Values:
    x, axes = writer.elements(let.operands[0]), let.param("axis")
    pairs = [
        p for k, p in enumerate(zip(x.dims, x.strides, strict=True)) if k not in axes
    ]
    dims, strides = tuple(n for n, _ in pairs), tuple(s for _, s in pairs)
    if isinstance(let.result.type, Scalar):
        return [Number(x.dtype, read(writer.code, x, "0"), "false")]
    return [_view(writer, let, replace(x, dims=dims, strides=strides))]


def _flip(writer: Writer, let: Let) -> Values:
    code, x = writer.code, writer.elements(let.operands[0])
    offset, strides = "0", list(x.strides)
    for axis in let.param("axis"):
        last = code.subtract(x.dims[axis], "1")
        # Of an array of no elements the place is not read.
        offset = code.add(offset, code.multiply(last, strides[axis]))
        strides[axis] = code.multiply(strides[axis], "-1")
    data = element(code, x, offset)
    return [_view(writer, let, replace(x, data=data, strides=tuple(strides)))]


def _broadcast_to(writer: Writer, let: Let) -> Values:
    x, like = (writer.value(a) for a in let.operands)
    if isinstance(let.result.type, Scalar):
        return [replace(x, python="")] if isinstance(x, Number) else [x]
    assert isinstance(like, Elements)
    if isinstance(x, Number):
        return [filled(writer.code, x.dtype, like.dims, x.text)]
    assert isinstance(x, Elements)
    return [_view(writer, let, broadcast(writer.code, x, like.dims))]


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
    return [_view(writer, let, found)]


def _matrix_diagonal(writer: Writer, let: Let) -> Values:
    code, x = writer.code, writer.elements(let.operands[0])
    dims = x.dims[:-1]
    strides = (*x.strides[:-2], code.add(x.strides[-2], x.strides[-1]))
    return [_view(writer, let, replace(x, dims=dims, strides=strides))]


def _reshape(writer: Writer, let: Let) -> Values:
    """One length may be -1: the rest."""
    code, x = writer.code, writer.value(let.operands[0])
    lengths = [writer.number(a).text for a in let.operands[1:]]
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
        return [_view(writer, let, found)]
    made = copied(code, x)
    return [replace(made, dims=tuple(dims), strides=dense(code, dims))]


# -- new arrays --------------------------------------------------------------------


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
    given = [writer.number(a).text for a in let.operands[first:]]
    return [
        str(d) if isinstance(d, int) else n for d, n in zip(t.dims, given, strict=True)
    ]


def _constant(value: int) -> Callable[[Writer, Let], Values]:
    def row(writer: Writer, let: Let) -> Values:
        t = let.result.type
        assert isinstance(t, Array)
        dims = _lengths(writer, let)
        return [filled(writer.code, t.dtype, dims, constant_text(value, t.dtype))]

    return row


def _like(value: int) -> Callable[[Writer, Let], Values | None]:
    def row(writer: Writer, let: Let) -> Values | None:
        t, x = let.result.type, writer.value(let.operands[0])
        if isinstance(t, Scalar):
            return [Number(t.dtype, constant_text(value, t.dtype), "")]
        if not isinstance(x, Elements) or not isinstance(t, Array):
            return None
        return [filled(writer.code, t.dtype, x.dims, constant_text(value, t.dtype))]

    return row


def _full(writer: Writer, let: Let) -> Values:
    code, x, t = writer.code, writer.value(let.operands[0]), let.result.type
    assert isinstance(t, Array)
    dims = _lengths(writer, let, 1)
    return [_filled_with(code, t.dtype, dims, x)]


def _filled_with(code: Code, dtype: str, dims: Sequence[str], x: Value) -> Elements:
    if isinstance(x, Number):
        return filled(code, dtype, dims, convert(code, x.text, x.dtype, dtype))
    assert isinstance(x, Elements)
    found = allocated(code, dtype, dims)
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
    return [_filled_with(code, t.dtype, like.dims, x)]


def _arange(writer: Writer, let: Let) -> Values | None:
    t = let.result.type
    if not isinstance(t, Array) or any(
        getattr(a.type, "dtype", "") != "int64" for a in let.operands
    ):
        return None
    code = writer.code
    start, stop, step = (writer.number(a).text for a in let.operands)
    count = code.op(f"call i64 @adc_range_length(i64 {start}, i64 {stop}, i64 {step})")
    (known,) = t.dims
    dims = [str(known) if isinstance(known, int) else count]
    found = allocated(code, t.dtype, dims)

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        number = code.add(start, code.multiply(index, step))
        At(found, index).put(code, convert(code, number, "int64", t.dtype))
        return ()

    code.counted(dims[0], trip)
    return [found]


def _eye(writer: Writer, let: Let) -> Values | None:
    t = let.result.type
    if let.param("k", 0) or not isinstance(t, Array):
        return None
    code = writer.code
    given = [writer.number(a).text for a in let.operands]
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
            return [_filled_with(code, t.dtype, x.dims, x)]
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


# -- contractions ------------------------------------------------------------------

_SMALL = 4096


def _matmul(writer: Writer, let: Let) -> Values | None:
    """Of few elements a plain nest; more of them NumPy's, which calls BLAS."""
    a, b = (writer.value(x) for x in let.operands)
    t = let.result.type
    if not isinstance(a, Elements) or not isinstance(b, Elements):
        return None
    if len(a.dims) > 2 or len(b.dims) > 2 or not isinstance(t, Array | Scalar):
        return None
    if not t.dtype.startswith("float"):
        return None
    code = writer.code
    left = (
        a
        if len(a.dims) == 2
        else replace(a, dims=("1", *a.dims), strides=("0", *a.strides))
    )
    right = (
        b
        if len(b.dims) == 2
        else replace(b, dims=(*b.dims, "1"), strides=(*b.strides, "0"))
    )
    work = code.product((left.dims[0], left.dims[1], right.dims[1]))
    dims = [n for n, x in ((left.dims[0], a), (right.dims[1], b)) if len(x.dims) == 2]
    small = code.op(f"icmp sle i64 {work}, {_SMALL}")
    if isinstance(t, Scalar):
        return [Number(t.dtype, _dot(code, left, right, t.dtype, "0", "0"), "")]

    def plain() -> list[str]:
        found = allocated(code, t.dtype, (left.dims[0], right.dims[1]))

        def row(i: str, carried: tuple[str, ...]) -> Sequence[str]:
            def column(j: str, held: tuple[str, ...]) -> Sequence[str]:
                place = code.add(code.multiply(i, right.dims[1]), j)
                At(found, place).put(code, _dot(code, left, right, t.dtype, i, j))
                return ()

            code.counted(right.dims[1], column)
            return ()

        code.counted(left.dims[0], row)
        return [found.data, found.owner]

    def library() -> list[str]:
        (found,) = by_numpy(writer, let)
        assert isinstance(found, Elements)
        return [found.data, found.owner]

    data, owner = code.chosen(small, plain, library, ["ptr", "ptr"])
    return [Elements(t.dtype, data, owner, tuple(dims), dense(code, dims), True)]


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


Row = Callable[[Writer, Let], "Values | None"]

ROWS: dict[str, Row] = {
    "shape": _shape,
    "size": _size,
    "range_length": _range_length,
    "load": _load,
    "store": _store,
    "accumulate": _accumulate,
    "transpose": _transpose,
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
    "flip": _flip,
    "broadcast_to": _broadcast_to,
    "diagonal": _diagonal,
    "matrix_diagonal": _matrix_diagonal,
    "reshape": _reshape,
    "reshape_like": _reshape_like,
    "copy": _copy,
    "zeros": _constant(0),
    "ones": _constant(1),
    "empty": _constant(0),
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
    "matmul": _matmul,
    "outer": _outer,
}
