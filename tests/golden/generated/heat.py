import numpy as np


def heat_grad(u, k, steps):
    """Gradient of heat with respect to u and k."""
    laplacian_tape = []
    u = u.copy()
    for _ in range(steps):
        laplacian = u[2:] - 2.0 * u[1:-1] + u[:-2]
        laplacian_tape.append(laplacian)
        u[1:-1] += k * laplacian

    # adjoint of: return np.sum(u * u)
    u_bar = 2 * u
    # adjoint of: for _ in range(steps):
    k_bar = 0.0
    for laplacian in reversed(laplacian_tape):
        # adjoint of: u[1:-1] += k * laplacian
        u_bar_part = u_bar[1:-1]
        k_bar += np.sum(u_bar_part * laplacian)
        laplacian_bar = u_bar_part * k
        # adjoint of: laplacian = u[2:] - 2.0 * u[1:-1] + u[:-2]
        u_bar[:-2] += laplacian_bar
        u_bar[1:-1] -= 2.0 * laplacian_bar
        u_bar[2:] += laplacian_bar
    return u_bar, k_bar
