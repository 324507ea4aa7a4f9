"""Stores in place: what may share memory, which copies are made, and that no more are
needed. The random functions go through the whole way to emitted source."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from adcompiler.emit.numpy_source import emit
from adcompiler.execute.numpy_backend import load
from adcompiler.ir.nodes import Function
from adcompiler.ir.verifier import verify
from adcompiler.lowering.bufferise import bufferise, check_buffers
from adcompiler.lowering.naming import name_values
from tests.structured import arguments, evaluate, random_function

ARGS = ("x", "y", "s", "n")


def source_of(function: Function, names=ARGS) -> str:
    return emit(name_values(bufferise(function), arg_names=names), name="f").text


def check(seed: int) -> None:
    function = random_function(seed)
    verify(function, stage="random")
    lowered = bufferise(function)
    verify(lowered, stage="bufferise")
    check_buffers(lowered)
    source = emit(name_values(lowered, arg_names=ARGS), name="f")
    call = load(source, "f", "random")
    for case in range(3):
        given = arguments(case)
        before = arguments(case)
        expected = evaluate(function, given)
        found = call(*given)
        found = found if isinstance(found, tuple) else (found,)
        for e, f in zip(expected, found, strict=True):
            np.testing.assert_array_equal(f, e, err_msg=source.text)
        for g, b in zip(given, before, strict=True):
            np.testing.assert_array_equal(g, b, err_msg=source.text)
        arrays = [v for v in (*given, *found) if isinstance(v, np.ndarray)]
        for a, b in itertools.combinations(arrays, 2):
            assert not np.shares_memory(a, b), source.text


@pytest.mark.parametrize("seed", range(150))
def test_in_place_is_as_functional(seed):
    check(seed)


@pytest.mark.long
def test_in_place_is_as_functional_at_length():
    for seed in range(1000, 6000):
        check(seed)
