"""Machine code that knows the lengths of small arrays."""

from __future__ import annotations

import numpy as np
import pytest

import adcompiler as ad
from adcompiler import programs
from adcompiler.cache.directory import directory
from adcompiler.settings import current
from tests.numerics import flatten


def filtered(F, x, zs):
    total = 0.0
    for z in zs:
        x = np.tanh(F @ x) + z
        total += np.sum(x * x)
    return total


def stepped(u, steps):
    """A stencil, in place."""
    for _ in range(steps):
        u[1:-1] += 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def summed(x):
    return np.sum(np.sin(x) * x)


def by_items(x, y):
    """Whose elements are looked at one by one."""
    total = 0.0
    for i in range(len(x)):
        total += x[i] * y[i] ** 2
    return total


def counted(x, steps):
    """Whose length is part of what it gives."""
    for _ in range(steps):
        x = x * np.sum(x) / len(x)
    return np.sum(x), len(x)


def arguments(n, steps=6):
    rng = np.random.default_rng(n)
    F, x = rng.normal(size=(n, n)), rng.normal(size=n)
    return F, x, rng.normal(size=(steps, n))


def compiled(function, *, wrt=None):
    """The derivative, and a way to see what its programs know."""
    found = ad.value_and_grad(function, wrt=wrt, backend="llvm")

    def known():
        lists = found.base._shared.programs._programs.values()
        return [dict(p.small) for held in lists for p in held]

    return found, known


def agree(found, function, args, wrt=None):
    def fresh():
        return [a.copy() if isinstance(a, np.ndarray) else a for a in args]

    wanted = ad.value_and_grad(function, wrt=wrt, backend="numpy")(*fresh())
    np.testing.assert_allclose(flatten(found(*fresh())), flatten(wanted), rtol=1e-10)


def test_lengths_that_loops_compute_with_are_known():
    g, known = compiled(filtered)
    agree(g, filtered, arguments(3))
    assert known() == [{(0, 0): 3, (0, 1): 3, (1, 0): 3, (2, 1): 3}]
    agree(g, filtered, arguments(3, steps=50))  # how often a loop runs is not
    assert len(known()) == 1


def test_lengths_that_change_are_known_no_more():
    g, known = compiled(filtered)
    for n in (3, 4, 3, 5, 4, 3, 2, 1, 20, 40):
        agree(g, filtered, arguments(n))
    many = [lengths for lengths in known() if lengths]
    assert [lengths[0, 0] for lengths in many] == [4, 3]
    # Lengths of one are another program, to which they are known in any case.
    assert len(known()) == 4


@pytest.mark.parametrize("n", [3, 4, 64, 65])
def test_stencils(n):
    g, known = compiled(stepped, wrt="u")
    agree(g, stepped, (np.linspace(0.0, 1.0, n) ** 2, 5), wrt="u")
    assert known() == [{(0, 0): n} if n <= programs.SMALL else {}]


def test_where_arrays_are_large_no_length_is_known():
    g, known = compiled(filtered)
    agree(g, filtered, arguments(33))
    assert known() == [{}]


@pytest.mark.parametrize(
    ("function", "args"),
    [(summed, (np.ones(3),)), (by_items, (np.ones(3), np.arange(3.0)))],
)
def test_lengths_that_no_loop_computes_with_are_not_known(function, args):
    g, known = compiled(function)
    agree(g, function, args)
    assert known() == [{}]


def test_what_a_caller_sees_is_the_same():
    found = ad.differentiate(counted, wrt="x", backend="llvm")
    x = np.ones(3)
    ((total, n), (dot, none)) = found.jvp((x, 2), (np.ones(3), None))
    plain = ad.differentiate(counted, wrt="x", backend="numpy")
    assert ((total, n), (dot, none)) == plain.jvp((x, 2), (np.ones(3), None))
    assert found.source(x, 2, of="tangent") == plain.source(x, 2, of="tangent")


def test_the_text_serves_arrays_of_any_length():
    g, _ = compiled(filtered)
    agree(g, filtered, arguments(3))
    long = ad.differentiate(filtered, backend="llvm").source(*arguments(70))
    assert ad.differentiate(filtered, backend="llvm").source(*arguments(3)) == long


def test_errors_are_those_of_numpy():
    g, _ = compiled(filtered)
    F, x, zs = arguments(3)
    g(F, x, zs)
    for bad in ((F, x, zs[:, :2]), (F[:, :2], x, zs), (F[:2], x, zs)):
        with pytest.raises(ValueError) as wanted:  # noqa: PT011 - compared
            filtered(*bad)
        with pytest.raises(ValueError) as found:  # noqa: PT011 - compared
            ad.value_and_grad(filtered, backend="llvm")(*bad)
        assert str(found.value) == str(wanted.value)
    agree(g, filtered, arguments(3))


def test_kept_code_is_that_of_its_lengths(tmp_path, monkeypatch):
    monkeypatch.setenv("ADC_CACHE", "1")
    monkeypatch.setenv("ADC_CACHE_DIR", str(tmp_path / "cache"))
    lowered = []
    real = programs._lowered

    def counting(*args, **kwargs):
        lowered.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(programs, "_lowered", counting)
    assert directory(current()) is not None
    for n in (3, 4):
        agree(compiled(filtered)[0], filtered, arguments(n))
    count = len(lowered)
    for n in (4, 3):
        g, known = compiled(filtered)
        g(*arguments(n))
        assert known()[0][0, 0] == n
    assert len(lowered) == count
    g, known = compiled(filtered)
    for n in (3, 4, 5, 3):
        agree(g, filtered, arguments(n))
    assert known()[0] == {}


def shortened(x, a):
    """Whose lengths fit in the first trip alone, unless the second array has one."""
    y = x * a
    for _ in range(3):
        y = y[1:] + y[:-1] * a if len(y) > 1 else y * y
    return np.sum(y)


def test_lengths_that_never_meet_raise():
    call = ad.value_and_grad(shortened, wrt="x", backend="llvm")
    for n, m in ((5, 5), (1, 5)):
        with pytest.raises(ValueError, match=r"shapes \(4,\) \(5,\)"):
            call(np.ones(n), np.ones(m))
    assert call(np.ones(5), np.ones(1))[0] == 16.0
