"""Which arguments a derivative inside a function differentiates.

In: a callable that stands for a derivative, and arguments. Out: the arguments by name,
and the names of those that are differentiated, as `frontend.wrt` has them for a call
from Python.
Invariant: what a call from Python would leave alone beside what it differentiates (a
float beside parameters in one container, a frozen parameter) is refused, so that the
gradients have the structure that Python's have.
"""

from __future__ import annotations

import ast

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    FunctionVal,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.interface import Derivative
from adcompiler.frontend.lower import records
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.isolation import as_float, holds_float, parameter_names
from adcompiler.holders import parameters

__all__ = ["NAMED", "callee_of", "wanted"]

NAMED = "give those behind *args names: lambda x, y: f(x, y)"
NAME_THEM = "name those that are differentiated, as in wrt='x'"


def callee_of(derivative: Derivative) -> Binding:
    """The function that is differentiated, as a binding."""
    callee = derivative.function
    return callee if isinstance(callee, Static | FunctionVal) else Static(callee)


def wanted(
    ctx: Context,
    node: ast.AST,
    derivative: Derivative,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> tuple[dict[str, Binding], list[str]]:
    """The arguments by name, and which of them are differentiated."""
    order = parameter_names(ctx, node, callee_of(derivative))
    if len(args) > len(order):
        ctx.refuse(node, f"the function takes {len(order)} arguments", NAMED)
    passed = dict(zip(order, args, strict=False)) | kwargs
    given = {name: records.frozen(ctx, node, value) for name, value in passed.items()}
    if derivative.wrt is None:
        names = _unnamed(ctx, node, [n for n in order if n in given], given)
    else:
        names = [_named(ctx, node, entry, order, given) for entry in derivative.wrt]
    for name in names:
        if False in _trained(ctx, given[name]):
            what = f"'{name}' is or holds a parameter that is frozen"
            ctx.refuse(node, what, "let it be trained: w.requires_grad_()")
    return given, names


def _unnamed(
    ctx: Context, node: ast.AST, names: list[str], given: dict[str, Binding]
) -> list[str]:
    """What is differentiated where nothing is named: the parameters, or all floats."""
    for name in names:
        match given[name]:
            case Static(value) if any(p.requires_grad for p in parameters(value)):
                what = f"'{name}' is a {type(value).__name__} that holds parameters"
                ctx.refuse(node, what, NAME_THEM)
    marks = {name: _trained(ctx, given[name]) for name in names}
    trained = [name for name in names if True in marks[name]]
    for name in trained:
        if None in marks[name]:
            what = f"'{name}' holds parameters, and other floats beside them"
            ctx.refuse(node, what, NAME_THEM)
    chosen = trained or [name for name in names if marks[name]]
    if not chosen:
        what = "nothing can be differentiated: no argument is a float"
        ctx.refuse(node, what, "pass a float, as 2.0 for 2, or name one: wrt='x'")
    return chosen


def _named(
    ctx: Context,
    node: ast.AST,
    entry: str | int,
    order: list[str],
    given: dict[str, Binding],
) -> str:
    """The argument that an entry of `wrt` names, which is made a float."""
    if isinstance(entry, int) and not 0 <= entry < len(order):
        what = f"wrt names {entry}, which is no argument of the function"
        ctx.refuse(node, what, f"its arguments are: {', '.join(order)}")
    name = order[entry] if isinstance(entry, int) else entry
    if name in given:
        given[name] = as_float(ctx, node, given[name])
    if name not in given or not holds_float(given[name]):
        floats = [n for n in order if n in given and holds_float(given[n])]
        what = f"'{name}' is no float argument of the function"
        ctx.refuse(node, what, f"those that are: {', '.join(floats) or 'none'}")
    return name


def _trained(ctx: Context, value: Binding) -> list[bool | None]:
    """Of each float in a value: if it is a parameter, whether it is trained."""
    match value:
        case TupleVal(items) | RecordVal(_, items):
            return [mark for item in items for mark in _trained(ctx, item)]
        case ArrayRef(location, ()) if holds_float(value):
            return [ctx.parameters.get(location)]
        case _:
            return [None] if holds_float(value) else []
