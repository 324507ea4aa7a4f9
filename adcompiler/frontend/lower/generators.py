"""Generator expressions, which are gone over later than they are written.

In: an iterator that stands for one. Out: its parts as functions of an item: the tests
and the element, which read the names around them when they are called.

    (v * s for v in x if v > t)     # filter by v > t, then map to v * s
"""

from __future__ import annotations

import ast

from adcompiler.frontend.bindings import FunctionVal, IterVal
from adcompiler.frontend.liveness import captured
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.frames import Frame
from adcompiler.frontend.lower.syntax import assigned, named, placed

Generator = tuple[ast.GeneratorExp, Frame]


def is_single(value: IterVal) -> bool:
    """Whether it has one `for`."""
    assert value.generator is not None
    return len(value.generator[0].generators) == 1


def is_plain(value: IterVal) -> bool:
    """Whether each item of what it goes over gives one."""
    assert value.generator is not None
    return is_single(value) and not value.generator[0].generators[0].ifs


def element(ctx: Context, value: IterVal) -> FunctionVal:
    """The element as a function of an item."""
    assert value.generator is not None
    node, frame = value.generator
    return _function(ctx, node, frame, "element", node.elt)


def tests(ctx: Context, value: IterVal) -> list[FunctionVal]:
    """The conditions as functions of an item."""
    assert value.generator is not None
    node, frame = value.generator
    ifs = node.generators[0].ifs
    return [
        _function(ctx, node, frame, f"test {k}", test) for k, test in enumerate(ifs)
    ]


def _function(
    ctx: Context, node: ast.GeneratorExp, frame: Frame, word: str, body: ast.expr
) -> FunctionVal:
    key = ("generator", node, word)
    if key not in ctx.memo:
        target = node.generators[0].target
        _refuse_late(ctx, target, body)
        ctx.memo[key] = placed(_definition(target, body), node)
    return FunctionVal(ctx.memo[key], frame, (), {})


def _refuse_late(ctx: Context, target: ast.expr, body: ast.expr) -> None:
    """A function made by a generator reads the last item, wherever it is called."""
    if captured([body]) & assigned([target]):
        ctx.refuse(
            body,
            "a function in a generator expression reads what this goes over",
            "bind it as a default: lambda v, k=k: ...",
        )


def _definition(target: ast.expr, body: ast.expr) -> ast.FunctionDef:
    """``def item(target): return body``."""
    name = target.id if isinstance(target, ast.Name) else "$item"
    spec = ast.arguments([], [ast.arg(name)], None, [], [], None, [])
    end: list[ast.stmt] = [ast.Return(body)]
    if name == "$item":
        end.insert(0, ast.Assign([target], ast.Name(name, ast.Load())))
    if named([body]):
        end.insert(0, ast.Nonlocal(sorted(named([body]))))
    return ast.FunctionDef("item", spec, end, [])
