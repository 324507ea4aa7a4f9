"""Functions of NumPy and SciPy written in terms of others, in plain Python.

In: nothing. Out: `definition_of` a function, by NumPy's or SciPy's own object.
Invariants: a definition takes NumPy's parameters by NumPy's names and computes what
NumPy does, raising what NumPy raises; it is lowered as a user's function is, in place
of the call, and its statements count as the user's line. It is plain Python over NumPy,
so that it can be run and tested by itself; what it decides by an argument that is known
while compiling (an axis, a flag) costs nothing.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Hashable
from types import FunctionType

from adcompiler.library import (
    applying,
    calculus,
    linear,
    missing,
    ordering,
    padding,
    places,
    polynomials,
    reducing,
    shaping,
    statistics,
)
from adcompiler.library.registry import COMPOSED

__all__ = [
    "applying",
    "calculus",
    "definition_of",
    "linear",
    "missing",
    "ordering",
    "padding",
    "places",
    "polynomials",
    "reducing",
    "shaping",
    "statistics",
]

# SciPy is imported by programs that use it, not by us.
_OF_SCIPY = {
    "scipy.special": "adcompiler.library.exponentials",
    "scipy.linalg": "adcompiler.library.matrices",
    "scipy.integrate": "adcompiler.library.integrals",
    "scipy.stats": "adcompiler.library.distributions",
}


def definition_of(function: Hashable) -> FunctionType | None:
    """The definition of a function of NumPy's or SciPy's, if it has one here."""
    home = getattr(function, "__module__", None) or ""
    special = sys.modules.get("scipy.special")
    if getattr(special, getattr(function, "__name__", ""), None) is function:
        home = "scipy.special"  # ufuncs do not say so themselves
    for package, module in _OF_SCIPY.items():
        if home.startswith(package):
            importlib.import_module(module)
    return COMPOSED.get(function)
