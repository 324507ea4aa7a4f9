"""What a name or an attribute of a module stands for.

In: a name, the frames around it, cells, globals, builtins. Out: a binding.
Invariants: numbers and arrays from outside become captures, read anew at each call;
functions, modules, types, strings and bools are known, and guarded.
"""

from __future__ import annotations

import ast
import builtins
import functools
import math
from collections import OrderedDict, defaultdict
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from adcompiler.errors import UnsupportedError
from adcompiler.frontend import inherited, resolve
from adcompiler.frontend.arguments import describe
from adcompiler.frontend.bindings import (
    UNASSIGNED,
    ArrayRef,
    Binding,
    Conflict,
    Dead,
    Dyn,
    Location,
    MaybeUnbound,
    ObjectRef,
    PartialVal,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.interface import (
    Capture,
    Guard,
    LeafSpec,
)
from adcompiler.frontend.lower import hints
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.frames import Frame
from adcompiler.frontend.lower.operands import known_int
from adcompiler.frontend.reads import (
    Attribute,
    Cell,
    Given,
    Global,
    Item,
    Keys,
    Kind,
    Length,
    Part,
    Read,
    Trained,
)
from adcompiler.frontend.structures import Key, Shape, StreamOf, shape_of
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Const, Var, fresh_var
from adcompiler.ir.types import Array
from adcompiler.parameter import Parameter
from adcompiler.random import Generator

UNBOUND = "cannot access local variable '{}' where it is not associated with a value"
_LIBRARIES = (
    *("numpy", "math", "builtins"),
    *("functools", "itertools", "operator", "_operator", "_functools"),
    *("heapq", "bisect", "_heapq", "_bisect"),
)
MOST = 1000  # items of a sequence from outside


# --- Names ---------------------------------------------------------------------------


def load(ctx: Context, node: ast.AST, name: str) -> Binding:
    """The value of a name, read here."""
    frame: Frame | None = ctx.frame
    while frame is not None:
        if name in frame.cells:
            return _of_cell(ctx, node, name, frame.cells[name])
        if name in frame.locals or name in frame.env:
            return checked(ctx, node, name, frame.env.get(name), frame)
        frame = frame.closure
    captured = ctx.frame.captured
    cells = captured.cells
    if name in cells:
        cell = cells[name]
        try:
            value = cell.cell_contents
        except ValueError:
            ctx.refuse(
                node,
                f"'{name}' has no value yet in the function around",
                f"assign '{name}' before the derivative is taken",
            )
        key = f"cell {id(cell)}"
        return from_outside(ctx, node, value, name, key, Cell(cell))
    scope = captured.globals
    key = f"global {id(scope)} {name}"

    read = Global(scope, name)
    if name in scope:
        return from_outside(ctx, node, scope[name], name, key, read)
    if hasattr(builtins, name):
        if captured.site is None:
            guard(ctx, key, name, read, read())
        return Static(read())
    around = {*ctx.frame.locals, *cells, *scope, *vars(builtins)}
    hint = hints.meant(name, around) or "assign it first, or import it"
    ctx.refuse(node, f"the name '{name}' is not defined", hint)


def _of_cell(ctx: Context, node: ast.AST, name: str, cell: ObjectRef) -> Binding:
    """A name that nested functions assign, too."""
    from adcompiler.frontend.lower import records

    value = records.entries(ctx, node, cell)[name]
    perhaps = isinstance(value, MaybeUnbound) and name not in ctx.frame.cells
    if value == UNASSIGNED or perhaps:
        ctx.refuse(
            node,
            f"'{name}' may have no value here, and a nested function assigns it",
            "assign it before the function is defined",
        )
    return checked(ctx, node, name, value, ctx.frame)


def checked(
    ctx: Context, node: ast.AST, name: str, binding: Binding | None, frame: Frame
) -> Binding:
    """The value of a local name, with the check that it has one."""
    match binding:
        case None:
            ctx.fail(node, "UnboundLocalError", UNBOUND.format(name))
        case MaybeUnbound(value, flag):
            if isinstance(flag, Const) and flag.value:
                return value
            ctx.emit_all(node, "check_bound", flag, name=name)
            # From here on the name is bound.
            if frame.env.get(name) is binding:
                frame.env[name] = value
            return value
        case Conflict():
            site = frame.sites.get(name, node) if frame is ctx.frame else node
            ctx.disagree(site, binding)
        case Dead():
            ctx.refuse(
                node,
                f"'{name}' is read where the compiler took it to be unused",
                "please report this program",
            )
        case _:
            return binding


# --- Values from outside -------------------------------------------------------------


def from_outside(
    ctx: Context,
    node: ast.AST,
    value: Any,
    name: str,
    key: str,
    read: Read,
) -> Binding:
    """The binding of an object that is read from a cell, a global or a default.

    Those of our own library nobody changes.
    """
    if ctx.frame.captured.site is not None:
        number = isinstance(value, int | float)
        return Dyn(constant(value)) if number else Static(value)
    match value:
        case bool() | str() | None:
            guard(ctx, key, name, read, value)
            return Dyn(constant(value)) if isinstance(value, bool) else Static(value)
        case Parameter():
            trained = value.requires_grad
            where = f"{key} trained"
            guard(ctx, where, name, Trained(read), trained)
            return _capture(ctx, node, value, name, key, read)
        case int() | float() | np.number() | np.bool_() | np.ndarray():
            return _capture(ctx, node, value, name, key, read)
        case tuple() | list() if _is_sequence(value):
            return _sequence(ctx, node, value, name, key, read)
        case Generator():
            return stream(ctx, node, value, name, key, read)
        case dict() if (shape := _keys_of(value)) is not None:
            return _record(ctx, node, value, shape, name, key, read)
        case MethodType() | functools.partial():
            return _partial(ctx, node, value, name, key, read)
        case _:
            guard(ctx, key, name, read, value)
            return Static(value)


def stream(
    ctx: Context, node: ast.AST, value: Generator, name: str, key: str, read: Read
) -> RecordVal:
    """A generator from outside: its state is captured, for draws to change."""
    guard(ctx, f"{key} type", name, Kind(read), type(value))
    state = _capture(ctx, node, value.state, name, f"{key} state", Part(read, "state"))
    return RecordVal(StreamOf(), (state,))


def _is_sequence(value: tuple[Any, ...] | list[Any]) -> bool:
    kind = type(value)
    return kind is tuple or hasattr(value, "_fields") or inherited.is_plain(kind, list)


def _sequence(
    ctx: Context,
    node: ast.AST,
    value: tuple[Any, ...] | list[Any],
    name: str,
    key: str,
    read: Read,
) -> Binding:
    """A tuple or list from outside; it has the length that it had."""
    if isinstance(value, tuple):
        check_inherited(ctx, node, type(value))
    if len(value) > MOST:
        ctx.refuse(
            node,
            f"'{name}' is a {type(value).__name__} of {len(value)} items, each of "
            "which would be read by itself",
            "make it an array: np.array(...)",
        )
    guard(ctx, f"{key} type", name, Kind(read), type(value))
    guard(ctx, f"{key} length", name, Length(read), len(value))
    items = tuple(
        _part(ctx, node, item, f"{name}_{k}", f"{key} {k}", Item(read, k))
        for k, item in enumerate(value)
    )
    return TupleVal(items, list if isinstance(value, list) else type(value))


def check_inherited(ctx: Context, node: ast.AST, cls: type) -> None:
    """Refuse a class of tuples that are not iterated over as tuples are."""
    found = inherited.own_method(cls)
    if found is not None:
        what = f"the {found} of the class {cls.__name__} is not followed"
        ctx.refuse(node, what, inherited.advice(cls))


def _keys_of(value: dict[Any, Any]) -> Shape | None:
    """How a dict from outside is put together, which is read alone."""
    kind = type(value)
    plain = kind in (OrderedDict, defaultdict) or inherited.is_plain(kind, dict)
    return shape_of(dict(value) if plain else value)


def _record(
    ctx: Context,
    node: ast.AST,
    value: Any,
    shape: Shape,
    name: str,
    key: str,
    read: Read,
) -> Binding:
    """A dict from outside; it has the keys that it had."""
    guard(ctx, f"{key} type", name, Kind(read), type(value))
    guard(ctx, f"{key} keys", name, Keys(read), shape.names)

    def part(label: Key, held: Any) -> Binding:
        where = f"{key} {label!r}"
        return _part(ctx, node, held, f"{name}_{label}", where, Item(read, label))

    items = zip(shape.names, shape.parts(value), strict=True)
    return RecordVal(shape, tuple(part(label, held) for label, held in items))


def _part(
    ctx: Context,
    node: ast.AST,
    value: Any,
    name: str,
    key: str,
    read: Read,
) -> Binding:
    """What a container from outside holds; an array of other than numbers may never be
    read."""
    if isinstance(value, np.ndarray):
        try:
            describe(value)
        except UnsupportedError:
            guard(ctx, key, name, read, value)
            return Static(value)
    return from_outside(ctx, node, value, name, key, read)


def _partial(
    ctx: Context,
    node: ast.AST,
    value: Any,
    name: str,
    key: str,
    read: Read,
) -> Binding:
    """A bound method, or a function of which some arguments are given."""
    guard(ctx, f"{key} kind", name, Kind(read), type(value))

    def part(label: str, again: Part) -> Binding:
        return from_outside(ctx, node, again(), name, f"{key} {label}", again)

    if isinstance(value, MethodType):
        callee = part("function", Part(read, "__func__"))
        return PartialVal(callee, (part("object", Part(read, "__self__")),), {})
    given = Given(read)
    guard(ctx, f"{key} given", name, given, given())
    args = tuple(part(str(k), Part(read, "args", k)) for k in range(len(value.args)))
    kwargs = {w: part(w, Part(read, "keywords", w)) for w in value.keywords}
    return PartialVal(part("function", Part(read, "func")), args, kwargs)


def _from_library(value: Any) -> bool:
    """Whether the object is NumPy's, Python's or math's own, which nobody replaces."""
    if isinstance(value, ModuleType):
        return value.__name__.partition(".")[0] in _LIBRARIES
    module = getattr(value, "__module__", None) or ""
    known = isinstance(value, type | BuiltinFunctionType | np.ufunc | FunctionType)
    return known and module.partition(".")[0] in _LIBRARIES


def guard(ctx: Context, key: str, name: str, read: Read, value: Any) -> None:
    """What was found must be the same at later calls."""
    ctx.guards.setdefault(key, Guard(f"'{name}'", read, value))


def _capture(
    ctx: Context,
    node: ast.AST,
    value: Any,
    name: str,
    key: str,
    read: Read,
) -> Binding:
    if key in ctx.static_captures:
        guard(ctx, key, name, read, value)
        return Dyn(constant(value))
    if key not in ctx.captures:
        try:
            spec = describe(value, name=f"'{name}'")
        except UnsupportedError as error:
            ctx.refuse(node, error.message, error.hint)
        assert isinstance(spec, LeafSpec)
        var = fresh_var(spec.type, name)
        ctx.captures[key] = (
            Capture(name, read, spec),
            _bind(ctx, var, spec, name, key),
        )
    return ctx.captures[key][1]


def _bind(ctx: Context, var: Var, spec: LeafSpec, name: str, key: str) -> Binding:
    if isinstance(var.type, Array):
        location = Location.of(spec, captured=name)
        ctx.outer[location] = ctx.capture_vars[key] = var
        if spec.trained is not None:
            ctx.parameters[location] = spec.trained
        return ArrayRef(location, (), var.type, spec.contiguous)
    ctx.origins.given(var, key)
    ctx.capture_vars[key] = var
    return Dyn(var)


def attribute(ctx: Context, node: ast.AST, owner: Any, name: str) -> Binding:
    """An attribute of a module or another object known while compiling."""
    if owner is math or owner is np or _from_library(owner):
        value = getattr(owner, name, None)
        if isinstance(value, bool | int | float):
            return Dyn(constant(value))
        if value is None and name != "newaxis":
            shown = getattr(owner, "__name__", "this")
            ctx.refuse(
                node, f"{shown}.{name} does not exist", hints.present(owner, name)
            )
        return Static(value)
    from adcompiler.frontend.lower import objects

    if isinstance(owner, ModuleType | type):
        if not hasattr(owner, name):
            what = f"{owner.__name__}.{name} does not exist"
            ctx.refuse(node, what, hints.present(owner, name))
        if isinstance(owner, type):
            return objects.class_attribute(ctx, node, owner, name)
        key = f"attribute {id(owner)} {name}"
        value = getattr(owner, name)
        return from_outside(ctx, node, value, name, key, Attribute(owner, name))
    if objects.is_object(owner):
        return objects.attribute(ctx, node, owner, name)
    if resolve.is_distribution(owner) and callable(getattr(owner, name, None)):
        return Static(getattr(owner, name))
    if isinstance(owner, np.finfo | np.iinfo | np.dtype) and hasattr(owner, name):
        value = getattr(owner, name)
        number = isinstance(value, int | float | np.number)
        return Dyn(constant(value)) if number else Static(value)
    ctx.refuse(
        node,
        f"attributes of a {type(owner).__name__} are not supported yet",
        hints.of_object(owner, name),
    )


# --- Integers that must be known -----------------------------------------------------


def static_int(ctx: Context, node: ast.AST, binding: Binding, what: str) -> int:
    """The value of an integer that must be known while compiling.

    Where it is a parameter, a capture or the index of a loop, or computed from them,
    lowering starts again with that one known.
    """
    value = int_or_restart(ctx, binding, what)
    if value is not None:
        return value
    ctx.refuse(
        node,
        f"{what} must be known while compiling",
        "write the number, pass it as an argument, or loop over a range",
    )


def int_or_restart(ctx: Context, binding: Binding, what: str) -> int | None:
    """The value of an integer, if it is known or may be made known."""
    value = known_int(binding)
    atom = binding.atom if isinstance(binding, Dyn) else None
    if value is not None or not isinstance(atom, Var):
        return value
    ctx.origins.require(atom, what)
    return None
