"""Products of rows that a loop takes in turn: those of some trips at once."""

import numpy as np
import pytest

import adcompiler as ad
from tests.test_delayed import BATCHES, N, agree, drawn, left_early, of_vectors


def from_the_second_on(W, xs):
    total = 0.0
    for t in range(2, len(xs)):
        total += np.sum(np.sin(W @ xs[t]) * xs[t - 1])
    return total


def of_items(W, xs):
    total = 0.0
    for x in xs:
        y = x @ W
        y[0] = 0.5
        total += np.sum(np.tanh(y) * y)
    return total


def kept(W, xs):
    ys = []
    for t in range(len(xs)):
        ys.append(xs[t] @ W)
    return np.sum(np.sin(np.array(ys)) * xs)


def rows_that_change(W, xs):
    xs = xs.copy()
    total = 0.0
    for t in range(len(xs)):
        y = np.tanh(xs[t] @ W)
        xs[(t + 1) % len(xs)] += 0.1 * y
        total += np.sum(y)
    return total


def a_factor_that_changes(W, xs):
    W = W.copy()
    total = 0.0
    for t in range(len(xs)):
        y = np.tanh(W @ xs[t])
        W[t % len(W)] *= 0.5
        total += np.sum(y)
    return total


def every_second(W, xs):
    total = 0.0
    for t in range(0, len(xs), 2):
        total += np.sum(np.sin(xs[t] @ W))
    return total


def backwards(W, xs):
    total = 0.0
    for t in reversed(range(len(xs))):
        total += np.sum(np.sin(xs[t] @ W)) / (1.0 + total * total)
    return total


ROWS = (
    *(from_the_second_on, of_items, kept, rows_that_change, a_factor_that_changes),
    *(every_second, backwards),
)
FORESEEN = ROWS[:3]


@pytest.mark.parametrize("n", [N, 70, 3])
@pytest.mark.parametrize("f", ROWS, ids=lambda f: f.__name__)
def test_rows_that_come(f, n):
    agree(f, (drawn(((n, n), (t, n))) for t in (50, 1, 7, 8, 15, 16, 17, 33)))


def spread(x):
    wide = np.zeros((*x.shape[:-1], 3 * x.shape[-1]))
    wide[..., ::3] = x
    return wide[..., ::3]


@pytest.mark.parametrize("f", FORESEEN, ids=lambda f: f.__name__)
def test_arrays_with_gaps(f):
    W, xs = drawn(((N, N), (20, N)))
    every = np.repeat(xs, 2, axis=0)[::2]
    agree(f, [(spread(W), xs), (W.T, xs[::-1]), (W, spread(xs)), (W, every)])


@pytest.mark.parametrize("f", BATCHES, ids=lambda f: f.__name__)
def test_batches_with_gaps(f):
    W, U, xs = drawn(((N + 1, N), (N, N), (20, 6, N + 1)))
    agree(f, [(W, U, x) for x in (xs[:, ::2], xs[::2], np.asfortranarray(xs))])


def summed_beyond(W, xs, n):
    total = 0.0
    for t in range(n):
        total += np.sum(np.sin(xs[t] @ W))
    return total


def test_no_row_beyond_is_read():
    W, xs = drawn(((N, N), (20, N)))
    gradient = ad.grad(summed_beyond, backend="llvm")
    gradient(W, xs, 20)
    with pytest.raises(IndexError, match="index 20 is out of bounds"):
        gradient(W, xs, 21)


def nan_after_the_end(W, xs):
    total = 0.0
    for t in range(len(xs)):
        if np.isnan(xs[t, 0]):
            break
        total += np.sum(np.sin(xs[t] @ W))
    return total


def test_what_comes_after_the_end_does_not_matter():
    W, xs = drawn(((N, N), (20, N)))
    xs[11:] = np.nan
    agree(nan_after_the_end, [(W, xs)])
    agree(left_early, [drawn(((N + 1, N), (N, N), (30, 2, N + 1)))])


def calls(f, *shapes):
    """How often the primal's text computes a product by a call."""
    f = ad.differentiate(f, backend="llvm")
    text = f.source(*drawn(shapes), backend="llvm", of="primal")
    return text.count("call void @adc_product_float64(")


def test_what_is_foreseen():
    for f in FORESEEN:
        assert calls(f, (N, N), (9, N)) == 2, f
    assert calls(of_vectors, (N, N), (N, N), (N,), (9, N)) == 2
    for f in ROWS[3:]:
        assert calls(f, (N, N), (9, N)) == 0, f


def test_strict_numbers_are_not_computed_ahead(monkeypatch):
    monkeypatch.setenv("ADC_STRICT_FP", "1")
    assert calls(of_items, (N, N), (9, N)) == 0


def test_single_precision():
    for f in (from_the_second_on, of_items):
        args = [x.astype(np.float32) for x in drawn(((N, N), (20, N)))]
        value, slopes = ad.value_and_grad(f, backend="llvm")(*args)
        expected, gradients = ad.value_and_grad(f, backend="numpy")(*args)
        assert value == pytest.approx(expected, rel=1e-5)
        for a, b in zip(slopes, gradients, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
