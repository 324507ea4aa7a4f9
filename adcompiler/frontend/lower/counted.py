"""Iterations at run time: how many items there are, and the item at an index.

In: the binding of an iterable. Out: its `Source`, from which a loop is made.
Invariant: as in `iteration`, an item is computed when its turn comes.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Sequence

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    IterVal,
    ListRef,
    RangeVal,
    TupleVal,
)
from adcompiler.frontend.lower import (
    arrays,
    calls,
    comparisons,
    displays,
    generators,
    iteration,
    listing,
    messages,
    operators,
    overloads,
    passing,
    recombined,
    shortcircuit,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.operands import describe, fold, known_int
from adcompiler.frontend.lower.sources import Source
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom


def source(ctx: Context, node: ast.AST, iterable: Binding) -> Source:
    """The iteration over a range, an array, or what is made of them."""
    match iterable:
        case RangeVal():
            return Source(constant(0), lambda k: k, iterable)
        case ArrayRef(_, _, t) if t.ndim > 0:
            ref = iterable
            total = ctx.emit(node, "shape", ctx.read(ref, node), axis=0)
            return Source(total, lambda k: arrays.load(ctx, node, ref, k))
        case ListRef():
            xs = iterable
            count_ = listing.length(ctx, node, xs).atom
            return Source(count_, lambda k: listing.get(ctx, node, xs, k))
        case IterVal():
            of = _of_iterator(ctx, node, iterable)
            return _after(ctx, node, of, iteration.position(ctx, iterable))
        case TupleVal() if displays.numbers(iterable):
            return source(ctx, node, displays.of_numbers(ctx, node, iterable))
        case TupleVal(items) if 0 < len(items) <= iteration.MOST_CHOICES:
            size = constant(len(items))
            return Source(size, lambda k: _choice(ctx, node, items, k))
        case _ if overloads.method_of(ctx, iterable, "__next__") is not None:
            ctx.refuse(
                node,
                "how many items this gives is known at run time only",
                iteration.AS_LIST,
            )
        case _ if overloads.method_of(ctx, iterable, "__iter__") is not None:
            return source(ctx, node, iteration.opened(ctx, node, iterable))
        case _:
            ctx.refuse(
                node,
                f"{describe(iterable)} cannot be iterated over",
                "iterate over a range, an array or a tuple",
            )


def _after(ctx: Context, node: ast.AST, of: Source, taken: int) -> Source:
    """The items after those that `next` has taken."""
    if not taken:
        return of
    first, length = Dyn(constant(taken)), of.length
    if length is not None:
        whole = Dyn(count(ctx, node, of))
        rest = operators.binary(ctx, node, ast.Sub(), whole, first)
        assert isinstance(rest, Dyn)
        length = ctx.emit(node, "maximum", rest.atom, constant(0), via="builtin")
    return Source(length, lambda k: at(ctx, node, of, _sum(ctx, node, k, first)))


def _sum(ctx: Context, node: ast.AST, a: Dyn, b: Dyn) -> Dyn:
    found = plus(ctx, node, a, b)
    assert isinstance(found, Dyn)
    return found


def _choice(
    ctx: Context, node: ast.AST, items: Sequence[Binding], k: Dyn, at_: int = 0
) -> Binding:
    """The item of a tuple at an index that is known at run time only."""
    if at_ == len(items) - 1:
        return items[at_]
    here = comparisons.compare(ctx, node, ast.Eq(), k, Dyn(constant(at_)))
    return shortcircuit.choose(
        ctx,
        node,
        comparisons.truth(ctx, node, here),
        lambda: items[at_],
        lambda: _choice(ctx, node, items, k, at_ + 1),
    )


def _of_iterator(ctx: Context, node: ast.AST, iterable: IterVal) -> Source:
    match iterable:
        case IterVal("enumerate", (inner,), start):
            of = source(ctx, node, inner)
            first = start or Dyn(constant(0))
            return Source(
                None if of.endless else count(ctx, node, of),
                lambda k: TupleVal((plus(ctx, node, k, first), at(ctx, node, of, k))),
            )
        case IterVal("zip", parts) if parts:
            length, row = _columns(ctx, node, parts)
            return Source(length, lambda k: TupleVal(tuple(row(k))))
        case IterVal("map", (function, *parts)):
            length, row = _columns(ctx, node, parts)
            return Source(
                length, lambda k: calls.apply(ctx, node, function, list(row(k)), {})
            )
        case IterVal("generator", parts) if generators.is_plain(iterable):
            function = generators.element(ctx, iterable)
            length, row = _columns(ctx, node, parts)
            return Source(
                length, lambda k: calls.apply(ctx, node, function, list(row(k)), {})
            )
        case IterVal("reversed", (inner,), last):
            of = source(ctx, node, inner)
            length = count(ctx, node, of)
            if last is not None:
                length = _still_there(ctx, node, last.atom, length)
            return Source(
                length, lambda k: at(ctx, node, of, _mirror(ctx, node, length, k))
            )
        case _ if (found := recombined.source(ctx, node, iterable)) is not None:
            return found
        case _:
            ctx.refuse(
                node,
                "how many items this gives is known at run time only",
                iteration.AS_LIST,
            )


def _still_there(ctx: Context, node: ast.AST, first: Atom, now: Atom) -> Atom:
    """How many items a list has that is gone over from what was the last: none if it
    has become shorter."""
    fits = fold(operator.le, first, now)
    there = ctx.emit(node, "less_equal", first, now) if fits is None else fits
    return ctx.emit(node, "where", there, first, constant(0), via="builtin")


def _columns(
    ctx: Context, node: ast.AST, parts: Sequence[Binding]
) -> tuple[Atom | None, Callable[[Dyn], Iterator[Binding]]]:
    """The length of the shortest of several iterables, and their items at an index."""
    columns = [source(ctx, node, part) for part in parts]
    columns = passing.columns(ctx, node, parts, columns)
    length: Atom | None = None
    for column in columns:
        other = None if column.endless else count(ctx, node, column)
        if length is None or other is None:
            length = length or other
        elif other != length:
            length = ctx.emit(node, "minimum", length, other, via="builtin")
    return length, lambda k: (at(ctx, node, column, k) for column in columns)


def count(ctx: Context, node: ast.AST, of: Source) -> Atom:
    """How many items there are."""
    if of.length is None:
        ctx.refuse(node, "this iterator has no end", "give it a last item: islice(...)")
    if of.range is None:
        return of.length
    bounds = [of.range.start.atom, of.range.stop.atom, of.range.step.atom]
    total = fold(lambda a, b, c: len(range(a, b, c)), *bounds)
    return total or ctx.emit(node, "range_length", *bounds)


def at(ctx: Context, node: ast.AST, of: Source, k: Dyn) -> Binding:
    """The item at an index counted from 0."""
    if of.range is None:
        return of.item(k)
    scaled = operators.binary(ctx, node, ast.Mult(), k, of.range.step)
    return plus(ctx, node, of.range.start, scaled)


def item_of_range(ctx: Context, node: ast.AST, of: RangeVal, index: Dyn) -> Binding:
    """``range(n)[k]``: a Python int, counted from the end where k is negative."""
    k, known = known_int(index), [known_int(b) for b in (of.start, of.stop, of.step)]
    start, stop, step = known
    if k is not None and start is not None and stop is not None and step:
        numbers = range(start, stop, step)
        if not -len(numbers) <= k < len(numbers):
            ctx.fail(node, "IndexError", _OUTSIDE)
        return Dyn(constant(numbers[k]))
    total = count(ctx, node, source(ctx, node, of))
    place = ctx.emit(node, "cast", index.atom, dtype="int64", via="builtin")
    if k is None:
        back = ctx.emit(node, "less", place, constant(0))
        turned = ctx.emit(node, "add", place, total)
        place = ctx.emit(node, "where", back, turned, place, via="builtin")
    elif k < 0:
        place = ctx.emit(node, "add", total, constant(k))
    if k is None or k < 0:
        before = ctx.emit(node, "less", place, constant(0))
        messages.fail_if(ctx, node, before, "IndexError", _OUTSIDE)
    if k is None or k >= 0:
        beyond = ctx.emit(node, "greater_equal", place, total)
        messages.fail_if(ctx, node, beyond, "IndexError", _OUTSIDE)
    scaled = operators.binary(ctx, node, ast.Mult(), Dyn(place), of.step)
    return plus(ctx, node, of.start, scaled)


_OUTSIDE = "range object index out of range"


def plus(ctx: Context, node: ast.AST, a: Binding, b: Binding) -> Binding:
    """The sum, where one of them may be a zero that is known."""
    for one, other in ((a, b), (b, a)):
        if known_int(one) == 0:
            return other
    return operators.binary(ctx, node, ast.Add(), a, b)


def _mirror(ctx: Context, node: ast.AST, total: Atom, k: Dyn) -> Dyn:
    last = operators.binary(ctx, node, ast.Sub(), Dyn(total), Dyn(constant(1)))
    index = operators.binary(ctx, node, ast.Sub(), last, k)
    assert isinstance(index, Dyn)
    return index
