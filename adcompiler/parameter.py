"""Parameters: arrays that collect gradients.

In: numbers. Out: a `Parameter`, which computes as its array does, and to whose `grad`
`backward` adds.
Invariants: what is computed of a parameter is a plain array; `grad` is None or an array
shaped as `data`, which shares memory with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import ArrayLike, DTypeLike

__all__ = ["Parameter"]

Array = np.ndarray[Any, Any]


class Parameter(NDArrayOperatorsMixin):
    """An array to be fitted.

    >>> w = Parameter([1.0, 2.0])
    >>> w * 2, np.sum(w), w.grad
    (array([2., 4.]), np.float64(3.0), None)
    """

    data: Array
    grad: Array | None
    requires_grad: bool

    def __init__(self, data: ArrayLike, requires_grad: bool = True) -> None:
        held = data.data if isinstance(data, Parameter) else np.asarray(data)
        if held.dtype.kind != "f":
            raise TypeError(
                f"a parameter holds floats, not {held.dtype}: "
                "write 1.0 for 1, or x.astype(float)"
            )
        self.data = held
        self.grad = None
        self.requires_grad = bool(requires_grad)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say whether gradients are computed for it; gives the parameter."""
        self.requires_grad = bool(requires_grad)
        return self

    def detach(self) -> Array:
        """The array, as no parameter; it shares the parameter's memory. In a function
        that is differentiated it is a constant."""
        return self.data

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradient, or make it zero.

        >>> w = Parameter([1.0, 2.0])
        >>> w.accumulate([3.0, 4.0])
        >>> w.zero_grad()
        >>> w.grad is None
        True
        """
        if set_to_none:
            self.grad = None
        elif self.grad is not None:
            self.grad[...] = 0.0

    def accumulate(self, gradient: ArrayLike) -> None:
        """Add to the gradient, in place if there is one."""
        given = np.asarray(gradient, self.data.dtype)
        if given.shape != self.data.shape:
            raise ValueError(
                f"a gradient of shape {given.shape} for a parameter of shape "
                f"{self.data.shape}"
            )
        if self.grad is None:
            self.grad = given.copy()
        else:
            self.grad += given

    def __repr__(self) -> str:
        frozen = "" if self.requires_grad else ", requires_grad=False"
        return f"Parameter({self.data!r}{frozen})"

    # --- As an array ----------------------------------------------------------------

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> Array:
        return np.array(self.data, dtype, copy=copy)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        if "out" in kwargs:
            kwargs["out"] = tuple(map(_plain, kwargs["out"]))
        found = getattr(ufunc, method)(*map(_plain, inputs), **kwargs)
        # ``w -= step`` changes the parameter, and leaves it one.
        out = kwargs.get("out")
        return self if out is not None and out[0] is self.data else found

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Any:
        return func(*_plain(args), **_plain(kwargs))

    def __getattr__(self, name: str) -> Any:
        # What an array has besides: shape, T, sum, ...
        if name.startswith("__") or name == "data":
            raise AttributeError(name)
        return getattr(self.data, name)

    def __getitem__(self, index: Any) -> Any:
        return self.data[_plain(index)]

    def __setitem__(self, index: Any, value: Any) -> None:
        self.data[_plain(index)] = _plain(value)

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data)

    def __bool__(self) -> bool:
        return bool(self.data)

    def __float__(self) -> float:
        return float(self.data)

    # A parameter is told from others by what it is; comparisons are NumPy's.
    __hash__ = object.__hash__


def _plain(value: Any) -> Any:
    """A value with the arrays of the parameters in it."""
    match value:
        case Parameter():
            return value.data
        case tuple() | list() if type(value) in (tuple, list):
            return type(value)(map(_plain, value))
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value
