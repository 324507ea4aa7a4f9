"""The arm of a `where` is not known to have the length of the result."""

import numpy as np


def program(x0, n0):
    s0 = x0[:3, -1] - np.min(x0[:3, -1], axis=-1, keepdims=True)
    y0 = np.where(np.tanh(s0) > 0.137, 0.2 * np.arccosh(1.0 + np.tanh(s0)), x0[-3:, 0])
    return 1.3 * np.arctan(y0) @ np.full((3,), n0)


ARGUMENTS = (np.array([[0.5078], [0.7676], [1.1064], [-0.498]]), 2)
