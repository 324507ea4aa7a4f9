"""Elementwise statements and reductions over one shape become one loop nest.

In: the statements of a region, in order. Out: groups, each written as one nest when a
value of it is first needed: what is used inside of the group alone is never stored.

Invariants: members of a group have one shape by their types. A group is written before
what it reads changes, and before control parts; what it reads is held until then. What
is added to an array in place is added by the group, too, which alone looks at that
array until then: to a value of the group it is a sum like others.

    t = tanh(x); y = t * t; s = sum(y); g = t * 2   ->   one nest that gives s and g
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from adcompiler.emit.llvm.groups import Group
from adcompiler.emit.llvm.mapped import broadcast_dims, is_mapped
from adcompiler.emit.llvm.reductions import (
    is_sum_of_nothing,
    is_whole,
    reduced_axes,
    reduces_axes,
)
from adcompiler.emit.llvm.values import Elements
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Atom, Let, Var
from adcompiler.ir.types import Array, Scalar, dims_of

__all__ = ["accepted", "deferred", "is_dear", "is_fusible"]

_MOST = 256  # members of a group


def is_fusible(writer: Writer, let: Let) -> bool:
    """Whether a statement may be part of a nest."""
    if is_mapped(let):
        there = let.primitive.name == "stop_gradient" and _is_there(writer, let)
        return isinstance(let.result.type, Array) and not there
    if reduces_axes(let):
        return _is_of_group(writer, let)
    if is_sum_of_nothing(let):
        return _repeats_nothing(writer, let)
    return is_whole(let) or _is_sum_in_place(writer, let)


def _is_there(writer: Writer, let: Let) -> bool:
    """Whether the operand is in memory, of which the result is a view."""
    return let.operands[0] not in writer.pending


def _is_of_group(writer: Writer, let: Let) -> bool:
    """Whether axes are reduced of what a group computes, and cheaply: functions take
    whole vectors, which rows may be too short for."""
    x = let.operands[0]
    group = writer.pending.get(x) if isinstance(x, Var) else None
    if group is None or x not in group.elements:
        return False
    if group.scope is not writer.scopes[-1] or any(map(is_dear, group.members)):
        return False
    if let.primitive.name != "sum_to":
        return True
    like, axes = let.operands[1], reduced_axes(let) or ()
    dims, other = dims_of(x.type), dims_of(like.type)
    kept = [k for k in range(len(dims)) if k not in axes]
    lead = len(dims) - len(other)
    if any(writer.class_of(dims[k]) != writer.class_of(other[k - lead]) for k in kept):
        return False
    theirs = writer.dims(like)
    assert theirs is not None
    for k in kept:
        writer.require_equal(group.dims[k], theirs[k - lead])
    return x in writer.pending


def is_dear(let: Let) -> bool:
    """Whether an element takes a call of a function."""
    return 0.0 < let.primitive.cost_of(let) < math.inf


def _repeats_nothing(writer: Writer, let: Let) -> bool:
    """Whether a sum over what was repeated is assumed to be what it is given, which a
    group computes."""
    g, like = let.operands
    group = writer.pending.get(g) if isinstance(g, Var) else None
    if group is None or g not in group.elements:
        return False
    if writer.shape(g.type) != writer.shape(like.type):
        return False
    other = writer.dims(like)
    assert other is not None
    for mine, theirs in zip(group.dims, other, strict=True):
        writer.require_equal(mine, theirs)
    return g in writer.pending


def _is_sum_in_place(writer: Writer, let: Let) -> bool:
    """Whether a statement adds to all of an array what it does not look at."""
    if let.primitive.name != "accumulate" or let.param("index") != ():
        return False
    target, value = let.operands
    if value in writer.waiting:
        return False
    longer = len(dims_of(value.type)) > len(dims_of(target.type))
    return not longer and not writer.roots(target) & writer.roots(value)


def shape_of(writer: Writer, let: Let) -> tuple[Hashable, ...]:
    """The shape that the statement goes over."""
    over = let.operands[0] if is_whole(let) or reduces_axes(let) else let.result
    return writer.shape(over.type)


def accepted(writer: Writer, let: Let) -> None:
    """Add a statement to the group of its shape, or begin one."""
    shape = shape_of(writer, let)
    group = writer.group_of(shape)
    target = let.operands[:1] if let.primitive.writes else ()
    for atom in (*target, *_read(let)):
        if isinstance(atom, Var) and (other := writer.pending.get(atom)) is not None:
            inside = other is group and atom in other.elements
            if not inside:
                writer.flush(other)
    group = writer.group_of(shape)
    if group is not None and not _may_join(writer, group, let):
        writer.flush(group)
        group = None
    if group is not None and len(group.members) >= _MOST:
        writer.flush(group)
        group = None
    if group is None:
        group = _begun(writer, let, shape)
    for atom in _read(let):
        if isinstance(atom, Var) and atom not in writer.pending:
            found = writer.source(atom)
            if isinstance(found, Elements) and atom not in group.sources:
                found = writer.aligned(atom.type, found, group.shape, group.dims)
            group.sources.setdefault(atom, found)
    if let.primitive.writes:
        _take_place(writer, group, let)
    group.members.append(let)
    if not is_whole(let) and not reduces_axes(let):
        group.elements.add(let.result)
    writer.pending[let.result] = group


def _read(let: Let) -> Sequence[Atom]:
    """The operands whose elements a member reads, but for what it adds to."""
    if let.primitive.name == "sum_to":
        return let.operands[:1]
    return let.operands[1 if let.primitive.writes else 0 :]


def deferred(writer: Writer, let: Let) -> bool:
    """Leave a statement on numbers, some of which a group gives, until it has; whether
    that could be done: an array without axes is let go of, or written to, meanwhile."""
    if not is_mapped(let) or not isinstance(let.result.type, Scalar):
        return False
    if not all(isinstance(a.type, Scalar) for a in let.operands):
        return False
    waiting = {writer.pending.get(a) for a in let.operands if isinstance(a, Var)}
    waiting.discard(None)
    if len(waiting) != 1:
        return False
    (group,) = waiting
    assert group is not None
    mine = group.scope is writer.scopes[-1]
    if not mine or any(a in group.elements for a in let.operands):
        return False
    group.after.append(let)
    writer.pending[let.result] = group
    return True


def _take_place(writer: Writer, group: Group, let: Let) -> None:
    """The result of a sum in place lies where its target does."""
    (target, _), result = let.operands, let.result
    assert isinstance(target, Var)
    if target not in writer.pending:
        place = writer.handed(target)
        assert isinstance(place, Elements)
        place = writer.aligned(target.type, place, group.shape, group.dims)
        group.sources.setdefault(target, place)
        group.places[result] = place
        group.written |= writer.roots(target)
    elif target in group.places:
        group.places[result] = group.places.pop(target)


def _may_join(writer: Writer, group: Group, let: Let) -> bool:
    """Whether what the group stores, and what it reads, are told apart."""
    given = [a for a in _read(let) if isinstance(a, Var) and a not in writer.pending]
    if any(writer.roots(a) & group.written for a in given):
        return False
    if not let.primitive.writes or let.operands[0] in writer.pending:
        return True
    target = let.operands[0]
    if writer.roots(target) & group.written:
        return False
    others = (v for v in group.sources if v is not target)
    return not any(writer.roots(target) & writer.roots(v) for v in others)


def _begun(writer: Writer, let: Let, shape: tuple[Hashable, ...]) -> Group:
    if not is_whole(let) and not reduces_axes(let):
        result = let.result.type
        assert isinstance(result, Array)
        dims = _dims(writer, let, result)
    else:
        dims = writer.elements(let.operands[0]).dims
    group = Group(writer.scopes[-1], shape, dims)
    writer.groups.append(group)
    return group


def _dims(writer: Writer, let: Let, result: Array) -> tuple[str, ...]:
    """The lengths of a result: those of an operand that are assumed to be its own."""
    operands = let.operands if let.primitive.writes else _read(let)
    found = [(dims_of(a.type), writer.source(a)) for a in operands]
    arrays = [(t, x) for t, x in found if isinstance(x, Elements)]
    dims = []
    for k, d in enumerate(result.dims):
        axis, wanted = k - result.ndim, writer.class_of(d)
        mine = [
            x.dims[axis]
            for t, x in arrays
            if len(t) >= -axis and writer.class_of(t[axis]) == wanted
        ]
        if not mine:
            mine = [broadcast_dims(writer, result, [x for _, x in found])[k]]
        dims.append(writer.length(d, mine[0]))
    return tuple(dims)
