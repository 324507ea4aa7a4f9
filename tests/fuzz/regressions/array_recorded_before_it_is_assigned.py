"""A loop records the lengths of an array that its first trip has not assigned yet."""

import numpy as np


def helper(p1):
    n0 = 0
    for i0 in range(n0, -1, -1):
        return 0.7 - p1
    return p1


def program(x1):
    for i1 in range(4, 0, -1):
        y0 = helper(x1[:, i1 % 3])
        x1 = y0[::2] / x1
    return np.sum(x1)


ARGUMENTS = (np.array([[-0.79, -1.16, 0.95], [-0.02, 0.08, 0.66]]),)
