"""Comprehensions over what has a length known while compiling.

In: ``[f(a) for a in t if c]``, or the same as a generator that is consumed in place.
Out: a list of known length.
Invariant: the names of a comprehension are its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from adcompiler.frontend.bindings import Binding, TupleVal
from adcompiler.frontend.lower import expressions, iteration, operators, statements
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.syntax import assigned
from adcompiler.ir.nodes import Const


def laid_out(
    ctx: Context,
    node: ast.ListComp | ast.GeneratorExp,
    item: ast.expr,
    generators: Sequence[ast.comprehension],
) -> TupleVal:
    """The list of all items."""
    env = ctx.frame.env
    own = assigned(generators)
    saved = {name: env[name] for name in own if name in env}
    try:
        items = tuple(_items(ctx, node, item, generators))
    finally:
        for name in own:
            ctx.frame.env.pop(name, None)
        ctx.frame.env.update(saved)
    return TupleVal(items, list)


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
    if entries is None:
        ctx.refuse(
            first.iter,
            "a comprehension goes over what has a length known while compiling",
            "write a for loop that stores into an array",
        )
    for entry in entries:
        statements.assign(ctx, first.target, entry)
        if all(_holds(ctx, test) for test in first.ifs):
            yield from _items(ctx, node, item, rest)


def _holds(ctx: Context, test: ast.expr) -> bool:
    flag = operators.truth(ctx, test, expressions.evaluate(ctx, test))
    if not isinstance(flag, Const):
        ctx.refuse(
            test,
            "which items a comprehension takes must be known while compiling",
            "write a for loop that stores into an array",
        )
    return bool(flag.value)
