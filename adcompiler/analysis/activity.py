"""Which values carry a derivative.

In: a region and the parameters that are differentiated. Out: the *varied* values
(depend differentiably on those parameters), the *useful* ones (the results depend
differentiably on them) and the *active* ones (both).
Invariant: conservative: a value that is not active has a cotangent and a tangent that
are exactly zero in every run. Loops are iterated to their fixpoint.

Hascoet and Pascual, "The Tapenade automatic differentiation tool" (2013), section 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from adcompiler.errors import UnsupportedError
from adcompiler.ir.nodes import (
    Atom,
    For,
    If,
    Let,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    carried_results,
)
from adcompiler.ir.types import is_float


def differentiable_operands(let: Let) -> tuple[int, ...]:
    """Positions of the operands on which the results depend differentiably.

    Raises UnsupportedError for a row without a derivative that maps floats to floats.
    """
    row = let.primitive
    floats = [k for k, a in enumerate(let.operands) if is_float(a.type)]
    if not floats or not any(is_float(r.type) for r in let.results):
        return ()
    if row.partials is not None:
        return tuple(k for k in floats if row.partials[k] is not None)
    if row.linear is not None:
        count = len(let.operands)
        return tuple(k for k in floats if k in {j % count for j in row.linear})
    if row.bilinear is not None:
        return tuple(k for k in floats if k in row.bilinear)
    if row.pullback is not None:
        return tuple(floats)
    raise UnsupportedError(
        f"{row.name} has no derivative yet",
        span=let.span,
        hint="write it with other functions, or wrap its argument in ad.stop_gradient",
    )


def varied(region: Region, seeds: Iterable[Var]) -> set[Var]:
    """The values of a region that depend differentiably on the seeds."""
    found = set(seeds)
    _spread(region.body, found)
    return found


def active(region: Region, seeds: Iterable[Var]) -> set[Var]:
    """The values that are varied and useful for the float results of the region."""
    found = varied(region, seeds)
    wanted = {a for a in region.results if isinstance(a, Var) and is_float(a.type)}
    _pull(region.body, wanted)
    return found & wanted


def _mark(found: set[Var], var: Var, source: Atom) -> None:
    if isinstance(source, Var) and source in found and is_float(var.type):
        found.add(var)


def _spread(stmts: Iterable[Stmt], found: set[Var]) -> None:
    for stmt in stmts:
        match stmt:
            case Let():
                _refuse_unknown(stmt, found)
                if any(stmt.operands[k] in found for k in _active_candidates(stmt)):
                    found.update(r for r in stmt.results if is_float(r.type))
            case If():
                for arm in (stmt.then, stmt.orelse):
                    _spread(arm.body, found)
                    if arm.falls:
                        for result, atom in zip(stmt.results, arm.results, strict=True):
                            _mark(found, result, atom)
            case For() | While():
                _spread_loop(stmt, found)
            case _:
                assert_never(stmt)


def _refuse_unknown(let: Let, found: set[Var]) -> None:
    """Refuse what varies where the row states no derivative, though there is one."""
    row = let.primitive
    for k in row.unknown:
        if let.operands[k] in found:
            raise UnsupportedError(
                f"{row.name} has no derivative by argument {k + 1} yet",
                span=let.span,
                hint="wrap that argument in ad.stop_gradient, if it is a constant",
            )


def _active_candidates(let: Let) -> tuple[int, ...]:
    # The row is asked only where an operand is a value at all: constants never vary.
    if not any(isinstance(a, Var) and is_float(a.type) for a in let.operands):
        return ()
    return differentiable_operands(let)


def _spread_loop(loop: For | While, found: set[Var]) -> None:
    params = carried_params(loop)
    for param, init in zip(params, loop.inits, strict=True):
        _mark(found, param, init)
    while True:
        before = len(found)
        _spread(loop.body.body, found)
        for param, atom in zip(params, carried_results(loop), strict=True):
            _mark(found, param, atom)
        if len(found) == before:
            break
    if isinstance(loop, While):
        for inner, param in zip(loop.cond.params, params, strict=True):
            _mark(found, inner, param)
        _spread(loop.cond.body, found)
    for result, init, atom in zip(
        loop.results, loop.inits, carried_results(loop), strict=True
    ):
        _mark(found, result, init)
        _mark(found, result, atom)


def _pull(stmts: tuple[Stmt, ...], wanted: set[Var]) -> None:
    for stmt in reversed(stmts):
        match stmt:
            case Let():
                if any(r in wanted for r in stmt.results):
                    for k in _active_candidates(stmt):
                        _want(wanted, stmt.operands[k])
            case If():
                for arm in (stmt.then, stmt.orelse):
                    if arm.falls:
                        for result, atom in zip(stmt.results, arm.results, strict=True):
                            if result in wanted:
                                _want(wanted, atom)
                    _pull(arm.body, wanted)
            case For() | While():
                _pull_loop(stmt, wanted)
            case _:
                assert_never(stmt)


def _want(wanted: set[Var], atom: Atom) -> None:
    if isinstance(atom, Var) and is_float(atom.type):
        wanted.add(atom)


def _pull_loop(loop: For | While, wanted: set[Var]) -> None:
    rows = tuple(
        zip(
            loop.results,
            carried_params(loop),
            loop.inits,
            carried_results(loop),
            strict=True,
        )
    )
    while True:
        before = len(wanted)
        for result, param, _, atom in rows:
            if result in wanted or param in wanted:
                _want(wanted, atom)
        _pull(loop.body.body, wanted)
        if len(wanted) == before:
            break
    for result, param, init, _ in rows:
        if result in wanted or param in wanted:
            _want(wanted, init)
