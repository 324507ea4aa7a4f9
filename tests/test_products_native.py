"""Products of matrices in machine code, of every layout, and where they are added."""

import itertools

import numpy as np
import pytest

import adcompiler as ad

SIZES = [
    *((1, 1, 1), (1, 5, 7), (5, 7, 1), (5, 1, 7), (3, 4, 5), (20, 30, 40)),
    *((0, 3, 4), (3, 0, 4), (1, 200, 300), (300, 200, 1), (64, 1, 64)),
]
STACKS = [
    *(((3, 4, 5), (3, 5, 6)), ((2, 3, 4, 5), (5, 6)), ((4, 5), (2, 3, 5, 6))),
    *(((1, 4, 5), (3, 5, 6)), ((3, 4, 5), (5,)), ((5,), (3, 5, 6))),
    *(((2, 1, 4, 5), (3, 5, 6)), ((3, 40, 50), (3, 50, 60)), ((5,), (5, 4))),
    *(((4, 5), (5,)), ((50, 40), (40,))),
]


def agrees(f, *args):
    value, gradients = ad.value_and_grad(f, backend="numpy")(*args)
    found, slopes = ad.value_and_grad(f, backend="llvm")(*args)
    assert found == pytest.approx(value, rel=1e-11)
    single = len(args) == 1
    for a, b in (
        [(slopes, gradients)] if single else zip(slopes, gradients, strict=True)
    ):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


def laid_out(rng, rows, columns, layout):
    match layout:
        case "C":
            return rng.normal(size=(rows, columns))
        case "F":
            return rng.normal(size=(columns, rows)).T
    return rng.normal(size=(2 * rows, 3 * columns))[::2, ::3]


def product(a, b):
    return np.sum(np.sin(a @ b))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_matrices_lie_anyhow(size):
    rng, (m, k, n) = np.random.default_rng(1), size
    for left, right in itertools.product(("C", "F", "gaps"), repeat=2):
        agrees(product, laid_out(rng, m, k, left), laid_out(rng, k, n, right))


@pytest.mark.parametrize("shapes", STACKS, ids=str)
def test_stacks_of_matrices(shapes):
    rng = np.random.default_rng(2)
    agrees(product, *(rng.normal(size=s) for s in shapes))


def recurrent(W, U, b, xs):
    h, total = np.zeros(W.shape[0]), 0.0
    for x in xs:
        h = np.tanh(W @ h + U @ x + b)
        total += h @ h
    return total


def recurrent_in_batches(W, U, b, xs):
    h, total = np.zeros((xs.shape[1], W.shape[0])), 0.0
    for x in xs:
        h = np.tanh(h @ W + x @ U + b)
        total += np.sum(h * h)
    return total


def twice(W, x):
    y = W @ x
    z = W.T @ y
    return z @ (W @ z)


def outer_products(a, b):
    total = 0.0
    for i in range(3):
        total += np.sum(np.outer(a, b) * np.outer(np.sin(a), b * i))
    return total


def added_in_place(W, x):
    V = W.copy()
    for _ in range(3):
        V += W @ V * 0.1
        V += np.outer(x, x)
        x = V @ x
    return np.sum(x)


def added_to_itself(W):
    V = W.copy()
    V += V @ V
    V += V.T @ W
    return np.sum(V * V)


PROGRAMS = {
    recurrent: ((6, 6), (6, 3), (6,), (9, 3)),
    recurrent_in_batches: ((6, 6), (3, 6), (6,), (9, 4, 3)),
    twice: ((8, 8), (8,)),
    outer_products: ((5,), (7,)),
    added_in_place: ((5, 5), (5,)),
    added_to_itself: ((5, 5),),
}


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_products_that_are_added(f):
    rng = np.random.default_rng(3)
    agrees(f, *(0.3 * rng.normal(size=s) for s in PROGRAMS[f]))


def test_products_of_large_matrices_are_added():
    rng = np.random.default_rng(4)
    shapes = ((60, 60), (30, 60), (60,), (5, 40, 30))
    agrees(recurrent_in_batches, *(0.03 * rng.normal(size=s) for s in shapes))
