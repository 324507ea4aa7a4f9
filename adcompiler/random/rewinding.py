"""Drawing the same again: where a function runs several times for what is one run.

In: a block in which generators are drawn from. Out: each state that it touched, as it
was before.
Invariants: a journal is one thread's; the first touch of a state is what counts. What
belongs to no generator, a copy that generated code made, is none of its concern.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, MutableMapping
from types import TracebackType
from typing import Any, Protocol, Self
from weakref import WeakValueDictionary

import numpy as np

from adcompiler.random.state import place_of

Array = np.ndarray[Any, Any]


class Owner(Protocol):
    """What has a state."""

    state: Array


class _Open(threading.local):
    journals: tuple[Rewinding, ...] = ()


_open = _Open()
# Machine code gives a state as another array of the same memory.
_owners: MutableMapping[int, Owner] = WeakValueDictionary()


def own(owner: Owner) -> None:
    """Note whose a state is."""
    _owners[place_of(owner.state)] = owner


class Rewinding:
    """A block whose draws can be made again.

    >>> from adcompiler.random import Generator, rand
    >>> g = Generator().manual_seed(0)
    >>> with Rewinding() as journal:
    ...     first = rand(3, generator=g)
    ...     journal.rewind()
    ...     bool((rand(3, generator=g) == first).all())
    True
    """

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before: dict[int, tuple[Array, Array]] = {}

    def __enter__(self) -> Self:
        _open.journals += (self,)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _open.journals = tuple(j for j in _open.journals if j is not self)

    def note(self, state: Array) -> None:
        """A state is about to change."""
        place = place_of(state)
        if place not in self._before and (owner := _owners.get(place)) is not None:
            self._before[place] = owner.state, state.copy()

    def rewind(self) -> None:
        """Bring all states back to where they were before the block."""
        for state, before in self._before.values():
            state[:] = before


def same_draws(serve: Callable[..., Any], slow: Callable[..., Any]) -> Any:
    """A callable that may give up what it has begun, and hand the call to `slow`,
    which then draws what has been drawn. `serve` makes it of what it hands calls to."""

    def again(*args: Any) -> Any:
        _open.journals[-1].rewind()
        return slow(*args)

    served = serve(again)

    def call(*args: Any) -> Any:
        with Rewinding():
            return served(*args)

    return call


def touched(state: Array) -> Array:
    """The state, which is about to change."""
    for journal in _open.journals:
        journal.note(state)
    return state
