"""Rows of Bessel functions, ufuncs of `scipy.special`.

In: scalars and arrays; an order is the first operand, by which no derivative is stated.
Out: floats, NumPy's.
Invariant: the derivatives are those of chapter 10 of the NIST Digital Library of
Mathematical Functions (10.6 and 10.29), continued to zero where they have a limit.
"""

from __future__ import annotations

from adcompiler.ir.builder import Expr
from adcompiler.ir.primitive import Primitive
from adcompiler.primitives.raising import broadcasting
from adcompiler.primitives.rules import near, ratio, select, series
from adcompiler.primitives.special import row


def _over(x: Expr, y: Expr, sign: float, scale: Expr | float = 1.0) -> Expr:
    """``y / x``, where y is of order 1, near zero by its series."""
    square = (0.25 * sign) * (x * x)
    terms = series(square, tuple(1.0 / (n * (n + 1)) for n in range(1, 9)))
    return select(near(x, 0.5), 0.5 * scale * terms, ratio(y, x))


def _decay(x: Expr) -> Expr:
    """``exp(-abs(x))``."""
    return (-x.call("absolute")).call("exp")


# --- Of order 0 and 1 -----------------------------------------------------------------

row("i0", lambda x, y, **_: x.call("i1"))
row("i1", lambda x, y, **_: x.call("i0") - _over(x, y, 1.0))
row("i0e", lambda x, y, **_: x.call("i1e") - x.call("sign") * y)
row(
    "i1e",
    lambda x, y, **_: x.call("i0e") - x.call("sign") * y - _over(x, y, 1.0, _decay(x)),
)
row("j0", lambda x, y, **_: -x.call("j1"))
row("j1", lambda x, y, **_: x.call("j0") - _over(x, y, -1.0))

POSITIVE = ("positive",)
row("y0", lambda x, y, **_: -x.call("y1"), domain=POSITIVE)
row("y1", lambda x, y, **_: x.call("y0") - ratio(y, x), domain=POSITIVE)
row("k0", lambda x, y, **_: -x.call("k1"), domain=POSITIVE)
row("k1", lambda x, y, **_: -x.call("k0") - ratio(y, x), domain=POSITIVE)
row("k0e", lambda x, y, **_: y - x.call("k1e"), domain=POSITIVE)
row("k1e", lambda x, y, **_: y - x.call("k0e") - ratio(y, x), domain=POSITIVE)

# --- Of any order ---------------------------------------------------------------------


def _of_order(name: str, sign: int, factor: float, scaled: int = 0) -> Primitive:
    """A row whose derivative is `factor * (f(v - 1, x) + sign * f(v + 1, x))`.

    `scaled` tells that it is multiplied by ``exp(x)`` (1) or ``exp(-abs(x))`` (-1).
    """

    def partial(v: Expr, x: Expr, y: Expr, **_: object) -> Expr:
        below, above = (v - 1).call(name, x), (v + 1).call(name, x)
        found = factor * (below + above if sign > 0 else below - above)
        if scaled == 0:
            return found
        return found + y if scaled > 0 else found - x.call("sign") * y

    return row(
        name,
        None,
        partial,
        raises=broadcasting,
        domain=("positive", "positive"),
        unknown=(0,),
    )


_of_order("jv", -1, 0.5)
_of_order("yv", -1, 0.5)
_of_order("iv", 1, 0.5)
_of_order("kv", 1, -0.5)
_of_order("ive", 1, 0.5, -1)
_of_order("kve", 1, -0.5, 1)
