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
from dataclasses import dataclass, replace

from adcompiler.analysis.versions import WRITES, Overwrite, Passage
from adcompiler.differentiate.recording import Recorder
from adcompiler.differentiate.residuals import Plan, Primal, endless
from adcompiler.differentiate.reverse import Adjoint, twin_regions
from adcompiler.differentiate.threading import Lists, Threader, list_of
from adcompiler.errors import InternalError
from adcompiler.ir.builder import Builder, constant
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
from adcompiler.ir.types import Array, Type, covers, dims_of, fresh_dim
from adcompiler.ir.walk import free_vars, regions


@dataclass(frozen=True, slots=True)
class _Passages:
    """The versions after a primal loop or branch, at the start of its regions, at the
    end of its body and before it."""

    afters: tuple[Var, ...] = ()
    starts: tuple[Var, ...] = ()
    ends: tuple[Var, ...] = ()
    inits: tuple[Atom, ...] = ()


class _Replayer(Threader):
    """Pops recorded values, restores overwritten arrays and computes others again, each
    just before its first use in the twin of the region that defines it."""

    def __init__(
        self,
        homes: dict[Var, Region],
        primal: Primal,
        adjoint: Adjoint,
        recomputed: tuple[Var, ...],
        visible: Mapping[Var, Atom],
    ) -> None:
        super().__init__(homes)
        self.primal = primal
        self.adjoint = adjoint
        known: dict[Var, Atom] = {**adjoint.indices, **visible}
        self.known: ChainMap[Var, Atom] = ChainMap(known)
        self.recomputed = frozenset(recomputed)
        self._at_start: dict[Region, tuple[Var, ...]] = {}

    def atom(self, atom: Atom) -> Atom:
        return self.known.get(atom, atom) if isinstance(atom, Var) else atom

    def body(self, region: Region, lists: Lists) -> tuple[Stmt, ...]:
        stmts: list[Stmt] = []
        builder = Builder(stmts, None, "adjoint")
        for stmt in region.body:
            builder.span = stmt.span
            passages = self._passages(stmt)
            wanted = (*free_vars(stmt), *passages.afters, *passages.starts)
            self._provide_all(wanted, region, builder, lists)
            builder.append(self.stmt(stmt, lists))
        rest = [v for v, home in self.homes.items() if home is region]
        wanted = (*_vars(region.results), *self._at_start.get(region, ()), *rest)
        self._provide_all(wanted, region, builder, lists)
        return tuple(stmts)

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
            if var not in self.recomputed:
                continue
            # What is computed again, or restored, further in takes values that may
            # be at home here.
            if isinstance(event, Passage):
                pending += self.primal.versions.sources(home, var) or ()
            elif event is None and self.primal.homes[var].region is not home:
                pending += self.primal.sources(var) or ()

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
                self.known[value] = _pop(value, builder, lists)
            elif value not in self.recomputed or isinstance(event, Passage):
                continue  # restored where it passes through a loop or branch
            elif event is None and self.primal.is_version(value):
                continue  # likewise
            elif not ready:
                needs = self.primal.versions.sources(home, value) if event else None
                needs = needs or self.primal.sources(value) or ()
                pending.append((value, True))
                pending += [(n, False) for n in reversed(needs)]
            elif isinstance(event, Overwrite):
                self.known[value] = self._restored(event, value, builder)
            else:
                self.known[value] = self._compute_again(value, builder)

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

    # --- Versions that pass through loops and branches -------------------------------

    def _passages(self, stmt: Stmt) -> _Passages:
        """The versions that the reversal of a loop or branch restores on its way."""
        inner = regions(stmt)
        if not inner:
            return _Passages()
        versions, again = self.primal.versions, self.recomputed
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
                live = [(k, v) for k, v in found if v in again]
                arms = [a for a in (primal.then, primal.orelse) if a.falls]
                used = [
                    primal.results[k]
                    for k, v in found
                    if v in again or any(a.results[k] in again for a in arms)
                ]
                return _Passages(tuple(used), tuple(v for _, v in live))
            case For() | While():
                group = versions.groups.get(primal, ())
                ends, params = carried_results(primal), carried_params(primal)
                if any({primal.inits[k], ends[k]} & again for k in group):
                    return _Passages(
                        tuple(primal.results[k] for k in group),
                        tuple(params[k] for k in group),
                        tuple(_vars(tuple(ends[k] for k in group))),
                        tuple(primal.inits[k] for k in group),
                    )
        return _Passages()

    def arm(self, region: Region, used: tuple[Var, ...], lists: Lists) -> Region:
        self.known = self.known.new_child()
        twin = self.adjoint.twins[region]
        primal = self.primal.versions.parents[twin][2]
        assert isinstance(primal, If)
        for result, end in zip(primal.results, twin.results, strict=False):
            seen = self.known.get(result)
            # A value of a narrower kind than the result is computed again instead.
            if (
                isinstance(end, Var)
                and seen is not None
                and covers(end.type, seen.type)
            ):
                self.known.setdefault(end, seen)
        arm = super().arm(region, used, lists)
        restored = tuple(self.atom(v) for v in self._at_start.get(region, ()))
        self.known = self.known.parents
        return replace(arm, results=arm.results + restored)

    def _if(self, stmt: If, used: tuple[Var, ...], lists: Lists) -> If:
        starts = self._passages(stmt).starts
        self._at_start[stmt.then] = self._at_start[stmt.orelse] = starts
        result = super()._if(stmt, used, lists)
        restored = tuple(fresh_var(v.type, v.name) for v in starts)
        self.known.update(zip(starts, restored, strict=True))
        return replace(result, results=(*result.results, *restored))

    def _loop(
        self, stmt: For | While, used: tuple[Var, ...], lists: Lists
    ) -> For | While:
        passages = self._passages(stmt)
        inits = tuple(map(self.atom, passages.afters))
        # What a trip is reversed from has the lengths of its end.
        slots = zip(passages.starts, passages.ends, strict=True)
        params = tuple(fresh_var(end.type, start.name) for start, end in slots)
        self._at_start[stmt.body] = passages.starts
        self.known = self.known.new_child()
        self.known.update(zip(passages.ends, params, strict=True))
        result = super()._loop(stmt, used, lists)
        ends = tuple(map(self.atom, passages.starts))
        self.known = self.known.parents
        restored = tuple(fresh_var(v.type, v.name) for v in passages.starts)
        for init, value in zip(passages.inits, restored, strict=True):
            if isinstance(init, Var):
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

    # --- Computing again -------------------------------------------------------------

    def _compute_again(self, var: Var, builder: Builder) -> Atom:
        if var in self.primal.exits:
            return self._exit_condition(var, builder)
        store = self.primal.stores.get(var)
        if store is not None:
            after, index = store.result, store.operands[2:]
            return builder.apply(
                "load",
                self.atom(after),
                *map(self.atom, index),
                index=store.param("index"),
                hint=var.name,
            )
        stmt = self.primal.homes[var].stmt
        assert isinstance(stmt, Let)
        copy = fresh_var(var.type, var.name)
        operands = tuple(map(self.atom, stmt.operands))
        builder.append(
            replace(
                stmt,
                results=(copy,),
                operands=operands,
                role="adjoint",
                span=builder.span,
            )
        )
        return copy

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
        return builder.apply("floor_divide", passed, step)


def _vars(atoms: tuple[Atom, ...]) -> list[Var]:
    return [a for a in atoms if isinstance(a, Var)]


def _pop(var: Var, builder: Builder, lists: Lists) -> Var:
    tape = list_of(var, lists)
    value, rest = builder.apply_all("list_pop", tape)
    value = replace(value, name=var.name, type=var.type)
    rest = replace(rest, name=tape.name)
    last = builder.stmts[-1]
    assert isinstance(last, Let)
    builder.stmts[-1] = replace(last, results=(value, rest))
    lists[var] = rest
    return value


def _noun(var: Var, primal: Primal) -> str:
    """What a recorded value is called in the name of its list."""
    stmt = primal.homes[var].stmt
    if isinstance(stmt, For | While) and var is stmt.trips:
        return "trips"
    if isinstance(stmt, For | While) and var is stmt.stopped:
        return "stopped"
    if isinstance(stmt, Let) and var in primal.overwritten and not var.name:
        array = stmt.operands[0]
        return (isinstance(array, Var) and array.name) or "value"
    return var.name or "value"


def _lengths_of_its_own(t: Type, primal: Primal) -> Type:
    """The type of a list's elements: a length of the loop differs between them."""
    if not isinstance(t, Array):
        return t
    root = {d for v in primal.homes if primal.in_scope(v) for d in dims_of(v.type)}
    return Array(t.dtype, tuple(d if d in root else fresh_dim() for d in t.dims))


def record(
    primal: Primal, reverse: tuple[Stmt, ...], plan: Plan, adjoint: Adjoint
) -> tuple[tuple[Stmt, ...], tuple[Stmt, ...]]:
    """The forward statements with their recording, and the reverse ones that read it.

    The reverse statements name values of the function's own region and the final
    lists, all defined by the forward statements.
    """
    homes = {v: primal.homes[v] for v in plan.recorded}
    taped = {v: h.region for v, h in homes.items() if h.depth > 0}
    exported = {v: h.region for v, h in homes.items() if h.depth == 0}
    forward = Recorder(taped, exported, primal.added - set(plan.recorded))
    builder = Builder()
    lists: Lists = {}
    for stmt in primal.root.body:
        builder.span = stmt.span
        for var in forward.touched_by(stmt):
            if var not in lists:
                name = f"{_noun(var, primal)}_tape"
                element = _lengths_of_its_own(var.type, primal)
                lists[var] = builder.apply("list_new", element=element, hint=name)
        builder.append(forward.stmt(stmt, lists))
    mirror = {twin: region for region, twin in twin_regions(reverse, adjoint)}
    backward = _Replayer(
        {v: mirror[home] for v, home in taped.items()},
        primal,
        adjoint,
        plan.recomputed,
        forward.visible,
    )
    replayed = tuple(backward.stmt(s, lists) for s in reverse)
    for var in free_vars(replayed):
        if var in primal.homes and not primal.in_scope(var):
            raise InternalError(f"the reverse sweep lacks the value {var.name or var}")
    return tuple(builder.stmts), replayed
