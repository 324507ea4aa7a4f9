"""Kinks: the conventions of PyTorch, as docs/conventions.md has them."""

import math

import numpy as np
import pytest

import adcompiler as ad
from tests.flat_gradients import gradients, pulled
from tests.numerics import assert_close


def guarded_norm(x):
    s = np.sum(x * x)
    return np.sqrt(s) if s > 0 else 0.0 * s


def where_norm(x):
    s = np.sum(x * x)
    return np.where(s > 0, np.sqrt(s), 0.0)


def bare_norm(x):
    return np.sqrt(np.sum(x * x))


@pytest.mark.parametrize("norm", [guarded_norm, where_norm])
def test_guarded_norm_at_zero(norm):
    assert_close(pulled(norm, np.zeros(2)), [0.0, 0.0])
    assert_close(pulled(norm, np.array([3.0, 4.0])), [0.6, 0.8])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_bare_norm_at_zero_is_nan():
    assert_close(gradients(bare_norm, np.zeros(2)), [math.nan, math.nan])


def power(x, y):
    return x**y


def numpy_power(x, y):
    return np.power(x, y)


POWERS = [
    (0.0, 0.0, 0.0, 0.0),
    (0.0, 1.0, 1.0, 0.0),
    (0.0, 2.0, 0.0, 0.0),
    (2.0, 0.0, 0.0, math.log(2.0)),
    (-2.0, 2.0, -4.0, math.nan),
    (3.0, 2.5, 2.5 * 3.0**1.5, 3.0**2.5 * math.log(3.0)),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("fn", [power, numpy_power])
@pytest.mark.parametrize(("x", "y", "x_bar", "y_bar"), POWERS)
def test_power_at_the_edges(fn, x, y, x_bar, y_bar):
    found = gradients(fn, np.float64(x), np.float64(y))
    assert_close(found, [x_bar, y_bar], rtol=1e-14)
    arrays = pulled(fn, np.array([x]), np.array([y]))
    assert_close(arrays, [x_bar, y_bar], rtol=1e-14)


def to_the_zero(x):
    return x**0


def to_the_one(x):
    return x**1


def to_the_two(x):
    return x**2


@pytest.mark.parametrize(
    ("fn", "expected"), [(to_the_zero, 0.0), (to_the_one, 1.0), (to_the_two, 0.0)]
)
def test_integer_powers_at_zero(fn, expected):
    assert_close(gradients(fn, 0.0), [expected])
    assert_close(pulled(fn, np.zeros(2)), [expected, expected])


def zero_to_the(y):
    return 0.0**y


@pytest.mark.parametrize("y", [0.0, 0.5, 1.0, 2.0])
def test_zero_to_a_power(y):
    assert_close(gradients(zero_to_the, y), [0.0])


def largest(x):
    return np.max(x)


def largest_of_rows(x):
    return np.sum(np.max(x, axis=1))


def smallest(x):
    return np.min(x)


def elementwise_maximum(x, y):
    return np.sum(np.maximum(x, y))


def elementwise_minimum(x, y):
    return np.sum(np.minimum(x, y))


def test_ties_of_max_and_min_share_equally():
    x = np.array([1.0, 3.0, 3.0])
    assert_close(gradients(largest, x), [0.0, 0.5, 0.5])
    assert_close(gradients(smallest, -x), [0.0, 0.5, 0.5])
    rows = np.array([[2.0, 2.0, 2.0], [1.0, 3.0, 3.0]])
    third = 1.0 / 3.0
    expected = [third, third, third, 0.0, 0.5, 0.5]
    assert_close(gradients(largest_of_rows, rows), expected, rtol=1e-15)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize(
    ("x", "value", "expected"),
    [
        ([1.0, 3.0, 3.0, 1.0], -2.0, [-1.0, 1.0, 0.0, 0.0]),
        ([math.nan, 3.0, 1.0], math.nan, [0.0, 0.0, 0.0]),
        ([2.0, math.nan, 3.0, 1.0], -2.0, [0.0, 0.0, 1.0, -1.0]),
    ],
)
def test_python_s_extrema_are_the_first(x, value, expected, backend):
    def spread(x):
        return min(x) - max(x)

    found, gradient = ad.value_and_grad(spread, backend=backend)(np.array(x))
    assert_close(found, value)
    assert_close(gradient, np.negative(expected))


def test_ties_of_maximum_and_minimum_go_half_each():
    x, y = np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 1.0])
    found = gradients(elementwise_maximum, x, y)
    assert_close(found, [0.5, 0.0, 1.0, 0.5, 1.0, 0.0])
    found = gradients(elementwise_minimum, x, y)
    assert_close(found, [0.5, 1.0, 0.0, 0.5, 0.0, 1.0])


def clipped(x):
    return np.sum(np.clip(x, -1.0, 1.0))


def absolute(x):
    return np.sum(np.abs(x))


def signed(x):
    return np.sum(np.sign(x) + np.floor(x) + np.ceil(x))


def test_clip_passes_at_both_bounds():
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    assert_close(gradients(clipped, x), [0.0, 1.0, 1.0, 1.0, 0.0])


def test_abs_and_steps_at_zero():
    assert_close(gradients(absolute, np.array([-2.0, 0.0, 3.0])), [-1.0, 0.0, 1.0])
    assert_close(gradients(signed, np.array([-2.0, 0.0, 0.5])), [0.0, 0.0, 0.0])


def product(x):
    return np.prod(x)


@pytest.mark.parametrize(
    ("x", "expected"),
    [([0.0, 2.0, 3.0], [6.0, 0.0, 0.0]), ([0.0, 0.0, 3.0], [0.0, 0.0, 0.0])],
)
def test_product_with_zeros(x, expected):
    assert_close(gradients(product, np.array(x)), expected)


def angle(y, x):
    return np.arctan2(y, x)


def angle_of_numbers(y, x):
    return math.atan2(y, x)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("fn", [angle, angle_of_numbers])
def test_angles_beside_the_origin(fn):
    """They are small nowhere, though the squares may be too small to be told from 0."""
    assert_close(gradients(fn, 0.0, 0.0), [0.0, 0.0])
    assert_close(gradients(fn, 3e-150, 4e-150), [1.6e149, -1.2e149], rtol=1e-14)
    assert_close(gradients(fn, 1e-170, 1e-170), [math.inf, -math.inf])
    assert not np.any(np.abs(gradients(fn, 1e-200, 0.0)) < math.inf)
