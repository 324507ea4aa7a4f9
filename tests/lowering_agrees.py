"""What the IR of a program gives, against plain Python, and the names in it."""

import copy

import numpy as np
import pytest

from adcompiler.ir.nodes import Let
from adcompiler.ir.walk import all_stmts
from tests.ir_interpreter import lowered, run


def agrees(function, *args):
    """Plain Python and the IR give the same value, type and error."""
    try:
        expected = function(*copy.deepcopy(args))
    except (ArithmeticError, LookupError, ValueError, NameError, AssertionError) as e:
        with pytest.raises(type(e), match=".*"):
            run(function, args)
        return
    found = run(function, args)
    assert np.shape(found) == np.shape(expected)
    assert np.allclose(found, expected, rtol=1e-13, atol=1e-15)
    assert type(found) is type(expected)


def names_of(function, *args):
    low, _ = lowered(function, args)
    return [
        s.primitive.name for s in all_stmts(low.function.region) if isinstance(s, Let)
    ]
