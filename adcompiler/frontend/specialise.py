"""Which compiled program serves a call.

In: the key of the arguments, and what was known while compiling. Out: a program.
Invariant: a program is used only while its guards and captures are what they were when
it was compiled.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.arguments import describe, key_of, same_static
from adcompiler.frontend.interface import Capture, Guard

__all__ = ["Specialisations", "guards_hold"]


def guards_hold(guards: tuple[Guard, ...], captures: tuple[Capture, ...]) -> bool:
    """Whether what was read while compiling is still so.

    Errors in reading, such as the NameError of a global that is gone, are those that
    a plain call would raise.
    """
    return all(map(_holds, guards)) and all(map(_is_kept, captures))


def _holds(guard: Guard) -> bool:
    found = guard.read()
    return found is guard.value or same_static(found, guard.value)


def _is_kept(capture: Capture) -> bool:
    """Whether a program that takes what was captured takes what is there now."""
    value = capture.read()
    try:
        return key_of(describe(value, name=capture.name)) == key_of(capture.spec)
    except UnsupportedError:
        return False  # lowering says where it is read


Program = TypeVar("Program")


class Specialisations(Generic[Program]):
    """The programs compiled for one function, the least recently used forgotten first.

    `find` compiles under a lock: threads that ask for the same program at the same time
    get one program, compiled once.
    """

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._lock = threading.RLock()
        self._programs: OrderedDict[tuple[Hashable, ...], list[Program]] = OrderedDict()

    def find(
        self,
        key: tuple[Hashable, ...],
        fits: Callable[[Program], bool],
        compile_: Callable[[list[Program]], Program],
    ) -> Program:
        """A program under this key that still fits, or a new one.

        `compile_` is given the programs under the key that do not fit.
        """
        with self._lock:
            programs = self._programs.setdefault(key, [])
            self._programs.move_to_end(key)
            for program in programs:
                if fits(program):
                    return program
            try:
                program = compile_(programs)
            finally:
                if not programs:
                    self._programs.pop(key, None)
            self._programs[key] = [program, *programs][: self._limit]
            while len(self._programs) > self._limit:
                self._programs.popitem(last=False)
            return program

    def last(self, *kinds: Hashable) -> Program | None:
        """The program used last of the first of these kinds that there is one of; the
        kind is what a key begins with."""
        with self._lock:
            for kind in kinds:
                for key, programs in reversed(self._programs.items()):
                    if key[0] == kind:
                        return programs[0]
        return None

    def __len__(self) -> int:
        with self._lock:
            return sum(map(len, self._programs.values()))
