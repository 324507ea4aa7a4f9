"""``backend="llvm"``: what it takes, what it raises, and that machine code runs."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import weakref

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.building import native_module
from adcompiler.emit.llvm import NotNative


def native(f, **options):
    return ad.value_and_grad(f, backend="llvm", **options)


def lorenz(x, y, z, n):
    for _ in range(n):
        dx, dy, dz = 10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z
        x, y, z = x + 0.001 * dx, y + 0.001 * dy, z + 0.001 * dz
    return x + y + z


def element(x, i):
    return x[i] * 2.0


def quotient(a, b):
    return a / b


def summed(x, y):
    return np.sum(x * y)


def test_it_agrees_with_numpy():
    expected = ad.value_and_grad(lorenz)(1.0, 2.0, 3.0, 50)
    value, gradients = native(lorenz)(1.0, 2.0, 3.0, 50)
    assert value == pytest.approx(expected[0], rel=1e-13)
    assert gradients == pytest.approx(expected[1], rel=1e-12)
    assert all(type(g) is float for g in gradients)


def test_errors_are_plain_python_s():
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 0"):
        native(element)(np.ones(3), 3)
    with pytest.raises(ZeroDivisionError):
        native(quotient)(1.0, 0.0)
    with np.errstate(all="ignore"):
        assert native(quotient)(np.float64(1.0), np.float64(0.0))[0] == np.inf
    with pytest.raises(ValueError, match="could not be broadcast"):
        native(summed)(np.ones(3), np.ones(4))


def test_ints_beyond_64_bits_are_python_s():
    def power(x, n):
        k = 1
        for _ in range(n):
            k = k * 10
        return x * k

    assert native(power)(2.0, 30) == (2e30, 1e30)


def test_arrays_lie_anyhow():
    x = np.arange(24.0).reshape(4, 6)
    views = [x, x.T, x[::2, ::-1], np.asfortranarray(x), x[:, :0]]
    for view in views:
        value, (gx, gy) = native(summed)(view, view)
        assert value == np.sum(view * view)
        assert np.array_equal(gx, view)
        assert np.array_equal(gy, view)
        assert not np.shares_memory(gx, view)
    frozen = x.copy()
    frozen.flags.writeable = False
    assert native(summed)(frozen, frozen)[0] == np.sum(x * x)


def test_recursion_ends_as_python_s():
    def down(x, n):
        if n == 0:
            return x
        return 1.0001 * down(x, n - 1)

    assert native(down)(2.0, 500)[1] == pytest.approx(1.0001**500)
    deep = sys.getrecursionlimit() * 1000
    with pytest.raises(RecursionError):
        native(down)(2.0, deep)


def test_threads_share_a_program():
    f = native(lorenz)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(f(1.0, 2.0, 3.0, 1000)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(each == found[0] for each in found)


def test_long_loops_can_be_interrupted():
    def endless(x, n):
        while n > 0:
            x = x * 0.5 + 1.0
        return x

    class Rung(Exception):
        pass

    def ring(*_):
        raise Rung

    f = native(endless)
    f(1.0, 0)
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Rung):
            f(1.0, 1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def test_nothing_is_left_of_a_run():
    def grown(x, n):
        rows = []
        for k in range(n):
            rows.append(x * k)
        return np.sum(np.stack(rows)) + rows[n // 2][0]

    f = native(grown)
    x = np.ones(3)
    f(x, 4)
    before = sys.getrefcount(x)
    for _ in range(20):
        f(x, 4)
        with pytest.raises(ValueError, match="at least one array"):
            f(x, 0)
    assert sys.getrefcount(x) == before


def test_a_program_goes_with_its_function():
    f = native(lambda x: np.sum(np.cumsum(x.reshape(2, -1), axis=1)))
    x = np.arange(6.0)
    _, g = f(x)
    assert np.array_equal(g, [3, 2, 1, 3, 2, 1])
    program = weakref.ref(f.base.value_and_grad.last().built)
    del f
    gc.collect()
    assert program() is None


def test_what_is_printed_is_printed_by_numpy_s_program(capsys):
    def shown(x):
        print(f"x is {x}")
        return x * x

    assert native(shown)(3.0) == (9.0, 6.0)
    assert capsys.readouterr().out == "x is 3.0\n"
    function = native(shown).compile(3.0).built.function
    with pytest.raises(NotNative):
        native_module(function, "shown", dense=True)


def test_the_setting(monkeypatch):
    monkeypatch.delenv("ADC_BACKEND")
    assert ad.grad(quotient).compile(1.0, 2.0).built.backend == "llvm"
    monkeypatch.setenv("ADC_BACKEND", "numpy")
    assert ad.grad(quotient).compile(1.0, 2.0).built.backend == "numpy"
    assert ad.grad(quotient, backend="numpy").compile(1.0, 2.0).built.backend == "numpy"
    monkeypatch.setenv("ADC_BACKEND", "fortran")
    with pytest.raises(ValueError, match="write numpy or llvm"):
        ad.grad(quotient)(1.0, 2.0)


# -- a call like the one before goes straight to the machine code ---------------------

RATE = 2.0
SIGN = "plus"


def scaled(x, w):
    total = np.sum(x * w) * RATE
    return total if SIGN == "plus" else -total


def test_calls_like_the_one_before(monkeypatch):
    f, x, w = ad.differentiate(scaled, backend="llvm"), np.ones(3), np.arange(3.0)
    for _ in range(3):
        assert np.array_equal(f.grad(x, w)[0], 2.0 * w)
    monkeypatch.setattr(sys.modules[__name__], "RATE", 3.0)  # read at each call
    assert np.array_equal(f.grad(x, w)[0], 3.0 * w)
    monkeypatch.setattr(sys.modules[__name__], "SIGN", "minus")  # known while compiling
    assert np.array_equal(f.grad(x, w)[0], -3.0 * w)
    assert np.array_equal(f.grad(x, w=w).w, -3.0 * x)


def test_calls_that_are_not_like_the_one_before():
    f, x = ad.differentiate(summed, backend="llvm"), np.arange(4.0)
    assert np.array_equal(f.grad(x, x).x, x)
    assert np.array_equal(f.grad(x[::2], x[::2]).x, x[::2])
    assert np.array_equal(f.grad(x[None], x).x, x[None])
    assert f.grad(2.0, x).x == 6.0
    assert f.grad([1.0, 2.0], x[:2]).x == [0.0, 1.0]
    assert f.grad(x.astype(np.float32), x).x.dtype == np.float32
    with pytest.raises(ValueError, match="could not be broadcast"):
        f.grad(x, x[:2])
    assert np.array_equal(f.grad(x, x).x, x)


def test_values_come_in_their_kinds():
    f = ad.differentiate(quotient, backend="llvm")
    for _ in range(2):
        value, gradients = f.value_and_grad(1.0, 2.0)
        assert (type(value), type(gradients.a)) == (float, float)
        value, gradients = f.value_and_grad(np.float64(1.0), 2.0)
        assert (type(value), type(gradients.a)) == (np.float64, np.float64)
        assert (value, *gradients) == (0.5, 0.5, -0.25)


def scaled_and_part(x):
    y = np.exp(x) * 2.0
    return np.sum(y * x), y


@pytest.mark.parametrize("n", [0, 1, 7, 127, 128, 129, 1000, 600_000])
def test_results_own_their_memory(n):
    x = np.linspace(0.0, 1.0, n)
    (value, y), pullback = ad.vjp(scaled_and_part, backend="llvm")(x)
    np.testing.assert_allclose(y, 2.0 * np.exp(x), rtol=1e-14)
    gradient = pullback((1.0, np.ones(n)))
    for found in (y, gradient):
        assert found.flags.owndata
        assert found.base is None
        assert found.flags.c_contiguous
        found.resize(2 * n + 1, refcheck=False)  # as NumPy's own memory is
        found[:] = 0.5


def test_a_result_that_is_given_twice_is_two_arrays():
    def doubled(x):
        y = x * 2.0
        return y, y

    x = np.ones(1000)
    first, second = ad.jvp(doubled, backend="llvm")((x,), (x,))[1]
    first[0] = 7.0
    assert second[0] == 2.0


def test_lengths_that_meet_are_one():
    """What is elementwise is one nest, whichever argument has its length; the arrays
    of arguments that do not fit raise as NumPy has it."""

    def f(x, y, z, w):
        a, b = np.sin(x) * y, np.exp(z) * w
        return np.sum(a * np.cos(b))

    g = ad.differentiate(f, backend="llvm")
    h = ad.differentiate(f, backend="numpy")
    rng = np.random.default_rng(0)
    for n in (2, 7, 40):
        args = tuple(rng.normal(size=n) for _ in range(4))
        for found, wanted in zip(g.grad(*args), h.grad(*args)):
            np.testing.assert_allclose(found, wanted, rtol=1e-12)
    for lengths in ((3, 3, 3, 4), (3, 4, 3, 3), (3, 3, 4, 4)):
        with pytest.raises(ValueError, match="broadcast"):
            g.grad(*(np.ones(n) for n in lengths))
    function = ad.differentiate(f, wrt="x").grad.compile(*args).built.function
    text = native_module(function, "f", dense=True).text
    assert text.count("call ptr @adc_array(") == 1


def stored_in_parts(u, v, w):
    y = np.sin(v) * w
    u[1:-1] += 0.5 * v
    u[::2] = w[: len(u[::2])] * 2.0
    u[1:-1] *= y
    u[1:-1] = np.exp(y) + y
    u[2:] += 3.0 * u[:-2]
    z = np.zeros((3, len(v)), dtype=np.float32)
    z[1] = v * w
    z[:, 1:3] += np.cos(v[1:3])
    return np.sum(u * u) + np.sum(y) + np.sum(z * z)


def test_values_are_written_to_parts_of_arrays():
    """By the nest that computes them, unless that reads the array."""
    rng = np.random.default_rng(2)
    u, v, w = rng.normal(size=9), rng.normal(size=7), rng.normal(size=7)
    found = native(stored_in_parts)(u, v, w)
    wanted = ad.value_and_grad(stored_in_parts, backend="numpy")(u, v, w)
    assert found[0] == pytest.approx(wanted[0], rel=1e-6)
    for x, y in zip(found[1], wanted[1]):
        np.testing.assert_allclose(x, y, rtol=1e-6)
    with pytest.raises(ValueError, match="broadcast"):
        native(stored_in_parts)(np.ones(8), v, w)


def gates(x, n):
    """Parts of equal lengths, which types do not tell."""
    i = 1.0 / (1.0 + np.exp(-x[:n]))
    g = np.tanh(x[n : 2 * n])
    return np.sum(i * g) + np.sum((i + g) * x[2 * n :])


@pytest.mark.parametrize("n", [1, 2, 7, 20])
def test_lengths_that_meet_are_taken_for_equal(n):
    """Where one is 1, and is repeated, the run is given up, and all is as it was."""
    x = np.linspace(-1.0, 1.0, 3 * n)
    longer = np.linspace(-1.0, 1.0, 2 * n + (1 if n > 1 else 4))
    wanted = [ad.value_and_grad(gates, backend="numpy")(v, n) for v in (x, longer)]
    call = native(gates)
    for _ in range(4):
        for given, (value, gradient) in zip((x, longer), wanted, strict=True):
            found, slopes = call(given, n)
            assert found == pytest.approx(value, rel=1e-13)
            np.testing.assert_allclose(slopes, gradient, rtol=1e-12)


def rows_divided(x, y):
    """A loop over rows in the code for lengths that meet, of which one may be 1."""
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    s = np.sum(e * y, axis=1, keepdims=True)
    return np.sum(np.tanh(e / s) * y)


@pytest.mark.parametrize("n", [1, 9])
def test_what_a_call_gives_does_not_depend_on_those_before(n):
    """To the last bit, be the lengths equal or not."""
    rng = np.random.default_rng(n)
    longer = rng.normal(size=2 * n + (1 if n > 1 else 4))
    call = native(gates)
    assert len({call(longer, n)[1].tobytes() for _ in range(5)}) == 1
    args = rng.normal(size=(7, 5)), rng.normal(size=(1, 5))
    call = ad.value_and_grad(rows_divided, wrt=(0, 1), backend="llvm")
    call(rng.normal(size=(1, 5)), args[1])
    found = {tuple(g.tobytes() for g in call(*args)[1]) for _ in range(5)}
    assert len(found) == 1
    pulls = [ad.vjp(gates, backend="llvm")(longer, n)[1] for _ in range(2)]
    assert len({pull(1.0)[0].tobytes() for pull in pulls for _ in range(3)}) == 1


def accumulated(x, n):
    y = x * 2.0
    z = np.ones_like(x)
    for _ in range(n):
        z += y * x
        y += np.sin(z)
        y *= 0.5
        z[1:] += y[:-1]
        z += z[::-1] * 0.1
    return np.sum(z * y)


def shared(x):
    y = x * x
    v = y[::-1]
    y += v * x
    w = y.reshape(-1)
    y += 1.0
    y += w
    return np.sum(y * v)


@pytest.mark.parametrize("f", [lambda x: accumulated(x, 3), shared])
def test_sums_in_place_see_what_python_sees(f):
    x = np.linspace(0.1, 1.0, 13)
    value, gradient = ad.value_and_grad(f, backend="numpy")(x)
    found, slopes = native(f)(x)
    assert found == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-12)


def test_arrays_of_results_begin_with_a_line_of_the_caches():
    def waves(x):
        return np.sum(np.sin(x) * x)

    gradient = ad.grad(waves, backend="llvm")
    found = [gradient(np.linspace(0.1, 0.9, n)) for n in (130, 1000, 1001, 4099, 40000)]
    if sys.platform != "win32":
        assert [g.ctypes.data % 64 for g in found] == [0] * 5
    assert all(g.flags.owndata for g in found)
    found[0].resize(200, refcheck=False)  # NumPy moves it, as memory of its own
    assert found[0].shape == (200,)
