"""The heads of loops: what a pass assumes, compared with another, and types after it.

In: shapes and types. Out: `Head`, `Trip`, and answers about them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Conflict,
    Dead,
    Dyn,
    ListRef,
    Location,
    MaybeNone,
    MaybeUnbound,
    ObjectRef,
    RecordVal,
    Static,
    TextVal,
    TupleVal,
)
from adcompiler.frontend.lower.frames import Arm, Held, Stale
from adcompiler.frontend.lower.meetings import unchanged
from adcompiler.frontend.lower.merges import Merge
from adcompiler.frontend.lower.mixtures import Mixed, types_of
from adcompiler.ir.joins import unfit
from adcompiler.ir.nodes import Atom, Const, For, Var, While
from adcompiler.ir.types import (
    Array,
    Dim,
    Length,
    Type,
)


@dataclass(slots=True)
class Head:
    """The shapes assumed at the head of a loop."""

    merge: Merge
    shapes: dict[str, Binding | None]
    stores: dict[Location, Var] = field(default_factory=dict)
    stale: dict[Location, Stale] = field(default_factory=dict)
    objects: dict[Location, Held] = field(default_factory=dict)

    def has_made(self, location: Location) -> bool:
        """Whether memory is the head's own: it may be another at each trip."""
        return location in self.merge.arrays or location in self.merge.objects

    def held(self) -> dict[Location, Held]:
        """What objects hold at the head: those stored to, and new ones."""
        return {**self.objects, **self.merge.objects}


@dataclass(slots=True)
class Trip:
    """One pass over the body from a head."""

    head: Head
    arm: Arm
    cond: Arm | None
    index: Var
    cond_vars: dict[Var, Var]


def hint_of(entry: Binding | None, remembered: object) -> Binding | None:
    """What an earlier lowering says of a name: memory of its own, another type."""
    match entry, remembered:
        case ArrayRef(_, _, t, order), ArrayRef(old):
            return ArrayRef(old, (), t, order)
        case (Dyn(), Dyn(Var())) | (Static(None), MaybeNone(Dyn(Var()))):
            assert isinstance(remembered, Dyn | MaybeNone)
            return remembered
        case _:
            return entry


def sort_of(binding: Binding | None) -> object:
    """What values like this one are, lengths aside."""
    match binding:
        case ArrayRef(_, _, t):
            return (t.dtype, t.ndim)
        case Dyn(atom):
            return atom.type
        case TupleVal(items) | TextVal(_, items):
            return tuple(map(sort_of, items))
        case _:
            return type(binding)


def is_plain(binding: Binding | None) -> bool:
    """Whether a name has a value on every path."""
    return binding is not None and not isinstance(
        binding, MaybeUnbound | Conflict | Dead
    )


def retyped(binding: Binding, change: Callable[[Type], Type]) -> Binding:
    """Array references with the types that hold after the loop."""
    match binding:
        case ArrayRef(location, path, t, contiguous):
            new = change(t)
            assert isinstance(new, Array)
            return ArrayRef(location, path, new, contiguous)
        case TupleVal(items, cls):
            inner = tuple(retyped(item, change) for item in items)
            return TupleVal(inner, cls, binding.site)
        case RecordVal(shape, items):
            return RecordVal(shape, tuple(retyped(item, change) for item in items))
        case MaybeUnbound(value, flag):
            return MaybeUnbound(retyped(value, change), flag)
        case MaybeNone(value, flag, cond):
            return MaybeNone(retyped(value, change), flag, cond)
        case _:
            return binding


def _constants(ref: ArrayRef) -> list[Atom | None]:
    """What is known of the operands on the way to a view."""
    operands = (atom for step in ref.path for atom in step.operands)
    return [atom if isinstance(atom, Const) else None for atom in operands]


def runs_surely(loop: For | While) -> bool:
    """Whether the loop is known to begin one trip at least."""
    if isinstance(loop, While):
        flag = loop.cond.results[0]
        return isinstance(flag, Const) and bool(flag.value)
    bounds = [loop.range.start, loop.range.stop, loop.range.step]
    values = [a.value for a in bounds if isinstance(a, Const)]
    if len(values) < 3 or loop.range.limit is not None or values[2] == 0:
        return False
    return len(range(*values)) > 0


def inner(length: Length, mark: int) -> bool:
    """Whether a length was first met after the mark."""
    key = length.key if isinstance(length, Dim) else length
    if isinstance(key, tuple):
        return any(inner(part, mark) for part in key if isinstance(part, Dim))
    return isinstance(length, Dim) and isinstance(key, int) and key > mark


@dataclass(frozen=True, slots=True)
class _Before:
    """The lengths met up to a mark."""

    mark: int

    def __contains__(self, length: object) -> bool:
        return isinstance(length, int | Dim) and not inner(length, self.mark)


@dataclass(slots=True)
class Comparison:
    """Whether two heads say the same, up to the identity of new memory and lengths."""

    mark: int
    places: dict[Location, Location]
    mixed: Mixed
    old: Head
    new: Head
    pairs: list[tuple[Array, Array]] = field(default_factory=list)  # that are alike

    def bindings(self, old: Binding | None, new: Binding | None) -> bool:
        match old, new:
            case Dyn(_, boxed), Dyn(_, now) if boxed != now:
                return False
            case Dyn(a), Dyn(b):
                types = (types_of(self.mixed, atom) for atom in (a, b))
                return self.types(a.type, b.type) and next(types) == next(types)
            case ArrayRef(), ArrayRef():
                return self.arrays(old, new)
            case ListRef(), ListRef():
                return old.element == new.element and self.memory(
                    old.location, new.location
                )
            case TupleVal(xs, c), TupleVal(ys, d):
                pairs = zip(xs, ys, strict=False)
                same = len(xs) == len(ys) and c is d
                return same and all(self.bindings(x, y) for x, y in pairs)
            case TextVal(text, xs), TextVal(other, ys):
                numbers = zip(xs, ys, strict=False)
                return text == other and all(self.bindings(x, y) for x, y in numbers)
            case MaybeUnbound(a, _), MaybeUnbound(b, _):
                return self.bindings(a, b)
            case MaybeNone(a, _), MaybeNone(b, _):
                return self.bindings(a, b)
            case ObjectRef(one, c), ObjectRef(other, d) if c is d:
                return self.objects(one, other)
            case RecordVal(shape, xs), RecordVal(other, ys):
                pairs = zip(xs, ys, strict=False)
                return shape == other and all(self.bindings(x, y) for x, y in pairs)
            case _:
                return type(old) is type(new)

    def objects(self, one: Location, other: Location) -> bool:
        """Whether the one object can stand for the other, as elsewhere."""
        old, new = (head.merge.objects for head in (self.old, self.new))
        if one not in old or other not in new:
            return one is other
        first = other not in self.places
        return self.memory(one, other) and (
            not first or self.records(old[one], new[other])
        )

    def records(self, old: Held, new: Held) -> bool:
        """Whether what objects hold is the same, and as much of it unchanged."""
        if not isinstance(old, RecordVal) or not isinstance(new, RecordVal):
            return type(old) is type(new)
        pairs = zip(old.items, new.items, strict=False)
        return old.shape == new.shape and all(self.entry(x, y) for x, y in pairs)

    def entry(self, old: Binding, new: Binding) -> bool:
        if any(old is kept for kept in self.old.merge.kept):
            return unchanged(old, new)
        return self.bindings(old, new)

    def arrays(self, old: ArrayRef, new: ArrayRef) -> bool:
        if [s.skeleton for s in old.path] != [s.skeleton for s in new.path]:
            return False
        if _constants(old) != _constants(new):
            return False
        if old.contiguous != new.contiguous or not self.types(old.type, new.type):
            return False
        return self.memory(old.location, new.location)

    def memory(self, old: Location, new: Location) -> bool:
        """Whether the one memory can stand for the other, as elsewhere."""
        if new in self.places:
            return self.places[new] is old
        if old in self.places.values():
            return False
        if old is not new:
            if not (self.old.has_made(old) and self.new.has_made(new)):
                return False
            self.places[new] = old
        return True

    def types(self, old: Type, new: Type) -> bool:
        if isinstance(old, Array) and isinstance(new, Array):
            if old.dtype != new.dtype or old.ndim != new.ndim:
                return False
            self.pairs.append((old, new))
            return all(map(self.lengths, old.dims, new.dims))
        return old == new

    def hold(self) -> bool:
        """Whether lengths that the old head says are equal are so in the new one: what
        one trip has made of one length need not stay so."""
        old, new = ([pair[k] for pair in self.pairs] for k in (0, 1))
        return unfit(old, new, _Before(self.mark)) is None

    def lengths(self, old: Length, new: Length) -> bool:
        if old == new:
            return True
        if not (isinstance(old, Dim) and isinstance(new, Dim)):
            return False
        both = inner(old, self.mark) and inner(new, self.mark)
        return both and old.not_one == new.not_one
