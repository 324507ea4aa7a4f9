"""Rows of convolution and correlation, each other's transposes.

In: two vectors. Out: `convolve` gives all sums of products that overlap at all,
``y[n] = sum(a[k] * v[n - k])``; `correlate` those that overlap in full, of a vector at
least as long as the other, ``y[n] = sum(a[n + k] * v[k])``.
"""

from __future__ import annotations

import math

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Primitive, Raises, define
from adcompiler.ir.types import Array, dims_of, fresh_dim, result_dtype
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import either
from adcompiler.primitives.rules import length
from adcompiler.primitives.typerules import Params, Types, in_common, leaves

Exprs = tuple[Expr, ...]


def _types(types: Types, params: Params) -> Types:
    a, v = leaves("np.convolve", types)
    if len(dims_of(a)) != 1 or len(dims_of(v)) != 1:
        raise TypeError(
            "np.convolve and np.correlate take two vectors",
            "take one row after the other: np.convolve(x[k], v)",
        )
    return (Array(result_dtype(a, v), (fresh_dim(),)),)


def _empty(a: Expr, v: Expr) -> Expr:
    return either(length(a, 0).call("equal", 0), length(v, 0).call("equal", 0))


def _convolve_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    return y_bar.call("correlate", operands[1 - k])


def _correlate_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    a, v = operands
    return y_bar.call("convolve", v) if k == 0 else a.call("correlate", y_bar)


convolve = define(
    Primitive(
        "convolve",
        _types,
        lambda let, pieces: spelling.called("np.convolve", *spelling.texts(pieces)),
        np.convolve,
        computes=in_common,
        raises=(Raises("ValueError", _empty),),
        bilinear=(0, 1),
        transpose=_convolve_transpose,
        cost=math.inf,
        domain=("real", "real"),
    )
)
correlate = define(
    Primitive(
        "correlate",
        _types,
        lambda let, pieces: spelling.called("np.correlate", *spelling.texts(pieces)),
        np.correlate,
        computes=in_common,
        raises=(Raises("ValueError", _empty),),
        bilinear=(0, 1),
        transpose=_correlate_transpose,
        cost=math.inf,
        domain=("real", "real"),
    )
)
