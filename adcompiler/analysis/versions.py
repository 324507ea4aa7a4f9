"""The versions of arrays that loops overwrite, and which of them can be restored.

In: a primal region. Out: for each version (an array value) the *event* that turns it
into the next one: a store, or a loop or branch that it passes through. Read backwards,
the events restore: what a store overwrote is put back.

    x1 = store(x0, v, i)        x0 = store(x1, old, i), where old = load(x0, i)

Invariants: only arrays carried by loops have events (others stay in scope). A chain of
versions is linear: each version has at most one event in a region, and every other use
of it comes before. A loop's chains end as a permutation of its carried values, so a
swap of buffers is restored by swapping back.

Hascoet and Pascual (2013), section 5.4: "to be recorded" values of overwritten arrays.
"""

from __future__ import annotations

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
from adcompiler.ir.walk import free_vars, map_regions, operands


@dataclass(frozen=True, slots=True)
class Overwrite:
    """A store: the version before it is the one after with `old` put back."""

    let: Let
    old: Var
    position: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A loop or branch that the version passes through as operand or result `k`."""

    stmt: If | For | While
    k: int
    position: int


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
        self._link(root)
        for position, stmt in enumerate(root.body):
            if isinstance(stmt, For | While):
                self._loop(root, position, stmt, None)

    def _link(self, region: Region) -> None:
        for position, stmt in enumerate(region.body):
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
        group = [k for k in starts if finals[params[k]] in ends]
        while True:
            reached = {ends.index(finals[params[k]]) for k in group}
            kept = [k for k in group if k in reached]
            kept = [k for k in kept if ends.index(finals[params[k]]) in kept]
            if kept == group:
                break
            group = kept
        if len({ends.index(finals[params[k]]) for k in group}) != len(group):
            group = []
        self.groups[loop] = tuple(group)
        following: dict[Var, Var] = {}
        for k in group:
            self.ends[loop.body, finals[params[k]]] = loop
            init = loop.inits[k]
            if isinstance(init, Var):
                self.events[region, init] = Passage(loop, k, position)
                following[init] = loop.results[k]
        return following

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
                        for arm, end in zip(arms, ends, strict=True):
                            self.ends[arm, end] = stmt
                    break
        return following

    # --- What restores a version ---------------------------------------------------

    def restorable(self, region: Region, version: Var) -> bool:
        """Whether the reverse sweep comes by a version on its way through a region."""
        return self.sources(region, version) is not None

    def sources(self, region: Region, version: Var) -> tuple[Var, ...] | None:
        """What restoring a version takes, seen from a region; None if it cannot be,
        as where the reverse sweep has no twin of the region (see `reversed`)."""
        event = self.events.get((region, version))
        if region not in self.reversed:
            return None
        match event:
            case Overwrite():
                index = event.let.operands[2:]
                return (event.let.result, event.old, *_values(index))
            case Passage(stmt=If() as stmt, k=k):
                needs: tuple[Var, ...] = (stmt.results[k],)
                for arm in (stmt.then, stmt.orelse):
                    if (arm, version) in self.events:
                        more = self.sources(arm, version)
                        if more is None:
                            return None
                        needs += more
                return needs
            case Passage(stmt=For() | While() as loop):
                return self._through(loop)
            case None:
                return self._at_end(region, version)
            case _:
                raise AssertionError(event)

    def _at_end(self, region: Region, version: Var) -> tuple[Var, ...] | None:
        stmt = self.ends.get((region, version))
        match stmt:
            case None:
                return None
            case If():
                arm = stmt.then if stmt.then is region else stmt.orelse
                k = arm.results.index(version)
                return (stmt.results[k],)
            case For() | While():
                return self._through(stmt)
            case _:
                assert_never(stmt)

    def _through(self, loop: For | While) -> tuple[Var, ...] | None:
        if loop.body not in self.reversed:
            return None
        params, group = carried_params(loop), self.groups[loop]
        return tuple(v for k in group for v in (loop.results[k], params[k]))

    # --- What may be read again ----------------------------------------------------

    def reloadable(self, reader: Let, home: Region, last_use: float) -> bool:
        """Whether what a statement reads of versions is still there, in the reverse
        sweep, wherever its result is needed: up to `last_use` in its region."""
        for operand in reader.operands:
            if not isinstance(operand, Var) or not isinstance(operand.type, Array):
                continue
            event = self.events.get((home, operand))
            if event is not None:
                through = isinstance(event, Passage)
                late = (
                    last_use >= event.position if through else last_use > event.position
                )
                if late:
                    return False
            region = home
            while region in self.parents:
                region, position, stmt = self.parents[region]
                event = self.events.get((region, operand))
                if event is None:
                    continue
                if position > event.position:
                    return False
                if position == event.position and not isinstance(stmt, If):
                    return False
        return True

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
        return version not in region.results


def _values(atoms: tuple[Atom, ...]) -> tuple[Var, ...]:
    return tuple(a for a in atoms if isinstance(a, Var))


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
