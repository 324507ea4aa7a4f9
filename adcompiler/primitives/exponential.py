"""Rows of functions of matrices: the exponential and the root.

In: square matrices, alone or in stacks. Out: what `scipy.linalg` gives, if it is real.
Invariant: the derivative of such a function f along E is a block of f of the matrices
``[[A, E], [0, A]]``; the transpose of that map is the same with A transposed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Piece, Primitive, Raises, define
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


def _sqrtm(a: Any, total: bool = False) -> Any:
    from scipy import linalg

    return spelling.helper("real_root")(linalg.sqrtm(a), total)


def _types(name: str, types: Types, params: Params) -> Types:
    a = square_operand(f"linalg.{name}", types)
    return (Array(matrix_dtype(a), a.dims),)


def _along(name: str, a: Expr, e: Expr) -> Expr:
    """The derivative of the function at a along e."""
    last = rank_of(a) - 1
    top = a.call("concatenate", e, axis=last)
    zeros = a.call("zeros_like", dtype=None)
    bottom = zeros.call("concatenate", a, axis=last)
    total = {} if name == "expm" else {"total": True}
    both = top.call("concatenate", bottom, axis=last - 1).call(name, **total)
    ahead, behind = ("slice", False, True, False), ("slice", True, False, False)
    n = length(a, last)
    index = ("full",) * (last - 1) + (ahead, behind)
    return both.call("load", n, n, index=index, known=a.type)


def _push(
    name: str, dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (a_dot,), (a,) = dots, operands
    return (None if a_dot is None else _along(name, a, a_dot),)


def _pull(
    name: str, bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (y_bar,), (a,) = bars, operands
    return (None if y_bar is None else _along(name, swapped(a), y_bar),)


def _spell(name: str, let: Let, pieces: spelling.Pieces) -> Piece:
    call = spelling.called(f"linalg.{name}", pieces[0].text)
    if name == "expm":
        return call
    total = "total=True" if let.param("total") else ""
    return spelling.called("real_root", call.text, total)


def _raises(name: str) -> Callable[[Types, Params], tuple[Raises, ...]]:
    """Unless matrices are square; where the function is complex."""

    def rule(types: Types, params: Params) -> tuple[Raises, ...]:
        if name == "expm":
            return square(types, params)
        return (*square(types, params), Raises("ValueError", None))

    return rule


for _name in ("expm", "sqrtm"):
    define(
        Primitive(
            _name,
            partial(_types, _name),
            partial(_spell, _name),
            _expm if _name == "expm" else _sqrtm,
            computes=matrix_computes,
            raises=_raises(_name),
            pushforward=partial(_push, _name),
            pullback=partial(_pull, _name),
            cost=math.inf,
            domain=("matrix",) if _name == "expm" else ("spd",),
        )
    )
