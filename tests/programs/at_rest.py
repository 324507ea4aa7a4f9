"""Where a cotangent that is used happens to be zero: exact fits, rest lengths, weights
that begin at zero.

A gradient leaves out what is multiplied by such a zero where a factor may be infinite
or nan. Its derivative is not zero there.
"""

import math

import numpy as np

import adcompiler as ad

from .registry import const, program


@program(1.0)
def stretched_in_two_branches(x):
    stretch = math.sqrt(x) - 1.0
    s = 0.0
    if x < 2.5:
        s += stretch * stretch
    if x < 1.5:
        s += stretch * stretch
    return s


@program(2.0, 0.0)
def weight_of_zero(a, b):
    r = math.log(a)
    s = 0.0
    if a > 1.0:
        s += b * r
    if a > 1.5:
        s += b * r * a
    return s


@program(const(1.0, 4.0), const(1.0, 2.0), wrt=("w",))
def fit_of_what_is_selected(w, y):
    p = np.sqrt(w)
    s = 0.0
    for _ in range(2):
        r = np.where(w > 0, p - y, 0.0)
        s += np.sum(r * r)
    return s


def pulled_back(p, q):
    return np.sum(q * 3.0 / np.sqrt(p))


@program(const(1.0, 4.0), const(0.0, 0.0), reference=pulled_back)
def pullback_of_zeros(p, q):
    def g(p):
        s = p * 0.0
        r = np.sqrt(p)
        for i in range(3):
            s = s + np.where(p > 0.5, r * (i + 1.0), 0.0)
        return s

    _, pullback = ad.vjp(g)(p)
    return np.sum(pullback(q))


@program(np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75]]), 1.0, wrt=("x",))
def bonds_at_their_length(x, r0):
    s = 0.0
    for i in range(len(x)):
        for j in range(i):
            dx = x[i, 0] - x[j, 0]
            dy = x[i, 1] - x[j, 1]
            r = math.sqrt(dx * dx + dy * dy)
            stretch = r - r0
            if r < 2.5:
                s += stretch * stretch
            if r < 1.5:
                s += 0.5 * stretch * stretch * r
    return s


@program(const(0.5, 0.7), 0.0, const(0.3, -0.5, math.nan, 0.8, 0.2), wrt=("w", "v"))
def readout_of_zero(w, v, x):
    h, out = 0.1, 0.0
    for t in range(len(x)):
        if math.isnan(x[t]):
            continue
        z = w[0] * h + w[1] * x[t]
        h = z / (1.0 + z * z)
        if t > 1:
            out += v * h
        if t > 2:
            out += v * h * h
    return out


def learnt(x):
    r = np.sqrt(x) - 1.0
    w = x - 0.1 * (r / np.sqrt(x) * (1.0 + x) + r * r)
    return np.sum(w * w)


@program(const(1.0, 1.0, 1.0), reference=learnt)
def learnt_at_a_minimum(x):
    """A step of learning, from where the loss vanishes."""

    def loss(w):
        r = np.sqrt(w) - 1.0
        s = 0.0
        for k in range(3):
            if w[k] < 2.0:
                s += r[k] * r[k]
            if w[k] > 0.5:
                s += r[k] * r[k] * w[k]
        return s

    w = x - 0.1 * ad.grad(loss)(x)
    return np.sum(w * w)


@program(const(1.0, 1.0, 4.0), const(1.0, 1.0, 2.0), wrt=("x",))
def residuals_of_rows(x, y):
    total = 0.0
    for i in range(len(x)):
        d = np.sqrt(x[i]) - y[i]
        for k in range(2):
            if k == i:
                continue
            total += d * d * (k + 1.0)
    return total


@program(const(1.0, -2.0), const(-1.0, 0.0, 4.0), wrt=("x",))
def norm_of_residuals_squared(x, b):
    a = np.array([[1.0, 1.0], [2.0, 1.0], [0.0, -2.0]])
    return np.linalg.norm(a @ x - b) ** 2


@program(np.array([[0.5, -1.0], [0.0, 0.0], [2.0, 1.5]]))
def norms_of_rows_squared(x):
    return np.sum(np.linalg.norm(x, axis=1) ** 2) + np.linalg.norm(x) ** 3


@program(const(0.5, -1.0, 2.0), const(0.5, -1.0, 2.0))
def norm_times_itself(x, y):
    d = x - y
    n = np.linalg.norm(d)
    return 0.5 * n * n * np.sum(x)
