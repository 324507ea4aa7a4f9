"""Values of the forward sweep that are found again on a list in scope.

In: a primal region. Out: for each value that a trip of a loop appends to a list, pops
off one or reads of one, the list as it is after all loops, and the place of the value
there: where the list is one to which each trip appends one element and which nothing
changes afterwards. Loops that go over all of it take nothing from it.

Invariant: the value is the element at that place, in every run that comes to its end.

    for i in range(n):                for i in range(n):
        xs.append(y)                      xs.append(y)
        y = y * y              ->         y = y * y
    ...                               ...
                                      y = xs[i]        (in the reversed loop)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from adcompiler.analysis.inequalities import infeasible
from adcompiler.analysis.points import Nest, Point
from adcompiler.analysis.tapes import Sources, offset
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Let,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    carried_results,
    defined,
)
from adcompiler.ir.types import Array, ListOf, Scalar, dims_of
from adcompiler.ir.walk import all_stmts, count_uses

Loop = For | While


@dataclass(frozen=True, slots=True)
class Element:
    """A place on a list: so many places after what the number of the trip says, from
    the front or, with `back`, from the end; or the place that a value is."""

    tape: Var
    loop: Loop | None
    after: int = 0
    back: bool = False
    index: Atom | None = None

    def place(self, index: Atom, builder: Builder) -> Atom:
        """The place in the trip of this index (of a `while` loop: this number)."""
        assert self.loop is not None
        if isinstance(self.loop, While):
            passed, after = index, self.after
        else:
            start, step = self.loop.range.start, self.loop.range.step
            if isinstance(start, Const) and step == constant(1):
                passed, after = index, self.after - int(start.value)
            else:
                passed, after = offset(self.loop.range, index, builder), self.after
        if self.back:
            return builder.apply("subtract", constant(-1 - after), passed)
        if after == 0:
            return passed
        name = "add" if after > 0 else "subtract"
        return builder.apply(name, passed, constant(abs(after)))


def elements(root: Region) -> dict[Var, Element]:
    """The values that are found on a list."""
    finder = _Finder(root)
    found: dict[Var, Element] = {}
    for stmt in root.body:
        found.update(finder.stmt(stmt))
    return {v: e for v, e in found.items() if finder.lasts(e.tape) and _keeps(e, v)}


def _keeps(element: Element, var: Var) -> bool:
    """Whether the list holds values of this dtype and rank as they are."""
    held = element.tape.type
    assert isinstance(held, ListOf)
    if not isinstance(var.type, Scalar | Array):
        return False
    if not isinstance(held.element, type(var.type)):
        return False
    alike = var.type.dtype == held.element.dtype
    return alike and len(dims_of(var.type)) == len(dims_of(held.element))


class _Finder:
    def __init__(self, root: Region) -> None:
        self.root = root
        self.used = count_uses(root)
        self.lengths: dict[Var, int] = {}  # of lists, where these are numbers
        self.sources = Sources()
        self.drained: dict[Var, int] = {}  # how many loops go over a list
        lists = (_list(s) for s in all_stmts(root) if _reads_only(s))
        self.read_by = Counter(v for v in lists if isinstance(v, Var))
        self._nest: Nest | None = None

    def stmt(self, stmt: Stmt) -> Iterator[tuple[Var, Element]]:
        """What a statement of the outermost region finds on lists."""
        self.sources.note(stmt)
        match stmt:
            case Let() if stmt.primitive.name == "list_new":
                self.lengths[stmt.result] = 0
            case Let() if stmt.primitive.name == "list_append":
                before = stmt.operands[0]
                if isinstance(before, Var) and before in self.lengths:
                    self.lengths[stmt.result] = self.lengths[before] + 1
            case For() | While():
                if isinstance(stmt, For) and not stmt.exits:
                    yield from self.popped(stmt)
                yield from self.grown(stmt)

    def popped(self, loop: For) -> Iterator[tuple[Var, Element]]:
        for pop, tape in self.sources.drained(loop, self.used):
            self.drained[tape] = self.drained.get(tape, 0) + 1
            yield pop.results[0], Element(tape, loop, back=not loop.range.reverse)

    def grown(self, loop: Loop) -> Iterator[tuple[Var, Element]]:
        if not loop.body.falls:
            return
        appends = {
            s.result: s
            for s in loop.body.body
            if isinstance(s, Let) and s.primitive.name == "list_append"
        }
        rows = zip(
            loop.inits,
            carried_params(loop),
            carried_results(loop),
            loop.results,
            strict=True,
        )
        for init, param, end, tape in rows:
            append = appends.get(end) if isinstance(end, Var) else None
            length = self.lengths.get(init) if isinstance(init, Var) else None
            if append is None or length is None or _list(append) != param:
                continue
            backwards = isinstance(loop, For) and loop.range.reverse
            value = append.operands[1]
            if isinstance(value, Var) and _is_own(value, loop.body):
                yield value, Element(tape, loop, 0 if backwards else length, backwards)
            versions = {param: length, append.result: length + 1}
            if not backwards:
                yield from self.read(loop, tape, versions)

    def read(
        self, loop: Loop, tape: Var, versions: Mapping[Var, int]
    ) -> Iterator[tuple[Var, Element]]:
        """What a loop reads off the list to which it appends."""
        for stmt in all_stmts(loop.body):
            if not (isinstance(stmt, Let) and stmt.primitive.name == "list_get"):
                continue
            xs, index = stmt.operands
            if not isinstance(xs, Var) or xs not in versions:
                continue
            if isinstance(index, Const):
                place = int(index.value)
                if place < 0:
                    yield stmt.result, Element(tape, loop, versions[xs] + place)
            if self.from_the_front(stmt, index):
                yield stmt.result, Element(tape, None, index=index)

    def from_the_front(self, let: Let, index: Atom) -> bool:
        """Whether an index is surely not negative."""
        if self._nest is None:
            self._nest = Nest(self.root)
        point = Point(self._nest, 0, "own")
        point.stand(let)
        form = point.form(index)
        return infeasible([*point.facts, form.scaled(-1) - 1])

    def lasts(self, tape: Var) -> bool:
        """Whether nothing changes a list, or hands it on to what may."""
        read = self.read_by.get(tape, 0) + self.drained.get(tape, 0)
        return self.used.get(tape, 0) == read


def _is_own(var: Atom, region: Region) -> bool:
    """Whether a region defines a value itself."""
    own = (v for s in region.body for v in defined(s))
    return isinstance(var, Var) and (var in region.params or var in own)


def _reads_only(stmt: Stmt) -> TypeGuard[Let]:
    return isinstance(stmt, Let) and not stmt.primitive.writes


def _list(let: Let) -> Atom | None:
    """The list that a row of lists reads."""
    first = let.operands[0] if let.operands else None
    return first if first is not None and isinstance(first.type, ListOf) else None
