"""SciPy's distributions: densities, and the shares below and above a place.

In: methods of ``scipy.stats.norm`` and its like. Out: their formulas, in terms of
`scipy.special`. The density of any is the exponential of its logarithm.
Invariant: parameters count as valid. Where a scale or a shape is not positive SciPy
gives nan; here what the formula gives.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special, stats

from adcompiler.library.registry import composes

HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
LOG_TWO, LOG_PI = math.log(2.0), math.log(math.pi)


def standard(x, loc, scale):
    """How many scales from the place, in double precision."""
    if np.asarray(x).dtype.kind in "bu":  # which would wrap
        x = np.asarray(x).astype(float)
    return (x - loc) / np.float64(scale)


def valid(scale):
    """The scale, which is positive: nan of what is none."""
    if np.ndim(scale) == 0:
        return scale if scale > 0 else np.nan
    return np.where(scale > 0, scale, np.nan)


def confined(within, inside, scale):
    """The logarithm of a density per scale, of one that is zero elsewhere."""
    return np.where(within, inside, -np.inf)[()] - np.log(scale)


def pdf(self, x, *args, **kwds):
    return np.exp(self.logpdf(x, *args, **kwds))


def pmf(self, k, *args, **kwds):
    return np.exp(self.logpmf(k, *args, **kwds))


# By the name of the method, for each distribution.
OF_DISTRIBUTIONS = {"pdf": pdf, "pmf": pmf}

# --- Normal ---------------------------------------------------------------------------


@composes(stats.norm.logpdf)
def norm_logpdf(x, loc=0, scale=1):
    z = standard(x, loc, scale)
    return -0.5 * z * z - HALF_LOG_TWO_PI - np.log(scale)


@composes(stats.norm.cdf)
def norm_cdf(x, loc=0, scale=1):
    return special.ndtr(standard(x, loc, valid(scale)))


@composes(stats.norm.sf)
def norm_sf(x, loc=0, scale=1):
    return special.ndtr(-standard(x, loc, valid(scale)))


@composes(stats.norm.logcdf)
def norm_logcdf(x, loc=0, scale=1):
    return special.log_ndtr(standard(x, loc, valid(scale)))


@composes(stats.norm.logsf)
def norm_logsf(x, loc=0, scale=1):
    return special.log_ndtr(-standard(x, loc, valid(scale)))


@composes(stats.norm.ppf)
def norm_ppf(q, loc=0, scale=1):
    return special.ndtri(q) * np.float64(valid(scale)) + loc


@composes(stats.lognorm.logpdf)
def lognorm_logpdf(x, s, loc=0, scale=1):
    z = standard(x, loc, scale)
    y = np.log(np.where(z > 0.0, z, 1.0))
    inside = -0.5 * np.square(y / s) - HALF_LOG_TWO_PI - y - np.log(s)
    return confined(z > 0.0, inside, scale)


@composes(stats.lognorm.cdf)
def lognorm_cdf(x, s, loc=0, scale=1):
    z = standard(x, loc, valid(scale))
    y = np.log(np.where(z > 0.0, z, 1.0))
    return np.where(z > 0.0, special.ndtr(y / s), 0.0)[()]


@composes(stats.halfnorm.logpdf)
def halfnorm_logpdf(x, loc=0, scale=1):
    z = standard(x, loc, scale)
    inside = LOG_TWO - HALF_LOG_TWO_PI - 0.5 * z * z
    return confined(z >= 0.0, inside, scale)


@composes(stats.multivariate_normal.logpdf)
def multivariate_normal_logpdf(x, mean=None, cov=1):
    """By Cholesky's factor of the covariances."""
    if np.ndim(cov) != 2 or np.ndim(x) not in (1, 2):
        raise NotImplementedError(
            "stats.multivariate_normal takes a matrix as cov, and x of rank 1 or 2",
            "of a vector v of variances: np.diag(v); of a number: v * np.eye(n)",
        )
    if cov.shape[0] != x.shape[-1]:
        raise ValueError("x and cov have different dimensions")
    if mean is not None and np.ndim(mean) != 1:
        n = x.shape[-1]
        raise ValueError(f"Array 'mean' must be a vector of length {n}.")
    deviation = x if mean is None else x - mean
    factor = np.linalg.cholesky(cov)
    y = np.linalg.solve(factor, np.swapaxes(np.atleast_2d(deviation), -1, -2))
    squares = np.sum(np.square(y), axis=-2)
    volume = np.sum(np.log(np.diagonal(factor))) + x.shape[-1] * HALF_LOG_TWO_PI
    return -0.5 * (squares[0] if np.ndim(deviation) == 1 else squares) - volume


@composes(stats.multivariate_normal.pdf)
def multivariate_normal_pdf(x, mean=None, cov=1):
    return np.exp(stats.multivariate_normal.logpdf(x, mean, cov))


@composes(stats.multivariate_normal.entropy)
def multivariate_normal_entropy(mean=None, cov=1):
    if np.ndim(cov) != 2:
        raise NotImplementedError(
            "stats.multivariate_normal takes a matrix as cov, and x of rank 1 or 2",
            "of a vector v of variances: np.diag(v); of a number: v * np.eye(n)",
        )
    volume = np.sum(np.log(np.diagonal(np.linalg.cholesky(cov))))
    return volume + cov.shape[0] * (HALF_LOG_TWO_PI + 0.5)


@composes(stats.dirichlet.logpdf)
def dirichlet_logpdf(x, alpha):
    if np.ndim(x) != 1 or np.ndim(alpha) != 1:
        raise NotImplementedError(
            "stats.dirichlet of several points",
            "call it for each: np.stack([stats.dirichlet.logpdf(p, a) for p in x.T])",
        )
    if x.shape[0] != alpha.shape[0]:
        raise ValueError("x and alpha have different lengths")
    if np.any(x < 0.0) or np.abs(np.sum(x) - 1.0) > 10e-10:
        raise ValueError("The input vector 'x' must lie within the normal simplex.")
    share = np.sum(special.gammaln(alpha)) - special.gammaln(np.sum(alpha))
    return np.sum(special.xlogy(alpha - 1.0, x)) - share


@composes(stats.dirichlet.pdf)
def dirichlet_pdf(x, alpha):
    return np.exp(stats.dirichlet.logpdf(x, alpha))


# --- Gamma and beta -------------------------------------------------------------------


@composes(stats.expon.logpdf)
def expon_logpdf(x, loc=0, scale=1):
    z = standard(x, loc, scale)
    return confined(z >= 0.0, -z, scale)


@composes(stats.expon.cdf)
def expon_cdf(x, loc=0, scale=1):
    return -np.expm1(-np.maximum(standard(x, loc, valid(scale)), 0.0))


@composes(stats.expon.sf)
def expon_sf(x, loc=0, scale=1):
    return np.exp(-np.maximum(standard(x, loc, valid(scale)), 0.0))


@composes(stats.gamma.logpdf)
def gamma_logpdf(x, a, loc=0, scale=1):
    z = standard(x, loc, scale)
    inside = special.xlogy(a - 1.0, z) - z - special.gammaln(a)
    return confined(z >= 0.0, inside, scale)


@composes(stats.gamma.cdf)
def gamma_cdf(x, a, loc=0, scale=1):
    return special.gammainc(a, np.maximum(standard(x, loc, valid(scale)), 0.0))


@composes(stats.gamma.sf)
def gamma_sf(x, a, loc=0, scale=1):
    return special.gammaincc(a, np.maximum(standard(x, loc, valid(scale)), 0.0))


@composes(stats.invgamma.logpdf)
def invgamma_logpdf(x, a, loc=0, scale=1):
    z = standard(x, loc, scale)
    y = np.where(z > 0.0, z, 1.0)
    inside = -(a + 1.0) * np.log(y) - special.gammaln(a) - 1.0 / y
    return confined(z > 0.0, inside, scale)


@composes(stats.chi2.logpdf)
def chi2_logpdf(x, df, loc=0, scale=1):
    z, half = standard(x, loc, scale), 0.5 * df
    inside = special.xlogy(half - 1.0, z) - 0.5 * z - special.gammaln(half)
    inside = inside - half * LOG_TWO
    return confined(z >= 0.0, inside, scale)


@composes(stats.chi2.cdf)
def chi2_cdf(x, df, loc=0, scale=1):
    return special.chdtr(df, np.maximum(standard(x, loc, valid(scale)), 0.0))


@composes(stats.chi2.sf)
def chi2_sf(x, df, loc=0, scale=1):
    return special.chdtrc(df, np.maximum(standard(x, loc, valid(scale)), 0.0))


@composes(stats.weibull_min.logpdf)
def weibull_min_logpdf(x, c, loc=0, scale=1):
    z = standard(x, loc, scale)
    y = np.where(z >= 0.0, z, 1.0)
    inside = np.log(c) + special.xlogy(c - 1.0, y) - np.power(y, c)
    return confined(z >= 0.0, inside, scale)


@composes(stats.pareto.logpdf)
def pareto_logpdf(x, b, loc=0, scale=1):
    z = standard(x, loc, scale)
    inside = np.log(b) - (b + 1.0) * np.log(np.maximum(z, 1.0))
    return confined(z >= 1.0, inside, scale)


@composes(stats.beta.logpdf)
def beta_logpdf(x, a, b, loc=0, scale=1):
    z = standard(x, loc, scale)
    inside = special.xlog1py(b - 1.0, -z) + special.xlogy(a - 1.0, z)
    inside = inside - special.betaln(a, b)
    within = (z >= 0.0) & (z <= 1.0)
    return confined(within, inside, scale)


@composes(stats.beta.cdf)
def beta_cdf(x, a, b, loc=0, scale=1):
    return special.betainc(a, b, np.clip(standard(x, loc, valid(scale)), 0.0, 1.0))


@composes(stats.t.logpdf)
def t_logpdf(x, df, loc=0, scale=1):
    z, half = standard(x, loc, scale), 0.5 * (df + 1.0)
    size = special.gammaln(half) - special.gammaln(0.5 * df)
    size = size - 0.5 * (np.log(df) + LOG_PI) - np.log(scale)
    return size - half * np.log1p(z * z / df)


@composes(stats.t.cdf)
def t_cdf(x, df, loc=0, scale=1):
    return special.stdtr(df, standard(x, loc, valid(scale)))


@composes(stats.t.logcdf)
def t_logcdf(x, df, loc=0, scale=1):
    return np.log(stats.t.cdf(x, df, loc, scale))


@composes(stats.t.sf)
def t_sf(x, df, loc=0, scale=1):
    return special.stdtr(df, -standard(x, loc, valid(scale)))


# --- Others ---------------------------------------------------------------------------


@composes(stats.uniform.logpdf)
def uniform_logpdf(x, loc=0, scale=1):
    z = standard(x, loc, scale)
    within = (z >= 0.0) & (z <= 1.0)
    return np.where(within, 0.0, -np.inf)[()] - np.log(scale)


@composes(stats.uniform.cdf)
def uniform_cdf(x, loc=0, scale=1):
    return np.clip(standard(x, loc, valid(scale)), 0.0, 1.0)


@composes(stats.cauchy.logpdf)
def cauchy_logpdf(x, loc=0, scale=1):
    z = standard(x, loc, scale)
    return -LOG_PI - np.log1p(z * z) - np.log(scale)


@composes(stats.cauchy.cdf)
def cauchy_cdf(x, loc=0, scale=1):
    return 0.5 + np.arctan(standard(x, loc, valid(scale))) / np.pi


@composes(stats.laplace.logpdf)
def laplace_logpdf(x, loc=0, scale=1):
    return -np.abs(standard(x, loc, scale)) - LOG_TWO - np.log(scale)


@composes(stats.laplace.cdf)
def laplace_cdf(x, loc=0, scale=1):
    z = standard(x, loc, valid(scale))
    tail = 0.5 * np.exp(-np.abs(z))
    return np.where(z > 0.0, 1.0 - tail, tail)[()]


@composes(stats.logistic.logpdf)
def logistic_logpdf(x, loc=0, scale=1):
    z = standard(x, loc, scale)
    return special.log_expit(z) + special.log_expit(-z) - np.log(scale)


@composes(stats.logistic.cdf)
def logistic_cdf(x, loc=0, scale=1):
    return special.expit(standard(x, loc, valid(scale)))


@composes(stats.logistic.sf)
def logistic_sf(x, loc=0, scale=1):
    return special.expit(-standard(x, loc, valid(scale)))


# --- Of counts ------------------------------------------------------------------------


def counts(k, loc):
    """The counts from a place in double precision, and which are none."""
    n = k - np.float64(loc)
    return np.maximum(n, 0.0), (n < 0.0) | (n != np.floor(n))


@composes(stats.poisson.logpmf)
def poisson_logpmf(k, mu, loc=0):
    n, none = counts(k, loc)
    inside = special.xlogy(n, mu) - special.gammaln(n + 1.0) - mu
    return np.where(none, -np.inf, inside)[()]


@composes(stats.poisson.cdf)
def poisson_cdf(k, mu, loc=0):
    n = np.floor(k - np.float64(loc))
    inside = special.gammaincc(np.maximum(n, 0.0) + 1.0, mu)
    return np.where(n < 0.0, 0.0, inside)[()]


@composes(stats.binom.logpmf)
def binom_logpmf(k, n, p, loc=0):
    count, none = counts(k, loc)
    rest = np.maximum(n - count, 0.0)
    ways = special.gammaln(n + 1.0) - special.gammaln(count + 1.0)
    ways = ways - special.gammaln(rest + 1.0)
    inside = ways + special.xlogy(count, p) + special.xlog1py(rest, -p)
    return np.where(none | (count > n), -np.inf, inside)[()]


@composes(stats.bernoulli.logpmf)
def bernoulli_logpmf(k, p, loc=0):
    return stats.binom.logpmf(k, 1, p, loc)


@composes(stats.bernoulli.pmf)
def bernoulli_pmf(k, p, loc=0):
    """Without its logarithm, which has no derivative where a chance is none."""
    count, none = counts(k, loc)
    inside = np.where(count == 0.0, 1.0 - p, p)
    return np.where(none | (count > 1.0), 0.0, inside)[()]


@composes(stats.geom.logpmf)
def geom_logpmf(k, p, loc=0):
    count, none = counts(k, loc)
    inside = special.xlog1py(count - 1.0, -p) + np.log(p)
    return np.where(none | (count < 1.0), -np.inf, inside)[()]


@composes(stats.geom.pmf)
def geom_pmf(k, p, loc=0):
    count, none = counts(k, loc)
    inside = np.power(1.0 - p, np.maximum(count, 1.0) - 1.0) * p
    return np.where(none | (count < 1.0), 0.0, inside)[()]


# --- Of samples -----------------------------------------------------------------------


@composes(stats.zscore)
def zscore(a, axis=0, ddof=0):
    deviation = a - np.mean(a, axis=axis, keepdims=True)
    return deviation / np.std(a, axis=axis, ddof=ddof, keepdims=True)


@composes(stats.gmean)
def gmean(a, axis=0, dtype=None, weights=None, *, keepdims=False):
    logs = np.log(a if dtype is None else np.asarray(a, dtype=dtype))
    return np.exp(np.average(logs, axis=axis, weights=weights, keepdims=keepdims))


@composes(stats.hmean)
def hmean(a, axis=0, dtype=None, *, weights=None, keepdims=False):
    a = a if dtype is None else np.asarray(a, dtype=dtype)
    a = np.where(a >= 0.0, a, np.nan)
    return 1.0 / np.average(1.0 / a, axis=axis, weights=weights, keepdims=keepdims)


@composes(stats.skew)
def skew(a, axis=0, bias=True):
    if not bias:
        raise NotImplementedError(
            "stats.skew with bias=False",
            "multiply: np.sqrt(n * (n - 1)) / (n - 2) * stats.skew(x), n = len(x)",
        )
    deviation = a - np.mean(a, axis=axis, keepdims=True)
    second = np.mean(np.square(deviation), axis=axis)
    return np.mean(deviation**3, axis=axis) / second**1.5


@composes(stats.kurtosis)
def kurtosis(a, axis=0, fisher=True, bias=True):
    if not bias:
        raise NotImplementedError(
            "stats.kurtosis with bias=False",
            "of k = stats.kurtosis(x): ((n + 1) * k + 6) * (n - 1) / (n - 2) / (n - 3)",
        )
    deviation = a - np.mean(a, axis=axis, keepdims=True)
    second = np.mean(np.square(deviation), axis=axis)
    found = np.mean(deviation**4, axis=axis) / np.square(second)
    return found - 3.0 if fisher else found


@composes(stats.entropy)
def entropy(pk, qk=None, base=None, axis=0):
    p = pk / np.sum(pk, axis=axis, keepdims=True)
    if qk is None:
        found = np.sum(special.entr(p), axis=axis)
    else:
        q = qk / np.sum(qk, axis=axis, keepdims=True)
        found = np.sum(special.rel_entr(p, q), axis=axis)
    return found if base is None else found / np.log(base)
