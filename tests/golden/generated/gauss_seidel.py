import numpy as np


def gauss_seidel_grad(a, b, x, sweeps):
    """Gradient of gauss_seidel with respect to a, b and x."""
    n = len(b)
    x_tape = []
    x = x.copy()
    for _ in range(sweeps):
        for i in range(n):
            s = b[i]
            for j in range(n):
                if j != i:
                    s -= a[i, j] * x[j]
            x_tape.append(x[i])
            x[i] = s / a[i, i]

    # adjoint of: return np.sum(x * x)
    x_bar = 2 * x
    # adjoint of: for _ in range(sweeps):
    b_bar = np.zeros_like(b)
    a_bar = np.zeros_like(a)
    for _ in range(sweeps):
        # adjoint of: for i in range(n):
        for i in reversed(range(n)):
            # adjoint of: x[i] = s / a[i, i]
            s_bar = x_bar[i] / a[i, i]
            x_bar[i] = 0.0
            a_bar[i, i] -= s_bar * x[i]
            # adjoint of: for j in range(n):
            x[i] = x_tape.pop()
            for j in reversed(range(n)):
                # adjoint of: if j != i:
                if j != i:
                    # adjoint of: s -= a[i, j] * x[j]
                    x_bar[j] -= s_bar * a[i, j]
                    a_bar[i, j] -= s_bar * x[j]
            # adjoint of: s = b[i]
            b_bar[i] += s_bar
    return a_bar, b_bar, x_bar
