"""Sums that loops carry, whose order is free.

In: a function. Out: the statements that add to a number which a loop carries, and which
nothing reads until the loop is over. They may be taken in any order, which is what lets
a loop be vectorised.
Invariant: of what is added, and of any other statement, the order stays: a sum that
makes up for its own rounding, or says when the loop ends, is read in each trip, and is
none of these.

    for i in range(n): total += x[i] * y[i]
"""

from __future__ import annotations

from collections.abc import Mapping

from adcompiler.ir.nodes import (
    Atom,
    For,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    carried_results,
)
from adcompiler.ir.types import Scalar
from adcompiler.ir.walk import all_stmts, count_uses

__all__ = ["sums_of_loops"]


def sums_of_loops(function: Function) -> frozenset[Let]:
    """The statements."""
    found: set[Let] = set()
    chains = _Chains()
    for loop in all_stmts(function.region):
        if isinstance(loop, For | While) and loop.body.falls:
            rows = zip(carried_params(loop), carried_results(loop), strict=True)
            for k, (param, end) in enumerate(rows):
                if _is_float(param) and not chains.decides(loop, k):
                    found.update(chains.along(loop.body, param, end) or ())
    return frozenset(found)


def _is_float(atom: Atom) -> bool:
    return isinstance(atom.type, Scalar) and atom.type.dtype.startswith("float")


class _Chains:
    """What values become, as long as each is read once."""

    def __init__(self) -> None:
        self._uses: dict[Region, Mapping[Var, int]] = {}

    def uses(self, region: Region) -> Mapping[Var, int]:
        """How often values are read in a region."""
        if region not in self._uses:
            self._uses[region] = count_uses(region)
        return self._uses[region]

    def decides(self, loop: For | While, k: int) -> bool:
        """Whether a carried value is read to find whether there is another trip."""
        if isinstance(loop, For):
            return False
        return loop.cond.params[k] in self.uses(loop.cond)

    def along(self, region: Region, start: Var, end: Atom) -> list[Let] | None:
        """What adds to a value until it is the other, if nothing else reads it."""
        found: list[Let] = []
        current = start
        for stmt in region.body:
            step = self.step(stmt, current)
            if step is not None:
                # A statement of two arms reads it in both.
                arms = 2 if isinstance(stmt, If) else 1
                if self.uses(region).get(current) != arms:
                    return None
                current, found = step[0], [*found, *step[1]]
        alone = self.uses(region).get(current) == 1
        return found if alone and current == end else None

    def step(self, stmt: Stmt, value: Var) -> tuple[Var, list[Let]] | None:
        """What a value becomes by a statement that does nothing but add to it."""
        match stmt:
            case Let(operands=operands) if value in operands and _adds(stmt, value):
                return stmt.result, [stmt]
            case For(inits=inits) if value in inits and stmt.body.falls:
                k = inits.index(value)
                end, param = carried_results(stmt)[k], carried_params(stmt)[k]
                inner = self.along(stmt.body, param, end)
                return None if inner is None else (stmt.results[k], [])
            case If(then=then, orelse=orelse) if then.falls and orelse.falls:
                for k, result in enumerate(stmt.results):
                    ways = [self.along(a, value, a.results[k]) for a in (then, orelse)]
                    if None not in ways:
                        return result, [let for way in ways for let in way or ()]
        return None


def _adds(let: Let, value: Var) -> bool:
    """Whether a statement is a sum of this number and another, or their difference."""
    name, first = let.primitive.name, let.operands[0] == value
    if name != "add" and not (name == "subtract" and first):
        return False
    dtypes = {getattr(a.type, "dtype", "") for a in (*let.operands, let.result)}
    return len(dtypes) == 1 and isinstance(let.result.type, Scalar)
