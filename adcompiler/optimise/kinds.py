"""Whether the readers of a number take one of a wider kind.

In: a value, what follows it in its region, and a type that may hold more (*either* a
Python number or one of NumPy's, where it was NumPy's). Out: whether all that reads the
value may read one of that type, with every other type as it is.

    w_bar: np.float64 = add(w_bar.1, product)      # may be ?float64 where the
    yield w_bar                                    # loop carries ?float64
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from adcompiler.ir.joins import joins
from adcompiler.ir.nodes import (
    For,
    If,
    Let,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
)
from adcompiler.ir.types import PY_BOOL, Type, covers
from adcompiler.ir.walk import all_stmts


def ends_of(stmt: If | For | While) -> Mapping[Region, tuple[Type, ...]]:
    """Of each region of a statement, the types that its results may be of."""
    if isinstance(stmt, If):
        types = tuple(var.type for var in stmt.results)
        return {stmt.then: types, stmt.orelse: types}
    pairs = zip(carried_params(stmt), stmt.results, strict=True)
    carried = tuple(
        param.type if covers(result.type, param.type) else result.type
        for param, result in pairs
    )
    flag = (PY_BOOL,) if stmt.exits else ()
    ends = {stmt.body: (*flag, *carried)}
    return ends | {stmt.cond: (PY_BOOL,)} if isinstance(stmt, While) else ends


def admits(
    var: Var, type_: Type, stmts: Iterable[Stmt], rest: Region, ends: Sequence[Type]
) -> bool:
    """Whether these statements, and what the region gives, may read the value as one
    of this type; without `ends`, the region gives what it gives now."""
    if not all(_takes(stmt, var, type_) for stmt in all_stmts(stmts)):
        return False
    given = [k for k, atom in enumerate(rest.results) if atom == var]
    return not given or (bool(ends) and all(covers(ends[k], type_) for k in given))


def _takes(stmt: Stmt, var: Var, type_: Type) -> bool:
    if isinstance(stmt, Let):
        return var not in stmt.operands or _as_before(stmt, var, type_)
    return all(
        covers(value.type, type_)
        for values, paths in joins(stmt)
        for path in paths
        for value, atom in zip(values, path, strict=True)
        if atom == var
    )


def _as_before(let: Let, var: Var, type_: Type) -> bool:
    """Whether the results' types hold what the statement then gives."""
    types = tuple(type_ if a == var else a.type for a in let.operands)
    try:
        found = let.primitive.types(types, dict(let.params))
    except TypeError:
        return False
    return all(covers(r.type, t) for r, t in zip(let.results, found, strict=True))
