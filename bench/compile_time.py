"""From a gradient's first call to the loaded function: the corpus, and long bodies."""

import linecache
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import adcompiler as ad
from tests.programs import PROGRAMS


def seconds(fn: Callable[..., Any], args: tuple, **options: Any) -> float:
    """Seconds that the reverse mode of `fn` takes to be made for `args`."""
    compiled = ad.differentiate(fn, **options)
    start = time.perf_counter()
    compiled.source(*args, of="pullback")
    return time.perf_counter() - start


def corpus() -> Iterator[tuple[float, str]]:
    """Seconds and name of each function of the corpus, with its first inputs."""
    seen = set()
    for row in PROGRAMS.values():
        if row.refused or row.raises or row.fn in seen:
            continue
        seen.add(row.fn)
        yield seconds(row.fn, row.args(), wrt=row.wrt), row.name


def long_body(count: int) -> Callable[[float, int], float]:
    """A loop whose body has `count` statements, each active."""
    steps = "".join(f"        y = np.sin(y) * 1.{i % 3}5 + x\n" for i in range(count))
    head = "def long_body(x, n):\n    y = x\n    for _ in range(n):\n"
    text = f"{head}{steps}    return y\n"
    name = f"<long body {count}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    namespace = {"np": np}
    exec(compile(text, name, "exec"), namespace)
    return namespace["long_body"]


def report() -> None:
    """Print median and worst of the corpus, and how time grows with the source."""
    times = sorted(corpus())
    middle = statistics.median(t for t, _ in times)
    print(f"gradients compiled: {len(times)}, median {1e3 * middle:.1f} ms, worst")
    for time_, name in times[-5:]:
        print(f"  {1e3 * time_:8.1f} ms  {name}")
    print("a loop body of n statements")
    for count in (25, 50, 100, 200, 400):
        time_ = seconds(long_body(count), (0.3, 1))
        print(f"  n = {count:3}: {1e3 * time_:8.1f} ms, {1e3 * time_ / count:.1f} each")
