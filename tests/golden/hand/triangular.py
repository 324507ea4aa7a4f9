"""A triangular nest that overwrites what its derivative needs."""

import numpy as np

WRT = ("y", "w")


def inputs(rng):
    return [(0.8, rng.uniform(0.5, 1.5, n)) for n in (1, 2, 3, 5)]


def triangular(y, w):
    n = len(w)
    for i in range(n):
        for j in range(i):
            y = np.sin(y * w[j])
        y = y * w[i] + y * y
    return y


def grad_triangular(y, w):
    n = len(w)
    ys = []
    for i in range(n):
        for j in range(i):
            ys.append(y)
            y = np.sin(y * w[j])
        ys.append(y)
        y = y * w[i] + y * y

    w_bar = np.zeros_like(w)
    y_bar = 1.0
    for i in reversed(range(n)):
        # y = y * w[i] + y * y
        y = ys.pop()
        w_bar[i] += y_bar * y
        y_bar *= w[i] + 2.0 * y
        for j in reversed(range(i)):
            # y = np.sin(y * w[j])
            y = ys.pop()
            p_bar = y_bar * np.cos(y * w[j])
            w_bar[j] += p_bar * y
            y_bar = p_bar * w[j]
    return y_bar, w_bar
