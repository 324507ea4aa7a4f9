"""`python -m bench.optimizers [--threads N] [--size N]`: a step of each, in ms.

Ours and PyTorch's, with its defaults, with ``foreach=True`` and with ``fused=True``
where it has that, on one float32 parameter, by turns in one process; medians.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np

CASES = {
    "SGD": {},
    "SGD, momentum": {"momentum": 0.9},
    "Adam": {},
    "AdamW": {},
    "RMSprop": {},
    "Adagrad": {},
}
FUSED = ("SGD", "Adam", "AdamW", "Adagrad")
ROUNDS = 15


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(prog="bench.optimizers", description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--size", type=int, default=10**7)
    options = parser.parse_args()
    os.environ["ADC_NUM_THREADS"] = str(options.threads)
    import torch

    torch.set_num_threads(options.threads)
    print(f"{options.size} float32 numbers, {options.threads} thread(s), ms for a step")
    names = ["ours", "PyTorch", "foreach", "fused"]
    print(f"{'':15}" + "".join(f"{name:>9}" for name in names))
    for title, more in CASES.items():
        found = measured(title.partition(",")[0], more, options.size)
        cells = (f"{found[n] * 1e3:9.2f}" if n in found else 9 * " " for n in names)
        print(f"{title:15}" + "".join(cells))


def measured(name: str, more: dict[str, float], size: int) -> dict[str, float]:
    """The medians of the contenders, who start from the same numbers."""
    rng = np.random.default_rng(0)
    start, grad = (rng.standard_normal(size, np.float32) for _ in range(2))
    steps = {"ours": ours(name, more, start, grad)}
    for word in ("PyTorch", "foreach", "fused"):
        if word != "fused" or name in FUSED:
            own = {} if word == "PyTorch" else {word: True}
            steps[word] = theirs(name, {**more, **own}, start, grad)
    times: dict[str, list[float]] = {word: [] for word in steps}
    for k in range(ROUNDS + 2):
        for word, step in steps.items():
            begin = perf_counter()
            step()
            if k >= 2:
                times[word].append(perf_counter() - begin)
    return {word: median(found) for word, found in times.items()}


def ours(
    name: str, more: dict[str, float], start: np.ndarray, grad: np.ndarray
) -> Callable[[], object]:
    """A step of ours."""
    from adcompiler import runtime

    p = runtime.Parameter(start.copy())
    p.grad = grad.copy()
    return getattr(runtime, name)([p], lr=1e-3, **more).step


def theirs(
    name: str, more: dict[str, float], start: np.ndarray, grad: np.ndarray
) -> Callable[[], object]:
    """A step of PyTorch's."""
    import torch

    p = torch.nn.Parameter(torch.from_numpy(start.copy()))
    p.grad = torch.from_numpy(grad.copy())
    return getattr(torch.optim, name)([p], lr=1e-3, **more).step


if __name__ == "__main__":
    main()
