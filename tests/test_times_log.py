"""Logarithms times what may be zero, and chances of what is certain or cannot be.

A factor of zero hides the logarithm, but not how the product varies with the factor.
"""

import numpy as np
import pytest
from scipy import special, stats

import adcompiler as ad

BACKENDS = pytest.mark.parametrize("backend", ["numpy", "llvm"])
QUIETLY = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def times_log(a, b):
    return special.xlogy(a, b)


def times_log1p(a, b):
    return special.xlog1py(a, b - 1.0)


def gamma(a, s):
    return stats.gamma.logpdf(0.4, a, scale=s)


def chi2(a, s):
    return stats.chi2.logpdf(0.4, 2.0 * a, scale=s)


def weibull(a, s):
    return stats.weibull_min.logpdf(0.4, a, scale=s)


def beta(a, x):
    return stats.beta.logpdf(0.4 * x, a, 1.0)


def dirichlet(a, x):
    return stats.dirichlet.logpdf(np.array([0.4, 0.6]) * x, np.array([a, 1.0]))


def of_both(a, x):
    return special.xlogy(a, x + a)


CROSSED = {
    times_log: ((0.0, 2.0), 0.5),
    times_log1p: ((0.0, 2.0), 0.5),
    gamma: ((1.0, 1.0), -1.0),
    chi2: ((1.0, 1.0), -1.0),
    weibull: ((1.0, 1.0), 0.4 * (1.0 + np.log(0.4)) - 1.0),
    beta: ((1.0, 1.0), 1.0),
    dirichlet: ((1.0, 1.0), 1.0),
    of_both: ((0.0, 2.0), 0.5),
}


@BACKENDS
@pytest.mark.parametrize("fn", CROSSED, ids=lambda fn: fn.__name__)
def test_a_factor_of_zero_varies(fn, backend):
    point, expected = CROSSED[fn]
    names = fn.__code__.co_varnames[:2]
    rows = ad.hessian(fn, wrt=names, backend=backend)(*point)
    np.testing.assert_allclose(rows[0][1], expected, rtol=1e-14)
    np.testing.assert_allclose(rows[1][0], expected, rtol=1e-14)


def of_one(x):
    return special.xlogy(x, x + 2.0)


@BACKENDS
def test_a_factor_of_zero_varies_with_the_other(backend):
    np.testing.assert_allclose(ad.hessian(of_one, backend=backend)(0.0), 1.0)


@QUIETLY
@BACKENDS
def test_at_the_pole_it_stays_as_it_was(backend):
    for fn, pole in ((special.xlogy, 0.0), (special.xlog1py, -1.0)):

        def total(a, b, fn=fn):
            return np.sum(fn(a, b))

        a = np.array([0.0, 1.0, 0.0, -0.0])
        b = np.array([pole, pole, pole + 2.0, np.inf])
        by_a, by_b = ad.grad(total, wrt=("a", "b"), backend=backend)(a, b)
        inf = np.inf
        np.testing.assert_allclose(by_a, [-inf, -inf, np.log(2.0), inf], rtol=1e-15)
        np.testing.assert_array_equal(by_b, [0.0, inf, 0.0, 0.0])


# --- Chances --------------------------------------------------------------------------


def chances(p):
    k = np.array([0.0, 1.0, 2.0])
    return stats.bernoulli.pmf(k, p) + stats.geom.pmf(k, p)


@BACKENDS
@pytest.mark.parametrize(
    ("p", "d0", "d1", "d2"), [(1.0, -1, 2, -1), (0.25, -1, 2, 0.5)]
)
def test_chances_of_what_is_certain(p, d0, d1, d2, backend):
    found = ad.jacobian(chances, backend=backend)(p)
    np.testing.assert_allclose(found, [d0, d1, d2], rtol=1e-14)
    k = np.array([0.0, 1.0, 2.0, 1.5, -1.0])
    for which in (stats.bernoulli, stats.geom):
        value, _ = ad.vjp(chances_of(which), backend=backend)(k, p)
        np.testing.assert_allclose(value, which.pmf(k, p), rtol=1e-14)


def chances_of(which):
    def pmf(k, p):
        return which.pmf(k, p)

    return pmf
