import numpy as np


def huber_sum_grad(slope, offset, x, y, delta):
    """Gradient of huber_sum with respect to slope and offset."""
    # adjoint of: for i in range(len(x)):
    slope_bar = 0.0
    offset_bar = 0.0
    for i in reversed(range(len(x))):
        # adjoint of: if abs(r) <= delta:
        x_item = x[i]
        r = slope * x_item + offset - y[i]
        if abs(r) <= delta:
            r_bar = r
        else:
            r_bar = delta * np.sign(r)
        # adjoint of: r = slope * x[i] + offset - y[i]
        offset_bar += r_bar
        slope_bar += r_bar * x_item
    return slope_bar, offset_bar
