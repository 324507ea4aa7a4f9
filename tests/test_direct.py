"""Derivatives that are called by their address: what they find changed, they notice."""

from __future__ import annotations

import copy
import gc
import itertools
import pickle
import threading
import weakref

import numpy as np
import pytest

import adcompiler as ad
from adcompiler import repeated
from adcompiler.execute import vectorcall


def cubic(x):
    return x * x * x - 2.0 * x


def product(x, y):
    return x * x * y


class Number(float):
    @ad.differentiate(backend="llvm", wrt="z")
    def scaled(self, y, z=1.0):
        return 3.0 * y * y * z


def direct(monkeypatch, derived, *args, **words):
    """What a call gives that does not come by `__call__`."""
    derived(*args, **words)

    def by_method(*_, **__):
        raise AssertionError("the long way")

    with monkeypatch.context() as patch:
        patch.setattr(repeated.Repeated, "__call__", by_method)
        patch.setattr("adcompiler.differentiable.find_program", by_method)
        return derived(*args, **words)


@pytest.mark.skipif(vectorcall._found is None, reason="Python lies otherwise in memory")
def test_a_call_like_the_one_before_goes_by_the_address(monkeypatch):
    g = ad.value_and_grad(cubic, backend="llvm")
    assert direct(monkeypatch, g, 2.0) == (4.0, 10.0)
    both = ad.value_and_grad(product, backend="llvm")
    value, gradients = direct(monkeypatch, both, 2.0, 3.0)
    assert (value, gradients.x, gradients.y) == (12.0, 12.0, 4.0)
    assert repr(gradients) == "Gradients(x=12.0, y=4.0)"
    arrays = ad.grad(lambda x, y: (x * y).sum(), backend="llvm")
    found = direct(monkeypatch, arrays, np.ones(3), np.arange(3.0))
    np.testing.assert_array_equal(found, ([0.0, 1.0, 2.0], [1.0, 1.0, 1.0]))


def stepped(u, k, steps):
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def replaced(u, v, w):
    u[:] = v
    v[0] = 3.0
    return np.sum(u * v * w)


@pytest.mark.skipif(vectorcall._found is None, reason="Python lies otherwise in memory")
def test_what_stores_into_its_arguments_goes_by_the_address(monkeypatch):
    g = ad.value_and_grad(stepped, wrt=("u", "k"), backend="llvm")
    u = np.arange(6.0) ** 2
    value, (u_bar, k_bar) = direct(monkeypatch, g, u, 0.25, 3)
    np.testing.assert_array_equal(u, np.arange(6.0) ** 2)
    wanted = ad.value_and_grad(stepped, wrt=("u", "k"), backend="numpy")(u, 0.25, 3)
    assert type(value) is np.float64
    assert type(k_bar) is float
    np.testing.assert_allclose(value, wanted[0], rtol=1e-14)
    np.testing.assert_allclose(u_bar, wanted[1][0], rtol=1e-13)
    assert k_bar == pytest.approx(wanted[1][1], rel=1e-13)
    for steps in (0, 1, 2):
        found, wanted = (
            ad.grad(stepped, wrt=("u", "k"), backend=b)(u, 0.25, steps)
            for b in ("llvm", "numpy")
        )
        assert type(found[1]) is float
        np.testing.assert_allclose(found[0], wanted[0], rtol=1e-14)
        np.testing.assert_allclose(found[1], wanted[1], rtol=1e-14)


def test_memory_that_is_stored_to_is_looked_at():
    g = ad.grad(replaced, backend="llvm")
    memory = np.arange(1.0, 13.0)
    u, v, w = memory[:4], memory[4:8], memory[8:]
    for _ in range(2):
        found = g(u, v, w)
        np.testing.assert_array_equal(found.w, [15.0, 36.0, 49.0, 64.0])
    for overlapping in (
        (u, memory[3:7], w),
        (u, v, memory[7:11]),
        (memory[6:10], v, w),
    ):
        with pytest.raises(ad.UnsupportedError, match="overlaps"):
            g(*overlapping)
    np.testing.assert_array_equal(g(u, v, w).w, [15.0, 36.0, 49.0, 64.0])
    fixed = v.copy()
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        g(u, fixed, w)
    w.flags.writeable = False  # to which nothing is stored
    np.testing.assert_array_equal(g(u, v, w).w, [15.0, 36.0, 49.0, 64.0])
    empty = np.zeros(0)
    with pytest.raises(IndexError):
        g(empty, np.zeros(0), np.zeros(0))


def test_memory_that_is_stored_to_is_looked_at_where_arrays_are_given():
    g = ad.grad(stepped, wrt="u", backend="llvm")
    out, fixed = np.zeros(5), np.arange(5.0) ** 2
    wanted = ad.grad(stepped, wrt="u", backend="numpy")(fixed, 0.25, 2)
    for _ in range(3):
        g(fixed, 0.25, 2, out=out)
        np.testing.assert_allclose(out, wanted, rtol=1e-14)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        g(fixed, 0.25, 2, out=out)


@pytest.mark.skipif(vectorcall._found is None, reason="Python lies otherwise in memory")
def test_numbers_of_another_kind_are_made_by_machine_code(monkeypatch):
    def scaled(x, rate):
        return np.sum(x * x) * rate

    x = np.arange(3.0)
    g = ad.value_and_grad(scaled, backend="llvm")
    value, (x_bar, rate_bar) = direct(monkeypatch, g, x, 2.0)
    assert (type(value), type(rate_bar)) == (np.float64, float)
    assert (value, rate_bar) == (10.0, 5.0)
    np.testing.assert_array_equal(x_bar, 4.0 * x)
    single = x.astype(np.float32)
    value, (x_bar, rate_bar) = direct(monkeypatch, g, single, np.float32(2.0))
    assert (type(value), type(rate_bar)) == (np.float32, np.float32)
    assert x_bar.dtype == np.float32
    value, (x_bar, rate_bar) = direct(monkeypatch, g, single, 2.0)
    wanted = ad.value_and_grad(scaled, backend="numpy")(single, 2.0)
    assert (type(value), type(rate_bar)) == (type(wanted[0]), float)


def test_other_arguments_go_the_long_way():
    g = ad.grad(product, backend="llvm")
    arrays = ad.grad(lambda x, y: np.sum(x * x * y), backend="llvm")
    for _ in range(3):
        assert g(2.0, 3.0) == (12.0, 4.0)
        assert g(y=3.0, x=2.0) == (12.0, 4.0)
        assert type(g(np.float64(2.0), 3.0)[0]) is np.float64
        assert arrays(2.0, 3.0) == (12.0, 4.0)
        np.testing.assert_array_equal(arrays(np.ones(2), np.full(2, 3.0))[0], 6.0)
        np.testing.assert_array_equal(arrays(np.ones(4)[::2], np.full(2, 3.0))[0], 6.0)
        with pytest.raises(TypeError):
            g(2.0)
        with pytest.raises(TypeError):
            g(2.0, 3.0, 4.0)
        with pytest.raises(TypeError):
            g(2.0, z=3.0)


def test_new_callables_of_a_function_share_the_way(monkeypatch):
    f = ad.differentiate(cubic, backend="llvm")
    assert f.grad is f.grad
    assert f.grad(2.0) == 10.0
    g = pickle.loads(pickle.dumps(f.grad))
    assert g(2.0) == copy.deepcopy(f.grad)(2.0) == 10.0


def test_a_method_and_its_function_are_told_apart():
    number = Number(2.0)
    for _ in range(2):
        assert Number.scaled.grad(2.0, 4.0, 1.0) == 48.0
        assert number.scaled.grad(4.0, 1.0) == 48.0
        assert Number.scaled.grad(2.0, 5.0) == 75.0


def test_the_setting_is_looked_at(monkeypatch):
    monkeypatch.setenv("ADC_BACKEND", "llvm")
    g = ad.grad(cubic)
    assert g(2.0) == g(2.0) == 10.0
    monkeypatch.setenv("ADC_BACKEND", "nothing")
    with pytest.raises(ValueError, match="ADC_BACKEND"):
        g(2.0)
    monkeypatch.setenv("ADC_BACKEND", "numpy")
    assert g(2.0) == 10.0


def test_floating_point_errors_are_raised_where_numpy_is_asked_to():
    def reciprocal(x):
        return np.sum(1.0 / x)

    def quotient(x):
        return x / (x - x)

    g = ad.value_and_grad(reciprocal, backend="llvm")
    h = ad.value_and_grad(quotient, backend="llvm")
    zeros = np.zeros(2)
    for _ in range(2):
        with np.errstate(all="ignore"):
            assert g(zeros)[0] == np.inf
            assert np.isnan(h(np.float64(0.0))[0])
        with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
            g(zeros)
        with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
            h(np.float64(0.0))
        seen = []
        with np.errstate(divide="call", call=lambda *given: seen.append(given)):
            g(zeros)
        assert seen


RATE = 1.0


def by_rate(x):
    return RATE * x * x


def test_a_dict_that_changes_and_changes_back_is_looked_at(monkeypatch):
    g, other = ad.grad(by_rate, backend="llvm"), ad.grad(by_rate, wrt="x")
    for rate in (1.0, 2.0, 1.0, 3.0):
        monkeypatch.setitem(globals(), "RATE", rate)
        for k in range(3):
            monkeypatch.setitem(globals(), f"_UNREAD_{k}", k)
            monkeypatch.setenv(f"ADC_UNREAD_{k}", str(rate))
            assert g(3.0) == other(3.0) == 6.0 * rate
            assert g(3.0) == 6.0 * rate


def test_versions_of_dicts_are_not_trusted_where_there_are_none(monkeypatch):
    monkeypatch.setattr(vectorcall, "_has_versions", lambda: False)
    g = ad.grad(lambda x: RATE * x * x, backend="llvm")
    for rate in (1.0, 2.0):
        monkeypatch.setitem(globals(), "RATE", rate)
        assert g(3.0) == g(3.0) == 6.0 * rate


def machine(f, *args):
    derivative = ad.value_and_grad(f, backend="llvm").compile(*args)
    return derivative.built.machine(dense=True).text


def test_what_no_run_needs_is_not_set_up():
    text = machine(product, 2.0, 3.0).partition("i32 @product_value_and_grad_boxed")[2]
    for word in ("free_all", "errors", "memset", "frameaddress", "resume"):
        assert word not in text
    looped = machine(of_numbers, 2.0, 3).partition(
        "i32 @of_numbers_value_and_grad_boxed"
    )[2]
    assert "free_all" in looped
    assert "memset" not in looped
    # What NumPy computes, it may have been asked to raise on.
    for f in (lambda x: x * np.sin(x), lambda x: np.add(x, x)):
        assert "errors" in machine(f, 2.0).partition("_boxed")[2]
    assert "errors" in machine(product, np.float64(2.0), 3.0).partition("_boxed")[2]


def of_numbers(x, n):
    for _ in range(n):
        x = x * x
    return x


def test_results_are_new_objects():
    g = ad.grad(lambda x: np.sum(x * x), backend="llvm")
    x = np.ones(3)
    first, second = g(x), g(x)
    first[0] = 7.0
    np.testing.assert_array_equal(second, 2.0)
    assert x[0] == 1.0


def test_what_is_known_of_the_result_is_given():
    g = ad.jvp(lambda x: ("value", x * x, None), backend="llvm")
    assert g((3.0,), (1.0,)) == (("value", 9.0, None), (None, 6.0, None))
    h = ad.value_and_grad(lambda x: 3.0, backend="llvm")
    for _ in range(2):
        assert h(2.0) == (3.0, 0.0)


def test_nothing_is_kept_of_a_derivative():
    def local(x):
        return x * x

    g = ad.grad(local, backend="llvm")
    assert g(3.0) == g(3.0) == 6.0
    kept = weakref.ref(local)
    del g, local
    gc.collect()
    assert kept() is None


def test_threads_may_alternate():
    g = ad.grad(lambda x, y: (x * x * y * np.float64(1.0)).sum(), backend="llvm")
    faults = []

    def run(make, wanted):
        for _ in range(300):
            found = g(make(2.0), make(3.0))
            if not np.all(found[0] == wanted):
                faults.append(found)

    makes = (float, np.float64, np.float32, lambda v: np.full(3, v))
    threads = [threading.Thread(target=run, args=(m, 12.0)) for m in makes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def helper(x):
    return x * x


def doubled(x):
    return x + x


MODE = "single"


def of_names(x):
    total = 0.0
    for i in range(len(x)):
        total += helper(x[i])
    return total + np.sum(x) if MODE == "single" else 2.0 * total


@pytest.mark.skipif(vectorcall._found is None, reason="Python lies otherwise in memory")
def test_what_names_stand_for_is_looked_at_by_machine_code(monkeypatch):
    x = np.array([1.0, 2.0])
    g = ad.grad(of_names, backend="llvm")
    wanted = 2.0 * x + 1.0
    np.testing.assert_array_equal(direct(monkeypatch, g, x), wanted)
    names = of_names.__globals__
    with monkeypatch.context() as patch:  # another function
        patch.setitem(names, "helper", doubled)
        np.testing.assert_array_equal(g(x), [3.0, 3.0])
        np.testing.assert_array_equal(direct(monkeypatch, g, x), [3.0, 3.0])
    np.testing.assert_array_equal(g(x), wanted)
    with monkeypatch.context() as patch:  # the same with another body
        patch.setattr(helper, "__code__", doubled.__code__)
        np.testing.assert_array_equal(g(x), [3.0, 3.0])
    np.testing.assert_array_equal(g(x), wanted)
    with monkeypatch.context() as patch:  # a name of Python's own, hidden
        patch.setitem(names, "len", lambda x: 1)
        np.testing.assert_array_equal(g(x), [3.0, 1.0])
    np.testing.assert_array_equal(g(x), wanted)
    with monkeypatch.context() as patch:
        patch.delitem(names, "helper")
        with pytest.raises(NameError, match="helper"):
            g(x)
    np.testing.assert_array_equal(direct(monkeypatch, g, x), wanted)


def test_cells_are_looked_at(monkeypatch):
    def outer(mode, other):
        def f(x):
            return x * x if mode == "square" else other(x)

        def switch(name):
            nonlocal mode
            mode = name

        return f, switch

    f, switch = outer("square", doubled)
    g = ad.grad(f, backend="llvm")
    for _ in range(3):
        assert (g(3.0), switch("double")) == (6.0, None)
        assert (g(3.0), switch("square")) == (2.0, None)


def test_equal_values_may_take_the_place_of_others(monkeypatch):
    x = np.array([1.0, 2.0])
    g = ad.grad(of_names, backend="llvm")
    for _ in range(40):
        mode = "".join(["sin", "gle"])  # a new string each time
        monkeypatch.setitem(of_names.__globals__, "MODE", mode)
        np.testing.assert_array_equal(g(x), 2.0 * x + 1.0)
    monkeypatch.setitem(of_names.__globals__, "MODE", "double")
    np.testing.assert_array_equal(g(x), 4.0 * x)
    assert len(g._kept) <= 17


ROWS = np.arange(6.0).reshape(2, 3) + 1.0
BY_COLUMNS = np.asfortranarray(ROWS)
IN_GAPS = np.repeat(np.repeat(ROWS, 2, axis=0), 2, axis=1)[::2, ::2]


def stored_through_a_view_or_a_copy(x):
    y = x.T * 2.0
    z = y.reshape(-1)
    z[1] = 5.0
    return np.sum(y * y) + np.sum(z)


@pytest.mark.parametrize(
    "order", list(itertools.permutations((ROWS, BY_COLUMNS, IN_GAPS))), ids=range(6)
)
def test_an_array_that_lies_otherwise_has_a_program_of_its_own(order):
    g = ad.value_and_grad(stored_through_a_view_or_a_copy, backend="llvm")
    served = 0
    for x in (*order, *order, *order[::-1]):
        try:
            value, _ = g(x)
        except ad.UnsupportedError:
            continue
        served += 1
        assert value == pytest.approx(stored_through_a_view_or_a_copy(x), rel=1e-13)
    assert served >= 3


def test_a_captured_array_that_lies_otherwise(monkeypatch):
    def f(x):
        y = TABLE.T * x
        z = y.reshape(-1)
        z[1] = 5.0
        return np.sum(y * y) + np.sum(z)

    g = ad.value_and_grad(f, backend="llvm")
    for table in (BY_COLUMNS, ROWS, BY_COLUMNS, ROWS):
        monkeypatch.setitem(globals(), "TABLE", table)
        for _ in range(2):
            try:
                value, _ = g(2.0)
            except ad.UnsupportedError:
                continue
            assert value == pytest.approx(f(2.0), rel=1e-13)


TABLE = ROWS


def test_gradients_that_are_held_stay():
    """An object that nobody holds is given again, with other numbers."""
    g = ad.value_and_grad(product, backend="llvm")
    kept = [g(x, 3.0)[1] for x in (1.0, 2.0, 4.0)]
    assert kept == [(6.0, 1.0), (12.0, 4.0), (24.0, 16.0)]
    assert len(set(map(id, kept))) == 3
    held = g(5.0, 3.0)
    numbers = list(held[1])
    del held
    for x in (6.0, 7.0):
        assert g(x, 3.0)[1] == (6.0 * x, x * x)
    assert numbers == [30.0, 25.0]
    assert [x for x, _ in (g(k, 1.0)[1] for k in (1.0, 2.0))] == [2.0, 4.0]
    gc.collect()
    assert kept == [(6.0, 1.0), (12.0, 4.0), (24.0, 16.0)]
    other = ad.value_and_grad(product, backend="llvm")
    assert other(1.0, 1.0)[1] is not g(2.0, 2.0)[1]
