"""Loops over elements in machine code: indices that need no look, and sums that are
taken in any order."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.emit.llvm.recording import recorded_last
from adcompiler.emit.llvm.summed import sums_of_loops
from adcompiler.ir.nodes import For, Let
from adcompiler.ir.walk import all_stmts
from adcompiler.optimise import with_sure_indices


def both(f, *args, wrt=None):
    """What both backends give, a value and gradients or an error."""
    found = []
    for backend in ("numpy", "llvm"):
        g = ad.value_and_grad(f, wrt=wrt, backend=backend)
        try:
            found.append(g(*args))
        except IndexError as error:
            found.append(str(error))
    return found


def agrees(f, *args, wrt=None):
    wanted, found = both(f, *args, wrt=wrt)
    if isinstance(wanted, str) or isinstance(found, str):
        assert wanted == found
        return wanted
    assert found[0] == pytest.approx(wanted[0], rel=1e-12)
    np.testing.assert_allclose(found[1], wanted[1], rtol=1e-11, atol=1e-13)
    return found


def neighbours(x, n):
    total = 0.0
    for i in range(n):
        total += (x[i + 1] - x[i] ** 2) ** 2
    return total


def up_to_the_last(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def wrapped(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i - 1] - x[-i]
    return total


def backwards(x):
    total = 0.0
    for i in range(len(x) - 1, 0, -1):
        total -= x[i] * x[i - 1] * x[len(x) - 1 - i]
    return total


def triangle(x):
    total, n = 0.0, len(x)
    for i in range(n):
        for j in range(i + 1, n):
            total += x[i, j] * x[j, i] + x[i, n - 1 - j]
    return total


def halves(x):
    total = 0.0
    for i in range(len(x) // 2):
        total += x[2 * i] * x[2 * i + 1]
    return total


def under_conditions(x):
    total = 0.0
    for i in range(-3, len(x) + 3):
        if 0 <= i < len(x):
            total += x[i] ** 2 if x[i] > 0.0 else 0.5 * x[i]
    return total


def doubtful(f, *args):
    """How many reads of a gradient may miss, before and after the proofs."""
    function = ad.grad(f, backend="numpy").compile(*args).built.function
    counts = []
    for found in (function, with_sure_indices(function)):
        lets = (s for s in all_stmts(found.region) if isinstance(s, Let))
        loads = (s for s in lets if s.primitive.name == "load")
        counts.append(sum(bool(s.raises) for s in loads))
    return counts


@pytest.mark.parametrize("n", [0, 1, 2, 3, 9, 100])
def test_elements_and_their_neighbours(n):
    x = np.random.default_rng(n).normal(size=n)
    for f in (up_to_the_last, wrapped, backwards, halves, under_conditions):
        agrees(f, x)
    if n < 20:
        agrees(triangle, np.random.default_rng(n).normal(size=(n, n)))


@pytest.mark.parametrize("n", [2, 3, 50])
def test_indices_that_are_out_of_bounds_raise(n):
    x = np.random.default_rng(n).normal(size=n)
    assert not isinstance(agrees(neighbours, x, n - 1, wrt="x"), str)
    assert "out of bounds" in agrees(neighbours, x, n, wrt="x")
    assert "out of bounds" in agrees(triangle, np.ones((n + 1, n)))

    def of_another(x, y):
        total = 0.0
        for i in range(len(x)):
            total += x[i] * y[i]
        return total + np.sum(x * y)

    assert not isinstance(agrees(of_another, x, x), str)
    for f in (ad.grad, ad.value_and_grad):  # of two errors, either is as good
        with pytest.raises((IndexError, ValueError)):
            f(of_another, backend="llvm")(x, x[1:].copy())


def test_what_is_shown():
    x = np.ones(5)
    for f in (up_to_the_last, wrapped, backwards, halves, under_conditions):
        before, after = doubtful(f, x)
        assert before, f.__name__
        assert not after, f.__name__
    before, after = doubtful(lambda x: neighbours(x, 3), x)
    assert after == before > 0


def kahan(x):
    total, lost = 0.0, 0.0
    for i in range(len(x)):
        y = x[i] - lost
        t = total + y
        lost = (t - total) - y
        total = t
    return total


def test_a_sum_that_makes_up_for_its_rounding_still_does():
    x = np.random.default_rng(0).uniform(0.0, 1.0, 10_000) * 1e8
    x[1::2] *= 1e-12
    value, gradient = ad.value_and_grad(kahan, backend="llvm")(x)
    assert value == pytest.approx(math.fsum(x), rel=2e-16)
    np.testing.assert_array_equal(gradient, 1.0)


def of_branches(x, n):
    total, other = 1.0, 0.0
    for i in range(n):
        if x[i] > 0.0:
            total += x[i] * x[i]
        else:
            total -= x[i]
            other += total
        for j in range(i):
            total += 0.25 * x[j]
    return total + other


@pytest.mark.parametrize("n", [0, 1, 2, 7, 40])
def test_sums_in_branches_and_nests(n):
    x = np.random.default_rng(n).normal(size=max(n, 1))
    agrees(of_branches, x, n, wrt="x")


def of_time(x, end, step):
    t, total, trips = 0.0, 0.0, 0
    while t < end:
        total += x * trips
        t += step
        trips += 1
    return total * trips


def until_it_is_large(x, end):
    total = 0.0
    for i in range(len(x)):
        total += x[i]
        if total >= end:
            return total * i
    return total


def test_sums_that_say_when_a_loop_ends_keep_their_order():
    for end, step in ((1.0, 0.1), (3.0, 0.3), (10.0, 0.1), (0.7, 0.01), (100.0, 0.7)):
        found = [
            ad.value_and_grad(of_time, wrt="x", backend=b)(1.5, end, step)
            for b in ("numpy", "llvm")
        ]
        assert found[0] == pytest.approx(found[1], rel=1e-13)
    x = np.full(200, 0.1)
    for end in (0.3, 0.7, 1.0, 5.0, 19.9):
        agrees(until_it_is_large, x, end, wrt="x")


def test_what_says_when_a_loop_ends_is_no_free_sum():
    for f, args in ((of_time, (1.5, 1.0, 0.1)), (up_to_the_last, (np.ones(9),))):
        function = ad.grad(f, wrt=f.__code__.co_varnames[0], backend="numpy")
        found = sums_of_loops(function.compile(*args).built.function)
        names = {let.result.name for let in found}
        assert "t" not in names
    value = ad.value_and_grad(up_to_the_last, backend="numpy").compile(np.ones(9))
    assert {let.result.name for let in sums_of_loops(value.built.function)} == {"total"}


# --- Nests that call functions, and what is recorded beside them ----------------------


def recurrent(w, x):
    h = np.zeros(16)
    for t in range(len(x)):
        h = np.tanh(w @ h + 1.0 / (1.0 + np.exp(-x[t])))
    return np.sum(h * h)


def test_a_short_loop_calls_functions_of_vectors():
    w, x = np.eye(16) * 0.3, np.linspace(-1.0, 1.0, 48).reshape(3, 16)
    f = ad.differentiate(recurrent, wrt=("w", "x"), backend="llvm")
    agrees(recurrent, w, x, wrt="w")
    called = set(re.findall(r"call \S.*@_ZGV\w+_(\w+?)(?:_\w+)?\(", machine(f, w, x)))
    if not has_vector_functions():
        pytest.skip("this machine has no functions of vectors")
    assert {"tanh", "exp"} <= called


def machine(f, *args):
    f.value_and_grad(*args)
    return f.source(*args, backend="llvm", optimised=True)


def has_vector_functions():
    from adcompiler.execute.llvm.vectors import vector_functions

    return bool(vector_functions())


def steps(x, n):
    for k in range(n):
        e = np.exp(-x[0]) * np.tanh(x)
        s = np.tanh(e) + x
        x = np.sin(s) * e + s
    return np.sum(x)


def test_what_is_recorded_ends_no_nest():
    function = ad.value_and_grad(steps, backend="numpy").compile(np.ones(9), 3)
    body = loop_of(recorded_last(function.built.function))
    appended = [k for k, let in enumerate(body) if is_append(let)]
    assert appended == list(range(len(body) - len(appended), len(body)))
    assert len(appended) > 1
    agrees(steps, np.linspace(0.2, 1.4, 9), 3, wrt="x")


def loop_of(function):
    loop = next(s for s in function.region.body if isinstance(s, For))
    return loop.body.body


def is_append(let):
    return isinstance(let, Let) and let.primitive.name == "list_append"


def overwritten(x, n):
    y = x * 1.0
    total = 0.0
    for k in range(n):
        kept = []
        kept.append(y)
        y = y * 1.0
        y[0] = y[1] * y[2]
        total += np.sum(kept[0] * y) + np.sum(np.tanh(kept[0]))
    return total


def test_what_is_put_on_a_list_is_as_it_was():
    agrees(overwritten, np.linspace(0.2, 1.4, 9), 3, wrt="x")
