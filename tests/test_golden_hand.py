"""The derivatives written by hand are right; no compiler is involved."""

import ast
import importlib
import inspect

import numpy as np
import pytest

from tests import numerics
from tests.golden.hand import NAMES


def module_of(name):
    return importlib.import_module(f"tests.golden.hand.{name}")


def cases():
    for name in NAMES:
        rng = np.random.default_rng(7)
        for k, args in enumerate(module_of(name).inputs(rng)):
            yield pytest.param(name, args, id=f"{name}-{k}")


def test_there_are_twelve():
    assert len(set(NAMES)) == 12


@pytest.mark.parametrize(("name", "args"), list(cases()))
def test_hand_derivative(name, args):
    module = module_of(name)
    primal, derivative = getattr(module, name), getattr(module, f"grad_{name}")
    reference = numerics.reference_gradient(primal, args, module.WRT)
    before = numerics.copy_arguments(args)
    found = derivative(*args)
    numerics.assert_matches(
        numerics.flatten(found), reference, program=name, argument="by hand"
    )
    for mine, theirs in zip(args, before, strict=True):
        assert np.array_equal(mine, theirs), "the derivative changed an argument"


@pytest.mark.parametrize(("name", "args"), list(cases()))
def test_reference_is_sharp(name, args):
    module = module_of(name)
    reference = numerics.reference_gradient(getattr(module, name), args, module.WRT)
    scale = max(float(np.max(np.abs(reference.value))), 1e-3)
    assert float(np.max(reference.error)) <= 1e-9 * scale


@pytest.mark.parametrize("name", NAMES)
def test_signatures_agree(name):
    module = module_of(name)
    primal, derivative = getattr(module, name), getattr(module, f"grad_{name}")
    assert list(inspect.signature(derivative).parameters) == list(
        inspect.signature(primal).parameters
    )
    names = {n.id for n in ast.walk(ast.parse(inspect.getsource(derivative)))
             if isinstance(n, ast.Name)}  # fmt: skip
    assert {f"{w}_bar" for w in module.WRT} <= names
