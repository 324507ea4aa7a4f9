"""Differentiable functions as pickles: a name, or what it takes to make one again.

In: a differentiable function. Out: what `__reduce__` gives.
Invariant: a pickle names functions of modules and holds no code; what has no name that
leads back to it is refused, with a word on what to do.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any, Protocol

__all__ = ["reduced"]


class Differentiable(Protocol):
    """What is used of `differentiable.Differentiable`."""

    function: Any
    wrt: tuple[str, ...] | None
    backend: str | None
    prefix: tuple[Any, ...]


def reduced(g: Differentiable, make: Callable[..., Any]) -> str | tuple[Any, ...]:
    """What a pickle holds of a differentiable function, which `make` makes."""
    name = getattr(g, "__qualname__", "")
    if g.prefix:
        held = _method(g, name)
        if isinstance(held, type(g)) and (held.wrt, held.prefix) == (g.wrt, g.prefix):
            return getattr, (g.prefix[0], name.rpartition(".")[2])
    else:
        held = _named(getattr(g, "__module__", None), name)
        if held is g:
            return name
    if _stands_for(held, g, type(g)):
        return make, (held, g.wrt, g.backend)
    if not isinstance(g.function, FunctionType):
        return make, (g.function, g.wrt, g.backend)
    raise pickle.PicklingError(
        f"{name} cannot be pickled: a pickle names a function, and this is "
        f"{_what(g, name)}; define it with def in a module, and decorate it there"
    )


def _named(module: str | None, name: str) -> Any:
    """What a module has under a name; None if it has nothing."""
    found: Any = sys.modules.get(module or "")
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _method(g: Differentiable, name: str) -> Any:
    return getattr(g.prefix[0], name.rpartition(".")[2], None)


def _stands_for(held: Any, g: Differentiable, cls: type) -> bool:
    """Whether what is found under the name leads back to the function."""
    match held:
        case FunctionType():
            return held is g.function
        case MethodType():
            return held.__func__ is g.function
        case _:
            return (
                isinstance(held, cls) and getattr(held, "function", None) is g.function
            )


def _what(g: Differentiable, name: str) -> str:
    if "<lambda>" in name:
        return "a lambda"
    if "<locals>" in name:
        return "defined inside a function"
    return f"not what {getattr(g, '__module__', None)}.{name} is"
