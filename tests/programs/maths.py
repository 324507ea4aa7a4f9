"""Functions of `math` and `scipy.special` beyond the elementary ones."""

import math

import numpy as np
from scipy import special

from .registry import TRIPS, positive, program, real, small, trips


@program(positive(3))
def beta_function(x):
    a, b = x[0], x[1]
    return math.gamma(a) * math.gamma(b) / math.gamma(a + b) * x[2]


@program(positive(3))
def logarithm_of_a_binomial(x):
    total = 0.0
    for i in range(len(x)):
        total += math.lgamma(x[i] + 4.0) - math.lgamma(x[i] + 1.0)
    return total * math.exp(math.lgamma(x[0]))


@program(real(3), real(3))
def distances(p, q):
    apart = math.dist(p, q) * math.dist((p[0], p[1]), (q[0], q[2]))
    return apart * math.hypot(p[0], p[1], p[2]) + math.hypot(q[0])


@program(real(4))
def exact_sums(x):
    s = math.fsum(x) + math.fsum([x[0] * x[1], x[2], 1e16, -1e16])
    return s * math.prod((x[0], x[1], 3)) + math.prod(x, start=2.0)


@program(positive(2))
def taken_apart(x):
    m, e = math.frexp(x[0] * 11.0)
    fraction, whole = math.modf(x[1] * 7.0)
    return m * m * e + fraction * whole + math.ldexp(x[1], e)


@program(positive(2))
def nearest_remainder(x):
    r = math.remainder(x[0] * 5.0, x[1])
    return r * r + math.nextafter(x[0], 2.0) * math.ulp(1.0)


@trips(positive(2), TRIPS)
def counting(x, n):
    total = 0.0
    for k in range(n):
        total += math.comb(n, k) * x[0] ** k * x[1] ** (n - k) / math.factorial(k)
        total += math.perm(n, k) * math.gcd(n, k) * math.isqrt(n) * x[0]
    return total


@program(positive())
def fixed_point_until_close(x):
    y = x
    while not math.isclose(y, 0.5 * math.cos(x * y), rel_tol=1e-13):
        y = 0.5 * math.cos(x * y)
    return y


@program(real(4))
def normal_likelihood(x):
    p = special.ndtr(x)
    return np.sum(special.log_ndtr(-x) * p) + np.sum(special.erf(x) * special.erfc(x))


@program(small(3))
def logits_and_back(x):
    p = special.expit(x)
    return np.sum(special.logit(p) * special.log_expit(x) + special.xlogy(p, 1 - p))


@program(positive(3))
def dirichlet_entropy(a):
    total = np.sum(a)
    beta = np.sum(special.gammaln(a)) - special.gammaln(total)
    spread = (total - 3) * special.digamma(total)
    return beta + spread - np.sum((a - 1) * special.psi(a))


@program(positive(3))
def von_mises(k):
    bessel = np.log(special.i0e(k)) + k
    return np.sum(np.cos(k) * k - bessel) + np.sum(special.i1(k) * special.entr(k))


@program(positive())
def curvature_of_the_gamma_function(x):
    return special.polygamma(1, x) * special.polygamma(0, x) + special.polygamma(2, x)


@program(small(3))
def quantiles(u):
    p = 0.5 + 0.5 * u
    return np.sum(special.ndtri(p) * special.erfinv(u)) + special.erfcx(u).sum()


@program(0.0, raises=ValueError)
def logarithm_of_zero(x):
    return math.log(x)


@program(0.0, raises=ValueError)
def logarithm_of_the_square_of_zero(x):
    return math.log(x * x)


@program(0.0, raises=ValueError)
def root_times_logarithm_of_zero(x):
    return math.sqrt(x) * math.log(x)


@program(np.zeros(2), 7, raises=ValueError)
def logarithm_of_zero_before_an_item_that_is_not_there(x, i):
    return math.log(x[0]) + x[i]


@program(0.0, raises=ValueError)
def logarithm_of_zero_before_a_quotient(x):
    return math.log10(x) + 1.0 / x


@program(0.0, raises=ZeroDivisionError)
def logarithm_of_zero_after_a_quotient(x):
    return 1.0 / x + math.log10(x)
