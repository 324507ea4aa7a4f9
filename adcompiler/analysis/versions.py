"""The versions of arrays that loops overwrite, and what it takes to read one again.

In: a primal region. Out: for each version (an array value) the *event* that turns it
into the next one: a store, or a loop or branch that it passes through. Read backwards,
the events restore: what a store overwrote is put back.

    x1 = store(x0, v, i)        x0 = store(x1, old, i), where old = load(x0, i)

The reverse sweep starts from the last version and goes back as far as it must: a store
is undone only where an element that it may touch is read again from an earlier version
(`analysis.dependence`). So the array of the reverse sweep that stands for a version
agrees with it in every element that is read of it, and may differ in others.

Invariants: only arrays carried by loops have events (others stay in scope). A chain of
versions is linear: each version has at most one event in a region, and every other use
of it comes before. A loop's chains end as a permutation of its carried values, so a
swap of buffers is restored by swapping back.

Hascoet and Pascual (2013), section 5.4: "to be recorded" values of overwritten arrays.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from adcompiler.ir.builder import Builder
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
)
from adcompiler.ir.types import Array
from adcompiler.ir.walk import (
    all_regions,
    all_stmts,
    free_vars,
    map_regions,
    operands,
)


@dataclass(frozen=True, slots=True)
class Overwrite:
    """A store: the version before it is the one after with `old` put back."""

    let: Let
    old: Var
    position: int

    @property
    def after(self) -> Var:
        """The version that it makes."""
        return self.let.result


@dataclass(frozen=True, slots=True)
class Passage:
    """A loop or branch that the version passes through as operand or result `k`."""

    stmt: If | For | While
    k: int
    position: int

    @property
    def after(self) -> Var:
        """The version that leaves it."""
        return self.stmt.results[self.k]


Event = Overwrite | Passage


# What a write overwrites is read by one primitive, and put back by another.
WRITES = {
    "store": ("load", "store"),
    "accumulate": ("load", "store"),
    "scatter": ("gather", "scatter"),
    "scatter_add": ("gather", "scatter"),
}


def is_write(stmt: Stmt) -> bool:
    """Whether a statement makes a new version of an array."""
    return isinstance(stmt, Let) and stmt.primitive.name in WRITES


def keep_overwritten(region: Region) -> tuple[Region, dict[Var, Var], frozenset[Var]]:
    """Load, before each store in a loop, what it overwrites.

    Gives the region, the value overwritten (by the version stored), and the loads that
    were added (an earlier load of the same element serves as it is).
    """
    olds: dict[Var, Var] = {}
    added: set[Var] = set()

    def visit(node: Region, in_loop: bool) -> Region:
        builder = Builder()
        loads: dict[tuple[object, ...], Var] = {}
        for stmt in node.body:
            if in_loop and isinstance(stmt, Let):
                name = stmt.primitive.name
                if name in ("load", "gather"):
                    key = (name, stmt.operands, _known_index(stmt))
                    loads.setdefault(key, stmt.result)
                elif is_write(stmt):
                    array, _, *index = stmt.operands
                    key = (WRITES[name][0], (array, *index), _known_index(stmt))
                    if key not in loads:
                        loads[key] = _load(builder, stmt, array, index)
                        added.add(loads[key])
                    olds[stmt.result] = loads[key]
            inner = in_loop or isinstance(stmt, For | While)
            change = visit_in_loop if inner else visit_outside
            builder.append(map_regions(stmt, change))
        return replace(node, body=tuple(builder.stmts))

    def visit_in_loop(node: Region) -> Region:
        return visit(node, True)

    def visit_outside(node: Region) -> Region:
        return visit(node, False)

    return visit_outside(region), olds, frozenset(added)


def _known_index(let: Let) -> tuple[object, ...]:
    """The index, and what is known of the lengths that it selects."""
    return let.param("index"), let.param("known")


def _load(builder: Builder, store: Let, array: Atom, index: list[Atom]) -> Var:
    with builder.at(store.span, store.role):
        name, _ = WRITES[store.primitive.name]
        return builder.apply(name, array, *index, index=store.param("index"))


class Versions:
    """The events of the versions that loops carry."""

    def __init__(self, root: Region, olds: dict[Var, Var]) -> None:
        self.olds = olds
        self.events: dict[tuple[Region, Var], Event] = {}
        self.groups: dict[For | While, tuple[int, ...]] = {}
        self.ends: dict[tuple[Region, Var], If | For | While] = {}
        self.parents: dict[Region, tuple[Region, int, Stmt]] = {}
        self.reversed: frozenset[Region] = frozenset()
        self._chains: dict[Var, Var] = {}
        self._permuted: set[tuple[For | While, int]] = set()
        self._homes: dict[Let, Region] = {}
        self._lasts: dict[tuple[Region, Var], Var | None] = {}
        self._link(root)
        for position, stmt in enumerate(root.body):
            if isinstance(stmt, For | While):
                self._loop(root, position, stmt, None)
        self._stores: dict[Var, list[Let]] = {}
        for event in self.events.values():
            if isinstance(event, Overwrite):
                chain = self.chain(event.let.result)
                self._stores.setdefault(chain, []).append(event.let)

    def _link(self, region: Region) -> None:
        for position, stmt in enumerate(region.body):
            if isinstance(stmt, Let):
                self._homes[stmt] = region
            for inner in _regions(stmt):
                self.parents[inner] = (region, position, stmt)
                self._link(inner)

    def _loop(
        self,
        region: Region,
        position: int,
        loop: For | While,
        current: set[Var] | None,
    ) -> dict[Var, Var]:
        """Find the chains of a loop; gives the next version of each that passes it.

        `current` are the versions alive before a nested loop; None for the outermost,
        whose initial versions stay in scope.
        """
        params, ends = carried_params(loop), carried_results(loop)
        starts = [
            k
            for k, (p, init) in enumerate(zip(params, loop.inits, strict=True))
            if isinstance(p.type, Array) and (current is None or init in current)
        ]
        finals = self._body(loop.body, {params[k] for k in starts})
        group = self._group(loop, starts, finals)
        self.groups[loop] = tuple(group)
        following: dict[Var, Var] = {}
        for k in group:
            end = finals[params[k]]
            self.ends[loop.body, end] = loop
            init = loop.inits[k]
            self._unite(params[k], loop.results[k], end, params[ends.index(end)])
            if ends.index(end) != k:
                self._permuted |= {(loop, k), (loop, ends.index(end))}
            if current is not None:
                self._unite(params[k], init)
            if isinstance(init, Var):
                self.events[region, init] = Passage(loop, k, position)
                following[init] = loop.results[k]
        return following

    def _group(
        self, loop: For | While, starts: list[int], finals: Mapping[Var, Var]
    ) -> list[int]:
        """Those of the arrays carried whose last version in a trip starts the next, be
        it under the name of another of them."""
        params, ends = carried_params(loop), carried_results(loop)
        group = [k for k in starts if finals[params[k]] in ends]
        while True:
            reached = {ends.index(finals[params[k]]) for k in group}
            kept = [k for k in group if k in reached]
            kept = [k for k in kept if ends.index(finals[params[k]]) in kept]
            # Of arrays that change places within a trip all go on or none does: they
            # are put back together, which takes the last version of each.
            gone = {self.chain(params[k]) for k in starts if k not in kept}
            kept = [k for k in kept if self.chain(params[k]) not in gone]
            if kept == group:
                break
            group = kept
        if len({ends.index(finals[params[k]]) for k in group}) != len(group):
            return []
        return group

    def _body(self, region: Region, starts: set[Var]) -> dict[Var, Var]:
        """Follow versions through a region; gives the last version of each start."""
        latest = {v: v for v in starts}  # start -> current version
        for position, stmt in enumerate(region.body):
            current = set(latest.values())
            following: dict[Var, Var] = {}
            match stmt:
                case Let():
                    array = stmt.operands[0] if is_write(stmt) else None
                    if isinstance(array, Var) and array in current:
                        old = self.olds[stmt.result]
                        self.events[region, array] = Overwrite(stmt, old, position)
                        self._unite(array, stmt.result)
                        following[array] = stmt.result
                case If():
                    following = self._if(region, position, stmt, current)
                case For() | While():
                    following = self._loop(region, position, stmt, current)
                case _:
                    assert_never(stmt)
            latest = {s: following.get(v, v) for s, v in latest.items()}
        return latest

    def _if(
        self, region: Region, position: int, stmt: If, current: set[Var]
    ) -> dict[Var, Var]:
        arms = [arm for arm in (stmt.then, stmt.orelse) if arm.falls]
        finals = [self._body(arm, current) for arm in arms]
        following: dict[Var, Var] = {}
        for version in sorted(current, key=lambda v: v.id):
            ends = [f[version] for f in finals]
            for k, result in enumerate(stmt.results):
                if all(a.results[k] == e for a, e in zip(arms, ends, strict=True)):
                    if any(e != version for e in ends):
                        self.events[region, version] = Passage(stmt, k, position)
                        following[version] = result
                        self._unite(version, result, *ends)
                        for arm, end in zip(arms, ends, strict=True):
                            self.ends[arm, end] = stmt
                    break
        return following

    # --- Chains ----------------------------------------------------------------------

    def _unite(self, *versions: Atom) -> None:
        """Note that versions are of one array, or of arrays that change places."""
        first, *rest = (self.chain(v) for v in versions if isinstance(v, Var))
        for other in rest:
            if other != self.chain(first):
                self._chains[other] = self.chain(first)

    def chain(self, version: Var) -> Var:
        """What stands for all versions that are of one array within one loop of the
        outermost region."""
        while version in self._chains:
            version = self._chains[version]
        return version

    def stores(self, version: Var) -> list[Let]:
        """The stores that make the versions of its chain."""
        return self._stores.get(self.chain(version), [])

    def stores_in(self, stmt: Stmt, version: Var) -> frozenset[Let]:
        """Those within a statement."""
        inside = {id(r) for inner in _regions(stmt) for r in all_regions(inner)}
        inside_of = (s for s in self.stores(version) if id(self._homes[s]) in inside)
        return frozenset([stmt] if isinstance(stmt, Let) else inside_of)

    def changes_places(self, version: Var, within: Stmt | None = None) -> bool:
        """Whether its array changes places with another in each trip of a loop."""
        moving = self._moving(version)
        return any(within is None or self._is_in(loop, within) for loop in moving)

    def _moving(self, version: Var) -> list[For | While]:
        """The loops in each trip of which its array changes places with another."""
        chain = self.chain(version)
        return [
            loop
            for loop, k in self._permuted
            if self.chain(carried_params(loop)[k]) == chain
        ]

    def _is_in(self, stmt: Stmt, outer: Stmt) -> bool:
        """Whether a statement is another one, or within it."""
        return any(s is stmt for s in all_stmts([outer]))

    def next(self, region: Region, version: Var) -> tuple[Event, Var] | None:
        """The event of a version in a region, and the version after it."""
        event = self.events.get((region, version))
        return None if event is None else (event, event.after)

    def last(self, region: Region, version: Var) -> Var | None:
        """The version in scope that it comes to; None if it is lost on the way."""
        passed: list[tuple[Region, Var]] = []
        while (region, version) not in self._lasts:
            passed.append((region, version))
            onward = self._onward(region, version)
            if onward is None:
                inner = region in self.parents or (region, version) in self.events
                self._lasts[region, version] = None if inner else version
            else:
                region, version = onward
        found = self._lasts[region, version]
        self._lasts.update(dict.fromkeys(passed, found))
        return found

    def _onward(self, region: Region, version: Var) -> tuple[Region, Var] | None:
        """The version after one, with its region, if it is known how to go back."""
        following = self.next(region, version)
        if following is not None:
            event, after = following
            turns = not isinstance(event, Passage) or self._turns(event.stmt, version)
            return (region, after) if turns else None
        stmt = self.ends.get((region, version))
        if stmt is None or not self._turns(stmt, version):
            return None
        ends = carried_results(stmt) if not isinstance(stmt, If) else None
        k = (ends or region.results).index(version)
        return self.parents[region][0], stmt.results[k]

    def has_future(self, region: Region, version: Var) -> bool:
        """Whether a region turns a version into another one, or hands it on."""
        return (region, version) in self.events or (region, version) in self.ends

    def can_undo(self, store: Let) -> bool:
        """Whether the reverse sweep passes by: it has a twin of each region around."""
        return self._is_reversed(self._homes[store])

    def _turns(self, stmt: Stmt, version: Var) -> bool:
        """Whether the reverse sweep has twins of the loops in a statement, itself among
        them, in which the array of a version changes places."""
        moving = (loop for loop in self._moving(version) if self._is_in(loop, stmt))
        return all(self._is_reversed(loop.body) for loop in moving)

    def _is_reversed(self, region: Region) -> bool:
        while region in self.parents:
            if region not in self.reversed:
                return False
            region = self.parents[region][0]
        return True

    # --- What may be read again ------------------------------------------------------

    def is_current(self, home: Region, version: Var) -> bool:
        """Whether, seen from a region that reads a version of an outer one, it is not
        older than what the regions around hold at that time."""
        region = home
        while region in self.parents:
            region, position, stmt = self.parents[region]
            event = self.events.get((region, version))
            if event is None:
                continue
            if position > event.position:
                return False
            if position == event.position and not isinstance(stmt, If):
                return False
        return True

    def later(
        self, home: Region, version: Var, spared: Container[Let]
    ) -> Iterator[tuple[Var, Event | None]]:
        """The versions, from this one on, between which no store of `spared` lies, and
        no change of places, each with its event in the region."""
        while True:
            following = self.next(home, version)
            if following is None:
                yield version, None
                return
            event, after = following
            yield version, event
            what = event.let if isinstance(event, Overwrite) else event.stmt
            if any(s in spared for s in self.stores_in(what, version)):
                return
            if self.changes_places(version, what):
                return  # what comes after is of another array
            version = after

    def linear(self, region: Region, version: Var) -> bool:
        """Whether every use of a version comes no later than its event."""
        event = self.events[region, version]
        for position, stmt in enumerate(region.body):
            if position > event.position and version in free_vars(stmt):
                return False
            if position == event.position and isinstance(stmt, For | While):
                inside = [v for r in _regions(stmt) for v in free_vars(r)]
                if version in inside or operands(stmt).count(version) > 1:
                    return False
            if position == event.position and isinstance(stmt, If):
                arms = [a for a in _regions(stmt) if (a, version) in self.events]
                if not all(self.linear(arm, version) for arm in arms):
                    return False
        return version not in region.results


def _regions(stmt: Stmt) -> tuple[Region, ...]:
    match stmt:
        case If():
            return stmt.then, stmt.orelse
        case For():
            return (stmt.body,)
        case While():
            return stmt.cond, stmt.body
        case Let():
            return ()
        case _:
            assert_never(stmt)
