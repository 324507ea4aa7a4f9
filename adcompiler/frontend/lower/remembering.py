"""What iterators have read before its turn comes, and what they have yet to read.

In: iterators. Out: what they go over, as it is now, to be compared with what it is
later; refusals where it is no longer the same.
Invariants: an item of ours is computed when its turn comes. Python's `pairwise`,
`cycle` and `tee` give again what they have read, `product` and `groupby` read ahead:
there the two agree only if nothing is stored, meanwhile, into what is gone over.

    for a, b in pairwise(x):      # b of one trip is a of the next, as it was then
        x[k] = a + b              # refused
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    FunctionVal,
    IterVal,
    ListRef,
    ObjectRef,
    RecordVal,
    Static,
    TupleVal,
    locations,
)
from adcompiler.frontend.liveness import captured
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.frames import Frame
from adcompiler.library import stepped

REMEMBERING = ("pairwise", "cycle", "tee", "product")
CHANGED = "what this goes over changes in the loop"
COPY = "go over a copy, or index it in a loop over a range"


# --- Items that are read before their turn -------------------------------------------


def remembered(ctx: Context, iterable: Binding) -> tuple[object, ...]:
    """What the iterators in this that remember go over, as it is now.

    An array of rows gives views, which show what is stored into them later, too.
    """
    match iterable:
        case IterVal(kind, parts) if kind in REMEMBERING:
            return tuple(_contents(ctx, parts))
        case IterVal(_, parts):
            return tuple(held for part in parts for held in remembered(ctx, part))
        case ObjectRef(location, cls) if cls is stepped.Groups:
            held = ctx.objects.get(location)
            if not isinstance(held, RecordVal):
                return (held,)
            of = held.items[held.shape.names.index("_of")]
            return (
                tuple(_contents(ctx, of.items)) if isinstance(of, TupleVal) else (of,)
            )
        case _:
            return ()


def _contents(ctx: Context, parts: Iterable[Binding]) -> Iterator[object]:
    """What holds the items of these: numbers, and references to what is no number."""
    for part in parts:
        match part:
            case ArrayRef(location, _, t) if t.ndim == 1:
                yield ctx.values.get(location)
            case ListRef(location):
                yield ctx.values.get(location)
            case ObjectRef(location):
                yield ctx.objects.get(location)
            case IterVal(_, inner):
                yield from _contents(ctx, inner)
            case Static(Seen() as seen_):
                of = seen_.of
                yield from _contents(
                    ctx, of.items if isinstance(of, TupleVal) else [of]
                )


def holders(iterable: Binding) -> TupleVal:
    """The arrays, lists and dicts that an iterable goes over."""
    match iterable:
        case ArrayRef() | ListRef() | ObjectRef():
            return TupleVal((iterable,))
        case IterVal(_, parts):
            return TupleVal(tuple(x for part in parts for x in holders(part).items))
        case _:
            return TupleVal(())


def check(
    ctx: Context, node: ast.AST, iterable: Binding, before: tuple[object, ...]
) -> None:
    """Refuse what has been gone over, if it has changed meanwhile."""
    if remembered(ctx, iterable) != before:
        ctx.refuse(node, CHANGED, COPY)


def note_taken(ctx: Context, node: ast.AST, it: IterVal, position: int) -> None:
    """Note what an iterator goes over when `next` takes its first item; refuse it where
    that has changed since, and an item is taken again."""
    now = remembered(ctx, it)
    if position == 0:
        ctx.memo["taken", it.location] = now
    elif now != ctx.memo.get(("taken", it.location), now):
        ctx.refuse(node, "what this goes over has changed since its first item", COPY)


# --- Items that are all made before the first is used ---------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """What an iterator reads, as it is now: names and the contents of memory."""

    of: Binding = field(compare=False)
    names: tuple[Binding | None, ...]
    contents: tuple[object, ...]


def seen(ctx: Context, of: Binding) -> Seen:
    """What the functions of an iterator read, and what it goes over."""
    found: list[Binding | None] = []
    for function in functions(of):
        frame: Frame | None = function.frame
        for name in sorted(captured([function.node])):
            cell = function.frame.cell(name)
            found.append(None if cell is None else ctx.record(cell, function.node))
            while frame is not None and name not in frame.env:
                frame = frame.closure
            found.append(None if frame is None else frame.env[name])
    places = [loc for part in (of, *found) if part for loc in locations(part)]
    held = [(ctx.values.get(place), ctx.objects.get(place)) for place in places]
    return Seen(of, tuple(found), tuple(held))


def functions(binding: Binding) -> Iterator[FunctionVal]:
    """The functions of the program that it calls."""
    match binding:
        case FunctionVal():
            yield binding
        case IterVal(_, parts):
            for part in parts:
                yield from functions(part)
            if binding.generator is not None:
                node, frame = binding.generator
                yield FunctionVal(ast.Lambda(_NONE, node), frame, (), {})
        case _:
            return


_NONE = ast.arguments([], [], None, [], [], None, [])
