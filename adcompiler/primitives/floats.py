"""Rows of `math` that take floats apart, scale them, or sum them exactly.

In: numbers (`fsum`: also a vector). Out: Python floats, and ints beside them.
Invariants: a power of two times a float is exact, and so is its derivative.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Piece, Primitive, Raises, Speller, define
from adcompiler.ir.types import PY_BOOL, PY_FLOAT, PY_INT, Scalar, dims_of
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import (
    both,
    either,
    float_of,
    made_infinite,
    never,
)
from adcompiler.primitives.rules import number
from adcompiler.primitives.typerules import (
    Params,
    Types,
    is_python,
    leaves,
    math_computes,
    math_types,
    ufunc_computes,
    ufunc_types,
)

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]


def _by_math(name: str) -> Speller:
    return lambda let, pieces: spelling.called(f"math.{name}", *spelling.texts(pieces))


# --- The remainder nearest to zero --------------------------------------------------


def _quotient(x: Expr, n: Expr, y: Expr) -> Expr:
    """The whole number of times that n goes into x."""
    return ((x - y) / n).call("rint", via="np")


def _no_remainder(x: Expr, n: Expr) -> Expr:
    """`math.remainder` of an infinite number, or by zero, is an error."""
    a, b = float_of(x), float_of(n)
    wrong = either(a.call("isinf"), b.call("equal", 0))
    return both(wrong, never(either(a.call("isnan"), b.call("isnan"))))


define(
    Primitive(
        "ieee_remainder",
        lambda types, params: math_types("remainder", types),
        _by_math("remainder"),
        math.remainder,
        computes=math_computes,
        raises=(Raises("ValueError", _no_remainder),),
        elementwise=True,
        partials=(lambda x, n, y: 1.0, lambda x, n, y: -_quotient(x, n, y)),
        domain=("far", "period"),
    )
)

# --- Mantissa and exponent ----------------------------------------------------------


def _ldexp_types(types: Types, params: Params) -> Types:
    _x, k = leaves("math.ldexp", types)
    if k.dtype not in ("int64", "int32", "bool"):
        raise TypeError(
            "the exponent of ldexp must be an integer", "convert it: int(k)"
        )
    if params.get("via") == "math":
        if not is_python(k):
            raise TypeError("math.ldexp takes an int of Python's", "convert it: int(k)")
        return math_types("ldexp", types)
    return ufunc_types("ldexp")(types, params)


def _ldexp_computes(types: Types, params: Params) -> tuple[str, ...]:
    if params.get("via") == "math":
        return ("float64", "int64")
    return ufunc_computes("ldexp")(types, params)


def _ldexp_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    if params.get("via") != "math":
        return ()

    def too_large(x: Expr, k: Expr) -> Expr:
        return made_infinite(float_of(x).call("ldexp", k), float_of(x))

    return (Raises("OverflowError", too_large),)


def _ldexp_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    name = "math.ldexp" if let.param("via") == "math" else "np.ldexp"
    return spelling.called(name, *spelling.texts(pieces))


def _ldexp(x: Any, k: Any, via: str = "np") -> Any:
    return math.ldexp(x, int(k)) if via == "math" else np.ldexp(x, k)


define(
    Primitive(
        "ldexp",
        _ldexp_types,
        _ldexp_spell,
        _ldexp,
        computes=_ldexp_computes,
        raises=_ldexp_raises,
        elementwise=True,
        partials=(lambda x, k, y, **_: number(x, 1.0).call("ldexp", k), None),
        domain=("real", "index"),
    )
)


def _parts(name: str, second: Scalar) -> Primitive:
    """`math.frexp` and `math.modf`: two numbers, of which the first has a derivative.

    That of the mantissa is the power of two by which it was scaled.
    """

    def scaled(v: Expr | None, results: Exprs) -> Expr | None:
        if v is None or name == "modf":
            return v
        return v.call("ldexp", -results[1])

    def push(dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
        return (scaled(dots[0], results), None)

    def pull(bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
        return (scaled(bars[0], results),)

    return define(
        Primitive(
            name,
            lambda types, params: (*math_types(name, types), second),
            _by_math(name),
            getattr(math, name),
            computes=math_computes,
            pushforward=push,
            pullback=pull,
            domain=("real",),
        )
    )


_parts("frexp", PY_INT)
_parts("modf", PY_FLOAT)

# --- Neighbours ---------------------------------------------------------------------

define(
    Primitive(
        "nextafter",
        lambda types, params: math_types("nextafter", types),
        _by_math("nextafter"),
        math.nextafter,
        computes=math_computes,
        elementwise=True,
        partials=(lambda x, y, z: 1.0, None),
        domain=("real", "far"),
    )
)
define(
    Primitive(
        "ulp",
        lambda types, params: math_types("ulp", types),
        _by_math("ulp"),
        math.ulp,
        computes=math_computes,
        elementwise=True,
        partials=(None,),
        domain=("real",),
    )
)


def _isclose_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    a, b, relative, absolute = spelling.texts(pieces)
    rel = "" if spelling.is_constant(let, 2, 1e-9) else f"rel_tol={relative}"
    tol = "" if spelling.is_constant(let, 3, 0.0) else f"abs_tol={absolute}"
    return spelling.called("math.isclose", a, b, rel, tol)


def _negative_tolerance(a: Expr, b: Expr, relative: Expr, absolute: Expr) -> Expr:
    return either(relative.call("less", 0), absolute.call("less", 0))


define(
    Primitive(
        "isclose",
        lambda types, params: math_types("isclose", types, PY_BOOL),
        _isclose_spell,
        lambda a, b, rel, tol: math.isclose(a, b, rel_tol=rel, abs_tol=tol),
        computes=math_computes,
        raises=(Raises("ValueError", _negative_tolerance),),
        linear=(),
        domain=("real", "real", "positive", "positive"),
    )
)

# --- Exact sums ---------------------------------------------------------------------


def _fsum_types(types: Types, params: Params) -> Types:
    found = leaves("math.fsum", types)
    ranks = [len(dims_of(t)) for t in found]
    if any(ranks) and ranks != [1]:
        raise TypeError(
            "math.fsum takes numbers, or one vector of them",
            "flatten it: math.fsum(np.ravel(x))",
        )
    return (PY_FLOAT,)


def _fsum_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    alone = len(pieces) == 1 and dims_of(let.operands[0].type)
    inner = spelling.texts(pieces)
    return spelling.called("math.fsum", inner[0] if alone else f"[{', '.join(inner)}]")


def _fsum(*values: Any) -> float:
    alone = len(values) == 1 and np.ndim(values[0])
    return math.fsum(values[0] if alone else values)


def _fsum_tangent(dots: MaybeExprs, operands: Exprs, *_: Any) -> MaybeExprs:
    given = [d for d in dots if d is not None]
    if not given:
        return (None,)
    first, *rest = given
    if dims_of(first.type):
        return (first.call("sum", axis=None, keepdims=False),)
    total = first
    for dot in rest:
        total = total + dot
    return (total,)


def _fsum_cotangents(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (y_bar,) = bars
    if y_bar is None:
        return (None,) * len(operands)
    return tuple(
        y_bar.call("broadcast_to", x) if dims_of(x.type) else y_bar for x in operands
    )


# Infinities of both signs, and sums beyond the largest float.
define(
    Primitive(
        "fsum",
        _fsum_types,
        _fsum_spell,
        _fsum,
        computes=math_computes,
        raises=(Raises("ValueError", None), Raises("OverflowError", None)),
        pushforward=_fsum_tangent,
        pullback=_fsum_cotangents,
    )
)
