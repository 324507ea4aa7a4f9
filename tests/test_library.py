"""Composed functions: each definition does what NumPy's own function does.

`CASES` has arguments for every definition; each is called as plain Python, against
NumPy, and differentiated as a part of a program, in both modes and twice.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from scipy import linalg, special

import adcompiler as ad
from adcompiler.frontend import resolve
from adcompiler.library import definition_of
from adcompiler.library.registry import COMPOSED
from tests.programs import checks
from tests.programs.registry import Program

RNG = np.random.default_rng(20260731)


def array(*shape: int, dtype: str = "float64") -> np.ndarray:
    """Numbers of either sign, all different."""
    size = int(np.prod(shape))
    ladder = np.linspace(0.3, 1.7, size) * RNG.choice([-1.0, 1.0], size)
    return RNG.permutation(ladder).reshape(shape).astype(dtype)


@dataclass(frozen=True)
class Case:
    """A call: the arguments, of which float arrays are differentiated."""

    function: Callable[..., Any]
    args: tuple
    kwargs: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        given = [shown(a) for a in self.args]
        given += [f"{k}={shown(v)}" for k, v in self.kwargs.items()]
        return "-".join([self.function.__name__, *given]).replace(" ", "")


def shown(value: Any) -> str:
    """An argument in the name of a test: an array by its shape."""
    if isinstance(value, tuple):
        return f"({','.join(map(shown, value))})"
    return str(value.shape) if isinstance(value, np.ndarray) else str(value)


def dtype_of(value: Any) -> str:
    """The dtype of an argument, of a tuple that of its first item."""
    first = value[0] if isinstance(value, tuple) else value
    return str(np.asarray(first).dtype)


def each(function: Callable[..., Any], args: tuple, *choices: dict) -> list[Case]:
    """One case for each choice of keywords."""
    return [Case(function, args, kwargs) for kwargs in choices]


X, V = array(3, 4), array(5)
AXES: tuple[dict, ...] = ({}, {"axis": 0}, {"axis": -1, "keepdims": True})
NAN = (np.nansum, np.nanprod, np.nanmax, np.nanmin, np.nanmean, np.nanvar, np.nanstd)
SOFT = (special.softmax, special.log_softmax)
HOLES = np.where(np.max(X) == X, np.nan, X)
CUBE, TRIPLE = array(2, 3, 4), array(4, 3)
SQUARE = array(3, 3) + 2.0 * np.eye(3)
INF = float("inf")
NORMS = [{"ord": p, "axis": 0} for p in (1, 2, 3, INF)]
MATRIX_NORMS = [
    {"ord": p, "keepdims": k} for p in ("fro", 1, -1) for k in (False, True)
]
CASES = [
    *[c for f in (np.var, np.std) for c in each(f, (X,), *AXES, {"axis": (0, 1)})],
    *[c for f in (np.var, np.std) for c in each(f, (X,), {"ddof": 1, "axis": 1})],
    *[Case(f, (array(3, 4, dtype="float32"),)) for f in (np.var, np.std)],
    Case(np.std, (V[::2],), {"ddof": 1}),
    *each(np.ptp, (X,), *AXES),
    *each(np.average, (X,), {}, {"axis": 0}, {"weights": X * X + 1.0}),
    *each(np.average, (X, 1), {"weights": array(4) ** 2}),
    *[c for f in NAN for c in each(f, (HOLES,), *AXES)],
    *[c for f in (np.nanvar, np.nanstd) for c in each(f, (HOLES,), {"ddof": 1})],
    *each(np.trapezoid, (X,), {}, {"dx": 0.5, "axis": 0}),
    Case(np.trapezoid, (V, np.cumsum(V * V))),
    Case(np.trapezoid, (X, np.cumsum(X * X, axis=1))),
    Case(np.polyval, (V, X)),
    Case(np.polyval, (V, 0.7)),
    *each(np.vander, (V,), {}, {"N": 3}, {"increasing": True}),
    *each(np.gradient, (X,), {"axis": 0}, {"axis": -1}),
    *[Case(np.gradient, args) for args in ((V,), (V, 0.3))],
    *[Case(np.inner, args) for args in ((V, V), (X, array(4)), (X, array(2, 4)))],
    Case(np.inner, (1.5, V)),
    *each(np.tensordot, (X, array(4, 2)), {"axes": 1}),
    *each(np.tensordot, (X, X * X), {}, {"axes": 0}, {"axes": ((0, 1), (0, 1))}),
    *each(np.tensordot, (CUBE, array(4, 2)), {"axes": ((2, 0), (0, 1))}, {"axes": 1}),
    Case(np.kron, (array(2, 3), array(3, 2))),
    *[Case(np.cross, args) for args in ((TRIPLE, X.T[:, :3]), (TRIPLE[0], TRIPLE))],
    *[Case(np.linalg.matrix_power, (SQUARE, n)) for n in (0, 1, 3, -2)],
    Case(np.linalg.multi_dot, ((X, X.T, X),)),
    *each(np.linalg.norm, (X,), *NORMS, *MATRIX_NORMS, *AXES),
    *each(np.linalg.norm, (V,), *[{"ord": p} for p in (0, 1, 2, 3, 0.5, INF, -INF)]),
    *each(special.logsumexp, (X,), *AXES, {"b": X * X, "axis": 0}),
    *[c for f in SOFT for c in each(f, (X,), {}, {"axis": 1}, {"axis": 0})],
]


def test_every_definition_has_a_case():
    assert {definition_of(case.function) for case in CASES} == set(COMPOSED.values())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_definition_is_numpys(case):
    expected = case.function(*case.args, **case.kwargs)
    found = definition_of(case.function)(*case.args, **case.kwargs)
    single = np.asarray(expected).dtype == "float32"
    np.testing.assert_allclose(found, expected, rtol=1e-6 if single else 1e-13)
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    assert np.shape(found) == np.shape(expected)


def argument(value: Any, name: str, values: dict[str, Any]) -> str:
    """An argument as it is written: arrays and floats are parameters, of this name."""
    if isinstance(value, tuple):
        parts = [argument(v, f"{name}_{k}", values) for k, v in enumerate(value)]
        return f"({', '.join(parts)},)"
    if isinstance(value, np.ndarray) or (type(value) is float and value < 1e9):
        values[name] = value
        return name
    return repr(value).replace("inf", "np.inf")


def program_of(case: Case) -> Program:
    """A program around the call, which gives every result a weight of its own."""
    values: dict[str, Any] = {}
    texts = [argument(a, f"a{k}", values) for k, a in enumerate(case.args)]
    texts += [f"{k}={argument(v, k, values)}" for k, v in case.kwargs.items()]
    text = f"""\
def program({", ".join(values)}):
    y = {resolve.shown(case.function)}({", ".join(texts)})
    return np.sum(y * y * np.cos(np.arange(np.size(y))).reshape(np.shape(y)))
"""
    floats = tuple(k for k, v in values.items() if dtype_of(v) == "float64")
    name = f"<{case}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope: dict[str, Any] = {"np": np, "special": special, "linalg": linalg}
    exec(compile(text, name, "exec"), scope)
    return Program(
        str(case), scope["program"], lambda _: tuple(values.values()), floats
    )


def is_double(case: Case) -> bool:
    """What is single is compared with NumPy alone: differences do not tell."""
    return all(dtype_of(a) != "float32" for a in case.args)


@pytest.mark.parametrize("case", list(filter(is_double, CASES)), ids=str)
def test_it_is_differentiated(case):
    row = program_of(case)
    checks.check_value(row)
    checks.check_reverse(row)
    checks.check_forward(row)
    checks.check_second_order(row)


def test_refusals_and_errors_are_at_the_users_line():
    def program(x):
        return np.var(x, axes=0)

    with pytest.raises(ad.UnsupportedError, match=r"no parameter 'axes'") as info:
        ad.grad(program)(X)
    assert "np.var(x, axes=0)" in str(info.value)
    assert info.value.span.filename == __file__
