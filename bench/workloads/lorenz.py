"""The Lorenz system by the classical method of Runge and Kutta."""

import numpy as np

from bench.workload import Numba, Workload


def slope(x, y, z, sigma, rho, beta):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


def lorenz(x, y, z, sigma, rho, beta, dt, steps):
    half, sixth = 0.5 * dt, dt / 6.0
    for _ in range(steps):
        a1, b1, c1 = slope(x, y, z, sigma, rho, beta)
        a2, b2, c2 = slope(
            x + half * a1, y + half * b1, z + half * c1, sigma, rho, beta
        )
        a3, b3, c3 = slope(
            x + half * a2, y + half * b2, z + half * c2, sigma, rho, beta
        )
        a4, b4, c4 = slope(x + dt * a3, y + dt * b3, z + dt * c3, sigma, rho, beta)
        x += sixth * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
        y += sixth * (b1 + 2.0 * b2 + 2.0 * b3 + b4)
        z += sixth * (c1 + 2.0 * c2 + 2.0 * c3 + c4)
    return x * x + y * y + z * z


def primal(x, y, z, sigma, rho, beta, dt, steps):
    half, sixth = 0.5 * dt, dt / 6.0
    for _ in range(steps):
        a1, b1, c1 = sigma * (y - x), x * (rho - z) - y, x * y - beta * z
        p, q, r = x + half * a1, y + half * b1, z + half * c1
        a2, b2, c2 = sigma * (q - p), p * (rho - r) - q, p * q - beta * r
        p, q, r = x + half * a2, y + half * b2, z + half * c2
        a3, b3, c3 = sigma * (q - p), p * (rho - r) - q, p * q - beta * r
        p, q, r = x + dt * a3, y + dt * b3, z + dt * c3
        a4, b4, c4 = sigma * (q - p), p * (rho - r) - q, p * q - beta * r
        x += sixth * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
        y += sixth * (b1 + 2.0 * b2 + 2.0 * b3 + b4)
        z += sixth * (c1 + 2.0 * c2 + 2.0 * c3 + c4)
    return x * x + y * y + z * z


def value_and_grad(x, y, z, sigma, rho, beta, dt, steps):
    """Keeps the state before each step, and computes the stages again."""
    half, sixth = 0.5 * dt, dt / 6.0
    states = np.empty((steps, 3))
    for t in range(steps):
        states[t, 0] = x
        states[t, 1] = y
        states[t, 2] = z
        a1, b1, c1 = sigma * (y - x), x * (rho - z) - y, x * y - beta * z
        p, q, r = x + half * a1, y + half * b1, z + half * c1
        a2, b2, c2 = sigma * (q - p), p * (rho - r) - q, p * q - beta * r
        p, q, r = x + half * a2, y + half * b2, z + half * c2
        a3, b3, c3 = sigma * (q - p), p * (rho - r) - q, p * q - beta * r
        p, q, r = x + dt * a3, y + dt * b3, z + dt * c3
        a4, b4, c4 = sigma * (q - p), p * (rho - r) - q, p * q - beta * r
        x += sixth * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
        y += sixth * (b1 + 2.0 * b2 + 2.0 * b3 + b4)
        z += sixth * (c1 + 2.0 * c2 + 2.0 * c3 + c4)
    value = x * x + y * y + z * z

    xb, yb, zb = 2.0 * x, 2.0 * y, 2.0 * z
    sigma_bar = rho_bar = beta_bar = 0.0
    for t in range(steps - 1, -1, -1):
        x, y, z = states[t, 0], states[t, 1], states[t, 2]
        a1, b1, c1 = sigma * (y - x), x * (rho - z) - y, x * y - beta * z
        x2, y2, z2 = x + half * a1, y + half * b1, z + half * c1
        a2, b2, c2 = sigma * (y2 - x2), x2 * (rho - z2) - y2, x2 * y2 - beta * z2
        x3, y3, z3 = x + half * a2, y + half * b2, z + half * c2
        a3, b3, c3 = sigma * (y3 - x3), x3 * (rho - z3) - y3, x3 * y3 - beta * z3
        x4, y4, z4 = x + dt * a3, y + dt * b3, z + dt * c3
        # Of each stage: the cotangent of its slope, then of its place.
        a, b, c = sixth * xb, sixth * yb, sixth * zb
        p = b * (rho - z4) + c * y4 - sigma * a
        q = sigma * a - b + c * x4
        r = -b * x4 - c * beta
        sigma_bar += a * (y4 - x4)
        rho_bar += b * x4
        beta_bar -= c * z4
        x_bar, y_bar, z_bar = xb + p, yb + q, zb + r
        third = 2.0 * sixth
        a, b, c = third * xb + dt * p, third * yb + dt * q, third * zb + dt * r
        p = b * (rho - z3) + c * y3 - sigma * a
        q = sigma * a - b + c * x3
        r = -b * x3 - c * beta
        sigma_bar += a * (y3 - x3)
        rho_bar += b * x3
        beta_bar -= c * z3
        x_bar, y_bar, z_bar = x_bar + p, y_bar + q, z_bar + r
        a, b, c = third * xb + half * p, third * yb + half * q, third * zb + half * r
        p = b * (rho - z2) + c * y2 - sigma * a
        q = sigma * a - b + c * x2
        r = -b * x2 - c * beta
        sigma_bar += a * (y2 - x2)
        rho_bar += b * x2
        beta_bar -= c * z2
        x_bar, y_bar, z_bar = x_bar + p, y_bar + q, z_bar + r
        a, b, c = sixth * xb + half * p, sixth * yb + half * q, sixth * zb + half * r
        sigma_bar += a * (y - x)
        rho_bar += b * x
        beta_bar -= c * z
        xb = x_bar + b * (rho - z) + c * y - sigma * a
        yb = y_bar + sigma * a - b + c * x
        zb = z_bar - b * x - c * beta
    return value, (xb, yb, zb, sigma_bar, rho_bar, beta_bar)


# --- The peers ----------------------------------------------------------------------


def stepped(x, y, z, sigma, rho, beta, dt):
    half, sixth = 0.5 * dt, dt / 6.0
    a1, b1, c1 = slope(x, y, z, sigma, rho, beta)
    a2, b2, c2 = slope(x + half * a1, y + half * b1, z + half * c1, sigma, rho, beta)
    a3, b3, c3 = slope(x + half * a2, y + half * b2, z + half * c2, sigma, rho, beta)
    a4, b4, c4 = slope(x + dt * a3, y + dt * b3, z + dt * c3, sigma, rho, beta)
    x = x + sixth * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
    y = y + sixth * (b1 + 2.0 * b2 + 2.0 * b3 + b4)
    z = z + sixth * (c1 + 2.0 * c2 + 2.0 * c3 + c4)
    return x, y, z


def taped(x, y, z, sigma, rho, beta, dt, steps):
    for _ in range(steps):
        x, y, z = stepped(x, y, z, sigma, rho, beta, dt)
    return x * x + y * y + z * z


def jax(x, y, z, sigma, rho, beta, dt, steps):
    from jax import lax

    def step(state, _):
        return stepped(*state, sigma, rho, beta, dt), None

    (x, y, z), _ = lax.scan(step, (x, y, z), None, length=steps)
    return x * x + y * y + z * z


def _of(steps):
    return lambda rng: (1.0, 0.9, 1.2, 10.0, 28.0, 8.0 / 3.0, 1e-3, steps)


TAPED = "a call takes longer than 0.5 s"
TAPES = dict.fromkeys(("torch", "autograd"), TAPED)

WORKLOAD = Workload(
    title="Lorenz, RK4",
    program=lorenz,
    wrt=("x", "y", "z", "sigma", "rho", "beta"),
    sizes={
        "100 steps": _of(100),
        "1000 steps": _of(1000),
        "10^4 steps": _of(10_000),
    },
    tiny=_of(5),
    hand=Numba(primal, value_and_grad),
    bar=1.3,
    peers={"jax": jax, "torch": taped, "autograd": taped},
    static=("steps",),
    left_out={"1000 steps": TAPES, "10^4 steps": TAPES},
)
