"""Algorithms: searches, recursions, solvers, models of state."""

import bisect
import functools
import heapq
import math
from collections import deque
from enum import Enum

import numpy as np
from scipy import linalg, special

from .registry import const, distinct, positive, program, real, small, spd


class Dual:
    def __init__(self, v, d=0.0):
        self.v, self.d = v, d

    def __add__(self, o):
        o = o if isinstance(o, Dual) else Dual(o)
        return Dual(self.v + o.v, self.d + o.d)

    __radd__ = __add__

    def __mul__(self, o):
        o = o if isinstance(o, Dual) else Dual(o)
        return Dual(self.v * o.v, self.v * o.d + self.d * o.v)

    __rmul__ = __mul__

    def __pow__(self, n):
        return Dual(self.v**n, n * self.v ** (n - 1) * self.d)

    def __lt__(self, o):
        return self.v < o.v


@program(0.7, 1.3)
def users_dual_numbers(a, b):
    x = Dual(a, 1.0)
    ys = [x * b + 2, 3 * x**2, x + x * x]
    y = min(ys)
    s = sum(ys, Dual(0.0))
    return s.d * y.v + s.v * y.d


@program(real(8))
def fft_by_recursion(x):
    def fft(re, im):
        n = len(re)
        if n == 1:
            return re, im
        er, ei = fft(re[::2], im[::2])
        or_, oi = fft(re[1::2], im[1::2])
        w = -2 * np.pi * np.arange(n // 2) / n
        tr = np.cos(w) * or_ - np.sin(w) * oi
        ti = np.sin(w) * or_ + np.cos(w) * oi
        return np.concatenate((er + tr, er - tr)), np.concatenate((ei + ti, ei - ti))

    re, im = fft(x, np.zeros_like(x))
    return np.sum(re[:3] ** 2 + im[:3] ** 2 * np.arange(3))


@program(distinct(7), refused="calls itself")
def merge_sort(x):
    def merge(a, b):
        out = []
        i = j = 0
        while i < len(a) and j < len(b):
            if a[i] <= b[j]:
                out.append(a[i])
                i += 1
            else:
                out.append(b[j])
                j += 1
        return out + a[i:] + b[j:]

    def sort(xs):
        if len(xs) <= 1:
            return xs
        m = len(xs) // 2
        return merge(sort(xs[:m]), sort(xs[m:]))

    return np.array(sort(list(x))) @ np.arange(7) ** 2


@program(positive(4, 4))
def dijkstra(w):
    n = len(w)
    dist = [math.inf] * n
    dist[0] = 0.0
    heap = [(0.0, 0)]
    while heap:
        d, u = heapq.heappop(heap)
        if d > dist[u]:
            continue
        for v in range(n):
            nd = d + w[u, v] ** 2
            if nd < dist[v]:
                dist[v] = nd
                heapq.heappush(heap, (nd, v))
    return sum(dist)


@program(positive(4, 4))
def floyd_warshall(w):
    d = w.copy()
    for k in range(4):
        d = np.minimum(d, d[:, k, None] + d[None, k])
    return np.sum(d**2)


@program(real(5), real(4), refused="a list of 0 items")
def dynamic_time_warping(a, b):
    n, m = len(a), len(b)
    d = [[np.inf] * (m + 1) for _ in range(n + 1)]
    d[0][0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            c = (a[i - 1] - b[j - 1]) ** 2
            d[i][j] = c + min(d[i - 1][j], d[i][j - 1], d[i - 1][j - 1])
    return d[n][m]


@program(positive(3, 3), positive(3), const(0, 2, 1, 1, dtype=np.int64), wrt=(0, 1))
def hmm_forward(t, e, obs):
    t = t / t.sum(axis=1, keepdims=True)
    alpha = np.log(e / e.sum())
    for o in obs:
        alpha = special.logsumexp(alpha[:, None] + np.log(t), axis=0) + o * 0.1 * e
    return special.logsumexp(alpha)


@program(positive(5))
def newton_with_break(c):
    x = 1.0
    for k in range(50):
        f = np.polyval(c, x) - 3.0
        df = np.polyval(np.polyder(c), x)
        step = f / df
        x -= step
        if abs(step) < 1e-12:
            break
    else:
        return x * 1e3
    return x * (1 + 0.0 * k)


@program(positive(), positive(), order=1)
def bisection_and_one_step(a, b):
    f = lambda x: x**3 + a * x - 2 * b
    lo, hi = 0.0, 3.0
    while hi - lo > 1e-9:
        mid = 0.5 * (lo + hi)
        lo, hi = (mid, hi) if f(mid) < 0 else (lo, mid)
    x = 0.5 * (lo + hi)
    return x - f(x) / (3 * x * x + a)


@program(spd(4), real(4))
def conjugate_gradient(a, b):
    x = np.zeros_like(b)
    r = b - a @ x
    p, rs = r.copy(), r @ r
    for i in range(len(b)):
        ap = a @ p
        alpha = rs / (p @ ap)
        x += alpha * p
        r -= alpha * ap
        rs, old = r @ r, rs
        if np.sqrt(rs) < 1e-10:
            break
        p = r + rs / old * p
    return x @ np.arange(4.0)


@program(real(4), order=1)
def lbfgs_two_loop(x):
    def g(x):
        return 4 * x**3 - x + 0.1 * np.sum(x)

    pairs = deque(maxlen=3)
    grad = g(x)
    for _ in range(4):
        q, alphas = grad.copy(), []
        for s, y in reversed(pairs):
            a = (s @ q) / (y @ s)
            alphas.append(a)
            q -= a * y
        if pairs:
            s, y = pairs[-1]
            q *= (s @ y) / (y @ y)
        for (s, y), a in zip(pairs, reversed(alphas)):
            q += s * (a - (y @ q) / (y @ s))
        new = x - 0.05 * q
        ng = g(new)
        pairs.append((new - x, ng - grad))
        x, grad = new, ng
    return np.sum(x**2)


@program(real(6), real(6))
def gp_regression(x, y):
    k = np.exp(-0.5 * np.subtract.outer(x, x) ** 2) + 0.5 * np.eye(len(x))
    l = np.linalg.cholesky(k)
    a = linalg.solve_triangular(l.T, linalg.solve_triangular(l, y, lower=True))
    return -0.5 * y @ a - np.log(np.diag(l)).sum()


@program(real(6, 2), real(2, 2))
def kmeans_step(x, c):
    d = ((x[:, None, :] - c[None]) ** 2).sum(-1)
    label = d.argmin(axis=1)
    new = np.array(
        [x[label == k].mean(axis=0) if np.any(label == k) else c[k] for k in range(2)]
    )
    return np.sum(d[np.arange(6), label]) + np.sum(new**3)


@program(real(5, 3))
def pca_by_svd(x):
    x = x - x.mean(axis=0)
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    return s[0] ** 2 / np.sum(s**2) + np.abs(vt[0]) @ np.arange(3)


@program(small(3, 3), real(3))
def lasso_ista(a, b):
    x = np.zeros(3)
    for _ in range(5):
        z = x - 0.3 * a.T @ (a @ x - b)
        x = np.sign(z) * np.maximum(np.abs(z) - 0.02, 0.0)
    return x @ x


class Cell:
    def __init__(self, w, u, b):
        self.w, self.u, self.b = w, u, b

    def __call__(self, x, state):
        h, c = state
        z = self.w @ x + self.u @ h + self.b
        i, f, o, g = np.split(z, 4)
        sig = special.expit
        c = sig(f) * c + sig(i) * np.tanh(g)
        return sig(o) * np.tanh(c), c


@program(small(8, 2), small(8, 2), small(8), real(4, 2))
def lstm(w, u, b, xs):
    cell, state = Cell(w, u, b), (np.zeros(2), np.zeros(2))
    outs = []
    for x in xs:
        state = cell(x, state)
        outs.append(state[0])
    return np.sum(np.stack(outs) ** 2) + state[1].sum()


class Body:
    def __init__(self, m, x, v):
        self.m, self.x, self.v = m, x, v

    @property
    def kinetic(self):
        return 0.5 * self.m * self.v @ self.v


@program(real(3, 2), real(3, 2))
def n_body_with_objects(xs, vs):
    bodies = [Body(1.0 + k, x.copy(), v * 0.1) for k, (x, v) in enumerate(zip(xs, vs))]
    for _ in range(3):
        for a in bodies:
            force = np.zeros(2)
            for b in bodies:
                if a is b:
                    continue
                d = b.x - a.x
                force += a.m * b.m * d / (d @ d + 0.1) ** 1.5
            a.v += 0.05 * force / a.m
        for a in bodies:
            a.x += 0.05 * a.v
    return sum(b.kinetic for b in bodies) + bodies[0].x @ bodies[1].x


@program(positive(6))
def thomas_algorithm(d):
    n = len(d)
    a, b, c = [-0.4] * n, [2.0 + 0.1 * k for k in range(n)], [-0.3] * n
    cp, dp = [c[0] / b[0]], [d[0] / b[0]]
    for i in range(1, n):
        m = b[i] - a[i] * cp[-1]
        cp.append(c[i] / m)
        dp.append((d[i] - a[i] * dp[-1]) / m)
    x = [0.0] * n
    x[-1] = dp[-1]
    for i in reversed(range(n - 1)):
        x[i] = dp[i] - cp[i] * x[i + 1]
    return sum(v * v for v in x)


@program(0.8, 2.1)
def romberg(a, b):
    f = lambda x: np.exp(-x * x) * np.sin(3 * x)
    r = [[0.5 * (b - a) * (f(a) + f(b))]]
    for i in range(1, 5):
        h = (b - a) / 2**i
        mid = sum(f(a + (2 * k - 1) * h) for k in range(1, 2 ** (i - 1) + 1))
        row = [0.5 * r[i - 1][0] + h * mid]
        for j in range(1, i + 1):
            row.append(row[j - 1] + (row[j - 1] - r[i - 1][j - 1]) / (4**j - 1))
        r.append(row)
    return r[-1][-1]


@program(real(5), 0.37)
def de_boor(c, x):
    t = [0, 0, 0, 0, 0.5, 1, 1, 1, 1]
    p = 3
    k = bisect.bisect_right(t, x, p, len(c)) - 1
    d = [c[j + k - p] for j in range(p + 1)]
    for r in range(1, p + 1):
        for j in range(p, r - 1, -1):
            alpha = (x - t[j + k - p]) / (t[j + 1 + k - r] - t[j + k - p])
            d[j] = (1 - alpha) * d[j - 1] + alpha * d[j]
    return d[p]


@program(real(5), positive(2))
def natural_cubic_spline(y, at):
    n = len(y)
    a = (
        np.diag(np.full(n - 2, 4.0))
        + np.diag(np.ones(n - 3), 1)
        + np.diag(np.ones(n - 3), -1)
    )
    m = np.zeros(n)
    m[1:-1] = np.linalg.solve(a, 6 * np.diff(y, 2))
    s = 0.0
    for x in at * 2:
        k = min(int(x), n - 2)
        u = x - k
        s += (
            y[k]
            + u * (y[k + 1] - y[k] - (2 * m[k] + m[k + 1]) / 6)
            + u * u * m[k] / 2
            + u**3 * (m[k + 1] - m[k]) / 6
        )
    return s


class Kind(Enum):
    CALL = 1
    PUT = 2


@program(1.1, 1.0, 0.2)
def black_scholes_with_enum(s, k, vol):
    def price(kind):
        d1 = math.log(s / k) / vol + vol / 2
        n = lambda z: 0.5 * (1 + math.erf(z / math.sqrt(2)))
        if kind is Kind.CALL:
            return s * n(d1) - k * n(d1 - vol)
        return k * n(vol - d1) - s * n(-d1)

    return (
        price(Kind.CALL) - price(Kind.PUT) + {Kind.CALL: s, Kind.PUT: k}[Kind.CALL] ** 2
    )


@program(const(-100.0, 30.0, 40.0, 50.0))
def irr(flows):
    r = 0.1
    for _ in range(8):
        t = np.arange(len(flows))
        npv = np.sum(flows / (1 + r) ** t)
        slope = -np.sum(t * flows / (1 + r) ** (t + 1))
        r -= npv / slope
    return r


@program(real(20))
def value_at_risk(r):
    s = np.sort(r)
    k = int(0.15 * len(s))
    var = -np.quantile(r, 0.15)
    return var - s[:k].mean() + -np.mean(r[r <= -var])


@program(real(7))
def technical_indicators(p):
    d = np.diff(p)
    up, down = np.where(d > 0, d, 0.0), np.where(d < 0, -d, 0.0)
    ema = lambda v, a: functools.reduce(lambda s, x: (1 - a) * s + a * x, v)
    rs = ema(up, 0.3) / (ema(down, 0.3) + 0.1)
    ma = np.convolve(p, np.ones(3) / 3, "valid")
    sd = np.array([p[i : i + 3].std() for i in range(len(p) - 2)])
    return 100 - 100 / (1 + rs) + np.sum((p[2:] - ma) / (sd + 0.1))
