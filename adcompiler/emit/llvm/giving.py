"""Values as objects of Python: numbers, arrays and lists that a function gives.

In: a value, and the type of the result. Out: LLVM code that gives a new object, or null
where memory is lacking.
Invariants: an object shares no memory with the run; what an array alone is in changes
hands, so that lists which held it are not gone through again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adcompiler.emit.llvm.code import FAILED, Code
from adcompiler.emit.llvm.handing import boxed_array
from adcompiler.emit.llvm.listed import item_of, length_of
from adcompiler.emit.llvm.nests import At
from adcompiler.emit.llvm.scalars import convert
from adcompiler.emit.llvm.values import (
    Block,
    Elements,
    NotNative,
    Number,
    Value,
    offset_by,
)
from adcompiler.emit.llvm.writer import Module, Writer
from adcompiler.ir.types import Array, ListOf, Scalar, Type

__all__ = ["list_object", "object_of"]


def object_of(code: Code, module: Module, value: Value, t: Type, ctx: str) -> str:
    """A result as an object; the function that computes lists gives objects of them."""
    match value, t:
        case Number(), Scalar(kind="python"):
            return _python(code, value)
        case Number(), Scalar(kind="numpy", dtype=dtype):
            number = convert(code, value.text, value.dtype, dtype)
            return _numpy(code, module, Number(dtype, number, "false"))
        case Number(), Scalar():
            (found,) = code.chosen(
                value.python,
                lambda: [_python(code, value)],
                lambda: [_numpy(code, module, value)],
                ["ptr"],
            )
            return found
        case Elements(), Array():
            return boxed_array(code, module, value, ctx)
        case Block(owner=owner), ListOf():
            return owner
        case _:
            raise NotNative(f"a result of type {t}")


def _python(code: Code, value: Number) -> str:
    if value.dtype == "bool":
        wide = code.op(f"zext i1 {value.text} to i64")
        return code.op(f"call ptr @PyBool_FromLong(i64 {wide})")
    if value.dtype.startswith("float"):
        number = convert(code, value.text, value.dtype, "float64")
        return code.op(f"call ptr @PyFloat_FromDouble(double {number})")
    return code.op(f"call ptr @PyLong_FromLongLong(i64 {value.text})")


def _numpy(code: Code, module: Module, value: Number) -> str:
    place = code.alloca("i64")
    cell = Elements(value.dtype, place, "null", (), ())
    At(cell, "0").put(code, value.text)
    descr = module.object_named(np.dtype(value.dtype), "dtype")
    return code.op(f"call ptr @adc_array_scalar(ptr {place}, ptr {descr}, ptr null)")


def list_object(writer: Writer, block: Block, t: ListOf) -> Block:
    """The list object of what a list holds, which nothing reads any more."""
    code = writer.code
    count = length_of(code, block.owner)
    made = code.op(f"call ptr @PyList_New(i64 {count})")
    code.fail_if(code.op(f"icmp eq ptr {made}, null"), FAILED)

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        value = item_of(code, block.owner, t, index)
        box = _element(writer, value, t.element)
        code.fail_if(code.op(f"icmp eq ptr {box}, null"), FAILED)
        items = code.op(f"load ptr, ptr {offset_by(code, made, '24')}")
        place = code.op(f"getelementptr ptr, ptr {items}, i64 {index}")
        code.do(f"store ptr {box}, ptr {place}")
        return ()

    code.counted(count, trip)
    return Block(made)


def _element(writer: Writer, value: Value, t: Type) -> str:
    match value, t:
        case Block(), ListOf():
            return list_object(writer, value, t).owner
        case Number(), Scalar(kind="either", dtype=dtype):
            # A list does not keep which it is. NumPy's numbers never raise: so that
            # what an adjoint does with them gives what it does here.
            t = Scalar(dtype, "numpy")
    return object_of(writer.code, writer.module, value, t, "%ctx")
