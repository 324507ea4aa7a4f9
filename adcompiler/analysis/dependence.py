"""Whether an element that is read may be overwritten later.

In: a region, an `Access` that reads, one that writes. Out: a `Clash`: whether the write
may touch what was read, after it: in the same trips of the loops around both, or in
later trips. Two accesses touch the same element where, on every axis, their coordinates
are equal; the test is a system of inequalities (bounds of the loops, conditions of the
branches, order of the trips) and equalities (the coordinates), and "no" means that it
has no integer solution.

Invariants: "no" is a proof; whatever is not understood may clash. Negative indices
wrap: the coordinate of `i` is `i` or `i + n`, of which those that cannot be are
dropped. Every access is known to succeed, since the test is asked about runs that came
to their end.

Allen and Kennedy, "Optimizing Compilers for Modern Architectures" (2001), chapter 3;
direction vectors are tried level by level. Maydan, Hennessy and Lam (1991) for exact
tests on small systems.

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.nodes import For, Range, Region, fresh_var
>>> from adcompiler.ir.types import Array, NP_FLOAT, PY_INT, fresh_dim
>>> x, i, n = fresh_var(Array("float64", (fresh_dim(),))), *map(fresh_var, [PY_INT] * 2)
>>> def clash(offset):
...     b = Builder()
...     read = b.apply("load", x, b.apply("add", i, constant(offset)), index=("int",))
...     b.apply("store", x, read, i, index=("int",))
...     body = Region((i,), tuple(b.stmts), ())
...     bounds = Range(constant(1), n, constant(1))
...     loop = For((), bounds, (), body, fresh_var(PY_INT))
...     tester = Dependence(Region((x, n), (loop,), ()))
...     return tester.clash(*(access(s, x.type) for s in b.stmts[1:]))
>>> clash(-1)  # x[i] = x[i - 1]
Clash(same=False, later=False)
>>> clash(+1)  # x[i] = x[i + 1]
Clash(same=False, later=True)
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from adcompiler.analysis.inequalities import (
    Affine,
    System,
    essence,
    infeasible,
    unknown,
)
from adcompiler.analysis.points import Case, Loop, Nest, Point
from adcompiler.ir.nodes import Atom, Const, For, Let, Region, Stmt, While
from adcompiler.ir.types import Array, Length

BUDGET = 4000  # systems of a function; after them everything may clash
CASES = 16  # alternatives of one access


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """A statement that reads or writes ``x[index]``, x having the lengths `dims`.

    A store also serves as the read of what it stored, from then on.
    """

    stmt: Let
    index: tuple[Any, ...]
    operands: tuple[Atom, ...]
    dims: tuple[Length, ...]


def access(let: Let, array: Array) -> Access:
    """The access of a load, store or accumulate to an array of this type."""
    first = 1 if let.primitive.name == "load" else 2
    return Access(let, let.param("index"), let.operands[first:], array.dims)


@dataclass(frozen=True, slots=True)
class Clash:
    """Whether a write may touch what was read: in the same trips, in later ones."""

    same: bool
    later: bool

    def __bool__(self) -> bool:
        return self.same or self.later


@dataclass(frozen=True, slots=True)
class _Coordinate:
    """One alternative for the coordinate on an axis, and what holds with it; None where
    it may be any."""

    value: Affine | None
    facts: Case


Alternatives = list[list[_Coordinate]]  # for each axis


class Dependence:
    """Dependence tests between the accesses of a region."""

    def __init__(self, root: Region) -> None:
        self.nest = Nest(root)
        self._left = BUDGET
        self._possible: dict[Hashable, list[tuple[int, ...]] | None] = {}
        self._sides: dict[Hashable, _Side | None] = {}
        self._terms: dict[Hashable, int] = {}
        self._met: dict[Hashable, bool] = {}
        self._asked: dict[System, bool] = {}
        self._numbers: dict[Access | Hashable, int] = {}

    def clash(self, read: Access, write: Access) -> Clash:
        """Whether the write may, after the read, touch what it read."""
        return Clash(self.same(read, write), self.later(read, write))

    def same(self, read: Access, write: Access) -> bool:
        """Whether it may in the same trips of the loops around both."""
        if not self._follows(read.stmt, write.stmt):
            return False
        depth = len(self._common_loops(read.stmt, write.stmt))
        return self._meet(read, write, depth, None)

    def later(self, read: Access, write: Access) -> bool:
        """Whether it may in later trips of one of them."""
        loops = self._common_loops(read.stmt, write.stmt)
        return any(self._meet(read, write, k, loop) for k, loop in enumerate(loops))

    def apart(self, first: Access, second: Access) -> bool:
        """Whether two accesses surely touch different elements in the same trips of the
        loops around both, in whichever order they run."""
        depth = len(self._common_loops(first.stmt, second.stmt))
        return not self._meet(first, second, depth, None)

    # --- Order -----------------------------------------------------------------------

    def _common_loops(self, first: Stmt, second: Stmt) -> tuple[Loop, ...]:
        one, other = self.nest.places[first].loops, self.nest.places[second].loops
        if one is other:
            return one
        common: list[Loop] = []
        for a, b in zip(one, other, strict=False):
            if a is not b:
                break
            common.append(a)
        return tuple(common)

    def _follows(self, first: Stmt, second: Stmt) -> bool:
        """Whether the second may run after the first in the same trips."""
        one, other = self.nest.places[first], self.nest.places[second]
        if one.region is other.region:
            return one.position < other.position
        before = {region: stmt for stmt, region in self._path(first)}
        for stmt, region in self._path(second):
            if region in before:
                earlier = self.nest.places[before[region]].position
                later = self.nest.places[stmt].position
                # The arms of one branch exclude each other.
                return earlier < later or (earlier == later and isinstance(stmt, While))
        return True

    def _path(self, stmt: Stmt) -> Iterator[tuple[Stmt, Region]]:
        """A statement and those around it, each with the region that it is in."""
        yield stmt, self.nest.places[stmt].region
        for outer, _ in self.nest.around(stmt):
            yield outer, self.nest.places[outer].region

    # --- Elements --------------------------------------------------------------------

    def _meet(self, read: Access, write: Access, depth: int, loop: Loop | None) -> bool:
        """Whether both may touch one element where `depth` outer loops are in the same
        trips, and `loop` is in a later trip for the write."""
        key = self._number(read), self._number(write), depth, loop
        if key not in self._met:
            self._met[key] = self._may_meet(read, write, depth, loop)
        return self._met[key]

    def _number(self, access: Access) -> int:
        """What tells an access from others: the same elements in the same region, where
        as much is known."""
        if access not in self._numbers:
            region = self.nest.places[access.stmt].region
            known = sum(1 for _ in self.nest.held_before(access.stmt))
            key = region, known, access.index, access.operands, access.dims
            self._numbers[access] = self._numbers.setdefault(key, len(self._numbers))
        return self._numbers[access]

    def _may_meet(
        self, read: Access, write: Access, depth: int, loop: Loop | None
    ) -> bool:
        first = self._side(read, depth, "read")
        second = self._side(write, depth, "write")
        if first is None or second is None:
            return True
        pairs = [
            (one, other)
            for one in first.ways
            for other in second.ways
            if not _parted(one.keys, other.keys)
        ]
        if not pairs:
            return False
        points = first.point, second.point
        order: Case = []
        if loop is not None:
            order = [points[1].trip(loop) - points[0].trip(loop) - 1]
            if isinstance(loop, For) and loop.range.reverse:
                order.append(points[0].offset(loop) - points[1].offset(loop) - 1)
        known = [*points[0].facts, *points[1].facts, *order]
        for one, other in pairs:
            both = zip(one.axes, other.axes, strict=True)
            equal = [a - b for a, b in both if a is not None and b is not None]
            if not self._never([*known, *one.facts, *other.facts], equal):
                return True
        return False

    def _side(self, access: Access, depth: int, name: str) -> _Side | None:
        """An access as one of the two of a test; None if it has too many
        alternatives."""
        key = self._number(access), depth, name
        if key not in self._sides:
            possible = self.possible(access)
            if possible is None:
                self._sides[key] = None
            else:
                point, axes, facts = _choices(Point(self.nest, depth, name), access)
                ways = [self._way(chosen, axes, facts) for chosen in possible]
                self._sides[key] = _Side(point, ways)
        return self._sides[key]

    def _way(
        self, chosen: tuple[int, ...], axes: Alternatives, facts: list[list[Case]]
    ) -> _Way:
        values = [axis[k].value for k, axis in zip(chosen, axes, strict=False)]
        holds = [f for k, cases in zip(chosen, facts, strict=True) for f in cases[k]]
        return _Way(
            values, holds, [None if v is None else self._key(v) for v in values]
        )

    def _key(self, value: Affine) -> tuple[int, int]:
        """A number for the terms of a form, and its constant."""
        terms = frozenset(value.terms)
        return self._terms.setdefault(terms, len(self._terms)), value.constant

    def _never(self, facts: Case, equal: Case) -> bool:
        """Whether this holds nowhere; pairs of accesses that are as far apart as others
        come to the same question, which is asked once."""
        system = essence(facts, equal)
        if system is None:
            return True
        if system not in self._asked:
            self._left -= 1
            self._asked[system] = self._left > 0 and infeasible(*system)
        return self._asked[system]

    def possible(self, access: Access) -> list[tuple[int, ...]] | None:
        """The alternatives of an access that can be; None if there are too many."""
        key = self._number(access)
        if key not in self._possible:
            point, _, facts = _choices(Point(self.nest, 0, "own"), access)
            kept = [
                [
                    k
                    for k, case in enumerate(alternatives)
                    if not self._never([*point.facts, *case], [])
                ]
                for alternatives in facts
            ]
            count = 1
            for ks in kept:
                count *= len(ks)
            ways = None if count > CASES else list(product(*kept))
            self._possible[key] = ways
        return self._possible[key]


@dataclass(frozen=True, slots=True)
class _Way:
    """One of the alternatives of an access: its coordinate on each axis, what holds
    with it, and for each coordinate the number of its terms and its constant."""

    axes: list[Affine | None]
    facts: Case
    keys: list[tuple[int, int] | None]


@dataclass(frozen=True, slots=True)
class _Side:
    """The alternatives of an access at a point."""

    point: Point
    ways: list[_Way]


def _parted(
    one: list[tuple[int, int] | None], other: list[tuple[int, int] | None]
) -> bool:
    """Whether two coordinates on an axis are a known number of places apart."""
    for a, b in zip(one, other, strict=True):
        if a is not None and b is not None and a[0] == b[0] and a[1] != b[1]:
            return True
    return False


def _choices(
    point: Point, access: Access
) -> tuple[Point, Alternatives, list[list[Case]]]:
    """What there is to choose from at a point: the coordinates on each axis; and what
    holds with each of these, then in each case of the conditions that hold there."""
    point.stand(access.stmt)
    axes = list(_axes(point, access))
    facts = [[c.facts for c in axis] for axis in axes]
    return point, axes, [*facts, *point.choices]


def _axes(point: Point, access: Access) -> Iterator[list[_Coordinate]]:
    """The coordinates on each axis of the array."""
    atoms = iter(access.operands)
    lengths = iter(access.dims)
    for entry in access.index:
        if entry == "new":
            continue
        length = point.length(next(lengths))
        if entry == "int":
            yield _wrapped(point.form(next(atoms)), length)
        elif entry == "full":
            yield [_Coordinate(None, [])]
        else:
            bounds = [next(atoms) if given else None for given in entry[1:]]
            yield _sliced(point, bounds, length)
    for _ in lengths:
        yield [_Coordinate(None, [])]


def _wrapped(index: Affine, length: Affine) -> list[_Coordinate]:
    return [
        _Coordinate(index, [index, length - 1 - index]),
        _Coordinate(index + length, [-1 - index, index + length]),
    ]


def _sliced(
    point: Point, bounds: list[Atom | None], length: Affine
) -> list[_Coordinate]:
    """The coordinates of a slice that goes forward; those of any other may be all."""
    start, stop, step = bounds
    if step is not None and not (isinstance(step, Const) and step.value > 0):
        return [_Coordinate(None, [])]
    where = unknown(object())
    inside = [where, length - 1 - where]
    steps = unknown(object())
    stride = 1 if not isinstance(step, Const) else int(step.value)
    starts: list[Case] = [_strided(where, steps, stride)]
    if start is not None:
        first = point.form(start)
        starts = [
            [first, *_strided(where - first, steps, stride)],
            [-1 - first, where - first - length],
        ]
    stops: list[Case] = [[]]
    if stop is not None:
        end = point.form(stop)
        stops = [[end, end - 1 - where], [-1 - end, end + length - 1 - where]]
    return [_Coordinate(where, [*inside, *a, *b]) for a, b in product(starts, stops)]


def _strided(passed: Affine, steps: Affine, stride: int) -> Case:
    """That a coordinate is some whole number of strides past the start."""
    rest = passed - steps.scaled(stride)
    return [passed] if stride == 1 else [steps, rest, rest.scaled(-1)]
