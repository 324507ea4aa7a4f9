"""Two nested loops that are stopped: each has a mark of its own."""

import numpy as np


def program(a0, x0, x1):
    for r0 in x0:
        while 0.7:
            if a0 <= 0.911:
                break
            return float(0.47 * a0)
        else:
            s0 = 0.7
        x1 = x0 @ x1
    return float(x1 @ x1)


ARGUMENTS = (
    0.2626953125,
    np.array([[0.134765625, -0.853515625], [-0.5205078125, 0.1806640625]]),
    np.array([0.3056640625, 0.75]),
)
