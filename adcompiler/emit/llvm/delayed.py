"""Products of matrices that a loop adds up: some trips' at a time.

In: a loop, while it is written. Out: memory in which rows of both factors wait, and
code that puts them there; once it is full, and when the loop is over, their products
are one product, which is added to the sum.
Invariants: nothing reads the sum until the loop is over. A factor is copied when the
sum would have been added to. What is added is the same, in another order; with strict
numbers nothing waits.

    for ...: W_bar += x.T @ y
        ->   for ...: xs[k], ys[k] = x, y  (and once full: W_bar += xs.T @ ys; k = 0)
             W_bar += xs[:k].T @ ys[:k]

What is won is the memory: a trip reads and writes all of the sum for a row or a few.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from adcompiler.emit.llvm.blas import GEMM
from adcompiler.emit.llvm.nests import allocated, fill
from adcompiler.emit.llvm.products import call_product
from adcompiler.emit.llvm.values import Elements, element
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import (
    Atom,
    For,
    Let,
    Var,
    While,
    carried_params,
    carried_results,
)
from adcompiler.ir.types import Array
from adcompiler.ir.walk import count_uses

__all__ = ["Delayed", "Delays"]

_ROWS = 32  # that wait
_FEWEST = 512  # elements of a sum that takes longer to read than rows to copy
_TRIPS = 8  # of a loop that is worth the memory


@dataclass(frozen=True, slots=True)
class Delayed:
    """A sum of products while its loop is written: the rows that wait, where their
    number is, and how many a trip may add."""

    left: Elements
    right: Elements
    count: str
    most: str

    def add(
        self,
        writer: Writer,
        target: Elements,
        left: Elements,
        right: Elements,
        at_once: Callable[[], None],
    ) -> None:
        """Let the product of matrices wait; what has many rows is added `at_once`."""
        code = writer.code
        rows = right.dims[0]

        def later() -> Sequence[str]:
            held = code.op(f"load i64, ptr {self.count}")
            full = code.op(f"icmp sgt i64 {code.add(held, rows)}, {_ROWS}")
            (place,) = code.chosen(full, emptied, lambda: [held], ["i64"], seldom=True)
            turned = replace(
                left, dims=left.dims[::-1], strides=left.strides[::-1], contiguous=False
            )
            for wait, given in ((self.left, turned), (self.right, right)):
                first = element(code, wait, code.multiply(place, wait.strides[0]))
                dims = (rows, wait.dims[1])
                part = replace(wait, data=first, dims=dims)
                fill(code, part, replace(given, dims=dims))
            code.do(f"store i64 {code.add(place, rows)}, ptr {self.count}")
            return ()

        def emptied() -> Sequence[str]:
            self.over(writer, target)
            return ["0"]

        def now() -> Sequence[str]:
            at_once()
            return ()

        code.chosen(code.op(f"icmp sle i64 {rows}, {self.most}"), later, now)

    def over(self, writer: Writer, target: Elements) -> None:
        """Add the products of the rows that wait."""
        code = writer.code
        held = code.op(f"load i64, ptr {self.count}")
        m, n = self.left.dims[1], self.right.dims[1]
        left = replace(self.left, dims=(m, held), strides=("1", m), contiguous=False)
        right = replace(self.right, dims=(held, n))
        call_product(writer, target, left, right, adds=True)


class Delays:
    """The sums of products of one loop, of `count` trips, where that is known."""

    def __init__(self, writer: Writer, loop: For | While, count: str | None) -> None:
        self.writer, self.loop = writer, loop
        self.delayed: list[tuple[Let, int, Delayed]] = []
        if writer.module.strict:
            return
        for let, k in _sums(loop):
            target = writer.value(loop.inits[k])
            if isinstance(target, Elements) and _is_large(target):
                delayed = self._begun(target, count)
                self.delayed.append((let, k, delayed))
                writer.delayed[let] = delayed

    def _begun(self, target: Elements, count: str | None) -> Delayed:
        code, (m, n) = self.writer.code, target.dims
        large = code.op(f"icmp sge i64 {code.multiply(m, n)}, {_FEWEST}")
        if count is not None:
            long = code.op(f"icmp sge i64 {count}, {_TRIPS}")
            large = code.both(large, long)
        rows = code.select(large, "i64", str(_ROWS), "0")
        left, right = (allocated(code, target.dtype, (rows, d)) for d in (m, n))
        place = code.alloca("i64")
        code.do(f"store i64 0, ptr {place}")
        most = code.select(large, "i64", str(_ROWS // 2), "-1")
        return Delayed(left, right, place, most)

    def over(self) -> None:
        """Add what still waits, after the loop."""
        writer = self.writer
        for let, k, delayed in self.delayed:
            delayed.over(writer, writer.elements(self.loop.results[k]))
            for rows in (delayed.left, delayed.right):
                writer.release(rows)
            del writer.delayed[let]


def _is_large(target: Elements) -> bool:
    """Whether a sum may have elements enough."""
    known = all(d.isdigit() for d in target.dims)
    return not known or math.prod(map(int, target.dims)) >= _FEWEST


def _sums(loop: For | While) -> Iterator[tuple[Let, int]]:
    """The statements that add a product to a matrix which the loop carries, and which
    nothing else in it reads; and where it is among what the loop carries."""
    if not loop.body.falls or (isinstance(loop, For) and loop.by_rows):
        return
    uses, made = count_uses(loop.body), dict[Atom, Let]()
    ends, params = carried_results(loop), carried_params(loop)
    tested = count_uses(loop.cond) if isinstance(loop, While) else {}
    for stmt in loop.body.body:
        if not isinstance(stmt, Let):
            continue
        if stmt.primitive.name in ("matmul", "outer"):
            made[stmt.result] = stmt
        if stmt.primitive.name != "accumulate" or stmt.param("index") != ():
            continue
        target, value = stmt.operands
        if target not in params or value not in made or not _is_matrix(target):
            continue
        k = params.index(target)
        read = [uses.get(made[value].result), uses.get(target), uses.get(stmt.result)]
        asked = isinstance(loop, While) and loop.cond.params[k] in tested
        if read == [1, 1, 1] and ends[k] == stmt.result and not asked:
            yield stmt, k


def _is_matrix(atom: Atom) -> TypeGuard[Var]:
    t = atom.type
    return isinstance(t, Array) and t.ndim == 2 and t.dtype in GEMM
