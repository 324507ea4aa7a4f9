"""What shorthand syntax stands for: imports, and the parts that a pattern compares.

In: calls that `frontend.shorthand` has written. Out: what they stand for, known while
compiling.
"""

from __future__ import annotations

import importlib
from collections.abc import Hashable
from types import ModuleType

from adcompiler.frontend import shorthand
from adcompiler.frontend.bindings import Binding, Static
from adcompiler.frontend.lower import attributes
from adcompiler.frontend.lower.handling import Call, Handler

# Whose only part in a pattern is the whole.
_WHOLE = (bool, bytes, dict, float, frozenset, int, list, set, str, tuple)


def _text(binding: Binding) -> str:
    assert isinstance(binding, Static)
    return str(binding.value)


def _module(call: Call, level: int, name: str) -> ModuleType:
    """A module, imported if it has not been."""
    package = call.ctx.frame.captured.globals.get("__package__")
    try:
        return importlib.import_module("." * level + name, package)
    except ImportError as error:
        call.refuse(
            f"this cannot be imported: {error}", "import it outside, or install it"
        )


def module(call: Call) -> Binding:
    """``import name``."""
    level, name = call.args
    return Static(_module(call, call.integer(level, "a level"), _text(name)))


def member(call: Call) -> Binding:
    """``from name import attribute``."""
    level, name, attribute = call.args
    depth, word = call.integer(level, "a level"), _text(attribute)
    found = _module(call, depth, _text(name))
    if not hasattr(found, word):
        return Static(_module(call, depth, f"{_text(name)}.{word}"))
    return attributes.attribute(call.ctx, call.node, Static(found), word)


def part(call: Call) -> Binding:
    """What a part of ``case cls(a, b)`` compares."""
    subject, cls, place = call.args
    k = call.integer(place, "a place")
    kind = cls.value if isinstance(cls, Static) else None
    if kind in _WHOLE and k == 0:
        return subject
    names = getattr(kind, "__match_args__", ())
    if k >= len(names):
        call.refuse(
            "this class names no such part of its objects", "write case Cls(x=a)"
        )
    return attributes.attribute(call.ctx, call.node, subject, names[k])


FUNCTIONS: dict[Hashable, Handler] = {
    shorthand.module: module,
    shorthand.member: member,
    shorthand.part: part,
}
