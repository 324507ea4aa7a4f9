"""Lengths that are equal wherever a program gets by, and those that are taken for it.

In: a function. Out: of its parameters' lengths, those that one statement or another
requires to be equal, by a common one; and all that meet in statements, by a common one.
Invariants: it is for the entry to see that the former are equal: a call of other
lengths is NumPy's, which raises where it is to be raised. The latter are equal unless
one is 1, which types mostly know: the code for arrays in C order looks where they meet,
and gives the run up if they are not.

    s = sum(a * b), a: float64[n0], b: float64[n1], neither of one element
        ->   n1 is n0
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from adcompiler.ir.nodes import For, Function, Let, Region, While
from adcompiler.ir.types import ANY, Dim, Length, dims_of
from adcompiler.ir.walk import all_stmts, regions

__all__ = ["Classes", "assumed_lengths", "equal_lengths", "lengths_that_meet"]


def equal_lengths(function: Function) -> Mapping[Hashable, Hashable]:
    """The key of the length that stands for another, by the keys of both."""
    classes = Classes()
    for param in function.params:
        for d in dims_of(param.type):
            if isinstance(d, Dim):
                classes.known.setdefault(d.key, d.key)
    known = set(classes.known)
    for let in _unconditional(function.region):
        for first, second in _required(let):
            keys = [d.key for d in (first, second) if isinstance(d, Dim)]
            if len(keys) == 2 and known.issuperset(keys):
                classes.join(*keys)
    return classes.found()


def assumed_lengths(function: Function) -> Mapping[Hashable, Hashable]:
    """The key of the length that stands for another, of all that meet."""
    classes = Classes()
    for let in all_stmts(function.region):
        if isinstance(let, Let):
            for first, second in lengths_that_meet(let):
                keys = [d.key for d in (first, second) if isinstance(d, Dim)]
                if len(keys) == 2 and ANY.key not in keys:
                    classes.join(*keys)
    return classes.found()


@dataclass(slots=True)
class Classes:
    """Keys, and for each one that it was joined to."""

    known: dict[Hashable, Hashable] = field(default_factory=dict)

    def of(self, key: Hashable) -> Hashable:
        while (other := self.known.setdefault(key, key)) != key:
            key = other
        return key

    def join(self, first: Hashable, second: Hashable) -> None:
        self.known[self.of(second)] = self.of(first)

    def found(self) -> Mapping[Hashable, Hashable]:
        return {key: self.of(key) for key in list(self.known)}


def lengths_that_meet(let: Let) -> Iterator[tuple[Length, Length]]:
    """Pairs of lengths that are equal, if the statement repeats nothing."""
    if any(dims_of(a.type) for a in (*let.operands, *let.results)):
        yield from _required(let)
        yield from _met(let)


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
    shapes = [dims_of(a.type) for a in let.operands]
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


def _met(let: Let) -> Iterator[tuple[Length, Length]]:
    name = let.primitive.name
    if let.primitive.elementwise or _is_whole(let) or name == "sum_to":
        shapes = [dims_of(a.type) for a in (*let.operands, *let.results)]
        for axis in range(1, 1 + max(map(len, shapes), default=0)):
            open_ = [
                d for s in shapes if len(s) >= axis and isinstance(d := s[-axis], Dim)
            ]
            yield from pairwise(open_)


def _is_whole(let: Let) -> bool:
    """Whether a statement stores into all of an array."""
    known = let.primitive.name in ("accumulate", "store")
    return known and let.param("index") == ()
