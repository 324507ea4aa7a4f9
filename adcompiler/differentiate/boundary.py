"""Values that cross from a function to its pullback are defined on every path.

In: the statements of the forward function and the residuals that it gives. Out: the
same statements; where a residual is not assigned on some path, it has a placeholder
there, which the pullback never reads.
Invariant: only what reaches a residual is touched: a name of the user's that is not
assigned stays so.

    if c: y = f(x)     ->     if c: y = f(x)
                              else: y = 0.0
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

import numpy as np

from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Atom, For, If, Let, Region, Stmt, Undef, Var, While
from adcompiler.ir.types import Array, ListOf, Scalar, Type


def define_residuals(
    stmts: tuple[Stmt, ...], residuals: Iterable[Var]
) -> tuple[Stmt, ...]:
    """The statements with every residual defined on every path."""
    wanted = set(residuals)
    return _body(stmts, wanted)


def _body(stmts: tuple[Stmt, ...], wanted: set[Var]) -> tuple[Stmt, ...]:
    done: list[Stmt] = []
    for stmt in reversed(stmts):
        builder = Builder(span=stmt.span)
        match stmt:
            case Let():
                changed: Stmt = stmt
            case If():
                changed = _if(stmt, wanted)
            case For() | While():
                changed = _loop(stmt, wanted, builder)
            case _:
                assert_never(stmt)
        done += [changed, *reversed(builder.stmts)]
    return tuple(reversed(done))


def _if(stmt: If, wanted: set[Var]) -> If:
    places = [k for k, r in enumerate(stmt.results) if r in wanted]
    arms = []
    for arm in (stmt.then, stmt.orelse):
        builder = Builder(span=stmt.span)
        results = list(arm.results)
        if arm.falls:
            for k in places:
                results[k] = _defined(results[k], stmt.results[k].type, builder, wanted)
        body = (*_body(arm.body, wanted), *builder.stmts)
        arms.append(replace(arm, body=body, results=tuple(results)))
    return replace(stmt, then=arms[0], orelse=arms[1])


def _loop(stmt: For | While, wanted: set[Var], builder: Builder) -> For | While:
    """Lists grow in loops, and a value may leave one without having been assigned."""
    skip = 1 if stmt.exits else 0
    shift = 1 if isinstance(stmt, For) else 0
    places = [k for k, r in enumerate(stmt.results) if r in wanted]
    wanted.update(stmt.body.params[k + shift] for k in places)
    inits, ends = list(stmt.inits), list(stmt.body.results)
    inner = Builder(span=stmt.span)
    for k in places:
        t = stmt.results[k].type
        inits[k] = _defined(inits[k], t, builder, wanted)
        ends[k + skip] = _defined(ends[k + skip], t, inner, wanted)
    body = Region(
        stmt.body.params, (*_body(stmt.body.body, wanted), *inner.stmts), tuple(ends)
    )
    return replace(stmt, inits=tuple(inits), body=body)


def _defined(atom: Atom, t: Type, builder: Builder, wanted: set[Var]) -> Atom:
    if isinstance(atom, Var):
        wanted.add(atom)
    return placeholder(t, builder) if isinstance(atom, Undef) else atom


def placeholder(t: Type, builder: Builder) -> Atom:
    """Some value of a type."""
    match t:
        case Scalar():
            python = {"float64": 0.0, "int64": 0, "bool": False}
            if t.kind != "numpy":
                return constant(python[t.dtype])
            return constant(np.dtype(t.dtype).type(0))
        case Array():
            # Its lengths are never looked at: it passes for any of this type.
            lengths = [constant(0)] * t.ndim
            return builder.apply("zeros", *lengths, dtype=t.dtype, known=t)
        case ListOf():
            return builder.apply("list_new", element=t.element)
        case _:
            assert_never(t)
