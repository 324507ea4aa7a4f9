"""Two selections out of one array, with different masks."""

import numpy as np


def program(a0):
    y1 = np.zeros((2,))
    y1[1] = a0
    y2 = np.where(y1 > 0.137, np.arccosh(1.0 + y1), 0.7)
    return np.sum(y2 * np.where(y1 > 0.2, np.arccosh(1.0 + y1), 0.7))


ARGUMENTS = (0.9423828125,)
