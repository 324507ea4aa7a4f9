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
from adcompiler.library import COMPOSED
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
        shapes = "-".join(str(np.shape(a)).replace(" ", "") for a in self.args)
        words = "".join(
            f"-{k}={np.shape(v) if isinstance(v, np.ndarray) else v}"
            for k, v in self.kwargs.items()
        )
        return f"{self.function.__name__}-{shapes}{words}".replace(" ", "")


def each(function: Callable[..., Any], args: tuple, *choices: dict) -> list[Case]:
    """One case for each choice of keywords."""
    return [Case(function, args, kwargs) for kwargs in choices]


X, V = array(3, 4), array(5)
AXES: tuple[dict, ...] = ({}, {"axis": 0}, {"axis": -1, "keepdims": True})
CASES = [
    *[c for f in (np.var, np.std) for c in each(f, (X,), *AXES, {"axis": (0, 1)})],
    *[c for f in (np.var, np.std) for c in each(f, (X,), {"ddof": 1, "axis": 1})],
    *[Case(f, (array(3, 4, dtype="float32"),)) for f in (np.var, np.std)],
    Case(np.std, (V[::2],), {"ddof": 1}),
    *each(np.ptp, (X,), *AXES),
    *each(np.average, (X,), {}, {"axis": 0}, {"weights": X * X + 1.0}),
    *each(np.average, (X, 1), {"weights": array(4) ** 2}),
]


def test_every_definition_has_a_case():
    assert {COMPOSED[case.function] for case in CASES} == set(COMPOSED.values())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_definition_is_numpys(case):
    expected = case.function(*case.args, **case.kwargs)
    found = COMPOSED[case.function](*case.args, **case.kwargs)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    assert np.shape(found) == np.shape(expected)


def program_of(case: Case) -> Program:
    """A program around the call, which gives every result a weight of its own."""
    given = {f"a{k}": value for k, value in enumerate(case.args)}
    words = {k: v for k, v in case.kwargs.items() if isinstance(v, np.ndarray)}
    texts = [f"{k}={k if k in words else repr(v)}" for k, v in case.kwargs.items()]
    text = f"""\
def program({", ".join([*given, *words])}):
    y = {resolve.shown(case.function)}({", ".join([*given, *texts])})
    return np.sum(y * y * np.cos(np.arange(np.size(y))).reshape(np.shape(y)))
"""
    values = {**given, **words}
    floats = tuple(k for k, v in values.items() if np.asarray(v).dtype == "float64")
    name = f"<{case}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope: dict[str, Any] = {"np": np, "special": special, "linalg": linalg}
    exec(compile(text, name, "exec"), scope)
    return Program(
        str(case), scope["program"], lambda _: tuple(values.values()), floats
    )


def is_double(case: Case) -> bool:
    """What is single is compared with NumPy alone: differences do not tell."""
    return all(np.asarray(a).dtype != "float32" for a in case.args)


@pytest.mark.parametrize("case", filter(is_double, CASES), ids=str)
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
