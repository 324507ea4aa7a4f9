"""Arrays that are not counted: views of what is held, and what is in the frame."""

from __future__ import annotations

import numpy as np
import pytest

import adcompiler as ad
from tests.numerics import flatten


def views_that_outlive_names(x, n):
    total = 0.0
    for k in range(n):
        y = np.sin(x) * (k + 1.0)
        v = y[1:]
        y = np.cos(y)
        total += np.sum(v * y[:-1])
        x = x + 0.1 * y
    return total


def views_of_views(x, n):
    total = 0.0
    for _ in range(n):
        y = np.outer(x, x) + 1.0
        z = y.T[1:][:, ::-1]
        y = np.sqrt(y)
        w = z[0]
        total += np.sum(z @ y) + w @ x
    return total


def views_that_loops_carry(x, n):
    y = np.exp(0.1 * x)
    v = y[1:]
    for k in range(n):
        y = np.tanh(np.exp(0.1 * x) + k)
        total = np.sum(v)
        v = y[1:] * total
    return np.sum(v)


def views_in_lists(x, n):
    kept = []
    for k in range(n):
        y = np.sin(x + k)
        kept.append(y[:2])
        y = y * 2.0
        kept.append(y[1:3])
    total = 0.0
    for row in kept:
        total += row[0] * row[1]
    return total


def elements_that_lists_lose(x, n):
    xs = [np.sin(x), np.cos(x)]
    total = 0.0
    for k in range(n):
        first = xs[0]
        xs[0] = first * 0.5 + xs[1]
        total += np.sum(first * xs[0]) + k
    return total


def elements_that_lists_lose_in_loops(x, n):
    xs = [np.sin(x), np.cos(x)]
    total = 0.0
    for _ in range(n):
        a, b = xs[0], xs[1]
        for j in range(2):
            xs[j] = xs[1 - j] * 0.3 + a
        total += np.sum(a * b) + np.sum(xs[0])
    return total


def views_that_arms_choose(x, n):
    v = x
    total = 0.0
    for k in range(n):
        y = np.sin(x) + k
        if total > 1.0:
            v = y[::-1]
        else:
            v = y * x
        y = y * y
        total += np.sum(v * y)
    return total


def stored_through(x, n):
    y = np.zeros(4)
    for k in range(n):
        z = np.cos(x[:4]) * (k + 1.0)
        v = z[1:]
        v[:] = v * 2.0
        y[:3] += v
        z[0] = np.sum(y)
        y = y + z
    return np.sum(y * y)


def products_of_views(A, n):
    B = np.eye(3)
    total = 0.0
    for _ in range(n):
        C = A @ B
        u, v = C[0], C[:, 1]
        B = 0.5 * B + np.outer(u, v)
        C = C.T
        B = B / np.sqrt(np.sum(B * B))
        total += np.sum(C @ B)
    return total


def inner(y, k):
    z = y * k
    return z[1:]


def what_calls_give(x, n):
    total = 0.0
    for k in range(n):
        v = inner(np.sin(x), k)
        total += np.sum(v[1:] * inner(v, 2))
    return total


VECTORS = (
    views_that_outlive_names,
    views_of_views,
    views_that_loops_carry,
    views_in_lists,
    elements_that_lists_lose,
    elements_that_lists_lose_in_loops,
    views_that_arms_choose,
    stored_through,
    what_calls_give,
)


def agree(function, x, n):
    for kind in ("value_and_grad", "jvp"):
        found, wanted = (
            getattr(ad.differentiate(function, wrt=0, backend=b), kind)
            for b in ("llvm", "numpy")
        )
        args = (x, n) if kind != "jvp" else ((x, n), (np.cos(x), None))
        for _ in range(2):
            a, b = flatten(found(*args)), flatten(wanted(*args))
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("length", [4, 40])
@pytest.mark.parametrize("function", VECTORS, ids=lambda f: f.__name__)
def test_vectors(function, length):
    agree(function, np.linspace(0.1, 1.0, length), 5)


def test_matrices():
    agree(products_of_views, np.arange(9.0).reshape(3, 3) / 9.0, 6)
    agree(products_of_views, np.arange(9.0).reshape(3, 3) / 9.0, 0)
