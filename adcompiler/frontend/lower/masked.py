"""Masks beside other indices.

In: the parts of a subscript. Out: the same, masks as the places where they are true:
``x[0, c]`` is ``x[0, np.nonzero(c)[0]]``.
Invariant: a mask alone, or beside slices only, stays one.
"""

from __future__ import annotations

import ast

from adcompiler.frontend.bindings import ArrayRef, Binding, SliceVal, Static
from adcompiler.frontend.lower.context import Context
from adcompiler.ir.types import Array


def axes(part: Binding) -> int:
    """How many axes an index takes."""
    match part:
        case Static():
            return 0
        case ArrayRef(_, _, Array("bool", dims)):
            return len(dims)
        case _:
            return 1


def places(
    ctx: Context, node: ast.AST, ref: ArrayRef, parts: list[Binding]
) -> list[Binding]:
    """A mask beside integers stands for the places where it is true, as in NumPy."""
    if all(_is_mask(p) or isinstance(p, Static | SliceVal) for p in parts):
        return parts
    found: list[Binding] = []
    axis, missing = 0, ref.type.ndim - sum(map(axes, parts))
    for part in parts:
        if isinstance(part, ArrayRef) and _is_mask(part):
            if missing >= 0:
                _check_lengths(ctx, node, ref, axis, part)
            atoms = ctx.emit_all(node, "nonzero", ctx.read(part, node))
            found += [ctx.wrap(a) for a in atoms]
        else:
            found.append(part)
        axis += missing if part == Static(...) else axes(part)
    return found


def _is_mask(part: Binding) -> bool:
    return (
        isinstance(part, ArrayRef) and part.type.dtype == "bool" and part.type.ndim > 0
    )


def _check_lengths(
    ctx: Context, node: ast.AST, ref: ArrayRef, axis: int, mask: ArrayRef
) -> None:
    """A mask is as long as the axes that it is for."""
    from adcompiler.frontend.lower import lengths, messages

    for k, length in enumerate(mask.type.dims):
        if length != ref.type.dims[axis + k]:
            own = lengths.axis_length(ctx, node, mask, k).atom
            wanted = lengths.axis_length(ctx, node, ref, axis + k).atom
            flag = ctx.emit(node, "not_equal", own, wanted)
            text = (
                f"boolean index did not match indexed array along axis {axis + k}; "
                "size of axis is {0} but size of corresponding boolean axis is {1}"
            )
            messages.fail_if(ctx, node, flag, "IndexError", text, (wanted, own))
