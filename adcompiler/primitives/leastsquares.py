"""Rows of orthogonal factors, pseudo-inverses, least squares and norms.

In: matrices, alone or in stacks; `lstsq` takes one. Out: what `np.linalg` gives.
Invariants: derivatives are taken at constant rank; of a matrix whose leading columns
are dependent, `qr` has none, and gives nan; the derivative of a norm at zero is zero.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Piece, Primitive, Raises, define
from adcompiler.ir.types import Array, Scalar, dims_of, fresh_dim
from adcompiler.primitives import spelling
from adcompiler.primitives.contraction import rank_of, swapped
from adcompiler.primitives.linalg import column, matrix_computes, matrix_dtype, row
from adcompiler.primitives.reduction import kept, reduced_dims
from adcompiler.primitives.rules import length, or_infinite
from adcompiler.primitives.spectral import (
    DIVERGES,
    all_of,
    lesser,
    matrix_operand,
    not_more,
    total,
)
from adcompiler.primitives.typerules import Params, Types, leaves, number_array

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]

# --- qr ------------------------------------------------------------------------------


def _qr_types(types: Types, params: Params) -> Types:
    a = matrix_operand("np.linalg.qr", types)
    *stack, rows, columns = a.dims
    k, dtype = lesser(rows, columns), matrix_dtype(a)
    return Array(dtype, (*stack, rows, k)), Array(dtype, (*stack, k, columns))


def _is_tall(a: Expr) -> bool:
    """Whether a matrix is known to have no more columns than rows."""
    rows, columns = dims_of(a.type)[-2:]
    return not_more(columns, rows) is True


def _leading(x: Expr, like: Expr) -> tuple[Expr, dict[str, Any]]:
    """The number of columns of `like`, and the index of so many columns of x."""
    index = ("full",) * (rank_of(x) - 1) + (("slice", False, True, False),)
    dims = (*dims_of(x.type)[:-1], dims_of(like.type)[-1])
    known = Array(matrix_dtype(x.type), dims)
    return length(like, rank_of(like) - 1), {"index": index, "known": known}


def _square_part(x: Expr, q: Expr, *, tall: bool) -> Expr:
    """As many columns of x as q has."""
    if tall:
        return x
    count, where = _leading(x, q)
    return x.call("load", count, **where)


def qr_push(dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    """With W = Q.T A_dot inv(R), and Q.T Q_dot skew of W's lower triangle."""
    (a_dot,), (a,), (q, r) = dots, operands, results
    if a_dot is None:
        return (None, None)
    tall = _is_tall(a)
    along = _square_part(a_dot, q, tall=tall) @ _inverse(r, q, tall=tall)
    w = swapped(q) @ along
    below = w.call("tril", k=-1)
    upper = w - below + swapped(below)
    q_dot = along - q @ upper
    if tall:
        return q_dot, upper @ r
    return q_dot, swapped(q_dot) @ a + swapped(q) @ a_dot


def _inverse(r: Expr, q: Expr, *, tall: bool) -> Expr:
    return _square_part(r, q, tall=tall).call("inv", total=True)


def qr_pull(bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    """A_bar = (Q_bar + Q sym(M)) inv(R).T, where sym copies the lower triangle of
    M = R R_bar.T - Q_bar.T Q; of a wide matrix this is for its leading columns, with
    R = Q.T A for the others."""
    (q_bar, r_bar), (a,), (q, r) = bars, operands, results
    if q_bar is None and r_bar is None:
        return (None,)
    tall = _is_tall(a)
    if not tall and r_bar is not None:
        q_bar = total(q_bar, a @ swapped(r_bar))
    m = None if r_bar is None or not tall else r @ swapped(r_bar)
    if q_bar is not None:
        turned = swapped(q_bar) @ q
        m = -turned if m is None else m - turned
    assert m is not None
    both = m.call("tril", k=0) + swapped(m.call("tril", k=-1))
    moved = total(q_bar, q @ both)
    assert moved is not None
    part = moved @ swapped(_inverse(r, q, tall=tall))
    if tall:
        return (part,)
    rest = a.call("zeros_like", dtype=None) if r_bar is None else q @ r_bar
    count, where = _leading(rest, q)
    return (rest.call("accumulate", part, count, index=where["index"]),)


define(
    Primitive(
        "qr",
        _qr_types,
        spelling.function("linalg.qr"),
        np.linalg.qr,
        computes=matrix_computes,
        pushforward=qr_push,
        pullback=qr_pull,
        cost=math.inf,
        domain=("matrix",),
    )
)

# --- pinv ----------------------------------------------------------------------------


def _pinv_types(types: Types, params: Params) -> Types:
    a = matrix_operand("np.linalg.pinv", types)
    *stack, rows, columns = a.dims
    return (Array(matrix_dtype(a), (*stack, columns, rows)),)


def _cut_text(let: Let) -> str:
    return "".join(f"{k}={v!r}" for k, v in let.params)


def _pinv_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """-P A_dot P + P P.T A_dot.T (1 - A P) + (1 - P A) A_dot.T P.T P."""
    (a_dot,), (a,), (p,) = dots, operands, results
    if a_dot is None:
        return (None,)
    left = p @ swapped(p) @ swapped(a_dot)
    right = swapped(a_dot) @ (swapped(p) @ p)
    inner = -(p @ a_dot @ p)
    return (inner + (left - left @ a @ p) + (right - p @ (a @ right)),)


def _pinv_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """The transpose of the pushforward."""
    (p_bar,), (a,), (p,) = bars, operands, results
    if p_bar is None:
        return (None,)
    turned = swapped(p_bar)
    left = (turned - a @ (p @ turned)) @ p @ swapped(p)
    right = swapped(p) @ (p @ (turned - turned @ p @ a))
    return (-(swapped(p) @ p_bar @ swapped(p)) + left + right,)


define(
    Primitive(
        "pinv",
        _pinv_types,
        lambda let, pieces: spelling.called(
            "np.linalg.pinv", pieces[0].text, _cut_text(let)
        ),
        np.linalg.pinv,
        computes=matrix_computes,
        raises=DIVERGES,
        pushforward=_pinv_push,
        pullback=_pinv_pull,
        cost=math.inf,
        domain=("matrix",),
    )
)

# --- lstsq ---------------------------------------------------------------------------


def _lstsq_types(types: Types, params: Params) -> Types:
    a = matrix_operand("np.linalg.lstsq", types)
    b = leaves("np.linalg.lstsq", types)[1]
    if a.ndim != 2 or not isinstance(b, Array) or b.ndim not in (1, 2):
        raise TypeError(
            "np.linalg.lstsq takes a matrix, and a vector or matrix",
            "of a vector make a column: a[:, None]",
        )
    dtype = matrix_dtype(a, b)
    rows, columns = a.dims
    return (
        Array(dtype, (columns, *b.dims[1:])),
        Array(dtype, (fresh_dim(),)),
        Scalar("int32", "numpy"),
        Array(dtype, (lesser(rows, columns),)),
    )


def _apart(a: Expr, b: Expr) -> Expr:
    return length(a, 0).call("not_equal", length(b, 0))


def _lstsq_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    a, b = types
    fits = dims_of(a)[0] == dims_of(b)[0]
    unfit = () if fits else (Raises("LinAlgError", _apart),)
    return (*unfit, *DIVERGES)


def _pinv_of(a: Expr, let: Let) -> Expr:
    rcond = let.param("rcond")
    return a.call("pinv", **({"rtol": None} if rcond is None else {"rcond": rcond}))


def _as_matrix(x: Expr) -> Expr:
    return column(x) if rank_of(x) == 1 else x


def _lstsq_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """x_dot = P (b_dot - A_dot x) + P P.T A_dot.T r + (1 - P A) A_dot.T P.T x."""
    (a_dot, b_dot), (a, b), (x, rest, _, _) = dots, operands, results
    p, r = _pinv_of(a, let), b - a @ x
    moved, x_dot, s_dot = b_dot, None, None
    if a_dot is not None:
        moved = -(a_dot @ x) if b_dot is None else b_dot - a_dot @ x
        turned = swapped(a_dot) @ (swapped(p) @ x)
        across = p @ (swapped(p) @ (swapped(a_dot) @ r))
        x_dot = across + (turned - p @ (a @ turned))
        u, _, vh = all_of("svd", a)
        s_dot = (swapped(u) @ a_dot @ swapped(vh)).call("matrix_diagonal")
    if moved is None:
        return (None, None, None, None)
    x_dot = total(p @ moved, x_dot)
    changes = 2.0 * (r * moved).call("sum", axis=(0,), keepdims=False)
    return x_dot, _where_given(changes, rest), None, s_dot


def _where_given(changes: Expr, rest: Expr) -> Expr:
    """As many of the sums as there are residuals: all, or none."""
    if not dims_of(changes.type):
        return rest.call("zeros_like", dtype=None) + changes
    index = (("slice", False, True, False),)
    known = Array(matrix_dtype(rest.type), dims_of(rest.type))
    return changes.call("load", length(rest, 0), index=index, known=known)


def _lstsq_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """With b_bar = P.T x_bar: A_bar = -b_bar x.T + r (P b_bar).T
    + P.T x (x_bar - A.T b_bar).T; residuals move as ``2 r`` does."""
    (x_bar, rest_bar, _, s_bar), (a, b), (x, _, _, _) = bars, operands, results
    a_bar: Expr | None = None
    b_bar: Expr | None = None
    if x_bar is not None:
        p, r = _pinv_of(a, let), b - a @ x
        b_bar = swapped(p) @ x_bar
        a_bar = _as_matrix(r) @ swapped(_as_matrix(p @ b_bar)) - _as_matrix(
            b_bar
        ) @ swapped(_as_matrix(x))
        outside = x_bar - swapped(a) @ b_bar
        across = _as_matrix(swapped(p) @ x)
        a_bar = a_bar + across @ swapped(_as_matrix(outside))
    if rest_bar is not None:
        pulled = 2.0 * ((b - a @ x) * _spread(rest_bar, b))
        b_bar = total(b_bar, pulled)
        a_bar = total(a_bar, -(_as_matrix(pulled) @ swapped(_as_matrix(x))))
    if s_bar is not None:
        u, _, vh = all_of("svd", a)
        a_bar = total(a_bar, (u * row(s_bar)) @ vh)
    return a_bar, b_bar


def _spread(rest_bar: Expr, b: Expr) -> Expr:
    """The cotangents of the residuals by column; zeros where there are none."""
    if rank_of(b) == 1:
        return rest_bar.call("sum", axis=None, keepdims=False)
    dtype = matrix_dtype(rest_bar.type)
    zeros = length(b, 1).call("zeros", dtype=dtype)
    padded = rest_bar.call("concatenate", zeros, axis=0)
    known = Array(dtype, dims_of(b.type)[1:])
    index = (("slice", False, True, False),)
    return padded.call("load", length(b, 1), index=index, known=known)


define(
    Primitive(
        "lstsq",
        _lstsq_types,
        lambda let, pieces: spelling.called(
            "np.linalg.lstsq", *spelling.texts(pieces), _cut_text(let)
        ),
        np.linalg.lstsq,
        computes=matrix_computes,
        raises=_lstsq_raises,
        pushforward=_lstsq_push,
        pullback=_lstsq_pull,
        cost=math.inf,
        domain=("matrix", "real"),
    )
)

# --- norm ----------------------------------------------------------------------------


def _norm_types(types: Types, params: Params) -> Types:
    (x,) = leaves("np.linalg.norm", types)
    axis = params.get("axis")
    axes = tuple(range(len(dims_of(x)))) if axis is None else axis
    dims = reduced_dims(x, axes, params.get("keepdims", False))
    return (number_array(matrix_dtype(x), dims),)


def _norm_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    axis = let.param("axis")
    where = "" if axis is None else f"axis={spelling.axis_text(axis)}"
    kept_axes = "keepdims=True" if let.param("keepdims") else ""
    return spelling.called("np.linalg.norm", pieces[0].text, where, kept_axes)


def _norm(x: Any, axis: tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    along = axis[0] if axis is not None and len(axis) == 1 else axis
    return np.linalg.norm(x, axis=along, keepdims=keepdims)


def _norm_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (x_dot,), (x,), (y,) = dots, operands, results
    if x_dot is None:
        return (None,)
    axes = {"axis": let.param("axis"), "keepdims": bool(let.param("keepdims"))}
    return ((x * x_dot).call("sum", **axes) / or_infinite(y),)


def _norm_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (y_bar,), (x,), (y,) = bars, operands, results
    if y_bar is None:
        return (None,)
    return (kept(y_bar / or_infinite(y), let) * x,)


# The root of the sum of squares.
define(
    Primitive(
        "norm",
        _norm_types,
        _norm_spell,
        _norm,
        computes=matrix_computes,
        pushforward=_norm_push,
        pullback=_norm_pull,
        cost=math.inf,
        domain=("real",),
    )
)
