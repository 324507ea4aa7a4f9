"""Functions that move, repeat, pad or sort elements.

In: calls. Out: applications of the rows of `rearranging` and `sorting`; views where
NumPy gives views.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from types import FunctionType

import numpy as np

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    Static,
    Step,
    TupleVal,
)
from adcompiler.frontend.lower import arrays, composed, lengths, listing
from adcompiler.frontend.lower.constructors import converted
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.shapes import array_of, flat_copy
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom
from adcompiler.ir.types import Array, Dim, Scalar
from adcompiler.library import places as library
from adcompiler.library.ordering import interp_between
from adcompiler.library.registry import COMPOSED

ZERO, LAST = Dyn(constant(0)), Dyn(constant(-1))
CONSTANT = Static("constant")


def integer(call: Call, x: Binding, what: str) -> Atom:
    """An integer that may be known at run time only."""
    atom = call.atom(x)
    if not isinstance(atom.type, Scalar) or atom.type.dtype not in ("int64", "int32"):
        call.refuse(f"{what} must be an integer", "convert it: int(n)")
    return atom


def flat_or_along(call: Call, x: Binding, axis: Binding) -> tuple[ArrayRef, int]:
    """The array and the axis; without one, its elements in C order."""
    ref = array_of(call, x)
    if axis == NONE:
        return (ref if ref.type.ndim == 1 else flat_copy(call, ref)), 0
    return ref, call.axis(axis, ref.type.ndim)


# --- Triangles and diagonals ----------------------------------------------------------


def triangle(name: str) -> Handler:
    """``np.tril(x, k)`` and ``np.triu(x, k)``."""

    def handle(call: Call) -> Binding:
        x, k = call.bind("m", k=ZERO)
        offset = call.integer(k, "the diagonal")
        ref = array_of(call, x)
        if ref.type.ndim == 0:
            what = f"{call.name} takes an array with axes"
            call.refuse(what, "give it two axes: x.reshape(1, 1)")
        if ref.type.ndim == 1:
            rows = library.tril_of_rows if name == "tril" else library.triu_of_rows
            return listing.call(call.ctx, call.node, rows, ref, k)
        return call.result(name, call.atom(ref), k=offset)

    return handle


def diagonal(call: Call) -> Binding:
    """``np.diagonal(x, offset, axis1, axis2)``: of a matrix a view."""
    x, offset, first, second = call.bind(
        "a", offset=ZERO, axis1=ZERO, axis2=Dyn(constant(1))
    )
    ref, k = array_of(call, x), call.integer(offset, "the offset")
    rank = ref.type.ndim
    one, other = call.axis(first, rank), call.axis(second, rank)
    if rank == 2 and (one, other) == (0, 1):
        seen = arrays.through(
            call.ctx, call.node, ref, Step("diagonal", (), (("k", k),)), False
        )
        return arrays.looked_at(call.ctx, call.node, seen)
    rest = tuple(a for a in range(rank) if a not in (one, other))
    moved = call.emit("transpose", call.atom(ref), axes=(*rest, one, other))
    places = _diagonal_places(call, moved, k)
    index = ("full",) * len(rest) + ("array", "array")
    result = call.ctx.as_found(call.emit("gather", moved, *places, index=index))
    assert isinstance(result, ArrayRef)
    call.ctx.entangle(result.location, ref.location)
    return result


def _diagonal_places(call: Call, x: Atom, offset: int) -> tuple[Atom, Atom]:
    """The rows and columns of a diagonal of the last two axes."""
    assert isinstance(x.type, Array)
    rank = x.type.ndim
    rows = call.emit("shape", x, axis=rank - 2)
    columns = call.emit("shape", x, axis=rank - 1)
    below, right = constant(max(-offset, 0)), constant(max(offset, 0))
    height = call.emit("subtract", rows, below)
    width = call.emit("subtract", columns, right)
    least = call.emit("minimum", height, width, via="builtin")
    count = call.emit("maximum", least, constant(0), via="builtin")
    along = call.emit("arange", constant(0), count, constant(1), dtype=None)
    return call.emit("add", along, below), call.emit("add", along, right)


def diag(call: Call) -> Binding:
    """``np.diag(x, k)``: a matrix with this diagonal, or a matrix' diagonal."""
    v, k = call.bind("v", k=ZERO)
    ref = array_of(call, v)
    if ref.type.ndim == 2:
        return diagonal(Call(call.ctx, call.node, call.name, [ref, k], {}))
    if ref.type.ndim != 1:
        hint = "of a stack of matrices: np.diagonal(x, axis1=-2, axis2=-1)"
        if ref.type.ndim == 0:
            hint = "make it a vector: np.diag([x])"
        call.refuse("np.diag takes a vector or a matrix", hint)
    return call.result("diag", call.atom(ref), k=call.integer(k, "the diagonal"))


# --- Moving and repeating -------------------------------------------------------------


def roll(call: Call) -> Binding:
    """``np.roll(x, shift, axis)``."""
    x, shift, axis = call.bind("a", "shift", axis=None)
    ref = array_of(call, x)
    atom = call.atom(ref)
    shifts = shift.items if isinstance(shift, TupleVal) else (shift,)
    axes = axis.items if isinstance(axis, TupleVal) else (axis,)
    if len(axes) != len(shifts) and 1 not in (len(axes), len(shifts)):
        what = f"np.roll has {len(shifts)} shifts and {len(axes)} axes"
        call.refuse(what, "give one shift for each axis: np.roll(x, (1, 2), (0, 1))")
    count = max(len(axes), len(shifts))
    shifts, axes = (shifts * count)[:count], (axes * count)[:count]
    for by, over in zip(shifts, axes, strict=True):
        along = None if over == NONE else call.axis(over, ref.type.ndim)
        if ref.type.ndim == 1:
            along = None
        atom = call.emit("roll", atom, integer(call, by, "the shift"), axis=along)
    return call.ctx.wrap(atom)


def repeat(call: Call) -> Binding:
    """``np.repeat(x, count, axis)``."""
    x, count, axis = call.bind("a", "repeats", axis=None)
    whole = converted(call, x, None, fresh=False) if isinstance(x, Dyn) else x
    if isinstance(whole, ArrayRef) and whole.type.ndim == 0:
        step = Step("expand_dims", (), (("axis", (0,)),))
        whole = arrays.through(call.ctx, call.node, whole, step, True)
    ref, along = flat_or_along(call, whole, axis)
    counts = call.array(count)
    if isinstance(counts, ArrayRef) and counts.type.ndim:
        times = call.atom(counts)
        if not counts.type.dtype.startswith("int"):
            what = "the counts of np.repeat are integers"
            call.refuse(what, "convert them: counts.astype(int)")
    else:
        times = integer(call, counts, "the count")
    return call.result("repeat", call.atom(ref), times, axis=along)


def tile(call: Call) -> Binding:
    """``np.tile(x, counts)``."""
    x, counts = call.bind("A", "reps")
    ref = array_of(call, converted(call, x, None, fresh=False))
    given = counts.items if isinstance(counts, TupleVal) else (counts,)
    times = [integer(call, n, "a count") for n in given]
    missing = len(times) - ref.type.ndim
    if missing > 0:
        step = Step("expand_dims", (), (("axis", tuple(range(missing))),))
        ref = arrays.through(call.ctx, call.node, ref, step, ref.contiguous)
    times = [constant(1)] * -min(missing, 0) + times
    return call.result("tile", call.atom(ref), *times)


def pad(call: Call) -> Binding:
    """``np.pad(x, widths, constant_values=v)``; other modes are composed."""
    mode = call.args[2] if len(call.args) > 2 else call.kwargs.get("mode", CONSTANT)
    if mode != CONSTANT:
        by_definition = composed.handler_of(np.pad)
        assert by_definition is not None
        return by_definition(call)
    x, widths, _, value = call.bind(
        "array", "pad_width", mode=CONSTANT, constant_values=ZERO
    )
    ref = array_of(call, x)
    rank = ref.type.ndim
    pairs = [_pair(call, part) for part in _widths(call, widths, rank)]
    if not isinstance(value, TupleVal):
        atoms = [atom for pair in pairs for atom in pair]
        return call.result("pad", call.atom(ref), call.atom(value), *atoms)
    atom = call.atom(ref)
    for k, part in enumerate(_widths(call, value, rank)):
        values = part.items if isinstance(part, TupleVal) else (part,)
        for side, number in ((0, values[0]), (1, values[-1])):
            one: list[Atom] = [constant(0)] * (2 * rank)
            one[2 * k + side] = pairs[k][side]
            atom = call.emit("pad", atom, call.atom(number), *one)
    return call.ctx.wrap(atom)


def _widths(call: Call, widths: Binding, rank: int) -> list[Binding]:
    """The widths of each axis: one for all, one pair for all, or a pair for each."""
    if not isinstance(widths, TupleVal):
        return [widths] * rank
    if not any(isinstance(item, TupleVal) for item in widths.items):
        return [widths] * rank
    if len(widths.items) == 1:
        return list(widths.items) * rank
    if len(widths.items) != rank:
        pairs = ", ".join(["(1, 1)", *["(0, 0)"] * (rank - 1)])
        hint = f"the array has {rank} axes: np.pad(x, ({pairs}{',' * (rank == 1)}))"
        call.refuse("np.pad takes a pair of widths for each axis", hint)
    return list(widths.items)


def _pair(call: Call, widths: Binding) -> tuple[Atom, Atom]:
    items = widths.items if isinstance(widths, TupleVal) else (widths,)
    atoms = [integer(call, item, "a width") for item in items]
    if len(atoms) > 2:
        what = "np.pad takes two widths for an axis, before and after"
        call.refuse(what, "write pairs: np.pad(x, ((1, 1), (0, 0)))")
    return atoms[0], atoms[-1]


def broadcast_to(call: Call) -> Binding:
    """``np.broadcast_to(x, shape)``: a view that nobody may write to."""
    x, shape = call.bind("array", "shape")
    atoms = call.lengths(shape)
    source = call.array(x)
    t = source.type if isinstance(source, ArrayRef) else call.atom(source).type
    assert isinstance(t, Scalar | Array)
    dims = tuple(lengths.length_of(call.ctx, atom) for atom in atoms)
    step = Step("broadcast_lengths", tuple(atoms), (("known", Array(t.dtype, dims)),))
    if isinstance(source, ArrayRef):
        seen = arrays.through(call.ctx, call.node, source, step, False)
        return arrays.looked_at(call.ctx, call.node, seen)
    made = call.ctx.wrap(call.ctx.step(call.atom(source), step, call.node), False)
    if isinstance(made, ArrayRef):
        made.location.read_only = True
    return made


# --- Order ----------------------------------------------------------------------------


def _kind(call: Call, kind: Binding) -> str | None:
    if not isinstance(kind, Static) or not isinstance(kind.value, str | None):
        call.refuse("the kind of a sort is a text", "write kind='stable', or none")
    return kind.value


def sort(call: Call) -> Binding:
    """``np.sort(x, axis)``."""
    x, axis, kind = call.bind("a", axis=LAST, kind=None)
    _kind(call, kind)
    ref, along = flat_or_along(call, x, axis)
    return call.result("sort", call.atom(ref), axis=along)


def sort_in_place(call: Call) -> Binding:
    """``x.sort(axis)``."""
    x, axis, kind = call.bind("a", axis=LAST, kind=None)
    _kind(call, kind)
    ref = array_of(call, x)
    along = call.axis(axis, ref.type.ndim)
    changed = call.emit("sort", call.ctx.read(ref, call.node), axis=along)
    if ref.path:
        changed = call.emit("copy", changed)
    arrays.write_back(call.ctx, call.node, ref, changed)
    return NONE


def argsort(call: Call) -> Binding:
    """``np.argsort(x, axis, kind)``."""
    x, axis, kind = call.bind("a", axis=LAST, kind=None)
    ref, along = flat_or_along(call, x, axis)
    return call.result("argsort", call.atom(ref), axis=along, kind=_kind(call, kind))


def partition(name: str) -> Handler:
    """``np.partition(x, kth, axis)`` and ``np.argpartition``."""

    def handle(call: Call) -> Binding:
        x, kth, axis, kind = call.bind(
            "a", "kth", axis=LAST, kind=Static("introselect")
        )
        _kind(call, kind)
        ref, along = flat_or_along(call, x, axis)
        place = integer(call, kth, "the place to partition at")
        return call.result(name, call.atom(ref), place, axis=along)

    return handle


def take_along_axis(call: Call) -> Binding:
    """``np.take_along_axis(x, indices, axis)``."""
    x, index, axis = call.bind("arr", "indices", axis=LAST)
    ref, along = flat_or_along(call, x, axis)
    places = array_of(call, index)
    for k, (m, n) in enumerate(zip(ref.type.dims, places.type.dims, strict=False)):
        if k != along and m != n and 1 in (m, n):
            what = "np.take_along_axis of what is broadcast against its indices"
            call.refuse(what, "broadcast both first: np.broadcast_to(index, shape)")
    return call.result("take_along_axis", call.atom(ref), call.atom(places), axis=along)


def searchsorted(call: Call) -> Binding:
    """``np.searchsorted(a, v, side)``."""
    a, v, side, sorter = call.bind("a", "v", side=Static("left"), sorter=None)
    if sorter != NONE:
        ordered = arrays.load(call.ctx, call.node, array_of(call, a), sorter)
        return searchsorted(replace(call, args=[ordered, v, side], kwargs={}))
    found = side.value if isinstance(side, Static) else None
    if found not in ("left", "right"):
        what = "the side of np.searchsorted is 'left' or 'right'"
        call.refuse(what, "write one of them out: side='right'")
    vector, values = call.atom(array_of(call, a)), call.atom(call.array(v))
    return call.result("searchsorted", vector, values, side=found)


def interp(call: Call) -> Binding:
    """``np.interp(x, xp, fp)``, which asks for tables of one point only where they may
    be such."""
    _, table, *_ = call.bind("x", "xp", "fp", left=None, right=None, period=None)
    found = call.array(table)
    n = found.type.dims[0] if isinstance(found, ArrayRef) and found.type.dims else 1
    many = n.not_one if isinstance(n, Dim) else n > 1
    definition = interp_between if many else COMPOSED[np.interp]
    assert isinstance(definition, FunctionType)
    return composed.composed(definition)(call)


FUNCTIONS: dict[Hashable, Handler] = {
    np.interp: interp,
    np.tril: triangle("tril"),
    np.triu: triangle("triu"),
    np.diagonal: diagonal,
    np.diag: diag,
    np.roll: roll,
    np.repeat: repeat,
    np.tile: tile,
    np.pad: pad,
    np.broadcast_to: broadcast_to,
    np.sort: sort,
    np.argsort: argsort,
    np.partition: partition("partition"),
    np.argpartition: partition("argpartition"),
    np.take_along_axis: take_along_axis,
    np.searchsorted: searchsorted,
}

METHODS: dict[str, Handler] = {
    "diagonal": diagonal,
    "repeat": repeat,
    "sort": sort_in_place,
    "argsort": argsort,
    "searchsorted": searchsorted,
}
