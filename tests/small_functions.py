"""Small functions and a class, as users of the public calls have them."""

from __future__ import annotations

import dataclasses

import numpy as np

import adcompiler as ad

A = np.array([1.0, 2.0, 3.0])
B = np.array([0.5, -1.0, 2.0])


@ad.differentiate
def square(x):
    """The square of x."""
    return x * x


@ad.differentiate(wrt="b")
def product(a, b):
    return np.sum(a * a * b)


def loss(w, b, x, y):
    residual = x @ w + b - y
    return np.mean(residual**2)


def cube(x):
    return x * x * x


def polar(r, t):
    return r * np.cos(t), r * np.sin(t)


@dataclasses.dataclass
class Weights:
    w: float
    n: int | None = 1

    @ad.differentiate
    def energy(self, x):
        return self.w * x * x
