"""docs/coverage.md: what other tools differentiate, measured here.

Each function is called in a program of which the gradient is compared with differences:
it works, or it is refused, and the page says why; what NumPy computes and is neither is
a failure. `--update-golden` writes the page anew.
"""

from __future__ import annotations

import ast
import linecache
import textwrap
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import linalg, special, stats

import adcompiler as ad
from adcompiler.frontend.lower import hints
from tests.coverage_names import CALLS, LISTS
from tests.programs import checks
from tests.programs.registry import Program

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"
INTRODUCTION = """\
# Coverage

What autograd, JAX and PyTorch differentiate and NumPy or SciPy has, and what becomes of
it here. Each function was called in a program, and the gradient of the program compared
with differences; of functions without a derivative, that the program has its gradient.
Written by `tests/test_coverage_doc.py`, run with `--update-golden`, from the lists in
`tests/coverage_names.py`. All that is supported is in [functions.md](functions.md).
"""

RNG = np.random.default_rng(5)
SQUARE = np.array([[2.0, 0.3, -0.4], [0.5, 1.7, 0.2], [-0.3, 0.6, 2.4]])
VALUES: dict[str, Any] = {
    "x": RNG.permutation(np.linspace(-1.1, 1.4, 6)).reshape(2, 3),
    "y": RNG.permutation(np.linspace(-0.9, 1.3, 6)).reshape(2, 3),
    "u": RNG.permutation(np.linspace(0.15, 0.85, 6)).reshape(2, 3),
    "w": RNG.permutation(np.linspace(1.2, 2.9, 6)).reshape(2, 3),
    "v": np.array([0.4, -1.2, 1.9, 0.7]),
    "k": np.array([2, 1, 3, 1]),
    "s": SQUARE,
    "p": SQUARE @ SQUARE.T,
    "c": RNG.permutation(np.linspace(-1.3, 1.6, 24)).reshape(2, 3, 4),
    "t": 0.7,
}
SCOPE: dict[str, Any] = {"np": np, "special": special, "linalg": linalg, "stats": stats}
# How functions are tried that have no call of their own: the first that is finite.
USUAL = ("(u)", "(w)", "(s)", "(v)", "(u, w)", "(w, u)", "(s, s)", "(v, v)", "(w, 2)")


def called_function(call: str) -> str:
    """The first function of NumPy or SciPy that a call names."""
    return call.split("(")[0]


OWN = {called_function(call): call for call in CALLS}


def number_like(value: Any) -> bool:
    parts = value if isinstance(value, tuple | list) else (value,)
    kinds = (np.asarray(part) for part in parts)
    return all(a.dtype.kind in "fbi" and np.all(np.isfinite(a)) for a in kinds)


def attempt(call: str) -> Any:
    """What NumPy gives for a call; None if it refuses."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return eval(call, {**SCOPE, **VALUES})
    except (AttributeError, TypeError, ValueError, IndexError, np.linalg.LinAlgError):
        return None


def call_of(name: str) -> str | None:
    """A call of the function that NumPy computes."""
    if name in OWN:
        return OWN[name]
    for arguments in USUAL:
        found = attempt(name + arguments)
        if found is not None and (number_like(found) or np.iscomplexobj(found)):
            return name + arguments
    return None


def program_of(call: str) -> Program:
    """A program that uses the call's result, by the values that it names."""
    nodes = ast.walk(ast.parse(call, mode="eval"))
    used = {n.id for n in nodes if isinstance(n, ast.Name)} & set(VALUES)
    names = [name for name in VALUES if name in used] or ["x"]
    floats = tuple(n for n in names if n != "k")
    found = attempt(call)
    if isinstance(found, tuple | list):
        body = f"z = np.concatenate([np.ravel(part) for part in {call}])"
    else:
        body = f"z = {call}"
    last = "np.sum(z * np.cos(z))"
    if np.asarray(found if not isinstance(found, tuple | list) else 0.0).dtype != float:
        last = f"np.sum(z) * np.sum({floats[0] if floats else 'x'})"
    if not floats:
        names, floats = [*names, "x"], ("x",)
    source = f"def program({', '.join(names)}):\n    {body}\n    return {last}\n"
    file = f"<coverage {call}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    scope = dict(SCOPE)
    exec(compile(source, file, "exec"), scope)
    values = tuple(VALUES[name] for name in names)
    return Program(call, scope["program"], lambda _: values, floats)


def outcome(name: str) -> str:
    """ "" if the function works, else why it is refused."""
    call = call_of(name)
    assert call is not None, f"{name} needs a call in tests/coverage_names.py"
    row = program_of(call)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            checks.check_value(row)
            checks.check_reverse(row)
    except ad.UnsupportedError as error:
        known = "is not supported yet" in error.message
        hint = error.hint if known and error.hint != hints.ANYTHING else None
        return f"{error.message.replace(' yet', '')}: {hint}" if hint else error.message
    return ""


def functions() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each function that NumPy or SciPy has, and the tools that have it."""
    tools: dict[str, list[str]] = {}
    for tool, modules in LISTS.items():
        for module, names in modules.items():
            for name in names.split():
                tools.setdefault(f"{module}.{name}", []).append(tool)
    for name, having in sorted(tools.items(), key=lambda pair: pair[0].lower()):
        try:
            eval(name, dict(SCOPE))
        except AttributeError:
            continue  # of an older or a newer NumPy
        yield name, tuple(having)


@cache
def outcomes() -> dict[str, tuple[tuple[str, ...], str]]:
    return {name: (tools, outcome(name)) for name, tools in functions()}


def page() -> str:
    found = outcomes()
    working = [name for name, (_, why) in found.items() if not why]
    lines = [INTRODUCTION, "| tool | functions | work | do not |", "|---|---|---|---|"]
    for tool in LISTS:
        theirs = [why for tools, why in found.values() if tool in tools]
        good = sum(not why for why in theirs)
        lines.append(f"| {tool} | {len(theirs)} | {good} | {len(theirs) - good} |")
    lines += ["", "## Missing or refused", ""]
    lines += ["| function | in | what is said of it |", "|---|---|---|"]
    for name, (tools, why) in found.items():
        if why:
            text = why.replace("|", "\\|").splitlines()[0]
            lines.append(f"| `{name}` | {', '.join(tools)} | {text} |")
    listed = ", ".join(f"`{name}`" for name in working)
    return "\n".join([*lines, "", "## Work", "", *textwrap.wrap(listed, 88), ""])


def test_the_page_is_what_is_measured(update_golden):
    if update_golden:
        PAGE.write_text(page())
    assert PAGE.read_text() == page(), "write it anew: pytest --update-golden"
