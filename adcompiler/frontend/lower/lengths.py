"""Lengths of arrays as integers of the program, and the reverse.

In: integer atoms. Out: `Length`s. Invariant: an integer that came from ``x.shape[0]``
stands for that very length, so that ``np.zeros(x.shape[0])`` is as long as x.
"""

from __future__ import annotations

import ast

from adcompiler.frontend.bindings import ArrayRef, Dyn, TupleVal
from adcompiler.frontend.lower.context import Context
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, Var
from adcompiler.ir.types import Array, Length, dims_of, drop_dim, fresh_dim


def length_of(ctx: Context, atom: Atom) -> Length:
    """The length that an integer stands for."""
    if isinstance(atom, Const):
        value = int(atom.value)
        return value if value >= 0 else fresh_dim()
    if not isinstance(atom, Var):
        return fresh_dim()
    if atom not in ctx.lengths:
        ctx.lengths[atom] = fresh_dim()
    return ctx.lengths[atom]


def less(ctx: Context, result: Atom, left: Atom, right: Atom) -> None:
    """Note that ``result = left - right``, if both are known well enough."""
    if not isinstance(result, Var) or not isinstance(right, Const):
        return
    base = ctx.lengths.get(left) if isinstance(left, Var) else None
    if base is not None and type(right.value) is int and right.value >= 0:
        ctx.lengths[result] = drop_dim(base, right.value)


def known(ctx: Context, dtype: str, atoms: list[Atom]) -> Array:
    """The type of an array of these lengths."""
    return Array(dtype, tuple(length_of(ctx, atom) for atom in atoms))


def axis_length(ctx: Context, node: ast.AST, ref: ArrayRef, axis: int) -> Dyn:
    """``x.shape[axis]``."""
    length = ref.type.dims[axis]
    if isinstance(length, int):
        return Dyn(constant(length))
    array = ctx.read(ref, node)
    result = ctx.emit(node, "shape", array, axis=axis)
    ctx.lengths[result] = dims_of(array.type)[axis]  # a length that a value has
    return Dyn(result)


def shape(ctx: Context, node: ast.AST, ref: ArrayRef) -> TupleVal:
    """``x.shape``."""
    axes = range(ref.type.ndim)
    return TupleVal(tuple(axis_length(ctx, node, ref, axis) for axis in axes))
