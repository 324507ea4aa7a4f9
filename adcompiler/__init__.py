"""Automatic differentiation of ordinary NumPy programs, source to source.

>>> import adcompiler as ad
>>> import numpy as np
>>> @ad.differentiate
... def loss(w, x):
...     return np.sum((x @ w) ** 2)
>>> loss(np.array([1.0, 2.0]), np.eye(2))
np.float64(5.0)
"""

import importlib
from typing import TYPE_CHECKING, Any

# Before the function of the same name: the import of a package binds its name here.
import adcompiler.differentiate  # noqa: F401
from adcompiler.api import (
    differentiate,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    stop_gradient,
    value_and_grad,
    vjp,
)
from adcompiler.cache.streams import streams_in_memory as _streams_in_memory
from adcompiler.check import GradientError, check_grads
from adcompiler.custom import custom_vjp
from adcompiler.differentiable import Differentiable
from adcompiler.errors import Diagnostic, InternalError, UnsupportedError
from adcompiler.formulas import elementwise
from adcompiler.gradients import Gradients
from adcompiler.parameter import Parameter
from adcompiler.random.kernels import use as _use

if TYPE_CHECKING:
    from adcompiler import runtime

# Random streams are drawn by machine code, where there is any.
_use(_streams_in_memory)

__all__ = [
    "Diagnostic",
    "Differentiable",
    "GradientError",
    "Gradients",
    "InternalError",
    "Parameter",
    "UnsupportedError",
    "check_grads",
    "custom_vjp",
    "differentiate",
    "elementwise",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "no_grad",
    "runtime",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]


def __getattr__(name: str) -> Any:
    """`runtime`, which is imported when it is first used."""
    if name == "runtime":
        return importlib.import_module("adcompiler.runtime")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
