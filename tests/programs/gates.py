"""The hard programs: each must be right in both modes and at order two."""

import math

import numpy as np

from .registry import TRIPS, distinct, dominant, positive, program, real, small, spd
from .registry import trips as trips_

GATE = ("gate",)


def gate(*inputs, **options):
    return program(*inputs, tags=GATE, **options)


def trips(*inputs, **options):
    return trips_(*inputs, tags=GATE, **options)


@trips(dominant(4), real(4), TRIPS, counts=(0, 1, 2, 4))
def gauss_seidel(a, b, sweeps):
    n = b.shape[0]
    x = 0.5 * b
    for _ in range(sweeps):
        for i in range(n):
            s = b[i]
            for j in range(n):
                if j != i:
                    s -= a[i, j] * x[j]
            x[i] = s / a[i, i]
    return np.sum(x * x)


@trips(real(4, 4), TRIPS, counts=(0, 1, 3))
def gauss_seidel_nonlinear(u, sweeps):
    v = u.copy()
    for _ in range(sweeps):
        for i in range(1, 3):
            for j in range(1, 3):
                s = v[i - 1, j] + v[i + 1, j] + v[i, j - 1] + v[i, j + 1]
                v[i, j] = np.sin(0.25 * s) + 0.1 * v[i, j] ** 2
    return np.sum(v * v)


@trips(real(6), TRIPS, counts=(0, 1, 3))
def red_black_relaxation(x, sweeps):
    u = x.copy()
    for _ in range(sweeps):
        u[1:-1:2] = 0.5 * (u[:-2:2] + u[2::2]) + 0.1 * u[1:-1:2] ** 2
        u[2:-1:2] = 0.5 * (u[1:-2:2] + u[3::2]) * u[2:-1:2]
    return np.sum(u * u)


@trips(real(6), TRIPS, counts=(0, 1, 3))
def red_black_relaxation_by_elements(x, sweeps):
    u = x.copy()
    for k in range(2 * sweeps):
        for i in range(1 + k % 2, 5, 2):
            u[i] = 0.5 * (u[i - 1] + u[i + 1]) + 0.1 * u[i] * u[i]
    return np.sum(u * u)


@gate(spd(4))
def cholesky_in_place(a):
    n = a.shape[0]
    l = a.copy()
    for j in range(n):
        for k in range(j):
            l[j, j] -= l[j, k] * l[j, k]
        l[j, j] = math.sqrt(l[j, j])
        for i in range(j + 1, n):
            for k in range(j):
                l[i, j] -= l[i, k] * l[j, k]
            l[i, j] /= l[j, j]
        for i in range(j):
            l[i, j] = 0.0
    return l


@gate(spd(3), label="by rows")
def cholesky_by_slices(a):
    l = np.zeros_like(a)
    for i in range(3):
        for j in range(i + 1):
            s = a[i, j] - np.sum(l[i, :j] * l[j, :j])
            if i == j:
                l[i, i] = np.sqrt(s)
            else:
                l[i, j] = s / l[j, j]
    return l


@gate(dominant(4))
def lu_in_place(a):
    n = a.shape[0]
    m = a.copy()
    for k in range(n):
        for i in range(k + 1, n):
            m[i, k] /= m[k, k]
            for j in range(k + 1, n):
                m[i, j] -= m[i, k] * m[k, j]
    return m


@gate(real(3, 3))
def lu_with_pivoting(a):
    m = a.copy()
    n = 3
    sign = 1.0
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(m[i, k]) > abs(m[p, k]):
                p = i
        if p != k:
            sign = -sign
            for j in range(n):
                m[k, j], m[p, j] = m[p, j], m[k, j]
        for i in range(k + 1, n):
            m[i, k] /= m[k, k]
            m[i, k + 1 :] -= m[i, k] * m[k, k + 1 :]
    return sign * m[0, 0] * m[1, 1] * m[2, 2]


@trips(real(6), TRIPS, counts=(0, 1, 2, 5))
def double_buffered_stencil(x, steps):
    u = x.copy()
    v = x * 0.5
    for _ in range(steps):
        for i in range(1, 5):
            v[i] = u[i] + 0.05 * (u[i - 1] - 2.0 * u[i] + u[i + 1]) * u[i]
        u, v = v, u
    return np.sum(u * u) + np.sum(v)


@trips(real(6), TRIPS, counts=(0, 1, 2, 5))
def double_buffered_stencil_by_slices(x, steps):
    u = x.copy()
    v = np.empty_like(u)
    v[:] = u
    for _ in range(steps):
        v[1:-1] = u[1:-1] + 0.05 * (u[:-2] - 2.0 * u[1:-1] + u[2:]) * u[1:-1]
        u, v = v, u
    return np.sum(u * u)


@trips(real(6), TRIPS, counts=(0, 1, 2, 5))
def heat_equation_in_place(x, steps):
    u = x * 1.0
    for _ in range(steps):
        u[1:-1] += 0.2 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u[1:-1] *= 1.0 - 0.1 * u[1:-1]
    return np.sum(u * u)


@gate(real(3, 3), real(3))
def product_then_store(a, x):
    x = x.copy()
    for i in range(3):
        y = a @ x
        x[i] = y[i]
    return np.sum(x * x)


@gate(real(3, 3), real(3))
def product_then_store_into_the_argument(a, x):
    for i in range(3):
        y = np.sin(a @ x)
        x[i] = y[i] * x[i]
    return x * x


@trips(real(5), TRIPS, counts=(0, 1, 2, 5))
def triangular_nest_with_recorded_values(x, n):
    y = 0.8
    for i in range(n):
        for j in range(i, n):
            y = np.sin(y * x[i]) * x[j] + y * y * 0.3
    return y


@gate(1.3, 0.4)
def while_inside_for_with_stores(x, c):
    u = np.ones(4) * c
    for i in range(4):
        k = 0
        while u[i] < 1.0 + 0.5 * i:
            u[i] = u[i] * x + 0.1 * u[i - 1]
            k += 1
        u[i] *= k + 1
    return np.sum(u * u)


@gate(positive())
@gate(25.0, label="far")
def newton_square_root(a):
    x = a
    while True:
        y = 0.5 * (x + a / x)
        if abs(y - x) < 1e-13:
            break
        x = y
    return x * a


@gate(0.6)
def newton_of_a_transcendental_equation(c):
    x = 0.5
    for _ in range(50):
        step = (x - c * math.cos(x)) / (1.0 + c * math.sin(x))
        x = x - step
        if abs(step) < 1e-14:
            break
    return x


@trips(real(3), 10.0, 28.0, TRIPS, counts=(0, 1, 2, 5))
def lorenz_rk4(state, sigma, rho, steps):
    beta, dt = 8.0 / 3.0, 0.01

    def slope(s):
        x, y, z = s[0], s[1], s[2]
        return np.array([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])

    for _ in range(steps):
        k1 = slope(state)
        k2 = slope(state + 0.5 * dt * k1)
        k3 = slope(state + 0.5 * dt * k2)
        k4 = slope(state + dt * k3)
        state = state + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return np.sum(state * state)


@trips(real(), real(), real(), TRIPS, counts=(0, 1, 2, 5))
def lorenz_euler_on_scalars(x, y, z, steps):
    for _ in range(steps):
        dx = 10.0 * (y - x)
        dy = x * (28.0 - z) - y
        dz = x * y - 8.0 / 3.0 * z
        x, y, z = x + 0.01 * dx, y + 0.01 * dy, z + 0.01 * dz
    return x * y + z * z


@gate(real(4, 2), dominant(2), positive(), positive())
def kalman_filter(observations, f, q, r):
    x = np.zeros(2)
    p = np.eye(2)
    h = np.array([[1.0, 0.5], [0.0, 1.0]])
    nll = 0.0
    for t in range(observations.shape[0]):
        x = 0.3 * f @ x
        p = 0.09 * f @ p @ f.T + q * np.eye(2)
        innovation = observations[t] - h @ x
        s = h @ p @ h.T + r * np.eye(2)
        gain = np.linalg.solve(s, h @ p).T
        sign, logdet = np.linalg.slogdet(s)
        nll += 0.5 * (innovation @ np.linalg.solve(s, innovation) + sign * logdet)
        x = x + gain @ innovation
        p = p - gain @ h @ p
    return nll


@gate(small(2), real(2, 2), real(2, 3), lambda rng: rng.integers(0, 3, 5))
def hmm_forward(start, transition, emission, symbols):
    pi = np.exp(start) / np.sum(np.exp(start))
    a = np.exp(transition)
    a = a / np.sum(a, axis=1, keepdims=True)
    b = np.exp(emission)
    b = b / np.sum(b, axis=1, keepdims=True)
    alpha = pi * b[:, symbols[0]]
    loglik = 0.0
    for t in range(1, len(symbols)):
        scale = np.sum(alpha)
        loglik += np.log(scale)
        alpha = (alpha / scale) @ a * b[:, symbols[t]]
    return loglik + np.log(np.sum(alpha))


@gate(real(4), real(3), 0.7)
def soft_dtw(x, y, gamma):
    n, m = len(x), len(y)
    r = np.full((n + 1, m + 1), 1e6)
    r[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (x[i - 1] - y[j - 1]) ** 2
            a, b, c = -r[i - 1, j - 1], -r[i - 1, j], -r[i, j - 1]
            top = max(a, b, c)
            total = (
                np.exp((a - top) / gamma)
                + np.exp((b - top) / gamma)
                + np.exp((c - top) / gamma)
            )
            r[i, j] = cost - gamma * np.log(total) - top
    return r[n, m]


@gate(distinct(5))
def sorting_network(x):
    y = x * x * x
    n = len(y)
    for k in range(n):
        for i in range(k % 2, n - 1, 2):
            if y[i] > y[i + 1]:
                y[i], y[i + 1] = y[i + 1], y[i]
    total = 0.0
    for i in range(n):
        total += (i + 1) * y[i] * y[i]
    return total


@gate(distinct(5))
def insertion_sort(x):
    y = x * 2.0
    for i in range(1, 5):
        v = y[i]
        j = i - 1
        while j >= 0 and y[j] > v:
            y[j + 1] = y[j]
            j -= 1
        y[j + 1] = v
    return y * y * np.arange(5)


@gate(real(), 6)
def loop_whose_bound_the_body_changes(x, n):
    y, i = 0.7, 0
    while i < n:
        y = np.sin(y * x) + 0.2 * n
        if y > 1.0:
            n -= 1
        i += 1
    return y * y


@gate(real(), 6)
def loop_whose_variable_the_body_changes(x, n):
    y = 0.7
    total = 0.0
    for i in range(n):
        i = i // 2
        y = y * x + i * y * y * 0.1
        i += 1
        total += i * y
    return total + i


@gate(real(4, 4))
def floyd_warshall_softened(w):
    d = w * w
    for k in range(4):
        for i in range(4):
            for j in range(4):
                through = d[i, k] + d[k, j]
                if through < d[i, j]:
                    d[i, j] = through
    return np.sum(d * d)


@gate(real(5), small(5))
def thomas_algorithm(d, e):
    n = 5
    c = np.zeros(n)
    x = d * d
    b = 3.0
    c[0] = e[0] / b
    x[0] = x[0] / b
    for i in range(1, n):
        m = b - e[i - 1] * c[i - 1]
        c[i] = e[i] / m
        x[i] = (x[i] - e[i - 1] * x[i - 1]) / m
    for i in range(n - 2, -1, -1):
        x[i] -= c[i] * x[i + 1]
    return np.sum(x * x)


@gate(real(2), real(2), 6)
def leapfrog_two_bodies(q, p, steps):
    q, p = q.copy(), p.copy()
    for _ in range(steps):
        r = np.sqrt(q @ q + 0.1)
        p -= 0.05 * q / r**3
        q += 0.1 * p
        p -= 0.05 * q / np.sqrt(q @ q + 0.1) ** 3
    return 0.5 * (p @ p) - 1.0 / np.sqrt(q @ q)


@gate(real(4), 0.1, 5)
def gradient_descent_with_momentum(x, rate, steps):
    w = x.copy()
    m = np.zeros(4)
    for _ in range(steps):
        g = w**3 - 0.5 * w
        m = 0.9 * m + g
        w -= rate * m
    return np.sum(w * w)


@gate(real(6))
def prefix_scan_by_doubling(x):
    y = x.copy()
    stride = 1
    while stride < 6:
        for i in range(5, stride - 1, -1):
            y[i] = y[i] + y[i - stride] * y[i] * 0.3
        stride *= 2
    return np.sum(y * y)


@gate(0.3, 0.5)
def mandelbrot_like_escape(a, b):
    u, v = 0.1, 0.2
    for k in range(20):
        u, v = u * u - v * v + a, 2.0 * u * v + b
        if u * u + v * v > 4.0:
            return u * u + v * v + k
    return u * v


@gate(real(3, 3), real(3), 4)
def recurrent_network(w, x, steps):
    h = np.zeros(3)
    loss = 0.0
    for t in range(steps):
        h = np.tanh(w @ h + x * (t + 1))
        if h[0] > 0.5:
            continue
        loss += np.sum(h**2)
    return loss + np.sum(h)


@gate(positive(5))
def collatz_like_control(x):
    y = x.copy()
    for i in range(5):
        k = i + 1
        while k != 1:
            if k % 2 == 0:
                k //= 2
                y[i] *= x[i]
            else:
                k = 3 * k + 1
                y[i] += 0.1 * x[i - 1]
            if y[i] > 50.0:
                break
    return np.sum(y * y)
