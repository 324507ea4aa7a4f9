"""Updates as they run.

In: a plain function that stores into its first arguments, arrays or None. Out: a
callable that does the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Update"]


class Update:
    """A function that changes arrays, of which the first `arrays` arguments are."""

    def __init__(self, function: Callable[..., None], arrays: int) -> None:
        self.function = function
        self.arrays = arrays

    def __call__(self, *given: Any) -> None:
        self.function(*given)
