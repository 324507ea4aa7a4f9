"""The entry: a function that Python calls, which takes objects and gives objects.

In: the function that it runs, and how its parameters lie in memory. Out: LLVM text of
a METH_FASTCALL function ``ptr name(self, args, count)``.
Invariants: arguments of other types than were compiled for, and runs that leave with
the status of the NumPy program, are handed to `self`, the slow path, with what was
given. Nothing is held of a run when it is over.
"""

from __future__ import annotations

import numpy as np

from adcompiler.emit.llvm.code import FAILED, Code
from adcompiler.emit.llvm.handing import boxed_array
from adcompiler.emit.llvm.nests import At, bytes_of
from adcompiler.emit.llvm.scalars import convert
from adcompiler.emit.llvm.values import (
    Elements,
    NotNative,
    Number,
    Value,
    component_types,
    components,
    dense,
    load_record,
    offset_by,
    record_size,
)
from adcompiler.emit.llvm.writer import Module
from adcompiler.ir.nodes import Function, Var
from adcompiler.ir.types import Array, Scalar, Type

__all__ = ["write_entry"]

_STACK = 6 << 20  # bytes that a run may take of the stack, which has at least eight


def write_entry(
    module: Module, function: Function, name: str, contiguous: frozenset[Var]
) -> str:
    """The entry of a function that is written under this name."""
    entry = _Entry(module, function, name, contiguous)
    return entry.text()


class _Entry:
    def __init__(
        self,
        module: Module,
        function: Function,
        name: str,
        contiguous: frozenset[Var],
    ) -> None:
        self.module, self.function, self.name = module, function, name
        self.contiguous = contiguous
        self.code = Code()

    def text(self) -> str:
        code, params = self.code, self.function.params
        ctx = code.alloca("{ptr, i64, i64}")
        out = code.alloca(
            "i8", max(8, sum(record_size(a.type) for a in self.function.results))
        )
        self.require(code.op(f"icmp eq i64 %count, {len(params)}"))
        given = ["ptr " + ctx]
        for k, param in enumerate(params):
            place = code.op(f"getelementptr ptr, ptr %args, i64 {k}")
            item = code.op(f"load ptr, ptr {place}")
            packed = param in self.contiguous
            value = self.taken(item, param.type, packed=packed)
            types = component_types(param.type, packed)
            texts = components(value, param.type, packed)
            given += [f"{t} {v}" for t, v in zip(types, texts, strict=True)]
        self._start_context(ctx)
        status = code.op(f"call i32 @{self.name}({', '.join(given)}, ptr {out})")
        self._finish(ctx, out, status)
        header = f"define ptr @{self.name}_entry(ptr %self, ptr %args, i64 %count)"
        return f"{header} {{\n{code.text}\n}}\n"

    def require(self, condition: str) -> None:
        """Take the slow path unless the condition holds."""
        onward = self.code.label("fits")
        self.code.branch(condition, onward, "slow")
        self.code.start(onward)

    def _start_context(self, ctx: str) -> None:
        code = self.code
        code.do(f"store ptr null, ptr {ctx}")
        here = code.op("call ptr @llvm.frameaddress.p0(i32 0)")
        least = code.op(f"sub i64 {code.op(f'ptrtoint ptr {here} to i64')}, {_STACK}")
        code.do(f"store i64 {least}, ptr {offset_by(code, ctx, '8')}")
        code.do(f"store i64 0, ptr {offset_by(code, ctx, '16')}")

    def _finish(self, ctx: str, out: str, status: str) -> None:
        code = self.code
        good, bad, failed = (code.label(h) for h in ("good", "bad", "failed"))
        code.do(
            f"switch i32 {status}, label %{bad} [i32 0, label %{good} "
            f"i32 {FAILED}, label %{failed}]"
        )
        code.start(good)
        self._results(ctx, out)
        code.start(bad)
        code.do(f"call void @adc_free_all(ptr {ctx})")
        code.jump("slow")
        code.start(failed)
        code.do(f"call void @adc_free_all(ptr {ctx})")
        code.do("ret ptr null")
        code.start("slow")
        result = code.op(
            "call ptr @PyObject_Vectorcall(ptr %self, ptr %args, i64 %count, ptr null)"
        )
        code.do(f"ret ptr {result}")

    # -- arguments --

    def taken(self, item: str, t: Type, *, packed: bool) -> Value:
        """The value of an argument."""
        match t:
            case Scalar():
                return self._number(item, t)
            case Array():
                return self._array(item, t, packed=packed)
            case _:
                raise NotNative(f"an argument of type {t}")

    def _has_type(self, item: str, symbol: str) -> None:
        found = self.code.op(f"load ptr, ptr {offset_by(self.code, item, '8')}")
        self.require(self.code.op(f"icmp eq ptr {found}, {symbol}"))

    def _number(self, item: str, t: Scalar) -> Number:
        code = self.code
        if t.kind == "either":
            raise NotNative("an argument that may be Python's or NumPy's")
        if t.kind == "numpy":
            scalar = np.dtype(t.dtype).type
            self._has_type(item, self.module.object_named(scalar, "type"))
            place = At(
                Elements(t.dtype, offset_by(code, item, "16"), "null", (), ()), "0"
            )
            return Number(t.dtype, place.get(code), "false")
        match t.dtype:
            case "float64":
                self._has_type(item, "@PyFloat_Type")
                text = code.op(f"load double, ptr {offset_by(code, item, '16')}")
            case "int64":
                self._has_type(item, "@PyLong_Type")
                over = code.alloca("i32")
                text = code.op(
                    f"call i64 @PyLong_AsLongLongAndOverflow(ptr {item}, ptr {over})"
                )
                flag = code.op(f"load i32, ptr {over}")
                self.require(code.op(f"icmp eq i32 {flag}, 0"))
            case _:
                self._has_type(item, "@PyBool_Type")
                text = code.op(f"icmp eq ptr {item}, @_Py_TrueStruct")
        return Number(t.dtype, text, "true")

    def _array(self, item: str, t: Array, *, packed: bool) -> Elements:
        """The elements of an array object that is what was compiled for."""
        code = self.code
        self._has_type(item, "@adc_array_type")
        number = code.op(f"load i32, ptr {offset_by(code, item, '24')}")
        self.require(code.op(f"icmp eq i32 {number}, {t.ndim}"))
        descr = code.op(f"load ptr, ptr {offset_by(code, item, '56')}")
        symbol = self.module.object_named(np.dtype(t.dtype), "dtype")
        self.require(code.op(f"icmp eq ptr {descr}, {symbol}"))
        flags = code.op(f"load i32, ptr {offset_by(code, item, '64')}")
        wanted = 0x101 if packed else 0x100  # C order, aligned
        found = code.op(f"and i32 {flags}, {wanted}")
        self.require(code.op(f"icmp eq i32 {found}, {wanted}"))
        data = code.op(f"load ptr, ptr {offset_by(code, item, '16')}")
        return self._shaped(item, t, data, packed=packed)

    def _shaped(self, item: str, t: Array, data: str, *, packed: bool) -> Elements:
        code = self.code
        lengths = code.op(f"load ptr, ptr {offset_by(code, item, '32')}")
        steps = code.op(f"load ptr, ptr {offset_by(code, item, '40')}")
        dims, strides = [], []
        size = bytes_of(t.dtype)
        for k, dim in enumerate(t.dims):
            n = code.op(f"load i64, ptr {offset_by(code, lengths, str(8 * k))}")
            if isinstance(dim, int):
                self.require(code.op(f"icmp eq i64 {n}, {dim}"))
                n = str(dim)
            elif dim.not_one:
                self.require(code.op(f"icmp ne i64 {n}, 1"))
            dims.append(n)
            if not packed:
                step = code.op(f"load i64, ptr {offset_by(code, steps, str(8 * k))}")
                rest = code.op(f"srem i64 {step}, {size}")
                self.require(code.op(f"icmp eq i64 {rest}, 0"))
                strides.append(code.op(f"sdiv exact i64 {step}, {size}"))
        if packed:
            strides = list(dense(code, dims))
        return Elements(t.dtype, data, "null", tuple(dims), tuple(strides), packed)

    # -- results --

    def _results(self, ctx: str, out: str) -> None:
        """The tuple of results."""
        code, results = self.code, self.function.results
        made = code.op(f"call ptr @PyTuple_New(i64 {len(results)})")
        offset = 0
        for k, atom in enumerate(results):
            place = offset_by(code, out, str(offset))
            value = load_record(code, atom.type, place)
            box = self.boxed(value, atom.type, ctx)
            none = code.op(f"icmp eq ptr {box}, null")
            onward = code.label("made")
            code.branch(none, "lacking", onward)
            code.start(onward)
            item = offset_by(code, made, str(24 + 8 * k))
            code.do(f"store ptr {box}, ptr {item}")
            offset += record_size(atom.type)
        code.do(f"call void @adc_free_all(ptr {ctx})")
        code.do(f"ret ptr {made}")
        code.start("lacking")
        code.do(f"call void @Py_DecRef(ptr {made})")
        code.do(f"call void @adc_free_all(ptr {ctx})")
        code.do("ret ptr null")

    def boxed(self, value: Value, t: Type, ctx: str) -> str:
        """A result as an object."""
        code = self.code
        match value, t:
            case Number(), Scalar(kind="python"):
                return self._python(value)
            case Number(), Scalar(kind="numpy"):
                return self._numpy(value)
            case Number(), Scalar():
                (found,) = code.chosen(
                    value.python,
                    lambda: [self._python(value)],
                    lambda: [self._numpy(value)],
                    ["ptr"],
                )
                return found
            case Elements(), Array():
                return boxed_array(code, self.module, value, ctx)
            case _:
                raise NotNative(f"a result of type {t}")

    def _python(self, value: Number) -> str:
        code = self.code
        if value.dtype == "bool":
            wide = code.op(f"zext i1 {value.text} to i64")
            return code.op(f"call ptr @PyBool_FromLong(i64 {wide})")
        if value.dtype.startswith("float"):
            number = convert(code, value.text, value.dtype, "float64")
            return code.op(f"call ptr @PyFloat_FromDouble(double {number})")
        return code.op(f"call ptr @PyLong_FromLongLong(i64 {value.text})")

    def _numpy(self, value: Number) -> str:
        code = self.code
        place = code.alloca("i64")
        cell = Elements(value.dtype, place, "null", (), ())
        At(cell, "0").put(code, value.text)
        descr = self.module.object_named(np.dtype(value.dtype), "dtype")
        return code.op(
            f"call ptr @adc_array_scalar(ptr {place}, ptr {descr}, ptr null)"
        )
