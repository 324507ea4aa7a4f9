"""Generators of random numbers, whose streams are PyTorch's."""

from adcompiler.random.draws import (
    bernoulli,
    dropout,
    exponential,
    kaiming_uniform,
    linear_values,
    multinomial,
    normal,
    rand,
    randint,
    randn,
    randperm,
    uniform,
)
from adcompiler.random.generator import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)

__all__ = [
    "Generator",
    "bernoulli",
    "default_generator",
    "dropout",
    "exponential",
    "get_rng_state",
    "initial_seed",
    "kaiming_uniform",
    "linear_values",
    "manual_seed",
    "multinomial",
    "normal",
    "rand",
    "randint",
    "randn",
    "randperm",
    "seed",
    "set_rng_state",
    "uniform",
]
