"""Methods of lists whose length is known at run time only.

In: a list, or a display, and the arguments of a method. Out: what the method gives.
Invariant: a display that a method makes longer or shorter turns out to be such a list:
lowering starts again (`displays.becomes_list`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from adcompiler.frontend.bindings import (
    NONE,
    Binding,
    Dyn,
    ListRef,
    ObjectRef,
    TupleVal,
)
from adcompiler.frontend.lower import (
    displays,
    hints,
    lengths,
    listing,
    names,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.operands import check_count
from adcompiler.frontend.lower.restarts import NeedList
from adcompiler.ir.builder import constant
from adcompiler.library import lists as library

__all__ = ["METHODS", "method", "repeat"]

LAID_OUT = ("insert", "clear", "reverse", "sort")
METHODS = ("append", "extend", "pop", "copy", "remove", "index", "count", *LAID_OUT)
NO_KEYWORDS: Mapping[str, Binding] = MappingProxyType({})

# Methods that are written in Python, by name and number of arguments.
_WRITTEN: Mapping[tuple[str, int], Callable[..., Any]] = {
    ("extend", 1): library.extended,
    ("pop", 1): library.popped,
    ("insert", 2): library.inserted,
    ("reverse", 0): library.turned,
    ("index", 1): library.found_at,
    ("count", 1): library.times,
    ("clear", 0): library.cleared,
}


def method(
    ctx: Context,
    node: ast.AST,
    owner: Binding,
    name: str,
    args: list[Binding],
    kwargs: Mapping[str, Binding] = NO_KEYWORDS,
) -> Binding:
    """``xs.append(v)`` and the like."""
    from adcompiler.frontend.lower import sequences

    if kwargs and name != "sort":
        what = f"'.{name}()' of a list takes no arguments by name"
        ctx.refuse(node, what, "give it its arguments by place: xs.pop(0)")
    if name == "extend" and args == [owner]:
        repeat(ctx, node, owner, Dyn(constant(2)))
        return NONE
    if isinstance(owner, ObjectRef):
        return sequences.method(ctx, node, owner, name, args, kwargs)
    site = owner.site if isinstance(owner, TupleVal) else None
    laid_out = name in LAID_OUT or (name == "pop" and args)
    if site is not None and site not in ctx.lists and laid_out:
        raise NeedList({site: None})
    if name == "pop" and args == [Dyn(constant(0))]:
        return listing.call(ctx, node, library.popped_first, owner)
    written = _WRITTEN.get((name, len(args)))
    if written is not None:
        if name in ("insert", "pop") and isinstance(args[0], Dyn):
            args = [Dyn(lengths.whole(ctx, node, args[0].atom)), *args[1:]]
        return listing.call(ctx, node, written, owner, *args)
    if name == "copy" and not args and isinstance(owner, TupleVal):
        return listing.display(ctx, node, owner.items)
    return _of_rows(ctx, node, owner, name, args, kwargs)


def repeat(ctx: Context, node: ast.AST, owner: Binding, count: Binding) -> None:
    """``xs *= n``: the list itself has its items so often."""
    from adcompiler.frontend.lower import sequences

    check_count(ctx, node, "list", count)
    if not isinstance(owner, ObjectRef):
        listing.call(ctx, node, library.repeat, owner, count)
        return
    n = names.static_int(ctx, node, count, "how often a list is repeated")
    items = sequences.items_of(ctx, node, owner) * max(n - 1, 0)
    if n < 1:
        method(ctx, node, owner, "clear", [])
    elif items:
        method(ctx, node, owner, "extend", [TupleVal(tuple(items))])


def _of_rows(
    ctx: Context,
    node: ast.AST,
    owner: Binding,
    name: str,
    args: list[Binding],
    kwargs: Mapping[str, Binding],
) -> Binding:
    """A method that is a row, or several, of the list."""
    from adcompiler.frontend.lower import sorting
    from adcompiler.frontend.lower.handling import Call

    match name, args:
        case ("append", [value]):
            listing.append(ctx, node, _as_list(ctx, node, owner, value), value)
            return NONE
        case ("pop", []):
            return listing.pop(ctx, node, _as_list(ctx, node, owner))
        case ("remove", [value]):
            if isinstance(owner, TupleVal):
                displays.becomes_list(ctx, node, owner)
            return listing.call(ctx, node, library.removed, owner, value)
        case ("sort", []):
            found = _as_list(ctx, node, owner)
            return sorting.in_place(Call(ctx, node, ".sort", [], dict(kwargs)), found)
        case ("copy", []):
            return listing.copied(ctx, node, _as_list(ctx, node, owner))
        case _:
            ctx.refuse(
                node,
                f"'.{name}()' of a list is not supported with these arguments",
                hints.OF_LISTS.get(name, "give it its arguments by place: xs.pop(0)"),
            )


def _as_list(ctx: Context, node: ast.AST, owner: Binding, *more: Binding) -> ListRef:
    """The list; a display starts again as one that takes these values too."""
    if isinstance(owner, TupleVal):
        displays.becomes_list(ctx, node, owner, *more)
    assert isinstance(owner, ListRef)
    return owner
