"""Where the programs for a request are kept: found, and put there.

In: a target, what is known of its arguments. Out: a `Place`, which gives what is kept
of a program that fits (`Kept`), and takes those that were compiled.
Invariants: programs lie under a key that tells the function, the types of its arguments
and all versions; of those under one key, one fits if its trail is found again. An entry
says its key in full, so names of files may be short.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adcompiler.cache.codes import CodeShelf
from adcompiler.cache.directory import directory
from adcompiler.cache.entries import Part, read_part, spec_words, written_part
from adcompiler.cache.files import Files
from adcompiler.cache.fingerprints import Undescribed
from adcompiler.cache.notation import decoded, encoded
from adcompiler.cache.trails import Lost, Trail, followed
from adcompiler.cache.versions import versions
from adcompiler.frontend.arguments import same_static
from adcompiler.frontend.interface import ArgSpec, Derivative, LeafSpec, StaticSpec
from adcompiler.frontend.structures import Shape
from adcompiler.settings import Settings

__all__ = ["Kept", "Place", "place_of"]

Statics = tuple[tuple[int, Any], ...]
Lengths = tuple[tuple[tuple[int, int], int], ...]

MOST = 16  # programs under one key


@dataclass(frozen=True, slots=True)
class Kept:
    """A program of an earlier process; see `programs.Program`."""

    parts: tuple[Part, ...]
    statics: Statics
    lengths: Lengths
    small: Lengths
    shelves: tuple[CodeShelf, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The programs under one key; `roots` are the objects that it tells of."""

    files: Files
    key: str
    roots: tuple[Any, ...]

    @property
    def group(self) -> str:
        """The name of the group of files."""
        return _short(self.key.encode())

    def find(self, leaves: Sequence[Any], *, small: bool = False) -> Kept | None:
        """The program that serves these leaves now, if there is one: with `small`, one
        whose code is made for their lengths comes before others."""
        group, best = self.group, None
        for name in self.files.names(group, _ENTRY):
            found = self._kept(self.files.read(group, name), name, leaves)
            if found is None or (found.small and not small):
                continue
            best = (name, found)
            if found.small or not small:
                break
        if best is None:
            return None
        self.files.touch(group, best[0])
        return best[1]

    def _kept(
        self, data: bytes | None, name: str, leaves: Sequence[Any]
    ) -> Kept | None:
        """What an entry tells, if that is so in this process."""
        if data is None:
            return None
        try:
            entry = json.loads(data)
            if entry["key"] != self.key:
                return None
            statics = tuple((k, decoded(value)) for k, value in entry["statics"])
            lengths, small = (
                tuple(((k, axis), n) for k, axis, n in entry[word])
                for word in ("lengths", "small")
            )
            fits = all(same_static(leaves[k], value) for k, value in statics) and all(
                np.shape(leaves[k])[axis] == n for (k, axis), n in (*lengths, *small)
            )
            if not fits:
                return None
            found = followed(entry["steps"], self.roots)
            parts = tuple(read_part(part, found) for part in entry["parts"])
        except (Lost, ValueError, LookupError, TypeError, AttributeError):
            return None
        stem = name.removesuffix(_ENTRY)
        shelves = self._shelves(stem, parts, None)
        return Kept(parts, statics, lengths, small, shelves)

    def shelves(
        self,
        parts: Sequence[Part],
        statics: Statics,
        lengths: Lengths,
        small: Lengths = (),
    ) -> tuple[CodeShelf, ...] | None:
        """Where the code of a program is to be kept that was compiled just now; None
        where it cannot be."""
        try:
            trail = Trail(self.roots)
            written = [written_part(part, trail) for part in parts]
            entry = {
                "key": self.key,
                "statics": [[k, encoded(value)] for k, value in statics],
                "lengths": [[k, axis, n] for (k, axis), n in lengths],
                "small": [[k, axis, n] for (k, axis), n in small],
                "steps": trail.steps,
                "parts": written,
            }
        except Undescribed:
            return None
        data = json.dumps(entry).encode()
        stem, group = _own_name(data), self.group
        for name in self.files.names(group, _ENTRY)[MOST - 1 :]:
            self.files.remove(group, name)
        return self._shelves(stem, parts, (stem + _ENTRY, data))

    def _shelves(
        self, stem: str, parts: Sequence[Part], entry: tuple[str, bytes] | None
    ) -> tuple[CodeShelf, ...]:
        return tuple(
            CodeShelf(self.files, self.group, f"{stem}-{k}", part.classes, entry)
            for k, part in enumerate(parts)
        )


_ENTRY = ".json"


def _short(data: bytes) -> str:
    """A name for a text, which another may have, too."""
    return f"{zlib.crc32(data):08x}{zlib.adler32(data):08x}"


def _own_name(data: bytes) -> str:
    """A name for a text that no other has."""
    import hashlib

    return hashlib.blake2b(data, digest_size=16).hexdigest()


def place_of(
    target: Any,
    specs: Mapping[str, ArgSpec],
    passed: frozenset[str],
    settings: Settings,
) -> Place | None:
    """Where programs for such a call are kept; None where none can be."""
    files = directory(settings)
    if files is None:
        return None
    chain = []
    while isinstance(derivative := _derivative(target), Derivative):
        wrt = None if derivative.wrt is None else list(derivative.wrt)
        chain.append([derivative.kind, wrt])
        target = derivative.function
    roots = _Roots([target])
    try:
        words = {name: roots.words(spec) for name, spec in specs.items()}
        steps = Trail(roots.objects).steps
    except Undescribed:
        return None
    switches = [settings.optimise, settings.strict_fp]
    known = [versions(), switches, chain, words, sorted(passed), steps]
    return Place(files, json.dumps(known), tuple(roots.objects))


def _derivative(target: Any) -> Any:
    return getattr(target, "__adcompiler_derivative__", None)


@dataclass(slots=True)
class _Roots:
    """The objects that a key tells of: the function, and what arguments are static."""

    objects: list[Any]

    def words(self, spec: ArgSpec) -> list[Any]:
        """What is known of an argument."""
        match spec:
            case LeafSpec():
                return spec_words(spec)
            case StaticSpec(value=value):
                return ["static", self._number(value)]
        cls: type | Shape = spec.cls
        made = cls if isinstance(cls, type) else getattr(cls, "cls", None)
        names = () if isinstance(cls, type) else cls.names
        kind = [type(cls).__name__, self._number(made), encoded(names)]
        return [kind, *map(self.words, spec.items)]

    def _number(self, value: Any) -> int:
        self.objects.append(value)
        return len(self.objects) - 1
