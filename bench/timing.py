"""Timing in turns: each contender once a round, so that noise falls on all alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any


def medians(
    contenders: Mapping[str, Callable[[], Any]], seconds: float
) -> dict[str, float]:
    """The median seconds of one call of each, over rounds that fill `seconds`.

    Each contender runs once before the first round; there are five rounds at least.
    """
    for call in contenders.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(next(iter(times.values()))) < 5:
        for name, call in contenders.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(samples) for name, samples in times.items()}
