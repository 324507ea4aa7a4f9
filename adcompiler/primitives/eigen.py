"""Rows of eigenvalues and vectors of square matrices, if these are real.

In: square matrices, alone or in stacks. Out: what `np.linalg.eig` gives.
Invariants: complex values are an error, ValueError. The vectors have length 1 and so
turn only; of values that are equal they have no derivative, which is nan.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Piece, Primitive, Raises, define
from adcompiler.ir.types import Array
from adcompiler.primitives import spelling
from adcompiler.primitives.contraction import rank_of, swapped
from adcompiler.primitives.linalg import (
    matrix_computes,
    matrix_dtype,
    regular,
    row,
    square_operand,
)
from adcompiler.primitives.spectral import diagonal, over_gaps
from adcompiler.primitives.typerules import Params, Types

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]


def _types(types: Types, params: Params) -> Types:
    a = square_operand("np.linalg.eig", types)
    dtype = matrix_dtype(a)
    return Array(dtype, a.dims[:-1]), Array(dtype, a.dims)


def _raises(types: Types, params: Params) -> tuple[Raises, ...]:
    return (*regular(types, params), Raises("ValueError", None))


def _spell(let: Let, pieces: spelling.Pieces) -> Piece:
    both = spelling.called("np.linalg.eig", pieces[0].text)
    return spelling.called("real_values", f"*{both.text}")


def _eig(a: Any) -> Any:
    return spelling.helper("real_values")(*np.linalg.eig(a))


def _kept_long(v: Expr, turns: Expr) -> Expr:
    """What is left of changes of the vectors, whose length is 1."""
    last = rank_of(v) - 1
    along = (v * turns).call("sum", axis=(last - 1,), keepdims=True)
    return turns - v * along


def _push(dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    """With P = inv(V) A_dot V: w_dot = diag(P), V_dot = V (P / gaps) as turns only."""
    (a_dot,), (w, v) = dots, results
    if a_dot is None:
        return (None, None)
    p = v.call("inv", total=True) @ a_dot @ v
    return diagonal(p), _kept_long(v, v @ over_gaps(p, w, w))


def _pull(bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    """A_bar = inv(V).T (diag(w_bar) + (V.T V_bar) / gaps) V.T."""
    (w_bar, v_bar), (w, v) = bars, results
    if w_bar is None and v_bar is None:
        return (None,)
    left = swapped(v.call("inv", total=True))
    if v_bar is None:
        assert w_bar is not None
        return ((left * row(w_bar)) @ swapped(v),)
    turned = left @ over_gaps(swapped(v) @ _kept_long(v, v_bar), w, w, pulled=True)
    if w_bar is not None:
        turned = turned + left * row(w_bar)
    return (turned @ swapped(v),)


define(
    Primitive(
        "eig",
        _types,
        _spell,
        _eig,
        computes=matrix_computes,
        raises=_raises,
        pushforward=_push,
        pullback=_pull,
        cost=math.inf,
        domain=("spd",),
    )
)
