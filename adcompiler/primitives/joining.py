"""Rows that join values into one array: concatenate and stack.

In: two or more arrays; for `stack` also numbers, which print as ``np.array([a, b])``.
Out: an array of them all.
Invariant: NumPy makes arrays of the operands first, so that Python numbers are strong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Piece, Primitive, Raises, define
from adcompiler.ir.types import Array, Length, dims_of, fresh_dim, is_float
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import axes_differ
from adcompiler.primitives.rules import length, number, zero_like
from adcompiler.primitives.typerules import Leaf, Params, Types, leaves

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]


def _common(name: str, types: Types) -> tuple[tuple[Leaf, ...], str]:
    operands = leaves(name, types)
    if not operands:
        raise TypeError(
            f"{name} needs at least one value",
            "give it an array at least, as np.zeros(0)",
        )
    if len({len(dims_of(t)) for t in operands}) > 1:
        raise TypeError(
            f"{name} takes values of one rank",
            "add the axes that are missing: x[None], or np.atleast_1d(x)",
        )
    return operands, str(np.result_type(*(np.dtype(t.dtype) for t in operands)))


def _computes(types: Types, params: Params) -> tuple[str, ...]:
    return (_common("a join", types)[1],) * len(types)


def _meet(lengths: list[Length]) -> Length:
    """The length that all these are, or NumPy raises."""
    known = [n for n in lengths if isinstance(n, int)]
    return known[0] if known else lengths[0]


def _unequal(types: Types, skip: int | None = None) -> tuple[Raises, ...]:
    """ValueError unless the shapes are known to be equal, but on one axis."""
    shapes = [[d for k, d in enumerate(dims_of(t)) if k != skip] for t in types]
    safe = all(s == shapes[0] for s in shapes)
    return () if safe else (Raises("ValueError", axes_differ(skip)),)


def _push(dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    """The same join of the tangents, with zeros for those that are absent."""
    pairs = zip(dots, operands, strict=True)
    filled = [_float_zero(x, let) if d is None else d for d, x in pairs]
    first, *rest = filled
    return (first.call(let.primitive.name, *rest, **dict(let.params)),)


def _float_zero(x: Expr, let: Let) -> Expr:
    if is_float(x.type):
        return zero_like(x)
    return x.call("zeros_like", dtype=getattr(let.result.type, "dtype", "float64"))


# --- concatenate -------------------------------------------------------------------


def _concatenate_types(types: Types, params: Params) -> Types:
    operands, dtype = _common("np.concatenate", types)
    shapes = [dims_of(t) for t in operands]
    if not shapes[0]:
        raise TypeError(
            "np.concatenate takes arrays, not numbers",
            "of numbers make an array: np.array([a, b])",
        )
    axis: int = params["axis"]
    known = params.get("known")
    if isinstance(known, Array):
        return (Array(dtype, known.dims),)
    dims = []
    for k in range(len(shapes[0])):
        lengths = [s[k] for s in shapes]
        dims.append(_total(lengths) if k == axis else _meet(lengths))
    return (Array(dtype, tuple(dims)),)


def _total(lengths: list[Length]) -> Length:
    nonzero = [n for n in lengths if n != 0]
    if len(nonzero) == 1:
        return nonzero[0]
    total = 0
    for n in nonzero:
        if not isinstance(n, int):
            return fresh_dim()
        total += n
    return total


def _concatenate_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    axis = let.param("axis")
    argument = f"axis={axis}" if axis else ""
    parts = spelling.tuple_text(spelling.texts(pieces))
    return spelling.called("np.concatenate", parts, argument)


def _concatenate_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """The slices of the cotangent, one after the other."""
    (y_bar,) = bars
    if y_bar is None:
        return (None,) * len(operands)
    axis, contributions = let.param("axis"), []
    start: Expr | None = None
    last = len(operands) - 1
    for k, x in enumerate(operands):
        here = length(x, axis)
        stop = None if k == last else here if start is None else start + here
        contributions.append(_slice(y_bar, axis, start, stop, x))
        start = stop
    return tuple(contributions)


def _slice(
    y_bar: Expr, axis: int, start: Expr | None, stop: Expr | None, x: Expr
) -> Expr:
    bounds = [b for b in (start, stop) if b is not None]
    entry = ("slice", start is not None, stop is not None, False)
    known = Array("float64", dims_of(x.type))
    index = (*("full",) * axis, entry)
    return y_bar.call("load", *bounds, index=index, known=known)


def _mask_by(pull: Callable[..., MaybeExprs]) -> Callable[..., Expr]:
    """The part of a mask that belongs to an operand, as of a cotangent."""

    def rule(k: int, mask: Expr, operands: Exprs, let: Let) -> Expr:
        part = pull((mask,), operands, (), let)[k]
        assert part is not None
        return part

    return rule


concatenate = define(
    Primitive(
        "concatenate",
        _concatenate_types,
        _concatenate_spell,
        lambda *xs, axis=0, known=None: np.concatenate(xs, axis=axis),
        computes=_computes,
        raises=lambda types, params: _unequal(types, params["axis"]),
        pushforward=_push,
        pullback=_concatenate_pull,
        mask=_mask_by(_concatenate_pull),
        domain=("real", "real"),
    )
)

# --- stack -------------------------------------------------------------------------


def _stack_types(types: Types, params: Params) -> Types:
    operands, dtype = _common("np.stack", types)
    shapes = [dims_of(t) for t in operands]
    dims = [_meet([s[k] for s in shapes]) for k in range(len(shapes[0]))]
    dims.insert(params["axis"], len(operands))
    return (Array(dtype, tuple(dims)),)


def _stack_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    axis = let.param("axis")
    if all(not dims_of(a.type) for a in let.operands):
        return spelling.called("np.array", f"[{', '.join(spelling.texts(pieces))}]")
    parts = spelling.tuple_text(spelling.texts(pieces))
    return spelling.called("np.stack", parts, f"axis={axis}" if axis else "")


def _stack_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (y_bar,) = bars
    if y_bar is None:
        return (None,) * len(operands)
    index = (*("full",) * let.param("axis"), "int")
    return tuple(
        y_bar.call("load", number(y_bar, k), index=index) for k in range(len(operands))
    )


def _stack(*xs: Any, axis: int = 0) -> Any:
    return np.stack(xs, axis=axis)


stack = define(
    Primitive(
        "stack",
        _stack_types,
        _stack_spell,
        _stack,
        computes=_computes,
        raises=lambda types, params: _unequal(types),
        pushforward=_push,
        pullback=_stack_pull,
        mask=_mask_by(_stack_pull),
        domain=("real", "real"),
    )
)
