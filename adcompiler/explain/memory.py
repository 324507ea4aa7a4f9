"""What values occupy in memory.

In: values of a forward sweep. Out: their bytes, and a word for what they are.
Invariant: memory that several values share counts once. Numbers count as they would in
an array; the objects of Python around them are not counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["footprint", "in_bytes", "in_words", "owner"]


def owner(array: np.ndarray[Any, Any]) -> Any:
    """What holds the memory that an array shows."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def footprint(value: Any, seen: set[int]) -> int:
    """The bytes of a value that are not `seen`, which are noted there.

    >>> x, seen = np.zeros(10), set()
    >>> footprint([x, x[2:], 1.0], seen), footprint(x, seen)
    (88, 0)
    """
    match value:
        case np.ndarray():
            held = owner(value)
            if id(held) in seen:
                return 0
            seen.add(id(held))
            return int(held.nbytes)
        case np.generic():
            return int(value.itemsize)
        case bool():
            return 1
        case int() | float():
            return 8
        case list() | tuple():
            return sum(footprint(v, seen) for v in value)
        case _:
            return 0


def in_words(value: Any) -> str:
    """What a value is.

    >>> in_words(np.zeros((3, 2))), in_words([1.0, 2.0]), in_words([])
    ('float64 array (3, 2)', '2 numbers', 'nothing')
    >>> in_words([np.zeros(2)] * 3), in_words([np.zeros(2), np.zeros(1)])
    ('3 float64 arrays (2,)', '2 arrays')
    """
    match value:
        case np.ndarray():
            return f"{value.dtype} array {value.shape}"
        case list() if value:
            return _items(value)
        case list():
            return "nothing"
        case tuple():
            return "what calls keep"
        case _:
            return "a number"


def _items(values: list[Any]) -> str:
    count, first = len(values), values[0]
    several = "s" if count > 1 else ""
    if all(isinstance(v, bool | np.bool_) for v in values):
        return f"{count} bool{several}"
    if not all(isinstance(v, np.ndarray) for v in values):
        numbers = all(isinstance(v, int | float | np.generic) for v in values)
        return f"{count} {'number' if numbers else 'item'}{several}"
    if {(v.dtype, v.shape) for v in values} == {(first.dtype, first.shape)}:
        return f"{count} {first.dtype} array{several} {first.shape}"
    return f"{count} array{several}"


def in_bytes(count: int) -> str:
    """
    >>> in_bytes(1), in_bytes(9600), in_bytes(123_456), in_bytes(45_600_000)
    ('1 byte', '9,600 bytes', '123 kB', '45.6 MB')
    """
    if count < 100_000:
        return f"{count:,} byte" + "s" * (count != 1)
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.3g} {unit}" if size < 1000 else f"{size:,.0f} {unit}"
