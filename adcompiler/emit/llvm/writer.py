"""A function while it is written: its values, who holds them, what is not written yet.

In: the atoms of statements. Out: values; and `Writer`, which rows are written with.
Invariants: whoever defines a value holds it, and lets go of it after its last use; what
is handed on (to a loop, a list, a result) is held once more, unless this was its last
use. What waits in a group is written when a value of it is asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from adcompiler.emit.llvm.code import UNEQUAL, Code
from adcompiler.emit.llvm.groups import Group, Scope
from adcompiler.emit.llvm.nests import allocated, copied
from adcompiler.emit.llvm.notes import Notes
from adcompiler.emit.llvm.scalars import convert
from adcompiler.emit.llvm.values import (
    Block,
    Elements,
    NotNative,
    Number,
    Value,
    constant_text,
    dense,
    from_components,
    read,
    undefined,
)
from adcompiler.errors import InternalError
from adcompiler.ir.callee import Callee
from adcompiler.ir.nodes import Atom, Const, Let, Stmt, Undef, Var
from adcompiler.ir.types import Array, Dim, Length, Scalar, Type, dims_of

__all__ = ["Head", "Module", "Writer", "owned"]


@dataclass(slots=True)
class Module:
    """What the functions of a module share: other functions, and Python objects.

    `callees` have the names of the functions that calls name; `objects` are what
    external symbols stand for; `extra` are functions written on the way. `notes` tell
    what is written for which statement, where somebody is to read it. `strict`: numbers
    are computed in the order in which the functions state them. `fused`: the processor
    multiplies and adds, rounding once.
    """

    callees: Mapping[Callee, str]
    objects: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    notes: Notes | None = None
    strict: bool = False
    fused: bool = False

    def mark(self, stmt: Stmt, nest: int | None = None) -> int:
        """The number of what is being written, 0 where nobody asks."""
        return 0 if self.notes is None else self.notes.mark(stmt, nest)

    def note_call(self, what: str, mark: int) -> None:
        """Note that what others have written is called."""
        if self.notes is not None:
            self.notes.called.append((what, mark))

    def object_named(self, value: Any, hint: str) -> str:
        """The symbol of a Python object."""
        for name, held in self.objects.items():
            if held is value:
                return name
        name = f"@{hint}_{len(self.objects)}"
        self.objects[name] = value
        return name


class Memory:
    """Which memory values may lie in."""

    def __init__(self, roots: Mapping[Var, frozenset[Any]]) -> None:
        self._roots = roots
        self._sharers = Counter(root for found in roots.values() for root in found)

    def __call__(self, atom: Atom) -> frozenset[Any]:
        """The memory that a value may lie in."""
        none: frozenset[Any] = frozenset()
        return self._roots.get(atom, none) if isinstance(atom, Var) else none

    def is_alone(self, var: Var) -> bool:
        """Whether a value has memory of its own, which no other looks at."""
        found = self(var)
        return found == {("fresh", var)} and self._sharers[("fresh", var)] == 1


@dataclass(frozen=True, slots=True)
class Head:
    """Where the elements of a list are, and how many, as values of the function."""

    data: str
    length: str


def owned(t: Type) -> bool:
    """Whether values of this type are held and let go of."""
    return not isinstance(t, Scalar)


class Writer(ABC):
    """What rows are written with: a function that is being written."""

    def __init__(
        self,
        module: Module,
        contiguous: frozenset[Var],
        roots: Memory,
        equal: Mapping[Hashable, Hashable],
        assumed: Mapping[Hashable, Hashable],
    ) -> None:
        self.module = module
        self.contiguous = contiguous
        self.roots = roots
        self.equal = equal
        self.assumed = assumed
        self.lengths: dict[Hashable, str] = {}
        self.framed: frozenset[Var] = frozenset()
        self.summed: frozenset[Let] = frozenset()
        self.code = Code()
        self.values: dict[Var, Value] = {}
        self.scopes: list[Scope] = []
        self.depth = 0  # of the loop that is being written
        self.by_rows = False  # whether that takes arrays some rows at a time
        self.groups: list[Group] = []
        self.pending: dict[Var, Group] = {}
        self.waiting: dict[Atom, Let] = {}  # products, until they are added
        self.delayed: dict[Let, Any] = {}  # sums of products, by what adds to them
        self.foreseen: dict[Let, Any] = {}  # products, of which some come at once
        self.lent: dict[Var, Var] = {}  # values, by what is held in their stead
        self.missing: frozenset[Var] = frozenset()  # what paths leave unassigned
        self.heads: dict[Var, Head] = {}  # of lists, as loops know them
        self.given: dict[Var, Elements] = {}  # memory of the caller's, for new arrays
        self.callers: frozenset[Var] = frozenset()  # arrays that are changed for it
        self._exits: int | None = None  # that there were when the first was changed

    # -- atoms --

    def value(self, atom: Atom) -> Value:
        """An operand."""
        match atom:
            case Var():
                if atom in self.pending:
                    self.flush(self.pending[atom])
                for group in [g for g in self.groups if g.written]:
                    if group.written & self.roots(atom):
                        self.flush(group)
                if atom not in self.values:
                    raise InternalError(f"{atom} is read before it has a value")
                return self.values[atom]
            case Const(value=value, type=Scalar(dtype=dtype, kind=kind)):
                flag = "false" if kind == "numpy" else "true"
                return Number(dtype, constant_text(value, dtype), flag)
            case Undef():
                texts = undefined(atom.type)
                return from_components(self.code, atom.type, texts)
            case _:
                raise NotNative(f"a constant of type {atom.type}")

    def number(self, atom: Atom) -> Number:
        """A number, or the one element of an array of rank 0."""
        found = self.value(atom)
        if isinstance(found, Elements) and not found.dims:
            return Number(found.dtype, read(self.code, found, "0"), "false")
        assert isinstance(found, Number), atom
        return found

    def int64(self, atom: Atom) -> str:
        """A length, an index or a bound, which may be of a narrower dtype."""
        found = self.number(atom)
        if found.dtype == "bool" and found.python != "true":
            raise NotNative("NumPy's bools count nothing")
        self.require_int64(found)
        return convert(self.code, found.text, found.dtype, "int64")

    def require_int64(self, number: Number) -> None:
        """Give the run up where an integer is no int of Python's in 64 bits."""
        if number.dtype == "uint64":
            self.code.fail_if(self.code.op(f"icmp slt i64 {number.text}, 0"))

    def source(self, atom: Atom) -> Elements | Number:
        """A number or an array."""
        found = self.value(atom)
        assert not isinstance(found, Block), atom
        return found

    def elements(self, atom: Atom) -> Elements:
        found = self.value(atom)
        assert isinstance(found, Elements), atom
        return found

    def block(self, atom: Atom) -> str:
        found = self.value(atom)
        assert isinstance(found, Block), atom
        return found.owner

    def is_dense(self, var: Var) -> bool:
        return var in self.contiguous

    # -- holding --

    def retain(self, value: Value) -> None:
        if not isinstance(value, Number) and value.owner != "null":
            self.code.do(f"call void @adc_retain(ptr {value.owner})")

    def release(self, value: Value) -> None:
        if not isinstance(value, Number) and value.owner != "null":
            self.code.do(f"call void @adc_release(ptr %ctx, ptr {value.owner})")

    def handed(self, atom: Atom) -> Value:
        """An operand that is handed on: it is held by whoever takes it."""
        value = self.value(atom)
        if not isinstance(atom, Var) or not owned(atom.type):
            return value
        if self._is_last(atom) and atom not in self.lent:
            self.scopes[-1].moved.add(atom)
        else:
            self.retain(value)
        return value

    def lends(self, atom: Atom, var: Var) -> bool:
        """Let a value look at the memory of another without holding it, if that is held
        as long; whether it is."""
        scope = self.scopes[-1]
        if not isinstance(atom, Var) or var not in scope.last:
            return False
        lender = self.lent.get(atom, atom)
        if lender in scope.last:
            until = scope.last[var]
            later = scope.last[lender] > until
            again = scope.last[lender] == until < len(scope.body)
            if lender in scope.moved or not (
                later or (again and isinstance(scope.body[until], Let))
            ):
                return False
        self.lent[var] = lender
        return True

    def _read_in(self, group: Group, var: Var) -> bool:
        """Whether a group reads a value, or what that lends its memory to."""
        return any(v is var or self.lent.get(v) is var for v in group.sources)

    def _is_last(self, atom: Var) -> bool:
        """Whether nobody but the statement at hand needs a value."""
        scope = self.scopes[-1]
        last = scope.last.get(atom) == scope.at and atom not in scope.moved
        return last and not any(self._read_in(g, atom) for g in self.groups)

    def taken(self, atom: Var) -> Elements:
        """The elements of an operand in memory that is nobody else's: its own, if it is
        not needed any more."""
        found = self.elements(atom)
        # What is in the frame stays there, which a result may leave.
        stays = atom in self.framed and not self.code.in_frame
        alone = self.roots.is_alone(atom) and found.contiguous and not stays
        if alone and self._is_last(atom):
            self.scopes[-1].moved.add(atom)
            return found
        return copied(self.code, found)

    def kept(self, atom: Atom) -> Value:
        """An operand that is handed on, and held here too."""
        value = self.value(atom)
        self.retain(value)
        return value

    def room(self, var: Var, dims: Sequence[str]) -> Elements:
        """Memory for a new array: what the caller gives for it, or the run's own."""
        assert isinstance(var.type, Array)
        place = self.given.pop(var, None) if len(self.scopes) == 1 else None
        if place is None:
            with self.making([var]):
                return allocated(self.code, var.type.dtype, dims)
        for mine, theirs in zip(dims, place.dims, strict=True):
            self.require_equal(mine, theirs)
        return place

    def enter_value(self, var: Var, value: Elements) -> None:
        """Give an array its value."""
        self.values[var] = self._of_shape(value, var)

    def dims(self, atom: Atom) -> tuple[str, ...] | None:
        """The lengths of an array, which need not be written yet; None of others."""
        group = self.pending.get(atom) if isinstance(atom, Var) else None
        if group is not None and atom in group.elements:
            return group.dims
        found = self.value(atom)
        return found.dims if isinstance(found, Elements) else None

    def enter(self, let: Let, values: Sequence[Value]) -> None:
        """Give the results of a statement their values."""
        for var, found in zip(let.results, values, strict=True):
            match found, var.type:
                case Number(), Scalar():
                    self.values[var] = self._of_kind(let, found, var.type)
                case Elements(), Array():
                    self.values[var] = self._of_shape(found, var)
                case Block(), _:
                    self.values[var] = found
                case _:
                    raise NotNative(f"{let.primitive.name} gives {found}")

    def _of_kind(self, let: Let, value: Number, t: Scalar) -> Number:
        if t.kind != "either":
            flag = "true" if t.kind == "python" else "false"
            return Number(value.dtype, value.text, flag)
        if value.python:
            return value
        flag = "true"
        for atom in let.operands:
            found = self.value(atom)
            if isinstance(found, Number):
                flag = self.code.both(flag, found.python)
        return replace(value, python=flag)

    def _of_shape(self, value: Elements, var: Var) -> Elements:
        """The array with the lengths that its type knows."""
        assert isinstance(var.type, Array)
        dims = tuple(
            self.length(d, n) for d, n in zip(var.type.dims, value.dims, strict=True)
        )
        packed = self.is_dense(var)
        again = packed and dims != value.dims
        strides = dense(self.code, dims) if again else value.strides
        return replace(value, dims=dims, strides=strides, contiguous=packed)

    def length(self, length: Length, text: str) -> str:
        """A length that is known by its type, or by that of a parameter."""
        if isinstance(length, int):
            return str(length)
        key = self._key(length)
        if key not in self.lengths:
            match key:
                case ("drop", Dim() as base, int() as count):
                    whole = self.lengths.get(self._key(base))
                    if whole is not None:
                        self.lengths[key] = self.code.dropped(whole, count)
        return self.lengths.get(key, text)

    def _key(self, length: Dim) -> Hashable:
        """What tells a length from others; of equal ones, that of the first."""
        match length.key:
            case ("drop", Dim() as base, int() as count):
                return ("drop", Dim(self._key(base)), count)
            case key:
                return self.equal.get(key, key)

    def shape(self, t: Type) -> tuple[Hashable, ...]:
        """What tells shapes apart, lengths that are assumed to be equal being equal."""
        return self.shape_of(dims_of(t))

    def shape_of(self, dims: Iterable[Length]) -> tuple[Hashable, ...]:
        return tuple(map(self.class_of, dims))

    def class_of(self, length: Length) -> Hashable:
        if isinstance(length, int):
            return length
        key = self._key(length)
        return (self.assumed.get(key, self.assumed.get(length.key, key)),)

    def require_equal(self, mine: str, theirs: str) -> None:
        """Give the run up where lengths that were assumed to be equal are not."""
        if mine != theirs:
            differ = self.code.op(f"icmp ne i64 {mine}, {theirs}")
            self.code.fail_if(differ, UNEQUAL)

    def aligned(
        self, t: Type, x: Elements, shape: Sequence[Hashable], dims: Sequence[str]
    ) -> Elements:
        """The array with these lengths, where its own are assumed to be equal."""
        lead = len(dims) - len(x.dims)
        found = []
        for d, mine, wanted, theirs in zip(
            dims_of(t), x.dims, shape[lead:], dims[lead:], strict=True
        ):
            same = self.class_of(d) == wanted
            if same:
                self.require_equal(mine, theirs)
            found.append(theirs if same else mine)
        return replace(x, dims=tuple(found))

    def takes(self, var: Var) -> None:
        """Let the lengths of a parameter stand for those that equal them."""
        found = self.values[var]
        if not isinstance(found, Elements):
            return
        for d, n in zip(dims_of(var.type), found.dims, strict=True):
            if not isinstance(d, int):
                self.lengths.setdefault(self._key(d), n)
        self.values[var] = self._of_shape(found, var)

    @contextmanager
    def making(self, values: Sequence[Var]) -> Iterator[None]:
        """While a value is made: whether its memory may be the frame."""
        code, alone = self.code, len(values) == 1
        outside = code.in_frame
        code.in_frame = alone and values[0] in self.framed
        yield
        code.in_frame = outside

    @contextmanager
    def writing(self, code: Code) -> Iterator[None]:
        """While rows are written to another function."""
        outside, code.mark = (self.code, self.heads), self.code.mark
        self.code, self.heads = code, {}
        yield
        self.code, self.heads = outside

    # -- groups of elementwise statements --

    def group_of(self, shape: tuple[Hashable, ...]) -> Group | None:
        """The group of a shape that statements may still be added to."""
        mine = self.scopes[-1]
        found = (g for g in self.groups if g.shape == shape and g.scope is mine)
        return next(found, None)

    def flush(self, group: Group, *, done: bool = False) -> None:
        """Write a group; `done`: the statement at hand has been written."""
        scope = group.scope
        self.groups.remove(group)
        for member in (*group.members, *group.after):
            del self.pending[member.result]
        results = {m.result for m in group.members}
        needed = {v for v in results if scope.last.get(v, -1) >= scope.at + done}
        self.write_group(group, needed)
        dropped = (v for v in group.places if v not in needed)
        for var in (*group.released, *dropped):
            self.release(self.values[var])

    def flush_all(self) -> None:
        """Write the groups of this region."""
        mine = self.scopes[-1]
        for group in [g for g in self.groups if g.scope is mine]:
            self.flush(group)

    def changes(self, memory: frozenset[Any]) -> None:
        """Note that memory is about to be changed, which may be the caller's."""
        if self._exits is None and any(("param", v) in memory for v in self.callers):
            self._exits = self.code.exits

    def require_settled(self) -> None:
        """Refuse a function that may give a run up which has changed its arguments."""
        if self._exits not in (None, self.code.exits):
            raise NotNative("a run that has changed its arguments may be given up")

    def flush_readers(self, atom: Atom, but: Group | None = None) -> None:
        """Write the groups that read memory which is about to change, `but` the one
        that changes it."""
        memory = self.roots(atom)
        for group in [g for g in self.groups if g is not but]:
            read = any(memory & self.roots(v) for v in group.sources)
            if read or memory & group.written:
                self.flush(group)

    def _let_go(self, scope: Scope) -> None:
        for var, at in scope.last.items():
            if at != scope.at or var in scope.moved or var in self.lent:
                continue
            reading = [g for g in self.groups if self._read_in(g, var)]
            if reading:
                # Once by this region: it is let go of when the last of them is written.
                reading[-1].released.append(var)
                for group in reading[:-1]:
                    self.flush(group, done=True)
            elif var in self.values:
                for group in [g for g in self.groups if g.written & self.roots(var)]:
                    self.flush(group, done=True)
                self.release(self.values[var])

    def drop_groups(self) -> None:
        """Forget the groups of a region whose end is not reached."""
        mine = self.scopes[-1]
        for group in [g for g in self.groups if g.scope is mine]:
            self.groups.remove(group)
            for member in (*group.members, *group.after):
                del self.pending[member.result]

    @abstractmethod
    def write_group(self, group: Group, needed: set[Var]) -> None:
        """Write the nest of a group, of which these values are needed."""

    @abstractmethod
    def formula(self, rule: Callable[..., Any], atoms: Sequence[Atom]) -> str:
        """A formula over operands, a bool, as code."""
