"""Items that Python computes and gives to no one.

In: the items of an iterator. Out: the same, each of which is refused, when it is
computed, if that changes anything.
Invariants: ours computes the items that are given, and no others. Python's `zip`, and
its `map` over several, take of each iterable before the one that ends first an item
more than they give; `islice` takes those between two that it gives. The two agree only
if computing an item changes nothing but the item.

    for a, b in zip(map(note, x), (1.0, 2.0)):    # note(x[2]) is called as well
        ...                                       # refused if `note` changes anything
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    IterVal,
    RangeVal,
    TupleVal,
)
from adcompiler.frontend.lower import (
    arrays,
    counted,
    generators,
    iteration,
    itertools_,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.frames import Frame
from adcompiler.frontend.lower.operands import known_int
from adcompiler.frontend.lower.sources import Item, Source
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Effect
from adcompiler.ir.types import Length
from adcompiler.ir.walk import all_stmts

HARMLESS = Effect.MAY_RAISE | Effect.READS_STATE
CALLING = ("map", "filter", "generator", "starmap")
TAKEN = (
    "an item is taken here that goes nowhere, and computing it changes what is outside"
)
IN_LOOP = "call the function in the loop, with the items of what it is mapped over"


def is_plain(iterable: Binding) -> bool:
    """Whether no function of the program is called for an item."""
    if not isinstance(iterable, IterVal):
        return True
    return iterable.kind not in (*CALLING, *itertools_.AHEAD) and all(
        map(is_plain, iterable.parts)
    )


def _unchanging(
    ctx: Context, node: ast.AST, item: Item, parts: Sequence[Binding]
) -> Item:
    """The item, refused when it is computed if that changes anything, and the lengths
    of these are known."""
    return partial(_computed, ctx, node, item, parts)


def rows(
    ctx: Context,
    node: ast.AST,
    parts: Sequence[Binding],
    known: Sequence[Sequence[Item] | None],
    given: Sequence[Sequence[Item]],
) -> list[Sequence[Item]]:
    """What iterables give, side by side: of those of which it is `known` how many all,
    of the others as many as the shortest has."""
    found, trips = list(given), min(map(len, given))
    for k, part in enumerate(parts):
        items = known[k]
        if items is not None and len(items) == trips:
            break  # those behind it are not asked again
        ends_later = any(len(other) == trips for other in given[k + 1 :])
        if ends_later and not is_plain(part):
            more = (
                partial(_at, ctx, node, part, trips) if items is None else items[trips]
            )
            ctx.run(_unchanging(ctx, node, more, parts))
            found[k] = [_unchanging(ctx, node, item, parts) for item in given[k]]
    return found


def columns(
    ctx: Context, node: ast.AST, parts: Sequence[Binding], sources: Sequence[Source]
) -> list[Source]:
    """The same of items at run time."""
    found = list(sources)
    lengths = [length(ctx, part) for part in parts]
    for k, part in enumerate(parts):
        others = [j for j in range(k + 1, len(parts)) if not sources[j].endless]
        alike = lengths[k] is not None and all(lengths[j] == lengths[k] for j in others)
        if not is_plain(part) and not alike:
            found[k] = checked(ctx, node, sources[k], parts)
    return found


def length(ctx: Context, iterable: Binding) -> Length | None:
    """How many items there are, of what has as many as an array, or a known number."""
    match iterable:
        case TupleVal(items):
            return len(items)
        case ArrayRef(_, _, t) if t.ndim > 0:
            return arrays.count(ctx, iterable)
        case RangeVal(start, stop, step):
            bounds = [known_int(part) for part in (start, stop, step)]
            known = [k for k in bounds if k is not None]
            return len(range(*known)) if len(known) == 3 and known[2] else None
        case IterVal() if iteration.position(ctx, iterable) == 0:
            return _length(ctx, iterable)
        case _:
            return None


def _length(ctx: Context, it: IterVal) -> Length | None:
    match it:
        case IterVal("enumerate" | "zip", parts) | IterVal("map", (_, *parts)):
            found = [length(ctx, part) for part in parts]
            return found[0] if found and all(n == found[0] for n in found) else None
        case IterVal("generator", (inner,)) if generators.is_plain(it):
            return length(ctx, inner)
        case _:
            return None


def part(
    ctx: Context, node: ast.AST, inner: Binding, items: Sequence[Item], of: slice
) -> list[Item]:
    """These of the items, the others being computed as well."""
    if is_plain(inner) or (not of.start and of.step in (None, 1)):
        return list(items[of])
    for item in items[: of.stop]:
        ctx.run(_unchanging(ctx, node, item, ()))
    return [_unchanging(ctx, node, item, ()) for item in items[of]]


def checked(
    ctx: Context, node: ast.AST, of: Source, parts: Sequence[Binding] = ()
) -> Source:
    """Items at run time, none of which may change anything."""
    return replace(of, item=lambda k: _computed(ctx, node, partial(of.item, k), parts))


def _at(ctx: Context, node: ast.AST, part: Binding, k: int) -> Binding:
    return counted.source(ctx, node, part).item(Dyn(constant(k)))


def _computed(
    ctx: Context, node: ast.AST, item: Item, parts: Sequence[Binding]
) -> Binding:
    count = len(ctx.builder.stmts)
    values, objects, names = dict(ctx.values), dict(ctx.objects), _names(ctx)
    found = item()
    made = [s for s in all_stmts(ctx.builder.stmts[count:]) if isinstance(s, Let)]
    kept = (
        all(ctx.values.get(place) == held for place, held in values.items())
        and all(ctx.objects.get(place) == held for place, held in objects.items())
        and _names(ctx) == names
        and not any(let.effect & ~HARMLESS for let in made)
    )
    if not kept:
        for part in parts:
            iteration.require_lengths(ctx, node, part, TAKEN, IN_LOOP)
        ctx.refuse(node, TAKEN, IN_LOOP)
    return found


def _names(ctx: Context) -> list[dict[str, Binding]]:
    """What the names mean here and in the functions around."""
    return [
        {name: held for name, held in frame.env.items() if not name.startswith("$")}
        for frame in _frames(ctx)
    ]


def _frames(ctx: Context) -> Iterator[Frame]:
    frame: Frame | None = ctx.frame
    while frame is not None:
        yield frame
        frame = frame.closure
