"""Timing in turns: each contender once a round, so that noise falls on all alike."""

import ctypes
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from itertools import repeat
from typing import Any

__all__ = ["keep_freed_memory", "medians", "samples"]

# A sample of a short call is a run of calls, as long as the clock needs to be exact.
_SAMPLE = 3e-4
# What is shorter is called once before each sample, so that it finds its own data in
# the caches and not those of who was before it.
_LONG = 2e-2


# Of glibc's `mallopt`: how much free memory at the end of the heap goes back to the
# system, and from what size on an allocation is a mapping of its own, 32 MiB at most.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> None:
    """Let the process keep what is freed, where the C library is glibc.

    Else the end of the heap goes back to the system now and then, and which contender
    pays for having it again is a matter of who allocated before: a quarter of the time
    of a gradient of two megabytes.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_TRIM_THRESHOLD, 2**30)
            mallopt(_MMAP_THRESHOLD, 2**25)


def samples(
    contenders: Mapping[str, Callable[[], Any]], seconds: float
) -> dict[str, list[float]]:
    """Seconds of a call of each, by rounds that fill `seconds`; five rounds at least.

    Each contender is called once before it is timed.
    """
    counts, short = {}, set()
    for name, call in contenders.items():
        call()
        once = _of_calls(call, 1)
        counts[name] = max(1, round(_SAMPLE / once))
        if once < _LONG:
            short.add(name)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(next(iter(times.values()))) < 5:
        for name, call in contenders.items():
            if name in short:
                call()
            times[name].append(_of_calls(call, counts[name]))
    return times


def medians(
    contenders: Mapping[str, Callable[[], Any]], seconds: float
) -> dict[str, float]:
    """The median seconds of one call of each."""
    found = samples(contenders, seconds)
    return {name: statistics.median(times) for name, times in found.items()}


def _of_calls(call: Callable[[], Any], count: int) -> float:
    """Seconds of one call, of a run of `count`."""
    start = time.perf_counter()
    for _ in repeat(None, count):
        call()
    return (time.perf_counter() - start) / count
