"""Whether what a function gives is linear in some of its parameters.

In: a region and the parameters. Out: the first statement that is not linear in them,
as far as can be seen; None if all are.
Invariant: conservative: where None is given, the derivative of the results by these
parameters depends on none of them.

>>> from adcompiler.ir.builder import Builder
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.types import PY_FLOAT
>>> import adcompiler.primitives
>>> x, y = fresh_var(PY_FLOAT, "x"), fresh_var(PY_FLOAT, "y")
>>> b = Builder()
>>> product = b.apply("multiply", x, y)
>>> region = b.region((x, y), (product,))
>>> not_linear(region, [y]), not_linear(region, [x, y]).primitive
(None, <multiply>)
"""

from __future__ import annotations

from collections.abc import Iterable

from adcompiler.analysis.partials import partial_of
from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import (
    Atom,
    For,
    If,
    Let,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    carried_results,
    stop_flag,
)
from adcompiler.ir.types import is_float
from adcompiler.ir.walk import free_vars

__all__ = ["not_linear"]


def not_linear(region: Region, params: Iterable[Var]) -> Stmt | None:
    """The first statement that is not linear in the parameters; None if all are."""
    try:
        _Linear(set(params)).region(region)
    except _Found as found:
        return found.stmt
    return None


# Rows that only move their operands, or add them.
_MOVING = frozenset(
    {"concatenate", "stack", "fsum", "list_append", "list_pop", "pack", "unpack"}
)


class _Found(Exception):
    def __init__(self, stmt: Stmt) -> None:
        super().__init__()
        self.stmt = stmt


class _Linear:
    """Follows what depends on the parameters; `found` is that."""

    def __init__(self, found: set[Var]) -> None:
        self.found = found

    def depends(self, atom: Atom) -> bool:
        return isinstance(atom, Var) and atom in self.found

    def region(self, region: Region) -> None:
        for stmt in region.body:
            match stmt:
                case Let():
                    self.let(stmt)
                case If():
                    self.branch(stmt)
                case For() | While():
                    self.loop(stmt)

    def let(self, let: Let) -> None:
        row = let.primitive
        given = [
            k
            for k, a in enumerate(let.operands)
            if self.depends(a) and k not in row.shape_only
        ]
        if not given:
            return
        if not all(is_float(r.type) for r in let.results):
            if row.name != "list_length":
                raise _Found(let)
            return
        if not self.is_linear(let, given):
            raise _Found(let)
        self.found.update(let.results)

    def is_linear(self, let: Let, given: list[int]) -> bool:
        row, count = let.primitive, len(let.operands)
        if row.linear is not None:
            return set(given) <= {k % count for k in row.linear}
        if row.bilinear is not None:
            return len(given) == 1 and given[0] in row.bilinear
        if row.partials is not None:
            return all(self.is_constant(let, k) for k in given)
        if row.name == "einsum":
            return len(given) == 1
        if row.name == "solve":
            return given == [1]
        return row.name in _MOVING

    def is_constant(self, let: Let, k: int) -> bool:
        """Whether a partial derivative depends on none of what is followed."""
        partial, built = partial_of(let, k)
        if not isinstance(partial, Expr):
            return partial is not None
        read = free_vars(Region((), tuple(built), (partial.atom,)))
        return self.found.isdisjoint(read) and let.result not in read

    def branch(self, stmt: If) -> None:
        if self.depends(stmt.cond):
            raise _Found(stmt)
        for arm in (stmt.then, stmt.orelse):
            self.region(arm)
            if arm.falls:
                self.pass_on(zip(stmt.results, arm.results, strict=True))

    def loop(self, loop: For | While) -> None:
        params, ends = carried_params(loop), carried_results(loop)
        if isinstance(loop, For) and any(map(self.depends, loop.range.atoms)):
            raise _Found(loop)
        self.pass_on(zip(params, loop.inits, strict=True))
        while True:
            before = len(self.found)
            self.region(loop.body)
            self.pass_on(zip(params, ends, strict=True))
            if len(self.found) == before:
                break
        flag = stop_flag(loop)
        if flag is not None and self.depends(flag):
            raise _Found(loop)
        if isinstance(loop, While):
            self.pass_on(zip(loop.cond.params, params, strict=True))
            self.region(loop.cond)
            if any(map(self.depends, loop.cond.results)):
                raise _Found(loop)
        self.pass_on(zip(loop.results, loop.inits, strict=True))
        self.pass_on(zip(loop.results, ends, strict=True))

    def pass_on(self, pairs: Iterable[tuple[Var, Atom]]) -> None:
        self.found.update(var for var, atom in pairs if self.depends(atom))
