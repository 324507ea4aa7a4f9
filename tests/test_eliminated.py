"""Inverses, solutions and determinants of small matrices as machine code."""

import numpy as np
import pytest

import adcompiler as ad
from tests.numerics import flatten

SIZES = (0, 1, 2, 3, 4, 7, 16, 17, 40)


def inverse(a):
    return np.sum(np.sin(np.linalg.inv(a)))


def solution(a, b):
    return np.sum(np.linalg.solve(a, b) ** 2)


def determinant(a):
    return np.sin(np.linalg.det(a)) + np.linalg.det(a.T)


def log_likelihood(a, y):
    return y @ np.linalg.inv(a) @ y + np.log(np.linalg.det(a))


def agree(f, *args, rtol=1e-9):
    wanted = ad.value_and_grad(f, backend="numpy")(*args)
    found = ad.value_and_grad(f, backend="llvm")(*args)
    np.testing.assert_allclose(found[0], wanted[0], rtol=rtol, atol=rtol)
    for x, y in zip(
        *(v[1] if isinstance(v[1], tuple) else v[1:] for v in (found, wanted))
    ):
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol)


def matrix(rng, n, dtype=float):
    return (rng.normal(size=(n, n)) + 2.0 * np.eye(n)[::-1]).astype(dtype)


@pytest.mark.parametrize("n", SIZES)
def test_of_every_size(n):
    rng = np.random.default_rng(n)
    a, b = matrix(rng, n), rng.normal(size=(n, 3))
    agree(inverse, a)
    agree(inverse, a.T)
    agree(solution, a, b)
    agree(solution, a, b[:, 0])
    agree(determinant, a / max(1, n))
    if n:
        agree(log_likelihood, a @ a.T, b[:, 1])


def test_in_single_precision():
    rng = np.random.default_rng(3)
    a = matrix(rng, 4, np.float32)
    agree(inverse, a, rtol=1e-4)
    agree(determinant, a, rtol=1e-4)
    agree(solution, a, rng.normal(size=4).astype(np.float32), rtol=1e-4)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_singular(n):
    a = np.ones((n, n)) * (n > 1)
    for f in (inverse, lambda a: solution(a, np.ones(len(a)))):
        with pytest.raises(np.linalg.LinAlgError, match="Singular"):
            ad.grad(f, backend="llvm")(a)
    agree(determinant, a)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite(bad):
    a = np.array([[1.0, bad, 2.0], [0.0, 2.0, 1.0], [3.0, 1.0, 1.0]])
    wanted = ad.value_and_grad(inverse, backend="numpy")(a)
    found = ad.value_and_grad(inverse, backend="llvm")(a)
    np.testing.assert_array_equal(
        np.isfinite(flatten(found)), np.isfinite(flatten(wanted))
    )


def test_lengths_that_do_not_fit():
    with pytest.raises(np.linalg.LinAlgError, match="square"):
        ad.grad(inverse, backend="llvm")(np.ones((2, 3)))
    with pytest.raises(ValueError, match="mismatch"):
        ad.grad(solution, backend="llvm")(np.eye(3), np.ones(4))


def test_rows_are_exchanged():
    agree(inverse, np.array([[0.0, 1.0], [1.0, 0.0]]))
    agree(determinant, np.array([[0.0, 2.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 3.0]]))
    agree(inverse, np.array([[1e-20, 1.0], [1.0, 1.0]]))
