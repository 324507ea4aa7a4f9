"""A function and those that it calls, each under a name that only it has.

In: a function whose calls name callees. Out: `Unit`s: the callees, then the function,
in which each call has the name that is written.
Invariants: no name of a unit is that of a value in any of them, which would hide it.

    y = call[f](x)     ->     y = call[f, name="f_1"](x)       and a unit f_1
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from adcompiler.ir.callee import Callee, callees
from adcompiler.ir.nodes import Function, Let, Region, Stmt, defined
from adcompiler.ir.walk import all_regions, all_stmts, map_regions
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
    names: dict[object, str] = {}
    raised = {own: own.__name__ for own in _raised(functions)}
    for thing, base in ({c: c.name for c in found} | raised).items():
        names[thing] = _free(base, taken)
        taken.add(names[thing])
    units = (Unit(names[c], _named(c.function, names), c) for c in found)
    return (*units, Unit(name, _named(function, names)))


def exceptions(units: Sequence[Unit]) -> dict[str, type[Exception]]:
    """The exceptions that are not Python's own, by their names in these units."""
    return {
        s.param("exception"): s.param("own")
        for unit in units
        for s in all_stmts(unit.function.region)
        if isinstance(s, Let) and s.param("own") is not None
    }


def _raised(functions: Sequence[Function]) -> list[type[Exception]]:
    """Those that the functions raise, each once."""
    stmts = (s for f in functions for s in all_stmts(f.region) if isinstance(s, Let))
    return list(dict.fromkeys(own for s in stmts if (own := s.param("own"))))


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


def _named(function: Function, names: Mapping[object, str]) -> Function:
    """The function with the names of what it calls and raises."""
    if not names:
        return function

    def region(r: Region) -> Region:
        return replace(r, body=tuple(map(stmt, r.body)))

    def stmt(s: Stmt) -> Stmt:
        if not isinstance(s, Let):
            return map_regions(s, region)
        callee, own = s.param("callee"), s.param("own")
        if isinstance(callee, Callee):
            params = {**dict(s.params), "name": names[callee]}
        elif own is not None:
            params = {**dict(s.params), "exception": names[own]}
        else:
            return s
        return replace(s, params=tuple(sorted(params.items())))

    return replace(function, region=region(function.region))
