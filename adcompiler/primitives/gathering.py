"""Rows that index by arrays: of integers, and of bools (masks).

In: an array, perhaps a value, and the operands of the static param `index`, whose
entries may be "array" and "mask" besides those of `indexing`. Out: a new array, never a
view; or the array with the part replaced or added to.
Invariants: shapes are NumPy's: arrays and integers broadcast together, and their axes
stand where the first of them does, or in front if something stands between them. An
index may be repeated: `scatter` keeps the last value written to an element, and
`scatter_add` adds each (`repeats`), or as ``x[i] += v`` does the last alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import ATOM, LAMBDA, Effect, Piece, Primitive, define
from adcompiler.ir.types import (
    Array,
    Length,
    Scalar,
    Type,
    broadcast_dims,
    dims_of,
    fresh_dim,
)
from adcompiler.primitives import spelling
from adcompiler.primitives.indexing import runtime_index
from adcompiler.primitives.rules import cast_like, length, number, select, zero_like
from adcompiler.primitives.typerules import Params, Types, leaves, number_array

ADVANCED = ("array", "mask")


def gathered_dims(x: Array, indices: Types, params: Params) -> tuple[Length, ...]:
    """The lengths of ``x[index]``.

    >>> from adcompiler.ir.types import Scalar
    >>> x, i = Array("float64", (5, 6, 7)), Array("int64", (2,))
    >>> gathered_dims(x, (i,), {"index": ("full", "array")})
    (5, 2, 7)
    >>> gathered_dims(x, (i, i), {"index": ("array", "full", "array")})
    (2, 6)
    """
    index = params["index"]
    rest, types = list(x.dims), list(indices)
    before: list[Length] = []
    groups: list[tuple[Length, ...]] = []
    places: list[int] = []
    start = 0
    for place, entry in enumerate(index):
        match entry:
            case "int" | "array" | "mask":
                start = start if places else len(before)
                places.append(place)
                t = types.pop(0)
                taken = max(1, len(dims_of(t))) if entry == "mask" else 1
                _take(rest, taken)
                groups.append((fresh_dim(),) if entry == "mask" else dims_of(t))
            case "new":
                before.append(1)
            case "full":
                before.append(_take(rest, 1)[0])
            case ("slice", *given):
                _take(rest, 1)
                del types[: sum(given)]
                before.append(fresh_dim())
            case _:
                raise TypeError(f"not an index entry: {entry!r}")
    together = places == list(range(places[0], places[-1] + 1))
    at = start if together else 0
    return (*before[:at], *broadcast_dims(*groups), *before[at:], *rest)


def _take(rest: list[Length], count: int) -> list[Length]:
    if count > len(rest):
        raise TypeError("too many indices for the array")
    taken = rest[:count]
    del rest[:count]
    return taken


def _array(types: Types) -> Array:
    x = types[0]
    if not isinstance(x, Array):
        raise TypeError("a number cannot be indexed")
    return x


def _gather_type(types: Types, params: Params) -> Type:
    x = _array(types)
    return number_array(x.dtype, gathered_dims(x, types[1:], params))


def _write_types(types: Types, params: Params) -> Types:
    x = _array(types)
    leaves("a store", types)
    target, source = gathered_dims(x, types[2:], params), dims_of(types[1])
    if len(source) > len(target):
        raise TypeError(f"rank {len(source)} is stored where there is {len(target)}")
    return (x,)


# --- Meaning and spelling ---------------------------------------------------------


def _gather(x: Any, *values: Any, index: Any) -> Any:
    return x[runtime_index(index, values)]


def _scatter(x: Any, value: Any, *values: Any, index: Any) -> Any:
    result = x.copy()
    result[runtime_index(index, values)] = value
    return result


def _scatter_add(x: Any, g: Any, *values: Any, index: Any, repeats: bool) -> Any:
    result = x.copy()
    where = runtime_index(index, values)
    if repeats:
        np.add.at(result, where, g)
    else:
        result[where] += g
    return result


def _spell_gather(let: Let, pieces: spelling.Pieces) -> Piece:
    array = spelling.within(pieces[0], ATOM)
    return spelling.atom(f"{array}[{spelling.index_text(let, pieces)}]")


def _spell_scatter(let: Let, pieces: spelling.Pieces) -> Piece:
    target = spelling.within(pieces[0], ATOM)
    text = f"{target}[{spelling.index_text(let, pieces)}] = {pieces[1].text}"
    return Piece(text, LAMBDA)


def _spell_scatter_add(let: Let, pieces: spelling.Pieces) -> Piece:
    target = spelling.within(pieces[0], ATOM)
    if not let.param("repeats"):
        index = spelling.index_text(let, pieces)
        return Piece(f"{target}[{index}] += {pieces[1].text}", LAMBDA)
    index = spelling.index_value(let, pieces)
    return spelling.atom(f"np.add.at({target}, {index}, {pieces[1].text})")


# --- Rules ------------------------------------------------------------------------


def _last_written(part: Expr, like: Expr, indices: tuple[Expr, ...], let: Let) -> Expr:
    """A mask over `part`: whether the element written is the last at its place."""
    index, dims = let.param("index"), dims_of(part.type)
    zero, flat = number(part, 0), len(dims) == 1
    count = length(part, 0) if flat else part.call("size")
    params = {"known": Array("int64", dims)} if flat else {}
    order = zero.call("arange", count, 1, dtype=None, **params)
    if not flat:
        order = order.call("reshape_like", part)
    turn = like.call("zeros_like", dtype="int64")
    turn = turn.call("scatter", order, *indices, index=index)
    return turn.call("gather", *indices, index=index).call("equal", order)


def _written(y_bar: Expr, operands: tuple[Expr, ...], let: Let) -> Expr:
    """The part of a cotangent that belongs to the values written, each once."""
    _, _, *indices = operands
    part = y_bar.call("gather", *indices, index=let.param("index"))
    if "array" not in let.param("index") or isinstance(part.type, Scalar):
        return part
    return select(_last_written(part, y_bar, tuple(indices), let), part, 0.0)


def _gather_transpose(
    k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let
) -> Expr:
    x, *indices = operands
    index = let.param("index")
    value = cast_like(y_bar, x.atom)
    repeats = "array" in index
    return zero_like(x).call(
        "scatter_add", value, *indices, index=index, repeats=repeats
    )


def _scatter_transpose(
    k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let
) -> Expr:
    if k == 1:
        return _written(y_bar, operands, let)
    return y_bar.call("scatter", 0.0, *operands[2:], index=let.param("index"))


def _scatter_add_transpose(
    k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let
) -> Expr:
    if k == 0:
        return y_bar
    if let.param("repeats"):
        return y_bar.call("gather", *operands[2:], index=let.param("index"))
    return _written(y_bar, operands, let)


# --- Rows -------------------------------------------------------------------------

gather = define(
    Primitive(
        "gather",
        lambda types, params: (_gather_type(types, params),),
        _spell_gather,
        _gather,
        Effect.MAY_RAISE,
        linear=(0,),
        transpose=_gather_transpose,
        domain=("real",),
    )
)

scatter = define(
    Primitive(
        "scatter",
        _write_types,
        _spell_scatter,
        _scatter,
        Effect.MAY_RAISE,
        linear=(0, 1),
        transpose=_scatter_transpose,
        domain=("real", "real"),
    )
)

scatter_add = define(
    Primitive(
        "scatter_add",
        _write_types,
        _spell_scatter_add,
        _scatter_add,
        Effect.MAY_RAISE,
        linear=(0, 1),
        transpose=_scatter_add_transpose,
        domain=("real", "real"),
    )
)
