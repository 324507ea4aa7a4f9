"""Generators of random numbers, whose streams are PyTorch's.

The functions that draw are imported when one is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from adcompiler.random.generator import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)

if TYPE_CHECKING:
    from adcompiler.random.draws import (
        bernoulli,
        dropout,
        dropout_mask,
        exponential,
        fork,
        fresh,
        kaiming_uniform,
        linear_values,
        multinomial,
        normal,
        normal_and_noise,
        rand,
        randint,
        randn,
        randperm,
        start,
        uniform,
        uniform_and_noise,
    )

__all__ = [
    "Generator",
    "bernoulli",
    "default_generator",
    "dropout",
    "dropout_mask",
    "exponential",
    "fork",
    "fresh",
    "get_rng_state",
    "initial_seed",
    "kaiming_uniform",
    "linear_values",
    "manual_seed",
    "multinomial",
    "normal",
    "normal_and_noise",
    "rand",
    "randint",
    "randn",
    "randperm",
    "seed",
    "set_rng_state",
    "start",
    "uniform",
    "uniform_and_noise",
]


def __getattr__(name: str) -> Any:
    """A function that draws."""
    if name in __all__:
        return getattr(importlib.import_module("adcompiler.random.draws"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
