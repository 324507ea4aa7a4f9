"""Schedulers made of schedulers: one after the other, or all together.

In: schedulers of one optimizer. Out: a scheduler.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from adcompiler.runtime.optimizers.base import Optimizer
from adcompiler.runtime.schedulers.base import LRScheduler, count

__all__ = ["ChainedScheduler", "SequentialLR"]


class _Combined(LRScheduler):
    """What holds other schedulers, whose states are part of its own."""

    schedulers: list[LRScheduler]

    def state_dict(self) -> dict[str, Any]:
        """The states of the schedulers."""
        held = [s.state_dict() for s in self.schedulers]
        return {**super().state_dict(), "schedulers": held}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take up what `state_dict` has given; nothing changes if that does not fit."""
        before = self.state_dict()
        held = dict(state_dict).get("schedulers", ())
        if len(held) != len(self.schedulers):
            raise ValueError(
                f"this is the state of {len(held)} schedulers, not of "
                f"{len(self.schedulers)}"
            )
        try:
            super().load_state_dict(state_dict)
            for scheduler, state in zip(self.schedulers, held, strict=True):
                scheduler.load_state_dict(state)
        except (TypeError, ValueError):
            super().load_state_dict(before)
            for scheduler, state in zip(
                self.schedulers, before["schedulers"], strict=True
            ):
                scheduler.load_state_dict(state)
            raise

    def __repr__(self) -> str:
        inner = ", ".join(map(repr, self.schedulers))
        return f"{type(self).__name__}([{inner}]): epoch {self.last_epoch}"


class SequentialLR(_Combined):
    """Schedulers one after the other; each of the `milestones` is the step at which the
    next begins, with the first rates.

    >>> from adcompiler.runtime import SGD, ConstantLR, ExponentialLR, Parameter
    >>> opt = SGD([Parameter([1.0])], lr=1.0)
    >>> warm, then = ConstantLR(opt, factor=0.5), ExponentialLR(opt, gamma=0.5)
    >>> schedule, rates = SequentialLR(opt, [warm, then], milestones=[2]), []
    >>> for _ in range(4):
    ...     rates.append(opt.param_groups[0]["lr"])
    ...     schedule.step()
    >>> rates
    [0.5, 0.5, 1.0, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        _require_same(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"{len(schedulers)} schedulers need {len(schedulers) - 1} milestones, "
                f"and there are {len(milestones)}"
            )
        self.schedulers = list(schedulers)
        self.milestones = [count("a milestone", m) for m in milestones]
        self.optimizer, self.last_epoch = optimizer, last_epoch + 1
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        for group, lr in zip(self.groups, self.base_lrs, strict=True):
            group["lr"] = lr
        # What the others did when they were made is undone; the first begins.
        for scheduler in self.schedulers:
            scheduler.last_epoch -= 1
        self.schedulers[0].step()
        self._last_lr = self.schedulers[0].get_last_lr()

    def step(self) -> None:
        """Have the scheduler whose turn it is make a step."""
        self.last_epoch += 1
        k = bisect_right(self.milestones, self.last_epoch)
        if k > 0 and self.milestones[k - 1] == self.last_epoch:
            self.schedulers[k].restart()
        else:
            self.schedulers[k].step()
        self._last_lr = self.schedulers[k].get_last_lr()

    def restart(self) -> None:
        self.last_epoch = 0
        self.schedulers[0].restart()
        self._last_lr = self.schedulers[0].get_last_lr()


class ChainedScheduler(_Combined):
    """All schedulers at each step, each on the rate that the one before has left."""

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if not schedulers:
            raise ValueError("there are no schedulers to be chained")
        self.optimizer = schedulers[0].optimizer if optimizer is None else optimizer
        _require_same(schedulers, self.optimizer)
        self.schedulers = list(schedulers)
        self.base_lrs = [group["initial_lr"] for group in self.groups]
        self.last_epoch = max(s.last_epoch for s in schedulers)
        self._last_lr = [group["lr"] for group in self.groups]

    def step(self) -> None:
        """Have all of them make a step."""
        self.last_epoch += 1
        for scheduler in self.schedulers:
            scheduler.step()
        self._last_lr = [group["lr"] for group in self.groups]


def _require_same(schedulers: Sequence[Any], optimizer: Optimizer) -> None:
    for k, scheduler in enumerate(schedulers):
        if not isinstance(scheduler, LRScheduler):
            kind = type(scheduler).__name__
            raise TypeError(f"schedulers[{k}] is a {kind}, and no scheduler")
        if scheduler.optimizer is not optimizer:
            raise ValueError(f"schedulers[{k}] is for another optimizer")
