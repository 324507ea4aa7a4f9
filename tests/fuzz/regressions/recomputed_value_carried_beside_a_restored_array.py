"""A loop carries an array and a value computed again; the array is not needed."""

import numpy as np


def program(a0, x0, x1):
    for i1 in range(0, 5, 2):
        for i2 in range(2):
            y1 = np.cos(x1[i2])
            x0[:] = np.sin(np.dot(x1, y1))
            for n0 in range(4):
                for i3 in range(n0):
                    x0[i2] = np.arctan(y1[i3 % 3]) * x1[-2, i2]
                if x0[n0 % 3] > 0.019:
                    y1 = np.tanh(np.square(0.5 * x1[:, -3]))
                a0 *= np.cos(y1[0])
    return a0 + np.sum(x0)


ARGUMENTS = (
    0.48828125,
    np.array([-0.15, 0.96, 0.55]),
    np.array([[0.83, 0.53, 1.0], [-0.86, 0.55, -0.31], [1.03, -0.43, -0.9]]),
)
