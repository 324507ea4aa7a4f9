"""Rows of the special functions: SciPy's `scipy.special`, and `math` where it has them.

In: scalars and arrays. Out: floats, NumPy's with ``via="np"`` (the default: a ufunc of
SciPy), Python's with ``via="math"``.
Invariants: SciPy is imported where a function of it is used alone. Poles and edges of
domains give what the function's own limit does, never nan where a limit exists.

Source: NIST Digital Library of Mathematical Functions, chapters 5, 7, 10 and 25.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import (
    INTRICATE,
    Piece,
    Primitive,
    RaiseRule,
    Raises,
    define,
)
from adcompiler.ir.types import PY_INT
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import (
    both,
    broadcasting,
    float_of,
    made_infinite,
)
from adcompiler.primitives.rules import Factor, number, ratio, select, series
from adcompiler.primitives.typerules import (
    Params,
    Types,
    leaves,
    math_computes,
    math_types,
    shaped,
    ufunc,
    ufunc_computes,
    ufunc_types,
)

TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)
HALF_ROOT_PI = math.sqrt(math.pi) / 2.0
ONE_OVER_ROOT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)
ROOT_TWO_OVER_PI = math.sqrt(2.0 / math.pi)
ROOT_HALF = math.sqrt(0.5)

Partial = Callable[..., Factor]


def row(
    name: str,
    *partials: Partial | None,
    scipy: str | None = None,
    by_math: str | None = None,
    raises: RaiseRule | tuple[Raises, ...] = (),
    domain: tuple[str, ...] = ("real",),
    unknown: tuple[int, ...] = (),
) -> Primitive:
    """A row of a ufunc of SciPy's, called `scipy` there and `by_math` in `math`."""
    special = f"special.{scipy or name}"

    def types(operands: Types, params: Params) -> Types:
        if params.get("via") == "math":
            return math_types(by_math or name, operands)
        return ufunc_types(special)(operands, params)

    def computes(operands: Types, params: Params) -> tuple[str, ...]:
        if params.get("via") == "math":
            return math_computes(operands, params)
        return ufunc_computes(special)(operands, params)

    def spell(let: Let, pieces: spelling.Pieces) -> Piece:
        through_math = let.param("via") == "math"
        function = f"math.{by_math}" if through_math else special
        return spelling.called(function, *spelling.texts(pieces))

    def evaluate(*values: Any, via: str = "np") -> Any:
        if via == "math" and by_math is not None:
            return getattr(math, by_math)(*values)
        return ufunc(special)(*values)

    return define(
        Primitive(
            name,
            types,
            spell,
            evaluate,
            computes=computes,
            raises=raises,
            elementwise=True,
            partials=partials,
            unknown=unknown,
            cost=INTRICATE,
            domain=domain,
        )
    )


# --- The normal distribution ------------------------------------------------------


def _gauss(x: Expr, via: str) -> Expr:
    """``exp(-x²)``, which neither raises nor overflows."""
    return (-(x * x)).call("exp", via=via)


def _density(x: Expr) -> Expr:
    """The density of the normal distribution."""
    return ONE_OVER_ROOT_TWO_PI * (-0.5 * (x * x)).call("exp")


row("erf", lambda x, y, via="np": TWO_OVER_ROOT_PI * _gauss(x, via), by_math="erf")
row("erfc", lambda x, y, via="np": -TWO_OVER_ROOT_PI * _gauss(x, via), by_math="erfc")
row("erfinv", lambda x, y, **_: HALF_ROOT_PI * (y * y).call("exp"), domain=("unit",))
row(
    "erfcinv",
    lambda x, y, **_: -HALF_ROOT_PI * (y * y).call("exp"),
    domain=("fraction",),
)
row("erfcx", lambda x, y, **_: _scaled_slope(x, 2.0 * x * y - TWO_OVER_ROOT_PI))
row("ndtr", lambda x, y, **_: _density(x))
row("ndtri", lambda x, y, **_: ratio(1, _density(y), safe=True), domain=("fraction",))
row("log_ndtr", lambda x, y, **_: _mills(x, y))


FAR = 10.0  # where tails are given by their asymptotic series


def tail(x: Expr, sign: int) -> Expr:
    """What is left far out of ``2 * x * y - c``, which loses all digits: over -c.

    Section 7.12 of the source: ``1 / (2 * x**2)`` and so on, of alternating signs if
    `sign` is -1.
    """
    inverse = ratio(1.0, (x * x).call("maximum", FAR * FAR), safe=True)
    ratios = tuple(sign * (n + 0.5) for n in range(1, 14))
    return 0.5 * inverse * series(inverse, ratios)


def _scaled_slope(x: Expr, found: Expr) -> Expr:
    """That of ``exp(x²) * erfc(x)``."""
    return select(x.call("greater", FAR), -TWO_OVER_ROOT_PI * tail(x, -1), found)


def _mills(x: Expr, y: Expr) -> Expr:
    """The density over the distribution function, whose logarithm is y.

    Below zero both are small: there it is taken of their quotient.
    """
    least = x.call("minimum", 0.0)  # of what is positive erfcx overflows
    below = ratio(ROOT_TWO_OVER_PI, (-ROOT_HALF * least).call("erfcx"))
    above = ONE_OVER_ROOT_TWO_PI * (-0.5 * (x * x) - y).call("exp")
    return select(x.call("less", 0), below, above)


# --- The logistic function --------------------------------------------------------

row("expit", lambda x, y, **_: y * (1 - y))
row("log_expit", lambda x, y, **_: (-x).call("expit"))
row("logit", lambda x, y, **_: ratio(1, x * (1 - x)), domain=("fraction",))

# --- Logarithms of probabilities --------------------------------------------------


def _share(a: Expr, b: Expr, by: Expr, pole: float) -> Expr:
    """``a / by``, which is zero with a, even at b's pole.

    Only there is it a constant: elsewhere it varies with a at zero, too.
    """
    none = a.call("equal", 0).call("logical_and", b.call("equal", pole))
    return select(none, 0.0, ratio(a, by))


row(
    "xlogy",
    lambda a, b, y, **_: b.call("log"),
    lambda a, b, y, **_: _share(a, b, b, 0),
    raises=broadcasting,
    domain=("nonzero", "positive"),
)
row(
    "xlog1py",
    lambda a, b, y, **_: b.call("log1p"),
    lambda a, b, y, **_: _share(a, b, 1 + b, -1),
    raises=broadcasting,
    domain=("nonzero", "positive"),
)
row("entr", lambda x, y, **_: -1 - x.call("log"), domain=("positive",))

# --- The gamma function -----------------------------------------------------------


def _whole_and_not_positive(x: Expr) -> Expr:
    return both(x.call("less_equal", 0), x.call("equal", x.call("floor")))


def _gamma_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    """`math.gamma` has poles at 0, -1, -2, ... and at -inf, and grows large."""
    if params.get("via") != "math":
        return ()

    def too_large(x: Expr) -> Expr:
        return made_infinite(float_of(x).call("gamma"), float_of(x))

    poles = Raises("ValueError", lambda x: _whole_and_not_positive(float_of(x)))
    return (poles, Raises("OverflowError", too_large))


def _lgamma_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    """`math.lgamma` has the same poles but -inf."""
    if params.get("via") != "math":
        return ()

    def pole(x: Expr) -> Expr:
        z = float_of(x)
        return both(_whole_and_not_positive(z), z.call("isfinite"))

    def too_large(x: Expr) -> Expr:
        return made_infinite(float_of(x).call("gammaln"), float_of(x))

    return (Raises("ValueError", pole), Raises("OverflowError", too_large))


row(
    "gamma",
    lambda x, y, **_: y * x.call("digamma"),
    by_math="gamma",
    raises=_gamma_raises,
    domain=("positive",),
)
row(
    "gammaln",
    lambda x, y, **_: x.call("digamma"),
    by_math="lgamma",
    raises=_lgamma_raises,
    domain=("positive",),
)
row("digamma", lambda x, y, **_: number(x, 2).call("zeta", x), domain=("positive",))


def _zeta_types(types: Types, params: Params) -> Types:
    s, q = leaves("special.zeta", types)
    if s != PY_INT:
        raise TypeError(
            "the first argument of special.zeta must be an int here",
            "write the int: special.zeta(2, q)",
        )
    return (shaped("float32" if q.dtype == "float32" else "float64", q),)


# Hurwitz' zeta function: the derivatives of digamma are
# (-1)**(n + 1) * n! * zeta(n + 1, x).
define(
    Primitive(
        "zeta",
        _zeta_types,
        lambda let, pieces: spelling.called("special.zeta", *spelling.texts(pieces)),
        lambda s, q: ufunc("special.zeta")(s, np.asarray(q)[()]),
        computes=lambda types, params: (
            "int64",
            "float32" if leaves("zeta", types)[1].dtype == "float32" else "float64",
        ),
        elementwise=True,
        partials=(None, lambda s, q, y, **_: -s * (s + 1).call("zeta", q)),
        cost=INTRICATE,
        domain=("index", "positive"),
    )
)
