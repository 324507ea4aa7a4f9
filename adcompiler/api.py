"""The public functions: `differentiate` and the functional forms.

In: a user's function. Out: a `Differentiable`, or a callable that computes one
derivative and may be differentiated in turn.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, Protocol, TypeVar, overload

from adcompiler.differentiable import Derived, Differentiable, Wrt

__all__ = [
    "differentiate",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "no_grad",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Function = Callable[..., Any]
Values = tuple[Any, ...]


class Decorator(Protocol):
    """Makes functions differentiable."""

    def __call__(self, function: Callable[P, R], /) -> Differentiable[P, R]: ...


@overload
def differentiate(
    f: Callable[P, R], *, wrt: Wrt = None, backend: str | None = None
) -> Differentiable[P, R]: ...


@overload
def differentiate(
    f: None = None, *, wrt: Wrt = None, backend: str | None = None
) -> Decorator: ...


def differentiate(
    f: Callable[P, R] | None = None, *, wrt: Wrt = None, backend: str | None = None
) -> Differentiable[P, R] | Decorator:
    """Give a function derivatives; also a decorator, with or without arguments.

    `wrt` names the arguments to differentiate, by name or position. Without it they
    are those that are, or hold, floats.

    >>> @differentiate(wrt="x")
    ... def scaled(x, factor):
    ...     return factor * x
    >>> scaled(2.0, 3.0)
    6.0
    """
    if f is None:
        return functools.partial(Differentiable, wrt=wrt, backend=backend)
    return Differentiable(f, wrt, backend)


def grad(
    f: Callable[P, R], wrt: Wrt = None, backend: str | None = None
) -> Derived[P, Any]:
    """``grad(f)(*args)``: the gradient."""
    return Differentiable(f, wrt, backend).grad


def value_and_grad(
    f: Callable[P, R], wrt: Wrt = None, backend: str | None = None
) -> Derived[P, tuple[R, Any]]:
    """``value_and_grad(f)(*args)``: the value and the gradient."""
    return Differentiable(f, wrt, backend).value_and_grad


def vjp(
    f: Callable[P, R], wrt: Wrt = None, backend: str | None = None
) -> Derived[P, tuple[R, Callable[[Any], Any]]]:
    """``vjp(f)(*args)``: the value and its pullback."""
    return Differentiable(f, wrt, backend).vjp


def jvp(
    f: Callable[P, R], wrt: Wrt = None, backend: str | None = None
) -> Derived[[Values, Values], tuple[R, Any]]:
    """``jvp(f)(primals, tangents)``: the value and its tangent."""
    return Differentiable(f, wrt, backend).jvp


def hvp(f: Function, wrt: Wrt = None, backend: str | None = None) -> Function:
    """``hvp(f)(args, vectors)``: the product of the Hessian with vectors."""
    return Differentiable(f, wrt, backend).hvp


def jacobian(f: Function, wrt: Wrt = None, backend: str | None = None) -> Function:
    """``jacobian(f)(*args)``: the Jacobian."""
    return Differentiable(f, wrt, backend).jacobian


def hessian(f: Function, wrt: Wrt = None, backend: str | None = None) -> Function:
    """``hessian(f)(*args)``: the Hessian."""
    return Differentiable(f, wrt, backend).hessian


def stop_gradient(x: T) -> T:
    """The value itself, which derivatives take for a constant.

    >>> stop_gradient(2.0)
    2.0
    """
    return x


class no_grad:
    """``with no_grad():`` what is computed inside, derivatives take for constant.

    So is what is stored, put into a list or returned there, and whatever has got its
    name there, afterwards. In a plain call it does nothing.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


def _mark() -> None:
    """Mark the public functions for the front end, which recognises them by this."""
    for name in __all__:
        setattr(globals()[name], "__adcompiler_intrinsic__", name)  # noqa: B010


_mark()
