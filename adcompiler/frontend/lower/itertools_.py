"""The iterators of `itertools`.

In: calls. Out: iterators, and of each its items, where they are known.
Invariant: as in `iteration`, an item is computed when its turn comes.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeGuard

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    IterVal,
    ListRef,
    RangeVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower import (
    calls,
    comprehensions,
    counted,
    instances,
    iteration,
    listing,
    names,
    operators,
    passing,
    remembering,
    stepping,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.operands import describe, known_int
from adcompiler.frontend.lower.sources import Item
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Const
from adcompiler.library import iterating, lists, stepped

LAID_OUT = 256  # items that are known
ZERO, ONE = Dyn(constant(0)), Dyn(constant(1))
LOOPS: dict[object, str] = {
    itertools.combinations: "for i in range(n): for j in range(i + 1, n)",
    itertools.combinations_with_replacement: "for i in range(n): for j in range(i, n)",
    itertools.permutations: "for i in range(n): for j in range(n), where i != j",
}


# --- Calls ---------------------------------------------------------------------------


def of_all(kind: str) -> Handler:
    """``chain(x, y)`` and others of any number of iterables."""

    def handle(call: Call) -> Binding:
        if call.kwargs:
            word = next(iter(call.kwargs))
            call.refuse(
                f"{call.name} takes no keyword '{word}='", f"leave {word}= away"
            )
        return iteration.iterator(call.ctx, call.node, kind, call.args)

    return handle


def of_one(kind: str, *required: str, **optional: Binding) -> Handler:
    """An iterator whose arguments are these."""

    def handle(call: Call) -> Binding:
        parts = call.bind(*required, **optional)
        return iteration.iterator(call.ctx, call.node, kind, parts)

    return handle


def flattened(call: Call) -> Binding:
    """``chain.from_iterable(x)``."""
    (x,) = call.bind("iterable")
    parts = iteration.known_items(call.ctx, call.node, x)
    if parts is None:
        call.refuse(
            "chain.from_iterable takes iterables whose number is known while compiling",
            "write two loops in one: (v for row in x for v in row)",
        )
    iteration.taken(call.ctx, call.node, x)
    return iteration.iterator(call.ctx, call.node, "chain", parts)


def longest(call: Call) -> Binding:
    """``zip_longest(x, y, fillvalue=0.0)``."""
    fill = call.kwargs.get("fillvalue", NONE)
    if set(call.kwargs) - {"fillvalue"}:
        words = ", ".join(f"{word}=" for word in call.kwargs if word != "fillvalue")
        call.refuse(
            f"{call.name} takes no keyword but fillvalue", f"leave {words} away"
        )
    return iteration.iterator(call.ctx, call.node, "zip_longest", (fill, *call.args))


def part_of(call: Call) -> Binding:
    """``islice(x, stop)``, ``islice(x, start, stop, step)``."""
    if call.kwargs or not 2 <= len(call.args) <= 4:
        call.refuse(
            "islice takes an iterable and one to three integers, without names",
            "write islice(x, stop), or islice(x, start, stop, step)",
        )
    x, *bounds = call.args
    given = [NONE, *bounds] if len(bounds) == 1 else bounds
    start, stop, step = (*given, NONE)[:3]
    start, step = (b if a == NONE else a for a, b in ((start, ZERO), (step, ONE)))
    x = iteration.opened(call.ctx, call.node, x)
    found = stepping.made_of(call, stepped.Part, x, start, stop, step)
    if found is not None:
        return found
    return iteration.iterator(call.ctx, call.node, "islice", (x, start, stop, step))


def teed(call: Call) -> Binding:
    """``tee(x, n)``: iterators over the items of one."""
    x, count = call.bind("iterable", n=Dyn(constant(2)))
    ctx, node = call.ctx, call.node
    x = comprehensions.opened(ctx, node, x)
    items = comprehensions.used_up(ctx, node, x)
    now = Static(remembering.seen(ctx, x))
    return TupleVal(
        tuple(
            iteration.iterator(ctx, node, "tee", (items, now))
            for _ in range(call.integer(count, "how many iterators tee gives"))
        )
    )


def teed_items(ctx: Context, node: ast.AST, it: IterVal) -> Binding:
    """What an iterator of `tee` goes over, if that has not changed since."""
    items, before = it.parts
    assert isinstance(before, Static)
    if remembering.seen(ctx, before.value.of) != before.value:
        what = "what this iterator was made of has changed since"
        ctx.refuse(node, what, "make it where it is used, or list(...) of it before")
    return items


def grouped(call: Call) -> Binding:
    """``groupby(x, key)``: laid out, where items and keys are known."""
    x, key = call.bind("iterable", key=NONE)
    ctx, node = call.ctx, call.node
    x = comprehensions.opened(ctx, node, x)
    holders = remembering.holders(x)
    x = comprehensions.used_up(ctx, node, x)
    items = iteration.known_items(ctx, node, x)
    if items is not None:
        pairs = [(_key(call, key, item), item) for item in items]
        if all(_is_known(k) for k, _ in pairs):
            return _unchanged(call, _laid_out(call, pairs), holders)
    return instances.instance(ctx, node, stepped.Groups, [x, key, holders], {})


def _unchanged(call: Call, of: IterVal, holders: TupleVal) -> IterVal:
    """An iterator, refused if these change before its last item."""
    if not holders.items:
        return of
    now = Static(remembering.seen(call.ctx, holders))
    return iteration.iterator(call.ctx, call.node, "tee", (of, now))


def _key(call: Call, key: Binding, item: Binding) -> Binding:
    return item if key == NONE else calls.apply(call.ctx, call.node, key, [item], {})


def _is_known(key: Binding) -> bool:
    match key:
        case Dyn(Const()) | Static(str()) | Static(None):
            return True
        case TupleVal(items):
            return all(map(_is_known, items))
        case _:
            return False


def _laid_out(call: Call, pairs: Sequence[tuple[Binding, Binding]]) -> IterVal:
    """The runs of items whose keys are known to be equal."""
    rows: list[Binding] = []
    for key, run in itertools.groupby(pairs, lambda pair: pair[0]):
        items = TupleVal(tuple(item for _, item in run), list)
        group = iteration.iterator(call.ctx, call.node, "chain", (items,))
        rows.append(TupleVal((key, group)))
    every = TupleVal(tuple(rows))
    return iteration.iterator(call.ctx, call.node, "chain", (every,))


def product(call: Call) -> Binding:
    """``product(x, y, repeat=2)``, which looks at its arguments at once."""
    times = call.integer(call.kwargs.get("repeat", ONE), "how often they are repeated")
    if set(call.kwargs) - {"repeat"}:
        words = ", ".join(f"{word}=" for word in call.kwargs if word != "repeat")
        call.refuse("product takes no keyword but repeat", f"leave {words} away")
    parts = [_as_it_is(call, arg) for arg in call.args]
    every = iteration.iterator(call.ctx, call.node, "product", parts * times)
    return _unchanged(call, every, remembering.holders(every))


def _as_it_is(call: Call, x: Binding) -> Binding:
    """What is not changed by later stores."""
    x = comprehensions.used_up(call.ctx, call.node, x)
    if isinstance(x, ArrayRef) and x.type.ndim == 1:
        copy = call.emit("copy", call.ctx.read(x, call.node))
        return call.ctx.fresh_array(copy)
    return x


def choosing(python: Callable[..., Any]) -> Handler:
    """``combinations(x, 2)`` and the like: laid out where the items are known and few;
    pairs of others are found by their places."""

    def handle(call: Call) -> Binding:
        x, *count = call.bind("iterable", r=NONE)
        sizes = [] if count == [NONE] else [call.integer(count[0], "how many")]
        pairs = sizes == [2]
        if isinstance(x, RangeVal) and not (pairs and _bounds(x) is None):
            x = RangeVal(*(Dyn(constant(k)) for k in _required(call, x)))
        items = iteration.known_items(call.ctx, call.node, x)
        rows = [] if items is None else list(python(items, *sizes))
        if pairs and (items is None or len(rows) > LAID_OUT):
            return _pairs(call, x)
        if items is None:
            call.refuse(
                f"{call.name} takes what has a length known while compiling",
                f"write loops over ranges: {LOOPS[python]}",
            )
        if len(rows) > LAID_OUT:
            what = f"{call.name} gives {len(rows)} items, each of which is laid out"
            hint = f"put them into an array: x = np.array(...), then {LOOPS[python]}"
            call.refuse(what, hint)
        iteration.taken(call.ctx, call.node, x)
        every = TupleVal(tuple(TupleVal(row) for row in rows))
        return iteration.iterator(call.ctx, call.node, "chain", (every,))

    return handle


def _bounds(x: RangeVal) -> list[int] | None:
    found = [known_int(part) for part in (x.start, x.stop, x.step)]
    return [k for k in found if k is not None] if None not in found else None


def _required(call: Call, x: RangeVal) -> list[int]:
    what = f"a range in {call.name}"
    parts = (x.start, x.stop, x.step)
    return [names.static_int(call.ctx, call.node, part, what) for part in parts]


def _pairs(call: Call, x: Binding) -> Binding:
    """The pairs of items that are looked at now, and are as they are when they come."""
    ctx, node, kind = call.ctx, call.node, Static(call.name)
    if isinstance(x, RangeVal):
        count = Dyn(counted.count(ctx, node, counted.source(ctx, node, x)))
        of_range = iterating.pairs_of_range
        return listing.call(ctx, node, of_range, kind, count, x.start, x.step)
    pool = _as_it_is(call, x)
    if isinstance(pool, ListRef):
        pool = listing.copied(ctx, node, pool)
    elif not isinstance(pool, ArrayRef):
        pool = listing.call(ctx, node, lists.taken, pool)
    return listing.call(ctx, node, iterating.pairs_of, kind, pool)


FUNCTIONS: dict[Hashable, Handler] = {
    itertools.chain: of_all("chain"),
    itertools.chain.from_iterable: flattened,
    itertools.pairwise: of_one("pairwise", "iterable"),
    itertools.zip_longest: longest,
    itertools.islice: part_of,
    itertools.tee: teed,
    itertools.groupby: grouped,
    itertools.product: product,
    itertools.repeat: of_one("repeat", "object", times=NONE),
    itertools.count: of_one("count", start=ZERO, step=ONE),
    itertools.cycle: of_one("cycle", "iterable"),
    itertools.starmap: of_one("starmap", "function", "iterable"),
    itertools.takewhile: of_one("takewhile", "predicate", "iterable"),
    itertools.dropwhile: of_one("dropwhile", "predicate", "iterable"),
    itertools.compress: of_one("compress", "data", "selectors"),
    itertools.filterfalse: of_one("filterfalse", "function", "iterable"),
    itertools.accumulate: of_one("accumulate", "iterable", func=NONE, initial=NONE),
    itertools.combinations: choosing(itertools.combinations),
    itertools.combinations_with_replacement: choosing(
        itertools.combinations_with_replacement
    ),
    itertools.permutations: choosing(itertools.permutations),
}


# --- Known items ---------------------------------------------------------------------


def known(ctx: Context, node: ast.AST, it: IterVal) -> list[Item] | None:
    """The items, where it is known how many there are."""
    match it.kind, it.parts:
        case "chain", parts:
            columns = _columns(ctx, node, parts)
            if columns is None:
                return None
            return [item for column in columns for item in column]
        case "pairwise", (inner,):
            check_plain(ctx, node, inner)
            items = iteration.known(ctx, node, inner)
            return items and [
                partial(_together, pair) for pair in itertools.pairwise(items)
            ]
        case "zip_longest", (fill, *parts):
            columns = _columns(ctx, node, parts)
            if columns is None:
                return None
            longest = itertools.zip_longest(*columns, fillvalue=lambda: fill)
            return [partial(_together, row) for row in longest]
        case "islice", (inner, *bounds):
            items = iteration.known(ctx, node, inner)
            if items is None:
                return None
            start, stop, step = (
                None if b == NONE else names.static_int(ctx, node, b, "a bound here")
                for b in bounds
            )
            return passing.part(ctx, node, inner, items, slice(start, stop, step))
        case "product", parts:
            columns = _columns(ctx, node, parts)
            if columns is None:
                return None
            return [partial(_together, row) for row in itertools.product(*columns)]
        case "repeat", (item, Dyn(Const(int() as times))):
            if times > iteration.MOST_TRIPS:
                return None
            return [lambda: item] * times
        case "starmap", (function, inner):
            items = iteration.known(ctx, node, inner)
            return items and [partial(_spread, ctx, node, function, i) for i in items]
        case "tee", _:
            return iteration.known(ctx, node, teed_items(ctx, node, it))
        case "accumulate", (inner, function, initial):
            items = iteration.known(ctx, node, inner)
            return items and list(_running(ctx, node, items, function, initial))
        case _:
            return None


def _columns(
    ctx: Context, node: ast.AST, parts: Iterable[Binding]
) -> list[list[Item]] | None:
    """The items of each of these, where of all it is known how many there are."""
    columns = [iteration.known(ctx, node, part) for part in parts]
    found = [column for column in columns if column is not None]
    return found if len(found) == len(columns) else None


def _together(row: Sequence[Item]) -> Binding:
    return TupleVal(tuple(item() for item in row))


def _spread(ctx: Context, node: ast.AST, function: Binding, item: Item) -> Binding:
    return starred(ctx, node, function, item())


def starred(ctx: Context, node: ast.AST, function: Binding, row: Binding) -> Binding:
    """``function(*row)``."""
    args = iteration.known_items(ctx, node, row)
    if args is None:
        ctx.refuse(
            node,
            f"{describe(row)} of unknown length is spread here",
            "name its items: (f(a, b) for a, b in x)",
        )
    return calls.apply(ctx, node, function, args, {})


def _running(
    ctx: Context,
    node: ast.AST,
    items: list[Item],
    function: Binding,
    initial: Binding,
) -> Iterator[Item]:
    """Each item made of the one before, which has been made when its turn comes."""
    made: list[Binding] = []

    def begin(item: Item) -> Binding:
        made.append(item())
        return made[-1]

    def go_on(item: Item) -> Binding:
        made.append(_joined(ctx, node, function, made[-1], item()))
        return made[-1]

    if initial != NONE:
        yield partial(begin, lambda: initial)
    for k, item in enumerate(items):
        first = k == 0 and initial == NONE
        yield partial(begin if first else go_on, item)


def _joined(
    ctx: Context, node: ast.AST, function: Binding, a: Binding, b: Binding
) -> Binding:
    if function == NONE:
        return operators.binary(ctx, node, ast.Add(), a, b)
    return calls.apply(ctx, node, function, [a, b], {})


def is_ahead(value: Binding) -> TypeGuard[IterVal]:
    """Whether all items of this are computed before the first is used."""
    return isinstance(value, IterVal) and value.kind in AHEAD


def is_endless(value: Binding) -> bool:
    """Whether an iterator has no last item, whatever it is asked for."""
    match value:
        case IterVal("count" | "cycle") | IterVal("repeat", (_, Static(None))):
            return True
        case IterVal("islice" | "takewhile"):
            return False
        case IterVal("zip" | "compress", parts) | IterVal("map", (_, *parts)):
            return all(map(is_endless, parts))
        case IterVal(_, parts):
            return any(map(is_endless, parts))
        case _:
            return False


# Whose items depend on those before, or are known by them alone.
AHEAD: dict[str, Callable[..., Any]] = {
    "accumulate": iterating.accumulated,
    "takewhile": iterating.taken_while,
    "dropwhile": iterating.dropped_while,
    "compress": iterating.compressed,
    "filterfalse": iterating.rejected,
}


def check_plain(ctx: Context, node: ast.AST, inner: Binding) -> None:
    """Refuse what would compute an item twice."""
    if not passing.is_plain(inner):
        ctx.refuse(
            node, "the items of an iterator are looked at twice here", iteration.AS_LIST
        )
