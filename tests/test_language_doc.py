"""docs/language.md shows the errors that the compiler gives."""

from __future__ import annotations

import linecache
import re
from pathlib import Path

import numpy as np
import pytest

import adcompiler as ad

PAGE = Path(__file__).parent.parent / "docs" / "language.md"
PROGRAM = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)\n```", re.DOTALL)
PROGRAMS = PROGRAM.findall(PAGE.read_text())


def error_of(text: str) -> str:
    """The error of a program, which defines a function and differentiates it."""
    name = "program.py"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    with pytest.raises(ad.UnsupportedError) as info:
        exec(compile(text, name, "exec"), {"np": np, "ad": ad})
    return str(info.value)


def test_there_are_programs():
    assert len(PROGRAMS) > 20


@pytest.mark.parametrize(
    ("text", "error"), PROGRAMS, ids=[str(k) for k in range(len(PROGRAMS))]
)
def test_refused_program_is_refused_as_shown(text, error, update_golden):
    if update_golden:
        pytest.skip("the page is written anew")
    assert error_of(text) == error


def test_write_the_page_anew(update_golden):
    if not update_golden:
        return
    page = PROGRAM.sub(
        lambda m: f"```python\n{m[1]}```\n\n```text\n{error_of(m[1])}\n```",
        PAGE.read_text(),
    )
    PAGE.write_text(page)
