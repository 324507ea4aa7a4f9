"""The state of lowering: names, array contents, statements under construction.

In: a captured function. Out: what every other module of this package works on.
Invariants: every atom in the state is defined in the region under construction or an
enclosing one; `values` holds each location's contents at this point of the program,
`objects` what each dict or object holds.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, overload

import adcompiler.primitives  # noqa: F401  (enters the rows)
from adcompiler.errors import InternalError, Span, UnsupportedError
from adcompiler.frontend import subset
from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Conflict,
    Dyn,
    Location,
    ObjectRef,
    RecordVal,
    Step,
)
from adcompiler.frontend.interface import Capture, Derive, Guard
from adcompiler.frontend.lower import hints, membership, mixtures, orders
from adcompiler.frontend.lower.closings import Closings
from adcompiler.frontend.lower.expansion import Expansion, Path
from adcompiler.frontend.lower.facts import CONNECTIVES, Connections, Facts, meaning
from adcompiler.frontend.lower.frames import Alias, Arm, Frame, Held, Stale, Way
from adcompiler.frontend.lower.origins import Origins
from adcompiler.frontend.lower.restarts import (
    Element,
    NeedList,
    NeedUnroll,
    Site,
    Unreachable,
)
from adcompiler.ir.builder import Builder
from adcompiler.ir.nodes import Atom, Const, If, Let, Stmt, Var
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import PY_FLOAT, PY_INT, Array, Length, Scalar, Type

DONE, STOP, RETURNED, VALUE = "$done", "$stop", "$returned", "$value"
SPECIAL = frozenset({DONE, STOP, RETURNED, VALUE})


# Of ints that are not negative these make such; those are such.
KEEPING = frozenset({"add", "multiply", "floor_divide", "remainder", "power"})
COMPUTING = KEEPING | {"subtract"}
LENGTHS = frozenset({"shape", "size", "list_length", "range_length"})


@dataclass(slots=True)
class Context:
    """All that changes while one function is lowered.

    `numbered` names what is an array of rank 0 in this memory on one path, and a number
    on another.
    """

    frame: Frame
    builder: Builder = field(default_factory=Builder)
    values: dict[Location, Atom | Stale] = field(default_factory=dict)
    objects: dict[Location, Held] = field(default_factory=dict)
    cache: dict[tuple[Atom, Step], Var] = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)  # flags that are known on this path
    connected: Connections = field(default_factory=dict)
    told: int = 0  # how often a fact has said that something is not None
    entangled: dict[Location, frozenset[Location]] = field(default_factory=dict)
    aliases: dict[Location, Alias] = field(default_factory=dict)
    deciding: dict[frozenset[Location], Atom] = field(default_factory=dict)
    numbered: dict[Location, str] = field(default_factory=dict)
    counts: set[Var] = field(default_factory=set)  # ints that are never negative
    constants: set[Var] = field(default_factory=set)  # without a derivative
    origins: Origins = field(default_factory=Origins)
    captures: dict[str, tuple[Capture, Binding]] = field(default_factory=dict)
    capture_vars: dict[str, Var] = field(default_factory=dict)
    outer: dict[Location, Var] = field(default_factory=dict)
    guards: dict[str, Guard] = field(default_factory=dict)
    soft: dict[Var, frozenset[Var]] = field(default_factory=dict)
    softened: set[Var] = field(default_factory=set)
    lengths: dict[Var, Length] = field(default_factory=dict)
    # Of integers that are computed alike the first, by how, and by the others.
    computed: dict[tuple[Any, ...], Var] = field(default_factory=dict)
    alike: dict[Var, Var] = field(default_factory=dict)
    mixed: dict[Var, mixtures.Types] = field(default_factory=dict)
    # Likewise of numbers that are all taken for floats, and of arrays of them.
    classes: dict[Var, frozenset[Type]] = field(default_factory=dict)
    derive: Derive | None = None
    static_captures: frozenset[str] = frozenset()
    mutated: dict[int, Span] = field(default_factory=dict)
    calls: tuple[tuple[ast.AST, Frame | None], ...] = ()
    expansion: Expansion = field(default_factory=Expansion)
    made: dict[Any, list[Any]] = field(default_factory=dict)  # their callees
    making: tuple[Any, ...] = ()  # those that are being made, the innermost last
    path: Path = ()  # the calls that are being inlined
    trips: tuple[int, ...] = ()  # of loops that are laid out, those we are in
    # Memory of a Parameter, and whether that is trained.
    parameters: dict[Location, bool] = field(default_factory=dict)
    ruled: tuple[object, ...] = ()  # the rules whose functions are being interpreted
    replayed: dict[Atom, Atom] = field(default_factory=dict)  # states, as they were
    emitted: int = 0
    memo: dict[Any, Any] = field(default_factory=dict)
    lists: Mapping[Site, Element] = field(default_factory=dict)
    # Those among `lists` of which it is known that their length is not.
    open_lists: frozenset[Site] = frozenset()
    # Those of which each call and trip has a kind of its own, and where they are.
    split: frozenset[Site] = frozenset()
    places: dict[Site, set[Site]] = field(default_factory=dict)
    members: membership.Membership = field(default_factory=membership.Membership)
    iterated: tuple[Location, ...] = ()  # the lists that loops around go over
    loops: tuple[ast.AST, ...] = ()  # those around, of which a trip is lowered now
    unfolded: dict[ast.AST, str] = field(default_factory=dict)  # no callees, and why
    unfoldings: int = 0
    labels: dict[Location, str] = field(default_factory=dict)  # names of objects
    scattered: set[Var] = field(default_factory=set)  # may not be in C order
    closings: Closings = field(default_factory=Closings)

    # --- Refusals and spans

    def refuse(self, node: ast.AST, message: str, hint: str) -> NoReturn:
        """Refuse the program at a node of the function being interpreted, and say what
        to write instead."""
        subset.refuse(self.frame.captured, node, message, hint)

    def fail(self, node: ast.AST, exception: str, text: str) -> NoReturn:
        """Raise there what Python raises, whenever it is reached."""
        self.emit_all(node, "raise", exception=exception, template=text)
        raise Unreachable

    @contextmanager
    def at(self, node: ast.AST) -> Iterator[None]:
        """Give what is built meanwhile the span of this node."""
        builder = self.builder
        with builder.at(self.frame.captured.span(node)):
            yield

    @contextmanager
    def in_trip(self, k: int) -> Iterator[None]:
        """Lower the k-th trip of a loop that is laid out."""
        saved, self.trips = self.trips, (*self.trips, k)
        try:
            yield
        finally:
            self.trips = saved

    # --- Building

    def emit_all(
        self,
        node: ast.AST,
        name: str,
        /,
        *operands: Atom,
        hint: str | None = None,
        nouns: Iterable[str] = (),
        **params: Any,
    ) -> tuple[Var, ...]:
        """Append an application of a primitive; NumPy's type errors are refusals."""
        from adcompiler.frontend.lower import gradientless

        if name not in PRIMITIVES:
            self.refuse(node, f"'{name}' is not supported yet", hints.ANYTHING)
        if self.frame.muted:
            operands = gradientless.given(self, node, name, operands)
        try:
            results = self.builder.apply_all(
                name, *operands, hint=hint, nouns=nouns, **params
            )
            if not self.mixed.keys().isdisjoint(operands):
                row = PRIMITIVES[name]
                found = mixtures.through(self.mixed, row, operands, params, results)
                self.mixed.update(found)
        except TypeError as error:
            singles = mixtures.in_single(self.mixed, PRIMITIVES[name], operands, params)
            if not singles:
                self.refuse(node, *hints.of_error(error))
            one = {"dtype": "float32", "via": "scalar"}
            given = (
                self.emit(node, "cast", a, **one) if a in singles else a
                for a in operands
            )
            return self.emit_all(node, name, *given, hint=hint, nouns=nouns, **params)
        except mixtures.Differs as difference:
            self.refuse(node, str(difference), mixtures.HINT)
        if name in CONNECTIVES:
            self.connected[results[0]] = [(name, operands)]
        self.origins.trace(results, operands)
        self.soften(results, operands)
        if name in mixtures.STORING and operands[0] in self.classes:
            self.refuse(node, *mixtures.ROUNDED)
        self.classes |= mixtures.classes(self.classes, name, operands, params, results)
        self.note_count(name, results, operands)
        self.note_alike(name, results, operands)
        if self.closings.begun:
            self.closings.note(self.builder.stmts[-1], self.frame.node, node)
        self.scattered.update(orders.scattered(self.scattered, name, operands, results))
        self.emitted += 1
        if self.frame.muted:
            return gradientless.computed(self, node, name, results, operands)
        return results

    def emit(
        self,
        node: ast.AST,
        name: str,
        /,
        *operands: Atom,
        hint: str | None = None,
        **params: Any,
    ) -> Var:
        """Append an application with one result."""
        (result,) = self.emit_all(node, name, *operands, hint=hint, **params)
        return result

    def note_count(
        self, name: str, results: tuple[Var, ...], operands: tuple[Atom, ...]
    ) -> None:
        """Note an int that is never negative: a length, or what counts add up to."""
        made = name in KEEPING and all(map(self.is_count, operands))
        if made or name in LENGTHS:
            self.counts.update(results)

    def note_alike(
        self, name: str, results: tuple[Var, ...], operands: tuple[Atom, ...]
    ) -> None:
        """Note an int that is computed of the same numbers as one before: as a length
        it is the same."""
        if name in COMPUTING and results[0].type == PY_INT:
            given = (
                self.alike.get(x, x) if isinstance(x, Var) else x for x in operands
            )
            self.alike[results[0]] = self.computed.setdefault(
                (name, *given), results[0]
            )

    def is_count(self, atom: Atom) -> bool:
        """Whether this is an int that is known not to be negative."""
        if isinstance(atom, Const):
            return isinstance(atom.value, int) and atom.value >= 0
        return atom in self.counts

    def soften(self, results: tuple[Var, ...], operands: tuple[Atom, ...]) -> None:
        """Numbers of Python's that are computed from one that may yet turn out to be a
        float, or one of single precision, may, too."""
        roots: frozenset[Var] = frozenset()
        for atom in operands:
            if isinstance(atom, Var):
                roots |= self.soft.get(atom, frozenset())
        for var in results if roots else ():
            if var.type in (PY_INT, PY_FLOAT):
                self.soft[var] = roots

    @overload
    def name(self, atom: Var, name: str) -> Var: ...
    @overload
    def name(self, atom: Atom, name: str) -> Atom: ...
    def name(self, atom: Atom, name: str) -> Atom:
        """Give the user's name to a value that was just built and has none."""
        if not isinstance(atom, Var) or atom.name is not None:
            return atom
        stmts = self.builder.stmts
        for k in range(len(stmts) - 1, max(-1, len(stmts) - 9), -1):
            stmt = stmts[k]
            if isinstance(stmt, Let | If) and atom in stmt.results:
                named = Var(atom.id, atom.type, name)
                stmts[k] = _renamed(stmt, atom, named)
                return named
        return atom

    # --- Arrays

    def wrap(self, atom: Atom, contiguous: bool | None = None) -> Binding:
        """The binding of a fresh value: an array gets memory of its own."""
        if not isinstance(atom.type, Array):
            return Dyn(atom)
        ref = self.fresh_array(atom, contiguous)
        if self.builder.stmts and atom in self.builder.stmts[-1].results:
            self.members.apart.made[ref.location] = self.builder
        return ref

    def fresh_array(self, atom: Atom, contiguous: bool | None = None) -> ArrayRef:
        """An array in new memory, in the order in which NumPy lays it out if none is
        said."""
        assert isinstance(atom.type, Array)
        if contiguous is None:
            contiguous = atom not in self.scattered
        contiguous = contiguous or atom.type.ndim <= 1
        location = Location(contiguous)
        self.values[location] = atom
        return ArrayRef(location, (), atom.type, contiguous)

    def as_found(self, atom: Atom) -> Binding:
        """The binding of what comes out of a list or a function: an array is memory of
        its own as far as it is known, in any order."""
        if not isinstance(atom.type, Array):
            return Dyn(atom)
        location = Location(contiguous=False)
        self.values[location] = atom
        return ArrayRef(location, (), atom.type, False)

    def contents(self, location: Location, node: ast.AST) -> Atom:
        """What the memory holds now; refused where a store may have changed it."""
        held = self.values.get(location) or self.outer.get(location)
        if held is None:
            raise InternalError("an array is read outside the region that holds it")
        if isinstance(held, Stale):
            self.origins.settle(held.cond)
            tell = hints.CHANGED[held.way]
            read = self.frame.captured.site or node  # of ours: where it is called
            message = tell(self.names_of(location), held.node, read)
            subset.refuse(held.captured, held.node, *message)
        return held

    def names_of(self, memory: Location) -> list[str]:
        """The names around that have this memory, for messages."""
        from adcompiler.frontend.lower import holders

        return holders.names_of(self.frame, self.objects, memory)

    def read(self, ref: ArrayRef, node: ast.AST, hint: str | None = None) -> Atom:
        """The current value of a view."""
        atom = self.contents(ref.location, node)
        for step in ref.path:
            atom = self.step(atom, step, node, hint)
        if isinstance(atom, Var) and not orders.axes_kept(ref):
            self.scattered.add(atom)
        return atom

    def step(
        self, base: Atom, step: Step, node: ast.AST, hint: str | None = None
    ) -> Atom:
        """Apply a step of a view path, once for each value of the array."""
        key, operands = (base, step), (base, *step.operands)
        found = self.cache.get(key)
        if found is None:
            params = dict(step.params)
            found = self.emit(node, step.primitive, *operands, hint=hint, **params)
            if found not in self.constants:
                self.cache[key] = found
        return found

    def entangle(self, new: Location, old: Location) -> None:
        """Note that new memory may be that of another, or of what the other may be."""
        for known in {old, *self.entangled.get(old, ())} - {new}:
            for one, other in ((new, known), (known, new)):
                self.entangled[one] = self.entangled.get(one, frozenset()) | {other}

    # --- Objects

    def new_object(self, record: RecordVal) -> ObjectRef:
        """A dict or an object that the program makes."""
        location = Location()
        self.objects[location] = record
        return ObjectRef(location, record.cls)

    def record(self, binding: Binding, node: ast.AST) -> RecordVal | None:
        """What a dict or an object holds now; None of anything else."""
        if not isinstance(binding, ObjectRef):
            return binding if isinstance(binding, RecordVal) else None
        held = self.objects.get(binding.location)
        match held:
            case RecordVal():
                return held
            case Conflict():
                self.disagree(node, held)
            case Stale():
                self.origins.settle(held.cond)
                read = self.frame.captured.site or node
                names = self.names_of(binding.location)
                tell = hints.may_be_changed(names, held.node, read)
                subset.refuse(held.captured, held.node, *tell)
            case None:
                raise InternalError("an object is read outside its region")

    # --- Arrays in lists

    def stale(self, node: ast.AST) -> Stale:
        """The contents of what this may have changed."""
        return Stale(self.frame.captured, node)

    def spoil(self, stored: Location, node: ast.AST) -> None:
        """After a store into an array: the lists that may hold it are stale, and what
        else they hold that may be the same array."""
        kept = membership.written_back(self, stored, node)
        way: Way = "an item" if kept else "in a list"
        stale = replace(self.stale(node), way=way)
        for location in self.members.touched(stored, self.entangled):
            if location in self.values and location is not kept:
                self.values[location] = stale

    def capture_of(self, key: str) -> Var:
        """The parameter that a captured value is passed in."""
        return self.capture_vars[key]

    # --- Regions

    def run(
        self,
        action: Callable[[], Binding | None],
        given: tuple[Atom, bool] | None = None,
    ) -> Arm:
        """Interpret something in a region of its own, from the present state, and
        where a condition is what is given."""
        arm = Arm(
            self.builder.child(),
            dict(self.frame.env),
            dict(self.values),
            dict(self.objects),
            dict(self.cache),
            {
                **self.facts,
                **({} if given is None else meaning(self.connected, *given)),
            },
            True,
        )
        self.resume(arm, action)
        return arm

    def resume(self, arm: Arm, action: Callable[[], Binding | None]) -> None:
        """Go on in a region: the state is the arm's meanwhile."""
        frame = self.frame
        saved = self.builder, frame.env, self.values, self.objects, self.cache
        facts = self.facts
        # What decides between two memories there may not be known outside.
        aliases = dict(self.aliases)
        self.builder, frame.env = arm.builder, arm.env
        self.values, self.objects, self.cache = arm.values, arm.objects, arm.cache
        self.facts = arm.facts
        arm.builder.span, arm.builder.role = saved[0].span, saved[0].role
        try:
            arm.value = action()
        except Unreachable:
            arm.falls = False
        finally:
            arm.env, arm.cache = frame.env, self.cache
            arm.values, arm.objects = self.values, self.objects
            self.builder, frame.env, self.values, self.objects, self.cache = saved
            self.aliases, self.facts = aliases, facts

    def lay_out(
        self, node: ast.AST, loop: ast.For, message: str, hint: str
    ) -> NoReturn:
        """Lower a loop again with its trips laid out; refuse if that cannot be."""
        try:
            self.refuse(node, message, hint)
        except UnsupportedError as refusal:
            raise NeedUnroll(loop, "what a name is", refusal) from None

    def disagree(
        self, node: ast.AST, conflict: Conflict, hint: str | None = None
    ) -> NoReturn:
        """Refuse to read what paths disagree on, unless it is known which is taken, or
        is known in each trip of a loop that is laid out."""
        self.origins.settle(conflict.cond)
        if conflict.lists:
            raise NeedList(dict(conflict.lists))
        hint = hint or conflict.hint
        if conflict.loop in self.loops and conflict.loop is not None:
            self.lay_out(node, conflict.loop, conflict.message, hint)
        deciding = self.origins.deciding(conflict.cond)
        if deciding is not None and deciding in self.loops:
            self.lay_out(node, deciding, conflict.message, hint)
        self.refuse(node, conflict.message, hint)

    def awaits_results(self) -> bool:
        """Whether a function that calls itself is taken not to return there, as yet."""
        return any(m.awaited for known in self.made.values() for m in known)

    def flag(self, name: str) -> bool | Atom:
        """A special name's flag: a bool where it is known."""
        binding = self.frame.env.get(name)
        assert isinstance(binding, Dyn)
        if isinstance(binding.atom, Const):
            return bool(binding.atom.value)
        return binding.atom


def _renamed(stmt: Let | If, atom: Var, named: Var) -> Stmt:
    results = tuple(named if var == atom else var for var in stmt.results)
    if isinstance(stmt, Let):
        return replace(stmt, results=results)
    return replace(stmt, results=results)


def is_known(binding: Binding) -> bool:
    """Whether a number is known while compiling."""
    return isinstance(binding, Dyn) and isinstance(binding.atom, Const)


def dtype_of(t: Type) -> str:
    """The dtype of a number or array."""
    assert isinstance(t, Scalar | Array)
    return t.dtype
