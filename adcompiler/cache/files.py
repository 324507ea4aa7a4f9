"""A directory of entries, which any number of processes read and write at once.

In: names and bytes. Out: the bytes that were written under a name, or None.
Invariants: a file is whole or not there; one that is damaged reads as none. Nothing is
read or written where others than the user may write. What was not used for longest goes
when the directory outgrows its bound. No failure of the disk is an error.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Files"]

_HEAD = b"adcompiler "
_numbers = itertools.count()
_GROWN, _PAGE = ".grown", 4096


@dataclass(slots=True)
class Files:
    """The files of a directory, in groups; `limit` is how many bytes there may be."""

    root: Path
    limit: int

    def usable(self) -> bool:
        """Whether the directory is there, and the user's alone to write to."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            return _private(self.root)
        except OSError:
            return False

    def names(self, group: str, suffix: str) -> list[str]:
        """The files of a group that end so, the last used first."""
        try:
            with os.scandir(self.root / group) as entries:
                found = [
                    (entry.stat().st_mtime_ns, entry.name)
                    for entry in entries
                    if entry.name.endswith(suffix) and entry.name[0] != "."
                ]
        except OSError:
            return []
        return [name for _, name in sorted(found, reverse=True)]

    def read(self, group: str, name: str) -> bytes | None:
        """What a file holds, if it is as it was written."""
        path = self.root / group / name
        try:
            if not _private(path):
                return None
            data = path.read_bytes()
        except OSError:
            return None
        head, _, rest = data.partition(b"\n")
        return rest if head == _checked(rest) else None

    def touch(self, group: str, name: str) -> None:
        """Say that a file was used."""
        with contextlib.suppress(OSError):
            os.utime(self.root / group / name)

    def write(self, group: str, name: str, data: bytes) -> None:
        """Put a file there, in place of the one that was."""
        folder = self.root / group
        part = folder / f".{os.getpid()}-{next(_numbers)}"
        whole = _checked(data) + b"\n" + data
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
                with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
                    file.write(whole)
                part.replace(folder / name)
            except OSError:
                part.unlink(missing_ok=True)
                raise
        except OSError:
            return
        self._grow(len(whole))

    def _grow(self, size: int) -> None:
        """Note what was written, by all processes, since somebody looked at the size:
        a byte for each page."""
        with contextlib.suppress(OSError), (self.root / _GROWN).open("ab") as file:
            file.write(b"." * (1 + size // _PAGE))
            if file.tell() * _PAGE > self.limit // 16:
                self.shrink()

    def remove(self, group: str, name: str) -> None:
        """Let a file go."""
        with contextlib.suppress(OSError):
            (self.root / group / name).unlink()

    def shrink(self) -> None:
        """Let the groups go that were not used for longest, until the rest fits."""
        with contextlib.suppress(OSError):
            (self.root / _GROWN).unlink()
        groups = sorted(self._groups())
        size = sum(size for _, size, _ in groups)
        for _, bytes_, folder in groups:
            if size <= self.limit:
                return
            _remove(folder)
            size -= bytes_

    def _groups(self) -> Iterator[tuple[int, int, Path]]:
        """When each group was last used, and how many bytes it has."""
        for folder in _within(self.root):
            if folder.name[0] == ".":
                continue
            found = []
            for path in _within(folder):
                with contextlib.suppress(OSError):
                    found.append(path.stat())
            last = max((f.st_mtime_ns for f in found), default=0)
            yield last, sum(f.st_size for f in found), folder


def _checked(data: bytes) -> bytes:
    """The first line of a file that holds this."""
    return _HEAD + b"%d %08x" % (len(data), zlib.crc32(data))


def _private(path: Path) -> bool:
    """Whether the user owns it, and nobody else may write to it."""
    if not hasattr(os, "getuid"):
        return True
    found = path.stat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022


def _within(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _remove(folder: Path) -> None:
    for path in _within(folder):
        with contextlib.suppress(OSError):
            path.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()
