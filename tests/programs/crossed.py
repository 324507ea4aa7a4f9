"""Constructs that meet: views in containers, classes of users, many functions."""

import math
from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from scipy import linalg, special, stats

from .registry import (
    TRIPS,
    const,
    distinct,
    positive,
    program,
    real,
    small,
    spd,
    trips,
    zero_d,
)


def fortran(*shape):
    return lambda rng: np.asfortranarray(real(*shape)(rng))


@trips(real(4), TRIPS, counts=(3,), refused="which a list holds")
def a_view_chosen_by_a_loop(x, n):
    rows = [x[:2], x[2:]]
    v = rows[0]
    for k in range(n):
        v = rows[k % 2]
        v *= 1.0 + x[0]
    return np.sum(v * x[:2]) + x[3]


@program(real(5))
def swap_through_tuple_of_views(x):
    a, b = x[:2], x[3:]
    a[:], b[:] = b.copy(), a.copy()
    x[[0, 4]] = x[[4, 0]]
    x[1:3], x[3:] = x[3:], x[1:3]
    return x @ np.arange(5.0) ** 2


@program(real(3, 3))
def transposed_aliases(a):
    t = a.T
    t += a
    a[0] = t[:, 1]
    t[1:, 1:] -= np.outer(a[0, 1:], t[0, 1:])
    return np.sum(a * np.arange(9.0).reshape(3, 3)) + t[0, 2]


@program(real(6))
def out_arguments(x):
    y = np.empty(6)
    np.multiply(x, x, out=y)
    np.add(y[1:], x[:-1], out=y[1:])
    np.cumsum(y, out=y)
    np.sqrt(np.abs(y), out=x)
    np.maximum(y, x, out=y)
    return y @ x


@program(real(4))
def augmented_names_and_arrays(x):
    y = x
    y = y + 1.0
    z = y
    z -= x
    z **= 2
    w = x
    w *= z[::-1]
    return np.sum(y * w) + np.sum(x)


@program(real(3), real(3))
def argument_is_rebound_and_stored(x, y):
    def scale(v, by):
        v *= by
        v = v + 1.0
        v[0] = 5.0
        return v

    u = scale(x, y[0])
    w = scale(y[1:], 2.0)
    return u @ x + w @ y[1:]


@program(real(5))
def default_that_is_mutable(x):
    def add(v, xs=None):
        xs = [] if xs is None else xs
        xs.append(v)
        return xs

    a = add(x[0])
    b = add(x[1], a)
    c = add(x[2])
    return sum(a) * len(b) * c[0]


class Matrix:
    def __init__(self, rows):
        self.rows = [list(r) for r in rows]

    def __matmul__(self, o):
        return Matrix(
            [
                [sum(a * b for a, b in zip(r, c)) for c in zip(*o.rows)]
                for r in self.rows
            ]
        )

    def __getitem__(self, k):
        i, j = k
        return self.rows[i][j]

    def __setitem__(self, k, v):
        self.rows[k[0]][k[1]] = v

    def __iadd__(self, o):
        for i, r in enumerate(o.rows):
            for j, v in enumerate(r):
                self[i, j] += v
        return self


@program(0.3, 1.2)
def users_matrices(a, b):
    m = Matrix([[a, b], [1.0, a * b]])
    p = m @ m
    n = p
    n += m
    p[0, 1] *= a
    return p[0, 0] + n[0, 1] * m[1, 1]


class Shape:
    registry = []
    scale = 2.0

    def area(self):
        raise NotImplementedError

    def __lt__(self, o):
        return self.area() < o.area()


class Disc(Shape):
    def __init__(self, r):
        self.r = r

    def area(self):
        return math.pi * self.r**2 * self.scale


class Box(Shape):
    def __init__(self, w, h):
        self.w, self.h = w, h

    def area(self):
        return self.w * self.h

    @classmethod
    def square(cls, w):
        return cls(w, w)


@program(0.7, 1.9)
def shapes_in_order(r, w):
    shapes = [Box.square(w), Disc(r), Box(r, w)]
    total = 0.0
    for k, s in enumerate(shapes):
        match s:
            case Disc(r=q):
                total += q * k
            case Box(w=p, h=h) if p == h:
                total += p * s.area()
            case Box():
                total += s.area() ** 2
    return total + max(s.area() for s in shapes)


@program(real(4), 2)
def early_returns_everywhere(x, n):
    def inner(v):
        for i in range(3):
            for j in range(3):
                v = v * x[i] + 0.1
                if abs(v) > 2.0:
                    return v * 10.0
                if j > i:
                    break
            else:
                v += 1.0
                continue
            v -= 0.5
        while True:
            v *= 0.5
            if v < 0.3:
                break
        return v

    return sum(inner(v) for v in x) * n


@program(real(5))
def chained_comparisons_and_walrus(x):
    s = 0.0
    i = 0
    while (v := x[i]) < 2.0 and i < 4:
        s += v if -0.5 < v <= 1.0 else v * v
        i += 1
    return (
        s
        + (t := s * s) * t
        + (x[0] if not (x > 0).all() and any(v > 1 for v in x) else x[-1])
    )


@program(zero_d(), real(3))
def zero_d_mixed_with_others(s, x):
    y = x * s
    y[0] = s
    t = s * 2
    if t > 1:
        t = t + y[0]
    arr = np.array([s, t, y[1]])
    return np.sum(arr * y) + np.dot(s, x)[1] + s**2 + np.atleast_1d(s)[0]


@program(real(4, dtype=np.float32), 0.3, tags=("float32",), order=1)
def single_precision_accumulations(x, c):
    s = 0.0
    m = x[0]
    for v in x:
        s += v * c
        m = max(m, v)
        if s > m:
            s = s * np.float32(0.5)
    y = x * s
    y[1:] += np.float32(0.25)
    return np.mean(y) * m


@program(real(0))
@program(real(1), label="one")
@program(real(3), label="three")
def nothing_in_many_ways(x):
    n = len(x)
    a = np.zeros((n, 2)) + x[:, None]
    s = (
        np.sum(a)
        + np.sum(a @ a.T)
        + np.prod(x)
        + (x.max() if n else 0.5)
        + np.linalg.norm(a, axis=1).sum()
    )
    for row in a:
        s += row @ row
    s += (
        sum([v * v for v in x if v > 0], 0.0)
        + sum(np.diff(x))
        + np.sum(np.outer(x, x))
        + np.trapezoid(x)
        + np.interp(0.3, np.arange(n + 1.0), np.append(x, 1.0))
    )
    return (
        s
        + np.sum(np.sort(x)[::-1] * np.arange(n))
        + np.cumsum(x)[-1:].sum()
        + np.concatenate([x, x[:0]]).sum()
    )


@program(positive(4), order=1)
def einsum_zoo(x):
    a = np.outer(x, x[::-1]) + np.diag(x)
    b = np.einsum("i,j->ij", x, x)
    return (
        np.einsum("ii->i", a) @ x
        + np.einsum("ij,jk,kl->il", a, b, a)[0, 1]
        + np.einsum("...i,i", a, x).sum()
        + np.einsum(a, [0, 1], b, [1, 0])
        + np.einsum("ij,ij->j", a, b)[2]
        + np.einsum("ijk->k", np.ones((2, 3, 4)) * x) @ x
    )


@program(real(3, 4), const(2, 0, 1, dtype=np.int64), wrt=(0,))
def gathers_and_scatters(a, k):
    b = a[k]
    b[k, np.arange(3)] += a[0, k]
    c = np.take_along_axis(a, np.argsort(a, axis=1)[:, ::-1], axis=1)
    np.put_along_axis(b, np.argmax(a, axis=1)[:, None], 0.5, axis=1)
    d = a[np.ix_(k, [1, 3])]
    e = a[:, None][[0, 2], 0, 1::2]
    f = np.choose(k, [a[0, :3], a[1, :3], a[2, :3]])
    return (
        np.sum(b * c)
        + np.sum(d**2)
        + np.sum(e) * f[1]
        + np.compress([True, False, True, True], a, axis=1).prod()
        + np.delete(a, 1, axis=0).sum() ** 2
    )


@program(distinct(8))
def order_statistics(x):
    s = np.sort(x)
    trimmed = s[1:-1].mean()
    iqr = np.percentile(x, 75) - np.percentile(x, 25)
    ranks = np.searchsorted(s, x)
    gini = np.sum((2 * np.arange(1, 9) - 9) * s) / 8 / np.abs(x).sum()
    top = np.partition(x, -3)[-3:].sum()
    lo, hi = np.quantile(x, [0.1, 0.9])
    return trimmed * iqr + gini + top + ranks @ x + np.clip(x, lo, hi).std()


@program(real(6), real(6))
def interpolations(x, y):
    t = np.linspace(0, 1, 6)
    u = np.abs(x) / 2
    lin = np.interp(u, t, y)
    k = np.clip(np.searchsorted(t, u) - 1, 0, 4)
    w = (u - t[k]) / (t[k + 1] - t[k])
    mine = y[k] * (1 - w) + y[k + 1] * w
    lag = sum(
        y[i] * math.prod((0.37 - t[j]) / (t[i] - t[j]) for j in range(6) if j != i)
        for i in range(6)
    )
    return (
        np.sum(lin * mine)
        + lag
        + np.interp(1.7, t, y, right=y[0] * 2)
        + np.interp([-1.0, 0.5], t, y, left=0.0) @ y[:2]
    )


@program(0.4, 5)
@program(0.4, 0, label="none")
def dicts_of_lists(x, n):
    groups = defaultdict(list)
    for k in range(n):
        groups["odd" if k % 2 else "even"].append(x**k)
    counts = Counter(k % 3 for k in range(6))
    od = OrderedDict(a=x, b=2 * x)
    od.move_to_end("a")
    s = 0.0
    for name, values in groups.items():
        s += len(name) * sum(values)
    for w, (key, v) in zip((1.0, 3.0), od.items()):
        s += w * v
    return s * counts[1]


@dataclass
class Layer:
    w: np.ndarray
    b: float = 0.1
    history: list = field(default_factory=list)

    def __call__(self, x):
        y = np.tanh(self.w @ x + self.b)
        self.history.append(y.sum())
        return y


@program(small(3, 3), real(3))
def layers_with_history(w, x):
    net = [Layer(w), Layer(w.T, b=x[0]), Layer(w * 2)]
    net[1] = replace(net[1], b=0.3 * x[1], history=[])
    for layer in net:
        x = layer(x)
    x = net[0](x)
    return sum(sum(l.history) for l in net) + x @ x + len(net[0].history)


@program(positive(5))
def statistics_of_scipy(x):
    return (
        stats.norm.logpdf(x, 0.5, 1.2).sum()
        + stats.expon.pdf(x).prod()
        + stats.gamma.logpdf(x, 2.0).sum()
        + stats.t.pdf(x[0], 4)
        + special.logit(x / 3).sum()
        + special.softmax(x)[1]
        + special.xlogy(x, x).sum()
        + special.erfinv(x / 2).sum()
        + special.gammaln(x).sum()
        + special.beta(x[0], x[1])
    )


@program(spd(3), real(3))
def scipy_linear_algebra(a, b):
    w, v = np.linalg.eigh(a)
    q, r = linalg.qr(a + np.diag(b))
    return (
        (v * np.log(w)) @ v.T @ b @ b
        + np.abs(np.diag(r)).prod()
        + linalg.solve(a, b, assume_a="pos") @ b
        + linalg.norm(linalg.sqrtm(a))
        + linalg.toeplitz(b)[0] @ linalg.block_diag(a, b)[0, :3]
        + linalg.svdvals(a)[0]
        + linalg.pinv(a)[0, 0]
    )


@program(real(2, 3))
def printing_does_not_disturb(a):
    for i, row in enumerate(a):
        print(f"{i}: {row.sum():.2f}", end=" ")
        row += i
    s = a.sum()
    assert np.isfinite(s), f"bad {s}"
    return s * a[0, 0]


@program(real(4))
def sequences_of_slices(x):
    xs = list(x)
    xs = xs[:1] + [x[0] * 2] + xs[3:]
    xs += [v for v in xs if v > 0][:1]
    xs.pop(0)
    xs.insert(1, x[3])
    return sum((-1) ** k * v for k, v in enumerate(xs)) * len(xs)


@program(positive(4, 4), positive(3))
def checks_of_products_that_are_added(a, b):
    w, v = np.linalg.eigh(a @ a.T)
    total = (v[:3, :3] * np.log(w[:3])) @ v[:3, :3].T @ b @ b
    total += linalg.toeplitz(b)[0] @ linalg.block_diag(a, b)[0, :3]
    return total + linalg.pinv(a)[0, 0]


@dataclass
class Held:
    scale: float
    parts: list


def _exchanged(a, x, y):
    if a < 0.5:
        left = Held(a * 2.0, [np.sin(x)])
    else:
        left = Held(a * a, [np.cos(y) * x])
    right = Held(a, [x + y * y])
    left.parts[0], right.parts[0] = right.parts[0], left.parts[0]
    scaled = right.parts[0] * 1.1 * left.scale
    return np.sum(left.parts[0] ** 2 * scaled) + np.sum(right.parts[0]) * right.scale


@program(0.3, real(3), real(3), label="then")
@program(0.8, real(3), real(3), label="else")
def entries_exchanged_after_a_branch(a, x, y):
    return _exchanged(a, x, y)


def _swapped(left, right):
    left[0], right[0] = right[0], left[0]


@program(0.3, real(3), real(3), label="two")
@program(0.8, real(3), real(3), label="one")
def lists_exchanged_back_and_forth(a, x, y):
    left, right = [x * a, y] if a < 0.5 else [y * a], [np.cos(x)]
    _swapped(left, right)
    kept = left[0]
    for _ in range(3):
        left[0], right[0] = right[0], left[-1]
        right[0] = right[0] * a
    return np.sum(left[0] * kept) + np.sum(right[0] * left[-1])


class Pair(NamedTuple):
    scale: float
    values: np.ndarray


@program(0.3, real(3, dtype=np.float32), 1, wrt=(0,), tags=("float32",), order=1)
@program(0.3, real(3, dtype=np.float32), 2, wrt=(0,), label="double", order=1)
def a_named_tuple_of_either_precision(a, x, n):
    pair = Pair(a * a, x * np.ones(3)) if n == 2 else Pair(0.1, x * a)
    return pair.scale + np.sum(pair.values * pair.values)


@program(small())
def number_of_an_array_without_axes_carried_by_a_loop(x):
    c = np.abs(x) < 0.85
    z = np.where(c, x, 0.0)
    s, t = z * z, 1.0
    for k in range(4, 0, -2):
        t = 1.0 - s / k * t
    return np.where(c, t, 2.0)[()]
