"""Rosenbrock's function, as a loop over its terms; the peers have arrays instead."""

import numpy as np

from bench.workload import Numba, Workload


def rosenbrock(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def value_and_grad(x):
    last = len(x) - 1
    x_bar = np.empty(last + 1)
    total, carried = 0.0, 0.0
    for i in range(last):
        a = x[i + 1] - x[i] * x[i]
        b = 1.0 - x[i]
        total += 100.0 * (a * a) + b * b
        x_bar[i] = carried - 400.0 * a * x[i] - 2.0 * b
        carried = 200.0 * a
    x_bar[last] = carried
    return total, x_bar


def of_slices(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def autograd(x):
    import autograd.numpy as np

    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def _of(n):
    return lambda rng: (rng.normal(size=n),)


WORKLOAD = Workload(
    title="Rosenbrock, a loop",
    program=rosenbrock,
    wrt=("x",),
    sizes={"n=10": _of(10), "n=10^3": _of(1000), "n=10^5": _of(100_000)},
    tiny=_of(7),
    hand=Numba(rosenbrock, value_and_grad),
    bar=1.3,
    peers={"jax": of_slices, "torch": of_slices, "autograd": autograd},
)
