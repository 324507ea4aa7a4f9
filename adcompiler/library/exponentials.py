"""SciPy's sums of exponentials, and what is normalised by them.

The largest exponent is taken out, and held constant: the derivative by it is zero.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from adcompiler.library.reducing import log_of_sum
from adcompiler.library.registry import composes, held


@composes(special.logsumexp)
def logsumexp(a, axis=None, b=None, keepdims=False):
    return log_of_sum(a, b, axis, keepdims)


@composes(special.softmax)
def softmax(x, axis=None):
    terms = np.exp(x - held(np.max(x, axis=axis, keepdims=True)))
    return terms / np.sum(terms, axis=axis, keepdims=True)


@composes(special.log_softmax)
def log_softmax(x, axis=None):
    shifted = x - held(np.max(x, axis=axis, keepdims=True))
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


@composes(special.yn)
def yn(n, x):
    return special.yv(n, x)


@composes(special.gammasgn)
def gammasgn(x):
    even = np.floor(x) % 2 == 0
    sign = np.where((x > 0.0) | even, 1.0, -1.0)
    pole = (x <= 0.0) & (np.floor(x) == x)
    return np.where(pole, np.where(x == 0.0, np.copysign(1.0, x), np.nan), sign)[()]


@composes(special.multigammaln)
def multigammaln(a, d):
    if np.any(a <= 0.5 * (d - 1)):
        raise ValueError("condition a > 0.5 * (d-1) not met")
    constant = d * (d - 1) * 0.25 * np.log(np.pi)
    return constant + sum([special.gammaln(a - j / 2.0) for j in range(d)])
