"""Rows that NumPy computes, called from the function.

In: a statement of numbers and arrays. Out: the values that the row's `evaluate` gives.
Invariants: operands are lent, as arrays that cannot be stored to, but for those that
are said to be; a result's memory is
kept by the object that owns it, in a block of the run. An exception that is raised
leaves the function with status 1, and is the program's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adcompiler.emit.llvm.code import FAILED, Code
from adcompiler.emit.llvm.listed import append, item_of, length_of, new_list
from adcompiler.emit.llvm.nests import bytes_of
from adcompiler.emit.llvm.scalars import convert
from adcompiler.emit.llvm.taking import array_kept
from adcompiler.emit.llvm.values import (
    Block,
    Elements,
    NotNative,
    Number,
    Value,
    offset_by,
)
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.evaluation import Evaluation
from adcompiler.ir.nodes import Let
from adcompiler.ir.types import Array, ListOf, Scalar, Type

__all__ = ["boxed", "by_numpy"]


def by_numpy(writer: Writer, let: Let, stored: Sequence[int] = ()) -> list[Value]:
    """The results of a statement, computed by its row's `evaluate`, which stores into
    the operands at these places."""
    code = writer.code
    operands = [writer.value(a) for a in let.operands]
    writer.module.note_call(f"NumPy's {let.primitive.name}", code.mark)
    function = writer.module.object_named(_evaluation(let), let.primitive.name)
    count = len(operands)
    args = code.alloca("ptr", max(1, count))
    boxes = []
    for k, (atom, value) in enumerate(zip(let.operands, operands, strict=True)):
        box = boxed(writer, value, atom.type, stored=k in stored)
        boxes.append(box)
        code.do(f"store ptr {box}, ptr {_slot(writer, args, k)}")
    given = f"ptr {function}, ptr {args}, i64 {count}, ptr null"
    found = code.op(f"call ptr @PyObject_Vectorcall({given})")
    for box in boxes:
        code.do(f"call void @Py_DecRef(ptr {box})")
    code.fail_if(code.op(f"icmp eq ptr {found}, null"), FAILED)
    if not let.results:
        code.do(f"call void @Py_DecRef(ptr {found})")
        return []
    if len(let.results) == 1:
        return [_unboxed(writer, found, let.result.type)]
    values = []
    for k, var in enumerate(let.results):
        # A tuple's items stand behind its head.
        place = code.op(f"getelementptr i8, ptr {found}, i64 {24 + 8 * k}")
        item = code.op(f"load ptr, ptr {place}")
        code.do(f"call void @Py_IncRef(ptr {item})")
        values.append(_unboxed(writer, item, var.type))
    code.do(f"call void @Py_DecRef(ptr {found})")
    return values


def _slot(writer: Writer, args: str, k: int) -> str:
    return writer.code.op(f"getelementptr ptr, ptr {args}, i64 {k}")


def _evaluation(let: Let) -> Evaluation:
    """What is called: it takes plain numbers and arrays, and gives such."""
    if let.primitive.evaluate is None:
        raise NotNative(let.primitive.name)
    operands = tuple(atom.type for atom in let.operands)
    types = tuple(var.type for var in let.results)
    return Evaluation(let.primitive.name, dict(let.params), operands, types)


# -- the function's side ---------------------------------------------------------------


def boxed(writer: Writer, value: Value, t: Type, *, stored: bool = False) -> str:
    """A Python object of a number, of a list or, lent, of an array."""
    code = writer.code
    match value:
        case Number(dtype="bool", text=text):
            return code.op(
                f"call ptr @PyBool_FromLong(i64 {code.op(f'zext i1 {text} to i64')})"
            )
        case Number(dtype=dtype, text=text) if dtype.startswith("float"):
            wide = convert(code, text, dtype, "float64")
            return code.op(f"call ptr @PyFloat_FromDouble(double {wide})")
        case Number(dtype="uint64", text=text):
            return code.op(f"call ptr @PyLong_FromUnsignedLongLong(i64 {text})")
        case Number(dtype=dtype, text=text):
            wide = convert(code, text, dtype, "int64")
            return code.op(f"call ptr @PyLong_FromLongLong(i64 {wide})")
        case Elements():
            return _lent(writer, value, stored=stored)
        case Block() if isinstance(t, ListOf):
            return _listed(writer, value.owner, t)
        case _:
            raise NotNative("residuals that NumPy is given")


def _listed(writer: Writer, block: str, t: ListOf) -> str:
    """A list object of what a list holds."""
    code, count = writer.code, length_of(writer.code, block)
    made = code.op(f"call ptr @PyList_New(i64 {count})")
    code.fail_if(code.op(f"icmp eq ptr {made}, null"), FAILED)

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        item = boxed(writer, item_of(code, block, t, index), t.element)
        items = code.op(f"load ptr, ptr {offset_by(code, made, '24')}")
        place = code.op(f"getelementptr ptr, ptr {items}, i64 {index}")
        code.do(f"store ptr {item}, ptr {place}")
        return ()

    code.counted(count, trip)
    return made


def _lent(writer: Writer, x: Elements, *, stored: bool) -> str:
    """An array object of memory that it does not own."""
    code, rank = writer.code, len(x.dims)
    dims = code.alloca("i64", max(1, rank))
    strides = code.alloca("i64", max(1, rank))
    size = str(bytes_of(x.dtype))
    for k in range(rank):
        place = code.op(f"getelementptr i64, ptr {dims}, i64 {k}")
        code.do(f"store i64 {x.dims[k]}, ptr {place}")
        place = code.op(f"getelementptr i64, ptr {strides}, i64 {k}")
        code.do(f"store i64 {code.multiply(x.strides[k], size)}, ptr {place}")
    number = np.dtype(x.dtype).num
    flags = 0x100 | (0x400 if stored else 0)  # aligned, writeable
    box = code.op(
        f"call ptr @adc_array_new(ptr @adc_array_type, i32 {rank}, ptr {dims}, "
        f"i32 {number}, ptr {strides}, ptr {x.data}, i32 0, i32 {flags}, ptr null)"
    )
    code.fail_if(code.op(f"icmp eq ptr {box}, null"), FAILED)
    return box


def _unboxed(writer: Writer, item: str, t: Type) -> Value:
    """The value of an object that `_giver` gave; the reference is taken."""
    code = writer.code
    match t:
        case Scalar(dtype=dtype):
            if dtype.startswith("float"):  # it is a float of Python's
                text = code.op(f"call double @PyFloat_AsDouble(ptr {item})")
                code.do(f"call void @Py_DecRef(ptr {item})")
                return Number(dtype, convert(code, text, "float64", dtype), "")
            return Number(dtype, _int_unboxed(code, item, dtype), "")
        case Array():
            return array_kept(writer, item, t)
        case ListOf():
            return Block(_unlisted(writer, item, t))
        case _:
            raise NotNative(f"a result of type {t}")


def _int_unboxed(code: Code, item: str, dtype: str) -> str:
    """The number of an int, whose reference is taken. One of Python's that leaves 64
    bits is the NumPy program's."""
    if dtype == "uint64":  # NumPy's, which has no more bits
        text = code.op(f"call i64 @PyLong_AsUnsignedLongLongMask(ptr {item})")
        code.do(f"call void @Py_DecRef(ptr {item})")
        return text
    place = code.alloca("i32")
    given = f"ptr {item}, ptr {place}"
    text = code.op(f"call i64 @PyLong_AsLongLongAndOverflow({given})")
    code.do(f"call void @Py_DecRef(ptr {item})")
    over = code.op(f"load i32, ptr {place}")
    code.fail_if(code.op(f"icmp ne i32 {over}, 0"))
    return convert(code, text, "int64", dtype)


def _unlisted(writer: Writer, item: str, t: ListOf) -> str:
    """The list of what a list object holds."""
    code, block = writer.code, new_list(writer, t)
    count = code.op(f"load i64, ptr {offset_by(code, item, '16')}")

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        items = code.op(f"load ptr, ptr {offset_by(code, item, '24')}")
        place = code.op(f"getelementptr ptr, ptr {items}, i64 {index}")
        held = code.op(f"load ptr, ptr {place}")
        code.do(f"call void @Py_IncRef(ptr {held})")
        append(writer, block, t, _unboxed(writer, held, t.element))
        return ()

    code.counted(count, trip)
    code.do(f"call void @Py_DecRef(ptr {item})")
    return block
