"""What a program is trained with: generators, losses, optimizers, modules.

In: arrays and `Parameter`s. Out: PyTorch's numbers, to the digits that
`tests/reference` states. `ad.runtime` is this package.
"""

from adcompiler.random import (
    Generator,
    bernoulli,
    default_generator,
    dropout,
    exponential,
    get_rng_state,
    initial_seed,
    kaiming_uniform,
    manual_seed,
    multinomial,
    normal,
    rand,
    randint,
    randn,
    randperm,
    seed,
    set_rng_state,
    uniform,
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
