"""Displays that turn out to be lists whose length is not known.

In: a tuple that cannot be told from a list, and what is done to it. Out: whether its
items are alike, a list of them, or a new start in which it is known to be a list.
"""

from __future__ import annotations

import ast
from typing import NoReturn

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    ListRef,
    TupleVal,
)
from adcompiler.frontend.lower import listing
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.restarts import NeedList
from adcompiler.ir.types import (
    PY_INT,
    Array,
    Scalar,
    Type,
)


def becomes_list(
    ctx: Context,
    node: ast.AST,
    found: TupleVal,
    *more: Binding,
    element: Type | None = None,
) -> NoReturn:
    """Start again with a display known to be a list that takes these values too."""
    if found.site is None or found.site in ctx.lists:
        ctx.refuse(
            node,
            "a list that is an argument, or part of another, cannot be changed here",
            "copy it first: list(xs)",
        )
    if not all(map(listing.is_element, (*found.items, *more))):
        raise NeedList({found.site: None})
    for item in (*found.items, *more):
        t = _type_of(item)  # its value may be that of a path that has ended
        if element is None or listing.matches(element, t):
            element = element or t
            continue
        either = (element, t) if t != PY_INT else (t, element)
        element = listing.joined(*either)
        if element is None:  # of unlike types: each has a place of its own
            raise NeedList({found.site: None})
    raise NeedList({found.site: element or PY_INT})


def _type_of(element: Binding) -> Type:
    assert isinstance(element, Dyn | ArrayRef)
    return element.atom.type if isinstance(element, Dyn) else element.type


def numbers(found: Binding) -> bool:
    """Whether this is a tuple or list of numbers of one type."""
    if not isinstance(found, TupleVal) or not found.items:
        return False
    atoms = [item.atom for item in found.items if isinstance(item, Dyn)]
    return len(atoms) == len(found.items) and len({a.type for a in atoms}) == 1


def of_numbers(ctx: Context, node: ast.AST, found: TupleVal) -> ListRef:
    """A list of these numbers, which may be read at any index."""
    atoms = [item.atom for item in found.items if isinstance(item, Dyn)]
    element = atoms[0].type
    held = ctx.emit(node, "list_new", element=element, indexed=True)
    for atom in atoms:
        held = ctx.emit(node, "list_append", held, atom)
    return listing.in_place(ctx, held, element)


def uniform(ctx: Context, found: TupleVal) -> bool:
    """Whether the items are numbers or arrays of one type."""
    types = []
    for item in found.items:
        match item:
            case Dyn(atom):
                types.append(atom.type)
            case ArrayRef(_, _, t) if t.ndim:
                types.append(t)
            case _:
                return False
    return bool(types) and all(_alike(types[0], t) for t in types)


def _alike(a: Type, b: Type) -> bool:
    if isinstance(a, Array) and isinstance(b, Array):
        return (a.dtype, a.ndim) == (b.dtype, b.ndim)
    return isinstance(a, Scalar) and isinstance(b, Scalar)
