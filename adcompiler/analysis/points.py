"""Integers at a point of the iteration space, as affine forms, and what is known there.

In: a region and a statement in it. Out: a `Point`: one run of that statement, in which
each value visible from it is an `Affine` form of unknowns, and the inequalities that
hold of these: bounds of the loops around it and of the branches that it is in.

Two points of a test share the trips of the outer loops and so the values defined there;
values of inner loops are unknowns of each point's own (its `side`).

Invariants: what is stated holds in every run that comes this far. Only Python's ints,
which never overflow, are taken apart; any other value is an unknown.

    for j in range(n):
        for i in range(j + 1, n): ...        i = j + 1 + u,  u >= 0,  i <= n - 1
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

from adcompiler.analysis.inequalities import Affine, constant, unknown
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    If,
    Let,
    Region,
    Stmt,
    Undef,
    Var,
    While,
    carried_params,
    carried_results,
    defined,
)
from adcompiler.ir.types import Dim, Length, Scalar, dims_of
from adcompiler.ir.walk import regions

Loop = For | While
Case = list[Affine]  # all at least zero
Choice = list[Case]  # of these at least one holds


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement is, or a value is defined: the region, the position in it (-1
    for a parameter) and the loops around it, the outermost first."""

    region: Region
    position: int
    loops: tuple[Loop, ...]


class Nest:
    """The statements and values of a region, each with its place."""

    def __init__(self, root: Region) -> None:
        self.root = root
        self.places: dict[Stmt, Place] = {}
        self.values: dict[Var, Place] = {}
        self.definitions: dict[Var, Stmt] = {}
        self.parents: dict[Region, Stmt] = {}
        # What holds behind statements that raise otherwise: position, condition, value.
        self.guards: dict[Region, list[tuple[int, Atom, bool]]] = {}
        self._increments: dict[Var, int | None] = {}
        self._visit(root, ())
        own = [*root.params, *(v for stmt in root.body for v in defined(stmt))]
        self.lengths = frozenset(
            d for v in own for d in dims_of(v.type) if isinstance(d, Dim)
        )

    def _visit(self, region: Region, loops: tuple[Loop, ...]) -> None:
        for param in region.params:
            self.values[param] = Place(region, -1, loops)
        for position, stmt in enumerate(region.body):
            place = Place(region, position, loops)
            self.places[stmt] = place
            for var in defined(stmt):
                self.values[var] = place
                self.definitions[var] = stmt
            if isinstance(stmt, If) and stmt.then.falls != stmt.orelse.falls:
                held = position, stmt.cond, stmt.then.falls
                self.guards.setdefault(region, []).append(held)
            inside = (*loops, stmt) if isinstance(stmt, For | While) else loops
            for inner in regions(stmt):
                self.parents[inner] = stmt
                self._visit(inner, inside)

    def around(self, stmt: Stmt) -> list[tuple[Stmt, Region]]:
        """The statements around one, the innermost first, each with its region that
        leads to it."""
        found: list[tuple[Stmt, Region]] = []
        region = self.places[stmt].region
        while region is not self.root:
            parent = self.parents[region]
            found.append((parent, region))
            region = self.places[parent].region
        return found

    def held_before(self, stmt: Stmt) -> Iterator[tuple[Atom, bool]]:
        """The conditions that were found to hold, or not to, before a statement of the
        same region: those of branches of which one arm raises."""
        place = self.places[stmt]
        for position, cond, holds in self.guards.get(place.region, ()):
            if position < place.position:
                yield cond, holds

    def increment(self, param: Var) -> int | None:
        """What each trip of its loop adds to a carried int, if it is always the same
        number."""
        if param not in self._increments:
            self._increments[param] = None  # while it is being found
            loop = self.parents[self.values[param].region]
            assert isinstance(loop, For | While)
            end = carried_results(loop)[carried_params(loop).index(param)]
            depth = len(self.values[param].loops)
            change = Point(self, depth, "").form(end) - unknown((param, ""))
            if not change.terms and _is_python_int(end):
                self._increments[param] = change.constant
        return self._increments[param]


class Point:
    """One run of a statement, sharing the trips of the `depth` outermost loops with
    other points."""

    def __init__(self, nest: Nest, depth: int, side: str) -> None:
        self.nest = nest
        self.depth = depth
        self.side = side
        self.facts: Case = []
        self.choices: list[Choice] = []
        self._forms: dict[Var, Affine] = {}
        self._trips: dict[Loop, Affine] = {}

    def stand(self, stmt: Stmt) -> None:
        """State what is known where the statement runs."""
        for outer, region in self.nest.around(stmt):
            if isinstance(outer, For):
                self.form(outer.body.params[0])
            elif isinstance(outer, If):
                self._assume(outer.cond, region is outer.then)
            for cond, holds in self.nest.held_before(outer):
                self._assume(cond, holds)
        for cond, holds in self.nest.held_before(stmt):
            self._assume(cond, holds)

    # --- Trips -----------------------------------------------------------------------

    def trip(self, loop: Loop) -> Affine:
        """The number of the trip, from 0, in the order of running."""
        if isinstance(loop, For) and not loop.range.reverse:
            return self.offset(loop)
        return self._counted(loop, "trip")

    def offset(self, loop: For) -> Affine:
        """How many steps from the start of its range the index is."""
        return self._counted(loop, "offset")

    def _counted(self, loop: Loop, what: str) -> Affine:
        number = unknown((what, loop.trips, self._side(self.nest.places[loop], 1)))
        if number not in self.facts:
            self.facts.append(number)
        return number

    def _side(self, place: Place, inside: int = 0) -> str:
        return self.side if len(place.loops) + inside > self.depth else ""

    # --- Forms -----------------------------------------------------------------------

    def form(self, atom: Atom) -> Affine:
        """The value as an affine form."""
        match atom:
            case Const(value=value) if value == int(value):
                return constant(int(value))
            case Const() | Undef():
                return unknown(object())
            case Var():
                if atom not in self._forms:
                    self._forms[atom] = self._opaque(atom)
                    self._forms[atom] = self._found(atom)
                return self._forms[atom]

    def length(self, length: Length) -> Affine:
        """The length of an axis of an array of the outermost region."""
        if isinstance(length, int):
            return constant(length)
        number = unknown(length)
        if number not in self.facts:
            self.facts.append(number)
            if isinstance(length.key, tuple) and length.key[0] == "drop":
                rest = self.length(length.key[1]) - length.key[2]
                self.facts.append(number - rest)
        return number

    def _opaque(self, var: Var) -> Affine:
        return unknown((var, self._side(self.nest.values[var])))

    def _found(self, var: Var) -> Affine:
        if not _is_python_int(var):
            return self._opaque(var)
        stmt = self.nest.definitions.get(var)
        if isinstance(stmt, Let) and stmt.results == (var,):
            return self._computed(stmt)
        place = self.nest.values[var]
        loop = self.nest.parents.get(place.region)
        if stmt is None and isinstance(loop, For | While):
            return self._of_a_loop(loop, var)
        return self._opaque(var)

    def _of_a_loop(self, loop: Loop, var: Var) -> Affine:
        params = carried_params(loop)
        if isinstance(loop, For) and var == loop.body.params[0]:
            return self._index(loop, var)
        change = self.nest.increment(var) if var in params else None
        if change is None:
            return self._opaque(var)
        init = loop.inits[params.index(var)]
        if not _is_python_int(init):
            return self._opaque(var)
        return self.form(init) + self.trip(loop).scaled(change)

    def _index(self, loop: For, var: Var) -> Affine:
        step = loop.range.step
        if not isinstance(step, Const) or step.value == 0:
            return self._opaque(var)
        index = self.form(loop.range.start) + self.offset(loop).scaled(step.value)
        stop = self.form(loop.range.stop)
        self.facts.append(stop - 1 - index if step.value > 0 else index - stop - 1)
        return index

    def _computed(self, let: Let) -> Affine:
        rule = _RULES.get(let.primitive.name)
        if let.primitive.name == "shape":
            return self._shape(let)
        if rule is None or not all(map(_is_python_int, let.operands)):
            return self._opaque(let.result)
        known = rule(self, let, *map(self.form, let.operands))
        return self._opaque(let.result) if known is None else known

    def _shape(self, let: Let) -> Affine:
        length = dims_of(let.operands[0].type)[let.param("axis")]
        if isinstance(length, int) or length in self.nest.lengths:
            return self.length(length)
        number = self._opaque(let.result)
        self.facts.append(number)
        return number

    # --- Conditions ------------------------------------------------------------------

    def _assume(self, cond: Atom, holds: bool) -> None:
        """Note that a condition holds here, or that it does not."""
        stmt = self.nest.definitions.get(cond) if isinstance(cond, Var) else None
        if not isinstance(stmt, Let) or len(stmt.results) != 1:
            return
        name, operands = stmt.primitive.name, stmt.operands
        if name == "logical_not":
            self._assume(operands[0], not holds)
        elif name == ("logical_and" if holds else "logical_or"):
            for operand in operands:
                self._assume(operand, holds)
        elif name in _COMPARISONS and all(map(_is_int64, operands)):
            left, right = map(self.form, operands)
            cases = _COMPARISONS[name if holds else _OPPOSITE[name]](left, right)
            if len(cases) == 1:
                self.facts += cases[0]
            else:
                self.choices.append(cases)


def _is_python_int(atom: Atom) -> bool:
    return (
        isinstance(atom.type, Scalar)
        and atom.type.dtype == "int64"
        and atom.type.kind == "python"
    )


def _is_int64(atom: Atom) -> bool:
    return isinstance(atom.type, Scalar) and atom.type.dtype == "int64"


_COMPARISONS: dict[str, Callable[[Affine, Affine], Choice]] = {
    "less": lambda a, b: [[b - a - 1]],
    "less_equal": lambda a, b: [[b - a]],
    "greater": lambda a, b: [[a - b - 1]],
    "greater_equal": lambda a, b: [[a - b]],
    "equal": lambda a, b: [[a - b, b - a]],
    "not_equal": lambda a, b: [[a - b - 1], [b - a - 1]],
}
_OPPOSITE = {
    "less": "greater_equal",
    "less_equal": "greater",
    "greater": "less_equal",
    "greater_equal": "less",
    "equal": "not_equal",
    "not_equal": "equal",
}

Rule = Callable[..., Affine | None]


def _product(point: Point, let: Let, a: Affine, b: Affine) -> Affine | None:
    if not a.terms:
        return b.scaled(a.constant)
    return None if b.terms else a.scaled(b.constant)


def _quotient(point: Point, let: Let, a: Affine, b: Affine) -> Affine | None:
    """``a // b`` for a positive constant b."""
    if b.terms or b.constant <= 0:
        return None
    whole = unknown(("quotient", let.result, _side_of(point, let)))
    rest = a - whole.scaled(b.constant)
    point.facts += [rest, b.constant - 1 - rest]
    return whole


def _rest(point: Point, let: Let, a: Affine, b: Affine) -> Affine | None:
    whole = _quotient(point, let, a, b)
    return None if whole is None else a - whole.scaled(b.constant)


def _side_of(point: Point, let: Let) -> Hashable:
    return point._side(point.nest.values[let.result])


def _smallest(point: Point, let: Let, a: Affine, b: Affine) -> Affine:
    smallest = point._opaque(let.result)
    point.facts += [a - smallest, b - smallest]
    return smallest


def _greatest(point: Point, let: Let, a: Affine, b: Affine) -> Affine:
    greatest = point._opaque(let.result)
    point.facts += [greatest - a, greatest - b]
    return greatest


_RULES: dict[str, Rule] = {
    "add": lambda point, let, a, b: a + b,
    "subtract": lambda point, let, a, b: a - b,
    "negative": lambda point, let, a: a.scaled(-1),
    "positive": lambda point, let, a: a,
    "multiply": _product,
    "floor_divide": _quotient,
    "remainder": _rest,
    "minimum": _smallest,
    "maximum": _greatest,
}
