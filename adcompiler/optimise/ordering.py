"""Statements in the order in which a person would write them.

In: a function about to be emitted. Out: the same statements, some of derivative code
earlier or later, so that fewer values are kept under a second name.
Invariants: no statement passes one that it may not change places with (see `moving`),
nor leaves the line of source that it comes from; nothing is computed more or less
often.

A value that takes a name anew stands after the last use of what had the name before:

    y_bar1 = y_bar * x                  x_bar += y_bar * y
    x_bar += y_bar * y           ->     y_bar *= x
    y_bar = y_bar1

and what reads an element before it is overwritten reads it there:

    t = y_bar[i]                        s_bar = y_bar[i] / a
    y_bar[i] = 0.0               ->     y_bar[i] = 0.0
    s_bar = t / a

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import NP_FLOAT
>>> x, y_bar = (fresh_var(NP_FLOAT, name) for name in ("x", "y_bar"))
>>> b = Builder(role="adjoint")
>>> new = b.apply("multiply", y_bar, x, hint="y_bar")
>>> x_bar = b.apply("multiply", y_bar, y_bar, hint="x_bar")
>>> print(show(in_reading_order(Function("f", b.region((x, y_bar), (new, x_bar))))))
f(x: np.float64, y_bar: np.float64)
    x_bar: np.float64 = multiply(y_bar, y_bar)
    y_bar.1: np.float64 = multiply(y_bar, x)
    return y_bar.1, x_bar
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from adcompiler.ir.nodes import Function, Let, Region, Stmt, Var, defined
from adcompiler.ir.types import ListOf
from adcompiler.ir.walk import (
    all_regions,
    count_uses,
    free_vars,
    map_regions,
    substitute,
)
from adcompiler.optimise.moving import Order

# So many statements at most are carried along to where an element is read.
FEW = 6


def in_reading_order(function: Function) -> Function:
    """The function with such statements moved."""
    region = _named_alike(function.region)
    return replace(function, region=_Writer(region).region(region))


def _named_alike(region: Region) -> Region:
    """The region with each value read under the name that it is defined with."""
    named = {
        var: var
        for inner in all_regions(region)
        for group in (inner.params, *map(defined, inner.body))
        for var in group
    }
    return substitute(region, named)


class _Body:
    """Statements, where each of them stands, and what reads and gives what."""

    def __init__(self, stmts: Iterable[Stmt]) -> None:
        self.stmts = list(stmts)
        self.home = {v: s for s in self.stmts for v in defined(s)}
        self.read = {id(s): free_vars(s) for s in self.stmts}
        self.readers: dict[Var, list[Stmt]] = {}
        for stmt in self.stmts:
            for var in self.read[id(stmt)]:
                self.readers.setdefault(var, []).append(stmt)
        self.named: dict[str | None, list[tuple[Stmt | None, list[Stmt]]]] = {}
        for var, readers in self.readers.items():
            self.named.setdefault(var.name, []).append((self.home.get(var), readers))
        self._places: dict[int, int] = {}
        self._number(0, len(self.stmts))

    def _number(self, start: int, stop: int) -> None:
        for k in range(start, stop):
            self._places[id(self.stmts[k])] = k

    def place(self, stmt: Stmt) -> int:
        """Where a statement stands."""
        return self._places[id(stmt)]

    def is_from(self, position: int, var: Var) -> bool:
        """Whether a value is given there or later."""
        return var in self.home and self.place(self.home[var]) >= position

    def put(self, start: int, stmts: Sequence[Stmt]) -> None:
        """Put the statements there anew, in another order."""
        stop = start + len(stmts)
        self.stmts[start:stop] = stmts
        self._number(start, stop)


class _Writer:
    def __init__(self, region: Region) -> None:
        self.order = Order(region)
        self.uses = count_uses(region)

    def region(self, region: Region) -> Region:
        body = [
            s if isinstance(s, Let) else map_regions(s, self.region)
            for s in region.body
        ]
        if any(s.role != "primal" for s in body):
            ordered = _Body(body)
            self.overwritten_late(ordered, region)
            self.read_early(ordered)
            body = ordered.stmts
        return replace(region, body=tuple(body))

    # --- Names given anew ---------------------------------------------------------

    def overwritten_late(self, body: _Body, region: Region) -> None:
        """Each value that takes a name anew after the last use of what had it."""
        for stmt in reversed(tuple(body.stmts)):
            if not (isinstance(stmt, Let) and self.is_named(stmt)):
                continue
            position = body.place(stmt)
            last = self.last_use(stmt, position, body, region)
            if last is not None and self.may_follow(body, position, last):
                body.put(position, [*body.stmts[position + 1 : last + 1], stmt])

    def is_named(self, let: Let) -> bool:
        """Whether a statement gives one value that has a name."""
        (result, *others) = let.results or (None,)
        return (
            result is not None
            and not others
            and result.name is not None
            and not isinstance(result.type, ListOf)
            and not let.primitive.writes
            and not self.order.facts(let).acts
        )

    def last_use(
        self, let: Let, position: int, body: _Body, region: Region
    ) -> int | None:
        """Where another value of the same name is read last, if that is later."""
        name, last = let.result.name, None
        for made, readers in body.named.get(name, ()):
            if made is None or body.place(made) < position:
                for place in map(body.place, readers):
                    if place > position:
                        last = max(last or 0, self.written_at(place, body))
        kept = (v for v in region.results if isinstance(v, Var) and v.name == name)
        return last if all(body.is_from(position, v) for v in kept) else None

    def written_at(self, position: int, body: _Body) -> int:
        """Where the text of a statement stands that is written out at its use."""
        stmt = body.stmts[position]
        while isinstance(stmt, Let) and self.is_part(stmt):
            uses = map(body.place, body.readers.get(stmt.results[0], ()))
            found = min((k for k in uses if k > position), default=None)
            if found is None:
                break
            position, stmt = found, body.stmts[found]
        return position

    def is_part(self, stmt: Stmt) -> bool:
        """Whether a value without a name is read once."""
        return (
            isinstance(stmt, Let)
            and len(stmt.results) == 1
            and stmt.results[0].name is None
            and self.uses.get(stmt.results[0]) == 1
            and not stmt.primitive.writes
        )

    def may_follow(self, body: _Body, position: int, last: int) -> bool:
        """Whether the statement may stand after the one at `last`."""
        stmt, passed = body.stmts[position], body.stmts[position + 1 : last + 1]
        if not all(_of_one_line(stmt, other) for other in passed):
            return False
        if stmt.role == "primal" and any(s.role == "primal" for s in passed):
            return False
        names = _names(self.tree(body, position)) - {None}
        given = {v.name for s in passed for v in defined(s)}
        return names.isdisjoint(given) and all(
            self.order.may_swap(stmt, other) for other in passed
        )

    def tree(self, body: _Body, position: int) -> set[Var]:
        """The values with names from which those without are computed in place."""
        pending, found = list(body.read[id(body.stmts[position])]), set[Var]()
        while pending:
            var = pending.pop()
            made = body.home.get(var)
            if made is None or body.place(made) >= position:
                found.add(var)
            elif self.is_part(made):
                pending += body.read[id(made)]
            else:
                found.add(var)
        return found

    # --- Elements read where they are ---------------------------------------------

    def read_early(self, body: _Body) -> None:
        """What is computed from an element that is overwritten next before that."""
        for stmt in tuple(body.stmts):
            if isinstance(stmt, Let) and self.is_load(stmt):
                self.bring_up(stmt, body)

    def is_load(self, let: Let) -> bool:
        return let.primitive.name == "load" and self.is_part(let)

    def bring_up(self, load: Let, body: _Body) -> None:
        """The statement that the element is read for, with what only that reads,
        moved up to where the element is loaded."""
        start = body.place(load)
        root = self.written_at(start, body)
        if root <= start + 1 or not isinstance(body.stmts[root], Let):
            return
        chosen = self.parts_of(body, start, root)
        rest = [s for s in body.stmts[start + 1 : root + 1] if s not in chosen]
        if not chosen or not any(_overwrites(s, load) for s in rest):
            return
        if self.may_precede(chosen, rest):
            body.put(start + 1, [*chosen, *rest])

    def parts_of(self, body: _Body, start: int, root: int) -> list[Let]:
        """The statement at `root` and what is computed for it alone after `start`;
        nothing where that is much or not plain derivative code."""
        wanted = set(body.read[id(body.stmts[root])])
        chosen = [body.stmts[root]]
        for stmt in reversed(body.stmts[start + 1 : root]):
            if wanted.isdisjoint(defined(stmt)):
                continue
            if not self.is_part(stmt):
                return []
            chosen.append(stmt)
            wanted |= set(body.read[id(stmt)])
        plain = all(
            isinstance(s, Let)
            and s.role != "primal"
            and len(s.results) == 1
            and not s.primitive.writes
            and not self.order.facts(s).acts
            for s in chosen
        )
        lets = [s for s in reversed(chosen) if isinstance(s, Let)]
        return lets if plain and len(lets) <= FEW else []

    def may_precede(self, chosen: Sequence[Let], rest: Sequence[Stmt]) -> bool:
        """Whether the chosen statements may all stand before the others."""
        root = chosen[-1]
        if not all(_of_one_line(root, other) for other in (*chosen, *rest)):
            return False
        read = {v.name for v in free_vars(rest)} | _names(
            v for s in rest for v in defined(s)
        )
        if root.result.name is not None and root.result.name in read:
            return False
        return all(self.order.may_swap(a, b) for a in rest for b in chosen)


def _names(values: Iterable[Var]) -> set[str | None]:
    return {v.name for v in values}


def _overwrites(stmt: Stmt, load: Let) -> bool:
    """Whether a statement may change what was loaded: it stores to that array."""
    return (
        isinstance(stmt, Let)
        and stmt.primitive.writes
        and stmt.operands[0] == load.operands[0]
    )


def _of_one_line(stmt: Stmt, other: Stmt) -> bool:
    """Whether two statements stand under one comment."""
    a, b = stmt.span, other.span
    if a is None or b is None:
        return a is b
    return (a.filename, a.lineno) == (b.filename, b.lineno)
