"""A scalar formula."""

import numpy as np

WRT = ("x",)


def inputs(rng):
    return [(0.7,), (-2.3,)]


def square_times_sine(x):
    return x * x * np.sin(x)


def grad_square_times_sine(x):
    x_bar = 2.0 * x * np.sin(x) + x * x * np.cos(x)
    return x_bar
