"""Arrays in lists: which list may hold which array.

In: what is put into lists and read from them, and an array that is stored to. Out: the
lists that may hold it, and what else they hold that may be the same array.
Invariant: an array that was put into a list may be every array that is read from it,
and from every list that may be the same list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adcompiler.frontend.bindings import Location

Links = dict[Location, frozenset[Location]]  # from an array to lists
Relation = Mapping[Location, frozenset[Location]]


@dataclass(slots=True)
class Membership:
    """The lists that each array was put into, and those that it was read from."""

    put: Links = field(default_factory=dict)
    got: Links = field(default_factory=dict)

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
