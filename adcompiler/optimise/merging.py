"""Two `If`s of derivative code on one condition become one.

In: any function. Out: an equal one, in which an `If` of derivative code does not follow
an earlier `If` on the same condition (or its negation) closely. What stands between
them, pure and short, goes in front of the merged one, after it, or, where it needs what
the first gives and the second needs it, into the arms.
Invariants: derivative code moves, never an error or a print of the primal's past
another (`moving`); in the arms, what the first `If` gives there is read directly.

    if c:                              if c:
        y = x * x                          y = x * x
    else:                                  x_bar = y + 2 * x * x
        y = 3 * x               ->     else:
    if c:                                  y = 3 * x
        x_bar = y + 2 * x * x              x_bar = y + 3 * x
    else:
        x_bar = y + 3 * x

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import NP_FLOAT, PY_BOOL
>>> c, x = fresh_var(PY_BOOL, "c"), fresh_var(NP_FLOAT, "x")
>>> def choice(then, name):
...     b = Builder()
...     arm = b.region((), (b.apply(then, x, x),))
...     result = fresh_var(NP_FLOAT, name)
...     return If((result,), c, arm, Region((), (), (x,)), role="adjoint")
>>> one, two = choice("add", "y"), choice("multiply", "z")
>>> body = Region((c, x), (one, two), (*one.results, *two.results))
>>> print(show(merge_branches(Function("f", body))))
f(c: bool, x: np.float64)
    if c -> y: np.float64, z: np.float64
        %0: np.float64 = add(x, x)
        %1: np.float64 = multiply(x, x)
        yield %0, %1
    else
        yield x, x
    return y, z
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from adcompiler.ir.nodes import (
    Atom,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Undef,
    Var,
    defined,
)
from adcompiler.ir.types import Dim, dims_of
from adcompiler.ir.walk import Lengths, clone, count_uses, free_vars, map_regions
from adcompiler.optimise.moving import Order, has_choices, new_lengths, note_uses

FAR = 12  # statements between two `If`s that are considered together


def merge_branches(function: Function) -> Function:
    """The function merged; the same object where nothing is to be merged."""
    if not has_choices(function.region):
        return function
    merger = _Merger(function.region)
    region = merger.region(function.region)
    return replace(function, region=region) if merger.changed else function


@dataclass(frozen=True, slots=True)
class _Between:
    """The statements between two `If`s, and where each goes.

    Those that go `into` the arms give their values to the statements `after`, too.
    """

    before: list[Let]
    into: list[Let]
    after: list[Let]


class _Merger:
    def __init__(self, region: Region) -> None:
        self.order = Order(region)
        self.uses = count_uses(region)
        self.opposite: dict[Var, Atom] = {}
        self.changed = False

    def region(self, region: Region) -> Region:
        body: list[Stmt] = []
        for stmt in region.body:
            if isinstance(stmt, Let) and stmt.primitive.name == "logical_not":
                self.opposite[stmt.result] = stmt.operands[0]
            if not (isinstance(stmt, If) and self.joined(body, stmt)):
                body.append(stmt)
        return replace(region, body=tuple(map(self.inner, body)))

    def inner(self, stmt: Stmt) -> Stmt:
        return stmt if isinstance(stmt, Let) else map_regions(stmt, self.region)

    def joined(self, body: list[Stmt], second: If) -> bool:
        """Whether an `If` was merged with an earlier one at the end of the body."""
        if second.role == "primal":
            return False
        for position in range(len(body) - 1, max(-1, len(body) - FAR - 2), -1):
            first = body[position]
            if isinstance(first, If):
                same = self.on(first.cond, second)
                if same is None:
                    return False
                between = self.between(first, body[position + 1 :], same)
                if between is None:
                    return False
                choice = self.merged(first, between, same)
                note_uses(self.uses, (first, *between.into, second), choice)
                body[position:] = [*between.before, choice, *between.after]
                self.changed = True
                return True
            if not isinstance(first, Let):
                return False
        return False

    def on(self, cond: Atom, stmt: If) -> If | None:
        """The `If` as one on this condition, if it is that or its negation."""
        if stmt.cond == cond:
            return stmt
        if not isinstance(stmt.cond, Var) or not isinstance(cond, Var):
            return None
        pairs = (self.opposite.get(stmt.cond), self.opposite.get(cond))
        if pairs[0] != cond and pairs[1] != stmt.cond:
            return None
        return replace(stmt, cond=cond, then=stmt.orelse, orelse=stmt.then)

    def between(self, first: If, stmts: Sequence[Stmt], second: If) -> _Between | None:
        """Where the statements between two `If`s go; None where one may not move."""
        falls = first.then.falls or first.orelse.falls
        if not (falls and second.then.falls and second.orelse.falls):
            return None
        needed = _needed(free_vars(second), stmts)
        given = set(first.results)
        lengths = {d for v in free_vars(stmts) for d in dims_of(v.type)}
        parts = _Between([], [], [])
        passed: list[Stmt] = [first]
        for stmt in stmts:
            assert isinstance(stmt, Let)
            depends = not given.isdisjoint(self.order.facts(stmt).reads)
            if depends:
                given.update(stmt.results)
            if stmt not in needed:
                parts.after.append(stmt)
            elif not depends:
                if not all(self.order.may_swap(p, stmt) for p in passed):
                    return None
                if not new_lengths(stmt).isdisjoint(new_lengths(first)):
                    return None
                parts.before.append(stmt)
                continue
            elif self.order.facts(stmt).acts or not self.passes(stmt, parts.after):
                return None
            elif not new_lengths(stmt) <= lengths:
                return None  # these would have two meanings
            else:
                parts.into.append(stmt)
            passed.append(stmt)
        if not self.passes(second, parts.after):
            return None
        return parts if self.pays(first, parts.into, second) else None

    def passes(self, stmt: Stmt, others: Sequence[Stmt]) -> bool:
        return all(self.order.may_swap(other, stmt) for other in others)

    def pays(self, first: If, into: list[Let], second: If) -> bool:
        """Whether what is computed in both arms is no more than what is saved: the
        second `If`, and the names of what the first gives to it alone."""
        shared = self.shared(into, second)
        counts: list[set[Stmt]] = []
        for one, other in _arms(first, second):
            rest = _rest(into, other, shared)
            given = zip(first.results, one.results, strict=False)
            undefined = {var for var, atom in given if isinstance(atom, Undef)}
            if not undefined.isdisjoint(free_vars(rest)):
                return False
            counts.append(set(rest.body) & set(into) if one.falls else set())
        uses = count_uses(Region((), (*into, second), ()))
        own = sum(uses.get(r) == self.uses.get(r) for r in first.results)
        return len(counts[0] & counts[1]) <= 1 + own

    def shared(self, into: list[Let], second: If) -> tuple[Var, ...]:
        """The values of statements in the arms that are read after the second `If`."""
        uses = count_uses(Region((), (*into, second), ()))
        results = (r for s in into for r in s.results)
        return tuple(r for r in results if uses.get(r, 0) < self.uses.get(r, 0))

    def merged(self, first: If, parts: _Between, second: If) -> If:
        """The `If` that stands for both, and for what goes into its arms."""
        shared = self.shared(parts.into, second)
        arms = []
        for one, other in _arms(first, second):
            rest = _rest(parts.into, other, shared)
            given = dict(zip(first.results, one.results, strict=False))
            rest = clone(rest, given, _lengths(given))
            results = (*one.results, *rest.results)
            whole = Region((), (*one.body, *rest.body), results)
            arms.append(whole if one.falls else one)
        return replace(
            first,
            results=(*first.results, *shared, *second.results),
            then=arms[0],
            orelse=arms[1],
        )


def _arms(first: If, second: If) -> tuple[tuple[Region, Region], ...]:
    return (first.then, second.then), (first.orelse, second.orelse)


def _lengths(given: Mapping[Var, Atom]) -> Lengths:
    """What the lengths of an `If`'s results are in one of its arms."""
    lengths = Lengths(fresh=False)
    for result, atom in given.items():
        for general, special in zip(
            dims_of(result.type), dims_of(atom.type), strict=True
        ):
            if isinstance(general, Dim):
                lengths.known[general] = special
    return lengths


def _rest(into: list[Let], arm: Region, shared: tuple[Var, ...]) -> Region:
    """What follows in an arm: what is read of the statements between, and an arm."""
    needed = _needed((*free_vars(arm), *shared), into)
    body = (*(s for s in into if s in needed), *arm.body)
    return Region((), body, (*shared, *arm.results))


def _needed(values: Iterable[Var], stmts: Sequence[Stmt]) -> set[Stmt]:
    """The statements from which the values are computed."""
    wanted, found = set(values), set[Stmt]()
    for stmt in reversed(stmts):
        if not wanted.isdisjoint(defined(stmt)):
            found.add(stmt)
            wanted.update(free_vars(stmt))
    return found
