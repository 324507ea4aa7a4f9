"""How what the front end has read is found again in another process.

In: the objects that a call starts from, and the reads of the front end. Out: a trail:
steps, of which each says how one object is come by from those before, and what it is.
Invariants: a step asks what the front end asked, by the same `Read`; a trail that is
followed gives objects only if each is what it was, by its fingerprint. A step without
one is the way to others.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Sequence
from types import FunctionType, MethodType
from typing import Any

from adcompiler.cache.fingerprints import Fingerprints, Undescribed, named
from adcompiler.cache.notation import decoded, encoded
from adcompiler.frontend import reads
from adcompiler.frontend.interface import Derivative, VjpRule
from adcompiler.frontend.reads import Read

__all__ = ["Followed", "Lost", "Step", "Trail", "followed"]

Step = list[Any]  # what to do, with what, and the fingerprint of what is found

_READS: dict[str, Any] = {
    cls.__name__: cls
    for cls in (
        *(reads.Global, reads.Cell, reads.Default, reads.Attribute, reads.Has),
        *(reads.InObject, reads.ClassOf, reads.InClass, reads.Above, reads.WrittenIn),
        *(reads.FieldDefault, reads.Kind, reads.Length, reads.Keys, reads.Item),
        *(reads.Part, reads.Given, reads.Trained),
    )
}
_WORDS = ("name", "key")  # the fields of reads that are no objects


class Lost(Exception):
    """Something on the trail is not there, or is not what it was."""


class Trail:
    """A trail as it is laid: the steps so far, and the objects that they lead to."""

    def __init__(self, roots: Sequence[Any]) -> None:
        self.steps: list[Step] = []
        self._prints = Fingerprints()
        self.values: list[Any] = []
        self._where: dict[int, int] = {}
        self._parts: dict[int, tuple[int, str, int | None]] = {}
        self._reads: dict[int, tuple[Read, int]] = {}
        for k, root in enumerate(roots):
            self._step(["root", k], root)

    def _step(self, how: Step, value: Any, *, checked: bool = True) -> int:
        number = len(self.steps)
        self.steps.append([*how, self._prints.of(value) if checked else None])
        self.values.append(value)
        self._where.setdefault(id(value), number)
        for label, key, part in _parts(value):
            self._parts.setdefault(id(part), (number, label, key))
        return number

    def object(self, value: Any) -> int:
        """The step that leads to an object."""
        if id(value) in self._where:
            return self._where[id(value)]
        if id(value) in self._parts:
            number, label, key = self._parts[id(value)]
            return self._step(["part", number, label, key], value, checked=False)
        place = named(value)
        if place is None:
            raise Undescribed(f"where {value!r} comes from")
        return self._step(["named", *place], value)

    def read(self, read: Read, *found: Any) -> int:
        """The step that reads this; `found` is what was read while compiling, to be
        the same again, if it is to be."""
        known = self._reads.get(id(read))
        if known is not None and not found:
            return known[1]
        args = []
        for name in read.__slots__:
            value = getattr(read, name)
            if name in _WORDS:
                args.append(encoded(value))
            else:
                args.append(self.read(value) if name == "base" else self.object(value))
        value = found[0] if found else read()
        number = self._step([type(read).__name__, *args], value, checked=bool(found))
        self._reads[id(read)] = read, number
        return number


def _parts(value: Any) -> Iterator[tuple[str, int | None, Any]]:
    """The objects that an object is made of, by attribute and place in it."""
    match value:
        case FunctionType():
            yield "__globals__", None, value.__globals__
            for k, cell in enumerate(value.__closure__ or ()):
                yield "__closure__", k, cell
        case type():
            for k, cls in enumerate(value.__mro__[1:], 1):
                yield "__mro__", k, cls
            return
        case MethodType():
            yield "__func__", None, value.__func__
            yield "__self__", None, value.__self__
        case staticmethod() | classmethod():
            yield "__func__", None, value.__func__
        case property():
            for name in ("fget", "fset", "fdel"):
                yield name, None, getattr(value, name)
        case functools.cached_property():
            yield "func", None, value.func
        case functools._lru_cache_wrapper():
            yield "__wrapped__", None, value.__wrapped__
        case VjpRule():
            for name in ("function", "forward", "backward"):
                yield name, None, getattr(value, name)
        case _:
            derivative = getattr(value, "__adcompiler_derivative__", None)
            if isinstance(derivative, Derivative):
                yield _FUNCTION, None, derivative.function
            rule = getattr(value, "__adcompiler_rule__", None)
            if isinstance(rule, VjpRule):
                yield "__adcompiler_rule__", None, rule
    yield "__class__", None, type(value)


_FUNCTION = "__adcompiler_derivative__.function"


# --- Following ------------------------------------------------------------------------


class Followed:
    """Where a trail has led to in this process."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.reads: list[Read | None] = []


# What a read raises where there is nothing to be read any more.
_GONE = (NameError, AttributeError, LookupError, TypeError, ValueError)


def followed(steps: Sequence[Step], roots: Sequence[Any]) -> Followed:
    """The objects on a trail; Lost where one is not there, or is another."""
    result, prints = Followed(), Fingerprints()
    for how, *args, fingerprint in steps:
        try:
            read, value = _taken(result, roots, how, args)
        except _GONE as error:
            raise Lost from error
        try:
            if fingerprint is not None and prints.of(value) != fingerprint:
                raise Lost
        except Undescribed as error:
            raise Lost from error
        result.reads.append(read)
        result.values.append(value)
    return result


def _taken(
    result: Followed, roots: Sequence[Any], how: str, args: list[Any]
) -> tuple[Read | None, Any]:
    """What a step leads to, and the read that it is, if it is one."""
    match how, args:
        case "root", [k]:
            return None, roots[k]
        case "part", [number, label, key]:
            value = result.values[number]
            for name in label.split("."):
                value = getattr(value, name)
            return None, value if key is None else value[key]
        case "named", [module, name]:
            value = sys.modules[module]
            for part in name.split(".") if name else ():
                value = getattr(value, part)
            return None, value
        case _:
            read = _read(result, _READS[how], args)
            return read, read()


def _read(result: Followed, cls: Any, args: list[Any]) -> Read:
    given = []
    for name, arg in zip(cls.__slots__, args, strict=True):
        if name in _WORDS:
            given.append(decoded(arg))
        else:
            given.append((result.reads if name == "base" else result.values)[arg])
    made: Read = cls(*given)
    return made
