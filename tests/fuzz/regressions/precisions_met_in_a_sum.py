"""A product with single precision on one path: is the cotangent Python's or not."""

import numpy as np


def program(a0, x0, x1):
    s0 = x0[0]
    s1 = x1[0]
    s2 = s0 * s1
    if a0 > 0.125:
        s3 = s2 + 1.0
    else:
        s3 = s0
    return float(3.3 * (s3 * x1[1]) + np.hypot(s0, s1))


ARGUMENTS = (
    0.75,
    np.array([0.5, -0.625, 1.25]),
    np.array([0.75, 0.25], dtype=np.float32),
)
