"""The corpus against the reference derivatives: rows times checks."""

import builtins

import numpy as np
import pytest

import adcompiler as ad
from tests.programs import PROGRAMS, checks

ROWS = tuple(PROGRAMS.values())
ACCEPTED = [row for row in ROWS if not row.refused and not row.raises]
SECOND_ORDER = [row for row in ACCEPTED if row.order >= 2]
REFUSED = [row for row in ROWS if row.refused]
RAISING = [row for row in ROWS if row.raises]


def over(rows):
    return pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in rows])


@over(ACCEPTED)
def test_value_is_plain_python_s(row):
    checks.check_value(row)


@over(ACCEPTED)
def test_reverse_mode(row):
    checks.check_reverse(row)


@over(ACCEPTED)
def test_forward_mode(row):
    checks.check_forward(row)


@over(ACCEPTED)
def test_dot_product(row):
    checks.check_dot_product(row)


@over(SECOND_ORDER)
def test_second_order(row):
    checks.check_second_order(row)


@over(ACCEPTED)
def test_ownership(row):
    checks.check_ownership(row)


@over(REFUSED)
def test_refused_at_its_line(row):
    with pytest.raises(ad.UnsupportedError) as caught:
        checks.quietly(checks.compiled(row.fn, row.wrt).grad, *row.args())
    code = row.fn.__code__
    last = max(line for *_, line in code.co_lines() if line is not None)
    assert row.refused in caught.value.message.lower()
    assert caught.value.filename == code.co_filename
    assert code.co_firstlineno <= caught.value.lineno <= last + 1
    assert caught.value.hint


@over(REFUSED)
def test_refused_program_still_runs(row):
    expected = checks.quietly(row.fn, *row.args())
    actual = checks.quietly(checks.compiled(row.fn, row.wrt), *row.args())
    assert np.array_equal(actual, expected)


@over(RAISING)
@pytest.mark.parametrize("call", ["value", "grad", "value_and_grad", "vjp", "jvp"])
def test_exceptions_are_plain_python_s(row, call):
    with pytest.raises(row.raises) as expected:
        row.fn(*row.args())
    function, args = checks.compiled(row.fn, row.wrt), row.args()
    wrt = checks.positions(row)
    vectors = tuple(checks.draw_like(checks.generator_for(row), args[k]) for k in wrt)
    tangents = checks.spread(vectors, wrt, len(args))
    with pytest.raises(row.raises) as actual:
        match call:
            case "value":
                function(*args)
            case "jvp":
                function.jvp(args, tangents)
            case _:
                getattr(function, call)(*args)
    assert type(actual.value) is type(expected.value)
    if not hasattr(builtins, row.raises.__name__):
        assert str(actual.value.args) == str(expected.value.args)
        assert actual.value.__suppress_context__ is expected.value.__suppress_context__
    if row.raises in (AssertionError, IndexError, ValueError, ZeroDivisionError):
        assert str(actual.value) == str(expected.value)


NESTED = [
    row
    for row in SECOND_ORDER
    if len(row.args()) == 1 and isinstance(row.args()[0], float)
]


@over(NESTED)
def test_grad_of_grad_of_a_scalar(row):
    (x,) = row.args()
    expected = checks.numerics.reference_hvp(row.fn, (x,), np.ones(1))
    value = checks.quietly(row.fn, x)
    if np.size(value) != 1:
        pytest.skip("not a scalar function")
    found = checks.quietly(ad.grad(ad.grad(row.fn)), x)
    checks.assert_gradients_match(row, (found,), expected)


@over([row for row in ACCEPTED if "gate" in row.tags])
def test_check_grads_passes(row):
    value = checks.quietly(row.fn, *row.args())
    if isinstance(value, tuple) or np.size(value) != 1:
        value = checks.draw_like(checks.generator_for(row), value)
        function = checks.weighted_sum(row.fn, value, len(row.args()))
    else:
        function = row.fn
    assert ad.check_grads(function, row.args(), order=1) is None
