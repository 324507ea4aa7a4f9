"""Stores of whole arrays: what is stored is the array then, and stores at the end.

In: any function. Out: `without_whole_stores`, an equal function in which an array that
was given all new elements is what these are; `with_stores_at_end`, a function that
stores its last results into arrays of its caller, when all else is done.
Invariants: a store that changes the dtype, or that repeats what it stores, stays. What
is stored at the end lies in none of these arrays.

    x.1 = store(x, v, index=())         x.1: all that follows reads v
    y = multiply(x.1, 2.0)          ->  y = multiply(v, 2.0)

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import Array
>>> x, v = (fresh_var(Array("float64", (3,)), name) for name in "xv")
>>> b = Builder()
>>> y = b.apply("store", x, v, index=(), hint="x")
>>> z = b.apply("multiply", y, y, hint="x")
>>> f = without_whole_stores(Function("f", b.region((x, v), (z,))))
>>> print(show(f))
f(x: float64[3], v: float64[3])
    x.1: float64[3] = multiply(v, v)
    return x.1
>>> print(show(with_stores_at_end(f, (0,))))
f(x: float64[3], v: float64[3])
    x.1: float64[3] = multiply(v, v)
    x.2: float64[3] = store(x, x.1, index=())
    return x.2
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adcompiler.ir.builder import Builder
from adcompiler.ir.nodes import Atom, Function, Let, Region, Var
from adcompiler.ir.primitive import Storage
from adcompiler.ir.types import Array
from adcompiler.ir.walk import definitions, map_regions, substitute

__all__ = ["with_stores_at_end", "without_whole_stores"]


def without_whole_stores(function: Function) -> Function:
    """The function in which what was stored whole is read itself."""
    return replace(function, region=_region(function.region))


def _region(region: Region) -> Region:
    mapping: dict[Var, Atom] = {}
    body = []
    for given in region.body:
        stmt = substitute(given, mapping) if mapping else given
        if isinstance(stmt, Let) and _is_whole(stmt):
            mapping[stmt.result] = stmt.operands[1]
        else:
            body.append(map_regions(stmt, _region))
    results = (mapping.get(a, a) if isinstance(a, Var) else a for a in region.results)
    return replace(region, body=tuple(body), results=tuple(results))


def _is_whole(let: Let) -> bool:
    """Whether a statement stores all of an array, which becomes what is stored."""
    if let.primitive.name != "store" or let.param("index") != ():
        return False
    array, value = let.operands[:2]
    return array.type == value.type == let.result.type


def with_stores_at_end(function: Function, params: tuple[int, ...]) -> Function:
    """The function whose last results lie in these parameters: they are stored there
    when all else has been computed."""
    region = function.region
    count = len(region.results) - len(params)
    builder = Builder(list(region.body))
    builder.span = function.span
    targets = [region.params[k] for k in params]
    finals = list(region.results[count:])
    makers = definitions(region)
    if len(params) > 1:
        # Of what may lie in one of the arrays another store must change nothing.
        finals = [a if _is_new(a, makers) else builder.apply("copy", a) for a in finals]
    stored = [
        builder.apply("store", target, value, index=(), hint=target.name)
        for target, value in zip(targets, finals, strict=True)
    ]
    results = (*region.results[:count], *stored)
    changed = replace(region, body=tuple(builder.stmts), results=results)
    return replace(function, region=changed, within=params)


def _is_new(atom: Atom, makers: Mapping[Var, object]) -> bool:
    """Whether a value is memory that a statement has made."""
    stmt = makers.get(atom) if isinstance(atom, Var) else None
    if not isinstance(stmt, Let) or not isinstance(stmt.result.type, Array):
        return False
    return stmt.primitive.storage is Storage.NEW and not stmt.primitive.writes
