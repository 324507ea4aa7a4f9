"""Dicts and objects of known structure: what is read from them and stored into them.

In: a `RecordVal` or an `ObjectRef`, and a key or name. Out: the binding of an entry, or
the changed state.
Invariants: what the program made is an `ObjectRef`, and a store changes what its memory
holds, for all of its names. Where paths may have made one object or another, the other
is stale after a store. What comes from outside is never stored into.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from adcompiler.frontend.bindings import (
    NONE,
    Binding,
    Conflict,
    Dyn,
    IterVal,
    Location,
    ObjectRef,
    RecordVal,
    Static,
    TextVal,
    TupleVal,
)
from adcompiler.frontend.lower import (
    comparisons,
    gradientless,
    iteration,
    names,
    overloads,
    statements,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.hints import NEW
from adcompiler.frontend.structures import DictOf, Key, Shape, is_key, named_part
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import Scalar
from adcompiler.library import collected

Object = ObjectRef | RecordVal


def new_dict(ctx: Context, node: ast.AST, held: dict[Key, Binding]) -> ObjectRef:
    """A dict that is made here."""
    items = tuple(silenced(ctx, node, item) for item in held.values())
    return ctx.new_object(RecordVal(DictOf(tuple(held)), items))


def silenced(ctx: Context, node: ast.AST, value: Binding) -> Binding:
    """What is stored: without its derivative under `no_grad`."""
    return gradientless.stopped(ctx, node, value) if ctx.frame.muted else value


def contents(ctx: Context, node: ast.AST, owner: Object) -> RecordVal:
    """What a dict or an object holds now."""
    held = ctx.record(owner, node)
    assert held is not None
    return held


def entries(ctx: Context, node: ast.AST, owner: Object) -> dict[Key, Binding]:
    """The entries by name."""
    held = contents(ctx, node, owner)
    return dict(zip(held.shape.names, held.items, strict=True))


def key_of(ctx: Context, node: ast.AST, binding: Binding) -> Key:
    """A key, which is known while compiling."""
    match binding:
        case Static(str() | Enum() as known):
            return known
        case TupleVal(items, cls) if cls is tuple:
            return tuple(key_of(ctx, node, item) for item in items)
        case Dyn(Const(int() as value)) if is_key(value):
            return value
        case Dyn(Const(value)):
            ctx.refuse(node, f"{value!r} is no key here", "use strings or ints as keys")
        case TextVal():
            from adcompiler.frontend.lower import messages

            return key_of(ctx, node, messages.settled(ctx, node, binding))
        case _:
            return names.static_int(ctx, node, binding, "the key of a dict")


def item(ctx: Context, node: ast.AST, owner: Object, index: Binding) -> Binding:
    """``d["k"]``."""
    require_dict(ctx, node, owner)
    return entry(ctx, node, owner, key_of(ctx, node, index))


def require_dict(ctx: Context, node: ast.AST, owner: Object) -> None:
    """Refuse to subscript another object, whose class does not say how."""
    if owner.cls not in (dict, list):
        name = owner.cls.__name__
        hint = f"read an attribute, or give the class {name} a __getitem__"
        ctx.refuse(node, f"an object of the class {name} cannot be subscripted", hint)


def entry(ctx: Context, node: ast.AST, owner: Object, key: Key) -> Binding:
    """The entry of a dict, which must have it."""
    found = entries(ctx, node, owner)
    if key not in found:
        ctx.refuse(
            node,
            f"the dict has no key {key!r}",
            f"its keys are {', '.join(map(repr, found)) or 'none'}",
        )
    return checked(ctx, node, found[key])


def checked(ctx: Context, node: ast.AST, binding: Binding) -> Binding:
    """An entry that is read here: refused where paths disagree on it."""
    if isinstance(binding, Conflict):
        ctx.disagree(node, binding)
    return binding


def truth(ctx: Context, node: ast.AST, owner: Object | TupleVal) -> Atom:
    """Whether an object counts as true: a container does unless it is empty."""
    if not isinstance(owner, TupleVal) and owner.cls in (dict, list):
        return constant(len(entries(ctx, node, owner)) > 0)
    for name in ("__bool__", "__len__"):
        found = overloads.call(ctx, node, owner, name)
        t = found.atom.type if isinstance(found, Dyn) else None
        if isinstance(found, Dyn) and isinstance(t, Scalar) and t.kind == "python":
            return comparisons.truth(ctx, node, found)
        written = hasattr(owner.cls, name) and not isinstance(owner, TupleVal)
        if found is not None or written:
            what = f"{owner.cls.__name__}.{name} is not followed"
            ctx.refuse(node, what, "test an attribute: if p.x > 0")
    return constant(not isinstance(owner, TupleVal) or len(owner.items) > 0)


# --- Records as values ---------------------------------------------------------------


def frozen(
    ctx: Context, node: ast.AST, binding: Binding, around: tuple[Location, ...] = ()
) -> Binding:
    """The value as it is now: with the records of objects in their place."""
    match binding:
        case ObjectRef(location):
            if location in around:
                ctx.refuse(
                    node,
                    "an object that holds itself is not supported here",
                    "pass or return its numbers and arrays, without the way back",
                )
            held = contents(ctx, node, binding)
            value = frozen(ctx, node, held, (*around, location))
            if binding.cls is list and isinstance(value, RecordVal):
                return TupleVal(value.items, list)
            return value
        case RecordVal(shape, items):
            return RecordVal(shape, _frozen_items(ctx, node, items, around))
        case TupleVal(items, cls, site):
            return TupleVal(_frozen_items(ctx, node, items, around), cls, site)
        case _:
            return checked(ctx, node, binding)


def _frozen_items(
    ctx: Context,
    node: ast.AST,
    items: tuple[Binding, ...],
    around: tuple[Location, ...],
) -> tuple[Binding, ...]:
    return tuple(frozen(ctx, node, item, around) for item in items)


def thawed(ctx: Context, binding: Binding) -> Binding:
    """The value with each record an object of the program's own."""
    match binding:
        case RecordVal(shape, items):
            parts = tuple(thawed(ctx, item) for item in items)
            return ctx.new_object(RecordVal(shape, parts))
        case TupleVal(items, cls, site):
            return TupleVal(tuple(thawed(ctx, item) for item in items), cls, site)
        case _:
            return binding


def mirrored(
    ctx: Context, node: ast.AST, shape: Shape, given: Binding, what: str
) -> tuple[Binding, ...]:
    """The entries of a tangent or cotangent, which is like what has this shape."""
    if isinstance(given, TupleVal) and len(given.items) == len(shape.names):
        return given.items
    if isinstance(given, RecordVal) and given.cls is shape.cls:
        held = entries(ctx, node, given)
        if held.keys() == set(shape.names):
            return tuple(held[name] for name in shape.names)
    names_ = ", ".join(map(repr, shape.names))
    parts = (f"{name!r}: ..." for name in shape.names)
    written = f"{{{', '.join(parts)}}}"
    if shape.cls is not dict:
        written = f"{shape.__name__}({', '.join(f'{n}=...' for n in shape.names)})"
    what = f"{what} is a {shape.__name__} of {names_}, or None"
    ctx.refuse(node, what, f"write {written}, None for what has none")


# --- Stores --------------------------------------------------------------------------


def store(ctx: Context, node: ast.AST, owner: Object, key: Key, value: Binding) -> None:
    """Change an entry, or add one."""
    value = silenced(ctx, node, value)
    if isinstance(owner, ObjectRef):
        around = ctx.labels.get(owner.location, "")
        name = named_part(around, key).strip("_")
        if name.isidentifier() and not keyword.iskeyword(name):
            value = statements.named(ctx, name, value, node)
    put(ctx, node, owner, {**entries(ctx, node, owner), key: value})


def put(ctx: Context, node: ast.AST, owner: Object, held: dict[Key, Binding]) -> None:
    """Let an object hold these entries."""
    if not isinstance(owner, ObjectRef) or owner.location.captured:
        what = f"this {owner.cls.__name__}"
        ctx.refuse(node, f"{what} comes from outside, and cannot be changed", NEW)
    record = contents(ctx, node, owner)
    shape = record.shape.renamed(tuple(held))
    ctx.objects[owner.location] = RecordVal(shape, tuple(held.values()))
    for other in ctx.entangled.get(owner.location, ()):
        if other in ctx.objects:
            ctx.objects[other] = ctx.stale(node)


# --- Methods of dicts ----------------------------------------------------------------


def _self(call: Call, *more: str, **optional: Binding) -> tuple[Object, list[Binding]]:
    owner, *args = call.bind("self", *more, **optional)
    assert isinstance(owner, ObjectRef | RecordVal)
    return owner, args


def _get(call: Call) -> Binding:
    """``d.get(key, default)``."""
    owner, (key, default) = _self(call, "key", default=NONE)
    held = entries(call.ctx, call.node, owner)
    value = held.get(key_of(call.ctx, call.node, key), default)
    return checked(call.ctx, call.node, value)


def _view(kind: str) -> Handler:
    """``d.keys()``, ``d.values()``, ``d.items()``: read as they are gone through."""

    def view(call: Call) -> Binding:
        owner, _ = _self(call)
        return IterVal(kind, (owner,))

    return view


def _copy(call: Call) -> Binding:
    owner, _ = _self(call)
    return new_dict(call.ctx, call.node, entries(call.ctx, call.node, owner))


def _update(call: Call) -> Binding:
    """``d.update(other, a=1)``."""
    owner, *given = call.args
    assert isinstance(owner, ObjectRef | RecordVal)
    more = dictionary(replace(call, args=given))
    for key, value in more.items():
        store(call.ctx, call.node, owner, key, value)
    return NONE


def _pop(call: Call) -> Binding:
    """``d.pop(key, default)``."""
    missing = Static("<missing>")
    owner, (key, default) = _self(call, "key", default=missing)
    held = entries(call.ctx, call.node, owner)
    name = key_of(call.ctx, call.node, key)
    if name not in held and default is not missing:
        return default
    value = entry(call.ctx, call.node, owner, name)
    del held[name]
    put(call.ctx, call.node, owner, held)
    return value


def _setdefault(call: Call) -> Binding:
    """``d.setdefault(key, default)``."""
    owner, (key, default) = _self(call, "key", default=NONE)
    name = key_of(call.ctx, call.node, key)
    if name not in entries(call.ctx, call.node, owner):
        store(call.ctx, call.node, owner, name, default)
    return entry(call.ctx, call.node, owner, name)


METHODS: dict[str, Handler] = {
    "get": _get,
    "keys": _view("keys"),
    "values": _view("values"),
    "items": _view("items"),
    "copy": _copy,
    "update": _update,
    "pop": _pop,
    "setdefault": _setdefault,
}


# --- Making dicts --------------------------------------------------------------------


def make_dict(call: Call) -> Binding:
    """``dict(other, a=1)``."""
    return new_dict(call.ctx, call.node, dictionary(call))


def of_keys(call: Call) -> Binding:
    """``dict.fromkeys(keys, value)``."""
    keys, value = call.bind("iterable", value=NONE)
    found = iteration.known_items(call.ctx, call.node, keys)
    if found is None:
        call.refuse("the keys of a dict are known", "write them out: ('a', 'b')")
    iteration.taken(call.ctx, call.node, keys)
    held = {key_of(call.ctx, call.node, key): value for key in found}
    return new_dict(call.ctx, call.node, held)


def dictionary(call: Call) -> dict[Key, Binding]:
    """What ``dict(...)`` of these arguments holds."""
    ctx, node = call.ctx, call.node
    found: dict[Key, Binding] = {}
    if len(call.args) > 1:
        what = f"{call.name} takes one dict, or pairs, and keywords"
        call.refuse(what, "join dicts by {**a, **b}")
    for arg in (plain(ctx, node, given) for given in call.args):
        if isinstance(arg, ObjectRef | RecordVal) and arg.cls is dict:
            found.update(entries(ctx, node, arg))
            continue
        pairs = iteration.known_items(ctx, node, arg)
        for pair in [arg] if pairs is None else pairs:
            if not isinstance(pair, TupleVal) or len(pair.items) != 2:
                what = f"{call.name} takes a dict, or pairs of known keys and values"
                call.refuse(what, "write the keys out: {'a': x[0], 'b': x[1]}")
            found[key_of(ctx, node, pair.items[0])] = pair.items[1]
    found.update(call.kwargs)
    return found


def display(
    ctx: Context,
    node: ast.Dict,
    evaluate: Callable[[Context, ast.expr], Binding],
) -> Binding:
    """``{"a": x, **d}``."""
    found: dict[Key, Binding] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            found.update(mapping(ctx, value, evaluate(ctx, value)))
        else:
            name = key_of(ctx, key, evaluate(ctx, key))
            found[name] = evaluate(ctx, value)
    return new_dict(ctx, node, found)


def plain(ctx: Context, node: ast.AST, binding: Binding) -> Binding:
    """The dict that a `defaultdict` or its like adds to; anything else as it is."""
    if isinstance(binding, ObjectRef) and issubclass(binding.cls, collected.Dict):
        return entries(ctx, node, binding)["_held"]
    return binding


def mapping(ctx: Context, node: ast.AST, binding: Binding) -> dict[Key, Binding]:
    """The entries of what stands behind ``**``."""
    binding = plain(ctx, node, binding)
    if not isinstance(binding, ObjectRef | RecordVal) or binding.cls is not dict:
        what = "'**' spreads a dict whose keys are known"
        ctx.refuse(node, what, "name each argument: f(a=v[0], b=v[1])")
    return entries(ctx, node, binding)
