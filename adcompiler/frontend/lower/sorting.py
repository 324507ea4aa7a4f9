"""What puts items in order: `sorted`, and the method of lists.

In: items, and what each is sorted by. Out: a list of the same items in order.
Invariants: the order is Python's, in which items that are equal stay as they were. A
number is looked up at run time, by the order of all keys (`library.iterating`); of
anything else two neighbours change places where their keys say so, on a path of their
own: so an array that is stored into afterwards, or an object, is still the one that it
was. What is known while compiling is compared then.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from adcompiler.frontend.bindings import NONE, Binding, Dyn, ListRef, TupleVal
from adcompiler.frontend.lower import (
    calls,
    comparisons,
    iteration,
    listing,
    shortcircuit,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.library import collected, iterating

MOST_PLACES = 12  # each with a comparison for each one before it
ARRAYS = "order their keys, and index arrays by that: np.argsort([a for a, b in x])"
FALSE = Dyn(constant(False))


def in_sequence(call: Call) -> Binding:
    """``sorted(x, key=f, reverse=True)``."""
    x, key, reverse = call.bind("iterable", key=NONE, reverse=FALSE)
    if listing.is_rows(x):
        rows = collected.Rows.in_order
        return listing.of_them(call.ctx, call.node, x, rows, key, reverse)
    items = iteration.known_items(call.ctx, call.node, x)
    if items is None:
        by_number = iterating.ordered
        return listing.call(call.ctx, call.node, by_number, x, key, reverse)
    iteration.taken(call.ctx, call.node, x)
    return in_order(call, items, key, reverse)


def in_place(call: Call, owner: ListRef) -> Binding:
    """``xs.sort(key=f, reverse=True)`` of a list of unknown length."""
    key, reverse = call.bind(key=NONE, reverse=FALSE)
    of = iterating.put_in_order
    return listing.call(call.ctx, call.node, of, owner, key, reverse)


def items_in_order(call: Call, items: Sequence[Binding]) -> list[Binding]:
    """The items of a list of known length, after its method has put them in order."""
    ctx, node = call.ctx, call.node
    made = in_order(call, items, *call.bind(key=NONE, reverse=FALSE))
    if not isinstance(made, ListRef):
        return iteration.known_items(ctx, node, made) or []
    places = (Dyn(constant(k)) for k in range(len(items)))
    return [listing.get(ctx, node, made, k) for k in places]


def in_order(
    call: Call, items: Sequence[Binding], key: Binding, reverse: Binding
) -> Binding:
    """A new list of these items; each key is asked for once."""
    ctx, node = call.ctx, call.node
    keys = list(items)
    if key != NONE:
        keys = [calls.apply(ctx, node, key, [item], {}) for item in items]
    if all(isinstance(v, Dyn) for v in (*items, *keys)) and not all(map(_known, keys)):
        both = TupleVal(tuple(items), list), TupleVal(tuple(keys), list)
        return listing.call(ctx, node, iterating.arranged, *both, reverse)
    backwards = call.flag(reverse, "whether the order is reversed")
    return listing.display(ctx, node, _exchanged(call, items, keys, backwards))


def _known(key: Binding) -> bool:
    return isinstance(key, Dyn) and isinstance(key.atom, Const)


def _exchanged(
    call: Call, items: Sequence[Binding], keys: Sequence[Binding], backwards: bool
) -> list[Binding]:
    """Each item moves before those that it is less than."""
    ctx, node = call.ctx, call.node
    found: list[tuple[Binding, Binding]] = []
    for pair in zip(items, keys, strict=True):
        found.append(pair)
        for k in range(len(found) - 1, 0, -1):
            (a, low), (b, high) = found[k - 1 : k + 1]
            first, second = (low, high) if backwards else (high, low)
            less = comparisons.compare(ctx, node, ast.Lt(), first, second)
            cond = comparisons.truth(ctx, node, less)
            if cond == constant(False):
                break
            if not isinstance(cond, Const) and len(items) > MOST_PLACES:
                what = f"{len(items)} items are put in order, at most {MOST_PLACES} are"
                call.refuse(what, ARRAYS)
            turned, kept = TupleVal((b, high, a, low)), TupleVal((a, low, b, high))
            b, high, a, low = _either(ctx, node, cond, turned, kept)
            found[k - 1 : k + 1] = (b, high), (a, low)
    return [item for item, _ in found]


def _either(
    ctx: Context, node: ast.AST, cond: Atom, turned: TupleVal, kept: TupleVal
) -> tuple[Binding, ...]:
    met = shortcircuit.choose(ctx, node, cond, lambda: turned, lambda: kept)
    assert isinstance(met, TupleVal)
    return met.items
