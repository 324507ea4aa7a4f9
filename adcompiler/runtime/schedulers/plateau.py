"""A scheduler that waits until a measure gets no better.

In: an optimizer, then the measure at each step. Out: its rates, made smaller.
"""

from __future__ import annotations

import math
from typing import Any

from adcompiler.runtime.optimizers.base import Optimizer
from adcompiler.runtime.schedulers.base import LRScheduler, count, number, per_group

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """The rate times `factor` after more than `patience` steps in which a measure has
    not become better.

    `mode` is "min" or "max", for what is to fall or to rise. Better is what goes beyond
    the best so far by `threshold`, as a part of it ("rel") or as such ("abs"), see
    `threshold_mode`. After a change `cooldown` steps do not count. Rates stay above
    `min_lr`, and change by more than `eps` or not at all.

    >>> from adcompiler.runtime import SGD, Parameter
    >>> opt = SGD([Parameter([1.0])], lr=0.5)
    >>> schedule = ReduceLROnPlateau(opt, patience=1)
    >>> for loss in (3.0, 3.0, 3.0):
    ...     schedule.step(loss)
    >>> opt.param_groups[0]["lr"]
    0.05
    """

    _own = (
        *("mode", "factor", "patience", "threshold", "threshold_mode", "cooldown"),
        *("min_lrs", "eps"),
    )
    _moving = ("best", "num_bad_epochs", "cooldown_counter")

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if mode not in ("min", "max"):
            raise ValueError(f"mode is {mode!r}, and must be 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"threshold_mode is {threshold_mode!r}, and must be 'rel' or 'abs'"
            )
        if number("factor", factor, low=0.0) >= 1.0:
            raise ValueError(f"factor is {factor!r}, and must be below 1")
        self.mode, self.factor, self.threshold_mode = mode, factor, threshold_mode
        self.patience = count("patience", patience, 0)
        self.threshold = number("threshold", threshold)
        self.cooldown = count("cooldown", cooldown, 0)
        given = per_group(optimizer, "min_lr", min_lr)
        self.min_lrs = [number("min_lr", v, low=0.0) for v in given]
        self.eps = number("eps", eps, low=0.0)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = 0
        super().__init__(optimizer)

    def step(self, metrics: Any = None) -> None:
        """Take the measure of this step; the very first, on construction, has none."""
        if metrics is None:
            if self._last_lr:
                raise TypeError("a measure is needed: step(loss)")
            self.last_epoch += 1
            self._set([group["lr"] for group in self.groups])
            return
        measure = float(metrics)
        if len(self.groups) != len(self.min_lrs):
            self._refuse_new_groups()
        self.last_epoch += 1
        if self._is_better(measure):
            self.best, self.num_bad_epochs = measure, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            self._set(self.get_lr())
        else:
            self._last_lr = [group["lr"] for group in self.groups]

    def rate(self, lr: float, k: int) -> float:
        smaller: float = max(lr * self.factor, self.min_lrs[k])
        return smaller if lr - smaller > self.eps else lr

    def _is_better(self, measure: float) -> bool:
        sign = -1.0 if self.mode == "min" else 1.0
        if self.threshold_mode == "abs":
            bound = self.best + sign * self.threshold
        else:
            bound = self.best * (1.0 + sign * self.threshold)
        return measure < bound if self.mode == "min" else measure > bound
