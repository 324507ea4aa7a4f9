"""What a value is, in words that mean the same in another process.

In: what the front end has read: numbers, functions, classes, objects. Out: lists of
texts and numbers, equal for values that programs cannot tell apart.
Invariants: an object that is compared by identity has a number, given in the order in
which `Fingerprints` meets such objects, so that two names of one object are told from
names of two. Functions and classes are told by all that is written in them. Anything
else raises `Undescribed`.
"""

from __future__ import annotations

import abc
import dataclasses
import enum
import functools
import sys
from collections.abc import Iterator
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    CodeType,
    EllipsisType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    NoneType,
    SimpleNamespace,
    WrapperDescriptorType,
)
from typing import Any

import numpy as np

from adcompiler.frontend.interface import Derivative, VjpRule
from adcompiler.frontend.reads import MISSING

__all__ = ["Fingerprint", "Fingerprints", "Undescribed", "named", "own"]

Fingerprint = list[Any]

_BY_VALUE = (str, int, float, bool, NoneType, bytes, complex, EllipsisType)
_SLOTS = (
    *(WrapperDescriptorType, MethodDescriptorType, ClassMethodDescriptorType),
    *(GetSetDescriptorType, MemberDescriptorType),
)
# What the versions tell: nobody changes these, and nobody's modules have their names.
_COVERED = (
    *("numpy", "scipy", "adcompiler", "builtins", "math", "functools", "itertools"),
    *("operator", "_operator", "_functools", "typing", "abc", "enum", "collections"),
    *("dataclasses", "types"),
)
# What a class has that says nothing of what its methods do.
_UNREAD = frozenset(
    (
        *("__module__", "__dict__", "__weakref__", "__doc__", "__annotations__"),
        *("__firstlineno__", "__static_attributes__", "__abstractmethods__"),
        *("_abc_impl", "__orig_bases__", "__parameters__", "__annotate__"),
    )
)


class Undescribed(Exception):
    """There are no words for a value."""


def named(value: Any) -> tuple[str, str] | None:
    """The module and the name under which a function, class or module is found.

    >>> named(dataclasses.Field), named(lambda: None)
    (('dataclasses', 'Field'), None)
    """
    if isinstance(value, ModuleType):
        known = sys.modules.get(value.__name__) is value
        return (value.__name__, "") if known else None
    module, name = getattr(value, "__module__", None), _name(value)
    if not isinstance(module, str) or name is None:
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return (module, name) if found is value else None


def _name(value: Any) -> str | None:
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    return name if isinstance(name, str) else None


def own(value: Any) -> bool:
    """Whether a function or class is this package's own."""
    place = named(value)
    return place is not None and place[0].partition(".")[0] == "adcompiler"


def _covered(value: Any) -> tuple[str, str] | None:
    """Where it is found, of what the versions tell."""
    place = named(value)
    known = place is not None and place[0].partition(".")[0] in _COVERED
    return place if known else None


class Fingerprints:
    """Fingerprints of values, of which each may be met more than once."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._kept: list[Any] = []  # or an id might be given twice

    def of(self, value: Any) -> Fingerprint:
        """What the value is."""
        cls = type(value)
        if cls in _BY_VALUE:
            return [cls.__name__, repr(value)]
        match value:
            case CodeType():
                return ["code", code_text(value)]
            case enum.Enum():
                return ["enum", self.of(cls), value.name]
            case np.generic():
                return ["generic", value.dtype.str, repr(value)]
            case np.dtype() if value.names is None and value.subdtype is None:
                return ["dtype", value.str]
            case tuple():
                return ["tuple", self.of(cls), *map(self.of, value)]
            case slice() | range():
                parts = value.start, value.stop, value.step
                return [cls.__name__, *map(self.of, parts)]
        if value is MISSING:
            return ["missing"]
        if id(value) in self._numbers:
            return ["same", self._numbers[id(value)]]
        self._numbers[id(value)] = len(self._numbers)
        self._kept.append(value)
        return self._object(value)

    def _object(self, value: Any) -> Fingerprint:
        """What is compared by identity, and is met for the first time."""
        match value:
            case ModuleType():
                return ["module", value.__name__]
            case FunctionType():
                return self._function(value)
            case type():
                return self._class(value)
            case staticmethod() | classmethod():
                return [type(value).__name__, self.of(value.__func__)]
            case property():
                parts = value.fget, value.fset, value.fdel
                return ["property", *map(self.of, parts)]
            case functools.cached_property():
                return ["cached_property", self.of(value.func)]
            case functools._lru_cache_wrapper():
                return ["cache", self.of(value.__wrapped__)]
            case MethodType():
                return ["method", self.of(value.__func__), self.of(value.__self__)]
            case VjpRule():
                parts = value.function, value.forward, value.backward
                return ["rule", *map(self.of, parts)]
            case Derivative():
                wrt = None if value.wrt is None else list(value.wrt)
                return ["derivative", value.kind, wrt, self.of(value.function)]
            case np.finfo() | np.iinfo():
                return ["limits", str(value.dtype)]
        if isinstance(value, _SLOTS):
            owner: Any = value.__objclass__
            where = [owner.__module__, owner.__qualname__]
            return ["slot", type(value).__name__, *where, value.__name__]
        if isinstance(value, BuiltinFunctionType | np.ufunc):
            return self._library(value)
        return self._instance(value)

    def _function(self, function: FunctionType) -> Fingerprint:
        place = _covered(function)
        if place is not None:
            return ["function", *place]
        if any(name.startswith("__adcompiler_") for name in vars(function)):
            raise Undescribed("a function with a rule of its own")
        return [
            "function",
            *(function.__module__, function.__qualname__, function.__name__),
            code_text(function.__code__),
            len(function.__defaults__ or ()),
            *sorted(function.__kwdefaults__ or {}),
        ]

    def _library(self, value: Any) -> Fingerprint:
        """A function that is not written in Python."""
        place = _covered(value)
        if place is None and isinstance(value, np.ufunc):
            homes = ("numpy", "scipy.special")
            name = value.__name__
            found = (h for h in homes if _attribute(h, name) is value)
            home = next(found, None)
            place = None if home is None else (home, name)
        if place is None:
            raise Undescribed(f"the function {value!r}")
        return ["function", *place]

    def _instance(self, value: Any) -> Fingerprint:
        """An object of a class: what it holds is told where it is read."""
        cls: Any = type(value)
        if cls.__module__ in ("adcompiler.differentiable", "adcompiler.custom"):
            return self._of_ours(value)
        plain = all(c is SimpleNamespace or not _covered(c) for c in _written(cls))
        if not plain or isinstance(value, functools.partial | np.ndarray):
            raise Undescribed(f"an object of the class {cls.__qualname__}")
        return ["object", self.of(cls)]

    def _of_ours(self, value: Any) -> Fingerprint:
        """A derivative, or a function with a rule."""
        if getattr(getattr(value, "base", value), "prefix", ()):
            raise Undescribed("a derivative of a method")
        for name in ("__adcompiler_derivative__", "__adcompiler_rule__"):
            found = getattr(value, name, None)
            if found is not None:
                binds = getattr(value, "binds", None)
                return ["ours", name, binds and binds.__name__, self._object(found)]
        raise Undescribed(f"an object of the class {type(value).__qualname__}")

    # -- classes --

    def _class(self, cls: type) -> Fingerprint:
        place = _covered(cls)
        if place is not None:
            return ["class", *place]
        entries = [
            [name, self._entry(name, value)]
            for name, value in vars(cls).items()
            if name not in _UNREAD
        ]
        bases = [self.of(base) for base in cls.__mro__[1:]]
        head = [cls.__module__, cls.__qualname__, self.of(type(cls))]
        return ["class", *head, bases, entries, self._members(cls), _registered(cls)]

    def _entry(self, name: str, value: Any) -> Any:
        """What a class says of a name. Numbers and objects are told where they are
        read."""
        if name == "__dataclass_fields__":
            return [self._field(field) for field in value.values()]
        if name == "__dataclass_params__":
            return repr(value)
        texts = isinstance(value, tuple) and all(type(v) is str for v in value)
        special = name.startswith("__") and type(value) in _BY_VALUE
        if texts or special:
            return self.of(value)
        if isinstance(value, type):
            return ["class", value.__module__, value.__qualname__]
        if isinstance(value, _SLOTS) or _is_code(value):
            try:
                return self.of(value)
            except Undescribed:
                pass
        return ["other", type(value).__module__, type(value).__qualname__]

    def _field(self, field: dataclasses.Field[Any]) -> Fingerprint:
        made, given = field.default_factory, field.default
        return [
            *(field.name, str(field._field_type), field.init, field.compare),  # type: ignore[attr-defined]
            *(field.kw_only, given is dataclasses.MISSING),
            None if made is dataclasses.MISSING else self.of(made),
        ]

    def _members(self, cls: type) -> Fingerprint:
        """The members of an enumeration."""
        if not issubclass(cls, enum.Enum):
            return []
        return [[name, self.of(m.value)] for name, m in cls.__members__.items()]


def _written(cls: type) -> Iterator[type]:
    """The classes of an object but for those that say nothing of what it holds."""
    for c in cls.__mro__:
        plain = c.__module__ in ("typing", "abc") or c is object
        if not plain:
            yield c


def _registered(cls: type) -> list[str]:
    """The classes that an abstract one takes for its own."""
    if not isinstance(cls, abc.ABCMeta):
        return []
    registry, *_ = abc._get_dump(cls)  # type: ignore[attr-defined]
    found = (reference() for reference in registry)
    return sorted(f"{c.__module__}.{c.__qualname__}" for c in found if c is not None)


def _attribute(module: str, name: str) -> Any:
    return getattr(sys.modules.get(module), name, None)


_CODE = (
    *(FunctionType, staticmethod, classmethod, property, functools.cached_property),
    functools._lru_cache_wrapper,
)


def _is_code(value: Any) -> bool:
    """Whether this is something that a class does."""
    return isinstance(value, _CODE) or hasattr(value, "__adcompiler_derivative__")


# --- Code -----------------------------------------------------------------------------


def code_text(code: CodeType) -> str:
    """What a function does and where in itself, wherever it stands in its file.

    >>> def at_once(x): return x + 1
    >>> def two(x): return x + 2
    >>> code_text(at_once.__code__) == code_text(at_once.__code__.replace())
    True
    >>> code_text(at_once.__code__) == code_text(two.__code__)
    False
    """
    return repr(_code(code, code.co_firstlineno))


def _code(code: CodeType, first: int) -> tuple[Any, ...]:
    return (
        *(code.co_name, code.co_qualname, code.co_flags, code.co_firstlineno - first),
        *(code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        *(code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
        *(code.co_code.hex(), code.co_linetable.hex(), code.co_exceptiontable.hex()),
        tuple(_constant(c, first) for c in code.co_consts),
    )


def _constant(value: Any, first: int) -> Any:
    match value:
        case CodeType():
            return _code(value, first)
        case tuple():
            return tuple(_constant(v, first) for v in value)
        case frozenset():
            return "frozenset", sorted(repr(_constant(v, first)) for v in value)
        case _:
            return type(value).__name__, repr(value)
