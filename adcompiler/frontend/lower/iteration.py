"""What can be gone over: ranges, arrays, tuples, lists, and iterators of them.

In: the binding of an iterable. Out: its items if they are few and known; else there is
a `Source` (`counted`), and stages that each item passes (`staging`).
Invariants: an iterator is gone over once (`taken`). An item is computed when its turn
comes, not before: what the loop's body changes, the next item sees.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from functools import partial
from typing import NoReturn

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    IterVal,
    ListRef,
    Location,
    ObjectRef,
    RangeVal,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower import (
    arrays,
    calls,
    counted,
    displays,
    generators,
    itertools_,
    names,
    overloads,
    passing,
    remembering,
    staging,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.operands import fold, known_int
from adcompiler.frontend.lower.restarts import NeedList
from adcompiler.frontend.lower.sources import Item
from adcompiler.frontend.structures import Key
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Const
from adcompiler.ir.types import Length

MOST_TRIPS = 64
MOST_CHOICES = 8
UNKNOWN = (
    "depends on the index of this loop, and how often it runs is not known while "
    "compiling"
)
KNOWN = "loop over a tuple, or over a range of known bounds"
AS_LIST = "make a list of it first: list(...)"

# What the location of an iterator holds: how many items `next` has taken; or, once it
# is used up, -1 less that.
FRESH = constant(0)

# --- Iterators -----------------------------------------------------------------------


def iterator(
    ctx: Context,
    node: ast.AST,
    kind: str,
    parts: Sequence[Binding],
    start: Dyn | None = None,
    generator: generators.Generator | None = None,
) -> IterVal:
    """A new iterator."""
    location = Location()
    ctx.values[location] = FRESH
    opened_ = tuple(opened(ctx, node, part) for part in parts)
    return IterVal(kind, opened_, start, location, generator)


def opened(ctx: Context, node: ast.AST, iterable: Binding) -> Binding:
    """What an object gives that says what a loop goes over; anything else as it is."""
    found = overloads.call(ctx, node, iterable, "__iter__")
    if found is None:
        return iterable
    if overloads.method_of(ctx, found, "__next__") is not None:
        return found
    return opened(ctx, node, found)


def taken(ctx: Context, node: ast.AST, iterable: Binding) -> Binding:
    """The iterable, whose items are taken here; an iterator's once."""
    if not isinstance(iterable, IterVal):
        return opened(ctx, node, iterable)
    first = begun(ctx, node, iterable)
    for part in iterable.parts if first else ():
        taken(ctx, node, part)
    return iterable


def begun(ctx: Context, node: ast.AST, it: IterVal) -> bool:
    """Note that this iterator, if not those that it goes over, is used up; whether
    nothing had been taken of it."""
    if it.location is None:
        return True
    held = ctx.values.get(it.location)
    if not isinstance(held, Const) or held.value < 0:
        ctx.refuse(
            node,
            "this goes over an iterator again, which gives its items once",
            AS_LIST,
        )
    if held != FRESH:
        remembering.note_taken(ctx, node, it, held.value)
    ctx.values[it.location] = constant(-1 - held.value)
    return held == FRESH


def position(ctx: Context, it: IterVal) -> int:
    """How many items `next` has taken of an iterator."""
    held = None if it.location is None else ctx.values.get(it.location)
    if not isinstance(held, Const):
        return 0  # going over it will be refused
    k = int(held.value)
    return k if k >= 0 else -1 - k


def advanced(ctx: Context, node: ast.AST, it: IterVal) -> int:
    """Take one more item of an iterator: that at this index."""
    assert it.location is not None
    k = position(ctx, it)
    remembering.note_taken(ctx, node, it, k)
    taken(ctx, node, it)
    ctx.values[it.location] = constant(k + 1)
    return k


def given_back(ctx: Context, iterable: Binding) -> None:
    """Undo `taken`, for another to go over it."""
    if isinstance(iterable, IterVal):
        if iterable.location is not None:
            ctx.values[iterable.location] = constant(position(ctx, iterable))
        for part in iterable.parts:
            given_back(ctx, part)


# --- Known items ---------------------------------------------------------------------


def static_items(
    ctx: Context, node: ast.AST, iterable: Binding
) -> list[Binding] | None:
    """The items of what has a known length and is no range or array."""
    items = known(ctx, node, iterable)
    if items is None:
        return None
    before = remembering.remembered(ctx, iterable)
    found = list(in_turn(ctx, items))
    remembering.check(ctx, node, iterable, before)
    return found


def in_turn(ctx: Context, items: Sequence[Item]) -> Iterator[Binding]:
    """The items, one after the other."""
    for k, item in enumerate(items):
        with ctx.in_trip(k):
            found = item()
        yield found


def known(ctx: Context, node: ast.AST, iterable: Binding) -> list[Item] | None:
    """These items, each computed when it is asked for."""
    found = _known(ctx, node, iterable)
    if found is None or not isinstance(iterable, IterVal):
        return found
    return found[position(ctx, iterable) :]


def _known(ctx: Context, node: ast.AST, iterable: Binding) -> list[Item] | None:
    match iterable:
        case TupleVal(items):
            return [partial(_same, item) for item in items]
        case Static(str() as text):
            return [partial(_same, Static(letter)) for letter in text]
        case ObjectRef() if iterable.cls is list:
            return _viewed(ctx, node, iterable, "values")
        case ObjectRef() | RecordVal() if iterable.cls is dict:
            return _viewed(ctx, node, iterable, "keys")
        case IterVal("keys" | "values" | "items" as kind, (owner,)):
            return _viewed(ctx, node, owner, kind)
        case IterVal("enumerate", (inner,), start):
            found = known(ctx, node, inner)
            if found is None:
                return None
            first = start or Dyn(constant(0))
            return [
                partial(_numbered, ctx, node, k, first, item)
                for k, item in enumerate(found)
            ]
        case IterVal("zip", parts):
            return _each(_rows(ctx, node, parts), _tuple)
        case IterVal("map", (function, *parts)):
            apply = partial(_applied, ctx, node, function)
            return _each(_rows(ctx, node, parts), apply)
        case IterVal("generator", (inner,)) if generators.is_plain(iterable):
            function = generators.element(ctx, iterable)
            apply = partial(_applied, ctx, node, function)
            return _each(_rows(ctx, node, (inner,)), apply)
        case IterVal("reversed", (inner,), last):
            found = known(ctx, node, inner)
            if found is not None and last is not None:
                count = known_int(last)
                found = found[:count] if len(found) >= (count or 0) else []
            return None if found is None else found[::-1]
        case IterVal():
            return itertools_.known(ctx, node, iterable)
        case _ if overloads.method_of(ctx, iterable, "__next__") is not None:
            return None  # it is asked for each item: see `stepping`
        case _ if overloads.method_of(ctx, iterable, "__iter__") is not None:
            return known(ctx, node, opened(ctx, node, iterable))
        case _:
            return None


def _each(
    rows: Sequence[Sequence[Item]] | None,
    function: Callable[[Sequence[Item]], Binding],
) -> list[Item] | None:
    return None if rows is None else [partial(function, row) for row in rows]


def _same(item: Binding) -> Binding:
    return item


def _numbered(ctx: Context, node: ast.AST, k: int, first: Dyn, item: Item) -> Binding:
    return TupleVal((counted.plus(ctx, node, Dyn(constant(k)), first), item()))


def _tuple(row: Sequence[Item]) -> Binding:
    return TupleVal(tuple(item() for item in row))


def _applied(
    ctx: Context, node: ast.AST, function: Binding, row: Sequence[Item]
) -> Binding:
    return calls.apply(ctx, node, function, [item() for item in row], {})


def _rows(
    ctx: Context, node: ast.AST, parts: Sequence[Binding]
) -> list[tuple[Item, ...]] | None:
    """The items at each place of several iterables, up to the end of the shortest."""
    columns = [known(ctx, node, part) for part in parts]
    lengths = [len(column) for column in columns if column is not None]
    if not lengths or _at_run_time(columns, parts):
        return [] if not parts else None
    filled = [
        _first(ctx, node, part, min(lengths)) if column is None else column
        for part, column in zip(parts, columns, strict=True)
    ]
    return list(zip(*passing.rows(ctx, node, parts, columns, filled), strict=False))


def _viewed(ctx: Context, node: ast.AST, owner: Binding, kind: str) -> list[Item]:
    """The keys, values or items of a dict, each as it is when its turn comes."""
    held = ctx.record(owner, node)
    assert held is not None
    names_ = held.shape.names
    return [
        partial(_entry, ctx, node, owner, kind, k, names_) for k in range(len(names_))
    ]


def _entry(
    ctx: Context,
    node: ast.AST,
    owner: Binding,
    kind: str,
    k: int,
    keys: tuple[Key, ...],
) -> Binding:
    from adcompiler.frontend.lower import records

    held = ctx.record(owner, node)
    if held is None or held.shape.names != keys:
        refuse_growth(ctx, node, owner)
    if kind == "keys":
        return key_binding(keys[k])
    value = records.checked(ctx, node, held.items[k])
    return value if kind == "values" else TupleVal((key_binding(keys[k]), value))


def key_binding(key: Key) -> Binding:
    """A key as a value."""
    if isinstance(key, tuple):
        return TupleVal(tuple(map(key_binding, key)))
    whole = isinstance(key, int) and not isinstance(key, Enum)
    return Dyn(constant(key)) if whole else Static(key)


def sizes(ctx: Context, iterable: Binding) -> tuple[object, ...]:
    """The keys of the dicts and lists that are gone through, which must not change."""
    match iterable:
        case ObjectRef(location):
            held = ctx.objects.get(location)
            return (held.shape.names if isinstance(held, RecordVal) else held,)
        case IterVal(parts=parts):
            return tuple(sizes(ctx, part) for part in parts)
        case _:
            return ()


def refuse_growth(ctx: Context, node: ast.AST, owner: Binding) -> NoReturn:
    """Refuse a loop over what gets other keys, or another length, meanwhile."""
    what = "a dict changes its keys"
    if isinstance(owner, ObjectRef) and owner.cls is list:
        what = "a list changes its length"
    ctx.refuse(node, f"{what} while a loop goes over it", "go over a copy: list(...)")


def _at_run_time(
    columns: Sequence[list[Item] | None], parts: Sequence[Binding]
) -> bool:
    """Whether tuples of numbers stand beside what has a length known at run time."""
    pairs = list(zip(columns, parts, strict=True))
    tuples = [part for column, part in pairs if column is not None]
    numbers = [displays.numbers(part) or _is_short(part) for part in tuples]
    others = [part for column, part in pairs if column is None]
    return all(numbers) and any(map(_is_long, others))


def _is_short(part: Binding) -> bool:
    """Whether it is a few numbers, of which one is chosen at run time."""
    items = part.items if isinstance(part, TupleVal) else ()
    few = 0 < len(items) <= MOST_CHOICES
    return few and all(isinstance(item, Dyn) for item in items)


def _is_long(part: Binding) -> bool:
    """Whether its length is that of an array or list, known at run time."""
    match part:
        case ArrayRef(_, _, t):
            return t.ndim > 0 and not isinstance(t.dims[0], int)
        case IterVal(_, parts):
            return any(map(_is_long, parts))
        case _:
            return isinstance(part, ListRef)


def known_items(ctx: Context, node: ast.AST, iterable: Binding) -> list[Binding] | None:
    """The items of what has a known length, ranges and arrays included."""
    match iterable:
        case RangeVal(start, stop, step):
            bounds = [part.atom for part in (start, stop, step)]
            if fold(lambda a, b, c: len(range(a, b, c)), *bounds) is None:
                return None
            first, last, by = (known_int(p) or 0 for p in (start, stop, step))
            return [Dyn(constant(k)) for k in range(first, last, by)]
        case ArrayRef(_, _, t) if t.ndim > 0 and isinstance(
            length := arrays.count(ctx, iterable), int
        ):
            return [item() for item in _loads(ctx, node, iterable, length)]
        case _:
            return static_items(ctx, node, iterable)


def entries(ctx: Context, node: ast.AST, iterable: Binding) -> list[Item] | None:
    """These items, each computed when it is asked for."""
    match iterable:
        case RangeVal():
            found = known_items(ctx, node, iterable)
            return None if found is None else [partial(_same, item) for item in found]
        case ArrayRef(_, _, t) if t.ndim > 0 and isinstance(
            length := arrays.count(ctx, iterable), int
        ):
            return _loads(ctx, node, iterable, length)
        case _:
            return known(ctx, node, iterable)


def _loads(ctx: Context, node: ast.AST, ref: ArrayRef, count: int) -> list[Item]:
    indices = (Dyn(constant(k)) for k in range(count))
    return [partial(arrays.load, ctx, node, ref, k) for k in indices]


def _first(ctx: Context, node: ast.AST, iterable: Binding, count: int) -> list[Item]:
    """The first items of what is zipped with a tuple."""
    match iterable:
        case _ if count == 0:
            counted.source(ctx, node, iterable)  # refuses what has no items
            return []
        case RangeVal():
            bounds = (iterable.start, iterable.stop, iterable.step)
            first, last, by = (
                names.static_int(ctx, node, part, "a range zipped with a tuple")
                for part in bounds
            )
            trips = range(first, last, by)[:count]
            return [partial(_same, Dyn(constant(k))) for k in trips]
        case ArrayRef(_, _, t) if t.ndim > 0 and isinstance(
            length := arrays.count(ctx, iterable), int
        ):
            return _loads(ctx, node, iterable, min(length, count))
        case ListRef() if iterable.sites and ctx.open_lists.isdisjoint(iterable.sites):
            # It is to be of known length as well.
            raise NeedList(dict.fromkeys(iterable.sites))
        case IterVal() if (of := counted.source(ctx, node, iterable)).endless:
            indices = (Dyn(constant(k)) for k in range(count))
            return [partial(of.item, k) for k in indices]
        case IterVal() if isinstance(size := passing.length(ctx, iterable), int):
            of = counted.source(ctx, node, iterable)
            indices = (Dyn(constant(k)) for k in range(min(size, count)))
            return [partial(of.item, k) for k in indices]
        case _:
            counted.source(ctx, node, iterable)  # refuses what has no items
            what = "zip of a tuple with an array of unknown length is not supported"
            hint = "loop over a range, and index both"
            require_known(ctx, node, iterable, what, hint)
            ctx.refuse(node, what, hint)


def require_known(
    ctx: Context, node: ast.AST, iterable: Binding, message: str, hint: str
) -> None:
    """Start again with the lengths known of the arguments that this goes over, where
    it gives an item for each; refuse it where they are too long."""
    base, stages = staging.staged(ctx, iterable)
    filters = any(stage.filters for stage in stages)
    if not filters and known_items(ctx, node, base) is None:
        require_lengths(ctx, node, base, message, hint)


def require_lengths(
    ctx: Context, node: ast.AST, iterable: Binding, message: str, hint: str
) -> None:
    """Start again with the lengths known that tell how many items there are; refuse it
    where they are too long."""
    try:
        ctx.refuse(node, message, hint)
    except UnsupportedError as refusal:
        for length in _lengths(ctx, iterable):
            ctx.origins.require_length(length, refusal)


def _lengths(ctx: Context, iterable: Binding) -> Iterator[Length]:
    """The lengths that tell how many items there are."""
    match iterable:
        case ArrayRef(_, _, t) if t.ndim > 0:
            yield arrays.count(ctx, iterable)
        case IterVal(_, parts):
            for part in parts:
                yield from _lengths(ctx, part)


def laid_out(ctx: Context, node: ast.AST, iterable: Binding, what: str) -> list[Item]:
    """The items of a loop whose index must be known, as `what` is to be."""
    match iterable:
        case RangeVal(start, stop, step):
            parts = [
                names.int_or_restart(ctx, part, what) for part in (start, stop, step)
            ]
            first, last, by = parts
            if first is None or last is None or not by:
                ctx.refuse(node, f"{what} {UNKNOWN}", KNOWN)
            trips = range(first, last, by)
            if len(trips) > MOST_TRIPS:
                ctx.refuse(
                    node,
                    f"{what} depends on the index of a loop of {len(trips)} trips; "
                    f"at most {MOST_TRIPS} are laid out",
                    "use an array, which any integer may index",
                )
            return [partial(_same, Dyn(constant(k))) for k in trips]
        case IterVal(
            "enumerate" | "zip" | "reversed" | "product" | "chain" as kind, parts, start
        ):
            inner = tuple(
                TupleVal(tuple(i() for i in laid_out(ctx, node, part, what)))
                if known(ctx, node, part) is None
                else part
                for part in parts
            )
            items = known(ctx, node, iterator(ctx, node, kind, inner, start))
            assert items is not None
            return items
        case IterVal("tee", _):
            items_ = itertools_.teed_items(ctx, node, iterable)
            return laid_out(ctx, node, items_, what)
        case _:
            found = entries(ctx, node, iterable)
            if found is not None and len(found) <= MOST_TRIPS:
                return found
            require_known(ctx, node, iterable, f"{what} {UNKNOWN}", KNOWN)
            ctx.refuse(node, f"{what} {UNKNOWN}", KNOWN)
