"""What scientists, engineers and analysts write: filters, prices, equations, fits."""

import math

import numpy as np
from scipy import linalg, special, stats

from .registry import const, distinct, dominant, positive, program, real, small, spd


def fortran(*shape):
    return lambda rng: np.asfortranarray(real(*shape)(rng))


def reversed_(*shape):
    return lambda rng: real(*shape)(rng)[::-1]


def strided(n):
    return lambda rng: real(2 * n)(rng)[::2]


# --- filters, control


@program(positive(6), 0.3)
def kalman_scalar(z, q):
    x, p = 0.0, 1.0
    log_likelihood = 0.0
    for obs in z:
        p = p + q
        s = p + 0.5
        k = p / s
        r = obs - x
        log_likelihood -= 0.5 * (math.log(2 * math.pi * s) + r * r / s)
        x += k * r
        p *= 1 - k
    return log_likelihood


@program(real(4, 2), spd(2), small(2, 2))
def kalman_matrix(zs, r, f):
    n = f.shape[0]
    m, p = np.zeros(n), np.eye(n)
    ll = 0.0
    for z in zs:
        m = f @ m
        p = f @ p @ f.T + 0.1 * np.eye(n)
        s = p + r
        v = z - m
        gain = np.linalg.solve(s.T, p.T).T
        m = m + gain @ v
        p = (np.eye(n) - gain) @ p
        ll += -0.5 * v @ np.linalg.solve(s, v) - 0.5 * np.linalg.slogdet(s)[1]
    return ll


class PID:
    def __init__(self, kp, ki, kd):
        self.kp, self.ki, self.kd = kp, ki, kd
        self.integral = 0.0
        self.previous = None

    def __call__(self, error, dt):
        self.integral += error * dt
        slope = 0.0 if self.previous is None else (error - self.previous) / dt
        self.previous = error
        return self.kp * error + self.ki * self.integral + self.kd * slope


@program(1.2, 0.4, 0.1)
def pid_cost(kp, ki, kd):
    pid = PID(kp, ki, kd)
    y, cost, dt = 0.0, 0.0, 0.1
    for k in range(12):
        e = 1.0 - y
        u = np.clip(pid(e, dt), -2.0, 2.0)
        y += dt * (u - 0.5 * y)
        cost += e**2 * dt
    return cost


# --- finance


@program(1.0, 0.9, 0.25, 0.05, order=1)
def american_put_tree(s, k, vol, r):
    n, t = 6, 1.0
    dt = t / n
    u = np.exp(vol * np.sqrt(dt))
    d = 1 / u
    p = (np.exp(r * dt) - d) / (u - d)
    j = np.arange(n + 1)
    v = np.maximum(k - s * u ** (2.0 * j - n), 0.0)
    for i in range(n - 1, -1, -1):
        j = np.arange(i + 1)
        cont = np.exp(-r * dt) * (p * v[1:] + (1 - p) * v[:-1])
        v = np.maximum(cont, k - s * u ** (2.0 * j - i))
    return v[0]


@program(const(0.02, 0.025, 0.03, 0.032), const(0.5, 1.0, 2.0, 5.0), wrt=(0,))
def bond_price_by_interpolation(rates, tenors):
    times = np.arange(0.5, 4.01, 0.5)
    z = np.interp(times, tenors, rates)
    flows = np.full(times.size, 2.5)
    flows[-1] += 100.0
    return np.sum(flows * np.exp(-z * times))


@program(real(8))
def drawdown(returns):
    equity = np.cumprod(1.0 + 0.1 * returns)
    peak = np.maximum.accumulate(equity)
    return np.max((peak - equity) / peak)


@program(positive(), positive())
def implied_vol_newton(price, strike):
    vol = 0.4
    for _ in range(4):
        d1 = (np.log(1.0 / strike) + 0.5 * vol**2) / vol
        d2 = d1 - vol
        value = stats.norm.cdf(d1) - strike * stats.norm.cdf(d2)
        vega = stats.norm.pdf(d1)
        vol = vol - 0.2 * (value - 0.3 * price) / vega
    return vol


@program(real(5, 3), positive(3))
def portfolio_variance(returns, w):
    w = w / w.sum()
    cov = np.cov(returns, rowvar=False)
    mu = returns.mean(axis=0)
    return (w @ mu) / np.sqrt(w @ cov @ w)


@program(real(10))
def ewma_and_garch(r):
    omega, alpha, beta = 0.05, 0.1, 0.8
    h = np.empty_like(r)
    h[0] = np.var(r)
    for t in range(1, len(r)):
        h[t] = omega + alpha * r[t - 1] ** 2 + beta * h[t - 1]
    return -0.5 * np.sum(np.log(h) + r**2 / h)


# --- PDE / ODE


@program(real(8), 0.1)
def heat_crank_nicolson(u, r):
    n = len(u)
    ab = np.zeros((3, n))
    ab[0, 1:] = -r / 2
    ab[1] = 1 + r
    ab[2, :-1] = -r / 2
    for _ in range(3):
        rhs = u.copy()
        rhs[1:-1] += 0.5 * r * (u[2:] - 2 * u[1:-1] + u[:-2])
        u = linalg.solve_banded((1, 1), ab, rhs)
    return u @ u


@program(fortran(5, 4))
def jacobi_relaxation(a):
    u = a.copy(order="K")
    for _ in range(4):
        new = u.copy()
        new[1:-1, 1:-1] = 0.25 * (
            u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        )
        u, new = new, u
    return np.sum(u**2) + np.abs(new - u).max()


@program(real(2), 0.05, 10, wrt=(0, 1))
def rk4_pendulum(y, h, n):
    def f(y):
        return np.array([y[1], -np.sin(y[0])])

    for _ in range(n):
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        k4 = f(y + h * k3)
        y += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y[0] ** 2 + y[1]


@program(real(6))
def upwind_advection(u):
    c = 0.4
    history = [u]
    for _ in range(3):
        v = history[-1]
        history.append(v - c * (v - np.roll(v, 1)))
    return np.mean(np.stack(history) ** 2)


@program(real(4), 0.2)
def adaptive_euler(y, tol):
    t, h, steps = 0.0, 0.1, 0
    f = lambda y: -y * np.arange(1, 5)
    while t < 1.0:
        h = min(h, 1.0 - t)
        full = y + h * f(y)
        half = y + 0.5 * h * f(y)
        half = half + 0.5 * h * f(half)
        err = float(np.max(np.abs(full - half)))
        if err > tol:
            h *= 0.5
            continue
        y, t, steps = half, t + h, steps + 1
        h = min(1.5 * h, 0.3)
    return y.sum() * steps


# --- linear algebra


@program(spd(4))
def log_det_by_cholesky_in_place(a):
    n = a.shape[0]
    for j in range(n):
        a[j, j] = np.sqrt(a[j, j] - a[j, :j] @ a[j, :j])
        for i in range(j + 1, n):
            a[i, j] = (a[i, j] - a[i, :j] @ a[j, :j]) / a[j, j]
    return 2 * np.log(np.diag(a)).sum()


@program(lambda rng: np.asfortranarray(dominant(4)(rng)), real(4))
def gmres_two_steps(a, b):
    q = [b / np.linalg.norm(b)]
    h = np.zeros((3, 2))
    for k in range(2):
        v = a @ q[k]
        for i in range(k + 1):
            h[i, k] = q[i] @ v
            v = v - h[i, k] * q[i]
        h[k + 1, k] = np.linalg.norm(v)
        q.append(v / h[k + 1, k])
    e = np.zeros(3)
    e[0] = np.linalg.norm(b)
    y = np.linalg.lstsq(h, e, rcond=None)[0]
    x = np.column_stack(q[:2]) @ y
    return np.sum((a @ x - b) ** 2)


@program(real(4, 4))
def power_iteration(a):
    s = a @ a.T
    v = np.ones(4) / 2.0
    for _ in range(20):
        w = s @ v
        v = w / np.linalg.norm(w)
    return v @ s @ v


@program(real(5, 3))
def gram_schmidt_in_columns(a):
    q = np.array(a, order="F")
    for j in range(q.shape[1]):
        for k in range(j):
            q[:, j] -= (q[:, k] @ q[:, j]) * q[:, k]
        q[:, j] /= np.sqrt(q[:, j] @ q[:, j])
    return np.sum(q**3)


@program(real(3, 4), real(4, 3))
def einsum_mixed(a, b):
    t = np.einsum("ij,jk->ik", a, b)
    return (
        np.einsum("ii", t)
        + np.einsum("ij,ji->", a, b) ** 2
        + np.einsum("ij->j", a) @ np.einsum("ij->i", b)
    )


@program(real(2, 3, 4))
def tensordot_and_swaps(t):
    a = np.tensordot(t, t.swapaxes(0, 2), axes=([2, 1], [0, 1]))
    return (
        np.trace(a) + np.linalg.norm(t.transpose(2, 0, 1).reshape(4, -1), axis=0).sum()
    )


# --- statistics, ML


@program(real(6, 2), const(0, 1, 1, 0, 1, 0, dtype=np.int64), real(2), wrt=("x", "w"))
def logistic_loss(x, y, w):
    z = x @ w
    return np.mean(np.logaddexp(0, z) - y * z) + 0.01 * w @ w


@program(real(5, 4), const(0, 2, 1, 3, 2, dtype=np.int64), wrt=(0,))
def cross_entropy_by_take(logits, labels):
    z = logits - logits.max(axis=1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -np.mean(logp[np.arange(len(labels)), labels])


@program(real(4, 3))
def batch_norm_and_relu(x):
    m, v = x.mean(0), x.var(0, ddof=1)
    y = (x - m) / np.sqrt(v + 1e-5)
    return np.sum(np.maximum(y, 0.1 * y) ** 2 * np.arange(12.0).reshape(4, 3))


@program(real(1, 6, 6), real(2, 3, 3))
def convolution_by_windows(img, k):
    w = np.lib.stride_tricks.sliding_window_view(img[0], 3, axis=0)
    w = np.lib.stride_tricks.sliding_window_view(w, 3, axis=1)
    y = np.einsum("ijab,cab->cij", w, k)
    return np.sum(np.tanh(y)[:, ::2, ::2] ** 2)


@program(real(4, 3), real(3))
def attention(x, q):
    s = x @ q / math.sqrt(3)
    w = np.exp(s - s.max())
    w /= w.sum()
    return np.sum((w[:, None] * x).sum(axis=0) ** 2)


@program(distinct(7), order=1)  # a curvature jumps near by
def huber_by_median(x):
    m = np.median(x)
    s = np.median(np.abs(x - m))
    z = (x - m) / s
    return np.where(np.abs(z) < 1.5, 0.5 * z**2, 1.5 * (np.abs(z) - 0.75)).sum()


@program(real(6), real(6))
def spearman(x, y):
    def ranks(v):
        r = np.empty(len(v))
        r[np.argsort(v)] = np.arange(len(v))
        return r

    return np.corrcoef(x, y)[0, 1] * (1 + ranks(x) @ ranks(y))


@program(positive(5))
def gamma_likelihood(x):
    k = np.mean(x) ** 2 / np.var(x)
    theta = np.var(x) / np.mean(x)
    return np.sum((k - 1) * np.log(x) - x / theta) - x.size * (
        special.gammaln(k) + k * np.log(theta)
    )
