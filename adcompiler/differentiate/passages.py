"""Versions of arrays that pass through loops and branches.

In: what a plan undoes and reads again. Out: what the reversal of a loop or branch takes
and gives back beside what its statements read.
"""

from __future__ import annotations

from dataclasses import dataclass

from adcompiler.differentiate.residuals import Plan, Primal
from adcompiler.differentiate.settling import join_derivatives
from adcompiler.ir.nodes import (
    Atom,
    Var,
    fresh_var,
)


@dataclass(frozen=True, slots=True)
class Passages:
    """What the reversal of a loop or branch takes, beside what its statements read.

    The indices of stores that are undone within; the versions after it. Then, of those
    that it gives back as other arrays: the versions at the start of its regions, at the
    end of its body, before it and after it. For each version at the end of its body,
    the one after it.
    """

    indices: tuple[Var, ...] = ()
    afters: tuple[Var, ...] = ()
    starts: tuple[Var, ...] = ()
    ends: tuple[Var, ...] = ()
    inits: tuple[Atom, ...] = ()
    finals: tuple[Var, ...] = ()
    kept: tuple[tuple[Atom, Var], ...] = ()


def meeting(names: tuple[Var, ...], paths: list[tuple[Atom, ...]]) -> tuple[Var, ...]:
    """What the last values that the paths give come to where they meet."""
    rows = zip(*(path[len(path) - len(names) :] for path in paths), strict=True)
    return tuple(
        fresh_var(join_derivatives([a.type for a in row]), var.name)
        for var, row in zip(names, rows, strict=True)
    )


def chains_read(plan: Plan, primal: Primal) -> frozenset[Var]:
    """The chains of versions of which some is read again or restored."""
    found = {store.result for store in plan.undone}
    for var in plan.recomputed:
        reading = primal.reading(var)
        if primal.is_version(var):
            found.add(var)
        elif reading is not None:
            found.update(primal.states.versions_in(reading))
    return frozenset(map(primal.versions.chain, found))
