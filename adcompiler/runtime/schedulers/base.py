"""What all schedulers have in common: when rates change, and what is kept of that.

In: an optimizer. Out: the learning rates of its groups, changed at each `step`.
Invariants: a group's `initial_lr` is the rate that it had before any scheduler; what a
scheduler is made with is looked at before the optimizer is touched.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adcompiler.runtime.optimizers.base import Group, Optimizer

__all__ = ["LRScheduler", "count", "number", "per_group"]


class LRScheduler:
    """Changes the learning rates of an optimizer, one step after the other.

    ``step()`` is called after those of the optimizer, once for an epoch or for a batch.
    `last_epoch` counts the steps; one that is given continues from there, with groups
    that have an `initial_lr`. Schedulers can be chained: most of them multiply the rate
    that they find.
    """

    optimizer: Optimizer
    base_lrs: list[float]
    last_epoch: int

    _own: tuple[str, ...] = ()  # the options, as they are shown and kept
    _moving: tuple[str, ...] = ()  # what else changes from step to step

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        for k, group in enumerate(groups_of(optimizer)):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"group {k} has no 'initial_lr', which is needed to go on from "
                    f"epoch {last_epoch}"
                )
        self.optimizer = optimizer
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._last_lr: list[float] = []
        self.step()

    def step(self) -> None:
        """Go on by one step, and set the rates of the groups."""
        self._take_new_groups()
        self.last_epoch += 1
        self._set(self.get_lr())

    def get_lr(self) -> list[float]:
        """The rates of the groups at this step, of those that they have."""
        return [self.rate(g["lr"], k) for k, g in enumerate(self.groups)]

    def rate(self, lr: float, k: int) -> float:
        """The rate of a group at this step, of the one that it has."""
        raise NotImplementedError

    def get_last_lr(self) -> list[float]:
        """The rates that were set last."""
        return self._last_lr

    def restart(self) -> None:
        """Begin anew, as if the groups had their first rates."""
        self.last_epoch = 0
        self._set([self.rate(lr, k) for k, lr in enumerate(self.base_lrs)])

    @property
    def groups(self) -> list[Group]:
        """The groups of the optimizer."""
        return self.optimizer.param_groups

    def _take_new_groups(self) -> None:
        """Groups that the optimizer has got since begin with the rates they have."""
        for group in self.groups[len(self.base_lrs) :]:
            group.setdefault("initial_lr", group["lr"])
            self.base_lrs.append(group["initial_lr"])

    def _refuse_new_groups(self) -> None:
        if len(self.groups) != len(self.base_lrs):
            raise ValueError(
                f"{type(self).__name__} was made for {len(self.base_lrs)} groups, and "
                f"the optimizer has {len(self.groups)}: make it when all are there"
            )

    def _set(self, rates: Sequence[float]) -> None:
        for group, lr in zip(self.groups, rates, strict=True):
            group["lr"] = lr
        self._last_lr = list(rates)

    # --- State ----------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """What the scheduler is and how far it has come, but for functions; to be kept
        with the state of the optimizer, which has the rates."""
        names = ("base_lrs", "last_epoch", "_last_lr", *self._moving)
        held = {n: copy.deepcopy(getattr(self, n)) for n in (*self._plain(), *names)}
        return {"scheduler": type(self).__name__, **held}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take up what `state_dict` has given.

        Raises TypeError or ValueError, and changes nothing, if that is no state of such
        a scheduler.
        """
        name = type(self).__name__
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"no state of a scheduler: {type(state_dict).__name__}")
        whose = state_dict.get("scheduler", name)
        if whose != name:
            raise ValueError(f"this is the state of {whose}, not of {name}")
        wanted = {"base_lrs", "last_epoch", "_last_lr", *self._moving, *self._plain()}
        lacking = sorted(wanted - set(state_dict))
        if lacking:
            raise ValueError(f"no state of {name}: it lacks {', '.join(lacking)}")
        if len(state_dict["base_lrs"]) != len(self.base_lrs):
            raise ValueError(
                f"this is the state for {len(state_dict['base_lrs'])} groups, and the "
                f"optimizer has {len(self.base_lrs)}"
            )
        for key in wanted:
            setattr(self, key, copy.deepcopy(state_dict[key]))

    def _plain(self) -> tuple[str, ...]:
        """The options that are no functions."""
        return tuple(n for n in self._own if not _has_function(getattr(self, n)))

    def __repr__(self) -> str:
        options = ", ".join(f"{n}={getattr(self, n)!r}" for n in self._own)
        rates = ", ".join(f"{lr:g}" for lr in self._last_lr)
        return f"{type(self).__name__}({options}): epoch {self.last_epoch}, lr {rates}"


def _has_function(value: Any) -> bool:
    return callable(value) or (isinstance(value, list) and any(map(callable, value)))


def groups_of(optimizer: Any) -> list[Group]:
    """The groups of what must be an optimizer."""
    if not isinstance(optimizer, Optimizer):
        kind = type(optimizer).__name__
        raise TypeError(f"a scheduler is for an optimizer, not for a {kind}")
    return optimizer.param_groups


# --- Options ----------------------------------------------------------------------


def number(
    name: str, value: Any, *, low: float = -math.inf, high: float = math.inf
) -> float:
    """A finite number between bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} is a number, not {value!r}")
    if not math.isfinite(value) or not low <= value <= high:
        least = "" if low == -math.inf else f" from {low:g}"
        most = "" if high == math.inf else f" to {high:g}"
        raise ValueError(
            f"{name} is {value!r}, and must be a finite number{least}{most}"
        )
    return float(value) if isinstance(value, np.number) else value


def count(name: str, value: Any, least: int = 1) -> int:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is a whole number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} is {value}, and must be {least} or more")
    return value


def per_group(optimizer: Optimizer, name: str, value: Any) -> list[Any]:
    """A value for each group; one that is given counts for all."""
    size = len(groups_of(optimizer))
    if not isinstance(value, list | tuple):
        return [value] * size
    if len(value) != size:
        raise ValueError(
            f"{name} has {len(value)} entries, and there are {size} groups"
        )
    return list(value)
