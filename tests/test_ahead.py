"""Loops whose indices are tested before them: numbers and errors of plain Python."""

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.ir.walk import all_stmts
from adcompiler.optimise import optimise, with_tests_ahead
from tests.gradients_in_ir import lowered

FAR = 2**62


def counted(a, x, n, k):
    s = 0.0
    for i in range(n):
        s += a * x[i]
    return s


def shifted(a, x, n, k):
    s = 0.0
    for i in range(k, n):
        s += a * x[i - k] * x[i]
    return s


def downwards(a, x, n, k):
    s = 0.0
    for i in range(n - 1, k, -2):
        s = s * 0.5 + a * x[i + 1]
    return s


def from_the_end(a, x, n, k):
    s = 0.0
    for i in range(n):
        s += a * x[-i - 1] * x[k - i]
    return s


def by_a_counter(a, x, n, k):
    s, p = 0.0, k
    for i in range(n):
        x[p] += a * x[i]
        p += 2
        s += p * x[2]
    return s + np.sum(x * x)


def in_a_branch(a, x, n, k):
    s = 0.0
    for i in range(n):
        if i < k:
            s += a * x[i] * x[i + 1]
    return s


def with_an_exit(a, x, n, k):
    s = 0.0
    for i in range(n):
        s += a * x[i + k]
        if s > 0.9:
            break
    return s * i


def before_other_errors(a, x, n, k):
    s = 0.0
    for i in range(n):
        if i > k:
            raise ValueError("too many")
        s += a * x[i]
    return s


def in_two_loops(a, x, n, k):
    m = np.outer(x, x[:3])
    s = 0.0
    for i in range(n):
        for j in range(k):
            m[i, j] = a * m[i - 1, j] + m[i, j - 1]
        s += m[i, k - 1]
    return s


def far_apart(a, x, n, k):
    s = 0.0
    for i in range(3):
        s += a * x[i] * (i * k)
    for i in range(n, n + 2):
        s += a * x[i - n]
    return s * 1e-20


FUNCTIONS = (counted, shifted, downwards, from_the_end, by_a_counter, in_a_branch)
FUNCTIONS += (with_an_exit, before_other_errors, in_two_loops, far_apart)
NUMBERS = [(n, k) for n in (0, 1, 2, 5, 6, 8) for k in (0, 1, 2, 3, 7, -1, -4)]
NUMBERS += [(FAR, FAR), (2**63 - 1, 1), (3, 2**63 - 1), (-FAR, 2), (3, -FAR)]


def outcome(call):
    """What a call gives, or the error."""
    try:
        return call()
    except (IndexError, ValueError, UnboundLocalError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_numbers_and_errors_are_those_of_python(function):
    native, numpy = (
        ad.value_and_grad(function, wrt=("a", "x"), backend=backend)
        for backend in ("llvm", "numpy")
    )
    for n, k in NUMBERS:
        long = function in (counted, in_a_branch, with_an_exit) and n > 10**9
        if long and k >= 0 and function is in_a_branch:
            continue  # plain Python would take days
        if n - k > 10**9 and function is downwards:
            continue
        args = 0.3, np.linspace(0.2, 0.9, 6)
        wanted = outcome(lambda: function(args[0], args[1].copy(), n, k))  # noqa: B023
        got = outcome(lambda: native(args[0], args[1].copy(), n, k))  # noqa: B023
        if isinstance(wanted[0] if isinstance(wanted, tuple) else None, type):
            assert got[:1] == wanted[:1], (n, k)
            continue
        value, (a_bar, x_bar) = got
        _, (a_wanted, x_wanted) = numpy(args[0], args[1].copy(), n, k)
        assert np.isclose(value, wanted, rtol=1e-13, atol=0), (n, k)
        assert np.isclose(a_bar, a_wanted, rtol=1e-12, atol=0), (n, k)
        assert np.allclose(x_bar, x_wanted, rtol=1e-12, atol=0), (n, k)


@pytest.mark.parametrize("function", FUNCTIONS[:5], ids=lambda f: f.__name__)
def test_their_loops_are_tested_ahead(function):
    program = optimise(lowered(function, (0.3, np.ones(6), 3, 1)).function)
    made = with_tests_ahead(program)
    stmts = list(all_stmts(made.region))
    assert any(getattr(s, "params", ()) and s.param("tested") for s in stmts)


def test_a_loop_of_few_trips_stays():
    def few(x, k):
        s = 0.0
        for i in range(4):
            s += x[i + k]
        return s

    program = optimise(lowered(few, (np.ones(6), 1)).function)
    assert with_tests_ahead(program) is program
