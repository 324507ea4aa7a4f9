"""What is stored is a Python float; read back out of the array it is NumPy's."""

import math

import numpy as np


def program(x0):
    for i0 in range(3):
        v1 = x0[i0, :]
        v1[0] = math.tanh(max(float(v1[1]), 0.4))
    return np.sum(x0)


ARGUMENTS = (np.array([[0.1, -0.68, -0.09], [-0.38, 0.3, -0.95], [-0.39, 0.49, 0.76]]),)
