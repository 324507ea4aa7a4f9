"""Arguments that serve where none are given.

In: the parameters of a function, or its arguments. Out: numbers of the types that
parameters are annotated with; tangents of one.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from adcompiler.frontend.structures import shape_of

__all__ = ["of_annotations", "unit_tangent"]

_EXAMPLES = {float: 1.0, int: 1, bool: True}
_BY_NAME = {t.__name__: t for t in _EXAMPLES}


def of_annotations(name: str, parameters: Sequence[inspect.Parameter]) -> list[Any]:
    """A number for each parameter of the function of this name.

    Raises:
        TypeError: one is not annotated as a float, int or bool.
    """
    args = []
    for parameter in parameters:
        annotation = parameter.annotation
        if isinstance(annotation, str):
            annotation = _BY_NAME.get(annotation)
        if annotation not in _EXAMPLES:
            raise TypeError(
                f"{name}() has not been differentiated yet, and {parameter.name} "
                "is not annotated as a float, int or bool: pass arguments, as in "
                f"{name}.source({', '.join(p.name for p in parameters)})"
            )
        args.append(_EXAMPLES[annotation])
    return args


def unit_tangent(value: Any) -> Any:
    """A tangent for an argument that can move; None for one that cannot."""
    shape = shape_of(value)
    if shape is not None:
        return shape.make(map(unit_tangent, shape.parts(value)))
    if isinstance(value, tuple | list):
        return tuple(map(unit_tangent, value))
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if isinstance(value, float) or kind == "f":
        return np.ones_like(value)
    return None
