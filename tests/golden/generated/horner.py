import numpy as np


def horner_grad(c, x):
    """Gradient of horner with respect to c and x."""
    y_tape = []
    y = 0.0
    for k in range(len(c)):
        y_tape.append(y)
        y = y * x + c[k]

    # adjoint of: for k in range(len(c)):
    c_bar = np.zeros_like(c)
    y_bar = 1.0
    x_bar = 0.0
    for k in reversed(range(len(c))):
        # adjoint of: y = y * x + c[k]
        c_bar[k] += y_bar
        y = y_tape.pop()
        x_bar += y_bar * y
        y_bar *= x
    return c_bar, x_bar
