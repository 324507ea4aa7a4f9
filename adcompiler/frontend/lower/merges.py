"""Where paths meet: what a name means when two paths assign it differently.

In: the states at the ends of two paths (the arms of an `If`; the entry and the back
edge of a loop). Out: a *shape* for each name, a binding whose differing atoms are fresh
variables, the *leaves*; what these take on either path is said by `conforming`.
Invariants: a known number stays known where both paths agree. The type of an array is
joined from what reading it gives at the end of either path, since a store through what
may be other memory loses lengths. Memory that is one on
one path and another on the other becomes new memory, *entangled* with both: after a
store to either, the other must not be read.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from adcompiler.frontend.bindings import (
    DEAD,
    NONE,
    UNASSIGNED,
    ArrayRef,
    Binding,
    Conflict,
    Dead,
    Dyn,
    FunctionVal,
    IterVal,
    ListRef,
    Location,
    MaybeNone,
    MaybeUnbound,
    MethodVal,
    ObjectRef,
    PartialVal,
    PullbackVal,
    RangeVal,
    RecordVal,
    Static,
    Step,
    TextVal,
    TupleVal,
    Unassigned,
    is_list,
)
from adcompiler.frontend.lower import (
    displays,
    listing,
    meetings,
    mixtures,
    slices,
)
from adcompiler.frontend.lower.context import RETURNED, SPECIAL, VALUE, Context
from adcompiler.frontend.lower.frames import Arm, Held, Stale
from adcompiler.frontend.lower.kinds import kind_of, one_kind, shown, type_text
from adcompiler.frontend.lower.numbers import (
    in_single,
    is_float64,
    join_scalars,
    number_of,
)
from adcompiler.frontend.lower.restarts import NeedList
from adcompiler.frontend.structures import StreamOf
from adcompiler.ir.nodes import Atom, Const, Var, fresh_var
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import PY_BOOL, PY_FLOAT, Array, ListOf, Type, join_types

End = Context | Arm
Key = tuple[tuple[Location, tuple[Step, ...]], tuple[Location, tuple[Step, ...]]]

WORDS = {
    VALUE: "result",
    RETURNED: "returned",
    "$items": "items",
    "$total": "total",
}


@dataclass(slots=True)
class Merge:
    """The shapes of one meeting of two paths."""

    ctx: Context
    ends: tuple[End, End]  # the states that the paths end in
    gone: tuple[bool, bool] = (False, False)  # which path has returned
    cond: Atom | None = None  # what decides between the paths, of two arms
    loop: ast.For | None = None  # whose trips are to meet, if these might be laid out
    starts: bool = False  # whether the left is what a loop starts with
    leaves: list[Var] = field(default_factory=list)
    arrays: dict[Location, Var] = field(default_factory=dict)
    keys: dict[Key, Location] = field(default_factory=dict)
    objects: dict[Location, Held] = field(default_factory=dict)  # those that are new
    kept: list[Binding] = field(default_factory=list)  # entries that are not changed
    outside: list[tuple[RecordVal, Location]] = field(default_factory=list)
    alone: int | None = None  # the path that has it; the other may store to it

    # --- Shapes

    def join(
        self, left: Binding | None, right: Binding | None, name: str
    ) -> Binding | None:
        """What both paths have in common."""
        if name not in SPECIAL and any(self.gone):
            # A path that has returned reads no name any more.
            left, right = (right, right) if self.gone[0] else (left, left)
        left, right = self._known(left, 0), self._known(right, 1)
        if _may_lack(left) or _may_lack(right):
            return self._absent(left, right, name)
        assert left is not None
        assert right is not None
        return self._present(left, right, name)

    def _absent(
        self, left: Binding | None, right: Binding | None, name: str
    ) -> Binding | None:
        """`join`, where a path may have nothing, or nothing that can be read."""
        match left, right:
            case (None, None):
                return None
            case Dead(), Dead():
                return DEAD
            case (Dead(), other) | (other, Dead()):
                # It is read only where the other path leads, as out of a loop.
                return self.join(other, other, name)
            case (Conflict() as conflict, _) | (_, Conflict() as conflict):
                return conflict
            case Static(Unassigned()), Static(Unassigned()):
                return left
            case (Static(Unassigned()), other) | (other, Static(Unassigned())):
                return self._maybe(None, other, name)
            case (None, present) | (present, None) if name in SPECIAL:
                if self.cond is not None:
                    self.alone = 0 if right is None else 1
                joined = self.join(present, present, name)
                self.alone = None
                return joined
            case _:
                return self._maybe(left, right, name)

    def _known(self, binding: Binding | None, side: int) -> Binding | None:
        """What a path knows of whether something is None."""
        facts = self.ends[side].facts
        if isinstance(binding, MaybeNone) and binding.flag in facts:
            return NONE if facts[binding.flag] else binding.value
        return binding

    def _none(self, left: Binding, right: Binding, name: str) -> Binding:
        """What is None on one path, and a value on the other or also None."""
        flag = self.leaf(PY_BOOL, None if name.startswith("$") else f"{name}_is_none")
        parts = [b.value if isinstance(b, MaybeNone) else b for b in (left, right)]
        given = [b for b in parts if b != NONE]
        inner = self.both(given[0], given[-1], name)
        if isinstance(inner, Conflict | Static):
            return self._other(left, right, name)
        return MaybeNone(inner, flag, self.cond)

    def _present(self, left: Binding, right: Binding, name: str) -> Binding:
        """`join`, where both paths have something."""
        match left, right:
            case (MaybeNone(), _) | (_, MaybeNone()):
                return self._none(left, right, name)
            case (Static(None), value) | (value, Static(None)) if _may_be_none(value):
                return self._none(left, right, name)
            case Dyn(a, one), Dyn(b, other):
                return self._scalar(a, b, name, boxed=one or other)
            case (Dyn(), ArrayRef(type=t)) | (ArrayRef(type=t), Dyn()) if not t.dims:
                # Arithmetic has made a number of an array of rank 0.
                for ref in (left, right):
                    if isinstance(ref, ArrayRef):
                        self.ctx.numbered[ref.location] = name
                return self._scalar(number_of(left), number_of(right), name, boxed=True)
            case ArrayRef(), ArrayRef():
                return self._array(left, right, name)
            case ListRef(), ListRef():
                return self._list(left, right, name)
            case TupleVal(xs, c), TupleVal(ys, d) if len(xs) == len(ys) and c is d:
                pairs = zip(xs, ys, strict=True)
                items = tuple(self.both(x, y, name) for x, y in pairs)
                return TupleVal(items, c, left.site or right.site)
            case _ if listing.is_rows(left) is not listing.is_rows(right):
                self._as_rows(left, right)
                return self._other(left, right, name)
            case RecordVal(StreamOf()), RecordVal(StreamOf()) if not meetings.unchanged(
                left, right
            ):
                return Conflict(
                    f"{shown(name)} is one generator on one path and another on "
                    "another",
                    "draw on each path, from the generator that it has",
                    self.cond,
                    self.loop,
                )
            case ObjectRef() | RecordVal(), ObjectRef() | RecordVal():
                return meetings.joined(self, left, right, name)
            case _ if is_list(left) and is_list(right):
                self._as_lists(left, right)
                return self._other(left, right, name)
            case RangeVal(), RangeVal():
                return self._range(left, right, name)
            case TextVal(text, xs), TextVal(other, ys) if text == other:
                pairs = zip(xs, ys, strict=True)
                numbers = tuple(self.both(x, y, name) for x, y in pairs)
                wrong = (n for n in numbers if isinstance(n, Conflict))
                return next(wrong, TextVal(text, numbers))
            case _:
                return self._other(left, right, name)

    def both(self, left: Binding, right: Binding, name: str) -> Binding:
        """What both paths have in common, of what both have."""
        joined = self.join(left, right, name)
        assert joined is not None
        return joined

    def _other(self, left: Binding, right: Binding, name: str) -> Binding:
        match left, right:
            case Static(a), Static(b) if a is b or (type(a) is type(b) and a == b):
                return left
            case FunctionVal(), FunctionVal() if _same_function(left, right):
                same: Binding | None = left
            case (
                MethodVal() | PartialVal() | IterVal() | PullbackVal() | TextVal(),
                _,
            ):
                same = left if left == right else None
            case _:
                same = None
        if same is not None and not meetings.is_strange(self, same):
            return same
        if same is not None:
            return Conflict(
                f"{shown(name)} refers to what is made on one path only",
                "make it on all paths, or call it where it is made",
                self.cond,
                self.loop,
            )
        return Conflict(
            f"{shown(name)} is {kind_of(left)} on one path and {kind_of(right)} on "
            "another",
            one_kind(left, right, name),
            self.cond,
            self.loop,
        )

    def _maybe(
        self, left: Binding | None, right: Binding | None, name: str
    ) -> Binding | None:
        a = left.value if isinstance(left, MaybeUnbound) else left
        b = right.value if isinstance(right, MaybeUnbound) else right
        inner = self.join(a or b, b or a, name)
        if inner is None or isinstance(inner, Conflict | Dead):
            return inner
        word = None if name.startswith("$") else f"{name}_is_bound"
        return MaybeUnbound(inner, self.leaf(PY_BOOL, word))

    def leaf(self, t: Type, hint: str | None) -> Var:
        """A fresh variable that takes a value from each path."""
        if hint and hint.startswith("$"):
            hint = WORDS.get(hint)
        if hint and not hint.isidentifier():
            hint = re.sub(r"\W+", "_", hint).strip("_")
        var = fresh_var(t, hint)
        self.leaves.append(var)
        return var

    def _scalar(self, a: Atom, b: Atom, name: str, *, boxed: bool = False) -> Binding:
        mixed = self.ctx.mixed
        either = None
        joined: Type | None = None
        if a not in mixed and b not in mixed:
            joined = join_scalars(a, b) or self._tentative(a, b)
            if joined is None and self.starts and in_single(a, b):
                joined = b.type
        if joined is None:
            either = mixtures.joined(mixed, a, b)
            joined = mixtures.carrier(either) if either else None
        if joined is None:
            flag = "bool" in (str(getattr(t.type, "dtype", "")) for t in (a, b))
            hint = "convert the bool: float(c), or 1.0 if c else 0.0"
            return Conflict(
                f"{shown(name)} is {type_text(a.type)} on one path and "
                f"{type_text(b.type)} on another",
                hint if flag else "start with a value of the same type as it has later",
                self.cond,
                self.loop,
            )
        leaf = self.leaf(joined, name)
        self.ctx.soften((leaf,), (a, b))
        if either:
            mixed[leaf] = either
        else:
            self.ctx.classes |= mixtures.met(self.ctx.classes, leaf, a, b)
        return Dyn(leaf, boxed)

    def _tentative(self, a: Atom, b: Atom) -> Type | None:
        """An int that a loop starts with may turn out to be a float, a number to be in
        single precision: assume so.

        The loop is then lowered again, with the float at its head.
        """
        for one, other in ((a, b), (b, a)):
            roots = self.ctx.soft.get(one) if isinstance(one, Var) else None
            if roots and is_float64(other.type):
                self.ctx.softened |= roots
                return join_types(PY_FLOAT, other.type)
            if roots and other.type == mixtures.NP_SINGLE:
                self.ctx.softened |= roots
                return other.type
        return None

    def _range(self, left: Binding, right: Binding, name: str) -> Binding:
        assert isinstance(left, RangeVal)
        assert isinstance(right, RangeVal)
        pairs = ((left.start, right.start), (left.stop, right.stop))
        parts = [self._scalar(a.atom, b.atom, name) for a, b in pairs]
        step = self._scalar(left.step.atom, right.step.atom, name)
        if not all(isinstance(p, Dyn) for p in (*parts, step)):
            return Conflict(
                f"the bounds of {shown(name)}, a range, are of other types on one path "
                "than on another",
                "give a range ints on all paths: range(int(n))",
                self.cond,
                self.loop,
            )
        start, stop = parts
        assert isinstance(start, Dyn)
        assert isinstance(stop, Dyn)
        assert isinstance(step, Dyn)
        return RangeVal(start, stop, step)

    def _array(self, left: Binding, right: Binding, name: str) -> Binding:
        assert isinstance(left, ArrayRef)
        assert isinstance(right, ArrayRef)
        types = [self._read(ref, k) for k, ref in enumerate((left, right))]
        joined = join_types(*types)
        if not isinstance(joined, Array):
            return Conflict(
                f"{shown(name)} is {type_text(left.type)} on one path and "
                f"{type_text(right.type)} on another",
                "give it one dtype and one rank on all paths",
                self.cond,
                self.loop,
            )
        contiguous = left.contiguous and right.contiguous
        form = slices.common(left.path, right.path)
        if left.location is right.location and form is not None and self._kept(left):
            rows = zip(left.path, right.path, form, strict=True)
            steps = tuple(self._step(*row) for row in rows)
            return ArrayRef(left.location, steps, joined, contiguous)
        key = ((left.location, left.path), (right.location, right.path))
        if key not in self.keys:
            self.keys[key] = self.memory(left.location, right.location, contiguous)
            held = self.arrays[self.keys[key]] = self.leaf(joined, name)
            places = zip(self.ends, (left, right), strict=True)
            given = [end.values.get(ref.location) for end, ref in places]
            self.ctx.classes |= mixtures.met(self.ctx.classes, held, *given)
        return ArrayRef(self.keys[key], (), joined, contiguous)

    def _kept(self, ref: ArrayRef | ListRef) -> bool:
        """Whether the memory is there where the paths meet."""
        outer = self.ctx.values, self.ctx.outer
        return self.alone is None and any(ref.location in known for known in outer)

    def _list(self, left: ListRef, right: ListRef, name: str) -> Binding:
        """A list of either path: new memory, where they are two."""
        sites = left.sites | right.sites
        if left.element != right.element:
            element = listing.joined(left.element, right.element)
            if element is None or not (left.sites and right.sites):
                return Conflict(
                    f"{shown(name)} is a list of other elements on one path than on "
                    "another",
                    "give its elements one type",
                    self.cond,
                )
            raise NeedList(dict.fromkeys(sites, element))
        if left.location is right.location and self._kept(left):
            return left
        key: Key = ((left.location, ()), (right.location, ()))
        if key not in self.keys:
            self.keys[key] = self.memory(left.location, right.location, True)
            t = ListOf(left.element, True)
            self.arrays[self.keys[key]] = self.leaf(t, name)
            self.ctx.members.met(left.location, right.location, self.keys[key])
        return ListRef(self.keys[key], left.element, sites)

    def _as_lists(self, left: Binding | None, right: Binding | None) -> None:
        """Start again where displays of two lengths meet, or one and a list."""
        parts = [p for p in (left, right) if isinstance(p, TupleVal)]
        for part in parts:
            other = left if part is right else right
            more = other.items if isinstance(other, TupleVal) else ()
            if part.site is not None and part.site not in self.ctx.lists:
                if isinstance(other, ObjectRef):
                    raise NeedList({part.site: None})
                node = self.ctx.frame.node
                elements = other.element if isinstance(other, ListRef) else None
                displays.becomes_list(self.ctx, node, part, *more, element=elements)

    def _as_rows(self, left: Binding, right: Binding) -> None:
        """Start again where a list of tuples meets a display."""
        rows, other = (left, right) if listing.is_rows(left) else (right, left)
        objects = {**self.ends[0].objects, **self.ends[1].objects}
        element = listing.held_rows(objects, rows)
        site, items = listing.displayed(objects, other)
        if site is not None and all(listing.rows_of([v]) == element for v in items):
            raise NeedList({site: element})

    def _step(self, one: Step, other: Step, form: Step) -> Step:
        """A step of two paths, its operands those of the path taken."""
        if one.skeleton == other.skeleton:
            pairs = list(zip(one.operands, other.operands, strict=True))
        else:
            pairs = [(a, a) for a in form.operands]
        atoms = tuple(
            a
            if a == b and isinstance(a, Const)
            # Equal values too: they may be defined in one arm only.
            else self.leaf(join_types(a.type, b.type) or a.type, None)
            for a, b in pairs
        )
        return Step(form.primitive, atoms, form.params)

    def _read(self, ref: ArrayRef, side: int) -> Type:
        """The type of what reading an array gives at the end of a path."""
        here, other = self.ends[side], self.ends[1 - side]
        held = here.values.get(ref.location) or other.values.get(ref.location)
        if held is None or isinstance(held, Stale):
            return ref.type
        atom, t = held, held.type
        for step in ref.path:
            if (atom, step) in here.cache:
                atom = here.cache[atom, step]
                t = atom.type
            else:
                operands = (t, *(a.type for a in step.operands))
                (t,) = PRIMITIVES[step.primitive].types(operands, dict(step.params))
        return t

    def memory(self, left: Location, right: Location, contiguous: bool) -> Location:
        """New memory that is the one or the other."""
        captured = left.captured or right.captured
        only = left.read_only or right.read_only
        params = left.params | right.params
        return Location(contiguous, params, captured, read_only=only)

    # --- Entanglement

    def entangle(self) -> None:
        """Enter the new memory into the relation: with what it may be, and with other
        new memory that may be the same on one of the paths."""
        before = dict(self.ctx.entangled)
        relation = self.ctx.entangled

        def meets(a: Location, b: Location) -> bool:
            return a is b or b in before.get(a, ())

        def relate(a: Location, b: Location) -> None:
            relation[a] = relation.get(a, frozenset()) | {b}
            relation[b] = relation.get(b, frozenset()) | {a}

        new = [(loc, key[0][0], key[1][0]) for key, loc in self.keys.items()]
        for k, (loc, a, b) in enumerate(new):
            for old in (a, b):
                relate(loc, old)
                if self.cond is not None:
                    self.ctx.deciding[frozenset({loc, old})] = self.cond
                for other in before.get(old, ()):
                    relate(loc, other)
            for other_loc, c, d in new[:k]:
                if meets(a, c) or meets(b, d):
                    relate(loc, other_loc)


def _may_lack(binding: Binding | None) -> bool:
    """Whether a name may have no value on a path, or none that can be read."""
    unread = Conflict | Dead | MaybeUnbound
    return binding in (None, UNASSIGNED) or isinstance(binding, unread)


def _may_be_none(binding: Binding) -> bool:
    """Whether None on another path is told by a flag."""
    given = Dyn | ArrayRef | ListRef | TupleVal | ObjectRef | RecordVal | TextVal
    return isinstance(binding, given)


def _same_function(left: FunctionVal, right: FunctionVal) -> bool:
    return left.node is right.node and left.frame is right.frame and not left.defaults
