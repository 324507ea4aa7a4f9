"""Operators, subscripts, lengths and truth that classes of the program define.

In: an operation on an object made inside or passed in. Out: what the method of its
class gives, or None where no class says anything.
Invariants: methods are tried in Python's order, those of the right operand included;
what they say is guarded as other methods are. What NumPy would make of an object, as
the right operand of an array, is refused.
"""

from __future__ import annotations

import ast
import dataclasses
import sys
from types import FunctionType
from typing import Any

import numpy as np

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    ObjectRef,
    PartialVal,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.ir.types import Scalar

_NAMES: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.MatMult: "matmul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
}
_UNARY: dict[type[ast.unaryop], str] = {
    ast.USub: "__neg__",
    ast.UAdd: "__pos__",
    ast.Invert: "__invert__",
}
# Each with what it is called on the other operand.
_COMPARED: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Eq: ("__eq__", "__eq__"),
    ast.NotEq: ("__ne__", "__ne__"),
    ast.Lt: ("__lt__", "__gt__"),
    ast.Gt: ("__gt__", "__lt__"),
    ast.LtE: ("__le__", "__ge__"),
    ast.GtE: ("__ge__", "__le__"),
}


def binary(
    ctx: Context, node: ast.AST, op: ast.operator, left: Binding, right: Binding
) -> Binding | None:
    """``left op right``."""
    word = _NAMES.get(type(op))
    if word is None or (_class_of(left) is None and _class_of(right) is None):
        return None
    names = f"__{word}__", f"__r{word}__"
    return _either(ctx, node, left, right, names, same_class=False)


def in_place(
    ctx: Context, node: ast.AST, op: ast.operator, old: Binding, value: Binding
) -> Binding | None:
    """``old op= value`` by a method that changes the object, if there is one."""
    word = _NAMES.get(type(op))
    if word is None or _class_of(old) is None:
        return None
    return call(ctx, node, old, f"__i{word}__", value)


def unary(
    ctx: Context, node: ast.AST, op: ast.unaryop, operand: Binding
) -> Binding | None:
    """``-x``, ``+x``, ``~x``."""
    word = _UNARY.get(type(op))
    return None if word is None else call(ctx, node, operand, word)


def compare(
    ctx: Context, node: ast.AST, op: ast.cmpop, left: Binding, right: Binding
) -> Binding | None:
    """``left < right`` and the like."""
    names = _COMPARED.get(type(op))
    if names is None or (_class_of(left) is None and _class_of(right) is None):
        return None
    found = _either(ctx, node, left, right, names, same_class=True)
    if found is None and isinstance(op, ast.NotEq):
        # Python asks __eq__ where a class has no __ne__ of its own.
        found = compare(ctx, node, ast.Eq(), left, right)
        if found is not None:
            from adcompiler.frontend.lower import operators

            return operators.unary(ctx, node, ast.Not(), found)
    return found


def call(
    ctx: Context, node: ast.AST, owner: Binding, name: str, *args: Binding
) -> Binding | None:
    """What a method of the object's class gives; None if there is none."""
    from adcompiler.frontend.lower import calls, instances

    cls, found = _class_of(owner), method_of(ctx, owner, name)
    if found is None:
        return None
    if instances.compares_fields(cls, name):
        return _of_fields(ctx, node, owner, name, *args)
    method = PartialVal(Static(found), (owner,), {})
    result = calls.apply(ctx, node, method, list(args), {})
    return None if result == Static(NotImplemented) else result


def method_of(ctx: Context, owner: Binding, name: str) -> FunctionType | None:
    """A method of the object's class."""
    from adcompiler.frontend.lower import instances

    cls = _class_of(owner)
    found = None if cls is None else instances.in_class(ctx, cls, name)
    return found if isinstance(found, FunctionType) else None


def _of_fields(
    ctx: Context, node: ast.AST, owner: Binding, name: str, other: Binding
) -> Binding | None:
    """A comparison that `dataclass` has written: that of the tuples of the fields."""
    from adcompiler.frontend.lower import attributes, comparisons

    cls = _class_of(owner)
    if _class_of(other) is not cls:
        return None
    fields = [f.name for f in dataclasses.fields(cls) if f.compare]
    left, right = (
        TupleVal(tuple(attributes.attribute(ctx, node, x, field) for field in fields))
        for x in (owner, other)
    )
    op = next(op for op, words in _COMPARED.items() if words[0] == name)
    return comparisons.compare(ctx, node, op(), left, right)


def _either(
    ctx: Context,
    node: ast.AST,
    left: Binding,
    right: Binding,
    names: tuple[str, str],
    *,
    same_class: bool,
) -> Binding | None:
    """What the one operand's method gives, or the other's."""
    one, other = _class_of(left), _class_of(right)
    turns = [(left, right, names[0])]
    if one is not other or same_class:
        turns.append((right, left, names[1]))
    inherits = one is not None and other is not None and issubclass(other, one)
    if inherits and one is not other:
        turns.reverse()
    for owner, argument, name in turns:
        turned = owner is right
        given = _passed_on(ctx, node, argument, other) if turned else argument
        found = call(ctx, node, owner, name, given)
        if found is not None:
            return found
    return None


def _passed_on(ctx: Context, node: ast.AST, left: Binding, cls: type | None) -> Binding:
    """A left operand as the right one's method gets it: NumPy is asked before."""
    t = left.atom.type if isinstance(left, Dyn) else None
    plain = isinstance(t, Scalar) and t.kind == "python"
    if cls is None or plain or not isinstance(left, Dyn | ArrayRef):
        return left
    gives_up = getattr(cls, "__array_ufunc__", cls) is None
    if gives_up:
        return left
    row = any(hasattr(cls, name) for name in ("__getitem__", "__array__", "__len__"))
    if isinstance(left, ArrayRef) or row or hasattr(cls, "__array_priority__"):
        ctx.refuse(
            node,
            f"NumPy is asked first what an array and a {cls.__name__} give",
            "write the object on the left, or __array_ufunc__ = None in its class",
        )
    # A number of NumPy's comes as one of Python's.
    assert isinstance(t, Scalar)
    dtype = {"f": "float64", "b": "bool"}.get(np.dtype(t.dtype).kind, "int64")
    return Dyn(ctx.emit(node, "cast", left.atom, dtype=dtype, via="builtin"))


def is_object(binding: Binding) -> bool:
    """Whether it is an object of a class of the program."""
    return _class_of(binding) is not None


def _class_of(binding: Binding) -> Any:
    """The class of an object of the program; None of anything else."""
    from adcompiler.frontend import resolve
    from adcompiler.frontend.lower import objects

    match binding:
        case ObjectRef(_, cls) if cls in (dict, list):
            return None
        case RecordVal() if binding.cls in (dict, list):
            return None
        case ObjectRef() | RecordVal():
            return binding.cls
        case TupleVal(_, cls) if hasattr(cls, "_fields"):
            return None if resolve.is_library(cls) else cls
        case Static(value) if not callable(value) and objects.is_object(value):
            return None if _is_foreign(type(value)) else type(value)
        case _:
            return None


def _is_foreign(cls: type) -> bool:
    """Whether objects of a class are made arrays or numbers of outside."""
    library = cls.__module__.partition(".")[0] in sys.stdlib_module_names
    return library or hasattr(cls, "__array__")
