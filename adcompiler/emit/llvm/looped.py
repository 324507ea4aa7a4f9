"""Lengths of arrays that loops compute with again and again.

In: a function. Out: of its parameters' lengths, those that such arrays may have, by
their keys. Code that knows them, if they are small, is the faster.
Invariants: it is a guess, of which no more than speed depends. What a loop takes or
changes an element or a row of counts by that part: ``x[i]`` says nothing of len(x).

    for z in zs: x = F @ x + z, F: float64[n1, n2], zs: float64[n3, n4]
        ->   n1, n2, n4
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import chain

from adcompiler.emit.llvm.lengths import Classes, lengths_that_meet
from adcompiler.ir.nodes import (
    Atom,
    For,
    Function,
    If,
    Let,
    Region,
    Stmt,
    While,
    carried_params,
    carried_results,
)
from adcompiler.ir.types import ANY, Dim, Length, dims_of
from adcompiler.ir.walk import all_stmts, regions

__all__ = ["looped_lengths"]

_IN_PARTS = ("load", "store", "accumulate", "gather", "scatter", "scatter_add", "shape")


def looped_lengths(function: Function) -> frozenset[Hashable]:
    """The keys of the lengths."""
    classes = Classes()
    for stmt in all_stmts(function.region):
        for first, second in _met(stmt):
            mine, other = _key(first), _key(second)
            if mine is not None and other is not None:
                classes.join(mine, other)
    used = {classes.of(key) for key in _looped(function.region)}
    params = (d for p in function.params for d in dims_of(p.type))
    keys = (_key(d) for d in params)
    return frozenset(k for k in keys if k is not None and classes.of(k) in used)


def _key(length: Length) -> Hashable | None:
    """What a length is told by; one that is shorter by a constant by the whole."""
    if isinstance(length, int) or length.key == ANY.key:
        return None
    match length.key:
        case ("drop", Dim() as base, _):
            return _key(base)
        case key:
            return key


def _met(stmt: Stmt) -> Iterator[tuple[Length, Length]]:
    """Pairs of lengths that are equal, or mostly are."""
    match stmt:
        case Let():
            yield from lengths_that_meet(stmt)
        case If():
            for arm in (stmt.then, stmt.orelse):
                if arm.falls:
                    yield from _pairs(arm.results, stmt.results)
        case For() | While():
            params = carried_params(stmt)
            yield from _pairs(stmt.inits, params)
            yield from _pairs(params, stmt.results)
            if stmt.body.falls:
                yield from _pairs(carried_results(stmt), params)


def _pairs(
    left: Sequence[Atom], right: Sequence[Atom]
) -> Iterator[tuple[Length, Length]]:
    for a, b in zip(left, right, strict=True):
        yield from zip(dims_of(a.type), dims_of(b.type), strict=True)


def _looped(region: Region, *, inside: bool = False) -> Iterator[Hashable]:
    """The keys of lengths of what statements in loops compute with."""
    for stmt in region.body:
        if not isinstance(stmt, Let):
            loop = inside or isinstance(stmt, For | While)
            for inner in regions(stmt):
                yield from _looped(inner, inside=loop)
        elif inside:
            found = (dims_of(a.type) for a in _whole(stmt))
            yield from (k for d in chain(*found) if (k := _key(d)) is not None)


def _whole(let: Let) -> Sequence[Atom]:
    """The arrays that a statement looks at all elements of."""
    if let.primitive.name not in _IN_PARTS:
        return (*let.operands, *let.results)
    if let.primitive.writes:
        return let.operands[1:]
    return let.results
