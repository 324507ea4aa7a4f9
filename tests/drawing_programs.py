"""Programs that draw, each of the arguments of which has a gradient to be checked."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

import adcompiler as ad
from adcompiler import runtime as rt
from adcompiler.runtime import Generator, dropout, randn

GLOBAL = Generator().manual_seed(1)
HELD = {"noise": Generator().manual_seed(2), "scale": 2.0}


def option_price(spot, vol, rate):
    """The price of a call, over paths."""
    steps, paths, strike = 5, 40, 100.0
    dt = 1.0 / steps
    s = np.full(paths, spot)
    for _ in range(steps):
        z = rt.randn(paths, dtype=np.float64)
        s = s * np.exp((rate - 0.5 * vol * vol) * dt + vol * np.sqrt(dt) * z)
    return np.exp(-rate) * np.mean(np.maximum(s - strike, 0.0))


def dropout_net(w1, w2, x):
    h = np.tanh(x @ w1)
    h = rt.dropout(h, 0.4)
    h = np.tanh(h @ w2)
    h = dropout(h, p=0.2, training=True)
    return np.mean(h**2)


def dropout_in_evaluation(w, x, training):
    return np.sum(rt.dropout(np.sin(x * w), 0.5, training))


def noisy_descent(x, lr, generator):
    """A step of descent with noise in each gradient."""
    for _ in range(6):
        g = 2.0 * x + 0.1 * randn(3, dtype=np.float64, generator=generator)
        x = x - lr * g
    return np.sum(x * x)


def reparametrised(mu, log_sigma, x):
    """The bound of a variational autoencoder."""
    sigma = np.exp(log_sigma)
    z = rt.normal(mu, sigma)
    kl = 0.5 * np.sum(sigma**2 + mu**2 - 1.0 - 2.0 * log_sigma)
    return np.sum((x - np.tanh(z)) ** 2) + kl


def scalar_parameters(mean, std, lo, hi, rate):
    a = rt.normal(mean, std, 20, dtype=np.float64)
    b = rt.uniform(lo, hi, (3, 4), dtype=np.float64)
    c = rt.exponential(rate, 5, dtype=np.float64)
    d = rt.normal(mean, std, dtype=np.float64)
    return np.sum(a**2) + np.sum(np.sin(b)) * d + np.mean(c) * np.sum(c**2)


def bootstrap(x, w):
    """The mean over samples with replacement."""
    total = 0.0
    n = len(x)
    for _ in range(4):
        i = rt.randint(0, n, n)
        j = rt.randint(n, (2,))
        total = total + np.prod(x[j])
        total += np.mean(x[i] * w) ** 2
    return total


def shuffled(x, w):
    order = rt.randperm(len(x))
    total = 0.0
    for k in range(0, len(x) - 1, 2):
        batch = order[k : k + 2]
        total = total + np.sum(np.sin(x[batch] * w)) ** 2
    return total


def branch(x, p):
    if rt.rand(dtype=np.float64) < 0.5:
        y = x * rt.rand(3, dtype=np.float64)
    else:
        y = np.sin(x) * rt.bernoulli(p, 3, dtype=np.float64)
        rt.randn(2)
    return np.sum(y * y)


def until(x):
    """A loop whose trips are drawn."""
    s = x
    n = 0
    while rt.rand(generator=GLOBAL) < 0.8:
        s = np.sin(s) + 0.1 * x
        n += 1
        if n > 20:
            break
    return s * s


def early(x, g):
    total = 0.0
    for i in range(10):
        total += np.sin(x * rt.uniform(0.0, 1.0, dtype=np.float64, generator=g))
        if rt.rand(generator=g) > 0.7:
            return total * x
    return total


def walk(x):
    """A Metropolis walk."""
    position = x
    for _ in range(8):
        proposal = position + 0.5 * rt.randn(dtype=np.float64)
        ratio = np.exp(position**2 / 2 - proposal**2 / 2)
        if rt.rand() < ratio:
            position = proposal
    return position**2 * x


def helper(x, g=None):
    return x * rt.randn(dtype=np.float64, generator=g)


def helpers(x):
    total = 0.0
    for v in x:
        total += np.sin(helper(v)) + helper(v, GLOBAL)
    return total + sum(helper(v) for v in x)


def closure(x, g):
    def noisy(y):
        return y + rt.randn(2, dtype=np.float64, generator=g)

    return np.sum(noisy(x) * noisy(x))


def held_in_a_dict(x):
    return np.sum(x * rt.randn(3, generator=HELD["noise"])) * HELD["scale"]


@dataclass
class Layer:
    w: np.ndarray
    generator: Generator = field(default_factory=lambda: Generator().manual_seed(5))

    def __call__(self, x):
        return rt.dropout(np.tanh(x @ self.w), 0.5, generator=self.generator)


def layer(model, x):
    return np.sum(model(x) ** 2)


class Plain:
    def __init__(self):
        self.g = Generator().manual_seed(8)
        self.scale = 3.0

    def loss(self, x):
        return np.sum(x**2 * rt.rand(3, generator=self.g)) * self.scale


PLAIN = Plain()


def of_an_object(x):
    return PLAIN.loss(x) + PLAIN.loss(2.0 * x)


def in_a_namespace(x, bag):
    return x * x * rt.randn(dtype=np.float64, generator=bag.g) * bag.k


def made_inside(x):
    g = Generator().manual_seed(3)
    fixed = rt.randn(3, dtype=np.float64, generator=g)
    other = rt.randn(3, dtype=np.float64, generator=g)
    return np.sum(np.sin(x * fixed) * other)


def common_numbers(x, g):
    """The same numbers for both ends."""
    g.manual_seed(4)
    up = np.sum(np.exp(0.1 * x * rt.randn(4, dtype=np.float64, generator=g)))
    g.manual_seed(4)
    down = np.sum(np.exp(-0.1 * x * rt.randn(4, dtype=np.float64, generator=g)))
    return up - down


def seeded_within(x):
    rt.manual_seed(7)
    return np.sum(x * rt.randn(3, dtype=np.float64))


def copies(x, g):
    twin = copy.copy(g)
    a = rt.randn(3, dtype=np.float64, generator=twin)
    b = rt.randn(3, dtype=np.float64, generator=g)
    return np.sum(x * a) - np.sum(x * x * b)


def unused(x):
    rt.randn(5)
    y = x * rt.rand(dtype=np.float64)
    rt.randperm(4)
    return y * y


def one_by_one(x):
    """Two draws that look alike."""
    a = rt.rand(3, dtype=np.float64)
    b = rt.rand(3, dtype=np.float64)
    return np.sum(np.sin(x * a) * b)


def sampled_rows(x, weights):
    rows = rt.multinomial(weights, 2)
    more = rt.multinomial(weights, 5, replacement=True)
    return np.sum(x[rows] ** 2) + np.sum(np.sin(x[more, 0]))


def gradient_inside(x, g):
    def energy(y):
        return np.sum(np.sin(y * rt.randn(3, dtype=np.float64, generator=g)))

    step = ad.grad(energy)(x)
    return np.sum(step**2) + energy(x)


def jacobian_inside(x, g):
    def field_(y):
        return np.sin(y * rt.randn(3, dtype=np.float64, generator=g))

    j = ad.jacobian(field_)(x)
    return np.sum(j**2) + rt.rand(dtype=np.float64, generator=g) * x[0]


def hessian_inside(x, g):
    def energy(y):
        return np.sum(np.exp(y * rt.randn(2, dtype=np.float64, generator=g)))

    h = ad.hessian(energy)(x)
    return np.sum(h) + rt.rand(dtype=np.float64, generator=g) * x[0]


def pullback_inside(x, g):
    def path(y):
        for _ in range(3):
            y = np.sin(y) * rt.rand(2, dtype=np.float64, generator=g) + y
        return y

    value, pullback = ad.vjp(path)(x)
    total = np.sum(value)
    for k in range(2):
        total += np.sum(pullback(np.eye(2)[k]) ** 2) * (k + 1.0)
    return total + x[1] * rt.rand(dtype=np.float64, generator=g)


def pairs(x, g):
    return sum(rt.randn(dtype=np.float64, generator=g) * v for v in x if v > 0.0)


def images(x):
    """Channels that are dropped, and single precision."""
    mask = rt.bernoulli(np.full((2, 1), 0.5)) / 0.5
    y = x * mask
    return np.sum(y * rt.randn(2, 3, dtype=np.float64)) + float(rt.rand()) * np.sum(y)


def never_drawn(x):
    if x > 100.0:
        return x * rt.rand()
    return x * x


def two_precisions(x, g):
    """Draws that machine code makes by functions of its own."""
    if rt.rand() < 0.9:
        x = x * float(rt.rand(dtype=np.float64, generator=g))
    noise = rt.randn(3, dtype=np.float64) + rt.randn(20, generator=g)[:3]
    k = rt.randint(0, 3)
    return np.sum(noise) * x + x * x * float(rt.normal(0.5, 2.0)) * k


def large(x):
    return np.sum(np.sin(rt.randn(40, 50, dtype=np.float64) * x))


RNG = np.random.default_rng(0)
VECTOR = np.array([0.5, -1.2, 2.0])
STREAM = "stream"  # stands for a generator

PROGRAMS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "option_price": (option_price, (105.0, 0.2, 0.05)),
    "dropout_net": (
        dropout_net,
        (RNG.normal(size=(4, 6)), RNG.normal(size=(6, 2)), RNG.normal(size=(5, 4))),
    ),
    "training": (dropout_in_evaluation, (0.7, VECTOR, True)),
    "evaluation": (dropout_in_evaluation, (0.7, VECTOR, False)),
    "noisy_descent": (noisy_descent, (VECTOR, 0.1, STREAM)),
    "reparametrised": (reparametrised, (VECTOR, VECTOR / 4, VECTOR[::-1].copy())),
    "scalar_parameters": (scalar_parameters, (0.3, 1.2, -1.0, 2.0, 1.5)),
    "bootstrap": (bootstrap, (RNG.normal(size=7), 1.3)),
    "shuffled": (shuffled, (RNG.normal(size=7), 0.8)),
    "branch": (branch, (VECTOR, 0.5)),
    "until": (until, (0.7,)),
    "early": (early, (0.7, STREAM)),
    "walk": (walk, (0.4,)),
    "helpers": (helpers, (VECTOR,)),
    "closure": (closure, (np.array([0.2, 0.4]), STREAM)),
    "held_in_a_dict": (held_in_a_dict, (VECTOR,)),
    "layer": (layer, (Layer(RNG.normal(size=(3, 4))), VECTOR)),
    "of_an_object": (of_an_object, (VECTOR,)),
    "in_a_namespace": (
        in_a_namespace,
        (0.7, SimpleNamespace(g=Generator().manual_seed(9), k=2.0)),
    ),
    "made_inside": (made_inside, (VECTOR,)),
    "common_numbers": (common_numbers, (0.7, STREAM)),
    "seeded_within": (seeded_within, (VECTOR,)),
    "copies": (copies, (VECTOR, STREAM)),
    "unused": (unused, (0.7,)),
    "one_by_one": (one_by_one, (VECTOR,)),
    "sampled_rows": (sampled_rows, (RNG.normal(size=(4, 2)), np.arange(1.0, 5.0))),
    "gradient_inside": (gradient_inside, (VECTOR, STREAM)),
    "jacobian_inside": (jacobian_inside, (VECTOR, STREAM)),
    "hessian_inside": (hessian_inside, (VECTOR[:2].copy(), STREAM)),
    "pullback_inside": (pullback_inside, (VECTOR[:2].copy(), STREAM)),
    "pairs": (pairs, (VECTOR, STREAM)),
    "images": (images, (RNG.normal(size=(2, 3)),)),
    "never_drawn": (never_drawn, (0.7,)),
    "two_precisions": (two_precisions, (0.7, STREAM)),
    "large": (large, (0.7,)),
}
assert math.pi
