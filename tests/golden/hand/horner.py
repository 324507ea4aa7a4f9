"""A polynomial by Horner's rule."""

import numpy as np

WRT = ("c", "x")


def inputs(rng):
    return [(rng.normal(size=n), 0.8) for n in (1, 2, 6)]


def horner(c, x):
    y = 0.0
    for k in range(len(c)):
        y = y * x + c[k]
    return y


def grad_horner(c, x):
    n = len(c)
    y_before = np.empty(n)
    y = 0.0
    for k in range(n):
        y_before[k] = y
        y = y * x + c[k]

    c_bar = np.zeros_like(c)
    x_bar = 0.0
    y_bar = 1.0
    for k in reversed(range(n)):
        # y = y * x + c[k]
        c_bar[k] = y_bar
        x_bar += y_bar * y_before[k]
        y_bar *= x
    return c_bar, x_bar
