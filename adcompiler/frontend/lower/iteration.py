"""What `for` runs over: ranges, arrays, tuples, and enumerate, zip, reversed of them.

In: the binding of an iterable. Out: its items if they are few and known, else a
`Source`: a range of indices and the item at an index.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

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
from adcompiler.frontend.lower import arrays, listing, names, operators
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.structures import Key
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Range

MOST_TRIPS = 64
UNKNOWN = (
    "depends on the index of this loop, and how often it runs is not known while "
    "compiling"
)
KNOWN = "loop over a tuple, or over a range of known bounds"


@dataclass(frozen=True, slots=True)
class Source:
    """A counted iteration; `range` is the user's own, if the index is the item."""

    length: Atom
    item: Callable[[Dyn], Binding]
    range: RangeVal | None = None

    def bounds(self) -> Range:
        """The loop's range."""
        if self.range is not None:
            of = self.range
            return Range(of.start.atom, of.stop.atom, of.step.atom)
        return Range(constant(0), self.length, constant(1))


def static_items(
    ctx: Context, node: ast.AST, iterable: Binding
) -> list[Binding] | None:
    """The items of what has a known length and is no range or array."""
    match iterable:
        case TupleVal(items):
            return list(items)
        case ObjectRef() | RecordVal() if iterable.cls is dict:
            return _viewed(ctx, node, iterable, "keys")
        case IterVal("keys" | "values" | "items" as kind, (owner,)):
            return _viewed(ctx, node, owner, kind)
        case IterVal("enumerate", (inner,), start):
            items_ = static_items(ctx, node, inner)
            if items_ is None:
                return None
            first = start or Dyn(constant(0))
            return [
                TupleVal((_plus(ctx, node, Dyn(constant(k)), first), item))
                for k, item in enumerate(items_)
            ]
        case IterVal("zip", parts, _):
            columns = [static_items(ctx, node, part) for part in parts]
            known = [c for c in columns if c is not None]
            if not known:
                return None
            count = min(map(len, known))
            columns = [
                _first(ctx, node, part, count) if column is None else column
                for part, column in zip(parts, columns, strict=True)
            ]
            rows = zip(*(c or () for c in columns), strict=False)
            return [TupleVal(row) for row in rows]
        case IterVal("reversed", (inner,), _):
            items_ = static_items(ctx, node, inner)
            return None if items_ is None else items_[::-1]
        case _:
            return None


def _viewed(ctx: Context, node: ast.AST, owner: Binding, kind: str) -> list[Binding]:
    """The keys, values or items of a dict as it is now."""
    from adcompiler.frontend.lower import records

    held = ctx.record(owner, node)
    assert held is not None
    keys = [key_binding(key) for key in held.shape.names]
    if kind == "keys":
        return keys
    items = [records.checked(ctx, node, item) for item in held.items]
    if kind == "values":
        return items
    return [TupleVal(pair) for pair in zip(keys, items, strict=True)]


def key_binding(key: Key) -> Binding:
    """A key as a value."""
    if isinstance(key, tuple):
        return TupleVal(tuple(map(key_binding, key)))
    return Dyn(constant(key)) if isinstance(key, int) else Static(key)


class Trips:
    """The items of an iterable of known length, each read when its trip begins."""

    def __init__(
        self, ctx: Context, node: ast.AST, iterable: Binding, items: list[Binding]
    ) -> None:
        self.ctx, self.node, self.iterable, self.items = ctx, node, iterable, items
        self.before = self._held()

    def __len__(self) -> int:
        return len(self.items)

    def item(self, k: int) -> Binding:
        """The item of a trip: what it is by then, where trips before have stored."""
        now = self._held()
        if now == self.before:
            return self.items[k]
        again = known_items(self.ctx, self.node, self.iterable)
        grown = any(
            isinstance(a, RecordVal) and isinstance(b, RecordVal) and a.shape != b.shape
            for a, b in zip(self.before, now, strict=True)
        )
        if grown or again is None or len(again) != len(self.items):
            self.ctx.refuse(
                self.node,
                "a dict changes its keys while a loop goes over it",
                "go over a copy: for k in list(d)",
            )
        return again[k]

    def _held(self) -> list[object]:
        found = _gone_through(self.iterable)
        return [self.ctx.objects.get(k) or self.ctx.values.get(k) for k in found]


def _gone_through(iterable: Binding) -> Iterator[Location]:
    """The memory that items are read from."""
    match iterable:
        case ArrayRef(location) | ObjectRef(location):
            yield location
        case IterVal(_, parts):
            for part in parts:
                yield from _gone_through(part)
        case _:
            return


def known_items(ctx: Context, node: ast.AST, iterable: Binding) -> list[Binding] | None:
    """The items of what has a known length, ranges and arrays included."""
    match iterable:
        case RangeVal(start, stop, step):
            bounds = [part.atom for part in (start, stop, step)]
            if operators.fold(lambda a, b, c: len(range(a, b, c)), *bounds) is None:
                return None
            first, last, by = (operators.known_int(p) or 0 for p in (start, stop, step))
            return [Dyn(constant(k)) for k in range(first, last, by)]
        case ArrayRef(_, _, t) if t.ndim > 0 and isinstance(t.dims[0], int):
            indices = range(t.dims[0])
            return [arrays.load(ctx, node, iterable, Dyn(constant(k))) for k in indices]
        case _:
            return static_items(ctx, node, iterable)


def _first(ctx: Context, node: ast.AST, iterable: Binding, count: int) -> list[Binding]:
    """The first items of what is zipped with a tuple."""
    match iterable:
        case RangeVal():
            bounds = (iterable.start, iterable.stop, iterable.step)
            first, last, by = (
                names.static_int(ctx, node, part, "a range zipped with a tuple")
                for part in bounds
            )
            return [Dyn(constant(k)) for k in range(first, last, by)[:count]]
        case ArrayRef(_, _, t) if t.ndim > 0 and isinstance(t.dims[0], int):
            indices = range(min(t.dims[0], count))
            return [arrays.load(ctx, node, iterable, Dyn(constant(k))) for k in indices]
        case _:
            ctx.refuse(
                node,
                "zip of a tuple with an array of unknown length is not supported",
                "loop over a range, and index both",
            )


def laid_out(
    ctx: Context, node: ast.AST, iterable: Binding, what: str
) -> list[Binding]:
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
            return [Dyn(constant(k)) for k in trips]
        case IterVal(kind, parts, start):
            inner = tuple(
                TupleVal(tuple(laid_out(ctx, node, part, what)))
                if static_items(ctx, node, part) is None
                else part
                for part in parts
            )
            items = static_items(ctx, node, IterVal(kind, inner, start))
            assert items is not None
            return items
        case _:
            ctx.refuse(node, f"{what} {UNKNOWN}", KNOWN)


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
        case IterVal("enumerate", (inner,), start):
            of = source(ctx, node, inner)
            first = start or Dyn(constant(0))
            return Source(
                count(ctx, node, of),
                lambda k: TupleVal((_plus(ctx, node, k, first), at(ctx, node, of, k))),
            )
        case IterVal("zip", parts, _) if parts:
            columns = [source(ctx, node, part) for part in parts]
            length: Atom = count(ctx, node, columns[0])
            for column in columns[1:]:
                other = count(ctx, node, column)
                if other != length:
                    length = ctx.emit(node, "minimum", length, other, via="builtin")
            return Source(
                length, lambda k: TupleVal(tuple(at(ctx, node, c, k) for c in columns))
            )
        case IterVal("reversed", (inner,), _):
            of = source(ctx, node, inner)
            length = count(ctx, node, of)
            return Source(
                length, lambda k: at(ctx, node, of, _mirror(ctx, node, length, k))
            )
        case _:
            ctx.refuse(
                node,
                f"{operators.describe(iterable)} cannot be iterated over",
                "iterate over a range, an array or a tuple",
            )


def count(ctx: Context, node: ast.AST, of: Source) -> Atom:
    """How many items there are."""
    if of.range is None:
        return of.length
    bounds = [of.range.start.atom, of.range.stop.atom, of.range.step.atom]
    known = operators.fold(lambda a, b, c: len(range(a, b, c)), *bounds)
    return known or ctx.emit(node, "range_length", *bounds)


def at(ctx: Context, node: ast.AST, of: Source, k: Dyn) -> Binding:
    """The item at an index counted from 0."""
    if of.range is None:
        return of.item(k)
    scaled = operators.binary(ctx, node, ast.Mult(), k, of.range.step)
    return _plus(ctx, node, of.range.start, scaled)


def _plus(ctx: Context, node: ast.AST, a: Binding, b: Binding) -> Binding:
    for one, other in ((a, b), (b, a)):
        if operators.known_int(one) == 0:
            return other
    return operators.binary(ctx, node, ast.Add(), a, b)


def _mirror(ctx: Context, node: ast.AST, total: Atom, k: Dyn) -> Dyn:
    last = operators.binary(ctx, node, ast.Sub(), Dyn(total), Dyn(constant(1)))
    index = operators.binary(ctx, node, ast.Sub(), last, k)
    assert isinstance(index, Dyn)
    return index
