"""Objects where paths meet: what a dict or an object holds when paths have changed it.

In: a `Merge`, and the objects or records of two paths. Out: what holds on both, its
differing entries joined as names are.
Invariants: an entry that no path has changed stays as it is, so that what is known of
it stays known. An object that is one on one path and another on the other becomes a
new object, entangled with both: after a store to either, the other must not be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from adcompiler.errors import InternalError
from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Conflict,
    Dyn,
    FunctionVal,
    ListRef,
    Location,
    MaybeNone,
    ObjectRef,
    RecordVal,
    Static,
    TextVal,
    TupleVal,
    locations,
    variables,
)
from adcompiler.frontend.lower import listing
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.frames import Arm, Frame, Held
from adcompiler.frontend.lower.kinds import kind_of, shown
from adcompiler.frontend.lower.restarts import Element, Site
from adcompiler.frontend.structures import ItemsOf
from adcompiler.ir.nodes import Const, Var
from adcompiler.ir.types import PY_INT, Type

if TYPE_CHECKING:
    from adcompiler.frontend.lower.merges import End, Merge

Object = ObjectRef | RecordVal


def joined(merge: Merge, left: Object, right: Object, name: str) -> Binding:
    """An object of either path: a new one, where they are two."""
    if isinstance(left, RecordVal) and unchanged(left, right):
        return left
    one, other = _place(merge, left), _place(merge, right)
    if one is other and one in merge.ctx.objects and merge.alone is None:
        return left
    key = ((one, ()), (other, ()))
    if key not in merge.keys:
        (a, here), (b, there) = _held(merge, left, 0), _held(merge, right, 1)
        if left.cls is not right.cls:
            return _differ(merge, left, right, name)
        new = merge.keys[key] = merge.memory(one, other, True)
        if name.isidentifier():
            merge.ctx.labels.setdefault(new, name)
        # What one path alone has made is not known where they meet.
        keep = here is not there or isinstance(here, Context)
        merge.objects[new] = record(merge, a, b, name, keep=keep)
    return ObjectRef(merge.keys[key], left.cls)


def _place(merge: Merge, binding: Object) -> Location:
    """The memory of an object; one from outside stands for its own."""
    if isinstance(binding, ObjectRef):
        return binding.location
    for known, location in merge.outside:
        if unchanged(known, binding):
            return location
    merge.outside.append((binding, Location(captured="an object")))
    return merge.outside[-1][1]


def _held(merge: Merge, binding: Object, side: int) -> tuple[Held, End | None]:
    """What an object holds at the end of a path, and which end that is."""
    if isinstance(binding, RecordVal):
        return binding, None
    side = side if merge.alone is None else merge.alone
    for end in (merge.ends[side], merge.ends[1 - side]):
        if binding.location in end.objects:
            return end.objects[binding.location], end
    raise InternalError("an object is read outside the region that holds it")


def record(merge: Merge, left: Held, right: Held, name: str, *, keep: bool) -> Held:
    """What an object holds on either path."""
    for side in (left, right):
        if not isinstance(side, RecordVal):
            return side
    assert isinstance(left, RecordVal)
    assert isinstance(right, RecordVal)
    if left.shape != right.shape:
        return _differ(merge, left, right, name)
    names = [name + left.shape.path(key) for key in left.shape.names]
    rows = zip(left.items, right.items, names, strict=True)
    # A path that has returned reads no name any more, but its caller reads the object.
    gone, merge.gone = merge.gone, (False, False)
    parts = tuple(_entry(merge, x, y, part, keep) for x, y, part in rows)
    merge.gone = gone
    return RecordVal(left.shape, parts)


def _differ(merge: Merge, left: Object, right: Object, name: str) -> Conflict:
    """Objects of different classes, or with different entries, meet."""
    what = f"{kind_of(left)} on one path and {kind_of(right)} on another"
    when = "paths part" if merge.cond is not None else "loop"
    hint = f"give it all its entries before the {when}"
    if left.cls is not right.cls:
        hint = "use one class, which may have a field that tells its objects apart"
    if left.cls is list:
        hint = (
            "a list that grows in a loop holds numbers, arrays, or tuples of these, "
            "all alike: in place of a list put a tuple or np.array(...) into it"
        )
        if isinstance(right, RecordVal) and any(map(_is_list, right.items)):
            hint += ", or make a matrix, np.zeros((n, m)), of which d[i, j] is an item"
    who = shown(name) if name else f"this {left.cls.__name__}"
    lists = _lists(left, right)
    return Conflict(f"{who} is {what}", hint, merge.cond, merge.loop, lists)


def _is_list(value: Binding) -> bool:
    made = isinstance(value, ObjectRef | RecordVal | TupleVal) and value.cls is list
    return made or isinstance(value, ListRef)


def _lists(left: Object, right: Object) -> tuple[tuple[Site, Element], ...]:
    """The displays that are to be lists of unknown length, and of which elements."""
    match left, right:
        case (
            RecordVal(ItemsOf(_, one), items),
            RecordVal(ItemsOf(_, other), more),
        ) if one is not None and other is not None:
            every = (*items, *more)
            element: Element = _common_type(every) or listing.rows_of(every)
            return () if element is None else ((one, element), (other, element))
        case _:
            return ()


def _common_type(items: Sequence[Binding]) -> Type | None:
    """The type of the elements of a list that holds these; None of unlike items."""
    element: Type | None = None
    for item in items:
        match item:
            case Dyn(Const() | Var() as atom, False):
                t = atom.type
            case ArrayRef(_, _, t) if t.ndim > 0:
                pass
            case _:
                return None
        if element is None or listing.matches(element, t):
            element = element or t
            continue
        element = listing.joined(*((element, t) if t != PY_INT else (t, element)))
        if element is None:
            return None
    return element


def mapped(held: Held, change: Callable[[Binding], Binding]) -> Held:
    """What an object holds, with each entry changed."""
    if not isinstance(held, RecordVal):
        return held
    return RecordVal(held.shape, tuple(map(change, held.items)))


def _entry(
    merge: Merge, left: Binding, right: Binding, name: str, keep: bool
) -> Binding:
    if keep and unchanged(left, right):
        merge.kept.append(left)
        return left
    found = merge.both(left, right, name)
    if isinstance(found, Conflict):
        return replace(found, loop=merge.loop)
    return found


def unchanged(left: Binding, right: Binding) -> bool:
    """Whether two bindings are the same: zeros of either sign are not.

    >>> from adcompiler.ir.builder import constant
    >>> unchanged(Dyn(constant(0.0)), Dyn(constant(-0.0)))
    False
    """
    match left, right:
        case Dyn(Const() as a, _), Dyn(Const() as b, _):
            return left.boxed == right.boxed and repr(a) == repr(b)
        case (Dyn(), Dyn()) | (ArrayRef(), ArrayRef()) | (Static(), Static()):
            return left == right
        case TupleVal(xs, c), TupleVal(ys, d) if c is d and len(xs) == len(ys):
            return all(map(unchanged, xs, ys))
        case TextVal(text, xs), TextVal(other, ys):
            return text == other and all(map(unchanged, xs, ys))
        case RecordVal(s, xs), RecordVal(t, ys):
            return s == t and all(map(unchanged, xs, ys))
        case ObjectRef(one, _), ObjectRef(other, _):
            return one is other
        case MaybeNone(one, flag), MaybeNone(other, same):
            return flag == same and unchanged(one, other)
        case _:
            return left is right


def is_strange(
    merge: Merge, binding: Binding, seen: frozenset[Frame] = frozenset()
) -> bool:
    """Whether a function refers to what only one path has made."""
    ctx = merge.ctx
    known = (ctx.values, ctx.outer, ctx.objects)
    inner = {v for end in merge.ends if isinstance(end, Arm) for v in end.defined()}
    if any(not any(loc in held for held in known) for loc in locations(binding)):
        return True
    if not inner.isdisjoint(variables(binding)):
        return True
    frame = binding.frame if isinstance(binding, FunctionVal) else None
    around = {id(f) for _, f in ctx.calls} | {id(ctx.frame)}
    while frame is not None and id(frame) not in around and frame not in seen:
        seen |= {frame}
        if any(is_strange(merge, held, seen) for held in frame.env.values()):
            return True
        frame = frame.closure
    return False


def label(ctx: Context, location: Location) -> str:
    """What an object is called; nothing, if it has no name."""
    return ctx.labels.get(location, "")
