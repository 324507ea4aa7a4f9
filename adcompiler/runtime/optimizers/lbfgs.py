"""L-BFGS: steps by the curvature that the last gradients show.

In: parameters, and a closure that computes a loss and its gradients. Out: see
`Optimizer`; a step of it is up to `max_iter` iterations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adcompiler.parameter import Parameter
from adcompiler.runtime.optimizers.base import Array, Optimizer, State, loss_of
from adcompiler.runtime.optimizers.options import checked_rate
from adcompiler.runtime.optimizers.wolfe import Point, strong_wolfe

__all__ = ["LBFGS"]

Closure = Callable[[], Any]


class LBFGS(Optimizer):
    """L-BFGS (Liu and Nocedal 1989), as ``torch.optim.LBFGS``.

    ``step(closure)`` makes up to `max_iter` iterations with up to `max_eval` calls of
    the closure (``max_iter * 5 // 4`` if None), which computes the loss and the
    gradients anew: of `Parameter`s by ``zero_grad`` and ``backward``; of arrays it
    gives ``(loss, grads)``. It returns the loss before the step. `line_search_fn` is
    None, for steps of length `lr`, or "strong_wolfe". All parameters are one group.

    >>> w = np.array([4.0, -3.0])
    >>> opt = LBFGS([w], line_search_fn="strong_wolfe")
    >>> opt.step(lambda: (np.sum(w**2), [2 * w]))
    np.float64(25.0)
    >>> np.abs(w).max() < 1e-6
    np.True_
    """

    _state_names = (
        *("func_evals", "n_iter", "d", "t", "old_dirs", "old_stps", "ro", "H_diag"),
        *("prev_flat_grad", "prev_loss"),
    )

    def __init__(
        self,
        params: Any,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        options = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, options)

    def add_param_group(self, param_group: Any) -> None:
        """As of others, but once."""
        if self.param_groups:
            raise ValueError("LBFGS takes all parameters in one group")
        super().add_param_group(param_group)

    def _arrays(self) -> tuple[str, ...]:
        return ()

    def step(self, given: Any = None) -> Any:
        """Make up to `max_iter` iterations, and give the loss before them."""
        if not callable(given):
            raise TypeError(
                "LBFGS computes gradients again and again: step(closure), with a "
                "function that computes them"
            )
        group = self.param_groups[0]
        group["lr"] = checked_rate(group["lr"])
        run = _Run(self, given, self.state.setdefault(0, {}))
        return run.all_iterations()

    # --- Parameters as one vector ---------------------------------------------------

    def flat(self) -> Array:
        """The parameters in one vector."""
        arrays = [_array(leaf) for leaf in self._leaves()]
        return np.concatenate([a.reshape(-1) for a in arrays])

    def put(self, x: Array) -> None:
        """Give the parameters these values."""
        first = 0
        for leaf in self._leaves():
            p = _array(leaf)
            p[...] = x[first : first + p.size].reshape(p.shape)
            first += p.size

    def evaluated(self, closure: Closure) -> tuple[Any, Array]:
        """The loss that a closure gives, and the gradients in one vector."""
        loss, given = loss_of(closure())
        found = [
            np.zeros(_array(leaf).size, _array(leaf).dtype) if g is None else g
            for leaf, g in zip(self._leaves(), self._gradients(given), strict=True)
        ]
        return loss, np.concatenate([g.reshape(-1) for g in found])


def _array(leaf: Any) -> Array:
    found: Array = leaf.data if isinstance(leaf, Parameter) else leaf
    return found


class _Run:
    """One step: iterations until one of the bounds is met."""

    def __init__(self, owner: LBFGS, closure: Closure, state: State) -> None:
        self.owner, self.closure, self.state = owner, closure, state
        self.group = owner.param_groups[0]
        self.calls = 0
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

    def look(self) -> tuple[Any, Array]:
        self.calls += 1
        self.state["func_evals"] += 1
        return self.owner.evaluated(self.closure)

    def all_iterations(self) -> Any:
        """The loss before the first iteration."""
        found, g = self.look()
        loss, group = float(found), self.group
        for k in range(group["max_iter"]):
            if not k and _size(g) <= group["tolerance_grad"]:
                break
            state = self.state
            state["n_iter"] += 1
            self.turn(g)
            state.update(prev_flat_grad=g, prev_loss=loss)
            slope = float(g @ state["d"])
            state["t"] = self.first_length(g)
            if slope > -group["tolerance_change"]:
                break
            last = k == group["max_iter"] - 1
            loss, g = self.moved(loss, g, slope, last=last)
            if last or self.is_over(loss, g):
                break
        return found

    def first_length(self, g: Array) -> float:
        """The step that is tried first."""
        lr: float = self.group["lr"]
        if self.state["n_iter"] > 1:
            return lr
        return min(1.0, 1.0 / float(np.abs(g).sum())) * lr

    def turn(self, g: Array) -> None:
        """Set the direction, by the curvature that is known."""
        state = self.state
        if state["n_iter"] == 1:
            state.update(d=-g, old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            return
        change, step = g - state["prev_flat_grad"], state["d"] * state["t"]
        both = float(change @ step)
        if both > 1e-10:
            history = state["old_dirs"], state["old_stps"], state["ro"]
            for held, new in zip(history, (change, step, 1.0 / both), strict=True):
                held[:] = [*held, new][-self.group["history_size"] :]
            state["H_diag"] = both / float(change @ change)
        state["d"] = _direction(g, state)

    def moved(
        self, loss: float, g: Array, slope: float, *, last: bool
    ) -> tuple[float, Array]:
        """The loss and the gradient after a step along the direction."""
        owner, state = self.owner, self.state
        x, d = owner.flat(), state["d"]
        if self.group["line_search_fn"] is None:
            owner.put(x + state["t"] * d)
            if last:
                return loss, g
            found, g = self.look()
            return float(found), g

        def at(t: float) -> Point:
            owner.put(x + t * d)
            try:
                found, grad = self.look()
            finally:
                owner.put(x)
            return Point(t, float(found), grad, float(grad @ d))

        start = Point(0.0, loss, g, slope)
        close = self.group["tolerance_change"]
        point, _ = strong_wolfe(at, state["t"], start, _size(d), close)
        state["t"] = point.t
        owner.put(x + point.t * d)
        return point.value, point.grad

    def is_over(self, loss: float, g: Array) -> bool:
        """Whether another iteration is not to be made."""
        group, state = self.group, self.state
        least: float = group["tolerance_change"]
        return bool(
            self.calls >= group["max_eval"]
            or _size(g) <= group["tolerance_grad"]
            or _size(state["d"] * state["t"]) <= least
            or abs(loss - state["prev_loss"]) < least
        )


def _size(x: Array) -> float:
    """The largest part of a vector, nan if there is one."""
    return float(np.abs(x).max()) if x.size else math.nan


def _direction(g: Array, state: State) -> Array:
    """The inverse of the curvature times the gradient, turned round: two loops over
    what is remembered (Nocedal 1980)."""
    changes, steps, inverse = state["old_dirs"], state["old_stps"], state["ro"]
    q: Array = -g
    weights: list[float] = []
    for y, s, rho in zip(changes[::-1], steps[::-1], inverse[::-1], strict=True):
        weights.append(float(s @ q) * rho)
        q = q - weights[-1] * y
    d: Array = q * state["H_diag"]
    for y, s, rho in zip(changes, steps, inverse, strict=True):
        d = d + s * (weights.pop() - float(y @ d) * rho)
    return d
