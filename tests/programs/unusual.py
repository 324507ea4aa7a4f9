"""Unusual layouts and sizes: backwards, Fortran order, no elements, ties, overlaps."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from scipy import integrate, linalg, special

from .registry import (
    const,
    distinct,
    dominant,
    integers,
    positive,
    program,
    real,
    zero_d,
)


def fortran(*shape):
    return lambda rng: np.asfortranarray(real(*shape)(rng))


def backwards(*shape):
    return lambda rng: real(*shape)(rng)[::-1]


def strided(n):
    return lambda rng: real(2 * n)(rng)[::2]


@program(backwards(6))
@program(strided(6), label="strided")
@program(real(6), label="plain")
def overlapping_slices(x):
    x[1:] += x[:-1]
    x[:-1] = x[1:] * x[:-1]
    x[::-1][1:3] -= x[2:4]
    x[2:] = x[:-2]
    return np.sum(x**2 * np.arange(6))


@program(fortran(4, 4))
@program(real(4, 4), label="c")
def views_of_views_stored(a):
    d = a.T[1:, ::-1]
    d[0] *= d[1]
    d[:, -1] = d[:, 0] ** 2
    row = d[2]
    row[...] = np.cumsum(row)
    a[np.diag_indices(4)] += 1.0
    a[[0, 2]] = a[[2, 0]]
    return np.sum(a * a * np.arange(16.0).reshape(4, 4))


@program(real(5), const(0, 3, 3, 1, 0, dtype=np.int64), wrt=(0,))
def repeated_indices(x, k):
    y = np.zeros(4)
    np.add.at(y, k, x)
    z = np.zeros(4)
    z[k] += x
    w = np.ones(4)
    w[k] = x
    np.multiply.at(w, k, x)
    return y @ z + np.sum(w**2) + np.bincount(k, weights=x, minlength=6) @ np.arange(6)


@program(real(3, 4))
def masks_and_broadcast_stores(a):
    m = a > 0
    a[m] = a[m] ** 2
    a[~m] *= 0.5
    a[a.sum(axis=1) > 0] += np.arange(4)
    a[:, a[0] < 0] = a[:, :1]
    b = np.where(m.any(axis=0), a, a[::-1])
    return (b * a[1]).sum()


@program(real(4, 3))
def flat_and_ravel(a):
    a.ravel()[::2] = 0.5
    a.ravel()[1] = a[2, 2] ** 2
    a.reshape(-1)[-3:] += a.ravel()[:3]
    s = 0.0
    for i, v in enumerate(a.ravel()):
        s += i * v * v
    return s


@program(zero_d())
def zero_d_in_place(x):
    y = x.copy()
    y += 1.0
    y[...] = y * x
    z = np.asarray(y)
    z[()] *= 2.0
    return y * z.item() + float(x)


@program(real(0, 3))
@program(real(2, 3), label="two")
def reductions_of_maybe_nothing(a):
    s = a.sum(axis=0) + a.prod(axis=0) + np.cumsum(a, axis=0).sum()
    t = np.concatenate((a, np.ones((1, 3)))).max(axis=0)
    return (
        np.sum(s * t)
        + np.sum(a.mean(axis=1))
        + np.linalg.norm(a)
        + a.T.reshape(-1).size
    )


@program(distinct(3, 4), reference=None)
def sorts_in_place(a):
    a.sort(axis=0)
    b = np.sort(a, axis=None)[::-1]
    a[:, ::-1].sort()
    k = np.argsort(a[0], kind="stable")
    return b[:4] @ a[1][k] + np.partition(a[2], 1)[0] * a[0, 0]


@program(
    const(1.0, 2.0, 2.0, 1.0, 3.0),
    order=1,
    reference=lambda x: x[0] * x[1] + 2 * x[1] * x[2] + 3 * x[4] * x[3],
)
def ties_in_order(x):
    y = np.sort(x, kind="stable")
    i = np.argmax(x[:4])
    j = np.argmin(x)
    return y[0] * x[i] + 2 * y[2] * y[3] + 3 * x[4] * x[3] + 0 * x[j]


@program(real(4, dtype=np.float32), tags=("float32",), order=1)
def float32_containers(x):
    d = {"a": x[:2], "b": [x[2], x[3]]}
    s = np.float32(0.0)
    for k, v in d.items():
        s += sum(v) * len(k)
    d["b"].append(s)
    return np.sum(np.array(d["b"], dtype=np.float32)) * d["a"][0]


@dataclass
class Node:
    value: float
    left: object = None
    right: object = None


def insert(node, v):
    if node is None:
        return Node(v)
    if v < node.value:
        node.left = insert(node.left, v)
    else:
        node.right = insert(node.right, v)
    return node


def in_order(node):
    return (
        []
        if node is None
        else in_order(node.left) + [node.value] + in_order(node.right)
    )


@program(0.3, 0.1, 0.7)
def search_tree(a, b, c):
    root = Node(0.5)
    for v in (0.2, 0.9):
        root = insert(root, v)
    xs = in_order(root)
    root.left.value *= a
    return xs[0] * b + root.left.value * c + len(xs) * a * b


@program(real(6))
def closures_that_count(x):
    total, calls = 0.0, 0

    def add(v, scale=2.0):
        nonlocal total, calls
        total += scale * v * total + v
        calls += 1
        return total

    fs = [lambda v, k=k: add(v, scale=k) for k in range(3)]
    for k, v in enumerate(x):
        fs[k % 3](v)
    return total * calls


@program(real(5))
def rolling_windows_with_deque(x):
    window = deque(maxlen=3)
    out = []
    for v in x:
        window.append(v)
        out.append(sum(window) / len(window) * max(window))
    return np.array(out) @ x


@program(real(6), const(0, 1, 0, 2, 1, 0, dtype=np.int64), wrt=(0,))
def grouped_means(x, labels):
    sums, counts = np.zeros(3), np.zeros(3)
    for v, g in zip(x, labels):
        sums[g] += v
        counts[g] += 1
    means = sums / counts
    return np.sum((x - means[labels]) ** 3)


@program(real(3, 3))
def norms_of_all_kinds(a):
    n = np.linalg.norm
    return (
        n(a, 1)
        + n(a, np.inf)
        + n(a, -1)
        + n(a, "fro")
        + n(a, "nuc")
        + n(a, 2)
        + n(a[0], 3)
        + n(a, axis=1, ord=np.inf).sum()
        + n(a, axis=(0, 1))
    )


@program(dominant(4), real(4, 2))
def triangular_and_factored(a, b):
    lu = linalg.lu_factor(a)
    x = linalg.lu_solve(lu, b, trans=1)
    y = linalg.solve_triangular(a, b, lower=True, unit_diagonal=True)
    z = linalg.solve_triangular(a, b, trans="T")
    s = a @ a.T + np.eye(4)
    w = linalg.cho_solve(linalg.cho_factor(s, lower=True), b)
    return np.sum(x * y) + np.sum(z * w) + np.linalg.cond(s) * 0.01


@program(positive(4))
def special_functions(x):
    return np.sum(
        special.betainc(2.0, 3.0, x / 2)
        + special.gammainc(1.5, x)
        + special.erfcx(x)
        + special.ellipk(x / 2)
        + special.jv(1, x)
        + special.expi(x)
    )


@program(real(6), real(4))
def polynomials(x, c):
    p = np.polyval(c, x)
    q = np.polynomial.polynomial.polyval(x, c)
    r = np.convolve(c, x, mode="same")
    return np.sum(p * q) + np.sum(r) * np.trapezoid(p, x) + np.polyder(c) @ c[:3]


@program(real(7), 0.4)
def numerics_of_samples(y, h):
    return (
        integrate.simpson(y, dx=h)
        + np.gradient(y, h, edge_order=2)[0] * np.diff(y, 2).sum()
        + integrate.cumulative_trapezoid(y, dx=h, initial=0)[-1]
    )


@program(real(3, 2, 4))
def reductions_with_keywords(t):
    a = t.sum(axis=(0, -1), keepdims=True) * t.max(axis=1, keepdims=True)
    b = np.sum(t, axis=0, where=t[0] > -2.0, initial=1.5)
    c = (
        np.std(t, axis=(1, 2), ddof=1)
        + np.ptp(t, axis=(1, 2))
        + np.average(t, axis=2, weights=[1.0, 2.0, 0.5, 1.0]).sum(1)
    )
    return a.sum() + b.prod() * 1e-2 + c @ c + np.quantile(t, [0.2, 0.7], axis=1).sum()


@program(integers(-3, 4, 5), real(5))
def integers_beside_floats(k, x):
    y = x * k // 2 + x ** np.abs(k) + np.float_power(np.abs(x), k)
    z = k.astype(float) % 3 * x
    z += k
    return np.sum(y * z) + (k @ k) * x[np.argmax(k)] + np.divmod(k, 2)[1] @ x


@program(real(4), real(4, 1))
def broadcasting_everywhere(x, y):
    z = x - y
    z *= y
    z[:, 1] += x
    z[1] = x[1]
    w = np.broadcast_to(y, z.shape) * z[..., None, :].squeeze(1)
    u = np.add.outer(x, y[:, 0]) / (2 + z**2)
    return np.sum(w) + np.sum(u[np.triu_indices(4, 1)]) + np.maximum(x, y).sum()


@program(real(5))
def generators_are_lazy(x):
    g = (v * x[0] for v in x)
    first = next(g)
    x[0] = 2.0
    rest = sum(g)
    pairs = list(zip(x[::2], x[1::2]))
    return first * rest + sum(a * b for a, b in pairs) + len(pairs)


@program(real(2, 3), real(3))
def dict_of_parameters(w, b):
    params = {"w": w, "b": b}
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    for k in params:
        grads[k] += 0.5 * params[k] ** 2
    params = {k: v - 0.1 * grads[k] for k, v in params.items()}
    params["w"][0] = 0.0
    return sum(np.sum(np.sin(v)) for v in params.values()) + np.sum(w)


@program(real(3, 3))
def matrix_functions(a):
    return (
        np.trace(linalg.expm(0.3 * a))
        + np.linalg.matrix_power(a, 3).sum()
        + np.linalg.inv(a + 3 * np.eye(3))[0, 1]
        + np.kron(a, a[0]).sum()
        + np.cross(a[0], a[1]) @ a[2]
        + np.linalg.det(a)
    )


# --- A name that says that nobody reads it, and is read -------------------------------


@program(0.8, 3)
def a_sine_that_is_there_again(x, n):
    _ = np.sin(x)
    s = 0.0
    for i in range(n):
        s = s + np.sin(x) * np.exp(x * 0.1)
    return s * np.cos(np.sin(x))


@program(0.8, 3, 0.7)
def an_argument_that_is_read(x, n, _):
    s = 0.0
    for i in range(n):
        s = s + x * _
    return s


@program(0.8, 3)
def the_only_argument(_, n):
    s = 0.0
    for i in range(n):
        s = s * _ + np.sin(_)
    return s


@program(real(2), 3)
def one_of_a_pair(p, n):
    _, a = p
    s = 0.0
    for i in range(n):
        s = s + _ * a * s + np.sin(_) * a
        p[0]
    return s


_ = 0.3


@program(0.8, 3)
def a_global_that_is_read(x, n):
    s = 0.5
    for i in range(n):
        s = s + x * _ * s + x * _
    return s


@program(0.8, 1.3)
def an_argument_that_becomes_another(_, x):
    if x > 1.0:
        for i in range(2):
            np.sqrt(x + i)
    _ = np.sin(x)
    s = 0.0
    for k in range(3):
        s = s + _ * x * np.abs(_)
    return s * _
