"""Schedulers that multiply the rate by a factor, or follow a curve.

In and out: see `LRScheduler`; the formulas are those of ``torch.optim.lr_scheduler``,
in the form that can be chained.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from adcompiler.runtime.optimizers.base import Optimizer
from adcompiler.runtime.schedulers.base import LRScheduler, count, number, per_group

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "PolynomialLR",
    "StepLR",
]

Factor = Callable[[int], float]


class LambdaLR(LRScheduler):
    """The first rate times ``lr_lambda(epoch)``; of several groups a list of functions.

    >>> from adcompiler.runtime import SGD, Parameter
    >>> opt = SGD([Parameter([1.0])], lr=0.5)
    >>> schedule = LambdaLR(opt, lambda epoch: 1 / (1 + epoch))
    >>> schedule.step()
    >>> opt.param_groups[0]["lr"]
    0.25
    """

    _own = ("lr_lambda",)

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Factor | list[Factor],
        last_epoch: int = -1,
    ) -> None:
        self.lr_lambda = lr_lambda
        self._factors = per_group(optimizer, "lr_lambda", lr_lambda)
        super().__init__(optimizer, last_epoch)

    def _take_new_groups(self) -> None:
        self._refuse_new_groups()

    def rate(self, lr: float, k: int) -> float:
        base: float = self.base_lrs[k]
        return base * float(self._factors[k](self.last_epoch))


class MultiplicativeLR(LambdaLR):
    """The rate times ``lr_lambda(epoch)``, from the first step on."""

    def rate(self, lr: float, k: int) -> float:
        if self.last_epoch <= 0:
            return lr
        return lr * float(self._factors[k](self.last_epoch))

    def restart(self) -> None:
        self.last_epoch = 0
        self._set([group["lr"] for group in self.groups])


class StepLR(LRScheduler):
    """The rate times `gamma` every `step_size` steps.

    >>> from adcompiler.runtime import SGD, Parameter
    >>> opt = SGD([Parameter([1.0])], lr=0.5)
    >>> schedule = StepLR(opt, step_size=2)
    >>> for _ in range(2):
    ...     schedule.step()
    >>> schedule
    StepLR(step_size=2, gamma=0.1): epoch 2, lr 0.05
    """

    _own = ("step_size", "gamma")

    def __init__(
        self,
        optimizer: Optimizer,
        step_size: int,
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.step_size = count("step_size", step_size)
        self.gamma = number("gamma", gamma, low=0.0)
        super().__init__(optimizer, last_epoch)

    def rate(self, lr: float, k: int) -> float:
        due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return lr * self.gamma if due else lr


class MultiStepLR(LRScheduler):
    """The rate times `gamma` at each of the `milestones`."""

    _own = ("milestones", "gamma")

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones = sorted(count("a milestone", m, 0) for m in milestones)
        self.gamma = number("gamma", gamma, low=0.0)
        super().__init__(optimizer, last_epoch)

    def rate(self, lr: float, k: int) -> float:
        times = Counter(self.milestones)[self.last_epoch]
        return lr * self.gamma**times if times else lr


class ExponentialLR(LRScheduler):
    """The rate times `gamma` at each step."""

    _own = ("gamma",)

    def __init__(
        self, optimizer: Optimizer, gamma: float, last_epoch: int = -1
    ) -> None:
        self.gamma = number("gamma", gamma, low=0.0)
        super().__init__(optimizer, last_epoch)

    def rate(self, lr: float, k: int) -> float:
        return lr * self.gamma if self.last_epoch > 0 else lr


class ConstantLR(LRScheduler):
    """The rate times `factor`, until `total_iters` steps are made."""

    _own = ("factor", "total_iters")

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.factor = number("factor", factor, low=0.0, high=1.0)
        self.total_iters = count("total_iters", total_iters, 0)
        super().__init__(optimizer, last_epoch)

    def rate(self, lr: float, k: int) -> float:
        if self.last_epoch == 0:
            return lr * self.factor
        return lr * (1.0 / self.factor) if self.last_epoch == self.total_iters else lr


class LinearLR(LRScheduler):
    """The rate times a factor that goes from `start_factor` to `end_factor` in
    `total_iters` steps."""

    _own = ("start_factor", "end_factor", "total_iters")

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.start_factor = number("start_factor", start_factor, low=0.0, high=1.0)
        if start_factor == 0:
            raise ValueError("start_factor is 0, and must be above it")
        self.end_factor = number("end_factor", end_factor, low=0.0, high=1.0)
        self.total_iters = count("total_iters", total_iters, 0)
        super().__init__(optimizer, last_epoch)

    def rate(self, lr: float, k: int) -> float:
        epoch, total = self.last_epoch, self.total_iters
        if epoch == 0:
            return lr * self.start_factor
        if epoch > total:
            return lr
        rise = self.end_factor - self.start_factor
        return lr * (1.0 + rise / (total * self.start_factor + (epoch - 1) * rise))


class PolynomialLR(LRScheduler):
    """The rate times ``(1 - epoch / total_iters) ** power``, until it is zero."""

    _own = ("total_iters", "power")

    def __init__(
        self,
        optimizer: Optimizer,
        total_iters: int = 5,
        power: float = 1.0,
        last_epoch: int = -1,
    ) -> None:
        self.total_iters = count("total_iters", total_iters)
        self.power = number("power", power)
        super().__init__(optimizer, last_epoch)

    def rate(self, lr: float, k: int) -> float:
        epoch, total = self.last_epoch, self.total_iters
        if epoch == 0 or epoch > total:
            return lr
        left = (1.0 - epoch / total) / (1.0 - (epoch - 1) / total)
        return lr * math.pow(left, self.power)


class CosineAnnealingLR(LRScheduler):
    """From the first rate to `eta_min` along a cosine in `T_max` steps, and back up
    (Loshchilov and Hutter 2017, without restarts)."""

    _own = ("T_max", "eta_min")

    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        self.T_max = count("T_max", T_max)
        self.eta_min = number("eta_min", eta_min, low=0.0)
        super().__init__(optimizer, last_epoch)

    def rate(self, lr: float, k: int) -> float:
        epoch, half, low = self.last_epoch, self.T_max, self.eta_min
        if epoch == 0:
            return lr
        if (epoch - 1 - half) % (2 * half) == 0:
            # From the bottom, where the rate that it has says nothing.
            return lr + (self.base_lrs[k] - low) * (1 - math.cos(math.pi / half)) / 2
        now, before = (1 + math.cos(math.pi * e / half) for e in (epoch, epoch - 1))
        return now / before * (lr - low) + low


class CosineAnnealingWarmRestarts(LRScheduler):
    """From the first rate to `eta_min` along a cosine, again and again: in `T_0` steps,
    then in `T_mult` times as many (Loshchilov and Hutter 2017).

    ``step(epoch)`` goes to an epoch, which may be a fraction.
    """

    _own = ("T_0", "T_mult", "eta_min")
    _moving = ("T_i", "T_cur")

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        self.T_0 = count("T_0", T_0)
        self.T_mult = count("T_mult", T_mult)
        self.eta_min = number("eta_min", eta_min, low=0.0)
        self.T_i = self.T_0
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def rate(self, lr: float, k: int) -> float:
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        base: float = self.base_lrs[k]
        return self.eta_min + (base - self.eta_min) * height

    def step(self, epoch: Any = None) -> None:
        """Go on by one step, or to an epoch."""
        self._take_new_groups()
        if epoch is None:
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
            self.last_epoch += 1
        else:
            self._go_to(number("epoch", epoch, low=0.0))
        self._set(self.get_lr())

    def _go_to(self, epoch: float) -> None:
        self.T_i, self.T_cur = self.T_0, epoch
        if self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            while self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        self.last_epoch = math.floor(epoch)

    def restart(self) -> None:
        self.step(0)
