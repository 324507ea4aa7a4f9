"""What the reverse sweep records, program by program, and that its gradient is right.

Each program says what its gradient records inside loops: the kind of each tape, and how
many stores put back what was overwritten. Nothing is recorded for what is linear, in
scope, or had again from what is.
"""

from __future__ import annotations

import inspect
from collections import Counter

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
