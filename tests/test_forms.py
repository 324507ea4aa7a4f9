"""Calls of NumPy and SciPy in the forms that few programs use: values and gradients.

`tests/forms` has them, a line each; statements before the last are parted by ``;;``. Of
`dtypes.txt` the dtype and the rank of the result are compared, of the others also every
number of it. A call may be refused. Those of `known.txt`, each with a reason, are known
to differ: one of them that does not is taken off the list.
"""

from __future__ import annotations

import copy
import importlib.util
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adcompiler as ad
from tests.forms.inputs import INPUTS

FOLDER = Path(__file__).parent / "forms"
FILES = ("dtypes", "linalg", "numpy", "scipy", "ufuncs")
EACH = 60  # lines in a test

HEAD = """\
import math

import numpy as np
import scipy.integrate as si
import scipy.linalg as sl
import scipy.special as sp
import scipy.stats as st
from numpy.lib.stride_tricks import sliding_window_view


def number(y):
    y = np.asarray(y)
    shape = 0.0
    for n in np.shape(y):
        shape = shape * 7 + n
    weights = np.cos(np.arange(np.size(y)) + 1.0)
    return np.sum(np.ravel(y) * weights) + 10 * shape + 100 * np.ndim(y)


def kind(y, s):
    y = np.asarray(y)
    code = (y.dtype == np.float64) + 2 * (y.dtype == np.int64) + 8 * (y.dtype == bool)
    more = 4 * (y.dtype == np.float32) + 16 * (y.dtype == np.int32)
    return s * (code + more) + 100 * np.ndim(y)


"""

NAME = re.compile(r"(?<![\w.'\"])([A-Za-z]\w*)(?!\w*\s*=[^=])(?![\w(]*[\"'])")


def lines(file: str) -> list[str]:
    return (FOLDER / f"{file}.txt").read_text().splitlines()


KNOWN = dict(line.rsplit("\t", 1) for line in lines("known"))
CASES = [(f, k) for f in FILES for k in range(0, len(lines(f)), EACH)]


def _inputs(line: str, *, only_kind: bool) -> list[str]:
    """The names of a line; what is differentiated is the first."""
    names = list(dict.fromkeys(n for n in NAME.findall(line) if n in INPUTS))
    floats = [n for n in names if np.asarray(INPUTS[n]).dtype == np.float64]
    if only_kind or not floats:
        return ["s", *(n for n in names if n != "s")]
    return [*floats, *(n for n in names if n not in floats)]


def _functions(file: str, some: list[str], folder: Path) -> Iterator[Callable]:
    """The lines as functions of what they name, in a module of their own."""
    text = HEAD
    for k, line in enumerate(some):
        *before, last = line.split(" ;; ")
        names = _inputs(line, only_kind=file == "dtypes")
        text += f"def form_{k}({', '.join(names)}):\n"
        text += "".join(f"    {part}\n" for b in before for part in b.split("\\n"))
        text += f"    return {'kind' if file == 'dtypes' else 'number'}({last}"
        text += f"{', s' if file == 'dtypes' else ''})\n\n\n"
    path = folder / f"forms_of_{file}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return (getattr(module, f"form_{k}") for k in range(len(some)))


def difference(fn: Callable, args: list[Any]) -> str:
    """What differs from the plain function; nothing if it agrees, or is refused."""
    raised: Exception | None = None
    expected = float("nan")
    try:
        expected = float(fn(*copy.deepcopy(args)))
    except Exception as problem:  # noqa: BLE001 - compared below
        raised = problem
    wrt = fn.__code__.co_varnames[0]
    try:
        value, x_bar = ad.value_and_grad(fn, wrt=wrt)(*copy.deepcopy(args))
    except ad.UnsupportedError:
        return ""
    except Exception as problem:  # noqa: BLE001 - compared
        same = raised is not None and isinstance(problem, type(raised))
        return "" if same else f"raises {type(problem).__name__}: {problem}"
    if raised is not None:
        return f"{value}, where the function raises {type(raised).__name__}"
    if not np.isclose(value, expected, rtol=1e-9, atol=1e-9, equal_nan=True):
        return f"value {value} for {expected}"
    return _slope_differs(fn, args, x_bar) if np.isfinite(expected) else ""


def _slope_differs(fn: Callable, args: list[Any], x_bar: Any) -> str:
    """Whether the derivative along a direction is not that of differences, where these
    converge."""
    x, *others = args
    direction = np.cos(np.arange(np.size(x)) + 0.5).reshape(np.shape(x))

    def central(h: float) -> float:
        ends = (fn(x + t * direction, *copy.deepcopy(others)) for t in (h, -h))
        above, below = (float(end) for end in ends)
        return (above - below) / (2 * h)

    rows = [[central(1e-3 / 2**k)] for k in range(4)]
    for k, row in enumerate(rows[1:], 1):
        for j in range(1, k + 1):
            row.append(row[-1] + (row[-1] - rows[k - 1][j - 1]) / (4**j - 1))
    slope, error = rows[3][3], abs(rows[3][3] - rows[2][2])
    found = float(np.sum(np.asarray(x_bar) * direction))
    if not error < 1e-6 * (1 + abs(slope)):
        return ""  # a kink, or nan
    bound = 30 * error + 1e-6 * (1 + abs(slope))
    return "" if abs(found - slope) <= bound else f"slope {found} for {slope}"


@pytest.mark.long
@pytest.mark.parametrize(("file", "first"), CASES, ids=str)
def test_calls_of_every_form(file, first, tmp_path):
    some = lines(file)[first : first + EACH]
    found = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for line, fn in zip(some, _functions(file, some, tmp_path), strict=True):
            names = fn.__code__.co_varnames[: fn.__code__.co_argcount]
            found[line] = difference(fn, [INPUTS[n] for n in names])
    differing = {line: what for line, what in found.items() if what}
    new = {line: what for line, what in differing.items() if line not in KNOWN}
    assert not new, "\n".join(f"{line}\n    {what}" for line, what in new.items())
    mended = [line for line in some if line in KNOWN and line not in differing]
    assert not mended, "known.txt says that these differ:\n" + "\n".join(mended)
