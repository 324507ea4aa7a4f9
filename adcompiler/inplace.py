"""Functions that change the arrays they are given, as machine code.

In: a function that stores into its arguments. Out: a callable that does to them what
the function does.
Invariants: what is stored is stored when all else has been computed, so that a run that
machine code gives up has changed nothing. Arrays that are stored to share memory with
no other: otherwise the function itself is called, and so it is wherever no machine code
serves.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from adcompiler import settings
from adcompiler.errors import UnsupportedError
from adcompiler.evaluation import find_program
from adcompiler.frontend.arguments import describe, signature_of
from adcompiler.frontend.interface import (
    ArgSpec,
    Derivative,
    Guard,
    LeafSpec,
    StaticSpec,
)
from adcompiler.frontend.specialise import Specialisations, guards_hold
from adcompiler.programs import Program, Request

__all__ = ["InPlace"]


@dataclass(frozen=True, slots=True)
class _Call:
    """What serves some calls, None where the function itself does; and what was found
    while it was compiled."""

    call: Callable[..., Any] | None
    guards: tuple[Guard, ...] = ()


class InPlace:
    """A function of arrays, numbers, and what is known while compiling (None, bools,
    strings), which it is called with by position.

    >>> def scale(x, factor):
    ...     x[...] = factor * x
    >>> x = np.array([1.0, 2.0])
    >>> InPlace(scale)(x, 3.0)
    >>> x
    array([3., 6.])
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__name__ = getattr(function, "__name__", "function")
        self._names = tuple(signature_of(function).parameters)
        self._programs: Specialisations[Program] = Specialisations()
        self._calls: dict[Hashable, _Call] = {}

    @property
    def __adcompiler_derivative__(self) -> Derivative:
        return Derivative("inplace", self.function, None)

    def __repr__(self) -> str:
        return f"<{self.__name__}, in place>"

    def __call__(self, *args: Any) -> None:
        """What the function does, of which nothing is given back."""
        key, leaves = _settings(), []
        for value in args:
            cls = type(value)
            if cls is float:
                key.append(cls)
            elif value is None or cls is bool:
                key.append((value,))
                continue
            elif cls is np.ndarray:
                ones = tuple([n == 1 for n in value.shape]) if 1 in value.shape else ()
                key.append((value.dtype, value.ndim, ones, value.flags.c_contiguous))
            elif _is_leaf(value):
                key.append(cls)
            else:
                key.append((cls, value))
                continue
            leaves.append(value)
        kind = tuple(key)
        found = self._calls.get(kind)
        if found is None or (found.guards and not guards_hold(found.guards, ())):
            found = self._calls[kind] = self._compiled(args)
        if found.call is None:
            self.function(*args)
        else:
            found.call(*leaves)

    def program(self, *args: Any) -> Program:
        """The program for such arguments, which is not run."""
        return find_program(self._programs, self._request(args))

    def _compiled(self, args: tuple[Any, ...]) -> _Call:
        """What is called for such arguments."""
        if settings.current().backend != "llvm":
            return _Call(None)
        try:
            program = self.program(*args)
        except UnsupportedError:
            return _Call(None)
        outline = program.outline
        if program.statics or program.lengths or outline.captures:
            return _Call(None)
        return _Call(program.built.sharing(self._slow(args)), outline.guards)

    def _slow(self, args: tuple[Any, ...]) -> Callable[..., Any]:
        """The function itself, of the arguments that are not known."""
        known = {k: a for k, a in enumerate(args) if not _is_leaf(a)}

        def call(*leaves: Any) -> None:
            left = iter(leaves)
            count = range(len(known) + len(leaves))
            self.function(*(known[k] if k in known else next(left) for k in count))

        return call

    def _request(self, args: tuple[Any, ...]) -> Request:
        specs: Mapping[str, ArgSpec] = {
            name: describe(value, name=name) if _is_leaf(value) else StaticSpec(value)
            for name, value in zip(self._names, args, strict=True)
        }
        leaves = tuple(
            value
            for spec, value in zip(specs.values(), args, strict=True)
            if isinstance(spec, LeafSpec)
        )
        return Request(self, specs, frozenset(specs), leaves)


def _is_leaf(value: Any) -> bool:
    """Whether an argument is not known while compiling."""
    return isinstance(value, np.ndarray | float | int) and not isinstance(value, bool)


def _settings() -> list[Any]:
    """What the environment says that code depends on."""
    if _FACTS is None:
        return [settings.current()]
    return [held.get(key) for held, key, _ in _FACTS]


_FACTS = settings.facts(
    *("ADC_BACKEND", "ADC_STRICT_FP", "ADC_NUM_THREADS", "ADC_OPTIMISE")
)
