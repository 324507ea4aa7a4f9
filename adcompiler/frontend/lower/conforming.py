"""What the leaves of a meeting take on each path.

In: a `Merge`, a shape of it, and what a path has there: the state is that of the end of
the path. Out: in a `Side`, the atom of this path for each leaf of the shape.
Invariants: what a path has not assigned is `Undef`, which is never read; what converts
or reads it is emitted at the end of the path. Memory is gone through once, under
however many names it is known.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from adcompiler.frontend.bindings import (
    DEAD,
    NONE,
    UNASSIGNED,
    ArrayRef,
    Binding,
    Dead,
    Dyn,
    ListRef,
    Location,
    MaybeNone,
    MaybeUnbound,
    ObjectRef,
    RangeVal,
    RecordVal,
    Step,
    TextVal,
    TupleVal,
)
from adcompiler.frontend.lower import maybe, slices
from adcompiler.frontend.lower.frames import Held, Stale
from adcompiler.frontend.lower.meetings import Object
from adcompiler.frontend.lower.merges import Merge
from adcompiler.frontend.lower.numbers import carried, converted
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, If, Region, Undef, Var, fresh_var
from adcompiler.ir.types import Scalar, Type

ITEM = Step("load", (), (("index", ()),))  # the number in an array of rank 0


@dataclass(slots=True)
class Side:
    """What the leaves of a merge take on one path: filled in while it is gone through.

    `stale` is the new memory that holds what a store may have changed, `seen` the
    objects that were gone through.
    """

    node: ast.AST
    out: dict[Var, Atom] = field(default_factory=dict)
    stale: dict[Location, Stale] = field(default_factory=dict)
    seen: set[Location] = field(default_factory=set)


def conform(
    merge: Merge, shape: Binding | None, given: Binding | None, side: Side
) -> None:
    """The atoms that the shape's leaves take on the path that is current now."""
    given = None if given is None else maybe.known(merge.ctx, given)
    match shape, given:
        case MaybeUnbound(inner, flag), MaybeUnbound(value, known):
            _give(merge, flag, known, side)
            _present(merge, (known, True), inner, value, side)
        case MaybeUnbound(inner, flag), _:
            bound = given not in (None, UNASSIGNED, DEAD)
            _give(merge, flag, constant(bound), side)
            conform(merge, inner, given, side)
        case _, MaybeUnbound(value, _):
            conform(merge, shape, value, side)
        case MaybeNone(), _:
            _or_none(merge, shape, given, side)
        case Dyn(var), Dyn(atom):
            _give(merge, var, _converted(merge, atom, var.type, side.node), side)
        case Dyn(var), ArrayRef():
            atom = merge.ctx.step(merge.ctx.read(given, side.node), ITEM, side.node)
            _give(merge, var, _converted(merge, atom, var.type, side.node), side)
        case Dyn(var), _:
            _give(merge, var, Undef(var.type), side)
        case TupleVal(items), _:
            parts = given.items if isinstance(given, TupleVal) else None
            for k, item in enumerate(items):
                part = None if parts is None else parts[k]
                conform(merge, item, part, side)
        case TextVal(_, items), _:
            numbers = given.operands if isinstance(given, TextVal) else None
            for k, item in enumerate(items):
                number = None if numbers is None else numbers[k]
                conform(merge, item, number, side)
        case ((ObjectRef() | RecordVal()), _):
            _object(merge, shape, given, side)
        case RangeVal(), _:
            _range(merge, shape, given, side)
        case ListRef(location), _:
            held = merge.arrays.get(location)
            if held is not None:
                _memory(merge, shape, held, given, side)
        case ArrayRef(), _:
            _array(merge, shape, given, side)
        case _:
            return


def _or_none(merge: Merge, shape: MaybeNone, given: Binding | None, side: Side) -> None:
    """What is None on a path, a value, either, or not assigned."""
    match given:
        case MaybeNone(value, flag):
            _give(merge, shape.flag, flag, side)
            _present(merge, (flag, False), shape.value, value, side)
        case None | Dead():
            _give(merge, shape.flag, Undef(shape.flag.type), side)
            conform(merge, shape.value, None, side)
        case _:
            _give(merge, shape.flag, constant(given == NONE), side)
            conform(merge, shape.value, given, side)


def _present(
    merge: Merge, there: tuple[Atom, bool], shape: Binding, given: Binding, side: Side
) -> None:
    """`conform` where there is a value, as a flag says: only then can it be read."""
    ctx, within = merge.ctx, replace(side, out=dict(side.out))
    arm = ctx.run(lambda: conform(merge, shape, given, within), there)
    before = side.out
    found = {v: atom for v, atom in within.out.items() if before.get(v) is not atom}
    inside = arm.defined()
    made: dict[Atom, Var] = {
        atom: fresh_var(atom.type) for atom in found.values() if atom in inside
    }
    if arm.builder.stmts:
        absent = tuple(Undef(atom.type) for atom in made)
        then = Region((), tuple(arm.builder.stmts), tuple(made))
        flag, value = there
        orelse = Region((), (), absent)
        arms = (then, orelse) if value else (orelse, then)
        made_here, span = tuple(made.values()), ctx.builder.span
        ctx.builder.append(If(made_here, flag, arms[0], arms[1], span))
    side.out.update((var, made.get(atom, atom)) for var, atom in found.items())


def conform_result(
    merge: Merge,
    shape: Binding | None,
    given: Binding | None,
    returned: Binding | None,
    side: Side,
) -> None:
    """`conform` of what a path returns: read only where it has returned. Elsewhere the
    way to a view may go by an index that no trip has set. What names hold that are read
    elsewhere, too, has been gone through before.
    """
    if shape is None or given is None or not isinstance(returned, Dyn):
        conform(merge, shape, given, side)
    elif isinstance(returned.atom, Var):
        _present(merge, (returned.atom, True), shape, given, side)
    else:
        probe = Side(side.node, dict(side.out), dict(side.stale), set(side.seen))
        arm = merge.ctx.run(lambda: conform(merge, shape, given, probe))
        unread = not arm.builder.stmts or returned.atom == constant(True)
        conform(merge, shape, given if unread else None, side)


def _converted(merge: Merge, atom: Atom, t: Type, node: ast.AST) -> Atom:
    """A number as the type that carries what it meets."""
    atom = converted(atom, t)
    if isinstance(t, Scalar) and isinstance(atom.type, Scalar):
        return carried(merge.ctx, atom, t, node)
    return atom


def _give(merge: Merge, var: Atom, atom: Atom, side: Side) -> None:
    if isinstance(var, Var) and var in merge.leaves:
        side.out[var] = atom


def _range(merge: Merge, shape: RangeVal, given: Binding | None, side: Side) -> None:
    for part in ("start", "stop", "step"):
        var = getattr(shape, part).atom
        known = isinstance(given, RangeVal)
        atom = getattr(given, part).atom if known else Undef(var.type)
        _give(merge, var, atom, side)


def _array(merge: Merge, shape: ArrayRef, given: Binding | None, side: Side) -> None:
    var = merge.arrays.get(shape.location)
    if var is not None:
        _memory(merge, shape, var, given, side)
        return
    path = None
    if isinstance(given, ArrayRef):
        path = slices.explicit(merge.ctx, side.node, given, shape.path)
    for k, step in enumerate(shape.path):
        for j, atom in enumerate(step.operands):
            value = path[k].operands[j] if path else Undef(atom.type)
            _give(merge, atom, value, side)


def _memory(
    merge: Merge,
    shape: ArrayRef | ListRef,
    var: Var,
    given: Binding | None,
    side: Side,
) -> None:
    """What new memory holds, or why that cannot be known."""
    if var in side.out:
        return
    side.out[var] = Undef(var.type)
    if not isinstance(given, ArrayRef | ListRef) or type(given) is not type(shape):
        return
    held = merge.ctx.values.get(given.location)
    if isinstance(held, Stale):
        side.stale[shape.location] = held
    elif isinstance(given, ArrayRef):
        side.out[var] = merge.ctx.read(given, side.node)
    else:
        side.out[var] = merge.ctx.contents(given.location, side.node)


def _object(merge: Merge, shape: Object, given: Binding | None, side: Side) -> None:
    """The atoms that the entries of an object take."""
    state: Held | None = shape if isinstance(shape, RecordVal) else None
    if isinstance(shape, ObjectRef):
        if shape.location in side.seen:
            return
        state = merge.objects.get(shape.location)
        if isinstance(given, Object):
            side.seen.add(shape.location)
    if not isinstance(state, RecordVal):
        return
    known: Held | None = given if isinstance(given, RecordVal) else None
    if isinstance(given, ObjectRef):
        known = merge.ctx.objects.get(given.location)
    parts = known.items if isinstance(known, RecordVal) else (None,) * len(state.items)
    for item, part in zip(state.items, parts, strict=True):
        conform(merge, item, part, side)
