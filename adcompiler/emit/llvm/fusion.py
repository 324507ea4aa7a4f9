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

from collections.abc import Hashable, Sequence

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.mapped import (
    applied,
    broadcast_dims,
    is_mapped,
    scalar_result,
)
from adcompiler.emit.llvm.nests import At, Source, broadcast, each
from adcompiler.emit.llvm.notes import Nest
from adcompiler.emit.llvm.parts import put_part
from adcompiler.emit.llvm.reductions import Reduction, is_whole
from adcompiler.emit.llvm.scalars import convert, elementwise
from adcompiler.emit.llvm.values import Elements, Number, machine
from adcompiler.emit.llvm.writer import Group, Writer
from adcompiler.ir.nodes import Atom, Const, Let, Var
from adcompiler.ir.types import Array, Scalar, dims_of

__all__ = ["accepted", "deferred", "is_fusible", "write_group"]

_MOST = 256  # members of a group


def is_fusible(writer: Writer, let: Let) -> bool:
    """Whether a statement may be part of a nest."""
    if is_mapped(let):
        there = let.primitive.name == "stop_gradient" and _is_there(writer, let)
        return isinstance(let.result.type, Array) and not there
    if _is_sum_of_nothing(let):
        return _repeats_nothing(writer, let)
    return is_whole(let) or _is_sum_in_place(writer, let)


def _is_there(writer: Writer, let: Let) -> bool:
    """Whether the operand is in memory, of which the result is a view."""
    return let.operands[0] not in writer.pending


def _is_sum_of_nothing(let: Let) -> bool:
    return let.primitive.name == "sum_to" and isinstance(let.result.type, Array)


def _repeats_nothing(writer: Writer, let: Let) -> bool:
    """Whether a sum over what was repeated is assumed to be what it is given, which a
    group computes."""
    g, like = let.operands
    if writer.shape(g.type) != writer.shape(like.type) or g not in writer.pending:
        return False
    group, other = writer.pending[g], writer.dims(like)
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
    over = let.operands[0] if is_whole(let) else let.result
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
    if not is_whole(let):
        group.elements.add(let.result)
    writer.pending[let.result] = group


def _read(let: Let) -> Sequence[Atom]:
    """The operands whose elements a member reads, but for what it adds to."""
    if _is_sum_of_nothing(let):
        return let.operands[:1]
    return let.operands[1 if let.primitive.writes else 0 :]


def deferred(writer: Writer, let: Let) -> bool:
    """Leave a statement on numbers, some of which a group gives, until it has; whether
    that could be done."""
    if not is_mapped(let) or not isinstance(let.result.type, Scalar):
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
    others = (v for v in group.sources if v is not target)
    return not any(writer.roots(target) & writer.roots(v) for v in others)


def _begun(writer: Writer, let: Let, shape: tuple[Hashable, ...]) -> Group:
    if not is_whole(let):
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


def write_group(writer: Writer, group: Group, needed: set[Var]) -> None:
    """The nest of a group, which gives the values that are needed."""
    code = writer.code
    around, notes = code.mark, writer.module.notes
    nest = None if notes is None else notes.begin(_noted(group))
    code.mark = writer.module.mark(group.members[0], nest)
    outputs = [
        m.result
        for m in group.members
        if m.result in group.places or (m.result in needed and not is_whole(m))
    ]
    sums = [Reduction(m) for m in group.members if is_whole(m)]
    targets = {v: group.places.get(v) or writer.room(v, group.dims) for v in outputs}
    names = list(group.sources)
    given: list[Source] = [
        broadcast(code, s, group.dims) if isinstance(s, Elements) else s
        for s in group.sources.values()
    ]

    def body(places: list[At], carried: tuple[str, ...]) -> Sequence[str]:
        texts = {
            v: p.get(code) for v, p in zip(names, places[len(outputs) :], strict=False)
        }
        totals = dict(zip(sums, carried, strict=True)) if sums else {}
        ends: list[str] = []
        for member in group.members:
            code.mark = writer.module.mark(member, nest)
            count = 1 if _is_sum_of_nothing(member) else None
            args = [_text(writer, a, texts) for a in member.operands[:count]]
            if _is_sum_of_nothing(member):
                texts[member.result] = args[0]
            elif is_mapped(member):
                texts[member.result] = scalar_result(writer, member, args)
            elif member.primitive.writes:
                texts[member.result] = _sum(code, member, *args)
            else:
                (found,) = (s for s in sums if s.let is member)
                ends.append(found.step(code, totals[found], *args))
        for place, var in zip(places, outputs, strict=False):
            place.put(code, texts[var])
        code.call_them(texts if notes is not None else {})
        if group.sink is not None:
            written = texts[group.sink.value]
            put_part(code, group.sink.let, places[-1], written)
        return ends

    inits = [(machine(s.dtype), s.first) for s in sums]
    arrays: list[Source] = [*targets.values(), *given]
    if group.sink is not None:
        arrays.append(group.sink.target)
    totals = each(code, group.dims, arrays, body, inits, parallel=True)
    for var, target in targets.items():
        writer.enter_value(var, target)
    _enter_numbers(writer, group, list(zip(sums, totals, strict=True)), around)
    code.mark = around


def _enter_numbers(
    writer: Writer, group: Group, sums: Sequence[tuple[Reduction, str]], around: int
) -> None:
    """What the nest has summed, and what follows from that."""
    code = writer.code
    for found, total in sums:
        count = code.product(group.dims)
        text = found.result(code, total, count)
        t = found.let.result.type
        assert isinstance(t, Scalar)
        writer.enter(found.let, [Number(t.dtype, text, "")])
    for let in group.after:
        code.mark = writer.module.mark(let) or around
        writer.enter(let, [applied(writer, let)])


def _noted(group: Group) -> Nest:
    lets = [m for m in group.members if not _is_sum_of_nothing(m)]
    first = group.members[0]
    over = first.operands[0] if is_whole(first) else first.result
    return Nest(tuple(lets), dims_of(over.type))


def _sum(code: Code, let: Let, old: str, more: str) -> str:
    """An element of the target, and what is added to it."""
    given = [str(getattr(a.type, "dtype", "")) for a in let.operands]
    wide = let.dtypes[0] or given[0]
    args = [convert(code, t, g, wide) for t, g in zip((old, more), given, strict=True)]
    text, _ = elementwise(code, "add", {}, args, [wide, wide])
    return convert(code, text, wide, given[0])


def _text(writer: Writer, atom: object, texts: dict[Var, str]) -> str:
    if isinstance(atom, Var):
        return texts[atom]
    assert isinstance(atom, Const)
    return writer.number(atom).text
