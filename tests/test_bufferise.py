"""Stores in place: what may share memory, which copies are made, and that no more are
needed. The random functions go through the whole way to emitted source."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from adcompiler.emit.numpy_source import emit
from adcompiler.errors import InternalError
from adcompiler.execute.numpy_backend import load
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Function, Region, fresh_var
from adcompiler.ir.types import PY_INT, ListOf
from adcompiler.ir.verifier import verify
from adcompiler.lowering.bufferise import bufferise, check_buffers
from adcompiler.lowering.naming import name_values
from tests.structured import (
    REVERSED,
    ROW,
    arguments,
    body_of,
    counted,
    evaluate,
    random_function,
)

ARGS = ("x", "y", "s", "n")


def source_of(function: Function, names=ARGS) -> str:
    return emit(name_values(bufferise(function), arg_names=names), name="f").text


def check(seed: int) -> None:
    function = random_function(seed)
    verify(function, stage="random")
    lowered = bufferise(function)
    verify(lowered, stage="bufferise")
    check_buffers(lowered)
    source = emit(name_values(lowered, arg_names=ARGS), name="f")
    call = load(source, "f", "random")
    for case in range(3):
        given = arguments(case)
        before = arguments(case)
        expected = evaluate(function, given)
        found = call(*given)
        found = found if isinstance(found, tuple) else (found,)
        for e, f in zip(expected, found, strict=True):
            np.testing.assert_array_equal(f, e, err_msg=source.text)
        for g, b in zip(given, before, strict=True):
            np.testing.assert_array_equal(g, b, err_msg=source.text)
        arrays = [v for v in (*given, *found) if isinstance(v, np.ndarray)]
        for a, b in itertools.combinations(arrays, 2):
            assert not np.shares_memory(a, b), source.text


@pytest.mark.parametrize("seed", range(150))
def test_in_place_is_as_functional(seed):
    check(seed)


@pytest.mark.long
def test_in_place_is_as_functional_at_length():
    for seed in range(1000, 6000):
        check(seed)


# --- copies that are made, and those that are not ------------------------------------


def text(build) -> str:
    """The source of what `build` gives, without its signature."""
    return body_of(source_of(*build))


def test_a_stored_argument_is_copied_once():
    x, b = fresh_var(ROW, "x"), Builder()
    y = b.apply("store", x, constant(1.0), constant(0), index=("int",), hint="x")
    y = b.apply("store", y, constant(2.0), constant(1), index=("int",), hint="x")
    assert text((Function("f", b.region((x,), (y,))), ("x",))) == [
        "x = x.copy()",
        "x[0] = 1.0",
        "x[1] = 2.0",
        "return x",
    ]


def test_a_stored_carried_array_is_copied_at_entry():
    x, n, b = fresh_var(ROW, "x"), fresh_var(PY_INT, "n"), Builder()
    i, p, body = fresh_var(PY_INT, "i"), fresh_var(ROW, "x"), Builder()
    q = body.apply("store", p, constant(0.5), i, index=("int",), hint="x")
    r = fresh_var(ROW, "x")
    loop = counted(n, (r,), (x,), body.region((i, p), (q,)))
    function = Function("f", Region((x, n), (loop,), (r,)))
    assert text((function, ("x", "n"))) == [
        "x = x.copy()",
        "for i in range(n):",
        "    x[i] = 0.5",
        "return x",
    ]


def test_a_swap_of_buffers_copies_nothing():
    u0, n, b = fresh_var(ROW, "u0"), fresh_var(PY_INT, "n"), Builder()
    v0 = b.apply("zeros_like", u0, dtype=None, hint="v")
    i, u, v = fresh_var(PY_INT, "i"), fresh_var(ROW, "u"), fresh_var(ROW, "v")
    body = Builder()
    item = body.apply("load", u, i, index=("int",))
    w = body.apply("store", v, item, i, index=("int",), hint="v")
    results = fresh_var(ROW, "u"), fresh_var(ROW, "v")
    b.append(counted(n, results, (u0, v0), body.region((i, u, v), (w, u))))
    function = Function("f", b.region((u0, n), (results[0],)))
    assert text((function, ("u0", "n"))) == [
        "v = np.zeros_like(u0)",
        "u = u0.copy()",
        "for i in range(n):",
        "    v[i] = u[i]",
        "    u, v = v, u",
        "return u",
    ]


def test_a_new_array_at_each_trip_is_not_copied():
    x, n = fresh_var(ROW, "x"), fresh_var(PY_INT, "n")
    i, p, body = fresh_var(PY_INT, "i"), fresh_var(ROW, "x"), Builder()
    new = body.apply("zeros_like", p, dtype=None, hint="new")
    item = body.apply("load", p, i, index=("int",))
    new = body.apply("store", new, item, i, index=("int",), hint="new")
    r = fresh_var(ROW, "x")
    loop = counted(n, (r,), (x,), body.region((i, p), (new,)))
    b = Builder([loop])
    total = b.apply("sum", r, axis=None, keepdims=False)
    assert text((Function("f", b.region((x, n), (total,))), ("x", "n"))) == [
        "for i in range(n):",
        "    new = np.zeros_like(x)",
        "    new[i] = x[i]",
        "    x = new",
        "return np.sum(x)",
    ]


def test_a_view_that_outlives_a_write_is_copied_where_it_is_made():
    x, b = fresh_var(ROW, "x"), Builder()
    y = b.apply("copy", x, hint="y")
    v = b.apply("load", y, constant(-1), index=(REVERSED,), known=ROW, hint="v")
    y = b.apply("store", y, constant(1.0), constant(0), index=("int",), hint="y")
    z = b.apply("add", y, v)
    assert text((Function("f", b.region((x,), (z,))), ("x",))) == [
        "y = x.copy()",
        "v = y[::-1].copy()",
        "y[0] = 1.0",
        "return y + v",
    ]


def test_what_is_recorded_and_then_stored_to_is_copied_when_recorded():
    x, n, b = fresh_var(ROW, "x"), fresh_var(PY_INT, "n"), Builder()
    kind = ListOf(ROW)
    empty = b.apply("list_new", element=ROW, hint="tape")
    i, p, t = fresh_var(PY_INT, "i"), fresh_var(ROW, "x"), fresh_var(kind, "tape")
    body = Builder()
    kept = body.apply("list_append", t, p, hint="tape")
    q = body.apply("store", p, constant(0.5), i, index=("int",), hint="x")
    r, full = fresh_var(ROW, "x"), fresh_var(kind, "tape")
    b.append(counted(n, (r, full), (x, empty), body.region((i, p, t), (q, kept))))
    saved, _ = b.apply_all("list_pop", full, hint="saved")
    total = b.apply("add", r, saved)
    assert text((Function("f", b.region((x, n), (total,))), ("x", "n"))) == [
        "tape = []",
        "x = x.copy()",
        "for i in range(n):",
        "    tape.append(x.copy())",
        "    x[i] = 0.5",
        "saved = tape.pop()",
        "return x + saved",
    ]


def test_cotangents_are_summed_in_place():
    x, n, b = fresh_var(ROW, "x"), fresh_var(PY_INT, "n"), Builder()
    zero = b.apply("zeros_like", x, dtype=None, hint="x_bar")
    i, p = fresh_var(PY_INT, "i"), fresh_var(ROW, "x_bar")
    body = Builder(role="adjoint")
    q = body.apply("add", p, body.apply("multiply", x, i), hint="x_bar")
    r = fresh_var(ROW, "x_bar")
    b.append(counted(n, (r,), (zero,), body.region((i, p), (q,))))
    assert text((Function("f", b.region((x, n), (r,))), ("x", "n"))) == [
        "x_bar = np.zeros_like(x)",
        "for i in range(n):",
        "    x_bar += x * i",
        "return x_bar",
    ]


def test_a_cotangent_still_needed_is_not_changed():
    x, y_bar, b = fresh_var(ROW, "x"), fresh_var(ROW, "y_bar"), Builder(role="adjoint")
    x_bar = b.apply("add", y_bar, x, hint="x_bar")
    function = Function("f", b.region((x, y_bar), (x_bar,)))
    assert text((function, ("x", "y_bar"))) == ["x_bar = y_bar + x", "return x_bar"]


def test_results_share_no_memory():
    x, b = fresh_var(ROW, "x"), Builder()
    y = b.apply("sin", x, via="np", hint="y")
    assert text((Function("f", b.region((x,), (x, y, y))), ("x",))) == [
        "y = np.sin(x)",
        "return x.copy(), y, y.copy()",
    ]


def test_a_store_in_place_that_needs_a_copy_is_found():
    x, b = fresh_var(ROW, "x"), Builder()
    y = b.apply("store", x, constant(1.0), constant(0), index=("int",))
    with pytest.raises(InternalError, match="needs a copy of operand 0 of store"):
        check_buffers(Function("f", b.region((x,), (y,))))


def test_the_text_does_not_depend_on_what_was_compiled_before():
    first = source_of(random_function(5))
    for _ in range(7):
        fresh_var(ROW)
    assert source_of(random_function(5)) == first


def test_a_sum_over_nothing_is_its_operand():
    x, y, b = fresh_var(ROW, "x"), fresh_var(ROW, "y"), Builder()
    g = b.apply("sum_to", y, x, hint="g")
    assert text((Function("f", b.region((x, y), (g,))), ("x", "y"))) == [
        "g = y",
        "return g.copy()",
    ]
