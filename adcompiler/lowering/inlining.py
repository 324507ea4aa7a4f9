"""Which values are written out where they are used, instead of getting a name.

In: a function out of `bufferise`. Out: the *folded* values with their statements, and
the `If`s that are conditional expressions.
Invariants: a folded value has no name of the user's, is used once, in the region that
defines it, and may run there: it is moved past no print, past no statement that may
raise another kind of error if it may raise itself, and past no write to memory that it
reads. Parts of one
expression are evaluated in the order in which they were computed, as far as the
difference could be noticed. What is as short as a name, the length of a parameter or
``i - 1``, is folded however often it is used.

    t = multiply(2, x)
    y = sin(t)          ->   y = np.sin(2 * x)

>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.types import PY_FLOAT
>>> from adcompiler.lowering.aliasing import memory
>>> import adcompiler.primitives
>>> x, builder = fresh_var(PY_FLOAT, "x"), Builder()
>>> t = builder.apply("multiply", constant(2), x)
>>> y = builder.apply("sin", t, via="np", hint="y")
>>> function = Function("f", builder.region((x,), (y,)))
>>> list(fold(function, memory(function)).folded) == [t]
True
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from adcompiler.analysis.raising import ARRAY_ERRORS, error_kinds, sheltered_kinds
from adcompiler.analysis.tapes import item_of
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Undef,
    Var,
    While,
    defined,
)
from adcompiler.ir.primitive import ATOM, Effect, Piece
from adcompiler.ir.types import PY_INT, Array, ListOf, Scalar
from adcompiler.ir.walk import (
    all_stmts,
    definitions,
    free_vars,
    operands,
    regions,
)
from adcompiler.lowering.aliasing import Memory, Root

WIDTH = 88
LENGTHS = frozenset({"shape", "size"})
# Written with `if` or `and`, these do not evaluate all their operands.
LAZY = frozenset({"where", "logical_and", "logical_or"})

Folded = dict[Var, Let | If]


@dataclass(frozen=True, slots=True)
class Folding:
    """The statement of each folded value, and the `If`s that are expressions."""

    folded: Folded = field(default_factory=dict)
    choices: set[If] = field(default_factory=set)


def fold(function: Function, memory: Memory) -> Folding:
    """Choose the values that are written out where they are used."""
    folder = _Folder(function, memory)
    folder.region(function.region, 1)
    return folder.found


def leaves(
    folded: Mapping[Var, Let | If], *, shapes: bool = True
) -> dict[Var, tuple[Var, ...]]:
    """The values that are read where each folded value is written out.

    Without `shapes`, those are left out of which only the shape is asked for.
    """
    known: dict[Var, tuple[Var, ...]] = {}

    def read(var: Var) -> tuple[Var, ...]:
        if var not in folded:
            return (var,)
        if var not in known:
            stmt = folded[var]
            atoms = parts_of(stmt) if shapes else elements_of(stmt)
            parts = (a for a in atoms if isinstance(a, Var))
            known[var] = tuple(dict.fromkeys(v for a in parts for v in read(a)))
        return known[var]

    for var in folded:
        read(var)
    return known


def parts_of(stmt: Let | If) -> tuple[Atom, ...]:
    """The operands of an expression."""
    if isinstance(stmt, Let):
        return stmt.operands
    return (stmt.cond, stmt.then.results[0], stmt.orelse.results[0])


def elements_of(stmt: Let | If) -> tuple[Atom, ...]:
    """The operands of an expression of which more than the shape is read."""
    if isinstance(stmt, If):
        return parts_of(stmt)
    skipped = stmt.primitive.shape_only
    return tuple(a for k, a in enumerate(stmt.operands) if k not in skipped)


class Effects(NamedTuple):
    """What running a statement may do that others notice: the kinds of errors that it
    may raise, whether it prints or draws, what it writes to and assigns. `sheltered`
    are those that it would raise if another statement had not raised before it."""

    raises: frozenset[str]
    sheltered: frozenset[str]
    acts: bool
    writes: frozenset[Root]
    names: frozenset[str | None]


class Use(NamedTuple):
    """Where a value is read: a statement's position in its region, and the slot."""

    region: Region
    position: int
    slot: int


class _Folder:
    def __init__(self, function: Function, memory: Memory) -> None:
        self.memory = memory
        self.found = Folding()
        self.uses: dict[Var, list[Use]] = {}
        self.effects_of: dict[Stmt, Effects] = {}
        self.top = function.region
        self.note_uses(function.region)
        names = [v.name for s in all_stmts(function.region) for v in _all_defined(s)]
        self.lasting = {p for p in function.params if p.name not in names}
        often = Counter(names)
        own = (v for s in function.region.body for v in defined(s))
        self.counts = {p for p in self.lasting if p.type == PY_INT}
        self.counts |= {v for v in own if v.type == PY_INT and often[v.name] == 1}
        self.counts -= {v for v in self.counts if v.name is None}
        loops = [s for s in all_stmts(function.region) if isinstance(s, For)]
        self.indices = {s.body.params[0] for s in loops}
        made = definitions(function.region)
        self.items = {item_of(s, made) for s in loops}  # gone over

    def note_uses(self, region: Region) -> None:
        for position, stmt in enumerate(region.body):
            self.note(operands(stmt), region, position)
            for inner in regions(stmt):
                self.note_uses(inner)
        self.note(region.results, region, len(region.body))

    def note(self, atoms: tuple[Atom, ...], region: Region, position: int) -> None:
        for slot, atom in enumerate(atoms):
            if isinstance(atom, Var):
                self.uses.setdefault(atom, []).append(Use(region, position, slot))

    # --- choosing -----------------------------------------------------------------

    def region(self, region: Region, depth: int) -> None:
        for stmt in region.body:
            for inner in regions(stmt):
                self.region(inner, depth + 1)
        chooser = _Chooser(self, region, depth)
        for position in reversed(range(len(region.body))):
            stmt = region.body[position]
            if isinstance(stmt, If) and self.is_choice(stmt, depth):
                self.found.choices.add(stmt)
            if self.is_short(stmt) or (
                self.is_candidate(stmt) and chooser.accepts(position)
            ):
                assert isinstance(stmt, Let | If)
                self.found.folded[stmt.results[0]] = stmt

    def is_choice(self, stmt: If, depth: int) -> bool:
        """Whether this may be written ``a if c else b``; sees to it that the arms are
        expressions then."""
        if len(stmt.results) != 1 or not (stmt.then.falls and stmt.orelse.falls):
            return False
        span = stmt.span
        if span is not None and span.lineno != span.end_lineno:
            return False
        if span is None and stmt.results[0].name is not None:
            return False
        arms = (stmt.then, stmt.orelse)
        given = {let.result: let for arm in arms if (let := self.given(stmt, arm))}
        expressions = all(
            not isinstance(arm.results[0], Undef)
            and all(len(defined(s)) == 1 for s in arm.body)
            and all(
                v in self.found.folded or v in given
                for s in arm.body
                for v in defined(s)
            )
            for arm in arms
        )
        if given and not (expressions and self.fits(stmt, depth)):
            return False
        self.found.folded.update(given)
        return expressions

    def given(self, stmt: If, arm: Region) -> Let | None:
        """The statement that computes a derivative that the arm gives by the name that
        it has in the arm already."""
        last = arm.body[-1] if arm.body else None
        if not isinstance(last, Let) or last.role == "primal":
            return None
        if last.primitive.writes or self.effects(last).acts:
            return None
        (result,) = stmt.results
        same = last.results == arm.results and last.results[0].name == result.name
        once = len(self.uses.get(last.results[0], ())) == 1
        scalar = isinstance(result.type, Scalar) and result.name is not None
        return last if same and once and scalar else None

    def fits(self, stmt: If, depth: int) -> bool:
        """Whether a choice of derivatives is short, and takes neither as it was."""
        (result,) = stmt.results
        arms = (stmt.then, stmt.orelse)
        atoms = [a.results[0] for a in arms if not a.body]
        if any(isinstance(a, Var) and a.name == result.name for a in atoms):
            return False
        made = {v: s for arm in arms for s in arm.body for v in defined(s)}
        atoms = [stmt.cond, *(a.results[0] for a in arms)]
        width = sum(self.width(a, made) for a in atoms)
        return 4 * depth + len(f"{result.name} =  if  else ") + width <= WIDTH

    def width(self, atom: Atom, made: Mapping[Var, Stmt]) -> int:
        """About the length of the text of an atom that is written out."""
        stmt = (
            made.get(atom) or self.found.folded.get(atom)
            if isinstance(atom, Var)
            else None
        )
        if stmt is None:
            return len(_placeholder(atom).text)
        if not isinstance(stmt, Let):
            return WIDTH
        own = len(estimate(stmt).text)
        return own + sum(
            self.width(a, made) - len(_placeholder(a).text) for a in stmt.operands
        )

    def is_candidate(self, stmt: Stmt) -> bool:
        """Whether the statement may be written out elsewhere at all."""
        if isinstance(stmt, If):
            named = stmt not in self.found.choices
        else:
            named = not isinstance(stmt, Let) or stmt.primitive.writes
            named = named or stmt in self.items
        if named or len(defined(stmt)) != 1 or self.effects(stmt).acts:
            return False
        (result,) = defined(stmt)
        return (
            (result.name is None or self.is_running_sum(stmt, result))
            and not isinstance(result.type, ListOf)
            and len(self.uses.get(result, ())) == 1
        )

    def is_running_sum(self, stmt: Stmt, result: Var) -> bool:
        """Whether this is a derivative to which the same source line adds at once."""
        uses = self.uses.get(result, ())
        if stmt.role == "primal" or stmt.span is None or len(uses) != 1:
            return False
        region, position, slot = uses[0]
        consumer = region.body[position] if position < len(region.body) else None
        return (
            isinstance(consumer, Let)
            and consumer.primitive.name in ("add", "subtract")
            and slot == 0
            and consumer.result.name == result.name
            and consumer.span == stmt.span
        )

    def is_short(self, stmt: Stmt) -> bool:
        """Whether this is as short as a name, and may be written out anywhere: the
        length of a parameter, or an index or an int that keeps its name plus or minus
        a number."""
        if not isinstance(stmt, Let) or len(stmt.results) != 1:
            return False
        if stmt.result.name is not None:
            return False
        name, operands = stmt.primitive.name, stmt.operands
        if name in LENGTHS:
            return operands[0] in self.lasting
        if name not in ("add", "subtract") or stmt.params:
            return False
        given = operands[0] in self.counts
        whole = isinstance(operands[1], Const) and operands[1].type == PY_INT
        return (given or operands[0] in self.indices) and whole

    # --- facts --------------------------------------------------------------------

    def effects(self, stmt: Stmt) -> Effects:
        """What running the statement may do, inner regions included."""
        if stmt not in self.effects_of:
            names = frozenset(v.name for v in _all_defined(stmt))
            lets = [s for s in all_stmts((stmt,)) if isinstance(s, Let)]
            acting = Effect.PRINTS | Effect.DRAWS | Effect.READS_STATE
            self.effects_of[stmt] = Effects(
                frozenset[str]().union(*map(error_kinds, lets)),
                frozenset[str]().union(*map(sheltered_kinds, lets)),
                any(let.effect & acting for let in lets),
                self.memory.writes.get(stmt, frozenset()),
                names - {None},
            )
        return self.effects_of[stmt]

    def reads(self, stmt: Stmt) -> frozenset[Root]:
        """The memory that the statement reads."""
        atoms = elements_of(stmt) if isinstance(stmt, Let) else free_vars(stmt)
        return frozenset[Root]().union(*map(self.memory.reach, atoms))


class _Chooser:
    """Goes backwards through one region.

    `root` is the statement in whose text a folded one is written, `order` the path of
    slots that leads to it there, `room` the columns left in that text.
    """

    def __init__(self, folder: _Folder, region: Region, depth: int) -> None:
        self.folder = folder
        self.region = region
        self.indent = 4 * depth
        self.root: dict[int, int] = {}
        self.order: dict[int, tuple[int, ...]] = {}
        self.room: dict[tuple[int, int], int] = {}

    def accepts(self, position: int) -> bool:
        """Whether the statement may be written out at its use; if so, note it."""
        stmt = self.region.body[position]
        (result,) = defined(stmt)
        (use,) = self.folder.uses[result]
        if use.region is not self.region:
            return False
        consumer = None
        if use.position < len(self.region.body):
            consumer = self.region.body[use.position]
            if not self.takes_expression(consumer, use.slot, stmt):
                return False
        root = self.root.get(use.position, use.position)
        path = (*self.order.get(use.position, ()), _rank(consumer, use.slot))
        if not self.may_move(position, root, path):
            return False
        place = (root, path[0] if self.apart(root) else 0)
        cost = len(estimate(stmt).text) + 2
        room = self.room.get(place, self.first_room(root, use))
        if cost > room:
            return False
        self.room[place] = room - cost
        self.root[position], self.order[position] = root, path
        return True

    def takes_expression(self, consumer: Stmt, slot: int, stmt: Stmt) -> bool:
        """Whether this operand need not be a name."""
        if not isinstance(consumer, Let):
            return True
        if consumer.primitive.writes:
            return slot != 0
        name = consumer.primitive.name
        # What builtin operators skip must not have been able to raise.
        lazy = name in LAZY and consumer.param("via") == "builtin" and slot > 0
        if lazy and self.folder.effects(stmt).raises:
            return False
        return not (slot in consumer.primitive.shape_only and _is_large(stmt))

    def may_move(self, position: int, root: int, path: tuple[int, ...]) -> bool:
        """Whether the statement may run after all that comes before the root."""
        stmt = self.region.body[position]
        own, reads = self.folder.effects(stmt), self.folder.reads(stmt)
        names = {v.name for v in free_vars(stmt)}
        for between in range(position + 1, root):
            if self.root.get(between, between) > root:
                continue
            if self.root.get(between) == root and _before(path, self.order[between]):
                continue
            other = self.folder.effects(self.region.body[between])
            if _are_ordered(own, other) or reads & other.writes:
                return False
            if between not in self.root and names & other.names:
                return False
        return True

    def apart(self, root: int) -> bool:
        """Whether each slot of the root is a statement of its own."""
        if root == len(self.region.body):
            return self.region is not self.folder.top
        return isinstance(self.region.body[root], For | While)

    def first_room(self, root: int, use: Use) -> int:
        """The columns left by the rest of the root's text."""
        taken = 24
        if root < len(self.region.body):
            stmt = self.region.body[root]
            if isinstance(stmt, Let):
                target = max((len(v.name or "") for v in stmt.results), default=0)
                taken = target + len(estimate(stmt).text) + 4
        return WIDTH - self.indent - taken


def _are_ordered(stmt: Effects, other: Effects) -> bool:
    """Whether it would be noticed if the one ran after the other: of two errors of the
    kind that array code meets, either may be reported (see `analysis.raising`)."""
    if not stmt.raises:
        return False
    others = other.raises | other.sheltered
    kinds = stmt.raises | others
    alike = len(kinds) == 1 and kinds <= ARRAY_ERRORS
    return other.acts or (bool(others) and not alike)


def _is_large(stmt: Stmt) -> bool:
    """Whether computing this only to ask for its shape would be odd."""
    return isinstance(stmt, Let) and any(
        isinstance(v.type, Array) for v in stmt.results
    )


def _rank(consumer: Stmt | None, slot: int) -> int:
    """The place of an operand in the order of evaluation."""
    if isinstance(consumer, For):
        bounds = len(consumer.range.atoms)
        return slot + len(consumer.inits) if slot < bounds else slot - bounds
    if isinstance(consumer, Let) and consumer.primitive.name in ("store", "scatter"):
        return 0 if slot == 1 else slot
    adding = ("accumulate", "scatter_add")
    if isinstance(consumer, Let) and consumer.primitive.name in adding:
        return len(consumer.operands) if slot == 1 else slot
    return slot


def _before(path: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether the part at `path` is evaluated before the one at `other`."""
    if path[: len(other)] == other:
        return True  # an operand of the other
    return path < other


def estimate(stmt: Stmt) -> Piece:
    """About the text of a statement whose operands have names."""
    if isinstance(stmt, If):
        parts = [_placeholder(a).text for a in parts_of(stmt)]
        return Piece(" if  else ".join(parts), ATOM)
    assert isinstance(stmt, Let)
    pieces = tuple(map(_placeholder, stmt.operands))
    if stmt.primitive.writes or len(stmt.results) != 1:
        return Piece(", ".join(p.text for p in pieces) + " = ", ATOM)
    return stmt.primitive.spell(stmt, pieces)


def _placeholder(atom: Atom) -> Piece:
    match atom:
        case Const():
            return Piece(str(atom.value), ATOM)
        case Var():
            return Piece(atom.name or "n", ATOM)
        case Undef():
            return Piece("None", ATOM)


def _all_defined(stmt: Stmt) -> list[Var]:
    """The values defined by the statement and in it, parameters too."""
    found: list[Var] = []
    for inner in all_stmts((stmt,)):
        found += defined(inner)
        for region in regions(inner):
            found += region.params
    return found
