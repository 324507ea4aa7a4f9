"""`np.vectorize`, and what is written in brackets: `np.r_`, `np.c_`, `np.mgrid`.

In: calls and subscripts of NumPy's own objects. Out: what they stand for.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from adcompiler.frontend.bindings import (
    NONE,
    Binding,
    Dyn,
    FunctionVal,
    PartialVal,
    SliceVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower import composed
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.ir.builder import constant

UNTYPED = (
    "np.vectorize without otypes= takes the dtype of the first result",
    "say that results are floats: np.vectorize(f, otypes=[float])",
)


def vectorize(call: Call) -> Binding:
    """``np.vectorize(f, otypes=[float])``: what applies f to each element.

    Without `otypes` the first result says of which dtype all are: an int there would
    make ints of all, and whether 0 or 0.0 is given is not followed.
    """
    function, otypes, _ = call.bind("pyfunc", otypes=None, doc=None)
    if not isinstance(function, Static | FunctionVal | PartialVal):
        what = "np.vectorize takes a function"
        call.refuse(what, "write np.vectorize(lambda v: f(v), otypes=[float])(x)")
    parts = otypes.items if isinstance(otypes, TupleVal) else (otypes,)
    if otypes == NONE or len(parts) != 1 or call.dtype(parts[0], None) != "float64":
        call.refuse(*UNTYPED)
    return PartialVal(Static(np.vectorize.__call__), (function,), {})


def of_object(ctx: Context, node: ast.AST, value: object) -> Binding | None:
    """What an object from outside that vectorises a function stands for."""
    if not isinstance(value, np.vectorize):
        return None
    if value.excluded or value.signature is not None or value.cache:
        return None
    if value.otypes != "d":
        ctx.refuse(node, *UNTYPED)
    return PartialVal(Static(np.vectorize.__call__), (Static(value.pyfunc),), {})


def bracketed(ctx: Context, node: ast.AST, value: object, index: Binding) -> Binding:
    """``np.r_[a, b]``: the parts as arguments, slices as triples."""
    parts = index.items if isinstance(index, TupleVal) else (index,)
    call = Call(ctx, node, "np.r_", [], {})
    args = [_triple(call, part) for part in parts]
    return BRACKETS[id(value)](replace(call, args=args))


def is_bracketed(value: object) -> bool:
    """Whether this is an object of NumPy's that is subscripted in place of a call."""
    return id(value) in BRACKETS


def _triple(call: Call, part: Binding) -> Binding:
    """A slice as a list of start, stop and step; what else is a list is an array."""
    if not isinstance(part, SliceVal):
        return call.array(part)
    start = part.start or Dyn(constant(0))
    step = part.step or Dyn(constant(1))
    return TupleVal((start, part.stop or NONE, step), list)


def _of(value: Hashable) -> Handler:
    found = composed.handler_of(value)
    assert found is not None
    return found


FUNCTIONS: dict[Hashable, Handler] = {np.vectorize: vectorize}
BRACKETS: dict[int, Handler] = {
    id(value): _of(value) for value in (np.r_, np.c_, np.mgrid, np.ogrid)
}
