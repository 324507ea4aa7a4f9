"""Arrays without elements: each function does what NumPy's own does.

Calls are those of `tests/coverage_names.py` and of `tests/library_cases.py`, of arrays
of which one or all lengths are zero. Value, dtype and kind are compared with the plain
call's, or the kind of error; the gradient has the argument's shape.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import adcompiler as ad
from tests import library_cases, numerics, test_library
from tests import test_coverage_doc as coverage
from tests.programs.registry import Program

EMPTY = np.zeros(0)
NONE_OF = {"x": (0, 3), "y": (0, 3), "u": (0, 3), "w": (0, 3), "c": (0, 3, 4)}
LENGTHS: dict[str, dict[str, tuple[int, ...]]] = {
    "no rows": NONE_OF,
    "no columns": {**{name: (3, 0) for name in "xyuw"}, "c": (2, 0, 4)},
    "vectors": {name: (0,) for name in "xyuwspc"},
}

# What NumPy alone does of nothing, and why not here.
EXCEPTIONS = {
    "np.bincount": "counts that are integers, whatever the weights are",
    "np.poly(": "a number instead of an array",
    "np.poly-(3,3)": "ValueError, where the polynomial is one here",
    "np.polydiv": "IndexError of no coefficients",
    "np.polyval": "zeros_like(x), an array without axes, and numbers of all else",
    "special.logsumexp": "an error of SciPy's own, if there are several axes",
    "stats.multivariate_normal": "an error of SciPy's about no dimensions",
    "linalg.solveh_banded": "ValueError of no bands, where IndexError is here",
    "np.polynomial": "IndexError of no coefficients",
    "np.nanquantile-(3,4)-(0": "fewer axes, if there are several quantiles",
    "np.nanpercentile-(3,4)-(2": "the same",
    "np.piecewise-(5,)-(5,)": "IndexError of one condition that is an array",
    "linalg.cholesky-(2,": "ValueError of stacks without matrices",
    "linalg.solve_triangular-(2,": "the same",
    "np.gradient": "IndexError instead of ValueError, if the steps are an array",
    "np.average": "ZeroDivisionError of no averages, as np.mean has none",
    "integrate.simpson": "IndexError, where the integral of nothing is zero here",
}

ERRORS = (ValueError, TypeError, IndexError, np.linalg.LinAlgError)


def values(which: str) -> dict[str, Any]:
    """The arrays that calls name, without elements."""
    found = {**coverage.VALUES, "v": EMPTY, "k": np.zeros(0, int)}
    found |= {name: np.zeros((0, 0)) for name in "sp"}
    return found | {n: np.zeros(shape) for n, shape in LENGTHS[which].items()}


def outcome(call: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """What a call gives or raises."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return call(), None
        except Exception as error:  # noqa: BLE001 - ours is compared with it
            return None, error


def described(value: Any) -> Any:
    """The kinds, dtypes and shapes of a result."""
    if isinstance(value, tuple | list):
        return tuple(map(described, value))
    return type(value).__name__, np.asarray(value).dtype, np.shape(value)


def compare(row: Program) -> None:
    """The value or the error of the plain call, and gradients of the right shape."""
    wanted, expected = outcome(lambda: row.fn(*row.args()))
    fn = ad.differentiate(row.fn, wrt=row.wrt)
    found, error = outcome(lambda: fn.vjp(*row.args()))
    if isinstance(error, ad.UnsupportedError):
        return  # docs/coverage.md has what is refused
    if expected is not None:
        assert error is not None, f"NumPy raises {expected!r}"
        assert isinstance(expected, type(error)), (expected, error)
        return
    if error is not None:
        raise error
    value, pull = found
    assert described(value) == described(wanted)
    one, other = numerics.flatten(value), numerics.flatten(wanted)
    np.testing.assert_allclose(one, other, rtol=1e-12)
    if not isinstance(wanted, np.ndarray) or wanted.dtype.kind != "f":
        return
    gradients, error = outcome(lambda: pull(np.ones_like(wanted)))
    assert error is None
    given = [row.args()[k] for k in numerics.wrt_positions(row.fn, row.args(), row.wrt)]
    several = gradients if len(given) > 1 else (gradients,)
    assert list(map(np.shape, several)) == list(map(np.shape, given))


def calling(call: str, given: dict[str, Any]) -> Program:
    """A program that gives what the call does, by the values that it names."""
    named = {n.id for n in ast.walk(ast.parse(call)) if isinstance(n, ast.Name)}
    names = [name for name in given if name in named and name != "k"] or ["x"]
    names += ["k"] if "k" in named else []
    text = f"def program({', '.join(names)}):\n    return {call}\n"
    function = test_library.written(text, f"<nothing {call}>", dict(coverage.SCOPE))
    floats = tuple(n for n in names if n != "k")
    return Program(call, function, lambda _: tuple(given[n] for n in names), floats)


def calls() -> Iterator[str]:
    """A call of each function that other tools have."""
    for name, _ in coverage.functions():
        call = coverage.call_of(name)
        assert call is not None
        if not any(f"{name}(".startswith(word) for word in EXCEPTIONS):
            yield call


@pytest.mark.parametrize("which", LENGTHS)
def test_functions_of_nothing_are_numpys(which):
    found, wrong = values(which), []
    for call in calls():
        row = calling(call, found)
        if all(np.size(v) for v in row.args()):
            continue
        try:
            compare(row)
        except (AssertionError, *ERRORS) as error:
            wrong.append((call, error))
    assert not wrong


def without(case: library_cases.Case) -> Iterator[Program]:
    """The program of a case, each length of its arrays being none in turn."""
    row = test_library.program_of(case)
    lengths = {n for a in row.args() for n in np.shape(a)}
    for length in sorted(lengths):
        shapes = [tuple(n * (n != length) for n in np.shape(a)) for a in row.args()]
        cut = tuple(
            np.zeros(shape, a.dtype) if 0 in shape else a
            for a, shape in zip(row.args(), shapes, strict=True)
        )
        yield Program(
            f"{row.name} without {length}", row.fn, lambda _, cut=cut: cut, row.wrt
        )


ROWS = [c for c in library_cases.CASES if test_library.is_double(c)]


@pytest.mark.parametrize("case", ROWS, ids=str)
def test_composed_functions_of_nothing_are_numpys(case):
    if any(str(case).startswith(word) for word in EXCEPTIONS):
        pytest.skip("an exception")
    for row in without(case):
        compare(row)
