"""Rows that read or change shapes.

In: arrays. Out: views of them, rearrangements, or their lengths.
Invariants: every row is linear in what it rearranges; broadcasting to a value's shape
and summing to it are each other's transposes and raise nothing, being derivatives'
own. The optional param `known` is as in `creation`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import ATOM, Piece, Primitive, Raises, Storage, define
from adcompiler.ir.types import (
    PY_INT,
    Array,
    Length,
    Scalar,
    dims_of,
    may_stretch,
)
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import any_of, both, either
from adcompiler.primitives.rules import cast_like, length, number, select
from adcompiler.primitives.typerules import (
    Params,
    Types,
    known_dims,
    leaves,
    number_array,
)

Exprs = tuple[Expr, ...]
Axes = tuple[int, ...]


def array_operand(name: str, types: Types) -> Array:
    """The first operand, which must be an array."""
    x = types[0]
    if not isinstance(x, Array):
        raise TypeError(
            f"{name} takes an array, not a number",
            "make it an array first: np.atleast_1d(x)",
        )
    return x


# --- Lengths -----------------------------------------------------------------------


def _shape_types(types: Types, params: Params) -> Types:
    array_operand("shape", types)
    return (PY_INT,)


def _is_len(let: Let) -> bool:
    """Whether a length is written ``len(x)``: as the user has it, else of vectors."""
    line = (let.span.text if let.span is not None else None) or ""
    if let.role == "primal" and ("len(" in line or ".shape" in line):
        return "len(" in line
    return len(dims_of(let.operands[0].type)) == 1


def _shape_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    if let.param("axis") == 0 and _is_len(let):
        return spelling.called("len", pieces[0].text)
    lengths = spelling.attribute(pieces[0], "shape")
    return spelling.atom(f"{lengths.text}[{let.param('axis')}]")


shape = define(
    Primitive(
        "shape",
        _shape_types,
        _shape_spell,
        lambda x, axis: x.shape[axis],
        linear=(),
        shape_only=(0,),
    )
)


def _size_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    if isinstance(let.operands[0].type, Array):
        return spelling.attribute(pieces[0], "size")
    return spelling.called("np.size", pieces[0].text)


size = define(
    Primitive(
        "size",
        lambda types, params: (PY_INT,),
        _size_spell,
        np.size,
        linear=(),
        shape_only=(0,),
    )
)

# --- Reshaping ---------------------------------------------------------------------


def _reshape_types(types: Types, params: Params) -> Types:
    x = leaves("np.reshape", types)[0]
    if isinstance(x, Scalar) and x.kind == "numpy" and len(types) == 1:
        return (x,)  # the method of a NumPy number gives a number
    return (Array(x.dtype, known_dims(params, len(types) - 1)),)


def _reshape_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    lengths = spelling.texts(pieces[1:])
    if isinstance(let.operands[0].type, Array) and lengths:
        return spelling.method(pieces[0], "reshape", *lengths)
    return spelling.called("np.reshape", pieces[0].text, spelling.tuple_text(lengths))


def _unshaped(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    x = operands[0]
    if isinstance(x.type, Scalar):
        return y_bar.call("sum", axis=None, keepdims=False)
    return y_bar.call("reshape_like", x)


def _misshapen(x: Expr, *lengths: Expr) -> Expr:
    """Whether the lengths do not multiply to the size; one may be -1, the rest."""
    open_, product = number(x, 0), number(x, 1)
    for n in lengths:
        left_out = n.call("less", 0)
        open_ = open_ + left_out.call("cast", dtype="int64", via="builtin")
        product = product * select(left_out, 1, n)
    size = x.call("size")
    at_least_one = product.call("maximum", 1, via="builtin")
    rest = either(
        product.call("equal", 0),
        size.call("remainder", at_least_one).call("greater", 0),
    )
    closed = both(open_.call("equal", 0), product.call("not_equal", size))
    return any_of(
        [open_.call("greater", 1), closed, both(open_.call("equal", 1), rest)]
    )


def _reshape_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    return (Raises("ValueError", _misshapen),)


reshape = define(
    Primitive(
        "reshape",
        _reshape_types,
        _reshape_spell,
        lambda x, *lengths, known=None: np.reshape(x, lengths),
        raises=_reshape_raises,
        linear=(0,),
        transpose=_unshaped,
        mask=_unshaped,
        storage=Storage.VIEW,
        domain=("real",),
    )
)


def _reshape_like_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    if not isinstance(let.operands[0].type, Array) and not dims_of(let.result.type):
        return spelling.called("np.array", pieces[0].text)
    return spelling.called("np.reshape", pieces[0].text, _shape_text(let, pieces))


reshape_like = define(
    Primitive(
        "reshape_like",
        lambda types, params: (
            Array(leaves("a reshape", types)[0].dtype, dims_of(types[1])),
        ),
        _reshape_like_spell,
        lambda x, like: np.reshape(np.asarray(x), np.shape(like)),
        linear=(0,),
        transpose=_unshaped,
        mask=_unshaped,
        storage=Storage.VIEW,
        shape_only=(1,),
        domain=("real", "like"),
    )
)


def _shape_text(let: Let, pieces: spelling.Pieces) -> str:
    """The shape of the second operand."""
    if isinstance(let.operands[1].type, Scalar):
        return "()"
    return spelling.attribute(pieces[1], "shape").text


# --- Axes --------------------------------------------------------------------------


def _transpose_types(types: Types, params: Params) -> Types:
    x = array_operand("np.transpose", types)
    return (Array(x.dtype, tuple(x.dims[a] for a in params["axes"])),)


def _transpose_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    axes: Axes = let.param("axes")
    same = tuple(range(len(axes)))
    if axes == same[::-1]:
        return spelling.attribute(pieces[0], "T")
    x = pieces[0].text
    if axes == (*same[:-2], same[-1], same[-2]):
        return spelling.called("np.swapaxes", x, "-1", "-2")
    return spelling.called("np.transpose", x, spelling.tuple_text(axes))


def _inverse_order(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    axes = tuple(int(a) for a in np.argsort(let.param("axes")))
    return y_bar.call("transpose", axes=axes)


transpose = define(
    Primitive(
        "transpose",
        _transpose_types,
        _transpose_spell,
        np.transpose,
        linear=(0,),
        transpose=_inverse_order,
        mask=_inverse_order,
        storage=Storage.VIEW,
        domain=("real",),
    )
)


def _expand_types(types: Types, params: Params) -> Types:
    (x,) = leaves("np.expand_dims", types)
    axes: Axes = params["axis"]
    rest = iter(dims_of(x))
    count = len(dims_of(x)) + len(axes)
    dims = tuple(1 if k in axes else next(rest) for k in range(count))
    return (Array(x.dtype, dims),)


def _expand_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    axes: Axes = let.param("axis")
    x = let.operands[0].type
    if not isinstance(x, Array):
        axis = spelling.axis_text(axes)
        return spelling.called("np.expand_dims", pieces[0].text, axis)
    count = x.ndim + len(axes)
    if count > 2 and axes == (count - 1,):
        entries = ["...", "None"]
    else:
        entries = ["None" if k in axes else ":" for k in range(max(axes) + 1)]
    return spelling.atom(f"{spelling.within(pieces[0], ATOM)}[{', '.join(entries)}]")


def _expand_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    if isinstance(operands[0].type, Scalar):
        return y_bar.call("sum", axis=None, keepdims=False)
    return y_bar.call("squeeze", axis=let.param("axis"))


expand_dims = define(
    Primitive(
        "expand_dims",
        _expand_types,
        _expand_spell,
        np.expand_dims,
        linear=(0,),
        transpose=_expand_transpose,
        mask=_expand_transpose,
        storage=Storage.VIEW,
        domain=("real",),
    )
)


def _squeeze_types(types: Types, params: Params) -> Types:
    x = array_operand("np.squeeze", types)
    axes: Axes = params["axis"]
    kept = tuple(d for k, d in enumerate(x.dims) if k not in axes)
    return (Array(x.dtype, kept),)


def _squeeze_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    dims = dims_of(types[0])
    axes = [a for a in params["axis"] if dims[a] != 1]

    def long(x: Expr) -> Expr:
        return any_of([length(x, a).call("not_equal", 1) for a in axes])

    return (Raises("ValueError", long),) if axes else ()


def _squeeze_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    return y_bar.call("expand_dims", axis=let.param("axis"))


squeeze = define(
    Primitive(
        "squeeze",
        _squeeze_types,
        lambda let, pieces: spelling.called(
            "np.squeeze",
            pieces[0].text,
            f"axis={spelling.axis_text(let.param('axis'))}",
        ),
        np.squeeze,
        raises=_squeeze_raises,
        linear=(0,),
        transpose=_squeeze_transpose,
        mask=_squeeze_transpose,
        storage=Storage.VIEW,
        domain=("real",),
    )
)


def _flip_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    if dims_of(let.operands[0].type)[1:]:
        axis = f"axis={spelling.axis_text(let.param('axis'))}"
        return spelling.called("np.flip", pieces[0].text, axis)
    return spelling.atom(f"{spelling.within(pieces[0], ATOM)}[::-1]")


def _flip_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    return y_bar.call("flip", axis=let.param("axis"))


flip = define(
    Primitive(
        "flip",
        lambda types, params: (array_operand("np.flip", types),),
        _flip_spell,
        np.flip,
        linear=(0,),
        transpose=_flip_transpose,
        mask=_flip_transpose,
        storage=Storage.VIEW,
        domain=("real",),
    )
)

# --- Broadcasting and its transpose --------------------------------------------------


def _broadcast_types(types: Types, params: Params) -> Types:
    g, like = leaves("np.broadcast_to", types)
    if isinstance(g, Scalar) and isinstance(like, Scalar):
        return (g,)
    return (Array(g.dtype, dims_of(like)),)


def _broadcast_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    if isinstance(let.result.type, Scalar):
        return pieces[0]
    return spelling.called("np.broadcast_to", pieces[0].text, _shape_text(let, pieces))


def _broadcast_evaluate(g: Any, like: Any) -> Any:
    if isinstance(g, np.ndarray) or isinstance(like, np.ndarray):
        return np.broadcast_to(g, np.shape(like))
    return g


broadcast_to = define(
    Primitive(
        "broadcast_to",
        _broadcast_types,
        _broadcast_spell,
        _broadcast_evaluate,
        linear=(0,),
        transpose=lambda k, y_bar, operands, let: cast_like(
            y_bar.call("sum_to", operands[0]), operands[0].atom
        ),
        storage=Storage.READ_ONLY,
        shape_only=(1,),
        domain=("real", "like"),
    )
)


def _sum_to_types(types: Types, params: Params) -> Types:
    g, like = leaves("sum_to", types)
    if isinstance(g, Scalar):
        return (g,)
    return (number_array(g.dtype, dims_of(like)),)


def settled_axes(g: tuple[Length, ...], like: tuple[Length, ...]) -> Axes | None:
    """The axes of `like` to be summed, or None where only run time tells."""
    pairs = list(zip(like, g[len(g) - len(like) :], strict=True))
    if any(may_stretch(a, b) and a != 1 for a, b in pairs):
        return None
    return tuple(k for k, (a, b) in enumerate(pairs) if may_stretch(a, b))


def _sum_to_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    g, like = (dims_of(a.type) for a in let.operands)
    if not g:
        return pieces[0]
    if not like:
        return spelling.called("np.sum", pieces[0].text)
    ones = settled_axes(g, like)
    if ones is None:
        return spelling.called("sum_to", pieces[0].text, _shape_text(let, pieces))
    result, lead = pieces[0], len(g) - len(like)
    if lead:
        axis = spelling.axis_text(tuple(range(lead)))
        result = spelling.called("np.sum", result.text, f"axis={axis}")
    if ones:
        axis = f"axis={spelling.axis_text(ones)}"
        result = spelling.called("np.sum", result.text, axis, "keepdims=True")
    return result


def _sum_to(g: Any, like: Any) -> Any:
    if not isinstance(g, np.ndarray):
        return g
    target = np.shape(like)
    return spelling.helper("sum_to")(g, target) if target else np.sum(g)


sum_to = define(
    Primitive(
        "sum_to",
        _sum_to_types,
        _sum_to_spell,
        _sum_to,
        linear=(0,),
        transpose=lambda k, y_bar, operands, let: y_bar.call(
            "broadcast_to", operands[0]
        ),
        shape_only=(1,),
        domain=("real", "like"),
    )
)
