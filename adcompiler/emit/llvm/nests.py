"""Loop nests over the elements of arrays.

In: arrays and what is done with their elements. Out: loops, with the last axis inside.
Invariants: results are in C order. What is read is broadcast by strides of zero, where
the lengths allow that (statements before a nest check it). Nests over arrays that all
lie in C order, in one shape, are one loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from adcompiler.emit.llvm.cascaded import Carried, cascaded
from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.memory import LARGEST_CLASS
from adcompiler.emit.llvm.values import (
    Elements,
    Number,
    dense,
    element,
    in_memory,
    read,
    write,
    zero_text,
)

__all__ = [
    "At",
    "Source",
    "allocated",
    "broadcast",
    "copied",
    "each",
    "fill",
    "filled",
    "flattened",
    "jammed",
    "rowed",
    "visited",
]

Source = Elements | Number


@dataclass(frozen=True, slots=True)
class At:
    """A place in an array; of a number, the number."""

    source: Source
    offset: str

    def get(self, code: Code) -> str:
        """What is there."""
        if isinstance(self.source, Number):
            return self.source.text
        return read(code, self.source, self.offset)

    def address(self, code: Code) -> str:
        """Where in memory it is."""
        assert isinstance(self.source, Elements)
        return element(code, self.source, self.offset)

    def put(self, code: Code, text: str) -> None:
        """Store a number of the array's dtype."""
        assert isinstance(self.source, Elements)
        write(code, self.source, self.offset, text)


_ROWS = 4  # that are taken at a time where all are added to one
_LINE = 64  # bytes of a line of the caches
_LARGEST, _FRAME = 512, 32768  # bytes of an array in a frame, and of all of them
_BYTES = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "float": 4, "double": 8}


def bytes_of(dtype: str) -> int:
    """The bytes of an element."""
    return _BYTES[in_memory(dtype)]


def allocated(code: Code, dtype: str, dims: Sequence[str]) -> Elements:
    """A new array in C order, of which nothing is set."""
    count = code.product(dims)
    if sum(not n.isdigit() for n in dims) > 1:
        count = _checked_product(code, dims)
    size = bytes_of(dtype)
    if code.in_frame and count.isdigit() and _fits_frame(code, int(count) * size):
        data = code.alloca(f"[{count} x {in_memory(dtype)}]", align=_LINE)
        return Elements(dtype, data, "null", tuple(dims), dense(code, dims), True)
    owner = code.op(f"call ptr @{_taker(code, count, size)}")
    code.fail_if(code.op(f"icmp eq ptr {owner}, null"))
    back = code.subtract("0", _rounded(code, count, size))
    data = code.op(f"getelementptr i8, ptr {owner}, i64 {back}")
    return Elements(dtype, data, owner, tuple(dims), dense(code, dims), True)


def _fits_frame(code: Code, size: int) -> bool:
    """Take so many bytes of the function's frame, if it has them."""
    if size > _LARGEST or code.frame + size > _FRAME:
        return False
    code.frame += size
    return True


def _taker(code: Code, count: str, size: int) -> str:
    """The call that gives the block of a new array."""
    if count.isdigit():
        steps = whole_bytes(int(count) * size) // 32
        if steps <= LARGEST_CLASS:
            return f"adc_pooled(ptr %ctx, i64 {steps})"
    name = "adc_each_trip" if code.looped else "adc_array"
    return f"{name}(ptr %ctx, i64 {count}, i64 {size})"


def _rounded(code: Code, count: str, size: int) -> str:
    """Where the head of an array's block stands, behind the elements."""
    if count.isdigit():
        return str(whole_bytes(int(count) * size))
    return rounded_bytes(code, code.multiply(count, str(size)))


def whole_bytes(size: int) -> int:
    """The bytes that an array of so many takes: lines of the caches, or half of one."""
    line = _LINE // 2 if size <= _LINE // 2 else _LINE
    return -(-size // line) * line


def rounded_bytes(code: Code, size: str) -> str:
    """Likewise, of as many as the run knows."""
    return code.op(f"call i64 @adc_rounded(i64 {size})")


def _checked_product(code: Code, dims: Sequence[str]) -> str:
    """The size of an array: a product beyond 64 bits is none."""
    count = "1"
    for n in dims:
        pair = code.op(
            f"call {{i64, i1}} @llvm.umul.with.overflow.i64(i64 {count}, i64 {n})"
        )
        count = code.op(f"extractvalue {{i64, i1}} {pair}, 0")
        code.fail_if(code.op(f"extractvalue {{i64, i1}} {pair}, 1"))
    return count


def joined(
    code: Code, left: Sequence[str], right: Sequence[str], *, settled: bool = False
) -> tuple[str, ...]:
    """The lengths that two shapes broadcast to; unless it is `settled` that they do,
    the program is left where they do not."""
    rank = max(len(left), len(right))
    padded = [("1",) * (rank - len(dims)) + tuple(dims) for dims in (left, right)]
    found = []
    for m, n in zip(*padded, strict=True):
        if m == n or n == "1":
            found.append(m)
        elif m == "1":
            found.append(n)
        else:
            stretched = code.op(f"icmp eq i64 {m}, 1")
            length = code.select(stretched, "i64", n, m)
            if not settled:
                fixed = code.op(f"icmp ne i64 {n}, 1")
                differ = code.op(f"icmp ne i64 {length}, {n}")
                code.fail_if(code.both(fixed, differ))
            found.append(length)
    return tuple(found)


def broadcast(code: Code, x: Elements, dims: Sequence[str]) -> Elements:
    """The array as one of these lengths, along which it is repeated."""
    lead = len(dims) - len(x.dims)
    strides = ["0"] * lead
    for mine, wanted, stride in zip(x.dims, dims[lead:], x.strides, strict=True):
        if mine == wanted or (mine.isdigit() and mine != "1"):
            strides.append(stride)
        elif mine == "1":
            strides.append("0")
        else:
            one = code.op(f"icmp eq i64 {mine}, 1")
            strides.append(code.select(one, "i64", "0", stride))
    same = x.contiguous and tuple(dims) == x.dims
    return replace(x, dims=tuple(dims), strides=tuple(strides), contiguous=same)


def each(
    code: Code,
    dims: Sequence[str],
    sources: Sequence[Source],
    body: Callable[[list[At], tuple[str, ...]], Sequence[str] | None],
    inits: Sequence[tuple[str, str]] = (),
    *,
    parallel: bool = False,
    sums: Sequence[Carried] = (),
) -> tuple[str, ...]:
    """Run `body(places, carried)` for each place of this shape.

    The sources are arrays of these lengths, or numbers. `inits` are (type, value) of
    what is carried from place to place; gives what is carried at last. `parallel`: what
    is stored at a place is read at no other. `sums` say of what is carried how it is
    joined, where it may be: which is made use of where elements lie apart.
    """
    dims, sources = flattened(code, dims, sources)
    if sums and (len(dims) > 1 or _lie_apart(sources)):
        return _in_blocks(code, dims, sources, body, inits, sums)
    return visited(
        *(code, dims, sources, lambda _, places, held: body(places, held)),
        *(inits, parallel),
    )


def flattened(
    code: Code, dims: Sequence[str], sources: Sequence[Source]
) -> tuple[Sequence[str], Sequence[Source]]:
    """The same places along one axis, if that is how all sources lie."""
    arrays = [s for s in sources if isinstance(s, Elements)]
    if len(dims) == 1 or not all(a.contiguous for a in arrays):
        return dims, sources
    flat = (code.product(dims),)
    return flat, [_flat(s, flat) for s in sources]


def visited(
    code: Code,
    dims: Sequence[str],
    sources: Sequence[Source],
    body: Callable[[list[str], list[At], tuple[str, ...]], Sequence[str] | None],
    inits: Sequence[tuple[str, str]] = (),
    parallel: bool = False,
    plain: bool = False,
) -> tuple[str, ...]:
    """As `each`, with a loop for each axis, whose indices `body` is given first.
    `plain`: the last axis is short."""

    def level(
        indices: list[str], offsets: list[str], carried: tuple[str, ...]
    ) -> Sequence[str]:
        k = len(indices)
        if k == len(dims):
            places = [At(s, o) for s, o in zip(sources, offsets, strict=True)]
            return body(indices, places, carried) or ()

        def trip(index: str, held: tuple[str, ...]) -> Sequence[str]:
            moved = [
                _moved(code, s, o, index, k)
                for s, o in zip(sources, offsets, strict=True)
            ]
            return level([*indices, index], moved, held)

        pairs = [(t, v) for (t, _), v in zip(inits, carried, strict=True)]
        last = k == len(dims) - 1
        return code.counted(
            *(dims[k], trip, pairs), parallel=parallel and last, plain=plain and last
        )

    return tuple(level([], ["0"] * len(sources), tuple(v for _, v in inits)))


def _lie_apart(sources: Sequence[Source]) -> bool:
    """Whether there are arrays along whose last axis vectors are not read at once."""
    arrays = (s for s in sources if isinstance(s, Elements) and s.strides)
    return any(a.strides[-1] not in ("0", "1") for a in arrays)


def _in_blocks(
    code: Code,
    dims: Sequence[str],
    sources: Sequence[Source],
    body: Callable[[list[At], tuple[str, ...]], Sequence[str] | None],
    inits: Sequence[tuple[str, str]],
    sums: Sequence[Carried],
) -> tuple[str, ...]:
    """As `each`, with what is carried in blocks along the first axis, and along the
    last where elements lie apart."""
    last = len(dims) - 1
    levels = {last: 1 if _lie_apart(sources) else 0} | {0: 2}

    def level(k: int, offsets: list[str], carried: tuple[str, ...]) -> tuple[str, ...]:
        if k == len(dims):
            places = [At(s, o) for s, o in zip(sources, offsets, strict=True)]
            return tuple(body(places, carried) or ())

        def trip(index: str, held: tuple[str, ...]) -> Sequence[str]:
            pairs = zip(sources, offsets, strict=True)
            return level(k + 1, [_moved(code, s, o, index, k) for s, o in pairs], held)

        return cascaded(code, dims[k], trip, carried, sums, levels=levels.get(k, 0))

    return level(0, ["0"] * len(sources), tuple(v for _, v in inits))


def jammed(
    code: Code,
    dims: Sequence[str],
    sources: Sequence[Source],
    body: Callable[[list[list[At]], tuple[str, ...]], Sequence[str]],
    inits: Sequence[tuple[str, str]] = (),
) -> tuple[str, ...]:
    """As `each`, in parallel along the last axis, with some rows of it at a time, whose
    places `body` is given one after the other. So what all rows are added to is read
    and written once for these."""

    def level(k: int, offsets: list[str], carried: tuple[str, ...]) -> tuple[str, ...]:
        pairs = [(t, v) for (t, _), v in zip(inits, carried, strict=True)]
        if k == len(dims) - 2:
            whole = code.divided(dims[k], _ROWS)
            first = code.multiply(whole, str(_ROWS))
            held = code.counted(whole, some(k, offsets, "0", _ROWS), pairs)
            pairs = [(t, v) for (t, _), v in zip(inits, held, strict=True)]
            rest = code.subtract(dims[k], first)
            return code.counted(rest, some(k, offsets, first, 1), pairs)

        def trip(index: str, held: tuple[str, ...]) -> Sequence[str]:
            return level(k + 1, moved(offsets, index, k), held)

        return code.counted(dims[k], trip, pairs)

    def moved(offsets: list[str], index: str, axis: int) -> list[str]:
        pairs = zip(sources, offsets, strict=True)
        return [_moved(code, s, o, index, axis) for s, o in pairs]

    def some(
        k: int, offsets: list[str], first: str, count: int
    ) -> Callable[[str, tuple[str, ...]], Sequence[str]]:
        """So many rows from `first` on."""

        def trip(index: str, held: tuple[str, ...]) -> Sequence[str]:
            begin = code.add(first, code.multiply(index, str(count)))
            rows = [moved(offsets, code.add(begin, str(u)), k) for u in range(count)]

            def column(index: str, inner: tuple[str, ...]) -> Sequence[str]:
                ends = (moved(row, index, k + 1) for row in rows)
                pairs = (zip(sources, end, strict=True) for end in ends)
                return body([[At(s, o) for s, o in row] for row in pairs], inner)

            pairs = [(t, v) for (t, _), v in zip(inits, held, strict=True)]
            return code.counted(dims[k + 1], column, pairs, parallel=True)

        return trip

    return level(0, ["0"] * len(sources), tuple(v for _, v in inits))


def rowed(
    code: Code,
    dims: Sequence[str],
    sources: Sequence[Source],
    body: Callable[[list[At], tuple[str, ...]], Sequence[str]],
    inits: Sequence[tuple[str, str]],
    own: Sequence[tuple[str, str]],
    end: Callable[[list[At], tuple[str, ...]], None],
    sums: Sequence[Carried] = (),
) -> tuple[str, ...]:
    """As `each`, in parallel, with a loop for each axis, where each row carries more
    from place to place: `own`, which `end` is given after it, with the row's places."""
    apart = bool(sums) and _lie_apart(sources)

    def level(k: int, offsets: list[str], carried: tuple[str, ...]) -> tuple[str, ...]:
        places = [At(s, o) for s, o in zip(sources, offsets, strict=True)]
        if k == len(dims):
            return tuple(body(places, carried))

        def trip(index: str, held: tuple[str, ...]) -> Sequence[str]:
            moved = [
                _moved(code, s, o, index, k)
                for s, o in zip(sources, offsets, strict=True)
            ]
            return level(k + 1, moved, held)

        pairs = [(t, v) for (t, _), v in zip(inits, carried, strict=True)]
        if k < len(dims) - 1:
            return code.counted(dims[k], trip, pairs)
        starts = [*pairs, *own]
        if apart:
            held = [v for _, v in starts]
            found = cascaded(code, dims[k], trip, held, sums, levels=1)
        else:
            found = code.counted(dims[k], trip, starts, parallel=True)
        end(places, found[len(inits) :])
        return found[: len(inits)]

    return level(0, ["0"] * len(sources), tuple(v for _, v in inits))


def _flat(source: Source, dims: Sequence[str]) -> Source:
    if isinstance(source, Number):
        return source
    return replace(source, dims=tuple(dims), strides=("1",))


def _moved(code: Code, source: Source, offset: str, index: str, axis: int) -> str:
    if isinstance(source, Number):
        return offset
    return code.add(offset, code.multiply(index, source.strides[axis]))


def copied(code: Code, x: Elements) -> Elements:
    """The same elements in memory of their own."""
    found = allocated(code, x.dtype, x.dims)
    fill(code, found, x)
    return found


def fill(code: Code, target: Elements, x: Source) -> None:
    """Write the elements of `x`, of the target's shape and dtype, or a number."""
    each(
        code,
        target.dims,
        [target, x],
        lambda p, _: p[0].put(code, p[1].get(code)),
        parallel=True,
    )


def filled(
    code: Code,
    dtype: str,
    dims: Sequence[str],
    text: str,
    found: Elements | None = None,
) -> Elements:
    """A new array that holds one number everywhere; `found` is the memory for it."""
    found = allocated(code, dtype, dims) if found is None else found
    if text == zero_text(dtype):
        count = code.multiply(code.product(dims), str(bytes_of(dtype)))
        place = f"ptr {found.data}, i8 0, i64 {count}, i1 false"
        code.do(f"call void @llvm.memset.p0.i64({place})")
    else:
        fill(code, found, Number(dtype, text, "false"))
    return found
