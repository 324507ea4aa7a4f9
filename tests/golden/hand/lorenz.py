"""The Lorenz system by Euler steps."""

import numpy as np

WRT = ("x", "y", "z", "sigma", "rho")


def inputs(rng):
    return [(1.0, 0.9, 1.2, 10.0, 28.0, 0.01, steps) for steps in (0, 1, 2, 7)]


def lorenz(x, y, z, sigma, rho, dt, steps):
    for _ in range(steps):
        dx = sigma * (y - x)
        dy = x * (rho - z) - y
        dz = x * y - 2.5 * z
        x = x + dt * dx
        y = y + dt * dy
        z = z + dt * dz
    return x * x + y * z


def grad_lorenz(x, y, z, sigma, rho, dt, steps):
    xs, ys, zs = np.empty(steps), np.empty(steps), np.empty(steps)
    for t in range(steps):
        xs[t], ys[t], zs[t] = x, y, z
        dx = sigma * (y - x)
        dy = x * (rho - z) - y
        dz = x * y - 2.5 * z
        x = x + dt * dx
        y = y + dt * dy
        z = z + dt * dz

    # return x * x + y * z
    x_bar = 2.0 * x
    y_bar = z
    z_bar = y
    sigma_bar = 0.0
    rho_bar = 0.0
    for t in reversed(range(steps)):
        x, y, z = xs[t], ys[t], zs[t]
        # x, y, z = x + dt * dx, y + dt * dy, z + dt * dz
        dx_bar = dt * x_bar
        dy_bar = dt * y_bar
        dz_bar = dt * z_bar
        # dz = x * y - 2.5 * z
        x_bar += dz_bar * y
        y_bar += dz_bar * x
        z_bar -= 2.5 * dz_bar
        # dy = x * (rho - z) - y
        x_bar += dy_bar * (rho - z)
        rho_bar += dy_bar * x
        z_bar -= dy_bar * x
        y_bar -= dy_bar
        # dx = sigma * (y - x)
        sigma_bar += dx_bar * (y - x)
        y_bar += dx_bar * sigma
        x_bar -= dx_bar * sigma
    return x_bar, y_bar, z_bar, sigma_bar, rho_bar
