"""Optimizers with running means of the gradient and of its square: Adam and its kin.

In and out: see `Optimizer`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompiler.runtime.optimizers import updates
from adcompiler.runtime.optimizers.base import Array, Group, Optimizer, State
from adcompiler.runtime.optimizers.running import Update

__all__ = ["Adam", "AdamW", "Adamax", "NAdam", "RAdam"]

_adam = Update(updates.adam, 5)
_adamax = Update(updates.adamax, 4)
_nadam = Update(updates.nadam, 4)
_radam = Update(updates.radam, 4)


class Adam(Optimizer):
    """Adam, as ``torch.optim.Adam``.

    ``m`` and ``v`` are running means of the gradient and of its square; a step is
    ``lr / (1 - beta1**t) * m / (sqrt(v) / sqrt(1 - beta2**t) + eps)``. With `amsgrad`
    the largest ``v`` so far takes its place. With `decoupled_weight_decay` it is
    AdamW.

    >>> w = np.array([1.0, 2.0])
    >>> opt = Adam([w], lr=0.1)
    >>> opt.step([np.array([3.0, -0.1])])
    >>> w
    array([0.9       , 2.09999999])
    """

    _state_names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, options)

    def _update(self, p: Array, grad: Array, state: State, group: Group) -> None:
        beta1, beta2 = map(float, group["betas"])
        t = _begin(state, p, ("exp_avg", "exp_avg_sq"))
        if group["amsgrad"] and "max_exp_avg_sq" not in state:
            state["max_exp_avg_sq"] = np.zeros(p.shape, p.dtype)
        _adam(
            *(p, grad, state["exp_avg"], state["exp_avg_sq"]),
            state["max_exp_avg_sq"] if group["amsgrad"] else None,
            *(group["lr"] / (1 - beta1**t), 1 - beta1, beta2, 1 - beta2),
            *(math.sqrt(1 - beta2**t), float(group["eps"]), *_decays(group)),
            group["maximize"],
        )


class AdamW(Adam):
    """Adam with weight decay of its own, as ``torch.optim.AdamW``: a step multiplies
    the parameter by ``1 - lr * weight_decay`` first.

    >>> w = np.array([1.0])
    >>> AdamW([w], lr=0.1, weight_decay=0.5).step([np.array([0.0])])
    >>> w
    array([0.95])
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            *(params, lr, betas, eps, weight_decay, amsgrad),
            maximize=maximize,
            decoupled_weight_decay=True,
        )


class Adamax(Optimizer):
    """Adamax, as ``torch.optim.Adamax``: Adam by the largest gradient.

    >>> w = np.array([1.0, 2.0])
    >>> Adamax([w], lr=0.1).step([np.array([3.0, -0.1])])
    >>> w
    array([0.9       , 2.09999999])
    """

    _state_names = ("exp_avg", "exp_inf")

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
    ) -> None:
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def _update(self, p: Array, grad: Array, state: State, group: Group) -> None:
        beta1, beta2 = map(float, group["betas"])
        t = _begin(state, p, self._state_names)
        _adamax(
            *(p, grad, state["exp_avg"], state["exp_inf"]),
            *(group["lr"] / (1 - beta1**t), 1 - beta1, beta2, float(group["eps"])),
            *(group["weight_decay"] or None, group["maximize"]),
        )


class NAdam(Optimizer):
    """Adam with Nesterov momentum, as ``torch.optim.NAdam``, which keeps the product of
    its momenta in single precision.

    >>> w = np.array([1.0, 2.0])
    >>> NAdam([w], lr=0.1).step([np.array([3.0, -0.1])])
    >>> w.round(4)
    array([0.8944, 2.1056])
    """

    _state_names = ("exp_avg", "exp_avg_sq", "mu_product")

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def _arrays(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def _update(self, p: Array, grad: Array, state: State, group: Group) -> None:
        beta1, beta2 = map(float, group["betas"])
        lr, fading = group["lr"], group["momentum_decay"]
        t = _begin(state, p, ("exp_avg", "exp_avg_sq"))
        now, after = (beta1 * (1.0 - 0.5 * 0.96 ** (k * fading)) for k in (t, t + 1))
        product = float(np.float32(state.get("mu_product", 1.0)) * np.float32(now))
        state["mu_product"] = product
        _nadam(
            *(p, grad, state["exp_avg"], state["exp_avg_sq"]),
            *(lr * (1.0 - now) / (1.0 - product), lr * after / (1.0 - product * after)),
            *(1 - beta1, beta2, 1 - beta2, 1 - beta2**t, float(group["eps"])),
            *(*_decays(group), group["maximize"]),
        )


class RAdam(Optimizer):
    """Rectified Adam, as ``torch.optim.RAdam``.

    >>> w = np.array([1.0, 2.0])
    >>> RAdam([w], lr=0.1).step([np.array([3.0, -0.1])])
    >>> w
    array([0.7 , 2.01])
    """

    _state_names = ("exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def _update(self, p: Array, grad: Array, state: State, group: Group) -> None:
        beta1, beta2 = map(float, group["betas"])
        t = _begin(state, p, self._state_names)
        rectified = _rectified(beta2, t)
        # The first steps are another program than all that follow.
        update = _radam.function if rectified is None else _radam
        update(
            *(p, grad, state["exp_avg"], state["exp_avg_sq"]),
            *(group["lr"] / (1 - beta1**t), rectified),
            *(1 - beta1, beta2, 1 - beta2, float(group["eps"])),
            *(*_decays(group), group["maximize"]),
        )


def _rectified(beta2: float, t: int) -> float | None:
    """What the mean is multiplied by, without the root that it is divided by; None
    while the variance of that is not known (rho <= 5)."""
    left = 1 - beta2**t
    most = 2 / (1 - beta2) - 1
    rho = most - 2 * t * beta2**t / left
    if rho <= 5.0:
        return None
    above = (rho - 4) * (rho - 2) * most
    return math.sqrt(above / ((most - 4) * (most - 2) * rho)) * math.sqrt(left)


def _begin(state: State, p: Array, names: tuple[str, ...]) -> int:
    """The number of this step, and memory for the means before the first."""
    if not state:
        state["step"] = 0
        state.update({name: np.zeros(p.shape, p.dtype) for name in names})
    state["step"] += 1
    count: int = state["step"]
    return count


def _decays(group: Group) -> tuple[float | None, float | None]:
    """What weight decay adds to the gradient, and what it leaves of the parameter."""
    decay = group["weight_decay"]
    if not decay:
        return None, None
    if group["decoupled_weight_decay"]:
        return None, 1.0 - group["lr"] * decay
    return float(decay), None
