"""Rows that draw random numbers.

In: a draw; the state of a generator is the memory of an argument, or of the run. Out:
what is drawn.
Invariants: where a run is given up, what it has drawn is undone by who calls it
(`execute.llvm.entry`), before the NumPy program draws the same. So each generator is
noted before it is drawn from: by NumPy's side, which is called for most kinds of draws,
or at the beginning (`touched`), where functions of machine code draw
(`random.kernels`): of numbers that are known, or none, so that nothing is to be checked
but lengths.
"""

from __future__ import annotations

from dataclasses import replace

from adcompiler.emit.llvm.called import by_numpy
from adcompiler.emit.llvm.values import (
    Elements,
    Number,
    Value,
    constant_text,
    in_memory,
    offset_by,
)
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Atom, Const, Function, Let, Var
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import Array, Scalar
from adcompiler.ir.walk import all_stmts
from adcompiler.random import kernels

__all__ = ["ROWS", "touched"]


def _drawn(writer: Writer, let: Let) -> list[Value]:
    return by_numpy(writer, let, stored=(0,) if let.operands else ())


def _draw(writer: Writer, let: Let) -> list[Value]:
    call = _call(let)
    if call is None or call[0] not in kernels.addresses():
        return _drawn(writer, let)
    name, params, count = call
    code, t = writer.code, let.result.type
    assert isinstance(t, Array | Scalar)
    if isinstance(t, Array):
        lengths = [writer.int64(a) for a in let.operands[1 + count :]]
        dims = [
            str(d) if isinstance(d, int) else n
            for d, n in zip(t.dims, lengths, strict=True)
        ]
        out = writer.room(let.result, dims)
        place, many = out.data, code.product(dims)
    else:
        place, many = code.alloca(in_memory(t.dtype)), "1"
    state = writer.value(let.operands[0])
    assert isinstance(state, Elements)
    given = [f"{kind} {value}" for kind, value in params]
    writer.module.extra.setdefault("draws", _DECLARED)
    holders = [_holder(writer, x) for x in (state.data, place)]
    args = ", ".join([*(f"ptr {h}" for h in holders), f"i64 {many}", *given])
    code.do(f"call void @{name}({args})")
    if isinstance(t, Array):
        return [out]
    word = in_memory(t.dtype)
    return [Number(t.dtype, code.op(f"load {word}, ptr {place}"), "false")]


# As one text: functions that are alike but for their names are taken for one.
_DECLARED = "\n".join(
    f"declare void @adc_{name}(ptr, ptr, i64{more})"
    for names, more in (
        (("rand_f", "rand_d"), ""),
        (("normals_f", "normals_d", "uniform_f", "uniform_d"), ", double, double"),
        (("randint",), ", i64, i64"),
    )
    for name in names
)


def _holder(writer: Writer, data: str) -> str:
    """What is to a function that draws as an array object: it tells the elements."""
    code = writer.code
    holder = code.alloca("i64", 3)
    code.do(f"store ptr {data}, ptr {offset_by(code, holder, '16')}")
    return holder


# Of a draw: the function, what it is given besides, and how many operands that is.
_Call = tuple[str, list[tuple[str, str]], int]


def _call(let: Let) -> _Call | None:
    """The function that draws; None where NumPy's side does, or checks numbers."""
    kind, dtype = let.param("kind"), let.param("dtype")
    letter = {"float32": "f", "float64": "d"}.get(dtype)
    numbers = [a.value for a in let.operands[1:3] if isinstance(a, Const)]
    match kind:
        case "rand" if letter:
            return f"adc_rand_{letter}", [], 0
        case "randn" if letter:
            return f"adc_normals_{letter}", [_double(0.0), _double(1.0)], 0
        case "normal" if letter and len(numbers) == 2 and numbers[1] >= 0.0:
            return f"adc_normals_{letter}", [_double(v) for v in numbers], 2
        case "uniform" if letter and len(numbers) == 2 and _is_narrow(*numbers):
            return f"adc_uniform_{letter}", [_double(v) for v in numbers], 2
        case "randint" if dtype == "int64" and _is_whole(let.operands[1:3]):
            low, high = numbers
            if 0 < high - low < 2**28:
                return "adc_randint", [("i64", str(low)), ("i64", str(high - low))], 2
    return None


def _is_narrow(low: float, high: float) -> bool:
    return low <= high and abs(low) < 2.0**60 and abs(high) < 2.0**60


def _is_whole(ends: tuple[Atom, ...]) -> bool:
    return all(isinstance(a, Const) and abs(a.value) < 2**62 for a in ends)


def _double(value: float) -> tuple[str, str]:
    return "double", constant_text(value, "float64")


def touched(function: Function) -> Function:
    """The function, in which generators are noted that functions of machine code draw
    from."""
    params, found = set(function.params), dict[Var, None]()
    for stmt in all_stmts(function.region.body):
        if isinstance(stmt, Let) and stmt.primitive.name == "draw" and _call(stmt):
            state = stmt.operands[0]
            if isinstance(state, Var) and state in params:
                found[state] = None
    if not found or not kernels.addresses():
        return function
    notes = tuple(Let((), PRIMITIVES["touch"], (state,)) for state in found)
    body = (*notes, *function.region.body)
    return replace(function, region=replace(function.region, body=body))


ROWS = {
    **dict.fromkeys(("dropout_mask", "fork", "generator", "touch"), _drawn),
    "draw": _draw,
}
