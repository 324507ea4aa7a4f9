"""A choice inside a choice on an equal condition."""

import numpy as np


def program(a0, a1):
    y = a1
    if a0 > 0.125:
        y = y * 2.0
        if a0 > 0.125:
            y = y * a0
        y = np.sin(y)
        if a0 > 0.125:
            y = y + a1 * a0
    return float(y)


ARGUMENTS = (
    0.75,
    -0.625,
)
