"""A sum along axes is added to what is repeated; its array had one row and a part."""

import numpy as np


def program(x0, x1):
    y0 = x1
    part = x0[::2, ::3]
    sums = np.sum(np.stack((part, np.sin(part))).transpose(2, 0, 1), axis=(1, 2))
    y0 *= np.append(sums, y0[:, 0], axis=0)[1:]
    return float(np.sum(y0 * y0))


ARGUMENTS = (
    np.array([[0.125, 0.5625], [0.875, -0.625], [1.1875, 0.0625]]),
    np.array([[-0.5625, 0.6875]]),
)
