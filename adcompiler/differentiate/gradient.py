"""Reverse mode of whole functions: gradient, and value with pullback.

In: a primal function and the parameters to differentiate. Out: new functions in the
same IR, which can be differentiated again.

Invariants: a gradient has its parameter's dtype and shape; what the primal may raise or
print is still there, once, in the forward sweep.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, TypeGuard

import numpy as np

from adcompiler.analysis.activity import active
from adcompiler.analysis.nouns import with_nouns
from adcompiler.analysis.tapes import grown
from adcompiler.differentiate import calls, masks
from adcompiler.differentiate.boundary import (
    define_residuals,
    measured,
    of_any_length,
    zeroed,
)
from adcompiler.differentiate.cotangents import Cotangent, Cotangents, bar_name
from adcompiler.differentiate.forward import type_of
from adcompiler.differentiate.indexed import with_indexed_tapes
from adcompiler.differentiate.replaying import record
from adcompiler.differentiate.residuals import Primal, plan_residuals
from adcompiler.differentiate.reverse import Adjoint, reverse_statements, twin_regions
from adcompiler.differentiate.shapes import read_shapes_in_scope, with_lengths
from adcompiler.differentiate.skipping import count_whole_trips
from adcompiler.errors import InternalError
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.callee import derivative_type
from adcompiler.ir.joins import may_be_undefined, widened
from adcompiler.ir.nodes import (
    Atom,
    For,
    Function,
    Let,
    Region,
    Stmt,
    Var,
    While,
    fresh_var,
)
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import Array, Scalar, is_float
from adcompiler.ir.walk import clone, free_vars, operands, substitute


def gradient(
    function: Function, wrt: tuple[int, ...], *, with_value: bool = False
) -> Function:
    """The gradient of a function with one scalar float result.

    Results: the primal's results if `with_value`, then one gradient per parameter in
    `wrt`.
    """
    region = with_nouns(with_indexed_tapes(clone(function.region)))
    (result,) = (a for a in region.results if is_float(a.type))
    builder = Builder(role="adjoint")
    forward, reverse, gradients, _ = _sweeps(
        region, wrt, [(result, _unit_seed(builder, result))], builder
    )
    values = region.results if with_value else ()
    body = Region(region.params, (*forward, *reverse), (*values, *gradients))
    return Function(function.name, body, function.span)


def vjp(
    function: Function, wrt: tuple[int, ...], *, called: bool = False
) -> tuple[Function, Function]:
    """The function with its residuals, and its pullback.

    The first gives the primal's results, then residuals. The second takes the
    residuals, then one cotangent per float result, and gives one gradient per
    parameter in `wrt`; it can be called any number of times. The cotangents of a
    function that is `called` may be Python's numbers or NumPy's.
    """
    region = with_nouns(with_indexed_tapes(clone(function.region)))
    floats = [a for a in region.results if is_float(a.type)]
    retyped = derivative_type if called else type_of
    cotangents = tuple(fresh_var(retyped(a.type), _seed_name(a)) for a in floats)
    forward, reverse, gradients, missing = _sweeps(
        region,
        wrt,
        list(zip(floats, cotangents, strict=True)),
        Builder(role="adjoint"),
    )
    read = free_vars(Region((), reverse, gradients))
    kept = tuple(v for v in read if v not in cotangents)
    found = _told_by_others(forward, kept, missing)
    kept = tuple(_called(v, forward) for v in kept if v not in found)
    reverse = (*found.values(), *reverse)
    shown = {v: of_any_length(v) for v in kept if v in missing}
    forward = define_residuals(region.params, forward, kept)
    first = Region(region.params, forward, (*region.results, *kept))
    sweep = substitute(Region((), reverse, gradients), shown)
    params = (*(shown.get(v, v) for v in kept), *cotangents)
    pullback = clone(widened(replace(sweep, params=params)))
    return (
        Function(function.name, first, function.span),
        Function(f"{function.name}_pullback", pullback, function.span),
    )


def _told_by_others(
    forward: tuple[Stmt, ...], kept: tuple[Var, ...], missing: set[Var]
) -> dict[Var, Stmt]:
    """The residuals that others tell, each with the statement that asks them: lengths
    of arrays, and counts of trips that recorded on a list."""
    there = set(kept) - missing
    empty = {
        s.result
        for s in forward
        if isinstance(s, Let) and s.primitive.name == "list_new"
    }
    found: dict[Var, Stmt] = {}
    for stmt in forward:
        if isinstance(stmt, For | While):
            tape = next((t for t in grown(stmt, empty) if t in there), None)
            if tape is not None and stmt.trips in there:
                row = PRIMITIVES["list_length"]
                found[stmt.trips] = Let(
                    (stmt.trips,), row, (tape,), (), stmt.span, "adjoint", safe=True
                )
        elif _is_length(stmt) and there.issuperset((*stmt.results, *operands(stmt))):
            found[stmt.results[0]] = replace(stmt, role="adjoint", safe=True)
    return found


def _is_length(stmt: Stmt) -> TypeGuard[Let]:
    return isinstance(stmt, Let) and stmt.primitive.name in ("shape", "size")


def _called(var: Var, forward: tuple[Stmt, ...]) -> Var:
    """A residual with a word for what it is, should it have none."""
    for stmt in forward:
        if isinstance(stmt, For | While) and var in (stmt.trips, stmt.stopped):
            word = "trips" if var == stmt.trips else "stopped"
            return var if var.name else replace(var, noun=word)
    return var


Seeds = list[tuple[Atom, Atom]]


class Sweeps(NamedTuple):
    """Forward and reverse statements, the gradients, and the values of the forward
    sweep that a path leaves unassigned."""

    forward: tuple[Stmt, ...]
    reverse: tuple[Stmt, ...]
    gradients: tuple[Atom, ...]
    missing: set[Var]


def _sweeps(
    region: Region, wrt: tuple[int, ...], seeds: Seeds, builder: Builder
) -> Sweeps:
    params = [region.params[k] for k in wrt]
    region, whole = count_whole_trips(calls.recording(region, params))
    primal = Primal(with_lengths(region))
    adjoint = Adjoint(active(primal.root, params), whole=whole)
    bars = Cotangents(builder, masks.factors(primal.root))
    for result, seed in seeds:
        if isinstance(result, Var) and result in adjoint.active:
            bars.add(result, Cotangent(seed))
    reverse_statements(primal.root.body, bars, adjoint)
    builder.span = None
    gradients = tuple(bars.value_or_zero(p) for p in params)
    adjoint_stmts, replaced = read_shapes_in_scope(primal, tuple(builder.stmts))
    adjoint.renew(replaced)
    mirrored = frozenset(twin for _, twin in twin_regions(adjoint_stmts, adjoint))
    primal.versions.reversed = mirrored
    plan = plan_residuals(primal, adjoint_stmts, adjoint.indices)
    forward, reverse = record(primal, adjoint_stmts, plan, adjoint)
    missing = may_be_undefined(forward)
    lists = measured(forward, plan.recorded)
    wanted = (*plan.recorded, *zeroed(reverse), *lists)
    forward = define_residuals(primal.root.params, forward, wanted)
    return Sweeps(forward, reverse, gradients, missing)


def _unit_seed(builder: Builder, result: Atom) -> Atom:
    """A cotangent of one for a result with one element."""
    match result.type:
        case Array():
            return builder.apply("ones_like", result, dtype=None)
        case Scalar(dtype="float64"):
            return constant(1.0)
        case Scalar():
            return constant(np.dtype(result.type.dtype).type(1))
        case _:
            raise InternalError(f"no gradient of a result of type {result.type}")


def _seed_name(result: Atom) -> str:
    name = bar_name(result) if isinstance(result, Var) else None
    return name or "y_bar"
