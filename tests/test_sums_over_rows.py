"""Reductions over all axes but the last, some rows at a time, in machine code."""

import numpy as np
import pytest

import adcompiler as ad

ROWS = (0, 1, 3, 4, 5, 11)


def agrees(f, *args):
    wanted = ad.value_and_grad(f, backend="numpy")(*args)
    found = ad.value_and_grad(f, backend="llvm")(*args)
    near = 1e-5 if args[0].dtype == np.float32 else 1e-11
    assert found[0] == pytest.approx(wanted[0], rel=near, abs=near)
    pairs = [(found[1], wanted[1])]
    if len(args) > 1:
        pairs = list(zip(found[1], wanted[1], strict=True))
    for a, b in pairs:
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=near, atol=near)


def affine(x, b):
    y = x * 2.0 + b
    return np.sum(y * y) + np.sum(np.sum(y, axis=0) ** 2)


def means_and_weights(x, b):
    m = np.mean(x * b, axis=0)
    w = np.sum((x - m) ** 2, axis=0)
    return np.sum(w * b) + np.sum(m)


def stored(x, b):
    s = np.sin(x) + b
    return np.sum(np.sum(s, axis=0) * b) + np.sum(s[:2])


@pytest.mark.parametrize("n", ROWS)
@pytest.mark.parametrize("f", [affine, means_and_weights, stored])
def test_rows_of_matrices(f, n):
    if f is means_and_weights and not n:
        return
    rng = np.random.default_rng(n)
    for m in (1, 10):
        agrees(f, rng.normal(size=(n, m)), rng.normal(size=m))
    agrees(affine, *(rng.normal(size=s).astype(np.float32) for s in ((n, 9), 9)))


def middle(x, y):
    p = x * y
    return np.sum(np.sum(p, axis=1) ** 2) + np.sum(np.sum(p * x, axis=1) * y[:, 0])


def both(x, y):
    return np.sum(np.sum(x * y, axis=(0, 1)) ** 2)


@pytest.mark.parametrize("n", ROWS)
@pytest.mark.parametrize("f", [middle, both])
def test_stacks(f, n):
    rng = np.random.default_rng(n)
    for shape in ((3, max(n, 1), 5), (3, 5, n)):
        agrees(f, rng.normal(size=shape), rng.normal(size=shape))


def extremes(x):
    total = np.sum(np.max(x, axis=0)) - np.sum(np.min(x, axis=0))
    flags = np.any(x > 1.0, axis=0) & np.all(x < 2.0, axis=0)
    return total + np.sum(np.prod(x, axis=0) * flags)


@pytest.mark.parametrize("n", ROWS[1:])
def test_extremes_and_flags(n):
    agrees(extremes, np.random.default_rng(n).normal(size=(n, 6)))
    agrees(extremes, np.random.default_rng(n).normal(size=(6, n)).T)
    agrees(extremes, np.random.default_rng(n).normal(size=(3 * n, 12))[::3, ::2])
