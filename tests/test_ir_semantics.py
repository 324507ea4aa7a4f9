"""What the IR states of its statements, held against what they do, over the corpus.

The derivatives of every program are read by the interpreter, which checks each
statement as it runs: a value has the dtype, rank and kind of its type; an exception is
one that the row states, and none comes from a statement that is *safe*.
"""

import contextlib
import io

import numpy as np
import pytest

from adcompiler.errors import UnsupportedError
from adcompiler.ir.types import is_float
from adcompiler.pipeline import derive
from tests import ir_interpreter
from tests.programs import PROGRAMS

ROWS = [row for row in PROGRAMS.values() if not row.refused]


def quietly(function, values):
    """The results, or None where the program raises."""
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        try:
            return ir_interpreter.interpret(function, values)
        except AssertionError as error:
            if error.args and isinstance(error.args[0], tuple):
                raise  # a check of the interpreter, not an assert of the program
        except ir_interpreter.ERRORS:
            pass
    return None


@pytest.mark.parametrize("row", ROWS, ids=[r.name for r in ROWS])
def test_derivatives_do_what_their_statements_say(row):
    low, values = ir_interpreter.lowered(row.fn, row.args())
    params = low.function.params
    wrt = tuple(k for k, p in enumerate(params) if is_float(p.type))
    if not wrt:
        return
    try:
        (jvp,) = derive("jvp", low.function, wrt)
        forward, pullback = derive("vjp", low.function, wrt)
    except UnsupportedError:
        pytest.skip("refused at a later stage")
    results = quietly(forward, values)
    quietly(jvp, [*values, *(values[k] for k in wrt)])
    if results is None:
        return
    count = len(low.function.results)
    seeds = [
        result
        for atom, result in zip(low.function.results, results, strict=False)
        if is_float(atom.type)
    ]
    assert quietly(pullback, [*results[count:], *seeds]) is not None
