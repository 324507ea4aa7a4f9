"""Every row of the corpus, in other words: the same derivatives."""

import numpy as np
import pytest

import adcompiler as ad
from tests import numerics
from tests.programs import PROGRAMS, checks
from tests.programs.registry import Program
from tests.programs.rewriting import is_rewritable, kinds_of, rewritings

# At an `edge` a partial is infinite; the zero that a loop carries for a name that only
# its own trips read meets it as a nan.
ROWS = [
    row
    for row in PROGRAMS.values()
    if not (row.refused or row.raises or "edge" in row.tags) and is_rewritable(row.fn)
]
SAMPLE = 40


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=row.name, marks=[pytest.mark.long] if k % SAMPLE else [])
        for k, row in enumerate(ROWS)
    ],
)
def test_derivatives_do_not_depend_on_the_wording(row):
    wrt = checks.positions(row)
    value = checks.quietly(row.fn, *row.args())
    seed = checks.draw_like(checks.generator_for(row), value)
    expected = derivatives(checks.compiled(row.fn, wrt), row, wrt, seed)
    for name, fn in rewritings(row):
        try:
            found = derivatives(ad.differentiate(fn, wrt=wrt), row, wrt, seed)
        except ad.UnsupportedError:
            continue  # refused in these words
        for what, one, other in zip(
            ("value", "gradient"), found, expected, strict=True
        ):
            scale = 1 + np.max(np.abs(other), initial=0.0)
            rtol = checks.rtol_of(row) or 1e-9
            message = f"the {what} of {row.name}, {name}"
            assert np.allclose(one, other, rtol, rtol * scale, equal_nan=True), message


def derivatives(function, row, wrt, seed):
    """The value and the pullback of a cotangent, each as one vector."""
    value, pullback = checks.quietly(function.vjp, *row.args())
    return numerics.flatten(value), numerics.flatten(pullback(seed))


def test_kinds_are_those_of_a_run():
    def fn(n, a, x, i):
        y = x * a
        total = np.sum(y)
        for k in range(n):
            total += a * k
        return total + i[0]

    arguments = (2, 0.5, np.ones(3), np.arange(3))
    kinds = kinds_of(Program("kinds", fn, lambda rng: arguments))
    names = ("n", "a", "x", "i", "y", "total", "k")
    assert [name for name in names if kinds.scalar(name)] == ["n", "a", "total", "k"]
    assert [name for name in names if kinds.number(name)] == ["a", "total"]
    assert [name for name in names if kinds.own(name)] == ["x", "y"]
    assert "np" in kinds.outside
