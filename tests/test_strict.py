"""ADC_STRICT_FP=1: numbers in machine code are, bit by bit, those of Python."""

import math

import numpy as np
import pytest

import adcompiler as ad
from tests.test_llvm import lorenz


def orbit(a, b, n):
    x, y, total = a, b, 0.0
    for k in range(n):
        r = math.sqrt(x * x + y * y + 0.1)
        x, y = x * math.cos(r) - y / r, y * math.sin(x) + x**3 * 0.01
        total += math.log1p(x * x) - math.tanh(y) + math.exp(-r) * k
    return total


def newton(a):
    x = a
    while abs(x * x - a) > 1e-15 * a:
        x = 0.5 * (x + a / x)
    return x + math.atan2(x, a) - math.hypot(x, 3.0)


PROGRAMS = [(lorenz, (1.0, 2.0, 3.0, 70)), (orbit, (0.3, -0.7, 40)), (newton, (7.3,))]


@pytest.mark.parametrize(("f", "args"), PROGRAMS, ids=["lorenz", "orbit", "newton"])
@pytest.mark.parametrize("form", ["grad", "value_and_grad"])
def test_scalars_have_the_same_bits(monkeypatch, f, args, form):
    monkeypatch.setenv("ADC_STRICT_FP", "1")
    strict = getattr(ad.differentiate(f, backend="llvm"), form)
    plain = getattr(ad.differentiate(f, backend="numpy"), form)
    for _ in range(2):
        assert strict(*args) == plain(*args)


POWERS = (2, 3, 4, 5, -1, 0.5, -0.5, 1.0, 2.5)


@pytest.mark.parametrize("exponent", POWERS)
def test_powers_are_those_of_python(monkeypatch, exponent):
    monkeypatch.setenv("ADC_STRICT_FP", "1")

    def power(x, y):
        return x**exponent + math.pow(y, exponent)

    strict = ad.value_and_grad(power, backend="llvm")
    plain = ad.value_and_grad(power, backend="numpy")
    for x, y in np.random.default_rng(1).uniform(0.01, 3.0, (200, 2)).tolist():
        value, slopes = strict(x, y)
        assert value == plain(x, y)[0] == power(x, y)
        # The derivative of `math.pow` has powers of NumPy's, which are not libm's.
        assert slopes == pytest.approx(plain(x, y)[1], rel=1e-15)


def lengths(x, y):
    a, b = math.hypot(x, 1.3), math.hypot(x, y, 0.7)
    return a * b + math.dist((x, 1.0), (2.0, y)) * math.dist((y, a), (x, b))


def test_lengths_are_those_of_python(monkeypatch):
    monkeypatch.setenv("ADC_STRICT_FP", "1")
    strict = ad.value_and_grad(lengths, backend="llvm")
    plain = ad.value_and_grad(lengths, backend="numpy")
    for x, y in np.random.default_rng(0).normal(size=(300, 2)).tolist():
        assert strict(x, y) == plain(x, y)


def summed(x):
    total = 0.0
    for v in x:
        total = total + v * v
    return total


def test_sums_are_taken_in_order(monkeypatch):
    x = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.arange(1000) ** 0.3
    call = ad.value_and_grad(summed, backend="llvm")
    call(x)
    monkeypatch.setenv("ADC_STRICT_FP", "1")  # is looked at by every call
    assert call(x)[0] == summed(x)
    whole = ad.value_and_grad(lambda x: np.sum(x * x), backend="llvm")
    assert whole(x)[0] == summed(x)
    monkeypatch.setenv("ADC_STRICT_FP", "maybe")
    with pytest.raises(ValueError, match="ADC_STRICT_FP"):
        call(x)
