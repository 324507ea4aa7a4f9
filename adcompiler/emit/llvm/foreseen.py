"""Products of rows that a loop takes one after the other: those of some trips at once.

In: a loop, while it is written. Out: memory for the products of the next trips' rows,
and code that computes them in the first of these trips, as one product, from which each
has its own.
Invariants: the rows are those of an array that the loop does not change, at the loop's
index, which counts up from 0 or above; the other factor is made before the loop, and
not changed. No row is read that no trip would read. With strict numbers nothing is
computed ahead.

    for t in range(n): y = x[t] @ W
        ->   for t in range(n):
                 if t % 16 == 0: ys = x[t : t + 16] @ W
                 y = ys[t % 16]

What is won is the memory: a trip reads all of a matrix for a row or a few.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from adcompiler.emit.llvm.blas import GEMM
from adcompiler.emit.llvm.nests import allocated, fill
from adcompiler.emit.llvm.products import call_product
from adcompiler.emit.llvm.values import Elements, element
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Atom, Const, For, Let, Var, defined
from adcompiler.ir.types import Array
from adcompiler.ir.walk import all_stmts

__all__ = ["Ahead", "Foreseen"]

_TRIPS = 16  # whose rows are multiplied at once
_FEWEST = 512  # elements of a factor that takes longer to read than rows to copy
_ROWS = 16  # of a trip, of which a product alone is worth reading the factor
_LEAST = 8  # trips of a loop that is worth the memory


@dataclass(frozen=True, slots=True)
class _Product:
    """A product of a row of `rows` and `factor`, which comes first if `turned`."""

    let: Let
    row: Atom
    rows: Var
    factor: Var
    turned: bool


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A product while its loop is written.

    `rows` is the array whose rows are multiplied, `each` of them in a trip, `factor`
    the other one as it stands behind them. `ahead` says whether the products of some
    trips are computed at once, which `found` has the memory for. Of the trip at hand:
    its index, how many there were before, and how many there may be yet, with it.
    """

    row: Atom
    rows: Elements
    each: str
    factor: Elements
    ahead: str
    found: Elements
    index: str = ""
    before: str = ""
    left: str = ""

    def value(self, writer: Writer, let: Let) -> Elements:
        """The product of this trip."""
        code, row, n = writer.code, writer.elements(self.row), self.factor.dims[1]
        result = writer.room(let.result, (*row.dims[:-1], n))
        step = self.rows.strides[0] if self.each == "1" else row.strides[0]
        dims, strides = (self.each, row.dims[-1]), (step, row.strides[-1])
        mine = replace(row, dims=dims, strides=strides, contiguous=False)
        target = replace(result, dims=(self.each, n), strides=(n, "1"))

        def taken() -> Sequence[str]:
            place = code.op(f"and i64 {self.before}, {_TRIPS - 1}")
            first = code.op(f"icmp eq i64 {place}, 0")
            compute = partial(self._compute, writer, mine)
            code.chosen(first, compute, lambda: (), seldom=True)
            offset = code.multiply(code.multiply(place, self.each), n)
            data = element(code, self.found, offset)
            fill(code, target, replace(self.found, data=data, dims=target.dims))
            return ()

        def alone() -> Sequence[str]:
            call_product(writer, target, mine, self.factor, adds=False)
            return ()

        code.chosen(self.ahead, taken, alone)
        return result

    def _compute(self, writer: Writer, mine: Elements) -> Sequence[str]:
        """The products of the rows from those of this trip on."""
        code = writer.code
        below = code.subtract(self.rows.dims[0], self.index)
        trips = code.least(code.least(self.left, below), str(_TRIPS))
        count = code.multiply(trips, self.each)
        block = replace(mine, dims=(count, mine.dims[1]))
        found = replace(self.found, dims=(count, self.found.dims[1]))
        call_product(writer, found, block, self.factor, adds=False)
        return ()


class Ahead:
    """The products of one loop, of `count` trips, that may be computed ahead."""

    def __init__(self, writer: Writer, loop: For, count: str) -> None:
        self.writer, self.loop, self.count = writer, loop, count
        self.begun: dict[Let, Foreseen] = {}
        if writer.module.strict:
            return
        for product in _products(writer, loop):
            rows, factor = (writer.value(v) for v in (product.rows, product.factor))
            assert isinstance(rows, Elements)
            assert isinstance(factor, Elements)
            if product.turned:
                factor = _turned(factor)
            if _is_large(factor):
                self.begun[product.let] = self._begun(product.row, rows, factor)

    def _begun(self, row: Atom, rows: Elements, factor: Elements) -> Foreseen:
        code, (k, n) = self.writer.code, factor.dims
        each = rows.dims[1] if len(rows.dims) == 3 else "1"
        ahead = code.op(f"icmp sge i64 {code.multiply(k, n)}, {_FEWEST}")
        ahead = code.both(ahead, code.op(f"icmp sge i64 {self.count}, {_LEAST}"))
        if each != "1":
            even = code.multiply(each, rows.strides[1])
            dense = code.op(f"icmp eq i64 {rows.strides[0]}, {even}")
            few = code.op(f"icmp sle i64 {each}, {_ROWS}")
            ahead = code.both(ahead, code.both(dense, few))
        most = code.select(ahead, "i64", code.multiply(each, str(_TRIPS)), "0")
        found = allocated(code, factor.dtype, (most, n))
        return Foreseen(row, rows, each, factor, ahead, found)

    def trip(self, trips: str) -> None:
        """In a trip, before which there were some."""
        writer = self.writer
        for let, foreseen in self.begun.items():
            index = writer.number(self.loop.body.params[0]).text
            left = writer.code.subtract(self.count, trips)
            found = replace(foreseen, index=index, before=trips, left=left)
            writer.foreseen[let] = found

    def over(self) -> None:
        """After the loop."""
        for let, foreseen in self.begun.items():
            self.writer.release(foreseen.found)
            del self.writer.foreseen[let]


def _turned(x: Elements) -> Elements:
    return replace(x, dims=x.dims[::-1], strides=x.strides[::-1], contiguous=False)


def _is_large(factor: Elements) -> bool:
    """Whether a factor may have elements enough."""
    known = all(d.isdigit() for d in factor.dims)
    return not known or math.prod(map(int, factor.dims)) >= _FEWEST


def _products(writer: Writer, loop: For) -> Iterator[_Product]:
    """The products of rows at the loop's index, and of what it does not change."""
    if loop.by_rows or not loop.body.falls or not _counts_up(loop):
        return
    inside = set(loop.body.params)
    for stmt in all_stmts(loop.body):
        inside.update(defined(stmt))
    loads = {
        s.result: s.operands[0]
        for s in loop.body.body
        if isinstance(s, Let)
        and s.primitive.name == "load"
        and s.param("index") == ("int",)
        and s.operands[1] == loop.body.params[0]
    }
    for stmt in loop.body.body if loads else ():
        if not isinstance(stmt, Let) or stmt.primitive.name != "matmul":
            continue
        for turned, (row, factor) in enumerate((stmt.operands, stmt.operands[::-1])):
            rows = loads.get(row) if isinstance(row, Var) else None
            if not isinstance(rows, Var) or not isinstance(factor, Var):
                continue
            if not inside.isdisjoint((rows, factor)):
                continue
            fits = _fits(row, factor, turned=bool(turned))
            if fits and not _changes(writer, loop, (rows, factor)):
                yield _Product(stmt, row, rows, factor, bool(turned))
                break


def _counts_up(loop: For) -> bool:
    start, step = loop.range.start, loop.range.step
    if not isinstance(start, Const) or not isinstance(step, Const):
        return False
    return start.value >= 0 and step.value == 1 and not loop.range.reverse


def _fits(row: Atom, factor: Atom, *, turned: bool) -> bool:
    """Whether a row, or rows, may stand before a matrix, or a vector behind it."""
    types = row.type, factor.type
    if not all(isinstance(t, Array) and t.dtype in GEMM for t in types):
        return False
    ranks = [t.ndim for t in types if isinstance(t, Array)]
    same = len({getattr(t, "dtype", "") for t in types}) == 1
    return same and ranks[1] == 2 and (ranks[0] == 1 or (ranks[0] == 2 and not turned))


def _changes(writer: Writer, loop: For, values: Sequence[Var]) -> bool:
    """Whether a loop stores to what these lie in."""
    memory = frozenset().union(*map(writer.roots, values))
    stores = (
        s
        for s in all_stmts(loop.body)
        if isinstance(s, Let) and s.primitive.writes and s.operands
    )
    return any(memory & writer.roots(s.operands[0]) for s in stores)
