"""Making residuals available to the reverse sweep.

In: a primal region, its adjoint statements and a `Plan`. Out: both sweeps, such that
the adjoint reads only what is in scope: values are popped from their lists, overwritten
arrays restored, others computed again, each just before its first use in the twin of
the region that defines it.
Invariant: a region's twin pops once per run what the region appended once per run.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import replace

from adcompiler.analysis.versions import WRITES, Event, Overwrite, Passage
from adcompiler.differentiate.counting import counted
from adcompiler.differentiate.passages import Passages, chains_read, meeting
from adcompiler.differentiate.recording import Recorder
from adcompiler.differentiate.residuals import Plan, Primal, endless
from adcompiler.differentiate.reverse import Adjoint, twin_regions
from adcompiler.differentiate.states import Reading
from adcompiler.differentiate.threading import Lists, Threader, list_of
from adcompiler.errors import InternalError
from adcompiler.ir.builder import Builder, constant, known
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
    fresh_var,
)
from adcompiler.ir.types import Array, Scalar, covers, dims_of
from adcompiler.ir.walk import all_stmts, free_vars, regions, substitute


def _of_rule(stmt: Stmt, adjoint: Adjoint) -> bool:
    """Whether a loop or branch is of a user's rule, and reverses none."""
    inner = regions(stmt)
    return bool(inner) and adjoint.is_of_rule(inner[-1])


class _Replayer(Threader):
    """Pops recorded values, restores overwritten arrays and computes others again, each
    just before its first use in the twin of the region that defines it."""

    def __init__(
        self,
        homes: dict[Var, Region],
        primal: Primal,
        adjoint: Adjoint,
        plan: Plan,
        visible: Mapping[Var, Atom],
    ) -> None:
        super().__init__(homes)
        self.primal = primal
        self.adjoint = adjoint
        known: dict[Var, Atom] = {**adjoint.indices, **visible}
        self.known: ChainMap[Var, Atom] = ChainMap(known)
        self.recomputed = frozenset(plan.recomputed)
        self.undone = plan.undone
        self.read_again = chains_read(plan, primal)
        self._at_start: dict[Region, tuple[Var, ...]] = {}
        self.before: list[Stmt] = []  # what must come before the statement at hand

    def atom(self, atom: Atom) -> Atom:
        return self.known.get(atom, atom) if isinstance(atom, Var) else atom

    def body(self, region: Region, lists: Lists) -> tuple[Stmt, ...]:
        stmts: list[Stmt] = []
        builder = Builder(stmts, None, "adjoint")
        for stmt in region.body:
            builder.span, builder.role = stmt.span, stmt.role
            passages = self._passages(stmt)
            wanted = (*free_vars(stmt), *passages.indices, *passages.afters)
            self._provide_all(wanted, region, builder, lists)
            stmts += self.stmts(stmt, lists)
        rest = [v for v, home in self.homes.items() if home is region]
        wanted = (*_vars(region.results), *self._at_start.get(region, ()), *rest)
        self._provide_all(wanted, region, builder, lists)
        return tuple(stmts)

    def stmts(self, stmt: Stmt, lists: Lists) -> tuple[Stmt, ...]:
        """The statement, after what makes its operands fit."""
        self.before, outer = [], self.before
        replayed = self.stmt(stmt, lists)
        self.before, before = outer, self.before
        return (*before, replayed)

    def stmt(self, stmt: Stmt, lists: Lists) -> Stmt:
        if _of_rule(stmt, self.adjoint):
            return substitute(stmt, self.known)
        return super().stmt(stmt, lists)

    # --- Providing values ------------------------------------------------------------

    def _provide_all(
        self, wanted: Iterable[Var], region: Region, builder: Builder, lists: Lists
    ) -> None:
        """Make the values that are at home in this region's twin available."""
        home, events = self.adjoint.twins[region], self.primal.versions.events
        pending = list(wanted)
        seen: set[Var] = set()
        while pending:
            var = pending.pop(0)
            if var in self.known or var in seen or var not in self.primal.homes:
                continue
            seen.add(var)
            event = events.get((home, var))
            if event or self.primal.homes[var].region is home:
                self._provide(var, home, builder, lists)
            elif var in self.recomputed:
                # Computed again further in, from values that may be at home here.
                pending += self._needs(var)

    def _provide(self, var: Var, home: Region, builder: Builder, lists: Lists) -> None:
        """Make a value of this region available, after what it is computed from."""
        events = self.primal.versions.events
        pending = [(var, False)]
        while pending:
            value, ready = pending.pop()
            event = events.get((home, value))
            mine = event is not None or self.primal.homes[value].region is home
            if value in self.known or not mine:
                continue
            if value in self.homes:
                self.known[value] = self._pop(value, builder, lists)
            elif event is None and self.primal.versions.has_future(home, value):
                continue  # given where its region ends
            elif event is None and value not in self.recomputed:
                continue
            elif isinstance(event, Passage) and self._changes(event.stmt, value):
                continue  # given by the twin of the loop or branch
            elif not ready:
                needs = self._needs(value) if event is None else self._after(event)
                pending.append((value, True))
                pending += [(n, False) for n in reversed(needs)]
            elif event is None:
                self.known[value] = self._compute_again(value, builder)
            elif isinstance(event, Overwrite) and event.let in self.undone:
                self.known[value] = self._restored(event, value, builder)
            elif self._is_at_hand(event.after):
                self.known[value] = self.atom(event.after)

    def _needs(self, var: Var) -> list[Var]:
        """What it takes to compute a value again, with the versions to read from."""
        listed = var in self.primal.elements
        known = var in self.primal.exits or var in self.primal.counters
        if listed or known or self.primal.is_version(var):
            return list(self.primal.sources(var) or ())
        reading = self.primal.reading(var)
        if reading is None:
            return []
        return _vars(tuple(self._read_from(reading, a) for a in reading.atoms))

    def _read_from(self, reading: Reading, atom: Atom) -> Atom:
        """The atom, or the version that serves in its place."""
        states = self.primal.states
        if not isinstance(atom, Var) or not states.is_version(reading.home, atom):
            return atom
        return states.serving(reading, atom, self._is_at_hand)

    def _is_at_hand(self, var: Var) -> bool:
        return var in self.known or self.primal.in_scope(var)

    def _after(self, event: Event) -> list[Var]:
        """What the version before an event takes, once those after it are there."""
        needs = [event.after]
        if isinstance(event, Overwrite) and event.let in self.undone:
            needs += [event.old, *_vars(event.let.operands[2:])]
        return needs

    def _restored(self, event: Overwrite, var: Var, builder: Builder) -> Atom:
        """Put back what a store overwrote: ``x0 = store(x1, old, index)``."""
        _, put_back = WRITES[event.let.primitive.name]
        return builder.apply(
            put_back,
            self.atom(event.let.result),
            self.atom(event.old),
            *map(self.atom, event.let.operands[2:]),
            index=event.let.param("index"),
            hint=var.name,
        )

    def _pop(self, var: Var, builder: Builder, lists: Lists) -> Var:
        tape = list_of(var, lists)
        value, rest = builder.apply_all("list_pop", tape, **known(var.type))
        name = var.name or _noun(var, self.primal)
        if var.name is None and name and var in self.primal.overwritten:
            name = f"{name}_old"
        value = replace(value, name=name, type=var.type)
        rest = replace(rest, name=tape.name)
        last = builder.stmts[-1]
        assert isinstance(last, Let)
        builder.stmts[-1] = replace(last, results=(value, rest))
        lists[var] = rest
        return value

    # --- Versions that pass through loops and branches -------------------------------

    def _passages(self, stmt: Stmt) -> Passages:
        """The versions that the reversal of a loop or branch restores on its way."""
        inner = regions(stmt)
        if not inner or _of_rule(stmt, self.adjoint):
            return Passages()
        versions = self.primal.versions
        region, _, primal = versions.parents[self.adjoint.twins[inner[-1]]]
        match primal:
            case If():
                found = [
                    (event.k, var)
                    for (home, var), event in versions.events.items()
                    if home is region
                    and isinstance(event, Passage)
                    and event.stmt is primal
                ]
                given = (v for _, v in found if v not in self.homes)
                return Passages(
                    self._needed_within(primal),
                    tuple(primal.results[k] for k, _ in found),
                    tuple(v for v in given if self._changes(primal, v)),
                )
            case For() | While():
                ends, params = carried_results(primal), carried_params(primal)
                group = versions.groups.get(primal, ())
                changed = [k for k in group if self._changes(primal, params[k])]
                return Passages(
                    self._needed_within(primal),
                    tuple(primal.results[k] for k in group),
                    tuple(params[k] for k in changed),
                    tuple(_vars(tuple(ends[k] for k in changed))),
                    tuple(primal.inits[k] for k in changed),
                    tuple(primal.results[k] for k in changed),
                    tuple((ends[k], primal.results[k]) for k in group),
                )
        return Passages()

    def _changes(self, stmt: If | For | While, version: Var) -> bool:
        """Whether the reversal of a loop or branch that a version passes through gives
        another array: one in which stores are undone, or that has changed places."""
        versions = self.primal.versions
        if not self.undone.isdisjoint(versions.stores_in(stmt, version)):
            return True
        moved = versions.changes_places(version, stmt)
        return moved and versions.chain(version) in self.read_again

    def _needed_within(self, stmt: Stmt) -> tuple[Var, ...]:
        """What undoing the stores within a statement takes from outside."""
        inside = (s for s in all_stmts([stmt]) if isinstance(s, Let))
        undone = (s for s in inside if s in self.undone)
        return tuple(v for s in undone for v in _vars(s.operands[2:]))

    def arm(self, region: Region, used: tuple[Var, ...], lists: Lists) -> Region:
        self.known = self.known.new_child()
        twin = self.adjoint.twins[region]
        primal = self.primal.versions.parents[twin][2]
        assert isinstance(primal, If)
        for result, end in zip(primal.results, twin.results, strict=False):
            seen = self.known.get(result)
            # A value of a narrower kind than the result is computed again instead; an
            # array that is recorded is popped, as in loops.
            if (
                isinstance(end, Var)
                and not (end in self.homes and isinstance(end.type, Array))
                and seen is not None
                and covers(end.type, seen.type)
            ):
                self.known.setdefault(end, seen)
        arm = super().arm(region, used, lists)
        restored = self._at_start.get(region, ())
        if not twin.falls:  # it never runs: any array of these lengths serves
            outer, _, _ = self.primal.versions.parents[twin]
            events = self.primal.versions.events
            restored = tuple(events[outer, v].after for v in restored)
        results = (*arm.results, *map(self.atom, restored))
        self.known = self.known.parents
        return replace(arm, results=results)

    def _if(self, stmt: If, used: tuple[Var, ...], lists: Lists) -> If:
        starts = self._passages(stmt).starts
        self._at_start[stmt.then] = self._at_start[stmt.orelse] = starts
        result = super()._if(stmt, used, lists)
        arms = [a.results for a in (result.then, result.orelse) if a.falls]
        restored = meeting(starts, arms)
        self.known.update(zip(starts, restored, strict=True))
        return replace(result, results=(*result.results, *restored))

    def _loop(
        self, stmt: For | While, used: tuple[Var, ...], lists: Lists
    ) -> For | While:
        passages = self._passages(stmt)
        inits = tuple(map(self._of_its_lengths, passages.finals, passages.ends))
        # What a trip is reversed from has the lengths of its end.
        rows = zip(passages.starts, passages.ends, strict=True)
        params = tuple(fresh_var(end.type, start.name) for start, end in rows)
        self._at_start[stmt.body] = passages.starts
        self.known = self.known.new_child()
        # A version that is recorded is popped: what the trips after it left of it may
        # be another.
        for end, final in passages.kept:
            if not isinstance(end, Var) or end in self.homes:
                continue
            if self._is_at_hand(final):
                self.known[end] = self.atom(final)
        for end, param in zip(passages.ends, params, strict=True):
            if end not in self.homes:
                self.known[end] = param
        result = super()._loop(stmt, used, lists)
        ends = tuple(map(self.atom, passages.starts))
        self.known = self.known.parents
        restored = meeting(passages.starts, [inits, ends])
        for init, value in zip(passages.inits, restored, strict=True):
            if isinstance(init, Var) and self._is_restored(init, passages):
                self.known[init] = value
        body = replace(
            result.body,
            params=result.body.params + params,
            results=result.body.results + ends,
        )
        return replace(
            result,
            results=result.results + restored,
            inits=result.inits + inits,
            body=body,
        )

    def _of_its_lengths(self, final: Var, end: Var) -> Atom:
        """The version after a loop as it is now: where its lengths are said to be those
        of the version at the end of each trip, it has them."""
        atom = self.atom(final)
        rows = zip(dims_of(final.type), dims_of(end.type), strict=True)
        shared = [length for length, same in rows if length == same]
        if set(shared) <= set(dims_of(atom.type)):
            return atom
        before = Builder(self.before, None, "adjoint")
        return before.apply("load", atom, index=(), hint=final.name, known=final.type)

    def _is_restored(self, init: Var, passages: Passages) -> bool:
        """Whether what is before a loop may be read off what the reversal gave: never
        one that is recorded; one in scope, of which anything may be read, only if every
        store has been undone."""
        if init in self.homes:
            return False
        stores = self.primal.versions.stores
        return not self.primal.in_scope(init) or all(
            self.undone.issuperset(stores(p)) for p in passages.starts
        )

    # --- Computing again -------------------------------------------------------------

    def _compute_again(self, var: Var, builder: Builder) -> Atom:
        if var in self.primal.exits:
            return self._exit_condition(var, builder)
        if var in self.primal.elements:
            return self._element(var, builder)
        if var in self.primal.counters:
            counter = self.primal.counters[var]
            trip = self._trip(counter.loop, builder)
            return counted(counter, trip, self.atom, builder, var.name)
        reading = self.primal.reading(var)
        assert reading is not None
        operands = tuple(self.atom(self._read_from(reading, a)) for a in reading.atoms)
        if reading.is_store:
            index = reading.let.param("index")
            lengths = known(var.type)
            value = builder.apply(
                "load", *operands, index=index, hint=var.name, **lengths
            )
            return _of_its_kind(value, var, builder)
        copy = fresh_var(var.type, var.name)
        builder.append(
            replace(
                reading.let,
                results=(copy,),
                operands=operands,
                span=builder.span,
                role=builder.role,
                safe=True,
                again=True,
            )
        )
        return copy

    def _element(self, var: Var, builder: Builder) -> Atom:
        """Read a value off a list in scope."""
        element = self.primal.elements[var]
        if element.loop is None:
            assert element.index is not None
            place = self.atom(element.index)
        else:
            index = self.adjoint.counters[element.loop.body]
            place = element.place(index, builder)
        name = var.name or _noun(var, self.primal)
        value = builder.apply(
            "list_get", element.tape, place, hint=name, **known(var.type)
        )
        value = replace(value, type=var.type)
        last = builder.stmts[-1]
        assert isinstance(last, Let)
        builder.stmts[-1] = replace(last, results=(value,))
        return value

    def _exit_condition(self, var: Var, builder: Builder) -> Atom:
        """``stopped and trip == trips - 1``, or its negation.

        A ``while True`` ends by being stopped only.
        """
        exit = self.primal.exits[var]
        assert exit.loop.stopped is not None
        trips, stopped = self.atom(exit.loop.trips), self.atom(exit.loop.stopped)
        trip = self._trip(exit.loop, builder)
        last = builder.apply("subtract", trips, constant(1))
        here = builder.apply("equal", trip, last)
        cond: Atom = here
        if not (isinstance(exit.loop, While) and endless(exit.loop)):
            cond = builder.apply("logical_and", stopped, here, via="builtin")
        if not exit.holds:
            cond = builder.apply("logical_not", cond, via="builtin")
        return cond

    def _trip(self, loop: For | While, builder: Builder) -> Atom:
        """The number of the trip being reversed, from 0."""
        index = self.adjoint.counters[loop.body]
        if isinstance(loop, While):
            return index
        start, step = self.atom(loop.range.start), self.atom(loop.range.step)
        if start == constant(0) and step == constant(1):
            return index
        passed = builder.apply("subtract", index, start)
        whole = step == constant(1)
        return passed if whole else builder.apply("floor_divide", passed, step)


def _of_its_kind(value: Var, var: Var, builder: Builder) -> Atom:
    """What is read out of an array, where it was stored as a Python number."""
    if not isinstance(var.type, Scalar) or var.type.kind == "numpy":
        return value
    return builder.apply("cast", value, dtype="float64", via="builtin")


def _vars(atoms: tuple[Atom, ...]) -> list[Var]:
    return [a for a in atoms if isinstance(a, Var)]


def _noun(var: Var, primal: Primal) -> str | None:
    """What a recorded value is called, and its list after it; `lowering` finds a word
    for those that this knows none for."""
    stmt = primal.homes[var].stmt
    if isinstance(stmt, For | While) and var is stmt.trips:
        return "trips"
    if isinstance(stmt, For | While) and var is stmt.stopped:
        return var.name or "stopped"
    if isinstance(stmt, Let) and var in primal.overwritten and not var.name:
        array = stmt.operands[0]
        return array.name if isinstance(array, Var) else None
    return var.name


def record(
    primal: Primal, reverse: tuple[Stmt, ...], plan: Plan, adjoint: Adjoint
) -> tuple[tuple[Stmt, ...], tuple[Stmt, ...]]:
    """The forward statements with their recording, and the reverse ones that read it.

    The reverse statements name values of the function's own region and the final
    lists, all defined by the forward statements.
    """
    homes = {v: primal.homes[v] for v in plan.recorded}
    taped = {v: h.region for v, h in homes.items() if h.depth > 0}
    late = {v: adjoint.late.get(region, region) for v, region in taped.items()}
    exported = {v: h.region for v, h in homes.items() if h.depth == 0}
    forward = Recorder(late, exported, primal.added - set(plan.recorded))
    builder = Builder()
    lists: Lists = {}
    for stmt in primal.root.body:
        builder.span = stmt.span
        for var in forward.touched_by(stmt):
            if var not in lists:
                noun = _noun(var, primal)
                name = f"{noun}_tape" if noun else None
                lists[var] = builder.apply("list_new", element=var.type, hint=name)
        builder.append(forward.stmt(stmt, lists))
    mirror = {twin: region for region, twin in twin_regions(reverse, adjoint)}
    backward = _Replayer(
        {v: mirror[home] for v, home in taped.items()},
        primal,
        adjoint,
        plan,
        forward.visible,
    )
    replayed = tuple(r for s in reverse for r in backward.stmts(s, lists))
    for var in free_vars(replayed):
        if var in primal.homes and not primal.in_scope(var):
            raise InternalError(f"the reverse sweep lacks the value {var.name or var}")
    return tuple(builder.stmts), replayed
