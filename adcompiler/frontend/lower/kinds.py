"""What a name holds, in words, for refusals where paths disagree.

In: bindings and types. Out: texts.
"""

from __future__ import annotations

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    FunctionVal,
    IterVal,
    ListRef,
    MaybeNone,
    MethodVal,
    ObjectRef,
    PartialVal,
    PullbackVal,
    RecordVal,
    Static,
    TextVal,
    TupleVal,
    Unassigned,
)
from adcompiler.frontend.structures import ItemsOf
from adcompiler.ir.types import Array, Scalar, Type


def shown(name: str) -> str:
    """A name as it is called in a refusal."""
    return "the result" if name.startswith("$") else f"'{name}'"


def one_kind(left: Binding | None, right: Binding | None, name: str) -> str:
    """How to give a name one kind of value."""
    kinds = {type(left), type(right)}
    if kinds == {Dyn, ArrayRef} and not name.startswith("$"):
        return f"start with an array of the same shape: {name} = np.zeros(n)"
    if _is_called(left) and _is_called(right):
        return "choose between results: f(x) if c else g(x)"
    if isinstance(left, Static) and isinstance(left.value, str):
        return "choose between what it stands for: d['a'] if c else d['b']"
    return "give it one kind of value on all paths, or use two names"


def _is_called(binding: Binding | None) -> bool:
    """Whether this is a function."""
    if isinstance(binding, Static):
        return callable(binding.value)
    return isinstance(binding, FunctionVal | PartialVal | MethodVal)


def kind_of(binding: Binding | None) -> str:
    """What a name holds."""
    match binding:
        case Dyn(atom):
            return type_text(atom.type)
        case ArrayRef(_, _, t):
            return type_text(t)
        case Static(None):
            return "None"
        case Static(Unassigned()):
            return "not assigned"
        case MaybeNone(value):
            return f"None or {kind_of(value)}"
        case Static(value):
            return f"{getattr(value, '__name__', value)!r}"
        case TupleVal(items):
            return f"a tuple of {len(items)}"
        case ListRef():
            return "a list"
        case RecordVal(ItemsOf(count)):
            return f"a list of {count} items"
        case RecordVal(shape):
            entries = ", ".join(map(repr, shape.names))
            return f"a {shape.__name__} of {entries or 'nothing'}"
        case ObjectRef(_, cls):
            return f"a {cls.__name__}"
        case FunctionVal() | PartialVal() | MethodVal():
            return "a function"
        case PullbackVal():
            return "a pullback"
        case IterVal():
            return "an iterator"
        case TextVal():
            return "a text"
        case _:
            return "something else"


def type_text(t: Type) -> str:
    """A type in words."""
    match t:
        case Scalar("bool", _):
            return "a bool"
        case Scalar("int64", _):
            return "an int"
        case Scalar("float64", "python"):
            return "a float"
        case Scalar(dtype, _):
            return f"a {dtype}"
        case Array(dtype, dims):
            return f"a {dtype} array of rank {len(dims)}"
        case _:
            return "a list"
