"""Passes over control flow, stores and dead code; each keeps the meaning."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adcompiler.primitives  # noqa: F401  (fills the registry)
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Function,
    If,
    Let,
    Region,
    Var,
    While,
    fresh_var,
)
from adcompiler.ir.printer import show
from adcompiler.ir.types import (
    NP_FLOAT,
    PY_BOOL,
    PY_INT,
    Array,
    fresh_dim,
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
)
from tests.built_ir import (
    MATRIX,
    VECTOR,
    built,
    choose,
    choose_all,
    for_loop,
    names,
    result,
    var,
)
from tests.ir_interpreter import interpret

PASSES = (
    simplify,
    merge_common_subexpressions,
    eliminate_dead_code,
    join_stores,
    sink,
    merge_branches,
    settle_signs,
)

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
        before = interpret(built((c, x), build), (value, np.float64(0.3)))
        assert interpret(function, (value, np.float64(0.3))) == pytest.approx(before)


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
        assert interpret(function, (True, np.inf, 2.0)) == (2.0,)


def test_a_zero_of_the_primal_is_a_number():
    c, x, y = var("c", PY_BOOL), var("x"), var("x_bar")
    primal = Builder()
    value = choose(primal, c, lambda b: constant(0.0), lambda b: x)
    b = Builder(primal.stmts, role="adjoint")
    x_bar = b.apply("add", y, b.apply("multiply", value, x), hint="x_bar")
    function = optimise(Function("f", b.region((c, x, y), (x_bar,))))
    with np.errstate(all="ignore"):
        assert np.isnan(
            interpret(function, (True, np.float64(np.inf), np.float64(2.0)))[0]
        )


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
        expected = interpret(function, (np.float64(x), np.float64(y)))
        for step in (*PASSES, optimise):
            changed = step(function)
            verify(changed, stage=step.__name__)
            found = interpret(changed, (np.float64(x), np.float64(y)))
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


def test_what_is_read_for_its_shape_settles():
    """Of two arrays of a shape, one made like the other, the same is read after each
    pass."""
    x, y = (fresh_var(Array("float64", (fresh_dim(),)), name) for name in "xy")
    b = Builder(role="adjoint")
    square = b.apply("outer", x, y)
    ones = b.apply("ones_like", square, dtype=None)
    zeros = b.apply("zeros_like", square, dtype=None)
    function = optimise(Function("f", b.region((x, y), (ones, zeros))))
    assert simplify(function) is function
