"""Values are computed in the arm that needs them.

In: any function. Out: an equal one, where derivative code

- that is read in one arm of a later `If` only, stands in this arm;
- that uses what an `If` gives, and is nothing where an arm gives zero (or one), stands
  in the other arm.

    if c:                              if c:
        value = 0.0                        r_bar = r
        r_bar = r               ->     else:
    else:                                  r_bar = delta * sign
        value = delta
        r_bar = 0.0
    r_bar += value * sign

Invariants: no statement comes to stand in more places than before, and no `If` gives
more than before, once what is
then dead is removed. The zeros are those that derivative code gives for what does not
depend on a value: ``0 * x`` is zero for every x, infinity too, as with a mask. What
reads an array stays before the stores to it, and errors keep their order (`moving`).

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import NP_FLOAT, PY_BOOL, Scalar
>>> c, x = fresh_var(PY_BOOL, "c"), fresh_var(NP_FLOAT, "x")
>>> value = fresh_var(Scalar("float64", "either"), "value")
>>> arms = (Region((), (), (constant(0.0),)), Region((), (), (x,)))
>>> b = Builder([If((value,), c, *arms, role="adjoint")], role="adjoint")
>>> x_bar = b.apply("add", x, b.apply("multiply", value, x), hint="x_bar")
>>> print(show(sink(Function("f", b.region((c, x), (x_bar,))))))
f(c: bool, x: np.float64)
    if c -> value: ?float64, x_bar.1: np.float64
        yield 0.0, x
    else
        %0: np.float64 = multiply(x, x)
        x_bar: np.float64 = add(x, %0)
        yield x, x_bar
    return x_bar.1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import (
    Atom,
    Const,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Undef,
    Var,
    fresh_var,
)
from adcompiler.ir.types import Type, covers, dims_of, join_all
from adcompiler.ir.walk import (
    all_stmts,
    count_uses,
    free_vars,
    map_regions,
    substitute,
)
from adcompiler.optimise.folding import Value, by_rule, folded, kindred
from adcompiler.optimise.kinds import admits, ends_of
from adcompiler.optimise.moving import (
    Order,
    has_choices,
    new_lengths,
    note_uses,
)
from adcompiler.optimise.rewriting import is_number

FAR = 24  # statements after an `If` that are considered


def sink(function: Function) -> Function:
    """The function with such values sunk; the same object where there are none."""
    if not has_choices(function.region):
        return function
    sinker = _Sinker(function.region)
    region = sinker.region(function.region)
    return replace(function, region=region) if sinker.changed else function


class _Sinker:
    def __init__(self, region: Region) -> None:
        self.order = Order(region)
        self.uses = count_uses(region)
        self.zeros = {
            result
            for s in all_stmts(region)
            if isinstance(s, Let) and s.primitive.name in ("zeros", "zeros_like")
            for result in s.results
        }
        self.changed = False

    def region(self, region: Region, ends: Sequence[Type] = ()) -> Region:
        """The region, whose results may be of the types `ends`, or else of theirs."""
        if any(isinstance(s, If) for s in region.body):
            region = self.zero_in_one_arm(region, ends)
            region = replace(region, body=self.used_in_one_arm(region.body))
        return replace(region, body=tuple(map(self.inner, region.body)))

    def inner(self, stmt: Stmt) -> Stmt:
        if isinstance(stmt, Let):
            return stmt
        ends = ends_of(stmt)
        return map_regions(stmt, lambda region: self.region(region, ends[region]))

    # --- Into the arm that reads a value -------------------------------------------

    def used_in_one_arm(self, body: Sequence[Stmt]) -> tuple[Stmt, ...]:
        """The statements, with those that one arm alone reads moved into it."""
        kept: list[Stmt] = []  # last first
        reader: dict[Var, int] = {}  # the nearest one
        for stmt in reversed(body):
            moved, place = None, len(kept)
            if isinstance(stmt, Let) and len(stmt.results) == 1:
                place = reader.get(stmt.result, place)
            if isinstance(stmt, Let) and place < len(kept):
                moved = self.taken(stmt, kept[place], kept[place + 1 :])
            if moved is None:
                place = len(kept)
                kept.append(stmt)
            else:
                kept[place] = moved
                self.changed = True
            for var in free_vars(stmt):
                reader[var] = place
        return tuple(reversed(kept))

    def taken(self, stmt: Let, choice: Stmt, between: Sequence[Stmt]) -> If | None:
        """The `If` with the statement in the one arm that reads it."""
        if not isinstance(choice, If) or stmt.primitive.writes:
            return None
        if choice.role == stmt.role == "primal" or self.order.facts(stmt).acts:
            return None
        then, orelse = (count_uses(a).get(stmt.result, 0) for a in _arms(choice))
        if max(then, orelse) != self.uses.get(stmt.result, 0):
            return None
        if not all(self.order.may_swap(stmt, other) for other in between):
            return None
        arm = choice.then if then else choice.orelse
        place = self.place(stmt, arm.body)
        if stmt.span == choice.span and stmt.role != "primal" and arm.body:
            # What is computed again belongs to the line that needs it.
            stmt = replace(stmt, span=arm.body[place].span)
        grown = replace(arm, body=(*arm.body[:place], stmt, *arm.body[place:]))
        return replace(choice, then=grown) if then else replace(choice, orelse=grown)

    def place(self, let: Let, body: tuple[Stmt, ...]) -> int:
        """Where in an arm a statement goes: in front of the first that reads it."""
        for place, stmt in enumerate(body):
            if let.result in self.order.facts(stmt).reads:
                return place
            if not self.order.may_swap(let, stmt):
                return 0  # it must come before this one
        return 0

    # --- Into the arm where a value is not zero ------------------------------------

    def zero_in_one_arm(self, region: Region, ends: Sequence[Type]) -> Region:
        """The region, with statements moved into an `If` that fold in one arm."""
        rest = replace(region, body=())  # from an `If` on
        for stmt in reversed(region.body):
            new: Region | None = None
            if isinstance(stmt, If) and self.gives_constant(stmt):
                following = _Following(self.order, self.uses, self.zeros, stmt)
                new = following.sunk(rest, ends)
            self.changed |= new is not None
            rest = new or replace(rest, body=(stmt, *rest.body))
        return rest

    def gives_constant(self, stmt: If) -> bool:
        given = (a for arm in _arms(stmt) for a in arm.results)
        return any(isinstance(a, Const) or a in self.zeros for a in given)


def _arms(stmt: If) -> tuple[Region, Region]:
    return stmt.then, stmt.orelse


class _Arm:
    """One arm of an `If`: what the values that follow are in it."""

    def __init__(self, choice: If, region: Region, zeros: set[Var]) -> None:
        self.region = region
        self.copies: dict[Let, Let] = {}
        self.values: dict[Var, Value] = {}
        if isinstance(choice.cond, Var):
            self.values[choice.cond] = Value(constant(region is choice.then), False)
        self.first = dict(zip(choice.results, region.results, strict=False))
        for result, atom in zip(choice.results, region.results, strict=False):
            # What the primal gives is a number like others.
            zero = choice.role != "primal" and (is_number(atom, 0) or atom in zeros)
            self.values[result] = Value(atom, zero)

    def value(self, atom: Atom) -> Value:
        known = self.values.get(atom) if isinstance(atom, Var) else None
        return Value(atom, False) if known is None else known

    def folds(self, let: Let) -> bool:
        """Whether a statement is no computation in this arm; if so, note what it is."""
        read = [self.value(a) for a in let.operands]
        value = folded(let, read)
        if value is not None:
            self.values[let.result] = value
        return value is not None

    def takes(self, let: Let) -> bool:
        """Whether a statement may stand in this arm; if so, note its copy."""
        operands = []
        for operand in let.operands:
            atom = _atom(self.value(operand), operand.type)
            if atom is None or isinstance(atom, Undef):
                return False
            operands.append(atom)
        try:
            types = tuple(a.type for a in operands)
            (found,) = let.primitive.types(types, dict(let.params))
        except TypeError:
            return False
        if not kindred(let.result.type, found):
            return False
        of = let.result.type if covers(let.result.type, found) else found
        result = fresh_var(of, let.result.name)
        copy = replace(let, results=(result,), operands=tuple(operands))
        self.copies[let] = copy
        self.values[let.result] = Value(result, False)
        return True

    def grown(self, lets: Sequence[Let], results: Sequence[Var]) -> Region:
        """The arm with these statements, giving these values too."""
        copies = (self.copies[s] for s in lets if s in self.copies)
        given = [_atom(self.values[r], r.type) for r in results]
        atoms = tuple(a for a in given if a is not None)
        region = self.region
        return replace(
            region, body=(*region.body, *copies), results=(*region.results, *atoms)
        )


def _atom(value: Value, type_: Type) -> Atom | None:
    """The value as an atom of this type."""
    if value.atom is not None:
        return value.atom
    zero = constant(0.0)
    return zero if covers(type_, zero.type) else None


def _named(result: Var, atom: Atom) -> bool:
    """Whether an arm says what it gives, ``y_bar = ...``, since it has another name."""
    return not isinstance(atom, Var) or atom.name is None or atom.name != result.name


class _Following:
    """The statements after an `If`: which may go into its arms, or in front of it."""

    def __init__(
        self, order: Order, uses: dict[Var, int], zeros: set[Var], choice: If
    ) -> None:
        self.order = order
        self.uses = uses
        self.choice = choice
        self.arms = [_Arm(choice, a, zeros) for a in _arms(choice) if a.falls]
        # A length that is another in each arm has no name there.
        self.uneven = {
            result
            for arm in self.arms
            for result, atom in arm.first.items()
            if dims_of(result.type) != dims_of(atom.type)
        }
        self.inside: list[Let] = []
        self.given: set[Var] = set(choice.results)
        self.early: list[Let] = []  # these may go in front of the `If`
        self.late: list[Stmt] = []

    def meet(self, stmt: Stmt) -> None:
        """Note the next statement."""
        reads = self.order.facts(stmt).reads
        if isinstance(stmt, Let):
            if not self.given.isdisjoint(reads):
                if self.goes_inside(stmt):
                    self.inside.append(stmt)
                    self.given.add(stmt.result)
                    return
            elif self.goes_early(stmt):
                self.settle(stmt)
                self.early.append(stmt)
                return
        self.late.append(stmt)

    def settle(self, let: Let) -> None:
        """Note what is a flag that follows from the condition."""
        for arm in self.arms:
            value = by_rule(let, [arm.value(a) for a in let.operands])
            if value is not None and isinstance(value.atom, Const):
                arm.values[let.result] = value

    def goes_inside(self, let: Let) -> bool:
        if let.role == "primal" or len(let.results) != 1 or self.order.facts(let).acts:
            return False
        if not all(self.order.may_swap(other, let) for other in self.late):
            return False
        if not self.order.facts(let).reads.isdisjoint(self.uneven):
            return False
        writes = self.order.facts(let).writes
        if any(not writes.isdisjoint(self.order.facts(s).memory) for s in self.early):
            return False
        folded = [arm.folds(let) for arm in self.arms]
        pairs = zip(self.arms, folded, strict=True)
        return any(folded) and all(done or arm.takes(let) for arm, done in pairs)

    def goes_early(self, let: Let) -> bool:
        if not new_lengths(let).isdisjoint(new_lengths(self.choice)):
            return False
        others = (self.choice, *self.late, *self.inside)
        return all(self.order.may_swap(other, let) for other in others)

    def sunk(self, rest: Region, ends: Sequence[Type]) -> Region | None:
        """What stands for the `If` and the rest of its region, if anything sinks."""
        for stmt in rest.body[:FAR]:
            self.meet(stmt)
        paying = (group for group in self.groups() if self.pays(group))
        chosen = {s for g in paying if self.may_give(g, rest, ends) for s in g}
        if not chosen:
            return None
        sunk = [s for s in self.inside if s in chosen]
        wider, choice = self.choice_with(sunk)
        wanted, before = {v for s in sunk for v in s.operands}, list[Stmt]()
        for stmt in reversed(self.early):
            if not wanted.isdisjoint(stmt.results):
                wanted.update(self.order.facts(stmt).reads)
                before.insert(0, stmt)
        gone = {*sunk, *before}
        after = replace(rest, body=tuple(s for s in rest.body if s not in gone))
        after = substitute(after, wider) if wider else after
        return replace(after, body=(*before, choice, *after.body))

    def choice_with(self, sunk: list[Let]) -> tuple[dict[Var, Atom], If]:
        """The `If` with these statements in its arms; the values of a wider type."""
        results = self.read_beyond(sunk)
        wider: dict[Var, Atom] = {}
        for var in results:
            type_ = self.given_type(var)
            if not covers(var.type, type_):
                wide = replace(fresh_var(type_, var.name), noun=var.noun)
                wider[var], self.uses[wide] = wide, self.uses[var]
        arms = {arm.region: arm.grown(sunk, results) for arm in self.arms}
        more = (wider.get(var, var) for var in results)
        choice = replace(
            self.choice,
            results=(*self.choice.results, *(v for v in more if isinstance(v, Var))),
            then=arms.get(self.choice.then, self.choice.then),
            orelse=arms.get(self.choice.orelse, self.choice.orelse),
        )
        note_uses(self.uses, (self.choice, *sunk), choice)
        return wider, choice

    def given_type(self, var: Var) -> Type:
        """What holds the value in all arms."""
        atoms = [_atom(arm.values[var], var.type) for arm in self.arms]
        types = [var.type if a is None else a.type for a in atoms]
        if all(covers(var.type, t) for t in types):
            return var.type
        return join_all(types) or var.type

    def may_give(self, group: list[Let], rest: Region, ends: Sequence[Type]) -> bool:
        """Whether what follows may read what the arms give."""
        others = [s for s in rest.body if s not in group]
        given = ((var, self.given_type(var)) for var in self.read_beyond(group))
        return all(
            covers(var.type, t) or admits(var, t, others, rest, ends)
            for var, t in given
        )

    def read_beyond(self, lets: Sequence[Let]) -> list[Var]:
        """What the statements give that others read."""
        read = self.counted(lets)
        results = (s.result for s in lets)
        return [r for r in results if read.get(r, 0) < self.uses.get(r, 0)]

    def counted(self, lets: Sequence[Let]) -> dict[Var, int]:
        return count_uses(Region((), tuple(lets), ()))

    def pays(self, group: list[Let]) -> bool:
        """Whether the `If` gives no more values than before, in fewer lines."""
        read = self.counted(group)
        spared = [
            r for r in self.choice.results if read.get(r, 0) == self.uses.get(r, 0)
        ]
        more = self.read_beyond(group)
        given = [_atom(arm.values[r], r.type) for arm in self.arms for r in more]
        if None in given or len(more) > len(spared):
            return False
        before = sum(_named(r, arm.first[r]) for arm in self.arms for r in spared)
        before += sum(map(self.own_line, group))
        names = [r for _ in self.arms for r in more]
        after = sum(_named(r, a) for r, a in zip(names, given, strict=True) if a)
        after += sum(
            self.own_line(s) and s.result not in more
            for arm in self.arms
            for s in group
            if s in arm.copies
        )
        return after < before or (after == before and len(more) < len(spared))

    def own_line(self, let: Let) -> bool:
        """Whether a statement is likely to stand in a line of its own."""
        return let.result.name is not None or self.uses.get(let.result, 0) > 1

    def groups(self) -> list[list[Let]]:
        """The statements to sink, those together that read what the same `If` result
        or statement gives."""
        groups: list[tuple[set[Var], list[Let]]] = []
        for let in self.inside:
            touched = self.given & self.order.facts(let).reads | {let.result}
            stmts = [let]
            for group in [g for g in groups if not g[0].isdisjoint(touched)]:
                groups.remove(group)
                touched |= group[0]
                stmts = group[1] + stmts
            groups.append((touched, stmts))
        return [stmts for _, stmts in groups]
