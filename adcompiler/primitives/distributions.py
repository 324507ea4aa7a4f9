"""Rows of special functions that are integrals: of densities, exponentials, ellipses.

In: scalars and arrays. Out: floats, NumPy's: all are ufuncs of `scipy.special`.
Invariants: what is integrated is the derivative by the bound. By parameters of a
distribution none is stated: what varies there is refused.

Source: NIST Digital Library of Mathematical Functions, chapters 5 to 8 and 19.
"""

from __future__ import annotations

import math

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Const
from adcompiler.primitives.raising import broadcasting
from adcompiler.primitives.rules import near, number, ratio, select, series
from adcompiler.primitives.special import FAR, TWO_OVER_ROOT_PI, row, tail

PAIR = ("positive", "positive")
DEGREE = math.pi / 180.0

# --- Exponentials ---------------------------------------------------------------------

row("erfi", lambda x, y, **_: TWO_OVER_ROOT_PI * (x * x).call("exp"))
row("dawsn", lambda x, y, **_: _dawson_slope(x, y))


def _dawson_slope(x: Expr, y: Expr) -> Expr:
    far = x.call("absolute").call("greater", FAR)
    return select(far, -tail(x, 1), 1 - 2 * x * y)


row("exp10", lambda x, y, **_: math.log(10.0) * y)
row("exp1", lambda x, y, **_: -ratio((-x).call("exp"), x), domain=("positive",))
row("expi", lambda x, y, **_: ratio(x.call("exp"), x), domain=("nonzero",))


def _expn_slope(n: Expr, x: Expr) -> Expr:
    known = isinstance(n.atom, Const) and n.atom.value == 2
    return -x.call("exp1") if known else -(n - 1).call("expn", x)


row(
    "expn",
    None,
    lambda n, x, y, **_: _expn_slope(n, x),
    raises=broadcasting,
    domain=("index", "positive"),
    unknown=(0,),
)

# --- Angles in degrees ----------------------------------------------------------------

row("sindg", lambda x, y, **_: DEGREE * x.call("cosdg"))
row("cosdg", lambda x, y, **_: -DEGREE * x.call("sindg"))
row("tandg", lambda x, y, **_: DEGREE * (1 + y * y))
row("cosm1", lambda x, y, **_: -x.call("sin"))

# --- Beta and gamma -------------------------------------------------------------------


def _beta_slope(a: Expr, b: Expr) -> Expr:
    return a.call("digamma") - (a + b).call("digamma")


row(
    "betaln",
    lambda a, b, y, **_: _beta_slope(a, b),
    lambda a, b, y, **_: _beta_slope(b, a),
    raises=broadcasting,
    domain=PAIR,
)
row(
    "beta",
    lambda a, b, y, **_: y * _beta_slope(a, b),
    lambda a, b, y, **_: y * _beta_slope(b, a),
    raises=broadcasting,
    domain=PAIR,
)
row("loggamma", lambda x, y, **_: x.call("digamma"), domain=("positive",))


def _gamma_density(a: Expr, x: Expr) -> Expr:
    return ((a - 1).call("xlogy", x) - x - a.call("gammaln")).call("exp")


row(
    "gammainc",
    None,
    lambda a, x, y, **_: _gamma_density(a, x),
    raises=broadcasting,
    domain=PAIR,
    unknown=(0,),
)
row(
    "gammaincc",
    None,
    lambda a, x, y, **_: -_gamma_density(a, x),
    raises=broadcasting,
    domain=PAIR,
    unknown=(0,),
)
row(
    "gammaincinv",
    None,
    lambda a, p, y, **_: ratio(1, _gamma_density(a, y)),
    raises=broadcasting,
    domain=("positive", "fraction"),
    unknown=(0,),
)
row(
    "chdtr",
    None,
    lambda v, x, y, **_: 0.5 * _gamma_density(0.5 * v, 0.5 * x),
    raises=broadcasting,
    domain=PAIR,
    unknown=(0,),
)
row(
    "chdtrc",
    None,
    lambda v, x, y, **_: -0.5 * _gamma_density(0.5 * v, 0.5 * x),
    raises=broadcasting,
    domain=PAIR,
    unknown=(0,),
)


def _beta_density(a: Expr, b: Expr, x: Expr) -> Expr:
    powers = (a - 1).call("xlogy", x) + (b - 1).call("xlog1py", -x)
    return (powers - a.call("betaln", b)).call("exp")


row(
    "betainc",
    None,
    None,
    lambda a, b, x, y, **_: _beta_density(a, b, x),
    raises=broadcasting,
    domain=("positive", "positive", "fraction"),
    unknown=(0, 1),
)


row(
    "betaincc",
    None,
    None,
    lambda a, b, x, y, **_: -_beta_density(a, b, x),
    raises=broadcasting,
    domain=("positive", "positive", "fraction"),
    unknown=(0, 1),
)


def _student_density(v: Expr, t: Expr) -> Expr:
    half = 0.5 * (v + 1)
    tails = half.call("xlog1py", t * t / v)
    scale = half.call("gammaln") - (0.5 * v).call("gammaln") - 0.5 * v.call("log")
    return (scale - tails - 0.5 * math.log(math.pi)).call("exp")


row(
    "stdtr",
    None,
    lambda v, t, y, **_: _student_density(v, t),
    raises=broadcasting,
    domain=("positive", "real"),
    unknown=(0,),
)

# --- Complete elliptic integrals ------------------------------------------------------


# Of 2F1(1/2, 3/2; 2; m), each term to the one before.
_RATIOS = tuple((n + 0.5) * (n + 1.5) / ((n + 1) * (n + 2)) for n in range(10))


def _apart(m: Expr, first: Expr, second: Expr) -> Expr:
    """``(K(m) - E(m)) / m``, by its series where the two are nearly the same."""
    close = math.pi / 4.0 * series(m, _RATIOS)
    return select(near(m, 0.02), close, ratio(first - second, m))


row(
    "ellipk",
    lambda m, y, **_: 0.5 * ratio(y - _apart(m, y, m.call("ellipe")), 1 - m),
    domain=("fraction",),
)
row(
    "ellipe",
    lambda m, y, **_: -0.5 * _apart(m, m.call("ellipk"), y),
    domain=("fraction",),
)

# --- Powers and hypergeometric functions ----------------------------------------------

row(
    "boxcox",
    lambda x, p, y, **_: x.call("power", p - 1, via="np"),
    None,
    raises=broadcasting,
    domain=PAIR,
    unknown=(1,),
)
row(
    "boxcox1p",
    lambda x, p, y, **_: (x + 1).call("power", p - 1, via="np"),
    None,
    raises=broadcasting,
    domain=PAIR,
    unknown=(1,),
)
row(
    "inv_boxcox",
    lambda x, p, y, **_: y.call("power", 1 - p, via="np"),
    None,
    raises=broadcasting,
    domain=PAIR,
    unknown=(1,),
)
row(
    "hyp0f1",
    None,
    lambda b, x, y, **_: ratio((b + 1).call("hyp0f1", x), b),
    raises=broadcasting,
    domain=PAIR,
    unknown=(0,),
)
row(
    "hyp1f1",
    None,
    None,
    lambda a, b, x, y, **_: ratio(a, b) * (a + 1).call("hyp1f1", b + 1, x),
    raises=broadcasting,
    domain=("positive", "positive", "real"),
    unknown=(0, 1),
)
row(
    "hyp2f1",
    None,
    None,
    None,
    lambda a, b, c, x, y, **_: (
        ratio(a * b, c) * (a + 1).call("hyp2f1", b + 1, c + 1, x)
    ),
    raises=broadcasting,
    domain=("positive", "positive", "positive", "unit"),
    unknown=(0, 1, 2),
)


def _reciprocal_slope(x: Expr, y: Expr) -> Expr:
    """Of ``1 / gamma(x)``: by reflection below 1/2, where digamma has its poles."""
    angle, mirrored = math.pi * x, 1 - x
    turned = angle.call("sin") * mirrored.call("digamma") / math.pi
    below = mirrored.call("gamma") * (angle.call("cos") - turned)
    return select(x.call("less", 0.5), below, -y * x.call("digamma"))


row("rgamma", lambda x, y, **_: _reciprocal_slope(x, y), domain=("positive",))


def _spence_slope(x: Expr) -> Expr:
    """``log(x) / (1 - x)``: near 1 by the series of artanh in ``(x - 1) / (x + 1)``."""
    part = ratio(x - 1, x + 1)
    terms = series(part * part, tuple((2 * n + 1) / (2 * n + 3) for n in range(7)))
    close = ratio(-2.0, x + 1) * terms
    return select(near(x - 1, 0.1), close, ratio(x.call("log"), 1 - x))


row("spence", lambda x, y, **_: _spence_slope(x), domain=("positive",))

# --- Losses and divergences -----------------------------------------------------------

row(
    "rel_entr",
    lambda a, b, y, **_: ratio(a, b).call("log") + 1,
    lambda a, b, y, **_: -ratio(a, b),
    raises=broadcasting,
    domain=PAIR,
)
row(
    "kl_div",
    lambda a, b, y, **_: ratio(a, b).call("log"),
    lambda a, b, y, **_: 1 - ratio(a, b),
    raises=broadcasting,
    domain=PAIR,
)
row(
    "huber",
    lambda d, r, y, **_: number(r, 0.0).call("maximum", r.call("absolute") - d),
    lambda d, r, y, **_: r.call("clip", -d, d),
    raises=broadcasting,
    domain=("positive", "far"),
)


def _bend(d: Expr, r: Expr) -> Expr:
    return number(r, 1.0).call("hypot", ratio(r, d))


def _bent(d: Expr, r: Expr) -> Expr:
    """``d * (b - 1)**2 / b`` of the bend b, whose difference from 1 may be small."""
    bend, steps = _bend(d, r), ratio(r, d)
    over = steps * ratio(steps, 1 + bend)
    return d * over * ratio(over, bend)


row(
    "pseudo_huber",
    lambda d, r, y, **_: _bent(d, r),
    lambda d, r, y, **_: ratio(r, _bend(d, r)),
    raises=broadcasting,
    domain=("positive", "real"),
)
