"""Gradients made smaller before a step.

In: parameters with gradients, or a tree of gradients. Out: the gradients, changed in
place, and what their norm was.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompiler.holders import parameters
from adcompiler.parameter import Parameter
from adcompiler.runtime.optimizers.base import Array
from adcompiler.runtime.trees import leaves

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def clip_grad_norm_(
    params: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> float:
    """Scale all gradients together so that their norm is at most `max_norm`, as
    ``torch.nn.utils.clip_grad_norm_``.

    `params` are `Parameter`s in any container, a model that holds them, or gradients
    themselves, arrays. They are multiplied by ``max_norm / (norm + 1e-6)`` where that
    is below 1. Gives the norm as it was: of the norms of order `norm_type` of all.
    Raises RuntimeError, if asked for, where it is not finite.

    >>> grads = {"w": np.array([3.0, 0.0]), "b": np.array(4.0)}
    >>> clip_grad_norm_(grads, 1.0), grads["w"].round(5)
    (5.0, array([0.6, 0. ]))
    """
    bound = _not_nan("max_norm", max_norm)
    order = _not_nan("norm_type", norm_type)
    found = _gradients(params)
    norms = np.array([_norm(g, order) for g in found])
    total = float(_norm(norms, order)) if found else 0.0
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(
            f"the norm of the gradients is {total}, so they cannot be clipped"
        )
    factor = np.minimum(bound / (total + 1e-6), 1.0)
    for gradient in found:
        np.multiply(gradient, gradient.dtype.type(factor), out=gradient)
    return total


def clip_grad_value_(params: Any, clip_value: float) -> None:
    """Cut each element of the gradients off at ``-clip_value`` and ``clip_value``, as
    ``torch.nn.utils.clip_grad_value_``; `params` as for `clip_grad_norm_`.

    >>> grads = [np.array([3.0, -0.5])]
    >>> clip_grad_value_(grads, 1.0)
    >>> grads
    [array([ 1. , -0.5])]
    """
    bound = _not_nan("clip_value", clip_value)
    for gradient in _gradients(params):
        np.clip(gradient, -bound, bound, out=gradient)


def _not_nan(name: str, value: Any) -> float:
    number = float(value)
    if math.isnan(number) or (number < 0 and name != "norm_type"):
        raise ValueError(f"{name} is {number!r}, and must not be negative or nan")
    return number


def _norm(x: Array, order: float) -> Any:
    """The norm of all elements; of order 0 how many are not zero."""
    flat = np.abs(x.reshape(-1))
    if order == 0.0:
        return x.dtype.type(np.count_nonzero(flat))
    if math.isinf(order):
        best = np.max if order > 0 else np.min
        return best(flat) if flat.size else x.dtype.type(0.0)
    if order == 1.0:
        return flat.sum()
    if order == 2.0:
        return np.sqrt(np.dot(flat, flat))
    return (flat**order).sum() ** (1.0 / order)


def _gradients(params: Any) -> list[Array]:
    """The gradients, as arrays that are changed."""
    found = list(_tree(params))
    if any(isinstance(leaf, Parameter) for _, leaf in found):
        held = (leaf.grad for _, leaf in found if isinstance(leaf, Parameter))
        return [g for g in held if g is not None]
    arrays = []
    for path, leaf in found:
        if leaf is None:
            continue
        if not isinstance(leaf, np.ndarray) or leaf.dtype.kind != "f":
            raise TypeError(
                f"{path} is a {type(leaf).__name__}, and no parameter or array of "
                "floats, which can be changed in place"
            )
        if not leaf.flags.writeable:
            raise ValueError(f"{path} is read-only")
        arrays.append(leaf)
    return arrays


def _tree(params: Any) -> list[tuple[str, Any]]:
    """The leaves of what is given."""
    if not isinstance(params, np.ndarray | Parameter) and hasattr(params, "__next__"):
        params = list(params)
    held = parameters(params)
    if held:
        return [("params", p) for p in held]
    return list(leaves(params, "grads"))
