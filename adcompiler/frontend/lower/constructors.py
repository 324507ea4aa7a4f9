"""Functions that make arrays, convert and copy them.

In: calls. Out: arrays in new memory, numbers of another type.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    ListRef,
    ObjectRef,
    Static,
    Step,
    TupleVal,
)
from adcompiler.frontend.lower import (
    arrays,
    gradientless,
    lengths,
    listing,
    messages,
    shapes,
)
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.operands import describe, in_order
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import Array, Scalar
from adcompiler.ir.wrapping import is_sized
from adcompiler.library import calculus, lists


def filled(name: str) -> Handler:
    """``np.zeros(shape, dtype)``."""

    def handle(call: Call) -> Binding:
        shape, dtype = call.bind("shape", dtype=None)
        atoms = call.lengths(shape)
        wanted = call.dtype(dtype, "float64") or "float64"
        known = lengths.known(call.ctx, wanted, atoms)
        return call.result(name, *atoms, dtype=wanted, known=known)

    return handle


def full(call: Call) -> Binding:
    """``np.full(shape, fill, dtype)``."""
    shape, fill, dtype = call.bind("shape", "fill_value", dtype=None)
    atoms, value = call.lengths(shape), call.atom(fill)
    assert isinstance(value.type, Scalar | Array)
    if dtype == NONE and any(value in d for d in (call.ctx.mixed, call.ctx.classes)):
        call.refuse(
            "this makes an array of ints or of floats, as the path decides",
            "say of which: np.full(n, z, dtype=float)",
        )
    wanted = call.dtype(dtype, value.type.dtype) or value.type.dtype
    known = lengths.known(call.ctx, wanted, atoms)
    return call.result("full", value, *atoms, dtype=wanted, known=known)


def like(name: str) -> Handler:
    """``np.zeros_like(x, dtype)``."""

    def handle(call: Call) -> Binding:
        x, dtype = call.bind("a", dtype=None)
        order = in_order(x)
        result = call.emit(name, call.atom(x), dtype=call.dtype(dtype, None))
        return call.ctx.wrap(result, order)

    return handle


def full_like(call: Call) -> Binding:
    """``np.full_like(x, fill, dtype)``."""
    x, fill, dtype = call.bind("a", "fill_value", dtype=None)
    order = in_order(x)
    wanted = call.dtype(dtype, None)
    result = call.emit("full_like", call.atom(x), call.atom(fill), dtype=wanted)
    return call.ctx.wrap(result, order)


def arange(call: Call) -> Binding:
    """``np.arange(stop)``, ``np.arange(start, stop, step)``."""
    start, stop, step, dtype = call.bind("start", stop=None, step=None, dtype=None)
    if stop == NONE:
        start, stop = Dyn(constant(0)), start
    atoms = [call.atom(start), call.atom(stop)]
    atoms.append(constant(1) if step == NONE else call.atom(step))
    params = {}
    whole = all(isinstance(a.type, Scalar) and a.type.dtype == "int64" for a in atoms)
    first, last, by = atoms
    if whole and (first, by) == (constant(0), constant(1)):
        params["known"] = lengths.known(call.ctx, "int64", [last])
    return call.result("arange", *atoms, dtype=call.dtype(dtype, None), **params)


def eye(call: Call) -> Binding:
    """``np.eye(n, m, k)``."""
    n, m, k, dtype = call.bind("N", M=None, k=Dyn(constant(0)), dtype=None)
    atoms = [call.atom(n), *([] if m == NONE else [call.atom(m)])]
    wanted = call.dtype(dtype, "float64") or "float64"
    offset = call.integer(k, "the diagonal")
    params = {"k": offset} if offset else {}
    known = lengths.known(call.ctx, wanted, atoms)
    return call.result("eye", *atoms, dtype=wanted, known=known, **params)


def linspace(call: Call) -> Binding:
    """``np.linspace(start, stop, num)``, by NumPy's own formula."""
    yes, no, zero = (Dyn(constant(value)) for value in (True, False, 0))
    start, stop, num, endpoint, retstep, dtype, axis = call.bind(
        "start",
        "stop",
        num=Dyn(constant(50)),
        endpoint=yes,
        retstep=no,
        dtype=None,
        axis=zero,
    )
    wanted, precise = call.dtype(dtype, None), _precision(start, stop)
    ends = [_as_float(call, call.array(end)) for end in (start, stop)]
    plain = call.flag(endpoint, "endpoint") and not call.flag(retstep, "retstep")
    if plain and not any(map(call.rank, ends)):
        found = _spaced(call, call.atom(ends[0]), call.atom(ends[1]), num, precise)
    else:
        args = [*ends, num, endpoint, retstep, axis, Static(precise)]
        found = listing.call(call.ctx, call.node, calculus.spaced, *args)
    if wanted is None or wanted == precise:
        return found
    if isinstance(found, TupleVal):  # the step is in the precision of computing
        values, step = found.items
        return TupleVal((_converted_to(call, values, wanted), step))
    return _converted_to(call, found, wanted)


def _converted_to(call: Call, x: Binding, dtype: str) -> Binding:
    """Evenly spaced numbers in another dtype: integers are those below."""
    if np.dtype(dtype).kind in "iu":
        x = call.ctx.wrap(call.emit("floor", call.atom(x)), in_order(x))
    return cast(call, x, dtype)


def _as_float(call: Call, end: Binding) -> Binding:
    """An end of which the distance to another does not wrap."""
    t = getattr(end.atom if isinstance(end, Dyn) else end, "type", None)
    if not isinstance(t, Scalar | Array) or not is_sized(t):
        return end
    if isinstance(t, Array):
        return cast(call, end, "float64")
    return call.result("cast", call.atom(end), dtype="float64", via="scalar")


def _precision(*ends: Binding) -> str:
    """The dtype in which NumPy computes what is between ends of these types, Python's
    numbers being weak."""
    strong = []
    for end in ends:
        t = end.atom.type if isinstance(end, Dyn) else getattr(end, "type", None)
        weak = isinstance(t, Scalar) and t.kind == "python"
        if isinstance(t, Scalar | Array) and not weak:
            strong.append(np.dtype(t.dtype))
        elif not weak:
            return "float64"
    return str(np.result_type(1.0, *strong)) if strong else "float64"


def _spaced(call: Call, first: Atom, last: Atom, num: Binding, dtype: str) -> Binding:
    """Numbers from one number to another, with both."""
    (count,) = call.lengths(num)
    zero, one = constant(0), constant(1)
    text = "Number of samples, {0}, must be non-negative."
    if isinstance(count, Const):
        if count.value < 0:
            call.ctx.fail(call.node, "ValueError", text.format(count.value))
        gaps: Atom = constant(max(count.value - 1, 1))
    else:
        negative = call.emit("less", count, zero)
        messages.fail_if(call.ctx, call.node, negative, "ValueError", text, (count,))
        less = call.emit("subtract", count, one)
        gaps = call.emit("maximum", less, one, via="builtin")
    given = None if dtype == "float64" else dtype
    known = lengths.known(call.ctx, given or "int64", [count])
    steps = call.emit("arange", zero, count, one, dtype=given, known=known)
    width = call.emit("divide", call.emit("subtract", last, first), gaps)
    y = call.emit("add", call.emit("multiply", steps, width), first)
    return call.ctx.wrap(_ended(call, y, (first, last, gaps), count))


def _ended(call: Call, y: Atom, ends: tuple[Atom, Atom, Atom], count: Atom) -> Atom:
    """With the last number where it ends, to the bit: of one number none is last."""
    first, last, gaps = ends
    if not isinstance(count, Const):
        index: Any = ("slice", True, False, False)
        return call.emit("store", y, last, gaps, index=(index,))
    if isinstance(first, Const) and isinstance(last, Const):
        assert isinstance(gaps, Const)
        width = (last.value - first.value) / gaps.value
        if gaps.value * width + first.value == last.value:
            return y
    if count.value < 2:
        return y
    return call.emit("store", y, last, constant(-1), index=("int",))


def array(call: Call) -> Binding:
    """``np.array(values, dtype)``: new memory, unless it may be the old."""
    yes, none = Dyn(constant(True)), Dyn(constant(0))
    x, dtype, copy, order, _, least = call.bind(
        "object", dtype=None, copy=yes, order=None, subok=None, ndmin=none
    )
    fresh = copy != NONE and call.flag(copy, "copy")
    found = _converted(call, x, dtype, order, fresh=fresh)
    return _of_rank(call, found, call.integer(least, "ndmin"))


def asarray(call: Call) -> Binding:
    """``np.asarray(values, dtype)``: the array itself if it is one."""
    x, dtype, order, copy = call.bind("a", dtype=None, order=None, copy=None)
    fresh = copy != NONE and call.flag(copy, "copy")
    return _converted(call, x, dtype, order, fresh=fresh)


def in_memory_order(order: str) -> Handler:
    """``np.ascontiguousarray(x)``: the array itself if it is in C order; of a number a
    vector."""

    def handle(call: Call) -> Binding:
        x, dtype = call.bind("a", dtype=None)
        found = _converted(call, x, dtype, Static(order), fresh=False)
        return _of_rank(call, found, 1)

    return handle


def _of_rank(call: Call, found: Binding, least: int) -> Binding:
    """The array, with axes of length 1 before its own if it has too few."""
    missing = least - call.rank(found)
    if missing <= 0:
        return found
    assert isinstance(found, ArrayRef)
    step = Step("expand_dims", (), (("axis", tuple(range(missing))),))
    return arrays.through(call.ctx, call.node, found, step, found.contiguous)


def _converted(
    call: Call, x: Binding, dtype: Binding, order: Binding, *, fresh: bool
) -> Binding:
    """The value as an array in this order: its own memory if it need be no other."""
    if order not in (NONE, *map(Static, "CFKA")):
        what = f"order= of {call.name} is 'C', 'F', 'K' or 'A'"
        call.refuse(what, "leave it away: it changes no number")
    found = converted(call, x, call.dtype(dtype, None), fresh=fresh)
    if not isinstance(found, ArrayRef) or order not in (Static("C"), Static("F")):
        return found
    return shapes.ordered(call, found, order == Static("F"))


def converted(call: Call, x: Binding, dtype: str | None, *, fresh: bool) -> Binding:
    """The value as an array."""
    if isinstance(x, TupleVal | ListRef | ObjectRef):
        result = call.array(x)
        assert isinstance(result, ArrayRef)
        return cast(call, result, dtype) if dtype else result
    if isinstance(x, ArrayRef):
        if dtype is not None and dtype != x.type.dtype:
            return cast(call, x, dtype)
        copy = call.emit("copy", call.atom(x)) if fresh else None
        return x if copy is None else call.ctx.wrap(copy, in_order(x))
    atom = call.atom(x)
    assert isinstance(atom.type, Scalar)
    return call.result("full", atom, dtype=dtype or atom.type.dtype)


def cast(call: Call, x: Binding, dtype: str) -> Binding:
    """``x.astype(dtype)``."""
    order = in_order(x)
    result = call.emit("cast", call.atom(x), dtype=dtype, via="astype")
    return call.ctx.wrap(result, order)


def astype(call: Call) -> Binding:
    """``x.astype(dtype, copy=...)``, which copies where there is nothing to convert."""
    x, dtype, fresh = call.bind("x", "dtype", copy=Dyn(constant(True)))
    wanted = call.dtype(dtype, None)
    assert wanted is not None
    kept = isinstance(x, ArrayRef) and x.type.dtype == wanted
    return x if kept and not call.flag(fresh, "copy") else cast(call, x, wanted)


def copy(call: Call) -> Binding:
    """``np.copy(x)`` and ``x.copy()``."""
    (x,) = call.bind("a")
    if not isinstance(x, ArrayRef):
        return x if call.name.startswith(".") else converted(call, x, None, fresh=True)
    order = call.name.startswith(".") or in_order(x)
    return call.ctx.wrap(call.emit("copy", call.atom(x)), order)


def numpy_scalar(dtype: str) -> Handler:
    """``np.float32(x)``: of an array of this dtype it is the array itself."""

    def handle(call: Call) -> Binding:
        (x,) = call.bind("x")
        if isinstance(x, ArrayRef) and x.type.ndim:
            return converted(call, x, dtype, fresh=False)
        atom = call.atom(x)
        if isinstance(atom, Const):
            return Dyn(constant(np.dtype(dtype).type(atom.value)))
        return call.result("cast", atom, dtype=dtype, via="scalar")

    return handle


def item(call: Call) -> Binding:
    """``x.item()``: the only element, or that at an index, as a Python number."""
    x, *index = call.args
    if index and isinstance(x, ArrayRef):
        x = _element(call, x, index)
    atom = call.atom(x)
    assert isinstance(atom.type, Scalar | Array)
    held = atom.type.dtype
    dtype = {"float32": "float64", "int32": "int64"}.get(held, held)
    if isinstance(atom.type, Array) and atom.type.ndim:
        # NumPy converts 0-d arrays only; more than one element are a ValueError here.
        atom = call.emit("reshape", atom, known=Array(held, ()))
    return call.result("cast", atom, dtype=dtype, via="builtin")


def _element(call: Call, x: ArrayRef, index: list[Binding]) -> Binding:
    """``x.item(k)`` counts in C order."""
    if len(index) == 1 and not isinstance(index[0], TupleVal) and x.type.ndim > 1:
        flat = call.emit("reshape", call.atom(x), constant(-1))
        found = call.ctx.wrap(flat)
        assert isinstance(found, ArrayRef)
        return arrays.load(call.ctx, call.node, found, index[0])
    place = index[0] if len(index) == 1 else TupleVal(tuple(index))
    return arrays.load(call.ctx, call.node, x, place)


def fill(call: Call) -> Binding:
    """``x.fill(value)``, in place."""
    x, value = call.bind("x", "value")
    if not isinstance(x, ArrayRef):
        hint = f"write {call.written(0)} wherever the number is used"
        call.refuse("a number cannot be filled", hint)
    held = call.ctx.read(x, call.node)
    atom = gradientless.muted(call.ctx, call.node, call.atom(value))
    changed = call.emit("store", held, atom, index=())
    arrays.write_back(call.ctx, call.node, x, changed)
    return NONE


def limits(of: type[np.finfo[Any]] | type[np.iinfo]) -> Handler:
    """``np.finfo(dtype)``, ``np.iinfo(dtype)``: of a dtype, or of a value's."""

    def handle(call: Call) -> Binding:
        (x,) = call.bind("dtype")
        if isinstance(x, Static):
            return Static(of(call.dtype(x, None) or "float64"))
        t = call.atom(x).type
        assert isinstance(t, Scalar | Array)
        return Static(of(t.dtype))

    return handle


def as_list(call: Call) -> Binding:
    """``x.tolist()`` of a vector: Python's numbers."""
    (x,) = call.bind("x")
    if not isinstance(x, ArrayRef) or x.type.ndim != 1:
        what = f"{call.name} of {describe(x)} is not supported"
        matrix = isinstance(x, ArrayRef) and x.type.ndim > 0
        instead = "index the array itself: x[i, j]" if matrix else "write x.item()"
        call.refuse(what, instead)
    return listing.call(call.ctx, call.node, lists.plain, x)


SCALARS = ("float64", "float32", "int64", "int32", "bool_")

FUNCTIONS: dict[Any, Handler] = {
    np.zeros: filled("zeros"),
    np.ones: filled("ones"),
    np.empty: filled("empty"),
    np.full: full,
    np.zeros_like: like("zeros_like"),
    np.ones_like: like("ones_like"),
    np.empty_like: like("empty_like"),
    np.full_like: full_like,
    np.arange: arange,
    np.eye: eye,
    np.linspace: linspace,
    np.array: array,
    np.asarray: asarray,
    np.asanyarray: asarray,
    np.ascontiguousarray: in_memory_order("C"),
    np.asfortranarray: in_memory_order("F"),
    np.copy: copy,
    np.finfo: limits(np.finfo),
    np.iinfo: limits(np.iinfo),
    **{getattr(np, name): numpy_scalar(name.rstrip("_")) for name in SCALARS},
}

METHODS: dict[str, Handler] = {
    "astype": astype,
    "copy": copy,
    "item": item,
    "fill": fill,
    "tolist": as_list,
}
