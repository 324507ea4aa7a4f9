"""What one step does to one array: plain functions, which store in place.

In: a parameter `p`, its gradient, the optimizer's memory, all of one shape, and
numbers; None where something is left out. Out: nothing; `p` and the memory are changed.
Each is plain Python like a user's: `Update` has it compiled to one loop over the
arrays. New values are computed of the old ones before anything is stored.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "asgd",
    "nadam",
    "radam",
    "rmsprop",
    "rprop",
    "sgd",
]

Array = np.ndarray[Any, Any]
Float = float | None


def sgd(
    p: Array,
    grad: Array,
    buffer: Array | None,
    lr: float,
    momentum: float,
    fresh: float,
    decay: Float,
    first: bool,
    nesterov: bool,
    maximize: bool,
) -> None:
    """Stochastic gradient descent (Robbins and Monro 1951), with momentum as Sutskever
    et al. 2013 have it; `fresh` is one less the dampening."""
    g = -grad if maximize else grad
    if decay is not None:
        g = g + decay * p
    if buffer is not None:
        b = g if first else momentum * buffer + fresh * g
        g = g + momentum * b if nesterov else b
        buffer[...] = b
    p[...] = p - lr * g


def adam(
    p: Array,
    grad: Array,
    m: Array,
    v: Array,
    largest: Array | None,
    step: float,
    fresh1: float,
    beta2: float,
    fresh2: float,
    root: float,
    eps: float,
    decay: Float,
    keep: Float,
    maximize: bool,
) -> None:
    """Adam (Kingma and Ba 2015); with `largest` AMSGrad (Reddi et al. 2018), with
    `keep` AdamW (Loshchilov and Hutter 2019). `step` is lr / (1 - beta1**t), `root` the
    square root of 1 - beta2**t."""
    g = -grad if maximize else grad
    old = p if keep is None else p * keep
    if decay is not None:
        g = g + decay * p
    mean = m + (g - m) * fresh1
    square = v * beta2 + fresh2 * (g * g)
    if largest is not None:
        most = np.maximum(largest, square)
        largest[...] = most
    else:
        most = square
    p[...] = old - step * (mean / (np.sqrt(most) / root + eps))
    m[...] = mean
    v[...] = square


def adagrad(
    p: Array,
    grad: Array,
    total: Array,
    rate: float,
    eps: float,
    decay: Float,
    maximize: bool,
) -> None:
    """Adagrad (Duchi, Hazan and Singer 2011); `rate` is lr / (1 + (t - 1) lr_decay)."""
    g = -grad if maximize else grad
    if decay is not None:
        g = g + decay * p
    more = total + g * g
    p[...] = p - rate * (g / (np.sqrt(more) + eps))
    total[...] = more


def rmsprop(
    p: Array,
    grad: Array,
    square: Array,
    mean: Array | None,
    buffer: Array | None,
    lr: float,
    alpha: float,
    fresh: float,
    momentum: float,
    eps: float,
    decay: Float,
    maximize: bool,
) -> None:
    """RMSprop (Hinton 2012); with `mean` centred (Graves 2013), with `buffer` it has
    momentum."""
    g = -grad if maximize else grad
    if decay is not None:
        g = g + decay * p
    v = square * alpha + fresh * (g * g)
    if mean is not None:
        average = mean + (g - mean) * fresh
        change = g / (np.sqrt(v - average * average) + eps)
        mean[...] = average
    else:
        change = g / (np.sqrt(v) + eps)
    if buffer is not None:
        change = momentum * buffer + change
        buffer[...] = change
    p[...] = p - lr * change
    square[...] = v


def adadelta(
    p: Array,
    grad: Array,
    square: Array,
    moved: Array,
    lr: float,
    rho: float,
    fresh: float,
    eps: float,
    decay: Float,
    maximize: bool,
) -> None:
    """Adadelta (Zeiler 2012)."""
    g = -grad if maximize else grad
    if decay is not None:
        g = g + decay * p
    v = square * rho + fresh * (g * g)
    delta = np.sqrt(moved + eps) / np.sqrt(v + eps) * g
    p[...] = p - lr * delta
    square[...] = v
    moved[...] = moved * rho + fresh * (delta * delta)


def adamax(
    p: Array,
    grad: Array,
    m: Array,
    norm: Array,
    step: float,
    fresh1: float,
    beta2: float,
    eps: float,
    decay: Float,
    maximize: bool,
) -> None:
    """Adamax (Kingma and Ba 2015, section 7)."""
    g = -grad if maximize else grad
    if decay is not None:
        g = g + decay * p
    mean = m + (g - m) * fresh1
    most = np.maximum(norm * beta2, np.abs(g) + eps)
    p[...] = p - step * (mean / most)
    m[...] = mean
    norm[...] = most


def nadam(
    p: Array,
    grad: Array,
    m: Array,
    v: Array,
    now: float,
    ahead: float,
    fresh1: float,
    beta2: float,
    fresh2: float,
    correction: float,
    eps: float,
    decay: Float,
    keep: Float,
    maximize: bool,
) -> None:
    """NAdam (Dozat 2016); `now` and `ahead` are the steps along the gradient and along
    its mean."""
    g = -grad if maximize else grad
    old = p if keep is None else p * keep
    if decay is not None:
        g = g + decay * p
    mean = m + (g - m) * fresh1
    square = v * beta2 + fresh2 * (g * g)
    root = np.sqrt(square / correction) + eps
    p[...] = old - now * (g / root) - ahead * (mean / root)
    m[...] = mean
    v[...] = square


def radam(
    p: Array,
    grad: Array,
    m: Array,
    v: Array,
    step: float,
    rectified: Float,
    fresh1: float,
    beta2: float,
    fresh2: float,
    eps: float,
    decay: Float,
    keep: Float,
    maximize: bool,
) -> None:
    """RAdam (Liu et al. 2020); `rectified` is None while too few steps are known."""
    g = -grad if maximize else grad
    old = p if keep is None else p * keep
    if decay is not None:
        g = g + decay * p
    mean = m + (g - m) * fresh1
    square = v * beta2 + fresh2 * (g * g)
    if rectified is None:
        p[...] = old - step * mean
    else:
        p[...] = old - step * mean * (rectified / (np.sqrt(square) + eps))
    m[...] = mean
    v[...] = square


def rprop(
    p: Array,
    grad: Array,
    last: Array,
    size: Array,
    less: float,
    more: float,
    least: float,
    most: float,
    maximize: bool,
) -> None:
    """Rprop (Riedmiller and Braun 1993): steps by the sign of the gradient, which grow
    while it stays and shrink where it turns; there the step is left out."""
    g = -grad if maximize else grad
    turn = g * last
    turned = np.where(turn < 0.0, size * less, size)
    length = np.clip(np.where(turn > 0.0, size * more, turned), least, most)
    kept = np.where(turn < 0.0, 0.0, g)
    p[...] = p - np.sign(kept) * length
    last[...] = kept
    size[...] = length


def asgd(
    p: Array,
    grad: Array,
    average: Array,
    keep: float,
    rate: float,
    weight: float,
    decay: Float,
    maximize: bool,
) -> None:
    """Averaged SGD (Polyak and Juditsky 1992)."""
    g = -grad if maximize else grad
    if decay is not None:
        g = g + decay * p
    new = p * keep - rate * g
    p[...] = new
    average[...] = average + (new - average) * weight
