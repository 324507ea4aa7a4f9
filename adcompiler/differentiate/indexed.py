"""Tapes that are read by an index are lists like those of the program.

In: a region about to be reversed. Out: the same, in which the type of each list of
which an element is read says so: its cotangent is then a list as long, to which the
readings add and which the pops fill from behind.
Invariant: values are the same; every version of a list has one type.
"""

from __future__ import annotations

from dataclasses import replace

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
from adcompiler.ir.types import ListOf
from adcompiler.ir.walk import all_stmts, rebuild


def with_indexed_tapes(region: Region) -> Region:
    """The region with such tapes `indexed`."""
    lets = [s for s in all_stmts(region) if isinstance(s, Let)]
    got = [s.operands[0] for s in lets if s.primitive.name == "list_get"]
    tapes = [v for v in got if isinstance(v, Var) and not _indexed(v)]
    if not tapes:
        return region
    versions = _Versions(region)
    chosen = set(map(versions.of, tapes))
    known = {
        var: replace(var, type=replace(var.type, indexed=True))
        for var in versions.parent
        if versions.of(var) in chosen and isinstance(var.type, ListOf)
    }
    return _retyped(region, known)


def _indexed(var: Var) -> bool:
    return isinstance(var.type, ListOf) and var.type.indexed


class _Versions:
    """The versions of each list, those of one list as one class (union-find)."""

    def __init__(self, region: Region) -> None:
        self.parent: dict[Var, Var] = {}
        for stmt in all_stmts(region):
            self.note(stmt)

    def of(self, var: Var) -> Var:
        """The version that stands for all."""
        while self.parent.setdefault(var, var) != var:
            var = self.parent[var]
        return var

    def alike(self, *atoms: Atom) -> None:
        lists = [a for a in atoms if isinstance(a, Var) and isinstance(a.type, ListOf)]
        for other in lists[1:]:
            self.parent[self.of(other)] = self.of(lists[0])

    def note(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                self.alike(*stmt.operands[:1], *stmt.results)
            case If():
                arms = [a.results for a in (stmt.then, stmt.orelse) if a.falls]
                for row in zip(stmt.results, *arms, strict=True):
                    self.alike(*row)
            case For() | While():
                rows = [stmt.inits, carried_params(stmt), carried_results(stmt)]
                if isinstance(stmt, While):
                    rows.append(stmt.cond.params)
                for row in zip(stmt.results, *rows, strict=True):
                    self.alike(*row)


def _retyped(region: Region, known: dict[Var, Var]) -> Region:
    """The region with other types of some values, where they are defined and read."""

    def atom(a: Atom) -> Atom:
        return known.get(a, a) if isinstance(a, Var) else a

    def define(var: Var) -> Var:
        return known.get(var, var)

    def stmt(old: Stmt) -> Stmt:
        new = rebuild(old, atom, inner, define)
        if isinstance(new, Let) and new.primitive.name == "list_new":
            (result,) = new.results
            assert isinstance(result.type, ListOf)
            params = {**dict(new.params), "indexed": result.type.indexed}
            new = replace(new, params=tuple(sorted(params.items())))
        return new

    def inner(old: Region) -> Region:
        return replace(
            old,
            params=tuple(map(define, old.params)),
            body=tuple(map(stmt, old.body)),
            results=tuple(map(atom, old.results)),
        )

    return inner(region)
