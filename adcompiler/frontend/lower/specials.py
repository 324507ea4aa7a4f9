"""The functions of `scipy.special`, and the rows of `scipy.linalg`.

In: calls. Out: applications of its rows.
Invariant: SciPy is not imported; a program that calls it has done so.
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Hashable
from functools import cache
from typing import Any

from adcompiler.frontend.bindings import Binding, TupleVal
from adcompiler.frontend.lower import composed
from adcompiler.frontend.lower.elementwise import function
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.linalg import linear
from adcompiler.ir.builder import constant

UNARY = {
    **{
        name: name
        for name in [
            "erf", "erfc", "erfinv", "erfcinv", "erfcx", "ndtr", "ndtri", "log_ndtr",
            "expit", "log_expit", "logit", "entr", "gamma", "gammaln", "digamma",
            "i0", "i1", "i0e", "i1e", "j0", "j1", "y0", "y1", "k0", "k1", "k0e", "k1e",
            "erfi", "dawsn", "exp10", "exp1", "expi", "sindg", "cosdg", "tandg",
            "cosm1", "loggamma", "ellipk", "ellipe", "rgamma", "spence",
        ]
    },
    "psi": "digamma",
    "round": "rint",
    **{name: name for name in ["expm1", "log1p", "exp2", "cbrt"]},
}  # fmt: skip
BINARY = [
    "xlogy", "xlog1py", "jv", "yv", "iv", "kv", "ive", "kve", "beta", "betaln",
    "gammainc", "gammaincc", "gammaincinv", "chdtr", "chdtrc", "stdtr", "rel_entr",
    "kl_div", "huber", "pseudo_huber", "boxcox", "boxcox1p", "inv_boxcox", "hyp0f1",
]  # fmt: skip
TERNARY = ["betainc", "betaincc", "hyp1f1"]


def polygamma(call: Call) -> Binding:
    """``special.polygamma(n, x)``, the n-th derivative of digamma, n known."""
    n, x = call.bind("n", "x")
    order = call.integer(n, "the order of polygamma")
    if order == 0:
        return call.result("digamma", call.atom(x))
    zeta = call.emit("zeta", constant(order + 1), call.atom(x))
    scale = float((-1) ** (order + 1) * math.factorial(order))
    return call.result("multiply", constant(scale), zeta)


def expn(call: Call) -> Binding:
    """``special.expn(n, x)`` of an order that is known: that of 1 is ``exp1``."""
    n, x = call.bind("n", "x")
    order = call.integer(n, "the order of expn")
    if order < 1:
        hint = "of order 0 it is np.exp(-x) / x; a negative one has no value"
        call.refuse("special.expn is supported for orders above 0", hint)
    if order == 1:
        return call.result("exp1", call.atom(x))
    return call.result("expn", constant(order), call.atom(x))


@cache
def _table() -> dict[Hashable, Handler]:
    special = sys.modules["scipy.special"]
    return {
        **{getattr(special, n): function(row, 1) for n, row in UNARY.items()},
        **{getattr(special, name): function(name, 2) for name in BINARY},
        **{getattr(special, name): function(name, 3) for name in TERNARY},
        special.hyp2f1: function("hyp2f1", 4),
        special.polygamma: polygamma,
        special.expn: expn,
    }


def functions() -> dict[Hashable, Handler]:
    """The handlers by function; none as long as nobody has imported SciPy's."""
    found = _table() if "scipy.special" in sys.modules else {}
    return {**found, **_of_matrices()} if "scipy.linalg" in sys.modules else found


@cache
def _of_matrices() -> dict[Hashable, Handler]:
    """The rows that `scipy.linalg` has, and our definitions of its functions."""
    matrices = importlib.import_module("adcompiler.library.matrices")
    return {
        sys.modules["scipy.linalg"].expm: linear("expm", "A"),
        sys.modules["scipy.linalg"].sqrtm: sqrtm,
        matrices.factors: lu(),
        matrices.square_factors: lu(square=True),
        matrices.row_order: linear("row_order", "swaps"),
        matrices.row_swaps: linear("row_swaps", "order"),
    }


def sqrtm(call: Call) -> Binding:
    """``linalg.sqrtm(A)``, in any order of elements."""
    return composed.in_any_order(linear("sqrtm", "A")(call))


def lu(**params: Any) -> Handler:
    """The order of the rows, and the triangular factors."""

    def handle(call: Call) -> Binding:
        (a,) = call.bind("a")
        atom = call.atom(call.array(a))
        atoms = call.ctx.emit_all(call.node, "lu", atom, **params)
        return composed.in_any_order(TupleVal(tuple(map(call.ctx.wrap, atoms))))

    return handle
