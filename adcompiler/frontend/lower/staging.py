"""What becomes of an item before a loop gets it: `map`, `filter`, generators.

In: an iterator. Out: what is gone over, and the stages of its items, which are passed
through in the loop that takes them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial

from adcompiler.frontend.bindings import (
    NONE,
    Binding,
    IterVal,
)
from adcompiler.frontend.lower import (
    calls,
    comparisons,
    generators,
    iteration,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.joins import join_arms
from adcompiler.frontend.lower.sources import Stage
from adcompiler.ir.nodes import Atom, Const


def staged(ctx: Context, iterable: Binding) -> tuple[Binding, tuple[Stage, ...]]:
    """What is gone over, and the stages of its items."""
    match iterable:
        case IterVal() if iteration.position(ctx, iterable) > 0:
            return iterable, ()
        case IterVal("filter", (function, inner)):
            base, stages = staged(ctx, inner)
            none = function == NONE
            return base, (*stages, Stage(None if none else function, True))
        case IterVal("map", (function, inner)):
            base, stages = staged(ctx, inner)
            return base, (*stages, Stage(function, False))
        case IterVal("generator", (inner,)) if generators.is_single(iterable):
            base, stages = staged(ctx, inner)
            tests = generators.tests(ctx, iterable)
            element = generators.element(ctx, iterable)
            more = (*(Stage(test, True) for test in tests), Stage(element, False))
            return base, (*stages, *more)
        case _:
            return iterable, ()


def through(
    ctx: Context,
    node: ast.AST,
    stages: Sequence[Stage],
    item: Binding,
    live: frozenset[str],
    act: Callable[[Binding], None],
) -> None:
    """Act on what comes of an item, if it is taken."""
    for k, stage in enumerate(stages):
        if not stage.filters:
            assert stage.function is not None
            item = calls.apply(ctx, node, stage.function, [item], {})
            continue
        cond = admitted(ctx, node, stage, item)
        if isinstance(cond, Const):
            if not cond.value:
                return
            continue
        onward = partial(through, ctx, node, stages[k + 1 :], item, live, act)
        left, right = ctx.run(onward), ctx.run(lambda: None)
        join_arms(ctx, cond, left, right, live, node)
        return
    act(item)


def admitted(ctx: Context, node: ast.AST, stage: Stage, item: Binding) -> Atom:
    """Whether a filter takes an item."""
    flag = item
    if stage.function is not None:
        flag = calls.apply(ctx, node, stage.function, [item], {})
    return comparisons.truth(ctx, node, flag)
