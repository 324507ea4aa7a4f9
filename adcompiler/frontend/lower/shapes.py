"""Functions that rearrange arrays: reshape, transpose, concatenate and their kin.

In: calls. Out: views of the operand where NumPy gives a view, else new memory.
Invariant: where it is not known which NumPy gives, the result is new memory entangled
with the operand's, so that a store to either makes the other unreadable.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import NoReturn

import numpy as np

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    ListRef,
    Location,
    Static,
    Step,
    TupleVal,
)
from adcompiler.frontend.lower import (
    arrays,
    attributes,
    layouts,
    lengths,
    listing,
    sequences,
)
from adcompiler.frontend.lower.frames import Alias
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.operands import describe
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import Array, Length, Scalar, never_one
from adcompiler.library import shaping

ZERO = Dyn(constant(0))


def array_of(call: Call, x: Binding) -> ArrayRef:
    """The argument as an array: a tuple, or a number for NumPy's functions."""
    found = call.array(x)
    if isinstance(found, Dyn) and not call.name.startswith("."):
        atom = call.atom(found)
        assert isinstance(atom.type, Scalar)
        found = call.result("full", atom, dtype=atom.type.dtype)
    if not isinstance(found, ArrayRef):
        _refuse_value(call, found)
    return found


def _refuse_value(call: Call, x: Binding) -> NoReturn:
    """Refuse what is no array, and no number of which there is a function."""
    name = call.name.removeprefix(".")
    hint = "take the numbers or arrays that it holds: np.array([...])"
    if isinstance(x, Dyn):
        hint = f"use the function, which takes numbers: np.{name}(x)"
    call.refuse(f"{call.name} takes an array, not {describe(x)}", hint)


def is_numpy_number(x: Binding) -> bool:
    """Whether this is a NumPy scalar, whose methods give itself where those of an
    array give a view."""
    t = x.atom.type if isinstance(x, Dyn) else None
    return isinstance(t, Scalar) and t.kind == "numpy"


# --- Reshaping -----------------------------------------------------------------------


def reshape(call: Call) -> Binding:
    """``np.reshape(x, shape)``, ``x.reshape(n, m)``."""
    if call.name.startswith(".") and len(call.args) > 2:
        x, *parts = call.args
        shape: Binding = TupleVal(tuple(parts))
        call = replace(call, args=[x, shape])
    x, shape, order, copy = call.bind("a", "shape", order=None, copy=None)
    ref, atoms = array_of(call, x), call.lengths(shape)
    if copy != NONE and call.flag(copy, "copy"):
        ref = call.ctx.fresh_array(call.emit("copy", call.atom(ref)))
    if not _is_fortran(call, order):
        return reshaped(call, ref, atoms)
    back = reshaped(call, _turned(call, ref), atoms[::-1])
    return _turned(call, back) if isinstance(back, ArrayRef) else back


def _is_fortran(call: Call, order: Binding) -> bool:
    """Whether an order= says that the first axis runs fastest."""
    if order == NONE or order == Static("C"):
        return False
    if order != Static("F"):
        what = f"order= of {call.name} is 'C' or 'F'"
        call.refuse(what, "write 'C', where the last axis runs fastest, or 'F'")
    return True


def _turned(call: Call, ref: ArrayRef) -> ArrayRef:
    """The array with its axes in reverse order."""
    axes = tuple(range(ref.type.ndim))[::-1]
    return attributes.transposed(call.ctx, call.node, ref, axes)


def reshaped(call: Call, ref: ArrayRef, atoms: list[Atom]) -> Binding:
    """The array in another shape: a view of what is in C order."""
    known = Array(ref.type.dtype, lengths.of_reshaped(call.ctx, ref.type.dims, atoms))
    step = Step("reshape", tuple(atoms), (("known", known),))
    if ref.contiguous or joins_no_axes(ref.type.dims, known.dims):
        return _seen(call, ref, step)
    view = layouts.is_view(call, ref, known.dims, atoms)
    if isinstance(view, Const) and view.value:
        return _seen(call, ref, step)
    value = call.ctx.step(call.ctx.read(ref, call.node), step, call.node)
    if isinstance(view, Const):
        call.ctx.scattered.discard(value)
        return call.ctx.fresh_array(value, True)
    result = call.ctx.as_found(value)
    assert isinstance(result, ArrayRef)
    call.ctx.entangle(result.location, ref.location)
    if view is not None:
        parts = (ref.location, (*ref.path, step)), (Location(), ())
        call.ctx.aliases[result.location] = Alias(view, parts)
    return result


def _seen(call: Call, ref: ArrayRef, step: Step) -> ArrayRef:
    """A view by reshaping."""
    seen = arrays.through(call.ctx, call.node, ref, step, ref.contiguous)
    call.ctx.read(seen, call.node)
    return seen


def joins_no_axes(old: tuple[Length, ...], new: tuple[Length, ...]) -> bool:
    """Whether reshaping only splits an axis, or puts in and takes out ones: then it is
    a view, whatever the strides.

    >>> from adcompiler.ir.types import fresh_dim
    >>> n, m = fresh_dim(), fresh_dim()
    >>> [joins_no_axes(old, (n, 1, m)) for old in ((n, m), (m, n), (fresh_dim(),))]
    [True, False, True]
    """
    left, right = ([n for n in dims if n != 1] for dims in (old, new))
    return left == right or len(left) <= 1


def ravel(call: Call) -> Binding:
    """``x.ravel()``: a view of what is in C order, else a copy."""
    x, order = call.bind("a", order=None)
    ref = array_of(call, x)
    if _is_fortran(call, order):
        ref = _turned(call, ref)
    ref = ordered(call, ref, False)
    return ref if ref.type.ndim == 1 else reshaped(call, ref, [constant(-1)])


def ordered(call: Call, ref: ArrayRef, fortran: bool) -> ArrayRef:
    """The array in C order, or Fortran's: itself, a copy, or what may be either."""
    if fortran and ref.type.ndim > 1:
        return _turned(call, ordered(call, _turned(call, ref), False))
    if ref.contiguous:
        return ref
    copy = call.ctx.fresh_array(call.emit("copy", call.atom(ref)), True)
    if not layouts.is_strided(call, ref):
        call.ctx.entangle(copy.location, ref.location)
    return copy


def flatten(call: Call) -> Binding:
    """``x.flatten()``: always new memory."""
    x, order = call.bind("a", order=None)
    ref = array_of(call, x)
    return flat_copy(call, _turned(call, ref) if _is_fortran(call, order) else ref)


def flat_copy(call: Call, ref: ArrayRef) -> ArrayRef:
    """The elements in C order, in new memory."""
    atom = call.atom(ref)
    if ref.type.ndim != 1:
        whole = [constant(-1)]
        dims = lengths.of_reshaped(call.ctx, ref.type.dims, whole)
        known = Array(ref.type.dtype, dims)
        atom = call.emit("reshape", atom, *whole, known=known)
    return call.ctx.fresh_array(call.emit("copy", atom))


# --- Axes ----------------------------------------------------------------------------


def transpose(call: Call) -> Binding:
    """``np.transpose(x, axes)``, ``x.transpose(0, 2, 1)``."""
    if call.name.startswith(".") and len(call.args) > 2:
        x, *parts = call.args
        axes: Binding = TupleVal(tuple(parts))
    else:
        x, axes = call.bind("a", axes=None)
    if is_numpy_number(x):
        return x
    ref = array_of(call, x)
    rank = ref.type.ndim
    order = tuple(range(rank))[::-1]
    if isinstance(axes, TupleVal):
        order = tuple(call.axis(item, rank) for item in axes.items)
    if sorted(order) != list(range(rank)):
        axes_ = ", ".join(map(str, range(rank)))
        call.refuse(
            "the axes of a transpose are all axes, each once",
            f"the array has the axes {axes_}",
        )
    return attributes.transposed(call.ctx, call.node, ref, order)


def swapaxes(call: Call) -> Binding:
    """``np.swapaxes(x, a, b)``."""
    x, first, second = call.bind("a", "axis1", "axis2")
    ref = array_of(call, x)
    a, b = call.axis(first, ref.type.ndim), call.axis(second, ref.type.ndim)
    order = list(range(ref.type.ndim))
    order[a], order[b] = b, a
    return attributes.transposed(call.ctx, call.node, ref, tuple(order))


def moveaxis(call: Call) -> Binding:
    """``np.moveaxis(x, a, b)``."""
    x, first, second = call.bind("a", "source", "destination")
    ref = array_of(call, x)
    sources, targets = (
        [call.axis(axis, ref.type.ndim) for axis in _several(axes)]
        for axes in (first, second)
    )
    order = [k for k in range(ref.type.ndim) if k not in sources]
    for b, a in sorted(zip(targets, sources, strict=True)):
        order.insert(b, a)
    return attributes.transposed(call.ctx, call.node, ref, tuple(order))


def _several(axes: Binding) -> tuple[Binding, ...]:
    """Axes, given as one or as a tuple."""
    return axes.items if isinstance(axes, TupleVal) else (axes,)


def expand_dims(call: Call) -> Binding:
    """``np.expand_dims(x, axis)``."""
    x, axis = call.bind("a", "axis")
    ref = array_of(call, x)
    count = len(axis.items) if isinstance(axis, TupleVal) else 1
    axes = call.axes(axis, ref.type.ndim + count)
    step = Step("expand_dims", (), (("axis", axes),))
    return arrays.through(call.ctx, call.node, ref, step, ref.contiguous)


def squeeze(call: Call) -> Binding:
    """``np.squeeze(x, axis)``."""
    x, axis = call.bind("a", axis=None)
    if is_numpy_number(x):
        return x
    ref = array_of(call, x)
    axes = call.axes(axis, ref.type.ndim)
    if axes is None:
        axes = tuple(k for k, n in enumerate(ref.type.dims) if n == 1)
        if not all(n == 1 or never_one(n) for n in ref.type.dims):
            call.refuse(
                "which axes np.squeeze takes away is known at run time only",
                "name the axis: np.squeeze(x, axis=0)",
            )
    if not axes:
        return ref
    if len(axes) == ref.type.ndim:
        return reshaped(call, ref, [])
    step = Step("squeeze", (), (("axis", axes),))
    return arrays.through(call.ctx, call.node, ref, step, ref.contiguous)


def flip(call: Call) -> Binding:
    """``np.flip(x, axis)``."""
    x, axis = call.bind("m", axis=None)
    ref = array_of(call, x)
    axes = call.axes(axis, ref.type.ndim)
    if not ref.type.ndim:  # NumPy gives the number
        dtype = ref.type.dtype
        return call.result("cast", call.atom(ref), dtype=dtype, via="scalar")
    every = tuple(range(ref.type.ndim))
    step = Step("flip", (), (("axis", every if axes is None else axes),))
    return arrays.through(call.ctx, call.node, ref, step, False)


# --- Joining -------------------------------------------------------------------------


def concatenate(call: Call) -> Binding:
    """``np.concatenate((a, b), axis)``."""
    parts, axis = call.bind("arrays", axis=Dyn(constant(0)))
    if isinstance(parts, ListRef) and axis != NONE:
        rank = parts.element.ndim if isinstance(parts.element, Array) else 1
        where = call.axis(axis, rank)
        return listing.joined_arrays(call.ctx, call.node, parts, where)
    if isinstance(parts, ArrayRef) and axis != NONE and parts.type.ndim > 1:
        along = Dyn(constant(call.axis(axis, parts.type.ndim - 1)))
        return listing.call(call.ctx, call.node, shaping.joined_rows, parts, along)
    refs = items(call, parts)
    if axis == NONE:
        refs, axis = [flat_copy(call, array_of(call, r)) for r in refs], ZERO
    _require_one_rank(call, refs)
    where = call.axis(axis, max(1, *map(call.rank, refs)))
    return call.result("concatenate", *map(call.atom, refs), axis=where)


def _require_one_rank(call: Call, refs: Sequence[Binding]) -> None:
    """Raise where NumPy does not join the arrays."""
    ranks = [call.rank(ref) for ref in refs]
    if not ranks[0]:
        call.ctx.fail(
            call.node, "ValueError", "zero-dimensional arrays cannot be concatenated"
        )
    k = next((k for k, rank in enumerate(ranks) if rank != ranks[0]), None)
    if k is not None:
        text = (
            "all the input arrays must have same number of dimensions, but the array "
            f"at index 0 has {ranks[0]} dimension(s) and the array at index {k} has "
            f"{ranks[k]} dimension(s)"
        )
        call.ctx.fail(call.node, "ValueError", text)


def stack(call: Call) -> Binding:
    """``np.stack((a, b), axis)``."""
    parts, axis = call.bind("arrays", axis=Dyn(constant(0)))
    if isinstance(parts, ListRef):
        whole = listing.stacked(call.ctx, call.node, parts, "stack")
        if whole.type.ndim > 2:  # as NumPy finds the parts
            whole = replace(whole, contiguous=False)
            whole.location.contiguous = False
        place = call.axis(axis, whole.type.ndim)
        order = list(range(1, whole.type.ndim))
        order.insert(place, 0)
        return attributes.transposed(call.ctx, call.node, whole, tuple(order))
    if isinstance(parts, ArrayRef) and parts.type.ndim > 0:
        along = Dyn(constant(call.axis(axis, parts.type.ndim)))
        return listing.call(call.ctx, call.node, shaping.stacked_rows, parts, along)
    refs = items(call, parts)
    if len({call.rank(ref) for ref in refs}) > 1:
        text = "all input arrays must have the same shape"
        call.ctx.fail(call.node, "ValueError", text)
    where = call.axis(axis, call.rank(refs[0]) + 1)
    return call.result("stack", *map(call.atom, refs), axis=where)


def pile(which: int) -> Handler:
    """``np.vstack`` (0) and ``np.hstack`` (1) of arrays."""

    def handle(call: Call) -> Binding:
        (parts,) = call.bind("tup")
        if isinstance(parts, ListRef):
            return _piled(call, parts, which)
        refs = [_row(call, part) for part in items(call, parts)]
        ranks = {call.rank(ref) for ref in refs}
        if ranks == {1}:
            name = "stack" if which == 0 else "concatenate"
            return call.result(name, *map(call.atom, refs), axis=0)
        if which == 0 and min(ranks) == 1:
            step = Step("expand_dims", (), (("axis", (0,)),))
            refs = [
                arrays.through(call.ctx, call.node, ref, step, ref.contiguous)
                if ref.type.ndim == 1
                else ref
                for ref in refs
            ]
        _require_one_rank(call, refs)
        axis = which if call.rank(refs[0]) > 1 else 0
        return call.result("concatenate", *map(call.atom, refs), axis=axis)

    return handle


def _piled(call: Call, parts: ListRef, which: int) -> Binding:
    """``np.vstack`` and ``np.hstack`` of a list that is as long as it turns out."""
    rank = parts.element.ndim if isinstance(parts.element, Array) else 0
    if rank > 1 or (rank == 1 and which == 1):
        axis = which if rank > 1 else 0
        return listing.joined_arrays(call.ctx, call.node, parts, axis)
    via = "vstack" if rank == 1 else "hstack"
    whole = listing.stacked(call.ctx, call.node, parts, via)
    if rank == 1 or which == 1:
        return whole
    step = Step("expand_dims", (), (("axis", (1,)),))
    return arrays.through(call.ctx, call.node, whole, step, True)


def _row(call: Call, x: Binding) -> ArrayRef:
    """The array; a number as a vector of one."""
    ref = array_of(call, x)
    if ref.type.ndim:
        return ref
    step = Step("expand_dims", (), (("axis", (0,)),))
    return arrays.through(call.ctx, call.node, ref, step, True)


def items(call: Call, parts: Binding) -> list[Binding]:
    """The values to be joined."""
    parts = sequences.as_tuple(call.ctx, call.node, parts)
    if not isinstance(parts, TupleVal) or not parts.items:
        hint = f"write a tuple or list of them: {call.name}((a, b))"
        call.refuse(f"{call.name} takes a tuple of arrays", hint)
    return [call.array(part) for part in parts.items]


# --- Questions -----------------------------------------------------------------------


def shape(call: Call) -> Binding:
    """``np.shape(x)``."""
    x = call.array(*call.bind("a"))
    if not isinstance(x, ArrayRef):
        return TupleVal(())
    return lengths.shape(call.ctx, call.node, x)


def ndim(call: Call) -> Binding:
    """``np.ndim(x)``."""
    x = call.array(*call.bind("a"))
    return Dyn(constant(call.rank(x)))


def size(call: Call) -> Binding:
    """``np.size(x)``."""
    x = call.array(*call.bind("a"))
    if not isinstance(x, ArrayRef):
        return Dyn(constant(1))
    return attributes.attribute(call.ctx, call.node, x, "size")


FUNCTIONS: dict[Hashable, Handler] = {
    np.reshape: reshape,
    np.ravel: ravel,
    np.transpose: transpose,
    np.swapaxes: swapaxes,
    np.moveaxis: moveaxis,
    np.expand_dims: expand_dims,
    np.squeeze: squeeze,
    np.flip: flip,
    np.concatenate: concatenate,
    np.stack: stack,
    np.vstack: pile(0),
    **{f: pile(0) for f in [getattr(np, "row_stack", None)] if f is not None},
    np.hstack: pile(1),
    np.shape: shape,
    np.ndim: ndim,
    np.size: size,
}

METHODS: dict[str, Handler] = {
    "reshape": reshape,
    "ravel": ravel,
    "flatten": flatten,
    "transpose": transpose,
    "swapaxes": swapaxes,
    "squeeze": squeeze,
}
