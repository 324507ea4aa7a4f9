"""Lists whose length is known at run time only.

In: lists of the program, what is put into them, read and taken from them. Out: rows of
lists, and the contents that the list's location has then.
Invariants: a display of known length is a `TupleVal` until the program changes it or
reads it at an index that is not known: then lowering starts again, with the display
known to be a `ListRef` of elements of one type. A list of arrays holds references: a
store into such an array, or into one that was read from the list, makes the list stale
(`note_put`, `note_got`, `spoil`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FunctionType, MappingProxyType
from typing import Any, NoReturn

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    ListRef,
    Location,
    ObjectRef,
    RecordVal,
    SliceVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower import lengths, membership
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.frames import Held
from adcompiler.frontend.lower.kinds import type_text
from adcompiler.frontend.lower.restarts import NeedList, NeedSplit, RowsOf, Site
from adcompiler.frontend.structures import ItemsOf
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, Var
from adcompiler.ir.types import (
    ANY,
    PY_INT,
    Array,
    Length,
    ListOf,
    Scalar,
    Type,
    fresh_dim,
    join_types,
)
from adcompiler.library import collected
from adcompiler.library import lists as library

MOST_ITEMS = 64
NO_KEYWORDS: Mapping[str, Binding] = MappingProxyType({})
HINT = "give the list numbers of one type, or arrays of one rank and dtype"


def site_of(ctx: Context, node: ast.AST) -> Site:
    """What stands for a display in every lowering of the function: in all calls and
    trips alike, unless they are known to make lists of unlike elements, or are those
    of `collections`."""
    site = tuple(_place(n) for n in (*(fn for fn, _ in ctx.calls), node))
    place = (*site, "at", *(_place(call) for call, _ in ctx.path), *ctx.trips)
    ctx.places.setdefault(site, set()).add(place)
    ours = ctx.frame.captured.function.__module__ == collected.__name__
    return place if ours or site in ctx.split else site


def _tell_apart(ctx: Context, ref: ListRef) -> None:
    """Start again with a list for each call and trip, if one of them all cannot be."""
    several = {site for site in ref.sites if len(ctx.places.get(site, ())) > 1}
    if not several <= ctx.split:
        raise NeedSplit(frozenset(several))


def _place(node: ast.AST) -> tuple[object, ...]:
    where = ("lineno", "col_offset", "end_lineno", "end_col_offset")
    name = getattr(node, "name", type(node).__name__)
    return (name, *(getattr(node, key, None) for key in where))


# --- Making lists --------------------------------------------------------------------


def display(ctx: Context, node: ast.AST, items: Sequence[Binding]) -> Binding:
    """``[a, b]``."""
    site = site_of(ctx, node)
    if site not in ctx.lists:
        return TupleVal(tuple(items), list, site)
    element = ctx.lists[site]
    if element is None:
        from adcompiler.frontend.lower import sequences

        return sequences.made(ctx, node, items, site)
    if isinstance(element, RowsOf):
        return of_rows(ctx, node, element, items)
    ref = empty(ctx, node, site, element)
    for item in items:
        append(ctx, node, ref, item)
    return ref


def of_rows(
    ctx: Context, node: ast.AST, rows: RowsOf, items: Sequence[Binding]
) -> Binding:
    """A list of tuples, of which each part has a list of its own."""
    from adcompiler.frontend.lower import instances

    args: list[Binding] = [Static(rows.cls), Dyn(constant(rows.width))]
    made = instances.instance(ctx, node, collected.Rows, args, {})
    for item in items:
        of_them(ctx, node, made, collected.Rows.append, item)
    return made


def of_them(
    ctx: Context,
    node: ast.AST,
    rows: Binding,
    method: Callable[..., Any],
    *args: Binding,
) -> Binding:
    """What a method of such a list gives."""
    from adcompiler.frontend.lower import calls

    return calls.apply(ctx, node, Static(method), [rows, *args], {})


def is_rows(binding: Binding) -> bool:
    """Whether this is a list of tuples that has a list for each part."""
    return isinstance(binding, ObjectRef) and binding.cls is collected.Rows


def held_rows(objects: Mapping[Location, Held], binding: Binding) -> RowsOf | None:
    """How such a list holds its tuples."""
    held = objects.get(binding.location) if isinstance(binding, ObjectRef) else None
    if not isinstance(held, RecordVal):
        return None
    parts = dict(zip(held.shape.names, held.items, strict=True))
    cls, columns = parts["_cls"], parts["_columns"]
    assert isinstance(cls, Static)
    assert isinstance(columns, TupleVal)
    return RowsOf(cls.value, len(columns.items))


def displayed(
    objects: Mapping[Location, Held], binding: Binding
) -> tuple[Site | None, tuple[Binding, ...]]:
    """The display that a list of known length comes from, and its items."""
    if isinstance(binding, TupleVal):
        return binding.site, binding.items
    held = objects.get(binding.location) if isinstance(binding, ObjectRef) else None
    match held:
        case RecordVal(ItemsOf(_, site), items):
            return site, items
        case _:
            return None, ()


def rows_of(items: Iterable[Binding]) -> RowsOf | None:
    """How tuples that are alike are held; None of anything else."""
    found = {(v.cls, len(v.items)) if isinstance(v, TupleVal) else None for v in items}
    match list(found):
        case [(cls, width)] if cls is not list and width > 0:
            return RowsOf(cls, width)
        case _:
            return None


def empty(ctx: Context, node: ast.AST, site: Site, element: Type) -> ListRef:
    """A list without elements."""
    held = ctx.emit(node, "list_new", element=element, indexed=True)
    ref = in_place(ctx, held, element, frozenset({site}))
    ctx.members.apart.lists.add(ref.location)
    return ref


def in_place(
    ctx: Context, held: Var, element: Type, sites: frozenset[Site] = frozenset()
) -> ListRef:
    """A list in memory of its own."""
    location = Location()
    ctx.values[location] = held
    return ListRef(location, element, sites)


def repeated(ctx: Context, node: ast.AST, found: TupleVal, count: Dyn) -> Binding:
    """``[value] * n``: laid out where it is known, and short."""
    site, items = site_of(ctx, node), found.items
    if isinstance(count.atom, Const) and isinstance(count.atom.value, int):
        size = count.atom.value * len(items)
        if ctx.lists.get(site, PY_INT) is None:
            from adcompiler.frontend.lower import sequences

            return sequences.made(ctx, node, items * count.atom.value, site)
        if site not in ctx.lists and size <= MOST_ITEMS:
            return TupleVal(items * count.atom.value, list, site)
    if len(items) != 1 or not isinstance(items[0], Dyn):
        return call(ctx, node, library.repeated, found, count)
    element = ctx.lists.get(site) or items[0].atom.type
    assert not isinstance(element, RowsOf)
    like = ListRef(Location(), element, frozenset({site}))
    atom = fitting(ctx, node, like, items[0])
    held = ctx.emit(node, "list_full", atom, count.atom, element=element)
    return in_place(ctx, held, element, frozenset({site}))


def unstacked(ctx: Context, node: ast.AST, ref: ArrayRef) -> Binding:
    """``list(x)`` of an array."""
    if ref.type.ndim > 1:
        return call(ctx, node, library.copied, ref)
    held = ctx.emit(node, "list_unstack", ctx.read(ref, node))
    return in_place(ctx, held, Scalar(ref.type.dtype, "numpy"))


def copied(ctx: Context, node: ast.AST, ref: ListRef) -> Binding:
    """``xs.copy()``, ``list(xs)``."""
    if isinstance(ref.element, Array):
        return call(ctx, node, library.copied, ref)
    held = ctx.emit(node, "copy", contents(ctx, node, ref))
    return in_place(ctx, held, ref.element)


def call(
    ctx: Context, node: ast.AST, definition: Callable[..., Any], *args: Binding
) -> Binding:
    """What a definition of ours gives."""
    from adcompiler.frontend.lower.composed import composed
    from adcompiler.frontend.lower.handling import Call

    assert isinstance(definition, FunctionType)
    return composed(definition)(Call(ctx, node, definition.__name__, list(args), {}))


# --- Elements ------------------------------------------------------------------------


def fitting(ctx: Context, node: ast.AST, ref: ListRef, value: Binding) -> Atom:
    """The atom of an element; lowering starts again where the list is of another
    type."""
    from adcompiler.frontend.lower import gradientless

    if not is_element(value):
        _tell_apart(ctx, ref)
        if ref.sites and ctx.open_lists.isdisjoint(ref.sites):
            raise NeedList(dict.fromkeys(ref.sites))
    atom = element_of(ctx, node, value)
    if ctx.frame.captured.site is None:  # our own library only moves elements
        atom = gradientless.muted(ctx, node, atom)
    if atom in ctx.mixed:
        ctx.refuse(
            node,
            "a list takes a number that is an int or a float, as the path decides",
            "convert it: float(x)",
        )
    t, wanted = atom.type, ref.element
    if matches(wanted, t):
        return atom
    if isinstance(wanted, Scalar) and isinstance(t, Scalar) and t.dtype == "int64":
        if isinstance(atom, Const) and wanted.dtype == "float64":
            return constant(float(atom.value))
        soft = isinstance(atom, Var) and ctx.soft.get(atom)
        if wanted.dtype == "float64" and soft:
            return ctx.emit(node, "cast", atom, dtype="float64", via="builtin")
    wider = joined(wanted, t)
    _tell_apart(ctx, ref)
    if wider is None or not ref.sites:
        _refuse(ctx, node, wanted, t)
    raise NeedList(dict.fromkeys(ref.sites, wider))


def is_element(value: Binding) -> bool:
    """Whether a list whose length is not known may hold this."""
    match value:
        case Dyn(boxed=boxed):
            return not boxed
        case ArrayRef(_, _, t):
            return t.ndim > 0
        case _:
            return False


def element_of(ctx: Context, node: ast.AST, value: Binding) -> Atom:
    """The number or array that a list is to hold."""
    match value:
        case Dyn(atom, boxed) if not boxed:
            return atom
        case ArrayRef(_, _, t) if t.ndim > 0:
            return ctx.read(value, node)
        case _:
            ctx.refuse(
                node,
                "a list that changes holds numbers or arrays",
                "use one list for each part",
            )


def _refuse(ctx: Context, node: ast.AST, wanted: Type, t: Type) -> NoReturn:
    ctx.refuse(
        node, f"a list that holds {type_text(wanted)} takes {type_text(t)}", HINT
    )


def matches(wanted: Type, t: Type) -> bool:
    """Whether a list of these elements takes such a value as it is."""
    match wanted, t:
        case Scalar(), Scalar():
            return wanted.dtype == t.dtype and wanted.kind in (t.kind, "either")
        case Array(), Array() if (wanted.dtype, wanted.ndim) == (t.dtype, t.ndim):
            pairs = zip(wanted.dims, t.dims, strict=True)
            return all(a in (ANY, b) for a, b in pairs)
        case _:
            return False


def joined(wanted: Type, t: Type) -> Type | None:
    """The type of elements of which either is one."""
    match wanted, t:
        case Array(), Array() if (wanted.dtype, wanted.ndim) == (t.dtype, t.ndim):
            pairs = zip(wanted.dims, t.dims, strict=True)
            return Array(t.dtype, tuple(a if a == b else ANY for a, b in pairs))
        case Scalar("int64", "python"), Scalar("float64", _):
            return t
        case Scalar(), Scalar():
            return join_types(wanted, t)
        case _:
            return None


def known_type(element: Type) -> Array | None:
    """What is known of an array read from a list."""
    if not isinstance(element, Array):
        return None
    dims: list[Length] = [fresh_dim() if d == ANY else d for d in element.dims]
    return Array(element.dtype, tuple(dims))


def contents(ctx: Context, node: ast.AST, ref: ListRef) -> Atom:
    """The list as it is now."""
    return ctx.contents(ref.location, node)


def change(ctx: Context, node: ast.AST, ref: ListRef, value: Var) -> None:
    """The list is this now; what may be the same list is stale."""
    name = getattr(ctx.values.get(ref.location), "name", None)
    ctx.values[ref.location] = ctx.name(value, name) if name else value
    entangled = ctx.entangled.get(ref.location, frozenset())
    for other in ctx.values:
        if other in entangled:
            ctx.values[other] = ctx.stale(node)


def append(ctx: Context, node: ast.AST, ref: ListRef, value: Binding) -> None:
    """``xs.append(value)``."""
    _check_iterated(ctx, node, ref)
    atom = fitting(ctx, node, ref, value)
    held = contents(ctx, node, ref)
    change(ctx, node, ref, ctx.emit(node, "list_append", held, atom))
    if isinstance(value, ArrayRef):
        membership.note_put(ctx, value, ref)


def _check_iterated(ctx: Context, node: ast.AST, ref: ListRef) -> None:
    same = {ref.location, *ctx.entangled.get(ref.location, frozenset())}
    if not same.isdisjoint(ctx.iterated):
        ctx.refuse(
            node,
            "a list changes its length while a loop goes over it",
            "go over a copy: for v in list(xs)",
        )


def pop(ctx: Context, node: ast.AST, ref: ListRef) -> Binding:
    """``xs.pop()``."""
    _check_iterated(ctx, node, ref)
    held = contents(ctx, node, ref)
    known = known_type(ref.element)
    params: dict[str, Any] = {"known": known} if known else {}
    value, rest = ctx.emit_all(node, "list_pop", held, **params)
    change(ctx, node, ref, rest)
    return _read(ctx, ref, value)


def get(ctx: Context, node: ast.AST, ref: ListRef, index: Binding) -> Binding:
    """``xs[i]``, ``xs[i:j]``."""
    if isinstance(index, SliceVal):
        if index.step is not None:
            parts = [p or NONE for p in (index.start, index.stop, index.step)]
            return call(ctx, node, library.stepped, ref, *parts)
        bounds = [part or NONE for part in (index.start, index.stop)]
        return call(ctx, node, library.part, ref, *bounds)
    known = known_type(ref.element)
    params: dict[str, Any] = {"known": known} if known else {}
    held, at = contents(ctx, node, ref), _index(ctx, node, index)
    found = _read(ctx, ref, ctx.emit(node, "list_get", held, at, **params))
    if isinstance(found, ArrayRef):
        place = membership.Place(ref, at, held)
        ctx.members.apart.places[found.location] = place
    return found


def _index(ctx: Context, node: ast.AST, index: Binding) -> Atom:
    atom = lengths.whole(ctx, node, index.atom) if isinstance(index, Dyn) else None
    t = None if atom is None else atom.type
    if atom is None or not isinstance(t, Scalar) or t.dtype != "int64":
        hint = "convert it: int(i)"
        if isinstance(index, SliceVal):
            hint = "go over the items: for k in range(0, len(xs), 2)"
        ctx.refuse(node, "the index of a list is an integer", hint)
    return atom


def _read(ctx: Context, ref: ListRef, atom: Var) -> Binding:
    value = ctx.as_found(atom)
    if isinstance(value, ArrayRef):
        ctx.members.note_got(value.location, ref.location)
    return value


def put(
    ctx: Context, node: ast.AST, ref: ListRef, index: Binding, value: Binding
) -> None:
    """``xs[i] = value``, ``xs[i:j] = values``."""
    if isinstance(index, SliceVal) and index.step is None:
        bounds = [part or NONE for part in (index.start, index.stop)]
        call(ctx, node, library.replaced, ref, *bounds, value)
        return
    at = _index(ctx, node, index)
    atom = fitting(ctx, node, ref, value)
    held = contents(ctx, node, ref)
    element = ref.element
    params: dict[str, Any] = {}
    if isinstance(element, Array) and ANY not in element.dims:
        params["known"] = element  # so long was what is replaced, too
    change(ctx, node, ref, ctx.emit(node, "list_set", held, atom, at, **params))
    if isinstance(value, ArrayRef):
        membership.note_put(ctx, value, ref)


def length(ctx: Context, node: ast.AST, ref: ListRef) -> Dyn:
    """``len(xs)``."""
    return Dyn(ctx.emit(node, "list_length", contents(ctx, node, ref)))


def stacked(
    ctx: Context, node: ast.AST, ref: ListRef, via: str | None = None
) -> ArrayRef:
    """``np.array(xs)``, ``np.stack(xs)``."""
    params = {} if via is None else {"via": via}
    known = known_type(ref.element)
    dims = () if known is None else known.dims
    assert isinstance(ref.element, Scalar | Array)
    t = Array(ref.element.dtype, (fresh_dim(), *dims))
    held = contents(ctx, node, ref)
    return ctx.fresh_array(ctx.emit(node, "list_stack", held, known=t, **params))


def joined_arrays(ctx: Context, node: ast.AST, ref: ListRef, axis: int) -> ArrayRef:
    """``np.concatenate(xs, axis)``."""
    known = known_type(ref.element)
    if known is None or not known.ndim:
        ctx.refuse(node, "a list of numbers has nothing to join", "write np.array(xs)")
    dims = tuple(fresh_dim() if k == axis else d for k, d in enumerate(known.dims))
    held, t = contents(ctx, node, ref), Array(known.dtype, dims)
    found = ctx.emit(node, "list_concatenate", held, axis=axis, known=t)
    return ctx.fresh_array(found, False)


def total(ctx: Context, node: ast.AST, ref: ListRef, start: Binding) -> Binding:
    """``sum(xs)``."""
    zero = isinstance(start, Dyn) and start.atom == constant(0)
    if zero and isinstance(ref.element, Scalar) and ref.element.dtype == "float64":
        return Dyn(ctx.emit(node, "list_sum", contents(ctx, node, ref)))
    return call(ctx, node, library.total, ref, start)


__all__ = ["ListOf", "display"]
