"""Arrays filled with one number, to be stored to, are made at once.

In: a function out of `bufferise`. Out: the same, in which a number spread over a shape
and then copied is an array of its own from the start.
Invariant: the view that goes has no other use.

    t = broadcast_to(v, x)
    y = copy(t)                ->     y = full_like(x, v)

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import Array
>>> b, x = Builder(), fresh_var(Array("float64", (3,)), "x")
>>> y = b.apply("copy", b.apply("broadcast_to", constant(1.0), x), hint="y")
>>> print(show(fill_at_once(Function("f", b.region((x,), (y,))))))
f(x: float64[3])
    %0: float64[3] = ones_like(x, dtype=None)
    return %0
"""

from __future__ import annotations

from dataclasses import replace

from adcompiler.ir.nodes import Atom, Const, Function, Let, Region, Stmt, Var
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import Array, Scalar
from adcompiler.ir.walk import all_stmts, count_uses, map_regions, substitute


def fill_at_once(function: Function) -> Function:
    """The function with such arrays made at once."""
    if not any(map(_is_spread, all_stmts(function.region))):
        return function
    filler = _Filler(count_uses(function.region))
    region = substitute(filler.region(function.region), filler.known)
    return replace(function, region=region)


class _Filler:
    def __init__(self, uses: dict[Var, int]) -> None:
        self.uses = uses
        self.known: dict[Var, Atom] = {}

    def region(self, region: Region) -> Region:
        spread = {s.results[0]: s for s in region.body if _is_spread(s)}
        copies = {
            s: s.operands[0]
            for s in region.body
            if isinstance(s, Let)
            and s.primitive.name == "copy"
            and self.uses.get(_var(s.operands[0])) == 1
            and s.operands[0] in spread
        }
        self.known |= {copy.result: view for copy, view in copies.items()}
        filled = set(copies.values())
        body = (
            _filled(stmt) if filled.intersection(_results(stmt)) else self.inner(stmt)
            for stmt in region.body
            if stmt not in copies
        )
        return replace(region, body=tuple(body))

    def inner(self, stmt: Stmt) -> Stmt:
        return stmt if isinstance(stmt, Let) else map_regions(stmt, self.region)


def _is_spread(stmt: Stmt) -> bool:
    """Whether this is a number spread over the shape of an array."""
    return (
        isinstance(stmt, Let)
        and stmt.primitive.name == "broadcast_to"
        and isinstance(stmt.operands[0].type, Scalar)
        and isinstance(stmt.operands[1].type, Array)
        and isinstance(stmt.result.type, Array)
    )


def _results(stmt: Stmt) -> tuple[Var, ...]:
    return stmt.results if isinstance(stmt, Let) else ()


def _var(atom: Atom) -> Var:
    assert isinstance(atom, Var)
    return atom


def _filled(stmt: Stmt) -> Let:
    """``full_like(x, v)``, or ``ones_like(x)``, for ``broadcast_to(v, x)``."""
    assert isinstance(stmt, Let)
    value, like = stmt.operands
    own, wanted = like.type, stmt.result.type
    assert isinstance(own, Array)
    assert isinstance(wanted, Array)
    params = (("dtype", None if own.dtype == wanted.dtype else wanted.dtype),)
    if isinstance(value, Const) and value.value in (0, 1):
        name = "ones_like" if value.value else "zeros_like"
        operands: tuple[Atom, ...] = (like,)
    else:
        name, operands = "full_like", (like, value)
    row = PRIMITIVES[name]
    return replace(stmt, primitive=row, operands=operands, params=params)
