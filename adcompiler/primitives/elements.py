"""Rows of indexed lists: their elements, lists made at once, lists and arrays.

In: lists as values. Out: elements, lists, arrays.
Invariants: the cotangent of a list is a list as long; that of an element that is read
is added to its own. Arrays in lists are references: nothing here stores into one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr, known
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import (
    ATOM,
    LAMBDA,
    PRODUCT,
    Piece,
    Primitive,
    Raises,
    Storage,
    define,
)
from adcompiler.ir.types import (
    Array,
    ListOf,
    Scalar,
    Type,
    covers,
    fresh_dim,
    join_types,
)
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import either
from adcompiler.primitives.rules import zero_like
from adcompiler.primitives.typerules import Params, Types

Exprs = tuple[Expr, ...]


def _element(t: Type) -> Scalar | Array:
    if not isinstance(t, ListOf) or not isinstance(t.element, Scalar | Array):
        raise TypeError(f"not a list of numbers or arrays: {t}")
    return t.element


# --- elements -----------------------------------------------------------------------


def _outside(xs: Expr, index: Expr) -> Expr:
    """Whether a list has no such element."""
    count = xs.call("list_length")
    return either(index.call("less", -count), count.call("less_equal", index))


def _get_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    return (Raises("IndexError", _outside),)


def _get_types(types: Types, params: Params) -> Types:
    xs, stated = types[0], params.get("known")
    assert isinstance(xs, ListOf)
    if isinstance(stated, Array) and covers(_element(xs), stated):
        return (stated,)
    return (xs.any_element,)


def _subscript(pieces: spelling.Pieces, index: Piece) -> str:
    return f"{spelling.within(pieces[0], ATOM)}[{index.text}]"


list_get = define(
    Primitive(
        "list_get",
        _get_types,
        lambda let, pieces: spelling.atom(_subscript(pieces, pieces[1])),
        lambda xs, index, known=None: xs[index],
        raises=_get_raises,
        linear=(0,),
        domain=("list", "index"),
    )
)


def _set_types(types: Types, params: Params) -> Types:
    held = _element(types[0])
    element = held if covers(held, types[1]) else join_types(held, types[1])
    if element is None:
        raise TypeError(
            f"a list of {_element(types[0])} cannot take {types[1]}",
            "give a list numbers of one type, or arrays of one rank and dtype",
        )
    return (ListOf(element, True),)


def _set(xs: list[Any], value: Any, index: int, known: Any = None) -> list[Any]:
    changed = list(xs)
    changed[index] = value
    return changed


def _part(xs: Expr, index: Expr, like: Expr) -> Expr:
    """An element that has the lengths of another value."""
    return xs.call("list_get", index, **known(like.type))


def _set_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    xs, value, index = operands
    if k == 1:
        return _part(y_bar, index, value)
    items = let.param("known", None)
    if items is not None or not isinstance(_element(xs.type), Array):
        return y_bar.call("list_set", zero_like(value), index, **dict(let.params))
    # What was there before may have had other lengths.
    return y_bar.call("list_set", zero_like(xs.call("list_get", index)), index)


list_set = define(
    Primitive(
        "list_set",
        _set_types,
        lambda let, pieces: Piece(
            f"{_subscript(pieces, pieces[2])} = {pieces[1].text}", LAMBDA
        ),
        _set,
        raises=(Raises("IndexError", lambda xs, value, index: _outside(xs, index)),),
        linear=(0, 1),
        transpose=_set_transpose,
        cost=math.inf,
        storage=Storage.IN_PLACE,
        domain=("list", "real", "index"),
    )
)


def _accumulate_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    place = _subscript(pieces, pieces[2])
    if isinstance(let.operands[1].type, Scalar):
        return Piece(f"{place} += {pieces[1].text}", LAMBDA)
    # An array may be another name's: it is not added to in place.
    return Piece(f"{place} = {place} + {pieces[1].text}", LAMBDA)


def _accumulate_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    return _part(y_bar, operands[2], operands[1]) if k == 1 else y_bar


list_accumulate = define(
    Primitive(
        "list_accumulate",
        _set_types,
        _accumulate_spell,
        lambda xs, value, index: _set(xs, xs[index] + value, index),
        raises=(Raises("IndexError", lambda xs, value, index: _outside(xs, index)),),
        linear=(0, 1),
        transpose=_accumulate_transpose,
        cost=math.inf,
        storage=Storage.IN_PLACE,
        domain=("list", "real", "index"),
    )
)

# --- whole lists --------------------------------------------------------------------


def _zero_of(element: Scalar) -> Any:
    return 0.0 if element.dtype == "float64" else np.dtype(element.dtype).type(0)


def _zeros_types(types: Types, params: Params) -> Types:
    element = _element(types[0])
    if isinstance(element, Scalar):
        kind = "python" if element.dtype == "float64" else "numpy"
        element = Scalar(element.dtype, kind)  # type: ignore[arg-type]
    return (ListOf(element, True),)


def _zeros_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    element = _element(let.operands[0].type)
    if isinstance(element, Array):
        return spelling.atom(f"[np.zeros_like(v) for v in {pieces[0].text}]")
    zero = "0.0" if element.dtype == "float64" else f"np.{element.dtype}(0)"
    return Piece(f"[{zero}] * len({pieces[0].text})", PRODUCT)


def _zeros(xs: list[Any]) -> list[Any]:
    if xs and isinstance(xs[0], np.ndarray):
        return [np.zeros_like(x) for x in xs]
    single = bool(xs) and isinstance(xs[0], np.float32)
    return [np.float32(0) if single else 0.0] * len(xs)


list_zeros = define(
    Primitive(
        "list_zeros",
        _zeros_types,
        _zeros_spell,
        _zeros,
        linear=(),
        cost=math.inf,
        domain=("list",),
    )
)


def _full_types(types: Types, params: Params) -> Types:
    if not isinstance(types[0], Scalar):
        raise TypeError(
            "a list of one array many times holds one array",
            "make one each time: [x.copy() for _ in range(n)]",
        )
    return (ListOf(params.get("element", types[0]), True),)


list_full = define(
    Primitive(
        "list_full",
        _full_types,
        lambda let, pieces: Piece(
            f"[{pieces[0].text}] * {spelling.within(pieces[1], PRODUCT + 1)}", PRODUCT
        ),
        lambda value, count, element=None: [value] * count,
        linear=(0,),
        transpose=lambda k, y_bar, operands, let: y_bar.call("list_sum"),
        cost=math.inf,
        domain=("real", "count"),
    )
)


def _add_types(types: Types, params: Params) -> Types:
    element = join_types(_element(types[0]), _element(types[1]))
    if element is None:
        raise TypeError(f"{types[0]} and {types[1]} are not added")
    return (ListOf(element, True),)


list_add = define(
    Primitive(
        "list_add",
        _add_types,
        lambda let, pieces: spelling.atom(
            f"[a + b for a, b in zip({pieces[0].text}, {pieces[1].text})]"
        ),
        lambda xs, ys: [x + y for x, y in zip(xs, ys, strict=True)],
        linear=(0, 1),
        transpose=lambda k, y_bar, operands, let: y_bar,
        cost=math.inf,
        domain=("list", "list"),
    )
)


def _sum_types(types: Types, params: Params) -> Types:
    element = _element(types[0])
    if not isinstance(element, Scalar):
        raise TypeError(
            "sum of a list of arrays", "stack them: np.sum(np.stack(xs), axis=0)"
        )
    # Of an empty list it is Python's.
    kind = "python" if element.kind == "python" else "either"
    return (Scalar(element.dtype, kind),)  # type: ignore[arg-type]


def _sum_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    return y_bar.call("list_full", operands[0].call("list_length"))


list_sum = define(
    Primitive(
        "list_sum",
        _sum_types,
        lambda let, pieces: spelling.called("sum", pieces[0].text, "0.0"),
        lambda xs: sum(xs, 0.0),
        linear=(0,),
        transpose=_sum_transpose,
        cost=math.inf,
        domain=("list",),
    )
)

# --- arrays -------------------------------------------------------------------------


def _stack_types(types: Types, params: Params) -> Types:
    element, known = _element(types[0]), params.get("known")
    if known is not None:
        return (known,)
    dims = element.dims if isinstance(element, Array) else ()
    return (Array(element.dtype, (fresh_dim(), *(fresh_dim() for _ in dims))),)


def _stack_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    """Lengths that differ, or an empty list."""
    plain = isinstance(_element(types[0]), Scalar) and "via" not in params
    return () if plain else (Raises("ValueError", None),)


def _stack_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    return spelling.called(f"np.{let.param('via', 'array')}", pieces[0].text)


def _stack(xs: list[Any], via: str = "array", known: Any = None) -> Any:
    return getattr(np, via)(xs)


list_stack = define(
    Primitive(
        "list_stack",
        _stack_types,
        _stack_spell,
        _stack,
        raises=_stack_raises,
        linear=(0,),
        transpose=lambda k, y_bar, operands, let: y_bar.call("list_unstack"),
        cost=math.inf,
        domain=("list",),
    )
)


def _unstack_types(types: Types, params: Params) -> Types:
    (x,) = types
    if not isinstance(x, Array) or not x.dims:
        raise TypeError("a number has no items", "make it an array: np.atleast_1d(x)")
    if len(x.dims) == 1:
        return (ListOf(Scalar(x.dtype, "numpy"), True),)
    return (ListOf(Array(x.dtype, x.dims[1:]), True),)


def _unstack_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    (x,) = operands
    assert isinstance(x.type, Array)
    if len(x.type.dims) == 1:
        return y_bar.call("list_stack", known=x.type)
    # np.array([]) has one axis.
    return y_bar.call("list_stack").call("reshape_like", x)


list_unstack = define(
    Primitive(
        "list_unstack",
        _unstack_types,
        lambda let, pieces: spelling.called("list", pieces[0].text),
        list,
        linear=(0,),
        transpose=_unstack_transpose,
        cost=math.inf,
        domain=("real",),
    )
)

# --- arrays joined ------------------------------------------------------------------


def _joined_types(types: Types, params: Params) -> Types:
    element, stated = _element(types[0]), params.get("known")
    if stated is not None:
        return (stated,)
    if not isinstance(element, Array) or not element.dims:
        raise TypeError(
            "np.concatenate takes arrays of rank 1 or more",
            "of numbers make an array: np.array(xs)",
        )
    return (Array(element.dtype, tuple(fresh_dim() for _ in element.dims)),)


def _axis(let: Let) -> str:
    axis = let.param("axis", 0)
    return f"axis={axis}" if axis else ""


list_concatenate = define(
    Primitive(
        "list_concatenate",
        _joined_types,
        lambda let, pieces: spelling.called(
            "np.concatenate", pieces[0].text, _axis(let)
        ),
        lambda xs, axis=0, known=None: np.concatenate(xs, axis=axis),
        raises=(Raises("ValueError", None),),
        linear=(0,),
        transpose=lambda k, y_bar, operands, let: y_bar.call(
            "list_split", operands[0], axis=let.param("axis", 0)
        ),
        cost=math.inf,
        domain=("list",),
    )
)


def _split_types(types: Types, params: Params) -> Types:
    y, like = types[0], _element(types[1])
    if not isinstance(y, Array) or not isinstance(like, Array):
        raise TypeError("an array is split as the arrays of a list are long")
    return (ListOf(Array(y.dtype, like.dims), True),)


def _split_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    axis = let.param("axis", 0)
    length = f"v.shape[{axis}]" if axis else "len(v)"
    ends = f"np.cumsum([{length} for v in {pieces[1].text}])[:-1]"
    return spelling.called("np.split", pieces[0].text, ends, _axis(let))


def _split(y: Any, xs: list[Any], axis: int = 0) -> list[Any]:
    return np.split(y, np.cumsum([v.shape[axis] for v in xs])[:-1], axis=axis)


list_split = define(
    Primitive(
        "list_split",
        _split_types,
        _split_spell,
        _split,
        linear=(0,),
        transpose=lambda k, y_bar, operands, let: y_bar.call(
            "list_concatenate", axis=let.param("axis", 0), **known(operands[0].type)
        ),
        cost=math.inf,
        domain=("real", "list"),
    )
)
