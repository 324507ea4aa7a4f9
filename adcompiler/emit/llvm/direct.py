"""What an object calls itself by: arguments in, the result as the caller expects it.

In: the name of a function whose entry is written, and how its results are put together.
Out: LLVM text of ``ptr name_direct(self, args, flags, words)``, a vectorcall function.
That of a module whose results go to given arrays serves calls with ``out=`` and no
other words; the plain one hands calls with words on to it, if there is one.
Invariants: what was read while compiling is compared with what is there now; where
anything differs, and where a run leaves with the status of the NumPy program, the
method `__call__` of `self` is called with what was given.

An object that is called so is laid out as `execute.vectorcall` says: behind its head
come the address of this function, then the facts that it checks, then the address of
the function for ``out=``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.entry import branch_on_status
from adcompiler.emit.llvm.values import offset_by
from adcompiler.emit.llvm.writer import Module
from adcompiler.gradients import Gradients, spare
from adcompiler.ir.nodes import Function
from adcompiler.ir.types import Scalar, Type

__all__ = ["Direct", "Item", "Known", "Packed", "write_direct"]

_WRITING = "40"  # where in an object the address of the function for `out` is
_IS_TUPLE = 1 << 26  # of the flags of a type
_NUMBER = 2**63 - 1  # the bits of a call's flags that are the number of arguments


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
    """How results are put together, each of them once, as objects of these types.

    `shaped` are those that have the shapes of parameters, as pairs of indices, `stored`
    the parameters that are stored to, which share no memory with others. `out` are the
    results for which a caller may give arrays: one, or a tuple, with None for numbers.
    """

    tree: Item | Known | Packed
    shaped: tuple[tuple[int, int], ...]
    types: tuple[Type, ...]
    stored: tuple[int, ...] = ()
    out: int | tuple[int | None, ...] | None = None


def write_direct(
    module: Module,
    name: str,
    direct: Direct,
    function: Function,
    into: Sequence[int] = (),
) -> str:
    """The function that runs one of this name; `into` are the results that arrays are
    given for, in the order in which they come behind the arguments."""
    code = Code()
    boxes = code.alloca("ptr", max(1, len(function.results)))
    if into:
        given = _worded(code, module, direct, len(function.params), into)
    else:
        given = _plain(code)
    branch_on_status(code, code.op(f"call i32 @{name}_boxed({given}, ptr {boxes})"))

    def floats(item: Item | Known | Packed) -> bool:
        """Whether it is a float of Python."""
        number = Scalar("float64", "python")
        return isinstance(item, Item) and direct.types[item.index] == number

    code.do(f"ret ptr {_assembled(code, module, direct.tree, boxes, floats)}")
    code.start("slow")
    called = module.object_named("__call__", "text")
    given = f"ptr {called}, ptr %self, ptr %args, i64 %flags, ptr %words"
    code.do(f"ret ptr {code.op(f'call ptr @adc_call_method({given})')}")
    header = f"define ptr @{name}_direct(ptr %self, ptr %args, i64 %flags, ptr %words)"
    return f"{header} {{\n{code.text}\n}}\n"


def _plain(code: Code) -> str:
    """What is run of a call without words. Others go to the function for ``out=``, if
    there is one."""
    plain, worded = code.label("plain"), code.label("worded")
    code.branch(code.op("icmp eq ptr %words, null"), plain, worded)
    code.start(worded)
    other = code.op(f"load ptr, ptr {offset_by(code, '%self', _WRITING)}")
    _require(code, code.op(f"icmp ne ptr {other}, null"))
    given = "ptr %self, ptr %args, i64 %flags, ptr %words"
    code.do(f"ret ptr {code.op(f'call ptr {other}({given})')}")
    code.start(plain)
    _require(code, code.op("call i1 @adc_facts_hold(ptr %self)"))
    return f"ptr %args, i64 {code.op(f'and i64 %flags, {_NUMBER}')}"


def _worded(
    code: Code, module: Module, direct: Direct, params: int, into: Sequence[int]
) -> str:
    """What is run of a call with ``out=``: its arguments, then what is given for the
    results."""
    _require(code, code.op("icmp ne ptr %words, null"))
    size = code.op(f"load i64, ptr {offset_by(code, '%words', '16')}")
    _require(code, code.op(f"icmp eq i64 {size}, 1"))
    word = code.op(f"load ptr, ptr {offset_by(code, '%words', '24')}")
    _require(code, code.op(f"icmp eq ptr {word}, {module.object_named('out', 'text')}"))
    _require(code, code.op("call i1 @adc_facts_hold(ptr %self)"))
    number = code.op(f"and i64 %flags, {_NUMBER}")
    _require(code, code.op(f"icmp eq i64 {number}, {params}"))
    given = code.alloca("ptr", params + len(into))
    code.do(
        f"call void @llvm.memcpy.p0.p0.i64(ptr {given}, ptr %args, i64 {8 * params}, "
        "i1 false)"
    )
    out = code.op(f"load ptr, ptr {offset_by(code, '%args', str(8 * params))}")
    places = _places(code, module, direct.out, out)
    for k, result in enumerate(into):
        at = offset_by(code, given, str(8 * (params + k)))
        code.do(f"store ptr {places[result]}, ptr {at}")
    return f"ptr {given}, i64 {params + len(into)}"


def _places(
    code: Code, module: Module, wanted: int | tuple[int | None, ...] | None, out: str
) -> dict[int, str]:
    """The objects that are given for results."""
    if not isinstance(wanted, tuple):
        assert wanted is not None
        return {wanted: out}
    cls = code.op(f"load ptr, ptr {offset_by(code, out, '8')}")
    flags = code.op(f"load i64, ptr {offset_by(code, cls, '168')}")
    flag = code.op(f"and i64 {flags}, {_IS_TUPLE}")
    _require(code, code.op(f"icmp ne i64 {flag}, 0"))
    size = code.op(f"load i64, ptr {offset_by(code, out, '16')}")
    _require(code, code.op(f"icmp eq i64 {size}, {len(wanted)}"))
    found = {}
    for k, result in enumerate(wanted):
        item = code.op(f"load ptr, ptr {offset_by(code, out, str(24 + 8 * k))}")
        if result is None:
            nothing = module.object_named(None, "known")
            _require(code, code.op(f"icmp eq ptr {item}, {nothing}"))
        else:
            found[result] = item
    return found


def _require(code: Code, condition: str) -> None:
    onward = code.label("fits")
    code.branch(condition, onward, "slow")
    code.start(onward)


def _assembled(
    code: Code,
    module: Module,
    tree: Item | Known | Packed,
    boxes: str,
    floats: Callable[[Item | Known | Packed], bool],
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
            parts = [_assembled(code, module, item, boxes, floats) for item in items]
            held = code.alloca("ptr", max(1, len(parts)))
            for k, part in enumerate(parts):
                code.do(f"store ptr {part}, ptr {offset_by(code, held, str(8 * k))}")
            if cls is tuple:
                return code.op(f"call ptr @adc_tuple_of(ptr {held}, i64 {len(parts)})")
            symbol = module.object_named(cls, "class")
            given = f"ptr {symbol}, ptr {held}, i64 {len(parts)}"
            if issubclass(cls, Gradients) and all(map(floats, items)):
                mine = module.object_named(spare(cls), "spare")
                return code.op(f"call ptr @adc_refilled(ptr {mine}, {given})")
            return code.op(f"call ptr @adc_instance_of({given})")
        case _:
            assert_never(tree)
