"""Lists that grow with a loop: their length counts its trips.

In: a loop, and the lists that are empty before it. Out: the lists to which each trip
appends one element, and those to which each trip does that the exit does not end, with
the carried count of these trips.
"""

from __future__ import annotations

from collections.abc import Iterator

from adcompiler.analysis.exits import exit_of
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Let,
    Region,
    Var,
    While,
    carried_params,
    carried_results,
)
from adcompiler.ir.types import PY_INT


def grown(loop: For | While, empty: set[Var]) -> Iterator[Var]:
    """The lists after a loop to which each trip has appended one element."""
    if loop.body.falls:
        yield from _grown(loop, empty, loop.body, carried_results(loop))


def grown_unless_left(loop: For | While, empty: set[Var]) -> Iterator[tuple[Var, Var]]:
    """The lists to which each trip has appended one element but the one that ended the
    loop early, each with the count of these trips."""
    exit = exit_of(loop)
    if exit is None:
        return
    params = carried_params(loop)
    kept = [a == p for a, p in zip(exit.leaving, params, strict=True)]
    counts = [
        result
        for k, result in enumerate(loop.results)
        if kept[k] and _counts(loop, k, exit.other, exit.staying[k])
    ]
    ends = tuple(
        end if keeps else param
        for end, keeps, param in zip(exit.staying, kept, params, strict=True)
    )
    for tape in _grown(loop, empty, exit.other, ends):
        yield from ((tape, count) for count in counts)


def _counts(loop: For | While, k: int, region: Region, end: Atom) -> bool:
    """Whether a carried value counts the runs of a region."""
    init, param = loop.inits[k], carried_params(loop)[k]
    if param.type != PY_INT or not (isinstance(init, Const) and init.value == 0):
        return False
    return any(
        isinstance(s, Let)
        and s.primitive.name == "add"
        and s.results == (end,)
        and s.operands[0] == param
        and isinstance(s.operands[1], Const)
        and s.operands[1].value == 1
        for s in region.body
    )


def _grown(
    loop: For | While, empty: set[Var], region: Region, ends: tuple[Atom, ...]
) -> Iterator[Var]:
    appended = {
        s.result: s.operands[0]
        for s in region.body
        if isinstance(s, Let) and s.primitive.name == "list_append"
    }
    rows = zip(loop.inits, carried_params(loop), ends, loop.results, strict=True)
    for init, param, end, result in rows:
        if init in empty and isinstance(end, Var) and appended.get(end) == param:
            yield result
