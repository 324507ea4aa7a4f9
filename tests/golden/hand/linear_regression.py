"""The mean squared residual of a linear model."""

import numpy as np

WRT = ("w", "b")


def inputs(rng):
    return [(rng.normal(size=3), 0.4, rng.normal(size=(5, 3)), rng.normal(size=5))]


def linear_regression(w, b, x, y):
    residual = x @ w + b - y
    return np.mean(residual**2)


def grad_linear_regression(w, b, x, y):
    residual = x @ w + b - y

    # return np.mean(residual**2)
    residual_bar = 2.0 * residual / residual.size
    # residual = x @ w + b - y
    w_bar = x.T @ residual_bar
    b_bar = np.sum(residual_bar)
    return w_bar, b_bar
