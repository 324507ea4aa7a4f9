"""The gatekeeper: what is accepted, what is refused, and where the caret stands."""

from __future__ import annotations

import ast
import linecache
import textwrap

import pytest

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.capture import capture
from adcompiler.frontend.subset import ACCEPTED, REFUSED, check


def captured(text):
    text, name = textwrap.dedent(text), "<program of test_subset>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope: dict = {}
    exec(compile(text, name, "exec"), scope)
    return capture(scope["f"])


def in_function(*lines):
    return "def f(x, n=2):\n" + "".join(f"    {line}\n" for line in lines)


ALLOWED = [
    ("y = z = x", "(a, b), c = (x, y), z", "y: float = x", "w: int", "return a"),
    ("x[1:n, ::-1, None, ...] += 1", "return x[-1]"),
    ("if x > 0: return x", "elif x < -1: pass", "else: x = -x", "return x"),
    ("for i in range(n):", "    if i: break", "else:", "    x = x + 1", "return x"),
    ("while 0 < x < 3:", "    continue", "else:", "    x = 0", "return x"),
    ("assert n, f'{n:>3} {x!r}'", "raise ValueError('negative')"),
    ("g = lambda y, k=n: y * k", "def h(y, *, k=1): return g(y)", "return h(x)"),
    ("return np.array([[x, 1.0], [x, n]])",),
    ("return np.concatenate(arrays=[x, x])",),
    ("return [x, x]",),
    ("for y in [x, x]: pass",),
    ("def g(a):", "    return [a]", "return g(x)"),
    ("return x if x is not None and not n or x != 1 else ~n & 3 | 4 ^ n",),
    ("with ad.no_grad():", "    y = x", "return y * x"),
    ("return x @ x // 2 % 3 ** +n",),
    ("def g(*a, **k): return k", "y = {'a': x, **n}", "y['b'] = 1", "return g(**y)"),
    ("import math", "from os import path as p", "return (y := math.sin(x)) + y"),
    ("match x:", "    case 1 | [_, *_] if n: pass", "    case float() as y: return y"),
    ("return x >> 2 << n",),
    ("@n", "def g(y): return y", "return g(x)"),
    ("y.a = x", "y.b += {k: x for k in n}", "return y"),
]


@pytest.mark.parametrize("lines", ALLOWED, ids=[lines[0] for lines in ALLOWED])
def test_accepted(lines):
    check(captured(in_function(*lines)))


def test_annotations_and_decorators_do_not_count():
    check(captured("def f(x: [int] = [y for y in ()]) -> {1: 2}: return x"))


NO = [
    (("y = {x for x in n}",), "set comprehension", 8),
    (("y = {x, 1}",), "sets", 8),
    (("del y.x",), "'del'", 8),
    (("nonlocal_ = b'x'",), "bytes", 16),
    (("raise ValueError('x') from KeyError()",), "raise", 4),
    (("with ad.no_grad() as g: pass",), "with", 9),
    (("match x:", "    case {'a': n}: pass"), "pattern", 13),
    (("@g", "def g(): pass"), "decorator", 5),
]


@pytest.mark.parametrize(("lines", "message", "col"), NO, ids=[n[0][0] for n in NO])
def test_refused(lines, message, col):
    with pytest.raises(UnsupportedError, match=message) as info:
        check(captured(in_function(*lines)))
    assert info.value.span.col == col
    assert info.value.hint


def test_every_node_class_is_accepted_or_refused_never_both():
    assert not set(ACCEPTED) & set(REFUSED)
    abstract = {"expr", "stmt", "operator", "unaryop", "cmpop", "boolop", "mod"}
    leaves = {
        node
        for name, node in vars(ast).items()
        if isinstance(node, type)
        and issubclass(node, ast.stmt | ast.expr)
        and name not in abstract
        and node.__module__ == "ast"
        and not node.__subclasses__()
    }
    old = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis"}
    missing = leaves - set(ACCEPTED) - set(REFUSED)
    assert {node.__name__ for node in missing} - old <= {"TypeAlias"}
