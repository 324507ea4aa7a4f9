"""`explain`: lines beside adjoints, bytes that are right, reasons that are true."""

from __future__ import annotations

import ast
import math

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.differentiable import Derived
from tests import numerics
from tests.programs import PROGRAMS, checks


def horner(c, x):
    y = 0.0
    for k in range(len(c)):
        y = y * x + c[k]
    return y


def heat(u, k, steps):
    for _ in range(steps):
        laplacian = u[2:] - 2.0 * u[1:-1] + u[:-2]
        u[1:-1] += k * laplacian
    return np.sum(u * u)


def regression(w, x, y):
    residual = x @ w - y
    return np.mean(residual**2)


def until(x):
    """A docstring,
    of two lines."""
    while x < 10.0:
        x = x * x + 0.5

        # a comment
    return x


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def recursive(x, n):
    return power(x, n)


def kept(function, *args, wrt=None):
    found = ad.differentiate(function, wrt=wrt).explain(*args).kept
    return {k.name: k for k in found}


@pytest.mark.parametrize("n", [0, 1, 7])
def test_tapes_are_counted(n):
    (tape,) = kept(horner, np.linspace(1, 2, n), 0.5).values()
    assert (tape.name, tape.recorded, tape.bytes) == ("y_tape", True, 8 * n)
    assert tape.reasons[0][1] == "x_bar += y_bar * y"


@pytest.mark.parametrize("steps", [0, 3])
def test_arrays_on_tapes_are_counted(steps):
    found = kept(heat, np.linspace(0, 1, 10), 0.1, steps)
    assert found["laplacian_tape"].bytes == steps * 8 * 8
    assert found["u"].bytes == 80  # a copy, as the function stores to it
    assert "copy of the argument" in found["u"].what


def test_trips_of_a_while_loop_are_recorded_until_it_ends():
    (tape,) = kept(until, 1.2).values()
    trips, x = 0, 1.2
    while x < 10.0:
        x, trips = x * x + 0.5, trips + 1
    assert tape.bytes == 8 * trips


def test_what_is_kept_is_told_from_what_was_passed():
    w, x, y = np.ones(3), np.ones((5, 3)), np.ones(5)
    found = ad.differentiate(regression, wrt="w").explain(w, x, y)
    (residual,) = found.kept
    assert (residual.name, residual.bytes, found.bytes) == ("residual", 40, 40)
    assert found.free == ("x", "y")
    assert residual.lines == (regression.__code__.co_firstlineno + 1,)
    last = regression.__code__.co_firstlineno + 2
    assert residual.reasons == ((last, "residual_bar = 2.0 * residual / y.size"),)


def test_float32_takes_half():
    args = (np.ones(3), np.ones((5, 3)), np.ones(5))
    args = tuple(a.astype(np.float32) for a in args)
    assert ad.differentiate(regression, wrt="w").explain(*args).bytes == 20


def test_views_of_arguments_take_nothing():
    def part(x):
        y = x[1:]
        return np.sum(y * y)

    assert ad.differentiate(part).explain(np.ones(4)).bytes == 0


def test_what_calls_keep_is_counted():
    found = kept(recursive, 1.5, 4, wrt="x")
    assert found["power_residuals"].bytes > 4 * 8


def test_nothing_kept():
    text = repr(ad.differentiate(lambda x: 3.0 * x).explain(2.0))
    assert "Nothing is kept" in text


def test_lines_stand_beside_their_adjoints():
    (section,) = ad.differentiate(until).explain(1.2).sections
    first = until.__code__.co_firstlineno
    rows = {row.lineno - first: row for row in section.rows}
    assert list(rows) == [0, 3, 4, 6, 7]  # neither docstring nor blank lines
    assert rows[0].adjoint == ("def until_grad(x):",)
    loop = "    for x in reversed(x_tape):"
    assert rows[3].adjoint == ("    x_bar = 1.0", loop)
    assert rows[4].adjoint == ("        x_bar = 2 * x_bar * x",)
    assert rows[3].marked and not rows[4].marked


def test_helpers_have_sections_of_their_own():
    def half(x):
        return 0.5 * math.sin(x)

    def f(x):
        return half(x) * half(2.0 * x)

    first, second = ad.differentiate(f).explain(1.0).sections
    assert first.rows[0].source == "def f(x):"
    assert second.rows[0].source == "def half(x):"
    assert second.rows[1].adjoint


def test_the_caller_s_data_stay_as_they_are():
    u = np.linspace(0, 1, 10)
    before = u.copy()
    ad.differentiate(heat).explain(u, 0.1, 3)
    assert np.array_equal(u, before)


def test_errors_are_those_of_the_gradient():
    with pytest.raises(ad.UnsupportedError, match="needs a scalar"):
        ad.differentiate(lambda x: 2.0 * x).explain(np.ones(3))
    with pytest.raises(TypeError, match="missing"):
        ad.differentiate(horner).explain()
    with pytest.raises(ValueError, match="operands could not be broadcast"):
        ad.differentiate(regression).explain(np.ones(3), np.ones((4, 3)), np.ones(2))


def test_methods():
    class Model:
        def __init__(self, scale):
            self.scale = scale

        @ad.differentiate
        def loss(self, x):
            y = np.exp(self.scale * x)
            return np.sum(y * y)

    assert Model(2.0).loss.explain(np.ones(3)).bytes == 24


def test_rules_of_users_stand_beside_the_line_that_calls():
    @ad.custom_vjp
    def doubled(x):
        return 2.0 * x

    def backward(x, g):
        out = np.zeros_like(g)
        first = g[0] / (1.0 + x[0])
        for i in range(len(g)):
            out[i] = first + g[i] / (1.0 + x[i])
        return (out,)

    doubled.defvjp(lambda x: (2.0 * x, np.exp(x)), backward)
    found = ad.differentiate(lambda x: np.sum(doubled(x) ** 2)).explain(np.ones(3))
    shown = [t.strip() for s in found.sections for r in s.rows for t in r.adjoint]
    assert any(t.startswith("out[i] = ") for t in shown)
    assert any("/ (1.0 + exp_x[0])" in t for t in shown)
    assert [k.bytes for k in found.kept] == [24]


def smooth(x, steps):
    y = x.copy()
    for _ in range(steps):
        y = np.sin(y) * x
    return 2.0 * y


def test_a_pullback_is_given_what_is_kept():
    x = np.ones(3)
    found = ad.vjp(smooth).explain(x, 4)
    sizes = {k.name: (k.bytes, k.recorded) for k in found.kept}
    assert sizes == {"y_tape": (4 * 24, True), "x": (24, False)}
    assert found.title == "The pullback of smooth, line by line"
    assert "def smooth_pullback" in str(found)
    assert found._repr_html_().count("y_bar = y_bar * x * np.cos(y)") == 3


def test_the_value_is_no_reason_of_its_own():
    args = np.ones(5), 0.3
    both = ad.value_and_grad(horner).explain(*args)
    alone = ad.grad(horner).explain(*args)
    assert both.bytes == alone.bytes
    assert both.title == "The value and gradient of horner, line by line"


def test_tangents_stand_beside_their_lines():
    x = np.ones(3)
    found = ad.jvp(smooth).explain((x, 4), (x, None))
    (section,) = found.sections
    beside = {row.source.strip(): row.adjoint for row in section.rows}
    assert "y_dot = x_dot.copy()" in beside["y = x.copy()"][0]
    assert found.kept == ()
    text = str(found)
    assert "| tangent" in text
    assert "adjoint" not in text
    assert ">tangent<" in found._repr_html_()


def test_the_tangent_of_a_gradient():
    w, x, y = np.ones(2), np.eye(3)[:, :2], np.ones(3)
    found = ad.jvp(ad.grad(regression, wrt="w"), wrt="w").explain(
        (w, x, y), (w, None, None)
    )
    assert found.title == "The tangent of regression_grad, line by line"
    assert "w_bar_dot = " in str(found)


def test_html_is_escaped():
    def f(x):
        return x * x if x < 3.0 else np.sum(np.array([x, x])) * (x > 1.0)

    html = ad.differentiate(f).explain(1.0)._repr_html_()
    assert "&lt; 3.0" in html
    assert "< 3.0" not in html
    assert "<script" not in html


ROWS = [r for r in PROGRAMS.values() if not r.refused and not r.raises][::12]


@pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in ROWS])
def test_of_the_corpus_no_line_is_missing(row):
    f, args = checks.compiled(row.fn, row.wrt), row.args()
    if numerics.flatten(row.fn(*row.args())).size != 1:
        pytest.skip("a gradient needs a scalar")
    found = checks.quietly(f.explain, *args)
    source = checks.quietly(Derived("grad", f).compile, *args).source
    rows = [r for section in found.sections for r in section.rows]
    shown = {line for r in rows for line in r.adjoint}
    for text, place in zip(source.text.splitlines(), source.places, strict=True):
        if place is not None and place[2].startswith("adjoint"):
            assert text in shown
    lines = repr(found).splitlines()
    assert all(len(line) <= 100 for line in lines)
    assert all(k.reasons and k.lines for k in found.kept)
    names = {n.id for n in ast.walk(ast.parse(source.text)) if isinstance(n, ast.Name)}
    assert names.issuperset(k.name for k in found.kept)


# Kept for a length alone, which turns out to be that of another array.
SPARE = pytest.mark.xfail(strict=True, reason="x is kept, and read by no line")
SPARED = ("repeated_indices", "repeated_rows_times_one")
EVERY_THIRD = [
    pytest.param(r, id=r.name, marks=SPARE if r.name.endswith(SPARED) else ())
    for r in ROWS[::3]
]


@pytest.mark.parametrize("row", EVERY_THIRD)
def test_of_the_corpus_pullbacks_and_tangents_are_explained(row):
    f, args = checks.compiled(row.fn, row.wrt), row.args()
    pullback = checks.quietly(f.vjp.explain, *args)
    program = checks.quietly(Derived("vjp", f).compile, *row.args())
    names = {a.arg for n in ast.walk(ast.parse(program.pullback.text))
             if isinstance(n, ast.arguments) for a in n.args}  # fmt: skip
    assert names.issuperset(k.name for k in pullback.kept)
    assert all(k.reasons for k in pullback.kept)
    wrt = numerics.wrt_positions(row.fn, args, row.wrt)
    ones = tuple(numerics.unflatten(np.ones(numerics.flatten(args[k]).size), args[k])
                 for k in wrt)  # fmt: skip
    tangents = checks.spread(ones, wrt, len(args))
    found = checks.quietly(f.jvp.explain, row.args(), tangents)
    assert found.kept == ()
    assert all(len(line) <= 100 for line in repr(found).splitlines())


# --- Bytes as expressions, and machine code -----------------------------------------


def sums_of_rows(a, n):
    s = 0.0
    for i in range(1, n):
        row = a[i] * s
        s = s + np.sin(np.sum(row * row)) + s * s
    return s


def evaluated(found, **values):
    names = {"len": len, "range": range, **values}
    return {k.name: (eval(k.formula, names), k.bytes) for k in found.kept if k.formula}


@pytest.mark.parametrize("n", [1, 2, 5])
def test_bytes_are_expressions_over_the_arguments(n):
    a = np.ones((5, 3))
    found = ad.differentiate(sums_of_rows).explain(a, n)
    assert found.kept[0].formula == "8 * (n - 1)"
    for told, measured in evaluated(found, a=a, n=n).values():
        assert told == measured
    u = np.zeros(10)
    found = ad.differentiate(heat, wrt=("u", "k")).explain(u, 0.1, n)
    assert {k.name: k.formula for k in found.kept} == {
        "laplacian_tape": "8 * (len(u) - 2) * steps",
        "u": "8 * len(u)",
    }
    assert evaluated(found, u=u, n=n, steps=n)["u"] == (80, 80)


def test_what_arguments_do_not_tell_has_no_expression():
    (tape,) = ad.differentiate(until).explain(1.5).kept
    assert tape.formula is None


def fused(w, x):
    y = np.tanh(w * x)
    z = y * y
    return np.sum(z) + np.linalg.det(np.outer(w, x) + np.eye(len(w)))


def test_lines_that_are_one_loop():
    found = ad.differentiate(fused, backend="llvm").explain(np.ones(4), np.ones(4))
    code, first = found.machine, fused.__code__.co_firstlineno
    together = [one for one in code.loops if ("primal", first + 1) in one.lines]
    assert together[0].over == ("len(w)",)
    shared = {line for one in code.loops for line in one.lines if len(one.lines) > 1}
    assert ("primal", first + 1) in shared
    assert ("adjoint", first + 2) in shared
    text = str(found)
    assert "In machine code, for arrays in C order, on this processor:" in text
    assert "a loop over len(w), " in text
    assert "In machine code" in found._repr_html_()
    assert (
        ad.differentiate(fused, backend="numpy").explain(*(np.ones(4),) * 2).machine
        is None
    )


def test_how_many_numbers_are_taken_at_a_time():
    """As LLVM leaves it; what looks back at what it has just computed has no choice."""

    def plain(x):
        return np.sum(x * x)

    def serial(x):
        y = np.cumsum(x)
        return y[-1]

    found = ad.differentiate(plain, backend="llvm").explain(np.ones(9)).machine
    assert all(one.at_a_time > 1 for one in found.loops)
    found = ad.differentiate(serial, backend="llvm").explain(np.ones(9))
    assert "one number" in str(found) or not found.machine.loops


def test_what_is_called():
    def f(a):
        return np.sum(np.linalg.svd(a, compute_uv=False)) + np.sum(a @ a)

    found = ad.differentiate(f, backend="llvm").explain(np.eye(3)).machine
    whats = {called.what for called in found.called}
    assert any(what.startswith("NumPy's svd") for what in whats)
    line = f.__code__.co_firstlineno + 1
    assert all(called.line[1] == line for called in found.called)


def test_what_has_no_machine_code():
    def f(x):
        print("x")
        return x * x

    found = ad.differentiate(f, backend="llvm").explain(2.0)
    assert "There is no machine code, the NumPy program runs" in str(found)
