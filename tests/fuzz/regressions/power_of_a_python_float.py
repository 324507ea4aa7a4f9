"""A fractional power of a Python float, which would be complex of a negative one."""

import numpy as np


def program(a0, x0):
    s0 = float(x0[0])
    for i0 in range(3):
        a0 += (s0 + i0) ** 0.5 * (1.5 + s0 * s0) ** a0
    return float(a0 * np.sum(x0))


ARGUMENTS = (
    0.375,
    np.array([0.75, -0.625]),
)
