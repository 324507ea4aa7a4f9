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
from typing import NamedTuple

from adcompiler.ir.builder import Builder, constant
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
from adcompiler.ir.types import Type, covers, dims_of
from adcompiler.ir.walk import all_stmts, count_uses, free_vars, map_regions
from adcompiler.optimise.moving import (
    Order,
    has_choices,
    new_lengths,
    note_uses,
)
from adcompiler.optimise.rewriting import Known, Site, is_number, rules_for
from adcompiler.optimise.shapes import Shapes

ADDING = ("add", "subtract", "accumulate", "scatter_add")
EMPTY = Region((), (), ())
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

    def region(self, region: Region) -> Region:
        if any(isinstance(s, If) for s in region.body):
            body = self.used_in_one_arm(self.zero_in_one_arm(region.body))
            region = replace(region, body=body)
        return replace(region, body=tuple(map(self.inner, region.body)))

    def inner(self, stmt: Stmt) -> Stmt:
        return stmt if isinstance(stmt, Let) else map_regions(stmt, self.region)

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

    def zero_in_one_arm(self, body: Sequence[Stmt]) -> tuple[Stmt, ...]:
        """The statements, with those moved into an `If` that fold in one arm."""
        kept: list[Stmt] = []  # last first
        for stmt in reversed(body):
            new: list[Stmt] | None = None
            if isinstance(stmt, If) and self.gives_constant(stmt):
                following = _Following(self.order, self.uses, self.zeros, stmt)
                for other in kept[: -FAR - 1 : -1]:
                    following.meet(other)
                new = following.sunk()
            if new is None:
                kept.append(stmt)
                continue
            self.changed = True
            del kept[-FAR:]
            kept += reversed(new)
        return tuple(reversed(kept))

    def gives_constant(self, stmt: If) -> bool:
        given = (a for arm in _arms(stmt) for a in arm.results)
        return any(isinstance(a, Const) or a in self.zeros for a in given)


def _arms(stmt: If) -> tuple[Region, Region]:
    return stmt.then, stmt.orelse


class _Value(NamedTuple):
    """What a value is in one arm; a zero may have no atom that says so."""

    atom: Atom | None
    zero: bool


class _Arm:
    """One arm of an `If`: what the values that follow are in it."""

    def __init__(self, choice: If, region: Region, zeros: set[Var]) -> None:
        self.region = region
        self.copies: dict[Let, Let] = {}
        self.first = dict(zip(choice.results, region.results, strict=False))
        self.values: dict[Var, _Value] = {}
        for result, atom in zip(choice.results, region.results, strict=False):
            # What the primal gives is a number like others.
            zero = choice.role != "primal" and (is_number(atom, 0) or atom in zeros)
            self.values[result] = _Value(atom, zero)

    def value(self, atom: Atom) -> _Value:
        known = self.values.get(atom) if isinstance(atom, Var) else None
        return _Value(atom, False) if known is None else known

    def folds(self, let: Let) -> bool:
        """Whether a statement is no computation in this arm; if so, note what it is."""
        read = [self.value(a) for a in let.operands]
        value = _linear(let, read) or _by_rule(let, read)
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
        if not covers(let.result.type, found):
            return False
        result = fresh_var(let.result.type, let.result.name)
        copy = replace(let, results=(result,), operands=tuple(operands))
        self.copies[let] = copy
        self.values[let.result] = _Value(result, False)
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


def _atom(value: _Value, type_: Type) -> Atom | None:
    """The value as an atom of this type."""
    if value.atom is not None:
        return value.atom
    zero = constant(0.0)
    return zero if covers(type_, zero.type) else None


def _named(result: Var, atom: Atom) -> bool:
    """Whether an arm says what it gives, ``y_bar = ...``, since it has another name."""
    return not isinstance(atom, Var) or atom.name is None or atom.name != result.name


def _fits(var: Var, atom: Atom) -> bool:
    same = dims_of(var.type) == dims_of(atom.type)
    return same and covers(var.type, atom.type) and not isinstance(atom, Undef)


def _linear(let: Let, read: list[_Value]) -> _Value | None:
    """What a statement is if some of what it reads is zero."""
    zeros = [value.zero for value in read]
    name, primitive = let.primitive.name, let.primitive
    if name in ADDING and any(zeros[:2]) and not all(zeros[:2]):
        if zeros[0] and name != "add":
            return None
        other = read[0 if zeros[1] else 1].atom
        fits = other is not None and _fits(let.result, other)
        return _Value(other, False) if fits else None
    if name == "multiply" or primitive.bilinear is not None:
        whole = any(zeros)
    elif name == "ieee_divide":
        whole = zeros[0]
    else:
        parts = (0, 1) if name in ("add", "subtract") else primitive.linear or ()
        whole = bool(parts) and all(zeros[k] for k in parts)
    if not whole:
        return None
    atoms = (value.atom for value in read if value.zero)
    same = (a for a in atoms if a is not None and _fits(let.result, a))
    return _Value(next(same, None), True)


def _by_rule(let: Let, read: list[_Value]) -> _Value | None:
    """What a statement is if a rule of simplification gives an atom for it."""
    operands = tuple(value.atom for value in read if value.atom is not None)
    if len(operands) < len(read) or any(isinstance(a, Undef) for a in operands):
        return None
    let = replace(let, operands=operands)
    for rule in rules_for(let.primitive):
        site = Site(Known({}, Shapes(EMPTY)), Builder([], let.span, let.role), 0)
        atom = rule.rewrite(let, site)
        if isinstance(atom, Var | Const) and not site.builder.stmts:
            return _Value(atom, False) if _fits(let.result, atom) else None
    return None


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
        self.met: list[Stmt] = []
        self.inside: list[Let] = []
        self.given: set[Var] = set(choice.results)
        self.early: list[Let] = []  # these may go in front of the `If`
        self.late: list[Stmt] = []

    def meet(self, stmt: Stmt) -> None:
        """Note the next statement."""
        self.met.append(stmt)
        reads = self.order.facts(stmt).reads
        if isinstance(stmt, Let):
            if not self.given.isdisjoint(reads):
                if self.goes_inside(stmt):
                    self.inside.append(stmt)
                    self.given.add(stmt.result)
                    return
            elif self.goes_early(stmt):
                self.early.append(stmt)
                return
        self.late.append(stmt)

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

    def sunk(self) -> list[Stmt] | None:
        """What stands for the `If` and all statements met; None if nothing sinks."""
        chosen = [s for group in self.groups() if self.pays(group) for s in group]
        if not chosen:
            return None
        chosen = [s for s in self.inside if s in chosen]
        read = self.counted(chosen)
        results = [
            s.result
            for s in chosen
            if read.get(s.result, 0) < self.uses.get(s.result, 0)
        ]
        arms = {arm.region: arm.grown(chosen, results) for arm in self.arms}
        choice = replace(
            self.choice,
            results=(*self.choice.results, *results),
            then=arms.get(self.choice.then, self.choice.then),
            orelse=arms.get(self.choice.orelse, self.choice.orelse),
        )
        note_uses(self.uses, (self.choice, *chosen), choice)
        wanted, before = set(read), list[Stmt]()
        for stmt in reversed(self.early):
            if not wanted.isdisjoint(stmt.results):
                wanted.update(self.order.facts(stmt).reads)
                before.insert(0, stmt)
        gone = {*chosen, *before}
        return [*before, choice, *(s for s in self.met if s not in gone)]

    def counted(self, lets: Sequence[Let]) -> dict[Var, int]:
        return count_uses(Region((), tuple(lets), ()))

    def pays(self, group: list[Let]) -> bool:
        """Whether the `If` gives no more values than before, in fewer lines."""
        read = self.counted(group)
        spared = [
            r for r in self.choice.results if read.get(r, 0) == self.uses.get(r, 0)
        ]
        more = [
            s.result
            for s in group
            if read.get(s.result, 0) < self.uses.get(s.result, 0)
        ]
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
