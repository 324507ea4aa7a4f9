"""The likelihood of a Kalman filter that tracks a point in the plane."""

import numpy as np

from bench.workload import Numba, Workload

STATES, SEEN = 4, 2


def kalman(F, Q, H, R, x, P, zs):
    total = 0.0
    for z in zs:
        x = F @ x
        P = F @ P @ F.T + Q
        S = H @ P @ H.T + R
        y = z - H @ x
        S_inverse = np.linalg.inv(S)
        K = P @ H.T @ S_inverse
        x = x + K @ y
        P = P - K @ H @ P
        total += y @ S_inverse @ y + np.log(np.linalg.det(S))
    return 0.5 * total


# --- By hand ------------------------------------------------------------------------


def product(out, a, b, n, k, m):
    """out = a @ b, of n by k and k by m."""
    for i in range(n):
        for j in range(m):
            total = 0.0
            for p in range(k):
                total += a[i, p] * b[p, j]
            out[i, j] = total


def add_product(out, a, b, n, k, m):
    """out += a @ b."""
    for i in range(n):
        for j in range(m):
            total = out[i, j]
            for p in range(k):
                total += a[i, p] * b[p, j]
            out[i, j] = total


def subtract_product(out, a, b, n, k, m):
    """out -= a @ b."""
    for i in range(n):
        for j in range(m):
            total = out[i, j]
            for p in range(k):
                total -= a[i, p] * b[p, j]
            out[i, j] = total


def step(F, Q, H, R, z, x0, P0, x1, P1, PH, HP, S_inverse, y, K, x2, P2):
    """One step of the filter; its term of the sum."""
    for i in range(STATES):
        total = 0.0
        for j in range(STATES):
            total += F[i, j] * x0[j]
        x1[i] = total
    product(P2, F, P0, STATES, STATES, STATES)
    for i in range(STATES):
        for j in range(STATES):
            P1[i, j] = Q[i, j]
    add_product(P1, P2, F.T, STATES, STATES, STATES)
    product(PH, P1, H.T, STATES, STATES, SEEN)
    product(HP, H, P1, SEEN, STATES, STATES)
    a, b, c, d = R[0, 0], R[0, 1], R[1, 0], R[1, 1]
    y0, y1 = z[0], z[1]
    for j in range(STATES):
        a += H[0, j] * PH[j, 0]
        b += H[0, j] * PH[j, 1]
        c += H[1, j] * PH[j, 0]
        d += H[1, j] * PH[j, 1]
        y0 -= H[0, j] * x1[j]
        y1 -= H[1, j] * x1[j]
    determinant = a * d - b * c
    S_inverse[0, 0] = a0 = d / determinant
    S_inverse[0, 1] = b0 = -b / determinant
    S_inverse[1, 0] = c0 = -c / determinant
    S_inverse[1, 1] = d0 = a / determinant
    y[0] = y0
    y[1] = y1
    product(K, PH, S_inverse, STATES, SEEN, SEEN)
    for i in range(STATES):
        x2[i] = x1[i] + K[i, 0] * y0 + K[i, 1] * y1
        for j in range(STATES):
            P2[i, j] = P1[i, j]
    subtract_product(P2, K, HP, STATES, SEEN, STATES)
    return y0 * (a0 * y0 + b0 * y1) + y1 * (c0 * y0 + d0 * y1) + np.log(determinant)


def primal(F, Q, H, R, x, P, zs):
    x0, P0, x1, x2 = x.copy(), P.copy(), np.empty(STATES), np.empty(STATES)
    P1, P2 = np.empty((STATES, STATES)), np.empty((STATES, STATES))
    PH, HP = np.empty((STATES, SEEN)), np.empty((SEEN, STATES))
    K, y, S_inverse = np.empty((STATES, SEEN)), np.empty(SEEN), np.empty((SEEN, SEEN))
    total = 0.0
    for t in range(len(zs)):
        total += step(
            F, Q, H, R, zs[t], x0, P0, x1, P1, PH, HP, S_inverse, y, K, x2, P2
        )
        x0, x2 = x2, x0
        P0, P2 = P2, P0
    return 0.5 * total


def value_and_grad(F, Q, H, R, x, P, zs):
    """Keeps all that a step computes: 90 numbers."""
    count = len(zs)
    xs, Ps = np.empty((count + 1, STATES)), np.empty((count + 1, STATES, STATES))
    x1, P1s = np.empty(STATES), np.empty((count, STATES, STATES))
    PHs, HPs = np.empty((count, STATES, SEEN)), np.empty((count, SEEN, STATES))
    inverses, ys = np.empty((count, SEEN, SEEN)), np.empty((count, SEEN))
    Ks = np.empty((count, STATES, SEEN))
    for i in range(STATES):
        xs[0, i] = x[i]
        for j in range(STATES):
            Ps[0, i, j] = P[i, j]
    total = 0.0
    for t in range(count):
        total += step(
            *(F, Q, H, R, zs[t], xs[t], Ps[t], x1, P1s[t], PHs[t], HPs[t]),
            *(inverses[t], ys[t], Ks[t], xs[t + 1], Ps[t + 1]),
        )

    # The cotangents of twice the value; halved at the end.
    F_bar, Q_bar = np.zeros((STATES, STATES)), np.zeros((STATES, STATES))
    R_bar, x_bar = np.zeros((SEEN, SEEN)), np.zeros(STATES)
    P_bar, square = np.zeros((STATES, STATES)), np.empty((STATES, STATES))
    x1_bar, y_bar = np.empty(STATES), np.empty(SEEN)
    K_bar, PH_bar = np.empty((STATES, SEEN)), np.empty((STATES, SEEN))
    HP_bar, small = np.empty((SEEN, STATES)), np.empty((SEEN, SEEN))
    S_bar, inverse_bar = np.empty((SEEN, SEEN)), np.empty((SEEN, SEEN))
    for t in range(count - 1, -1, -1):
        inverse, y, K = inverses[t], ys[t], Ks[t]
        # total += y @ inverse @ y + log(det(S)); x = x1 + K @ y
        for i in range(SEEN):
            above = 0.0
            for j in range(SEEN):
                above += (inverse[i, j] + inverse[j, i]) * y[j]
                inverse_bar[i, j] = y[i] * y[j]
            for j in range(STATES):
                above += K[j, i] * x_bar[j]
                K_bar[j, i] = x_bar[j] * y[i]
            y_bar[i] = above
        # P = P1 - K @ (H @ P1)
        subtract_product(K_bar, P_bar, HPs[t].T, STATES, STATES, SEEN)
        product(HP_bar, K.T, P_bar, SEEN, STATES, STATES)
        subtract_product(P_bar, H.T, HP_bar, STATES, SEEN, STATES)
        # K = PH @ inverse; inverse = inv(S)
        product(PH_bar, K_bar, inverse.T, STATES, SEEN, SEEN)
        add_product(inverse_bar, PHs[t].T, K_bar, SEEN, STATES, SEEN)
        product(small, inverse.T, inverse_bar, SEEN, SEEN, SEEN)
        for i in range(SEEN):
            for j in range(SEEN):
                S_bar[i, j] = inverse[j, i]
        subtract_product(S_bar, small, inverse.T, SEEN, SEEN, SEEN)
        # y = z - H @ x1; S = H @ PH + R; PH = P1 @ H.T
        for i in range(SEEN):
            for j in range(SEEN):
                R_bar[i, j] += S_bar[i, j]
        for j in range(STATES):
            x1_bar[j] = x_bar[j] - H[0, j] * y_bar[0] - H[1, j] * y_bar[1]
        add_product(PH_bar, H.T, S_bar, STATES, SEEN, SEEN)
        add_product(P_bar, PH_bar, H, STATES, SEEN, STATES)
        # P1 = F @ P @ F.T + Q; x1 = F @ x
        P0, x0 = Ps[t], xs[t]
        for i in range(STATES):
            for j in range(STATES):
                Q_bar[i, j] += P_bar[i, j]
                F_bar[i, j] += x1_bar[i] * x0[j]
        product(square, P_bar, F, STATES, STATES, STATES)
        add_product(F_bar, square, P0.T, STATES, STATES, STATES)
        product(square, P_bar.T, F, STATES, STATES, STATES)
        add_product(F_bar, square, P0, STATES, STATES, STATES)
        product(P_bar, square.T, F, STATES, STATES, STATES)
        for j in range(STATES):
            above = 0.0
            for i in range(STATES):
                above += F[i, j] * x1_bar[i]
            x_bar[j] = above
    return 0.5 * total, (0.5 * F_bar, 0.5 * Q_bar, 0.5 * R_bar)


# --- The peers ----------------------------------------------------------------------


def jax(F, Q, H, R, x, P, zs):
    import jax.numpy as np
    from jax import lax

    def step(state, z):
        x, P = state
        x = F @ x
        P = F @ P @ F.T + Q
        S = H @ P @ H.T + R
        y = z - H @ x
        S_inverse = np.linalg.inv(S)
        K = P @ H.T @ S_inverse
        term = y @ S_inverse @ y + np.log(np.linalg.det(S))
        return (x + K @ y, P - K @ H @ P), term

    _, terms = lax.scan(step, (x, P), zs)
    return 0.5 * terms.sum()


def torch(F, Q, H, R, x, P, zs):
    import torch

    total = 0.0
    for z in zs:
        x = F @ x
        P = F @ P @ F.T + Q
        S = H @ P @ H.T + R
        y = z - H @ x
        S_inverse = torch.linalg.inv(S)
        K = P @ H.T @ S_inverse
        x = x + K @ y
        P = P - K @ H @ P
        total = total + y @ S_inverse @ y + torch.log(torch.linalg.det(S))
    return 0.5 * total


def autograd(F, Q, H, R, x, P, zs):
    import autograd.numpy as np

    total = 0.0
    for z in zs:
        x = np.dot(F, x)
        P = np.dot(np.dot(F, P), F.T) + Q
        S = np.dot(np.dot(H, P), H.T) + R
        y = z - np.dot(H, x)
        S_inverse = np.linalg.inv(S)
        K = np.dot(np.dot(P, H.T), S_inverse)
        x = x + np.dot(K, y)
        P = P - np.dot(np.dot(K, H), P)
        inside = np.dot(np.dot(y, S_inverse), y)
        total = total + inside + np.log(np.linalg.det(S))
    return 0.5 * total


def _of(steps):
    def inputs(rng):
        dt = 0.1
        F = np.eye(4) + dt * np.eye(4, k=2)
        H = np.eye(2, 4)
        zs = np.cumsum(0.1 * rng.normal(size=(steps, 2)), axis=0)
        return F, 0.01 * np.eye(4), H, 0.25 * np.eye(2), np.zeros(4), np.eye(4), zs

    return inputs


WORKLOAD = Workload(
    title="Kalman filter, 4 states",
    program=kalman,
    wrt=("F", "Q", "R"),
    sizes={
        "10 steps": _of(10),
        "100 steps": _of(100),
        "1000 steps": _of(1000),
    },
    tiny=_of(5),
    hand=Numba(
        primal,
        value_and_grad,
        loose=True,
        calls=(product, add_product, subtract_product, step),
    ),
    bar=1.5,
    peers={"jax": jax, "torch": torch, "autograd": autograd},
)
