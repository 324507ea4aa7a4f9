"""Functions that are continued to a point: derivatives at it and beside it.

Partials there are of the form 0 / 0, or differences of what is nearly the same. A
number put in for one is right to first order only, and beside the point digits are
lost, more with every order. The reference is mpmath's, of many digits.
"""

import mpmath
import numpy as np
import pytest
from scipy import special

import adcompiler as ad

BACKENDS = pytest.mark.parametrize("backend", ["numpy", "llvm"])
TINY = 10.0 ** -np.array([1, 2, 3, 5, 8, 10, 15, 16, 30, 300])
SMALL = np.concatenate([TINY, np.array([0.019, 0.021, 0.2, 0.25, 0.49, 0.51, 0.9])])
AROUND = np.concatenate([SMALL, -SMALL, [0.0]])
BELOW = np.array([-0.7, -3.0, -9.9, -10.1, -14.1, -14.2, -100.0, -1e3, -1e4])
QUIETLY = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def cardinal_sine(x):
    return np.sinc(x)


def complete(x):
    return special.ellipk(x)


def perimeter(x):
    return special.ellipe(x)


def dilogarithm(x):
    return special.spence(1.0 + x)


def bessel(x):
    return special.j1(x)


def modified(x):
    return special.i1(x)


def modified_of_zero(x):
    return special.i0(x)


def reciprocal_gamma(x):
    return special.rgamma(x)


def at_other_poles(x):
    return special.rgamma(x - 3.0)


def scaled_tail(x):
    return special.erfcx(-x)


def dawson(x):
    return special.dawsn(x)


def below(x):
    return special.log_ndtr(x)


def sinc_of(x):
    return mpmath.sinc(mpmath.pi * x)


CASES = {
    cardinal_sine: (sinc_of, AROUND),
    complete: (mpmath.ellipk, AROUND),
    perimeter: (mpmath.ellipe, AROUND),
    dilogarithm: (lambda x: mpmath.polylog(2, -x), AROUND),
    bessel: (lambda x: mpmath.besselj(1, x), AROUND),
    modified: (lambda x: mpmath.besseli(1, x), AROUND),
    modified_of_zero: (lambda x: mpmath.besseli(0, x), AROUND),
    reciprocal_gamma: (mpmath.rgamma, AROUND),
    at_other_poles: (lambda x: mpmath.rgamma(x - 3), AROUND[np.abs(AROUND) < 0.1]),
    scaled_tail: (lambda x: mpmath.exp(x * x) * mpmath.erfc(-x), BELOW),
    dawson: (
        lambda x: mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x),
        np.concatenate([BELOW, -BELOW]),
    ),
    below: (lambda x: mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2), BELOW),
}


def derived(fn, order):
    """The derivatives of an order, at each element."""
    if order == 0:
        return fn
    lower = derived(fn, order - 1)

    def total(x):
        return np.sum(lower(x))

    return ad.grad(total)


def wanted(fn, x, order):
    """By differences of so many digits that none is missed."""
    step = mpmath.mpf(10) ** -40 * (min(abs(x), 1) or 1)
    with mpmath.workdps(200 + int(4 * max(0.0, -np.log10(abs(x) or 1.0)))):
        z = mpmath.mpf(float(x))
        if order == 1:
            return (fn(z + step) - fn(z - step)) / (2 * step)
        return (fn(z + step) - 2 * fn(z) + fn(z - step)) / step**2


@QUIETLY
@BACKENDS
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_all_digits_are_there(fn, order, backend):
    reference, points = CASES[fn]
    by = derived(fn, order)
    found = ad.grad(by.base, backend=backend)(points)
    for x, given in zip(points, found, strict=True):
        expected = wanted(reference, x, order)
        off = abs(mpmath.mpf(float(given)) - expected)
        # Of an odd derivative near zero what is below the least number is lost.
        assert off <= 10.0 ** (-16 + 4 * order) * abs(expected) + 1e-300, (x, given)


@QUIETLY
@BACKENDS
def test_third_derivatives(backend):
    at_zero = {cardinal_sine: 0.0, bessel: -0.375, modified: 0.375, dilogarithm: -2 / 3}
    for fn, expected in at_zero.items():
        by = ad.grad(derived(fn, 3).base, backend=backend)
        np.testing.assert_allclose(by(np.zeros(2)), expected, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(by(np.full(1, 1e-9)), expected, atol=1e-7)


def by_its_width(d, r):
    return special.pseudo_huber(d, r)


@BACKENDS
@pytest.mark.parametrize("r", [0.0, 1e-3, 1e-8, 0.5, 1e200])
def test_pseudo_huber_by_its_width(r, backend):
    found = ad.grad(by_its_width, wrt="d", backend=backend)(2.0, r)
    with mpmath.workdps(450):
        bend = mpmath.sqrt(1 + (mpmath.mpf(r) / 2) ** 2)
        expected = 2 * (bend - 1) ** 2 / bend
    np.testing.assert_allclose(found, float(expected), rtol=1e-14)
