"""Schedulers of rates that rise and fall, and of momentum that does the opposite.

In and out: see `LRScheduler`; the formulas are those of ``torch.optim.lr_scheduler``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adcompiler.runtime.optimizers.base import Group, Optimizer
from adcompiler.runtime.schedulers.base import (
    LRScheduler,
    count,
    groups_of,
    number,
    per_group,
)

__all__ = ["CyclicLR", "OneCycleLR"]

Scale = Callable[[float], float]


def _require_momentum(optimizer: Optimizer) -> None:
    if not {"momentum", "betas"} & optimizer.defaults.keys():
        raise ValueError(
            f"{type(optimizer).__name__} has no momentum to cycle: "
            "pass cycle_momentum=False"
        )


def _set_momentum(group: Group, value: float) -> None:
    """Set the momentum of a group; of Adam and its kin that is the first of betas."""
    if "betas" in group:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


class CyclicLR(LRScheduler):
    """From `base_lr` to `max_lr` in `step_size_up` steps and back in `step_size_down`,
    again and again (Smith 2017).

    `mode` is "triangular", "triangular2" (each cycle half as high) or "exp_range"
    (lower by `gamma` with each step), unless a `scale_fn` says how high a cycle is, by
    the number of the cycle or of the step: `scale_mode` is "cycle" or "iterations".
    Momentum goes from `max_momentum` to `base_momentum` and back.
    """

    _own = ("base_lr", "max_lr", "step_size_up", "step_size_down", "mode", "gamma")
    _moving = ("cycle_momentum", "base_momentum", "max_momentum", "scale_mode")

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Scale | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        if mode not in _MODES and scale_fn is None:
            known = ", ".join(map(repr, _MODES))
            raise ValueError(f"mode is {mode!r}, and must be one of {known}")
        self.base_lr, self.max_lr = base_lr, max_lr
        lows, highs = (
            [number(name, lr, low=0.0) for lr in per_group(optimizer, name, given)]
            for name, given in (("base_lr", base_lr), ("max_lr", max_lr))
        )
        self.step_size_up = count("step_size_up", step_size_up)
        down = step_size_up if step_size_down is None else step_size_down
        self.step_size_down = count("step_size_down", down)
        self.mode, self.gamma = mode, number("gamma", gamma)
        self.scale_mode = scale_mode
        self._scale_fn = scale_fn
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        self.base_momentum = number("base_momentum", base_momentum)
        self.max_momentum = number("max_momentum", max_momentum)
        self._highs = highs
        if cycle_momentum:
            _require_momentum(optimizer)
        if last_epoch == -1:
            for group, low in zip(groups_of(optimizer), lows, strict=True):
                group["lr"] = group["initial_lr"] = low
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lows

    def _take_new_groups(self) -> None:
        self._refuse_new_groups()

    def rate(self, lr: float, k: int) -> float:
        height, scale = self._height()
        low: float = self.base_lrs[k]
        return low + (self._highs[k] - low) * height * scale

    def get_lr(self) -> list[float]:
        """The rates of the groups at this step, whose momenta are set."""
        rates = super().get_lr()
        if self.cycle_momentum:
            height, scale = self._height()
            span = (self.max_momentum - self.base_momentum) * height
            for group in self.groups:
                _set_momentum(group, self.max_momentum - span * scale)
        return rates

    def _height(self) -> tuple[float, float]:
        """Where in a cycle this step is, from 0 to 1, and how high the cycle is."""
        total = self.step_size_up + self.step_size_down
        ratio = self.step_size_up / total
        cycle = math.floor(1 + self.last_epoch / total)
        x = 1.0 + self.last_epoch / total - cycle
        height = x / ratio if x <= ratio else (x - 1) / (ratio - 1)
        by = cycle if self.scale_mode == "cycle" else self.last_epoch
        if self._scale_fn is not None:
            return height, float(self._scale_fn(by))
        return height, _MODES[self.mode](self.gamma, by)


_MODES: dict[str, Callable[[float, int], float]] = {
    "triangular": lambda gamma, k: 1.0,
    "triangular2": lambda gamma, cycle: 1 / 2.0 ** (cycle - 1),
    "exp_range": lambda gamma, step: gamma**step,
}


@dataclass(frozen=True, slots=True)
class _Phase:
    """A part of one cycle, which ends at a step: the rates between which it goes, and
    whether momentum falls or rises, or stays (None)."""

    end: float
    start: str
    finish: str
    falls: bool | None


class OneCycleLR(LRScheduler):
    """Up to `max_lr` and down to almost nothing, once in `total_steps`, which may be
    given as `epochs` and `steps_per_epoch` (Smith and Topin 2018).

    It begins with ``max_lr / div_factor`` and ends with ``1 / final_div_factor`` of
    that; `pct_start` of the steps go up. `anneal_strategy` is "cos" or "linear". With
    `three_phase` it comes down in as many steps as it went up first. Momentum goes from
    `max_momentum` to `base_momentum` and back.
    """

    _own = ("total_steps", "anneal_strategy", "three_phase")
    _moving = ("cycle_momentum", "pct_start", "_rates", "_momenta")

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.total_steps = _total(total_steps, epochs, steps_per_epoch)
        self.pct_start = number("pct_start", pct_start, low=0.0, high=1.0)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy is {anneal_strategy!r}, and must be 'cos' or 'linear'"
            )
        self.anneal_strategy, self.three_phase = anneal_strategy, three_phase
        self.cycle_momentum = cycle_momentum
        self._rates = []
        for top in per_group(optimizer, "max_lr", max_lr):
            first = number("max_lr", top, low=0.0) / number("div_factor", div_factor)
            last = first / number("final_div_factor", final_div_factor)
            self._rates.append({"initial": first, "max": top, "min": last})
        lows = per_group(optimizer, "base_momentum", base_momentum)
        highs = per_group(optimizer, "max_momentum", max_momentum)
        self._momenta = list(zip(lows, highs, strict=True))
        if cycle_momentum:
            _require_momentum(optimizer)
        if last_epoch == -1:
            for group, rates in zip(groups_of(optimizer), self._rates, strict=True):
                group["initial_lr"] = rates["initial"]
        super().__init__(optimizer, last_epoch)

    def step(self) -> None:
        """Go on by one step; ValueError behind the last."""
        if self.last_epoch + 1 > self.total_steps:
            raise ValueError(
                f"there is no step {self.last_epoch + 1}: the schedule has "
                f"{self.total_steps} steps"
            )
        super().step()

    def get_lr(self) -> list[float]:
        """The rates of the groups at this step, whose momenta are set."""
        phase, done = self._phase()
        if self.cycle_momentum:
            for group, (low, high) in zip(self.groups, self._momenta, strict=True):
                match phase.falls:
                    case True:
                        value = self._between(high, low, done)
                    case False:
                        value = self._between(low, high, done)
                    case _:
                        value = high
                _set_momentum(group, value)
        return [self.rate(group["lr"], k) for k, group in enumerate(self.groups)]

    def _take_new_groups(self) -> None:
        self._refuse_new_groups()

    def rate(self, lr: float, k: int) -> float:
        phase, done = self._phase()
        rates = self._rates[k]
        return self._between(rates[phase.start], rates[phase.finish], done)

    def _phase(self) -> tuple[_Phase, float]:
        """The phase that this step is in, and how much of that is done."""
        begin = 0.0
        phases = self._phases()
        for phase in phases:
            if self.last_epoch <= phase.end or phase is phases[-1]:
                return phase, (self.last_epoch - begin) / (phase.end - begin)
            begin = phase.end
        raise AssertionError("a schedule has phases")

    def _phases(self) -> list[_Phase]:
        up, last = self.pct_start * self.total_steps - 1, self.total_steps - 1
        first = _Phase(up, "initial", "max", falls=True)
        if not self.three_phase:
            return [first, _Phase(last, "max", "min", falls=False)]
        middle = _Phase(2 * up, "max", "initial", falls=False)
        return [first, middle, _Phase(last, "initial", "min", falls=None)]

    def _between(self, start: float, end: float, done: float) -> float:
        if self.anneal_strategy == "linear":
            return (end - start) * done + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * done) + 1)


def _total(total: Any, epochs: Any, steps: Any) -> int:
    """How many steps a schedule has."""
    if total is not None:
        return count("total_steps", total)
    if epochs is None or steps is None:
        raise ValueError("pass total_steps, or epochs and steps_per_epoch")
    return count("epochs", epochs) * count("steps_per_epoch", steps)
