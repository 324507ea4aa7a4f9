"""What is known of shapes at a point of the program, and which arrays show them.

In: values and statements in program order, region by region. Out: whether two shapes
are equal there; an array in scope that has a given shape or length.
Invariants: a fact is used where the statement that shows it has run. An array is only
offered if its elements are needed anyway, if no store overwrites it, and if it has a
value on every path, so that nothing is kept for its shape alone.

    (log_sum - total).size   ->   y.shape[0], where y * shifted and log_sum have met
"""

from __future__ import annotations

from collections.abc import Iterator

from adcompiler.ir.nodes import (
    Atom,
    For,
    If,
    Let,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    carried_results,
    defined,
    stop_flag,
)
from adcompiler.ir.types import Array, Length, dims_of
from adcompiler.ir.walk import all_stmts
from adcompiler.optimise.dce import has_effect
from adcompiler.optimise.lengths import Dims, EqualLengths


class Shapes:
    """Equal lengths, and arrays by their lengths, in the regions around a point."""

    def __init__(self, region: Region) -> None:
        self.equal = EqualLengths()
        self._spare = without_elements(region)
        self._written = frozenset(written(region))
        self._sure = frozenset(_sure(region))
        self._arrays: list[Var] = []
        self._outer: list[tuple[EqualLengths, int]] = []

    def enter(self) -> None:
        """A nested region begins."""
        self._outer.append((self.equal, len(self._arrays)))
        self.equal = self.equal.child()

    def leave(self) -> None:
        """It ends, and with it what was known only there."""
        self.equal, count = self._outer.pop()
        del self._arrays[count:]

    def define(self, var: Var) -> None:
        """A value is in scope from here on."""
        if not isinstance(var.type, Array) or var not in self._sure:
            return
        if not (self.is_spare(var) or var in self._written):
            self._arrays.append(var)

    def is_spare(self, atom: Atom) -> bool:
        """Whether nothing needs the elements of an array."""
        return atom in self._spare

    def same(self, left: Dims, right: Dims) -> bool:
        """Whether two shapes are equal here."""
        return self.equal.same(left, right)

    def array(self, dims: Dims) -> Var | None:
        """An array in scope of this shape, the first."""
        found = (a for a in self._arrays if self.same(dims_of(a.type), dims))
        return next(found, None)

    def instead_of(self, like: Atom) -> Var | None:
        """What to read a shape off: an array that is there anyway, or that has a name
        where this has none."""
        dims = dims_of(like.type)
        if self.is_spare(like):
            return self.array(dims)
        if not isinstance(like, Var) or like.name is not None or not dims:
            return None
        found = (a for a in self._arrays if a.name and self.same(dims_of(a.type), dims))
        return next(found, None)

    def length(self, length: Length) -> tuple[Var, int] | None:
        """An array in scope with this length on an axis, the first axis if possible."""
        root = self.equal.root(length)
        places = [
            (axis, array)
            for array in self._arrays
            for axis, n in enumerate(dims_of(array.type))
            if self.equal.root(n) == root
        ]
        if not places:
            return None
        axis, array = min(places, key=lambda place: place[0])
        return array, axis


def without_elements(region: Region) -> frozenset[Var]:
    """The arrays of which no result, error or print needs an element."""
    sources: dict[Var, list[Atom]] = {}
    pending: list[Atom] = list(region.results)
    everything: list[Var] = list(region.params)
    for stmt in all_stmts(region):
        everything += defined(stmt)
        for var, atoms in _sources(stmt):
            sources.setdefault(var, []).extend(atoms)
        pending += _roots(stmt)
    needed: set[Atom] = set()
    while pending:
        atom = pending.pop()
        if atom not in needed:
            needed.add(atom)
            pending += sources.get(atom, ()) if isinstance(atom, Var) else ()
    return frozenset(
        v for v in everything if isinstance(v.type, Array) and v not in needed
    ) - frozenset(region.params)


def _sources(stmt: Stmt) -> Iterator[tuple[Var, tuple[Atom, ...]]]:
    """Each value that a statement defines, and the values whose elements it needs."""
    match stmt:
        case Let():
            skipped = stmt.primitive.shape_only
            read = tuple(a for k, a in enumerate(stmt.operands) if k not in skipped)
            yield from ((r, read) for r in stmt.results)
        case If():
            for k, result in enumerate(stmt.results):
                arms = (a for a in (stmt.then, stmt.orelse) if a.falls)
                yield result, (stmt.cond, *(a.results[k] for a in arms))
        case For() | While():
            ends = carried_results(stmt) if stmt.body.falls else stmt.inits
            params = carried_params(stmt)
            conds = stmt.cond.params if isinstance(stmt, While) else params
            carried = (stmt.results, params, conds)
            for *names, init, end in zip(*carried, stmt.inits, ends, strict=True):
                yield from ((v, (init, end)) for v in names)


def _roots(stmt: Stmt) -> Iterator[Atom]:
    """What is needed for control, and for effects other than checks of shapes."""
    match stmt:
        case Let():
            elementwise = stmt.primitive.elementwise and stmt.results
            if not elementwise and has_effect(stmt):
                yield from stmt.operands
        case If():
            yield stmt.cond
        case For():
            yield from stmt.range.atoms
            yield from _flag(stmt)
        case While():
            yield from stmt.cond.results
            yield from _flag(stmt)


def _flag(loop: For | While) -> Iterator[Atom]:
    flag = stop_flag(loop) if loop.body.falls else None
    if flag is not None:
        yield flag


POPPED = ("list_pop", "list_get")


def _sure(region: Region) -> Iterator[Var]:
    """The values that are there wherever they are in scope: a branch or a loop may
    leave one of its results without a value, and a tape may hold placeholders."""
    yield from region.params
    for stmt in all_stmts(region):
        if isinstance(stmt, Let) and stmt.primitive.name not in POPPED:
            yield from stmt.results


def written(region: Region) -> Iterator[Var]:
    """The arrays that a store may overwrite in place."""
    for stmt in all_stmts(region):
        read: tuple[Atom, ...] = ()
        match stmt:
            case Let() if stmt.primitive.writes:
                read = stmt.operands[:1]
            case For() | While():
                read = stmt.inits
        yield from (a for a in read if isinstance(a, Var))


def lengths_counted(atom: Atom, definitions: dict[Var, Let]) -> Dims | None:
    """The lengths whose product a number is, as far as its definition tells."""
    if not isinstance(atom, Var):
        value = getattr(atom, "value", None)
        return (value,) if isinstance(value, int) else None
    let = definitions.get(atom)
    if let is None:
        return None
    match let.primitive.name:
        case "shape":
            return (dims_of(let.operands[0].type)[let.param("axis")],)
        case "size":
            return dims_of(let.operands[0].type)
        case "multiply":
            parts = [lengths_counted(a, definitions) for a in let.operands]
            return None if None in parts else tuple(n for p in parts for n in p or ())
        case _:
            return None
