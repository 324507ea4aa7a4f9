"""Every row of PyTorch's table of kinks, ties and extremes: our derivative is
PyTorch's, but for the departures, and docs/conventions.md says of each what it is;
`--update-golden` writes its table anew."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

import adcompiler as ad
from tests.convention_cases import DEPARTURES, OURS, ROWS, number

PAGE = Path(__file__).parent.parent / "docs" / "conventions.md"
TITLE = "## Row by row\n"
INTRODUCTION = """
Derivatives at points where libraries differ, or might, of each argument. `=` is what
adcompiler gives; nothing stands where a library has no such function. Where PyTorch's
differ, the reason is one of those [above](#departures-from-pytorch).

| function | at | adcompiler | PyTorch | JAX | autograd |
|---|---|---|---|---|---|
"""
LIBRARIES = ("torch", "jax", "autograd")


@functools.cache
def gradient_of(name: str, count: int, backend: str):
    return ad.grad(OURS[name][1], wrt=tuple(range(count)), backend=backend)


def derivatives(row, backend="numpy"):
    """Our derivative by each argument."""
    args = [number(given) for given in row["args"]]
    with np.errstate(all="ignore"):
        found = gradient_of(row["fn"], len(args), backend)(*args)
    return [found] if len(args) == 1 else list(found)


def agree(found, given) -> bool:
    """Whether these are the derivatives that a library gives."""
    return all(
        np.shape(a) == np.shape(number(b))
        and np.allclose(a, number(b), rtol=1e-12, atol=0.0, equal_nan=True)
        for a, b in zip(found, given, strict=True)
    )


def differs(row) -> bool:
    return not agree(derivatives(row), row["torch"]["grads"])


IDS = [f"{row['fn']} {row['args']}" for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_derivatives_are_pytorch_s(row):
    found = derivatives(row)
    if row["fn"] not in DEPARTURES:
        assert agree(found, row["torch"]["grads"])
        with np.errstate(all="ignore"):
            value = OURS[row["fn"]][1](*map(number, row["args"]))
        assert agree([value], [row["torch"]["value"]])


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_machine_code_agrees(row):
    found, expected = derivatives(row, "llvm"), derivatives(row)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-300)


def test_departures_are_departures():
    assert {row["fn"] for row in ROWS} == set(OURS)
    for name in DEPARTURES:
        assert any(differs(row) for row in ROWS if row["fn"] == name), name


# --- The page -------------------------------------------------------------------------


def shown(x) -> str:
    if np.ndim(x):
        return "[" + ", ".join(map(shown, x)) + "]"
    return f"{float(x):.6g}".replace("-0", "0") if x == 0 else f"{float(x):.6g}"


def line(row) -> str:
    found = derivatives(row)
    cells = [f"`{OURS[row['fn']][0]}`".replace("|", "\\|")]
    cells.append(", ".join(shown(number(given)) for given in row["args"]))
    cells.append(", ".join(map(shown, found)))
    for library in LIBRARIES:
        given = row[library] and row[library]["grads"]
        if given is None:
            cells.append("")
        elif agree(found, given):
            cells.append("=")
        else:
            cells.append(", ".join(shown(number(x)) for x in given))
    return "| " + " | ".join(cells).rstrip() + " |\n"


def test_the_page_says_so(update_golden):
    text = PAGE.read_text()
    before, _, _ = text.partition(TITLE)
    expected = before + TITLE + INTRODUCTION + "".join(map(line, ROWS))
    if update_golden:
        PAGE.write_text(expected)
    assert text == expected, "run: pytest tests/test_conventions.py --update-golden"


@pytest.mark.parametrize("name", DEPARTURES)
def test_the_page_gives_the_reasons(name):
    before, _, _ = PAGE.read_text().partition(TITLE)
    assert DEPARTURES[name] in before
