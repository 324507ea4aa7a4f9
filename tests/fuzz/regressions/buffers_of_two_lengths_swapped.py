"""Two buffers that need not be of one length change places, and are restored."""

import numpy as np


def program(x0, x1):
    n0 = 0
    while n0 < 3:
        x0[0] = x0[0] * x1[1]
        x0, x1 = x1, x0
        n0 += 1
    return float(np.sum(x0 * x0) + np.sum(x1))


ARGUMENTS = (
    np.array([1.125, 0.75, 0.5]),
    np.array([0.375, 0.625]),
)
