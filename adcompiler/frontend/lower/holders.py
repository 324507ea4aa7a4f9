"""Under which names of the program memory is found.

In: where the interpreter is, what objects hold, and memory. Out: names, for messages.
Invariant: a definition of our own stands for the call in the program: names in it are
none of the program's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adcompiler.frontend.bindings import Binding, Location, RecordVal, locations
from adcompiler.frontend.lower.frames import Frame


def names_of(
    frame: Frame, objects: Mapping[Location, object], memory: Location
) -> list[str]:
    """The names around that have this memory, or an object that holds it."""
    found: list[str] = []
    for around in _frames(frame):
        for name, binding in around.env.items():
            if name.isidentifier() and memory in _reached(binding, objects):
                found.append(name)
    return found


def _frames(frame: Frame | None) -> Iterator[Frame]:
    """Those of the program, from where the names are read outwards."""
    while frame is not None and frame.captured.site is not None:
        frame = frame.caller
    while frame is not None:
        yield frame
        frame = frame.closure


def _reached(binding: Binding, objects: Mapping[Location, object]) -> set[Location]:
    """The memory that a binding refers to, and what objects there refer to."""
    found: set[Location] = set()
    pending = set(locations(binding))
    while pending:
        location = pending.pop()
        found.add(location)
        held = objects.get(location)
        if isinstance(held, RecordVal):
            pending |= set(locations(held)) - found
    return found
