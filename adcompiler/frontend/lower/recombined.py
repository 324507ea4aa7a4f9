"""Iterations at run time over what `itertools` makes of others.

In: an `IterVal` of `itertools`. Out: its `Source`: how many items there are, and the
item at an index, by those of what it is made of; None of what cannot be counted.
Invariant: an item is computed when its turn comes, and at most once: what calls a
function of the program for its items is refused where two items would share one.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import partial
from typing import TypeGuard

from adcompiler.frontend.bindings import (
    NONE,
    Binding,
    Dyn,
    IterVal,
    RangeVal,
    TupleVal,
)
from adcompiler.frontend.lower import (
    comparisons,
    counted,
    operators,
    passing,
    shortcircuit,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.itertools_ import (
    ONE,
    ZERO,
    check_plain,
    starred,
    teed_items,
)
from adcompiler.frontend.lower.sources import Source
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom
from adcompiler.ir.types import Scalar, is_float


def source(ctx: Context, node: ast.AST, it: IterVal) -> Source | None:
    """The iteration at run time; None of what cannot be counted."""
    match it.kind, it.parts:
        case "chain", parts if parts:
            return _chained(ctx, node, parts)
        case "tee", _:
            return counted.source(ctx, node, teed_items(ctx, node, it))
        case "pairwise", (inner,):
            check_plain(ctx, node, inner)
            return _paired(ctx, node, inner)
        case "zip_longest", (fill, *parts) if parts:
            return _longest(ctx, node, fill, parts)
        case "islice", (inner, start, stop, step):
            return _part(ctx, node, inner, (start, stop, step))
        case "product", parts if parts:
            return _product(ctx, node, parts)
        case "repeat", (item, times):
            bound = times.atom if isinstance(times, Dyn) else None
            return Source(bound, lambda k: item)
        case "count", (start, step):
            return Source(
                None,
                lambda k: counted.plus(
                    ctx, node, start, operators.binary(ctx, node, ast.Mult(), k, step)
                ),
            )
        case "cycle", (inner,):
            check_plain(ctx, node, inner)
            return _cycled(ctx, node, inner)
        case "starmap", (function, inner):
            of = counted.source(ctx, node, inner)
            return Source(
                of.length if of.range is None else counted.count(ctx, node, of),
                lambda k: starred(ctx, node, function, counted.at(ctx, node, of, k)),
            )
        case _:
            return None


def _paired(ctx: Context, node: ast.AST, inner: Binding) -> Source:
    """Each item with the one after it."""
    of = counted.source(ctx, node, inner)
    pairs = _binary(ctx, node, ast.Sub(), _count(ctx, node, of), ONE)
    return Source(
        ctx.emit(node, "maximum", pairs.atom, constant(0), via="builtin"),
        lambda k: TupleVal(
            tuple(
                counted.at(ctx, node, of, j)
                for j in (k, _binary(ctx, node, ast.Add(), k, ONE))
            )
        ),
    )


def _cycled(ctx: Context, node: ast.AST, inner: Binding) -> Source:
    """The items again and again."""
    of = counted.source(ctx, node, inner)
    total = _count(ctx, node, of)
    return Source(
        None,
        lambda k: counted.at(ctx, node, of, _binary(ctx, node, ast.Mod(), k, total)),
    )


def _count(ctx: Context, node: ast.AST, of: Source) -> Dyn:
    return Dyn(counted.count(ctx, node, of))


def _binary(
    ctx: Context, node: ast.AST, op: ast.operator, a: Binding, b: Binding
) -> Dyn:
    result = operators.binary(ctx, node, op, a, b)
    assert isinstance(result, Dyn)
    return result


def _less(ctx: Context, node: ast.AST, a: Binding, b: Binding) -> Atom:
    return comparisons.truth(ctx, node, comparisons.compare(ctx, node, ast.Lt(), a, b))


def _chained(ctx: Context, node: ast.AST, parts: Sequence[Binding]) -> Source:
    """One after the other: which one an index falls into is asked at each item."""
    first, *rest = [counted.source(ctx, node, part) for part in parts]
    for other in rest:
        first = _after(ctx, node, first, other)
    return first


def _after(ctx: Context, node: ast.AST, one: Source, other: Source) -> Source:
    n, m = _count(ctx, node, one), _count(ctx, node, other)

    def item(k: Dyn) -> Binding:
        later = _binary(ctx, node, ast.Sub(), k, n)
        return shortcircuit.choose(
            ctx,
            node,
            _less(ctx, node, k, n),
            lambda: counted.at(ctx, node, one, k),
            lambda: counted.at(ctx, node, other, later),
        )

    return Source(_binary(ctx, node, ast.Add(), n, m).atom, item)


def _longest(
    ctx: Context, node: ast.AST, fill: Binding, parts: Sequence[Binding]
) -> Source:
    columns = [counted.source(ctx, node, part) for part in parts]
    counts = [_count(ctx, node, column) for column in columns]
    length = counts[0].atom
    for n in counts[1:]:
        length = ctx.emit(node, "maximum", length, n.atom, via="builtin")

    def item(k: Dyn) -> Binding:
        return TupleVal(
            tuple(
                shortcircuit.choose(
                    ctx,
                    node,
                    _less(ctx, node, k, n),
                    partial(counted.at, ctx, node, column, k),
                    lambda: fill,
                )
                for n, column in zip(counts, columns, strict=True)
            )
        )

    return Source(length, item)


def _part(
    ctx: Context, node: ast.AST, inner: Binding, bounds: tuple[Binding, ...]
) -> Source:
    start, stop, step = bounds
    of = counted.source(ctx, node, inner)
    if (start, step) != (ZERO, ONE) and not passing.is_plain(inner):
        of = passing.checked(ctx, node, of)
    ends = [] if of.endless else [_count(ctx, node, of).atom]
    ends += [stop.atom] if _is_index(stop) else []
    ended = ends and (stop == NONE or _is_index(stop))
    if not (ended and _is_index(start) and _is_index(step)):
        what = "islice takes integers as its bounds, and one that ends it"
        ctx.refuse(node, what, "write islice(x, stop) with an int: int(n)")
    end = ends[0]
    for other in ends[1:]:
        end = ctx.emit(node, "minimum", end, other, via="builtin")
    picked = Source(constant(0), lambda k: k, RangeVal(start, Dyn(end), step))
    length = counted.count(ctx, node, picked)

    def item(k: Dyn) -> Binding:
        index = counted.at(ctx, node, picked, k)
        assert isinstance(index, Dyn)
        return counted.at(ctx, node, of, index)

    return Source(length, item)


def _is_index(bound: Binding) -> TypeGuard[Dyn]:
    t = bound.atom.type if isinstance(bound, Dyn) else None
    return isinstance(t, Scalar) and not is_float(t)


def _product(ctx: Context, node: ast.AST, parts: Sequence[Binding]) -> Source:
    """All combinations, the last the fastest: an index of each out of one index."""
    columns = [counted.source(ctx, node, part) for part in parts]
    counts = [_count(ctx, node, column) for column in columns]
    strides = [ONE]
    for n in reversed(counts):
        strides.insert(0, _binary(ctx, node, ast.Mult(), strides[0], n))
    total = strides.pop(0)

    def item(k: Dyn) -> Binding:
        row = []
        for j, column in enumerate(columns):
            index = k
            if j < len(columns) - 1:
                index = _binary(ctx, node, ast.FloorDiv(), index, strides[j])
            if j > 0:
                index = _binary(ctx, node, ast.Mod(), index, counts[j])
            row.append(counted.at(ctx, node, column, index))
        return TupleVal(tuple(row))

    return Source(total.atom, item)
