"""Values of the compiler as JSON: numbers, containers of such, types, structures.

In: a value. Out: what `json` writes and reads, which gives the value back.
Invariant: what is read is of the form that is written, or `decoded` raises ValueError;
nothing but the kinds of values named here can come out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompiler.cache.fingerprints import Undescribed
from adcompiler.ir.types import Array, Dim, ListOf, Scalar, fresh_dim

__all__ = ["decoded", "encoded"]


def encoded(value: Any) -> Any:
    """The value in JSON.

    >>> encoded((1, "a", None)), encoded(0.5)
    (['tuple', 1, 'a', None], ['float', '0x1.0000000000000p-1'])
    """
    if value is None or type(value) in (bool, int, str):
        return value
    match value:
        case float() if type(value) is float:
            return ["float", value.hex()]
        case np.generic() if value.dtype.kind in "biuf" and value.dtype.itemsize <= 8:
            return ["generic", value.dtype.str, value.tobytes().hex()]
        case np.dtype() if value.names is None and value.subdtype is None:
            return ["dtype", value.str]
        case tuple() if type(value) is tuple:
            return ["tuple", *map(encoded, value)]
        case list() if type(value) is list:
            return ["list", *map(encoded, value)]
        case dict() if type(value) is dict:
            return ["dict", *([encoded(k), encoded(v)] for k, v in value.items())]
        case slice():
            parts = value.start, value.stop, value.step
            return ["slice", *map(encoded, parts)]
        case Scalar(dtype=dtype, kind=kind):
            return ["Scalar", dtype, kind]
        case Array(dtype=dtype, dims=dims):
            return ["Array", dtype, [_length(n) for n in dims]]
        case ListOf(element=element, indexed=indexed):
            return ["ListOf", encoded(element), indexed]
        case _ if value is ...:
            return ["ellipsis"]
    raise Undescribed(f"{value!r} in JSON")


def _length(length: int | Dim) -> int | bool:
    """A length: its number, or whether it is known not to be one."""
    return length if type(length) is int else bool(getattr(length, "not_one", False))


def decoded(value: Any) -> Any:
    """The value of JSON that `encoded` has given.

    >>> decoded(encoded((1, -0.0, {"a": [None]}))), decoded(encoded(np.float32(0.1)))
    ((1, -0.0, {'a': [None]}), np.float32(0.1))
    """
    match value:
        case None | bool() | int() | str():
            return value
        case ["float", str(text)]:
            return float.fromhex(text)
        case ["generic", str(dtype), str(text)]:
            return np.frombuffer(bytes.fromhex(text), dtype)[0]
        case ["dtype", str(text)]:
            return np.dtype(text)
        case ["tuple", *items]:
            return tuple(map(decoded, items))
        case ["list", *items]:
            return list(map(decoded, items))
        case ["dict", *items]:
            return {decoded(k): decoded(v) for k, v in items}
        case ["slice", start, stop, step]:
            return slice(decoded(start), decoded(stop), decoded(step))
        case ["Scalar", str(dtype), "python" | "numpy" | "either" as kind]:
            return Scalar(dtype, kind)
        case ["Array", str(dtype), list(dims)]:
            return Array(dtype, tuple(map(_read_length, dims)))
        case ["ListOf", element, bool(indexed)]:
            return ListOf(decoded(element), indexed)
        case ["ellipsis"]:
            return ...
    raise ValueError(value)


def _read_length(length: Any) -> int | Dim:
    if isinstance(length, bool):
        return fresh_dim(not_one=length)
    if not isinstance(length, int):
        raise ValueError(length)
    return length
