"""Lengths of arrays as integers of the program, and the reverse.

In: integer atoms. Out: `Length`s. Invariant: an integer that came from ``x.shape[0]``
stands for that very length, so that ``np.zeros(x.shape[0])`` is as long as x.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence

from adcompiler.frontend.bindings import ArrayRef, Dyn, TupleVal
from adcompiler.frontend.lower.context import Context
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, Var
from adcompiler.ir.types import (
    Array,
    Length,
    Scalar,
    dims_of,
    drop_dim,
    fresh_dim,
    is_float,
    never_one,
)


def length_of(ctx: Context, atom: Atom) -> Length:
    """The length that an integer stands for."""
    if isinstance(atom, Const):
        value = int(atom.value)
        return value if value >= 0 else fresh_dim()
    if not isinstance(atom, Var):
        return fresh_dim()
    if atom not in ctx.lengths:
        first = ctx.alike.get(atom, atom)
        ctx.lengths[atom] = ctx.lengths.setdefault(first, fresh_dim())
    return ctx.lengths[atom]


def whole(ctx: Context, node: ast.AST, atom: Atom) -> Atom:
    """An integer of another dtype than int64, as int32 or uint8, as Python's; what is
    no integer stays."""
    t = atom.type
    if not isinstance(t, Scalar) or t.dtype in ("int64", "bool") or is_float(t):
        return atom
    return ctx.emit(node, "cast", atom, dtype="int64", via="builtin")


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
    length = dims_of(array.type)[axis]
    ctx.lengths[result] = length  # a length that a value has
    ctx.alike[result] = ctx.computed.setdefault(("shape", length), result)
    return Dyn(result)


def shape(ctx: Context, node: ast.AST, ref: ArrayRef) -> TupleVal:
    """``x.shape``."""
    axes = range(ref.type.ndim)
    return TupleVal(tuple(axis_length(ctx, node, ref, axis) for axis in axes))


def of_reshaped(
    ctx: Context, dims: tuple[Length, ...], atoms: Sequence[Atom]
) -> tuple[Length, ...]:
    """The lengths of an array that is given others; of -1, and of one that is computed,
    what the rest tells."""
    found = [_stated(ctx, atom) for atom in atoms]
    if found.count(None) == 1:
        left = _left(dims, [n for n in found if n is not None])
        found = [left if n is None else n for n in found]
    return tuple(
        length_of(ctx, atom) if n is None else n
        for n, atom in zip(found, atoms, strict=True)
    )


def _stated(ctx: Context, atom: Atom) -> Length | None:
    """The length that an integer says; None of -1, and of what is not known."""
    if isinstance(atom, Const):
        return int(atom.value) if atom.value >= 0 else None
    if not isinstance(atom, Var):
        return None
    return ctx.lengths.get(atom, ctx.lengths.get(ctx.alike.get(atom, atom)))


def _left(dims: tuple[Length, ...], others: list[Length]) -> Length | None:
    """The length that is left of an array's for one axis beside these; None where
    nothing is known of it. Where one of these is 0, NumPy raises.

    >>> n, m = fresh_dim(not_one=True), fresh_dim()
    >>> _left((4, 6), [8]), _left((n, m), [n]) == m, _left((n,), [n])
    (3, True, 1)
    >>> _left((n, m), []).not_one, _left((n, m), [8]) is None
    (True, True)
    """
    symbols = [n for n in dims if not isinstance(n, int)]
    for length in others:
        if not isinstance(length, int):
            if length not in symbols:
                return None
            symbols.remove(length)
    whole = math.prod(n for n in dims if isinstance(n, int))
    given = math.prod(n for n in others if isinstance(n, int))
    if not given or whole % given or (symbols and not whole):
        return None
    if not symbols:
        return whole // given
    if whole == given and len(symbols) == 1:
        return symbols[0]
    more = whole > given or any(map(never_one, symbols))
    return fresh_dim(not_one=True) if more else None
