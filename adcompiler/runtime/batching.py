"""Mini-batches: the rows of arrays, some at a time.

In: arrays of one length. Out: an object to go over, once for each epoch.
Invariant: the order of an epoch is one permutation of the generator, `randperm`, drawn
when the epoch begins; so a seed settles all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from adcompiler.random import Generator, randperm

__all__ = ["Batches", "batches"]


class Batches:
    """Rows of arrays, `size` at a time; see `batches`."""

    def __init__(
        self,
        arrays: tuple[np.ndarray[Any, Any], ...],
        size: int,
        *,
        shuffle: bool,
        drop_last: bool,
        generator: Generator | None,
    ) -> None:
        self.arrays = arrays
        self.size = size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.generator = generator

    def __len__(self) -> int:
        count = len(self.arrays[0])
        return count // self.size if self.drop_last else -(-count // self.size)

    def __iter__(self) -> Iterator[Any]:
        count = len(self.arrays[0])
        order = np.arange(count)
        if self.shuffle:
            order = randperm(count, generator=self.generator)
        for k in range(len(self)):
            rows = order[k * self.size : (k + 1) * self.size]
            found = tuple(a[rows] for a in self.arrays)
            yield found if len(found) > 1 else found[0]

    def __repr__(self) -> str:
        shuffled = ", shuffled" if self.shuffle else ""
        rows = len(self.arrays[0])
        return f"<{len(self)} batches of {self.size} of {rows} rows{shuffled}>"


def batches(
    *arrays: ArrayLike,
    size: Any,
    shuffle: bool = True,
    drop_last: bool = False,
    generator: Generator | None = None,
) -> Batches:
    """Mini-batches of arrays of one length along their first axis.

    Each time it is gone over is an epoch: a tuple with `size` rows of each array, or
    the rows themselves of a single one; the last may have fewer, unless `drop_last`.
    With `shuffle` in an order that `randperm` draws, of the `generator` or of the one
    that ``manual_seed`` sets. Batches are copies.

    Raises ValueError where lengths differ, or `size` is no positive number.

    >>> x, y = np.arange(5.0), np.arange(5)
    >>> for xb, yb in batches(x, y, size=2, shuffle=False):
    ...     print(xb, yb)
    [0. 1.] [0 1]
    [2. 3.] [2 3]
    [4.] [4]
    >>> batches(x, size=2, generator=Generator().manual_seed(0))
    <3 batches of 2 of 5 rows, shuffled>
    """
    if not isinstance(size, int | np.integer) or isinstance(size, bool):
        raise TypeError(f"size is a whole number, not {size!r}")
    if size < 1:
        raise ValueError(f"size is {size}, and must be 1 or more")
    found = tuple(map(np.asarray, arrays))
    if not found or any(a.ndim == 0 for a in found):
        raise TypeError("batches are of arrays with a first axis")
    lengths = [len(a) for a in found]
    if len(set(lengths)) > 1:
        raise ValueError(f"the arrays have {lengths} rows, and must have as many")
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(f"generator is no Generator but a {type(generator).__name__}")
    return Batches(
        found, int(size), shuffle=shuffle, drop_last=drop_last, generator=generator
    )
