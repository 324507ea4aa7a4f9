"""Rows of eigenvalues of symmetric matrices and of singular values.

In: matrices, alone or in stacks. Out: what `np.linalg.eigh` and `svd` give.
Invariants: `eigh` reads one triangle, and so its cotangent is of that triangle. How
vectors turn is divided by the gaps between their values (`over_gaps`). Of values that
are equal to rounding the vectors have no derivative: it is nan, unless nothing depends
on any of them. Sums over all such values are differentiable, and cause no division.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Piece, Primitive, Raises, define
from adcompiler.ir.types import Array, Length, dims_of, fresh_dim
from adcompiler.primitives import spelling
from adcompiler.primitives.contraction import rank_of, swapped
from adcompiler.primitives.linalg import (
    column,
    half,
    matrix_computes,
    matrix_dtype,
    regular,
    row,
    square_operand,
)
from adcompiler.primitives.rules import length, select
from adcompiler.primitives.typerules import Params, Types, in_common, leaves

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]


def all_of(name: str, x: Expr, **params: Any) -> Exprs:
    """The results of a row that has several."""
    results = x.builder.apply_all(name, x.atom, **params)
    return tuple(map(x.builder.expr, results))


def total(*parts: Expr | None) -> Expr | None:
    """The sum of what is there."""
    found: Expr | None = None
    for part in parts:
        if part is not None:
            found = part if found is None else found + part
    return found


def diagonal(x: Expr) -> Expr:
    """The diagonals of square matrices."""
    return x.call("matrix_diagonal")


# --- Quotients by gaps ---------------------------------------------------------------


def _gaps_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    fill = "" if let.param("strict") else "np.inf"
    pulled = "pulled=True" if let.param("pulled") else ""
    return spelling.called("over_gaps", *spelling.texts(pieces), fill, pulled)


def _over_gaps(
    q: Any, w: Any, u: Any, strict: bool = False, pulled: bool = False
) -> Any:
    fill = np.nan if strict else np.inf
    return spelling.helper("over_gaps")(q, w, u, fill, pulled)


def over_gaps(
    q: Expr, w: Expr, u: Expr, *, strict: bool = True, pulled: bool = False
) -> Expr:
    """``q[i, j] / (w[j] - u[i])``, zero on the diagonal.

    Where values are equal, a cotangent q of zero does not tell that nothing depends on
    their vectors: it may be their share times a function of the value that is zero just
    there, as of the logarithm of a matrix at the identity. So with `pulled` this is nan
    where two are equal to the last digit, whatever q is.
    """
    flags = {"strict": strict, "pulled": pulled}
    return q.call("over_gaps", w, u, **{k: True for k, v in flags.items() if v})


def _gaps_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (q_dot, w_dot, u_dot), (_, w, u), (y,) = dots, operands, results
    gaps = w_dot if w_dot is None else row(w_dot)
    if u_dot is not None:
        gaps = -column(u_dot) if gaps is None else gaps - column(u_dot)
    moved = None if gaps is None else -(y * gaps)
    changed = total(q_dot, moved)
    return (None if changed is None else over_gaps(changed, w, u, strict=False),)


def _gaps_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (y_bar,), (_, w, u), (y,) = bars, operands, results
    if y_bar is None:
        return (None, None, None)
    q_bar = over_gaps(y_bar, w, u, strict=False)
    last = rank_of(y) - 1
    gaps_bar = q_bar * y
    u_bar = gaps_bar.call("sum", axis=(last,), keepdims=False)
    return q_bar, -gaps_bar.call("sum", axis=(last - 1,), keepdims=False), u_bar


define(
    Primitive(
        "over_gaps",
        lambda types, params: (leaves("over_gaps", types)[0],),
        _gaps_spell,
        _over_gaps,
        computes=in_common,
        pushforward=_gaps_push,
        pullback=_gaps_pull,
        cost=math.inf,
    )
)

# --- eigh ----------------------------------------------------------------------------


def _eigh_types(types: Types, params: Params) -> Types:
    a = square_operand("np.linalg.eigh", types)
    dtype = matrix_dtype(a)
    return (Array(dtype, a.dims[:-1]), Array(dtype, a.dims))


def _eigh_spell(name: str) -> Any:
    def spell(let: Let, pieces: spelling.Pieces) -> Piece:
        upper = 'UPLO="U"' if let.param("upper") else ""
        return spelling.called(f"np.linalg.{name}", pieces[0].text, upper)

    return spell


def _symmetric(a_dot: Expr, let: Let) -> Expr:
    """The symmetric matrix of which one triangle is given."""
    given = swapped(a_dot) if let.param("upper") else a_dot
    return given.call("tril", k=0) + swapped(given.call("tril", k=-1))


def _on_the_triangle(s: Expr, let: Let) -> Expr:
    """The cotangent of one triangle, of a matrix's that stands on both sides."""
    triangle = half(s + swapped(s))
    return swapped(triangle) if let.param("upper") else triangle


def _eigh_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """With P = V.T A_dot V: w_dot = diag(P), V_dot = V (P / gaps)."""
    (a_dot,), (w, v) = dots, results
    if a_dot is None:
        return (None, None)
    p = swapped(v) @ _symmetric(a_dot, let) @ v
    return diagonal(p), v @ over_gaps(p, w, w)


def _eigh_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """A_bar = V (diag(w_bar) + (V.T V_bar) / gaps) V.T, on one triangle."""
    (w_bar, v_bar), (w, v) = bars, results
    left = None if w_bar is None else v * row(w_bar)
    if v_bar is not None:
        turns = over_gaps(swapped(v) @ v_bar, w, w, pulled=True)
        turned = v @ turns
        left = turned if left is None else left + turned
    if left is None:
        return (None,)
    return (_on_the_triangle(left @ swapped(v), let),)


define(
    Primitive(
        "eigh",
        _eigh_types,
        _eigh_spell("eigh"),
        lambda a, upper=False: np.linalg.eigh(a, UPLO="U" if upper else "L"),
        computes=matrix_computes,
        raises=regular,
        pushforward=_eigh_push,
        pullback=_eigh_pull,
        cost=math.inf,
        domain=("spd",),
    )
)


def _eigvalsh_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (a_dot,), (a,) = dots, operands
    if a_dot is None:
        return (None,)
    _, v = all_of("eigh", a, **dict(let.params))
    return (diagonal(swapped(v) @ _symmetric(a_dot, let) @ v),)


def _eigvalsh_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (w_bar,), (a,) = bars, operands
    if w_bar is None:
        return (None,)
    _, v = all_of("eigh", a, **dict(let.params))
    return (_on_the_triangle((v * row(w_bar)) @ swapped(v), let),)


define(
    Primitive(
        "eigvalsh",
        lambda types, params: _eigh_types(types, params)[:1],
        _eigh_spell("eigvalsh"),
        lambda a, upper=False: np.linalg.eigvalsh(a, UPLO="U" if upper else "L"),
        computes=matrix_computes,
        raises=regular,
        pushforward=_eigvalsh_push,
        pullback=_eigvalsh_pull,
        cost=math.inf,
        domain=("spd",),
    )
)

# --- svd -----------------------------------------------------------------------------


def lesser(rows: Length, columns: Length) -> Length:
    """The lesser of two lengths."""
    if isinstance(rows, int) and isinstance(columns, int):
        return min(rows, columns)
    return rows if rows == columns or rows == 1 else fresh_dim()


def not_more(left: Length, right: Length) -> bool | None:
    """Whether one length is at most another; None where that is not known."""
    if isinstance(left, int) and isinstance(right, int):
        return left <= right
    return True if left == right else None


def matrix_operand(name: str, types: Types) -> Array:
    """The first operand, which must be a matrix or a stack of them."""
    a = leaves(name, types)[0]
    if not isinstance(a, Array) or a.ndim < 2:
        raise TypeError(f"{name} takes a matrix", "give it two axes: x.reshape(n, m)")
    return a


def _svd_types(types: Types, params: Params) -> Types:
    a = matrix_operand("np.linalg.svd", types)
    *stack, rows, columns = a.dims
    k, dtype = lesser(rows, columns), matrix_dtype(a)
    return (
        Array(dtype, (*stack, rows, k)),
        Array(dtype, (*stack, k)),
        Array(dtype, (*stack, k, columns)),
    )


def _svd_spell(option: str) -> Any:
    return lambda let, pieces: spelling.called(
        "np.linalg.svd", pieces[0].text, f"{option}=False"
    )


# The routine does not converge, as of nan.
DIVERGES = (Raises("LinAlgError", None),)


def _outside(u: Expr, moved: Expr, inside: Expr, s: Expr, a: Expr) -> Expr | None:
    """What moves the vectors out of their span, over the singular values.

    The vectors of the shorter side of `a`, which is turned so that u is on the left,
    span everything.
    """
    rows, columns = dims_of(a.type)[-2:]
    wide = not_more(rows, columns)
    if wide:
        return None
    rest = moved - u @ inside
    if wide is None:
        last = rank_of(a) - 1
        spanned = length(a, last - 1).call("less_equal", length(a, last))
        rest = select(spanned, 0.0, rest)
    return select(rest.call("equal", 0.0), 0.0, rest / row(s))


def svd_push(dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    """With P = U.T A_dot V, the turns of U and V have the sum (P + P.T) / gaps and
    the difference (P - P.T) / sums of singular values."""
    (a_dot,), (a,), (u, s, vh) = dots, operands, results
    if a_dot is None:
        return (None, None, None)
    v = swapped(vh)
    along, across = a_dot @ v, swapped(a_dot) @ u
    p = swapped(u) @ along
    both = over_gaps(p + swapped(p), s, s)
    apart = over_gaps(p - swapped(p), s, -s)
    u_dot = total(0.5 * (u @ (both + apart)), _outside(u, along, p, s, a))
    v_dot = total(
        0.5 * (v @ (both - apart)), _outside(v, across, swapped(p), s, swapped(a))
    )
    assert v_dot is not None
    return u_dot, diagonal(p), swapped(v_dot)


def svd_pull(bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    """The transpose of the pushforward."""
    (u_bar, s_bar, vh_bar), (a,), (u, s, vh) = bars, operands, results
    v = swapped(vh)
    v_bar = None if vh_bar is None else swapped(vh_bar)
    by_u = None if u_bar is None else swapped(u) @ u_bar
    by_v = None if v_bar is None else swapped(v) @ v_bar
    scaled = None if s_bar is None else u * row(s_bar)
    turns = _turned(by_u, by_v, s)
    left = total(scaled, None if turns is None else u @ turns)
    if u_bar is not None and by_u is not None:
        left = total(left, _outside(u, u_bar, by_u, s, a))
    a_bar = None if left is None else left @ vh
    if v_bar is not None and by_v is not None:
        beside = _outside(v, v_bar, by_v, s, swapped(a))
        a_bar = total(a_bar, None if beside is None else u @ swapped(beside))
    return (a_bar,)


def _turned(by_u: Expr | None, by_v: Expr | None, s: Expr) -> Expr | None:
    """The cotangent of P, of those of the turns of U and V."""
    together = total(by_u, by_v)
    if together is None:
        return None
    if by_u is None:
        difference = -together
    else:
        difference = by_u if by_v is None else by_u - by_v
    both = over_gaps(together, s, s, pulled=True)
    apart = over_gaps(difference, s, -s, pulled=True)
    return 0.5 * (both + swapped(both) + apart - swapped(apart))


define(
    Primitive(
        "svd",
        _svd_types,
        _svd_spell("full_matrices"),
        lambda a: np.linalg.svd(a, full_matrices=False),
        computes=matrix_computes,
        raises=DIVERGES,
        pushforward=svd_push,
        pullback=svd_pull,
        cost=math.inf,
        domain=("matrix",),
    )
)


def _svdvals_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (a_dot,), (a,) = dots, operands
    if a_dot is None:
        return (None,)
    u, _, vh = all_of("svd", a)
    return (diagonal(swapped(u) @ a_dot @ swapped(vh)),)


def _svdvals_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (s_bar,), (a,) = bars, operands
    if s_bar is None:
        return (None,)
    u, _, vh = all_of("svd", a)
    return ((u * row(s_bar)) @ vh,)


define(
    Primitive(
        "svdvals",
        lambda types, params: (_svd_types(types, params)[1],),
        _svd_spell("compute_uv"),
        lambda a: np.linalg.svd(a, compute_uv=False),
        computes=matrix_computes,
        raises=DIVERGES,
        pushforward=_svdvals_push,
        pullback=_svdvals_pull,
        cost=math.inf,
        domain=("matrix",),
    )
)
