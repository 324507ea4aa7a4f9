"""Functions that index by arrays: `np.take` and `np.add.at`.

In: calls. Out: what the subscripts that they stand for give.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    SliceVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower import arrays, lengths, listing, updates
from adcompiler.frontend.lower.handling import Call, Handler, array_type
from adcompiler.frontend.lower.operands import atom_of
from adcompiler.frontend.lower.shapes import array_of, flat_copy
from adcompiler.library import places

ALL = SliceVal(None, None, None)


def take(call: Call) -> Binding:
    """``np.take(x, indices, axis, mode)``, ``x.take(indices, axis)``."""
    x, indices, axis, mode = call.bind("a", "indices", axis=None, mode=Static("raise"))
    ref, found = array_of(call, x), call.array(indices)
    t = array_type(found)
    if t is not None and t.dtype == "bool":
        call.refuse("np.take takes integers", "index by the mask: x[mask]")
    if axis == NONE and ref.type.ndim > 1:
        ref = flat_copy(call, ref)
    first = 0 if axis == NONE else call.axis(axis, ref.type.ndim)
    if mode != Static("raise"):
        how = places.wrapped if mode == Static("wrap") else places.clipped
        n = lengths.axis_length(call.ctx, call.node, ref, first)
        found = listing.call(call.ctx, call.node, how, found, n)
    taken = arrays.load(call.ctx, call.node, ref, TupleVal((ALL,) * first + (found,)))
    if not isinstance(taken, ArrayRef):
        return taken
    atom = call.atom(taken)
    if not isinstance(found, ArrayRef):
        atom = call.emit("copy", atom)
    return call.ctx.fresh_array(atom, True)


def add_at(call: Call) -> Binding:
    """``np.add.at(x, index, value)``: adds each time that an index is repeated."""
    x, index, value = call.bind("a", "indices", "b")
    ref = array_of(call, x)
    atom = atom_of(call.ctx, call.node, value)
    updates.add_at(call.ctx, call.node, ref, index, atom)
    return NONE


FUNCTIONS: dict[Hashable, Handler] = {np.take: take, np.add.at: add_at}

METHODS: dict[str, Handler] = {"take": take}
