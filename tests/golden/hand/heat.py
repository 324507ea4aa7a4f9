"""The heat equation, stepped in place by slices."""

import numpy as np

WRT = ("u", "k")


def inputs(rng):
    return [(rng.normal(size=6), 0.3, steps) for steps in (0, 1, 2, 5)]


def heat(u, k, steps):
    for _ in range(steps):
        laplacian = u[2:] - 2.0 * u[1:-1] + u[:-2]
        u[1:-1] += k * laplacian
    return np.sum(u * u)


def grad_heat(u, k, steps):
    u = u.copy()
    laplacians = np.empty((steps, len(u) - 2))
    for t in range(steps):
        laplacian = u[2:] - 2.0 * u[1:-1] + u[:-2]
        laplacians[t] = laplacian
        u[1:-1] += k * laplacian

    # return np.sum(u * u)
    u_bar = 2.0 * u
    k_bar = 0.0
    for t in reversed(range(steps)):
        # u[1:-1] += k * laplacian
        k_bar += np.sum(u_bar[1:-1] * laplacians[t])
        laplacian_bar = k * u_bar[1:-1]
        # laplacian = u[2:] - 2.0 * u[1:-1] + u[:-2]
        u_bar[2:] += laplacian_bar
        u_bar[1:-1] -= 2.0 * laplacian_bar
        u_bar[:-2] += laplacian_bar
    return u_bar, k_bar
