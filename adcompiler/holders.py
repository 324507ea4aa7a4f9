"""What objects hold: the parameters of a model, and the modules in it.

In: an object whose attributes, slots or items hold others, nested in any way. Out: what
it holds of a kind, each once, in a stable order, with the path that names it.
Invariants: attributes and dicts are gone through as they were filled; nothing is
copied, and no property is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, TypeVar

import numpy as np

from adcompiler.parameter import Parameter

__all__ = ["SINGLE", "modules_of", "named_parameters", "parameters"]

SINGLE = (
    *(Parameter, np.ndarray, np.generic, str, bytes, int, float, complex, type(None)),
)
_CLOSED = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, np.dtype)


def parameters(*objects: Any) -> list[Parameter]:
    """The parameters that objects hold, each once, in a stable order.

    Looked through are attributes, in the order in which they were first assigned,
    dicts, lists, tuples, dataclasses, and the objects in these; frozen parameters are
    among them.

    >>> class Layer:
    ...     def __init__(self):
    ...         self.w, self.b = Parameter([1.0, 2.0]), Parameter(0.5)
    >>> class Model:
    ...     def __init__(self):
    ...         self.layers = [Layer(), Layer()]
    ...         self.same = self.layers[0].w
    >>> len(parameters(Model()))
    4
    """
    return [p for given in objects for _, p in named_parameters(given)]


def named_parameters(given: Any) -> list[tuple[str, Parameter]]:
    """The parameters that an object holds, each once, with the paths to them.

    >>> class Layer:
    ...     def __init__(self):
    ...         self.w, self.b = Parameter([1.0, 2.0]), Parameter(0.5)
    >>> [path for path, _ in named_parameters({"first": Layer()})]
    ['first.w', 'first.b']
    """
    found: list[tuple[str, Parameter]] = []
    _collect(given, "", found, set())
    return found


T = TypeVar("T")


def modules_of(given: Any, kind: type[T]) -> list[T]:
    """The objects of a class that an object holds, itself among them, each once."""
    found: list[T] = []
    pending, seen = [given], set()
    while pending:
        node = pending.pop()
        if isinstance(node, (*SINGLE, *_CLOSED)) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, kind):
            found.append(node)
        pending += [item for _, item in _held(node)]
    return found


def _collect(
    node: Any, path: str, found: list[tuple[str, Parameter]], seen: set[int]
) -> None:
    if isinstance(node, Parameter):
        if id(node) not in seen:
            seen.add(id(node))
            found.append((path, node))
        return
    if isinstance(node, (*SINGLE, *_CLOSED)) or id(node) in seen:
        return
    seen.add(id(node))
    for name, item in _held(node):
        _collect(item, f"{path}.{name}" if path else str(name), found, seen)


def _held(node: Any) -> Iterable[tuple[Any, Any]]:
    """What a container or an object holds, by names or numbers."""
    match node:
        case Mapping():
            return node.items()
        case list() | tuple():
            return enumerate(node)
        case _:
            slots = [
                name
                for cls in reversed(type(node).__mro__)
                for name in _slots(cls)
                if hasattr(node, name)
            ]
            held = getattr(node, "__dict__", {})
            return [*((n, getattr(node, n)) for n in slots), *held.items()]


def _slots(cls: type) -> tuple[str, ...]:
    given = cls.__dict__.get("__slots__", ())
    names = (given,) if isinstance(given, str) else tuple(given)
    hidden = ("__dict__", "__weakref__")
    return tuple(n for n in names if n not in hidden and not n.startswith("__"))
