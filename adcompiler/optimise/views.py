"""Views written out where they are read.

In: a function about to be emitted. Out: the same, in which a transpose, an added axis
or a slice between constants that several statements read, and that has no name of the
user's, is made by each.
Invariants: a view costs nothing and reads no element; of an array that a store may
overwrite nothing is repeated, nor in a loop what was made before it.

    transposed = x.T                      a = x.T @ b
    a = transposed @ b             ->     c = x.T @ d
    c = transposed @ d

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import Array
>>> b, x = Builder(), fresh_var(Array("float64", (2, 3)), "x")
>>> turned = b.apply("transpose", x, axes=(1, 0))
>>> products = (b.apply("matmul", turned, x), b.apply("matmul", x, turned))
>>> print(show(repeat_views(Function("f", b.region((x,), products)))))
f(x: float64[2, 3])
    %0: float64[3, 2] = transpose(x, axes=(1, 0))
    %1: float64[3, 2] = transpose(x, axes=(1, 0))
    %2: float64[3, 3] = matmul(%1, x)
    %3: float64[3, 2] = transpose(x, axes=(1, 0))
    %4: float64[2, 2] = matmul(x, %3)
    return %2, %4
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adcompiler.ir.nodes import Const, Function, Let, Region, Stmt, Var, fresh_var
from adcompiler.ir.walk import all_stmts, count_uses, map_regions
from adcompiler.optimise.shapes import written

VIEWS = ("transpose", "expand_dims")


def repeat_views(function: Function) -> Function:
    """The function with cheap views made where they are read."""
    uses, stored = count_uses(function.region), frozenset(written(function.region))
    views = {
        stmt.result: stmt
        for stmt in all_stmts(function.region)
        if isinstance(stmt, Let) and _is_view(stmt)
        if uses.get(stmt.result, 0) > 1 and stmt.result.name is None
        if not {stmt.result, *stmt.operands} & stored
    }
    if not views:
        return function
    return replace(function, region=_region(function.region, views))


def _is_view(let: Let) -> bool:
    """Whether making it costs nothing, cannot fail and reads well in place."""
    if let.primitive.name in VIEWS:
        return True
    bounds = all(isinstance(a, Const) for a in let.operands[1:])
    return (
        let.primitive.name == "load"
        and bounds
        and isinstance(let.operands[0], Var)
        and let.operands[0].name is not None
        and "int" not in let.param("index")
    )


def _region(region: Region, views: Mapping[Var, Let]) -> Region:
    here = {v: s for v, s in views.items() if s in region.body}
    body: list[Stmt] = []
    for stmt in region.body:
        if isinstance(stmt, Let):
            body += _repeated(stmt, here)
        else:
            body.append(map_regions(stmt, lambda r: _region(r, views)))
    return replace(region, body=tuple(body))


def _repeated(let: Let, views: Mapping[Var, Let]) -> list[Stmt]:
    """The statement after a view of its own for each that it reads."""
    made: dict[Var, Let] = {}
    for atom in let.operands:
        view = views.get(atom) if isinstance(atom, Var) else None
        if view is not None and view.result not in made:
            result = fresh_var(view.result.type)
            made[view.result] = replace(
                view, results=(result,), span=let.span, role=let.role
            )
    if not made:
        return [let]
    operands = tuple(
        made[a].result if isinstance(a, Var) and a in made else a for a in let.operands
    )
    return [*made.values(), replace(let, operands=operands)]
