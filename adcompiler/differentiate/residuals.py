"""What the reverse sweep needs of the forward sweep, and how it comes by it.

In: a primal region, its adjoint statements (which name primal values freely) and the
twins of regions. Out: a `Plan`: for each value needed out of scope whether it is
recorded or computed again.

Invariants: values of the function's own region are in scope and cost nothing. The plan
is the minimum cut, in bytes weighted by nesting depth, between what can only be
recorded and what the adjoint reads; of equal cuts the one nearest to the adjoint, which
computes least again. A value that takes long to compute (`Primitive.cost`) is computed
again at a price. Only pure statements are computed again; a loop never is.

The condition of an early exit is not recorded: it holds at the last trip of a loop that
was stopped, and nowhere else.

Cut: cf. Zheng et al., "Min-cut rematerialization" (functorch); Griewank and Walther
(2008), chapter 12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from adcompiler.analysis.versions import (
    Overwrite,
    Versions,
    is_write,
    keep_overwritten,
)
from adcompiler.differentiate.counting import Counter, counters
from adcompiler.differentiate.listed import elements
from adcompiler.differentiate.mincut import INFINITE, Network
from adcompiler.differentiate.states import Reading, States
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    If,
    Let,
    Region,
    Stmt,
    Var,
    While,
    defined,
    stop_flag,
)
from adcompiler.ir.types import Array, Dim, ListOf, Scalar, Type
from adcompiler.ir.walk import free_vars, operands, regions
from adcompiler.primitives.indexing import loaded_dims

TRIPS = 32.0  # the weight of a loop level; a guess that only ranks alternatives
LENGTH = 32.0  # likewise, the length of an axis


@dataclass(frozen=True, slots=True)
class Home:
    """Where a primal value is defined: its region, that region's loop depth, the
    defining statement (None for a parameter) and its position in the region."""

    region: Region
    depth: int
    stmt: Stmt | None
    position: int


@dataclass(frozen=True, slots=True)
class Exit:
    """A condition that holds (or fails) exactly at the last trip of a stopped loop."""

    loop: For | While
    holds: bool


class Primal:
    """The values of a primal region: their homes, and how they can be had again."""

    def __init__(self, root: Region) -> None:
        self.root, olds, self.added = keep_overwritten(root)
        self.homes: dict[Var, Home] = {}
        self.exits: dict[Var, Exit] = {}
        self.counters: dict[Var, Counter] = {}
        self.versions = Versions(self.root, olds)
        self.states = States(self.root, self.versions, lambda v: self.homes[v].region)
        self.overwritten = frozenset(olds.values())
        self.elements = elements(self.root)  # values that are found on lists
        self.needed: frozenset[Var] = frozenset()  # by the adjoint, directly
        self.stores: dict[Var, Let] = {}  # values that are read back where stored
        self._sources: dict[Var, tuple[Var, ...] | None] = {}
        self._last_uses: dict[Var, float] = {}
        self._uses: dict[Var, list[tuple[int, Stmt]]] = {}
        self._visit(self.root, 0)

    def _visit(self, region: Region, depth: int) -> None:
        for param in region.params:
            self.homes[param] = Home(region, depth, None, -1)
        for position, stmt in enumerate(region.body):
            for inner in regions(stmt):
                self._visit(inner, depth + isinstance(stmt, For | While))
            if isinstance(stmt, For | While):
                self._note_exit(stmt)
                self.counters.update(counters(stmt))
            for var in defined(stmt):
                self.homes[var] = Home(region, depth, stmt, position)
            for var in free_vars(stmt):
                self._note_use(var, region, position, stmt)

    def _note_use(self, var: Var, region: Region, position: int, stmt: Stmt) -> None:
        # Every enclosing statement notes the use; the one in the home region counts.
        if self.homes[var].region is region:
            self._uses.setdefault(var, []).append((position, stmt))

    def _note_exit(self, loop: For | While) -> None:
        flag = stop_flag(loop)
        for stmt in loop.body.body:
            if isinstance(stmt, If) and isinstance(flag, Var) and flag in stmt.results:
                k = stmt.results.index(flag)
                arms = [r.results[k] if r.falls else None for r in _arms(stmt)]
                values = [a.value if isinstance(a, Const) else a for a in arms]
                cond = stmt.cond
                # One from outside the loop holds at every trip or at none.
                own = isinstance(cond, Var) and self.homes[cond].region is loop.body
                if isinstance(cond, Var) and own and set(values) == {True, False}:
                    self.exits[cond] = Exit(loop, values[0] is True)

    def in_scope(self, var: Var) -> bool:
        """Whether the reverse sweep sees the value as it is."""
        return self.homes[var].region is self.root

    def sources(self, var: Var) -> tuple[Var, ...] | None:
        """The values from which this one can be had again; None if it cannot."""
        if var not in self._sources:
            self._sources[var] = self._find_sources(var)
        return self._sources[var]

    def _find_sources(self, var: Var) -> tuple[Var, ...] | None:
        if var in self.exits:
            loop = self.exits[var].loop
            atoms: tuple[Atom | None, ...] = (loop.trips, loop.stopped)
            if isinstance(loop, For):
                atoms += (loop.range.start, loop.range.step)
            return tuple(a for a in atoms if isinstance(a, Var))
        home = self.homes[var]
        if var in self.overwritten:
            return None
        if var in self.counters:
            return self.counters[var].sources
        if var in self.elements and not self.is_version(var):
            index = self.elements[var].index
            return (index,) if isinstance(index, Var) else ()
        if self.is_version(var):
            lost = self.states.is_lost(home.region, var)
            return None if lost else self._undoing(self.undone_for(var))
        self._read_back(var)
        reading = self.reading(var)
        if reading is None or not self.states.is_there(reading, self._last_use(var)):
            return None
        undoing = self._undoing(self.states.to_undo(reading))
        if undoing is None:
            return None
        states = self.states.versions_in(reading)
        rest = [a for a in reading.atoms if isinstance(a, Var) and a not in states]
        return (*rest, *undoing)

    def reading(self, var: Var) -> Reading | None:
        """The statement that gives the value again; None if none is run again."""
        home = self.homes[var]
        if var in self.elements:
            return None
        if var in self.stores:
            return Reading(self.stores[var], home.region, True)
        if not isinstance(home.stmt, Let) or not self._repeatable(home.stmt):
            return None
        return Reading(home.stmt, home.region)

    def _repeatable(self, let: Let) -> bool:
        """Whether a statement may be run again: it is pure, and what it reads off a
        list is there if the list is in scope."""
        lists = [v for v in let.operands if isinstance(v.type, ListOf)]
        there = not self.elements.keys().isdisjoint(let.results) or all(
            isinstance(v, Var) and self.in_scope(v) for v in lists
        )
        return (
            let.primitive.is_repeatable(let)
            and not is_write(let)
            and there
            and len(let.results) == 1
            and not isinstance(let.result.type, ListOf)
            and not let.primitive.effect
        )

    def undone_for(self, var: Var) -> frozenset[Let]:
        """The stores to undo before a value is had again."""
        if self.is_version(var):
            return frozenset(self.versions.stores(var))
        reading = self.reading(var)
        return frozenset() if reading is None else self.states.to_undo(reading)

    def _undoing(self, stores: frozenset[Let]) -> tuple[Var, ...] | None:
        """What it takes to undo these stores; None if one cannot be undone."""
        if not all(map(self.versions.can_undo, stores)):
            return None
        found: list[Var] = []
        for store in sorted(stores, key=lambda s: s.result.id):
            found.append(self.versions.olds[store.result])
            found += [a for a in store.operands[2:] if isinstance(a, Var)]
        return tuple(found)

    def _read_back(self, var: Var) -> None:
        """Note the store from which the value can be read back: as what it stored is
        still there wherever the value is needed."""
        home = self.homes[var]
        for position, stmt in self._uses.get(var, ()):
            if not (isinstance(stmt, Let) and _keeps(stmt, var)):
                continue
            event = self.versions.events.get((home.region, _first(stmt)))
            if not isinstance(event, Overwrite) or event.let is not stmt:
                continue
            reading = Reading(stmt, home.region, True)
            if not self.states.versions_in(reading):
                continue
            if not self.states.is_there(reading, self._last_use(var)):
                continue
            if not all(map(self.versions.can_undo, self.states.to_undo(reading))):
                continue
            if not self._needs_earlier(home, position, stmt):
                self.stores[var] = stmt
                return

    def _needs_earlier(self, home: Home, position: int, store: Let) -> bool:
        """Whether, when the statements from a value's definition to its store are
        reversed, the store is undone for something that is read before it."""
        version = _first(store)
        for k, stmt in enumerate(home.region.body[:position]):
            if version not in free_vars(stmt):
                continue
            if not isinstance(stmt, Let):
                if k > home.position:
                    return True
                continue
            reading = Reading(stmt, home.region)
            if store not in self.states.spoilt_by(reading, version):
                continue
            for var in stmt.results:
                if var in self.needed and self._last_use(var) >= home.position:
                    return True
        return False

    def must_record(self, var: Var) -> None:
        """Note that a value cannot be had again from others."""
        self._sources[var] = None

    def is_version(self, var: Var) -> bool:
        """Whether a value is had again by restoring, as a version of an array."""
        region = self.homes[var].region
        event = (region, var) in self.versions.events
        if event and not self.versions.linear(region, var):
            return False
        return event or (region, var) in self.versions.ends

    def _last_use(self, var: Var) -> float:
        """The last position in its own region at which a value, or what is computed
        from it again, may be needed.

        What indexes a write is needed to undo it, hence just after that position.
        """
        if not self._last_uses:
            # From the last definition to the first, so that uses come before.
            for value, home in reversed(self.homes.items()):
                last: float = home.position
                for position, stmt in self._uses.get(value, ()):
                    undoing = is_write(stmt) and var_indexes(stmt, value)
                    last = max(last, position + 0.5 * undoing)
                    if isinstance(stmt, Let) and self._repeatable(stmt):
                        last = max(last, self._last_uses[stmt.result])
                self._last_uses[value] = last
        return self._last_uses[var]

    def weight(self, var: Var) -> float:
        """The bytes that recording the value costs, weighted by nesting depth."""
        depth = self.homes[var].depth
        if depth == 0:
            return 1e-3  # a name that stays in scope
        return _bytes(var.type) * TRIPS**depth

    def price(self, var: Var) -> float:
        """What computing the value again costs, in the same unit."""
        reading = None if self.is_version(var) else self.reading(var)
        if reading is None or var in self.stores:
            return 0.0
        return reading.let.primitive.cost_of(reading.let) * self.weight(var)


def var_indexes(write: Stmt, var: Var) -> bool:
    """Whether a value is an operand of a write's index."""
    return isinstance(write, Let) and var in write.operands[2:]


def endless(loop: While) -> bool:
    """Whether a loop is a ``while True``, which ends by being stopped only."""
    (flag,) = loop.cond.results
    return isinstance(flag, Const) and bool(flag.value)


def _first(let: Let) -> Var:
    array = let.operands[0]
    assert isinstance(array, Var)
    return array


def _keeps(let: Let, var: Var) -> bool:
    """Whether a statement stores a value as it is, neither cast nor broadcast."""
    if let.primitive.name != "store" or let.operands[1] != var:
        return False
    array = let.operands[0].type
    if not isinstance(array, Array) or not isinstance(let.operands[0], Var):
        return False
    if not isinstance(var.type, Scalar | Array) or var.type.dtype != array.dtype:
        return False
    if isinstance(var.type, Scalar):
        plain = let.param("index") == ("int",) * array.ndim
        return plain and var.type.kind != "either"
    part = loaded_dims(array, dict(let.params))
    # A length that is not 1 is that of the part, or the store has failed.
    return len(part) == var.type.ndim and all(
        n == m or (n.not_one if isinstance(n, Dim) else n != 1)
        for n, m in zip(var.type.dims, part, strict=True)
    )


def _arms(stmt: If) -> tuple[Region, Region]:
    return stmt.then, stmt.orelse


def _bytes(type: Type) -> float:
    match type:
        case Array():
            size = 8.0
            for length in type.dims:
                size *= length if isinstance(length, int) else LENGTH
            return max(size, 8.0)
        case ListOf():
            return _bytes(type.element) * LENGTH
        case _:
            return 8.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about each value that is needed out of scope, in program order."""

    recorded: tuple[Var, ...]
    recomputed: tuple[Var, ...]
    undone: frozenset[Let]  # the stores that are undone


def plan_residuals(
    primal: Primal, adjoint: Iterable[Stmt], indices: Mapping[Var, Var]
) -> Plan:
    """Choose what is recorded and what is computed again."""

    def free(var: Var) -> bool:
        return var in indices or primal.in_scope(var)

    needed = [v for v in primal_reads(primal, adjoint) if not free(v)]
    primal.needed = frozenset(needed)
    recorded = _cut(primal, needed, free)
    recomputed: set[Var] = set()
    pending = [v for v in needed if v not in recorded]
    while pending:
        var = pending.pop()
        if var not in recomputed:
            recomputed.add(var)
            sources = primal.sources(var)
            assert sources is not None, "the cut separates what must be recorded"
            pending += [s for s in sources if not free(s) and s not in recorded]
    order = list(primal.homes)
    return Plan(
        tuple(v for v in order if v in recorded),
        tuple(v for v in order if v in recomputed),
        frozenset(s for v in recomputed for s in primal.undone_for(v)),
    )


def _cut(primal: Primal, needed: list[Var], free: Callable[[Var], bool]) -> set[Var]:
    """The values to record: the minimum cut nearest to what is needed."""
    graph = Network()
    for var in needed:
        graph.add(("out", var), "sink", INFINITE)
    reached = _reached(primal, needed, free)
    given = _given(primal, reached, free)
    for var in reached:
        graph.add(("in", var), ("out", var), primal.weight(var))
        sources = primal.sources(var)
        if sources is None:
            graph.add("source", ("in", var), INFINITE)
            continue
        if var not in given:
            graph.add("source", ("in", var), primal.price(var))
        for source in sources:
            if not free(source):
                graph.add(("out", source), ("in", var), INFINITE)
    near = graph.sink_side("source", "sink")
    return {v for v in reached if ("out", v) in near and ("in", v) not in near}


def _reached(
    primal: Primal, needed: list[Var], free: Callable[[Var], bool]
) -> list[Var]:
    """The values from which those needed may be had again.

    A value that would be had from itself must be recorded: ``k = p[0]; p[k] = ...``
    cannot be undone by a `k` that is loaded again.
    """
    order: list[Var] = []
    state: dict[Var, bool] = {}  # whether what a value is had from has been followed
    pending = list(reversed(needed))
    while pending:
        var = pending[-1]
        if var in state:
            pending.pop()
            state[var] = True
            continue
        state[var] = False
        order.append(var)
        for source in primal.sources(var) or ():
            if free(source):
                continue
            if source not in state:
                pending.append(source)
            elif not state[source]:
                primal.must_record(source)
    return order


def _given(primal: Primal, reached: list[Var], free: Callable[[Var], bool]) -> set[Var]:
    """The values that may be had again of what is free alone: no price is put on these,
    so that what needs no record gets none, and loops without records stay so."""
    given: set[Var] = set()
    wanted = set(reached)
    for var in (v for v in primal.homes if v in wanted):  # in program order
        sources = primal.sources(var)
        if sources is not None and all(free(s) or s in given for s in sources):
            given.add(var)
    return given


def primal_reads(primal: Primal, stmts: Iterable[Stmt]) -> list[Var]:
    """The primal values that adjoint statements read, in order of first reading."""
    found: dict[Var, None] = {}

    def note(atoms: Iterable[Atom]) -> None:
        for atom in atoms:
            if isinstance(atom, Var) and atom in primal.homes:
                found[atom] = None

    def visit(body: Iterable[Stmt]) -> None:
        for stmt in body:
            note(operands(stmt))
            for region in regions(stmt):
                visit(region.body)
                note(region.results)

    visit(stmts)
    return list(found)
