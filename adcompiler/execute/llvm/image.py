"""Machine code as bytes that can be kept, and put into memory without LLVM.

In: an object file, as LLVM writes it. Out: an `Image`, and by `load` the addresses
of its functions.
Invariants: an image is code and constants alone, nothing in it is written to; its
addresses stand as numbers of eight bytes, each a symbol's or one of its own. An object
that is not so has none (`image_of` gives None), and is linked by LLVM.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["Image", "image_of", "is_found", "load", "vector_library"]

_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")
_HEAD = b"\x7fELF\x02\x01\x01"  # of 64 bits, the least byte first
_X86_64, _RELOCATABLE = 62, 1
_PROGBITS, _SYMTAB, _RELA, _X86_64_UNWIND = 1, 2, 4, 0x70000001
_WRITE, _ALLOC = 1, 2
_ABSOLUTE, _RELATIVE_32, _PLT_32, _RELATIVE_64 = 1, 2, 4, 24
_ELSEWHERE = 0  # the section of a symbol that is not defined here
_EXECUTABLE = 5  # read and run


@dataclass(frozen=True, slots=True)
class Image:
    """Code and constants. `entries` are where the functions begin that were asked for,
    `places` where addresses stand: the offset, the symbol, None for the image itself,
    and what is added to it."""

    code: bytes
    entries: tuple[int, ...]
    places: tuple[tuple[int, str | None, int], ...]

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that it needs."""
        return frozenset(name for _, name, _ in self.places if name is not None)


# --- Out of an object file ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Section:
    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry: int


class _Other(Exception):
    """The object has what an image cannot have."""


def image_of(file: bytes, names: Sequence[str]) -> Image | None:
    """The image of an object file for this processor, and where the functions of these
    names are in it; None where it is no such."""
    kind, machine = struct.unpack_from("<HH", file, 16)
    if not file.startswith(_HEAD) or (kind, machine) != (_RELOCATABLE, _X86_64):
        return None
    try:
        return _image(file, names)
    except _Other:
        return None


def _image(file: bytes, names: Sequence[str]) -> Image:
    (start,) = struct.unpack_from("<Q", file, 40)
    (count,) = struct.unpack_from("<H", file, 60)
    sections = [
        _Section(*_SECTION.unpack_from(file, start + _SECTION.size * k))
        for k in range(count)
    ]
    code, bases = _laid_out(file, sections)
    symbols = list(_symbols(file, sections, bases))
    places = []
    for section in sections:
        if section.kind != _RELA or section.info not in bases:
            continue
        for offset, info, addend in _entries(_RELOCATION, file, section):
            where = bases[section.info] + offset
            name, value = symbols[info >> 32]
            how = info & 0xFFFFFFFF
            if value is None:
                raise _Other
            if how == _ABSOLUTE:
                places.append((where, name, value + addend))
            elif name is None and how in (_RELATIVE_32, _PLT_32, _RELATIVE_64):
                layout = "<q" if how == _RELATIVE_64 else "<i"
                struct.pack_into(layout, code, where, value + addend - where)
            else:
                raise _Other
    offsets = dict(_defined(file, sections, bases))
    return Image(bytes(code), tuple(offsets[n] for n in names), tuple(places))


def _laid_out(
    file: bytes, sections: list[_Section]
) -> tuple[bytearray, dict[int, int]]:
    """What is in memory, and where each section lies in it."""
    code, bases = bytearray(), {}
    for k, section in enumerate(sections):
        # Nothing unwinds the stack past compiled code.
        if not section.flags & _ALLOC or section.kind == _X86_64_UNWIND:
            continue
        if section.kind != _PROGBITS or section.flags & _WRITE:
            raise _Other
        code += bytes(-len(code) % max(1, section.align))
        bases[k] = len(code)
        code += file[section.offset : section.offset + section.size]
    return code, bases


def _entries(
    layout: struct.Struct, file: bytes, section: _Section
) -> Iterator[tuple[Any, ...]]:
    return layout.iter_unpack(file[section.offset : section.offset + section.size])


def _named(file: bytes, sections: list[_Section]) -> Iterator[tuple[str, int, int]]:
    """The symbols: name, section, value."""
    table = next(s for s in sections if s.kind == _SYMTAB)
    names = sections[table.link].offset
    for name, _, _, section, value, _ in _entries(_SYMBOL, file, table):
        start = names + name
        yield file[start : file.index(b"\0", start)].decode(), section, value


def _symbols(
    file: bytes, sections: list[_Section], bases: Mapping[int, int]
) -> Iterator[tuple[str | None, int | None]]:
    """Each symbol: a name from elsewhere, or None and its place in the image, if it has
    one."""
    for name, section, value in _named(file, sections):
        if section == _ELSEWHERE:
            yield name, 0
        else:
            base = bases.get(section)
            yield None, None if base is None else base + value


def _defined(
    file: bytes, sections: list[_Section], bases: Mapping[int, int]
) -> Iterator[tuple[str, int]]:
    """The symbols that are defined, and where in the image they are."""
    for name, section, value in _named(file, sections):
        if section in bases:
            yield name, bases[section] + value


# --- Into memory ----------------------------------------------------------------------


def load(image: Image, symbols: Mapping[str, int]) -> tuple[tuple[int, ...], Any]:
    """The addresses of the functions, and what keeps them in memory.

    `symbols` are those that are not the process's own. A ValueError says that one is
    not found, an OSError that memory cannot be made executable.
    """
    found: dict[str | None, int] = dict(symbols.items())
    found |= {name: _address(name) for name in image.symbols - symbols.keys()}
    memory = mmap.mmap(-1, len(image.code))
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    found[None] = base
    code = bytearray(image.code)
    for where, name, value in image.places:
        struct.pack_into("<Q", code, where, found[name] + value & _WORD)
    memory[:] = bytes(code)
    protect = _process().mprotect
    protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    if protect(base, len(image.code), _EXECUTABLE) != 0:
        raise OSError(ctypes.get_errno(), "memory cannot be made executable")
    return tuple(base + start for start in image.entries), memory


_WORD = (1 << 64) - 1


def is_found(image: Image, symbols: Collection[str]) -> bool:
    """Whether the process has all symbols of an image but for these."""
    try:
        return all(_address(name) for name in image.symbols.difference(symbols))
    except ValueError:
        return False


@cache
def _process() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@cache
def vector_library() -> ctypes.CDLL | None:
    """The functions of libm on vectors, which the process then has."""
    try:
        return ctypes.CDLL("libmvec.so.1", ctypes.RTLD_GLOBAL)
    except OSError:
        return None


@cache
def _address(name: str) -> int:
    """Where the process has this function or variable."""
    if name.startswith("_ZGV"):
        vector_library()
    return ctypes.addressof(ctypes.c_char.in_dll(_process(), name))
