"""A function and those that it calls, each under a name that only it has.

In: a function whose calls name callees. Out: `Unit`s: the callees, then the function,
in which each call has the name that is written.
Invariants: no name of a unit is that of a value in any of them, which would hide it.

    y = call[f](x)     ->     y = call[f, name="f_1"](x)       and a unit f_1
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from adcompiler.ir.callee import Callee, callees
from adcompiler.ir.nodes import Function, Let, Region, Stmt, defined
from adcompiler.ir.walk import all_regions, map_regions
from adcompiler.lowering.naming import RESERVED


@dataclass(frozen=True, slots=True)
class Unit:
    """A function under the name of its definition; `callee` says what it belongs to,
    None for the function that was asked for."""

    name: str
    function: Function
    callee: Callee | None = None


def linked(function: Function, name: str) -> tuple[Unit, ...]:
    """The function `name`, behind all that it calls."""
    found = callees(function)
    functions = [function, *(c.function for c in found)]
    taken = {name, *RESERVED, *(n for f in functions for n in _names(f.region))}
    names: dict[Callee, str] = {}
    for callee in found:
        names[callee] = _free(callee.name, taken)
        taken.add(names[callee])
    units = (Unit(names[c], _named(c.function, names), c) for c in found)
    return (*units, Unit(name, _named(function, names)))


def _free(base: str, taken: Iterable[str]) -> str:
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name


def _names(region: Region) -> Iterator[str]:
    for inner in all_regions(region):
        values = (*inner.params, *(v for stmt in inner.body for v in defined(stmt)))
        yield from (v.name for v in values if v.name is not None)


def _named(function: Function, names: Mapping[Callee, str]) -> Function:
    """The function with the names of what it calls."""
    if not names:
        return function

    def region(r: Region) -> Region:
        return replace(r, body=tuple(map(stmt, r.body)))

    def stmt(s: Stmt) -> Stmt:
        if not isinstance(s, Let):
            return map_regions(s, region)
        callee = s.param("callee")
        if not isinstance(callee, Callee):
            return s
        params = {**dict(s.params), "name": names[callee]}
        return replace(s, params=tuple(sorted(params.items())))

    return replace(function, region=region(function.region))
