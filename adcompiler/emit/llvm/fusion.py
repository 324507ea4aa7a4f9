"""Elementwise statements and reductions over one shape become one loop nest.

In: the statements of a region, in order. Out: groups, each written as one nest when a
value of it is first needed: what is used inside of the group alone is never stored.

Invariants: members of a group have one shape by their types. A group is written before
what it reads changes, and before control parts; what it reads is held until then.

    t = tanh(x); y = t * t; s = sum(y); g = t * 2   ->   one nest that gives s and g
"""

from __future__ import annotations

from collections.abc import Sequence

from adcompiler.emit.llvm.mapped import broadcast_dims, is_mapped, scalar_result
from adcompiler.emit.llvm.nests import At, Source, allocated, broadcast, each
from adcompiler.emit.llvm.reductions import Reduction, is_whole
from adcompiler.emit.llvm.values import Elements, Number, machine
from adcompiler.emit.llvm.writer import Group, Writer
from adcompiler.ir.nodes import Const, Let, Var
from adcompiler.ir.types import Array, Length, Scalar, dims_of

__all__ = ["accepted", "is_fusible", "write_group"]

_MOST = 48  # members of a group


def is_fusible(let: Let) -> bool:
    """Whether a statement may be part of a nest."""
    if is_mapped(let):
        return isinstance(let.result.type, Array)
    return is_whole(let)


def shape_of(let: Let) -> tuple[Length, ...]:
    """The shape that the statement goes over."""
    return dims_of(let.result.type if is_mapped(let) else let.operands[0].type)


def accepted(writer: Writer, let: Let) -> None:
    """Add a statement to the group of its shape, or begin one."""
    shape = shape_of(let)
    group = writer.group_of(shape)
    for atom in let.operands:
        if isinstance(atom, Var) and (other := writer.pending.get(atom)) is not None:
            inside = other is group and atom in other.elements
            if not inside:
                writer.flush(other)
    group = writer.group_of(shape)
    if group is not None and len(group.members) >= _MOST:
        writer.flush(group)
        group = None
    if group is None:
        group = _begun(writer, let, shape)
    for atom in let.operands:
        if isinstance(atom, Var) and atom not in writer.pending:
            group.sources.setdefault(atom, writer.source(atom))
    group.members.append(let)
    if is_mapped(let):
        group.elements.add(let.result)
    writer.pending[let.result] = group


def _begun(writer: Writer, let: Let, shape: tuple[Length, ...]) -> Group:
    if is_mapped(let):
        result = let.result.type
        assert isinstance(result, Array)
        found = [writer.source(a) for a in let.operands]
        dims = broadcast_dims(writer, result, found)
    else:
        dims = writer.elements(let.operands[0]).dims
    group = Group(writer.scopes[-1], shape, dims)
    writer.groups.append(group)
    return group


def write_group(writer: Writer, group: Group, needed: set[Var]) -> None:
    """The nest of a group, which gives the values that are needed."""
    code = writer.code
    outputs = [m.result for m in group.members if m.result in needed and is_mapped(m)]
    sums = [Reduction(m) for m in group.members if not is_mapped(m)]
    targets = {v: _target(writer, v, group.dims) for v in outputs}
    names = list(group.sources)
    given: list[Source] = [
        broadcast(code, s, group.dims) if isinstance(s, Elements) else s
        for s in group.sources.values()
    ]

    def body(places: list[At], carried: tuple[str, ...]) -> Sequence[str]:
        texts = {
            v: p.get(code) for v, p in zip(names, places[len(outputs) :], strict=True)
        }
        totals = dict(zip(sums, carried, strict=True)) if sums else {}
        ends: list[str] = []
        for member in group.members:
            if is_mapped(member):
                args = [_text(writer, a, texts) for a in member.operands]
                texts[member.result] = scalar_result(writer, member, args)
                continue
            (found,) = (s for s in sums if s.let is member)
            (text,) = (_text(writer, a, texts) for a in member.operands)
            ends.append(found.step(code, totals[found], text))
        for place, var in zip(places, outputs, strict=False):
            place.put(code, texts[var])
        return ends

    inits = [(machine(s.dtype), s.first) for s in sums]
    arrays: list[Source] = [*targets.values(), *given]
    totals = each(code, group.dims, arrays, body, inits)
    for var, target in targets.items():
        writer.enter_value(var, target)
    for found, total in zip(sums, totals, strict=True):
        count = code.product(group.dims)
        text = found.result(code, total, count)
        t = found.let.result.type
        assert isinstance(t, Scalar)
        writer.enter(found.let, [Number(t.dtype, text, "")])


def _target(writer: Writer, var: Var, dims: tuple[str, ...]) -> Elements:
    assert isinstance(var.type, Array)
    return allocated(writer.code, var.type.dtype, dims)


def _text(writer: Writer, atom: object, texts: dict[Var, str]) -> str:
    if isinstance(atom, Var):
        return texts[atom]
    assert isinstance(atom, Const)
    return writer.number(atom).text
