"""The sign of a cotangent that a mask multiplies."""

import numpy as np


def program(a0, x0):
    a0 -= x0.max()
    return float(a0 * np.sum(x0 * (a0 - x0.max())))


ARGUMENTS = (
    0.75,
    np.array([0.5, -0.625, 1.25]),
)
