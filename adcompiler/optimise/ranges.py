"""Ranges that go down and are reversed go up.

In: a function about to be emitted. Out: the same, in which the reversal of a range that
goes down by one is written as the range that goes up.
Invariant: the indices are the same, in the same order.

    for i in reversed(range(n - 1, -1, -1)):     ->     for i in range(n):

>>> import adcompiler.primitives
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.printer import show
>>> n, i, trips = (fresh_var(PY_INT, name) for name in ("n", "i", "trips"))
>>> bounds = Range(n, constant(0), constant(-1), None, True)
>>> loop = For((), bounds, (), Region((i,), (), ()), trips)
>>> print(show(upwards(Function("f", Region((n,), (loop,), ())))))
f(n: int64)
    %0: int64 = add(n, 1)
    for i in range(1, %0, 1) ()
        yield
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    Let,
    Range,
    Region,
    Stmt,
    Var,
)
from adcompiler.ir.types import PY_INT
from adcompiler.ir.walk import definitions, map_regions


def upwards(function: Function) -> Function:
    """The function with such ranges turned round."""
    turner = _Turner(definitions(function.region))
    region = turner.region(function.region)
    return replace(function, region=region) if turner.changed else function


class _Turner:
    def __init__(self, defs: Mapping[Var, Stmt]) -> None:
        self.defs = defs
        self.changed = False

    def region(self, region: Region) -> Region:
        builder = Builder()
        for stmt in region.body:
            inner = stmt if isinstance(stmt, Let) else map_regions(stmt, self.region)
            if isinstance(inner, For) and _goes_down(inner.range):
                inner = self.turned(inner, builder)
            builder.append(inner)
        return replace(region, body=tuple(builder.stmts))

    def turned(self, loop: For, builder: Builder) -> For:
        self.changed = True
        with builder.at(loop.span, loop.role):
            first = self.one_more(loop.range.stop, builder)
            last = self.one_more(loop.range.start, builder)
        return replace(loop, range=Range(first, last, constant(1)))

    def one_more(self, atom: Atom, builder: Builder) -> Atom:
        """An int and one: n for ``n - 1``."""
        if isinstance(atom, Const):
            return constant(atom.value + 1)
        made = self.defs.get(atom) if isinstance(atom, Var) else None
        if isinstance(made, Let) and made.primitive.name in ("add", "subtract"):
            base, count = made.operands
            if isinstance(count, Const) and base.type == count.type == PY_INT:
                added = made.primitive.name == "add"
                more = (count.value if added else -count.value) + 1
                if more == 0:
                    return base
                name = "add" if more > 0 else "subtract"
                return builder.apply(name, base, constant(abs(more)))
        return builder.apply("add", atom, constant(1))


def _goes_down(bounds: Range) -> bool:
    """Whether this is the reversal of a range that goes down by one."""
    step, ends = bounds.step, (bounds.start, bounds.stop)
    return (
        bounds.reverse
        and bounds.limit is None
        and isinstance(step, Const)
        and step.value == -1
        and all(a.type == PY_INT for a in ends)
    )
