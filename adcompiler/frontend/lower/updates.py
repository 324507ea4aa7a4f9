"""In-place updates of arrays: ``x += v``, ``x[i] += v``, ``np.add.at(x, i, v)``.

In: the statement, the array and the value. Out: the array's location has a new value.
Invariants: the left side is read before the value is computed, as Python does, unless
it is a view; what can be added in place is; NumPy's refusals to cast are ours.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

import numpy as np

from adcompiler.frontend.bindings import ArrayRef, Binding, Step
from adcompiler.frontend.lower import arrays, gradientless, operators
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.operands import atom_of
from adcompiler.ir.nodes import Atom
from adcompiler.ir.types import Array, Scalar, is_float, result_dtype


def update(ctx: Context, node: ast.AugAssign, ref: ArrayRef, value: Binding) -> None:
    """``ref += value`` on a whole array or view: in place, of the same dtype."""
    value = arrays.listed(ctx, node, value)
    atom = atom_of(ctx, node, value)
    ctx.read(ref, node)
    check_cast(ctx, node, ref.type, atom, node.op)
    result = operators.binary(ctx, node, node.op, ref, value)
    new = atom_of(ctx, node, result)
    arrays.fill(ctx, node, ref, new)


@dataclass(frozen=True, slots=True)
class Item:
    """A part to update, and the array that it is read from if it is no view: as it is
    before the new value is computed, which may change it."""

    base: ArrayRef
    access: arrays.Access
    held: Atom | None


def item_to_update(
    ctx: Context, node: ast.AugAssign, ref: ArrayRef, index: Binding
) -> Item:
    """The left side of ``ref[index] += value``, which Python reads first."""
    base, access = arrays.composed(ref, arrays.access_of(ctx, node, ref, index))
    if not access.scalar and not access.advanced:
        return Item(base, access, None)  # a view, of what there is after the value
    held = ctx.read(base, node)
    if not _is_additive(node):
        ctx.step(held, _reading(access), node)
    return Item(base, access, held)


def _reading(access: arrays.Access) -> Step:
    operands, params = arrays.spread(access)
    part = "gather" if access.advanced else "load"
    return Step(part, operands, tuple(params.items()))


def _is_additive(node: ast.AugAssign) -> bool:
    return isinstance(node.op, ast.Add | ast.Sub)


def update_item(
    ctx: Context, node: ast.AugAssign, ref: ArrayRef, item: Item, value: Binding
) -> None:
    """``ref[index] += value``."""
    value = arrays.listed(ctx, node, value)
    arrays.check_fits(ctx, node, item.access, atom_of(ctx, node, value))
    base, access = item.base, item.access
    if not access.scalar and isinstance(ref.type, Array):
        atom = atom_of(ctx, node, value)
        check_cast(ctx, node, ref.type, atom, node.op)
    operands, params = arrays.spread(access)
    held = ctx.read(base, node)
    kept = item.held is None or item.held == held
    t = atom_of(ctx, node, value).type
    same = isinstance(t, Scalar | Array) and _dtype_kept(ref.type, t)
    single = not (access.scalar and isinstance(t, Array))
    if _is_additive(node) and kept and same and single and not ctx.frame.muted:
        atom = atom_of(ctx, node, value)
        if isinstance(node.op, ast.Sub):
            wide = ctx.wrap(_in_the_dtype(ctx, node, atom, ref.type))
            minus = operators.unary(ctx, node, ast.USub(), wide)
            atom = atom_of(ctx, node, minus)
        name, more = "accumulate", params
        if access.advanced:
            name, more = "scatter_add", {**params, "repeats": False}
        changed = ctx.emit(node, name, held, atom, *operands, **more)
    else:
        before = held if item.held is None else item.held
        old = ctx.wrap(ctx.step(before, _reading(access), node))
        new = operators.binary(ctx, node, node.op, old, value)
        atom = atom_of(ctx, node, new)
        name = "scatter" if access.advanced else "store"
        changed = ctx.emit(node, name, held, atom, *operands, **params)
    arrays.write_back(ctx, node, base, changed)


def add_at(
    ctx: Context, node: ast.AST, ref: ArrayRef, index: Binding, value: Atom
) -> None:
    """``np.add.at(ref, index, value)``."""
    value = gradientless.muted(ctx, node, value)
    check_cast(ctx, node, ref.type, value, ast.Add())
    access = arrays.access_of(ctx, node, ref, index)
    operands, params = arrays.spread(access)
    held = ctx.read(ref, node)
    name = "accumulate"
    if access.advanced and ref.type.ndim == 1:
        value = _of_the_rank(ctx, node, access, value)
    if access.advanced:
        name, params["repeats"] = "scatter_add", "array" in access.entries
    changed = ctx.emit(node, name, held, value, *operands, **params)
    arrays.write_back(ctx, node, ref, changed)


def _of_the_rank(
    ctx: Context, node: ast.AST, access: arrays.Access, value: Atom
) -> Atom:
    """An array of fewer axes than the index, with axes of length 1 before them: of a
    vector, NumPy (2.4) reads beyond its end."""
    index = access.operands[0][0].type
    rank = value.type.ndim if isinstance(value.type, Array) else 0
    missing = index.ndim - rank if isinstance(index, Array) else 0
    if rank == 0 or missing <= 0:
        return value
    return ctx.emit(node, "expand_dims", value, axis=tuple(range(missing)))


def _in_the_dtype(ctx: Context, node: ast.AST, value: Atom, target: Array) -> Atom:
    """An integer as what it is subtracted from, where its negative does not wrap."""
    t = value.type
    assert isinstance(t, Scalar | Array)
    if is_float(t) or t.dtype == target.dtype or getattr(t, "kind", "") == "python":
        return value
    return ctx.emit(node, "cast", value, dtype=target.dtype, via="astype")


def _dtype_kept(array: Array, value: Scalar | Array) -> bool:
    return result_dtype(array, value) == array.dtype and array.dtype != "bool"


def check_cast(
    ctx: Context, node: ast.AST, target: Array, value: Atom, op: ast.operator
) -> None:
    """NumPy's refusal to cast the result of ``x += y`` down to x's kind."""
    assert isinstance(value.type, Scalar | Array)
    dtype = result_dtype(target, value.type)
    if isinstance(op, ast.Div) and not dtype.startswith("float"):
        dtype = "float64"
    if not np.can_cast(dtype, target.dtype, "same_kind"):
        ctx.refuse(
            node,
            f"this stores {dtype} into an array of {target.dtype}, which NumPy refuses",
            "make it an array of floats first: x.astype(float)",
        )
