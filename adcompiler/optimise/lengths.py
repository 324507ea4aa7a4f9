"""Lengths that follow from the operands: of slices by known bounds, and of whatever is
computed from them.

In: any function. Out: the same, its symbolic lengths replaced by their equals.
Invariant: a length is replaced only where it is that of a statement's own result, by
one that the statement's operands have (or that its bounds give): equal lengths get
equal symbols, so that ``u[2:] - u[:-2]`` needs no test whether one was stretched.

    u[2:]: float64[n1]   ->   u[2:]: float64[n0-2], where u: float64[n0]
"""

from __future__ import annotations

from collections.abc import Iterator

from adcompiler.ir.nodes import Function, Let
from adcompiler.ir.types import Dim, Length, dims_of
from adcompiler.ir.walk import Lengths, all_stmts, retype
from adcompiler.primitives.indexing import part_lengths


def infer_lengths(function: Function) -> Function:
    """The function with every length that its operands tell."""
    lengths = Lengths(fresh=False)
    seen: set[Length] = {d for p in function.params for d in dims_of(p.type)}
    for stmt in all_stmts(function.region):
        if not isinstance(stmt, Let):
            continue
        for old, new in _told(stmt, lengths):
            if isinstance(old, Dim) and isinstance(old.key, int) and old not in seen:
                lengths.known[old] = new
        seen.update(d for r in stmt.results for d in dims_of(r.type))
    changed = any(old != new for old, new in lengths.known.items())
    return retype(function, lengths) if changed else function


def _told(let: Let, lengths: Lengths) -> Iterator[tuple[Length, Length]]:
    """Pairs of a result's length and what it is equal to."""
    types = tuple(lengths.type(a.type) for a in let.operands)
    if let.primitive.name == "load":
        part = part_lengths(dims_of(types[0]), let.param("index"), let.operands[1:])
        yield from zip(dims_of(let.result.type), part, strict=True)
        return
    results = let.primitive.types(types, dict(let.params))
    given = {d for t in types for d in dims_of(t)}
    for result, new in zip(let.results, results, strict=True):
        for old, length in zip(dims_of(result.type), dims_of(new), strict=True):
            if length in given or isinstance(length, int):
                yield old, length
