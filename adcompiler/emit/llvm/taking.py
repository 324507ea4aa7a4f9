"""Objects of Python as values: numbers, arrays and lists that a function is given.

In: a pointer to an object, and the type that was compiled for. Out: its value, after
tests that it is of that type: where one fails, the run is left to the NumPy program.
Invariants: no object is changed, or kept; a list is copied to memory of the run, which
holds the arrays that are in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.listed import append, new_list
from adcompiler.emit.llvm.nests import At
from adcompiler.emit.llvm.values import (
    Block,
    Elements,
    NotNative,
    Number,
    Value,
    dense,
    offset_by,
)
from adcompiler.emit.llvm.writer import Module, Writer
from adcompiler.ir.types import Array, ListOf, Scalar, Type

__all__ = ["Objects", "array_kept", "list_given"]

_CARRAY = 0x101  # flags of an array object: C order, aligned


class Objects:
    """Tests of objects; `require` leaves the run unless a condition holds."""

    def __init__(
        self, code: Code, module: Module, require: Callable[[str], None]
    ) -> None:
        self.code, self.module, self.require = code, module, require

    def require_type(self, item: str, symbol: str) -> None:
        self.require(self.has_type(item, symbol))

    def has_type(self, item: str, symbol: str) -> str:
        found = self.code.op(f"load ptr, ptr {offset_by(self.code, item, '8')}")
        return self.code.op(f"icmp eq ptr {found}, {symbol}")

    def require_array(self, item: str, t: Array, flags: int) -> None:
        """Look that an object is an array of this dtype and rank, with these flags."""
        code = self.code
        self.require_type(item, "@adc_array_type")
        number = code.op(f"load i32, ptr {offset_by(code, item, '24')}")
        self.require(code.op(f"icmp eq i32 {number}, {t.ndim}"))
        descr = code.op(f"load ptr, ptr {offset_by(code, item, '56')}")
        symbol = self.module.object_named(np.dtype(t.dtype), "dtype")
        self.require(code.op(f"icmp eq ptr {descr}, {symbol}"))
        given = code.op(f"load i32, ptr {offset_by(code, item, '64')}")
        found = code.op(f"and i32 {given}, {flags}")
        self.require(code.op(f"icmp eq i32 {found}, {flags}"))

    def number(self, item: str, t: Scalar) -> Number:
        """The number that an object of this type is."""
        if t.kind == "numpy":
            self.require_type(item, self._numpys(t.dtype))
            return Number(t.dtype, self._numpy_text(item, t.dtype), "false")
        if t.kind == "either":
            return self._of_either(item, t.dtype)
        return Number(t.dtype, self._python_text(item, t.dtype), "true")

    def _numpys(self, dtype: str) -> str:
        return self.module.object_named(np.dtype(dtype).type, "type")

    def _numpy_text(self, item: str, dtype: str) -> str:
        data = offset_by(self.code, item, "16")
        return At(Elements(dtype, data, "null", (), ()), "0").get(self.code)

    def _of_either(self, item: str, dtype: str) -> Number:
        """A number that may be NumPy's; what is not is tested to be Python's."""
        code, word = self.code, _MACHINE[dtype]
        theirs = self.has_type(item, self._numpys(dtype))
        (text,) = code.chosen(
            theirs,
            lambda: [self._numpy_text(item, dtype)],
            lambda: [self._python_text(item, dtype)],
            [word],
        )
        return Number(dtype, text, code.op(f"xor i1 {theirs}, true"))

    def _python_text(self, item: str, dtype: str) -> str:
        code = self.code
        match dtype:
            case "float64":
                self.require_type(item, "@PyFloat_Type")
                return code.op(f"load double, ptr {offset_by(code, item, '16')}")
            case "int64":
                self.require_type(item, "@PyLong_Type")
                over = code.alloca("i32")
                text = code.op(
                    f"call i64 @PyLong_AsLongLongAndOverflow(ptr {item}, ptr {over})"
                )
                flag = code.op(f"load i32, ptr {over}")
                self.require(code.op(f"icmp eq i32 {flag}, 0"))
                return text
            case "bool":
                self.require_type(item, "@PyBool_Type")
                return code.op(f"icmp eq ptr {item}, @_Py_TrueStruct")
            case _:
                raise NotNative(f"a {dtype} that may be Python's")


_MACHINE = {"float64": "double", "int64": "i64", "bool": "i1"}


def list_given(writer: Writer, item: str, t: ListOf) -> Block:
    """The list of what a list object holds, whose type is known to be that."""
    code, block = writer.code, new_list(writer, t)
    objects = Objects(code, writer.module, lambda holds: _leave_unless(code, holds))
    count = code.op(f"load i64, ptr {offset_by(code, item, '16')}")

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        items = code.op(f"load ptr, ptr {offset_by(code, item, '24')}")
        place = code.op(f"getelementptr ptr, ptr {items}, i64 {index}")
        held = code.op(f"load ptr, ptr {place}")
        append(writer, block, t, _element(writer, objects, held, t.element))
        return ()

    code.counted(count, trip)
    return Block(block)


def _leave_unless(code: Code, holds: str) -> None:
    code.fail_if(code.op(f"xor i1 {holds}, true"))


def _element(writer: Writer, objects: Objects, item: str, t: Type) -> Value:
    match t:
        case Scalar():
            return objects.number(item, t)
        case Array():
            objects.require_array(item, t, _CARRAY)
            writer.code.do(f"call void @Py_IncRef(ptr {item})")
            return array_kept(writer, item, t)
        case ListOf():
            objects.require_type(item, "@PyList_Type")
            return list_given(writer, item, t)
        case _:
            raise NotNative(f"a list of type {t}")


def array_kept(writer: Writer, item: str, t: Array) -> Elements:
    """The elements of an array object in C order, which a block of the run holds."""
    code = writer.code
    data = code.op(f"load ptr, ptr {offset_by(code, item, '16')}")
    lengths = code.op(f"load ptr, ptr {offset_by(code, item, '32')}")
    dims = [
        code.op(f"load i64, ptr {offset_by(code, lengths, str(8 * k))}")
        for k in range(t.ndim)
    ]
    owner = code.op("call ptr @adc_block(ptr %ctx, i64 0, i64 1)")
    code.fail_if(code.op(f"icmp eq ptr {owner}, null"))
    code.do(f"store ptr {item}, ptr {offset_by(code, owner, '32')}")
    code.do(f"store i64 2, ptr {offset_by(code, owner, '24')}")
    return Elements(t.dtype, data, owner, tuple(dims), dense(code, dims), True)
