"""Functions that give iterators or go over them, and those of `functools`.

In: calls of `zip`, `map`, `any` and the like. Out: iterators, of which nothing is taken
yet, or what a definition in plain Python gives.
"""

from __future__ import annotations

import ast
import bisect
import functools
import heapq
import operator
from collections.abc import Callable, Hashable
from types import FunctionType
from typing import Any

from adcompiler.frontend.bindings import (
    Binding,
    Dyn,
    IterVal,
    ListRef,
    ObjectRef,
    PartialVal,
)
from adcompiler.frontend.lower import (
    comparisons,
    counted,
    expressions,
    iteration,
    itertools_,
    listing,
    operators,
    overloads,
    records,
    shortcircuit,
    staging,
    stepping,
)
from adcompiler.frontend.lower.composed import composed
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.operands import describe
from adcompiler.frontend.lower.restarts import Unreachable
from adcompiler.ir.builder import constant
from adcompiler.library import bisecting, heaps, iterating, stepped


def numbered(call: Call) -> Binding:
    """``enumerate(x, start)``."""
    x, start = call.bind("iterable", start=Dyn(constant(0)))
    if not isinstance(start, Dyn):
        what = f"{describe(start)} is no number to count from"
        call.refuse(what, "count from an integer: enumerate(x, 1)")
    x = iteration.opened(call.ctx, call.node, x)
    if (found := stepping.made_of(call, stepped.Numbered, x, start)) is not None:
        return found
    return iteration.iterator(call.ctx, call.node, "enumerate", (x,), start)


def zipped(call: Call) -> Binding:
    """``zip(x, y)``."""
    strict = call.kwargs.get("strict")
    if set(call.kwargs) - {"strict"}:
        words = ", ".join(f"{word}=" for word in call.kwargs if word != "strict")
        call.refuse("zip takes no keyword but strict", f"leave {words} away")
    if strict is not None and call.flag(strict, "strict"):
        _same_lengths(call)
    parts = [iteration.opened(call.ctx, call.node, x) for x in call.args]
    if (found := stepping.made_of(call, stepped.Zipped, *parts)) is not None:
        return found
    return iteration.iterator(call.ctx, call.node, "zip", parts)


def _same_lengths(call: Call) -> None:
    """What ``zip(..., strict=True)`` demands, checked while compiling."""
    parts = [iteration.known(call.ctx, call.node, x) for x in call.args]
    known = [len(part) for part in parts if part is not None]
    if len(known) < len(parts) or len(set(known)) > 1:
        call.refuse(
            "zip with strict=True takes tuples of one length",
            "leave strict away, and assert that the lengths are equal",
        )


def backwards(call: Call) -> Binding:
    """``reversed(x)``."""
    (x,) = call.bind("sequence")
    if isinstance(x, IterVal):
        call.refuse("an iterator cannot be reversed", iteration.AS_LIST)
    last = None
    if isinstance(x, ListRef):
        last = listing.length(call.ctx, call.node, x)
    elif isinstance(x, ObjectRef) and x.cls is list:
        items = records.entries(call.ctx, call.node, x)
        last = Dyn(constant(len(items)))
    # It goes from what is the last item now.
    return iteration.iterator(call.ctx, call.node, "reversed", (x,), last)


def mapped(call: Call) -> Binding:
    """``map(f, x, y)``."""
    if len(call.args) < 2 or call.kwargs:
        what = "map takes a function and iterables, without names"
        call.refuse(what, "write map(f, x), or (f(v) for v in x)")
    return iteration.iterator(call.ctx, call.node, "map", call.args)


def filtered(call: Call) -> Binding:
    """``filter(f, x)``."""
    function, x = call.bind("function", "iterable")
    return iteration.iterator(call.ctx, call.node, "filter", (function, x))


def defined(definition: Callable[..., Any]) -> Handler:
    """The handler of what has this definition."""
    assert isinstance(definition, FunctionType)
    return composed(definition)


Operator = type[ast.operator] | type[ast.unaryop] | type[ast.cmpop]


def partially(call: Call) -> Binding:
    """``functools.partial(f, a, k=b)``."""
    if not call.args:
        what = "functools.partial takes the function first"
        call.refuse(what, "write functools.partial(f, a), or lambda x: f(a, x)")
    function, *args = call.args
    return PartialVal(function, tuple(args), call.kwargs)


def applied(node: Operator) -> Handler:
    """``operator.add(a, b)`` and the like."""

    def handle(call: Call) -> Binding:
        if call.kwargs:
            what = f"{call.name} takes its operands without names"
            call.refuse(
                what, f"write {call.name}({', '.join('ab'[: len(call.kwargs)])})"
            )
        if issubclass(node, ast.unaryop):
            (a,) = call.bind("a")
            return operators.unary(call.ctx, call.node, node(), a)
        a, b = call.bind("a", "b")
        if issubclass(node, ast.cmpop):
            return comparisons.compare(call.ctx, call.node, node(), a, b)
        return operators.binary(call.ctx, call.node, node(), a, b)

    return handle


def begun(call: Call) -> Binding:
    """``iter(x)``."""
    if len(call.args) != 1 or call.kwargs:
        what = "iter takes what is gone over, and nothing else"
        call.refuse(what, "write a while loop that ends at the last value")
    x = iteration.opened(call.ctx, call.node, call.args[0])
    if isinstance(x, IterVal) and x.location is not None:
        return x
    if iteration.known(call.ctx, call.node, x) is None:
        counted.source(call.ctx, call.node, x)  # refuses what has no items
    return iteration.iterator(call.ctx, call.node, "chain", (x,))


def following(call: Call) -> Binding:
    """``next(it)``, ``next(it, default)``."""
    it, *default = call.args
    if overloads.method_of(call.ctx, it, "__next__") is not None and not call.kwargs:
        if default:
            return stepping.following(call, it, default[0])
        item = overloads.call(call.ctx, call.node, it, "__next__")
        assert item is not None
        return item
    if not isinstance(it, IterVal) or call.kwargs or len(default) > 1:
        call.refuse("next takes an iterator", "write next(iter(x)), or x[0]")
    ctx, node = call.ctx, call.node
    _, stages = staging.staged(ctx, it)
    own = it.location is not None and it.kind not in itertools_.AHEAD
    if not own or any(stage.filters for stage in stages):
        # What is left of it is not looked at again.
        return listing.call(ctx, node, iterating.first_of, it, *default)
    items = iteration.known(ctx, node, it)
    if items is not None:
        iteration.advanced(ctx, node, it)
        return items[0]() if items else _ended(call, default)
    of = counted.source(ctx, node, it)
    iteration.advanced(ctx, node, it)
    first = Dyn(constant(0))
    if of.endless:
        return counted.at(ctx, node, of, first)
    count = Dyn(counted.count(ctx, node, of))
    some = comparisons.truth(
        ctx, node, comparisons.compare(ctx, node, ast.Gt(), count, first)
    )
    return shortcircuit.choose(
        ctx,
        node,
        some,
        lambda: counted.at(ctx, node, of, first),
        lambda: _ended(call, default),
    )


def _ended(call: Call, default: list[Binding]) -> Binding:
    """What `next` gives where there is no item."""
    if default:
        return default[0]
    stepping.check_raised(call.ctx, call.node)
    call.ctx.emit_all(call.node, "raise", exception="StopIteration", template=None)
    raise Unreachable


def item_at(call: Call) -> Binding:
    """The item at an index of an iterator that has been taken."""
    iterator, k = call.bind("iterator", "k")
    assert isinstance(k, Dyn)
    of = counted.source(call.ctx, call.node, iterator)
    return counted.at(call.ctx, call.node, of, k)


def item(call: Call) -> Binding:
    """``operator.getitem(a, k)``."""
    owner, index = call.bind("a", "b")
    return expressions.item_of(call.ctx, call.node, owner, index)


OPERATORS: dict[Callable[..., Any], Operator] = {
    operator.add: ast.Add,
    operator.sub: ast.Sub,
    operator.mul: ast.Mult,
    operator.truediv: ast.Div,
    operator.floordiv: ast.FloorDiv,
    operator.mod: ast.Mod,
    operator.pow: ast.Pow,
    operator.matmul: ast.MatMult,
    operator.and_: ast.BitAnd,
    operator.or_: ast.BitOr,
    operator.xor: ast.BitXor,
    operator.neg: ast.USub,
    operator.pos: ast.UAdd,
    operator.not_: ast.Not,
    operator.invert: ast.Invert,
    operator.lt: ast.Lt,
    operator.le: ast.LtE,
    operator.gt: ast.Gt,
    operator.ge: ast.GtE,
    operator.eq: ast.Eq,
    operator.ne: ast.NotEq,
    operator.is_: ast.Is,
    operator.is_not: ast.IsNot,
}

OVER_ITERATORS: dict[Hashable, Handler] = {
    enumerate: numbered,
    zip: zipped,
    reversed: backwards,
    map: mapped,
    filter: filtered,
    any: defined(iterating.any_of),
    all: defined(iterating.all_of),
    iter: begun,
    next: following,
    functools.reduce: defined(iterating.reduced),
    functools.partial: partially,
    bisect.bisect_right: defined(bisecting.right_of),
    bisect.bisect_left: defined(bisecting.left_of),
    bisect.insort_right: defined(bisecting.put_right),
    bisect.insort_left: defined(bisecting.put_left),
    heapq.heappush: defined(heaps.pushed),
    heapq.heappop: defined(heaps.popped),
    heapq.heapreplace: defined(heaps.replaced),
    heapq.heappushpop: defined(heaps.pushed_and_popped),
    heapq.heapify: defined(heaps.made),
    heapq.nsmallest: defined(heaps.least),
    heapq.nlargest: defined(heaps.greatest),
    iterating.item_at: item_at,
    iterating.is_at_end: stepping.at_end,
    iterating.next_of: stepping.after_test,
    iterating.step_of: stepping.step,
    iterating.never: stepping.never,
    **itertools_.FUNCTIONS,
}

FUNCTIONS: dict[Hashable, Handler] = {
    **OVER_ITERATORS,
    **{op: applied(node) for op, node in OPERATORS.items()},
    operator.getitem: item,
    operator.itemgetter: defined(iterating.item_getter),
    operator.attrgetter: defined(iterating.attribute_getter),
    functools.wraps: defined(iterating.unwrapped),
}

# What goes over an iterator item by item, or not at all.
TAKE_ITERATORS: frozenset[Hashable] = frozenset(
    (*OVER_ITERATORS, tuple, sum, min, max, len, isinstance, callable, slice)
)

# What goes over its only argument, be it an object that says what it gives.
OPENING: frozenset[Hashable] = frozenset((list, tuple, sum, min, max, any, all))
