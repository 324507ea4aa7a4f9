"""Arrays in lists: which list may hold which array.

In: what is put into lists and read from them, and an array that is stored to. Out: the
lists that may hold it, and what else they hold that may be the same array.
Invariants: an array that was put into a list may be every array that is read from it,
and from every list that may be the same list. No two items of a list are one array
where each was made in the trip that has put it there: then a store into what was read
from the list is a store into this item alone (`Apart`).

    acc = [np.zeros(3) for _ in range(n)]
    acc[i] += x                 # acc = list_set(acc, acc[i] + x, i)
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from adcompiler.frontend import subset
from adcompiler.frontend.bindings import ArrayRef, ListRef, Location
from adcompiler.frontend.interface import Captured
from adcompiler.ir.nodes import Atom
from adcompiler.ir.types import ANY, Array

if TYPE_CHECKING:
    from adcompiler.frontend.lower.context import Context

Links = dict[Location, frozenset[Location]]  # from an array to lists
Relation = Mapping[Location, frozenset[Location]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an array was read from a list, and what the list held then."""

    xs: ListRef
    index: Atom
    held: Atom


@dataclass(slots=True)
class Apart:
    """The lists of which it is known that no two items are one array.

    `made` has the region that an array was made in, `lists` the lists that began empty
    here, `shared` those among them that may hold an array twice; `changed` is where an
    item was changed in place, `places` where arrays were read.
    """

    made: dict[Location, object] = field(default_factory=dict)
    lists: set[Location] = field(default_factory=set)
    shared: set[Location] = field(default_factory=set)
    changed: dict[Location, tuple[Captured, ast.AST]] = field(default_factory=dict)
    places: dict[Location, Place] = field(default_factory=dict)


@dataclass(slots=True)
class Membership:
    """The lists that each array was put into, and those that it was read from."""

    put: Links = field(default_factory=dict)
    got: Links = field(default_factory=dict)
    apart: Apart = field(default_factory=Apart)

    @property
    def size(self) -> tuple[int, int]:
        """Of how many arrays something is known."""
        return len(self.put), len(self.got)

    def note_put(self, array: Location, xs: Location) -> None:
        """Note that a list holds an array."""
        self.put[array] = self.put.get(array, frozenset()) | {xs}

    def note_got(self, array: Location, xs: Location) -> None:
        """Note that an array was read from a list."""
        self.got[array] = self.got.get(array, frozenset()) | {xs}

    def met(self, one: Location, other: Location, new: Location) -> None:
        """Note a list that is one list or the other: it holds what either holds."""
        for link in (self.put, self.got):
            for array, lists in list(link.items()):
                if one in lists or other in lists:
                    link[array] = lists | {new}

    def touched(self, stored: Location, entangled: Relation) -> set[Location]:
        """The memory whose contents a store into an array may have changed by way of
        lists, beside what is entangled with the array anyway.

        >>> array, xs, read = Location(), Location(), Location()
        >>> lists = Membership()
        >>> lists.note_put(array, xs)
        >>> lists.note_got(read, xs)
        >>> lists.touched(array, {}) == {xs, read}
        True
        """
        if not self.put and not self.got:
            return set()
        changed = {stored, *entangled.get(stored, frozenset())}
        pending = list(changed)
        seen: set[tuple[Location, bool]] = set()
        while pending:
            array = pending.pop()
            here = [(xs, False) for xs in self.put.get(array, ())]
            here += [(xs, True) for xs in self.got.get(array, ())]
            for xs, was_got in here:
                same = {xs, *entangled.get(xs, frozenset())}
                for one in same - {x for x, g in seen if g or g == was_got}:
                    seen.add((one, was_got))
                    links = (self.got, self.put) if was_got else (self.got,)
                    for link in links:
                        found = {a for a, lists in link.items() if one in lists}
                        found |= {e for a in found for e in entangled.get(a, ())}
                        pending += found - changed
                        changed |= found
        fellows = changed - entangled.get(stored, frozenset())
        return (fellows | {xs for xs, _ in seen}) - {stored}


def note_put(ctx: Context, value: ArrayRef, xs: ListRef) -> None:
    """Note that a list holds an array, which may be in it already: where its items were
    changed in place, this cannot be followed."""
    location, members = value.location, ctx.members
    new = (
        not value.path
        and not (location.read_only or location.captured)
        and members.apart.made.get(location) is ctx.builder
        and xs.location not in members.put.get(location, ())
        and not ctx.entangled.get(location)
    )
    if not new:
        members.apart.shared.add(xs.location)
        if xs.location in members.apart.changed:
            refuse_change(*members.apart.changed[xs.location])
    members.note_put(location, xs.location)


def keeps_apart(ctx: Context, xs: ListRef) -> bool:
    """Whether it is known, so far, that the list holds no array twice."""
    apart = ctx.members.apart
    return xs.location in apart.lists and xs.location not in apart.shared


def refuse_change(captured: Captured, node: ast.AST) -> NoReturn:
    """Refuse to change an item of a list in place."""
    place = "xs[i]"
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript):
        place = ast.unparse(node.target)
    subset.refuse(
        captured,
        node,
        "this changes an array in place that a list may hold twice",
        f"write {place} = {place} + ..., if nothing else is to see the change",
    )


def written_back(ctx: Context, stored: Location, node: ast.AST) -> Location | None:
    """The list that an array was read from, which has its new value at this place, if
    it is known that it holds the array once."""
    apart = ctx.members.apart
    place = apart.places.get(stored)
    if place is None:
        return None
    xs, element = place.xs.location, place.xs.element
    if not keeps_apart(ctx, place.xs) or ctx.values.get(xs) != place.held:
        return None
    value = ctx.values[stored]
    assert isinstance(value, Atom)
    params: dict[str, Any] = {}
    if isinstance(element, Array) and ANY not in element.dims:
        params["known"] = element
    held = ctx.emit(node, "list_set", place.held, value, place.index, **params)
    name = getattr(place.held, "name", None)
    ctx.values[xs] = held = ctx.name(held, name) if name else held
    apart.changed.setdefault(xs, (ctx.frame.captured, node))
    apart.places[stored] = Place(place.xs, place.index, held)
    return xs
