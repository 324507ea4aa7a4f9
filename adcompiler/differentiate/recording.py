"""The forward sweep with what it records.

In: a primal region and the values to record. Out: its statements, appending each
recorded value inside loops to its own list where it is defined; a recorded value in an
arm outside loops becomes one more result of its `If`.
Invariant: each run of a region appends once, so that popping in the reverse order of
the trips is last in, first out through any nest. Of a loop whose last trip is not
reversed, what the body defines is at home in the arm that the other trips go through.
"""

from __future__ import annotations

from dataclasses import replace

from adcompiler.differentiate.threading import Lists, Threader, list_of
from adcompiler.ir.builder import Builder
from adcompiler.ir.nodes import If, Region, Stmt, Undef, Var, defined, fresh_var
from adcompiler.ir.walk import all_regions


class Recorder(Threader):
    """Appends recorded values; gives recorded values of arms as results."""

    def __init__(
        self,
        homes: dict[Var, Region],
        exported: dict[Var, Region],
        dropped: frozenset[Var],
    ) -> None:
        super().__init__(homes)
        self.exported = exported
        self.dropped = dropped  # loads of overwritten elements that nothing needs
        self.visible: dict[Var, Var] = {}  # an exported value, as seen further out

    def body(self, region: Region, lists: Lists) -> tuple[Stmt, ...]:
        stmts: list[Stmt] = []
        builder = Builder(stmts)
        own = {*region.params, *(v for stmt in region.body for v in defined(stmt))}
        for var in region.params:
            self._record(var, region, builder, lists)
        for var, home in self.homes.items():
            if home is region and var not in own:
                self._record(var, region, builder, lists)  # of before the exit
        for stmt in region.body:
            if self.dropped.intersection(defined(stmt)):
                continue
            builder.append(self.stmt(stmt, lists))
            builder.span = stmt.span
            for var in defined(stmt):
                self._record(var, region, builder, lists)
        return tuple(stmts)

    def _record(self, var: Var, region: Region, builder: Builder, lists: Lists) -> None:
        if self.homes.get(var) is region:
            tape = list_of(var, lists)
            lists[var] = builder.apply("list_append", tape, var, hint=tape.name)

    def _if(self, stmt: If, used: tuple[Var, ...], lists: Lists) -> If:
        result = super()._if(stmt, used, lists)
        arms = [result.then, result.orelse]
        more: list[Var] = []
        for k, arm in enumerate((stmt.then, stmt.orelse)):
            for var in self._exported_from(arm):
                seen = self.visible.get(var, var)
                self.visible[var] = fresh_var(var.type, var.name, var.noun)
                more.append(self.visible[var])
                for j in (0, 1):
                    atom = seen if j == k else Undef(var.type)
                    if arms[j].falls:
                        arms[j] = replace(arms[j], results=(*arms[j].results, atom))
        results = (*result.results, *more)
        return replace(result, results=results, then=arms[0], orelse=arms[1])

    def _exported_from(self, arm: Region) -> list[Var]:
        inside = set(all_regions(arm))
        return [v for v, home in self.exported.items() if home in inside]
