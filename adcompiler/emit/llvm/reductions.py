"""Rows that reduce axes.

In: a statement. Out: its result; None where NumPy is to compute it.
Invariants: a sum may be taken in any order, which is what lets it be vectorised; nan is
handed on by extrema.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.functions import Writer
from adcompiler.emit.llvm.nests import At, allocated, broadcast, each, filled
from adcompiler.emit.llvm.scalars import convert, elementwise
from adcompiler.emit.llvm.values import (
    Elements,
    Number,
    Value,
    constant_text,
    machine,
)
from adcompiler.ir.nodes import Let
from adcompiler.ir.types import Array, Scalar

__all__ = ["ROWS"]

Values = list[Value]
Step = Callable[[Code, str, str, str], str]  # dtype, what was reduced, an element


def _plus(code: Code, dtype: str, total: str, x: str) -> str:
    if dtype.startswith("float"):
        return code.op(f"fadd reassoc contract {machine(dtype)} {total}, {x}")
    return elementwise(code, "add", {}, [total, x], [dtype, dtype])[0]


def _times(code: Code, dtype: str, total: str, x: str) -> str:
    return elementwise(code, "multiply", {}, [total, x], [dtype, dtype])[0]


def _extreme(name: str) -> Step:
    def step(code: Code, dtype: str, best: str, x: str) -> str:
        return elementwise(code, name, {"via": "np"}, [best, x], [dtype, dtype])[0]

    return step


def _or(code: Code, dtype: str, found: str, x: str) -> str:
    return code.op(f"or i1 {found}, {x}")


def _and(code: Code, dtype: str, found: str, x: str) -> str:
    return code.op(f"and i1 {found}, {x}")


def _first(name: str, dtype: str, let: Let) -> str:
    """What a reduction starts from: of extrema what any element replaces."""
    if name in ("max", "min"):
        initial = let.param("initial")
        if initial is not None:
            return constant_text(initial, dtype)
        lowest = name == "max"
        if dtype.startswith("float"):
            return constant_text(-math.inf if lowest else math.inf, dtype)
        if dtype == "bool":
            return "false" if lowest else "true"
        bits = int(dtype.lstrip("uint"))
        signed = not dtype.startswith("u")
        low = -(2 ** (bits - 1)) if signed else 0
        high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
        return str(low if lowest else high)
    return {
        "sum": constant_text(0, dtype),
        "mean": constant_text(0, dtype),
        "prod": constant_text(1, dtype),
        "any": "false",
        "all": "true",
    }[name]


_STEPS: dict[str, Step] = {
    "sum": _plus,
    "mean": _plus,
    "prod": _times,
    "max": _extreme("maximum"),
    "min": _extreme("minimum"),
    "any": _or,
    "all": _and,
}


def _axes(let: Let, x: Elements) -> tuple[int, ...]:
    axis = let.param("axis")
    if axis is None:
        return tuple(range(len(x.dims)))
    return (axis,) if isinstance(axis, int) else tuple(axis)


def _reduced(name: str) -> Callable[[Writer, Let], Values | None]:
    def row(writer: Writer, let: Let) -> Values | None:
        x, t = writer.value(let.operands[0]), let.result.type
        if not isinstance(t, Array | Scalar):
            return None
        if not isinstance(x, Elements):
            return _of_number(writer, name, x, t)
        axes = _axes(let, x)
        if isinstance(t, Scalar):
            text = _whole(writer, name, let, x)
            return [Number(t.dtype, _mean(writer, name, text, x, axes, t), "")]
        if not axes:
            return None
        return [_along(writer, name, let, x, axes, t)]

    return row


def _of_number(writer: Writer, name: str, x: Value, t: Array | Scalar) -> Values | None:
    """The reduction of a number, which is the number."""
    if not isinstance(x, Number) or not isinstance(t, Scalar):
        return None
    return [Number(t.dtype, convert(writer.code, x.text, x.dtype, t.dtype), "")]


def _dtype(name: str, let: Let, x: Elements) -> str:
    """The dtype in which elements are reduced."""
    if name in ("any", "all"):
        return "bool"
    t = let.result.type
    assert isinstance(t, Array | Scalar)
    return x.dtype if name in ("max", "min") else let.dtypes[0] or t.dtype


def _whole(writer: Writer, name: str, let: Let, x: Elements) -> str:
    code, dtype = writer.code, _dtype(name, let, x)

    def body(places: list[At], carried: tuple[str, ...]) -> Sequence[str]:
        text = convert(code, places[0].get(code), x.dtype, dtype)
        return [_STEPS[name](code, dtype, carried[0], text)]

    first = _first(name, dtype, let)
    (total,) = each(code, x.dims, [x], body, [(machine(dtype), first)])
    return total


def _mean(
    writer: Writer,
    name: str,
    text: str,
    x: Elements,
    axes: tuple[int, ...],
    t: Array | Scalar,
) -> str:
    """The sum over the count, if it is a mean."""
    if name != "mean":
        return text
    code = writer.code
    count = code.product(x.dims[a] for a in axes)
    number = convert(code, count, "int64", t.dtype)
    return code.op(f"fdiv {machine(t.dtype)} {text}, {number}")


def _along(
    writer: Writer,
    name: str,
    let: Let,
    x: Elements,
    axes: tuple[int, ...],
    t: Array,
) -> Elements:
    """Reduce some axes: the others outside, or inside where they lie closer."""
    code, dtype = writer.code, _dtype(name, let, x)
    keep = [k for k in range(len(x.dims)) if k not in axes]
    keepdims = bool(let.param("keepdims"))
    dims = [
        ("1" if k in axes else x.dims[k])
        for k in range(len(x.dims))
        if keepdims or k not in axes
    ]
    first = _first(name, dtype, let)
    if dtype != t.dtype:
        dtype = t.dtype
    found = filled(
        code, t.dtype, dims, convert(code, first, _dtype(name, let, x), t.dtype)
    )
    # The result as an array of the operand's rank, along whose axes it stays.
    strides = iter(found.strides if not keepdims else ())
    spread = [
        "0" if k in axes else (found.strides[k] if keepdims else next(strides))
        for k in range(len(x.dims))
    ]
    target = replace(found, dims=x.dims, strides=tuple(spread), contiguous=False)

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        text = convert(code, places[1].get(code), x.dtype, dtype)
        total = places[0].get(code)
        places[0].put(code, _STEPS[name](code, dtype, total, text))

    each(code, x.dims, [target, x], body)
    if name == "mean":
        count = convert(code, code.product(x.dims[a] for a in axes), "int64", dtype)

        def divided(places: list[At], carried: tuple[str, ...]) -> None:
            text = places[0].get(code)
            places[0].put(code, code.op(f"fdiv {machine(dtype)} {text}, {count}"))

        each(code, found.dims, [found], divided)
    assert keep is not None
    return found


def _sum_to(writer: Writer, let: Let) -> Values | None:
    """The sum over the axes that a broadcast repeats."""
    code = writer.code
    g, like = (writer.value(a) for a in let.operands)
    t = let.result.type
    if isinstance(g, Number):
        return [replace(g, python="")]
    if not isinstance(g, Elements) or not isinstance(t, Array | Scalar):
        return None
    if isinstance(t, Scalar):
        return [Number(t.dtype, _total(code, g), "")]
    assert isinstance(like, Elements)
    found = filled(code, t.dtype, like.dims, constant_text(0, t.dtype))
    target = broadcast(code, replace(found, contiguous=False), g.dims)

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        total = places[0].get(code)
        places[0].put(code, _plus(code, t.dtype, total, places[1].get(code)))

    each(code, g.dims, [replace(target, contiguous=False), g], body)
    return [found]


def _total(code: Code, x: Elements) -> str:
    def body(places: list[At], carried: tuple[str, ...]) -> Sequence[str]:
        return [_plus(code, x.dtype, carried[0], places[0].get(code))]

    inits = [(machine(x.dtype), constant_text(0, x.dtype))]
    return each(code, x.dims, [x], body, inits)[0]


def _cumulated(name: str) -> Callable[[Writer, Let], Values | None]:
    """A running sum or product of a vector."""
    step = {"cumsum": "add", "cumprod": "multiply"}[name]

    def row(writer: Writer, let: Let) -> Values | None:
        x, t = writer.value(let.operands[0]), let.result.type
        if not isinstance(x, Elements) or len(x.dims) != 1 or not isinstance(t, Array):
            return None
        code, dtype = writer.code, t.dtype
        found = allocated(code, dtype, x.dims)

        def body(places: list[At], carried: tuple[str, ...]) -> Sequence[str]:
            text = convert(code, places[1].get(code), x.dtype, dtype)
            total, _ = elementwise(code, step, {}, [carried[0], text], [dtype, dtype])
            places[0].put(code, total)
            return [total]

        first = constant_text(0 if step == "add" else 1, dtype)
        each(code, x.dims, [found, x], body, [(machine(dtype), first)])
        return [found]

    return row


ROWS: dict[str, Callable[[Writer, Let], Values | None]] = {
    **{name: _reduced(name) for name in _STEPS},
    "sum_to": _sum_to,
    "cumsum": _cumulated("cumsum"),
    "cumprod": _cumulated("cumprod"),
}
