"""Which arrays lie in C order, for certain.

In: a bufferised function, and which of its parameters do. Out: the values that do.
Invariant: what is said of a loop's parameter holds at entry and after every trip.
"""

from __future__ import annotations

from collections.abc import Iterable

from adcompiler.ir.nodes import (
    Atom,
    For,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Undef,
    Var,
    While,
    carried_params,
    carried_results,
)
from adcompiler.ir.primitive import Storage
from adcompiler.ir.types import Array
from adcompiler.ir.walk import all_regions

__all__ = ["contiguous_values", "leads"]

# Views that are as contiguous as what they view.
_KEPT = {"expand_dims", "squeeze", "stop_gradient"}
# What gives results of memory that it did not make.
_FOREIGN = {"call", "unpack", "list_get", "list_pop"}


def contiguous_values(function: Function, params: Iterable[Var]) -> frozenset[Var]:
    """The greatest set of values that the rules confirm."""
    given = set(params)
    found = {
        v
        for region in all_regions(function.region)
        for v in (*region.params, *(v for s in region.body for v in s.results))
        if isinstance(v.type, Array)
    }
    found -= set(function.params) - given
    while True:
        wrong = _unconfirmed(function.region, found)
        if not wrong:
            return frozenset(found)
        found -= wrong


def _unconfirmed(region: Region, found: set[Var]) -> set[Var]:
    wrong: set[Var] = set()
    for inner in all_regions(region):
        for stmt in inner.body:
            wrong.update(_wrong(stmt, found))
    return wrong & found


def _holds(atom: Atom, found: set[Var]) -> bool:
    return isinstance(atom, Undef) or atom in found


def _wrong(stmt: Stmt, found: set[Var]) -> Iterable[Var]:
    match stmt:
        case Let():
            for result in stmt.results:
                if not _result_holds(stmt, found):
                    yield result
        case If():
            for arm in (stmt.then, stmt.orelse):
                if arm.falls:
                    rows = zip(stmt.results, arm.results, strict=True)
                    yield from (v for v, a in rows if not _holds(a, found))
        case For() | While():
            ends = carried_results(stmt) if stmt.body.falls else stmt.inits
            params = carried_params(stmt)
            ways = zip(stmt.results, params, stmt.inits, ends, strict=True)
            for result, param, init, end in ways:
                if not (_holds(init, found) and _holds(end, found)):
                    yield from (result, param)


def _result_holds(let: Let, found: set[Var]) -> bool:
    name = let.primitive.name
    if name in _FOREIGN:
        return False
    if name == "load":
        return _holds(let.operands[0], found) and leads(let.param("index"))
    if name in _KEPT or let.primitive.storage is Storage.IN_PLACE:
        return _holds(let.operands[0], found)
    if name in ("reshape", "reshape_like"):
        return True
    if name == "copy":
        return True
    return let.primitive.storage is Storage.NEW


def leads(index: tuple[object, ...]) -> bool:
    """Whether an index takes one run of memory: ints, then at most one slice of step
    one, then all of the rest."""
    ranged = False
    for entry in index:
        if ranged and entry not in ("full", "new"):
            return False
        if isinstance(entry, tuple):
            if entry[3]:
                return False
            ranged = True
        elif entry == "full":
            ranged = True
    return True
