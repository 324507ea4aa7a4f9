"""Names without a value on some path, which generated code reads all the same.

In: a function, and which values share a name. Out: the values to which `None` is
assigned where a path gives them nothing; and those that may then be `None`.
Invariants: Python never meets a name that is not bound. A value that is only handed on
under its own name needs nothing; one that is copied, or assigned to another name, does,
unless the name holds a value that the loop carries anyway, which does as well. So does
one that a loop's trips read before they assign it, where a flag says that there is one:
who reads the text meets the name before the loop.

    if c:                                if c:
        y, found = f(x), True                y, found = f(x), True
    else:                        ->      else:
        y, found = undef, False              y, found = None, False
    z = y                                z = y
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

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
from adcompiler.ir.types import Array
from adcompiler.ir.walk import all_stmts, regions

Together = Callable[[Var], Sequence[Var]]
Around = tuple[tuple[Var, Atom], ...]


def find_missing(
    function: Function, together: Together
) -> tuple[frozenset[Var], frozenset[Var]]:
    """The values that are set to `None` where they are missing, and all that may be
    missing; `together` gives the values that share a name with one."""
    flows = [*_flows(function.region, ())]
    lacking: set[Atom] = set()
    before = -1
    while len(lacking) > before:
        before = len(lacking)
        for flow in flows:
            absent = isinstance(flow.source, Undef) or flow.source in lacking
            if absent and not _is_held(flow, together(flow.target), lacking):
                lacking.add(flow.target)
    unset: set[Atom] = set()
    before = -1
    while len(unset) > before:
        before = len(unset)
        for flow in flows:
            if flow.source in lacking:
                kept = not flow.reads and flow.source in together(flow.target)
                if flow.target in unset or not kept:
                    unset.add(flow.source)
    return _vars(unset) | _read_first(function.region), _vars(lacking)


def _read_first(region: Region) -> frozenset[Var]:
    """What loops begin without, and read in their trips."""
    found: set[Var] = set()
    for stmt in all_stmts(region):
        if not isinstance(stmt, For | While):
            continue
        params = carried_params(stmt)
        heads = stmt.cond.params if isinstance(stmt, While) else params
        inside = {
            atom
            for part in regions(stmt)
            for inner in all_stmts(part)
            if isinstance(inner, Let)
            for atom in inner.operands
        }
        rows = zip(params, heads, stmt.inits, strict=True)
        found |= {
            p for p, h, init in rows if isinstance(init, Undef) and {p, h} & inside
        }
    return frozenset(found)


def _is_held(flow: _Flow, name: Sequence[Var], lacking: set[Atom]) -> bool:
    """Whether the name holds something, as a loop around carries it under it."""
    if len({isinstance(v.type, Array) for v in name}) > 1:
        return False
    return any(p in name and init not in lacking for p, init in flow.around)


def _vars(atoms: set[Atom]) -> frozenset[Var]:
    return frozenset(a for a in atoms if isinstance(a, Var))


@dataclass(frozen=True, slots=True)
class _Flow:
    """A value that becomes another where control flow joins, or is copied (`reads`);
    with what the loops around carry, and what they start with."""

    target: Var
    source: Atom
    around: Around
    reads: bool = False


def _flows(region: Region, around: Around) -> Iterator[_Flow]:
    for stmt in region.body:
        inner = around
        if isinstance(stmt, For | While):
            rows = zip(carried_params(stmt), stmt.inits, strict=True)
            inner += tuple((p, i) for p, i in rows if not isinstance(i, Undef))
        for target, source, place in _joined(stmt, around, inner):
            yield _Flow(target, source, place)
        if isinstance(stmt, Let) and stmt.param("maybe"):
            yield _Flow(stmt.result, stmt.operands[0], around, True)
        for r in regions(stmt):
            yield from _flows(r, inner)


def _joined(
    stmt: Stmt, around: Around, inner: Around
) -> Iterator[tuple[Var, Atom, Around]]:
    match stmt:
        case If():
            for arm in (stmt.then, stmt.orelse):
                if arm.falls:
                    pairs = zip(stmt.results, arm.results, strict=True)
                    yield from ((r, a, around) for r, a in pairs)
        case For() | While():
            params = carried_params(stmt)
            heads = stmt.cond.params if isinstance(stmt, While) else params
            yield from ((p, i, around) for p, i in zip(params, stmt.inits, strict=True))
            ends = carried_results(stmt) if stmt.body.falls else ()
            yield from ((p, e, inner) for p, e in zip(params, ends, strict=False))
            yield from ((h, p, inner) for h, p in zip(heads, params, strict=True))
            rows = zip(stmt.results, params, strict=True)
            yield from ((r, p, inner) for r, p in rows)
        case Let():
            return
