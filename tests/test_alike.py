"""Equal numbers have equal images, wherever they stand in an array, and beside it."""

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.execute.llvm.alike import like_vectors

ONE = {
    **dict.fromkeys(
        ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctanh"), 0.7
    ),
    **dict.fromkeys(("sinh", "cosh", "tanh", "arcsinh", "exp", "exp2", "expm1"), 1.3),
    **dict.fromkeys(("log", "log2", "log10", "log1p", "cbrt", "arccosh"), 2.3),
}


# Of an array, and of its first number.
PROGRAM = """import numpy as np

def f(x):
    return np.{0}(x) * 1.0, float(np.{0}(x[0]))
"""


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ONE)
def test_equal_numbers_have_equal_images(name, dtype, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM.format(name))
    scope = {}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    made = ad.differentiate(scope["f"], backend="llvm")
    for value in (ONE[name], ONE[name] * 0.9, ONE[name] * 1.01):
        ys, y = made(np.full(23, value, dtype))
        assert np.all(ys == ys[0])
        assert float(ys[0]) == y


def ties(x):
    return np.max(np.sin(x))


def same_at_both_ends(x):
    p = np.exp(-x * x)
    n = len(x)
    s = 0.0
    for i in range(n):
        if p[i] == p[n - 1 - i]:
            s += p[i]
    return s


def best_of_numbers_in_an_array(x):
    best = -np.inf
    for i in range(len(x)):
        best = max(best, np.exp(0.3 * x[i]) * np.sin(2.0 * x[i]))
    y = np.exp(0.3 * x) * np.sin(2.0 * x)
    s = 0.0
    for i in range(len(x)):
        if y[i] == best:
            s += y[i]
    return s


@pytest.mark.parametrize("n", [1, 7, 9, 16, 37])
def test_what_is_equal_is_seen_to_be(n):
    rng = np.random.default_rng(n)
    half = rng.normal(size=n)
    cases = [
        (ties, np.full(n, 1.1)),
        (same_at_both_ends, np.concatenate((half, -half[::-1]))),
        (best_of_numbers_in_an_array, half),
    ]
    for f, x in cases:
        value, grad = ad.value_and_grad(f, backend="llvm")(x)
        wanted, expected = ad.value_and_grad(f, backend="numpy")(x)
        assert np.isclose(value, wanted, rtol=1e-13)
        assert np.allclose(grad, expected, rtol=1e-12, atol=1e-14)
        assert np.isclose(value, f(x), rtol=1e-13)


def test_a_module_without_vectors_is_as_it_was():
    assert like_vectors("  %y = call double @exp(double %x)\n") is None


def test_narrow_vectors_and_numbers_are_made_of_the_widest():
    text = like_vectors(
        "declare <8 x double> @_ZGVeN8v_exp(<8 x double>)\n"
        "  %a = call <4 x double> @_ZGVdN4v_exp(<4 x double> %x)\n"
        "  %b = call noundef double @exp(double %y)\n"
    )
    assert "define hidden double @exp(double %x0)" in text
    assert "define hidden <4 x double> @_ZGVdN4v_exp(<4 x double> %x0)" in text
    assert text.count("call <8 x double> @_ZGVeN8v_exp") == 2
