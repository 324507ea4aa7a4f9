"""What a loop computes at its exit only is computed after it.

In: a primal function. Out: an equal one that the reverse sweep makes less of: the
statements of an arm that ends the loop stand after the loop, under `stopped`; in that
arm the loop's carried values are what they are in the other arm, wherever nothing tells
the difference; carried values that come to the same are one.

    for ...:                           for ...:
        y = f(y)                           y = f(y)
        if y > c:                  ->      if y > c:
            return g(y)                        break
    return y                           if stopped: return g(y)
                                       return y

Then the adjoint of the exit stands before the reversed loop, whose trips are all alike;
otherwise each would ask whether it is the first.

Invariants: only what has no effect but an error moves, and over nothing that has an
effect. What moves reads values that the loop carries out anyway and at most some
integers more; what is cheap is computed from these again, once.

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.nodes import Range
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import PY_BOOL, PY_FLOAT, PY_INT
>>> names = ("y", "y", "y", "y", "i", "stop", "trips", "stopped")
>>> types = (PY_FLOAT,) * 4 + (PY_INT, PY_BOOL, PY_INT, PY_BOOL)
>>> x, y, last, end, i, stop, trips, stopped = map(fresh_var, types, names)
>>> inner, arm = Builder(), Builder()
>>> z = inner.apply("sin", y, via="math", hint="z")
>>> big = inner.apply("greater", z, constant(1.0))
>>> w = arm.apply("multiply", z, x)
>>> inner.append(If((stop, last), big, arm.region((), (constant(True), w)),
...                 Region((), (), (constant(False), z))))
>>> bounds = Range(constant(0), constant(9), constant(1))
>>> body = inner.region((i, y), (stop, last))
>>> loop = For((end,), bounds, (x,), body, trips, stopped)
>>> print(show(sink_exits(Function("f", Region((x,), (loop,), (end,))))))
f(y: float64)
    for i in range(0, 9, 1) (y.1: float64 = y) -> y.2: float64, stopped: bool
        z: float64 = sin(y.1, via='math')
        %0: bool = greater(z, 1.0)
        if %0 -> stop: bool
            yield True
        else
            yield False
        yield stop, z
    if stopped -> y.3: float64
        %1: float64 = multiply(y.2, y)
        yield %1
    else
        yield y.2
    return y.3
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

from adcompiler.analysis.exits import Exit, defined_by, exit_of
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
    fresh_var,
    stop_flag,
)
from adcompiler.ir.types import Scalar, is_float
from adcompiler.ir.walk import all_stmts, free_vars, map_regions, reads, substitute
from adcompiler.optimise.rewriting import atom_key


def sink_exits(function: Function) -> Function:
    """The function with its exits sunk; the same object if it has none to sink."""
    sinker = _Sinker()
    region = sinker.region(function.region)
    return replace(function, region=region) if sinker.changed else function


class _Sinker:
    def __init__(self) -> None:
        self.changed = False

    def region(self, region: Region) -> Region:
        """The region, the loops in it and what follows each."""
        done: list[Stmt] = []
        rest = replace(region, params=())
        position = 0
        while position < len(rest.body):
            stmt = map_regions(rest.body[position], self.region)
            position += 1
            if isinstance(stmt, For | While) and stmt.body.falls:
                rest = replace(rest, body=rest.body[position:])
                stmt, rest = self.loop(stmt, rest)
                position = 0
            done.append(stmt)
        return replace(region, body=tuple(done), results=rest.results)

    def loop(self, loop: For | While, rest: Region) -> tuple[For | While, Region]:
        """A loop, and what follows it."""
        exit = exit_of(loop)
        if exit is not None:
            plan = _planned(exit, rest)
            if plan.differs:
                self.changed = True
                loop, after = _exiting(exit, plan)
                rest = _following(exit, plan, after, rest)
        return self.merged(loop, rest)

    def merged(self, loop: For | While, rest: Region) -> tuple[For | While, Region]:
        """Carried values with one next value are one if they also start as one: where
        the first value is never read, it is any."""
        params, ends = carried_params(loop), carried_results(loop)
        conds = loop.cond.params if isinstance(loop, While) else params
        same: dict[Var, Atom] = {}
        kept: dict[Atom, int] = {}
        # Those that start as something come first.
        order = sorted(range(len(ends)), key=lambda k: isinstance(loop.inits[k], Undef))
        for k in order:
            if not isinstance(ends[k], Var):
                continue
            j = kept.setdefault(ends[k], k)
            init = loop.inits[k]
            alike = isinstance(init, Undef) or init == loop.inits[j]
            types = [(v[k].type, v[j].type) for v in (params, loop.results)]
            if j != k and alike and all(a == b for a, b in types):
                same |= {params[k]: params[j], loop.results[k]: loop.results[j]}
                same[conds[k]] = conds[j]
        if not any(v in same for inner in (loop.body, rest) for v in reads(inner)):
            return loop, rest
        self.changed = True
        changed = substitute(loop, same)
        assert isinstance(changed, For | While)
        return changed, substitute(rest, same)


def _var(atom: Atom | None) -> Var:
    assert isinstance(atom, Var)
    return atom


def _same(left: Atom, right: Atom) -> bool:
    return atom_key(left) == atom_key(right)


# --- What it shall give ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the arm gives instead, integers to be carried out too, the carried values
    for which its statements sink, and what is computed again for these."""

    gives: tuple[Atom, ...]
    differs: bool
    more: tuple[Var, ...] = ()
    made: tuple[int, ...] = ()
    again: tuple[Let, ...] = ()


def _planned(exit: Exit, rest: Region) -> _Plan:
    stopped = _var(exit.loop.stopped)
    results = frozenset(exit.loop.results)
    wanted = results & _read_if(rest, stopped, True)
    others = set() if exit.certain else _read_if(rest, stopped, False)
    given = {v for v in results - others if is_float(v.type)}
    return (
        _sinking(exit, wanted, given)
        or _sinking(exit, wanted, set())
        or _levelled(exit, wanted)
    )


def _read_if(rest: Region, stopped: Var, holds: bool) -> set[Var]:
    """The values read after a loop that was stopped, or was not."""
    found: set[Var] = set()
    for stmt in rest.body:
        if isinstance(stmt, If) and stmt.cond == stopped:
            arm = stmt.then if holds else stmt.orelse
            found.update(free_vars(arm))
            if not arm.falls:
                return found  # it raises
        else:
            found.update(free_vars(stmt))
    return found.union(a for a in rest.results if isinstance(a, Var))


def _levelled(exit: Exit, wanted: Set[Var]) -> _Plan:
    """Nothing sinks; what nobody reads is the same in both arms."""
    gives = []
    rows = zip(exit.loop.results, exit.leaving, exit.staying, strict=True)
    for result, leaving, staying in rows:
        free = result not in wanted or isinstance(leaving, Undef)
        gives.append(staying if free and staying not in exit.hidden else leaving)
    return _Plan(tuple(gives), not all(map(_same, gives, exit.leaving)))


def _sinking(exit: Exit, wanted: Set[Var], given: Set[Var]) -> _Plan | None:
    """What the arm computes is computed after the loop, if all that it reads is known
    there; what is `given` by the exit alone is assigned there, too."""
    if not all(map(_may_move, all_stmts(exit.leaf.body))):
        return None
    gives, made = _divided(exit, wanted, given)
    rows = [(exit.loop.results[k], exit.leaving[k]) for k in made]
    if not any(is_float(result.type) for result, _ in rows):
        return None
    if not all(_typed_alike(*row) for row in rows):
        return None
    reach = _Reach(exit, gives)
    read = (*free_vars(exit.leaf.body), *(leaving for _, leaving in rows))
    if not all(reach.get(v) for v in read if isinstance(v, Var) and v in exit.own):
        return None
    inside = defined_by(exit.leaf.body)
    for k, leaving in enumerate(exit.leaving):
        if gives[k] is None:
            gives[k] = Undef(leaving.type) if leaving in inside else leaving
    chosen = tuple(g for g in gives if g is not None)
    return _Plan(chosen, True, tuple(reach.more), tuple(made), reach.again)


def _divided(
    exit: Exit, wanted: Set[Var], given: Set[Var]
) -> tuple[list[Atom | None], list[int]]:
    """What the arm gives for each carried value, None where that may be anything, and
    the values that are made after the loop."""
    inside, own, hidden = defined_by(exit.leaf.body), exit.own, exit.hidden
    params = carried_params(exit.loop)
    gives: list[Atom | None] = []
    made: list[int] = []
    rows = zip(exit.loop.results, exit.leaving, exit.staying, strict=True)
    for k, (result, leaving, staying) in enumerate(rows):
        seen = None if staying in hidden else staying
        outer = leaving not in inside and leaving not in own
        if result not in wanted or isinstance(leaving, Undef):
            gives.append(seen)
        elif result in given and leaving in own and leaving != params[k]:
            gives.append(Undef(result.type))
            made.append(k)
        elif _same(leaving, staying):
            gives.append(staying)
        elif leaving in inside or (outer and is_float(result.type)):
            gives.append(seen)
            made.append(k)
        else:
            gives.append(leaving)
    return gives, made


def _typed_alike(result: Var, leaving: Atom) -> bool:
    """Whether one may stand for the other: an array has its lengths, too."""
    return isinstance(result.type, Scalar) or result.type == leaving.type


class _Reach:
    """Brings values of the loop's last trip out of it: by carried values that may be
    anything at the exit (None), by more of these, or by computing again."""

    def __init__(self, exit: Exit, gives: list[Atom | None]) -> None:
        self.results = exit.loop.results
        self.values = list(
            zip(
                self.results,
                carried_params(exit.loop),
                carried_results(exit.loop),
                strict=True,
            )
        )
        self.gives = gives
        self.own = exit.own
        self.more: list[Var] = []
        self.lets = [s for s in exit.loop.body.body if isinstance(s, Let)]
        self.made = {v: s for s in self.lets for v in s.results}
        self.repeated: set[Let] = set()

    @property
    def again(self) -> tuple[Let, ...]:
        """What is computed again, in order."""
        return tuple(s for s in self.lets if s in self.repeated)

    def get(self, var: Var) -> bool:
        """Whether the value can be had; if so, see to it."""
        pairs = list(zip(self.results, self.gives, strict=True))
        if var not in self.own or any(
            g == var and r.type == var.type for r, g in pairs
        ):
            return True
        free = [
            k
            for k, (_, given) in enumerate(pairs)
            if given is None and all(v.type == var.type for v in self.values[k])
        ]
        if free:
            best = max(free, key=lambda k: self.results[k].name == var.name)
            self.gives[best] = var
            return True
        if isinstance(var.type, Scalar) and not is_float(var.type):
            self.more.append(var)
            return True
        let = self.made.get(var)
        if let is None or not (_may_move(let) and let.primitive.is_repeatable(let)):
            return False
        self.repeated.add(let)
        return all(self.get(a) for a in let.operands if isinstance(a, Var))


def _may_move(stmt: Stmt) -> bool:
    match stmt:
        case Let():
            return not stmt.primitive.effect
        case While():
            return False  # it may not end
        case If() | For():
            return True


# --- Doing it ----------------------------------------------------------------------


def _exiting(exit: Exit, plan: _Plan) -> tuple[For | While, dict[Var, Atom]]:
    """The loop, ended as planned, and by what its values are known after it."""
    loop, branch = exit.loop, exit.branch
    k = branch.results.index(_var(stop_flag(loop)))
    results = [branch.results[k]]
    ends: list[Atom] = [branch.results[k]]
    given = {arm: [arm.results[k]] for arm in (exit.leaf, exit.other)}
    rows = zip(carried_results(loop), plan.gives, exit.staying, strict=True)
    for old, leaving, staying in rows:
        if _same(leaving, staying):
            ends.append(staying)
            continue
        results.append(replace(_var(old), id=fresh_var(old.type).id))
        ends.append(results[-1])
        given[exit.leaf].append(leaving)
        given[exit.other].append(staying)
    arms = {arm: replace(arm, results=tuple(given[arm])) for arm in given}
    if plan.made:
        arms[exit.leaf] = replace(arms[exit.leaf], body=())
    branch = replace(
        branch,
        results=tuple(results),
        then=arms[branch.then],
        orelse=arms[branch.orelse],
    )
    body = replace(loop.body, body=(*loop.body.body[:-1], branch), results=tuple(ends))
    pairs = zip(plan.gives, loop.results, strict=True)
    after: dict[Var, Atom] = {
        g: r for g, r in pairs if isinstance(g, Var) and g.type == r.type
    }
    loop = replace(loop, body=body)
    for var in plan.more:
        loop, after[var] = _carrying_out(loop, var)
    return loop, after


def _carrying_out(loop: For | While, var: Var) -> tuple[For | While, Var]:
    """The loop with a value of its last trip known after it."""
    param, cond, result = (fresh_var(var.type, var.name) for _ in range(3))
    body = replace(
        loop.body,
        params=(*loop.body.params, param),
        results=(*loop.body.results, var),
    )
    inits, results = (*loop.inits, Undef(var.type)), (*loop.results, result)
    loop = replace(loop, inits=inits, results=results, body=body)
    if isinstance(loop, While):
        params = (*loop.cond.params, cond)
        loop = replace(loop, cond=replace(loop.cond, params=params))
    return loop, result


def _following(exit: Exit, plan: _Plan, after: dict[Var, Atom], rest: Region) -> Region:
    """What follows the loop, with what sank."""
    if not plan.made:
        return rest
    known = {v: a for v, a in after.items() if v in exit.own}
    again: list[Stmt] = []
    for let in plan.again:
        fresh = tuple(fresh_var(v.type, v.name) for v in let.results)
        again.append(replace(substitute(let, known), results=fresh))
        known |= dict(zip(let.results, fresh, strict=True))
    stmts = (*again, *(substitute(s, known) for s in exit.leaf.body))
    moved = {k: exit.leaving[k] for k in plan.made}
    pairs = {exit.loop.results[k]: _after(moved[k], known) for k in moved}
    if exit.certain:
        rest = substitute(rest, pairs)
        return replace(rest, body=(*stmts, *rest.body))
    stopped = _var(exit.loop.stopped)
    position = _place(rest, stopped, stmts, pairs)
    if position is None:
        empty = Region((), (), ())
        choice = If((), stopped, empty, empty, exit.branch.span)
        rest, position = replace(rest, body=(choice, *rest.body)), 0
    return _taken(rest, position, stmts, pairs)


def _after(atom: Atom, known: dict[Var, Atom]) -> Atom:
    return known.get(atom, atom) if isinstance(atom, Var) else atom


def _place(
    rest: Region, stopped: Var, stmts: tuple[Stmt, ...], pairs: dict[Var, Atom]
) -> int | None:
    """The position of the first statement that asks whether the loop was stopped, if
    what sinks may stand in it."""
    raises = any(isinstance(s, Let) and s.effect for s in all_stmts(stmts))
    for position, stmt in enumerate(rest.body):
        if isinstance(stmt, If) and stmt.cond == stopped:
            return position
        parts = list(all_stmts((stmt,)))
        acts = any(isinstance(s, While) or _acts(s) for s in parts)
        if (raises and acts) or not pairs.keys().isdisjoint(free_vars(stmt)):
            return None
    return None


def _acts(stmt: Stmt) -> bool:
    return isinstance(stmt, Let) and bool(stmt.effect)


def _taken(
    rest: Region, position: int, stmts: tuple[Stmt, ...], pairs: dict[Var, Atom]
) -> Region:
    """What follows a loop, with what sank in the `If` at this position."""
    choice = rest.body[position]
    assert isinstance(choice, If)
    then, orelse = substitute(choice.then, pairs), choice.orelse
    then = replace(then, body=(*stmts, *then.body))
    tail = replace(rest, body=rest.body[position + 1 :])
    joined: dict[Var, Atom] = {}
    results = list(choice.results)
    for var in free_vars(tail):
        if var not in pairs:
            continue
        joined[var] = fresh = fresh_var(var.type, var.name)
        results.append(fresh)
        if then.falls:
            then = replace(then, results=(*then.results, pairs[var]))
        if orelse.falls:
            orelse = replace(orelse, results=(*orelse.results, var))
    choice = replace(choice, results=tuple(results), then=then, orelse=orelse)
    tail = substitute(tail, joined)
    return replace(tail, body=(*rest.body[:position], choice, *tail.body))
