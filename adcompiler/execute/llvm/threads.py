"""How many threads share the large nests of machine code, and where their stacks end.

In: what the settings say. Out: `symbols`, by which machine code finds two numbers: how
many threads there may be, and how many of them work at the moment, besides those that
have called; and records, which it fills, of how far down the stacks of callers reach.
Invariant: no thread outlives the nest that it was made for. So a process that was
forked has none, whatever its parent was doing.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping

from adcompiler import settings

__all__ = ["allow", "symbols"]

_numbers = (ctypes.c_int64 * 2)()
_stacks = (ctypes.c_int64 * (16 * 3))()  # the records of `adc_stack_least`
_said: list[int | None] = []  # what the settings said last


def allow(count: int | None) -> None:
    """Let so many threads share a nest; None are as many as there are processors."""
    if _said != [count]:
        _said[:] = [count]
        _numbers[0] = count or _processors()


def symbols() -> Mapping[str, int]:
    """Where the numbers and the records are."""
    if not _said:
        allow(settings.current().threads)
    addressof = ctypes.addressof
    return {"adc_threads": addressof(_numbers), "adc_stacks": addressof(_stacks)}


def _processors() -> int:
    """How many processors there are for this process."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _forked() -> None:
    _numbers[1] = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
