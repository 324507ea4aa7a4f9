"""Gauss-Seidel sweeps, element by element."""

import numpy as np

WRT = ("a", "b", "x")


def inputs(rng):
    a = rng.uniform(-0.5, 0.5, (4, 4)) + 2.5 * np.eye(4)
    return [(a, rng.normal(size=4), rng.normal(size=4), sweeps) for sweeps in (0, 1, 3)]


def gauss_seidel(a, b, x, sweeps):
    n = len(b)
    for _ in range(sweeps):
        for i in range(n):
            s = b[i]
            for j in range(n):
                if j != i:
                    s -= a[i, j] * x[j]
            x[i] = s / a[i, i]
    return np.sum(x * x)


def grad_gauss_seidel(a, b, x, sweeps):
    x = x.copy()
    n = len(b)
    overwritten = np.empty((sweeps, n))
    for t in range(sweeps):
        for i in range(n):
            s = b[i]
            for j in range(n):
                if j != i:
                    s -= a[i, j] * x[j]
            overwritten[t, i] = x[i]
            x[i] = s / a[i, i]

    # return np.sum(x * x)
    x_bar = 2.0 * x
    a_bar = np.zeros_like(a)
    b_bar = np.zeros_like(b)
    for t in reversed(range(sweeps)):
        for i in reversed(range(n)):
            # x[i] = s / a[i, i]
            s_bar = x_bar[i] / a[i, i]
            a_bar[i, i] -= s_bar * x[i]
            x_bar[i] = 0.0
            x[i] = overwritten[t, i]
            for j in reversed(range(n)):
                if j != i:
                    # s -= a[i, j] * x[j]
                    a_bar[i, j] -= s_bar * x[j]
                    x_bar[j] -= s_bar * a[i, j]
            # s = b[i]
            b_bar[i] += s_bar
    return a_bar, b_bar, x_bar
