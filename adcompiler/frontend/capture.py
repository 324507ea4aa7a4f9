"""Finding the syntax tree of a function, and making sure that it is this function's.

In: a Python function. Out: `Captured`, with positions as they are in its file.
Invariant: the tree, compiled, gives the byte code that the function runs. A file that
has changed since it was imported is read again and refused if it still differs.
"""

from __future__ import annotations
import __future__

import ast
import functools
import linecache
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.interface import Captured
from adcompiler.frontend.shorthand import written_out

__all__ = ["capture", "same_code"]

_FUTURES = functools.reduce(
    lambda flags, name: flags | getattr(__future__, name).compiler_flag,
    __future__.all_feature_names,
    0,
)

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class _File:
    """A source text with the code objects that it compiles to."""

    text: str
    flags: int
    codes: tuple[CodeType, ...]
    nodes: tuple[FunctionNode, ...]


_lock = threading.RLock()
_files: dict[str, _File] = {}
# By identity: code objects of two files may compare equal.
_Nodes = dict[int, tuple[weakref.ref[CodeType], ast.FunctionDef | ast.Lambda]]
_nodes: _Nodes = {}


def capture(fn: object) -> Captured:
    """The tree of a function, of a method's function, or of what a cache wraps.

    >>> def half(x):
    ...     return x / 2
    >>> captured = capture(half)
    >>> ast.unparse(captured.node.body)
    'return x / 2'

    A wrapper written in Python is captured itself, not what it wraps: only a wrapper
    that gives the same results, such as `functools.cache`, may be looked through.
    """
    function = _plain_function(fn)
    code = function.__code__
    with _lock:
        known = _nodes.get(id(code))
        if known is None or known[0]() is not code:
            node = written_out(_find(function))
            forget = functools.partial(_forget, _nodes, id(code))
            known = _nodes[id(code)] = (weakref.ref(code, forget), node)
    return Captured(function, known[1], code.co_filename)


def _forget(nodes: _Nodes, key: int, reference: weakref.ref[CodeType]) -> None:
    # The table is passed, for at exit the module's own names are gone already.
    entry = nodes.get(key)
    if entry is not None and entry[0] is reference:
        del nodes[key]


def _plain_function(fn: object) -> FunctionType:
    """The function behind methods and behind `functools.cache`."""
    while True:
        match fn:
            case FunctionType():
                return fn
            case MethodType() | staticmethod() | classmethod():
                fn = fn.__func__
            case functools._lru_cache_wrapper():
                fn = fn.__wrapped__
            case _:
                raise UnsupportedError(
                    f"{_shown(fn)} is not a function written in Python",
                    hint=_wrapping(fn),
                )


def _shown(fn: object) -> str:
    """A callable as it is written, as far as it says so itself."""
    name = getattr(fn, "__name__", None)
    if not isinstance(name, str) or not name.isidentifier():
        return type(fn).__name__ if callable(fn) else repr(fn)
    module = getattr(fn, "__module__", None) or ""
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, np.ndarray):
        return f"x.{name}"
    for prefix, home in (("np.", np), ("np.linalg.", np.linalg)):
        if getattr(home, name, None) is fn:
            return prefix + name
    return f"math.{name}" if module == "math" else name


def _wrapping(fn: object) -> str:
    """What to differentiate instead of a callable that is no function."""
    name, inner = _shown(fn), None
    if not name.startswith("np."):
        words = ("py_func", "__wrapped__", "pyfunc", "func")
        inner = next((word for word in words if hasattr(fn, word)), None)
    match fn:
        case type():
            return (
                f"differentiate a function that gives a number: lambda x: {name}(x).y"
            )
        case functools.partial():
            given = ", ".join([*map(repr, fn.args), "x"])
            given += "".join(f", {k}={v!r}" for k, v in fn.keywords.items())
            return f"write it as a function: lambda x: {_shown(fn.func)}({given})"
        case _ if inner is not None:
            return f"differentiate the function in it: {name}.{inner}"
        case _:
            return f"wrap the call: lambda x: {name}(x)"


def _find(function: FunctionType) -> ast.FunctionDef | ast.Lambda:
    """The node of the function, from a text that is known to be the function's."""
    filename, name = function.__code__.co_filename, function.__name__
    reread = False
    while True:
        file = _read(function)
        node = None if file is None else _match(file, function.__code__)
        if isinstance(node, ast.AsyncFunctionDef):
            raise UnsupportedError(
                f"async function {name!r} is not supported",
                span=Captured(function, node, filename).span(node),  # type: ignore[arg-type]
                hint="write it with def",
            )
        if node is not None:
            return node
        if reread:
            break
        linecache.checkcache(filename)
        reread = True
    # Of texts that are run by exec, and of `python -c`, there is one name for all.
    if file is None or filename == "<string>":
        raise UnsupportedError(
            f"the source of {name!r} was not found: it comes from {filename}",
            hint="define the function in a file or in a notebook cell",
        )
    raise UnsupportedError(
        f"the source of {name!r} is no longer what runs: {filename} has changed since",
        hint="import the module again (importlib.reload), or restart Python",
    )


def _read(function: FunctionType) -> _File | None:
    """The file of the function, compiled; None where there is no source."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines:
        return None
    text, flags = "".join(lines), code.co_flags & _FUTURES
    known = _files.get(code.co_filename)
    if known is not None and known.text == text and known.flags == flags:
        return known
    try:
        tree = ast.parse(text, code.co_filename)
        module = compile(text, code.co_filename, "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        # Half-edited: whatever it says, it is not what the function was made of.
        return _File(text, flags, (), ())
    nodes = tuple(n for n in ast.walk(tree) if isinstance(n, FunctionNode))
    file = _File(text, flags, tuple(_nested(module)), nodes)
    _files[code.co_filename] = file
    return file


def _nested(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _nested(constant)


def _match(file: _File, code: CodeType) -> FunctionNode | None:
    """The node whose code is `code`, the one on the same line first."""
    same = [
        candidate
        for candidate in file.codes
        if candidate.co_qualname == code.co_qualname
        and (same_code(candidate, code) or _same_but_for_asserts(candidate, code))
    ]
    same.sort(key=lambda candidate: not _same_place(candidate, code))
    for candidate in same:
        node = _node_of(file, candidate)
        if node is not None:
            return node
    return None


def _same_place(left: CodeType, right: CodeType) -> bool:
    return left.co_firstlineno == right.co_firstlineno and (
        left.co_name != "<lambda>"
        or list(left.co_positions()) == list(right.co_positions())
    )


def _node_of(file: _File, code: CodeType) -> FunctionNode | None:
    """The definition that compiled to `code`, a code object of this file's text."""
    if code.co_name != "<lambda>":
        for node in file.nodes:
            if not isinstance(node, ast.Lambda) and node.name == code.co_name:
                first = node.decorator_list[0] if node.decorator_list else node
                if first.lineno == code.co_firstlineno:
                    return node
        return None
    lambdas = [
        node
        for node in file.nodes
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno
    ]
    # Instructions stand where their expressions do: the lambda is the innermost one
    # whose body contains them all.
    places = [
        (line, column, end_line, end_column)
        for line, end_line, column, end_column in code.co_positions()
        if None not in (line, column, end_line, end_column) and (column or end_column)
    ]
    if not places:
        return next((n for n in lambdas if _is_constant(n, code)), None)
    start = min(p[:2] for p in places)
    stop = max(p[2:] for p in places)
    around = [
        node
        for node in lambdas
        if (node.body.lineno, node.body.col_offset) <= start
        and stop <= (node.body.end_lineno, node.body.end_col_offset)
    ]
    return max(around, key=lambda n: (n.lineno, n.col_offset), default=None)


def _is_constant(node: ast.Lambda, code: CodeType) -> bool:
    """Whether a lambda that gives a constant compiles to `code`.

    Python 3.12 does not say where the only instruction of such a lambda stands.
    """
    args = ast.arguments(
        posonlyargs=node.args.posonlyargs,
        args=node.args.args,
        vararg=node.args.vararg,
        kwonlyargs=node.args.kwonlyargs,
        kw_defaults=[None] * len(node.args.kwonlyargs),
        kwarg=node.args.kwarg,
        defaults=[],
    )
    alone = ast.Expression(ast.copy_location(ast.Lambda(args, node.body), node))
    compiled = next(_nested(compile(alone, "<lambda>", "eval")))
    return same_constants(compiled.co_consts, code.co_consts)


def same_code(left: CodeType, right: CodeType) -> bool:
    """Whether two code objects do the same, wherever they stand in their files.

    >>> a, b, c = (lambda x: x + 1), (lambda x: x + 1), (lambda x: x + 1.0)
    >>> same_code(a.__code__, b.__code__), same_code(a.__code__, c.__code__)
    (True, False)
    """
    return (
        _signature(left) == _signature(right)
        and left.co_code == right.co_code
        and left.co_names == right.co_names
        and left.co_cellvars == right.co_cellvars
        and left.co_exceptiontable == right.co_exceptiontable
        and same_constants(left.co_consts, right.co_consts)
    )


def _signature(code: CodeType) -> tuple[object, ...]:
    arguments = code.co_argcount + code.co_kwonlyargcount
    return (
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_flags,
        code.co_freevars,
        code.co_varnames[:arguments],
    )


def same_constants(left: object, right: object) -> bool:
    """Equality that tells 1 from 1.0 and True, and 0.0 from -0.0."""
    match left, right:
        case CodeType(), CodeType():
            return same_code(left, right)
        case tuple(), tuple():
            return len(left) == len(right) and all(
                same_constants(a, b) for a, b in zip(left, right, strict=True)
            )
        case frozenset(), frozenset():
            return left == right
        case _:
            return type(left) is type(right) and repr(left) == repr(right)


# What pytest calls the names that its rewriting of `assert` adds.
_REWRITTEN = "@pytest_ar"


def _same_but_for_asserts(fresh: CodeType, code: CodeType) -> bool:
    """Whether `code` is `fresh` with its asserts rewritten by pytest.

    Rewriting keeps the names, the numbers and the lines of the program, and adds its
    own; these are compared.
    """
    if _REWRITTEN not in code.co_names:
        return False
    numbers = {repr(c) for c in code.co_consts if isinstance(c, int | float)}
    return (
        _signature(fresh) == _signature(code)
        and fresh.co_firstlineno == code.co_firstlineno
        and set(fresh.co_names) - {"AssertionError"} <= set(code.co_names)
        and set(fresh.co_varnames) == {v for v in code.co_varnames if "@" not in v}
        and {repr(c) for c in fresh.co_consts if isinstance(c, int | float)} <= numbers
        and _statement_lines(fresh) == _statement_lines(code)
    )


def _statement_lines(code: CodeType) -> set[Any]:
    return {line for _, _, line in code.co_lines() if line is not None}
