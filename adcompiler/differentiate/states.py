"""What may be read of the arrays that the reverse sweep holds.

In: the versions of arrays, and a statement that reads some of them. Out: which stores
must be undone before it is run again, and which later version may serve in place of the
one that it read.

Invariants: a version's *state* agrees with it in every element whose later stores are
all undone. What a statement read is found in a state if every store that may touch it
later (`analysis.dependence`) is undone, or lies further back than the state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adcompiler.analysis.dependence import Access, Dependence, access
from adcompiler.analysis.versions import Passage, Versions
from adcompiler.ir.nodes import Atom, Let, Region, Var
from adcompiler.ir.types import Array


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement that is run again, or a store whose value is read back."""

    let: Let
    home: Region
    is_store: bool = False

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """What it takes: for a value read back, the array stored to and the index."""
        if self.is_store:
            return (self.let.result, *self.let.operands[2:])
        return self.let.operands


class States:
    """The arrays of the reverse sweep, as statements of the forward sweep see them."""

    def __init__(
        self, root: Region, versions: Versions, homes: Callable[[Var], Region]
    ) -> None:
        self.root = root
        self.versions = versions
        self.home_of = homes
        self._dependence: Dependence | None = None
        self._arrays: dict[Var, Array | None] = {}
        self._accesses: dict[Let, Access] = {}
        self._clashes: dict[tuple[Let, Let, bool, bool], bool] = {}
        self._spoilt: dict[tuple[Reading, Var], frozenset[Let]] = {}

    # --- Versions --------------------------------------------------------------------

    def _seen_from(self, region: Region, version: Var) -> Region:
        """The region in which a version lives on, for one that reads it."""
        home = self.home_of(version)
        while region is not home and not self.versions.has_future(region, version):
            region = self.versions.parents[region][0]
        return region

    def is_version(self, region: Region, atom: Atom) -> bool:
        """Whether an atom is an array that a loop overwrites, out of scope."""
        if not isinstance(atom, Var) or self.home_of(atom) is self.root:
            return False
        return self.versions.has_future(self._seen_from(region, atom), atom)

    def versions_in(self, reading: Reading) -> list[Var]:
        """The versions that a statement reads."""
        return [
            a
            for a in reading.atoms
            if isinstance(a, Var) and self.is_version(reading.home, a)
        ]

    def is_lost(self, region: Region, version: Var) -> bool:
        """Whether what becomes of a version is not known at the end."""
        return self.versions.last(self._seen_from(region, version), version) is None

    # --- Stores ----------------------------------------------------------------------

    def to_undo(self, reading: Reading) -> frozenset[Let]:
        """The stores to undo before a statement is run again."""
        return frozenset(
            store
            for version in self.versions_in(reading)
            for store in self.versions.stores(version)
            if self._clash(reading, version, store, later=False)
            or self._clash(reading, version, store, later=True)
        )

    def spoilt_by(self, reading: Reading, version: Var) -> frozenset[Let]:
        """The stores that touch what is read in the same trips, after it."""
        key = reading, version
        if key not in self._spoilt:
            self._spoilt[key] = frozenset(
                store
                for store in self.versions.stores(version)
                if self._clash(reading, version, store, later=False)
            )
        return self._spoilt[key]

    def _clash(
        self, reading: Reading, version: Var, store: Let, *, later: bool
    ) -> bool:
        """Whether a store may touch what a statement reads of a version, after it in
        the same trips, or in later ones."""
        if reading.let.primitive.name in ("shape", "size"):
            return False
        key = reading.let, store, reading.is_store, later
        if key not in self._clashes:
            self._clashes[key] = self._tested(reading, version, store, later)
        return self._clashes[key]

    def _tested(self, reading: Reading, version: Var, store: Let, later: bool) -> bool:
        chain = self.versions.chain(version)
        if chain not in self._arrays:
            self._arrays[chain] = self._array(version)
        array = self._arrays[chain]
        places = {let.primitive.name for let in (reading.let, store)}
        # Of what is selected by arrays of integers or masks nothing is proven.
        if array is None or not places <= {"load", "store", "accumulate"}:
            return True
        if self._dependence is None:
            self._dependence = Dependence(self.root)
        for let in (reading.let, store):
            if let not in self._accesses:
                self._accesses[let] = access(let, array)
        test = self._dependence.later if later else self._dependence.same
        return test(self._accesses[reading.let], self._accesses[store])

    def _array(self, version: Var) -> Array | None:
        """The type of the array of which these are versions, in scope at the end."""
        store = self.versions.stores(version)[0]
        last = self.versions.last(self.home_of(store.result), store.result)
        if last is None or self.versions.changes_places(version):
            return None
        return last.type if isinstance(last.type, Array) else None

    # --- Reading ---------------------------------------------------------------------

    def is_there(self, reading: Reading, last_use: float) -> bool:
        """Whether what a statement reads is still there, in the reverse sweep, wherever
        its result is needed: up to `last_use` in its region."""
        for version in self.versions_in(reading):
            if self.is_lost(reading.home, version):
                return False
            if not self.versions.is_current(reading.home, version):
                return False
            spared = self.spoilt_by(reading, version)
            *_, (_, event) = self.versions.later(reading.home, version, spared)
            if event is not None:
                end, through = event.position, isinstance(event, Passage)
                if last_use >= end if through else last_use > end:
                    return False
        return True

    def serving(
        self, reading: Reading, version: Var, at_hand: Callable[[Var], bool]
    ) -> Var:
        """The version to read from: the earliest at hand that serves, or else the
        latest that does."""
        spared = self.spoilt_by(reading, version)
        found = [v for v, _ in self.versions.later(reading.home, version, spared)]
        return next((v for v in found if at_hand(v)), found[-1])
