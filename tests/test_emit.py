"""Statements as written: control flow and exits, precedence, comments, long lines; and
the functions that the text becomes."""

from __future__ import annotations

import gc
import linecache
import math
import traceback

import numpy as np
import pytest

from adcompiler.emit.numpy.layout import wrap
from adcompiler.emit.numpy_source import Source, emit
from adcompiler.errors import Span
from adcompiler.execute.numpy_backend import load
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import For, Function, If, Range, Region, While, fresh_var
from adcompiler.ir.types import PY_BOOL, PY_FLOAT, PY_INT, Array, fresh_dim
from adcompiler.lowering.naming import name_values
from tests.structured import ROW, body_of


def source_of(region: Region, *names: str, doc: str | None = None) -> Source:
    named = name_values(Function("f", region), arg_names=names)
    return emit(named, name="f", doc=doc)


def text(region: Region, *names: str) -> list[str]:
    return body_of(source_of(region, *names).text)


def number(name: str | None = None):
    return fresh_var(PY_FLOAT, name)


def whole(name: str | None = None):
    return fresh_var(PY_INT, name)


# --- expressions --------------------------------------------------------------------


def test_parentheses_follow_precedence():
    x, y, b = number("x"), number("y"), Builder()
    e, f = b.expr(x), b.expr(y)
    cases = [
        ((e + f) * e, "(x + y) * x"),
        (e - (f - e), "x - (y - x)"),
        (-(e * f), "-(x * y)"),
        ((-e).call("power", 2.0), "(-x) ** 2.0"),
        (e.call("power", -2.0), "x ** -2.0"),
        (e.call("divide", f * e), "x / (y * x)"),
    ]
    for case, expected in cases:
        assert text(Region((x, y), _only(b, case), (case.atom,)), "x", "y") == [
            f"return {expected}"
        ]


def _only(builder: Builder, expr):
    """The statements that an expression takes."""
    wanted, found = {expr.atom}, []
    for stmt in reversed(builder.stmts):
        if stmt.result in wanted:
            wanted.update(stmt.operands)
            found.append(stmt)
    return tuple(reversed(found))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, "2"),
        (-1.5, "-1.5"),
        (math.inf, "math.inf"),
        (-math.inf, "-math.inf"),
        (math.nan, "math.nan"),
        (True, "True"),
        (np.float32(0.5), "np.float32(0.5)"),
        (np.float64(np.inf), 'np.float64("inf")'),
        (np.bool_(True), "np.True_"),
        (np.int64(-3), "np.int64(-3)"),
    ],
)
def test_numbers(value, expected):
    source = source_of(Region((), (), (constant(value),)))
    assert body_of(source.text) == [f"return {expected}"]
    found = load(source, "f")()
    assert type(found) is type(value)
    np.testing.assert_equal(found, value)


# --- branches -----------------------------------------------------------------------


def branch(results, cond, then, orelse):
    return If(results, cond, then, orelse)


def test_elif():
    x, b = number("x"), Builder()
    y, z, other = number("y"), number("y"), Builder()
    c = b.apply("greater", x, constant(0.0))
    d = other.apply("less", x, constant(0.0))
    low, high = Region((), (), (constant(-1.0),)), Region((), (), (constant(1.0),))
    other.append(If((z,), d, low, Region((), (), (constant(0.0),))))
    b.append(If((y,), c, high, other.region((), (z,))))
    assert text(b.region((x,), (y,)), "x") == [
        "if x > 0.0:",
        "    y = 1.0",
        "elif x < 0.0:",
        "    y = -1.0",
        "else:",
        "    y = 0.0",
        "return y",
    ]


def test_what_follows_an_arm_that_raises_is_not_nested():
    x, b, wrong, rest = number("x"), Builder(), Builder(), Builder()
    c = b.apply("less", x, constant(0.0))
    wrong.apply_all("raise", exception="ValueError", template="negative")
    y, r = rest.apply("sqrt", x, via="math", hint="y"), number("y")
    raising = Region((), tuple(wrong.stmts), (), False)
    b.append(If((r,), c, raising, rest.region((), (y,))))
    z = b.apply("add", r, constant(1.0), hint="z")
    assert text(b.region((x,), (z,)), "x") == [
        "if x < 0.0:",
        '    raise ValueError("negative")',
        "y = math.sqrt(x)",
        "z = y + 1.0",
        "return z",
    ]


def test_early_returns():
    x, b, rest, r = number("x"), Builder(), Builder(), number()
    c = b.apply("less", x, constant(0.0))
    y = rest.apply("sqrt", x, via="math", hint="y")
    t = rest.apply("add", y, constant(1.0))
    b.append(If((r,), c, Region((), (), (constant(0.0),)), rest.region((), (t,))))
    assert text(b.region((x,), (r,)), "x") == [
        "if x < 0.0:",
        "    return 0.0",
        "y = math.sqrt(x)",
        "return y + 1.0",
    ]


def test_conditional_expressions():
    x, c, b = number("x"), fresh_var(PY_BOOL, "c"), Builder()
    inner, r, s = Builder(), fresh_var(PY_BOOL), number()
    d = inner.apply("greater", x, constant(0.0))
    b.append(If((r,), c, inner.region((), (d,)), Region((), (), (constant(False),))))
    arms = Builder()
    t = arms.apply("sin", x, via="math")
    b.append(If((s,), r, arms.region((), (t,)), Region((), (), (x,))))
    y = b.apply("multiply", s, constant(2.0), hint="y")
    assert text(b.region((x, c), (y,)), "x", "c") == [
        "y = (math.sin(x) if c and x > 0.0 else x) * 2.0",
        "return y",
    ]


# --- loops --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((0, 5, 1), "range(5)"),
        ((1, 5, 1), "range(1, 5)"),
        ((5, 0, -2), "range(5, 0, -2)"),
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("limit", [None, 2])
def test_ranges(bounds, expected, reverse, limit):
    s, r, i, body = whole("s"), whole("s"), whole("i"), Builder()
    t = body.apply("multiply", s, constant(3))
    t = body.apply("add", t, i, hint="s")
    cut = None if limit is None else constant(limit)
    where = Range(*map(constant, bounds), cut, reverse)
    region = body.region((i, s), (t,))
    loop = For((r,), where, (constant(1),), region, whole("trips"))
    source = source_of(Region((), (loop,), (r,)))
    indices = list(range(*bounds))[:limit]
    if limit is not None:
        expected += "[:2]"
    if reverse:
        expected, indices = f"reversed({expected})", indices[::-1]
    assert f"for i in {expected}:" in source.text
    total = 1
    for index in indices:
        total = total * 3 + index
    assert load(source, "f")() == total


def stopping(flag_first: bool):
    """``for i in range(n)`` that ends where ``s > 3``."""
    n, s, r, i, body = whole("n"), whole("s"), whole("s"), whole("i"), Builder()
    t = body.apply("add", s, i, hint="s")
    c = body.apply("greater", t, constant(3))
    stop, joined, rest = fresh_var(PY_BOOL), whole("s"), Builder()
    u = rest.apply("multiply", t, constant(2), hint="s")
    body.append(
        If(
            (stop, joined),
            c,
            Region((), (), (constant(True), t)),
            rest.region((), (constant(False), u)),
        )
    )
    trips, stopped = whole("trips"), fresh_var(PY_BOOL, "stopped")
    region = body.region((i, s), (stop, joined))
    bounds = Range(constant(0), n, constant(1))
    loop = For((r,), bounds, (constant(0),), region, trips, stopped)
    results = (r, trips, stopped) if flag_first else (r,)
    return Region((n,), (loop,), results)


def test_break():
    assert text(stopping(False), "n") == [
        "s = 0",
        "for i in range(n):",
        "    s += i",
        "    if s > 3:",
        "        break",
        "    s *= 2",
        "return s",
    ]


def test_trips_are_counted_where_they_are_read():
    source = source_of(stopping(True), "n")
    assert body_of(source.text) == [
        "s = 0",
        "trips = 0",
        "stopped = False",
        "for i in range(n):",
        "    trips += 1",
        "    s += i",
        "    if s > 3:",
        "        stopped = True",
        "        break",
        "    s *= 2",
        "return s, trips, stopped",
    ]
    call = load(source, "f")
    assert [call(n) for n in (0, 1, 9)] == [(0, 0, False), (0, 1, False), (4, 3, True)]


def test_a_stop_flag_is_read_before_the_next_values_are_assigned():
    n, a, c, r = whole("n"), whole("a"), whole("c"), whole("a")
    i, body = whole("i"), Builder()
    stop = body.apply("greater", a, c)
    region = body.region((i, a, c), (stop, c, a))
    bounds = Range(constant(0), n, constant(1))
    trips, stopped = whole("trips"), fresh_var(PY_BOOL)
    inits = constant(1), constant(2)
    loop = For((r, whole("c")), bounds, inits, region, trips, stopped)
    source = source_of(Region((n,), (loop,), (r,)), "n")
    call = load(source, "f")
    assert [call(n) for n in range(4)] == [1, 2, 1, 1]


def test_while():
    x, s, t, r = number("x"), number("s"), number("s"), number("s")
    cond, body = Builder(), Builder()
    c = cond.apply("less", cond.apply("absolute", t), x)
    u = body.apply("multiply", s, constant(2.0), hint="s")
    inner = body.region((s,), (u,))
    loop = While((r,), (constant(1.0),), cond.region((t,), (c,)), inner, whole("trips"))
    assert text(Region((x,), (loop,), (r,)), "x") == [
        "s = 1.0",
        "while abs(s) < x:",
        "    s *= 2.0",
        "return s",
    ]


def test_a_condition_that_takes_statements():
    x, s, t, r = number("x"), number("s"), number("s"), number("s")
    cond, body = Builder(), Builder()
    d = cond.apply("subtract", t, x, hint="d")
    c = cond.apply("less", cond.apply("multiply", d, d), constant(9.0))
    u = body.apply("multiply", s, constant(2.0), hint="s")
    inner = body.region((s,), (u,))
    loop = While((r,), (constant(1.0),), cond.region((t,), (c,)), inner, whole("trips"))
    assert text(Region((x,), (loop,), (r,)), "x") == [
        "s = 1.0",
        "while True:",
        "    d = s - x",
        "    if not d * d < 9.0:",
        "        break",
        "    s *= 2.0",
        "return s",
    ]


# --- the text around ------------------------------------------------------------------


def test_helpers_and_imports_come_with_what_uses_them():
    g, b = fresh_var(ROW, "g"), Builder()
    x = fresh_var(Array("float64", (fresh_dim(),)), "x")  # its length may be 1
    y = b.apply("sum_to", g, x)
    source = source_of(b.region((g, x), (y,)), "g", "x", doc="What it is.")
    assert source.text.startswith("import numpy as np\n\n\ndef sum_to(g, shape):")
    assert source.text.endswith(
        '\n\n\ndef f(g, x):\n    """What it is."""\n    return sum_to(g, x.shape)\n'
    )
    plain = source_of(Region((g,), (), (constant(1.0),)), "g")
    assert plain.text == "def f(g):\n    return 1.0\n"


def test_adjoint_statements_are_headed_by_their_source_line():
    name = "<test_adjoint_statements>"
    lines = ["def f(x):\n", "    y = x * x\n", "    return y + x\n"]
    linecache.cache[name] = (0, None, lines, name)
    x, b = fresh_var(ROW, "x"), Builder()
    y = b.apply("multiply", x, x, hint="y")
    for line, hints in ((3, ("a_bar", "b_bar")), (2, ("x_bar",))):
        with b.at(Span(name, line, 4, line, 9), "adjoint"):
            for hint in hints:
                y = b.apply("multiply", y, y, hint=hint)
    assert text(b.region((x,), (y,)), "x") == [
        "y = x * x",
        "",
        "# adjoint of: return y + x",
        "a_bar = y * y",
        "b_bar = a_bar * a_bar",
        "# adjoint of: y = x * x",
        "x_bar = b_bar * b_bar",
        "return x_bar",
    ]


def test_a_statement_is_quoted_once_around_its_branches():
    name = "<test_branches_under_one_comment>"
    lines = ["def f(x, c):\n", "    y = x if c else 0.0\n", "    return y\n"]
    linecache.cache[name] = (0, None, lines, name)
    x, c, b = number("x"), fresh_var(PY_BOOL, "c"), Builder(role="adjoint")
    b.span = Span(name, 2, 4, 2, 22)
    arm, y, z = b.child(), number("y_bar"), number("z_bar")
    w = arm.apply("multiply", x, x, hint="w")
    t = arm.apply("multiply", w, w, hint="y_bar")
    v = arm.apply("multiply", w, t, hint="z_bar")
    none = Region((), (), (constant(0.0), constant(0.0)))
    then = arm.region((), (t, v))
    b.append(If((y, z), c, then, none, b.span, "adjoint"))
    s = b.apply("add", y, z, hint="x_bar")
    written = text(b.region((x, c), (s,)), "x", "c")
    assert [t.strip() for t in written].count("# adjoint of: y = x if c else 0.0") == 1


def test_a_condition_is_turned_round():
    n, x = whole("n"), number("x")
    cases = [
        ("equal", n, "if n != 1:"),
        ("less", n, "if n >= 1:"),
        ("not_equal", x, "if x == 1:"),
        ("less", x, "if not x < 1:"),  # of nan, neither
    ]
    for primitive, left, expected in cases:
        b = Builder()
        c, arm = b.apply(primitive, left, constant(1)), Builder()
        arm.apply_all("print", template="on")
        b.append(If((), c, Region((), (), ()), arm.region((), ())))
        assert text(b.region((n, x), (constant(0),)), "n", "x")[0] == expected


def test_what_is_computed_for_its_error_says_so():
    x, i, b = fresh_var(ROW, "x"), whole("i"), Builder()
    for index in (i, constant(1)):
        b.apply("load", x, index, index=("int",))
    assert text(b.region((x, i), (constant(0),)), "x", "i") == [
        "# raises where the original does",
        "_ = x[i]",
        "_ = x[1]",
        "return 0",
    ]


def test_negative_sums_are_subtracted():
    x, y, b = fresh_var(ROW, "x"), fresh_var(ROW, "y"), Builder(role="adjoint")
    total = b.apply("copy", x, hint="t")
    e = b.expr(y)
    for term in (-(e * e), (-e).call("floor_divide", 2.0)):
        total = b.apply("accumulate", total, term.atom, index=(), hint="t")
    assert text(b.region((x, y), (total,)), "x", "y") == [
        "t = x.copy()",
        "t -= y * y",
        "t += -y // 2.0",
        "return t",
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("total = first + second", ["total = first + second"]),
        (
            "total = first_value + second_value * third",
            ["total = (", "    first_value", "    + second_value * third", ")"],
        ),
        (
            "total = function(first_value, second)",
            ["total = function(", "    first_value, second", ")"],
        ),
        (
            "return first_value, second_value, third",
            [
                "return (",
                "    first_value,",
                "    second_value,",
                "    third,",
                ")",
            ],
        ),
        (
            "if first_value > second and second > third:",
            ["if (", "    first_value > second", "    and second > third", "):"],
        ),
        (
            "for i in reversed(range(first_value)):",
            ["for i in reversed(", "    range(first_value)", "):"],
        ),
        (
            "first_value, second_value = function(third)",
            ["(", "    first_value,", "    second_value,", ") = function(third)"],
        ),
        (
            'raise ValueError("a text of several words, too long")',
            [
                "raise ValueError(",
                '    "a text of several words, "',
                '    "too long"',
                ")",
            ],
        ),
        (
            "if is_a_function_of(first_value):",
            ["if is_a_function_of(", "    first_value", "):"],
        ),
        (
            "tape.append(first_value + second_value)",
            ["tape.append(", "    first_value + second_value", ")"],
        ),
        (
            'raise ValueError("a text, with (brackets")',
            ["raise ValueError(", '    "a text, with (brackets"', ")"],
        ),
        (
            "x = function(first_value, second)[i]",
            ["x = function(", "    first_value, second", ")[i]"],
        ),
        (
            "x = f(i)[first_value, second_value]",
            ["x = f(i)[", "    first_value, second_value", "]"],
        ),
    ],
)
def test_long_lines_are_broken(line, expected):
    assert wrap(line, 0, 32) == expected


# --- execution ------------------------------------------------------------------------


def test_tracebacks_show_the_text():
    x, b = number("x"), Builder()
    y = b.apply("divide", constant(1.0), x)
    call = load(source_of(b.region((x,), (y,)), "x"), "f", "gradient of g")
    with pytest.raises(ZeroDivisionError) as caught:
        call(0.0)
    shown = "".join(traceback.format_exception(caught.value))
    assert "<adcompiler gradient of g " in shown
    assert "return 1.0 / x" in shown


def test_the_text_is_forgotten_with_the_function():
    call = load(Source("def f():\n    return 1\n"), "f", "forgotten")
    filename = call.__code__.co_filename
    linecache.checkcache()
    assert linecache.getline(filename, 2) == "    return 1\n"
    del call
    gc.collect()
    load(Source("def g():\n    return 2\n"), "g", "forgets")
    assert filename not in linecache.cache


def test_texts_are_not_forgotten_while_somebody_goes_through_them():
    calls = [load(Source(f"def f():\n    return {k}\n"), "f") for k in range(3)]
    names = list(linecache.cache)
    calls.clear()
    gc.collect()
    assert all(name in linecache.cache for name in names)


def test_the_text_is_kept_where_the_settings_say(tmp_path, monkeypatch):
    monkeypatch.setenv("ADC_KEEP", str(tmp_path / "kept"))
    load(Source("def f():\n    return 1\n"), "f", "gradient of g")
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.name.startswith("adcompiler_gradient_of_g_")
    assert kept.read_text() == "def f():\n    return 1\n"
