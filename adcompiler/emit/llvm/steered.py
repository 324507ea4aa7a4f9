"""Parts of arrays that other arrays point out, and loops over them.

In: an array and an index with integers, masks, slices, and arrays of integers. Out: a
`Part`: what of it strides find, and, for the axes that are steered, where each place
lies along them.
Invariants: an index may count from the end; one that is out of bounds leaves the
program before anything is read, unless a statement before has seen to that. A mask is
a vector of the places where it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.located import listed_places
from adcompiler.emit.llvm.nests import At, Source, broadcast, each, joined
from adcompiler.emit.llvm.parts import counted_from_start, sliced
from adcompiler.emit.llvm.scalars import convert
from adcompiler.emit.llvm.values import Elements, Number, element, read
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let

__all__ = ["Part", "Steer", "is_inside", "steered_part", "walk"]


@dataclass(frozen=True, slots=True)
class Steer:
    """Where along an axis each place lies: `index` says it, counted from either end of
    `length` elements that are `stride` apart; of offsets the length is None."""

    index: Elements
    length: str | None
    stride: str


@dataclass(frozen=True, slots=True)
class Part:
    """``x[index]``: `view` has its lengths, and strides of zero where it is steered;
    `made` is what was made on the way, to be let go of."""

    view: Elements
    steers: tuple[Steer, ...]
    made: tuple[Elements, ...] = ()


@dataclass(slots=True)
class _Axes:
    """What has been met of an index: the lengths and strides of plain axes, those of
    the axes that are steered, and where among the plain axes these stand."""

    offset: str = "0"
    plain: list[tuple[str, str]] = field(default_factory=list)
    steers: list[Steer] = field(default_factory=list)
    made: list[Elements] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    start: int = 0


def steered_part(writer: Writer, let: Let, x: Elements, first: int) -> Part:
    """The part of `x` that the operands of the statement from `first` on point out."""
    code, found = writer.code, _Axes()
    operands = iter([writer.source(a) for a in let.operands[first:]])
    axes = iter(zip(x.dims, x.strides, strict=True))
    for place, entry in enumerate(let.param("index")):
        if entry == "new":
            found.plain.append(("1", "0"))
        elif entry == "full":
            found.plain.append(next(axes))
        elif isinstance(entry, tuple):
            bounds = [_integer(code, next(operands)) if e else None for e in entry[1:]]
            if bounds[2] is not None:
                code.fail_if(code.op(f"icmp eq i64 {bounds[2]}, 0"))
            n, stride = next(axes)
            begin, count, step = sliced(code, n, *bounds)
            found.offset = code.add(found.offset, code.multiply(begin, stride))
            found.plain.append((count, code.multiply(stride, step)))
        else:
            found.start = found.start if found.places else len(found.plain)
            found.places.append(place)
            _pointed(code, found, next(operands), axes, let, mask=entry == "mask")
    found.plain += axes
    return _assembled(code, found, x)


def _pointed(
    code: Code,
    found: _Axes,
    index: Source,
    axes: Iterator[tuple[str, str]],
    let: Let,
    *,
    mask: bool,
) -> None:
    """An entry of an index that is a number, an array of integers, or a mask."""
    if mask:
        assert isinstance(index, Elements)
        taken = [next(axes) for _ in index.dims]
        for (n, _), mine in zip(taken, index.dims, strict=True):
            if n != mine:
                code.fail_if(code.op(f"icmp ne i64 {n}, {mine}"))
        places = listed_places(code, index, [s for _, s in taken])
        found.made.append(places)
        found.steers.append(Steer(places, None, "1"))
        return
    n, stride = next(axes)
    if not let.safe:
        is_inside(code, index, n)
    if isinstance(index, Elements) and index.dims:
        found.steers.append(Steer(index, n, stride))
        return
    i = counted_from_start(code, _integer(code, index), n)
    found.offset = code.add(found.offset, code.multiply(i, stride))


def _assembled(code: Code, found: _Axes, x: Elements) -> Part:
    """The part: its steered axes stand together, in front if others parted them."""
    lengths: tuple[str, ...] = ()
    for steer in found.steers:
        lengths = joined(code, lengths, steer.index.dims)
    places, plain = found.places, found.plain
    together = places == list(range(places[0], places[-1] + 1))
    at = found.start if together else 0
    pairs = [*plain[:at], *((n, "0") for n in lengths), *plain[at:]]
    dims = tuple(n for n, _ in pairs)
    view = Elements(
        *(x.dtype, element(code, x, found.offset), x.owner),
        *(dims, tuple(s for _, s in pairs)),
    )
    behind = len(plain) - at
    steers = [_spread(code, s, lengths, dims, behind) for s in found.steers]
    return Part(view, tuple(steers), tuple(found.made))


def _spread(
    code: Code,
    steer: Steer,
    lengths: tuple[str, ...],
    dims: tuple[str, ...],
    behind: int,
) -> Steer:
    """The steer with an index of the part's rank, which plain axes stand behind."""
    index = broadcast(code, steer.index, lengths)
    lead = len(dims) - len(lengths) - behind
    strides = ("0",) * lead + index.strides + ("0",) * behind
    whole = len(dims) == len(lengths) and index.contiguous
    return replace(
        steer, index=replace(index, dims=dims, strides=strides, contiguous=whole)
    )


def _integer(code: Code, x: Source) -> str:
    text = x.text if isinstance(x, Number) else read(code, x, "0")
    return convert(code, text, x.dtype, "int64")


def is_inside(code: Code, index: Source, n: str) -> None:
    """Leave the program where an index is out of bounds."""
    low = code.subtract("0", n)

    def body(places: list[At], carried: tuple[str, ...]) -> Sequence[str]:
        i = convert(code, places[0].get(code), index.dtype, "int64")
        below = code.op(f"icmp slt i64 {i}, {low}")
        above = code.op(f"icmp sge i64 {i}, {n}")
        wrong = code.op(f"or i1 {below}, {above}")
        return [code.op(f"or i1 {carried[0]}, {wrong}")]

    dims = index.dims if isinstance(index, Elements) else ()
    (wrong,) = each(code, dims, [index], body, [("i1", "false")])
    code.fail_if(wrong)


def walk(
    code: Code,
    part: Part,
    others: Sequence[Source],
    body: Callable[[At, list[At]], None],
    *,
    parallel: bool,
) -> None:
    """Run `body(place, places)` for each place of a part, with those of the others,
    which have its shape, in order. `parallel`: no place is met twice."""
    view, dims = part.view, part.view.dims
    indices = [s.index for s in part.steers]
    sources: list[Source] = [view, *others, *indices]
    axes = range(len(dims))
    steered = [k for k in axes if any(i.strides[k] != "0" for i in indices)]
    last = max(steered, default=-1) + 1

    def level(k: int, offsets: list[str]) -> None:
        if k == last:
            offsets = [_moved(code, part, offsets), *offsets[1:]]
        if k == len(dims):
            places = [At(s, o) for s, o in zip(sources, offsets, strict=True)]
            body(places[0], places[1 : 1 + len(others)])
            return

        def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
            level(
                k + 1,
                [
                    o
                    if isinstance(s, Number)
                    else code.add(o, code.multiply(index, s.strides[k]))
                    for s, o in zip(sources, offsets, strict=True)
                ],
            )
            return ()

        inside = k == len(dims) - 1 and (parallel or last <= k)
        code.counted(dims[k], trip, parallel=inside)

    level(0, ["0"] * len(sources))


def _moved(code: Code, part: Part, offsets: Sequence[str]) -> str:
    """The offset into the array, moved along the axes that are steered."""
    offset = offsets[0]
    mine = offsets[len(offsets) - len(part.steers) :]
    for steer, place in zip(part.steers, mine, strict=True):
        i = convert(code, read(code, steer.index, place), steer.index.dtype, "int64")
        if steer.length is not None:
            i = counted_from_start(code, i, steer.length)
        offset = code.add(offset, code.multiply(i, steer.stride))
    return offset
