"""Closing a loop: the `For` or `While`, and what names and memory mean after it.

In: the `Lowering` of a loop, and the trip in which its head was found to hold. Out: the
loop is appended, and the state is that after it.
Invariants: the entry and the back edge give an atom for every leaf of the head. A name
that only trips assign is bound after the loop if there was one; lengths first met
inside are, after it, those of the last trip: symbols of their own.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from adcompiler.frontend.bindings import (
    Binding,
    Conflict,
    Dead,
    Dyn,
    MaybeUnbound,
    RecordVal,
    map_atoms,
)
from adcompiler.frontend.lower import meetings
from adcompiler.frontend.lower.conforming import Side, conform, conform_result
from adcompiler.frontend.lower.context import RETURNED, STOP, VALUE
from adcompiler.frontend.lower.fixpoints import FALSE, Loop, Lowering
from adcompiler.frontend.lower.frames import Arm
from adcompiler.frontend.lower.heads import (
    Head,
    Trip,
    inner,
    is_plain,
    retyped,
    runs_surely,
)
from adcompiler.frontend.lower.syntax import breaks, returns
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, For, Region, Undef, Var, While, fresh_var
from adcompiler.ir.types import PY_BOOL, PY_INT, Array, Dim, Type, fresh_dim
from adcompiler.ir.walk import free_vars, substitute


def close(lowering: Lowering, trip: Trip) -> For | While:
    """Append the loop and set the state after it."""
    ctx, head = lowering.ctx, trip.head
    _drop_flags(lowering, trip)
    inits = _row(lowering, head, None)
    arm = trip.arm
    if not arm.falls and not any(isinstance(a, Undef) for a in inits.values()):
        return _raising(lowering, trip, inits)
    following = _row(lowering, head, arm) if arm.falls else {}
    params = (*head.merge.leaves, *head.stores.values())
    params = tuple(v for v in params if v in inits)
    results = tuple(fresh_var(_outward(v.type, lowering.mark), v.name) for v in params)
    lowering.remix(dict(zip(params, results, strict=True)))
    stop = arm.env.get(STOP, FALSE) if arm.falls else FALSE
    assert isinstance(stop, Dyn)
    leaves = isinstance(stop.atom, Var) or (
        isinstance(stop.atom, Const) and bool(stop.atom.value)
    )
    row = tuple(following[v] for v in params) if arm.falls else ()
    if leaves and arm.falls:
        row = (stop.atom, *row)
    loop = _node(lowering, trip, params, results, tuple(inits[v] for v in params), row)
    stopped = fresh_var(PY_BOOL, _word(lowering.loop)) if leaves else None
    loop = replace(loop, stopped=stopped)
    ctx.builder.append(loop)
    _leave(lowering, head, dict(zip(params, results, strict=True)), loop)
    if stopped is None:
        inner_names = [trip.cond_vars.get(var, var) for var in params]
        after = dict(zip(inner_names, results, strict=True))
        ctx.facts |= lowering.facts(trip.cond, False, after)
    return loop


def _raising(lowering: Lowering, trip: Trip, inits: dict[Var, Atom]) -> For | While:
    """Append a loop that is over, or raises in its first trip."""
    mapping = inits | {
        inner: inits[var] for var, inner in trip.cond_vars.items() if var in inits
    }
    loop = substitute(_node(lowering, trip, (), (), (), ()), mapping)
    assert isinstance(loop, For | While)
    lowering.ctx.builder.append(loop)
    _leave(lowering, trip.head, inits, loop)
    return loop


def _word(loop: Loop) -> str:
    """What it means that the loop was stopped."""
    if returns(loop) and breaks(loop):
        return "stopped"
    return "returned" if returns(loop) else "broke"


def _drop_flags(lowering: Lowering, trip: Trip) -> None:
    """A name that every trip assigns, unread before, needs no flag at the head."""
    head, arm = trip.head, trip.arm
    arms = [arm] if trip.cond is None else [arm, trip.cond]
    read = set(free_vars(tuple(s for a in arms for s in a.builder.stmts)))
    for name, shape in head.shapes.items():
        if not isinstance(shape, MaybeUnbound) or name in lowering.entry:
            continue
        flag = shape.flag
        assert isinstance(flag, Var)
        unread = flag not in read and trip.cond_vars.get(flag) not in read
        if unread and arm.falls and is_plain(arm.env.get(name)):
            head.shapes[name] = shape.value
            head.merge.leaves.remove(flag)


def _row(lowering: Lowering, head: Head, arm: Arm | None) -> dict[Var, Atom]:
    """The atoms that the head's leaves take at the entry or at the back edge."""
    ctx, side = lowering.ctx, Side(lowering.loop, {}, dict(head.stale))
    env = lowering.entry if arm is None else arm.env

    def gather() -> None:
        for name, shape in head.shapes.items():
            given = env.get(name)
            if name == RETURNED and arm is None:
                given = FALSE
            if name != VALUE:
                conform(head.merge, shape, given, side)
        if VALUE in head.shapes:
            shape, given = head.shapes[VALUE], env.get(VALUE)
            conform_result(head.merge, shape, given, env.get(RETURNED), side)
        for location, held in head.objects.items():
            if isinstance(held, RecordVal):
                before = ctx.objects[location]
                known = before if isinstance(before, RecordVal) else None
                conform(head.merge, held, known, side)
        for location, var in head.stores.items():
            side.out[var] = ctx.contents(location, lowering.loop)

    if arm is None:
        gather()
    else:
        ctx.resume(arm, gather)
    return side.out


def _node(
    lowering: Lowering,
    trip: Trip,
    params: tuple[Var, ...],
    results: tuple[Var, ...],
    inits: tuple[Atom, ...],
    row: tuple[Atom, ...],
) -> For | While:
    ctx, arm = lowering.ctx, trip.arm
    stmts, trips = tuple(arm.builder.stmts), fresh_var(PY_INT)
    span, role = ctx.builder.span, ctx.builder.role
    if isinstance(lowering.loop, ast.For):
        assert lowering.source is not None
        body = Region((trip.index, *params), stmts, row, arm.falls)
        bounds = lowering.source.bounds()
        return For(results, bounds, inits, body, trips, None, span, role)
    assert trip.cond is not None
    flag = trip.cond.value
    assert isinstance(flag, Dyn)
    cond_params = tuple(trip.cond_vars[v] for v in params)
    cond = Region(cond_params, tuple(trip.cond.builder.stmts), (flag.atom,))
    body = Region(params, stmts, row, arm.falls)
    return While(results, inits, cond, body, trips, None, span, role)


def _leave(
    lowering: Lowering, head: Head, mapping: Mapping[Var, Atom], loop: For | While
) -> None:
    """The state after the loop."""
    ctx = lowering.ctx

    def atom(a: Atom) -> Atom:
        return mapping.get(a, a) if isinstance(a, Var) else a

    def outside(binding: Binding) -> Binding:
        return retyped(map_atoms(binding, atom), lambda t: _outward(t, lowering.mark))

    for name, shape in head.shapes.items():
        if shape is None:
            ctx.frame.env.pop(name, None)
            continue
        final = outside(shape)
        if name == VALUE:
            ctx.frame.env[name] = final
            continue
        unflagged = not isinstance(final, MaybeUnbound | Conflict | Dead)
        # What is not live at the head is read only where a trip has left the loop.
        if name not in lowering.entry and unflagged and name in lowering.head_live:
            final = _bound(lowering, final, loop)
        ctx.frame.env[name] = final
    for location, var in (*head.merge.arrays.items(), *head.stores.items()):
        if var in mapping:
            ctx.values[location] = mapping[var]
    ctx.values.update(head.stale)
    for location, held in head.held().items():
        ctx.objects[location] = meetings.mapped(held, outside)


def _bound(lowering: Lowering, binding: Binding, loop: For | While) -> Binding:
    """A name that every trip assigns: bound if there was a trip."""
    if runs_surely(loop):
        return binding
    zero = constant(0)
    flag = lowering.ctx.emit(lowering.loop, "greater", loop.trips, zero)
    return MaybeUnbound(binding, flag)


def _outward(t: Type, mark: int) -> Type:
    """The type after the loop: lengths found inside are those of the last trip."""
    if isinstance(t, Array):
        dims = tuple(
            fresh_dim(not_one=d.not_one) if isinstance(d, Dim) and inner(d, mark) else d
            for d in t.dims
        )
        return Array(t.dtype, dims)
    return t
