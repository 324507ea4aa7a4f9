"""Functions that look into objects: `getattr`, `type`, copies, dataclasses, `partial`.

In: calls. Out: what Python gives, by what is known of an object while compiling.
Invariants: a copy shares with what it was made of what Python lets it share, and no
more. Where Python asks an object for more than its attributes, as for `__copy__`, the
call is refused.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Hashable
from typing import NoReturn

from adcompiler.frontend import reads
from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    FunctionVal,
    ListRef,
    Location,
    ObjectRef,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower import (
    attributes,
    classes,
    drawing,
    instances,
    listing,
    messages,
    names,
    objects,
    records,
)
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.operands import describe
from adcompiler.frontend.structures import Key, StreamOf
from adcompiler.ir.builder import constant
from adcompiler.ir.types import Array

MISSING = Static("<missing>")

# --- Attributes by name --------------------------------------------------------------


def _name_of(call: Call, binding: Binding) -> str:
    binding = messages.settled(call.ctx, call.node, binding)
    if isinstance(binding, Static) and isinstance(binding.value, str):
        return binding.value
    call.refuse(
        "the name of an attribute must be known while compiling",
        "write it out: x.name; or loop over a tuple of names",
    )


def _has(call: Call, owner: Binding, name: str) -> bool:
    """Whether an object has an attribute."""
    ctx, node = call.ctx, call.node
    match owner:
        case ObjectRef() | RecordVal() if owner.cls is not dict:
            found = instances.in_class(ctx, owner.cls, name)
            return found is not reads.MISSING or name in records.entries(
                ctx, node, owner
            )
        case Static(value):
            find = reads.Has(value, name)
            found = bool(find())
            names.guard(ctx, f"has {id(value)} {name}", name, find, found)
            return found
        case _:
            return hasattr(classes.class_of(call, owner), name)


def has_attribute(call: Call) -> Binding:
    """``hasattr(x, "name")``, known while compiling."""
    owner, name = call.bind("obj", "name")
    return Dyn(constant(_has(call, owner, _name_of(call, name))))


def get_attribute(call: Call) -> Binding:
    """``getattr(x, "name", default)``."""
    owner, key, default = call.bind("obj", "name", default=MISSING)
    name = _name_of(call, key)
    if default is not MISSING and not _has(call, owner, name):
        return default
    return attributes.attribute(call.ctx, call.node, owner, name)


def set_attribute(call: Call) -> Binding:
    """``setattr(x, "name", value)``."""
    owner, key, value = call.bind("obj", "name", "value")
    instances.assign(call.ctx, call.node, owner, _name_of(call, key), value)
    return Static(None)


def type_of(call: Call) -> Binding:
    """``type(x)``, known while compiling."""
    (x,) = call.bind("object")
    return Static(classes.class_of(call, x))


# --- Copies --------------------------------------------------------------------------


def shallow(call: Call) -> Binding:
    """``copy.copy(x)``."""
    (x,) = call.bind("x")
    ctx, node = call.ctx, call.node
    match x:
        case RecordVal(StreamOf()):
            return drawing.copied(ctx, node, x)
        case ObjectRef() | RecordVal():
            _check_copied(call, x.cls, "__copy__")
            return ctx.new_object(records.contents(ctx, node, x))
        case ArrayRef():
            return call.result("copy", ctx.read(x, node))
        case ListRef():
            return listing.copied(ctx, node, x)
        case TupleVal(items, cls, site):
            return TupleVal(items, cls, site)
        case Dyn() | FunctionVal():
            return x
        case _:
            _refuse_copy(call, x)


def deep(call: Call) -> Binding:
    """``copy.deepcopy(x)``."""
    (x,) = call.bind("x")
    return Copies(call).of(x)


class Copies:
    """One deep copy: what is found twice in it is copied once."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.objects: dict[Location, ObjectRef] = {}
        self.arrays: set[Location] = set()
        self.streams: dict[Binding, RecordVal] = {}

    def of(self, x: Binding) -> Binding:
        """The copy of a value."""
        ctx, node = self.call.ctx, self.call.node
        match x:
            case ObjectRef(location):
                if location not in self.objects:
                    _check_copied(self.call, x.cls, "__deepcopy__")
                    held = records.contents(ctx, node, x)
                    self.objects[location] = new = ctx.new_object(held)
                    items = tuple(map(self.of, held.items))
                    ctx.objects[new.location] = RecordVal(held.shape, items)
                return self.objects[location]
            case RecordVal(StreamOf(), (state,)):
                if state not in self.streams:
                    self.streams[state] = drawing.copied(ctx, node, x)
                return self.streams[state]
            case RecordVal(shape, items):
                _check_copied(self.call, x.cls, "__deepcopy__")
                return ctx.new_object(RecordVal(shape, tuple(map(self.of, items))))
            case TupleVal(items, cls, site):
                return TupleVal(tuple(map(self.of, items)), cls, site)
            case ArrayRef(location):
                if location in self.arrays:
                    self.call.refuse(
                        "a deep copy of what holds an array twice is not supported",
                        "copy the arrays one by one",
                    )
                self.arrays.add(location)
                return self.call.result("copy", ctx.read(x, node))
            case ListRef(element=Array()):
                _refuse_copy(self.call, x)
            case ListRef():
                return listing.copied(ctx, node, x)
            case Dyn() | FunctionVal():
                return x
            case Static(value) if not objects.is_object(value):
                return x
            case _:
                _refuse_copy(self.call, x)


def _refuse_copy(call: Call, x: Binding) -> NoReturn:
    call.refuse(
        f"a copy of {describe(x)} is not supported",
        "copy its parts, or copy it outside",
    )


def _check_copied(call: Call, cls: type, hook: str) -> None:
    """Refuse a class that says how its objects are copied."""
    classes = objects.written_classes(cls)
    for name in (hook, "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__"):
        if reads.in_classes(classes, name) is not reads.MISSING:
            call.refuse(
                f"{cls.__name__} has a {name}, which is not followed",
                f"make a new one: {cls.__name__}(...)",
            )


# --- Dataclasses ---------------------------------------------------------------------


def replaced(call: Call) -> Binding:
    """``dataclasses.replace(p, k=v)``."""
    record, *more = call.args
    found = _fields_of(call, record, init=True)
    if more or found is None:
        call.refuse(
            "dataclasses.replace takes an object of a dataclass, and keywords",
            "write replace(p, k=v); of a named tuple p._replace(k=v)",
        )
    cls, kept = found
    given = {**kept, **call.kwargs}
    return instances.instance(call.ctx, call.node, cls, [], given)


def as_dict(call: Call) -> Binding:
    """``dataclasses.asdict(p)``."""
    (x,) = call.bind("obj")
    return _as_dict(call, Copies(call), x)


def as_tuple(call: Call) -> Binding:
    """``dataclasses.astuple(p)``."""
    (x,) = call.bind("obj")
    return _as_tuple(call, Copies(call), x)


def _as_tuple(call: Call, copies: Copies, x: Binding) -> Binding:
    found = _fields_of(call, x, init=False)
    if found is None:
        return _parts_of(call, copies, x, _as_tuple)
    return TupleVal(tuple(_as_tuple(call, copies, v) for v in found[1].values()))


def _as_dict(call: Call, copies: Copies, x: Binding) -> Binding:
    found = _fields_of(call, x, init=False)
    if found is None:
        return _parts_of(call, copies, x, _as_dict)
    held: dict[Key, Binding] = {
        name: _as_dict(call, copies, value) for name, value in found[1].items()
    }
    return records.new_dict(call.ctx, call.node, held)


def _parts_of(
    call: Call,
    copies: Copies,
    x: Binding,
    convert: Callable[[Call, Copies, Binding], Binding],
) -> Binding:
    """What a field holds that is no dataclass: a copy, with those in it converted."""
    match x:
        case TupleVal(items, cls, site):
            parts = tuple(convert(call, copies, item) for item in items)
            return TupleVal(parts, cls, site)
        case ObjectRef() | RecordVal() if x.cls is dict:
            held = records.entries(call.ctx, call.node, x)
            new = {key: convert(call, copies, item) for key, item in held.items()}
            return records.new_dict(call.ctx, call.node, new)
        case _:
            return copies.of(x)


def _fields_of(
    call: Call, value: Binding, *, init: bool
) -> tuple[type, dict[str, Binding]] | None:
    """The class of a dataclass and its fields: those of `__init__` alone, or all."""
    match value:
        case ObjectRef() | RecordVal() if dataclasses.is_dataclass(value.cls):
            cls: type = value.cls
        case Static(known) if dataclasses.is_dataclass(type(known)):
            cls = type(known)
        case _:
            return None
    fields = [f.name for f in dataclasses.fields(cls) if f.init or not init]
    ctx, node = call.ctx, call.node
    held = {name: attributes.attribute(ctx, node, value, name) for name in fields}
    return cls, held


FUNCTIONS: dict[Hashable, Handler] = {
    getattr: get_attribute,
    hasattr: has_attribute,
    setattr: set_attribute,
    type: type_of,
    copy.copy: shallow,
    copy.deepcopy: deep,
    dataclasses.replace: replaced,
    dataclasses.asdict: as_dict,
    dataclasses.astuple: as_tuple,
}
