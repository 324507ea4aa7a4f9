"""The row of the exponential of matrices.

In: square matrices, alone or in stacks. Out: what `scipy.linalg.expm` gives.
Invariant: its derivative along E is a block of an exponential, that of the matrices
``[[A, E], [0, A]]``; the transpose of that map is the same with A transposed.
"""

from __future__ import annotations

from typing import Any

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Primitive, define
from adcompiler.ir.types import Array
from adcompiler.primitives import spelling
from adcompiler.primitives.contraction import rank_of, swapped
from adcompiler.primitives.linalg import (
    matrix_computes,
    matrix_dtype,
    square,
    square_operand,
)
from adcompiler.primitives.rules import length
from adcompiler.primitives.typerules import Params, Types

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]


def _expm(a: Any) -> Any:
    from scipy import linalg

    return linalg.expm(a)


def _types(types: Types, params: Params) -> Types:
    a = square_operand("linalg.expm", types)
    return (Array(matrix_dtype(a), a.dims),)


def _along(a: Expr, e: Expr) -> Expr:
    """The derivative of the exponential at a along e."""
    last = rank_of(a) - 1
    top = a.call("concatenate", e, axis=last)
    zeros = a.call("zeros_like", dtype=None)
    bottom = zeros.call("concatenate", a, axis=last)
    both = top.call("concatenate", bottom, axis=last - 1).call("expm")
    ahead, behind = ("slice", False, True, False), ("slice", True, False, False)
    n = length(a, last)
    index = ("full",) * (last - 1) + (ahead, behind)
    return both.call("load", n, n, index=index, known=a.type)


def _push(dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    (a_dot,), (a,) = dots, operands
    return (None if a_dot is None else _along(a, a_dot),)


def _pull(bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    (y_bar,), (a,) = bars, operands
    return (None if y_bar is None else _along(swapped(a), y_bar),)


define(
    Primitive(
        "expm",
        _types,
        lambda let, pieces: spelling.called("linalg.expm", pieces[0].text),
        _expm,
        computes=matrix_computes,
        raises=square,
        pushforward=_push,
        pullback=_pull,
        cheap=False,
        domain=("matrix",),
    )
)
