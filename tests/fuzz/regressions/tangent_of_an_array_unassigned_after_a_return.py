"""Forward mode: a constant array in one arm, an early return beside it."""

import numpy as np


def program(a0):
    s0 = 0.09 * a0
    if s0 < 0.137:
        a0 += 0.2
        if a0 >= 0.53:
            return 0.47 * a0
        y0 = np.full((2,), 1.0)
    else:
        y0 = np.dot(a0, np.arange(2))
    return np.sum(y0)


ARGUMENTS = (0.5205078125,)
