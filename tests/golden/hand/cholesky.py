"""The Cholesky factorisation, in place, by loops.

Nothing is recorded: each division and root is reversed from its result, and a column
that is read has its final value.
"""

import math

import numpy as np

WRT = ("a",)


def inputs(rng):
    m = rng.uniform(-0.5, 0.5, (4, 4))
    return [(m @ m.T + 1.5 * np.eye(4), rng.normal(size=(4, 4)))]


def cholesky(a, weights):
    n = len(a)
    for j in range(n):
        for k in range(j):
            a[j, j] -= a[j, k] * a[j, k]
        a[j, j] = math.sqrt(a[j, j])
        for i in range(j + 1, n):
            for k in range(j):
                a[i, j] -= a[i, k] * a[j, k]
            a[i, j] /= a[j, j]
    return np.sum(weights * a)


def grad_cholesky(a, weights):
    a = a.copy()
    n = len(a)
    for j in range(n):
        for k in range(j):
            a[j, j] -= a[j, k] * a[j, k]
        a[j, j] = math.sqrt(a[j, j])
        for i in range(j + 1, n):
            for k in range(j):
                a[i, j] -= a[i, k] * a[j, k]
            a[i, j] /= a[j, j]

    # return np.sum(weights * a)
    a_bar = weights.copy()
    for j in reversed(range(n)):
        for i in reversed(range(j + 1, n)):
            # a[i, j] /= a[j, j]
            a_bar[i, j] /= a[j, j]
            a_bar[j, j] -= a_bar[i, j] * a[i, j]
            for k in reversed(range(j)):
                # a[i, j] -= a[i, k] * a[j, k]
                a_bar[i, k] -= a_bar[i, j] * a[j, k]
                a_bar[j, k] -= a_bar[i, j] * a[i, k]
        # a[j, j] = math.sqrt(a[j, j])
        a_bar[j, j] *= 0.5 / a[j, j]
        for k in reversed(range(j)):
            # a[j, j] -= a[j, k] * a[j, k]
            a_bar[j, k] -= 2.0 * a_bar[j, j] * a[j, k]
    return a_bar
