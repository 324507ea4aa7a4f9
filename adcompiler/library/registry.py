"""The table of composed functions.

In: definitions. Out: `COMPOSED`, `VIEWS`, and which of their parameters are arrays, by
name: `ARRAYS`. They may be given as lists or tuples, but where the definition stores
into its argument.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from types import FunctionType
from typing import Any, TypeVar

COMPOSED: dict[Hashable, FunctionType] = {}
# Those of which NumPy's result is a view of the argument, and the definition's is not.
VIEWS: set[Hashable] = set()
STORING: set[FunctionType] = set()

# NumPy's and SciPy's names for what they call `asarray` of.
ARRAYS = frozenset({
    "a", "b", "x", "y", "m", "v", "f", "p", "c", "r", "A", "ab", "q", "w", "m1", "m2",
    "a1", "a2", "x1", "x2", "xp", "fp", "arr", "ary", "array", "arys", "arrs",
    "varargs", "indices", "element", "test_elements", "weights", "aweights", "values",
    "to_end", "to_begin", "loc", "scale", "mean", "cov", "mu", "df", "s", "k",
    "pk", "qk",
})  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def held(x: T) -> T:
    """The value, which derivatives take for a constant: the result is the same for any
    other."""
    return x


held.__adcompiler_intrinsic__ = "stop_gradient"  # type: ignore[attr-defined]


def composes(
    *functions: Hashable, view: bool = False, stores: bool = False
) -> Callable[[F], F]:
    """Enter a definition of these functions, or objects that are subscripted."""
    VIEWS.update(functions if view else ())

    def enter(definition: F) -> F:
        assert isinstance(definition, FunctionType)
        for function in functions:
            if function in COMPOSED:
                raise ValueError(f"{function!r} is composed twice")
            COMPOSED[function] = definition
        if stores:
            STORING.add(definition)
        return definition

    return enter
