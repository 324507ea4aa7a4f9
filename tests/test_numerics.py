"""The reference derivatives themselves: closed forms, and sharpness over the corpus."""

import math

import numpy as np
import pytest

from tests import numerics
from tests.programs import PROGRAMS

ACCEPTED = [r for r in PROGRAMS.values() if not r.refused and not r.raises]


def over_rows(rows):
    return pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in rows])


def test_complex_step_is_exact():
    reference = numerics.reference_gradient(lambda x: x * x * np.sin(x), (0.7,))
    expected = 2 * 0.7 * math.sin(0.7) + 0.49 * math.cos(0.7)
    assert reference.method == "complex"
    assert abs(float(reference.value[0]) - expected) < 1e-15


def test_math_functions_fall_back_to_differences():
    reference = numerics.reference_gradient(lambda x: math.exp(x), (0.7,))
    assert reference.method == "richardson"
    assert abs(float(reference.value[0]) - math.exp(0.7)) < 1e-11
    assert float(reference.error[0]) < 1e-9


@pytest.mark.parametrize(
    ("function", "slope"),
    [(abs, -1.0), (lambda x: np.sqrt(np.conj(x) * x), -1.0), (np.sign, 0.0)],
    ids=["abs", "conjugate", "sign"],
)
def test_what_is_not_analytic_is_noticed(function, slope):
    reference = numerics.reference_gradient(function, (np.float64(-0.7),))
    assert reference.method == "richardson" or reference.value[0] == slope
    assert abs(float(reference.value[0]) - slope) < 1e-11


def test_a_kink_nearby_has_a_large_error_estimate():
    reference = numerics.reference_gradient(lambda x: abs(x - 1e-4), (0.0,))
    assert float(reference.error[0]) > 1e-3


def test_hessian_vector_product_of_a_cubic():
    def cubic(x):
        return np.sum(x**3) + x[0] * x[1] * x[2]

    x, v = np.array([0.5, -1.5, 2.0]), np.array([1.0, 0.3, -0.7])
    cross = np.array([[0, x[2], x[1]], [x[2], 0, x[0]], [x[1], x[0], 0]])
    found = numerics.reference_hvp(cubic, (x,), v)
    numerics.assert_close(found.value, 6 * x * v + cross @ v, rtol=1e-10)


def test_arguments_are_not_changed():
    def writes(x):
        x[0] = x[1] * x[1]
        return np.sum(x)

    x = np.array([1.0, 2.0])
    reference = numerics.reference_gradient(writes, (x,))
    assert np.array_equal(x, [1.0, 2.0])
    numerics.assert_close(reference.value, [0.0, 5.0], rtol=1e-14)


def test_one_array_given_twice_stays_one_array():
    x = np.ones(2)
    first, second, third = numerics.copy_arguments((x, x, x.copy()))
    assert first is second
    assert first is not x
    assert third is not first


def test_flatten_and_unflatten():
    value = (1.5, (np.ones((2, 1), np.float32), np.float32(3.0)))
    vector = numerics.flatten(value)
    back = numerics.unflatten(vector, value)
    assert vector.shape == (4,)
    assert back[1][0].dtype == np.float32
    assert back[1][0].shape == (2, 1)
    assert isinstance(back[1][1], np.float32)
    assert isinstance(back[0], float)


def test_a_mismatch_names_everything():
    with pytest.raises(AssertionError) as caught:
        numerics.assert_close([1.0, 2.0], [1.0, 2.5], program="p", argument="d/dx")
    for part in ("p d/dx[1]", "2.0", "2.5"):
        assert part in str(caught.value)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, 1.0 + 1e-9])
def test_a_mismatch_is_noticed(wrong):
    with pytest.raises(AssertionError):
        numerics.assert_close([wrong], [1.0])
    numerics.assert_close([1.0 + 1e-13], [1.0])


def test_dot_product_notices_a_wrong_transpose():
    matrix = np.arange(6.0).reshape(2, 3)
    w, v = np.array([1.0, -2.0]), np.array([0.5, 1.5, -1.0])
    numerics.assert_dot_product(w, matrix @ v, matrix.T @ w, v)
    with pytest.raises(AssertionError, match="<w, Jv>"):
        numerics.assert_dot_product(w, matrix @ v, matrix.T @ w * (1 + 1e-9), v)


def test_the_corpus_is_large():
    assert len({id(row.fn) for row in PROGRAMS.values()}) >= 400
    assert sum("gate" in row.tags for row in PROGRAMS.values()) >= 40


@over_rows(ACCEPTED)
def test_first_order_reference_is_sharp(row):
    reference = numerics.reference_jacobian(row.double, row.args(), row.wrt)
    scale = max(float(np.max(np.abs(reference.value), initial=0.0)), 1e-3)
    assert float(np.max(reference.error, initial=0.0)) <= 1e-8 * scale


@over_rows([row for row in ACCEPTED if row.order >= 2])
def test_second_order_reference_is_sharp(row):
    f = numerics.FlatFunction(row.double, row.args(), row.wrt)
    vector = np.cos(np.arange(f.start.size) + 1.0)
    weights = np.sin(np.arange(f(f.start).size) + 1.0)
    reference = numerics.reference_hvp(row.double, row.args(), vector, row.wrt, weights)
    scale = max(float(np.max(np.abs(reference.value), initial=0.0)), 1e-3)
    assert float(np.max(reference.error, initial=0.0)) <= 1e-7 * scale
