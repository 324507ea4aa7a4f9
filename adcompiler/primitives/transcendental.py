"""Rows of the elementary functions of one or two operands.

In: scalars and arrays. Out: floats, NumPy's with ``via="np"`` (the default), Python's
with ``via="math"``.
Invariants: `math` functions raise on their own domain only, so that a partial may use
`math` (or plain division, `safe`) just where the primal has raised already.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import (
    ELEMENTARY,
    INTRICATE,
    Piece,
    Primitive,
    Raises,
    define,
)
from adcompiler.ir.types import PY_INT, Array, Scalar
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import broadcasting, of_math, to_int
from adcompiler.primitives.rules import Factor, or_infinite, ratio, select
from adcompiler.primitives.typerules import (
    Params,
    Types,
    leaves,
    math_computes,
    math_types,
    shaped,
    ufunc_computes,
    ufunc_types,
)

Rule = Callable[[Expr, Expr, str], Factor]

LN2, LN10 = math.log(2.0), math.log(10.0)
NP_SINGLE = Scalar("float32", "numpy")
OVERFLOWING = {"exp", "exp2", "expm1", "sinh", "cosh"}


def _function(name: str, math_name: str | None) -> Callable[..., Any]:
    by_numpy = getattr(np, name, None)
    by_math = getattr(math, math_name or name, None)

    def evaluate(*values: Any, via: str = "np") -> Any:
        chosen = by_math if via == "math" else by_numpy
        if chosen is None:
            raise TypeError(f"{via}.{name} does not exist")
        return chosen(*values)

    return evaluate


def _types(name: str, math_name: str | None) -> Callable[[Types, Params], Types]:
    def rule(types: Types, params: Params) -> Types:
        if params.get("via") == "math":
            return math_types(math_name or name, types)
        return ufunc_types(name)(types, params)

    return rule


def _computes(name: str) -> Callable[[Types, Params], tuple[str, ...]]:
    def rule(types: Types, params: Params) -> tuple[str, ...]:
        by_math = params.get("via") == "math"
        found = math_computes if by_math else ufunc_computes(name)
        return found(types, params)

    return rule


def unary(
    name: str,
    partial: Rule | None,
    math_name: str | None = None,
    *,
    total: bool = False,
    domain: str = "real",
    cost: float = ELEMENTARY,
) -> Primitive:
    """A row of one operand; `total` where the `math` function never raises."""

    def by_operand(x: Expr, y: Expr, via: str = "np") -> Factor:
        assert partial is not None
        return partial(x, y, via)

    return define(
        Primitive(
            name,
            _types(name, math_name),
            spelling.function(name, math_name),
            _function(name, math_name),
            computes=_computes(name),
            raises=() if total else of_math(name, overflows=name in OVERFLOWING),
            elementwise=True,
            partials=(None if partial is None else by_operand,),
            cost=cost,
            domain=(domain,),
        )
    )


def inverse(x: Expr, via: str) -> Expr:
    """``1 / x`` where `math` raised already if x was zero."""
    return ratio(1, x, safe=via == "math")


# --- Trigonometric ----------------------------------------------------------------

unary("sin", lambda x, y, via: x.call("cos", via=via))
unary("cos", lambda x, y, via: -x.call("sin", via=via))
unary("tan", lambda x, y, via: 1 + y * y, domain="unit")
unary(
    "arcsin",
    lambda x, y, via: ratio(1, (1 - x * x).call("sqrt", via=via)),
    "asin",
    domain="unit",
)
unary(
    "arccos",
    lambda x, y, via: ratio(-1, (1 - x * x).call("sqrt", via=via)),
    "acos",
    domain="unit",
)
unary("arctan", lambda x, y, via: ratio(1, 1 + x * x, safe=True), "atan", total=True)

# --- Hyperbolic -------------------------------------------------------------------

unary("sinh", lambda x, y, via: x.call("cosh", via=via))
unary("cosh", lambda x, y, via: x.call("sinh", via=via))
unary("tanh", lambda x, y, via: 1 - y * y, total=True, cost=INTRICATE)
unary(
    "arcsinh",
    lambda x, y, via: ratio(1, (1 + x * x).call("sqrt", via=via), safe=True),
    "asinh",
    total=True,
)
unary(
    "arccosh",
    lambda x, y, via: ratio(1, (x * x - 1).call("sqrt", via=via)),
    "acosh",
    domain="ge1",
)
unary("arctanh", lambda x, y, via: inverse(1 - x * x, via), "atanh", domain="unit")

# --- Exponentials and logarithms --------------------------------------------------

unary("exp", lambda x, y, via: y)
unary("exp2", lambda x, y, via: LN2 * y)
unary("expm1", lambda x, y, via: x.call("exp", via=via))
unary("log", lambda x, y, via: inverse(x, via), domain="positive")
unary("log2", lambda x, y, via: inverse(LN2 * x, via), domain="positive")
unary("log10", lambda x, y, via: inverse(LN10 * x, via), domain="positive")
unary("log1p", lambda x, y, via: inverse(1 + x, via), domain="positive")
unary("reciprocal", lambda x, y, via: -(y * y), total=True, domain="nonzero", cost=0.0)
unary("sqrt", lambda x, y, via: ratio(0.5, y), domain="positive", cost=0.0)
# The root of what is never negative, flat where that is zero: of variances.
define(
    Primitive(
        "root",
        ufunc_types("sqrt"),
        spelling.function("sqrt"),
        lambda x, via="np": np.sqrt(x),
        computes=ufunc_computes("sqrt"),
        elementwise=True,
        partials=(lambda x, y, **_: ratio(0.5, or_infinite(y)),),
        domain=("positive",),
    )
)
unary("cbrt", lambda x, y, via: ratio(1, 3 * y * y), total=True, domain="positive")

# --- Steps: the derivative is zero almost everywhere ------------------------------


def _whole(types: Types, params: Params) -> tuple[Raises, ...]:
    by_math = params.get("via") == "math"
    return to_int(types, params) if by_math else ()


def _rounding(name: str) -> Primitive:
    """`math.floor` and its like give ints."""

    def types(operands: Types, params: Params) -> Types:
        if params.get("via") == "math":
            if name == "trunc" and NP_SINGLE in operands:
                raise TypeError(
                    "math.trunc does not take a np.float32",
                    "use np.trunc(x), or int(x)",
                )
            return math_types(name, operands, PY_INT)
        return ufunc_types(name)(operands, params)

    return define(
        Primitive(
            name,
            types,
            spelling.function(name),
            _function(name, None),
            computes=_computes(name),
            raises=_whole,
            elementwise=True,
            partials=(None,),
            domain=("real",),
        )
    )


floor = _rounding("floor")
ceil = _rounding("ceil")
trunc = _rounding("trunc")
rint = unary("rint", None, total=True, cost=0.0)
sign = unary("sign", None, total=True, cost=0.0)


def _round_types(types: Types, params: Params) -> Types:
    (x,) = leaves("round", types)
    if params.get("via") == "np" or isinstance(x, Array):
        return (shaped("float64" if x.dtype == "bool" else x.dtype, x),)
    if params.get("decimals") is None or x.dtype == "bool":
        return (PY_INT,)
    return (x,)


def _round_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    name = "np.round" if let.param("via") == "np" else "round"
    decimals = let.param("decimals")
    return spelling.called(
        name, pieces[0].text, "" if decimals is None else str(decimals)
    )


def _round(x: Any, decimals: int | None = None, via: str | None = None) -> Any:
    return np.round(x, decimals or 0) if via == "np" else round(x, decimals)


define(
    Primitive(
        "round",
        _round_types,
        _round_spell,
        _round,
        raises=lambda types, params: (
            ()
            if params.get("via") == "np" or params.get("decimals") is not None
            else to_int(types, params)
        ),
        elementwise=True,
        partials=(None,),
        domain=("real",),
    )
)

# --- Units ------------------------------------------------------------------------

unary("degrees", lambda x, y, via: 180.0 / math.pi, total=True, cost=0.0)
unary("radians", lambda x, y, via: math.pi / 180.0, total=True, cost=0.0)


# --- Two operands -----------------------------------------------------------------


def binary(
    name: str,
    partials: tuple[Callable[..., Factor] | None, ...],
    math_name: str | None = None,
    *,
    domain: tuple[str, str] = ("nonzero", "nonzero"),
    cost: float = 0.0,
) -> Primitive:
    """A row of two operands whose `math` function never raises."""
    return define(
        Primitive(
            name,
            _types(name, math_name),
            spelling.function(name, math_name),
            _function(name, math_name),
            computes=_computes(name),
            raises=broadcasting,
            elementwise=True,
            partials=partials,
            cost=cost,
            domain=domain,
        )
    )


def _norm_squared(a: Expr, b: Expr) -> Expr:
    """``a² + b²``, and 1 at the origin, where both partials are then zero.

    Beside it, where the squares are too small, it is zero: what is divided by it is
    infinite rather than small.
    """
    origin = a.call("equal", 0).call("logical_and", b.call("equal", 0))
    return select(origin, 1.0, a * a + b * b)


arctan2 = binary(
    "arctan2",
    (
        lambda a, b, y, **_: ratio(b, _norm_squared(a, b)),
        lambda a, b, y, **_: ratio(-a, _norm_squared(a, b)),
    ),
    "atan2",
    cost=ELEMENTARY,
)
hypot = binary(
    "hypot",
    (lambda a, b, y, **_: ratio(a, y), lambda a, b, y, **_: ratio(b, y)),
    cost=ELEMENTARY,
)
copysign = binary(
    "copysign",
    (lambda a, b, y, **_: y.call("sign") * a.call("sign"), None),
)

# --- Sums of exponentials, and a step -----------------------------------------------


def _share(name: str) -> tuple[Callable[..., Factor], ...]:
    """The part that each operand has in the sum of exponentials."""
    return (
        lambda a, b, y, **_: (a - y).call(name),
        lambda a, b, y, **_: (b - y).call(name),
    )


logaddexp = binary("logaddexp", _share("exp"), domain=("real", "real"), cost=INTRICATE)
logaddexp2 = binary(
    "logaddexp2", _share("exp2"), domain=("real", "real"), cost=INTRICATE
)
heaviside = binary(
    "heaviside", (None, lambda x, h, y, **_: select(x.call("equal", 0), 1.0, 0.0))
)
