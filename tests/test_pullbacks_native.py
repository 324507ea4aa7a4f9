"""Pullbacks as machine code: what the forward sweep records crosses the border."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import adcompiler as ad


def branches(x, n):
    s = x
    for i in range(n):
        s = np.sin(s) * x if i % 3 else s * s + x
        if s > 0.8:
            s = s * x
    return s


def steps(x, n):
    y = x * 1.0
    for _ in range(n):
        y = np.tanh(y) * x + y[::-1] * 0.1
    return np.sum(y)


def grown(x, n):
    k, s, xs = 0, 0.0, [x]
    while s < n:
        xs.append(xs[-1] * 0.9 + x * k)
        s += 1.0
        k += 2
    return np.sum(xs[-1] * xs[0])


def nested(x, n):
    total = 0.0
    for i in range(n):
        y, k = x, 0
        while np.sum(y * y) < 4.0 + i and k < 6:
            y = y * (1.3 + 0.1 * k) + np.cos(y)
            k += 1
        total = total + np.sum(np.sin(y))
    return total


ROWS = [
    (branches, 0.7),
    (branches, np.float64(0.7)),
    (steps, np.linspace(0.1, 1.0, 5)),
    (steps, np.linspace(0.1, 1.0, 400)),
    (grown, np.linspace(0.1, 1.0, 3)),
    (nested, np.linspace(-0.5, 0.5, 3)),
]


@pytest.mark.parametrize("n", [0, 1, 2, 9])
@pytest.mark.parametrize(("f", "x"), ROWS)
def test_it_agrees_with_numpy(f, x, n):
    wanted, plain = ad.differentiate(f, wrt=0, backend="numpy").vjp(x, n)
    found, native = ad.differentiate(f, wrt=0, backend="llvm").vjp(x, n)
    assert type(found) is type(wanted)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    for bar in (1.0, -0.5, 1.0):  # it may be called again
        mine, theirs = native(bar), plain(bar)
        assert type(mine) is type(theirs)
        np.testing.assert_allclose(mine, theirs, rtol=1e-11)


@pytest.mark.parametrize(("f", "x"), ROWS)
def test_both_sweeps_have_machine_code(f, x):
    compiled = ad.differentiate(f, wrt=0, backend="llvm")
    text = compiled.source(x, 3, backend="llvm", of="pullback")
    assert text.count("; Machine code of ") == 2


def test_a_pullback_outlives_other_runs():
    x = np.linspace(0.1, 1.0, 400)
    vjp = ad.differentiate(steps, wrt=0, backend="llvm").vjp
    value, pullback = vjp(x, 9)
    first = pullback(1.0)
    for k in range(20):
        vjp(x + k, 5)
        gc.collect()
    np.testing.assert_array_equal(pullback(1.0), first)
    x[:] = 0.0  # what is recorded is its own
    assert np.all(np.isfinite(pullback(1.0)))


def test_arrays_in_lists_are_not_shared_with_results():
    def kept(x, n):
        rows = [x * 1.0]
        for _ in range(n):
            rows.append(np.sin(rows[-1]) * x)
        return rows[-1]

    x = np.linspace(0.1, 1.0, 200)
    value, pullback = ad.differentiate(kept, wrt=0, backend="llvm").vjp(x, 4)
    _, plain = ad.differentiate(kept, wrt=0, backend="numpy").vjp(x, 4)
    bar = np.ones(200)
    before = pullback(bar)
    value[:] = 7.0
    np.testing.assert_array_equal(pullback(bar), before)
    np.testing.assert_allclose(before, plain(bar), rtol=1e-12)


def test_lists_are_read_while_no_other_thread_runs():
    text = ad.differentiate(steps, wrt=0).source(
        np.ones(5), 3, backend="llvm", of="pullback"
    )
    assert "@PyList_New" in text
    assert "@adc_resume(" not in text
