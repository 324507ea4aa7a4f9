"""Updates as they run: large arrays by machine code, small ones by NumPy.

In: a plain function that stores into its first arguments, arrays of one shape or None.
Out: a callable that does the same, by one loop over the arrays where that pays.
Invariant: which of the two serves an array follows from its size, dtype and layout, so
that a training that is resumed gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adcompiler.inplace import InPlace

__all__ = ["LEAST", "Update"]

LEAST = 1024  # elements that are worth machine code: NumPy takes some 20 us for as many
_DTYPES = (np.dtype("float32"), np.dtype("float64"))


class Update:
    """A function that changes arrays, of which the first `arrays` arguments are.

    >>> def halve(p, grad, factor):
    ...     p[...] = p - factor * grad
    >>> p = np.ones(LEAST)
    >>> Update(halve, 2)(p, p.copy(), 0.5)
    >>> p[:2]
    array([0.5, 0.5])
    """

    def __init__(self, function: Callable[..., None], arrays: int) -> None:
        self.function = function
        self.native = InPlace(function)
        self.arrays = arrays

    def __call__(self, *given: Any) -> None:
        p: np.ndarray[Any, Any] = given[0]
        if p.size < LEAST or p.dtype not in _DTYPES:
            self.function(*given)
            return
        flat = list(given)
        for k, array in enumerate(given[: self.arrays]):
            if array is None:
                continue
            if not array.flags.c_contiguous:
                self.function(*given)
                return
            flat[k] = array.reshape(-1)
        self.native(*flat)
