"""How far sums and products lie from the exact ones, whichever backend takes them.

A sum of n numbers, in whatever order it is taken, is off by no more than
`4 + sqrt(n) / 4` units of rounding, of the sum of its terms' absolute values; so the
two backends agree within twice that. The numbers here have so few digits that products
of two are exact, and `math.fsum` adds them exactly.
"""

import functools
import math

import numpy as np
import pytest

import adcompiler as ad

LENGTHS = (1, 7, 100, 4099, 100_003)
SIGNS = ("any", "one", "large and small", "cancelling")


def most(n):
    """The units of rounding, of what absolute values add up to."""
    return (4 + math.sqrt(n) / 4) * np.finfo(np.float64).eps


def numbers(rng, shape, signs):
    """Numbers of 24 binary digits."""
    x = rng.normal(size=shape)
    match signs:
        case "one":
            x = np.abs(x)
        case "large and small":
            x = x * 10.0 ** rng.uniform(-6, 6, size=shape)
        case "cancelling":
            half = len(x) // 2
            x[half : 2 * half] = -x[:half]
    return x.astype(np.float32).astype(np.float64)


def sums(A, w, b, r):
    return np.sum(A) + np.sum(b) * np.sum(r)


def affine(A, w, b, r):
    return np.sum(r * (A @ w + b[0]))


def affine_row_by_row(A, w, b, r):
    total = 0.0
    for i in range(A.shape[0]):
        total += r[i] * (A[i] @ w + b[0])
    return total


def affine_by_numbers(A, w, b, r):
    total = 0.0
    for i in range(A.shape[0]):
        row = b[0]
        for j in range(A.shape[1]):
            row += A[i, j] * w[j]
        total += r[i] * row
    return total


def columns(A, w, b, r):
    return np.sum(np.sum(r[:, None] * A, axis=0) * w) + np.sum(r) * b[0]


def columns_in_place(A, w, b, r):
    held = np.zeros(A.shape[1])
    for i in range(A.shape[0]):
        held += r[i] * A[i]
    return held @ w + np.sum(r) * b[0]


AFFINE = (affine, affine_row_by_row, affine_by_numbers, columns, columns_in_place)


def lengths(program, backend):
    """Those that do not keep a loop of Python busy for seconds."""
    slow = backend == "numpy" and program not in (affine, columns)
    return LENGTHS[:-1] if slow else LENGTHS


@functools.cache
def derived(program, wrt, backend):
    return ad.value_and_grad(program, wrt=wrt, backend=backend)


def arguments(n, signs):
    rng = np.random.default_rng(n)
    A, r = numbers(rng, (n, 3), signs), numbers(rng, n, "any")
    return A, np.array([1.0, -2.0, 0.5]), np.array([0.25]), r


def laid_out(layout, array):
    """The same array in memory that is not its own alone."""
    wide = np.zeros((*array.shape, 3), array.dtype)
    match layout:
        case "apart":
            wide[..., 1] = array
            return wide[..., 1]
        case "backwards":
            return np.ascontiguousarray(array[::-1])[::-1]
        case "part of rows":
            return np.concatenate((array, array), axis=-1)[..., : array.shape[-1]]
    return array


def check(found, terms):
    """A number, or an array of them, each against the sum of its terms."""
    found = np.atleast_1d(found)
    terms = terms.reshape(len(terms), len(found))
    for k, value in enumerate(found):
        exact, size = math.fsum(terms[:, k]), math.fsum(np.abs(terms[:, k]))
        assert abs(value - exact) <= most(len(terms)) * size


@pytest.mark.parametrize("signs", SIGNS)
@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_sums_of_numbers(backend, n, signs):
    A, w, b, r = arguments(n, signs)
    f = derived(sums, ("A", "b", "r"), backend)
    value, (A_bar, b_bar, r_bar) = f(A, w, b, r)
    check(value, np.concatenate((A.ravel(), b[0] * r)))
    assert np.all(A_bar == 1.0)
    assert np.all(r_bar == b[0])
    check(b_bar, r)


@pytest.mark.parametrize("signs", SIGNS)
@pytest.mark.parametrize(
    ("program", "backend", "n"),
    [(f, b, n) for f in AFFINE for b in ("numpy", "llvm") for n in lengths(f, b)],
)
def test_affine(program, backend, n, signs):
    """Value and gradient of ``sum(r * (A @ w + b))``, written in five ways."""
    A, w, b, r = arguments(n, signs)
    f = derived(program, ("A", "w", "b", "r"), backend)
    value, (A_bar, w_bar, b_bar, r_bar) = f(A, w, b, r)
    terms = r[:, None] * A
    check(value, np.concatenate(((terms * w).ravel(), b[0] * r)))
    assert np.array_equal(A_bar, r[:, None] * w)
    check(w_bar, terms)
    check(b_bar, r)
    each = np.concatenate((A * w, np.full((n, 1), b[0])), axis=1)
    exact = [math.fsum(row) for row in each[:100]]
    size = np.sum(np.abs(each[:100]), axis=1)
    assert np.all(np.abs(r_bar[:100] - exact) <= most(4) * size)


def squares(A):
    return np.sum(A * A)


def column(A):
    return np.mean((A[:, 1] - 0.125) ** 2) + np.sum(A[:, 0] * A[:, 2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", ["apart", "backwards", "part of rows"])
@pytest.mark.parametrize("program", [squares, column])
def test_elements_that_lie_apart(program, layout, dtype):
    """Loops over such are not of vectors. Equal terms all round the same way, which is
    the most that sums can lose."""
    f = derived(program, ("A",), "llvm")
    wanted = derived(program, ("A",), "numpy")
    for n in (1, 65, 4097, 200_003):
        for A in (np.full((n, 3), 0.3), np.random.default_rng(n).normal(size=(n, 3))):
            found, found_bar = f(laid_out(layout, A.astype(dtype)))
            value, bar = wanted(A.astype(dtype).astype(np.float64))
            size = wanted(np.abs(A))[0]
            bound = most(3 * n) * np.finfo(dtype).eps / np.finfo(np.float64).eps
            assert abs(found - value) <= 3 * bound * size
            scale = np.max(np.abs(bar))
            assert np.max(np.abs(found_bar - bar)) <= 3 * bound * scale
