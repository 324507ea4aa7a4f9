"""Every row: types, source, effects, and derivatives of first and second order.

`run` checks each statement that it evaluates, of the row and of its derivatives alike.
"""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest

from adcompiler.differentiate.forward import jvp
from adcompiler.differentiate.gradient import gradient
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Const, Function, fresh_var
from adcompiler.ir.primitive import PRIMITIVES, Effect
from adcompiler.ir.types import (
    NP_FLOAT,
    PY_FLOAT,
    PY_INT,
    Array,
    Scalar,
    fresh_dim,
    is_float,
)
from tests import numerics
from tests.elementwise_cases import elementwise_cases
from tests.primitive_cases import CALLS, DRAWS, EFFECTS, LISTS, OTHERS
from tests.primitive_harness import (
    Case,
    build,
    directional,
    dot,
    float_positions,
    piece_of,
    random_like,
    rows_covered,
    run,
    weighted_sum,
)

ELEMENTWISE = elementwise_cases()
CASES = [*ELEMENTWISE, *OTHERS]
LENGTHS = ("known", "specialised", "unknown")

# The shapes at which elementwise rows are differentiated by `make test`: scalars, a
# vector, axes that are broadcast, float32. At the others it is `long`.
SHAPES = {
    "s", "(3,)", "f",
    "s,s", "(2,3),(3,)", "(2,1),(1,3)", "f,(3,)",
    "s,s,s", "(2,3),(3,),(2,1)", "f,s,s", "s,s,s,s", "s,(2,1),s,(3,)",
}  # fmt: skip


def over(cases):
    """One test a case, those of further shapes marked."""
    further = {
        id(c)
        for c in ELEMENTWISE
        if c.label.removesuffix(c.params.get("via", "")) not in SHAPES
    }
    return pytest.mark.parametrize(
        "case",
        [
            pytest.param(
                c, id=str(c), marks=[pytest.mark.long] if id(c) in further else []
            )
            for c in cases
        ],
    )


def test_further_shapes_leave_no_row_out():
    names = {c.name for c in ELEMENTWISE}
    kept = (c for c in ELEMENTWISE if c.label in SHAPES)
    assert {c.name for c in kept} == names


def test_every_row_is_exercised():
    assert rows_covered([*CASES, *LISTS]) <= EFFECTS | CALLS | DRAWS


@pytest.mark.parametrize("case", [*CASES, *LISTS], ids=str)
def test_types_and_source(case: Case):
    for lengths in LENGTHS:
        function, arguments = build(case, lengths)
        run(function, *arguments)


# --- derivatives ------------------------------------------------------------------


def differentiable(case: Case) -> bool:
    row = PRIMITIVES[case.name]
    stated = (row.partials, row.linear, row.bilinear, row.pullback)
    if all(s is None for s in stated) or case.name.startswith("list_"):
        return False
    function, _ = build(case)
    return is_float(function.results[0].type) and bool(float_positions(function))


DIFFERENTIABLE = [c for c in CASES if differentiable(c)]


def is_single(value) -> bool:
    return getattr(value, "dtype", None) == np.float32


def tolerance(case: Case) -> float:
    if case.params.get("dtype") == "float32" or case.label.startswith("nf"):
        return 1e-3  # the reference is rounded to float32
    return 2e-5 if any(map(is_single, case.values)) else 1e-8


def assert_near(found: float, wanted: float, size: float, rtol: float) -> None:
    assert abs(found - wanted) <= rtol * max(1.0, size), (found, wanted)


@over(DIFFERENTIABLE)
def test_derivatives(case: Case):
    """<g, v> is Richardson's derivative, and J v and J^T w are transposes."""
    row, rng = PRIMITIVES[case.name], np.random.default_rng(5)
    for lengths in LENGTHS[1:]:
        function, arguments = build(case, lengths)
        wrt = float_positions(function)
        with np.errstate(all="ignore"):
            y = run(function, *arguments)[case.result]
        w = random_like(y, rng)
        scalar = weighted_sum(function, case.result)
        everything = (*arguments, w)
        adjoint = gradient(scalar, wrt)
        bars = run(adjoint, *everything)
        for other in zip(*map(numerics.laid_out, everything), strict=True):
            for one, two in zip(bars, run(adjoint, *other), strict=True):
                # In single precision NumPy's own loops differ by how they are laid out.
                rtol = 1e-6 if is_single(one) else 1e-12
                np.testing.assert_allclose(two, one, rtol, rtol)
        vs = tuple(random_like(arguments[k], rng) for k in wrt)
        for bar, k in zip(bars, wrt, strict=True):
            assert np.shape(bar) == np.shape(arguments[k])
            assert np.asarray(bar).dtype == np.asarray(arguments[k]).dtype
        forward = float(run(jvp(scalar, wrt), *everything, *vs)[-1])
        reverse, rtol = dot(bars, vs), tolerance(case)
        size = float(sum(np.sum(np.abs(np.asarray(b) * v)) for b, v in zip(bars, vs)))
        assert_near(forward, reverse, size, 1e-12 if rtol < 1e-6 else rtol)

        def value(*values, w=w):
            operands = list(values)
            full = [
                operands.pop(0) if not isinstance(v, Const) else v.value
                for v in case.values
            ]
            found = row.evaluate(*full, **case.params)
            if isinstance(found, tuple):
                found = found[case.result]
            return np.sum(np.asarray(found, float) * w)

        with np.errstate(all="ignore"):
            wanted, error = directional(value, arguments, wrt, vs)
        assert rtol > 1e-6 or error[0] <= 1e-7 * max(1.0, size), "a vague reference"
        assert_near(reverse, wanted[0], size + 1e2 * error[0] / rtol, rtol)


@over([c for c in DIFFERENTIABLE if tolerance(c) < 1e-6 and "strided" not in c.label])
def test_second_derivatives(case: Case):
    """H v by forward over reverse is Richardson's derivative of the gradient."""
    rng = np.random.default_rng(6)
    function, arguments = build(case)
    wrt = float_positions(function)
    y = run(function, *arguments)[case.result]
    w = random_like(y, rng)
    grad = gradient(weighted_sum(function, case.result), wrt)
    vs = tuple(random_like(arguments[k], rng) for k in wrt)
    us = tuple(random_like(arguments[k], rng) for k in wrt)
    hv = run(jvp(grad, wrt), *arguments, w, *vs)[len(wrt) :]

    def inner(*values):
        with np.errstate(all="ignore"):
            return dot(run(grad, *kinds(values), w), us)

    def kinds(values):
        pairs = zip(values, arguments, strict=True)
        return [
            type(old)(new) if not isinstance(old, np.ndarray) else np.asarray(new)
            for new, old in pairs
        ]

    wanted, error = directional(inner, arguments, wrt, vs)
    size = float(sum(np.sum(np.abs(np.asarray(h) * u)) for h, u in zip(hv, us)))
    assert error[0] <= 1e-6 * max(1.0, size), "a vague reference"
    assert_near(dot(hv, us), wanted[0], size + 1e2 * error[0] / 1e-7, 1e-7)


# --- kinks: docs/conventions.md ---------------------------------------------------

INF, NAN = float("inf"), float("nan")
KINKS = [
    ("absolute", (0.0,), (0.0,)),
    ("maximum", (1.0, 1.0), (0.5, 0.5)),
    ("maximum", (INF, INF), (0.5, 0.5)),
    ("maximum", (1.0, 2.0), (0.0, 1.0)),
    ("minimum", (1.0, 1.0), (0.5, 0.5)),
    ("minimum", (0.0, -0.0), (0.5, 0.5)),
    ("minimum", (1.0, 2.0), (1.0, 0.0)),
    ("clip", (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    ("clip", (1.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    ("clip", (2.0, 0.0, 1.0), (0.0, 0.0, 1.0)),
    ("clip", (-1.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    ("clip", (0.0, 0.0, 0.0), (1.0, 0.0, 0.0)),
    ("clip", (0.5, 1.0, 0.0), (0.0, 0.0, 1.0)),
    ("sqrt", (0.0,), (INF,)),
    ("sqrt", (-0.0,), (-INF,)),
    ("log", (0.0,), (INF,)),
    ("log1p", (-1.0,), (INF,)),
    ("power", (0.0, 0.0), (0.0, 0.0)),
    ("power", (0.0, 1.0), (1.0, 0.0)),
    ("power", (0.0, 2.0), (0.0, 0.0)),
    ("power", (0.0, 0.5), (INF, 0.0)),
    ("power", (2.0, 0.0), (0.0, 0.6931471805599453)),
    ("power", (-2.0, 2.0), (-4.0, NAN)),
    ("remainder", (5.5, 2.0), (1.0, -2.0)),
    ("remainder", (-5.5, 2.0), (1.0, 3.0)),
    ("fmod", (-5.5, 2.0), (1.0, 2.0)),
    ("arctan2", (0.0, 0.0), (0.0, 0.0)),
    ("arctan2", (0.0, -1.0), (-1.0, 0.0)),
    ("hypot", (0.0, 0.0), (NAN, NAN)),
    ("arcsin", (1.0,), (INF,)),
    ("arccos", (1.0,), (-INF,)),
    ("arccosh", (1.0,), (INF,)),
]


@pytest.mark.parametrize("kind", [float, np.float64, np.array])
@pytest.mark.parametrize(("name", "values", "wanted"), KINKS, ids=str)
def test_kinks(name, values, wanted, kind):
    """The gradients that PyTorch gives where functions have kinks."""
    case = Case(name, tuple(map(kind, values)))
    function, arguments = build(case)
    with np.errstate(all="ignore"):
        y, *_ = run(function, *arguments)
        bars = run(
            gradient(weighted_sum(function), float_positions(function)),
            *arguments,
            type(y)(1.0),
        )
    np.testing.assert_array_equal(np.array(bars, float), wanted)


@pytest.mark.parametrize(
    ("x", "n", "wanted"),
    [(0.0, 0, 0.0), (0.0, 1, 1.0), (0.0, 2, 0.0), (0.0, 0.5, INF), (-2.0, 3, 12.0)],
)
def test_powers_with_known_exponents(x, n, wanted):
    function, arguments = build(Case("power", (x, constant(n))))
    with np.errstate(all="ignore"):
        (bar,) = run(gradient(weighted_sum(function), (0,)), *arguments, 1.0)
    assert bar == wanted


def test_extrema_share_ties():
    for name in ("max", "min"):
        params = {"axis": None, "keepdims": False}
        function, arguments = build(Case(name, (np.array([2.0, 2.0, 2.0]),), params))
        bars = run(gradient(weighted_sum(function), (0,)), *arguments, np.float64(1.0))
        np.testing.assert_allclose(bars[0], np.full(3, 1 / 3))


def test_division_by_zero_of_arrays_warns_at_most():
    x = np.array([0.0, 1.0])
    function, arguments = build(Case("log", (x,)))
    with np.errstate(all="ignore"):
        (bar,) = run(gradient(weighted_sum(function), (0,)), *arguments, np.ones(2))
    np.testing.assert_array_equal(bar, [INF, 1.0])


# --- lists ------------------------------------------------------------------------


def test_lists_differentiate_last_in_first_out():
    """y = x1 * x2 by way of a tape, to second order."""
    builder = Builder()
    x1, x2 = fresh_var(PY_FLOAT, "x1"), fresh_var(PY_FLOAT, "x2")
    tape = builder.apply("list_new", element=PY_FLOAT)
    tape = builder.apply("list_append", tape, x1)
    tape = builder.apply("list_append", tape, x2)
    second, tape = builder.apply_all("list_pop", tape)
    first, tape = builder.apply_all("list_pop", tape)
    square = builder.apply("multiply", first, first)
    y = builder.apply("multiply", square, second)
    function = Function("f", builder.region((x1, x2), (y,)))
    assert run(gradient(function, (0, 1)), 3.0, 5.0) == (30.0, 9.0)
    assert run(jvp(function, (0, 1)), 3.0, 5.0, 1.0, 2.0) == (45.0, 48.0)
    by_first = gradient(function, (0,))
    assert run(gradient(by_first, (0, 1)), 3.0, 5.0) == (10.0, 6.0)


# --- effects ----------------------------------------------------------------------

NP32 = Scalar("float32", "numpy")
N, M = fresh_dim(not_one=True), fresh_dim(not_one=True)


def array(*dims):
    return Array("float64", dims)


EFFECT_TABLE = [
    ("divide", (PY_FLOAT, PY_FLOAT), {}, True),
    ("divide", (PY_FLOAT, NP_FLOAT), {}, False),
    ("divide", (PY_FLOAT, Scalar("float64", "either")), {}, True),
    ("ieee_divide", (PY_FLOAT, PY_FLOAT), {}, False),
    ("power", (PY_FLOAT, PY_FLOAT), {}, True),
    ("power", (Array("int64", (3,)), PY_INT), {}, True),
    ("power", (array(3), PY_INT), {}, False),
    ("log", (PY_FLOAT,), {"via": "math"}, True),
    ("log", (PY_FLOAT,), {}, False),
    ("tanh", (PY_FLOAT,), {"via": "math"}, False),
    ("add", (array(N), array(N)), {}, False),
    ("add", (array(N), array(M)), {}, True),
    ("add", (array(N, M), array(1, M)), {}, False),
    ("add", (array(N), PY_FLOAT), {}, False),
    ("cast", (PY_FLOAT,), {"dtype": "int64", "via": "builtin"}, True),
    ("cast", (PY_FLOAT,), {"dtype": "float64", "via": "builtin"}, False),
    ("load", (array(N), PY_INT), {"index": ("int",)}, True),
    ("load", (array(N), PY_INT), {"index": (("slice", True, False, False),)}, False),
    ("load", (array(N), PY_INT), {"index": (("slice", False, False, True),)}, True),
    ("store", (array(N), array(N)), {"index": ("full",)}, False),
    ("store", (array(N), array(M)), {"index": ("full",)}, True),
    ("store", (array(1), array(N)), {"index": ("full",)}, True),
    ("matmul", (array(N, M), array(M)), {}, False),
    ("matmul", (array(N, M), array(N)), {}, True),
    ("matmul", (array(2, 3), array(4)), {}, True),
    ("max", (array(N),), {"axis": None}, True),
    ("max", (array(3),), {"axis": None}, False),
    ("solve", (array(N, N), array(N)), {}, True),
]


@pytest.mark.parametrize(("name", "types", "params", "raises"), EFFECT_TABLE, ids=str)
def test_effects(name, types, params, raises):
    effect = PRIMITIVES[name].effect_on(types, params)
    assert (Effect.MAY_RAISE in effect) is raises


# --- what NumPy refuses, is refused -----------------------------------------------

BOOLS = Array("bool", (3,))
REFUSED = [
    ("subtract", (BOOLS, BOOLS), {}, "subtract"),
    ("negative", (BOOLS,), {}, "negative"),
    ("matmul", (PY_FLOAT, array(3)), {}, "rank 1"),
    ("sin", (array(3),), {"via": "math"}, "not an array"),
    ("load", (array(3), PY_INT, PY_INT), {"index": ("int", "int")}, "too many"),
    ("logical_and", (BOOLS, BOOLS), {"via": "builtin"}, "ambiguous"),
    ("add", (NP32, Scalar("float64", "either")), {}, "depends on the path"),
    ("inv", (array(3),), {}, "matrix"),
]


@pytest.mark.parametrize(("name", "types", "params", "message"), REFUSED, ids=str)
def test_refusals(name, types, params, message):
    with pytest.raises(TypeError, match=message):
        PRIMITIVES[name].types(types, params)


# --- statements -------------------------------------------------------------------


def spelled(row: str, /, *operands, **params) -> str:
    builder = Builder()
    builder.apply_all(row, *operands, **params)
    (let,) = builder.stmts
    pieces = tuple(piece_of(a, k) for k, a in enumerate(operands))
    return let.primitive.spell(let, pieces).text


def test_messages_are_f_strings():
    n, x = fresh_var(PY_INT, "n"), fresh_var(PY_FLOAT, "x")
    text = spelled("raise", n, exception="ValueError", template="n is {0:d}")
    assert text == 'raise ValueError(f"n is {a0:d}")'
    text = spelled("raise", exception="StopIteration", template=None)
    assert text == "raise StopIteration"
    assert spelled("print", n, template="{0}") == "print(a0)"
    text = spelled("print", n, x, template="{0} {{}} it's {1:.2f}\n", end="")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(text, {"a0": 3, "a1": 0.5})
    assert out.getvalue() == "3 {} it's 0.50\n"
    with pytest.raises(UnboundLocalError, match="'x'"):
        exec(spelled("check_bound", n, name="x"), {"a0": False})
    with pytest.raises(ValueError, match=r"x \*\* 0.5 is complex"):
        exec(spelled("check_real", x, power="x ** 0.5"), {"a0": (-1.0) ** 0.5})
    text = spelled("check_bound", constant(False), name="x")
    assert text.startswith("raise UnboundLocalError")


def test_builtin_extrema_give_ties_to_what_python_returns():
    for name in ("maximum", "minimum"):
        case = Case(name, (1.5, 1.5), {"via": "builtin"})
        function, arguments = build(case)
        assert run(gradient(weighted_sum(function), (0, 1)), *arguments, 1.0) == (1, 0)


def test_written_as_a_person_would():
    x = fresh_var(array(N, M), "x")
    assert spelled("transpose", x, axes=(1, 0)) == "a0.T"
    assert spelled("sum", x, axis=(0,), keepdims=False) == "np.sum(a0, axis=0)"
    assert spelled("shape", x, axis=0) == "a0.shape[0]"
    assert spelled("expand_dims", x, axis=(2,)) == "a0[..., None]"
    assert spelled("power", constant(-2), x) == "(-2) ** a1"
    index = ("int", ("slice", True, True, False))
    i = fresh_var(PY_INT, "i")
    assert spelled("load", x, i, constant(1), i, index=index) == "a0[a1, 1:a3]"
