"""Rows that sort along an axis, and those that take elements by their order.

In: an array, and integers along one of its axes. Out: arrays.
Invariants: `axis` is not negative. A sort is linear while the order stays the same; the
order that its derivative takes is the stable one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Piece, Primitive, Raises, define
from adcompiler.ir.types import Array, Scalar, dims_of, fresh_dim
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import any_of, both, either
from adcompiler.primitives.rules import length
from adcompiler.primitives.shape import array_operand
from adcompiler.primitives.typerules import Params, Types, leaves

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]
INTEGERS = ("int64", "int32")


def _along(let: Let, *texts: str, **more: str) -> list[str]:
    """The arguments of a call; the last axis is left out."""
    axis: int = let.param("axis")
    last = axis == len(dims_of(let.operands[0].type)) - 1
    named = [f"{key}={value}" for key, value in more.items() if value]
    return [*texts, "" if last else f"axis={axis}", *named]


# --- Sorting ------------------------------------------------------------------------


def _order(x: Expr, let: Let) -> Expr:
    return x.call("argsort", axis=let.param("axis"), kind="stable")


def _sort_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (x_dot,) = dots
    if x_dot is None:
        return (None,)
    order, axis = _order(operands[0], let), let.param("axis")
    return (x_dot.call("take_along_axis", order, axis=axis),)


def _sort_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (y_bar,) = bars
    if y_bar is None:
        return (None,)
    places = _order(_order(operands[0], let), let)
    return (y_bar.call("take_along_axis", places, axis=let.param("axis")),)


define(
    Primitive(
        "sort",
        lambda types, params: (array_operand("np.sort", types),),
        lambda let, pieces: spelling.called("np.sort", *_along(let, pieces[0].text)),
        np.sort,
        pushforward=_sort_push,
        pullback=_sort_pull,
        cost=math.inf,
        domain=("real",),
    )
)


def _argsort_types(types: Types, params: Params) -> Types:
    return (Array("int64", array_operand("np.argsort", types).dims),)


def _argsort_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    kind = let.param("kind")
    words = {} if kind is None else {"kind": f'"{kind}"'}
    return spelling.called("np.argsort", *_along(let, pieces[0].text, **words))


define(
    Primitive(
        "argsort",
        _argsort_types,
        _argsort_spell,
        lambda x, axis, kind: np.argsort(x, axis, kind=kind),
        linear=(),
        cost=math.inf,
        domain=("real",),
    )
)

# --- Partial orders ------------------------------------------------------------------
# Which element is where is NumPy's to say, but for the k-th: so the derivative asks the
# result: the r-th of its order is the r-th of x's.


def _partition_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    name = f"np.{let.primitive.name}"
    return spelling.called(name, *_along(let, *spelling.texts(pieces)))


def _places(x: Expr, y: Expr, let: Let) -> Expr:
    """Where in x the elements of y are, which are the same in another order."""
    ranks = _order(_order(y, let), let)
    return _order(x, let).call("take_along_axis", ranks, axis=let.param("axis"))


def _partition_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    if dots[0] is None:
        return (None,)
    places = _places(operands[0], results[0], let)
    return (dots[0].call("take_along_axis", places, axis=let.param("axis")),)


def _partition_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    if bars[0] is None:
        return (None, None)
    places = _order(_places(operands[0], results[0], let), let)
    return (bars[0].call("take_along_axis", places, axis=let.param("axis")), None)


def _kth_outside(types: Types, params: Params) -> tuple[Raises, ...]:
    def when(x: Expr, kth: Expr) -> Expr:
        n = length(x, params["axis"])
        outside = either(kth.call("greater_equal", n), kth.call("less", -n))
        return both(n.call("not_equal", 0), outside)

    return (Raises("ValueError", when),)


define(
    Primitive(
        "partition",
        lambda types, params: (array_operand("np.partition", types),),
        _partition_spell,
        np.partition,
        pushforward=_partition_push,
        pullback=_partition_pull,
        raises=_kth_outside,
        cost=math.inf,
        domain=("real", "index"),
    )
)
define(
    Primitive(
        "argpartition",
        lambda types, params: (
            Array("int64", array_operand("np.argpartition", types).dims),
        ),
        _partition_spell,
        np.argpartition,
        linear=(),
        raises=_kth_outside,
        cost=math.inf,
        domain=("real", "index"),
    )
)


# --- Where elements are not zero -----------------------------------------------------


def _nonzero_types(types: Types, params: Params) -> Types:
    x = array_operand("np.nonzero", types)
    count = fresh_dim()
    return tuple(Array("int64", (count,)) for _ in x.dims)


def _nonzero_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    vector = len(dims_of(let.operands[0].type)) == 1
    name = "np.flatnonzero" if vector else "np.nonzero"
    return spelling.called(name, pieces[0].text)


def _nonzero(x: Any) -> Any:
    found = np.nonzero(x)
    return found[0] if len(found) == 1 else found


define(
    Primitive(
        "nonzero",
        _nonzero_types,
        _nonzero_spell,
        _nonzero,
        linear=(),
        cost=math.inf,
        domain=("real",),
    )
)

# --- Taking and putting back --------------------------------------------------------


def _taken(name: str) -> Callable[[Types, Params], Types]:
    def rule(types: Types, params: Params) -> Types:
        x, index = array_operand(f"np.{name}", types), types[1]
        if not isinstance(index, Array) or index.dtype not in INTEGERS:
            raise TypeError(
                f"np.{name} takes an array of integers", "convert it: index.astype(int)"
            )
        if index.ndim != x.ndim:
            raise TypeError(
                f"np.{name} takes indices of the array's own rank",
                "add the axes that are missing: index[:, None]",
            )
        return (Array(x.dtype, index.dims),)

    return rule


def _take_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    axis = f"axis={let.param('axis')}"
    return spelling.called("np.take_along_axis", *spelling.texts(pieces), axis)


def _outside(axis: int) -> Callable[..., Expr]:
    """Whether an index is out of bounds."""

    def when(x: Expr, index: Expr) -> Expr:
        n, one = length(x, axis), {"axis": None, "keepdims": False}
        wrong = (index.call("less", -n), index.call("greater_equal", n))
        return any_of([out.call("any", **one) for out in wrong])

    return when


def _unlike(axis: int) -> Callable[..., Expr]:
    """Whether the array and the indices differ on another axis."""

    def when(x: Expr, index: Expr) -> Expr:
        others = (k for k in range(len(dims_of(x.type))) if k != axis)
        tests = [length(x, k).call("not_equal", length(index, k)) for k in others]
        return any_of([length(x, axis).call("less", 0), *tests])

    return when


def _take_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    axis = params["axis"]
    return (
        Raises("IndexError", _unlike(axis)),
        Raises("IndexError", _outside(axis)),
    )


def _take(x: Any, index: Any, axis: int) -> Any:
    if any(
        m != n
        for k, (m, n) in enumerate(zip(x.shape, index.shape, strict=True))
        if k != axis
    ):
        raise IndexError("the array and the indices differ on another axis")
    return np.take_along_axis(x, index, axis)


define(
    Primitive(
        "take_along_axis",
        _taken("take_along_axis"),
        _take_spell,
        _take,
        raises=_take_raises,
        linear=(0,),
        transpose=lambda k, y_bar, operands, let: y_bar.call(
            "put_back", *operands[1:], operands[0], axis=let.param("axis")
        ),
        domain=("real", "index"),
    )
)


def _put_back_types(types: Types, params: Params) -> Types:
    g, _, like = leaves("put_back", types)
    return (Array(g.dtype, dims_of(like)),)


def _put_back_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    g, index, like = pieces
    shape = spelling.attribute(like, "shape").text
    return spelling.called(
        "put_back", g.text, index.text, shape, str(let.param("axis"))
    )


define(
    Primitive(
        "put_back",
        _put_back_types,
        _put_back_spell,
        lambda g, index, like, axis: spelling.helper("put_back")(
            g, index, like.shape, axis
        ),
        linear=(0,),
        transpose=lambda k, y_bar, operands, let: y_bar.call(
            "take_along_axis", operands[1], axis=let.param("axis")
        ),
        shape_only=(2,),
        domain=("real", "index", "like"),
    )
)

# --- Searching ----------------------------------------------------------------------


def _search_types(types: Types, params: Params) -> Types:
    a, v = leaves("np.searchsorted", types)
    if len(dims_of(a)) != 1:
        raise TypeError(
            "np.searchsorted looks into a vector",
            "look into one row after the other: np.searchsorted(x[k], v)",
        )
    if dims_of(v):
        return (Array("int64", dims_of(v)),)
    return (Scalar("int64", "numpy"),)


def _search_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    side = let.param("side")
    return spelling.called(
        "np.searchsorted",
        *spelling.texts(pieces),
        "" if side == "left" else f'side="{side}"',
    )


define(
    Primitive(
        "searchsorted",
        _search_types,
        _search_spell,
        np.searchsorted,
        linear=(),
        domain=("real", "real"),
    )
)
