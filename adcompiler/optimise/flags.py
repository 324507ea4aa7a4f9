"""What a trip leaves as it is, is not set again.

In: a function about to be emitted. Out: the same, in which a carried value that begins
as a number, and is this number after every trip but the last, is handed on where a path
gives it that number: a name that nothing needs to be assigned to.
Invariant: values are the same.

    returned = False                     returned = False
    for ...:                             for ...:
        if a: returned = False; break        if a: break
        if b: returned = True; break  ->     if b: returned = True; break
        returned = False

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.nodes import Range, fresh_var
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import PY_BOOL, PY_INT
>>> i, n, trips = (fresh_var(PY_INT, name) for name in ("i", "n", "trips"))
>>> a, flag, before, stop, after, stopped = (
...     fresh_var(PY_BOOL, name) for name in "abcdef"
... )
>>> no, yes = constant(False), constant(True)
>>> last, on = (Region((), (), (end, end)) for end in (yes, no))
>>> body = Region((i, before), (If((stop, after), a, last, on),), (stop, after))
>>> bounds = Range(constant(0), n, constant(1))
>>> loop = For((flag,), bounds, (no,), body, trips, stopped)
>>> print(show(kept_flags(Function("f", Region((n, a), (loop,), (flag,))))))
f(n: int64, a: bool)
    for i in range(0, n, 1) (c: bool = False) -> b: bool, f: bool
        if a -> d: bool, e: bool
            yield True, True
        else
            yield False, c
        yield d, e
    return b
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    stop_flag,
)
from adcompiler.ir.walk import map_regions


def kept_flags(function: Function) -> Function:
    """The function with such values handed on."""
    return replace(function, region=_region(function.region))


def _region(region: Region) -> Region:
    return replace(region, body=tuple(map(_stmt, region.body)))


def _stmt(stmt: Stmt) -> Stmt:
    if isinstance(stmt, Let):
        return stmt
    stmt = map_regions(stmt, _region)
    if isinstance(stmt, For | While) and stmt.body.falls:
        params = carried_params(stmt)
        for k, (init, param) in enumerate(zip(stmt.inits, params, strict=True)):
            place = k + stmt.exits
            if isinstance(init, Const) and _lasts(stmt, place, init, param):
                body = _handing_on(stmt.body, place, init, param)
                stmt = replace(stmt, body=body)
    return stmt


def _lasts(loop: For | While, place: int, init: Const, param: Var) -> bool:
    """Whether a carried value is this number after each trip that does not end the
    loop, but not after all."""
    found = [*_ends(loop.body, loop.body.results[place], stop_flag(loop))]
    on = [end for end, flag in found if not _is(flag, True)]
    kept = all(end == param or _same(end, init) for end in on)
    return kept and len(found) > len(on) > 0


def _ends(
    region: Region, end: Atom, flag: Atom | None
) -> Iterator[tuple[Atom, Atom | None]]:
    """What each path through a region gives, with the flag that it gives."""
    branch = _branch(region, end, flag)
    if branch is None:
        yield end, flag
        return
    for arm in (branch.then, branch.orelse):
        if arm.falls:
            yield from _ends(arm, _given(end, branch, arm), _flag(flag, branch, arm))


def _branch(region: Region, *atoms: Atom | None) -> If | None:
    """The last branch of a region that gives one of these."""
    for stmt in reversed(region.body):
        if isinstance(stmt, If) and any(a in stmt.results for a in atoms):
            return stmt
    return None


def _given(atom: Atom, branch: If, arm: Region) -> Atom:
    if isinstance(atom, Var) and atom in branch.results:
        return arm.results[branch.results.index(atom)]
    return atom


def _flag(atom: Atom | None, branch: If, arm: Region) -> Atom | None:
    return None if atom is None else _given(atom, branch, arm)


def _handing_on(region: Region, place: int, init: Const, param: Var) -> Region:
    """The region giving the value that a trip begins with for the same number."""
    end = region.results[place]
    if _same(end, init):
        row = (*region.results[:place], param, *region.results[place + 1 :])
        return replace(region, results=row)
    body = list(region.body)
    for position, stmt in enumerate(body):
        if isinstance(stmt, If) and end in stmt.results:
            k = stmt.results.index(end)
            then, orelse = (
                _handing_on(arm, k, init, param) if arm.falls else arm
                for arm in (stmt.then, stmt.orelse)
            )
            body[position] = replace(stmt, then=then, orelse=orelse)
    return replace(region, body=tuple(body))


def _is(atom: Atom | None, value: bool) -> bool:
    return isinstance(atom, Const) and atom.value is value


def _same(atom: Atom, number: Const) -> bool:
    """Whether this is the number, in its type."""
    if not isinstance(atom, Const) or atom.type != number.type:
        return False
    return repr(atom.value) == repr(number.value)
