"""Rows that choose among values: where, maximum, minimum, clip.

In: values that broadcast together. Out: at each place one of them.
Invariants: kinks follow docs/conventions.md: ties of maximum and minimum are split in
halves, clip passes at both bounds.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Const, Let
from adcompiler.ir.primitive import Piece, Primitive, TypeRule, define
from adcompiler.ir.types import (
    Array,
    Scalar,
    broadcast_dims,
    dims_of,
    join_types,
    result_dtype,
)
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import broadcasting
from adcompiler.primitives.rules import Factor, select
from adcompiler.primitives.typerules import (
    Params,
    Types,
    all_scalars,
    in_common,
    leaves,
    shaped,
    ufunc_types,
)

# --- where ------------------------------------------------------------------------
# ``via="builtin"`` prints a conditional expression if all operands are scalars; its
# arms are brought to one dtype, as `np.where` does.


def _conditional(types: Types, via: str | None) -> bool:
    return via == "builtin" and all_scalars(types)


def _where_types(types: Types, params: Params) -> Types:
    _, a, b = leaves("np.where", types)
    dtype = result_dtype(a, b)
    if _conditional(types, params.get("via")):
        assert isinstance(a, Scalar)
        assert isinstance(b, Scalar)
        if a.kind == b.kind:
            return (Scalar(dtype, a.kind),)
        return (Scalar(dtype, "numpy" if dtype != "float64" else "either"),)
    return (Array(dtype, broadcast_dims(*map(dims_of, types))),)


def _where_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    types = tuple(a.type for a in let.operands)
    if not _conditional(types, let.param("via")):
        return spelling.called("np.where", *spelling.texts(pieces))
    condition, then, orelse = pieces
    arms = (_converted(let, 1, then), _converted(let, 2, orelse))
    return spelling.conditional(condition, *arms)


def _converted(let: Let, k: int, piece: Piece) -> Piece:
    """The arm in the dtype (or kind) of the result."""
    source, target = let.operands[k].type, let.result.type
    assert isinstance(source, Scalar)
    assert isinstance(target, Scalar)
    kept = target.kind in ("either", source.kind)
    if source.dtype == target.dtype and kept:
        return piece
    if target.kind == "python":
        operand = let.operands[k]
        if isinstance(operand, Const) and target.dtype == "float64":
            return spelling.atom(repr(float(operand.value)))
        return spelling.called(spelling.dtype_text(target.dtype), piece.text)
    return spelling.called(f"np.{target.dtype}", piece.text)


def _where_evaluate(c: Any, a: Any, b: Any, via: str | None = None) -> Any:
    if via != "builtin" or any(isinstance(v, np.ndarray) for v in (c, a, b)):
        return np.where(c, a, b)
    chosen = a if c else b
    numpy = [isinstance(v, np.generic) for v in (a, b)]
    dtype = np.result_type(a, b)
    if not any(numpy):
        return {"f": float, "i": int, "b": bool}[dtype.kind](chosen)
    if all(numpy) or dtype != np.float64 or np.asarray(chosen).dtype != dtype:
        return dtype.type(chosen)
    return chosen


def _where_transpose(
    k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let
) -> Expr | None:
    mask = operands[0]
    return select(mask, y_bar, 0.0) if k == 1 else select(mask, 0.0, y_bar)


where = define(
    Primitive(
        "where",
        _where_types,
        _where_spell,
        _where_evaluate,
        computes=lambda types, params: ("bool", *in_common(types[1:], params)),
        raises=broadcasting,
        elementwise=True,
        linear=(1, 2),
        transpose=_where_transpose,
        domain=("bool", "real", "real"),
    )
)

# --- maximum, minimum, clip -------------------------------------------------------


def _weight(mask: Expr, like: Expr) -> Expr:
    """A mask as numbers of an operand's dtype."""
    dtype = getattr(like.type, "dtype", "float64")
    if isinstance(mask.type, Array):
        wide = dtype == "float64"
        return mask if wide else mask.call("cast", dtype=dtype, via="astype")
    via = "builtin" if dtype == "float64" else "scalar"
    return mask.call("cast", dtype=dtype, via=via)


def _chosen(worse: str, mine: Expr, other: Expr) -> Expr:
    """1 where `mine` is not the worse, 1/2 at a tie, else 0.

    Beside a nan none is the worse: a loss that is nan does not have a gradient of 0.
    """
    tie, lost = mine.call("equal", other), mine.call(worse, other)
    if isinstance(tie.type, Scalar):
        return select(tie, 0.5, _weight(lost.call("logical_not"), mine))
    won = lost.call("logical_not", via="operator")
    return _weight(select(tie, 0.5, won), mine)


def _extreme_types(name: str) -> TypeRule:
    """The ufunc, or with ``via="builtin"`` Python's on numbers of one dtype."""
    by_numpy = ufunc_types(name)

    def rule(types: Types, params: Params) -> Types:
        if params.get("via") != "builtin":
            return by_numpy(types, params)
        a, b = types
        joined = join_types(a, b)
        if not isinstance(joined, Scalar):
            word = name[:3]
            raise TypeError(
                f"{word}(a, b) of {a} and {b}", "make them of one type first: float(x)"
            )
        return (joined,)

    return rule


def extreme(name: str, better: str, worse: str) -> Primitive:
    """``np.maximum(a, b)``; Python's ``max(a, b)`` gives the first at a tie."""
    numpy, word = getattr(np, name), name[:3]
    python = getattr(builtins, word)

    def spell(let: Let, pieces: spelling.Pieces) -> Piece:
        if let.param("via") == "builtin":
            return spelling.called(word, *spelling.texts(pieces))
        return spelling.function(name)(let, pieces)

    def first(a: Expr, b: Expr, y: Expr, via: str = "np") -> Factor:
        if via == "builtin":
            return _weight(b.call(better, a).call("logical_not"), a)
        return _chosen(worse, a, b)

    def second(a: Expr, b: Expr, y: Expr, via: str = "np") -> Factor:
        if via == "builtin":
            return _weight(b.call(better, a), b)
        return _chosen(worse, b, a)

    return define(
        Primitive(
            name,
            _extreme_types(name),
            spell,
            lambda a, b, via="np": (python if via == "builtin" else numpy)(a, b),
            computes=in_common,
            raises=broadcasting,
            elementwise=True,
            partials=(first, second),
            chooses=True,
            domain=("real", "real"),
        )
    )


maximum = extreme("maximum", "greater", "less")
minimum = extreme("minimum", "less", "greater")


def _clip_types(types: Types, params: Params) -> Types:
    (dtype, *_) = _clip_computes(types, params)
    return (shaped(dtype, *types),)


def _clip_computes(types: Types, params: Params) -> tuple[str, ...]:
    """The bounds may be weak; of x NumPy makes an array first."""
    x, *bounds = leaves("np.clip", types)
    strong = Scalar(x.dtype, "numpy") if isinstance(x, Scalar) else x
    return (result_dtype(strong, *bounds),) * 3


def _inside(x: Expr, low: Expr, high: Expr, y: Expr) -> Factor:
    above, below = low.call("less_equal", x), x.call("less_equal", high)
    return _weight(above.call("logical_and", below), x)


def _at_low(x: Expr, low: Expr, high: Expr, y: Expr) -> Factor:
    below = x.call("less", low).call("logical_and", low.call("less_equal", high))
    return _weight(below, low)


def _at_high(x: Expr, low: Expr, high: Expr, y: Expr) -> Factor:
    above = x.call("greater", high).call("logical_or", low.call("greater", high))
    return _weight(above, high)


# One-sided clips have an infinite bound, which prints as None.
def _bound(let: Let, k: int, piece: Piece) -> str:
    unbounded = spelling.is_constant(let, k, (-1) ** k * np.inf)
    return "None" if unbounded else piece.text


def _clip_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    bounds = (_bound(let, k, pieces[k]) for k in (1, 2))
    return spelling.called("np.clip", pieces[0].text, *bounds)


clip = define(
    Primitive(
        "clip",
        _clip_types,
        _clip_spell,
        np.clip,
        computes=_clip_computes,
        raises=broadcasting,
        elementwise=True,
        partials=(_inside, _at_low, _at_high),
        chooses=True,
        domain=("real", "low", "high"),
    )
)
