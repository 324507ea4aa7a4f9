"""``sum(x, start)``: Python's own sum.

In: a call. Out: the items added to the start, one by one;
for an array one sum over its rows.
Invariant: Python gives the start itself where there are no items. What would be another
kind of value then, or other memory, is checked at run time.
"""

from __future__ import annotations

import ast

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    IterVal,
    ListRef,
    RangeVal,
)
from adcompiler.frontend.lower import (
    comparisons,
    counted,
    iteration,
    lengths,
    listing,
    messages,
    operators,
)
from adcompiler.frontend.lower.handling import Call
from adcompiler.frontend.lower.operands import describe, known_int
from adcompiler.ir.builder import constant
from adcompiler.library import lists as library


def total(call: Call) -> Binding:
    """``sum(x, start)``, from left to right."""
    x, start = call.bind("iterable", start=Dyn(constant(0)))
    if isinstance(x, ListRef):
        return listing.total(call.ctx, call.node, x, start)
    if isinstance(x, IterVal | RangeVal):
        return listing.call(call.ctx, call.node, library.total, x, start)
    items = iteration.static_items(call.ctx, call.node, x)
    if items is not None:
        result = start
        for item in items:
            if known_int(result) == 0 and isinstance(item, Dyn | ArrayRef):
                result = item
            else:
                result = operators.binary(call.ctx, call.node, ast.Add(), result, item)
        if len(items) == 1 and result is items[0] and isinstance(result, ArrayRef):
            # 0 + x is new memory.
            result = operators.unary(call.ctx, call.node, ast.UAdd(), result)
        return result
    if isinstance(x, ArrayRef) and x.type.ndim > 0:
        return _of_rows(call, x, start)
    counted.source(call.ctx, call.node, x)  # refuses what has no items
    call.refuse(f"sum of {describe(x)} is not supported", iteration.AS_LIST)


def _of_rows(call: Call, x: ArrayRef, start: Binding) -> Binding:
    """Of an array: of its rows, or of the elements of a vector."""
    rank, rows = x.type.ndim, x.type.dims[0]
    if rows == 0:
        return start
    if not isinstance(rows, int) and not (rank == 1 and isinstance(start, Dyn)):
        count = lengths.axis_length(call.ctx, call.node, x, 0)
        none = comparisons.compare(
            call.ctx, call.node, ast.Eq(), count, Dyn(constant(0))
        )
        flag = comparisons.truth(call.ctx, call.node, none)
        text = "sum() of an array that has no rows is its start, 0 if none is given"
        messages.fail_if(call.ctx, call.node, flag, "ValueError", text)
    axes = (0,) if rank > 1 else None
    rest = call.result("sum", call.atom(x), axis=axes, keepdims=False)
    if known_int(start) == 0:
        return rest
    return operators.binary(call.ctx, call.node, ast.Add(), start, rest)
