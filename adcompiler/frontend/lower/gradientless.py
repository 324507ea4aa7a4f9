"""`stop_gradient`, and what `with` is for: `no_grad`, `np.errstate`.

In: a call or a `with` block. Out: values that pass no derivative on.
Invariants: under `no_grad` whatever is computed passes none on, and neither does what
is assigned, stored or returned; an array that only gets another name, or of which a
part is taken, is never mistaken for memory of its own.
"""

from __future__ import annotations

import ast

import numpy as np

from adcompiler.frontend import subset
from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower import expressions, statements
from adcompiler.frontend.lower.context import Context
from adcompiler.ir.nodes import Atom, Const, Var
from adcompiler.ir.primitive import PRIMITIVES, Storage
from adcompiler.ir.types import ListOf, Residuals, is_float

# What computes nothing, besides what gives no memory of its own.
_MOVING = frozenset({"list_get", "list_new"})

# What makes a list of an array, or of many times one element.
_LISTING = frozenset({"list_unstack", "list_split", "list_full"})


def stopped(ctx: Context, node: ast.AST, binding: Binding) -> Binding:
    """The value without its derivative. An array is the same memory to Python: after a
    store into the one, the other must not be read."""
    match binding:
        case Dyn(atom, boxed):
            return Dyn(constant_of(ctx, node, atom), boxed)
        case ArrayRef(location, path, t, contiguous) if is_float(t):
            held = ctx.read(binding, node)
            if held in ctx.constants and not path:
                return binding
            found = ctx.fresh_array(constant_of(ctx, node, held), contiguous)
            ctx.entangle(found.location, location)
            return found
        case TupleVal(items, cls, site):
            parts = tuple(stopped(ctx, node, item) for item in items)
            return TupleVal(parts, cls, site)
        case RecordVal(shape, items):
            return RecordVal(shape, tuple(stopped(ctx, node, item) for item in items))
        case _:
            return binding


def constant_of(ctx: Context, node: ast.AST, atom: Atom) -> Atom:
    """A number or an array without its derivative."""
    held = isinstance(atom.type, ListOf | Residuals)
    if isinstance(atom, Const) or held or not is_float(atom.type):
        return atom
    if atom in ctx.constants:
        return atom
    found = ctx.emit(node, "stop_gradient", atom)
    ctx.constants.add(found)
    return found


def muted(ctx: Context, node: ast.AST, atom: Atom) -> Atom:
    """What is stored: without its derivative under `no_grad`."""
    return constant_of(ctx, node, atom) if ctx.frame.muted else atom


def given(
    ctx: Context, node: ast.AST, name: str, operands: tuple[Atom, ...]
) -> tuple[Atom, ...]:
    """What a list is made of under `no_grad`: constants."""
    if name not in _LISTING:
        return operands
    return tuple(constant_of(ctx, node, a) for a in operands)


def computed(
    ctx: Context,
    node: ast.AST,
    name: str,
    results: tuple[Var, ...],
    operands: tuple[Atom, ...],
) -> tuple[Var, ...]:
    """What a primitive gives under `no_grad`: constants."""
    varies = any(isinstance(a, Var) and is_float(a.type) for a in operands)
    moves = name in _MOVING or PRIMITIVES[name].storage is not Storage.NEW
    if not varies or moves:
        return results
    found = tuple(constant_of(ctx, node, r) for r in results)
    return tuple(v for v in found if isinstance(v, Var))


def lower_with(ctx: Context, node: ast.With) -> None:
    """``with ad.no_grad():``; what is computed inside has no derivative. Under
    ``np.errstate`` things are as they are outside."""
    saved = ctx.frame.muted
    muted = saved
    for item in node.items:
        manager = item.context_expr
        callee = manager.func if isinstance(manager, ast.Call) else manager
        binding = expressions.evaluate(ctx, callee)
        value = binding.value if isinstance(binding, Static) else None
        if value is np.errstate:
            _check_quiet(ctx, manager)
        elif getattr(value, "__adcompiler_intrinsic__", None) == "no_grad":
            muted = True
        else:
            ctx.refuse(manager, *subset.WITH)
    before = dict(ctx.frame.env)
    ctx.frame.muted = muted
    try:
        statements.block(ctx, node.body)
    finally:
        ctx.frame.muted = saved
    if muted and not saved:
        _leave(ctx, node, before)


def _leave(ctx: Context, node: ast.With, before: dict[str, Binding]) -> None:
    """The arrays that were given names inside are constants from here on."""
    for name, binding in ctx.frame.env.items():
        if before.get(name) != binding:
            ctx.frame.env[name] = stopped(ctx, node, binding)


def assigned(ctx: Context, node: ast.AST, binding: Binding) -> Binding:
    """What gets a name inside: a number is a constant, an array is the memory it is."""
    match binding:
        case Dyn():
            return stopped(ctx, node, binding)
        case TupleVal(items, cls, site):
            parts = tuple(assigned(ctx, node, item) for item in items)
            return TupleVal(parts, cls, site)
        case _:
            return binding


def _check_quiet(ctx: Context, manager: ast.expr) -> None:
    """Refuse an ``np.errstate`` under which arithmetic raises errors."""
    keywords = manager.keywords if isinstance(manager, ast.Call) else []
    words = [keyword.value for keyword in keywords]
    quiet = all(isinstance(w, ast.Constant) and w.value in _QUIET for w in words)
    if not quiet or (isinstance(manager, ast.Call) and manager.args):
        ctx.refuse(
            manager,
            "np.errstate is supported with 'ignore' and 'warn' only",
            "test beforehand what would raise",
        )


_QUIET = ("ignore", "warn")
