"""`elementwise`: formulas, their partial derivatives, and how well these compute."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from scipy import special

import adcompiler as ad

softplus = ad.elementwise("softplus", "log(1 + exp(x))")
length = ad.elementwise("length", "sqrt(x**2 + y**2)")
X = np.array([0.3, -1.2, 2.5])


def test_a_plain_call_is_the_formula():
    assert softplus(0.5) == np.log(1 + np.exp(0.5))
    assert np.array_equal(softplus(X), np.log(1 + np.exp(X)))
    assert length(3.0, 4.0) == 5.0
    assert length(y=3.0, x=4.0) == 5.0
    assert length.arguments == ("x", "y")


@pytest.mark.parametrize(
    ("formula", "args"),
    [
        ("log(1 + exp(x))", (X,)),
        ("x * tanh(log1p(exp(x)))", (X,)),
        ("sqrt(x**2 + y**2)", (X, X[::-1])),
        ("exp(-x**2 / 2) / sqrt(2 * pi)", (X,)),
        ("0.5 * x * (1 + erf(x / 2**0.5))", (X,)),
        ("arctan(x / y) * y", (X, 1.5)),
        ("maximum(x, y) * x - minimum(x, 2*y)", (X, 0.7)),
        ("abs(x) ** 3 + sign(x) * x", (X,)),
        ("log10(x) * cbrt(x) + log2(x) / e", (np.abs(X),)),
        ("x ** y", (np.abs(X), 2.5)),
        ("1 / (1 + exp(-k * (x - a)))", (2.0, X, 0.5)),
        ("3.0 * x - y + 1", (X, X)),
    ],
)
def test_derivatives(formula, args):
    f = ad.elementwise("f", formula)
    ad.check_grads(_sum(f, len(args)), args, order=2)


def _sum(f, count):
    if count == 1:
        return lambda x: np.sum(f(x) ** 2)
    if count == 2:
        return lambda x, y: np.sum(f(x, y) ** 2)
    return lambda x, y, z: np.sum(f(x, y, z) ** 2)


def test_broadcasting_is_undone():
    a, b = np.ones((3, 1)), np.linspace(0.5, 2.0, 4)
    gradient = ad.grad(lambda a, b: np.sum(length(a, b)))(a, b)
    whole = np.sqrt(a**2 + b**2)
    assert np.allclose(gradient.a, np.sum(a / whole, axis=1, keepdims=True))
    assert np.allclose(gradient.b, np.sum(b / whole, axis=0))
    _, dot = ad.jvp(lambda a, b: np.sum(length(a, b)))((a, b), (np.ones((3, 1)), None))
    assert dot == pytest.approx(np.sum(gradient.a))


def test_numbers_of_every_kind():
    assert type(ad.grad(softplus)(0.5)) is float
    assert ad.grad(softplus)(np.float32(0.5)).dtype == np.float32
    assert ad.grad(softplus)(np.array(0.5)).shape == ()
    x = X.astype(np.float32)
    assert ad.grad(lambda x: np.sum(softplus(x)))(x).dtype == np.float32
    power = ad.elementwise("power(x, n)", "x ** n")
    assert ad.grad(lambda x, n: power(x, n))(3.0, 2) == 6.0


def test_in_loops_and_branches():
    def f(x, n):
        s = 0.0
        for i in range(n):
            if x[i] > 0.0:
                s = softplus(s + x[i])
            else:
                s = length(s, x[i])
        return s

    ad.check_grads(ad.differentiate(f), (X, 3), order=2)


def test_forms_keep_their_digits():
    slope = ad.grad(softplus)
    with np.errstate(all="ignore"):
        assert slope(800.0) == 1.0
        assert slope(-700.0) == pytest.approx(np.exp(-700.0), rel=1e-12)
    assert softplus.partial("x") == "1 / (1 + np.exp(-x))"
    logistic = ad.elementwise("logistic", "1 / (1 + exp(-x))")
    x = np.linspace(-30.0, 30.0, 13)
    found = ad.grad(lambda x: np.sum(logistic(x)))(x)
    assert np.allclose(found, special.expit(x) * special.expit(-x), rtol=1e-10, atol=0)


def test_a_derivative_raises_nothing_of_its_own():
    root = ad.elementwise("root", "x ** 0.5")
    with np.errstate(all="ignore"):
        assert ad.grad(root)(0.0) == np.inf
    quotient = ad.elementwise("quotient", "1 / x")
    with pytest.raises(ZeroDivisionError):
        quotient(0.0)
    with pytest.raises(ZeroDivisionError):
        ad.grad(quotient)(0.0)


def test_the_source_is_that_of_the_partial_derivative():
    source = ad.differentiate(lambda x: np.sum(softplus(x))).source(X)
    assert "x_bar = 1 / (1 + np.exp(-x))" in source


def test_is_like_a_function():
    assert repr(softplus) == "<elementwise softplus(x) = log(1 + exp(x))>"
    assert softplus.__name__ == "softplus"
    assert copy.deepcopy(softplus)(0.0) == softplus(0.0)
    again = pickle.loads(pickle.dumps(ad.elementwise("g(y, x)", "x - 2*y")))
    assert again.arguments == ("y", "x")
    assert ad.grad(again)(1.0, 1.0).y == -2.0
    with pytest.raises(TypeError, match="missing 1 required"):
        length(1.0)
    with pytest.raises(ValueError, match=r"'z' is no argument of length\(x, y\)"):
        length.partial("z")


@pytest.mark.parametrize(
    ("name", "formula", "message"),
    [
        ("f", "foo(x)", "foo is not known. Known are exp"),
        ("f", "sni(x)", r"did you mean sin\?"),
        ("f", "np.sin(x)", "numbers, names"),
        ("f(x)", "x + y", "'y' .*no argument; they are \\('x',\\)"),
        ("f", "x if x > 0 else 1", "numbers, names"),
        ("f", "x if x else 1", "numbers, names"),
        ("f", "exp(x, x)", "another number of arguments"),
        ("f", "__import__('os')", "not known"),
        ("f", "x +", "is no formula"),
        ("1f", "x", "is no name of a function"),
        ("f", "x // 2", "numbers, names"),
        ("f", "'x'", "numbers, names"),
    ],
)
def test_what_is_no_formula(name, formula, message):
    with pytest.raises(ValueError, match=message):
        ad.elementwise(name, formula)


def test_what_is_no_number_is_refused():
    with pytest.raises(ad.UnsupportedError, match="takes numbers and arrays"):
        ad.grad(lambda x: softplus((x, x)))(1.0)
