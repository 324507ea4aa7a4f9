"""What the reverse sweep records, program by program, and that its gradient is right.

Each program says what its gradient records inside loops: the kind of each tape, and how
many stores put back what was overwritten. Nothing is recorded for what is linear, in
scope, or had again from what is.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.ir.nodes import Function, Let
from adcompiler.ir.types import Array, Scalar, Type, dims_of
from adcompiler.ir.verifier import verify
from adcompiler.ir.walk import all_stmts
from tests import (
    numerics,
    restored_cases,  # noqa: F401  (enters its cases)
)
from tests.gradients_in_ir import gradient_of
from tests.residual_cases import CASES, Case


def kind_of(type_: Type) -> str:
    rank = len(dims_of(type_))
    if rank:
        return {1: "row", 2: "matrix"}[rank]
    assert isinstance(type_, Scalar | Array)
    return {"float64": "float", "int64": "int", "bool": "bool"}[type_.dtype]


def lets_of(function: Function, *names: str) -> list[Let]:
    return [
        s
        for s in all_stmts(function.region)
        if isinstance(s, Let) and s.primitive.name in names
    ]


def tapes_of(function: Function) -> Counter[str]:
    return Counter(kind_of(s.param("element")) for s in lets_of(function, "list_new"))


def restores_in(function: Function) -> int:
    """Stores of the reverse sweep to arrays that are no cotangents."""
    stores = [s for s in lets_of(function, "store") if s.role == "adjoint"]
    return sum(not (s.result.name or "").endswith("_bar") for s in stores)


def cases():
    for case in CASES:
        marks = [pytest.mark.xfail(reason=case.fault)] if case.fault else []
        yield pytest.param(case, id=case.function.__name__, marks=marks)


def gradient(case: Case) -> Function:
    names = list(inspect.signature(case.function).parameters)
    wrt = tuple(names.index(name) for name in case.wrt)
    function = gradient_of(case.function, case.args, wrt)
    verify(function, stage="gradient")
    return function


@pytest.mark.parametrize("case", list(cases()))
def test_what_is_recorded_and_put_back(case):
    function = gradient(case)
    assert tapes_of(function) == Counter(case.tapes)
    assert len(lets_of(function, "list_append")) == len(case.tapes)
    assert len(lets_of(function, "list_pop")) == len(case.tapes)
    if case.restores is not None:
        assert restores_in(function) == case.restores


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c.function.__name__) for c in CASES]
)
def test_gradient_is_right(case):
    reference = numerics.reference_gradient(case.function, case.args, case.wrt)
    found = ad.grad(case.function, wrt=case.wrt)(*case.args)
    numerics.assert_matches(
        numerics.flatten(found), reference, program=case.function.__name__
    )


# --- What takes long to compute ------------------------------------------------------


def gated(w, u, n):
    h = np.zeros(3)
    for k in range(n):
        z = 1.0 / (1.0 + np.exp(-(w @ h + u)))
        h = (1.0 - z) * h + z * np.tanh(w @ h - u)
    return np.sum(h * h)


def driven(x, n):
    for k in range(n):
        x = x + 0.1 * np.exp(-x) * np.sin(x)
    return np.sum(x)


def of_elements(x, y):
    total = 0.0
    for i in range(len(x)):
        total += np.exp(x[i]) * np.sin(y[i])
    return total


def parts_alone(x, w, n):
    total = 0.0
    for k in range(n):
        y = (k + 1.0) * x @ w
        total += np.sum(y[:, :2]) * k - np.sum(y[:, 1:])
    return total


SIDE = np.linspace(-0.8, 1.1, 9).reshape(3, 3)


def tapes_in(f, *args, wrt=None):
    """The names of the tapes, and whether the gradient is right."""
    names = list(inspect.signature(f).parameters)
    wrt = wrt or names[:1]
    reference = numerics.reference_gradient(f, args, tuple(wrt))
    for backend in ("numpy", "llvm"):
        found = ad.grad(f, wrt=wrt, backend=backend)(*args)
        numerics.assert_matches(numerics.flatten(found), reference, program=f.__name__)
    text = ad.differentiate(f, wrt=wrt).source(*args, backend="numpy")
    return re.findall(r"(\w+) = \[\]", text)


def test_a_function_is_recorded_in_the_place_of_its_argument():
    found = tapes_in(gated, SIDE, np.array([0.3, -0.2, 0.5]), 4, wrt=["w", "u"])
    assert sorted(found) == ["exp_tape", "h_tape", "tanh_tape"]


def test_a_function_is_not_recorded_beside_its_argument():
    assert tapes_in(driven, np.array([0.3, 1.2, -0.4]), 4) == ["x_tape"]


def test_what_is_had_again_of_what_is_there_is_not_recorded():
    y = np.array([0.1, 0.2, 0.3])
    assert tapes_in(of_elements, np.array([0.3, 1.2, -0.4]), y) == []


def test_what_is_read_for_its_lengths_alone_is_not_recorded():
    assert tapes_in(parts_alone, SIDE, SIDE + 1.0, 3, wrt=["x", "w"]) == []
    text = ad.differentiate(parts_alone).source(SIDE, SIDE, 3, backend="numpy")
    assert "y_bar = np.zeros((x.shape[0], w.shape[1]))" in text
