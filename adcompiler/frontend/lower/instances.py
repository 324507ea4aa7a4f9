"""Objects that a function makes: of classes, dataclasses, namespaces, named tuples.

In: a class and arguments, or an object and a name. Out: the object; its attribute.
Invariants: attributes are looked up by Python's rules. What a generated `__init__` does
is done here; one that is written is interpreted, as any method is.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
from collections.abc import Sequence
from types import FunctionType, MemberDescriptorType, SimpleNamespace
from typing import Any

from adcompiler.frontend import resolve
from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    ObjectRef,
    PartialVal,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower import calls, hints, names, objects, records
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.reads import MISSING, FieldDefault, InClass, in_classes
from adcompiler.frontend.structures import Key, ObjectOf
from adcompiler.library import collected

MADE = "make it outside, or make the class a dataclass"
HOOKS = ("__setattr__", "__getattribute__", "__getattr__", "__delattr__")

Object = records.Object
Defaults = dict[str, tuple[str, Any]]


def instance(
    ctx: Context,
    node: ast.AST,
    cls: type,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> Binding:
    """``Class(...)``."""
    if cls is SimpleNamespace and not args:
        return made(ctx, node, cls, dict(kwargs.items()))
    if issubclass(cls, tuple) and _is_generated(cls, "__new__"):
        names.check_inherited(ctx, node, cls)
        fields: tuple[str, ...] = getattr(cls, "_fields", ())
        given = getattr(cls, "_field_defaults", {})
        defaults = {n: ("value", v) for n, v in given.items()}
        bound = _bound(ctx, node, cls, fields, defaults, args, kwargs)
        return TupleVal(tuple(bound[name] for name in fields), cls)
    _check_plain(ctx, node, cls)
    owner = made(ctx, node, cls, {})
    initialise(ctx, node, owner, cls.__mro__, args, kwargs)
    return owner


def made(ctx: Context, node: ast.AST, cls: type, held: dict[Key, Binding]) -> ObjectRef:
    """An object with these attributes."""
    items = tuple(records.silenced(ctx, node, item) for item in held.values())
    return ctx.new_object(RecordVal(ObjectOf(cls, tuple(held)), items))


def _check_plain(ctx: Context, node: ast.AST, cls: type) -> None:
    """Refuse a class whose objects are not made and read as Python does by itself."""
    name = cls.__name__
    plain: Any = object.__new__
    if resolve.is_library(cls) or cls.__new__ is not plain:
        ctx.refuse(node, f"an object of the class {name} cannot be made here", MADE)
    if type(cls).__call__ is not type.__call__:
        ctx.refuse(node, f"{name} has a metaclass, which is not followed", MADE)
    frozen = _is_frozen(cls)
    for hook in HOOKS:
        found = in_classes(cls.__mro__[:-1], hook)
        if found is not MISSING and not frozen:
            ctx.refuse(node, f"{name} has a {hook}, which is not followed", MADE)


def _is_frozen(cls: type) -> bool:
    params = getattr(cls, "__dataclass_params__", None)
    return params is not None and params.frozen


def _is_generated(cls: type, name: str) -> bool:
    """Whether a method is the one that `dataclass` or `namedtuple` has written."""
    found = in_classes(cls.__mro__, name)
    if isinstance(found, staticmethod):
        found = found.__func__
    if not isinstance(found, FunctionType):
        return False
    return found.__code__.co_filename.startswith("<string>") or (
        "namedtuple" in found.__code__.co_filename
        or found.__module__.startswith("namedtuple_")
    )


def compares_fields(cls: type, name: str) -> bool:
    """Whether it is a comparison that `dataclass` has written."""
    comparisons = ("__eq__", "__lt__", "__le__", "__gt__", "__ge__")
    if name not in comparisons or not dataclasses.is_dataclass(cls):
        return False
    return _is_generated(cls, name)


# --- `__init__` ----------------------------------------------------------------------


def initialise(
    ctx: Context,
    node: ast.AST,
    owner: Binding,
    classes: Sequence[type],
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> None:
    """What the first `__init__` that these classes have does to an object."""
    assert isinstance(owner, ObjectRef)
    cls = next(c for c in classes if "__init__" in c.__dict__)
    found = in_class(ctx, cls, "__init__")
    if cls is object:
        if args or kwargs:
            name = owner.cls.__name__
            hint = f"give {name} an __init__, or make it a dataclass"
            ctx.refuse(node, f"{name}() takes no arguments", hint)
    elif dataclasses.is_dataclass(cls) and _is_generated(cls, "__init__"):
        _fill(ctx, node, owner, cls, args, kwargs)
    elif isinstance(found, FunctionType):
        result = calls.inline_python(ctx, node, found, [owner, *args], kwargs)
        if result != NONE:
            ctx.refuse(
                node,
                f"{cls.__name__}.__init__ returns something, for which Python raises",
                "end it without a value, or write a function that returns one",
            )
    else:
        ctx.refuse(
            node, f"an object of the class {cls.__name__} cannot be made here", MADE
        )


def in_class(ctx: Context, cls: type, name: str) -> Any:
    """What a class says of a name, which is to be the same at later calls."""

    find = InClass(cls, name)
    found = find()
    names.guard(ctx, f"class {id(cls)} {name}", name, find, found)
    return found


def _fill(
    ctx: Context,
    node: ast.AST,
    owner: ObjectRef,
    cls: type,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> None:
    """The fields of a dataclass, and then its `__post_init__`."""
    every = dataclasses.fields(cls)
    for name, field in cls.__dataclass_fields__.items():  # type: ignore[attr-defined]
        if field._field_type is dataclasses._FIELD_INITVAR:  # type: ignore[attr-defined]
            ctx.refuse(node, f"{cls.__name__} has an InitVar, {name}", MADE)
    positional = tuple(f.name for f in every if f.init and not f.kw_only)
    keywords = tuple(f.name for f in every if f.init and f.kw_only)
    defaults: Defaults = {}
    for field in every:
        if field.default is not dataclasses.MISSING:
            defaults[field.name] = ("value", field.default)
        elif field.default_factory is not dataclasses.MISSING:
            defaults[field.name] = ("factory", field.default_factory)
    if len(args) > len(positional):
        what = f"{cls.__name__}() takes {len(positional)} arguments by their place"
        ctx.refuse(node, what, hints.fields((*positional, *keywords)))
    order = (*positional, *keywords)
    bound = _bound(ctx, node, cls, order, defaults, args, kwargs)
    for field in every:
        if not field.init and field.name in defaults:
            bound[field.name] = _default(ctx, node, cls, field.name, defaults)
    for field in every:
        if field.name in bound:
            records.store(ctx, node, owner, field.name, bound[field.name])
    found = in_class(ctx, owner.cls, "__post_init__")
    if isinstance(found, FunctionType):
        calls.inline_python(ctx, node, found, [owner], {})


def _bound(
    ctx: Context,
    node: ast.AST,
    cls: type,
    fields: tuple[str, ...],
    defaults: Defaults,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> dict[str, Binding]:
    """The fields by name, as the arguments and the defaults give them."""
    if len(args) > len(fields):
        what = f"{cls.__name__}() takes {len(fields)} arguments, {len(args)} are given"
        ctx.refuse(node, what, hints.fields(fields))
    bound = dict(zip(fields, args, strict=False))
    for key, value in kwargs.items():
        if key not in fields or key in bound:
            twice = "gets" if key not in fields else "has been given"
            what = f"{cls.__name__}() {twice} '{key}', which it cannot take"
            ctx.refuse(node, what, hints.fields(fields))
        bound[key] = value
    for name in fields:
        if name not in bound:
            if name not in defaults:
                what = f"{cls.__name__}() misses the argument '{name}'"
                ctx.refuse(node, what, hints.fields(fields))
            bound[name] = _default(ctx, node, cls, name, defaults)
    return bound


def _default(
    ctx: Context, node: ast.AST, cls: type, name: str, defaults: Defaults
) -> Binding:
    """The default of a field, which its class keeps."""
    kind, value = defaults[name]
    if kind == "factory":
        return calls.apply(ctx, node, Static(value), [], {})
    key = f"field {id(cls)} {name}"
    return names.from_outside(ctx, node, value, name, key, FieldDefault(cls, name))


# --- Attributes ----------------------------------------------------------------------


def attribute(ctx: Context, node: ast.AST, owner: Object, name: str) -> Binding:
    """``p.name`` of an object of known structure."""
    cls = owner.cls
    if name == "__class__":
        return Static(cls)
    found = in_class(ctx, cls, name)
    held = records.entries(ctx, node, owner)
    if name in held and not isinstance(found, property):
        return records.checked(ctx, node, held[name])
    if found is MISSING or isinstance(found, MemberDescriptorType):
        ctx.refuse(
            node,
            f"this {collected.name_of(cls)} has no attribute '{name}'",
            f"it has {', '.join(map(str, held)) or 'none yet'}",
        )
    value = objects.of_class(ctx, node, owner, cls, found, name)
    if isinstance(found, functools.cached_property) and isinstance(owner, ObjectRef):
        records.store(ctx, node, owner, name, value)
    return value


def assign(
    ctx: Context, node: ast.AST, owner: Binding, name: str, value: Binding
) -> None:
    """``p.name = value``."""
    if isinstance(owner, ArrayRef):
        what = f"'{name}' of an array cannot be assigned"
        ctx.refuse(node, what, "make a new one: y = x.reshape(...), x.astype(...)")
    if not isinstance(owner, ObjectRef | RecordVal) or owner.cls is dict:
        ctx.refuse(
            node,
            "an attribute of what comes from outside cannot be assigned",
            "assign a local name and return it",
        )
    cls = owner.cls
    found = in_class(ctx, cls, name)
    match found:
        case property(fset=FunctionType() as setter):
            calls.inline_python(ctx, node, setter, [owner, value], {})
            return
        case property():
            ctx.refuse(
                node,
                f"the property '{name}' has no setter",
                f"assign what it reads, or give it one: @{name}.setter",
            )
        case _ if _is_frozen(cls):
            ctx.refuse(
                node,
                f"the class {cls.__name__} is frozen",
                f"make a new one: dataclasses.replace(p, {name}=...)",
            )
        case MemberDescriptorType():
            pass
        case _ if hasattr(type(found), "__set__"):
            kind = type(found).__name__
            what = f"'{name}' is a {kind}, whose __set__ is not followed"
            ctx.refuse(node, what, "make it a property, or a plain attribute")
    records.store(ctx, node, owner, name, value)


def callable_of(
    ctx: Context, node: ast.AST, owner: ObjectRef | RecordVal
) -> Binding | None:
    """What a call of an object calls: its `__call__`, with the object."""
    found = in_class(ctx, owner.cls, "__call__")
    if not isinstance(found, FunctionType):
        return None
    return PartialVal(Static(found), (owner,), {})


# --- Methods of named tuples ---------------------------------------------------------


def _replace(call: Call) -> Binding:
    """``pair._replace(first=v)``."""
    owner, *more = call.args
    assert isinstance(owner, TupleVal)
    fields: tuple[str, ...] = getattr(owner.cls, "_fields", ())
    unknown = [key for key in call.kwargs if key not in fields]
    if more or unknown:
        words = ", ".join(f"{name}=" for name in fields)
        hint = f"name the field to change: p._replace({fields[0]}=...)"
        call.refuse(f"_replace takes {words}", hint)
    held = {**dict(zip(fields, owner.items, strict=True)), **call.kwargs}
    return TupleVal(tuple(held.values()), owner.cls)


def _asdict(call: Call) -> Binding:
    """``pair._asdict()``."""
    (owner,) = call.bind("self")
    assert isinstance(owner, TupleVal)
    fields: tuple[str, ...] = getattr(owner.cls, "_fields", ())
    held: dict[Key, Binding] = dict(zip(fields, owner.items, strict=True))
    return records.new_dict(call.ctx, call.node, held)


METHODS: dict[str, Handler] = {"_replace": _replace, "_asdict": _asdict}
