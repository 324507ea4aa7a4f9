"""Generators, and the one that is taken where none is given.

In: seeds and states. Out: a `Generator`, whose `state` is what `streams` draws from.
Invariants: `state` is one array for the generator's whole life, changed in place; what
is refused changes nothing.
"""

from __future__ import annotations

import os
from typing import Any, Self

import numpy as np

from adcompiler.random.rewinding import own, touched
from adcompiler.random.state import DEFAULT_SEED, from_bytes, reseed, seed_of, seeded

Array = np.ndarray[Any, Any]


class Generator:
    """A stream of random numbers: that of ``torch.Generator()``, on the CPU.

    A new one is seeded as PyTorch seeds it. It is for one thread at a time. Copies and
    pickles go on from where it is.

    >>> from adcompiler.random import rand, randint
    >>> g = Generator().manual_seed(0)
    >>> rand(2, generator=g)
    array([0.4962566, 0.7682218], dtype=float32)
    >>> state = g.get_state()
    >>> int(randint(0, 100, generator=g)), g.initial_seed()
    (33, 0)
    >>> g.set_state(state)
    >>> int(randint(0, 100, generator=g))
    33
    """

    __slots__ = ("__weakref__", "state")

    state: Array

    def __init__(self) -> None:
        self.state = seeded(DEFAULT_SEED)
        own(self)

    @classmethod
    def at(cls, state: Array) -> Self:
        """A generator that goes on from a state, which becomes its own."""
        made = cls.__new__(cls)
        made.state = state
        own(made)
        return made

    def manual_seed(self, seed: int) -> Self:
        """Start again from a seed; gives the generator.

        A seed is an integer from -2**63 to 2**64 - 1, negative ones counting modulo
        2**64; else ValueError. The stream depends on its low 32 bits.
        """
        reseed(touched(self.state), seed)
        return self

    def initial_seed(self) -> int:
        """The seed that the stream started from."""
        return seed_of(self.state)

    def seed(self) -> int:
        """Start again from a seed that nobody knows, which is given."""
        fresh = int.from_bytes(os.urandom(8), "little")
        self.manual_seed(fresh)
        return fresh

    def get_state(self) -> Array:
        """All there is to know of it: 5056 bytes (uint8), as PyTorch has them."""
        return self.state.copy().view(np.uint8)

    def set_state(self, state: Array) -> None:
        """Go on from a state that `get_state`, here or in PyTorch, gave.

        ValueError if it is none.
        """
        found = from_bytes(state)
        touched(self.state)[:] = found

    def __copy__(self) -> Self:
        return self.at(self.state.copy())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()

    def __getstate__(self) -> Array:
        return self.get_state()

    def __setstate__(self, state: Array) -> None:
        self.state = from_bytes(state)
        own(self)

    def __repr__(self) -> str:
        return f"<Generator of seed {self.initial_seed()}>"


# Where no generator is given; of a seed that nobody knows, as PyTorch's.
default_generator = Generator()
default_generator.seed()


def manual_seed(seed: int, generator: Generator | None = None) -> Generator:
    """Seed a generator: that which draws take where none is given; gives it.

    As ``torch.manual_seed``; see `Generator.manual_seed`.

    >>> from adcompiler.random import rand
    >>> _ = manual_seed(0)
    >>> rand(2)
    array([0.4962566, 0.7682218], dtype=float32)
    """
    return (default_generator if generator is None else generator).manual_seed(seed)


def initial_seed() -> int:
    """The seed of the generator that draws take where none is given."""
    return default_generator.initial_seed()


def seed() -> int:
    """Seed that generator with a number that nobody knows, which is given."""
    return default_generator.seed()


def get_rng_state() -> Array:
    """The state of that generator: see `Generator.get_state`."""
    return default_generator.get_state()


def set_rng_state(state: Array) -> None:
    """Set the state of that generator: see `Generator.set_state`."""
    default_generator.set_state(state)
