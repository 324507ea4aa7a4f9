"""An array left unassigned by an early return, with a cotangent in another arm."""

import numpy as np


def program(a0, a1, x0):
    if a0 < 0.271:
        pass
    elif a1 < 0.137:
        pass
    else:
        if a1 > -0.613:
            return 0.47
        x0 = np.concatenate((np.sin(np.zeros((1, 2))), np.eye(2))).T
    return np.sum(x0)


ARGUMENTS = (
    1.18359375,
    0.1611328125,
    np.array([[-0.88, -1.04, 1.01], [-1.02, -0.29, -0.11]]),
)
