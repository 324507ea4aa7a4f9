"""Gradients of Python functions as IR, for tests of the passes."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import adcompiler.primitives  # noqa: F401  (fills the registry)
from adcompiler.frontend.arguments import describe
from adcompiler.frontend.capture import capture
from adcompiler.frontend.interface import Lowered
from adcompiler.frontend.lower import lower_function
from adcompiler.ir.nodes import Function
from adcompiler.pipeline import derive


def lowered(function: Any, args: Sequence[Any]) -> Lowered:
    """The function in IR, for arguments such as these."""
    names = inspect.signature(function).parameters
    specs = {n: describe(a, name=n) for n, a in zip(names, args, strict=True)}
    return lower_function(capture(function), specs, derive)


def gradient_of(function: Any, args: Sequence[Any], wrt: tuple[int, ...]) -> Function:
    """The optimised gradient with respect to the parameters `wrt`."""
    (gradient,) = derive("grad", lowered(function, args).function, wrt)
    return gradient
