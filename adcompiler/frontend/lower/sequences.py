"""Lists of known length that change: of objects, functions, tuples, or of anything.

In: an `ObjectRef` to a list, and what is done to it. Out: items, and the changed state.
Invariants: what a list holds is a record whose names are its indices, so that paths and
loops meet as they do of dicts. Its length is known: where it would depend on a path, or
grow in a loop, lowering starts again with a `ListRef`, if it holds numbers or arrays of
one type; else reading it is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.bindings import (
    NONE,
    Binding,
    Dyn,
    ObjectRef,
    RecordVal,
    SliceVal,
    TupleVal,
)
from adcompiler.frontend.lower import (
    hints,
    iteration,
    listing,
    names,
    records,
    sorting,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call
from adcompiler.frontend.lower.restarts import NeedList, Site
from adcompiler.frontend.structures import ItemsOf, Key
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Const

METHODS = ("append", "extend", "pop", "copy", "insert", "clear", "reverse")


def made(
    ctx: Context, node: ast.AST, items: Sequence[Binding], site: Site | None = None
) -> ObjectRef:
    """A list that is made here, by the display `site`."""
    held = tuple(records.silenced(ctx, node, item) for item in items)
    return ctx.new_object(RecordVal(ItemsOf(len(held), site), held))


def site_of(ctx: Context, node: ast.AST, owner: ObjectRef) -> Site | None:
    """The display that made a list, or what it is a copy or a part of."""
    shape = records.contents(ctx, node, owner).shape
    return shape.site if isinstance(shape, ItemsOf) else None


def items_of(ctx: Context, node: ast.AST, owner: ObjectRef) -> list[Binding]:
    """The items as they are now."""
    held = records.contents(ctx, node, owner).items
    return [records.checked(ctx, node, item) for item in held]


def as_tuple(ctx: Context, node: ast.AST, value: Binding) -> Binding:
    """A list as a value: of what is no such list itself."""
    if isinstance(value, ObjectRef) and value.cls is list:
        return TupleVal(tuple(items_of(ctx, node, value)), list)
    return value


def item(ctx: Context, node: ast.AST, owner: ObjectRef, index: Binding) -> Binding:
    """``xs[i]``, ``xs[i:j]``."""
    if isinstance(index, SliceVal):
        bounds = [
            None if part is None else _integer(ctx, node, part, "a bound of a slice")
            for part in (index.start, index.stop, index.step)
        ]
        part = items_of(ctx, node, owner)[slice(*bounds)]
        return made(ctx, node, part, site_of(ctx, node, owner))
    held = records.contents(ctx, node, owner).items
    return records.checked(ctx, node, held[position(ctx, node, owner, index)])


def position(
    ctx: Context,
    node: ast.AST,
    owner: ObjectRef,
    index: Binding,
    what: str = "list index out of range",
) -> int:
    """An index, counted from 0; where there is no such item, `what` is raised."""
    held = records.contents(ctx, node, owner)
    count = len(held.items)
    try:
        k = _integer(ctx, node, index, "the index of such a list")
    except UnsupportedError:
        _check_rows(held)
        raise
    if not -count <= k < count:
        ctx.fail(node, "IndexError", what)
    return k % count


def _check_rows(held: RecordVal) -> None:
    """Start again with a list for each part where tuples are read at an index that is
    not known."""
    element = listing.rows_of(held.items)
    site = held.shape.site if isinstance(held.shape, ItemsOf) else None
    if element is not None and site is not None:
        raise NeedList({site: element})


def _integer(ctx: Context, node: ast.AST, binding: Binding, what: str) -> int:
    return names.static_int(ctx, node, binding, what)


def store(
    ctx: Context, node: ast.AST, owner: ObjectRef, index: Binding, value: Binding
) -> None:
    """``xs[i] = value``."""
    what = "list assignment index out of range"
    records.store(ctx, node, owner, position(ctx, node, owner, index, what), value)


def _change(
    ctx: Context, node: ast.AST, owner: ObjectRef, items: Sequence[Binding]
) -> None:
    held: dict[Key, Binding] = {
        k: records.silenced(ctx, node, item) for k, item in enumerate(items)
    }
    records.put(ctx, node, owner, held)


def method(
    ctx: Context,
    node: ast.AST,
    owner: ObjectRef,
    name: str,
    args: list[Binding],
    kwargs: Mapping[str, Binding],
) -> Binding:
    """``xs.append(v)`` and the like."""
    items = list(records.contents(ctx, node, owner).items)
    match name, args:
        case ("append", [value]):
            _change(ctx, node, owner, [*items, value])
        case ("extend", [values]):
            more = iteration.known_items(ctx, node, values)
            if more is None:
                ctx.refuse(
                    node,
                    "a list of objects is extended by what has a known length",
                    "append in a loop over a tuple or a known range",
                )
            _change(ctx, node, owner, [*items, *more])
        case ("insert", [Dyn(Const(int() as k)), value]):
            items.insert(k, value)
            _change(ctx, node, owner, items)
        case ("pop", _) if len(args) <= 1:
            last = Dyn(constant(-1))
            what = "pop index out of range" if items else "pop from empty list"
            k = position(ctx, node, owner, args[0] if args else last, what)
            found = records.checked(ctx, node, items.pop(k))
            _change(ctx, node, owner, items)
            return found
        case ("clear", []):
            _change(ctx, node, owner, [])
        case ("reverse", []):
            _change(ctx, node, owner, items[::-1])
        case ("sort", []):
            call = Call(ctx, node, ".sort", [], dict(kwargs))
            items = sorting.items_in_order(call, items_of(ctx, node, owner))
            _change(ctx, node, owner, items)
        case ("copy", []):
            return made(ctx, node, items, site_of(ctx, node, owner))
        case _:
            ctx.refuse(
                node,
                f"'.{name}()' of a list is not supported with these arguments",
                hints.OF_LISTS.get(name, f"{', '.join(METHODS)} are"),
            )
    return NONE
