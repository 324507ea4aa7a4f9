"""Subclasses of numbers and of tuples, which are taken for what they inherit from.

In: a class. Out: the name of a method of its own that would make its objects compute
otherwise; None where there is none, and its objects are plain numbers or tuples with a
name. Those of named tuples that are followed (`overloads.py`) do not count.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

import numpy as np

# How an object is made and shown does not change what is computed with it.
_MAKING = (
    "__new__ __init__ __init_subclass__ __subclasshook__ __class_getitem__ __doc__ "
    "__repr__ __str__ __format__ __dir__ __sizeof__ __reduce__ __reduce_ex__ "
    "__getstate__ __getnewargs__ __setattr__ __delattr__ __class__ __hash__"
)
_ARRAYS = frozenset(
    ("__array__", "__array_ufunc__", "__array_function__", "__array_priority__")
)
_NUMBERS = (float, int, np.generic)


@lru_cache(maxsize=512)
def own_method(cls: Any) -> str | None:
    """The method by which objects of a class differ from what it inherits from.

    >>> class Metres(float):
    ...     unit = "m"
    >>> class Cents(int):
    ...     def __truediv__(self, other):
    ...         return self // other
    >>> own_method(Metres), own_method(Cents), own_method(np.float64)
    (None, '__truediv__', None)
    """
    if hasattr(cls, "_fields"):
        names = frozenset({"__iter__", "__getattribute__"})
    else:
        base = next(c for c in (*_NUMBERS, tuple) if issubclass(cls, c))
        names = frozenset(dir(base)).difference(_MAKING.split()) | _ARRAYS
    written = (c for c in cls.__mro__ if not _is_library(c))
    return next((n for c in written for n in vars(c) if n in names), None)


# What every class that is written has.
_NAMES = frozenset(
    (
        "__module__",
        "__dict__",
        "__weakref__",
        "__firstlineno__",
        "__static_attributes__",
    )
)


@lru_cache(maxsize=512)
def is_plain(cls: type, base: type) -> bool:
    """Whether it is a class of lists or dicts, or one that is theirs by another name.

    >>> class Layers(list):
    ...     pass
    >>> class Chain(list):
    ...     def __call__(self, x):
    ...         return self[0](x)
    >>> is_plain(list, list), is_plain(Layers, list), is_plain(Chain, list)
    (True, True, False)
    """
    plain = frozenset(_MAKING.split()) | _NAMES
    own = (c for c in cls.__mro__ if c not in (base, object))
    return issubclass(cls, base) and all(plain.issuperset(vars(c)) for c in own)


def _is_library(cls: type) -> bool:
    package = cls.__module__.partition(".")[0]
    return package == "numpy" or package in sys.stdlib_module_names


def advice(cls: type) -> str:
    """What to pass instead of an object of such a class.

    >>> advice(type("Cents", (int,), {}))
    'pass a plain number: int(...)'
    """
    for number in (int, float):
        if issubclass(cls, number):
            return f"pass a plain number: {number.__name__}(...)"
    if issubclass(cls, np.generic):
        return "pass a plain number: x.item()"
    return "make it a plain tuple: tuple(...)"
