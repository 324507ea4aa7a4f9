"""Objects from outside: their attributes and methods, by Python's rules of look-up.

In: an object known while compiling, and a name. Out: the binding of the attribute.
Invariants: a number or an array in an object is read anew at each call, as one in a
global is. What a class says, such as a method, is guarded where it was found: a method
redefined, or hidden by an attribute of the object, compiles anew.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from types import FunctionType, MemberDescriptorType, SimpleNamespace
from typing import Any

from adcompiler.frontend import resolve
from adcompiler.frontend.bindings import (
    Binding,
    ObjectRef,
    PartialVal,
    RecordVal,
    Static,
)
from adcompiler.frontend.interface import Derivative, VjpRule
from adcompiler.frontend.lower import calls, hints, names
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.reads import (
    MISSING,
    Above,
    Attribute,
    ClassOf,
    InClass,
    InObject,
    in_classes,
)


def written_classes(cls: type) -> Sequence[type]:
    """The classes of an object whose hooks are not Python's usual ones.

    >>> written_classes(SimpleNamespace)
    []
    """
    return [c for c in cls.__mro__ if c not in (object, SimpleNamespace)]


def is_object(value: Any) -> bool:
    """Whether this is an object of a class that is written in Python."""
    cls = type(value)
    return not isinstance(value, type) and not resolve.is_library(cls)


def attribute(ctx: Context, node: ast.AST, owner: Any, name: str) -> Binding:
    """``owner.name`` of an object."""
    cls = type(owner)
    if in_classes(written_classes(cls), "__getattribute__") is not MISSING:
        ctx.refuse(
            node,
            f"{cls.__name__} has a __getattribute__ of its own, which is not followed",
            "read it outside, and pass the value as an argument",
        )
    key = f"attribute {id(owner)} {name}"
    of_its_class = InObject(owner, name)
    found = of_its_class()
    if found is MISSING or isinstance(found, MemberDescriptorType):
        if not hasattr(owner, name):
            what = f"this {cls.__name__} has no attribute '{name}'"
            ctx.refuse(node, what, hints.present(owner, name))
        value = getattr(owner, name)
        return names.from_outside(ctx, node, value, name, key, Attribute(owner, name))
    names.guard(ctx, f"{key} of class", name, of_its_class, found)
    return of_class(ctx, node, Static(owner), cls, found, name)


def of_class(
    ctx: Context, node: ast.AST, owner: Binding, cls: type, found: Any, name: str
) -> Binding:
    """What an attribute of a class, found and guarded, is for an object of it."""
    match found:
        case property(fget=FunctionType() as getter):
            return calls.inline_python(ctx, node, getter, [owner], {})
        case property(fget=getter) if _function_of(getter) is not None:
            return calls.apply(ctx, node, Static(_function_of(getter)), [owner], {})
        case functools.cached_property(func=FunctionType() as getter):
            return calls.inline_python(ctx, node, getter, [owner], {})
        case FunctionType():
            return PartialVal(Static(found), (owner,), {})
        case functools._lru_cache_wrapper():
            return PartialVal(Static(found.__wrapped__), (owner,), {})
        case staticmethod():
            return Static(found.__func__)
        case classmethod():
            return PartialVal(Static(found.__func__), (Static(cls),), {})
        case _ if isinstance(getattr(found, "__adcompiler_rule__", None), VjpRule):
            return PartialVal(Static(found), (owner,), {})
        case _:
            function = _function_of(found)
            if function is not None:
                binds = getattr(found, "binds", None)
                if binds is staticmethod:
                    return Static(function)
                first = Static(cls) if binds is classmethod else owner
                return PartialVal(Static(function), (first,), {})
    if hasattr(type(found), "__get__"):
        ctx.refuse(
            node,
            f"'{name}' is a {type(found).__name__}, which is not followed",
            "read it outside, and pass the value as an argument",
        )
    key = f"attribute {id(cls)} {name}"
    return names.from_outside(ctx, node, found, name, key, Attribute(cls, name))


def _function_of(value: Any) -> Any:
    """The function that is differentiable; None if it is no such value."""
    derivative = getattr(value, "__adcompiler_derivative__", None)
    if isinstance(derivative, Derivative) and derivative.kind == "value":
        return derivative.function
    return None


def class_attribute(ctx: Context, node: ast.AST, cls: type, name: str) -> Binding:
    """``Class.name``: functions as they are, a class method with its class."""
    key = f"attribute {id(cls)} {name}"
    found = in_classes(cls.__mro__, name)
    if isinstance(found, staticmethod | classmethod | FunctionType):
        names.guard(ctx, key, name, InClass(cls, name), found)
    match found:
        case FunctionType():
            return Static(found)
        case staticmethod():
            return Static(found.__func__)
        case classmethod():
            return PartialVal(Static(found.__func__), (Static(cls),), {})
        case _:
            value = getattr(cls, name)
            return names.from_outside(ctx, node, value, name, key, Attribute(cls, name))


def super_attribute(ctx: Context, node: ast.AST, name: str) -> Binding:
    """``super().name`` in a method."""
    captured = ctx.frame.captured
    cell = captured.cells.get("__class__")
    first = ctx.frame.node.args.posonlyargs + ctx.frame.node.args.args
    owner = ctx.frame.env.get(first[0].arg) if first else None
    cls = _class_of(owner)
    if cell is None or owner is None or cls is None:
        ctx.refuse(
            node, "super() is supported in methods only", "name the class: Base.f(self)"
        )
    after = cell.cell_contents
    find = Above(cls, after, name)
    above, found = find.classes, find()
    if found is MISSING:
        bases = ", ".join(c.__name__ for c in above)
        what = f"no class above {after.__name__} has '{name}'"
        ctx.refuse(node, what, f"the classes above are: {bases}")
    key = f"super {id(cls)} {id(after)} {name}"
    names.guard(ctx, key, name, find, found)
    if isinstance(owner, ObjectRef) and name == "__init__":
        return PartialVal(Static(Initialiser(above)), (owner,), {})
    return of_class(ctx, node, owner, cls, found, name)


def _class_of(owner: Binding | None) -> type | None:
    """The class of an object, made here or not; None of anything else."""
    match owner:
        case ObjectRef() | RecordVal() if owner.cls is not dict:
            return owner.cls
        case Static(value) if is_object(value):
            return type(value)
        case _:
            return None


@dataclass(frozen=True)
class Initialiser:
    """The `__init__` that the first of these classes has, to be called."""

    classes: tuple[type, ...]


def callable_of(ctx: Context, node: ast.AST, value: Any) -> Binding | None:
    """What a call of an object calls: its `__call__`, with the object."""
    if not is_object(value):
        return None
    find = ClassOf(value, "__call__")
    found = find()
    if not isinstance(found, FunctionType):
        return None
    names.guard(ctx, f"call {id(value)}", "__call__", find, found)
    return PartialVal(Static(found), (Static(value),), {})


def mangled(ctx: Context, name: str) -> str:
    """The name of an attribute, ``__name`` in a class with its class before it."""
    if not name.startswith("__") or name.endswith("__"):
        return name
    parts = ctx.frame.captured.function.__qualname__.split(".")
    while len(parts) > 1 and parts[-2] == "<locals>":
        parts = parts[:-2]
    return f"_{parts[-2].lstrip('_')}{name}" if len(parts) > 1 else name
