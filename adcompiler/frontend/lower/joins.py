"""Where the arms of an `If` meet.

In: the two arms, interpreted. Out: the `If`, and the state after it.
Invariants: what is the same in both arms is no result of the `If`; of what neither arm
has changed nothing is said. Names that are not live are dead afterwards.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from adcompiler.frontend.bindings import (
    DEAD,
    Binding,
    Dyn,
    Location,
    RecordVal,
    holds_function,
    locations,
    map_atoms,
)
from adcompiler.frontend.lower import meetings, mixtures
from adcompiler.frontend.lower.conforming import Side, conform, conform_result
from adcompiler.frontend.lower.context import RETURNED, SPECIAL, VALUE, Context
from adcompiler.frontend.lower.facts import same
from adcompiler.frontend.lower.frames import Alias, Arm, Held, Stale
from adcompiler.frontend.lower.merges import Merge
from adcompiler.frontend.lower.restarts import Unreachable
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, If, Region, Var
from adcompiler.ir.types import PY_BOOL, join_types


@dataclass(frozen=True, slots=True)
class Met:
    """What holds where two arms meet.

    `shapes` are the names, `objects` what those that either arm has changed hold,
    `stores` the memory that differs and `stale` what must not be read.
    """

    shapes: Mapping[str, Binding | None]
    objects: Mapping[Location, Held]
    value: Binding | None
    stores: Mapping[Location, Var]
    stale: dict[Location, Stale]


def join_arms(
    ctx: Context, cond: Atom, then: Arm, orelse: Arm, live: Iterable[str], node: ast.AST
) -> Binding | None:
    """Append the `If` of two arms and go on in the state where they meet.

    Gives the joined value of the arms, if they have one. Raises Unreachable where
    neither arm falls.
    """
    falling = [arm for arm in (then, orelse) if arm.falls]
    if not falling:
        _append(ctx, cond, (), (), (), then, orelse)
        raise Unreachable
    for arm in falling:
        _forget_result(arm)
    left, right = falling[0], falling[-1]
    merge = Merge(
        ctx, (left, right), (_returned(left, right), _returned(right, left)), cond
    )
    shapes = _env_shapes(merge, left, right, frozenset(live) | SPECIAL, ctx)
    value = None
    if left.value is not None and right.value is not None:
        value = merge.join(left.value, right.value, "$value of both")
    objects = _objects(merge, left, right)
    found = (*shapes.values(), value, *objects.values(), *merge.objects.values())
    known = [s for s in found if s is not None and not isinstance(s, Stale)]
    used = {loc for s in known for loc in locations(s)}
    stores, stale = _contents(merge, left, right, used | set(ctx.values))
    met = Met(shapes, objects, value, stores, stale)
    atoms = [_gather(ctx, merge, arm, met, node) for arm in falling]
    mapping, kept = _settle(merge, then, orelse, atoms, stores)
    _finish(ctx, merge, met, mapping, falling)
    sides = iter(atoms)
    rows = [
        tuple(side[var] for var in kept) if arm.falls else ()
        for arm in (then, orelse)
        for side in ([next(sides)] if arm.falls else [{}])
    ]
    _append(ctx, cond, kept, rows[0], rows[1], then, orelse)
    if value is None:
        return None
    return map_atoms(value, lambda a: mapping.get(a, a) if isinstance(a, Var) else a)


def _forget_result(arm: Arm) -> None:
    """Where control goes on, nothing was returned: a store need not spare a result."""
    result = arm.env.get(VALUE)
    if result is None or not _is(False, arm.env.get(RETURNED)):
        return
    if any(isinstance(arm.values.get(loc), Stale) for loc in locations(result)):
        del arm.env[VALUE]


def _is(value: bool, flag: Binding | None) -> bool:
    """Whether the flag is known to be this."""
    return isinstance(flag, Dyn) and flag.atom == constant(value)


def _returned(arm: Arm, other: Arm) -> bool:
    """Whether the arm has returned, and the other may go on."""
    for binding in (*arm.env.values(), *other.env.values()):
        # A nested function may still read this frame's names.
        if holds_function(binding):
            return False
    flags = [_is(True, a.env.get(RETURNED)) for a in (arm, other)]
    return flags == [True, False]


def _env_shapes(
    merge: Merge, left: Arm, right: Arm, live: frozenset[str], ctx: Context
) -> dict[str, Binding | None]:
    shapes: dict[str, Binding | None] = {}
    before = ctx.frame.env
    for name in [*left.env, *(n for n in right.env if n not in left.env)]:
        a, b = left.env.get(name), right.env.get(name)
        if a is b and a is before.get(name):
            shapes[name] = a
        elif name in live:
            shapes[name] = merge.join(a, b, name)
        else:
            shapes[name] = DEAD
    return shapes


def _objects(merge: Merge, left: Arm, right: Arm) -> dict[Location, Held]:
    """What the objects hold that either arm has changed."""
    found: dict[Location, Held] = {}
    for location, held in merge.ctx.objects.items():
        a, b = left.objects[location], right.objects[location]
        if a is not held or b is not held:
            name = meetings.label(merge.ctx, location)
            keep = left is not right
            found[location] = meetings.record(merge, a, b, name, keep=keep)
    return found


def _contents(
    merge: Merge, left: Arm, right: Arm, used: set[Location]
) -> tuple[dict[Location, Var], dict[Location, Stale]]:
    """Fresh variables for memory whose contents differ, or are new to one arm."""
    before = merge.ctx.values
    stores: dict[Location, Var] = {}
    stale: dict[Location, Stale] = {}
    for location, a in left.values.items():
        b = right.values.get(location)
        if b is None or location in merge.arrays or location not in used:
            continue
        if isinstance(a, Stale):
            stale[location] = a
        elif isinstance(b, Stale):
            stale[location] = b
        elif a != b or before.get(location) != a:
            joined = join_types(a.type, b.type)
            assert joined is not None
            name = getattr(a, "name", None) or getattr(b, "name", None)
            stores[location] = merge.leaf(joined, name)
            classes = mixtures.met(merge.ctx.classes, stores[location], a, b)
            merge.ctx.classes |= classes
    return stores, stale


def _gather(
    ctx: Context,
    merge: Merge,
    arm: Arm,
    met: Met,
    node: ast.AST,
) -> dict[Var, Atom]:
    """The atoms of an arm for every leaf."""
    side = Side(node, {}, met.stale)
    value_given = arm.value
    returned = any(merge.gone) and _is(True, arm.env.get(RETURNED))
    ignored = set(met.shapes) - SPECIAL if returned else set()

    def gather() -> None:
        for name, shape in met.shapes.items():
            given = None if name in ignored else arm.env.get(name)
            if name != VALUE and shape is not given:
                conform(merge, shape, given, side)
        shape, result = met.shapes.get(VALUE), arm.env.get(VALUE)
        if shape is not result:
            conform_result(merge, shape, result, arm.env.get(RETURNED), side)
        if met.value is not None:
            conform(merge, met.value, value_given, side)
        for location, held in met.objects.items():
            before = ctx.objects[location]
            if isinstance(held, RecordVal) and isinstance(before, RecordVal):
                conform(merge, held, before, side)
        for location, var in met.stores.items():
            side.out[var] = ctx.contents(location, node)

    ctx.resume(arm, gather)
    return side.out


def _settle(
    merge: Merge,
    then: Arm,
    orelse: Arm,
    atoms: list[dict[Var, Atom]],
    stores: Mapping[Location, Var],
) -> tuple[dict[Atom, Atom], tuple[Var, ...]]:
    """Leaves that need no result of the `If`, and the results that remain."""
    inner = then.defined() | orelse.defined()
    mapping: dict[Atom, Atom] = {}
    rows: dict[tuple[Atom, ...], Var] = {}
    kept = []
    flags: dict[tuple[Atom, ...], list[Atom]] = {}
    for var in merge.leaves:
        values = tuple(side[var] for side in atoms if var in side)
        if not values:
            continue
        first = values[0]
        if all(v == first for v in values) and first not in inner:
            mapping[var] = first
        elif var.name is None and values in rows:
            mapping[var] = rows[values]
        else:
            kept.append(var)
            if var.type == PY_BOOL:
                flags.setdefault(values, []).append(var)
            if var.name is None:
                rows[values] = var
    for alike in flags.values():
        same(merge.ctx.connected, alike)
    return mapping, tuple(kept)


def _finish(
    ctx: Context,
    merge: Merge,
    met: Met,
    mapping: Mapping[Atom, Atom],
    arms: list[Arm],
) -> None:
    """The state after the arms."""

    def final(atom: Atom) -> Atom:
        return mapping.get(atom, atom)

    env = ctx.frame.env
    for name, shape in met.shapes.items():
        if shape is None:
            env.pop(name, None)
        elif shape is not env.get(name):
            env[name] = map_atoms(shape, final)
    for location, held in (*met.objects.items(), *merge.objects.items()):
        ctx.objects[location] = meetings.mapped(held, lambda b: map_atoms(b, final))
    for location, var in met.stores.items():
        ctx.values[location] = final(var)
    for location, var in merge.arrays.items():
        ctx.values[location] = final(var)
    ctx.values.update(met.stale)
    merge.entangle()
    first, *others = (arm.facts for arm in arms)
    ctx.facts = {a: v for a, v in first.items() if all(f.get(a) == v for f in others)}
    if merge.cond is not None and len(arms) == 2:
        note_aliases(ctx, merge, merge.cond, arms)


def note_aliases(ctx: Context, merge: Merge, cond: Atom, arms: list[Arm]) -> None:
    """Note what new memory is in either arm, if that can be said after them."""
    inner = {var for arm in arms for var in arm.defined()}
    for parts, location in merge.keys.items():
        used = {a for _, path in parts for step in path for a in step.operands}
        if inner.isdisjoint(used):
            ctx.aliases[location] = Alias(cond, parts)


def _append(
    ctx: Context,
    cond: Atom,
    results: tuple[Var, ...],
    left: tuple[Atom, ...],
    right: tuple[Atom, ...],
    then: Arm,
    orelse: Arm,
) -> None:
    one, other = (
        Region((), tuple(arm.builder.stmts), row, arm.falls)
        for arm, row in ((then, left), (orelse, right))
    )
    if results or one.body or other.body:
        span, role = ctx.builder.span, ctx.builder.role
        ctx.builder.append(If(results, cond, one, other, span, role))
