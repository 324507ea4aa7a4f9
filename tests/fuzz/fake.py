"""Stand-ins for the compiler, so that the harness itself can be tested.

`Numerical` differentiates by complex steps on the plain program and is right;
its faults make it wrong in known ways, which the harness has to notice.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from tests.fuzz.instrument import Watched
from tests.fuzz.program import Argument, Program, is_real
from tests.fuzz.reference import inner, reference, weights

FAULTS = ("scaled", "dropped", "nan", "mutating", "tangent", "value", "dtype")


class Unsupported(Exception):
    """Plays `ad.UnsupportedError`."""


class Numerical:
    """Plays the `ad` module, with one fault or none."""

    UnsupportedError = Unsupported

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def differentiate(self, function: Any) -> _Differentiable:
        return _Differentiable(function, self.fault)


class _Differentiable:
    def __init__(self, function: Any, fault: str) -> None:
        self._function = function
        self._fault = fault
        module = inspect.getmodule(function)
        assert module is not None
        self._source = inspect.getsource(module)
        self._names = list(inspect.signature(function).parameters)

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)

    def _gradient(self, args: tuple[Any, ...]) -> list[Any]:
        wide = [
            np.asarray(a, float) if isinstance(a, np.ndarray) and is_real(a) else a
            for a in args
        ]
        named = tuple(map(Argument, self._names, wide))
        found = reference(Program(self._source, named)).components
        if found is None:
            raise Unsupported("no complex step")
        parts = [
            None if g is None else g.astype(a.dtype) if np.ndim(a) else float(g)
            for a, g in zip(args, found, strict=True)
        ]
        return self._spoilt(parts)

    def _spoilt(self, parts: list[Any]) -> list[Any]:
        first = next(i for i, p in enumerate(parts) if p is not None)
        last = max(i for i, p in enumerate(parts) if p is not None)
        if self._fault == "scaled":
            parts[first] = parts[first] * 1.0001
        if self._fault == "nan":
            parts[first] = parts[first] * np.nan
        if self._fault == "dropped":
            parts[last] = parts[last] * 0
        if self._fault == "dtype" and np.ndim(parts[last]):
            parts[last] = parts[last].astype(np.float64)
        return parts

    def value_and_grad(self, *args: Any) -> tuple[Any, Any]:
        value, _ = Watched(self._source).run(list(args))
        parts = [p for p in self._gradient(args) if p is not None]
        if self._fault == "mutating":
            for array in args:
                if np.ndim(array) and is_real(array):
                    array += 1.0
        if self._fault == "value":
            value = (
                (value[0] + 1e-6, *value[1:])
                if isinstance(value, tuple)
                else value + 1e-6
            )
        return value, parts[0] if len(parts) == 1 else tuple(parts)

    def vjp(self, *args: Any) -> tuple[Any, Any]:
        value, returned = self.value_and_grad(*args)
        return value, lambda _: returned

    def grad(self, *args: Any) -> Any:
        return self.value_and_grad(*args)[1]

    def jvp(self, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
        value, _ = Watched(self._source).run(list(primals))
        slope = inner(self._gradient(primals), list(tangents))
        return value, self._shaped(value, slope)

    def _shaped(self, value: Any, slope: float) -> Any:
        """A tangent that `weighed` makes `slope` of."""
        if self._fault == "tangent":
            slope *= 1.001
        if not isinstance(value, tuple) and not np.ndim(value):
            return slope
        first, *rest = value if isinstance(value, tuple) else (value,)
        given = weights(value)[0] if isinstance(value, tuple) else weights(value)
        tangent = np.zeros(np.shape(first))
        tangent.flat[0] = slope / np.ravel(given)[0]
        parts = (
            tangent if np.ndim(first) else float(tangent),
            *(0.0 * p for p in rest),
        )
        return parts if isinstance(value, tuple) else parts[0]

    def hvp(self, primals: tuple[Any, ...], vectors: tuple[Any, ...]) -> Any:
        step = 1e-5
        ends = []
        for t in (step, -step):
            moved = [
                p if v is None else p + t * v
                for p, v in zip(primals, vectors, strict=True)
            ]
            ends.append(self._gradient(tuple(moved)))
        parts = [
            (a - b) / (2 * step) for a, b in zip(*ends, strict=True) if a is not None
        ]
        return parts[0] if len(parts) == 1 else tuple(parts)
