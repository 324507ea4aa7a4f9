"""Saved modules: they stand alone, give the same numbers, and are clean code."""

from __future__ import annotations

import importlib.util
import inspect
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import adcompiler as ad
from tests.numerics import flatten
from tests.programs import PROGRAMS, checks

SCALE, TABLE = 1.75, np.array([0.5, -1.5, 2.0])
TWICE = np.float32(2.0)


def scalar(row) -> bool:
    """Whether the program gives a number, of arguments that are numbers and arrays."""
    leaves = (float, int, np.ndarray, np.generic)
    if row.refused or row.raises or not all(isinstance(a, leaves) for a in row.args()):
        return False
    value = checks.quietly(row.fn, *row.args())
    return not isinstance(value, tuple) and np.ndim(value) == 0


def largest_of_each_file(count: int):
    """The longest programs of every file of the corpus."""
    files: dict[str, list] = {}
    for row in sorted(PROGRAMS.values(), key=lambda r: -len(r.fn.__code__.co_code)):
        rows = files.setdefault(row.name.partition(".")[0], [])
        if len(rows) < count and scalar(row):
            rows.append(row)
    return [row for rows in files.values() for row in rows]


ROWS = largest_of_each_file(2)


def loaded(path: Path):
    """The saved module, imported without the compiler."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def with_captures(x, n=2):
    total = np.float64(0.0)
    for k in range(n):
        total += SCALE * np.sum(TABLE * x) ** k * math.exp(-k)
    return total * TWICE


def test_captured_values_are_keywords(tmp_path):
    x = np.array([0.3, 0.7, -0.2])
    g = ad.differentiate(with_captures)
    value, gradient = g.value_and_grad(x)
    module = loaded(g.save(tmp_path / "saved.py", x))
    found = module.with_captures_value_and_grad(x, 2)
    assert found[0] == value
    np.testing.assert_array_equal(found[1], gradient)
    twice = module.with_captures_value_and_grad(x, 2, SCALE=2 * SCALE)
    assert twice[0] == pytest.approx(2 * value)
    assert (tmp_path / "saved.npz").exists()


def test_it_needs_no_compiler(tmp_path):
    x = np.array([0.3, 0.7, -0.2])
    ad.differentiate(with_captures).save(tmp_path / "alone.py", x)
    code = (
        "import sys; import alone, numpy as np;"
        "alone.with_captures_value_and_grad(np.ones(3), 2);"
        "assert 'adcompiler' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_the_path_is_that_of_a_module(tmp_path):
    with pytest.raises(ValueError, match=r"\.py"):
        ad.differentiate(with_captures).save(tmp_path / "saved.txt", TABLE)


@pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in ROWS])
def test_the_numbers_are_the_same(row, tmp_path):
    g = ad.differentiate(row.fn, wrt=row.wrt)
    wanted = checks.quietly(g.value_and_grad, *row.args())
    path = checks.quietly(g.save, tmp_path / "saved.py", *row.args())
    program = vars(loaded(path))[f"{row.fn.__name__}_value_and_grad"]
    names = program.__code__.co_varnames[: program.__code__.co_argcount]
    given = inspect.signature(row.fn).bind(*row.args())
    given.apply_defaults()
    found = checks.quietly(program, *(given.arguments[name] for name in names))
    np.testing.assert_array_equal(flatten(found), flatten(wanted))


def test_the_modules_are_clean(tmp_path):
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        pytest.skip("ruff is not installed")
    for k, row in enumerate(ROWS):
        g = ad.differentiate(row.fn, wrt=row.wrt)
        checks.quietly(g.save, tmp_path / f"module_{k}.py", *row.args())
    rules = ["--isolated", "--select", "E,F,I,W", "--line-length", "88"]
    done = subprocess.run(
        [ruff, "check", *rules, "."],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
