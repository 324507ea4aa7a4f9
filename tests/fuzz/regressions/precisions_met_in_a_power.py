"""A power of single precision whose exponent, derived, is Python's or NumPy's."""

import numpy as np


def program(a0, x0, x1):
    for i2 in range(5, 1, -2):
        a0 -= (x1[i2 % 3] * x0[i2 % 3]) ** np.maximum(0.7, a0)
    return float(a0)


ARGUMENTS = (
    -0.39453125,
    np.array([0.64453125, -0.478515625, 0.021484375], dtype=np.float32),
    np.array([0.6923828125, -0.27734375, 0.447265625], dtype=np.float32),
)
