"""Large nests are shared by several threads.

In: a nest over arrays, whose trips along an axis are independent but for what they add
up. Out: a call of the nest as a function of its own, for the whole of it where it is
small, and otherwise for *chunks*, which threads take one after the other.

Invariants: chunks follow from lengths alone, and what they give is joined in order: so
results do not depend on the number of threads. The nest touches no object, no memory of
the run but the arrays that it is given, and cannot leave.

    for i in range(n): y[i] = exp(x[i])
->  if n < least:  loop(0, n, y, x)
    else:          loop_all(n, y, x), which has threads do loop(from, to, y, x)
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.nests import Source
from adcompiler.emit.llvm.outlined import Apart, Given, Outlined, Total, enter, new_name
from adcompiler.emit.llvm.values import Number, element
from adcompiler.emit.llvm.writer import Writer

__all__ = [
    "CALL",
    "ROWS",
    "Nest",
    "first_axis",
    "least_of",
    "may_share",
    "shared",
]

SHARES = sys.platform == "linux"  # whose threads and masks of signals are known here
CALL = 8  # the cost of a call of a function, see `least_of`
_WORTH = 3 << 20  # what threads are made for, by cost: some 300 us
_FEW = 4096  # elements that are never worth it
_ROUND = 64  # elements of which chunks of vectors are multiples
ROWS = 16  # so many that adding up what chunks give costs little

# A nest over places of these lengths, which carries what it is given, by type.
Nest = Callable[
    [Code, Sequence[str], Sequence[Source], Sequence[tuple[str, str]]], tuple[str, ...]
]


def least_of(cost: int) -> int:
    """How many elements are worth several threads, where each costs so much: 1 for each
    that is read or written, and for what is computed."""
    return max(_FEW, _WORTH // cost)


def may_share(writer: Writer) -> bool:
    """Whether several threads may do what is being written: not where that is part of
    what one of them does."""
    return SHARES and not writer.by_rows


def first_axis(dims: Sequence[str]) -> int:
    """The axis that is cut into chunks."""
    return next((k for k, n in enumerate(dims) if n != "1"), 0)


def shared(
    writer: Writer,
    dims: Sequence[str],
    sources: Sequence[Source],
    totals: Sequence[Total],
    cost: int,
    nest: Nest,
    apart: Sequence[Apart] = (),
    every: str | None = None,
) -> tuple[str, ...]:
    """Write a nest, and give what it carries at last.

    Its trips along the first axis are independent, but for what they add to `apart`.
    It takes `every` element: as many as there are places, if nothing else is said.
    """
    code, inits = writer.code, [(t.word, t.first) for t in totals]
    least, count = least_of(cost), every or code.product(dims)
    few = not dims or (count.isdigit() and int(count) < least)
    ordered = writer.module.strict and bool(totals or apart)
    if few or ordered or not may_share(writer):
        return nest(code, dims, sources, inits)
    found = _outlined(writer, dims, sources, totals, nest, apart, least)
    if found is None:
        return nest(code, dims, sources, inits)
    return _called(code, found, dims[first_axis(dims)], count, least)


def _called(
    code: Code, loop: Outlined, count: str, every: str, least: int
) -> tuple[str, ...]:
    """Call the nest: as a whole where it has fewer elements."""
    texts = list(loop.given.names)

    def whole() -> Sequence[str]:
        found = loop.some(code, "null", "0", count, texts, "null")
        return loop.split(code, found)

    def chunks() -> Sequence[str]:
        return loop.split(code, loop.all(code, count, every))

    if every.isdigit():
        return tuple(chunks())
    large = code.op(f"icmp uge i64 {every}, {least}")
    words = [t.word for t in loop.totals]
    return code.chosen(large, chunks, whole, words, seldom=True)


def _outlined(
    writer: Writer,
    dims: Sequence[str],
    sources: Sequence[Source],
    totals: Sequence[Total],
    nest: Nest,
    apart: Sequence[Apart],
    least: int,
) -> Outlined | None:
    """The nest as a function; None where what it does may leave the function."""
    axis, given, inner = first_axis(dims), Given(), Code()
    inside = [given.take(n, "i64") for n in dims]
    taken = [given.source(s) for s in sources]
    inside[axis] = inner.op("sub i64 %to, %from")
    shifted = [_shifted(inner, s, axis, inside[axis]) for s in taken]
    held = [replace(a, array=given.elements(a.array)) for a in apart]
    name = new_name(writer.module)
    loop = Outlined(name, given, totals, held, runs=False)
    with writer.writing(inner):
        inits = [(t.word, t.first) for t in totals]
        loop.give(inner, nest(inner, inside, shifted, inits))
    if inner.failures or _OF_THE_RUN.search(inner.text):
        return None
    rounded = ROWS if apart else _ROUND if len(dims) == 1 else 1
    enter(writer, loop, inner, least=least, rounded=str(rounded))
    return loop


_OF_THE_RUN = re.compile(r"%(ctx|out)\b")


def _shifted(code: Code, source: Source, axis: int, count: str) -> Source:
    """An array from the first place of a chunk on."""
    if isinstance(source, Number):
        return source
    stride = source.strides[axis]
    dims = tuple(count if k == axis else n for k, n in enumerate(source.dims))
    data = element(code, source, code.multiply("%from", stride))
    return replace(source, data=data, dims=dims)
