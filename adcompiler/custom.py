"""Functions whose derivatives are stated by their users: `custom_vjp`.

In: a function and the two functions of its rule. Out: a callable, which the front end
recognises by its `VjpRule`.
Invariant: a plain call is the function's own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import MethodType
from typing import Any, Generic, ParamSpec, TypeVar

from adcompiler.frontend.interface import VjpRule

__all__ = ["CustomVjp", "custom_vjp"]

P = ParamSpec("P")
R = TypeVar("R")


class CustomVjp(Generic[P, R]):
    """A function with a rule for reverse mode; see `custom_vjp`."""

    __wrapped__: Callable[P, R]
    __name__: str

    def __init__(self, function: Callable[P, R]) -> None:
        if not callable(function):
            raise TypeError(f"not a function: {function!r}")
        functools.update_wrapper(self, function)
        self._rule = VjpRule(function)

    @property
    def __adcompiler_rule__(self) -> VjpRule:
        return self._rule

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.__wrapped__(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        stated = self._rule.forward is not None
        name = getattr(self, "__qualname__", repr(self.__wrapped__))
        return f"<custom_vjp {name}{'' if stated else ', without a rule yet'}>"

    def __reduce__(self) -> str:
        return str(getattr(self, "__qualname__", self.__name__))

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        """State the rule.

        `forward` takes what the function takes, and gives the value and residuals:
        anything that `backward` needs, in a tuple if need be. `backward` takes the
        residuals and the cotangent of the value, and gives a tuple with a cotangent
        for each argument, None where there is none.
        """
        for role, function in (("forward", forward), ("backward", backward)):
            if not callable(function):
                raise TypeError(f"{role} is no function: {function!r}")
        self._rule = VjpRule(self.__wrapped__, forward, backward)


def custom_vjp(function: Callable[P, R]) -> CustomVjp[P, R]:
    """Give a function a derivative of its own, to be stated with `defvjp`.

    >>> @custom_vjp
    ... def reversed_gradient(x):
    ...     return x
    >>> reversed_gradient.defvjp(lambda x: (x, None), lambda _, y_bar: (-y_bar,))
    >>> reversed_gradient(2.0)
    2.0
    """
    return CustomVjp(function)
