"""Each rule does what it says; every pass keeps what a function computes."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adcompiler.primitives  # noqa: F401  (fills the registry)
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Const,
    For,
    Function,
    If,
    Let,
    Range,
    Region,
    Var,
    While,
    fresh_var,
)
from adcompiler.ir.printer import formula, show
from adcompiler.ir.types import (
    NP_FLOAT,
    PY_BOOL,
    PY_FLOAT,
    PY_INT,
    Array,
    fresh_dim,
    join_types,
)
from adcompiler.ir.verifier import verify
from adcompiler.ir.walk import all_stmts, clone, inline
from adcompiler.optimise import (
    eliminate_dead_code,
    join_stores,
    merge_branches,
    merge_common_subexpressions,
    optimise,
    settle_signs,
    simplify,
    sink,
    tidy,
)

N = fresh_dim(not_one=True)
M = fresh_dim(not_one=True)
VECTOR = Array("float64", (N,))
MATRIX = Array("float64", (M, N))
PASSES = (
    simplify,
    merge_common_subexpressions,
    eliminate_dead_code,
    join_stores,
    sink,
    merge_branches,
    settle_signs,
)

# --- Running IR ------------------------------------------------------------------


def run(function, *arguments):
    """What a function gives: the meaning of the IR, in a few lines."""
    values = dict(zip(function.params, arguments, strict=True))
    region(function.region, values)
    return tuple(value(a, values) for a in function.results)


def value(atom, values):
    return atom.value if isinstance(atom, Const) else values.get(atom)


def region(body, values):
    for stmt in body.body:
        match stmt:
            case Let():
                read = (value(a, values) for a in stmt.operands)
                given = stmt.primitive.evaluate(*read, **dict(stmt.params))
                single = len(stmt.results) == 1
                values |= zip(stmt.results, (given,) if single else given)
            case If():
                arm = stmt.then if value(stmt.cond, values) else stmt.orelse
                values |= zip(stmt.results, region(arm, values))
            case For() | While():
                loop(stmt, values)
    return [value(a, values) for a in body.results]


def loop(stmt, values):
    state = [value(a, values) for a in stmt.inits]
    trips, stop = 0, False
    for index in indices(stmt, values):
        if isinstance(stmt, While):
            values |= zip(stmt.cond.params, state)
            if not region(stmt.cond, values)[0]:
                break
            values |= zip(stmt.body.params, state)
        else:
            values |= zip(stmt.body.params, [index, *state])
        trips += 1
        state = region(stmt.body, values)
        if stmt.exits:
            stop, *state = state
            if stop:
                break
    values |= zip(stmt.results, state)
    values[stmt.trips] = trips
    if stmt.exits:
        values[stmt.stopped] = stop


def indices(stmt, values):
    if isinstance(stmt, While):
        return iter(int, 1)
    r = stmt.range
    found = range(*(value(a, values) for a in (r.start, r.stop, r.step)))
    if r.limit is not None:
        found = found[: value(r.limit, values)]
    return reversed(found) if r.reverse else found


# --- Building it ---


def built(params, build, role="primal"):
    b = Builder(role=role)
    results = build(b, *params)
    atoms = results if isinstance(results, tuple) else (results,)
    function = Function("f", b.region(tuple(params), atoms))
    verify(function)
    return function


def var(name, type=NP_FLOAT):
    return fresh_var(type, name)


def result(params, build, role="adjoint"):
    """The formula that optimising leaves."""
    function = optimise(built(params, build, role))
    verify(function)
    return formula(function)


def names(function):
    """The primitives that a function applies, in order."""
    return [s.primitive.name for s in all_stmts(function.region) if isinstance(s, Let)]


def for_loop(b, inits, body, *, stop=3, exits=False):
    """Append a counted loop; `body(b, index, *state)` gives the next state."""
    index = fresh_var(PY_INT, "i")
    state = tuple(fresh_var(a.type) for a in inits)
    inner = b.child()
    ends = body(inner, index, *state)
    results = tuple(fresh_var(a.type) for a in inits)
    range_ = Range(constant(0), constant(stop), constant(1))
    stopped = fresh_var(PY_BOOL) if exits else None
    trips = fresh_var(PY_INT)
    r = inner.region((index, *state), tuple(ends))
    b.append(For(results, range_, tuple(inits), r, trips, stopped, None, b.role))
    return results


def choose(b, cond, then, orelse):
    """Append an `If`; each arm builds and gives one atom."""
    (given,) = choose_all(b, cond, lambda b: (then(b),), lambda b: (orelse(b),))
    return given


def choose_all(b, cond, then, orelse):
    """Append an `If`; each arm builds and gives some atoms."""
    sides = []
    for arm in (then, orelse):
        inner = b.child()
        sides.append((inner, arm(inner)))
    pairs = zip(sides[0][1], sides[1][1], strict=True)
    given = tuple(fresh_var(join_types(p.type, q.type)) for p, q in pairs)
    arms = (inner.region((), atoms) for inner, atoms in sides)
    b.append(If(given, cond, *arms, None, b.role))
    return given


# --- Simplify: formulas ---


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


# --- Simplify: arrays ---


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


# --- Control flow ---


def test_known_condition():
    x = var("x")
    build = lambda b, x: choose(
        b, constant(True), lambda b: b.apply("sin", x, via="np"), lambda b: x
    )
    assert result((x,), build) == "np.sin(x)"


def test_same_in_both_arms():
    x, c = var("x"), var("c", PY_BOOL)
    build = lambda b, x, c: choose(b, c, lambda b: x, lambda b: x)
    assert result((x, c), build) == "x"
    twice = lambda b: b.apply("multiply", x, x)
    inside = lambda b, x, c: choose(b, c, twice, lambda b: x)
    assert names(optimise(built((x, c), inside))) == ["multiply"]


def test_condition_is_known_in_its_arm():
    x, c = var("x"), var("c", PY_BOOL)
    inner = lambda b: choose(b, c, lambda b: x, lambda b: b.apply("sin", x, via="np"))
    build = lambda b, x, c: choose(b, c, inner, lambda b: constant(np.float64(0)))
    assert names(optimise(built((x, c), build))) == []


def test_no_trips_and_invariants():
    x = var("x")
    grow = lambda b, i, s: (b.apply("add", s, x),)
    never = lambda b, x: for_loop(b, (x,), grow, stop=0)
    assert result((x,), never) == "x"

    def carried(b, i, s, same):
        return b.apply("add", s, same), same

    function = optimise(built((x,), lambda b, x: for_loop(b, (x, x), carried)[0]))
    verify(function)
    (loop,) = function.region.body
    assert len(loop.inits) == 1


def test_stop_that_never_is():
    x = var("x")
    body = lambda b, i, s: (constant(False), b.apply("add", s, x))
    function = optimise(built((x,), lambda b, x: for_loop(b, (x,), body, exits=True)))
    verify(function)
    assert not function.region.body[0].exits


# --- Dead code and common subexpressions ---


def test_dead_code():
    x, v, i = var("x"), var("v", VECTOR), var("i", PY_INT)

    def build(b, x, v, i):
        b.apply("multiply", x, x)
        b.apply("load", v, i, index=("int",))  # may raise
        b.apply("load", v, index=("full",))
        return x

    assert names(eliminate_dead_code(built((x, v, i), build))) == ["load"]
    assert names(eliminate_dead_code(built((x, v, i), build, "adjoint"))) == []


def test_what_only_computes_itself_is_dead():
    x = var("x")
    body = lambda b, i, s, t: (b.apply("add", s, x), b.apply("multiply", t, t))
    function = built((x,), lambda b, x: for_loop(b, (x, x), body)[0])
    assert names(eliminate_dead_code(function)) == ["add"]
    unused = built((x,), lambda b, x: (for_loop(b, (x, x), body), x)[1])
    assert eliminate_dead_code(unused).region.body == ()


def test_tape_that_nothing_reads_is_dead():
    x = var("x")

    def build(b, x):
        tape = b.apply("list_new", element=NP_FLOAT)

        def body(b, i, s, tape):
            return b.apply("multiply", s, x), b.apply("list_append", tape, s)

        s, tape = for_loop(b, (x, tape), body)

        def back(b, i, g, tape):
            v, tape = b.apply_all("list_pop", tape)
            b.apply("multiply", v, v)
            return b.apply("multiply", g, x), tape

        return for_loop(b, (s, tape), back)[0]

    function = eliminate_dead_code(built((x,), build, "adjoint"))
    verify(function)
    assert names(function) == ["multiply", "multiply"]


def test_while_stays():
    x = var("x")
    params = var("s"), var("t")
    b = Builder()
    again = b.apply("less", params[0], constant(3.0))
    cond = b.region((params[0],), (again,))
    body = Region((params[1],), (), (params[1],))
    loop = While((fresh_var(NP_FLOAT),), (x,), cond, body, fresh_var(PY_INT))
    function = Function("f", Region((x,), (loop,), (x,)))
    verify(function)
    assert len(eliminate_dead_code(function).region.body) == 1


def test_errors_merge_downwards_only():
    v, i = var("v", VECTOR), var("i", PY_INT)
    load = lambda b: b.apply("load", v, i, index=("int",))

    def build(b, v, i):
        return b.apply("add", load(b), load(b))

    assert names(optimise(built((v, i), build))) == ["load", "add"]
    c = var("c", PY_BOOL)

    def nested(b, v, i, c):
        inside = choose(b, c, load, lambda b: constant(np.float64(1)))
        return b.apply("add", inside, load(b))

    assert names(optimise(built((v, i, c), nested))) == ["load", "load", "add"]


def test_signed_zeros_and_new_arrays_are_told_apart():
    x, n = var("x"), var("n", PY_INT)
    both = lambda b, x: tuple(b.apply("add", x, constant(z)) for z in (0.0, -0.0))
    assert names(merge_common_subexpressions(built((x,), both))) == ["add", "add"]
    new = lambda b, n: tuple(b.apply("zeros", n, dtype="float64") for _ in range(2))
    assert names(optimise(built((n,), new))) == ["zeros", "zeros"]


def test_lengths_merge_with_their_values():
    """Slices of run-time bounds that are equal have one symbolic length."""
    v, n = var("v", VECTOR), var("n", PY_INT)

    def build(b, v, n):
        index = (("slice", False, True, False),)
        first, second = (b.apply("load", v, n, index=index) for _ in range(2))
        total = b.apply("add", b.apply("sin", second, via="np"), first)
        return b.apply("sum_to", total, first)

    function = optimise(built((v, n), build, "adjoint"))
    verify(function)
    assert names(function) == ["load", "sin", "add"]


# --- Branches and stores ---


def ifs(function):
    return [s for s in all_stmts(function.region) if isinstance(s, If)]


def test_two_branches_on_opposite_conditions_are_one():
    c, x = var("c", PY_BOOL), var("x")

    def build(b, c, x):
        y = choose(b, c, lambda b: b.apply("sin", x, via="np"), lambda b: x)
        no, z = b.apply("logical_not", c), b.apply("multiply", y, y)
        return choose(b, no, lambda b: z, lambda b: b.apply("add", z, x))

    function = optimise(built((c, x), build, "adjoint"))
    verify(function)
    assert len(ifs(function)) == 1
    for value in (True, False):
        before = run(built((c, x), build), value, np.float64(0.3))
        assert run(function, value, np.float64(0.3)) == pytest.approx(before)


def test_branches_of_primal_code_stay_apart():
    c, x = var("c", PY_BOOL), var("x")

    def build(b, c, x):
        y = choose(b, c, lambda b: b.apply("sin", x, via="np"), lambda b: x)
        return choose(b, c, lambda b: y, lambda b: b.apply("add", y, x))

    assert len(ifs(optimise(built((c, x), build)))) == 2


def test_what_is_zero_in_one_arm_is_computed_in_the_other():
    c, x, y = var("c", PY_BOOL), var("x"), var("x_bar")

    def build(b, c, x, y):
        value = choose(b, c, lambda b: constant(0.0), lambda b: x)
        factor = b.apply("cos", x, via="np")
        return b.apply("add", y, b.apply("multiply", value, factor), hint="x_bar")

    function = optimise(built((c, x, y), build, "adjoint"))
    verify(function)
    (choice,) = ifs(function)
    assert not choice.then.body
    assert names(function) == ["cos", "multiply", "add"]
    with np.errstate(all="ignore"):  # the cosine is not computed, let alone 0 * nan
        assert run(function, True, np.inf, 2.0) == (2.0,)


def test_a_zero_of_the_primal_is_a_number():
    c, x, y = var("c", PY_BOOL), var("x"), var("x_bar")
    primal = Builder()
    value = choose(primal, c, lambda b: constant(0.0), lambda b: x)
    b = Builder(primal.stmts, role="adjoint")
    x_bar = b.apply("add", y, b.apply("multiply", value, x), hint="x_bar")
    function = optimise(Function("f", b.region((c, x, y), (x_bar,))))
    with np.errstate(all="ignore"):
        assert np.isnan(run(function, True, np.inf, 2.0)[0])


def test_errors_of_the_primal_keep_their_order():
    c, v, i = var("c", PY_BOOL), var("v", VECTOR), var("i", PY_INT)
    b = Builder()
    y = choose(
        b, c, lambda b: constant(np.float64(1)), lambda b: constant(np.float64(2))
    )
    last = b.apply("load", v, i, index=("int",))  # may raise, in the primal
    b.role = "adjoint"
    load = lambda b: b.apply("load", v, i, index=("int",))
    z = choose(b, c, load, lambda b: y)
    function = optimise(Function("f", b.region((c, v, i), (z, last))))
    verify(function)
    first = function.region.body[0]
    assert isinstance(first, Let) or "load" not in names(Function("g", first.then))


@pytest.mark.parametrize(
    ("between", "joined"),
    [
        (lambda b, y, i: y, True),
        (lambda b, y, i: added(b, y, b.apply("add", i, constant(1))), True),
        (lambda b, y, i: added(b, y, b.apply("subtract", i, constant(1))), False),
        (lambda b, y, i: added(b, y, constant(-1)), False),
        (lambda b, y, i: added(b, y, constant(7)), True),
        (lambda b, y, i: added(b, y, constant(2)), False),
    ],
)
def test_zero_then_added_is_stored(between, joined):
    v = var("v", VECTOR)

    def body(b, i, y):
        y = b.apply("store", y, constant(0.0), i, index=("int",))
        return (added(b, between(b, y, i), i),)

    build = lambda b, v: for_loop(b, (v,), body)
    function = optimise(built((v,), build, "adjoint"))
    verify(function)
    lets = [s for s in all_stmts(function.region) if isinstance(s, Let)]
    stored = [s.operands[1] for s in lets if s.primitive.name == "store"]
    assert stored == [constant(3.0 if joined else 0.0)]


def added(b, y, index):
    """``y[index] += 3``."""
    return b.apply("accumulate", y, constant(3.0), index, index=("int",))


# --- Walking ---


def test_inline_gives_lengths_of_its_own():
    v = var("v", VECTOR)
    inner = built((v,), lambda b, v: b.apply("add", v, v))
    x, y = var("x", Array("float64", (3,))), var("y", MATRIX)
    small = lambda b, x: inline(b, inner, (x,))
    function = built((x,), small)
    assert str(function.results[0].type) == "float64[3]"
    with pytest.raises(ValueError, match="zip"):
        built((y,), lambda b, y: inline(b, inner, (y,)))


def test_clone_is_alike_and_apart():
    x = var("x")
    body = lambda b, i, s: (b.apply("add", s, x),)
    function = built((x,), lambda b, x: for_loop(b, (x,), body))
    copy = Function("f", clone(function.region))
    verify(copy)
    assert show(copy) == show(function)
    both = {v for s in all_stmts(function.region) for v in s.results}
    assert both.isdisjoint(v for s in all_stmts(copy.region) for v in s.results)


# --- All passes ---

OPERATORS = ("add", "subtract", "multiply", "ieee_divide", "negative")
ZERO, ONE = constant(np.float64(0)), constant(np.float64(1))


@st.composite
def programs(draw):
    """Straight-line and nested code on floats, with constants that rules look for."""
    params = (var("x"), var("y"))
    pool = [*params]
    b = Builder(role=draw(st.sampled_from(["primal", "adjoint"])))

    def atom(pool):
        numbers = st.sampled_from([0, 1, 2, -1, -2, 0.5, 3.0])
        return draw(st.sampled_from(pool) | numbers.map(constant))

    def statements(b, pool, count):
        for _ in range(count):
            name = draw(st.sampled_from(OPERATORS))
            atoms = (atom(pool),) if name == "negative" else (atom(pool), atom(pool))
            if not any(isinstance(a, Var) for a in atoms):
                atoms = (draw(st.sampled_from(pool)), *atoms[1:])
            hint = draw(st.sampled_from([None, None, "u"]))
            pool.append(b.apply(name, *atoms, hint=hint))

    def arm(outer):
        def build(b):
            pool = [*outer]
            statements(b, pool, draw(st.integers(0, 3)))
            ends = st.sampled_from([*pool, ZERO, ONE])
            return draw(ends), draw(ends)

        return build

    conditions = [constant(True)]

    def body(b, i, s, t):
        pool = [*outer, s, t]
        statements(b, pool, draw(st.integers(1, 4)))
        return draw(st.sampled_from(pool)), draw(st.sampled_from(pool))

    for _ in range(draw(st.integers(1, 5))):
        outer = [*pool]
        match draw(st.sampled_from(["straight", "straight", "if", "for"])):
            case "straight":
                statements(b, pool, draw(st.integers(1, 6)))
            case "if":
                cond = draw(st.sampled_from([*conditions, None, None]))
                if cond is None:
                    cond = b.apply("less", atom(pool), draw(st.sampled_from(pool)))
                    conditions += [cond, b.apply("logical_not", cond)]
                pool += choose_all(b, cond, arm(outer), arm(outer))
            case "for":
                inits = (draw(st.sampled_from(pool)), draw(st.sampled_from(pool)))
                stop = draw(st.integers(0, 2))
                pool += for_loop(b, inits, body, stop=stop)
    results = tuple(pool[-2:])
    return Function("f", b.region(params, results))


@settings(max_examples=300, deadline=None)
@given(programs(), st.floats(-4, 4), st.floats(-4, 4))
def test_passes_keep_the_meaning(function, x, y):
    verify(function)
    with np.errstate(all="ignore"):
        expected = run(function, np.float64(x), np.float64(y))
        for step in (*PASSES, optimise):
            changed = step(function)
            verify(changed, stage=step.__name__)
            found = run(changed, np.float64(x), np.float64(y))
            agree(found, expected, function, changed)


def agree(found, expected, before, after):
    exact = all(s.role == "primal" for s in all_stmts(before.region))
    for a, b in zip(found, expected, strict=True):
        same = np.array_equal(a, b, equal_nan=True)
        if exact:
            same = same and (np.isnan(b) or np.signbit(a) == np.signbit(b))
        else:
            # Order and rounding may differ; far from 0 and infinity no more than that.
            same = same or not 1e-9 < abs(b) < 1e9 or abs(a - b) <= 1e-6 * abs(b)
        assert same, f"{a} for {b}\n{show(before)}\n{show(after)}"


@settings(max_examples=100, deadline=None)
@given(programs())
def test_optimised_code_has_no_dead_statement(function):
    done = optimise(function)
    assert eliminate_dead_code(done) is done


@pytest.mark.parametrize("step", [*PASSES, verify, show])
def test_time_is_near_linear(step):
    x = var("x")
    b = Builder(role="adjoint")
    atoms = [x, x]
    for k in range(5000):
        name = OPERATORS[k % 4]
        atoms.append(b.apply(name, atoms[-1], atoms[-1 - k % 2]))
    function = Function("f", b.region((x,), (atoms[-1],)))
    start = time.perf_counter()
    step(function)
    # A second on an idle machine at most; this leaves room for a busy one.
    assert time.perf_counter() - start < 3
