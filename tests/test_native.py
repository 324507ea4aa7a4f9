"""Machine code against the NumPy program of the same function, over the corpus.

Values and derivatives agree to rounding, in dtype and shape; a run that raises is given
to the NumPy program, which raises what plain Python does; any other run is the machine
code's own, for arrays in C order and for others.
"""

import contextlib
import io

import numpy as np
import pytest

from adcompiler.building import build, native_module
from adcompiler.emit.llvm import NotNative
from adcompiler.errors import UnsupportedError
from adcompiler.execute.llvm.entry import Entry, compiled
from adcompiler.ir.types import Scalar, is_float
from adcompiler.pipeline import derive
from adcompiler.resident import Resident
from tests import ir_interpreter
from tests.programs import PROGRAMS

ROWS = [row for row in PROGRAMS.values() if not row.refused]
over_rows = pytest.mark.parametrize("row", ROWS, ids=[r.name for r in ROWS])


class HandedOn(Exception):
    """The machine code did not serve a call."""


def handed_on(*_):
    raise HandedOn


def lowered(row):
    """The function in IR, its arguments, and which of them are floats."""
    low, values = ir_interpreter.lowered(row.fn, row.args())
    wrt = tuple(k for k, p in enumerate(low.function.params) if is_float(p.type))
    return low.function, values, wrt


def derived(kind, function, wrt):
    try:
        return derive(kind, function, wrt)[0]
    except UnsupportedError:
        pytest.skip("refused at a later stage")


def own(value):
    """The same array in memory of its own."""
    return value.copy() if isinstance(value, np.ndarray) else value


def outcome(call, values, placed=own):
    """What a call gives, or raises; what it prints is of no interest."""
    given = list(map(placed, values))
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        try:
            return call(*given), None
        except Exception as error:  # noqa: BLE001 - compared
            return None, error


def spread_out(value):
    """The same array in memory with gaps, the last axis turned round."""
    if not isinstance(value, np.ndarray) or not value.ndim:
        return value
    wide = np.zeros((*value.shape[:-1], 2 * value.shape[-1]), value.dtype)
    view = wide[..., ::-2]
    view[...] = value
    return view


def agrees(found, expected):
    assert np.shape(found) == np.shape(expected)
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    assert isinstance(found, np.ndarray) == isinstance(expected, np.ndarray)
    single = np.asarray(expected).dtype == np.float32
    tolerance = 2e-5 if single else 1e-11
    finite = np.abs(np.asarray(expected, float))
    scale = np.max(finite, initial=1.0, where=np.isfinite(finite))
    assert np.allclose(
        found, expected, rtol=tolerance, atol=tolerance * scale, equal_nan=True
    )


def check(function, values, *, dense=True, spread=True):
    expected, error = outcome(build(function, name="f", label="f").call, values)
    try:
        module = native_module(function, "f", dense=dense)
    except NotNative as lacking:
        pytest.skip(f"served by NumPy: {lacking}")
    given = values if dense or not spread else list(map(spread_out, values))
    code = compiled(module)
    found, raised = outcome(Entry(code, "f", Resident(None)).callable(handed_on), given)
    if error is not None:
        assert isinstance(raised, HandedOn) or type(raised) is type(error)
        return
    if dense and isinstance(raised, HandedOn):
        # Lengths that meet were taken for equal, and are not: the other code serves.
        check(function, values, dense=False, spread=False)
        return
    assert raised is None, f"{raised!r}"
    for mine, theirs in zip(found, expected, strict=True):
        agrees(mine, theirs)


@over_rows
def test_a_gradient_in_machine_code(row):
    function, values, wrt = lowered(row)
    if not wrt or not function.region.falls:
        pytest.skip("nothing to differentiate")
    check(derived(kind_of(function), function, wrt), values)


@over_rows
def test_a_gradient_of_arrays_with_gaps_in_machine_code(row):
    function, values, wrt = lowered(row)
    if not wrt or not function.region.falls:
        pytest.skip("nothing to differentiate")
    if not any(isinstance(v, np.ndarray) for v in values):
        pytest.skip("no arrays")
    check(derived(kind_of(function), function, wrt), values, dense=False)


def kind_of(function):
    """The derivative that the result has in reverse mode."""
    result = function.results[0].type if len(function.results) == 1 else None
    number = isinstance(result, Scalar) and is_float(result)
    return "value_and_grad" if number else "value"


@over_rows
def test_a_tangent_in_machine_code(row):
    function, values, wrt = lowered(row)
    if not wrt or not function.region.falls:
        pytest.skip("nothing to differentiate")
    tangents = [values[k] for k in wrt]
    check(derived("jvp", function, wrt), [*values, *tangents])
