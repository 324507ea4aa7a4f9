"""Rows of products of matrices and vectors.

In: arrays of rank 1 or more; leading axes are stacks that broadcast. Out: the product.
Invariant: cotangents have the broadcast stack's shape; the driver sums them to the
operand's.

`np.dot` needs no row: at ranks (m >= 2, n >= 3) it is the matmul of the left operand
with ones put in for the right one's stack axes, elsewhere it is matmul itself.
"""

from __future__ import annotations

import math

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import PRODUCT, Piece, Primitive, Raises, define
from adcompiler.ir.types import (
    Array,
    Length,
    Type,
    broadcast_dims,
    dims_of,
    result_dtype,
)
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import any_of, both, differ
from adcompiler.primitives.rules import length
from adcompiler.primitives.typerules import (
    Params,
    Types,
    broadcasts_safely,
    in_common,
    leaves,
    number_array,
)

Exprs = tuple[Expr, ...]


def rank_of(x: Expr) -> int:
    """The number of axes."""
    return len(dims_of(x.type))


def swapped(x: Expr) -> Expr:
    """The matrices transposed."""
    axes = tuple(range(rank_of(x)))
    return x.call("transpose", axes=(*axes[:-2], axes[-1], axes[-2]))


# --- matmul ------------------------------------------------------------------------


def _inner(t: Type) -> Length:
    return dims_of(t)[-1]


def _contracted(t: Type) -> Length:
    dims = dims_of(t)
    return dims[-2] if len(dims) > 1 else dims[0]


def _matmul_types(types: Types, params: Params) -> Types:
    a, b = leaves("matmul", types)
    if not isinstance(a, Array) or not isinstance(b, Array) or not (a.dims and b.dims):
        raise TypeError("@ takes arrays of rank 1 or more", "multiply numbers by *")
    stack = broadcast_dims(a.dims[:-2], b.dims[:-2])
    rows = a.dims[-2:-1]
    columns = b.dims[-1:] if b.ndim > 1 else ()
    return (number_array(result_dtype(a, b), (*stack, *rows, *columns)),)


def misfit(a: Expr, b: Expr) -> Expr:
    """Whether the inner lengths differ or the stacks do not broadcast."""
    m, n = rank_of(a), rank_of(b)
    tests = [length(a, m - 1).call("not_equal", length(b, max(n - 2, 0)))]
    for k in range(3, min(m, n) + 1):
        left, right = length(a, m - k), length(b, n - k)
        tests.append(both(left.call("not_equal", 1), differ(left, right)))
    return any_of(tests)


def _matmul_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    a, b = types
    stacks = (dims_of(a)[:-2], dims_of(b)[:-2])
    safe = _inner(a) == _contracted(b) and broadcasts_safely(stacks)
    return () if safe else (Raises("ValueError", misfit),)


def _matmul_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    a, b = operands
    if k == 0:
        return _left_bar(y_bar, a, b)
    return _right_bar(y_bar, a, b)


def _left_bar(y_bar: Expr, a: Expr, b: Expr) -> Expr:
    match rank_of(a), rank_of(b):
        case 1, 1:
            return y_bar * b
        case 1, 2:
            return b @ y_bar
        case 1, _:
            columns = b @ y_bar.call("expand_dims", axis=(rank_of(y_bar),))
            return columns.call("squeeze", axis=(rank_of(columns) - 1,))
        case 2, 1:
            return y_bar.call("outer", b)
        case _, 1:
            return y_bar.call("expand_dims", axis=(rank_of(y_bar),)) * b
        case _:
            return y_bar @ swapped(b)


def _right_bar(y_bar: Expr, a: Expr, b: Expr) -> Expr:
    match rank_of(a), rank_of(b):
        case 1, 1:
            return y_bar * a
        case 1, 2:
            return a.call("outer", y_bar)
        case 1, _:
            column = a.call("expand_dims", axis=(1,))
            return column * y_bar.call("expand_dims", axis=(rank_of(y_bar) - 1,))
        case 2, 1:
            return swapped(a) @ y_bar
        case _, 1:
            columns = swapped(a) @ y_bar.call("expand_dims", axis=(rank_of(y_bar),))
            return columns.call("squeeze", axis=(rank_of(columns) - 1,))
        case _:
            return swapped(a) @ y_bar


def _matmul_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    return spelling.infix("@", PRODUCT, "matmul")(let, pieces)


matmul = define(
    Primitive(
        "matmul",
        _matmul_types,
        _matmul_spell,
        np.matmul,
        computes=in_common,
        raises=_matmul_raises,
        bilinear=(0, 1),
        transpose=_matmul_transpose,
        cost=math.inf,
        domain=("real", "real"),
    )
)

# --- outer -------------------------------------------------------------------------


def _outer_types(types: Types, params: Params) -> Types:
    a, b = leaves("np.outer", types)
    if len(dims_of(a)) != 1 or len(dims_of(b)) != 1:
        raise TypeError(
            "np.outer takes two vectors",
            "flatten them: np.outer(np.ravel(a), np.ravel(b))",
        )
    return (Array(result_dtype(a, b), (*dims_of(a), *dims_of(b))),)


outer = define(
    Primitive(
        "outer",
        _outer_types,
        spelling.function("outer"),
        np.outer,
        computes=in_common,
        bilinear=(0, 1),
        transpose=lambda k, y_bar, operands, let: (
            y_bar @ operands[1] if k == 0 else operands[0] @ y_bar
        ),
        domain=("real", "real"),
    )
)
