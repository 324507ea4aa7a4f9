"""Of which class a value is: `isinstance`, `callable`, `type`.

In: bindings. Out: what is known of their classes while compiling.
Invariant: where a path decides of which class a number is, the program is refused.
"""

from __future__ import annotations

import builtins
import itertools
from types import GeneratorType, UnionType
from typing import Any, NoReturn

import numpy as np

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    FunctionVal,
    IterVal,
    ListRef,
    ObjectRef,
    PartialVal,
    RangeVal,
    RecordVal,
    SliceVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower.handling import Call
from adcompiler.frontend.lower.operands import describe
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Var
from adcompiler.ir.types import Scalar
from adcompiler.library import collected
from adcompiler.parameter import Parameter

OF_PYTHON: dict[str, type] = {"float64": float, "int64": int, "bool": bool}


def is_callable(call: Call) -> Binding:
    """``callable(x)``, known while compiling."""
    (x,) = call.bind("x")
    match x:
        case FunctionVal() | PartialVal():
            found = True
        case ObjectRef() | RecordVal():
            found = hasattr(x.cls, "__call__")  # noqa: B004
        case _:
            found = isinstance(x, Static) and callable(x.value)
    return Dyn(constant(found))


def is_instance(call: Call) -> Binding:
    """``isinstance(x, type)``, known while compiling."""
    x, kinds = call.bind("x", "classes")
    parts = kinds.items if isinstance(kinds, TupleVal) else (kinds,)
    classes: list[Any] = []
    for part in parts:
        value = part.value if isinstance(part, Static) else None
        classes += value.__args__ if isinstance(value, UnionType) else [value]
    if not all(isinstance(c, type) for c in classes):
        call.refuse(
            "the types of isinstance are classes known while compiling",
            "name one, or a tuple of them: isinstance(x, (int, float))",
        )
    found = [any(issubclass(p, c) for c in classes) for p in _classes_of(call, x)]
    if len(set(found)) > 1:
        _refuse_class(call)
    return Dyn(constant(found[0]))


def _classes_of(call: Call, x: Binding) -> list[type]:
    """The classes of which a value may be, as the path decides."""
    if not isinstance(x, Dyn) or not isinstance(x.atom.type, Scalar):
        return [class_of(call, x)]
    if isinstance(x.atom, Var) and x.atom in call.ctx.classes:
        several = call.ctx.classes[x.atom]
        return [c for t in several if isinstance(t, Scalar) for c in _of_type(t)]
    if x.atom in call.ctx.mixed:
        numpy = [np.dtype(name).type for name in (*OF_PYTHON, "float32")]
        return [*OF_PYTHON.values(), *numpy]
    return _of_type(x.atom.type)


def _of_type(t: Scalar) -> list[type]:
    """The classes of numbers of a type."""
    numpy = np.dtype(t.dtype).type
    if t.kind == "python":
        return [OF_PYTHON[t.dtype]]
    return [numpy] if t.kind == "numpy" else [OF_PYTHON[t.dtype], numpy]


def _refuse_class(call: Call) -> NoReturn:
    call.refuse(
        "which type of number this is depends on the path",
        "convert it first: float(x)",
    )


def class_of(call: Call, x: Binding) -> type:
    """The class of a value."""
    match x:
        case ArrayRef(location, path):
            trained = location in call.ctx.parameters and not path
            return Parameter if trained else np.ndarray
        case ListRef():
            return list
        case TupleVal(_, cls):
            return cls
        case ObjectRef() | RecordVal():
            return collected.ORIGINALS.get(x.cls, x.cls)
        case SliceVal():
            return slice
        case Static(value):
            return type(value)
        case FunctionVal():
            return type(lambda: None)
        case RangeVal():
            return range
        case IterVal("keys" | "values" | "items" as kind):
            return type(getattr({}, kind)())
        case IterVal(kind):
            found = getattr(builtins, kind, None) or getattr(itertools, kind, None)
            return found if isinstance(found, type) else GeneratorType
        case Dyn(atom) if isinstance(atom.type, Scalar):
            kind = atom.type.kind
            known = call.ctx.mixed, call.ctx.classes
            if kind == "either" or any(atom in types for types in known):
                _refuse_class(call)
            if kind == "numpy":
                return np.dtype(atom.type.dtype).type
            return OF_PYTHON[atom.type.dtype]
        case _:
            call.refuse(
                f"the type of {describe(x)} is not known",
                "make a tuple or a list of it first",
            )
