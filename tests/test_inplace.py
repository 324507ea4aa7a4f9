"""Functions that change their arguments, as machine code and as NumPy programs."""

from __future__ import annotations

import re

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.inplace import InPlace
from adcompiler.runtime.optimizers import updates

N = 37


@pytest.fixture(autouse=True)
def _machine_code(monkeypatch):
    monkeypatch.setenv("ADC_BACKEND", "llvm")


def momentum(x, v, g, lr):
    new = 0.9 * v + g
    x[...] = x - lr * new
    v[...] = new


def augmented(x, v, g, lr):
    v *= 0.9
    v += g
    x -= lr * v


def swapped(x, v, g, lr):
    old = x.copy()
    x[:] = v
    v[:] = old * lr


def swapped_without_a_copy(x, v, g, lr):
    x[...] = v
    v[...] = g
    x += lr


def both_the_same(x, v, g, lr):
    x[...] = g
    v[...] = g


def one_from_the_other(x, v, g, lr):
    x[...] = g * lr
    v[...] = x + v


def turned_round(x, v, g, lr):
    x[...] = v[::-1]
    v[...] = g[::-1]


def part(x, v, g, lr):
    x[1:-1] = 0.5 * (v[:-2] + v[2:]) + x[1:-1]
    v[0] = lr


def filled(x, v, g, lr):
    x[...] = lr
    v[:] = g[0]


def element_by_element(x, v, g, lr):
    for k in range(1, x.shape[0]):
        x[k] = x[k - 1] + g[k]
        if g[k] > 0.0:
            v[k] = -lr


def on_a_path(x, v, g, lr):
    if lr > 0.05:
        x[...] = x + g
    else:
        v[...] = g


def sums_too(x, v, g, lr):
    total = np.sum(g * g)
    x[...] = x / np.sqrt(total)
    v[...] = v * total


def untouched(x, v, g, lr):
    g * lr


FUNCTIONS = [
    *(momentum, augmented, swapped, swapped_without_a_copy, both_the_same),
    *(one_from_the_other, turned_round, part, filled, element_by_element, on_a_path),
    *(sums_too, untouched),
]


def is_native(compiled):
    """Whether the calls so far were served by machine code."""
    return all(call.call is not None for call in compiled._calls.values())


def arrays(dtype, n=N):
    rng = np.random.default_rng(3)
    return [rng.standard_normal(n).astype(dtype) for _ in range(3)]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("form", ["llvm", "numpy", "text"])
@pytest.mark.parametrize("lr", [0.01, 0.1])
def test_does_what_the_function_does(function, dtype, form, lr, monkeypatch):
    monkeypatch.setenv("ADC_BACKEND", "numpy" if form == "numpy" else "llvm")
    compiled = InPlace(function)
    for n in (N, N + 4):
        expected, found = arrays(dtype, n), arrays(dtype, n)
        function(*expected, lr)
        if form == "text":
            compiled.program(*found, lr).built.numpy_call(*found, lr)
        else:
            assert compiled(*found, lr) is None
            assert is_native(compiled) == (form == "llvm")
        for x, y in zip(found, expected, strict=True):
            assert x.dtype == y.dtype
            np.testing.assert_allclose(x, y, rtol=1e-6 if dtype == "float32" else 1e-14)


def loops(function, *args):
    """How many loops the machine code has, and how many arrays it makes."""
    text = InPlace(function).program(*args).built.machine(dense=True).text
    body = text[text.index(f"define internal i32 @{function.__name__}_inplace(") :]
    body = body[: body.index("\n}")]
    inner = re.findall(r"define internal [^\n]*@adc_loop\d+\(", text)
    return len(inner), body.count("call ptr @adc_")


def adam(p, grad, m, v, step, eps):
    updates.adam(
        *(p, grad, m, v, None, step, 0.1, 0.999, 0.001, 0.5, eps, None, None, False)
    )


def amsgrad(p, grad, m, v, most, step, eps):
    updates.adam(
        *(p, grad, m, v, most, step, 0.1, 0.999, 0.001, 0.5, eps, 0.1, None, True)
    )


@pytest.mark.parametrize("function", [momentum, augmented])
def test_momentum_is_one_loop(function):
    assert loops(function, *arrays("float32"), 0.1) == (1, 0)


@pytest.mark.parametrize(("function", "count"), [(adam, 4), (amsgrad, 5)])
def test_adam_is_one_loop(function, count):
    given = [*arrays("float32"), *arrays("float32")][:count]
    assert loops(function, *given, 0.1, 1e-8) == (1, 0)


def shared_and_stored(x, y):
    x[...] = x + 1.0
    y[...] = x * y


def test_arrays_that_share_memory_are_left_to_the_function():
    compiled = InPlace(shared_and_stored)
    for part in (slice(0, N), slice(1, N + 1)):
        whole, other = np.arange(N + 1.0), np.arange(N + 1.0)
        compiled(whole[:N], whole[part])
        shared_and_stored(other[:N], other[part])
        assert np.array_equal(whole, other)


def test_what_raises_is_left_to_the_function():
    def divided(x, y, n):
        x[...] = x + 1.0
        y[...] = y * (1 // n)

    compiled = InPlace(divided)
    x, y = np.ones(N), np.ones(N)
    compiled(x, y, 1)
    assert np.array_equal(x, np.full(N, 2.0))
    with pytest.raises(ZeroDivisionError):
        compiled(x, y, 0)
    # As in plain Python, which had changed `x` by then: once.
    assert np.array_equal(x, np.full(N, 3.0))
    fixed = np.ones(N)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        compiled(fixed, y, 1)
    with pytest.raises(ValueError, match="broadcast"):
        InPlace(momentum)(np.ones(3), np.ones(4), np.ones(3), 0.1)


def test_other_kinds_of_arguments():
    compiled = InPlace(momentum)
    for make in (
        lambda: [a.reshape(N, 1) for a in arrays("float64")],
        lambda: [np.asfortranarray(np.ones((4, 5)) * k) for k in range(3)],
        lambda: [np.array(1.5 + k) for k in range(3)],
        lambda: [a[::2] for a in arrays("float32")],
        lambda: [np.zeros(0) for k in range(3)],
        lambda: [np.ones(N), np.ones(N, "f"), np.ones(1)],
    ):
        found, expected = make(), make()
        compiled(*found, 0.1)
        momentum(*expected, 0.1)
        for x, y in zip(found, expected, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-6)


STEP = 2.0


def of_a_global(x):
    x[...] = STEP * x


def refused(x):
    try:
        x[...] = 2.0 * x
    except ValueError:
        pass


def test_what_is_not_compiled_is_called(monkeypatch):
    for function in (of_a_global, refused):
        x = np.ones(N)
        InPlace(function)(x)
        assert np.array_equal(x, np.full(N, 2.0))
    compiled, x = InPlace(of_a_global), np.ones(N)
    compiled(x)
    monkeypatch.setattr("tests.test_inplace.STEP", 3.0, raising=False)
    monkeypatch.setitem(of_a_global.__globals__, "STEP", 3.0)
    compiled(x)
    assert np.array_equal(x, np.full(N, 6.0))


def test_large_arrays_are_shared_by_threads(monkeypatch):
    results = []
    for threads in ("1", "3"):
        monkeypatch.setenv("ADC_NUM_THREADS", threads)
        found = arrays("float32", 400_003)
        InPlace(momentum)(*found, 0.1)
        results.append(found)
    expected = arrays("float32", 400_003)
    momentum(*expected, 0.1)
    for one, three, plain in zip(*results, expected, strict=True):
        assert np.array_equal(one, three)
        np.testing.assert_allclose(one, plain, rtol=1e-6, atol=1e-6)


PLACES = np.array([[0, 0], [3, 1]])


def added_at_places(x):
    y = np.zeros(4)
    np.add.at(y, PLACES, x)
    return np.sum(y * np.array([1.0, 2.0, 3.0, 4.0]))


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("x", [np.array([2.0, 3.0]), np.array([2.5])])
def test_of_what_has_fewer_axes_than_its_places_nothing_else_is_read(x, backend):
    """NumPy's own `add.at` reads beyond its end, where the array has one axis."""
    value, x_bar = ad.value_and_grad(added_at_places, backend=backend)(x)
    whole = np.broadcast_to(x, PLACES.shape)
    weights = np.array([1.0, 2.0, 3.0, 4.0])[PLACES]
    assert value == np.sum(whole * weights)
    assert np.array_equal(
        x_bar, np.sum(weights, axis=0 if len(x) == 2 else (0, 1)) + 0 * x
    )
