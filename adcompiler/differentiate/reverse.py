"""Reverse mode: the adjoint of a region, statement by statement, backwards.

In: a primal region and the active values. Out: statements that compute the cotangents
of its parameters. They refer to the primal's values freely, as if all were still in
scope; `residuals` then makes them available.

Invariants: the adjoint mirrors the primal: an `If` becomes an `If` on the same
condition, a loop becomes a loop over its range reversed (or its trip count), so every
primal region has one *twin*. Only active values have cotangents; a structural zero is
materialised only where control flow must carry it.

Griewank and Walther, "Evaluating Derivatives" (2008), chapters 3 and 6; Hascoet and
Pascual (2013) for stores and control flow.

    y = x * x            ->   x_bar = 2 * x * y_bar
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

import numpy as np

from adcompiler.differentiate import masks
from adcompiler.differentiate.cotangents import (
    Cotangent,
    Cotangents,
    bar_name,
    is_absent,
)
from adcompiler.differentiate.pullbacks import reverse_let
from adcompiler.differentiate.settling import CarriedTypes, join_derivatives
from adcompiler.differentiate.skipping import Counts, condition_of, without_last_trip
from adcompiler.errors import InternalError
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    If,
    Let,
    Range,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    carried_results,
    fresh_var,
    role_reversed,
)
from adcompiler.ir.types import (
    PY_INT,
    Array,
    Scalar,
    Type,
)
from adcompiler.ir.walk import all_regions, free_vars, regions


@dataclass(slots=True)
class Adjoint:
    """The adjoint under construction: who is active, and which region mirrors which.

    `twins` maps each adjoint region to its primal one, `counters` each primal loop
    body to the index of the reversed loop, `indices` each primal index to it. `whole`
    counts the trips that did not end a loop early, by its trips; where only these are
    reversed, `settled` has the exit's condition, and `late` the arm that the others
    go through, by the body.
    """

    active: set[Var]
    twins: dict[Region, Region] = field(default_factory=dict)
    counters: dict[Region, Var] = field(default_factory=dict)
    indices: dict[Var, Var] = field(default_factory=dict)
    whole: Counts = field(default_factory=dict)
    settled: dict[If, Atom] = field(default_factory=dict)
    late: dict[Region, Region] = field(default_factory=dict)

    def is_of_rule(self, region: Region) -> bool:
        """Whether an adjoint region is one of a user's rule, and so reverses none."""
        return region not in self.twins

    def renew(self, replaced: Mapping[Region, Region]) -> None:
        """Let new regions reverse what those do that they stand in place of."""
        kept = [(n, old) for n, old in replaced.items() if not self.is_of_rule(old)]
        self.twins.update((new, self.twins[old]) for new, old in kept)


def twin_regions(
    stmts: Iterable[Stmt], adjoint: Adjoint
) -> Iterator[tuple[Region, Region]]:
    """The regions of adjoint statements, each with the primal region it reverses; those
    of a user's rule reverse none."""
    for stmt in stmts:
        for outer in regions(stmt):
            for region in all_regions(outer):
                if not adjoint.is_of_rule(region):
                    yield region, adjoint.twins[region]


def reverse_statements(
    stmts: tuple[Stmt, ...], bars: Cotangents, adjoint: Adjoint
) -> None:
    """Append the adjoint of the statements, last to first, to the builder of `bars`."""
    for stmt in reversed(stmts):
        with bars.builder.at(stmt.span, role_reversed(stmt.role)):
            match stmt:
                case Let():
                    reverse_let(stmt, bars, adjoint.active)
                case If():
                    _reverse_if(stmt, bars, adjoint)
                case For() | While():
                    _reverse_loop(stmt, bars, adjoint)
                case _:
                    assert_never(stmt)


def _reverse_if(stmt: If, bars: Cotangents, adjoint: Adjoint) -> None:
    """An `If` on the same condition, each arm reversed."""
    given = [
        (k, _known_zeros(bars, r)) for k, r in enumerate(stmt.results) if r in bars
    ]
    outer = _outer_active(stmt, bars, adjoint)
    masked = bars.unmasked(outer)
    twins = (stmt.then, stmt.orelse)
    arms = [_reverse_arm(arm, given, bars, adjoint) for arm in twins]
    added = {w: [a.value(w) is not bars.value(w) for a in arms] for w in outer}
    changed = [w for w in outer if any(added[w])]
    bars.mask_again(masked, but=changed)
    if not changed:
        return
    atoms = [[side.value_or_zero(w) for w in changed] for side in arms]
    falling = [own for own, twin in zip(atoms, twins, strict=True) if twin.falls]
    merged = []
    for k, w in enumerate(changed):
        sides = [own[k].type for own in falling]
        merged.append(fresh_var(join_derivatives(sides), bar_name(w)))
    regions = []
    for side, own, twin in zip(arms, atoms, twins, strict=True):
        pairs = zip(own, merged, strict=True)
        # Of an arm that raises no zero is needed, but some value of the type.
        ends = own if twin.falls else [_of_kind(a, v.type) for a, v in pairs]
        regions.append(side.builder.region((), tuple(ends)))
        adjoint.twins[regions[-1]] = twin
    cond = adjoint.settled.get(stmt, stmt.cond)
    bars.builder.append(
        If(
            tuple(merged),
            cond,
            regions[0],
            regions[1],
            bars.builder.span,
            bars.builder.role,
        )
    )
    for w, var in zip(changed, merged, strict=True):
        lacking = [w not in a and t.falls for a, t in zip(arms, twins, strict=True)]
        where = masks.outside(bars, w, cond, lacking)
        bars.choose(w, var, where)
        if not all(added[w]):
            bars.shed.add(w)


def _of_kind(atom: Atom, t: Type) -> Atom:
    """A number that is known, as one of this type."""
    if not isinstance(atom, Const) or not isinstance(t, Scalar) or t.kind != "numpy":
        return atom
    return constant(np.dtype(t.dtype).type(atom.value))


def _known_zeros(bars: Cotangents, var: Var) -> Cotangent:
    """The final cotangent of a result, its mask applied, and kept."""
    mask = bars.mask(var)
    value = bars.value(var)
    bars.pop(var)
    assert value is not None
    return Cotangent(value, mask, zeroed=mask is not None or var in bars.lost)


def _reverse_arm(
    arm: Region,
    given: list[tuple[int, Cotangent]],
    bars: Cotangents,
    adjoint: Adjoint,
) -> Cotangents:
    inner = bars.fork(bars.builder.child())
    if not arm.falls:
        return inner  # the arm raises: no run reverses it
    for k, cotangent in given:
        atom = arm.results[k]
        if not is_absent(atom) and atom in adjoint.active:
            inner.add(_var(atom), cotangent)
    reverse_statements(arm.body, inner, adjoint)
    return inner


def _var(atom: Atom) -> Var:
    assert isinstance(atom, Var)
    return atom


def _outer_active(stmt: Stmt, bars: Cotangents, adjoint: Adjoint) -> list[Var]:
    """The active values from outside that a statement's regions read, in order."""
    match stmt:
        case If():
            regions: tuple[Region, ...] = (stmt.then, stmt.orelse)
        case For() | While():
            regions = (stmt.body,)
        case Let():
            regions = ()
        case _:
            assert_never(stmt)
    found: dict[Var, None] = {}
    for region in regions:
        for var in free_vars(region):
            if var in adjoint.active:
                found[var] = None
    return list(found)


def _reverse_loop(loop: For | While, bars: Cotangents, adjoint: Adjoint) -> None:
    """A loop over the reversed range; it carries the cotangents of the carried values
    and of the values from outside that the body reads."""
    params = carried_params(loop)
    # A value that the body never reads still leaves the loop, from the last trip.
    pairs = enumerate(zip(params, loop.results, strict=True))
    carried = [k for k, pair in pairs if not adjoint.active.isdisjoint(pair)]
    outer = _outer_active(loop, bars, adjoint)
    if not any(loop.results[k] in bars for k in carried):
        return
    trips = _trips_reversed(loop, carried, bars, adjoint)
    inits = [bars.value_or_zero(loop.results[k]) for k in carried]
    unused = {params[k] for k in carried if loop.results[k] in bars.shed}
    for k in carried:
        bars.pop(loop.results[k])
    inits += [bars.value_or_zero(w) for w in outer]
    names = [bar_name(params[k]) for k in carried] + [bar_name(w) for w in outer]
    types = CarriedTypes([a.type for a in inits])
    lost = {w for w in outer if w in bars.lost}
    lost |= {params[k] for k in carried if loop.results[k] in bars.lost}
    while True:
        state, before = tuple(map(fresh_var, types.types, names)), len(lost)
        inner = Cotangents(bars.builder.child(), bars.factors, in_trip=True)
        if bars.in_trip:
            inner.shed |= unused
        region = _reverse_body(loop, carried, outer, state, inner, adjoint, lost)
        if not types.absorb([r.type for r in region.results]) and len(lost) == before:
            break
    results = tuple(map(fresh_var, types.after(), names))
    bars.builder.append(
        For(
            results,
            _reversed_range(loop, trips),
            tuple(inits),
            region,
            fresh_var(PY_INT, "trips"),
            None,
            bars.builder.span,
            bars.builder.role,
        )
    )
    bars.shed |= inner.shed - unused
    for w, var in zip(outer, results[len(carried) :], strict=True):
        given = bars.looped(w, var, w, lost=w in lost)
        bars.set(w, var, given.mask, zeroed=given.zeroed)
    for k, var in zip(carried, results, strict=False):
        init = loop.inits[k]
        if not is_absent(init) and init in adjoint.active:
            given = bars.looped(_var(init), var, params[k], lost=params[k] in lost)
            bars.add(_var(init), given)


def _reverse_body(
    loop: For | While,
    carried: list[int],
    outer: list[Var],
    state: tuple[Var, ...],
    inner: Cotangents,
    adjoint: Adjoint,
    lost: set[Var],
) -> Region:
    """The body reversed; noted in `lost` is of what it loses a mask."""
    params, ends = carried_params(loop), carried_results(loop)
    for w, var in zip(outer, state[len(carried) :], strict=True):
        inner.set(w, var)
    for k, var in zip(carried, state, strict=False):
        end = ends[k]
        if not is_absent(end) and end in adjoint.active:
            given = inner.looped(_var(end), var, params[k], lost=params[k] in lost)
            inner.add(_var(end), given)
    reverse_statements(loop.body.body, inner, adjoint)
    atoms = [
        _start(inner, params[k], var) for k, var in zip(carried, state, strict=False)
    ]
    atoms += [inner.value_or_zero(w) for w in outer]
    lost |= inner.lost
    if isinstance(loop, For):
        primal_index = loop.body.params[0]
        index = fresh_var(primal_index.type, primal_index.name)
        adjoint.indices[primal_index] = index
    else:
        index = fresh_var(PY_INT)
    adjoint.counters[loop.body] = index
    region = inner.builder.region((index, *state), tuple(atoms))
    adjoint.twins[region] = loop.body
    return region


def _start(bars: Cotangents, param: Var, end: Var) -> Atom:
    """The cotangent of a carried value at the start of a trip.

    Zeros are shaped as the cotangent at its end, where that has the same lengths: the
    value itself may not be assigned before the first trip.
    """
    if param in bars or not isinstance(end.type, Array) or param.type != end.type:
        return bars.value_or_zero(param)
    return bars.builder.apply("zeros_like", end, hint=bar_name(param), dtype=None)


def _trips_reversed(
    loop: For | While, carried: list[int], bars: Cotangents, adjoint: Adjoint
) -> Var:
    """The count of the trips that are reversed: without the last, if it only ends the
    loop."""
    if loop.trips in adjoint.whole:
        exit = without_last_trip(loop, carried, bars)
        if exit is not None:
            adjoint.settled[exit.branch] = condition_of(exit)
            adjoint.late[loop.body] = exit.other
            return adjoint.whole[loop.trips]
    return loop.trips


def _reversed_range(loop: For | While, trips: Var) -> Range:
    if isinstance(loop, While):
        return Range(constant(0), trips, constant(1), None, True)
    if loop.exits and loop.range.reverse:
        raise InternalError("a reversed loop that exits early cannot be reversed")
    r = loop.range
    simple = (r.start, r.step) == (constant(0), constant(1)) and r.limit is None
    if loop.exits and simple:
        return Range(r.start, trips, r.step, None, True)
    limit = trips if loop.exits else r.limit
    return Range(r.start, r.stop, r.step, limit, not r.reverse)
