"""Rows of factorisations whose orthogonal factors are completed to square ones.

In: matrices, alone or in stacks. Out: what `np.linalg.svd` and `qr` give of matrices
that are not square, if all vectors are asked for.
Invariants: of the leading vectors the derivatives are those of the shorter
factorisations. The others span what is left, in a basis that is arbitrary. What depends
on the space alone has its derivative, as has a single vector; of what depends on the
basis it is nan, and in forward mode that of two vectors or more is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Primitive, define
from adcompiler.ir.types import Array, Length, dims_of, fresh_dim
from adcompiler.primitives import leastsquares, spectral, spelling
from adcompiler.primitives.contraction import rank_of, swapped
from adcompiler.primitives.linalg import matrix_computes, matrix_dtype
from adcompiler.primitives.rules import length, number, select
from adcompiler.primitives.typerules import Params, Types

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]

FIRST = ("slice", False, True, False)
REST = ("slice", True, False, False)


# --- The leading vectors and the others ---------------------------------------------


def _part(x: Expr, axis: int, count: Expr, size: Length, side: Any) -> Expr:
    """So many rows (-2) or columns (-1) of a matrix, or the others."""
    rank = rank_of(x)
    index: list[Any] = ["full"] * rank
    index[axis] = side
    dims = list(dims_of(x.type))
    dims[axis] = size
    known = Array(matrix_dtype(x.type), tuple(dims))
    return x.call("load", count, index=tuple(index[: rank + axis + 1]), known=known)


def _others(whole: Length, size: Length) -> Length:
    """How many vectors complete so many ones."""
    both = isinstance(whole, int) and isinstance(size, int)
    return whole - size if both else fresh_dim()  # type: ignore[operator]


def _split(x: Expr, axis: int, count: Expr, size: Length) -> tuple[Expr, Expr]:
    """The leading vectors, which are rows (-2) or columns (-1), and the others."""
    rest = _others(dims_of(x.type)[axis], size)
    return _part(x, axis, count, size, FIRST), _part(x, axis, count, rest, REST)


def _share(q: Expr, q_bar: Expr, axis: int, count: Expr, size: Length) -> Expr:
    """The cotangent of the leading vectors.

    As they turn, the others stay orthogonal to them. That these turn among themselves
    must change nothing, or there is no derivative.
    """
    (first, rest), (bar, rest_bar) = (_split(x, axis, count, size) for x in (q, q_bar))
    if axis == -2:
        first, rest, rest_bar = swapped(first), swapped(rest), swapped(rest_bar)
    turned = swapped(rest) @ rest_bar
    loose = (turned - swapped(turned)).call("absolute").call("sum", axis=None)
    scale = rest_bar.call("absolute").call("sum", axis=None)
    dtype = matrix_dtype(q.type)
    accuracy = float(np.sqrt(np.finfo(dtype).eps).round(8))
    depends = loose.call("greater", accuracy * scale)
    moved = rest @ (swapped(rest_bar) @ first)
    moved = select(scale.call("greater", 0.0), moved, 0.0)
    moved = select(depends, np.nan, moved)
    return bar - (moved if axis == -1 else swapped(moved))


def _moved(q: Expr, first_dot: Expr, axis: int, count: Expr, size: Length) -> Expr:
    """The tangent of all vectors, of that of the leading ones."""
    first, rest = _split(q, axis, count, size)
    if axis == -2:
        first, rest = swapped(first), swapped(rest)
        first_dot = swapped(first_dot)
    along = first @ (swapped(first_dot) @ rest)
    many = length(rest, rank_of(rest) - 1).call("greater", 1)
    rest_dot = select(many, np.nan, -along)
    last = rank_of(q) - 1
    dims = (*dims_of(q.type)[:-1], dims_of(q.type)[axis])
    known = Array(matrix_dtype(q.type), dims)
    b = q.builder
    whole = b.apply(
        "concatenate", first_dot.atom, rest_dot.atom, axis=last, known=known
    )
    return Expr(b, whole) if axis == -1 else swapped(Expr(b, whole))


def _square(x: Length, a: Any, stack: tuple[Length, ...]) -> Array:
    return Array(matrix_dtype(a), (*stack, x, x))


# --- svd -----------------------------------------------------------------------------


def _svd_types(types: Types, params: Params) -> Types:
    a = spectral.matrix_operand("np.linalg.svd", types)
    *stack, rows, columns = a.dims
    k = spectral.lesser(rows, columns)
    return (
        _square(rows, a, tuple(stack)),
        Array(matrix_dtype(a), (*stack, k)),
        _square(columns, a, tuple(stack)),
    )


def _reduced(results: Exprs) -> tuple[Exprs, Expr, Length]:
    """The factors with as many vectors as values, and how many these are."""
    u, s, vh = results
    count, size = length(s, rank_of(s) - 1), dims_of(s.type)[-1]
    first = _part(u, -1, count, size, FIRST)
    return (first, s, _part(vh, -2, count, size, FIRST)), count, size


def _svd_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    if dots[0] is None:
        return (None, None, None)
    shorter, count, size = _reduced(results)
    u_dot, s_dot, vh_dot = spectral.svd_push(dots, operands, shorter, let)
    assert u_dot is not None
    assert vh_dot is not None
    u, _, vh = results
    whole = _moved(u, u_dot, -1, count, size)
    return whole, s_dot, _moved(vh, vh_dot, -2, count, size)


def _svd_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (u_bar, s_bar, vh_bar), (u, _, vh) = bars, results
    shorter, count, size = _reduced(results)
    if u_bar is not None:
        u_bar = _share(u, u_bar, -1, count, size)
    if vh_bar is not None:
        vh_bar = _share(vh, vh_bar, -2, count, size)
    return spectral.svd_pull((u_bar, s_bar, vh_bar), operands, shorter, let)


define(
    Primitive(
        "full_svd",
        _svd_types,
        spelling.function("linalg.svd"),
        np.linalg.svd,
        computes=matrix_computes,
        raises=spectral.DIVERGES,
        pushforward=_svd_push,
        pullback=_svd_pull,
        cost=math.inf,
        domain=("matrix",),
    )
)

# --- qr ------------------------------------------------------------------------------


def _qr_types(types: Types, params: Params) -> Types:
    a = spectral.matrix_operand("np.linalg.qr", types)
    *stack, rows, columns = a.dims
    r = Array(matrix_dtype(a), (*stack, rows, columns))
    return _square(rows, a, tuple(stack)), r


def _leading(a: Expr) -> tuple[Expr, Length]:
    """How many vectors belong to columns of the matrix."""
    rows, columns = dims_of(a.type)[-2:]
    size = spectral.lesser(rows, columns)
    if isinstance(size, int):
        return number(a, size), size
    sides = [length(a, rank_of(a) - k) for k in (2, 1)]
    return sides[0].call("minimum", sides[1], via="builtin"), size


def _qr_push(dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    if dots[0] is None:
        return (None, None)
    (a,), (q, r) = operands, results
    count, size = _leading(a)
    shorter = (_part(q, -1, count, size, FIRST), _part(r, -2, count, size, FIRST))
    q_dot, r_dot = leastsquares.qr_push(dots, operands, shorter, let)
    assert q_dot is not None
    assert r_dot is not None
    below = r.call("zeros_like", dtype=None)
    index = ("full",) * (rank_of(r) - 2) + (FIRST,)
    return (
        _moved(q, q_dot, -1, count, size),
        below.call("accumulate", r_dot, count, index=index),
    )


def _qr_pull(bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    (q_bar, r_bar), (a,), (q, r) = bars, operands, results
    count, size = _leading(a)
    shorter = (_part(q, -1, count, size, FIRST), _part(r, -2, count, size, FIRST))
    if q_bar is not None:
        q_bar = _share(q, q_bar, -1, count, size)
    if r_bar is not None:
        r_bar = _part(r_bar, -2, count, size, FIRST)
    return leastsquares.qr_pull((q_bar, r_bar), operands, shorter, let)


define(
    Primitive(
        "full_qr",
        _qr_types,
        lambda let, pieces: spelling.called(
            "np.linalg.qr", pieces[0].text, 'mode="complete"'
        ),
        lambda a: np.linalg.qr(a, mode="complete"),
        computes=matrix_computes,
        pushforward=_qr_push,
        pullback=_qr_pull,
        cost=math.inf,
        domain=("matrix",),
    )
)
