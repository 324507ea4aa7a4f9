"""Statements on arrays become loops over the first axis, some rows at a time.

In: a function of immutable values, with the lengths that are taken for equal. Out: the
same, in which statements that reduce other axes, and those that compute what they
reduce or go on with what they give, are one loop over the rows. So what is needed for
these rows alone is never stored for all, and stays in the cache while it is needed.

Invariants: only pure statements move. A loop looks at the lengths that are taken for
equal and, where they differ, raises: which leaves the program to NumPy's.

    e = exp(x - m); s = sum(e, axis=1); p = e / s[:, None]
->  for i in range(0, n, some):
        e = exp(x[i:j] - m[i:j]); s = sum(e, axis=1); p[i:j] = e / s[:, None]
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from adcompiler.emit.llvm.lengths import assumed_lengths
from adcompiler.emit.llvm.rowloop import Rows, row_loop
from adcompiler.emit.llvm.sliced import Classes, Plan, is_wide, plan_of
from adcompiler.ir.nodes import (
    Function,
    Let,
    Region,
    Stmt,
    Var,
    defined,
    fresh_var,
)
from adcompiler.ir.primitive import Effect
from adcompiler.ir.types import ANY, Array, Scalar
from adcompiler.ir.walk import free_vars, map_regions, substitute

__all__ = ["by_rows"]

_MOST = 256  # statements that are looked at together

# What is computed again where it is needed rather than stored for all rows.
_CHEAP = {"add", "subtract", "multiply", "negative", "stop_gradient", "square"}


def by_rows(function: Function) -> Function:
    """The function with such loops."""
    found = _ByRows(Classes(assumed_lengths(function)))
    return replace(function, region=found.region(function.region))


@dataclass(slots=True)
class _Split:
    """The statements of a segment: those of the loop, and those before and after it."""

    plans: list[Plan] = field(default_factory=list)
    before: list[Let] = field(default_factory=list)
    after: list[Let] = field(default_factory=list)


class _ByRows:
    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        self.seen: list[Var] = []

    def region(self, region: Region) -> Region:
        outside, last = len(self.seen), _last_reads(region)
        self.seen += region.params
        body: list[Stmt] = []
        segment: list[Let] = []

        def close(at: int) -> None:
            made = (v for let in segment for v in let.results)
            body.extend(
                self.segment(segment, {v for v in made if last.get(v, -1) >= at})
            )
            segment.clear()

        for k, stmt in enumerate(region.body):
            pure = isinstance(stmt, Let) and not stmt.effect & ~Effect.MAY_RAISE
            # What raises for sure ends its region, and stays there.
            pure &= region.falls or k < len(region.body) - 1
            if not pure or len(segment) == _MOST:
                close(k)
            if isinstance(stmt, Let) and pure:
                segment.append(stmt)
            else:
                body.append(map_regions(stmt, self.region))
                self.seen += defined(stmt)
        close(len(region.body))
        del self.seen[outside:]
        return replace(region, body=tuple(body))

    def segment(self, lets: Sequence[Let], needed: set[Var]) -> list[Stmt]:
        """The statements, with loops; `needed` are the values read after them."""
        for length in self.lengths(lets):
            found = self.cluster(lets, length)
            if not found.plans:
                continue
            found = _late(_repeated(found, needed))
            wanted = needed | set(free_vars(found.after))
            before = self.segment(found.before, wanted | _operands(found.plans))
            rows = Rows(tuple(found.plans), frozenset(wanted), self.classes)
            loop = row_loop(rows, self.seen)
            if loop is None:
                continue
            self.seen += (v for stmt in loop for v in defined(stmt))
            return [*before, *loop, *self.segment(found.after, needed)]
        self.seen += (v for let in lets for v in let.results)
        return list(lets)

    def lengths(self, lets: Iterable[Let]) -> list[Hashable]:
        """The lengths over whose rows something is reduced or multiplied."""
        found: dict[Hashable, None] = {}
        for let in lets:
            for atom in (*let.operands, *let.results):
                t = atom.type
                if not is_wide(t) or not isinstance(t, Array):
                    continue
                if t.dims[0] in (0, 1, ANY):
                    continue
                plan = plan_of(let, self.classes(t.dims[0]), self.classes)
                if plan is not None and plan.kind in ("reduce", "product", "sum"):
                    found.setdefault(self.classes(t.dims[0]))
        return list(found)

    def cluster(self, lets: Sequence[Let], length: Hashable) -> _Split:
        """What goes into a loop over the rows of arrays of this length."""
        plans = {let: plan_of(let, length, self.classes) for let in lets}
        chosen = {let: plan for let, plan in plans.items() if plan is not None}
        while True:
            found = _split(lets, chosen)
            useful = _useful(found.plans)
            idle = {plan.let for plan in found.plans}
            idle -= {plan.let for plan in useful}
            if not idle:
                return found
            chosen = {let: plan for let, plan in chosen.items() if let not in idle}


def _last_reads(region: Region) -> dict[Var, int]:
    """Where each value is read last in a region; its results stand at its end."""
    last = {v: k for k, stmt in enumerate(region.body) for v in free_vars(stmt)}
    return last | {a: len(region.body) for a in region.results if isinstance(a, Var)}


def _operands(plans: Iterable[Plan]) -> set[Var]:
    return {a for p in plans for a in p.let.operands if isinstance(a, Var)}


def _split(lets: Sequence[Let], chosen: dict[Let, Plan]) -> _Split:
    """The statements in an order in which the chosen ones stand together, but for those
    that need what is only there after them."""
    found, rows, late = _Split(), set[Var](), set[Var]()
    held: set[Var] = set()
    bases: dict[Var, Var] = {}
    for let in lets:
        given = {a for a in let.operands if isinstance(a, Var)}
        plan = chosen.get(let)
        if plan is not None and not given & late and _fits(plan, rows):
            found.plans.append(plan)
            held |= {bases.get(v, v) for v in given}
            (late if plan.kind == "sum" else rows).update(let.results)
            continue
        if let.results and not let.primitive.writes and let.operands:
            first = let.operands[0]
            if isinstance(first, Var) and let.primitive.storage.name != "NEW":
                bases[let.results[0]] = bases.get(first, first)
        target = let.operands[0] if let.primitive.writes else None
        stored = isinstance(target, Var) and bases.get(target, target) in held
        if given & (late | rows) or stored:
            found.after.append(let)
            late |= set(let.results)
        else:
            found.before.append(let)
    return found


def _fits(plan: Plan, rows: set[Var]) -> bool:
    """Whether of what the loop computes no more than a row is taken; a view of what is
    there needs no loop."""
    if rows.intersection(plan.taken("whole")):
        return False
    return plan.kind != "view" or bool(rows.intersection(plan.taken("rows")))


def _useful(plans: Sequence[Plan]) -> list[Plan]:
    """The statements for which a loop pays: those that belong to a reduction, or to a
    product of stacks, whose operand or result is needed by rows alone."""
    inside = {plan.let.result: plan for plan in plans}
    groups = _Groups()
    paid: list[Plan] = []
    for plan in _core(plans):
        for var in plan.taken("rows"):
            maker = inside.get(var)
            if maker is None:
                continue
            groups.join(maker, plan)
            if _pays(maker, plan):
                paid.append(plan)
    roots = {groups.of(p) for p in paid}
    return [p for p in _core(plans) if groups.of(p) in roots]


def _pays(maker: Plan, user: Plan) -> bool:
    """Whether it saves a pass over memory that one statement follows the other."""
    wide = is_wide(maker.let.result.type)
    if isinstance(user.let.result.type, Scalar):  # which any nest adds up
        return False
    if user.kind in ("reduce", "sum", "product"):
        return wide and maker.kind in ("map", "product")
    goes_on = user.kind == "map" and is_wide(user.let.result.type)
    return goes_on and maker.kind in ("reduce", "product")


def _core(plans: Sequence[Plan]) -> list[Plan]:
    """Those on wide rows, and on numbers that lead from one of them to another."""
    wide = {p for p in plans if _is_wide(p)}
    behind = {v for p in wide for v in p.let.results}
    after = set[Plan]()
    for plan in plans:
        if plan not in wide and behind.intersection(plan.taken("rows")):
            after.add(plan)
            behind |= set(plan.let.results)
    ahead = {v for p in wide for v in p.taken("rows")}
    for plan in reversed(plans):
        if plan in after and ahead.intersection(plan.let.results):
            ahead |= set(plan.taken("rows"))
        else:
            after.discard(plan)
    return [p for p in plans if p in wide or p in after]


def _is_wide(plan: Plan) -> bool:
    atoms = (*plan.taken("rows"), *plan.let.results)
    return any(is_wide(a.type) for a in atoms)


class _Groups:
    """Statements, and for each one that it was joined to."""

    def __init__(self) -> None:
        self.known: dict[Plan, Plan] = {}

    def of(self, plan: Plan) -> Plan:
        while (other := self.known.setdefault(plan, plan)) is not plan:
            plan = other
        return plan

    def join(self, first: Plan, second: Plan) -> None:
        self.known[self.of(second)] = self.of(first)


def _repeated(found: _Split, needed: set[Var]) -> _Split:
    """What is cheap, and made of what is there anyway, is done again after the loop
    rather than stored by it; so are views of what it stores."""
    made = {v for p in found.plans for v in p.let.results}
    wanted = set(free_vars(found.after))
    copies: list[Let] = []
    renamed: dict[Var, Var] = {}
    for plan in reversed(found.plans):
        let, old = plan.let, plan.let.result
        if old not in wanted or old in needed:
            continue
        if plan.kind != "view" and not _is_cheap(plan, made):
            continue
        renamed[old] = fresh_var(old.type, old.name, old.noun)
        copies.append(replace(let, results=(renamed[old],), safe=True))
        wanted |= {a for a in let.operands if isinstance(a, Var)}
    after = [substitute(let, renamed) for let in (*reversed(copies), *found.after)]
    lets = [let for let in after if isinstance(let, Let)]
    return _Split(found.plans, found.before, lets)


def _late(found: _Split) -> _Split:
    """What the loop does not need comes after it, where other loops may take it up."""
    needed = _operands(found.plans)
    before: list[Let] = []
    moved: list[Let] = []
    for let in reversed(found.before):
        wanted = needed.intersection(let.results)
        (before if wanted else moved).append(let)
        if wanted:
            needed |= {a for a in let.operands if isinstance(a, Var)}
    return _Split(found.plans, before[::-1], [*moved[::-1], *found.after])


def _is_cheap(plan: Plan, made: set[Var]) -> bool:
    cheap = plan.kind == "map" and plan.let.primitive.name in _CHEAP
    return (
        cheap
        and is_wide(plan.let.result.type)
        and not made.intersection(plan.let.operands)
    )
