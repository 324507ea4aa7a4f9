"""Jacobians and Hessians taken inside functions that are differentiated.

The reference is a difference quotient of the plain call, in which they are computed
from Python.
"""

import numpy as np
import pytest

import adcompiler as ad

X = np.array([1.0, 0.5, -0.7])
PROGRAMS = []


def case(*args):
    def enter(function):
        PROGRAMS.append(pytest.param(function, args, id=function.__name__))
        return function

    return enter


def polar(v):
    return np.array([v[0] * np.cos(v[1]), v[0] * np.sin(v[1]), v[2] ** 2 * v[0]])


@case(X)
def sum_of_squares(x):
    jacobian = ad.jacobian(polar)(x)
    return np.sum(jacobian * jacobian)


@case(np.array([0.4, 0.9]))
def newton_s_method(p):
    def f(x):
        return np.array([x[0] ** 2 + x[1] - p[0] - 1.0, x[0] - x[1] ** 2 + p[1]])

    x = np.array([1.0, 1.0])
    for _ in range(4):
        x = x - np.linalg.solve(ad.jacobian(f)(x), f(x))
    return x[0] * x[1]


@case(X)
def determinant_of_a_hessian(x):
    def energy(v):
        return np.sum(v**3) * v[0] + v[1] * v[2]

    return np.linalg.det(ad.hessian(energy)(x))


@case(np.array([[0.3, -0.5], [0.8, 1.2]]))
def by_a_matrix(a):
    jacobian = ad.jacobian(lambda m: m @ m)(a)
    return np.sum(jacobian[0] * jacobian[1, :, :, ::-1]) + np.sum(jacobian[:, 0, 1])


@case(np.array([[0.3, -0.5], [0.8, 1.2]]))
def hessian_by_a_matrix(a):
    h = ad.hessian(lambda m: np.sum(m @ m @ m))(a)
    return np.sum(h * h)


@case(X)
def of_a_number(x):
    return np.sum(ad.jacobian(lambda v: np.sum(np.sin(v) * v))(x) ** 2)


@case(0.7)
def by_a_number(t):
    rates = ad.jacobian(lambda s: np.array([s**2, np.sin(s), t * s]))(t)
    return np.sum(rates**2) + ad.hessian(lambda s: s**3 * t)(t)


@case(X, 0.3)
def beside_other_arguments(x, c):
    first = ad.jacobian(lambda v, s: v * v[0] * s, wrt="v")(x, c)
    second = ad.jacobian(lambda v, s: v * v[0] * s, wrt=1)(x, c)
    return np.sum(first * first) * np.sum(second)


@case(X, 2)
def in_a_loop_and_a_branch(x, n):
    total = 0.0
    for k in range(n):
        if x[k] > 0.6:
            total += np.sum(ad.jacobian(lambda v: np.sin(v * x[k]))(x) ** 2)
    return total


square = ad.differentiate(lambda v: v * v * v[0])


@case(X)
def of_a_differentiable_function(x):
    return np.sum(square.jacobian(x) ** 2) + np.sum(
        ad.hessian(lambda v: np.sum(square(v)))(x)
    )


def quotients(function, args):
    """Central differences by the first argument."""
    x, *rest = args
    found = []
    for k in range(np.size(x)):
        unit = np.zeros(np.shape(x))
        unit.flat[k] = 1e-5
        ends = [float(function(x + s * unit[()], *rest)) for s in (1.0, -1.0)]
        found.append((ends[0] - ends[1]) / 2e-5)
    return np.reshape(found, np.shape(x))


@pytest.mark.parametrize(("function", "args"), PROGRAMS)
def test_derivatives(function, args):
    expected = quotients(function, args)
    found = ad.grad(function, wrt=0)(*args)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
    for k in range(np.size(args[0])):
        unit = np.zeros(np.shape(args[0]))
        unit.flat[k] = 1.0
        dots = (unit if unit.ndim else 1.0, *(None for _ in args[1:]))
        value, tangent = ad.jvp(function)(args, dots)
        np.testing.assert_allclose(tangent, np.ravel(expected)[k], rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(value, function(*args), rtol=1e-12)


def test_by_several_arguments_is_refused():
    def f(x, y):
        return np.sum(ad.jacobian(lambda a, b: a * b)(x, y))

    with pytest.raises(ad.UnsupportedError, match="several arguments") as caught:
        ad.grad(f)(X, X)
    assert "wrt='a'" in caught.value.hint


def test_of_a_tuple_is_refused():
    with pytest.raises(ad.UnsupportedError, match="tuple of 2"):
        ad.grad(lambda x: np.sum(ad.jacobian(lambda v: (v, v))(x)))(X)
