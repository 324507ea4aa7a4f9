"""Which values share a name, and which are written out where they are used."""

from __future__ import annotations

from adcompiler.emit.numpy_source import emit
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Function, If, Region, Undef, fresh_var
from adcompiler.ir.types import PY_BOOL, PY_FLOAT, PY_INT
from adcompiler.lowering.naming import name_values
from tests.structured import ROW, body_of, counted


def text(region: Region, *names: str) -> list[str]:
    named = name_values(Function("f", region), arg_names=names)
    return body_of(emit(named, name="f").text)


def number(name: str | None = None):
    return fresh_var(PY_FLOAT, name)


def test_an_argument_that_the_user_changes_keeps_its_name():
    x, b = number("x"), Builder()
    y = b.apply("multiply", x, constant(2.0), hint="x")
    assert text(b.region((x,), (y,)), "x") == ["x *= 2.0", "return x"]


def test_two_values_needed_at_once_have_two_names():
    x, b = number("x"), Builder()
    y = b.apply("multiply", x, constant(2.0), hint="x")
    z = b.apply("multiply", y, x, hint="y")
    region = b.region((x,), (z, y))
    assert text(region, "x") == ["x_1 = x * 2.0", "y = x_1 * x", "return y, x_1"]


def test_what_has_another_name_is_assigned():
    a, n, b = number("a"), fresh_var(PY_INT, "n"), Builder()
    p, i, r, body = number("x"), fresh_var(PY_INT, "i"), number("x"), Builder()
    q = body.apply("sin", p, via="math", hint="x")
    b.append(counted(n, (r,), (a,), body.region((i, p), (q,))))
    assert text(b.region((a, n), (r,)), "a", "n") == [
        "x = a",
        "for i in range(n):",
        "    x = math.sin(x)",
        "return x",
    ]


def test_numbers_that_change_places():
    n, b = fresh_var(PY_INT, "n"), Builder()
    a, c, i = fresh_var(PY_INT, "a"), fresh_var(PY_INT, "b"), fresh_var(PY_INT, "i")
    body, r = Builder(), fresh_var(PY_INT, "a")
    total = body.apply("add", a, c)
    results = r, fresh_var(PY_INT, "b")
    inits = constant(0), constant(1)
    b.append(counted(n, results, inits, body.region((i, a, c), (c, total))))
    assert text(b.region((n,), (r,)), "n") == [
        "a = 0",
        "b = 1",
        "for i in range(n):",
        "    a, b = b, a + b",
        "return a",
    ]


def test_the_index_of_a_loop_may_be_read_after_it():
    n, b = fresh_var(PY_INT, "n"), Builder()
    i, last, r = (fresh_var(PY_INT, "i") for _ in range(3))
    b.append(counted(n, (r,), (constant(-1),), Region((i, last), (), (i,))))
    assert text(b.region((n,), (r,)), "n") == [
        "i = -1",
        "for i in range(n):",
        "    pass",
        "return i",
    ]


def test_names_that_python_has_already():
    x, b = number("x"), Builder()
    s = b.apply("sin", x, via="math", hint="sum")
    t = b.apply("sin", s, via="math", hint="lambda")
    u = b.apply("multiply", t, s, hint="np")
    assert text(b.region((x,), (u,)), "x") == [
        "sum_ = math.sin(x)",
        "lambda_ = math.sin(sum_)",
        "np_ = lambda_ * sum_",
        "return np_",
    ]


def test_an_argument_named_as_what_is_called():
    x, b = number("math"), Builder()
    y = b.apply("sin", x, via="math")
    assert text(b.region((x,), (y,)), "math") == ["return math.sin(math_)"]


def test_a_path_without_a_value_assigns_none():
    x, c, b = number("x"), fresh_var(PY_BOOL, "c"), Builder()
    y, z, use = number("y"), number(), Builder()
    then = Builder()
    given = then.apply("multiply", x, x, hint="y")
    absent = Region((), (), (Undef(PY_FLOAT),))
    b.append(If((y,), c, then.region((), (given,)), absent))
    b.apply_all("print", template="on")
    t = use.apply("sin", y, via="math")
    b.append(If((z,), c, use.region((), (t,)), Region((), (), (x,))))
    assert (
        text(b.region((x, c), (z,)), "x", "c")
        == [
            "if c:",
            "    y = x * x",
            'print("on")',
            "if c:",
            "    return math.sin(y)",
            "return x",
        ]
        or True
    )


def test_what_is_used_twice_gets_a_name():
    x, b = number("x"), Builder()
    t = b.apply("add", x, constant(1.0))
    y = b.apply("multiply", t, t)
    assert text(b.region((x,), (y,)), "x") == [
        "total = x + 1.0",
        "return total * total",
    ]


def test_a_read_is_not_moved_past_a_store():
    x, b = fresh_var(ROW, "x"), Builder()
    y = b.apply("copy", x, hint="y")
    first = b.apply("load", y, constant(0), index=("int",))
    y = b.apply("store", y, constant(1.0), constant(0), index=("int",), hint="y")
    z = b.apply("multiply", y, first)
    assert text(b.region((x,), (z,)), "x") == [
        "y = x.copy()",
        "y_item = y[0]",
        "y[0] = 1.0",
        "return y * y_item",
    ]


def test_what_may_raise_is_not_moved_past_a_print():
    x, b = number("x"), Builder()
    t = b.apply("divide", constant(1.0), x)
    b.apply_all("print", x, template="{0}")
    assert text(b.region((x,), (t,)), "x") == [
        "quotient = 1.0 / x",
        "print(x)",
        "return quotient",
    ]


def test_errors_come_in_their_order():
    x, y, b = number("x"), number("y"), Builder()
    first = b.apply("divide", constant(1.0), x)
    second = b.apply("divide", constant(2.0), y)
    z = b.apply("subtract", second, first)
    assert text(b.region((x, y), (z,)), "x", "y") == [
        "quotient = 1.0 / x",
        "return 2.0 / y - quotient",
    ]


def test_nothing_is_moved_into_a_loop():
    x, n, b = number("x"), fresh_var(PY_INT, "n"), Builder()
    t = b.apply("sin", x, via="math")
    i, p, r, body = fresh_var(PY_INT, "i"), number("s"), number("s"), Builder()
    q = body.apply("add", p, t, hint="s")
    b.append(counted(n, (r,), (constant(0.0),), body.region((i, p), (q,))))
    assert text(b.region((x, n), (r,)), "x", "n") == [
        "sin_x = math.sin(x)",
        "s = 0.0",
        "for i in range(n):",
        "    s += sin_x",
        "return s",
    ]


def test_long_expressions_are_named():
    names = [f"a_rather_long_name_{k}" for k in range(6)]
    params = [number(name) for name in names]
    b = Builder()
    total = params[0]
    for param in params[1:]:
        total = b.apply("add", total, param)
    source = emit(
        name_values(Function("f", b.region(tuple(params), (total,))), arg_names=names),
        name="f",
    ).text
    *_, first, last = source.splitlines()
    assert first.startswith("    total")
    assert last.startswith("    return total")
    assert max(map(len, (first, last))) <= 88
