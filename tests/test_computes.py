"""What rows say they compute in, against NumPy and Python.

Operands brought to those dtypes first, as NumPy numbers, must give the same bits, once
the result is converted to the dtype that its type states.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import adcompiler.primitives  # noqa: F401  (fills the registry)
from adcompiler.ir.nodes import Const
from adcompiler.ir.primitive import PRIMITIVES
from tests.elementwise_cases import MATH, OPERATORS
from tests.primitive_cases import FACTORED, LINALG, OTHERS, SUMS
from tests.primitive_harness import Case, type_of

# Values that are not the same in each precision, of every dtype and kind.
ARRAYS = (
    np.array([0.1, 1.7, 2.3]),
    np.array([0.1, 1.7, 2.3], np.float32),
    np.array([1, 2, 3]),
    np.array([True, False, True]),
)
NUMBERS = (0.1, 3, True, np.float64(0.1), np.float32(0.1), np.int64(3), np.bool_(True))
MIXED = [*ARRAYS, *NUMBERS]
ELEMENTWISE = [row for row in PRIMITIVES.values() if row.elementwise and row.computes]


def mixes() -> list[Case]:
    """Every elementwise row on operands of all dtypes and kinds."""
    found = []
    for row in ELEMENTWISE:
        for values in itertools.product(MIXED, repeat=len(row.domain)):
            found += [Case(row.name, values, params) for params in variants(row.name)]
    return found


def variants(name: str) -> list[dict]:
    found: list[dict] = [{}]
    if name in MATH:
        found.append({"via": "math"})
    if name in OPERATORS:
        found.append({"via": "np"})
    if name in ("where", "maximum", "minimum"):
        found.append({"via": "builtin"})
    return found


STORES = [
    Case(name, (x, v, 1), {"index": ("int",)})
    for name in ("store", "accumulate")
    for x in ARRAYS[:2]
    for v in (*NUMBERS, np.float64(0.30000000000000004))
] + [
    Case(name, (x, v), {"index": ("full",)})
    for name in ("store", "accumulate")
    for x in ARRAYS[:2]
    for v in ARRAYS
]


def in_dtype(value, dtype: str | None):
    """The value as NumPy has it in a dtype."""
    if dtype is None:
        return value
    array = np.asarray(value)
    return (
        array.astype(dtype)
        if isinstance(value, np.ndarray)
        else array.astype(dtype)[()]
    )


def applied(row, values, params):
    try:
        return row.evaluate(*values, **params)
    except (TypeError, ValueError, ArithmeticError):
        return None


def holds(case: Case) -> bool:
    """Whether the row takes the operands; then, that it computes as it says."""
    row = PRIMITIVES[case.name]
    values = tuple(v.value if isinstance(v, Const) else v for v in case.values)
    types = tuple(map(type_of, values))
    try:
        stated, *_ = row.types(types, case.params)
        dtypes = row.computes(types, case.params)
    except (TypeError, ValueError, KeyError):
        return False
    assert len(dtypes) == len(values)
    expected = applied(row, values, case.params)
    if expected is None or isinstance(expected, complex):
        return False
    converted = tuple(map(in_dtype, values, dtypes))
    how = case.params
    if how.get("via") != "math" and how.get("via") != "builtin":
        how = {k: v for k, v in how.items() if k != "via"}
    found = applied(row, converted, how)
    if case.name == "accumulate":  # a sum, then a conversion
        wide = values[0].astype(np.asarray(converted[0]).dtype)
        found = applied(row, (wide, *converted[1:]), how)
    if isinstance(expected, tuple) and isinstance(expected[0], np.ndarray):
        expected, found = expected[0], found[0]
    found = in_dtype(found, stated.dtype)
    np.testing.assert_array_equal(found, expected, strict=False)
    assert np.asarray(expected).dtype == stated.dtype, (case, expected)
    return True


@pytest.mark.parametrize("name", [row.name for row in ELEMENTWISE])
def test_mixed_operands_meet_in_the_dtypes_stated(name):
    with np.errstate(all="ignore"):
        done = [holds(case) for case in mixes() if case.name == name]
    assert any(done)


def test_other_rows_compute_in_the_dtypes_stated():
    cases = [
        c
        for c in (*OTHERS, *LINALG, *SUMS, *FACTORED, *STORES)
        if PRIMITIVES[c.name].computes
    ]
    with np.errstate(all="ignore"):
        done = {case.name for case in cases if holds(case)}
    assert done >= {n for n, r in PRIMITIVES.items() if r.computes} - {
        r.name for r in ELEMENTWISE
    }
