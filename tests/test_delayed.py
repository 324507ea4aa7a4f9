"""Sums of products that loops make: rows wait, and are multiplied some at once."""

import numpy as np
import pytest

import adcompiler as ad


def of_vectors(W, U, b, xs):
    h, total = np.zeros(len(b)), 0.0
    for t in range(len(xs)):
        h = np.tanh(W @ xs[t] + U @ h + b)
        total += np.sum(h * h)
    return total


def of_batches(W, U, xs):
    h, total = np.zeros((xs.shape[1], len(U))), 0.0
    for t in range(len(xs)):
        h = np.tanh(xs[t] @ W + h @ U)
        total += np.sum(h * h)
    return total


def left_early(W, U, xs):
    h, total = np.zeros((xs.shape[1], len(U))), 0.0
    for t in range(len(xs)):
        h = np.tanh(xs[t] @ W + h @ U)
        total += np.sum(h * h)
        if total > 60.0 * len(U) or t == 21:
            break
    return total


def while_it_is_small(W, xs):
    h, total, t = np.ones(len(W)), 0.0, 0
    while total < 0.5 * len(xs) * len(W) and t < 3 * len(xs):
        h = np.tanh(W @ h + xs[t % len(xs)])
        total += 0.1 * (h @ h)
        t += 1
    return total


def of_the_primal(xs, weights):
    S = np.zeros((xs.shape[1], xs.shape[1]))
    for i in range(len(xs)):
        S[:] += np.outer(xs[i] * weights[i], xs[i])
    return np.sum(S * S)


def in_two_loops(W, xs):
    total = 0.0
    for k in range(3):
        h = np.ones(len(W)) * (k + 1.0)
        for t in range(len(xs)):
            h = np.tanh(W @ h + xs[t])
            total += h @ h
    return total


def read_meanwhile(xs, W):
    S = W.copy()
    total = 0.0
    for i in range(len(xs)):
        S[:] += np.outer(xs[i], xs[i])
        total += np.sum(np.sin(S @ xs[i]))
    return total


def only_in_some_trips(W, xs):
    h, total = np.ones(len(W)), 0.0
    for t in range(len(xs)):
        if t % 3:
            h = np.tanh(W @ h + xs[t])
        total += h @ h
    return total


N, BATCH = 24, 3  # 576 elements are enough to wait for
VECTORS = {
    of_vectors: lambda n, t: ((n, n), (n, n), (n,), (t, n)),
    while_it_is_small: lambda n, t: ((n, n), (max(t, 1), n)),
    of_the_primal: lambda n, t: ((t, n), (t,)),
    in_two_loops: lambda n, t: ((n, n), (t, n)),
    read_meanwhile: lambda n, t: ((t, n), (n, n)),
    only_in_some_trips: lambda n, t: ((n, n), (t, n)),
}
BATCHES = of_batches, left_early


def agree(f, inputs):
    """Machine code, first for the lengths that come first, and the NumPy program."""
    plain, native = (ad.value_and_grad(f, backend=b) for b in ("numpy", "llvm"))
    for args in inputs:
        value, gradients = plain(*args)
        found, slopes = native(*args)
        assert found == pytest.approx(value, rel=1e-11)
        for a, b in zip(slopes, gradients, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


def drawn(shapes):
    rng = np.random.default_rng(5)
    return [rng.normal(size=s) / max(s[-1], 1) ** 0.5 for s in shapes]


@pytest.mark.parametrize("n", [N, 70, 3])
@pytest.mark.parametrize("f", VECTORS, ids=lambda f: f.__name__)
def test_rows_wait(f, n):
    agree(f, (drawn(VECTORS[f](n, t)) for t in (40, 0, 1, 7, 8, 31, 32, 33, 70)))


@pytest.mark.parametrize("f", BATCHES, ids=lambda f: f.__name__)
def test_rows_of_batches_wait(f):
    agree(
        f,
        (
            drawn(((N + 1, N), (N, N), (trips, batch, N + 1)))
            for batch in (5, 0, 1, 15, 16, 17, 40)
            for trips in (1, 8, 40)
        ),
    )


def test_rows_of_single_precision_wait():
    args = [x.astype(np.float32) for x in drawn(VECTORS[of_vectors](N, 40))]
    value, slopes = ad.value_and_grad(of_vectors, backend="llvm")(*args)
    expected, gradients = ad.value_and_grad(of_vectors, backend="numpy")(*args)
    assert value == pytest.approx(expected, rel=1e-5)
    for a, b in zip(slopes, gradients, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def products_added(f, *shapes):
    """How often the gradient's text adds a product by a call."""
    text = ad.differentiate(f, backend="llvm").source(*drawn(shapes), backend="llvm")
    return text.count("call void @adc_add_product_float64(")


def test_what_waits():
    # When it is full, at once, and at the end.
    assert products_added(of_vectors, (N, N), (N, N), (N,), (9, N)) == 2 * 3
    assert products_added(in_two_loops, (N, N), (9, N)) == 3
    assert products_added(of_the_primal, (9, N), (9,)) == 3
    # What is read in between is added to, by a nest, in each trip.
    assert products_added(read_meanwhile, (9, N), (N, N)) == 0


def test_strict_numbers_do_not_wait(monkeypatch):
    monkeypatch.setenv("ADC_STRICT_FP", "1")
    assert products_added(of_vectors, (N, N), (N, N), (N,), (9, N)) == 0


def test_gradients_in_given_arrays():
    args = drawn(VECTORS[of_vectors](N, 40))
    gradient = ad.grad(of_vectors, backend="llvm")
    expected = gradient(*args)
    out = tuple(np.full_like(x, 7.0) for x in expected)
    gradient(*args, out=out)
    for a, b in zip(out, expected, strict=True):
        np.testing.assert_array_equal(a, b)
