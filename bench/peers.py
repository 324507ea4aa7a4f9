"""The contenders: this compiler, the adjoint by hand, and other packages.

In: a workload and arguments of NumPy. Out: `Contender`: calls without arguments, of the
primal and of value and gradient, made of what the contender takes. Its data lie in its
own arrays before it is timed. Raises `Missing` where a machine lacks the package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

import adcompiler as ad
from bench.by_hand import Missing, compiled
from bench.workload import Function, Workload

__all__ = ["CONTENDERS", "Contender", "flat"]

Args = tuple[Any, ...]


@dataclass(frozen=True)
class Contender:
    """Calls to be timed; None where the contender has no such call."""

    primal: Callable[[], Any] | None
    gradient: Callable[[], Any] | None
    by: str = ""
    ahead_of_time: bool = False


def _python(workload: Workload, args: Args, size: str) -> Contender:
    """The program itself; what it stores to is copied for each call."""
    stored = workload.stores

    def call() -> Any:
        given = list(args)
        for k in stored:
            given[k] = given[k].copy()
        return workload.program(*given)

    return Contender(call if stored else partial(workload.program, *args), None)


def _ours(backend: str) -> Function:
    def contender(workload: Workload, args: Args, size: str) -> Contender:
        made = ad.differentiate(workload.program, wrt=workload.wrt, backend=backend)
        return Contender(None, partial(made.value_and_grad, *args))

    return contender


def _hand(workload: Workload, args: Args, size: str) -> Contender:
    made = compiled(workload.hand_at(size))
    primal, gradient = partial(made.primal, *args), partial(made.value_and_grad, *args)
    return Contender(primal, gradient, made.by, ahead_of_time=made.by == "C")


def _floor(workload: Workload, args: Args, size: str) -> Contender:
    floor = compiled(workload.hand_at(size)).floor
    if floor is None:
        raise Missing("")
    return Contender(None, partial(floor, *args), "C", ahead_of_time=True)


# --- Packages -----------------------------------------------------------------------


def _jax(workload: Workload, args: Args, size: str) -> Contender:
    jax = _package("jax")
    jax.config.update("jax_enable_x64", True)
    still, moving = _places(workload)
    program = workload.peers["jax"]
    given = [a if k in still else jax.numpy.asarray(a) for k, a in enumerate(args)]
    argnums = moving if len(moving) > 1 else moving[0]
    primal = jax.jit(program, static_argnums=still)
    gradient = jax.jit(jax.value_and_grad(program, argnums), static_argnums=still)

    def ready(call: Function) -> Any:
        return jax.block_until_ready(call(*given))

    return Contender(partial(ready, primal), partial(ready, gradient))


def _torch(workload: Workload, args: Args, size: str) -> Contender:
    torch = _package("torch")
    torch.set_num_threads(1)
    still, moving = _places(workload)
    program = workload.peers["torch"]
    given = [a if k in still else torch.tensor(a) for k, a in enumerate(args)]
    given = [
        torch.tensor(a, dtype=torch.float64) if isinstance(a, float) else g
        for a, g in zip(args, given, strict=True)
    ]
    wanted = [given[k].requires_grad_() for k in moving]

    def primal() -> Any:
        with torch.no_grad():
            return program(*given)

    def gradient() -> Any:
        value = program(*given)
        return value.item(), torch.autograd.grad(value, wanted)

    return Contender(primal, gradient)


def _autograd(workload: Workload, args: Args, size: str) -> Contender:
    autograd = _package("autograd")
    _, moving = _places(workload)
    program = workload.peers["autograd"]
    argnums = moving if len(moving) > 1 else moving[0]
    gradient = autograd.value_and_grad(program, argnums)
    return Contender(partial(program, *args), partial(gradient, *args))


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise Missing(f"{name} is not installed") from error


def _places(workload: Workload) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The places of the static arguments, and of the differentiated ones."""
    code = workload.program.__code__
    names = code.co_varnames[: code.co_argcount]
    still = tuple(names.index(name) for name in workload.static)
    return still, tuple(names.index(name) for name in workload.wrt)


CONTENDERS: dict[str, Function] = {
    "Python": _python,
    "numpy": _ours("numpy"),
    "llvm": _ours("llvm"),
    "hand": _hand,
    "floor": _floor,
    "jax": _jax,
    "torch": _torch,
    "autograd": _autograd,
}


def flat(value_and_gradient: Any) -> np.ndarray[Any, Any]:
    """Value and gradient in a row, whichever package gave them."""
    value, gradient = value_and_gradient
    parts: Sequence[Any] = (
        gradient if isinstance(gradient, tuple | list) else [gradient]
    )
    return np.concatenate([np.ravel(np.asarray(p, float)) for p in (value, *parts)])
