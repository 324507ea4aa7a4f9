"""Rows of calls, of the residuals that calls leave, and of what only raises.

In: a statement. Out: its results.
Invariants: a callee is lent its operands, and hands over what it gives. Residuals are a
block of records, which lets go of what it holds when it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adcompiler.emit.llvm.code import FAILED, FALLBACK, Code
from adcompiler.emit.llvm.listed import DROP, set_field
from adcompiler.emit.llvm.values import (
    Block,
    Elements,
    Value,
    component_types,
    components,
    load_record,
    offset_by,
    record_size,
    store_record,
)
from adcompiler.emit.llvm.writer import Writer, owned
from adcompiler.ir.nodes import Let
from adcompiler.ir.types import Type

__all__ = ["ROWS"]

Values = list[Value]


def _call(writer: Writer, let: Let) -> Values:
    """A call of a function of the module."""
    code, callee = writer.code, let.param("callee")
    sizes = [record_size(a.type) for a in callee.function.results]
    out = code.alloca("i8", max(8, sum(sizes)))
    given = []
    for atom, param in zip(let.operands, callee.function.params, strict=True):
        types = component_types(param.type)
        texts = components(writer.value(atom), param.type)
        given += [f"{t} {v}" for t, v in zip(types, texts, strict=True)]
    name = writer.module.callees[callee]
    given = ["ptr %ctx", *given, f"ptr {out}"]
    status = code.op(f"call i32 @{name}({', '.join(given)})")
    code.fail_if(code.op(f"icmp eq i32 {status}, {FALLBACK}"))
    code.fail_if(code.op(f"icmp eq i32 {status}, {FAILED}"), FAILED)
    values, offset = [], 0
    for atom in callee.function.results:
        found = load_record(code, atom.type, offset_by(code, out, str(offset)))
        values.append(found)
        offset += -(-record_size(atom.type) // 8) * 8
    return values


# -- residuals and calls -----------------------------------------------------------


def _pack(writer: Writer, let: Let) -> Values:
    code = writer.code
    sizes = [record_size(a.type) for a in let.operands]
    block = code.op(f"call ptr @adc_block(ptr %ctx, i64 {sum(sizes)}, i64 1)")
    code.fail_if(code.op(f"icmp eq ptr {block}, null"))
    place = 64
    for atom, size in zip(let.operands, sizes, strict=True):
        value = writer.handed(atom)
        store_record(code, value, atom.type, offset_by(code, block, str(place)))
        place += size
    types = [a.type for a in let.operands]
    if any(map(owned, types)):
        set_field(code, block, DROP, f"@{_pack_dropper(writer, types)}", "ptr")
    return [Block(block)]


def _pack_dropper(writer: Writer, types: Sequence[Type]) -> str:
    """The function that lets go of what a bundle holds."""
    code, place = Code(), 64
    for t in types:
        if owned(t):
            value = load_record(code, t, offset_by(code, "%block", str(place)))
            assert isinstance(value, Elements | Block)
            code.do(f"call void @adc_release(ptr %ctx, ptr {value.owner})")
        place += record_size(t)
    code.do("ret void")
    name = f"adc_drop_pack_{len(writer.module.extra)}"
    header = f"define internal void @{name}(ptr %ctx, ptr %block) noinline"
    writer.module.extra[name] = f"{header} {{\n{code.text}\n}}\n"
    return name


def _unpack(writer: Writer, let: Let) -> Values:
    code, block = writer.code, writer.block(let.operands[0])
    values, place = [], 64
    for var in let.results:
        value = load_record(code, var.type, offset_by(code, block, str(place)))
        writer.retain(value)
        values.append(value)
        place += record_size(var.type)
    return values


def _none(writer: Writer, let: Let) -> Values:
    return [Block("null")]


def _nothing(writer: Writer, let: Let) -> Values:
    """Of what only raises, which has been tested."""
    return []


ROWS: dict[str, Callable[[Writer, Let], Values]] = {
    "call": _call,
    "pack": _pack,
    "unpack": _unpack,
    "residuals_none": _none,
    "raise": _nothing,
    "check_bound": _nothing,
    "check_real": _nothing,
}
