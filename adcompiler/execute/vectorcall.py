"""Objects that Python calls by the address of a function.

In: the address of a vectorcall function, and facts that it checks. Out: `Called`, a
class whose instances are called by it, through no method.
Invariants: an instance without an address is called as any other, by `__call__`; so is
every instance where Python lies otherwise in memory than is known here. Whatever an
instance is pointed at stays as long as the instance, as a call may be under way.

====== ================================================================================
offset what stands in an instance, behind the head of an object
====== ================================================================================
16     the address of the function, or null
24     the facts: of each a dict and a key, or, 16 bytes before it, a word and null; the
       object there; the version of the dict in which it was found, or -1
32     how many facts there are
40     the address of the function for calls with ``out=``, or null
====== ================================================================================
"""

from __future__ import annotations

import ctypes
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from adcompiler.settings import ABSENT

__all__ = ["Called", "Fact", "Table", "called_by_address", "point"]

# A dict, a key and the object there, or ABSENT; or a cell, None and its content; or an
# object, where in it a word stands, and the object whose address that is.
Fact = tuple[Any, Any, Any]

_ADDRESS, _FACTS, _COUNT, _WRITING, _SIZE = 16, 24, 32, 40, 48
_HAS_VECTORCALL, _IS_BASE, _IS_PLAIN = 1 << 11, 1 << 10, 1 << 18
_OFFSET_OF_OFFSET, _OFFSET_OF_FLAGS = 56, 168  # in a type object
_IN_CELL = 16  # where a cell has its content
_VERSION = 24  # where a dict has a number that changes whenever it does
_SIGNED_SIZE, _READ_ONLY, _MEMBERS = 19, 1, 72


class _Member(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("offset", ctypes.c_ssize_t),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class _Slot(ctypes.Structure):
    _fields_ = (("slot", ctypes.c_int), ("function", ctypes.c_void_p))


class _Spec(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("basicsize", ctypes.c_int),
        ("itemsize", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("slots", ctypes.POINTER(_Slot)),
    )


_members = (_Member * 2)(
    _Member(b"__vectorcalloffset__", _SIGNED_SIZE, _ADDRESS, _READ_ONLY, None)
)
_slots = (_Slot * 2)(_Slot(_MEMBERS, ctypes.addressof(_members)))
_spec = _Spec(
    b"adcompiler.execute.vectorcall.Called",
    _SIZE,
    0,
    _HAS_VECTORCALL | _IS_BASE | _IS_PLAIN,
    _slots,
)


def _flags_of(cls: type) -> ctypes.c_ulong:
    return ctypes.c_ulong.from_address(id(cls) + _OFFSET_OF_FLAGS)


def _made() -> type | None:
    """The class, made by Python's own interface; None where it does not lie as here."""
    usual = sys.implementation.name == "cpython" and ctypes.sizeof(ctypes.c_void_p) == 8
    if not usual or object.__basicsize__ != _ADDRESS:
        return None
    make = ctypes.pythonapi.PyType_FromSpec
    make.restype, make.argtypes = ctypes.py_object, (ctypes.c_void_p,)
    made: type = make(ctypes.addressof(_spec))
    offset = ctypes.c_ssize_t.from_address(id(made) + _OFFSET_OF_OFFSET).value
    known = offset == _ADDRESS and _flags_of(made).value & _HAS_VECTORCALL
    return made if known else None


_found = _made()

if TYPE_CHECKING:

    class Called:
        """What may be called by an address."""

else:
    Called = object if _found is None else _found

C = TypeVar("C", bound=type)


def called_by_address(cls: C) -> C:
    """Let instances of a class be called by their addresses.

    Python takes that from a class that has a `__call__` of its own, as it cannot know
    that both do the same.
    """
    if _found is not None:
        assert issubclass(cls, _found)
        flags = _flags_of(cls)
        flags.value |= _HAS_VECTORCALL
    return cls


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Facts as machine code reads them."""

    facts: tuple[Fact, ...]
    words: Any

    @classmethod
    def of(cls, facts: Sequence[Fact]) -> Table:
        words = (ctypes.c_void_p * (4 * len(facts)))()
        for k, (holder, key, value) in enumerate(facts):
            place = _place(key)
            words[4 * k] = id(holder) + (0 if place is None else place - _IN_CELL)
            words[4 * k + 1] = id(key) if place is None else None
            words[4 * k + 2] = None if value is ABSENT else id(value)
            words[4 * k + 3] = 0 if _has_versions() else -1
        return cls(tuple(facts), words)

    def holds(self) -> bool:
        """Whether the facts are so now."""
        return all(itertools.starmap(_is_so, self.facts))


def _is_so(holder: Any, key: Any, value: Any) -> bool:
    place = _place(key)
    if place is None:
        return holder.get(key, ABSENT) is value
    return bool(ctypes.c_void_p.from_address(id(holder) + place).value == id(value))


def _place(key: Any) -> int | None:
    """Where in an object a fact's word stands; None of what is in a dict."""
    return _IN_CELL if key is None else key if isinstance(key, int) else None


@cache
def _has_versions() -> bool:
    """Whether a dict has a number where machine code looks for one: another whenever
    the dict changes, and of no other dict."""
    probe, seen = {1: 1}, set()

    def look() -> None:
        seen.add(ctypes.c_ulong.from_address(id(probe) + _VERSION).value)

    look()
    for change in (
        lambda: probe.update({2: 2}),
        lambda: probe.__setitem__(2, 3),
        lambda: probe.pop(2),
        probe.clear,
        lambda: probe.setdefault(1, 2),
    ):
        change()
        look()
    return 0 not in seen and len(seen) == 6


@cache
def code_place() -> int | None:
    """Where in a function its code stands; None where that is not seen."""

    def probe() -> None:
        """A function like others."""

    count = FunctionType.__basicsize__ // 8
    words = (ctypes.c_void_p * count).from_address(id(probe))
    places = [8 * k for k in range(2, count) if words[k] == id(probe.__code__)]
    return places[0] if len(places) == 1 else None


def point(
    instance: Called, address: int, table: Table, writing: int | None = None
) -> None:
    """Call an instance by this address from now on, as long as the facts hold, and by
    that for `writing` with ``out=``.

    The caller keeps the code and the table as long as the instance.
    """
    if _found is None:
        return
    place = id(instance)
    # Nothing is called by an address whose facts are another's.
    ctypes.c_void_p.from_address(place + _ADDRESS).value = None
    ctypes.c_void_p.from_address(place + _WRITING).value = writing
    ctypes.c_void_p.from_address(place + _FACTS).value = ctypes.addressof(table.words)
    ctypes.c_ssize_t.from_address(place + _COUNT).value = len(table.facts)
    ctypes.c_void_p.from_address(place + _ADDRESS).value = address
