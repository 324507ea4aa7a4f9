"""Lowering, checked alone: the IR read directly gives what plain Python gives."""

import contextlib
import io

import numpy as np
import pytest

from adcompiler.errors import UnsupportedError
from tests import ir_interpreter
from tests.programs import PROGRAMS

ROWS = [row for row in PROGRAMS.values() if not row.refused]
RAISED = {row.raises for row in ROWS if row.raises}


def outcome(call):
    """The result and the text printed, or the error."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), np.errstate(all="ignore"):
        try:
            return call(), text.getvalue()
        except UnsupportedError:
            raise
        except (
            ArithmeticError,
            LookupError,
            ValueError,
            TypeError,
            NameError,
            AssertionError,
            RuntimeError,
            StopIteration,
            *RAISED,
        ) as error:
            return type(error), str(error), text.getvalue()


def same(left, right):
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float | np.ndarray | np.generic) or isinstance(
        right, np.ndarray
    ):
        a, b = np.asarray(left), np.asarray(right)
        close = a.shape == b.shape and a.dtype == b.dtype
        return close and np.allclose(
            a, b, rtol=1e-5 if a.itemsize < 8 else 1e-12, atol=1e-13, equal_nan=True
        )
    return left == right


@pytest.mark.parametrize("row", ROWS, ids=[r.name for r in ROWS])
def test_the_ir_means_what_python_means(row):
    expected = outcome(lambda: row.fn(*row.args()))
    if "mixture returned" in row.tags:
        # An int on one path and a float on another is returned as a float.
        expected = (float(expected[0]), expected[1])
    if "single returned" in row.tags:
        # What a loop starts with is in the precision that its trips give it.
        expected = (np.float32(expected[0]), expected[1])
    found = outcome(lambda: ir_interpreter.run(row.fn, row.args()))
    if isinstance(expected[0], type):
        assert found[0] is expected[0], (found, expected)
    else:
        assert same(found, expected), (found, expected)
