"""Where an array's elements lie in memory: what is a view of them, and what a copy.

In: a binding of an array, and the shape that it is to have. Out: whether NumPy gives a
view of its memory, as far as that is known; what decides it at run time is a flag.
Invariant: NumPy looks at the axes that are longer than one. Between two neighbours
among these is a *seam*, which a walk in C order passes at an even step or not. A
reshape is a view if each uneven seam is a seam of the new shape too: if as many
elements are before it.

    x.T.reshape(a, b)     a view where a == x.shape[1], else a copy
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise

from adcompiler.frontend.bindings import ArrayRef, Binding, Dyn, Step
from adcompiler.frontend.lower import comparisons, lengths, operators
from adcompiler.frontend.lower.handling import Call
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import Length, dims_of, never_one

Axis = tuple[Length, Binding | None]  # a length, and the number; None of one not told


def is_strided(call: Call, ref: ArrayRef) -> bool:
    """Whether an array is surely not in C order (or is empty).

    An argument says so itself; of one in C order, a transpose and a column are not,
    if no length is 1.
    """
    if not ref.path:
        return ref.location.seams is not None
    if ref.path[-1].primitive == "transpose":
        return not all(seams(call, ref) or (True,))
    return is_column(call, ref)


def is_column(call: Call, ref: ArrayRef) -> bool:
    """Whether its last axis is surely not the last of an array in C order: its elements
    are a row apart."""
    match ref.path:
        case (Step("load", _, params),) if ref.location.contiguous:
            entries = dict(params)["index"]
            dims = dims_of(call.ctx.contents(ref.location, call.node).type)
            whole = len(entries) == len(dims) and "new" not in entries
            ends = (*dims[-1:], *ref.type.dims[-1:])
            last = whole and entries[-1] == "int" and len(ends) == 2
            return last and all(map(never_one, ends))
        case _:
            return False


def seams(call: Call, ref: ArrayRef) -> tuple[bool, ...] | None:
    """Which seams are even, from the first to the last; None where it is not known."""
    dims = ref.type.dims
    long = [k for k, length in enumerate(dims) if length != 1]
    if ref.contiguous or len(long) < 2:
        return (True,) * (len(long) - 1)
    match ref.path:
        case ():
            return ref.location.seams
        case (Step("transpose", _, (("axes", axes),)),):
            by = 1 if ref.location.contiguous else -1 if ref.location.fortran else 0
            if not by or not all(never_one(dims[k]) for k in long):
                return None
            order = sorted(axes[k] for k in long)
            places = [order.index(axes[k]) for k in long]
            return tuple(b - a == by for a, b in pairwise(places))
        case (Step("load", _, params),) if ref.location.contiguous:
            entries = dict(params)["index"]
            rank = dims_of(call.ctx.contents(ref.location, call.node).type)
            even = _is_even((*entries, *("full",) * (len(rank) - len(entries))))
            return (True,) * (len(long) - 1) if even else None
        case _:
            return None


def _is_even(entries: Sequence[object]) -> bool:
    """Whether these indices select elements at even steps, in C order: of the axes that
    stay all but the first are whole, and next to each other.

    >>> _is_even(("int", "full", "full", "int"))
    True
    >>> _is_even(("full", ("slice", False, True, False)))
    False
    """
    left = [k for k, entry in enumerate(entries) if entry != "int"]
    adjacent = all(b - a == 1 for a, b in pairwise(left))
    first, *rest = (entries[k] for k in left)
    starts = first == "full" or (isinstance(first, tuple) and not first[3])
    return adjacent and starts and all(entry == "full" for entry in rest)


def is_view(
    call: Call, ref: ArrayRef, new: Sequence[Length], atoms: Sequence[Atom]
) -> Atom | None:
    """Whether reshaping it gives a view: a flag, or None where nothing is known.

    `atoms` are the lengths as they are given, of which one may be -1.
    """
    even = seams(call, ref)
    if even is None:
        return None
    axes = range(ref.type.ndim)
    old = [
        (n, lengths.axis_length(call.ctx, call.node, ref, k) if not all(even) else None)
        for k, n in zip(axes, ref.type.dims, strict=True)
        if n != 1
    ]
    fresh = [
        (n, None if isinstance(atom, Const) and atom.value == -1 else Dyn(atom))
        for n, atom in zip(new, atoms, strict=True)
        if n != 1
    ]
    result: Atom = constant(True)
    for k, is_even in enumerate(even, 1):
        if not is_even:
            result = _joined(call, "logical_and", result, _is_seam(call, old, fresh, k))
    return result


def _is_seam(call: Call, old: Sequence[Axis], new: Sequence[Axis], before: int) -> Atom:
    """Whether the new shape has a seam where the old one has, behind some axes."""
    result: Atom = constant(False)
    for k in range(1, len(new)):
        heads, tails = (old[:before], new[:k]), (old[before:], new[k:])
        same: Atom = constant(True)
        if not any(map(_alike, *zip(heads, tails, strict=True))):
            told = all(axis is not None for _, axis in new[:k])
            same = _as_many(call, *(heads if told else tails))
        result = _joined(call, "logical_or", result, same)
    return result


def _alike(one: Sequence[Axis], other: Sequence[Axis]) -> bool:
    return [length for length, _ in one] == [length for length, _ in other]


def _as_many(call: Call, one: Sequence[Axis], other: Sequence[Axis]) -> Atom:
    """Whether two parts of a shape have as many elements."""
    ctx, node = call.ctx, call.node

    def times(a: Binding, b: Binding) -> Binding:
        return operators.binary(ctx, node, ast.Mult(), a, b)

    left, right = (
        reduce(times, [axis for _, axis in part if axis is not None])
        for part in (one, other)
    )
    found = comparisons.compare(ctx, node, ast.Eq(), left, right)
    return comparisons.truth(ctx, node, found)


def _joined(call: Call, name: str, a: Atom, b: Atom) -> Atom:
    """Two flags, of which those that are known are left away."""
    decisive = name == "logical_or"
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Const):
            return one if one.value is decisive else other
    return call.emit(name, a, b, via="builtin")
