"""Python's built-in functions.

In: calls. Out: what Python gives: evaluated where it is known, else primitives.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    IterVal,
    ListRef,
    ObjectRef,
    RangeVal,
    RecordVal,
    SliceVal,
    Static,
    TextVal,
    TupleVal,
)
from adcompiler.frontend.lower import (
    classes,
    comparisons,
    comprehensions,
    counted,
    iteration,
    lengths,
    listing,
    messages,
    mixtures,
    operators,
    overloads,
    records,
    sorting,
    staging,
    texts,
    totals,
)
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.numbers import carried, is_float64
from adcompiler.frontend.lower.operands import describe, fold, in_order
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, Var
from adcompiler.ir.types import Array, Scalar, result_dtype
from adcompiler.library import collected, iterating
from adcompiler.library import lists as library

_PYTHON = {float: "float64", int: "int64", bool: "bool"}


def absolute(call: Call) -> Binding:
    """``abs(x)``."""
    (x,) = call.bind("x")
    given = overloads.call(call.ctx, call.node, x, "__abs__")
    if given is not None:
        return given
    atom = call.atom(x)
    known = fold(abs, atom)
    if known is not None:
        return Dyn(known)
    return call.ctx.wrap(call.emit("absolute", atom), in_order(x))


def extreme(name: str, python: Any) -> Handler:
    """``min(a, b)``, ``min((a, b))``, ``max`` alike."""

    def handle(call: Call) -> Binding:
        if call.kwargs:
            return _chosen(call, name)
        values = [comprehensions.used_up(call.ctx, call.node, x) for x in call.args]
        if len(values) == 1:
            (only,) = values
            if listing.is_rows(only):
                least = collected.Rows.least
                of_rows = least if name == "minimum" else collected.Rows.greatest
                return listing.of_them(call.ctx, call.node, only, of_rows)
            if isinstance(only, ListRef):
                which_of = library.greatest if name == "maximum" else library.least
                return listing.call(call.ctx, call.node, which_of, only)
            if isinstance(only, ArrayRef):
                return _element(call, name, only)
            values = _items(call, only)
        if not call.args:
            what = f"{call.name} takes an argument at least"
            call.refuse(what, f"say of what it is: {call.name}(a, b)")
        if not values:
            message = library.NO_LEAST if name == "minimum" else library.NO_GREATEST
            call.ctx.fail(call.node, "ValueError", message)
        if any(isinstance(v, TupleVal) or overloads.is_object(v) for v in values):
            of = iterating.greatest_in if name == "maximum" else iterating.least_in
            return listing.call(call.ctx, call.node, of, TupleVal(tuple(values)))
        atoms = [call.atom(value) for value in values]
        result = atoms[0]
        for atom in atoms[1:]:
            result = _two(call, name, python, result, atom)
        return Dyn(result)

    return handle


def _element(call: Call, name: str, x: ArrayRef, *default: Binding) -> Binding:
    """The first of the least or greatest elements of an array."""
    if x.type.ndim == 0:
        call.ctx.fail(call.node, "TypeError", "iteration over a 0-d array")
    if x.type.ndim > 1:
        what = f"{call.name} compares the rows of an array of rank {x.type.ndim}"
        call.refuse(what, f"of all elements: np.{call.name}({call.written(0)})")
    of = iterating.greatest_element if name == "maximum" else iterating.least_element
    return listing.call(call.ctx, call.node, of, x, *default)


def _items(call: Call, x: Binding) -> list[Binding]:
    """The items of what the least or the greatest is taken of."""
    items = iteration.known_items(call.ctx, call.node, x)
    if items is None:
        # Refuses what has no items.
        counted.source(call.ctx, call.node, x)
        what = f"{call.name} of {describe(x)} of unknown length"
        call.refuse(what, f"make a list of it first: list({call.written(0)})")
    return items


def _chosen(call: Call, name: str) -> Binding:
    """``min(x, key=f, default=v)``."""
    key, default = (call.kwargs.get(word) for word in ("key", "default"))
    if set(call.kwargs) - {"key", "default"}:
        call.bind("iterable")
    least = name == "minimum"
    items = call.args[0] if len(call.args) == 1 else TupleVal(tuple(call.args))
    given = [part for part in (default,) if part is not None]
    if isinstance(items, IterVal) and key is not None and key != NONE:
        count = _counted(call, items)
        if count is not None:
            of = iterating.least_of if least else iterating.greatest_of
            return listing.call(call.ctx, call.node, of, items, count, key, *given)
    items = comprehensions.used_up(call.ctx, call.node, items)
    if isinstance(items, ObjectRef | RecordVal) and items.cls is not list:
        items = TupleVal(tuple(_items(call, items)))
    if key is None or key == NONE:
        if isinstance(items, ArrayRef):
            return _element(call, name, items, *given)
        by = iterating.least_or if least else iterating.greatest_or
        return listing.call(call.ctx, call.node, by, items, *given)
    by = iterating.least_by if least else iterating.greatest_by
    return listing.call(call.ctx, call.node, by, items, key, *given)


def _counted(call: Call, items: IterVal) -> Dyn | None:
    """How many items an iterator gives, where that is known at run time."""
    _, stages = staging.staged(call.ctx, items)
    filters = any(stage.filters for stage in stages)
    if filters or iteration.known(call.ctx, call.node, items) is not None:
        return None
    iteration.taken(call.ctx, call.node, items)
    of = counted.source(call.ctx, call.node, items)
    return Dyn(counted.count(call.ctx, call.node, of))


def _two(call: Call, name: str, python: Any, a: Atom, b: Atom) -> Atom:
    if isinstance(a.type, Array) or isinstance(b.type, Array):
        call.refuse(f"{call.name} takes numbers, not arrays", f"use np.{name}(a, b)")
    known = fold(python, a, b)
    if known is not None:
        return known
    for one, other in ((a, b), (b, a)):
        # max(0, x) of a float x gives 0, whose value is that of 0.0.
        if isinstance(one, Const) and type(one.value) is int and is_float64(other.type):
            as_float = constant(float(one.value))
            a, b = (as_float, b) if one is a else (a, as_float)
            break
    return _either(call, name, a, b)


def _either(call: Call, name: str, a: Atom, b: Atom) -> Atom:
    """The greater or lesser of two numbers, as it is: of the one type or the other."""
    mixed = call.ctx.mixed
    types = mixtures.joined(mixed, a, b)
    if types is None or len({t.dtype for t in types}) == 1:
        return call.emit(name, a, b, via="builtin")
    soft = _softened(call, a, b) or _softened(call, b, a)
    t = soft or _single(a, b) or _single(b, a)
    if t is None:
        t = mixtures.carrier(types)
        if not _in_one_precision(call, a, b, t):
            return _compared(call, name, a, b, t)
    a, b = (carried(call.ctx, x, t, call.node) for x in (a, b))
    result = call.ctx.emit(call.node, name, a, b, via="builtin")
    if soft is None:
        call.ctx.mixed[result] = types
    return result


def _compared(call: Call, name: str, a: Atom, b: Atom, t: Scalar) -> Atom:
    """``b if b > a else a``: float32 beside a Python float is compared in single
    precision, and either is given as it is."""
    types = mixtures.joined(call.ctx.mixed, a, b)
    assert types is not None
    cond = call.emit("greater" if name == "maximum" else "less", b, a)
    a, b = (carried(call.ctx, x, t, call.node) for x in (a, b))
    result = call.ctx.emit(call.node, "where", cond, b, a, via="builtin")
    call.ctx.mixed[result] = types
    return result


def _softened(call: Call, one: Atom, other: Atom) -> Scalar | None:
    """float32, if that is what a number may yet turn out to be that a loop starts with:
    it is assumed, and the loop lowered again."""
    roots = call.ctx.soft.get(one) if isinstance(one, Var) else None
    if not roots or other.type != mixtures.NP_SINGLE:
        return None
    call.ctx.softened |= roots
    return mixtures.NP_SINGLE


def _in_one_precision(call: Call, a: Atom, b: Atom, t: Scalar) -> bool:
    """Whether what is compared is what the carrier holds."""
    mixed = call.ctx.mixed
    pairs = itertools.product(*(mixtures.types_of(mixed, x) for x in (a, b)))
    return all(result_dtype(*pair) in (t.dtype, "int64") for pair in pairs)


def _single(one: Atom, other: Atom) -> Scalar | None:
    """float32, if the other is held in it and it holds the one, a constant, exactly:
    then they compare alike in every precision."""
    t = other.type
    if not isinstance(one, Const) or not isinstance(t, Scalar) or t.dtype != "float32":
        return None
    return t if float(np.float32(one.value)) == one.value else None


def length(call: Call) -> Binding:
    """``len(x)``."""
    (x,) = call.bind("x")
    match x:
        case TupleVal(items):
            found = overloads.call(call.ctx, call.node, x, "__len__")
            return found or Dyn(constant(len(items)))
        case ObjectRef() | RecordVal() if x.cls in (dict, list):
            return Dyn(constant(len(records.entries(call.ctx, call.node, x))))
        case IterVal("keys" | "values" | "items", (owner,)):
            return length(replace(call, args=[owner]))
        case ListRef():
            return listing.length(call.ctx, call.node, x)
        case Static(str() as text):
            return Dyn(constant(len(text)))
        case TextVal():
            known = messages.settled(call.ctx, call.node, x)
            return length(replace(call, args=[known]))
        case ArrayRef(_, _, t) if t.ndim > 0:
            return lengths.axis_length(call.ctx, call.node, x, 0)
        case RangeVal():
            of = counted.source(call.ctx, call.node, x)
            return Dyn(counted.count(call.ctx, call.node, of))
        case _:
            found = overloads.call(call.ctx, call.node, x, "__len__")
            if found is None:
                call.refuse(f"{describe(x)} has no length", _measured(x))
            return found


def _measured(x: Binding) -> str:
    """What to write instead of the length of what has none."""
    match x:
        case Dyn() | ArrayRef():
            return "a number is one item: write (x,), or count by np.size(x)"
        case IterVal():
            return "make a list of it first: list(...)"
        case ObjectRef() | RecordVal():
            return f"give the class {x.cls.__name__} a __len__"
        case Static(None):
            return "give it a value first, or decide by 'is None'"
        case _:
            return "count the items of a tuple, a list, a dict or an array"


def power(call: Call) -> Binding:
    """``pow(a, b)``."""
    a, b = call.bind("base", "exp")
    return operators.binary(call.ctx, call.node, ast.Pow(), a, b)


def rounded(call: Call) -> Binding:
    """``round(x)`` gives an int, ``round(x, n)`` a float."""
    x, digits = call.bind("number", ndigits=None)
    atom = call.atom(x)
    if digits == NONE:
        known = fold(round, atom)
        if known is not None:
            return Dyn(known)
        return call.result("round", atom, decimals=None)
    count = call.integer(digits, "the number of digits")
    return call.result("round", atom, decimals=count)


def both(call: Call) -> Binding:
    """``divmod(a, b)``."""
    a, b = call.bind("x", "y")
    quotient = operators.binary(call.ctx, call.node, ast.FloorDiv(), a, b)
    remainder = operators.binary(call.ctx, call.node, ast.Mod(), a, b)
    return TupleVal((quotient, remainder))


def conversion(python: type) -> Handler:
    """``float(x)``, ``int(x)``, ``bool(x)``."""

    def handle(call: Call) -> Binding:
        if not call.args:
            return Dyn(constant(python()))
        (x,) = call.bind("x")
        if python is bool:
            flag = comparisons.truth(call.ctx, call.node, x)
            t = flag.type
            if isinstance(t, Scalar) and t.kind == "python":
                return Dyn(flag)
            return call.result("cast", flag, dtype="bool", via="builtin")
        if isinstance(x, Static) and isinstance(x.value, str):
            return Dyn(constant(python(x.value)))
        atom = call.atom(x)
        known = _converted(python, atom)
        if known is not None:
            return Dyn(known)
        t = atom.type
        same = isinstance(t, Scalar) and (t.dtype, t.kind) == (
            _PYTHON[python],
            "python",
        )
        if same and atom not in call.ctx.mixed and atom not in call.ctx.classes:
            return Dyn(atom)
        return call.result("cast", atom, dtype=_PYTHON[python], via="builtin")

    return handle


def _converted(python: type, atom: Atom) -> Const | None:
    if not isinstance(atom, Const):
        return None
    try:
        return constant(python(atom.value))
    except (ValueError, OverflowError):
        return None


def ranged(call: Call) -> Binding:
    """``range(stop)``, ``range(start, stop, step)``."""
    parts = []
    for arg in call.args:
        atom = lengths.whole(call.ctx, call.node, call.atom(arg))
        match atom.type:
            case Scalar(dtype="int64"):
                pass
            case Scalar(dtype="bool", kind="python"):
                known = _converted(int, atom)
                as_int = {"dtype": "int64", "via": "builtin"}
                atom = call.emit("cast", atom, **as_int) if known is None else known
            case _:
                call.refuse("range takes integers", "convert it: int(n)")
        parts.append(Dyn(atom))
    zero, one = Dyn(constant(0)), Dyn(constant(1))
    match parts:
        case [stop]:
            return RangeVal(zero, stop, one)
        case [start, stop]:
            return RangeVal(start, stop, one)
        case [start, stop, step]:
            return RangeVal(start, stop, step)
        case _:
            what = "range takes one to three integers"
            call.refuse(what, "write range(stop), or range(start, stop, step)")


def as_tuple(call: Call) -> Binding:
    """``tuple(x)`` of what has a known length."""
    if not call.args:
        return TupleVal(())
    (x,) = call.bind("iterable")
    whole = x if isinstance(x, ListRef | ArrayRef) else "a list"
    what = whole if isinstance(whole, str) else describe(whole)
    what = f"a tuple of {what} of unknown length is not supported"
    hint = f"use a list: {_as_list(call, x)}"
    iteration.require_known(call.ctx, call.node, x, what, hint)
    x = comprehensions.used_up(call.ctx, call.node, x)
    items = iteration.known_items(call.ctx, call.node, x)
    if items is None:
        counted.source(call.ctx, call.node, x)  # refuses what has no items
        call.refuse(what, hint)
    return TupleVal(tuple(items))


def _as_list(call: Call, x: Binding) -> str:
    """How a list is written of the only argument."""
    match call.node:
        case ast.Call(args=[ast.GeneratorExp(item, parts)]):
            return ast.unparse(ast.ListComp(item, parts))
        case ast.Call(args=[ast.ListComp() | ast.Name()]) if isinstance(x, ListRef):
            return call.written(0)
        case _:
            return f"list({call.written(0)})"


def as_list(call: Call) -> Binding:
    """``list(x)``."""
    if not call.args:
        return listing.display(call.ctx, call.node, ())
    (x,) = call.bind("iterable")
    if isinstance(x, ListRef):
        return listing.copied(call.ctx, call.node, x)
    items = iteration.known_items(call.ctx, call.node, x)
    if items is not None and len(items) <= iteration.MOST_TRIPS:
        return listing.display(call.ctx, call.node, items)
    if isinstance(x, ArrayRef) and x.type.ndim:
        return listing.unstacked(call.ctx, call.node, x)
    return listing.call(call.ctx, call.node, library.copied, x)


def slice_of(call: Call) -> Binding:
    """``slice(stop)``, ``slice(start, stop, step)``."""
    given = [None, *call.args] if len(call.args) == 1 else list(call.args)
    parts = [part for part in (*given, None, None)[:3] if _is_bound(part)]
    if call.kwargs or len(parts) < 3 or not 1 <= len(call.args) <= 3:
        what = "slice takes one to three integers or None, without names"
        call.refuse(what, "write slice(start, stop, step), None for what is left out")
    start, stop, step = (p if isinstance(p, Dyn) else None for p in parts)
    return SliceVal(start, stop, step)


def _is_bound(part: Binding | None) -> bool:
    return part is None or part == NONE or isinstance(part, Dyn)


FUNCTIONS: dict[Hashable, Handler] = {
    abs: absolute,
    min: extreme("minimum", min),
    max: extreme("maximum", max),
    sum: totals.total,
    len: length,
    pow: power,
    round: rounded,
    divmod: both,
    float: conversion(float),
    int: conversion(int),
    bool: conversion(bool),
    str: messages.text,
    range: ranged,
    tuple: as_tuple,
    list: as_list,
    sorted: sorting.in_sequence,
    slice: slice_of,
    isinstance: classes.is_instance,
    callable: classes.is_callable,
    dict: records.make_dict,
    dict.fromkeys: records.of_keys,
    **texts.FUNCTIONS,
}
