"""Checks that the derivative makes anyway.

In: any function. Out: one in which a primal statement goes that is there only for the
error it may raise, where a statement that always runs with it raises the same.
Invariants: what stands before or beside something that prints, or an error that the
program raises by itself, is left as it is, so that nothing comes before an error that
came after it; only the errors that array code meets are
weighed, a shape that does not broadcast (ValueError), an index out of bounds
(IndexError) and a matrix that is not square (LinAlgError), and each gives way only to
one of its own kind, on arrays of the same lengths, between which nothing raises another
kind: so the kind of the error is that of the first fault.

    x + b                      x_bar = np.sum(y_bar)        (x + b is not needed)
    x_bar = y_bar * x + b  ->  x_bar = y_bar * x + b

Loops, and branches in them, of which all that is left are accesses go where a loop of
the derivative that runs over the same indices, and asks the same, makes each of them.

It runs once, before a function is emitted: a derivative that is differentiated in turn
keeps the checks of its primal, since the next one need not make them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeGuard

from adcompiler.analysis.raising import ARRAY_ERRORS, error_kinds
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
)
from adcompiler.ir.primitive import Effect
from adcompiler.ir.types import Array, dims_of, is_float
from adcompiler.ir.walk import all_stmts, count_uses, map_range, map_regions, regions
from adcompiler.optimise.lengths import LINALG, EqualLengths, shows_equal

# The first operand that belongs to the index.
PLACES = {
    "load": 1,
    "accumulate": 2,
    "store": 2,
    "gather": 1,
    "scatter": 2,
    "scatter_add": 2,
}


def drop_repeated_checks(function: Function) -> Function:
    """The function without checks that other statements make."""
    body = function.region.body
    seen = [k for k, stmt in enumerate(body) if _has_seen(stmt)]
    first = seen[-1] + 1 if seen else 0
    uses = count_uses(function.region)
    heirs, known = set[Stmt](), EqualLengths()
    _learn(body[:first], known)
    rest = replace(function.region, body=body[first:])
    region = _region(rest, uses, known, heirs)
    if region is rest:
        return function
    region = _inheriting(replace(region, body=(*body[:first], *region.body)), heirs)
    return replace(function, region=region)


def _has_seen(stmt: Stmt) -> bool:
    """Whether the user would notice if this, or something in it, came before an
    error."""
    return _is_seen(stmt) or any(map(_is_seen, _inner(stmt)))


def _inner(stmt: Stmt) -> Iterator[Stmt]:
    for region in regions(stmt):
        yield from all_stmts(region)


def _learn(body: tuple[Stmt, ...], known: EqualLengths) -> None:
    """Note what statements show that run before."""
    lets: dict[Var, Let] = {}
    for stmt in body:
        match stmt:
            case Let():
                known.learn(stmt)
                lets.update(dict.fromkeys(stmt.results, stmt))
            case If():
                known.learn_behind(stmt, lets)
            case For() | While():
                pass


def _inheriting(region: Region, heirs: set[Stmt]) -> Region:
    """The region in which what makes the checks that went is not safe.

    That is `heirs`, and whatever shows lengths to be equal.
    """

    def change(stmt: Stmt) -> Stmt:
        if not isinstance(stmt, Let):
            return map_regions(stmt, lambda r: _inheriting(r, heirs))
        checks = stmt.safe and (stmt in heirs or shows_equal(stmt))
        return replace(stmt, safe=False) if checks else stmt

    return replace(region, body=tuple(map(change, region.body)))


def _region(
    region: Region, uses: dict[Var, int], known: EqualLengths, heirs: set[Stmt]
) -> Region:
    """The region without such checks; what accesses in their place is in `heirs`."""
    checks = [s for s in region.body if _is_check(s, uses)]
    shown = _Shown(region.body, known, checks)
    gone = {s for s in checks if _is_repeated(s, shown, heirs)}
    inside = shown.lengths(region.body)
    body = tuple(_inside(s, uses, inside, heirs) for s in region.body if s not in gone)
    same = len(body) == len(region.body) and all(map(_identical, body, region.body))
    return region if same else replace(region, body=body)


class _Shown:
    """What the statements of a region show that are not there for this alone, up to
    where another kind of error may be raised."""

    def __init__(
        self, body: tuple[Stmt, ...], known: EqualLengths, checks: list[Stmt]
    ) -> None:
        self.body, self.known, self.checks = body, known, checks
        self.kinds = list(self.raised()) if checks else []
        self.found: dict[int, EqualLengths] = {}

    def raised(self) -> Iterator[frozenset[str]]:
        """The kinds of errors that each statement may raise, after those before it."""
        lengths = self.known.child()
        for stmt in self.body:
            surely = _is_broadcast(stmt) and lengths.allow(stmt)
            yield frozenset() if surely else _kinds(stmt)
            if isinstance(stmt, Let) and stmt not in self.checks:
                lengths.learn(stmt)

    def reach(self, check: Stmt) -> tuple[Stmt, ...]:
        """The statements before the first behind a check that may raise another kind
        than it does."""
        start = self.body.index(check)
        for k in range(start + 1, len(self.body)):
            if not self.kinds[k] <= self.kinds[start]:
                return self.body[:k]
        return self.body

    def lengths(self, body: tuple[Stmt, ...]) -> EqualLengths:
        """What so much of the region shows of lengths."""
        if len(body) not in self.found:
            lengths = self.found[len(body)] = self.known.child()
            for stmt in body:
                if isinstance(stmt, Let) and stmt not in self.checks:
                    lengths.learn(stmt)
        return self.found[len(body)]


def _kinds(stmt: Stmt) -> frozenset[str]:
    """The kinds of errors that a statement, or one in it, may raise."""
    if isinstance(stmt, Let):
        return error_kinds(stmt)
    inner = (error_kinds(s) for s in _inner(stmt) if isinstance(s, Let))
    return frozenset().union(*inner)


def _inside(
    stmt: Stmt, uses: dict[Var, int], known: EqualLengths, heirs: set[Stmt]
) -> Stmt:
    old = regions(stmt)
    new = {r: _region(r, uses, known, heirs) for r in old}
    unchanged = all(new[r] is r for r in old)
    return stmt if unchanged else map_regions(stmt, new.__getitem__)


def _identical(left: Stmt, right: Stmt) -> bool:
    return left is right


def _is_seen(stmt: Stmt) -> bool:
    """Whether the user would notice if this came before an error."""
    if isinstance(stmt, For):
        step = stmt.range.step
        return stmt.role == "primal" and not (isinstance(step, Const) and step.value)
    if not isinstance(stmt, Let):
        return False
    own = not error_kinds(stmt) <= ARRAY_ERRORS
    return own or bool(_effect(stmt) & Effect.PRINTS)


def _effect(stmt: Stmt) -> Effect:
    if not isinstance(stmt, Let):
        return Effect.PURE
    return stmt.effect


def _is_check(stmt: Stmt, uses: dict[Var, int]) -> bool:
    """Whether a statement of the primal is there only for the error it may raise."""
    match stmt:
        case Let():
            unused = bool(stmt.results) and not any(uses.get(r) for r in stmt.results)
            return (
                unused and stmt.role == "primal" and _effect(stmt) is Effect.MAY_RAISE
            )
        case For():
            return _is_asking(stmt, uses)
        case _:
            return False


def _is_asking(stmt: Stmt, uses: dict[Var, int]) -> bool:
    """Whether a statement gives nothing, and raises nothing but what its loads do."""
    match stmt:
        case Let():
            pure = _effect(stmt) is Effect.PURE and not error_kinds(stmt)
            return stmt.role == "primal" and (pure or _is_load(stmt))
        case For(results=(), stopped=None):
            return not uses.get(stmt.trips) and _asks_alone(stmt, uses)
        case If(results=()):
            return _asks_alone(stmt, uses)
        case _:
            return False


def _asks_alone(stmt: Stmt, uses: dict[Var, int]) -> bool:
    inner = regions(stmt)
    return all(r.falls and all(_is_asking(s, uses) for s in r.body) for r in inner)


def _is_load(stmt: Stmt) -> bool:
    return isinstance(stmt, Let) and stmt.primitive.name in ("load", "gather")


def _is_repeated(check: Stmt, shown: _Shown, heirs: set[Stmt]) -> bool:
    body, checks = shown.reach(check), shown.checks
    if isinstance(check, For):
        twins = _Twins()
        found = twins.stand_for(check, (body,))
        heirs |= twins.found if found else set()
        return found
    if not isinstance(check, Let):
        return False
    if check.primitive.name in DETERMINANTS:
        before = checks[: checks.index(check)]
        staying = [s for s in body if s not in checks]
        return any(_same_matrix(check, s) for s in (*before, *staying))
    if _is_load(check):
        others = (s for s in body if s is not check)
        same = [s for s in others if _same_access(check, s, {})]
        heirs.update(same[:1])
        return bool(same)
    return _is_broadcast(check) and shown.lengths(body).allow(check)


def _is_broadcast(stmt: Stmt) -> TypeGuard[Let]:
    """Whether the lengths of arrays are all that may be wrong."""
    if not isinstance(stmt, Let) or not stmt.primitive.elementwise:
        return False
    arrays = any(isinstance(a.type, Array) for a in stmt.operands)
    return arrays and is_float(stmt.result.type)


DETERMINANTS = ("det", "logabsdet", "signdet")


def _same_matrix(check: Let, other: Stmt) -> bool:
    """Whether a primal statement needs the same matrix to be square."""
    return (
        isinstance(other, Let)
        and other.role == "primal"
        and other.primitive.name in LINALG
        and other.operands[0] == check.operands[0]
    )


_Bodies = tuple[tuple[Stmt, ...], ...]


class _Twins:
    """The statements of a derivative that access all that a loop of checks does."""

    def __init__(self) -> None:
        self.same: dict[Var, Var] = {}  # what has the same value there
        self.found: set[Stmt] = set()

    def stand_for(self, stmt: Stmt, bodies: _Bodies) -> bool:
        """Whether statements of these regions, of which each is within the next, make
        a check."""
        match stmt:
            case Let():
                return self.computes(stmt, [s for body in bodies for s in body])
            case For():
                return any(self.repeats(stmt, s, bodies) for s in bodies[0])
            case If():
                return any(self.decides(stmt, s, bodies) for s in bodies[0])
            case _:
                return False

    def computes(self, let: Let, others: list[Stmt]) -> bool:
        """Note what is computed alike; whether what is accessed is."""
        for other in others:
            if self.is_alike(let, other):
                assert isinstance(other, Let)
                self.same.update(zip(let.results, other.results, strict=True))
                break
        if not _is_load(let):
            return True
        access = next((s for s in others if _same_access(let, s, self.same)), None)
        if access is not None:
            self.found.add(access)
        return access is not None

    def is_alike(self, let: Let, other: Stmt) -> bool:
        return (
            isinstance(other, Let)
            and other.role != "primal"
            and (other.primitive, other.params) == (let.primitive, let.params)
            and other.operands == tuple(map(self.seen, let.operands))
        )

    def repeats(self, check: For, other: Stmt, bodies: _Bodies) -> bool:
        """Whether a derivative loop runs alike, and makes the checks."""
        if not isinstance(other, For) or other.role == "primal":
            return False
        mine = replace(map_range(check.range, self.seen), reverse=False)
        if replace(other.range, reverse=False) != mine:
            return False
        self.same[check.body.params[0]] = other.body.params[0]
        inside = other.body.body, *bodies
        return all(self.stand_for(s, inside) for s in check.body.body)

    def decides(self, check: If, other: Stmt, bodies: _Bodies) -> bool:
        """Whether a derivative asks for the same, and makes the checks of each arm."""
        if not isinstance(other, If) or other.role == "primal":
            return False
        if other.cond != self.seen(check.cond):
            return False
        arms = zip(regions(check), regions(other), strict=True)
        return all(
            self.stand_for(s, (there.body, *bodies))
            for here, there in arms
            for s in here.body
        )

    def seen(self, atom: Atom) -> Atom:
        return self.same.get(atom, atom) if isinstance(atom, Var) else atom


def _same_access(load: Let, other: Stmt, index: dict[Var, Var]) -> bool:
    """Whether a derivative statement reads or adds to the same place of an array of
    the same lengths."""
    if not isinstance(other, Let) or other.role == "primal":
        return False
    first = PLACES.get(other.primitive.name)
    if first is None or load.param("index") != other.param("index"):
        return False

    def seen(atom: Atom) -> Atom:
        return index.get(atom, atom) if isinstance(atom, Var) else atom

    places = tuple(map(seen, load.operands[1:])) == other.operands[first:]
    array, target = load.operands[0].type, other.operands[0].type
    return places and dims_of(array) == dims_of(target)
