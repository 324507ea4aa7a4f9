"""The generated gradients of the golden programs against those written by hand.

Both are Python over NumPy, at sizes where their statements count and not their calls;
beside them the same gradients as machine code.
"""

from collections.abc import Iterator
from importlib import import_module

import numpy as np

import adcompiler as ad
from bench.timing import medians
from tests.golden.hand import NAMES
from tests.numerics import copy_arguments, flatten


def _classifier(rng):
    features, hidden, classes, count = 64, 32, 10, 256
    return (
        0.1 * rng.normal(size=(features, hidden)),
        0.1 * rng.normal(size=hidden),
        0.1 * rng.normal(size=(hidden, classes)),
        0.1 * rng.normal(size=classes),
        rng.normal(size=(count, features)),
        np.eye(classes)[rng.integers(0, classes, count)],
    )


def _definite(rng, n):
    m = rng.normal(size=(n, n))
    return m @ m.T / n + np.eye(n)


# Larger than the inputs that the golden programs are tested with.
INPUTS = {
    "square_times_sine": lambda rng: (0.7,),
    "linear_regression": lambda rng: (
        rng.normal(size=20),
        0.4,
        rng.normal(size=(2000, 20)),
        rng.normal(size=2000),
    ),
    "classifier_loss": _classifier,
    "horner": lambda rng: (rng.normal(size=500), 0.8),
    "newton_sqrt": lambda rng: (2.3,),
    "lorenz": lambda rng: (1.0, 0.9, 1.2, 10.0, 28.0, 0.01, 500),
    "heat": lambda rng: (rng.normal(size=1000), 0.3, 200),
    "gauss_seidel": lambda rng: (
        rng.uniform(-0.5, 0.5, (20, 20)) + 11 * np.eye(20),
        rng.normal(size=20),
        rng.normal(size=20),
        5,
    ),
    "cholesky": lambda rng: (_definite(rng, 20), rng.normal(size=(20, 20))),
    "triangular": lambda rng: (0.8, rng.uniform(0.5, 1.5, 40)),
    "huber_sum": lambda rng: (
        0.9,
        -0.2,
        2.0 * rng.normal(size=500),
        rng.normal(size=500),
        0.6,
    ),
    "first_crossing": lambda rng: (0.2, 0.1, 0.9),
}


COLUMNS = ("primal", "by hand", "generated", "native")


def rows(seconds: float) -> Iterator[tuple[str, dict[str, float]]]:
    """Of each program: name, and the seconds of each contender."""
    for name in NAMES:
        module = import_module(f"tests.golden.hand.{name}")
        primal, by_hand = getattr(module, name), getattr(module, f"grad_{name}")
        args = INPUTS[name](np.random.default_rng(11))
        gradient = ad.differentiate(primal, wrt=module.WRT, backend="numpy").grad
        native = ad.differentiate(primal, wrt=module.WRT, backend="llvm").grad
        for found in (gradient, native):
            np.testing.assert_allclose(
                flatten(found(*copy_arguments(args))),
                flatten(by_hand(*copy_arguments(args))),
                rtol=1e-9,
                atol=1e-11,
            )
        contenders = {
            # A primal that stores into its arguments gets its own each time.
            "primal": lambda f=primal, a=args: f(*copy_arguments(a)),
            "by hand": lambda f=by_hand, a=args: f(*copy_arguments(a)),
            "generated": lambda f=gradient, a=args: f(*copy_arguments(a)),
            "native": lambda f=native, a=args: f(*copy_arguments(a)),
        }
        yield name, medians(contenders, seconds)


def report(seconds: float) -> None:
    """Print the table, with the ratios to the gradient by hand and their means."""
    columns = "".join(f"{name:>11}" for name in COLUMNS)
    print(f"{'gradient':20}{columns}{'ratio':>8}{'native':>8}")
    ratios = []
    for name, times in rows(seconds):
        ratio = [times[k] / times["by hand"] for k in ("generated", "native")]
        ratios.append(ratio)
        cells = "".join(f"{1e6 * times[k]:9.1f}us" for k in COLUMNS)
        print(f"{name:20}{cells}{ratio[0]:8.2f}{ratio[1]:8.3f}", flush=True)
    mean = np.exp(np.mean(np.log(ratios), axis=0))
    print(f"{'geometric mean':64}{mean[0]:8.2f}{mean[1]:8.3f}")
