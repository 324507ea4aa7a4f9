"""Loops: `for` and `while`, to the fixpoint of what they carry.

In: a loop of the syntax tree. Out: its `Trip`, of which `closing` makes the loop.
Invariants: carried are the live names that the body assigns and the memory that it
stores to. The body is lowered again until the shapes at the head hold for the entry and
for every later trip; what was found is remembered for each loop, so that nests do not
multiply. `break` and `return` are the body's stop flag.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from adcompiler.frontend.bindings import (
    DEAD,
    ArrayRef,
    Binding,
    Dyn,
    Location,
    RangeVal,
    map_atoms,
)
from adcompiler.frontend.lower import (
    expressions,
    loops,
    meetings,
    mixtures,
    sources,
    statements,
)
from adcompiler.frontend.lower.context import DONE, RETURNED, STOP, VALUE, Context
from adcompiler.frontend.lower.facts import Facts, meaning
from adcompiler.frontend.lower.frames import Arm, Held, Stale
from adcompiler.frontend.lower.heads import (
    Comparison,
    Head,
    Trip,
    hint_of,
    is_plain,
    sort_of,
)
from adcompiler.frontend.lower.merges import Merge
from adcompiler.frontend.lower.numbers import is_held
from adcompiler.frontend.lower.origins import LoopIndex
from adcompiler.frontend.lower.syntax import assigned, breaks, returns, stored
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, Var, fresh_var
from adcompiler.ir.types import PY_FLOAT, PY_INT, Type, join_types

MOST_PASSES = 12
FALSE = Dyn(constant(False))
CARRIED = "$carried"

Loop = ast.For | ast.While


@dataclass(slots=True)
class Lowering:
    """The lowering of one loop."""

    ctx: Context
    loop: Loop
    source: sources.Source | None
    entry: dict[str, Binding]
    values: dict[Location, Atom | Stale]
    objects: dict[Location, Held]
    head_live: frozenset[str]
    after_live: frozenset[str]
    mark: int
    firm: bool = False
    tried: set[Var] = field(default_factory=set)  # integers taken to be floats

    @property
    def key(self) -> tuple[object, ...]:
        """What stands for the loop; a helper's is entered with values of many types."""
        entry = (sort_of(self.entry.get(name)) for name in self.names())
        return (self.loop, *self.ctx.calls, *entry)

    def names(self) -> list[str]:
        """The names that the loop may carry, in a fixed order."""
        live = self.head_live | self.after_live
        found = sorted(assigned([self.loop]) & live)
        if returns(self.loop):
            found += [VALUE, RETURNED] if breaks(self.loop) else [VALUE]
        return found

    # --- Passes

    def first(self) -> Head:
        """The head as it is at the entry, with what an earlier lowering found."""
        merge = Merge(self.ctx, (self.ctx, self.ctx), starts=True)
        hints = self.ctx.memo.get(self.key, {})
        shapes = {}
        for name in self.names():
            entry = self.entry.get(name)
            shapes[name] = merge.join(entry, hint_of(entry, hints.get(name)), name)
        head = Head(merge, shapes)
        for name in sorted(stored(self.loop.body) | set(hints.get(CARRIED, ()))):
            binding = self.entry.get(name)
            if isinstance(binding, ArrayRef):
                self.add_store(head, binding.location, name)
        self.note_stale(head, None)
        merge.entangle()
        return head

    def note_stale(self, head: Head, arm: Arm | None) -> None:
        """New memory is stale where what it may be is."""
        for key, location in head.merge.keys.items():
            for (part, _), values in zip(
                key,
                (self.values, self.values if arm is None else arm.values),
                strict=True,
            ):
                held = values.get(part)
                if isinstance(held, Stale):
                    head.stale[location] = held

    def add_store(
        self,
        head: Head,
        location: Location,
        name: str | None,
        back: Atom | Stale | None = None,
    ) -> None:
        """Carry the contents of memory, and what comes back of them."""
        held = self.values.get(location)
        if location in head.stores or held is None or isinstance(held, Stale):
            return
        name = getattr(held, "name", None) or name
        joined: Type | None = held.type
        if back is not None and not isinstance(back, Stale):
            joined = join_types(held.type, back.type)
        assert joined is not None
        var = head.stores[location] = fresh_var(joined, name)
        self.ctx.classes |= mixtures.met(self.ctx.classes, var, held, back)

    def soften(self, head: Head) -> None:
        """Integers known at the entry may be floats at the head, if later trips say;
        and known numbers may be of single precision."""
        for name, shape in head.shapes.items():
            entry = self.entry.get(name)
            if (
                isinstance(shape, Dyn)
                and isinstance(shape.atom, Var)
                and isinstance(entry, Dyn)
                and shape.atom.type in (PY_INT, PY_FLOAT)
                and (_is_start(entry.atom) or entry.atom in self.ctx.soft)
            ):
                roots = frozenset({shape.atom})
                if isinstance(entry.atom, Var):
                    roots |= self.ctx.soft[entry.atom]
                self.ctx.soft[shape.atom] = roots
                self.tried.add(shape.atom)

    def harden(self, head: Head) -> None:
        """What was assumed to be a float by an earlier pass is an int after all."""
        for leaf in head.merge.leaves:
            roots = self.ctx.soft.pop(leaf, frozenset()) - self.tried
            if roots:
                self.ctx.soft[leaf] = roots

    def run(self, head: Head) -> Trip:
        """Lower the condition and the body once."""
        ctx = self.ctx
        if self.firm:
            self.harden(head)
        else:
            self.soften(head)
        index = fresh_var(PY_INT, self.index_name())
        if isinstance(self.loop, ast.For):
            ctx.origins.of[index] = frozenset({LoopIndex(self.loop)})
            if self.source is None or _counts(ctx, self.source.range):
                ctx.counts.add(index)
        cond_vars = {}
        cond = None
        if isinstance(self.loop, ast.While):
            params = (*head.merge.leaves, *head.stores.values())
            cond_vars = {v: fresh_var(v.type, v.name) for v in params}
            self.remix(cond_vars)
            cond = ctx.run(lambda: self.condition(head, cond_vars))
        tested = self.facts(cond, True, {new: old for old, new in cond_vars.items()})
        arm = ctx.run(lambda: self.body(head, index, tested))
        return Trip(head, arm, cond, index, cond_vars)

    def index_name(self) -> str | None:
        target = self.loop.target if isinstance(self.loop, ast.For) else None
        source = self.source
        ranged = source is not None and source.range is not None and not source.stages
        return target.id if ranged and isinstance(target, ast.Name) else None

    def enter(self, head: Head, rename: Mapping[Var, Var] | None = None) -> None:
        """Make the head's shapes the present state."""
        ctx, mapping = self.ctx, rename or {}

        def atom(a: Atom) -> Atom:
            return mapping.get(a, a) if isinstance(a, Var) else a

        for name, shape in head.shapes.items():
            if name == VALUE or shape is None:
                ctx.frame.env.pop(name, None)
            elif name in self.head_live:
                ctx.frame.env[name] = map_atoms(shape, atom)
            else:
                ctx.frame.env[name] = DEAD
        for location, var in (*head.merge.arrays.items(), *head.stores.items()):
            ctx.values[location] = atom(var)
        ctx.values.update(head.stale)
        for location, held in head.held().items():
            ctx.objects[location] = meetings.mapped(held, lambda b: map_atoms(b, atom))
        ctx.frame.env.update({DONE: FALSE, STOP: FALSE, RETURNED: FALSE})

    def condition(self, head: Head, rename: Mapping[Var, Var]) -> Binding:
        """The test of a `while`."""
        assert isinstance(self.loop, ast.While)
        ctx, test = self.ctx, self.loop.test
        if assigned([test]):
            ctx.refuse(
                test,
                "':=' in the condition of a loop whose else leaves the loop around it",
                "assign in the body, and break",
            )
        self.enter(head, rename)
        before, objects = dict(ctx.values), dict(ctx.objects)
        with ctx.at(test):
            flag = expressions.test(ctx, test)
        stores = any(ctx.values.get(loc) != held for loc, held in before.items())
        changes = any(ctx.objects[loc] is not held for loc, held in objects.items())
        if stores or changes:
            what = "changes an object" if changes else "stores into an array"
            ctx.refuse(
                test,
                f"the condition of a while loop {what}",
                "compute it in the body, and break",
            )
        return Dyn(flag)

    def body(self, head: Head, index: Var, tested: Facts) -> None:
        """The body, from the target's assignment on, where the test has held."""
        ctx = self.ctx
        self.enter(head)
        ctx.facts |= tested
        if isinstance(self.loop, ast.For):
            assert self.source is not None
            with ctx.at(self.loop):
                item = self.source.item(Dyn(index))
                loops.trip(ctx, self.loop, item, self.source.stages)
            return
        statements.block(ctx, self.loop.body)

    def facts(self, cond: Arm | None, value: bool, names: Mapping[Var, Var]) -> Facts:
        """What follows where the test of a `while` has given this, of other names for
        what it has read."""
        if cond is None or not isinstance(cond.value, Dyn):
            return {}
        known = meaning(self.ctx.connected, cond.value.atom, value).items()
        return {names[a]: v for a, v in known if isinstance(a, Var) and a in names}

    # --- The fixpoint

    def fixpoint(self) -> Trip:
        """Passes until the head holds at every trip."""
        head = self.first()
        for number in range(MOST_PASSES):
            links = self.ctx.members.size
            trip = self.run(head)
            following = self.following(trip)
            # Whether an array that a trip put into a list is stored to by the next one
            # shows in a second pass.
            linked = links != self.ctx.members.size
            if (linked and number == 0) or not self.stable(head, following, trip):
                head = following
            elif self.ctx.softened.isdisjoint(head.merge.leaves):
                self.remember(head)
                return trip
            else:
                # What was assumed to be a float stays an int.
                self.firm, head = True, following
        self.ctx.refuse(
            self.loop,
            "the types of what this loop carries do not settle",
            "give each name one type",
        )

    def following(self, trip: Trip) -> Head:
        """The head that the entry and this trip's end call for."""
        arm = trip.arm
        merge = Merge(self.ctx, (self.ctx, arm if arm.falls else self.ctx), starts=True)
        if isinstance(self.loop, ast.For):
            merge.loop = self.loop
        shapes: dict[str, Binding | None] = {}
        for name in trip.head.shapes:
            entry = self.entry.get(name)
            back = arm.env.get(name) if arm.falls else entry
            if name == RETURNED:
                back = arm.env.get(name, FALSE) if arm.falls else FALSE
            if name not in self.head_live and entry is None and is_plain(back):
                # Bound after one trip at least: no flag need be carried.
                shapes[name] = merge.join(back, back, name)
            else:
                shapes[name] = merge.join(entry, back, name)
        stale = {k: v for k, v in trip.head.stale.items() if k in self.values}
        head = Head(merge, shapes, {}, stale)
        for location, var in trip.head.stores.items():
            back_held = arm.values.get(location) if arm.falls else None
            self.add_store(head, location, var.name, back_held)
        for location, held in self.values.items():
            back_held = arm.values.get(location, held) if arm.falls else held
            if isinstance(back_held, Stale):
                head.stale[location] = back_held
                head.stores.pop(location, None)
            elif back_held != held:
                self.add_store(head, location, None, back_held)
        for location, entered in self.objects.items():
            left = arm.objects.get(location, entered) if arm.falls else entered
            if location in trip.head.objects or left is not entered:
                name = meetings.label(self.ctx, location)
                found = meetings.record(merge, entered, left, name, keep=True)
                head.objects[location] = found
        self.note_stale(head, arm)
        merge.entangle()
        return head

    def stable(self, head: Head, new: Head, trip: Trip) -> bool:
        """Whether lowering from the new head would give the same."""
        if set(head.stores) != set(new.stores) or self.outer_stale(
            head
        ) != self.outer_stale(new):
            return False
        if set(head.objects) != set(new.objects):
            return False
        same = Comparison(self.mark, {}, self.ctx.mixed, head, new)
        for name, shape in head.shapes.items():
            if not same.bindings(shape, new.shapes[name]):
                return False
        for location, held in head.objects.items():
            if not same.records(held, new.objects[location]):
                return False
        for location, var in head.stores.items():
            if not same.types(var.type, new.stores[location].type):
                return False
        return same.hold() and self.same_relations(head, new, same.places)

    def same_relations(
        self, head: Head, new: Head, places: Mapping[Location, Location]
    ) -> bool:
        """Whether the new head's memory is entangled with nothing more."""
        relation = self.ctx.entangled
        if not {places.get(loc, loc) for loc in new.stale} <= set(head.stale):
            return False
        for location in (*new.merge.arrays, *new.merge.objects):
            if location not in places:
                # Nothing that is the same at every trip refers to it.
                return False
            known = relation.get(places[location], frozenset())
            for other in relation.get(location, frozenset()):
                # Other memory is that of the trip before, which no name has any more.
                memory = self.values, self.objects, new.merge.arrays, new.merge.objects
                current = any(other in found for found in memory)
                if current and places.get(other, other) not in known:
                    return False
        return True

    def outer_stale(self, head: Head) -> set[Location]:
        return {location for location in head.stale if location in self.values}

    def remember(self, head: Head) -> None:
        """Keep what was found for another lowering of the same loop."""
        names = {
            name
            for name, binding in self.entry.items()
            if isinstance(binding, ArrayRef) and binding.location in head.stores
        }
        own = {
            name: shape
            for name, shape in head.shapes.items()
            if not isinstance(shape, ArrayRef) or shape.location in head.merge.arrays
        }
        self.ctx.memo[self.key] = {**own, CARRIED: names}

    def remix(self, copies: Mapping[Var, Var]) -> None:
        """What stands for a number of either type is one, too."""
        mixed, classes = self.ctx.mixed, self.ctx.classes
        mixed.update({new: mixed[old] for old, new in copies.items() if old in mixed})
        found = {new: classes[old] for old, new in copies.items() if old in classes}
        classes.update(found)


def _is_start(atom: Atom) -> bool:
    """Whether a loop may go on with another type than that of what it starts with."""
    return isinstance(atom, Const) and (atom.type == PY_INT or is_held(atom))


def _counts(ctx: Context, range_: RangeVal | None) -> bool:
    """Whether the index of a loop is never negative: it goes up from what is not, or
    down to zero at most. Of what is no range it counts the items."""
    if range_ is None:
        return True
    start, stop, step = (a.atom for a in (range_.start, range_.stop, range_.step))
    if not isinstance(step, Const):
        return False
    if step.value > 0:
        return ctx.is_count(start)
    return isinstance(stop, Const) and stop.value >= -1
