"""The table of composed functions.

In: definitions. Out: `COMPOSED`, `VIEWS`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from types import FunctionType
from typing import Any, TypeVar

COMPOSED: dict[Hashable, FunctionType] = {}
# Those of which NumPy's result is a view of the argument, and the definition's is not.
VIEWS: set[Hashable] = set()

F = TypeVar("F", bound=Callable[..., Any])


def composes(*functions: Hashable, view: bool = False) -> Callable[[F], F]:
    """Enter a definition of these functions, or objects that are subscripted."""
    VIEWS.update(functions if view else ())

    def enter(definition: F) -> F:
        assert isinstance(definition, FunctionType)
        for function in functions:
            if function in COMPOSED:
                raise ValueError(f"{function!r} is composed twice")
            COMPOSED[function] = definition
        return definition

    return enter
