"""The functions of `scipy.special`, and the rows of `scipy.linalg`.

In: calls. Out: applications of its rows.
Invariant: SciPy is not imported; a program that calls it has done so.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Hashable
from functools import cache

from adcompiler.frontend.bindings import Binding
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
            "i0", "i1", "i0e", "i1e",
        ]
    },
    "psi": "digamma",
}  # fmt: skip
BINARY = ["xlogy", "xlog1py"]


def polygamma(call: Call) -> Binding:
    """``special.polygamma(n, x)``, the n-th derivative of digamma, n known."""
    n, x = call.bind("n", "x")
    order = call.integer(n, "the order of polygamma")
    if order == 0:
        return call.result("digamma", call.atom(x))
    zeta = call.emit("zeta", constant(order + 1), call.atom(x))
    scale = float((-1) ** (order + 1) * math.factorial(order))
    return call.result("multiply", constant(scale), zeta)


@cache
def _table() -> dict[Hashable, Handler]:
    special = sys.modules["scipy.special"]
    return {
        **{getattr(special, n): function(row, 1) for n, row in UNARY.items()},
        **{getattr(special, name): function(name, 2) for name in BINARY},
        special.polygamma: polygamma,
    }


def functions() -> dict[Hashable, Handler]:
    """The handlers by function; none as long as nobody has imported SciPy's."""
    found = _table() if "scipy.special" in sys.modules else {}
    return {**found, **_of_matrices()} if "scipy.linalg" in sys.modules else found


@cache
def _of_matrices() -> dict[Hashable, Handler]:
    """The rows that `scipy.linalg` has."""
    return {sys.modules["scipy.linalg"].expm: linear("expm", "A")}
