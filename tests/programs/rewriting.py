"""Rows of the corpus in other words: the same numbers, so the same derivatives.

A row's function is written anew by the rewritings of the fuzzer. What its names are
bound to is seen in a run of plain Python; a rewriting that changes what plain Python
computes (an alias that is a copy now, a name that is bound elsewhere) is none.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import linecache
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from tests.fuzz.variants import Kinds, variants
from tests.numerics import flatten
from tests.programs.checks import quietly
from tests.programs.registry import Program

_serial = itertools.count()


def rewritings(row: Program) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The row's function in other words that plain Python runs to the same end."""
    if not is_rewritable(row.fn):
        return
    expected = _run(row.fn, row)
    for name, source in variants(source_of(row.fn), kinds_of(row)):
        fn = _defined(source, row.fn)
        if fn is not None and _run(fn, row) == expected:
            yield name, fn


def is_rewritable(fn: Any) -> bool:
    """Whether the function is what its source says: no lambda, nothing closed over."""
    plain = isinstance(fn, FunctionType) and not hasattr(fn, "__wrapped__")
    return plain and not fn.__closure__ and fn.__name__.isidentifier()


def source_of(fn: FunctionType) -> str:
    """The text of a function without the decorators that made a row of it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(fn)))
    (definition,) = tree.body
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    return ast.unparse(tree)


def kinds_of(row: Program) -> Kinds:
    """What the function's names are bound to, in one run."""
    seen: dict[str, set[type]] = {}
    codes = set(_codes(row.fn.__code__))

    def trace(frame: Any, event: str, _: Any) -> Any:
        if frame.f_code not in codes:
            return None
        for name, value in frame.f_locals.items():
            dtype = value.dtype.type if isinstance(value, np.ndarray) else None
            seen.setdefault(name, set()).add(dtype or type(value))
            if dtype is not None:
                seen[name].add(np.ndarray)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        _run(row.fn, row)
    finally:
        sys.settrace(before)
    floats = {float, np.float64}
    return Kinds(
        lambda name: seen.get(name, {None}) <= floats | {int, np.int64},
        lambda name: seen.get(name, {None}) <= floats,
        lambda name: seen.get(name, {None}) == {np.ndarray, np.float64},
        lambda name: not seen.get(name, {None}).isdisjoint({np.ndarray, list, tuple}),
        frozenset(row.fn.__globals__),
    )


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _codes(const)


def _defined(source: str, like: FunctionType) -> Callable[..., Any] | None:
    """The function of a source, which tracebacks and the compiler can read; None where
    a walrus came to a place that it may not have."""
    filename = f"<rewritten {like.__name__} {next(_serial)}>"
    linecache.cache[filename] = (
        len(source),
        None,
        source.splitlines(keepends=True),
        filename,
    )
    names = dict(like.__globals__)
    try:
        exec(compile(source, filename, "exec"), names)
    except SyntaxError:
        return None
    return names[like.__name__]


def _run(fn: Callable[..., Any], row: Program) -> Any:
    """What comes of a call: the result and the arguments, or the error."""
    args = row.args()
    try:
        result = quietly(fn, *args)
    except Exception as error:  # noqa: BLE001 - compared, not hidden
        return type(error), str(error)
    parts = [_bytes(result), *(_bytes(a) for a in args if isinstance(a, np.ndarray))]
    return tuple(parts)


def _bytes(value: Any) -> bytes:
    flat = flatten(value)
    return (flat if flat.dtype == bool else np.round(flat, 9)).tobytes()
