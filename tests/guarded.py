"""The corpus in machine code, with memory that tells what is touched beside it.

`python -m tests.guarded FIRST STEP` takes every STEP-th program, from the FIRST on. Its
arguments lie against a page that nobody may touch, with their ends and with their
beginnings, in C order and with gaps; a step beyond ends the process, whose last line
names the program. What the C library gives and takes back holds no zeros if it is told
to (`GLIBC_TUNABLES=glibc.malloc.perturb=1`), so that numbers which nobody has set are
not those of the NumPy program. Under `valgrind --smc-check=all-non-file`, with
`PYTHONMALLOC=malloc`, what is read before it is set is told with its address.
"""

from __future__ import annotations

import ctypes
import faulthandler
import mmap
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from adcompiler.building import build, native_module
from adcompiler.emit.llvm import NotNative
from adcompiler.execute.llvm.entry import Entry, compiled
from adcompiler.ir.nodes import Function
from adcompiler.resident import Resident
from tests.test_native import (
    ROWS,
    HandedOn,
    agrees,
    derived,
    handed_on,
    kind_of,
    lowered,
    outcome,
)

PAGE = mmap.PAGESIZE
_kept: list[mmap.mmap] = []  # memory of arrays, for as long as the process runs


def walled(value: Any, side: str) -> Any:
    """The same array, with a page that may not be touched behind it or before it."""
    if not isinstance(value, np.ndarray) or not value.nbytes:
        return value
    pages = -(-value.nbytes // PAGE)
    memory = mmap.mmap(-1, (pages + 2) * PAGE)
    _kept.append(memory)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    room = pages * PAGE - value.nbytes if side == "end" else 0
    flat = np.frombuffer(memory, value.dtype, value.size, PAGE + room)
    flat[:] = value.ravel()
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for wall in (base, base + (pages + 1) * PAGE):
        if protect(wall, PAGE, 0) != 0:
            raise OSError(ctypes.get_errno(), "no page can be protected")
    return flat.reshape(value.shape)


def with_gaps(value: Any, side: str) -> Any:
    """Likewise, of an array with gaps, the last axis turned round."""
    if not isinstance(value, np.ndarray) or not value.ndim or not value.nbytes:
        return value
    wide = walled(np.repeat(value, 2, axis=-1), side)
    ends = np.arange(value.shape[-1])
    view = wide[..., ::-2] if side == "end" else wide[..., -2::-2]
    view[...] = value[..., ends]
    return view


LAYOUTS: dict[str, tuple[bool, Callable[[Any], Any]]] = {
    "end": (True, lambda v: walled(v, "end")),
    "start": (True, lambda v: walled(v, "start")),
    "end, with gaps": (False, lambda v: with_gaps(v, "end")),
    "start, with gaps": (False, lambda v: with_gaps(v, "start")),
}


def examined(function: Function, values: list[Any]) -> Iterator[str]:
    """The layouts in which the machine code has served a call, and rightly."""
    expected, error = outcome(build(function, name="f", label="f").call, values)
    codes: dict[bool, Any] = {}
    for name, (dense, placed) in LAYOUTS.items():
        if dense not in codes:
            codes[dense] = compiled(native_module(function, "f", dense=dense))
        call = Entry(codes[dense], "f", Resident(None)).callable(handed_on)
        found, raised = outcome(call, values, placed)
        if isinstance(raised, HandedOn):
            continue
        assert type(raised) is type(error), f"{name}: {raised!r}, NumPy: {error!r}"
        for mine, theirs in zip(found or (), expected or (), strict=True):
            agrees(mine, theirs)
        yield name


def main(first: int, step: int) -> None:
    faulthandler.enable()
    served = programs = 0
    for row in ROWS[first::step]:
        print(row.name, flush=True)
        function, values, wrt = lowered(row)
        if not wrt or not function.region.falls:
            continue
        try:
            gradient = derived(kind_of(function), function, wrt)
            served += len(list(examined(gradient, values)))
        except (NotNative, pytest.skip.Exception):
            continue
        programs += 1
    print(f"{programs} programs, {served} layouts served by machine code")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
