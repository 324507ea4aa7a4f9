import numpy as np


def triangular_grad(y, w):
    """Gradient of triangular with respect to y and w."""
    n = len(w)
    y_tape = []
    y_tape_1 = []
    for i in range(n):
        for j in range(i):
            y_tape_1.append(y)
            y = np.sin(y * w[j])
        y_tape.append(y)
        y = y * w[i] + y * y

    # adjoint of: for i in range(n):
    w_bar = np.zeros_like(w)
    y_bar = 1.0
    for i in reversed(range(n)):
        # adjoint of: y = y * w[i] + y * y
        y = y_tape.pop()
        y_bar_1 = y_bar * y
        w_bar[i] += y_bar_1
        y_bar = 2 * y_bar_1 + y_bar * w[i]
        # adjoint of: for j in range(i):
        for j in reversed(range(i)):
            # adjoint of: y = np.sin(y * w[j])
            y = y_tape_1.pop()
            w_item = w[j]
            product_bar = y_bar * np.cos(y * w_item)
            y_bar = product_bar * w_item
            w_bar[j] += product_bar * y
    return y_bar, w_bar
