"""Rows that move, repeat or leave out elements: triangles, diagonals, rolls, padding.

In: an array, and numbers that say how far or how often. Out: a new array; `diagonal`
gives a view, which is read-only.
Invariants: every row is linear, and its transpose is made of such rows. An `axis` is
not negative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Piece, Primitive, Raises, Storage, define
from adcompiler.ir.types import Array, Length, dims_of, fresh_dim
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import (
    any_of,
    both,
    differ,
    either,
    negative_length,
)
from adcompiler.primitives.rules import length, number, zero_like
from adcompiler.primitives.shape import array_operand
from adcompiler.primitives.typerules import Params, Types, known_dims, leaves

Exprs = tuple[Expr, ...]
Transpose = Callable[[int, Expr, Exprs, Let], Expr]


def _linear(
    name: str,
    types: Callable[[Types, Params], Types],
    spell: Callable[[Let, spelling.Pieces], Piece],
    evaluate: Callable[..., Any],
    transpose: Transpose,
    **more: Any,
) -> Primitive:
    """A row that is linear in its first operand, and moves or adds its elements."""
    parts = {"linear": (0,), "mask": transpose, "domain": ("real",), **more}
    return define(Primitive(name, types, spell, evaluate, transpose=transpose, **parts))


def _axis_text(let: Let) -> str:
    axis = let.param("axis")
    return "" if axis is None else f"axis={axis}"


# --- Triangles ------------------------------------------------------------------------


def _triangle(name: str) -> Primitive:
    function = getattr(np, name)

    def transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
        return y_bar.call(name, k=let.param("k", 0))

    def spell(let: Let, pieces: spelling.Pieces) -> Piece:
        offset = let.param("k", 0)
        text = str(offset) if offset else ""
        return spelling.called(f"np.{name}", pieces[0].text, text)

    return _linear(
        name,
        lambda types, params: (array_operand(f"np.{name}", types),),
        spell,
        lambda x, k=0: function(x, k),
        transpose,
    )


tril = _triangle("tril")
triu = _triangle("triu")

# --- Diagonals ------------------------------------------------------------------------


def _diagonal_types(types: Types, params: Params) -> Types:
    x = array_operand("np.diagonal", types)
    rows, columns = x.dims
    square = rows == columns and params["k"] == 0
    return (Array(x.dtype, (rows if square else fresh_dim(),)),)


def _diagonal_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    offset = let.param("k")
    return spelling.called(
        "np.diagonal", pieces[0].text, f"offset={offset}" if offset else ""
    )


def _diagonal_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    (x,) = operands
    offset = let.param("k")
    rows, columns = dims_of(x.type)
    if rows == columns:
        return y_bar.call("diag", k=offset)
    along = number(x, 0).call("arange", length(y_bar, 0), 1, dtype=None)
    below, right = max(-offset, 0), max(offset, 0)
    places = (along + below if below else along, along + right if right else along)
    index = {"index": ("array", "array"), "repeats": False}
    return zero_like(x).call("scatter_add", y_bar, *places, **index)


diagonal = _linear(
    "diagonal",
    _diagonal_types,
    _diagonal_spell,
    lambda x, k: np.diagonal(x, offset=k),
    _diagonal_transpose,
    mask=None,
    storage=Storage.READ_ONLY,
)


def _diag_types(types: Types, params: Params) -> Types:
    x = array_operand("np.diag", types)
    (n,) = x.dims
    side: Length = n if params["k"] == 0 else fresh_dim()
    return (Array(x.dtype, (side, side)),)


def _diag_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    offset = let.param("k")
    return spelling.called("np.diag", pieces[0].text, str(offset) if offset else "")


diag = _linear(
    "diag",
    _diag_types,
    _diag_spell,
    np.diag,
    lambda k, y_bar, operands, let: y_bar.call("diagonal", k=let.param("k")),
)

# --- Rolling --------------------------------------------------------------------------


def _roll_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    return spelling.called("np.roll", *spelling.texts(pieces), _axis_text(let))


roll = _linear(
    "roll",
    lambda types, params: (array_operand("np.roll", types),),
    _roll_spell,
    np.roll,
    lambda k, y_bar, operands, let: y_bar.call(
        "roll", -operands[1], axis=let.param("axis")
    ),
    domain=("real", "index"),
)

# --- Repeating ------------------------------------------------------------------------


def _repeat_types(types: Types, params: Params) -> Types:
    x, axis = array_operand("np.repeat", types), params["axis"]
    dims = [fresh_dim() if k == axis else n for k, n in enumerate(x.dims)]
    return (Array(x.dtype, tuple(dims)),)


def _repeat_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    axis = "" if len(dims_of(let.operands[0].type)) == 1 else _axis_text(let)
    return spelling.called("np.repeat", *spelling.texts(pieces), axis)


def _repeat_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    x, count = operands
    axis: int = let.param("axis")
    if dims_of(count.type):
        along = number(x, 0).call("arange", length(x, axis), 1, dtype=None)
        places = along.call("repeat", count, axis=0)
        index = {"index": ("full",) * axis + ("array",), "repeats": True}
        return zero_like(x).call("scatter_add", y_bar, places, **index)
    lengths = [length(x, k) for k in range(len(dims_of(x.type)))]
    shape = [*lengths[: axis + 1], count, *lengths[axis + 1 :]]
    return y_bar.call("reshape", *shape).call("sum", axis=(axis + 1,), keepdims=False)


def _repeat_mask(k: int, mask: Expr, operands: Exprs, let: Let) -> Expr:
    added = _repeat_transpose(
        k, mask.call("cast", dtype="int64", via="astype"), operands, let
    )
    return added.call("not_equal", 0)


def _repeat_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    """A count is negative, or there is not one count for each entry of the axis."""
    dims, axis = dims_of(types[0]), params["axis"]
    if not dims_of(types[1]):
        return (Raises("ValueError", negative_length(1)),)

    def unfit(x: Expr, counts: Expr) -> Expr:
        one = {"axis": None, "keepdims": False}
        negative = counts.call("less", 0).call("any", **one)
        if dims_of(counts.type) == (dims[axis],):
            return negative
        return either(negative, differ(length(x, axis), length(counts, 0)))

    return (Raises("ValueError", unfit),)


repeat = _linear(
    "repeat",
    _repeat_types,
    _repeat_spell,
    np.repeat,
    _repeat_transpose,
    mask=_repeat_mask,
    raises=_repeat_raises,
)


def _tile_types(types: Types, params: Params) -> Types:
    x = array_operand("np.tile", types)
    return (Array(x.dtype, tuple(fresh_dim() for _ in x.dims)),)


def _tile_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    lengths = spelling.lengths_text(pieces[1:])
    return spelling.called("np.tile", pieces[0].text, lengths)


def _tile_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    x, *counts = operands
    shape = []
    for axis, count in enumerate(counts):
        shape += [count, length(x, axis)]
    axes = tuple(range(0, len(shape), 2))
    return y_bar.call("reshape", *shape).call("sum", axis=axes, keepdims=False)


tile = _linear(
    "tile",
    _tile_types,
    _tile_spell,
    lambda x, *counts: np.tile(x, counts),
    _tile_transpose,
    mask=None,
    raises=(Raises("ValueError", negative_length(1)),),
)

# --- Padding --------------------------------------------------------------------------


def _pad_types(types: Types, params: Params) -> Types:
    x = leaves("np.pad", types)[0]
    return (Array(x.dtype, tuple(fresh_dim() for _ in dims_of(x))),)


def _pad_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    widths = spelling.texts(pieces[2:])
    pairs = [f"({a}, {b})" for a, b in zip(widths[::2], widths[1::2], strict=True)]
    text = pairs[0] if len(pairs) == 1 else f"({', '.join(pairs)})"
    zero = spelling.is_constant(let, 1, 0)
    value = "" if zero else f"constant_values={pieces[1].text}"
    return spelling.called("np.pad", pieces[0].text, text, value)


def _pad(x: Any, value: Any, *widths: int) -> Any:
    pairs = list(zip(widths[::2], widths[1::2], strict=True))
    return np.pad(x, pairs, constant_values=value)


def _unpadded(y_bar: Expr, operands: Exprs) -> Expr:
    """The part of y_bar that is x's."""
    x, _, *widths = operands
    bounds = []
    for axis, before in enumerate(widths[::2]):
        bounds += [before, before + length(x, axis)]
    part = (("slice", True, True, False),) * (len(bounds) // 2)
    known = {"known": x.type} if dims_of(x.type) else {}
    return y_bar.call("load", *bounds, index=part, **known)


def _pad_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    inner = _unpadded(y_bar, operands)
    if k == 0:
        return inner
    whole = {"axis": None, "keepdims": False}
    return y_bar.call("sum", **whole) - inner.call("sum", **whole)


pad = _linear(
    "pad",
    _pad_types,
    _pad_spell,
    _pad,
    _pad_transpose,
    linear=(0, 1),
    mask=None,
    raises=(Raises("ValueError", negative_length(2)),),
    domain=("real", "real"),
)

# --- Broadcasting to lengths ----------------------------------------------------------


def _broadcast_types(types: Types, params: Params) -> Types:
    x = leaves("np.broadcast_to", types)[0]
    if len(dims_of(x)) > len(types) - 1:
        raise TypeError(
            "np.broadcast_to cannot take away axes",
            "take them away: x[0], or np.sum(x, axis=0)",
        )
    return (Array(x.dtype, known_dims(params, len(types) - 1)),)


def _broadcast_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    dims = dims_of(types[0])

    def misfit(x: Expr, *lengths: Expr) -> Expr:
        own = lengths[len(lengths) - len(dims) :]
        tests = [n.call("less", 0) for n in lengths]
        for k, n in enumerate(own):
            if dims[k] != 1:
                m = length(x, k)
                tests.append(both(m.call("not_equal", 1), n.call("not_equal", m)))
        return any_of(tests)

    return (Raises("ValueError", misfit),) if len(types) > 1 else ()


def _broadcast_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    lengths = spelling.tuple_text(spelling.texts(pieces[1:]))
    return spelling.called("np.broadcast_to", pieces[0].text, lengths)


broadcast_lengths = _linear(
    "broadcast_lengths",
    _broadcast_types,
    _broadcast_spell,
    lambda x, *lengths, known=None: np.broadcast_to(x, lengths),
    lambda k, y_bar, operands, let: y_bar.call("sum_to", operands[0]),
    raises=_broadcast_raises,
    mask=None,
    storage=Storage.READ_ONLY,
)
