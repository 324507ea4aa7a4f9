"""Elements that a list or a vector surely has.

In: any function. Out: the same, in which what reads or pops an element that its list
has on every path is `safe`: it raises nothing, and goes where its value is not needed.
So is what reads a vector where `argmax` found an extremum of one as long.
Invariant: nothing else changes.

    xs = [x]                        xs = [x]
    for ...: xs.append(y)           for ...: xs.append(y)
    _ = xs[-1]               ->

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.types import PY_FLOAT
>>> x, b = fresh_var(PY_FLOAT, "x"), Builder()
>>> xs = b.apply("list_new", element=PY_FLOAT, indexed=True)
>>> xs = b.apply("list_append", xs, x)
>>> y, z = (b.apply("list_get", xs, constant(k)) for k in (-1, 1))
>>> function = Function("f", b.region((x,), (y, z)))
>>> [s.safe for s in with_sure_elements(function).region.body]
[False, False, True, False]
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace

from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    carried_results,
)
from adcompiler.ir.types import Length, ListOf, dims_of
from adcompiler.ir.walk import all_stmts, map_regions


def with_sure_elements(function: Function) -> Function:
    """The function with such statements safe; the same object where there are none."""
    lets = [s for s in all_stmts(function.region) if isinstance(s, Let)]
    sure = set(_at_extrema(lets))
    taking = [s for s in lets if _takes(s)]
    if taking:
        least = _Least()
        least.region(function.region)
        sure |= {s for s in taking if least.has(s)}
    return made_safe(function, sure)


def made_safe(function: Function, sure: Set[Stmt]) -> Function:
    """The function with these statements safe; the same object where there are none."""
    if not sure:
        return function

    def region(old: Region) -> Region:
        return replace(old, body=tuple(map(stmt, old.body)))

    def stmt(old: Stmt) -> Stmt:
        if isinstance(old, Let):
            return replace(old, safe=True) if old in sure else old
        return map_regions(old, region)

    return replace(function, region=region(function.region))


def _at_extrema(lets: Iterable[Let]) -> Iterable[Let]:
    """What reads a vector at the position of an extremum."""
    length_of: dict[Atom, Length] = {}
    for let in lets:
        match let.primitive.name, let.operands:
            case (("argmax" | "argmin"), (x,)) if len(dims_of(x.type)) == 1:
                (length_of[let.results[0]],) = dims_of(x.type)
            case "load", (x, k) if let.param("index") == ("int",):
                if k in length_of and dims_of(x.type) == (length_of[k],):
                    yield let


def _takes(stmt: Let) -> bool:
    if stmt.safe:
        return False
    name, (*_, last) = stmt.primitive.name, stmt.operands or (None,)
    return name == "list_pop" or (name == "list_get" and isinstance(last, Const))


class _Least:
    """How many elements each list has at least."""

    def __init__(self) -> None:
        self.of: dict[Var, int] = {}

    def least(self, atom: Atom) -> int:
        return self.of.get(atom, 0) if isinstance(atom, Var) else 0

    def has(self, let: Let) -> bool:
        """Whether the list surely has the element that is read or popped."""
        count = self.least(let.operands[0])
        if let.primitive.name == "list_pop":
            return count > 0
        index = let.operands[1]
        return isinstance(index, Const) and -count <= index.value < count

    def region(self, region: Region) -> None:
        for stmt in region.body:
            match stmt:
                case Let():
                    self.let(stmt)
                case If():
                    arms = (stmt.then, stmt.orelse)
                    for arm in arms:
                        self.region(arm)
                    rows = zip(*(a.results for a in arms if a.falls), strict=True)
                    self.join(stmt.results, rows)
                case For() | While():
                    self.loop(stmt)

    def join(self, results: Iterable[Var], rows: Iterable[tuple[Atom, ...]]) -> None:
        for result, row in zip(results, rows, strict=False):
            if isinstance(result.type, ListOf):
                self.of[result] = min(map(self.least, row))

    def let(self, let: Let) -> None:
        result = let.results[-1] if let.results else None
        if result is None or not isinstance(result.type, ListOf):
            return
        first = let.operands[0] if let.operands else None
        match let.primitive.name, first:
            case "list_append", Var():
                count = self.least(first) + 1
            case "list_pop", Var():
                count = max(self.least(first) - 1, 0)
            case (("list_set" | "list_accumulate" | "list_zeros" | "list_add"), Var()):
                count = self.least(first)
            case "list_unstack", Var():
                length = dims_of(first.type)[0]
                count = length if isinstance(length, int) else 0
            case _:
                count = 0
        self.of[result] = count

    def loop(self, loop: For | While) -> None:
        """A list that each trip makes no shorter has at least what it had at entry."""
        params, ends = carried_params(loop), carried_results(loop)
        found = [self.least(init) for init in loop.inits]
        while True:
            self.of.update(zip(params, found, strict=True))
            if isinstance(loop, While):
                self.of.update(zip(loop.cond.params, found, strict=True))
                self.region(loop.cond)
            self.region(loop.body)
            rows = zip(found, ends, strict=True)
            kept = [n if self.least(end) >= n else 0 for n, end in rows]
            if kept == found:
                break
            found = kept
        self.of.update(zip(loop.results, found, strict=True))
