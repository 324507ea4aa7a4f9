"""Comprehensions, and iterators that are used up in place.

In: ``[f(a) for a in t if c]``. Out: the items laid out, where what they are taken of
has a known, small length and which are taken is known; else what the loop does that
appends each item to a list, or adds it up: ``sum(f(a) for a in t)`` makes no list.
Invariant: the names of a comprehension are its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from adcompiler.frontend.bindings import Binding, IterVal, Static, TupleVal
from adcompiler.frontend.liveness import captured
from adcompiler.frontend.lower import (
    calls,
    expressions,
    iteration,
    itertools_,
    listing,
    remembering,
    sources,
    staging,
    statements,
    stepping,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.syntax import assigned, named, placed
from adcompiler.ir.nodes import Const
from adcompiler.library import lists as library

ARRAYS = (np.array, np.asarray, np.asanyarray)
ROWS = (ast.ListComp, ast.List)

Comprehension = ast.ListComp | ast.GeneratorExp | ast.DictComp


class _Unknown(Exception):
    """Raised where it is not known which items a comprehension takes, or how many."""


def comprehension(ctx: Context, node: ast.ListComp) -> Binding:
    """``[f(a) for a in t if c]``."""
    return listed(ctx, node, None)


def generator(ctx: Context, node: ast.GeneratorExp) -> IterVal:
    """``(f(a) for a in t if c)``: of it, only `t` is evaluated here."""
    first = expressions.evaluate(ctx, node.generators[0].iter)
    return iteration.iterator(ctx, node, "generator", (first,), None, (node, ctx.frame))


def listed(
    ctx: Context, node: ast.ListComp | ast.GeneratorExp, first: Binding | None
) -> Binding:
    """The list of all items; `first` is what the first `for` goes over, if it has been
    evaluated."""
    site = listing.site_of(ctx, node)
    if ctx.lists.get(site) is None:
        items = laid_out(ctx, node, node.elt, first)
        if items is not None:
            return listing.display(ctx, node, items)
    return looped(ctx, node, _appending(node, _row(ctx, node)), first)


def note_rows(ctx: Context, call: ast.Call, function: Binding) -> None:
    """Note of ``np.array([[f(a, b) for b in t] for a in s])`` that its rows are wanted
    as arrays."""
    known = function.value if isinstance(function, Static) else None
    if any(known is f for f in ARRAYS) and call.args:
        (first, *_) = call.args
        if isinstance(first, ast.ListComp) and isinstance(first.elt, ROWS):
            ctx.memo["rows", first] = call.func


def _row(ctx: Context, node: ast.ListComp | ast.GeneratorExp) -> ast.expr:
    """The item, where it is a list that is to be the row of an array: as an array."""
    function = ctx.memo.get(("rows", node))
    if not isinstance(function, ast.expr):
        return node.elt
    return ast.copy_location(ast.Call(function, [node.elt], []), node.elt)


def used_up(ctx: Context, node: ast.AST, value: Binding) -> Binding:
    """The list of what an iterator gives; anything else as it is."""
    if not isinstance(value, IterVal):
        return value
    if value.generator is not None:
        iteration.begun(ctx, node, value)
        inner, frame = value.generator
        saved, ctx.frame = ctx.frame, frame
        try:
            return listed(ctx, inner, value.parts[0])
        finally:
            ctx.frame = saved
    items = iteration.static_items(ctx, node, value)
    if items is not None:
        iteration.taken(ctx, node, value)
        return TupleVal(tuple(items), list)
    if itertools_.is_ahead(value):
        iteration.begun(ctx, node, value)
        return run_ahead(ctx, node, value)
    return listing.call(ctx, node, library.taken, value)


def opened(ctx: Context, node: ast.AST, iterable: Binding) -> Binding:
    """What an object gives that says what is gone over; of one that is asked for each
    item the list of them."""
    found = iteration.opened(ctx, node, iterable)
    if stepping.is_stepped(ctx, found):
        return listing.call(ctx, node, library.taken, found)
    return found


def run_ahead(ctx: Context, node: ast.AST, value: IterVal) -> Binding:
    """All that such an iterator gives."""
    if itertools_.is_endless(value):
        what = "this iterator has no end"
        ctx.refuse(node, what, "give it a last item: islice(...)")
    return listing.call(ctx, node, itertools_.AHEAD[value.kind], *value.parts)


def summed(ctx: Context, call: ast.Call) -> Binding | None:
    """``sum(f(a) for a in t)``; None of any other call."""
    if len(call.args) != 1 or call.keywords:
        return None
    (node,) = call.args
    if not isinstance(node, ast.GeneratorExp):
        return None
    items = laid_out(ctx, node, node.elt, None)
    if items is not None:
        return _sum(ctx, call, TupleVal(items, list))
    return looped(ctx, node, _adding(node), None)


def _sum(ctx: Context, node: ast.AST, items: TupleVal) -> Binding:
    from adcompiler.frontend.lower.handling import Call
    from adcompiler.frontend.lower.totals import total

    return total(Call(ctx, node, "sum", [items], {}))


# --- Laid out ------------------------------------------------------------------------


def laid_out(
    ctx: Context, node: Comprehension, item: ast.expr, first: Binding | None
) -> tuple[Binding, ...] | None:
    """The items, where it is known which; found out once by trying."""
    key = ("loop", node, *ctx.calls)
    if key in ctx.memo:
        return None
    own = assigned(part.target for part in node.generators)
    saved, builder = ctx.frame, ctx.builder
    state = dict(ctx.values), dict(ctx.objects), dict(ctx.cache)
    count = len(builder.stmts)
    env = {name: saved.env[name] for name in own if name in saved.env}
    if (captured([item, *node.generators]) | saved.cells.keys()) & own:
        # Functions made here read the names of the comprehension when they are called.
        ctx.frame = replace(saved, locals=own, closure=saved, env={}, sites={})
        ctx.frame.cells, ctx.frame.nonlocals = {}, named([node])
    try:
        return tuple(_items(ctx, node, item, node.generators, first))
    except _Unknown:
        # What was lowered so far is dropped.
        ctx.memo[key] = True
        del builder.stmts[count:]
        ctx.values, ctx.objects, ctx.cache = state
        return None
    finally:
        if ctx.frame is saved:
            for name in own:
                saved.env.pop(name, None)
            saved.env.update(env)
        ctx.frame = saved


def _items(
    ctx: Context,
    node: ast.expr,
    item: ast.expr,
    generators: Sequence[ast.comprehension],
    over: Binding | None = None,
) -> Iterator[Binding]:
    if not generators:
        yield expressions.evaluate(ctx, item)
        return
    first, *rest = generators
    if first.is_async:
        ctx.refuse(node, "'async for' is not supported", "write it with for")
    if over is None:
        over = expressions.evaluate(ctx, first.iter)
    base, stages = staging.staged(ctx, iteration.taken(ctx, first.iter, over))
    entries = iteration.entries(ctx, first.iter, base)
    if entries is None or len(entries) > iteration.MOST_TRIPS:
        raise _Unknown
    sizes, before = iteration.sizes(ctx, base), remembering.remembered(ctx, base)
    for k, make in enumerate(entries):
        with ctx.in_trip(k):
            entry = _through(ctx, node, stages, make())
            if entry is None:
                continue
            statements.assign(ctx, first.target, entry)
            if all(_holds(ctx, test) for test in first.ifs):
                yield from _items(ctx, node, item, rest)
    if iteration.sizes(ctx, base) != sizes:
        iteration.refuse_growth(ctx, first.iter, base)
    remembering.check(ctx, first.iter, base, before)


def _through(
    ctx: Context, node: ast.expr, stages: Sequence[sources.Stage], item: Binding
) -> Binding | None:
    """What comes of an item; None where it is not taken."""
    for stage in stages:
        if stage.filters:
            flag = staging.admitted(ctx, node, stage, item)
            if not isinstance(flag, Const):
                raise _Unknown
            if not flag.value:
                return None
        else:
            assert stage.function is not None
            item = calls.apply(ctx, node, stage.function, [item], {})
    return item


def _holds(ctx: Context, test: ast.expr) -> bool:
    flag = expressions.test(ctx, test)
    if not isinstance(flag, Const):
        raise _Unknown
    return bool(flag.value)


# --- As a loop -----------------------------------------------------------------------


def looped(
    ctx: Context, node: Comprehension, fn: ast.FunctionDef, first: Binding | None
) -> Binding:
    """What the function gives that does the comprehension's work, called in place."""
    key = ("comprehension", node, fn.name)
    fn = ctx.memo.setdefault(key, fn)
    if first is None:
        first = expressions.evaluate(ctx, node.generators[0].iter)
    source, frame = ctx.frame.captured, ctx.frame
    return calls.inline(ctx, node, source, fn, frame, ((), {}), [first], {})


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
    outer = sorted(named([node]))
    ahead: list[ast.stmt] = [ast.Nonlocal(outer)] if outer else []
    fn = ast.FunctionDef(name, spec, [*ahead, start, body, end], [])
    return placed(fn, node)
