"""What shorthand syntax stands for: imports, parts of patterns, `with`.

In: calls of `frontend.stand_ins`, which `frontend.shorthand` has written. Out: what
they stand for, known while compiling.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Hashable
from types import ModuleType

from adcompiler.frontend import capture as capturing
from adcompiler.frontend import stand_ins, subset
from adcompiler.frontend.bindings import (
    NONE,
    Binding,
    ListRef,
    SliceVal,
    Static,
    TupleVal,
    is_list,
)
from adcompiler.frontend.lower import attributes, calls, displays, listing, overloads
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.syntax import own_nodes
from adcompiler.ir.builder import constant
from adcompiler.library import lists as library

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


def entered(call: Call) -> Binding:
    """What ``with manager as value`` gives."""
    (manager,) = call.args
    if overloads.method_of(call.ctx, manager, "__exit__") is None:
        call.refuse(*subset.WITH)
    found = overloads.call(call.ctx, call.node, manager, "__enter__")
    if found is None:
        call.refuse(*subset.WITH)
    return found


def left(call: Call) -> Binding:
    """What the end of the block does to the manager, but for errors in the block."""
    (manager,) = call.args
    method = overloads.method_of(call.ctx, manager, "__exit__")
    assert method is not None
    for node in own_nodes(ast.iter_child_nodes(capturing.capture(method).node)):
        if isinstance(node, ast.Return) and not _is_false(node.value):
            what = "an __exit__ that may hide errors is not supported"
            call.refuse(what, "let it return nothing")
    overloads.call(call.ctx, call.node, manager, "__exit__", NONE, NONE, NONE)
    return NONE


def deleted(call: Call) -> Binding:
    """``del owner[key]``."""
    owner, key = call.args
    if overloads.call(call.ctx, call.node, owner, "__delitem__", key) is not None:
        return NONE
    if isinstance(owner, TupleVal) and owner.cls is list:
        displays.becomes_list(call.ctx, call.node, owner)
    if isinstance(owner, ListRef) and isinstance(key, SliceVal):
        listing.put(call.ctx, call.node, owner, key, TupleVal((), list))
    elif is_list(owner) and isinstance(key, SliceVal):
        call.refuse(
            "'del' takes parts of lists of numbers, or of arrays that are alike",
            "take the items away one by one: xs.pop(k)",
        )
    elif is_list(owner):
        listing.call(call.ctx, call.node, library.deleted, owner, key)
    elif getattr(owner, "cls", None) is dict:
        pop = attributes.attribute(call.ctx, call.node, owner, "pop")
        calls.apply(call.ctx, call.node, pop, [key], {})
    else:
        call.refuse(
            "'del' takes an item of a list or a dict here",
            "leave an item of an array away: np.delete(x, k)",
        )
    return NONE


def block_begun(call: Call) -> Binding:
    """The start of a block at whose end something is done."""
    call.ctx.closings.begin(_block(call))
    return NONE


def last_begun(call: Call) -> Binding:
    """The start of that, on one of the ways out."""
    call.ctx.closings.end(_block(call))
    return NONE


def last_ended(call: Call) -> Binding:
    """The end of that."""
    errors = call.atom(call.args[1]) == constant(True)
    own = call.ctx.frame.node if errors else None
    if call.ctx.closings.lost(_block(call), own):
        what = "this prints at the end of a block, after any error in it as well"
        call.refuse(what, "print behind the block, where no error leads to")
    return NONE


def _block(call: Call) -> Hashable:
    return call.ctx.frame.node, call.atom(call.args[0])


def _is_false(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and not value.value)


FUNCTIONS: dict[Hashable, Handler] = {
    stand_ins.module: module,
    stand_ins.member: member,
    stand_ins.part: part,
    stand_ins.entered: entered,
    stand_ins.left: left,
    stand_ins.deleted: deleted,
    stand_ins.block_begun: block_begun,
    stand_ins.last_begun: last_begun,
    stand_ins.last_ended: last_ended,
}
