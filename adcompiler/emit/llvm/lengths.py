"""Lengths that are equal wherever a program gets by.

In: a function. Out: of its parameters' lengths, those that one statement or another
requires to be equal, by a common one.
Invariant: it is for the entry to see that they are; a call of other lengths is NumPy's,
which raises where it is to be raised.

    s = sum(a * b), a: float64[n0], b: float64[n1], neither of one element
        ->   n1 is n0
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from itertools import pairwise

from adcompiler.ir.nodes import For, Function, Let, Region, Var, While
from adcompiler.ir.types import Dim, Length, dims_of
from adcompiler.ir.walk import regions

__all__ = ["equal_lengths"]


def equal_lengths(function: Function) -> Mapping[Hashable, Hashable]:
    """The key of the length that stands for another, by the keys of both."""
    known = {
        d.key: d.key
        for p in function.params
        for d in dims_of(p.type)
        if isinstance(d, Dim)
    }

    def found(key: Hashable) -> Hashable:
        while known[key] != key:
            key = known[key]
        return key

    for let in _unconditional(function.region):
        for first, second in _required(let):
            keys = [d.key for d in (first, second) if isinstance(d, Dim)]
            if len(keys) == 2 and all(k in known for k in keys):
                known[found(keys[1])] = found(keys[0])
    return {key: found(key) for key in known}


def _unconditional(region: Region) -> Iterator[Let]:
    """The statements that run, if loops make trips."""
    for stmt in region.body:
        if isinstance(stmt, Let):
            yield stmt
        elif isinstance(stmt, For | While):
            for inner in regions(stmt):
                yield from _unconditional(inner)


def _required(let: Let) -> Iterator[tuple[Length, Length]]:
    """Pairs of lengths that the statement requires to be equal."""
    shapes = [dims_of(a.type) for a in let.operands if isinstance(a, Var)]
    if let.primitive.name == "matmul" and len(shapes) == 2 and all(shapes):
        left, right = shapes
        yield left[-1], right[-2 if len(right) > 1 else 0]
    elif let.primitive.elementwise or _is_whole(let):
        for axis in range(1, 1 + max(map(len, shapes), default=0)):
            open_ = [
                d
                for s in shapes
                if len(s) >= axis and isinstance(d := s[-axis], Dim) and d.not_one
            ]
            yield from pairwise(open_)


def _is_whole(let: Let) -> bool:
    """Whether a statement stores into all of an array."""
    known = let.primitive.name in ("accumulate", "store")
    return known and let.param("index") == ()
