"""Machine code for parts of arrays that arrays point out, against NumPy.

Values, derivatives and errors are those of plain NumPy: with indices that repeat, count
from the end or are out of bounds, masks, arrays of no elements or with gaps, nan.
"""

import numpy as np
import pytest

import adcompiler as ad

RNG = np.random.default_rng(7)
X, M = RNG.normal(size=6), RNG.normal(size=(4, 5))
I, J = np.array([2, 0, -1, 2]), np.array([1, -5, 1, 4])
MANY = RNG.integers(-6, 6, size=40)
NONE = np.zeros(0, dtype=int)
MASK = np.array([True, False, True, True, False, True])


def took(x, i):
    return np.sum(x[i] ** 2 * np.arange(1.0, len(i) + 1))


def rows(m, i):
    return np.sum(np.cos(m[i]) * np.arange(5.0))


def columns(m, i):
    return np.sum(m[:, i] ** 3)


def pairs(m, i, j):
    return np.sum(m[i, j] ** 3)


def grid(m, i, j):
    return np.sum(m[i[:, None], j] ** 2 * np.arange(float(len(j))))


def apart(m, i):
    a = m[:, :, None] * np.arange(1.0, 5.0)
    return np.sum(a[i, :, i] ** 3) + np.sum(a[i, 1:, 0] ** 2) + np.sum(a[0, ::-2, i])


def stored(x, i):
    y = np.zeros(6)
    y[i] = x[: len(i)] ** 2
    y[i] += x[: len(i)]
    return np.sum(y**2 * np.arange(6.0))


def added(x, i):
    y = np.ones(6)
    np.add.at(y, i, x[i] ** 2)
    return np.sum(y**3)


def masked(x, keep):
    y = x * 2.0
    y[keep] = x[keep] ** 2
    y[~keep] += 1.0
    return np.sum(y**2) + np.sum(x[keep])


def masked_rows(m, keep):
    rows = keep[:4]
    y = m.copy()
    y[rows] *= 3.0
    y[m > 0.5] -= 1.0
    return np.sum(y**2) + np.sum(m[rows, 1] ** 2) + np.sum(m[:, keep[:5]])


def along(m, i):
    order = np.argsort(m, axis=1)
    best = np.argmax(m, axis=0)
    low = np.argmin(m, axis=1)
    first = np.take_along_axis(m, order[:, 1:3], axis=1)
    return np.sum(first**2) + np.sum(m[best, np.arange(5)] ** 3) + m[0, low[1]]


def triangles(m, i):
    low, high = np.tril(m, -1), np.triu(m[:, :4], 1)
    where = np.nonzero(m > 0)
    return np.sum(low**2) + np.sum(high**3) + np.sum(m[where] * len(i))


def searched(x, i):
    table = np.sort(x)
    k = np.searchsorted(table, x * 0.5)
    right = np.searchsorted(table, x[i], side="right")
    return np.sum(x[np.minimum(k, len(x) - 1)] ** 2 * k) + np.sum(right * x[0])


CASES = [
    *((f, (X, i)) for f in (took, added) for i in (I, MANY, NONE, I[::2], I[:1])),
    *((stored, (X, i)) for i in (I, NONE, I[::-2], np.array([1, 1, 1]))),
    *((rows, (M, i)) for i in (I, NONE, I.astype(np.int32))),
    *((columns, (M, i)) for i in (I, NONE, J)),
    *((f, (M, I, J)) for f in (pairs, grid)),
    *((f, (M, I[:1], J)) for f in (pairs, grid)),
    *((f, (M, NONE, J[:1])) for f in (pairs, grid)),
    *((apart, (M, i)) for i in (np.array([2, 0, -1, 2]), NONE)),
    *((masked, (X, k)) for k in (MASK, np.zeros(6, bool), np.ones(6, bool))),
    *((masked_rows, (M, k)) for k in (MASK, np.zeros(6, bool), np.ones(6, bool))),
    *((f, (M, I)) for f in (along, triangles)),
    *((searched, (X, i)) for i in (I, NONE)),
]
WRONG = [
    *((f, (X, i)) for f in (took, added) for i in ([6], [0, -7], [10**15])),
    (stored, (X, [6])),
    *((f, (M, [4])) for f in (rows, apart)),
    (columns, (M, [5])),
    *((f, (M, [0, 1, 2], [0, 1])) for f in (pairs,)),
    *((f, (M, [0, 4], [0, 1])) for f in (pairs, grid)),
    (masked, (X, np.ones(5, bool))),
]


def named(value):
    return value if isinstance(value, str) else getattr(value, "__name__", "")


def laid_out(value, how):
    """The same numbers, in memory with gaps or in another dtype."""
    if how == "gaps":
        wide = np.zeros((*value.shape[:-1], 2 * value.shape[-1]), value.dtype)
        wide[..., ::2] = value
        return wide[..., ::2]
    if how == "float32" and value.dtype == float:
        return value.astype(np.float32)
    return value.copy()


FIRST = {f: k for k, (f, _) in reversed(list(enumerate(CASES)))}
HOW = [
    *((f, args, "dense") for f, args in CASES),
    *((*CASES[k], how) for k in FIRST.values() for how in ("gaps", "float32")),
]


@pytest.mark.parametrize(("f", "args", "how"), HOW, ids=named)
def test_it_agrees_with_numpy(f, args, how):
    found, wanted = (
        ad.differentiate(f, wrt=0, backend=b).value_and_grad(
            *(laid_out(a, how) for a in args)
        )
        for b in ("llvm", "numpy")
    )
    close = 1e-5 if how == "float32" else 1e-12
    for mine, theirs in zip(found, wanted, strict=True):
        assert np.asarray(mine).dtype == np.asarray(theirs).dtype
        np.testing.assert_allclose(mine, theirs, rtol=close, atol=close)


@pytest.mark.parametrize(("f", "args"), WRONG, ids=named)
def test_errors_are_numpy_s(f, args):
    x, *indices = args
    given = x, *(np.asarray(i) for i in indices)
    with pytest.raises(Exception) as plain:  # noqa: PT011, B017 - compared
        f(*given)
    native = ad.differentiate(f, wrt=0, backend="llvm")
    for _ in range(4):  # the code for arrays with gaps serves the last ones
        with pytest.raises(plain.type) as raised:
            native.value_and_grad(*given)
        assert str(raised.value) == str(plain.value)


def test_nan_is_the_first_extremum():
    def f(x):
        return x[np.argmax(x)] + 2.0 * x[np.argmin(x)]

    for x in ([1.0, np.nan, 3.0, np.nan], [np.nan, 1.0], [-np.inf, -np.inf], [2.0]):
        found = ad.differentiate(f, backend="llvm").grad(np.array(x))
        wanted = ad.differentiate(f, backend="numpy").grad(np.array(x))
        np.testing.assert_array_equal(found, wanted)
