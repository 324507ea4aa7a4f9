"""The memory of small arrays, which a run takes from a pool of its own."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.emit.llvm.memory import LARGEST_CLASS

LARGEST = LARGEST_CLASS * 4  # float64 elements of an array of the pool


def walk(x, steps):
    total = 0.0
    for k in range(steps):
        y = np.sin(x) / (k + 1.0)
        x = x + 0.1 * y[::-1]
        total += np.sum(x * y)
    return total


def growing(x, count):
    """Arrays of many lengths, most of which are alive until the end."""
    kept = []
    for k in range(1, count):
        kept.append(np.tanh(x[:k]) * np.sum(x[k:]))
    total = 0.0
    for row in kept:
        total += np.sum(row * row)
    return total


def halved(x, depth):
    """A function that calls itself."""
    if depth == 0:
        return np.sum(x * x)
    y = np.cos(x)
    return halved(0.5 * y, depth - 1) + np.sum(y[1:] * halved(x[1:], depth - 1))


def picked(x, n):
    """A run that is given up in the middle of a loop."""
    total = 0.0
    for k in range(n):
        y = np.exp(0.1 * x)
        total += y[k] * np.sum(y)
    return total


def both(function, *args):
    wanted = ad.value_and_grad(function, wrt="x", backend="numpy")
    found = ad.value_and_grad(function, wrt="x", backend="llvm")
    for _ in range(3):
        (v, g), (u, h) = found(*args), wanted(*args)
        np.testing.assert_allclose(v, u, rtol=1e-12)
        np.testing.assert_allclose(g, h, rtol=1e-10, atol=1e-12)
    return found


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, LARGEST - 1, LARGEST, LARGEST + 1])
def test_arrays_of_any_length(n):
    both(walk, np.linspace(0.1, 1.0, n), 7)


def test_many_lengths_at_once():
    both(growing, np.linspace(0.1, 1.0, 200), 200)


def test_functions_that_call_themselves():
    both(halved, np.linspace(0.1, 1.0, 9), 5)


def test_a_tape_of_many_chunks():
    both(walk, np.linspace(0.1, 1.0, 3), 20_000)


def test_results_are_memory_of_their_own():
    g = both(walk, np.linspace(0.1, 1.0, 4), 5)
    x = np.linspace(0.1, 1.0, 4)
    _, first = g(x, 5)
    kept = first.copy()
    _, second = g(2.0 * x, 5)
    second[:] = 0.0
    np.testing.assert_array_equal(first, kept)
    assert first.flags.owndata


def test_a_run_that_is_given_up():
    g = ad.value_and_grad(picked, wrt="x", backend="llvm")
    x = np.linspace(0.1, 1.0, 5)
    for _ in range(50):
        with pytest.raises(IndexError):
            g(x, 6)
        g(x, 5)


def test_threads_have_pools_of_their_own():
    g = ad.value_and_grad(walk, wrt="x", backend="llvm")
    x = np.linspace(0.1, 1.0, 6)
    wanted = g(x, 500)[1]
    wrong = []

    def run():
        for _ in range(40):
            if not np.array_equal(g(x, 500)[1], wanted):
                wrong.append(1)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def of_trips(x, k, steps):
    """Tapes of arrays, and arrays that take each other's place in each trip."""
    y = x * 1.0
    for _ in range(steps):
        z = y * y
        y = y + k * z * x[::-1]
    return np.sum(y * y)


@pytest.mark.parametrize(
    "n", [1, 123, 124, 125, 128, 129, 144, 1000, 1023, 1025, 8191, 8192, 8193, 20_000]
)
def test_arrays_that_loops_make_have_any_length(n):
    x = np.random.default_rng(n).normal(size=n)
    g = ad.value_and_grad(of_trips, wrt="x", backend="llvm")
    plain = ad.value_and_grad(of_trips, wrt="x", backend="numpy")
    kept = []
    for steps in (0, 1, 2, 7):
        value, gradient = plain(x, 1e-3, steps)
        found, slope = g(x, 1e-3, steps)
        assert found == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(slope, gradient, rtol=1e-11, atol=1e-13)
        kept.append((slope, slope.copy()))
    for slope, copy in kept:  # nothing of a run is another's
        np.testing.assert_array_equal(slope, copy)


def of_growing_rows(x):
    total = 0.0
    for i in range(1, len(x)):
        row = x[:i] * x[i]
        total += np.sum(row * row) * row[0]
    return total


def test_arrays_of_all_lengths_in_one_run():
    x = 0.1 * np.random.default_rng(5).normal(size=1500)
    wanted = ad.grad(of_growing_rows, backend="numpy")(x)
    found = ad.grad(of_growing_rows, backend="llvm")(x)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-13)


def of_carried(x, steps):
    for _ in range(steps):
        x = np.sin(x)
    return x


def test_what_leaves_a_loop_outlives_the_run():
    x = np.random.default_rng(6).normal(size=3000)
    f = ad.vjp(of_carried, wrt="x", backend="llvm")
    results = [f(x, n)[0] for n in (0, 1, 4, 4)]
    for n, result in zip((0, 1, 4, 4), results, strict=True):
        np.testing.assert_allclose(result, of_carried(x, n), rtol=1e-12)
