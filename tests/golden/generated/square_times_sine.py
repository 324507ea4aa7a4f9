import numpy as np


def square_times_sine_grad(x):
    """Gradient of square_times_sine with respect to x."""
    # adjoint of: return x * x * np.sin(x)
    x_bar = x * x * np.cos(x) + 2 * np.sin(x) * x
    return x_bar
