"""A store in an arm is undone at an index computed outside, for nothing else."""

import numpy as np


def program(x0, x1):
    for i0 in range(1):
        i0 = i0 - 1
        if i0 > 0.137 or x0[i0, i0] < 0.019:
            pass
        else:
            x1[2, i0] += 0.2
            x0 = np.concatenate((np.sin(x1[1:3, 3:]), x0[::3]))
    return np.sum(x0)


ARGUMENTS = (
    np.array([[0.61], [0.55], [-0.55], [0.47]]),
    np.array(
        [
            [0.93, -0.52, -1.08, -0.89],
            [0.92, -0.02, -0.24, -0.56],
            [1.16, -0.5, -0.79, 0.24],
            [0.37, -0.19, -0.88, -0.91],
        ]
    ),
)
