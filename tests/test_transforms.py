"""Pullbacks, tangents, Jacobians and Hessians, and derivatives of derivatives."""

from __future__ import annotations

import math

import numpy as np
import pytest

import adcompiler as ad
from tests.small_functions import A, B, cube, polar, product, square

# --- vjp, jvp, hvp, jacobian, hessian ---------------------------------------------


def test_pullback_can_be_called_again():
    (x, y), pullback = ad.vjp(polar)(2.0, 0.5)
    assert (x, y) == polar(2.0, 0.5)
    for _ in range(2):
        assert pullback((1.0, 0.0)).r == pytest.approx(math.cos(0.5))
        assert pullback((None, 1.0)).t == pytest.approx(2 * math.cos(0.5))


def test_pullback_remembers_values_of_forward_time():
    x = A.copy()
    _, pullback = ad.vjp(lambda x: x * x)(x)
    seed = B.copy()
    x[:] = 100.0
    first = pullback(seed)
    first[:] = 0.0
    np.testing.assert_array_equal(pullback(seed), 2 * A * B)
    np.testing.assert_array_equal(seed, B)


def test_pullback_of_a_loop_can_be_called_again():
    def f(x, n):
        y = x
        while n > 0:
            y = np.sin(y) * y
            n = n - 1
        return y

    _, pullback = ad.vjp(f)(A, 3)
    first = pullback(B)
    np.testing.assert_array_equal(pullback(B), first)
    _, tangent = ad.jvp(f)((A, 3), (np.ones(3), None))
    np.testing.assert_allclose(first, B * tangent)


def test_the_value_may_be_overwritten():
    value, pullback = ad.vjp(lambda x: np.exp(x))(A)
    value[:] = 0.0
    np.testing.assert_allclose(pullback(B), B * np.exp(A))


def test_cotangents_have_the_shape_of_the_result():
    _, pullback = ad.vjp(lambda x: x * x)(A)
    with pytest.raises(ValueError, match=r"shape \(2,\), not \(3,\)"):
        pullback(np.ones(2))
    _, pullback = ad.vjp(polar)(2.0, 0.5)
    with pytest.raises(TypeError, match="tuple of 2"):
        pullback(1.0)


def test_jvp():
    value, tangent = ad.jvp(polar)((2.0, 0.5), (1.0, None))
    assert value == polar(2.0, 0.5)
    assert tangent == pytest.approx((math.cos(0.5), math.sin(0.5)))
    value, tangent = square.jvp((A,), (B,))
    np.testing.assert_array_equal(tangent, 2 * A * B)


def test_jvp_says_what_is_wrong():
    with pytest.raises(TypeError, match="tuple with an entry per argument"):
        square.jvp(2.0, 1.0)
    with pytest.raises(ValueError, match="no argument moves"):
        square.jvp((2.0,), (None,))
    with pytest.raises(ValueError, match=r"shape \(2,\), not \(3,\)"):
        square.jvp((A,), (np.ones(2),))
    with pytest.raises(ValueError, match="1 primals and 2 tangents"):
        square.jvp((A,), (B, B))


def test_hvp():
    assert ad.hvp(cube)((2.0,), (3.0,)) == pytest.approx(36.0)
    f = ad.differentiate(lambda x, y: np.sum(x * x * y))
    h = f.hvp((A, B), (B, None))
    np.testing.assert_allclose(h.x, 2 * B * B)
    np.testing.assert_allclose(h.y, 2 * A * B)


def test_jacobian():
    M = np.arange(6.0).reshape(2, 3)
    f = lambda x: M @ x
    for mode in (None, "forward", "reverse"):
        np.testing.assert_allclose(ad.jacobian(f)(A, mode=mode), M)
    g = ad.jacobian(lambda x, y: x * y)(A, B)
    np.testing.assert_allclose(g.x, np.diag(B))
    np.testing.assert_allclose(g.y, np.diag(A))
    assert ad.jacobian(cube)(2.0) == 12.0


def test_hessian():
    np.testing.assert_allclose(ad.hessian(lambda x: np.sum(x**3))(A), np.diag(6 * A))
    h = ad.hessian(lambda x, y: x * x * y)(2.0, 3.0)
    assert (h.x.x, h.x.y, h.y.x, h.y.y) == (6.0, 4.0, 4.0, 0.0)


# --- Nesting ----------------------------------------------------------------------


def test_derivatives_of_derivatives():
    assert ad.grad(ad.grad(cube))(2.0) == pytest.approx(12.0)
    assert ad.grad(ad.grad(ad.grad(cube)))(2.0) == pytest.approx(6.0)
    assert ad.jvp(ad.grad(cube))((2.0,), (1.0,)) == pytest.approx((12.0, 12.0))
    value, pullback = ad.vjp(ad.grad(cube))(2.0)
    assert (value, pullback(1.0)) == pytest.approx((12.0, 12.0))
    (value, gradient), tangent = ad.jvp(ad.value_and_grad(cube))((2.0,), (1.0,))
    assert (value, gradient) == pytest.approx((8.0, 12.0))
    assert tangent == pytest.approx((12.0, 12.0))


def test_grad_of_differentiable_keeps_its_wrt():
    np.testing.assert_array_equal(ad.grad(product)(A, B), A * A)


def test_derivatives_inside_functions():
    def slope(x):
        return x * ad.grad(cube)(x)

    assert slope(2.0) == pytest.approx(24.0)
    assert ad.grad(slope)(2.0) == pytest.approx(36.0)

    def other(x):
        return square(x) + square.grad(x)

    assert ad.grad(other)(2.0) == pytest.approx(6.0)


def test_jvp_inside():
    def moved(x):
        value, tangent = ad.jvp(cube)((x,), (1.0,))
        return value + tangent

    assert ad.grad(moved)(2.0) == pytest.approx(12.0 + 12.0)


def test_a_nested_function_differentiated_inside():
    def outer(x):
        def inner(y):
            return x * y * y

        return ad.grad(inner)(x)

    assert outer(3.0) == pytest.approx(18.0)
    assert ad.grad(outer)(3.0) == pytest.approx(12.0)


def test_vjp_inside():
    def outer(x):
        value, pullback = ad.vjp(cube)(x)
        return value + pullback(2.0)

    assert outer(2.0) == pytest.approx(32.0)
    assert ad.grad(outer)(2.0) == pytest.approx(12.0 + 24.0)
