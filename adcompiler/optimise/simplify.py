"""Simplification: the rules of `algebra` and `arrays`, and control flow that is known.

In: any function. Out: one with the same results. Invariants: what is primal keeps every
bit, dtype, kind and error; derivative code keeps its values up to rounding and the sign
of a zero, and every type. Nothing is removed here: what is no longer used is dead, and
`dce` removes it.

One walk in program order. The operands of a statement are simplified before it is, and
what a rule builds is simplified in turn, so that a walk nearly reaches the fixpoint.

Control flow: an `If` on a constant becomes its arm; where one arm raises, the other
stands behind the `If`, so that its adjoint asks nothing; a value that both arms give,
or that a loop carries unchanged, is the value itself; one that is true in one arm and
false in the other is the condition; a loop that makes no trip goes; one that never
stops early has no stop flag.

>>> from adcompiler.optimise import tidy
>>> tidy(lambda x, y_bar: y_bar * (2 * x) + y_bar * -(1 / x))
'2 * y_bar * x - y_bar / x'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import assert_never

from adcompiler.analysis.deciding import deciding, must_agree
from adcompiler.ir.builder import Builder, constant
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
    defined,
    fresh_var,
    stop_flag,
)
from adcompiler.ir.walk import all_regions, all_stmts, count_uses, map_range, regions
from adcompiler.ir.wrapping import may_wrap
from adcompiler.optimise import algebra, arrays, factors, norms, selections
from adcompiler.optimise.dce import has_effect
from adcompiler.optimise.equations import Equations
from adcompiler.optimise.rewriting import Known, Site, atom_key, number, rules_for
from adcompiler.optimise.shapes import Shapes

__all__ = ["algebra", "arrays", "factors", "norms", "selections", "simplify"]

FUEL = 40  # rewrites in a row; what the rules need is far less


def simplify(function: Function) -> Function:
    """The function simplified; the same object if nothing was found."""
    simplifier = _Simplifier(function.region)
    region = simplifier.region(function.region)
    if not simplifier.changed:
        return function
    return simplifier.equations.applied(replace(function, region=region))


class _Simplifier:
    def __init__(self, region: Region) -> None:
        self.equations = Equations()
        self.known = Known(count_uses(region), Shapes(region))
        self.joined: set[Atom] = set(_joined(region))
        self.mapping: dict[Var, Atom] = {}
        self.out: list[Stmt] = []
        self.place = 0
        self.places = 0
        self.changed = False
        self.leaving = {a for r in all_regions(region) for a in r.results}
        self.deciding = deciding(region)

    # --- Values ------------------------------------------------------------------

    def atom(self, atom: Atom) -> Atom:
        while isinstance(atom, Var) and atom in self.mapping:
            atom = self.mapping[atom]
        return atom

    def atoms(self, atoms: Iterable[Atom]) -> tuple[Atom, ...]:
        return tuple(map(self.atom, atoms))

    def define(self, var: Var) -> None:
        self.known.places[var] = self.place
        self.known.shapes.define(var)
        self.equations.define(var)

    def emit(self, stmt: Stmt) -> None:
        self.out.append(stmt)
        for var in defined(stmt):
            self.define(var)
            if isinstance(stmt, Let):
                self.known.lets[var] = stmt
        if isinstance(stmt, Let):
            self.known.learn(stmt)

    def stand_in(self, old: Var, new: Atom) -> None:
        """Let an atom stand for a value from here on."""
        uses = self.known.uses
        if isinstance(new, Var):
            uses[new] = uses.get(new, 0) + uses.get(old, 0)
        self.equations.equate(old.type, new.type)
        self.mapping[old] = new
        self.changed = True
        if old in self.joined and isinstance(new, Var):
            self.joined.add(new)

    def use_instead(self, old: Var, new: Atom) -> None:
        """Likewise, where the statement that defines it stays."""
        if self.known.uses.get(old, 0) > 0 and old not in self.mapping:
            self.stand_in(old, new)

    def replaceable(self, old: Var, new: Atom) -> bool:
        same = isinstance(new, Var) and new == old
        return not same and self.equations.agree(old.type, new.type)

    def derivable(self, old: Var, new: Atom) -> bool:
        """Likewise in derivative code, which relies on what the primal has checked.

        Where paths join, a length has the same symbol on every path.
        """
        if new == old:
            return False
        same = None if old in self.joined else self.known.shapes.same
        return self.equations.agree(old.type, new.type, same)

    # --- Statements --------------------------------------------------------------

    def region(self, region: Region) -> Region:
        outer = self.out, self.place
        self.out, self.place = [], self.places
        self.places += 1
        self.known.enter()
        for param in region.params:
            self.define(param)
        for stmt in region.body:
            self.stmt(stmt)
        body, results = tuple(self.out), self.atoms(region.results)
        self.known.leave()
        self.out, self.place = outer
        return replace(region, body=body, results=results)

    def stmt(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                self.let(stmt, FUEL)
            case If():
                self.choice(stmt)
            case For() | While():
                self.loop(stmt)
            case _:
                assert_never(stmt)

    def let(self, let: Let, fuel: int) -> None:
        let = let.reading(self.atoms(let.operands))
        site = Site(self.known, Builder([], let.span, let.role), self.place)
        decides = must_agree(let, self.deciding)
        as_it_is = let.role == "primal" or decides or may_wrap(let)
        for rule in rules_for(let.primitive, as_it_is) if fuel else ():
            if site.builder.stmts:  # of a rule that gave nothing, or did not fit
                site = Site(self.known, Builder([], let.span, let.role), self.place)
            given = rule.rewrite(let, site)
            if given is None:
                continue
            atoms = given if isinstance(given, tuple) else (given,)
            fits = self.replaceable if let.role == "primal" else self.derivable
            if let.role != "primal":
                atoms = self.typed_as(let, site.builder.stmts, atoms)
            built = site.builder.stmts
            wraps = not rule.exact and any(
                isinstance(s, Let) and may_wrap(s) for s in built
            )
            if not wraps and all(map(fits, let.results, atoms)):
                if decides:  # and so must what stands for it
                    self.deciding.update(v for s in built for v in defined(s))
                    built = [
                        replace(s, again=True) if isinstance(s, Let) else s
                        for s in built
                    ]
                self.rewrite(let, built, atoms, fuel)
                return
        self.changed |= self.equations.refine(let)
        self.emit(let)

    def typed_as(
        self, let: Let, built: list[Stmt], atoms: tuple[Atom, ...]
    ) -> tuple[Atom, ...]:
        """What a rule built and gave, with the symbols that the lengths had before."""
        last = built[-1] if built else None
        if not isinstance(last, Let) or len(atoms) != 1 or atoms != last.results:
            return atoms
        (old,), (new,) = let.results, last.results
        shapes = self.known.shapes
        if old.type == new.type or not self.equations.agree(
            old.type, new.type, shapes.same
        ):
            return atoms
        if self.equations.agree(old.type, new.type):
            return atoms
        typed = replace(new, type=old.type)
        built[-1] = replace(last, results=(typed,))
        return (typed,)

    def rewrite(
        self, let: Let, built: list[Stmt], atoms: tuple[Atom, ...], fuel: int
    ) -> None:
        """Emit what a rule built, and let what it gave stand for the results."""
        named = {}
        self.changed = True
        for stmt in built:
            self.count(stmt, 1)
        for old, new in zip(let.results, atoms, strict=True):
            self.stand_in(old, new)
            if isinstance(new, Var) and new.name is None:
                named[new] = replace(new, name=old.name, noun=new.noun or old.noun)
        self.release(let)
        for stmt in built:
            assert isinstance(stmt, Let)
            results = tuple(named.pop(r, r) for r in stmt.results)
            self.let(replace(stmt, results=results), fuel - 1)
        for var, better in named.items():
            if better.name is not None:
                self.equations.name(var, better.name)

    def count(self, stmt: Stmt, change: int) -> None:
        assert isinstance(stmt, Let)
        for atom in stmt.operands:
            if isinstance(atom, Var):
                self.known.uses[atom] = self.known.uses.get(atom, 0) + change

    def release(self, let: Let) -> None:
        """A statement is dead: it no longer uses its operands."""
        dead = [let]
        while dead:
            let = dead.pop()
            self.count(let, -1)
            for atom in let.operands:
                inner = self.known.lets.get(atom) if isinstance(atom, Var) else None
                if inner is None or has_effect(inner):
                    continue
                if not any(self.known.uses.get(r, 0) > 0 for r in inner.results):
                    for result in inner.results:
                        del self.known.lets[result]
                    dead.append(inner)

    # --- Control flow ------------------------------------------------------------

    def choice(self, stmt: If) -> None:
        cond = self.atom(stmt.cond)
        value = number(cond)
        if value is not None:
            arm = stmt.then if value else stmt.orelse
            if self.may_pass(stmt, arm):
                self.passing(stmt, arm)
                return
        for arm, other in ((stmt.then, stmt.orelse), (stmt.orelse, stmt.then)):
            if arm.body and not other.falls and self.may_pass(stmt, arm):
                arms = {arm: Region((), (), ()), other: self.region(other)}
                then, orelse = arms[stmt.then], arms[stmt.orelse]
                guard = replace(stmt, results=(), cond=cond, then=then, orelse=orelse)
                self.known.learn_behind(guard)
                self.emit(guard)
                self.passing(stmt, arm)
                return
        first = self.places
        then, orelse = self.region(stmt.then), self.region(stmt.orelse)
        self.known.learn_behind(stmt)
        for k, result in enumerate(stmt.results):
            given = [a.results[k] for a in (then, orelse) if a.falls]
            atom = self.common(given, first)
            if atom is None and self.is_flag(result, given) and cond != result:
                atom = cond
            if atom is not None and self.replaceable(result, atom):
                self.use_instead(result, atom)
        self.emit(replace(stmt, cond=cond, then=then, orelse=orelse))

    def may_pass(self, stmt: If, arm: Region) -> bool:
        """Whether an arm may stand in the place of the branch, if it is the one that
        runs."""
        known = not any(isinstance(a, Undef) for a in arm.results)
        same = map(self.replaceable, stmt.results, arm.results)
        return arm.falls and known and all(same)

    def passing(self, stmt: If, arm: Region) -> None:
        """An arm in the place of the branch."""
        self.changed = True
        for inner in arm.body:
            self.stmt(inner)
        for old, new in zip(stmt.results, arm.results, strict=True):
            self.stand_in(old, self.atom(new))

    def is_flag(self, result: Var, given: list[Atom]) -> bool:
        """Whether a value tells which arm ran. What leaves a region may be what ends a
        loop, which later passes know by its arms."""
        flags = [number(atom) for atom in given]
        return flags == [True, False] and result not in self.leaving

    def common(self, given: list[Atom], first: int) -> Atom | None:
        """The value that is given on every path, if the `If` did not define it."""
        atoms = [a for a in given if not isinstance(a, Undef)]
        if not atoms or any(atom_key(a) != atom_key(atoms[0]) for a in atoms):
            return None
        atom = atoms[0]
        inside = isinstance(atom, Var) and self.known.places.get(atom, 0) >= first
        return None if inside else atom

    def loop(self, loop: For | While) -> None:
        loop = self.entered(loop)
        if _never_runs(loop):
            idle = self.idle(loop)
            if idle is not None:
                self.emit(idle)
            return
        self.invariants(loop)
        if isinstance(loop, While):
            loop = replace(loop, cond=self.region(loop.cond))
        self.emit(self.unstoppable(replace(loop, body=self.region(loop.body))))

    def entered(self, loop: For | While) -> For | While:
        inits = self.atoms(loop.inits)
        if isinstance(loop, While):
            return replace(loop, inits=inits)
        return replace(loop, inits=inits, range=map_range(loop.range, self.atom))

    def idle(self, loop: For | While) -> For | While | None:
        """What stays of a loop that makes no trip: what came in is what it gives, but
        for what has no value, which statements may read that then do not run."""
        pairs = list(zip(loop.results, loop.inits, strict=True))
        kept = [
            k
            for k, (result, init) in enumerate(pairs)
            if isinstance(init, Undef) or not self.replaceable(result, init)
        ]
        if len(kept) == len(pairs) and not loop.body.body:
            return loop
        for k, (result, init) in enumerate(pairs):
            if k not in kept:
                self.stand_in(result, init)
        self.stand_in(loop.trips, constant(0))
        if loop.stopped is not None:
            self.stand_in(loop.stopped, constant(False))
        return _carrying(loop, kept) if kept else None

    def invariants(self, loop: For | While) -> None:
        """What is carried unchanged is what came in."""
        if not loop.body.falls:
            return
        ends = self.atoms(carried_results(loop))
        params = carried_params(loop)
        conds = loop.cond.params if isinstance(loop, While) else params
        rows = zip(params, conds, loop.inits, ends, loop.results, strict=True)
        for param, cond, init, end, result in rows:
            if isinstance(init, Undef) or not self.replaceable(param, init):
                continue
            if end == param or atom_key(end) == atom_key(init):
                for var in (param, cond, result):
                    if self.replaceable(var, init):
                        self.use_instead(var, init)

    def unstoppable(self, loop: For | While) -> For | While:
        """A loop whose stop flag is never true has none."""
        flag = stop_flag(loop) if loop.body.falls else None
        if flag is None or loop.stopped is None or number(flag) is not False:
            return loop
        self.stand_in(loop.stopped, constant(False))
        body = replace(loop.body, results=loop.body.results[1:])
        return replace(loop, body=body, stopped=None)


def _never_runs(loop: For | While) -> bool:
    """Whether a loop makes no trip."""
    if isinstance(loop, While):
        return not loop.cond.body and number(loop.cond.results[0]) is False
    r = loop.range
    if r.limit is not None and number(r.limit) == 0:
        return True
    bounds = [number(a) for a in (r.start, r.stop, r.step)]
    return None not in bounds and bounds[2] != 0 and not range(*bounds)


def _carrying(loop: For | While, kept: list[int]) -> For | While:
    """A loop that carries some of its values, and does nothing."""
    params = tuple(carried_params(loop)[k] for k in kept)
    index = loop.body.params[: len(loop.body.params) - len(loop.inits)]
    if isinstance(loop, While):
        conds = tuple(loop.cond.params[k] for k in kept)
        loop = replace(loop, cond=replace(loop.cond, params=conds))
    return replace(
        loop,
        results=tuple(loop.results[k] for k in kept),
        inits=tuple(loop.inits[k] for k in kept),
        body=Region((*index, *params), (), params),
        trips=fresh_var(loop.trips.type),
        stopped=None,
    )


def _joined(region: Region) -> Iterator[Atom]:
    """What the paths give that join: the results of arms and loop bodies, and what
    loops begin with."""
    for stmt in all_stmts(region):
        for inner in regions(stmt):
            yield from inner.results
        if isinstance(stmt, For | While):
            yield from stmt.inits
