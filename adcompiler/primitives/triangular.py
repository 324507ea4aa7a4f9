"""Rows of triangular factors: LU, and the order in which it takes the rows.

In: a matrix. Out: what `scipy.linalg.lu` gives with the order of the rows as indices,
``a == (l @ u)[order]``.
Invariants: the order is constant; the leading square blocks of the factors determine
the others. Of a matrix whose leading columns are dependent the derivative is nan.
"""

from __future__ import annotations

import math
from typing import Any

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Primitive, Raises, define
from adcompiler.ir.types import Array, dims_of
from adcompiler.primitives import spelling
from adcompiler.primitives.contraction import swapped
from adcompiler.primitives.linalg import matrix_dtype
from adcompiler.primitives.rules import length
from adcompiler.primitives.spectral import lesser, matrix_operand, total
from adcompiler.primitives.typerules import Params, Types, leaves

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]

FIRST = ("slice", False, True, False)
REST = ("slice", True, False, False)


def _lu(a: Any, square: bool = False) -> Any:
    from scipy import linalg

    return linalg.lu(a, p_indices=True)


def _types(types: Types, params: Params) -> Types:
    a = matrix_operand("linalg.lu", types)
    if a.ndim != 2:
        raise TypeError(
            "linalg.lu takes one matrix", "call it for each: linalg.lu(a[k])"
        )
    rows, columns = a.dims
    k, dtype = lesser(rows, columns), matrix_dtype(a)
    if params.get("square"):
        k, columns = rows, rows
    return (
        Array("int32", (rows,)),
        Array(dtype, (rows, k)),
        Array(dtype, (k, columns)),
    )


def _is_square(a: Expr, let: Let) -> bool:
    """Whether it is known to be."""
    rows, columns = dims_of(a.type)
    return bool(let.param("square")) or rows == columns


def _block(x: Expr, count: Expr, *index: Any) -> Expr:
    """A block of a matrix, of which one side or both end or begin at `count`."""
    sides = [side for side in index if side != "full"]
    return x.call("load", *[count] * len(sides), index=index)


def _inverse(up: Expr) -> Expr:
    return up.call("inv", total=True)


def _taken(x: Expr, order: Expr) -> Expr:
    """The rows of a matrix in this order."""
    return x.call("gather", order, index=("array",))


def _back(order: Expr) -> Expr:
    return order.call("argsort", axis=0, kind="stable")


def _push(dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    """With W = inv(L) A_dot inv(U), L_dot = L tril(W, -1) and U_dot = triu(W) U."""
    (a_dot,), (a,), (order, low, up) = dots, operands, results
    if a_dot is None:
        return (None, None, None)
    moved = _taken(a_dot, _back(order))
    if _is_square(a, let):
        return (None, *_square_push(low, up, moved))
    k = length(up, 0)
    low1, low2 = _block(low, k, FIRST), _block(low, k, REST)
    up1, up2 = _block(up, k, "full", FIRST), _block(up, k, "full", REST)
    low1_dot, up1_dot = _square_push(low1, up1, _block(moved, k, FIRST, FIRST))
    low2_dot = (_block(moved, k, REST, FIRST) - low2 @ up1_dot) @ _inverse(up1)
    up2_dot = low1.call("solve", _block(moved, k, FIRST, REST) - low1_dot @ up2)
    return None, _joined(low1_dot, low2_dot, 0), _joined(up1_dot, up2_dot, 1)


def _joined(a: Expr, b: Expr, axis: int) -> Expr:
    return a.call("concatenate", b, axis=axis)


def _square_push(low: Expr, up: Expr, a_dot: Expr) -> Exprs:
    w = low.call("solve", a_dot) @ _inverse(up)
    return low @ w.call("tril", k=-1), w.call("triu", k=0) @ up


def _pull(bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    """The transpose of the pushforward."""
    (_, low_bar, up_bar), (a,), (order, low, up) = bars, operands, results
    if low_bar is None and up_bar is None:
        return (None,)
    if _is_square(a, let):
        return (_taken(_square_pull(low, up, low_bar, up_bar), order),)
    k = length(up, 0)
    low_bar = low.call("zeros_like", dtype=None) if low_bar is None else low_bar
    up_bar = up.call("zeros_like", dtype=None) if up_bar is None else up_bar
    low1, low2 = _block(low, k, FIRST), _block(low, k, REST)
    up1, up2 = _block(up, k, "full", FIRST), _block(up, k, "full", REST)
    below = _block(low_bar, k, REST) @ swapped(_inverse(up1))
    beside = swapped(low1).call("solve", _block(up_bar, k, "full", REST))
    low1_bar = _block(low_bar, k, FIRST) - beside @ swapped(up2)
    up1_bar = _block(up_bar, k, "full", FIRST) - swapped(low2) @ below
    moved = a.call("zeros_like", dtype=None)
    for part, index in (
        (_square_pull(low1, up1, low1_bar, up1_bar), (FIRST, FIRST)),
        (below, (REST, FIRST)),
        (beside, (FIRST, REST)),
    ):
        moved = moved.call("accumulate", part, k, k, index=index)
    return (_taken(moved, order),)


def _square_pull(
    low: Expr, up: Expr, low_bar: Expr | None, up_bar: Expr | None
) -> Expr:
    """inv(L).T (tril(L.T L_bar, -1) + triu(U_bar U.T)) inv(U).T."""
    lower = None if low_bar is None else (swapped(low) @ low_bar).call("tril", k=-1)
    upper = None if up_bar is None else (up_bar @ swapped(up)).call("triu", k=0)
    both = total(lower, upper)
    assert both is not None
    return swapped(low).call("solve", both) @ swapped(_inverse(up))


define(
    Primitive(
        "lu",
        _types,
        lambda let, pieces: spelling.called(
            "linalg.lu", pieces[0].text, "p_indices=True"
        ),
        _lu,
        computes=lambda types, params: (matrix_dtype(*leaves("linalg.lu", types)),),
        raises=(Raises("ValueError", None),),
        pushforward=_push,
        pullback=_pull,
        cost=math.inf,
        domain=("matrix",),
    )
)

# --- The order of rows, and which were exchanged --------------------------------------


def _vector_types(types: Types, params: Params) -> Types:
    (x,) = leaves("pivots", types)
    if not isinstance(x, Array) or x.ndim != 1 or x.dtype not in ("int32", "int64"):
        raise TypeError("pivots are a vector of integers", "take those of lu_factor")
    return (x,)


for _name in ("row_order", "row_swaps"):
    define(
        Primitive(
            _name,
            _vector_types,
            lambda let, pieces: spelling.called(
                let.primitive.name, *spelling.texts(pieces)
            ),
            spelling.helper(_name),
            linear=(),
            cost=math.inf,
            domain=("pivots",),
        )
    )
