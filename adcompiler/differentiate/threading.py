"""Threading lists through statements: lists are values, so each loop and branch that
touches one must carry it.

In: statements and which recorded value is at home in which region. Out: the statements
with the lists carried; what is done to a list in a region is a subclass's business.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from adcompiler.errors import InternalError
from adcompiler.ir.nodes import Atom, For, If, Let, Region, Stmt, Var, While, fresh_var
from adcompiler.ir.walk import map_range, regions

Lists = dict[Var, Atom]  # the current list of each recorded value


class Threader:
    """Lists are values: threads them through the statements that touch them."""

    def __init__(self, homes: dict[Var, Region]) -> None:
        self.homes = homes
        self._touched: dict[Region, tuple[Var, ...]] = {}

    def touched(self, region: Region) -> tuple[Var, ...]:
        """The recorded values whose lists a region touches."""
        if region not in self._touched:
            own = [v for v, home in self.homes.items() if home is region]
            for stmt in region.body:
                own += self.touched_by(stmt)
            self._touched[region] = tuple(dict.fromkeys(own))
        return self._touched[region]

    def touched_by(self, stmt: Stmt) -> tuple[Var, ...]:
        """The same for the regions of a statement."""
        found = [v for r in regions(stmt) for v in self.touched(r)]
        return tuple(dict.fromkeys(found))

    def body(self, region: Region, lists: Lists) -> tuple[Stmt, ...]:
        """The statements of a region with what it does to lists."""
        return tuple(self.stmt(s, lists) for s in region.body)

    def atom(self, atom: Atom) -> Atom:
        """An atom as the rewritten region sees it."""
        return atom

    def stmt(self, stmt: Stmt, lists: Lists) -> Stmt:
        """A statement with the lists that it touches threaded through."""
        used = self.touched_by(stmt)
        match stmt:
            case Let():
                return stmt.renewed(stmt.results, tuple(map(self.atom, stmt.operands)))
            case If():
                return self._if(stmt, used, lists)
            case For() | While():
                return self._loop(stmt, used, lists)
            case _:
                assert_never(stmt)

    def arm(self, region: Region, used: tuple[Var, ...], lists: Lists) -> Region:
        """An arm, which also gives the lists that either arm touches."""
        inner = dict(lists)
        body = self.body(region, inner)
        results = tuple(map(self.atom, region.results))
        if region.falls:
            results += tuple(inner[v] for v in used)
        return replace(region, body=body, results=results)

    def _if(self, stmt: If, used: tuple[Var, ...], lists: Lists) -> If:
        then = self.arm(stmt.then, used, lists)
        orelse = self.arm(stmt.orelse, used, lists)
        more = self.fresh_lists(used, lists)
        cond = self.atom(stmt.cond)
        results = stmt.results + more
        return replace(stmt, results=results, cond=cond, then=then, orelse=orelse)

    def fresh_lists(self, used: tuple[Var, ...], lists: Lists) -> tuple[Var, ...]:
        """New versions of the lists, from here on the current ones."""
        fresh = tuple(_next_version(lists[v]) for v in used)
        lists.update(zip(used, fresh, strict=True))
        return fresh

    def _loop(
        self, stmt: For | While, used: tuple[Var, ...], lists: Lists
    ) -> For | While:
        inits = tuple(map(self.atom, stmt.inits)) + tuple(lists[v] for v in used)
        inner = dict(lists)
        params = self.fresh_lists(used, inner)
        body = self.body(stmt.body, inner)
        ends = tuple(map(self.atom, stmt.body.results))
        region = Region(
            stmt.body.params + params, body, ends + tuple(inner[v] for v in used)
        )
        results = stmt.results + self.fresh_lists(used, lists)
        if isinstance(stmt, For):
            bounds = map_range(stmt.range, self.atom)
            return replace(
                stmt, results=results, range=bounds, inits=inits, body=region
            )
        cond = replace(
            stmt.cond, params=stmt.cond.params + tuple(map(_next_version, params))
        )
        return replace(stmt, results=results, inits=inits, cond=cond, body=region)


def _next_version(atom: Atom) -> Var:
    if not isinstance(atom, Var):
        raise InternalError("a tape is no value")
    return fresh_var(atom.type, atom.name)


def list_of(var: Var, lists: Lists) -> Var:
    """The current list of a recorded value."""
    tape = lists[var]
    assert isinstance(tape, Var)
    return tape
