"""Patterns of `match` as tests and names.

In: a pattern, and how its subject is read. Out: an expression that holds where the
pattern matches (None where it always does), and what the pattern binds to which name.

    (a, 0)    ->    isinstance(s, Sequence) and len(s) == 2 and s[1] == 0;  a = s[0]

Invariant: the subject is read as often as the test needs it, so it has to be a name or
a part of one.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from adcompiler.frontend import stand_ins

Names = list[tuple[str, ast.expr]]  # what a pattern binds, and to what
Test = ast.expr | None  # None: it always matches


def call(function: Callable[..., Any], *args: object) -> ast.Call:
    """A call of an object."""
    return ast.Call(
        ast.Constant(function),  # type: ignore[arg-type]
        [a if isinstance(a, ast.expr) else ast.Constant(a) for a in args],  # type: ignore[arg-type]
        [],
    )


def read(name: str) -> Callable[[], ast.expr]:
    """How a name is read, as often as is needed."""
    return lambda: ast.Name(name, ast.Load())


def pattern_test(
    pattern: ast.pattern, subject: Callable[[], ast.expr]
) -> tuple[Test, Names]:
    """The test of a pattern, and the names that it binds."""
    match pattern:
        case ast.MatchValue(value=value):
            return ast.Compare(subject(), [ast.Eq()], [value]), []
        case ast.MatchSingleton(value=value):
            return ast.Compare(subject(), [ast.Is()], [ast.Constant(value)]), []
        case ast.MatchAs(pattern=None, name=name):
            return None, [(name, subject())] if name else []
        case ast.MatchAs(pattern=inner, name=name):
            assert inner is not None
            assert name is not None
            test, names = pattern_test(inner, subject)
            return test, [*names, (name, subject())]
        case ast.MatchOr(patterns=patterns):
            return _alternatives(patterns, subject)
        case ast.MatchSequence(patterns=patterns):
            return _sequence(patterns, subject)
        case ast.MatchClass():
            return _instance(pattern, subject)
        case _:
            raise AssertionError(pattern)


def _alternatives(
    patterns: list[ast.pattern], subject: Callable[[], ast.expr]
) -> tuple[Test, Names]:
    """``p | q``; names are bound where an alternative has matched."""
    tests: list[ast.expr] = []
    for pattern in patterns:
        test, names = pattern_test(pattern, subject)
        bind = guarded(names, ast.Constant(True)) if names else None
        whole = conjunction([test, bind])
        if whole is None:
            whole = ast.Constant(True)
        tests.append(whole)
    return ast.BoolOp(ast.Or(), tests), []


def _sequence(
    patterns: list[ast.pattern], subject: Callable[[], ast.expr]
) -> tuple[Test, Names]:
    """``(p, *rest, q)``: of a sequence of so many items, which a text is not."""
    stars = [k for k, p in enumerate(patterns) if isinstance(p, ast.MatchStar)]
    count = ast.Constant(len(patterns) - len(stars))
    texts = ast.Tuple([_constant(t) for t in (str, bytes, bytearray)], ast.Load())
    text = call(isinstance, subject(), texts)
    length = ast.Compare(
        call(len, subject()), [ast.GtE() if stars else ast.Eq()], [count]
    )
    sequence = call(isinstance, subject(), _constant(Sequence))
    tests: list[Test] = [sequence, ast.UnaryOp(ast.Not(), text), length]
    names: Names = []
    for k, pattern in enumerate(patterns):
        place: ast.expr = ast.Constant(k)
        if isinstance(pattern, ast.MatchStar):
            after = len(patterns) - 1 - k
            stop = ast.Constant(-after) if after else None
            rest = ast.Slice(place, stop, None)
            value = ast.Subscript(subject(), rest, ast.Load())
            names += [(pattern.name, call(list, value))] if pattern.name else []
            continue
        if stars and k > stars[0]:
            place = ast.Constant(k - len(patterns))
        test, more = pattern_test(pattern, _item(subject, place))
        tests.append(test)
        names += more
    return conjunction(tests), names


def _item(subject: Callable[[], ast.expr], place: ast.expr) -> Callable[[], ast.expr]:
    return lambda: ast.Subscript(subject(), place, ast.Load())


def _instance(
    pattern: ast.MatchClass, subject: Callable[[], ast.expr]
) -> tuple[Test, Names]:
    """``cls(p, name=q)``."""
    tests: list[Test] = [call(isinstance, subject(), pattern.cls)]
    names: Names = []
    places = [
        _called(stand_ins.part, subject, pattern.cls, k)
        for k in range(len(pattern.patterns))
    ]
    places += [_attribute(subject, name) for name in pattern.kwd_attrs]
    for inner, place in zip(
        [*pattern.patterns, *pattern.kwd_patterns], places, strict=True
    ):
        test, more = pattern_test(inner, place)
        tests.append(test)
        names += more
    return conjunction(tests), names


def _called(
    function: Callable[..., Any], subject: Callable[[], ast.expr], *args: object
) -> Callable[[], ast.expr]:
    return lambda: call(function, subject(), *args)


def _attribute(subject: Callable[[], ast.expr], name: str) -> Callable[[], ast.expr]:
    return lambda: ast.Attribute(subject(), name, ast.Load())


def _constant(value: object) -> ast.expr:
    return ast.Constant(value)  # type: ignore[arg-type]


def conjunction(tests: list[Test]) -> Test:
    """The conjunction of the tests that there are."""
    found = [test for test in tests if test is not None]
    if len(found) < 2:
        return found[0] if found else None
    return ast.BoolOp(ast.And(), found)


class Replaced(ast.NodeTransformer):
    """Names by what they are bound to."""

    def __init__(self, values: dict[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.values.get(node.id, node))


def loose_names(node: ast.AST, bound: frozenset[str]) -> Iterator[str]:
    """The names that are read anywhere but in a case whose pattern binds them, or by a
    function in a guard."""
    if isinstance(node, ast.Name) and node.id not in bound:
        yield node.id
    if isinstance(node, ast.match_case):
        bound |= {
            name
            for n in ast.walk(node.pattern)
            if (name := getattr(n, "name", None)) is not None
        }
        guard = [] if node.guard is None else ast.walk(node.guard)
        if any(isinstance(n, _SCOPES) for n in guard):
            yield from bound
    for child in ast.iter_child_nodes(node):
        yield from loose_names(child, bound)


_SCOPES = (ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.DictComp, ast.NamedExpr)


def guarded(names: Names, guard: ast.expr) -> ast.expr:
    """The guard, after the names have been bound."""
    if not names:
        return guard
    binds = [ast.NamedExpr(ast.Name(n, ast.Store()), value) for n, value in names]
    row = ast.Tuple([*binds, guard], ast.Load())
    return ast.Subscript(row, ast.Constant(len(binds)), ast.Load())
