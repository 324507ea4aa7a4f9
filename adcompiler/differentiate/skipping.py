"""Reversed loops leave out the trip that does nothing but end the loop.

In: a primal region. Out: the same with a count of the other trips, carried by each loop
that ends in such a trip; and, for a loop that is being reversed, whether its last trip
has an adjoint at all. Where it has none, the loop is reversed over the other trips, and
what they record is recorded once the exit is passed (`recording`), so that tapes have
an element for each of these.

    for ...:                    for ...:
        if y > c:                   if y > c:
            break          ->           break
        y = f(y)                    ys.append(y)
                                    y = f(y)
                                for y in reversed(ys): ...

Invariant: all that stands before the exit are simple statements, and no array differs
at the exit from what it was at the start of the trip; so nothing is to be undone.
"""

from __future__ import annotations

from dataclasses import replace

from adcompiler.analysis.exits import Exit, exit_of
from adcompiler.differentiate.cotangents import Cotangents
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Atom,
    For,
    Let,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    fresh_var,
)
from adcompiler.ir.types import PY_INT, Scalar, is_float
from adcompiler.ir.walk import map_regions

Counts = dict[Var, Var]  # by a loop's trips, the count of those it was not ended in


def count_whole_trips(region: Region) -> tuple[Region, Counts]:
    """The region with these counts carried."""
    counts: Counts = {}

    def visit(stmt: Stmt) -> Stmt:
        stmt = map_regions(stmt, inside)
        if isinstance(stmt, For | While) and stmt.body.falls:
            exit = exit_of(stmt)
            if exit is not None and _only_ends(exit):
                stmt, counts[stmt.trips] = _counted(exit)
        return stmt

    def inside(inner: Region) -> Region:
        return replace(inner, body=tuple(map(visit, inner.body)))

    return inside(region), counts


def _only_ends(exit: Exit) -> bool:
    """Whether the trip that ends the loop may come to nothing."""
    if not all(isinstance(s, Let) for s in exit.loop.body.body[:-1]):
        return False
    rows = list(zip(exit.leaving, carried_params(exit.loop), strict=True))
    scalars = all(isinstance(p.type, Scalar) or a == p for a, p in rows)
    return scalars and any(
        a == p and a != staying and is_float(p.type)
        for (a, p), staying in zip(rows, exit.staying, strict=True)
    )


def _counted(exit: Exit) -> tuple[For | While, Var]:
    """The loop with its whole trips counted."""
    loop, branch = exit.loop, exit.branch
    before, cond, joined, after = (fresh_var(PY_INT, "trips") for _ in range(4))
    builder = Builder(span=branch.span)
    more = builder.apply("add", before, constant(1), hint="trips")
    other = replace(
        exit.other,
        body=(*builder.stmts, *exit.other.body),
        results=(*exit.other.results, more),
    )
    leaf = replace(exit.leaf, results=(*exit.leaf.results, before))
    arms = {exit.leaf: leaf, exit.other: other}
    branch = replace(
        branch,
        results=(*branch.results, joined),
        then=arms[branch.then],
        orelse=arms[branch.orelse],
    )
    body = Region(
        (*loop.body.params, before),
        (*loop.body.body[:-1], branch),
        (*loop.body.results, joined),
    )
    results, inits = (*loop.results, after), (*loop.inits, constant(0))
    loop = replace(loop, results=results, inits=inits, body=body)
    if isinstance(loop, While):
        params = (*loop.cond.params, cond)
        loop = replace(loop, cond=replace(loop.cond, params=params))
    return loop, after


def without_last_trip(
    loop: For | While, carried: list[int], bars: Cotangents
) -> Exit | None:
    """The exit of a loop that is reversed over its other trips: at the exit, each value
    that has a cotangent is what it was at the start of the trip."""
    exit = exit_of(loop)
    if exit is None:
        return None
    params = carried_params(loop)
    same = all(exit.leaving[k] == params[k] for k in carried if loop.results[k] in bars)
    return exit if same else None


def condition_of(exit: Exit) -> Atom:
    """The exit's condition in the trips that do not end the loop."""
    return constant(exit.branch.then is exit.other)
