"""Comprehensions, and generator expressions that are consumed in place.

In: ``[f(a) for a in t if c]``. Out: the items laid out, where what they are taken of
has a known, small length and which are taken is known; else what the loop does that
appends each item to a list, or adds it up: ``sum(f(a) for a in t)`` makes no list.
Invariant: the names of a comprehension are its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from adcompiler.frontend.bindings import Binding, TupleVal
from adcompiler.frontend.lower import (
    calls,
    expressions,
    iteration,
    listing,
    operators,
    statements,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.syntax import assigned
from adcompiler.ir.nodes import Const

Comprehension = ast.ListComp | ast.GeneratorExp | ast.DictComp


class _Unknown(Exception):
    """Raised where it is not known which items a comprehension takes, or how many."""


def comprehension(ctx: Context, node: Comprehension, item: ast.expr) -> Binding:
    """The list of all items."""
    site = listing.site_of(ctx, node)
    if site not in ctx.lists:
        items = laid_out(ctx, node, item)
        if items is not None:
            return TupleVal(items, list, site)
    return looped(ctx, node, _appending(node, item))


def summed(ctx: Context, call: ast.Call) -> Binding | None:
    """``sum(f(a) for a in t)``; None of any other call."""
    if len(call.args) != 1 or call.keywords:
        return None
    (node,) = call.args
    if not isinstance(node, ast.GeneratorExp):
        return None
    items = laid_out(ctx, node, node.elt)
    if items is not None:
        return _sum(ctx, call, TupleVal(items, list))
    return looped(ctx, node, _adding(node))


def _sum(ctx: Context, node: ast.AST, items: TupleVal) -> Binding:
    from adcompiler.frontend.lower.builtins_ import total
    from adcompiler.frontend.lower.handling import Call

    return total(Call(ctx, node, "sum", [items], {}))


# --- Laid out ------------------------------------------------------------------------


def laid_out(
    ctx: Context, node: Comprehension, item: ast.expr
) -> tuple[Binding, ...] | None:
    """The items, where it is known which; found out once by trying."""
    key = ("loop", node, *ctx.calls)
    if key in ctx.memo:
        return None
    env = ctx.frame.env
    own = assigned(node.generators)
    saved = {name: env[name] for name in own if name in env}
    builder, count = ctx.builder, len(ctx.builder.stmts)
    state = dict(ctx.values), dict(ctx.objects), dict(ctx.cache)
    try:
        return tuple(_items(ctx, node, item, node.generators))
    except _Unknown:
        # What was lowered so far is dropped.
        ctx.memo[key] = True
        del builder.stmts[count:]
        ctx.values, ctx.objects, ctx.cache = state
        return None
    finally:
        for name in own:
            ctx.frame.env.pop(name, None)
        ctx.frame.env.update(saved)


def _items(
    ctx: Context,
    node: ast.expr,
    item: ast.expr,
    generators: Sequence[ast.comprehension],
) -> Iterator[Binding]:
    if not generators:
        yield expressions.evaluate(ctx, item)
        return
    first, *rest = generators
    if first.is_async:
        ctx.refuse(node, "'async for' is not supported", "write it with for")
    iterable = expressions.evaluate(ctx, first.iter)
    entries = iteration.known_items(ctx, first.iter, iterable)
    if entries is None or len(entries) > iteration.MOST_TRIPS:
        raise _Unknown
    trips = iteration.Trips(ctx, first.iter, iterable, entries)
    for k in range(len(trips)):
        statements.assign(ctx, first.target, trips.item(k))
        if all(_holds(ctx, test) for test in first.ifs):
            yield from _items(ctx, node, item, rest)


def _holds(ctx: Context, test: ast.expr) -> bool:
    flag = operators.truth(ctx, test, expressions.evaluate(ctx, test))
    if not isinstance(flag, Const):
        raise _Unknown
    return bool(flag.value)


# --- As a loop -----------------------------------------------------------------------


def looped(ctx: Context, node: Comprehension, fn: ast.FunctionDef) -> Binding:
    """What the function gives that does the comprehension's work, called in place."""
    key = ("comprehension", node, fn.name)
    fn = ctx.memo.setdefault(key, fn)
    first = expressions.evaluate(ctx, node.generators[0].iter)
    captured, frame = ctx.frame.captured, ctx.frame
    return calls.inline(ctx, node, captured, fn, frame, ((), {}), [first], {})


def _appending(node: Comprehension, item: ast.expr) -> ast.FunctionDef:
    start = ast.Assign([ast.Name("$items", ast.Store())], ast.List([], ast.Load()))
    append = ast.Attribute(ast.Name("$items", ast.Load()), "append", ast.Load())
    return _function(node, "$items", start, ast.Expr(ast.Call(append, [item], [])))


def _adding(node: ast.GeneratorExp) -> ast.FunctionDef:
    start = ast.Assign([ast.Name("$total", ast.Store())], ast.Constant(0))
    add = ast.AugAssign(ast.Name("$total", ast.Store()), ast.Add(), node.elt)
    return _function(node, "$total", start, add)


def _function(
    node: Comprehension, name: str, start: ast.stmt, step: ast.stmt
) -> ast.FunctionDef:
    """A function of what the first `for` goes over, with a loop for each."""
    body: ast.stmt = step
    for k, part in reversed(list(enumerate(node.generators))):
        for test in reversed(part.ifs):
            body = ast.If(test, [body], [])
        source = part.iter if k else ast.Name("$over", ast.Load())
        body = ast.For(part.target, source, [body], [])
    end = ast.Return(ast.Name(name, ast.Load()))
    spec = ast.arguments([], [ast.arg("$over")], None, [], [], None, [])
    fn = ast.FunctionDef(name, spec, [start, body, end], [])
    return _placed(fn, node)


def _placed(fn: ast.FunctionDef, node: ast.AST) -> ast.FunctionDef:
    """The function with the comprehension's place in the source where it has none."""
    for child in ast.walk(fn):
        if "lineno" in child._attributes and not hasattr(child, "lineno"):
            ast.copy_location(child, node)
    return fn
