"""Jacobians and Hessians, put together from derivative calls.

In: a `Differentiable` and the arguments. Out: arrays of shape result.shape +
argument.shape, or argument.shape * 2; several arguments give `Gradients`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.arguments import bind, describe
from adcompiler.frontend.structures import Keywords, Positional, opened
from adcompiler.frontend.wrt import differentiated, spread
from adcompiler.gradients import gradients_type
from adcompiler.programs import name_of
from adcompiler.random.rewinding import Rewinding

__all__ = ["hessian", "jacobian"]


class Differentiable(Protocol):
    """What is used of `differentiable.Differentiable`."""

    function: Any
    wrt: tuple[str, ...] | None
    prefix: tuple[Any, ...]

    @property
    def signature(self) -> inspect.Signature: ...

    @property
    def vjp(self) -> Callable[..., Any]: ...

    @property
    def jvp(self) -> Callable[..., Any]: ...

    def gradient_function(self) -> Differentiable: ...


def jacobian(function: Differentiable, args: tuple[Any, ...], mode: str | None) -> Any:
    """The Jacobian; the mode that needs fewer sweeps unless one is asked for."""
    if mode not in (None, "forward", "reverse"):
        raise ValueError(f"mode is {mode!r}; write 'forward' or 'reverse'")
    wanted = _wanted(function, args)
    if mode == "forward":
        with Rewinding() as journal:
            return _named(wanted, _forward(function, args, wanted, journal))
    with Rewinding() as journal:
        value, pullback = function.vjp(*args)
        _one_array(value, name_of(function.function))
        if mode is None and np.size(value) > sum(np.size(x) for x in wanted.values()):
            return _named(wanted, _forward(function, args, wanted, journal))
    rows = [pullback(unit) for unit in _units(value)]
    columns = zip(*rows, strict=True) if len(wanted) > 1 else (rows,)
    return _named(
        wanted,
        [
            _shaped(np.array(entries), np.shape(value) + np.shape(x))
            for entries, x in zip(columns, wanted.values(), strict=True)
        ],
    )


def _forward(
    function: Differentiable,
    args: tuple[Any, ...],
    wanted: dict[str, Any],
    journal: Rewinding,
) -> list[Any]:
    columns = []
    for name, x in wanted.items():
        directions = _directions(function, args, name, x)
        dots = [_tangent(function, args, t, journal) for t in directions]
        for dot in dots:
            _one_array(dot, name_of(function.function))
        entries = np.stack(dots, axis=-1) if dots else np.zeros(0)
        columns.append(_shaped(entries, entries.shape[:-1] + np.shape(x)))
    return columns


def _tangent(
    function: Any, args: tuple[Any, ...], dots: tuple[Any, ...], journal: Rewinding
) -> Any:
    """A tangent of the result; whatever is drawn is drawn for all alike."""
    journal.rewind()
    return function.jvp(args, dots)[1]


def hessian(function: Differentiable, args: tuple[Any, ...]) -> Any:
    """Second derivatives, a column per element by forward over reverse."""
    wanted = _wanted(function, args)
    second = function.gradient_function()
    blocks: dict[str, list[Any]] = {name: [] for name in wanted}
    journal = Rewinding()
    for name, x in wanted.items():
        directions = _directions(function, args, name, x)
        with journal:
            dots = [_tangent(second, args, t, journal) for t in directions]
        columns = zip(*dots, strict=True) if len(wanted) > 1 else (dots,)
        for (other, y), entries in zip(wanted.items(), columns, strict=True):
            block = np.stack(entries, axis=-1)
            blocks[other].append(_shaped(block, np.shape(y) + np.shape(x)))
    return _named(wanted, [_named(wanted, row) for row in blocks.values()])


def _wanted(function: Differentiable, args: tuple[Any, ...]) -> dict[str, Any]:
    """The differentiated arguments, each an array or a scalar."""
    values, passed = bind(function.signature, (*function.prefix, *args), {})
    specs = {name: describe(value, name=name) for name, value in values.items()}
    name = name_of(function.function)
    wanted = spread(specs, differentiated(specs, function.wrt, passed, name))
    values = _spread_values(values)
    for entry in wanted:
        if opened(values[entry]) is not None:
            kind = type(values[entry]).__name__
            raise UnsupportedError(
                f"the Jacobian of {name}() by a {kind}, {entry}, is not supported",
                hint="pass its parts as arguments, or call vjp",
            )
    return {entry: values[entry] for entry in wanted}


def _spread_values(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments by the names that `spread` gives them."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Positional):
            found.update({f"{name}_{k}": item for k, item in enumerate(value)})
        else:
            found.update(value if isinstance(value, Keywords) else {name: value})
    return found


def _units(like: Any) -> Iterator[Any]:
    """The unit vectors of the space that a value is in."""
    for k in range(np.size(like)):
        unit = np.zeros(np.shape(like), np.asarray(like).dtype)
        unit.flat[k] = 1
        yield unit if unit.ndim else unit[()]


def _directions(
    function: Differentiable, args: tuple[Any, ...], name: str, x: Any
) -> Iterator[tuple[Any, ...]]:
    """Tangents that move one element of one argument."""
    values, _ = bind(function.signature, (*function.prefix, *args), {})
    names = list(_spread_values(values))[len(function.prefix) :][: len(args)]
    like = x if np.asarray(x).dtype.kind == "f" else float(x)
    for unit in _units(like):
        yield tuple(unit if name == other else None for other in names)


def _one_array(value: Any, name: str) -> None:
    container = opened(value)
    if container is not None:
        what = f"a {type(value).__name__} of {len(container[1])}"
        raise UnsupportedError(
            f"{name}() returns {what}, and a Jacobian needs an array",
            hint="return one of them, or np.stack them",
        )


def _shaped(entries: Any, shape: tuple[int, ...]) -> Any:
    return np.reshape(entries, shape)[()]


def _named(wanted: dict[str, Any], parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else gradients_type(tuple(wanted))(parts)
