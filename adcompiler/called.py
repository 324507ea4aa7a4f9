"""Objects that are called as functions are.

In: what is to be differentiated. Out: what a call of it runs, where that is written in
Python.
"""

from __future__ import annotations

import inspect
from types import FunctionType, MethodType
from typing import Any

__all__ = ["what_a_call_runs"]

_LIBRARIES = ("adcompiler", "numpy", "scipy", "functools")


def what_a_call_runs(function: Any) -> Any:
    """What a call of an object runs: the `__call__` of a class that is written in
    Python."""
    found = inspect.getattr_static(type(function), "__call__", None)
    module = type(function).__module__
    ours = module.startswith("adcompiler.runtime.")  # models are written in Python
    library = not ours and module.partition(".")[0] in _LIBRARIES
    if isinstance(found, FunctionType) and not library:
        return MethodType(found, function)
    return function
