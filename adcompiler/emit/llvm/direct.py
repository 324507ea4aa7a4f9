"""What an object calls itself by: arguments in, the result as the caller expects it.

In: the name of a function whose entry is written, and how its results are put together.
Out: LLVM text of ``ptr name_direct(self, args, flags, words)``, a vectorcall function.
Invariants: what was read while compiling is compared with what is there now; where
anything differs, and where a run leaves with the status of the NumPy program, the
method `__call__` of `self` is called with what was given.

An object that is called so is laid out as `execute.vectorcall` says: behind its head
come the address of this function, then the facts that it checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_never

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.entry import branch_on_status
from adcompiler.emit.llvm.values import offset_by
from adcompiler.emit.llvm.writer import Module
from adcompiler.ir.types import Type

__all__ = ["Direct", "Item", "Known", "Packed", "write_direct"]


@dataclass(frozen=True, slots=True)
class Item:
    """The result at this index."""

    index: int


@dataclass(frozen=True, slots=True)
class Known:
    """An object that was known while compiling."""

    value: Any


@dataclass(frozen=True, slots=True)
class Packed:
    """A tuple, or an object of a class that adds names to it."""

    cls: type
    items: tuple[Item | Known | Packed, ...]


@dataclass(frozen=True, slots=True)
class Direct:
    """How results are put together, each of them once, as objects of these types;
    `shaped` are those that have the shapes of parameters, as pairs of indices, `stored`
    the parameters that are stored to, which share no memory with others."""

    tree: Item | Known | Packed
    shaped: tuple[tuple[int, int], ...]
    types: tuple[Type, ...]
    stored: tuple[int, ...] = ()


def write_direct(module: Module, name: str, direct: Direct, count: int) -> str:
    """The function, for a program of so many results."""
    code = Code()
    boxes = code.alloca("ptr", max(1, count))
    plain, alike = code.label("plain"), code.label("alike")
    code.branch(code.op("icmp eq ptr %words, null"), plain, "slow")
    code.start(plain)
    code.branch(code.op("call i1 @adc_facts_hold(ptr %self)"), alike, "slow")
    code.start(alike)
    number = code.op(f"and i64 %flags, {2**63 - 1}")
    given = f"ptr %args, i64 {number}, ptr {boxes}"
    branch_on_status(code, code.op(f"call i32 @{name}_boxed({given})"))
    code.do(f"ret ptr {_assembled(code, module, direct.tree, boxes)}")
    code.start("slow")
    called = module.object_named("__call__", "text")
    given = f"ptr {called}, ptr %self, ptr %args, i64 %flags, ptr %words"
    code.do(f"ret ptr {code.op(f'call ptr @adc_call_method({given})')}")
    header = f"define ptr @{name}_direct(ptr %self, ptr %args, i64 %flags, ptr %words)"
    return f"{header} {{\n{code.text}\n}}\n"


def _assembled(
    code: Code, module: Module, tree: Item | Known | Packed, boxes: str
) -> str:
    """The object of a part of the result; null where memory is lacking."""
    match tree:
        case Item(index=index):
            return code.op(f"load ptr, ptr {offset_by(code, boxes, str(8 * index))}")
        case Known(value=value):
            symbol = module.object_named(value, "known")
            code.do(f"call void @Py_IncRef(ptr {symbol})")
            return symbol
        case Packed(cls=cls, items=items):
            parts = [_assembled(code, module, item, boxes) for item in items]
            held = code.alloca("ptr", max(1, len(parts)))
            for k, part in enumerate(parts):
                code.do(f"store ptr {part}, ptr {offset_by(code, held, str(8 * k))}")
            if cls is tuple:
                return code.op(f"call ptr @adc_tuple_of(ptr {held}, i64 {len(parts)})")
            symbol = module.object_named(cls, "class")
            given = f"ptr {symbol}, ptr {held}, i64 {len(parts)}"
            return code.op(f"call ptr @adc_instance_of({given})")
        case _:
            assert_never(tree)
