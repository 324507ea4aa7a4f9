"""The programs of the benchmark at tiny sizes: both backends give the gradients that
the adjoints by hand give, and those are right. None of the peers is needed."""

import numpy as np
import pytest

import adcompiler as ad
from bench.by_hand import Missing, compiled
from bench.compare import Measured
from bench.report import summary
from bench.workload import Numba
from bench.workloads import NAMES, workload
from tests.numerics import copy_arguments, flatten, reference_gradient


def tiny(name):
    """A workload and its arguments, none of them close to a kink."""
    found = workload(name)
    return found, found.tiny(np.random.default_rng(7))


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("name", NAMES)
def test_value_and_gradient(name, backend):
    found, args = tiny(name)
    f = ad.differentiate(found.program, wrt=found.wrt, backend=backend)
    value, gradient = f.value_and_grad(*copy_arguments(args))
    assert np.isclose(value, found.program(*copy_arguments(args)), rtol=1e-12)
    wanted = reference_gradient(found.program, args, found.wrt).value
    np.testing.assert_allclose(flatten(gradient), wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_by_hand(name):
    """What Numba compiles is run as Python, what is C by gcc, where there is one."""
    found, args = tiny(name)
    hand = found.hand_at("tiny")
    if not isinstance(hand, Numba):
        try:
            hand = compiled(hand)
        except Missing as missing:
            pytest.skip(str(missing))
    value, gradient = hand.value_and_grad(*copy_arguments(args))
    f = ad.differentiate(found.program, wrt=found.wrt, backend="numpy")
    ours = f.value_and_grad(*copy_arguments(args))
    np.testing.assert_allclose(value, ours[0], rtol=1e-12)
    np.testing.assert_allclose(hand.primal(*copy_arguments(args)), value, rtol=1e-12)
    np.testing.assert_allclose(
        flatten(gradient), flatten(ours[1]), rtol=1e-9, atol=1e-11
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_size_has_an_adjoint_by_hand(name):
    found = workload(name)
    for size in found.sizes:
        found.hand_at(size)
        found.bar_at(size)
    assert set(found.left_out) <= set(found.sizes)
    assert set(found.peers) == {"jax", "torch", "autograd"}


def test_what_was_not_measured_meets_no_bar(capsys):
    summary([Measured("chain", "elementwise chain", "10^3", 1.5)])
    printed = capsys.readouterr().out
    assert "not measured by hand, at most 1.5" in printed
    assert "met" not in printed
