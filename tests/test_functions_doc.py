"""docs/functions.md lists every function that is supported, and every row that has no
derivative; `--update-golden` writes it anew."""

from __future__ import annotations

import builtins
import functools
import importlib
import itertools
import math
import operator
import textwrap
from pathlib import Path
from types import ModuleType

import numpy as np
from scipy import special

import adcompiler as ad
from adcompiler.frontend import resolve
from adcompiler.frontend.lower import drawing, library, replacements

PAGE = Path(__file__).parent.parent / "docs" / "functions.md"
INTRODUCTION = """\
# Functions

What a function that is differentiated may call, besides plain functions of its own.
Written by `tests/test_functions_doc.py`, run with `--update-golden`.
A function that is not listed is refused at its line. Not every keyword is taken; one
that is not is refused by name. What autograd, JAX and PyTorch have and whether it works
here is in [coverage.md](coverage.md).
"""


def supported(module: ModuleType) -> list[str]:
    """The names in a module of what has a handler or a definition."""
    found = []
    for name in sorted(set(dir(module)), key=lambda n: (n.lower(), n)):
        value = getattr(module, name)
        public = not name.startswith("_") and callable(value)
        if public and resolve.function(value) is not None:
            found.append(name)
    return found


def of_distributions(stats: ModuleType) -> list[str]:
    """The methods of distributions that have a definition."""
    found = []
    for name, value in sorted(vars(stats).items()):
        for method in dir(value) if resolve.is_distribution(value) else ():
            if not method.startswith("_") and resolve.function(getattr(value, method)):
                found.append(f"{name}.{method}")
    return found


def section(title: str, prefix: str, names: list[str]) -> str:
    listed = ", ".join(f"`{prefix}{name}`" for name in names)
    return f"## {title}\n\n" + "\n".join(textwrap.wrap(listed, 88)) + "\n"


def page() -> str:
    scipy_linalg = importlib.import_module("scipy.linalg")
    scipy_integrate = importlib.import_module("scipy.integrate")
    modules = [
        ("Built-in functions", "", builtins),
        ("math", "math.", math),
        ("functools", "functools.", functools),
        ("itertools", "itertools.", itertools),
        ("operator", "operator.", operator),
        ("NumPy", "np.", np),
        ("numpy.linalg", "np.linalg.", np.linalg),
        ("scipy.special", "special.", special),
        ("scipy.linalg", "linalg.", scipy_linalg),
        ("scipy.integrate", "integrate.", scipy_integrate),
    ]
    sections = [section(t, p, names) for t, p, m in modules if (names := supported(m))]
    drawn = [
        name
        for name in supported(ad.runtime)
        if library.FUNCTIONS[getattr(ad.runtime, name)] is not drawing.outside
    ]
    sections.insert(5, section("ad.runtime, which draws", "ad.runtime.", drawn))
    stats = importlib.import_module("scipy.stats")
    names = supported(stats) + of_distributions(stats)
    sections.append(section("scipy.stats", "stats.", names))
    methods = section("Methods of arrays", ".", sorted(library.METHODS))
    return "\n".join([INTRODUCTION, *sections, methods])


def test_the_page_lists_what_is_supported(update_golden):
    if update_golden:
        PAGE.write_text(page())
    # Some functions are of newer Pythons than others, or of older NumPys.
    some = {"`math.sumprod`", "`math.cbrt`", "`math.exp2`", "`math.fma`"}
    some.add("`np.row_stack`")
    listed, wanted = (
        set(text.replace(",", "").split()) for text in (PAGE.read_text(), page())
    )
    assert listed ^ wanted <= some, "write it anew: pytest --update-golden"


def test_hints_are_of_what_is_not_supported():
    names = ("linalg", "fft", "stats", "integrate")
    of_scipy = {name: importlib.import_module(f"scipy.{name}") for name in names}
    scope = {"np": np, "math": math, "functools": functools, "special": special}
    scope |= {**of_scipy, "scipy": importlib.import_module("scipy")}
    known = [
        name for name in replacements.INSTEAD if resolve.function(eval(name, scope))
    ]
    assert known == []
