"""The programs that are measured, each with those of the peers beside it."""

from importlib import import_module

from bench.workload import Workload

__all__ = ["NAMES", "workload"]

NAMES = (
    "polynomial",
    "polynomial_of_two",
    "rosenbrock",
    "lorenz",
    "heat",
    "gmm_loops",
    "gmm",
    "lstm",
    "mlp",
    "chain",
    "kalman",
    "black_scholes",
)


def workload(name: str) -> Workload:
    """The workload of a module."""
    found: Workload = import_module(f"bench.workloads.{name}").WORKLOAD
    return found
