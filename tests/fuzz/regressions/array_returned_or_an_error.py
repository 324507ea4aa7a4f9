"""The reversed arm of a branch that raises gave a number of another kind.

Reduced from seed 60016490.
"""

import numpy as np


def program(a0, x0):
    if a0 <= 0.019:
        return a0 + x0
    raise ArithmeticError("reached")


ARGUMENTS = (0.345703125, np.array([0.828125, -1.0263671875]))
