"""Each rule of simplification does what it says."""

from __future__ import annotations

import numpy as np
import pytest

import adcompiler.primitives  # noqa: F401  (fills the registry)
from adcompiler.ir.builder import constant
from adcompiler.ir.types import (
    NP_FLOAT,
    PY_BOOL,
    PY_FLOAT,
    PY_INT,
    Array,
    fresh_dim,
)
from adcompiler.optimise import (
    optimise,
    tidy,
)
from tests.built_ir import MATRIX, VECTOR, M, N, built, names, result, var

# --- Formulas ---


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lambda x: x * 1, "x"),
        (lambda x: 1 * x, "x"),
        (lambda x: x / 1, "x"),
        (lambda x: x + 0, "x"),
        (lambda x: 0.0 + x, "x"),
        (lambda x: x - 0, "x"),
        (lambda x: 0 - x, "-x"),
        (lambda x: x * 0, "0 * x"),  # may be nan
        (lambda x: -(-x), "x"),
        (lambda x: x.call("positive"), "+x"),
        (lambda x: x.call("power", 1), "x"),
        (lambda x, y: x + -y, "x - y"),
        (lambda x, y: x - -y, "x + y"),
        (lambda x, y: -x + y, "y - x"),
        (lambda x, y: -x - -y, "y - x"),
        (lambda x, y: -(x - y), "y - x"),
        (lambda x, y: -x * y, "-x * y"),
        (lambda x, y: x * -y, "-x * y"),
        (lambda x, y: -x * -y, "x * y"),
        (lambda x, y: -x / -y, "x / y"),
        (lambda x, y: x + (-2 * y), "x - 2 * y"),
        (lambda x, y: x - (-2 * y), "x + 2 * y"),
        (lambda x: -1 * x, "-x"),
        (lambda x: x * 2, "2 * x"),
        (lambda x: 2 * (3 * x), "6 * x"),
        (lambda x: 2 * (x * 3), "6 * x"),
        (lambda x: 0.1 * (0.7 * x), "0.1 * 0.7 * x"),
        (lambda x: 1.0011 * (1.003 * (1.007 * x)), "1.0011 * 1.003 * 1.007 * x"),
        (
            lambda x: 1.013 * (1.0011 * (1.003 * (1.007 * x))),
            "1.013 * 1.0011 * 1.003 * 1.007 * x",
        ),
        (lambda x: x * x, "x * x"),
        (lambda x: x + x, "2 * x"),
        (lambda x, y: y + x + x, "y + 2 * x"),
        (lambda x, y: (x + y) + x, "y + 2 * x"),
        (lambda x, y: 2 * (x / y), "2 * x / y"),
        (lambda x, y_bar: y_bar * x + y_bar * x, "2 * y_bar * x"),
        (lambda x, y_bar: y_bar * (2 * x), "2 * y_bar * x"),
        (lambda x, y, y_bar: y_bar * (x * y), "y_bar * x * y"),
        (lambda x, y_bar: y_bar * (1 / x), "y_bar / x"),
        (lambda x, y_bar: y_bar * (0.5 / x), "0.5 * y_bar / x"),
        (lambda x, y_bar: y_bar * -(1 / x), "-y_bar / x"),
        (lambda x, y, y_bar: y_bar * (x / y), "y_bar * (x / y)"),
        (lambda x, y, y_bar: y_bar * -(x / y), "-y_bar * (x / y)"),
    ],
)
def test_formulas(before, after):
    assert tidy(before) == after


def test_shared_products_are_not_taken_apart():
    x, y_bar = var("x"), var("y_bar")

    def build(b, x, y_bar):
        square = b.apply("multiply", x, x)
        return b.apply("multiply", y_bar, square), square

    assert result((x, y_bar), build) == "y_bar * (x * x), x * x"


def test_primal_code_keeps_every_bit():
    x = var("x")
    for name, other in (("add", 0.0), ("subtract", -0.0)):
        kept = result((x,), lambda b, x: b.apply(name, x, constant(other)), "primal")
        assert kept != "x"
    swapped = lambda b, x: b.apply("multiply", x, constant(2))
    assert result((x,), swapped, "primal") == "x * 2"
    exact = lambda b, x: b.apply("subtract", x, constant(0.0))
    assert result((x,), exact, "primal") == "x"


def test_types_are_kept():
    """An int times 1.0 is a float; a bool times 1 is an int."""
    n, p = var("n", PY_INT), var("p", PY_BOOL)
    for x, one in ((n, 1.0), (p, 1)):
        times = lambda b, x, one=one: b.apply("multiply", x, constant(one))
        assert names(optimise(built((x,), times))) == ["multiply"]
    x = var("x", PY_FLOAT)
    strong = lambda b, x: b.apply("multiply", x, constant(np.float64(1)))
    assert names(optimise(built((x,), strong, "adjoint"))) == ["multiply"]
    single = var("g", Array("float32", (N,)))
    scaled = lambda b, g: b.apply("multiply", g, constant(2.0))
    function = optimise(built((single,), scaled, "adjoint"))
    assert function.results[0].type.dtype == "float32"


def test_folding():
    def folded(name, *numbers):
        return result((), lambda b: b.apply(name, *map(constant, numbers)), "primal")

    assert folded("add", 2, 3) == "5"
    assert folded("less", 2, 3.0) == "True"
    assert folded("divide", 1, 3) == "1 / 3"  # reads better
    assert folded("divide", 1, 0) == "1 / 0"  # raises when it runs
    assert folded("power", 0.0, -1) == "0.0 ** -1"
    assert folded("multiply", 2, np.float64(3)) == "2 * np.float64(3.0)"


def test_selections():
    c, d, x, y = var("c", PY_BOOL), var("d", Array("bool", (N,))), var("x"), var("y")
    pick = lambda b, c, x, y: b.apply("where", c, x, y, via="builtin")
    assert result((c, x, y), lambda b, c, x, y: pick(b, c, x, x)) == "x"
    assert result((x, y), lambda b, x, y: pick(b, constant(False), x, y)) == "y"
    flipped = lambda b, c, x, y: pick(b, b.apply("logical_not", c), x, y)
    assert result((c, x, y), flipped) == "y if c else x"
    twice = lambda b, c, x, y: pick(b, c, pick(b, c, x, y), y)
    assert result((c, x, y), twice) == "x if c else y"
    v = var("v", VECTOR)
    stretched = lambda b, d, x: b.apply("where", d, x, x, via="np")
    assert result((d, x), stretched) == "np.where(d, x, x)"  # d has the shape


def test_negated_comparisons():
    x, y, n = var("x"), var("y"), var("n", PY_INT)
    not_ = lambda name: lambda b, x, y: b.apply("logical_not", b.apply(name, x, y))
    k = var("k", PY_INT)
    assert result((n, k), not_("less")) == "n >= k"
    assert result((n, k), not_("equal")) == "n != k"
    u, v = var("u", PY_FLOAT), var("v", PY_FLOAT)
    assert result((u, v), not_("equal")) == "u != v"
    assert result((u, v), not_("less")) == "not u < v"  # nan


# --- Arrays ---


def test_products_broadcast_by_themselves():
    g, v, a = var("g"), var("v", VECTOR), var("a", MATRIX)
    spread = lambda b, g, v: b.apply("broadcast_to", g, v)
    times = lambda b, g, v: b.apply("multiply", spread(b, g, v), v)
    assert result((g, v), times) == "g * v"
    outer = lambda b, v, a: b.apply("add", a, spread(b, v, a))
    assert result((v, a), outer) == "a + v"
    doubled = lambda b, g, v: b.apply("multiply", spread(b, g, v), constant(2))
    assert result((g, v), doubled) == result(
        (g, v), lambda b, g, v: spread(b, b.apply("multiply", constant(2), g), v)
    )
    again = lambda b, v, a: spread(b, spread(b, v, a), a)
    assert names(optimise(built((v, a), again, "adjoint"))) == ["broadcast_to"]
    same = lambda b, v: spread(b, v, v)
    assert result((v,), same) == "v"
    single = var("s", Array("float32", (N,)))
    kept = built((g, single), lambda b, g, s: b.apply("add", s, spread(b, g, s)))
    assert names(optimise(kept)) == ["broadcast_to", "add"]


def test_stores_broadcast_by_themselves():
    g, v, a, i = var("g"), var("v", VECTOR), var("a", MATRIX), var("i", PY_INT)

    def row(b, g, v, a, i):
        value = b.apply("broadcast_to", g, v)
        return b.apply("accumulate", a, value, i, index=("int",))

    function = optimise(built((g, v, a, i), row, "adjoint"))
    assert names(function) == ["accumulate"]
    element = lambda b, g, v, i: b.apply(
        "load", b.apply("broadcast_to", g, v), i, index=("int",)
    )
    assert result((g, v, i), element) == "g"


def test_sums():
    g, v, a = var("g"), var("v", VECTOR), var("a", MATRIX)
    to = lambda b, x, y: b.apply("sum_to", x, y)
    assert result((v,), lambda b, v: to(b, v, v)) == "v"
    assert names(optimise(built((a, v), to, "adjoint"))) == ["sum"]
    column = var("c", Array("float64", (M, 1)))
    function = optimise(built((a, column), to, "adjoint"))
    assert names(function) == ["sum"]
    assert dict(function.region.body[0].params) == {"axis": (1,), "keepdims": True}
    unknown = var("u", Array("float64", (fresh_dim(),)))
    assert names(optimise(built((v, unknown), to, "adjoint"))) == ["sum_to"]
    scaled = lambda b, g, v: b.apply(
        "sum", b.apply("multiply", g, b.apply("negative", v)), axis=None, keepdims=False
    )
    assert result((g, v), scaled) == "-g * np.sum(v)"


def test_shapes():
    a = var("a", MATRIX)
    turned = lambda b, a: b.apply(
        "transpose", b.apply("transpose", a, axes=(1, 0)), axes=(1, 0)
    )
    assert result((a,), turned) == "a"
    fixed = var("x", Array("float64", (4, N)))
    assert result((fixed,), lambda b, x: b.apply("shape", x, axis=0)) == "4"
    kept = lambda b, x: b.apply("shape", x, axis=1)
    assert names(optimise(built((fixed,), kept))) == ["shape"]
    assert result((a,), lambda b, a: b.apply("cast", a, dtype="float64")) == "a"
    narrower = lambda b, a: b.apply("cast", a, dtype="float32")
    assert names(optimise(built((a,), narrower, "adjoint"))) == ["cast"]


def test_what_is_computed_for_its_shape():
    v, g = var("v", VECTOR), var("g")

    def mean(b, g, v):
        square = b.apply("multiply", v, v)
        share = b.apply("ieee_divide", g, b.apply("size", square))
        spread = b.apply("broadcast_to", share, b.apply("sin", v, via="np"))
        return b.apply("multiply", constant(2), spread)

    assert result((g, v), mean) == "np.broadcast_to(2 * g / v.size, v.shape)"
    error = lambda b, v: b.apply("ieee_divide", v, b.apply("size", v))
    doubled = lambda b, v: b.apply("multiply", constant(2), error(b, v))
    assert result((v,), doubled) == "2 * v / v.size"


def test_zeros():
    v, g = var("v", VECTOR), var("g", VECTOR)
    zeros = lambda b, v: b.apply("zeros_like", v, dtype=None)
    added = lambda b, v, g: b.apply("add", zeros(b, v), g)
    assert result((v, g), added) == "g"
    whole = lambda b, v, g: b.apply("accumulate", zeros(b, v), g, index=("full",))
    assert result((v, g), whole) == "g"
    part = lambda b, v, g: b.apply(
        "accumulate", zeros(b, v), g, constant(1),
        index=(("slice", True, False, False),),
    )  # fmt: skip
    assert names(optimise(built((v, g), part, "adjoint"))) == [
        "zeros_like",
        "accumulate",
    ]
    x = var("x", PY_FLOAT)
    number = lambda b, x: b.apply("add", b.apply("zeros_like", x, dtype=None), x)
    assert result((x,), number) == "x"


def test_copies():
    v = var("v", VECTOR)
    fresh = lambda b, v: b.apply("copy", b.apply("add", v, v))
    assert names(optimise(built((v,), fresh))) == ["add"]
    copied = lambda b, v: b.apply("copy", v)
    assert names(optimise(built((v,), copied))) == ["copy"]


def test_pop_of_append():
    x, y = var("x"), var("y")

    def build(b, x, y):
        tape = b.apply("list_new", element=NP_FLOAT)
        tape = b.apply("list_append", tape, x)
        tape = b.apply("list_append", tape, y)
        last, tape = b.apply_all("list_pop", tape)
        first, tape = b.apply_all("list_pop", tape)
        return b.apply("subtract", first, last)

    assert result((x, y), build) == "x - y"
