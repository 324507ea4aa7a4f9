"""Calls of functions of their own, in both modes: the callee is derived, once.

In: a `call` of a function. Out: the call of its derivative that takes its place.
Invariants: the results of the call are those of the derivative's call, which is the
only one; a call on which nothing depends that is differentiated stays as it is.

Forward mode:    y = f(x)   ->   y, y_dot = f_jvp(x, x_dot)
Reverse mode:    y = f(x)   ->   y, saved = f_forward(x)
                                 ...
                                 x_bar = f_pullback(saved, y_bar)

The second line of reverse mode is the pullback of the first, as the row has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from adcompiler.analysis.activity import active, differentiable_operands
from adcompiler.ir.callee import Callee, derivative_type
from adcompiler.ir.nodes import Let, Region, Stmt, Var, fresh_var
from adcompiler.ir.types import Type, is_float
from adcompiler.ir.walk import all_stmts, map_regions


def is_call(stmt: Stmt) -> bool:
    """Whether a statement calls a function of its own."""
    return isinstance(stmt, Let) and stmt.primitive.name == "call"


def recording(region: Region, seeds: Iterable[Var]) -> Region:
    """The region with each call that is reversed leaving its residuals."""
    if not any(map(is_call, all_stmts(region))):
        return region
    found = active(region, seeds)

    def inner(region: Region) -> Region:
        return replace(region, body=tuple(map(changed, region.body)))

    def changed(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Let):
            return _recording(stmt, found) if is_call(stmt) else stmt
        return map_regions(stmt, inner)

    return inner(region)


def _recording(let: Let, found: set[Var]) -> Let:
    wrt = tuple(k for k in differentiable_operands(let) if let.operands[k] in found)
    if not wrt or found.isdisjoint(let.results):
        return let
    callee: Callee = let.param("callee")
    forward, pullback = callee.sweeps(wrt)
    saved = fresh_var(forward.results[-1], f"{callee.name}_residuals")
    types = (*let.param("types"), saved.type)
    params = _params(callee=forward, pullback=pullback, types=types, wrt=wrt)
    return replace(let, results=(*let.results, saved), params=params)


def with_tangents(let: Let, wrt: Sequence[int], dots: Sequence[Var]) -> Let:
    """The call that gives the tangents of its float results besides, as `dots`; the
    last operands are to be those of the operands `wrt`."""
    callee: Callee = let.param("callee")
    types = (*let.param("types"), *(d.type for d in dots))
    params = _params(callee=callee.tangent(tuple(wrt)), types=types)
    return replace(let, results=(*let.results, *dots), params=params)


def tangent_types(let: Let) -> tuple[Type, ...]:
    """The types of the tangents of a call's float results."""
    return tuple(derivative_type(r.type) for r in let.results if is_float(r.type))


def _params(**params: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(params.items()))
