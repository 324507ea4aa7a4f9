"""Models: objects that hold parameters, and what they compute.

In: a class with a `forward` method. Out: `Module`, which calls it, and `Linear`.
Invariants: a model is an ordinary object, of whatever holds `Parameter`s; nothing is
registered. What is computed of parameters of float32 and arrays of float64 is float64,
as in NumPy; gradients and steps of an optimizer are of the parameter's dtype.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from adcompiler.holders import modules_of, named_parameters
from adcompiler.parameter import Parameter
from adcompiler.random import Generator
from adcompiler.random.draws import linear_values
from adcompiler.runtime.saving import checked_state, put_state

__all__ = ["Linear", "Module"]


class Module:
    """A model with a `forward` method, which a call runs.

    Parameters are found wherever they are held: in attributes, lists, dicts and other
    models. To derive from this class is a convenience: any object that holds
    `Parameter`s will do.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.start = Parameter(2.0), Parameter(0.5)
    ...
    ...     def forward(self, x):
    ...         return self.slope * x + self.start
    >>> line = Line()
    >>> line(3.0), [name for name, _ in line.named_parameters()]
    (np.float64(6.5), ['slope', 'start'])
    """

    training: bool = True

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the model computes; each model has its own."""
        raise NotImplementedError(f"{type(self).__name__} has no forward method")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def parameters(self) -> list[Parameter]:
        """The parameters, each once, in the order in which they were assigned."""
        return [p for _, p in named_parameters(self)]

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """The parameters with their names, as in ``layers.0.weight``."""
        return named_parameters(self)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the parameters, or make them zero."""
        for p in self.parameters():
            p.zero_grad(set_to_none)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say of all parameters whether gradients are computed; gives the model."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def train(self, mode: bool = True) -> Self:
        """Set `training`, of the models inside too; gives the model."""
        for module in modules_of(self, Module):
            module.training = bool(mode)
        return self

    def eval(self) -> Self:
        """As ``train(False)``."""
        return self.train(False)

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """Copies of the parameters, by name."""
        return {name: p.data.copy() for name, p in named_parameters(self)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Give the parameters these values.

        Raises KeyError, ValueError or TypeError, and changes nothing, where names or
        shapes are others.
        """
        named = dict(named_parameters(self))
        put_state(checked_state(named, state_dict, type(self).__name__))

    def __repr__(self) -> str:
        parts = [
            f"  {name}: {p.data.dtype}{list(p.data.shape)}"
            + ("" if p.requires_grad else ", frozen")
            for name, p in named_parameters(self)
        ]
        return "\n".join([f"{type(self).__name__}(", *parts, ")"])


class Linear(Module):
    """``x @ weight.T + bias``, as ``torch.nn.Linear``.

    `weight` is of shape ``(n_out, n_in)``, `bias` of shape ``(n_out,)``, or None; `x`
    of shape ``(..., n_in)``. Initial values are PyTorch's, of the generator or of the
    one that ``manual_seed`` sets: weights, then bias, uniform within one over the root
    of `n_in` (He et al. 2015, with a = sqrt(5)).

    >>> layer = Linear(3, 2, generator=Generator().manual_seed(0))
    >>> layer
    Linear(3, 2)
    >>> layer(np.ones((5, 3))).shape
    (5, 2)
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
        generator: Generator | None = None,
    ) -> None:
        weight, start = linear_values(n_in, n_out, bias, dtype, generator)
        self.weight = Parameter(weight)
        self.bias = None if start is None else Parameter(start)

    def forward(self, x: Any) -> Any:
        """The layer's values for each row of `x`."""
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias

    def __repr__(self) -> str:
        n_out, n_in = self.weight.shape
        more = "" if self.bias is not None else ", bias=False"
        return f"Linear({n_in}, {n_out}{more})"
