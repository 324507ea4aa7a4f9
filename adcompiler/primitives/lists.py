"""Rows of growable lists: what is recorded, and read back last in first out.

In: lists as values. Out: the list after appending or popping.
Invariants: the adjoint of append is pop and that of pop is append, so that what is
recorded differentiates again; a structural zero is an absent list. `elements` has the
rows of indexed lists.
"""

from __future__ import annotations

import math
from typing import Any

from adcompiler.ir.builder import Expr, known
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Piece, Primitive, Raises, Storage, define
from adcompiler.ir.types import PY_INT, Array, ListOf, Scalar, covers, join_types
from adcompiler.primitives import spelling
from adcompiler.primitives.rules import zero_like
from adcompiler.primitives.typerules import Params, Types

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]


def _list(types: Types) -> ListOf:
    xs = types[0]
    if not isinstance(xs, ListOf):
        raise TypeError(f"not a list: {xs}")
    return xs


def _new_types(types: Types, params: Params) -> Types:
    return (ListOf(params["element"], params.get("indexed", False)),)


list_new = define(
    Primitive(
        "list_new",
        _new_types,
        lambda let, pieces: spelling.atom("[]"),
        lambda element, indexed=False: [],
        linear=(),
    )
)

# --- append -----------------------------------------------------------------------


def _append_types(types: Types, params: Params) -> Types:
    xs = _list(types)
    keeps = xs.indexed and covers(xs.element, types[1])
    element = xs.element if keeps else join_types(xs.element, types[1])
    if element is None:
        raise TypeError(f"a list of {xs.element} cannot take {types[1]}")
    return (ListOf(element, xs.indexed),)


def _zero(xs: Expr, like: Expr) -> Expr:
    """The derivative of a list on which nothing depends, of values like this one."""
    if _list((xs.type,)).indexed:
        return xs.call("list_zeros")
    return Expr(like.builder, like.builder.apply("list_new", element=like.type))


def _append_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    xs_dot, v_dot = dots
    if xs_dot is None and v_dot is None:
        return (None,)
    v_dot = zero_like(operands[1]) if v_dot is None else v_dot
    xs_dot = _zero(operands[0], v_dot) if xs_dot is None else xs_dot
    return (xs_dot.call("list_append", v_dot),)


def _append_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (xs_bar,) = bars
    if xs_bar is None:
        return (None, None)
    v_bar, rest = _popped(xs_bar, operands[1])
    return (rest, v_bar)


def _append_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    return spelling.method(pieces[0], "append", pieces[1].text)


list_append = define(
    Primitive(
        "list_append",
        _append_types,
        _append_spell,
        lambda xs, value: [*xs, value],
        pushforward=_append_push,
        pullback=_append_pull,
        cost=math.inf,
        storage=Storage.IN_PLACE,
        domain=("list", "real"),
    )
)

# --- pop --------------------------------------------------------------------------


def _pop_types(types: Types, params: Params) -> Types:
    xs = _list(types)
    stated = params.get("known")
    if isinstance(stated, Array) and covers(xs.element, stated):
        return (stated, xs)
    return (xs.any_element, xs)


def _popped(xs: Expr, like: Expr) -> tuple[Expr, Expr]:
    """Pop a derivative, which has the lengths of what it belongs to."""
    value, rest = xs.builder.apply_all("list_pop", xs.atom, **known(like.type))
    return Expr(xs.builder, value), Expr(xs.builder, rest)


def _pop_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (xs_dot,) = dots
    if xs_dot is None:
        return (None, None)
    return _popped(xs_dot, results[0])


def _pop_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    v_bar, rest_bar = bars
    if v_bar is None and rest_bar is None:
        return (None,)
    v_bar = zero_like(results[0]) if v_bar is None else v_bar
    popped = results[0].atom.type
    if isinstance(popped, Array) and isinstance(v_bar.atom.type, Scalar):
        v_bar = v_bar.call("full", dtype=popped.dtype)  # of an array of rank 0
    rest_bar = _zero(results[1], v_bar) if rest_bar is None else rest_bar
    return (rest_bar.call("list_append", v_bar),)


def _pop_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    """A tape is never popped when it is empty."""
    if not _list(types).indexed:
        return ()
    return (Raises("IndexError", lambda xs: xs.call("list_length").call("equal", 0)),)


def _pop(xs: list[Any], known: Any = None) -> tuple[Any, list[Any]]:
    return xs[-1], xs[:-1]


list_pop = define(
    Primitive(
        "list_pop",
        _pop_types,
        lambda let, pieces: spelling.method(pieces[0], "pop"),
        _pop,
        raises=_pop_raises,
        pushforward=_pop_push,
        pullback=_pop_pull,
        cost=math.inf,
        storage=Storage.IN_PLACE,
        domain=("list",),
    )
)

list_length = define(
    Primitive(
        "list_length",
        lambda types, params: (PY_INT,),
        lambda let, pieces: spelling.called("len", pieces[0].text),
        len,
        linear=(),
    )
)
