"""Activations: PyTorch's functions of that name.

In: numbers or arrays `input` of any shape. Out: what ``torch.nn.functional`` gives, of
the same shape and dtype (`glu`: half as long).
Invariant: plain programs of NumPy and `scipy.special`, differentiated as such, with
PyTorch's derivatives at kinks (``docs/conventions.md``); no exponential overflows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompiler.api import stop_gradient

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
]

# Klambauer et al. (2017).
SELU_ALPHA, SELU_SCALE = (
    1.6732632423543772848170429916717,
    1.0507009873554804934193349852946,
)

# --- Of straight lines ----------------------------------------------------------------


def relu(input: Any) -> Any:
    """The input where it is positive, else 0; the derivative at 0 is 0.

    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return np.where(input <= 0.0, 0.0, input)[()]


def threshold(input: Any, threshold: float, value: float) -> Any:
    """The input where it is above `threshold`, else `value`.

    >>> threshold(np.array([-1.0, 2.0]), 0.5, 9.0)
    array([9., 2.])
    """
    return np.where(input <= threshold, value, input)[()]


def leaky_relu(input: Any, negative_slope: float = 0.01) -> Any:
    """The input where it is positive, else `negative_slope` of it, at 0 too.

    >>> leaky_relu(np.array([-1.0, 2.0]), 0.5)
    array([-0.5,  2. ])
    """
    return np.where(input > 0.0, input, negative_slope * input)[()]


def prelu(input: Any, weight: Any) -> Any:
    """`leaky_relu`, of which the slopes are learnt: `weight` is one, or one for each
    channel, the second axis of the input.

    ValueError of another number of weights.

    >>> prelu(np.array([-1.0, 2.0]), np.array([0.25]))
    array([-0.25,  2.  ])
    """
    if np.ndim(weight) > 1:
        raise ValueError(f"the weight has shape {np.shape(weight)}: it is a vector")
    if np.ndim(weight) == 1:
        channels = np.shape(input)[1] if np.ndim(input) > 1 else 1
        if len(weight) not in (1, channels):
            raise ValueError(f"there are {len(weight)} weights for {channels} channels")
        weight = weight.reshape((-1,) + (1,) * max(0, np.ndim(input) - 2))
    return np.where(input > 0.0, input, weight * input)[()]


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """The input between `min_val` and `max_val`; at these the derivative is 0.

    >>> hardtanh(np.array([-2.0, 0.5, 2.0]))
    array([-1. ,  0.5,  1. ])
    """
    bounded = stop_gradient(np.clip(input, min_val, max_val))
    return np.where((input > min_val) & (input < max_val), input, bounded)[()]


def relu6(input: Any) -> Any:
    """The input between 0 and 6; at these the derivative is 0.

    >>> relu6(np.array([-2.0, 0.5, 8.0]))
    array([0. , 0.5, 6. ])
    """
    return hardtanh(input, 0.0, 6.0)


def hardsigmoid(input: Any) -> Any:
    """0 below -3, 1 above 3, and the line between; at these the derivative is 0.

    >>> hardsigmoid(np.array([-4.0, 0.0, 4.0]))
    array([0. , 0.5, 1. ])
    """
    rising = input / 6.0 + 0.5
    bounded = stop_gradient(np.clip(rising, 0.0, 1.0))
    return np.where((input > -3.0) & (input < 3.0), rising, bounded)[()]


def hardswish(input: Any) -> Any:
    """The input times its `hardsigmoid`; the derivative is 0 at -3, and 1 at 3.

    >>> hardswish(np.array([-4.0, 0.0, 4.0]))
    array([0., 0., 4.])
    """
    rising = np.where(input <= -3.0, 0.0, input * (input / 6.0 + 0.5))
    return np.where(input >= 3.0, input, rising)[()]


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """The input less `lambd` towards 0, which it reaches; at the bounds the derivative
    is 0. ValueError of a negative `lambd`.

    >>> softshrink(np.array([-2.0, 0.25, 2.0]))
    array([-1.5,  0. ,  1.5])
    """
    if lambd < 0.0:
        raise ValueError(f"lambd is negative: {lambd}")
    above = np.where(input > lambd, input - lambd, 0.0)
    return np.where(input < -lambd, input + lambd, above)[()]


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """The input, but 0 between `-lambd` and `lambd`; at these the derivative is 0.

    >>> hardshrink(np.array([-2.0, 0.25, 2.0]))
    array([-2.,  0.,  2.])
    """
    return np.where((input >= -lambd) & (input <= lambd), 0.0, input)[()]


# --- Of exponentials ------------------------------------------------------------------


def _below(input: Any) -> Any:
    """The input where it is not positive, else 0."""
    return np.where(input <= 0.0, input, 0.0)


def elu(input: Any, alpha: float = 1.0) -> Any:
    """The input where it is positive, else ``alpha * (exp(input) - 1)``.

    >>> elu(np.array([-800.0, 2.0]))
    array([-1.,  2.])
    """
    return np.where(input <= 0.0, alpha * np.expm1(_below(input)), input)[()]


def selu(input: Any) -> Any:
    """`elu` with the two constants of Klambauer et al. (2017).

    >>> float(selu(1.0))
    1.05070...
    """
    return SELU_SCALE * elu(input, SELU_ALPHA)


def celu(input: Any, alpha: float = 1.0) -> Any:
    """The input where it is positive, else ``alpha * (exp(input / alpha) - 1)``.

    >>> celu(np.array([-800.0, 2.0]), 2.0)
    array([-2.,  2.])
    """
    return np.where(input <= 0.0, alpha * np.expm1(_below(input) / alpha), input)[()]


def sigmoid(input: Any) -> Any:
    """``1 / (1 + exp(-input))``.

    >>> float(sigmoid(0.0))
    0.5
    """
    from scipy import special

    return special.expit(input)


def logsigmoid(input: Any) -> Any:
    """The logarithm of `sigmoid`.

    >>> logsigmoid(np.array([-800.0, 0.0]))
    array([-8.00000000e+02, -6.93147181e-01])
    """
    return np.minimum(input, 0.0) - np.log1p(np.exp(-np.abs(input)))


def tanh(input: Any) -> Any:
    """The hyperbolic tangent.

    >>> float(tanh(0.0))
    0.0
    """
    return np.tanh(input)


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """``log(1 + exp(beta * input)) / beta``, and the input itself where ``beta *
    input`` is above `threshold`.

    >>> softplus(np.array([20.5, 800.0]))
    array([ 20.5, 800. ])
    """
    bent = np.logaddexp(0.0, beta * input) / beta
    return np.where(beta * input > threshold, input, bent)[()]


def softsign(input: Any) -> Any:
    """``input / (1 + abs(input))``.

    >>> float(softsign(1.0))
    0.5
    """
    return input / (1.0 + np.abs(input))


def tanhshrink(input: Any) -> Any:
    """``input - tanh(input)``.

    >>> float(tanhshrink(0.0))
    0.0
    """
    return input - np.tanh(input)


def silu(input: Any) -> Any:
    """The input times its `sigmoid`.

    >>> float(silu(0.0))
    0.0
    """
    return input * sigmoid(input)


def mish(input: Any) -> Any:
    """The input times the hyperbolic tangent of its `softplus`.

    >>> float(mish(0.0))
    0.0
    """
    return input * np.tanh(np.logaddexp(0.0, input))


def gelu(input: Any, approximate: str = "none") -> Any:
    """The input times the share of a normal distribution below it; with
    ``approximate="tanh"`` the formula of Hendrycks and Gimpel (2016).

    ValueError of another `approximate`.

    >>> gelu(np.array([-10.0, 0.0, 10.0]), "tanh")
    array([-0.,  0., 10.])
    """
    if approximate == "none":
        from scipy import special

        return 0.5 * input * special.erfc(-input * math.sqrt(0.5))
    if approximate != "tanh":
        raise ValueError(f"approximate is 'none' or 'tanh', not {approximate!r}")
    inner = math.sqrt(2.0 / math.pi) * (input + 0.044715 * input**3)
    return 0.5 * input * (1.0 + np.tanh(inner))


# --- Along an axis --------------------------------------------------------------------


def softmax(input: Any, dim: int = -1) -> Any:
    """Exponentials that add up to 1 along an axis.

    >>> softmax(np.array([0.0, 0.0, -800.0]))
    array([0.5, 0.5, 0. ])
    """
    shifted = input - stop_gradient(np.max(input, axis=dim, keepdims=True))
    powers = np.exp(shifted)
    return powers / np.sum(powers, axis=dim, keepdims=True)


def log_softmax(input: Any, dim: int = -1) -> Any:
    """The logarithm of `softmax`.

    >>> log_softmax(np.array([800.0, 0.0]))
    array([   0., -800.])
    """
    shifted = input - stop_gradient(np.max(input, axis=dim, keepdims=True))
    return shifted - np.log(np.sum(np.exp(shifted), axis=dim, keepdims=True))


def softmin(input: Any, dim: int = -1) -> Any:
    """`softmax` of the input's negative.

    >>> softmin(np.array([0.0, 0.0, 800.0]))
    array([0.5, 0.5, 0. ])
    """
    return softmax(-input, dim)


def glu(input: Any, dim: int = -1) -> Any:
    """The first half along an axis times the `sigmoid` of the second.

    ValueError of an axis of odd length.

    >>> glu(np.array([3.0, 0.0]))
    array([1.5])
    """
    axis, shape = dim % np.ndim(input), np.shape(input)
    if shape[axis] % 2 != 0:
        raise ValueError(f"the axis {dim} has odd length: {shape[axis]}")
    halves = input.reshape((*shape[:axis], 2, shape[axis] // 2, *shape[axis + 1 :]))
    before = (slice(None),) * axis
    return halves[(*before, 0)] * sigmoid(halves[(*before, 1)])
