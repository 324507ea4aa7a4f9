"""Lowering: exits, joins, names, calls, what is refused and where."""

import math
import time
import warnings

import numpy as np
import pytest

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.interface import NeedStatic
from adcompiler.ir.nodes import Const, For, If
from adcompiler.ir.walk import all_stmts
from tests.ir_interpreter import lowered, run
from tests.lowering_agrees import agrees, names_of

SCALE = 3.0
TABLE = np.array([1.0, 2.0, 4.0])
DEBUG = False
COUNT = 2


# --- Exits -------------------------------------------------------------------------


def early_return(x, n):
    for i in range(n):
        for j in range(i):
            if x[j] > 0.5:
                return x[i] * j
        if x[i] < -0.5:
            continue
        if i == 5:
            break
    else:
        return 1.5
    return -1.0


@pytest.mark.parametrize("n", [0, 1, 2, 4, 6])
@pytest.mark.parametrize("seed", range(4))
def test_exits_from_nested_loops(n, seed):
    agrees(early_return, np.random.default_rng(seed).normal(size=6), n)


def guarded_tail(x, n):
    total = 1.0
    for i in range(n):
        if i % 2:
            if x > i:
                continue
            total = total + 1.0
        total = total * x
        if total > 40.0:
            if x < 3.0:
                break
            total = total / 2.0
        total += 0.25
    return total


@pytest.mark.parametrize("x", [0.5, 1.5, 2.5, 4.5])
@pytest.mark.parametrize("n", [0, 1, 5, 9])
def test_what_follows_a_possible_exit_is_guarded(x, n):
    agrees(guarded_tail, x, n)


def while_with_return(x):
    k = 0
    while k < 10:
        k += 1
        if x > 100.0:
            return x
        x = x * x
    return k * 1.0


def test_return_from_while():
    agrees(while_with_return, 2.0)
    agrees(while_with_return, 1.0)


def returns_in_a_tuple_loop(x):
    for a in (1.0, 2.0, 3.0):
        if x < a:
            return a * x
    return x


def test_loops_over_tuples_are_unrolled():
    for x in (0.5, 1.5, 2.5, 3.5):
        agrees(returns_in_a_tuple_loop, x)
    low, _ = lowered(returns_in_a_tuple_loop, (0.5,))
    assert not any(isinstance(s, For) for s in all_stmts(low.function.region))


# --- Names -------------------------------------------------------------------------


def bound_on_one_path(x, c):
    if c:
        y = x * x
    return y + 1.0


def test_a_name_bound_on_one_path():
    agrees(bound_on_one_path, 2.0, 1)
    agrees(bound_on_one_path, 2.0, 0)


def bound_by_the_last_trip(x, n):
    for i in range(n):
        if i > 0:
            x = x + last  # noqa: F821
        last = x * i
    return last + i


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_name_first_bound_in_a_loop(n):
    agrees(bound_by_the_last_trip, 1.5, n)


def never_bound(x):
    if x > 0.0:
        return x
    return z  # noqa: F821


def test_a_global_that_is_not_there():
    with pytest.raises(UnsupportedError, match="'z' is not defined"):
        run(never_bound, (1.0,))


def bounds_read_once(x, n):
    for i in range(n):
        n = 1
        i = i + 1
        x = x * i
    return x + n + i


def test_bounds_are_read_once_and_the_variable_is_the_bodys_own():
    agrees(bounds_read_once, 1.5, 4)


# --- Joins -------------------------------------------------------------------------


def integer_start(x, n):
    total = 0
    for i in range(n):
        total = total + x[i] if x[i] > 0 else total
    return total


def test_a_known_integer_becomes_a_float():
    low, _ = lowered(integer_start, (np.ones(3), 3))
    assert low.function.results[0].type.dtype == "float64"
    assert run(integer_start, (np.array([1.0, -2.0]), 2)) == 1.0


def integer_counter(x, n):
    k = 0
    for i in range(n):
        if x[i] > 0:
            k += 1
    return x[k] * k


def test_a_counter_stays_an_integer():
    agrees(integer_counter, np.array([1.0, -1.0, 3.0]), 2)


def int_or_float(x, n):
    y = n
    if x > 0:
        y = x
    return y * 2


def test_an_int_on_one_path_and_a_float_on_another():
    assert run(int_or_float, (1.0, 2)) == 2.0
    assert run(int_or_float, (-1.0, 2)) == 4.0


def unused_conflict(x, flag):
    if flag:
        y = "text"
    else:
        y = x
    y = 1.0
    return x * y


def test_a_conflict_matters_only_where_the_name_is_read():
    agrees(unused_conflict, 2.0, 1)


def known_on_both_paths(x):
    if x > 0:
        axis = 0
    else:
        axis = 0
    return np.sum(np.ones((2, 3)) * x, axis=axis)


def test_what_is_known_on_both_paths_stays_known():
    agrees(known_on_both_paths, 2.0)


def short_circuit(x, n):
    if n != 0 and x / n > 1.0:
        return x
    return x or 5.0


def test_short_circuit():
    agrees(short_circuit, 3.0, 0)
    agrees(short_circuit, 3.0, 2)
    agrees(short_circuit, 0.0, 0)
    assert "divide" in names_of(short_circuit, 3.0, 2)


def chain(x, y):
    return 1.0 if 0 < x < y <= 4 else 2.0


def test_chained_comparison():
    for x, y in ((1.0, 2.0), (-1.0, 2.0), (3.0, 2.0), (1.0, 5.0)):
        agrees(chain, x, y)


# --- Names from outside --------------------------------------------------------------


def outside(x):
    if DEBUG:
        return "never"
    return x * SCALE + TABLE[1] * math.pi


def test_captures_and_guards():
    low, _ = lowered(outside, (2.0,))
    assert sorted(c.name for c in low.captures) == ["SCALE", "TABLE"]
    assert any(g.description == "'DEBUG'" and g.read() is g.value for g in low.guards)
    agrees(outside, 2.0)


def axis_from_outside(x):
    return np.sum(x, axis=COUNT - 1)


def test_a_captured_integer_that_must_be_known():
    low, _ = lowered(axis_from_outside, (np.ones((2, 3)),))
    assert low.captures == ()
    agrees(axis_from_outside, np.ones((2, 3)))


def axis_as_argument(x, k):
    return np.sum(x, axis=k + 1)


def test_an_argument_that_must_be_known():
    from adcompiler.frontend.arguments import describe
    from adcompiler.frontend.capture import capture
    from adcompiler.frontend.lower import lower_function

    specs = {"x": describe(np.ones((2, 3))), "k": describe(0)}
    with pytest.raises(NeedStatic) as info:
        lower_function(capture(axis_as_argument), specs)
    assert info.value.leaf == 1
    agrees(axis_as_argument, np.ones((2, 3)), 0)


# --- Calls ---------------------------------------------------------------------------


def helper(a, b=2.0, *, c=1.0):
    return a * b + c


def calls_with_defaults(x):
    return helper(x) + helper(x, 3.0) * helper(b=x, a=1.0, c=4.0)


def test_defaults_and_keywords():
    agrees(calls_with_defaults, 1.5)


def closures(x):
    scale = x

    def times(v):
        return v * scale

    scale = scale + 1.0
    compose = lambda f, g: lambda v: f(g(v))
    return compose(times, compose(times, lambda v: v + scale))(2.0)


def test_closures_read_names_when_called():
    agrees(closures, 1.5)


def recursive(x):
    return x if x < 1.0 else recursive(x / 2.0)


def test_recursion():
    agrees(recursive, 3.0)


def unknown(x):
    return np.fft.fft(x)


def test_an_unknown_function_is_refused_by_name():
    with pytest.raises(UnsupportedError, match="fft"):
        run(unknown, (np.ones(3),))


def unknown_keyword(x):
    return np.sum(x, axes=0)


def test_an_unknown_keyword_is_refused_by_name():
    with pytest.raises(UnsupportedError, match="'axes=' of np.sum"):
        run(unknown_keyword, (np.ones(3),))


# --- Errors and texts ----------------------------------------------------------------


def checks(x):
    assert x > 0, f"{x:.2f} is {{not}} positive"
    if x > 10.0:
        raise ValueError(f"{x!r} is too large")
    return math.log(x)


@pytest.mark.parametrize("x", [1.0, -1.0, 11.0])
def test_errors_of_the_program(x):
    expected, found = outcome(checks, x), outcome(run, checks, (x,))
    # pytest adds to the messages of the assertions that it rewrites.
    assert str(found).partition("\n")[0] == str(expected).partition("\n")[0]
    assert type(found) is type(expected)


def outcome(function, *args):
    try:
        return function(*args)
    except (AssertionError, ValueError) as error:
        return error


# --- Form ----------------------------------------------------------------------------


def named(x, n):
    y = x * x
    for i in range(n):
        z = y + i
        y = z * 2.0
    return y


def test_values_carry_the_users_names():
    low, _ = lowered(named, (1.0, 2))
    found = {
        r.name
        for s in all_stmts(low.function.region)
        for r in getattr(s, "results", ())
    }
    assert {"y", "z"} <= found


def returns_early(x):
    if x < 0:
        return -x
    y = x * 2.0
    return y


def test_the_rest_goes_into_the_arm_that_goes_on():
    low, _ = lowered(returns_early, (1.0,))
    branch = low.function.region.body[-1]
    assert isinstance(branch, If)
    assert len(branch.results) == 1
    assert len(branch.orelse.body) == 1


def endless(x):
    while True:
        y = x * x
        if y > 10.0:
            break
        x = x + 1.0
    return y


def test_a_name_bound_by_every_trip_of_an_endless_loop_needs_no_flag():
    agrees(endless, 1.0)
    assert "check_bound" not in names_of(endless, 1.0)


def deep(x):
    s = 0
    for a in range(2):
        u = x * 1.0
        for b in range(2):
            for c in range(2):
                for d in range(2):
                    for e in range(2):
                        for f in range(2):
                            u = u + a + b
                            s = s + u[0] * c * d * e * f
    return s


def test_deep_nests_are_lowered_in_linear_time():
    agrees(deep, np.ones(2))
    begin = time.perf_counter()
    lowered(deep, (np.ones(2),))
    assert time.perf_counter() - begin < 1.0


def folded(x):
    return x[2 * 3 - 4 : -1 + 0]


def test_known_integers_are_folded():
    low, _ = lowered(folded, (np.ones(6),))
    (load,) = low.function.region.body
    assert [a.value for a in load.operands[1:]] == [2, -1]
    assert all(isinstance(a, Const) for a in load.operands[1:])


# --- What compiling does beside ----------------------------------------------------


@pytest.mark.parametrize("worst", [-1e300, 1e39, float("inf")])
def test_numbers_that_float32_cannot_hold_are_no_reason_to_warn(worst):
    def best(x):
        found = worst
        for v in x:
            if v > found or found > 1e38:
                found = v
        return found

    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        assert agrees(best, np.array([1.0, 2.0])) is None
