"""Rows of linear algebra: solve, inv, determinants, cholesky.

In: square matrices, alone or in stacks. Out: what `np.linalg` gives.
Invariants: rules reuse the result and are built of rows with rules; the derivative of
`det` is right at singular matrices (`cofactor`), that of `logabsdet` is nan there;
`cholesky` reads the lower triangle alone, and so its cotangent is lower triangular.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Piece, Primitive, Raises, Speller, TypeRule, define
from adcompiler.ir.types import Array, broadcast_dims, dims_of
from adcompiler.primitives import spelling
from adcompiler.primitives.contraction import misfit, rank_of, swapped
from adcompiler.primitives.rules import length, select
from adcompiler.primitives.typerules import Params, Types, leaves, number_array

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]


def square_operand(name: str, types: Types) -> Array:
    """The first operand, a matrix or a stack of them; run time raises unless square."""
    a = leaves(name, types)[0]
    if not isinstance(a, Array) or a.ndim < 2:
        raise TypeError(f"{name} takes a matrix", "give it two axes: x.reshape(n, n)")
    return a


def matrix_dtype(*arrays: Any) -> str:
    """NumPy computes in float64 unless all operands are float32."""
    single = all(a.dtype == "float32" for a in arrays)
    return "float32" if single else "float64"


def matrix_computes(types: Types, params: Params) -> tuple[str, ...]:
    """All operands in the dtype of the result."""
    return (matrix_dtype(*leaves("a matrix", types)),) * len(types)


def _oblong(a: Expr, *others: Expr) -> Expr:
    rank = rank_of(a)
    return length(a, rank - 1).call("not_equal", length(a, rank - 2))


def square(types: Types, params: Params) -> tuple[Raises, ...]:
    """LinAlgError unless the matrices are known to be square."""
    dims = dims_of(types[0])
    return () if dims[-1] == dims[-2] else (Raises("LinAlgError", _oblong),)


def regular(types: Types, params: Params) -> tuple[Raises, ...]:
    """LinAlgError for matrices that the routine cannot factor."""
    return (*square(types, params), Raises("LinAlgError", None))


def _solvable(types: Types, params: Params) -> tuple[Raises, ...]:
    return (
        *square(types, params),
        Raises("ValueError", misfit),
        Raises("LinAlgError", None),
    )


def column(x: Expr) -> Expr:
    """Vectors as columns."""
    return x.call("expand_dims", axis=(rank_of(x),))


def row(x: Expr) -> Expr:
    """Vectors as rows."""
    return x.call("expand_dims", axis=(rank_of(x) - 1,))


# --- solve -------------------------------------------------------------------------


def _solve_types(types: Types, params: Params) -> Types:
    a = square_operand("np.linalg.solve", types)
    b = types[1]
    if not isinstance(b, Array) or not b.dims:
        raise TypeError(
            "np.linalg.solve takes a vector or matrix on the right",
            "of a number make a vector: np.array([b])",
        )
    columns = () if b.ndim == 1 else b.dims[-1:]
    stack = broadcast_dims(a.dims[:-2], () if b.ndim == 1 else b.dims[:-2])
    return (Array(matrix_dtype(a, b), (*stack, a.dims[-1], *columns)),)


def _solved(a: Expr, rhs: Expr, *, vectors: bool) -> Expr:
    """The solution for right hand sides of the result's rank."""
    if vectors and rank_of(rhs) > 1:
        solution = a.call("solve", column(rhs))
        return solution.call("squeeze", axis=(rank_of(rhs),))
    return a.call("solve", rhs)


def _applied(a_dot: Expr, y: Expr, *, vectors: bool) -> Expr:
    if vectors and rank_of(a_dot) > 2:
        product = a_dot @ column(y)
        return product.call("squeeze", axis=(rank_of(product) - 1,))
    return a_dot @ y


def _solve_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """A y_dot = b_dot - A_dot y."""
    (a_dot, b_dot), (a, b), (y,) = dots, operands, results
    vectors = rank_of(b) == 1
    rhs = b_dot
    if a_dot is not None:
        moved = _applied(a_dot, y, vectors=vectors)
        rhs = -moved if b_dot is None else b_dot - moved
    return (None if rhs is None else _solved(a, rhs, vectors=vectors),)


def _solve_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """b_bar solves A.T b_bar = y_bar; A_bar = -b_bar y.T."""
    (y_bar,), (a, b), (y,) = bars, operands, results
    if y_bar is None:
        return (None, None)
    vectors = rank_of(b) == 1
    b_bar = _solved(swapped(a), y_bar, vectors=vectors)
    if not vectors:
        return (-(b_bar @ swapped(y)), b_bar)
    if rank_of(a) == 2:
        return (-b_bar.call("outer", y), b_bar)
    return (-(column(b_bar) * row(y)), b_bar)


solve = define(
    Primitive(
        "solve",
        _solve_types,
        spelling.function("linalg.solve"),
        np.linalg.solve,
        computes=matrix_computes,
        raises=_solvable,
        pushforward=_solve_push,
        pullback=_solve_pull,
        cost=math.inf,
        domain=("matrix", "real"),
    )
)

# --- inv ---------------------------------------------------------------------------


def _of_its_shape(name: str) -> TypeRule:
    """The types of a matrix, or a stack of them, made of one of the same shape."""

    def types_of(types: Types, params: Params) -> Types:
        a = square_operand(name, types)
        return (Array(matrix_dtype(a), a.dims),)

    return types_of


def _inv_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    name = "inv_or_nan" if let.param("total") else "np.linalg.inv"
    return spelling.called(name, pieces[0].text)


def _inv_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (a_dot,), (y,) = dots, results
    return (None if a_dot is None else -(y @ a_dot @ y),)


def _inv_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (y_bar,), (y,) = bars, results
    if y_bar is None:
        return (None,)
    return (-(swapped(y) @ y_bar @ swapped(y)),)


def _inv(a: Any, total: bool = False) -> Any:
    return spelling.helper("inv_or_nan")(a) if total else np.linalg.inv(a)


# With `total`, singular matrices give nan: the derivative's own inverse.
inv = define(
    Primitive(
        "inv",
        _of_its_shape("np.linalg.inv"),
        _inv_spell,
        _inv,
        computes=matrix_computes,
        raises=lambda types, params: (
            () if params.get("total") else regular(types, params)
        ),
        pushforward=_inv_push,
        pullback=_inv_pull,
        cost=math.inf,
        domain=("matrix",),
    )
)

# --- Determinants ------------------------------------------------------------------


def _number_types(types: Types, params: Params) -> Types:
    a = square_operand("a determinant", types)
    return (number_array(matrix_dtype(a), a.dims[:-2]),)


def as_matrices(y: Expr) -> Expr:
    """Numbers, one for each matrix of a stack, shaped to multiply them."""
    count = rank_of(y)
    return y.call("expand_dims", axis=(count, count + 1)) if count else y


def _traced(weights: Expr, a_dot: Expr) -> Expr:
    last = rank_of(a_dot) - 1
    return (weights * a_dot).call("sum", axis=(last - 1, last), keepdims=False)


def _det_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (a_dot,), (a,) = dots, operands
    return (None if a_dot is None else _traced(a.call("cofactor"), a_dot),)


def _det_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (y_bar,), (a,) = bars, operands
    return (None if y_bar is None else as_matrices(y_bar) * a.call("cofactor"),)


det = define(
    Primitive(
        "det",
        _number_types,
        spelling.function("linalg.det"),
        np.linalg.det,
        computes=matrix_computes,
        raises=square,
        pushforward=_det_push,
        pullback=_det_pull,
        cost=math.inf,
        domain=("matrix",),
    )
)


def _logabsdet_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (a_dot,), (a,) = dots, operands
    if a_dot is None:
        return (None,)
    return (_traced(swapped(a.call("inv", total=True)), a_dot),)


def _logabsdet_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (y_bar,), (a,) = bars, operands
    if y_bar is None:
        return (None,)
    return (as_matrices(y_bar) * swapped(a.call("inv", total=True)),)


def _slogdet_spell(k: int) -> Speller:
    def spell(let: Let, pieces: spelling.Pieces) -> Piece:
        both = spelling.called("np.linalg.slogdet", pieces[0].text)
        return spelling.atom(f"{both.text}[{k}]")

    return spell


logabsdet = define(
    Primitive(
        "logabsdet",
        _number_types,
        _slogdet_spell(1),
        lambda a: np.linalg.slogdet(a)[1],
        computes=matrix_computes,
        raises=square,
        pushforward=_logabsdet_push,
        pullback=_logabsdet_pull,
        cost=math.inf,
        domain=("matrix",),
    )
)

signdet = define(
    Primitive(
        "signdet",
        _number_types,
        _slogdet_spell(0),
        lambda a: np.linalg.slogdet(a)[0],
        computes=matrix_computes,
        raises=square,
        linear=(),
        cost=math.inf,
        domain=("matrix",),
    )
)

# --- cofactor ----------------------------------------------------------------------
# Cofactor (i, j) is the determinant of the matrix with row i replaced by unit row j:
# so its derivative is found by cofactors of these, in memory of order n**4. It is met
# in second derivatives of `det` only.


def _replaced(a: Expr) -> tuple[Expr, Expr]:
    """All matrices with a row replaced, at axes (i, j, row, column), and the mask of
    the replaced rows."""
    n = length(a, rank_of(a) - 1)
    dtype = getattr(a.type, "dtype", "float64")
    here = n.call("eye", dtype="bool").call("expand_dims", axis=(1, 3))
    unit = n.call("eye", dtype=dtype).call("expand_dims", axis=(0, 2))
    return select(here, unit, _repeated(a)), here


def _repeated(a: Expr) -> Expr:
    stack = rank_of(a) - 2
    return a.call("expand_dims", axis=(stack, stack + 1))


def _cofactor_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (a_dot,), (a,) = dots, operands
    if a_dot is None:
        return (None,)
    matrices, here = _replaced(a)
    moved = select(here, 0.0, _repeated(a_dot))
    return (_traced(matrices.call("cofactor"), moved),)


def _cofactor_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (y_bar,), (a,) = bars, operands
    if y_bar is None:
        return (None,)
    matrices, here = _replaced(a)
    weighted = as_matrices(y_bar) * matrices.call("cofactor")
    stack = rank_of(a) - 2
    outside = select(here, 0.0, weighted)
    return (outside.call("sum", axis=(stack, stack + 1), keepdims=False),)


cofactor = define(
    Primitive(
        "cofactor",
        _of_its_shape("a matrix of cofactors"),
        lambda let, pieces: spelling.called("cofactor", pieces[0].text),
        spelling.helper("cofactor"),
        computes=matrix_computes,
        pushforward=_cofactor_push,
        pullback=_cofactor_pull,
        cost=math.inf,
        domain=("matrix",),
    )
)

# --- cholesky ----------------------------------------------------------------------


def half(x: Expr) -> Expr:
    """The lower triangle with half of the diagonal."""
    return 0.5 * (x.call("tril", k=0) + x.call("tril", k=-1))


def _cholesky_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """L_dot = L half(inv(L) A_dot inv(L).T), A_dot symmetric by its lower triangle."""
    (a_dot,), (y,) = dots, results
    if a_dot is None:
        return (None,)
    moved = a_dot.call("tril", k=0) + swapped(a_dot.call("tril", k=-1))
    once = y.call("solve", moved)
    return (y @ half(y.call("solve", swapped(once))),)


def _cholesky_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """A_bar = half(S + S.T) with S = inv(L).T half(L.T L_bar) inv(L)."""
    (y_bar,), (y,) = bars, results
    if y_bar is None:
        return (None,)
    once = swapped(y).call("solve", half(swapped(y) @ y_bar))
    twice = swapped(y).call("solve", swapped(once))
    return (half(twice + swapped(twice)),)


cholesky = define(
    Primitive(
        "cholesky",
        _of_its_shape("np.linalg.cholesky"),
        spelling.function("linalg.cholesky"),
        np.linalg.cholesky,
        computes=matrix_computes,
        raises=regular,
        pushforward=_cholesky_push,
        pullback=_cholesky_pull,
        cost=math.inf,
        domain=("spd",),
    )
)
