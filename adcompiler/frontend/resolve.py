"""Which Python object is lowered how: one table of functions, one of methods.

In: a function, type or method name met in the program. Out: its handler, or None.
Invariant: what no table names is refused, never called.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FunctionType

    from adcompiler.frontend.lower.handling import Handler

_LIBRARIES = (
    *("numpy", "math", "builtins", "scipy"),
    *("functools", "itertools", "operator", "_operator", "_functools"),
    *("heapq", "bisect", "_heapq", "_bisect"),
)


def function(value: Any) -> Handler | None:
    """The handler of a library function."""
    from adcompiler.frontend.lower import composed, keywords, library, specials

    intrinsic = getattr(value, "__adcompiler_intrinsic__", None)
    if isinstance(intrinsic, str):
        return library.INTRINSICS.get(intrinsic)
    try:
        found = library.FUNCTIONS.get(value) or specials.functions().get(value)
        handler = found or composed.handler_of(value)
        return handler and keywords.of_function(value, handler)
    except TypeError:  # not hashable
        return None


def method(name: str) -> Handler | None:
    """The handler of a method of arrays and NumPy scalars."""
    from adcompiler.frontend.lower import keywords, library

    handler = library.METHODS.get(name)
    return handler and keywords.of_method(name, handler)


def is_library(value: Any) -> bool:
    """Whether the function is NumPy's or the standard library's."""
    module = getattr(value, "__module__", None) or ""
    return module.partition(".")[0] in _LIBRARIES


def is_ours(function: FunctionType) -> bool:
    """Whether a function that programs call is this package's own: what it does counts
    as the line that calls it. Methods of models are none: they run the user's."""
    home = function.__module__ or ""
    ours = home.startswith(("adcompiler.library.", "adcompiler.runtime."))
    return ours and home != "adcompiler.runtime.modules"


def is_distribution(value: Any) -> bool:
    """Whether it is ``stats.norm`` or its like."""
    return type(value).__module__.startswith("scipy.stats.") and hasattr(value, "rvs")


def shown(value: Any) -> str:
    """The function as a user writes it."""
    name = getattr(value, "__name__", None) or type(value).__name__
    owner = getattr(value, "__self__", None)
    if type(owner).__name__ == "ufunc":
        return f"{shown(owner)}.{name}"
    if is_distribution(owner):
        return f"stats.{type(owner).__name__.removesuffix('_gen')}.{name}"
    module = getattr(value, "__module__", None) or ""
    if module.startswith("scipy.special") or _of_scipy(value):
        return f"special.{name}"
    for package in ("linalg", "integrate", "stats"):
        if module.startswith(f"scipy.{package}"):
            return f"{package}.{name}"
    if type(value).__name__ == "ufunc" or module.partition(".")[0] == "numpy":
        middle = next((f"{m}." for m in ("linalg", "fft") if m in module), "")
        if module.startswith(("numpy.polynomial", "numpy.lib.stride_tricks")):
            middle = module.removeprefix("numpy.") + "."
        return f"np.{middle}{name}"
    if module == "math":
        return f"math.{name}"
    return f"{name}"


def _of_scipy(value: Any) -> bool:
    """Whether it is a ufunc of SciPy's, which does not say so itself."""
    special = sys.modules.get("scipy.special")
    name = getattr(value, "__name__", "")
    return special is not None and getattr(special, name, None) is value
