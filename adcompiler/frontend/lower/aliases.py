"""Memory that is other memory on one of two paths: ``y = x if c else x.copy()``.

In: a store into one of them. Out: what the other holds then: the change where the
condition says that they are one, and what it held where they are not.
Invariant: where it is not known what decides, as after loops, there is no answer, and
the store is refused if the other is read afterwards.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

import numpy as np

from adcompiler.frontend.bindings import Binding, Dyn, Location, Step
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.frames import Alias, Arm, Stale
from adcompiler.ir.nodes import Atom, If, Region, fresh_var
from adcompiler.ir.types import join_types

READ_ONLY = (
    "a store through this view is not supported",
    ("store into a copy: y = x.copy()"),
)


class _Undecided(Exception):
    """Raised where it is not known whether two locations are the same memory."""


def follow(
    ctx: Context, node: ast.AST, stored: Location, other: Location, value: Atom
) -> Atom | None:
    """The contents of `other` after `value` was stored as those of `stored`."""
    try:
        return _after(ctx, node, stored, other, value)
    except _Undecided:
        return None


def _after(
    ctx: Context, node: ast.AST, stored: Location, other: Location, value: Atom
) -> Atom:
    """What `other` holds then; of memory that is one of two, that of each is asked."""
    if stored is other:
        return value
    held = ctx.values.get(other)
    if held is None or isinstance(held, Stale):
        raise _Undecided
    if other not in ctx.entangled.get(stored, ()):
        return held
    alias = ctx.aliases.get(stored)
    if alias is not None and _decides(ctx, alias, other):
        return _either(ctx, alias, partial(_through, ctx, node, other, value))
    alias = ctx.aliases.get(other)
    if alias is not None and _decides(ctx, alias, stored):
        return _either(ctx, alias, partial(_seen, ctx, node, stored, value, held))
    raise _Undecided


def _decides(ctx: Context, alias: Alias, location: Location) -> bool:
    """Whether a location may be the same memory by way of one of the two sides, and not
    as what was made of them later, such as a view or a copy by reshaping."""
    return any(
        part is location or location in ctx.entangled.get(part, ())
        for part, _ in alias.parts
    )


def _through(
    ctx: Context,
    node: ast.AST,
    other: Location,
    value: Atom,
    location: Location,
    path: tuple[Step, ...],
) -> Atom:
    """What `other` holds if the store went to a view of this location."""
    if path and (location is other or other in ctx.entangled.get(location, ())):
        base = ctx.values.get(location)
        if base is None or isinstance(base, Stale):
            raise _Undecided
        value = undone(ctx, node, base, path, value)
    return _after(ctx, node, location, other, value)


def _seen(
    ctx: Context,
    node: ast.AST,
    stored: Location,
    value: Atom,
    held: Atom,
    location: Location,
    path: tuple[Step, ...],
) -> Atom:
    """What memory that is a view of this location, and held this, holds then."""
    if location is not stored and stored not in ctx.entangled.get(location, ()):
        return held
    atom = _after(ctx, node, stored, location, value)
    for step in path:
        atom = ctx.step(atom, step, node)
    return atom


def _either(
    ctx: Context, alias: Alias, side: Callable[[Location, tuple[Step, ...]], Atom]
) -> Atom:
    """What each side makes of it, as the condition decides."""
    arms = [ctx.run(partial(_made, side, part)) for part in alias.parts]
    atoms = [_atom(arm) for arm in arms]
    joined = join_types(atoms[0].type, atoms[1].type)
    if joined is None:
        raise _Undecided
    result = fresh_var(joined, getattr(atoms[0], "name", None))
    then, orelse = (
        Region((), tuple(arm.builder.stmts), (atom,))
        for arm, atom in zip(arms, atoms, strict=True)
    )
    span, role = ctx.builder.span, ctx.builder.role
    ctx.builder.append(If((result,), alias.cond, then, orelse, span, role))
    return result


def _made(
    side: Callable[[Location, tuple[Step, ...]], Atom],
    part: tuple[Location, tuple[Step, ...]],
) -> Binding:
    return Dyn(side(*part))


def _atom(arm: Arm) -> Atom:
    assert isinstance(arm.value, Dyn)
    return arm.value.atom


# --- Views undone --------------------------------------------------------------------


def undone(
    ctx: Context, node: ast.AST, base: Atom, path: tuple[Step, ...], changed: Atom
) -> Atom:
    """The array of which the view by a path has changed."""
    bases = [base]
    for step in path[:-1]:
        bases.append(ctx.step(bases[-1], step, node))
    for array, step in zip(reversed(bases), reversed(path), strict=False):
        changed = _undo(ctx, node, array, step, changed)
    return changed


def _undo(ctx: Context, node: ast.AST, base: Atom, step: Step, changed: Atom) -> Atom:
    """The array `base` of which the view by `step` has changed."""
    params = dict(step.params)
    match step.primitive:
        case "load":
            return ctx.emit(node, "store", base, changed, *step.operands, **params)
        case "transpose":
            inverse = tuple(int(k) for k in np.argsort(params["axes"]))
            return ctx.emit(node, "transpose", changed, axes=inverse)
        case "reshape":
            return ctx.emit(node, "reshape_like", changed, base)
        case "expand_dims":
            return ctx.emit(node, "squeeze", changed, axis=params["axis"])
        case "squeeze":
            return ctx.emit(node, "expand_dims", changed, axis=params["axis"])
        case "flip":
            return ctx.emit(node, "flip", changed, axis=params["axis"])
        case _:
            ctx.refuse(node, *READ_ONLY)
