"""Optimizers of first order without means of the gradient: SGD, ASGD, Rprop, and those
that divide by what gradients have been, Adagrad, Adadelta, RMSprop.

In and out: see `Optimizer`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompiler.runtime.optimizers import updates
from adcompiler.runtime.optimizers.base import Array, Group, Optimizer, State
from adcompiler.runtime.optimizers.running import Update

__all__ = ["ASGD", "SGD", "Adadelta", "Adagrad", "RMSprop", "Rprop"]

_sgd = Update(updates.sgd, 3)
_asgd = Update(updates.asgd, 3)
_rprop = Update(updates.rprop, 4)
_adagrad = Update(updates.adagrad, 3)
_adadelta = Update(updates.adadelta, 4)
_rmsprop = Update(updates.rmsprop, 5)


class SGD(Optimizer):
    """Stochastic gradient descent, as ``torch.optim.SGD``.

    Without options ``p -= lr * grad``. With momentum the buffer is at first the
    gradient itself, then ``momentum * buffer + (1 - dampening) * grad``. `maximize`
    turns the gradient round before `weight_decay` adds to it.

    >>> w = np.array([1.0, 2.0])
    >>> SGD([w], lr=0.5).step([np.array([1.0, -1.0])])
    >>> w
    array([0.5, 2.5])
    """

    _state_names = ("momentum_buffer",)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def _update(self, p: Array, grad: Array, state: State, group: Group) -> None:
        momentum = group["momentum"]
        first = bool(momentum) and "momentum_buffer" not in state
        if first:
            state["momentum_buffer"] = np.zeros(p.shape, p.dtype)
        # The first step alone is another program than all that follow.
        update = _sgd.function if first else _sgd
        update(
            *(p, grad, state["momentum_buffer"] if momentum else None),
            *(group["lr"], float(momentum), 1.0 - group["dampening"]),
            *(group["weight_decay"] or None, first, group["nesterov"]),
            group["maximize"],
        )


class ASGD(Optimizer):
    """Averaged stochastic gradient descent, as ``torch.optim.ASGD``; the average of an
    array is ``state[k]["ax"]``.

    >>> w = np.array([1.0])
    >>> ASGD([w], lr=0.5).step([np.array([1.0])])
    >>> w
    array([0.49995])
    """

    _state_names = ("ax", "eta", "mu")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
    ) -> None:
        options = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def _arrays(self) -> tuple[str, ...]:
        return ("ax",)

    def _update(self, p: Array, grad: Array, state: State, group: Group) -> None:
        lr, lambd = group["lr"], group["lambd"]
        if not state:
            ax = np.zeros(p.shape, p.dtype)
            state.update(step=0, eta=_single(lr), mu=1.0, ax=ax)
        state["step"] += 1
        rate = state["eta"]
        _asgd(
            *(p, grad, state["ax"], 1.0 - lambd * rate, rate, state["mu"]),
            *(group["weight_decay"] or None, group["maximize"]),
        )
        t = state["step"]
        state["eta"] = _single(lr / (1 + lambd * lr * t) ** group["alpha"])
        state["mu"] = _single(1 / max(1, t - group["t0"]))


def _single(x: float) -> float:
    """A number as PyTorch keeps it, in single precision."""
    return float(np.float32(x))


class Rprop(Optimizer):
    """Resilient backpropagation, as ``torch.optim.Rprop``.

    >>> w = np.array([1.0, 2.0])
    >>> Rprop([w], lr=0.5).step([np.array([3.0, -0.1])])
    >>> w
    array([0.5, 2.5])
    """

    _state_names = ("prev", "step_size")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        maximize: bool = False,
    ) -> None:
        options = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def _update(self, p: Array, grad: Array, state: State, group: Group) -> None:
        if not state:
            sizes = np.full(p.shape, group["lr"], p.dtype)
            state.update(step=0, prev=np.zeros(p.shape, p.dtype), step_size=sizes)
        state["step"] += 1
        numbers = map(float, (*group["etas"], *group["step_sizes"]))
        _rprop(p, grad, state["prev"], state["step_size"], *numbers, group["maximize"])


class Adagrad(Optimizer):
    """Adagrad, as ``torch.optim.Adagrad``.

    >>> w = np.array([1.0, 2.0])
    >>> Adagrad([w], lr=0.5, eps=0.0).step([np.array([3.0, -0.1])])
    >>> w
    array([0.5, 2.5])
    """

    _state_names = ("sum",)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        options = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def _update(self, p: Array, grad: Array, state: State, group: Group) -> None:
        if not state:
            first = group["initial_accumulator_value"]
            state.update(step=0, sum=np.full(p.shape, first, p.dtype))
        state["step"] += 1
        rate = group["lr"] / (1 + (state["step"] - 1) * group["lr_decay"])
        _adagrad(
            *(p, grad, state["sum"], rate, float(group["eps"])),
            *(group["weight_decay"] or None, group["maximize"]),
        )


class Adadelta(Optimizer):
    """Adadelta, as ``torch.optim.Adadelta``.

    >>> w = np.array([1.0, 2.0])
    >>> Adadelta([w]).step([np.array([3.0, -0.1])])
    >>> w.round(4)
    array([0.9968, 2.0032])
    """

    _state_names = ("square_avg", "acc_delta")

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
    ) -> None:
        options = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def _update(self, p: Array, grad: Array, state: State, group: Group) -> None:
        if not state:
            state.update({n: np.zeros(p.shape, p.dtype) for n in self._state_names})
            state["step"] = 0
        state["step"] += 1
        rho = float(group["rho"])
        _adadelta(
            *(p, grad, state["square_avg"], state["acc_delta"]),
            *(group["lr"], rho, 1.0 - rho, float(group["eps"])),
            *(group["weight_decay"] or None, group["maximize"]),
        )


class RMSprop(Optimizer):
    """RMSprop, as ``torch.optim.RMSprop``: eps is added to the root.

    >>> w = np.array([1.0, 2.0])
    >>> RMSprop([w], lr=0.01).step([np.array([3.0, -0.1])])
    >>> w
    array([0.9      , 2.0999999])
    """

    _state_names = ("square_avg", "grad_avg", "momentum_buffer")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def _update(self, p: Array, grad: Array, state: State, group: Group) -> None:
        wanted = {
            "square_avg": True,
            "grad_avg": group["centered"],
            "momentum_buffer": group["momentum"] > 0,
        }
        for name, needed in wanted.items():
            if needed and name not in state:
                state[name] = np.zeros(p.shape, p.dtype)
        state["step"] = state.get("step", 0) + 1
        alpha = float(group["alpha"])
        held = (state[n] if needed else None for n, needed in wanted.items())
        _rmsprop(
            *(p, grad, *held),
            *(group["lr"], alpha, 1.0 - alpha, float(group["momentum"])),
            *(float(group["eps"]), group["weight_decay"] or None, group["maximize"]),
        )
