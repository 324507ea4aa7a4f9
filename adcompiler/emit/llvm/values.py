"""Values of the IR in LLVM: what they are made of, and how they lie in memory.

In: types of the IR. Out: `Number`, `Elements` (an array) and `Block` (a list, or the
residuals of a call), which are names of LLVM values.
Invariants: memory is counted: every array, list and bundle of residuals has an *owner*,
a block with the number of its holders, or null where the caller of the program owns it.
Strides are in elements, not bytes. Lengths that the type knows are constants.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adcompiler.emit.llvm.code import Code
from adcompiler.ir.types import Array, ListOf, Residuals, Scalar, Type

__all__ = [
    "Block",
    "Elements",
    "NotNative",
    "Number",
    "Value",
    "components",
    "from_components",
    "load_record",
    "record_size",
    "store_record",
]


class NotNative(Exception):
    """What this backend has no code for."""


@dataclass(frozen=True, slots=True)
class Number:
    """A scalar. `python` tells whether it is Python's, a constant unless the kind is
    known at run time alone."""

    dtype: str
    text: str
    python: str


@dataclass(frozen=True, slots=True)
class Elements:
    """An array: its first element, and how to find the others."""

    dtype: str
    data: str
    owner: str
    dims: tuple[str, ...]
    strides: tuple[str, ...]
    contiguous: bool = False  # in C order, for certain


@dataclass(frozen=True, slots=True)
class Block:
    """A list, or residuals: the block that holds them."""

    owner: str


Value = Number | Elements | Block

_MACHINE = {
    "float64": "double",
    "float32": "float",
    "bool": "i1",
    **{
        f"{sign}int{bits}": f"i{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
    },
}


def machine(dtype: str) -> str:
    """The LLVM type of a number."""
    found = _MACHINE.get(dtype)
    if found is None:
        raise NotNative(f"numbers of dtype {dtype}")
    return found


def in_memory(dtype: str) -> str:
    """The LLVM type of a number in memory: bools are bytes."""
    return "i8" if dtype == "bool" else machine(dtype)


def constant_text(value: Any, dtype: str) -> str:
    """A number as LLVM writes it.

    >>> constant_text(0.1, "float64"), constant_text(3, "int64")
    ('0x3FB999999999999A', '3')
    """
    if dtype == "bool":
        return "true" if value else "false"
    if dtype in ("float64", "float32"):
        number = float(np.dtype(dtype).type(value))
        return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise NotNative("ints beyond 64 bits")
    return str(number)


def zero_text(dtype: str) -> str:
    return constant_text(0, dtype)


# -- components --------------------------------------------------------------------


def component_types(t: Type, contiguous: bool = False) -> list[str]:
    """The LLVM types that a value of this type is passed in."""
    match t:
        case Scalar(dtype=dtype, kind=kind):
            return [machine(dtype), "i1"] if kind == "either" else [machine(dtype)]
        case Array(dims=dims):
            open_ = sum(not isinstance(d, int) for d in dims)
            machine(t.dtype)
            return ["ptr", "ptr"] + ["i64"] * (open_ + (0 if contiguous else len(dims)))
        case ListOf() | Residuals():
            return ["ptr"]


def components(value: Value, t: Type, contiguous: bool = False) -> list[str]:
    """The values that a value of this type is passed in."""
    match value, t:
        case Number(), Scalar(kind=kind):
            return [value.text, value.python] if kind == "either" else [value.text]
        case Elements(), Array(dims=dims):
            pairs = zip(value.dims, dims, strict=True)
            lengths = [n for n, d in pairs if not isinstance(d, int)]
            strides = [] if contiguous else list(value.strides)
            return [value.data, value.owner, *lengths, *strides]
        case Block(owner=owner), _:
            return [owner]
        case _:
            raise AssertionError((value, t))


def from_components(
    code: Code, t: Type, texts: Sequence[str], contiguous: bool = False
) -> Value:
    """The value that these are the components of."""
    match t:
        case Scalar(dtype=dtype, kind=kind):
            return Number(dtype, texts[0], _flag(kind, texts))
        case Array(dtype=dtype, dims=dims):
            data, owner, *rest = texts
            lengths = [str(d) if isinstance(d, int) else rest.pop(0) for d in dims]
            strides = dense(code, lengths) if contiguous else tuple(rest)
            return Elements(dtype, data, owner, tuple(lengths), strides, contiguous)
        case ListOf() | Residuals():
            return Block(texts[0])


def _flag(kind: str, texts: Sequence[str]) -> str:
    if kind == "either":
        return texts[1]
    return "true" if kind == "python" else "false"


def undefined(t: Type, contiguous: bool = False) -> list[str]:
    """The components of a value that no run reads, which own nothing."""
    empty = {"ptr": "null", "double": "0.0", "float": "0.0", "i1": "false"}
    return [empty.get(c, "0") for c in component_types(t, contiguous)]


def dense(code: Code, dims: Sequence[str]) -> tuple[str, ...]:
    """The strides of an array in C order."""
    strides = ["1"]
    for length in reversed(dims[1:]):
        strides.append(code.multiply(strides[-1], length))
    return tuple(reversed(strides)) if dims else ()


# -- records: values in memory --------------------------------------------------------
# A record has all that a value is made of, whatever its type knows: so that it can be
# read by code that knows less or more. In a *list* a number is alone: that it is
# Python's is not kept where the kind is known at run time alone.


def _words(t: Type, *, listed: bool = False) -> list[str]:
    match t:
        case Scalar(dtype=dtype):
            return [in_memory(dtype)] if listed else [in_memory(dtype), "i8"]
        case Array(dims=dims):
            return ["ptr", "ptr"] + ["i64"] * (2 * len(dims))
        case ListOf() | Residuals():
            return ["ptr"]


def record_size(t: Type, *, listed: bool = False) -> int:
    """The bytes of a record; in a list, a number has its own size alone."""
    words = _words(t, listed=listed)
    if listed and len(words) == 1:
        return _bytes(words[0])
    return 8 * len(words)


def _bytes(word: str) -> int:
    return {"ptr": 8, "double": 8, "float": 4}.get(word) or int(word[1:]) // 8


def store_record(
    code: Code, value: Value, t: Type, place: str, *, listed: bool = False
) -> None:
    """Write a value of this type to memory."""
    match value:
        case Number(dtype=dtype):
            texts = [to_memory(code, value.text, dtype)]
            if not listed:
                texts.append(to_memory(code, value.python or "true", "bool"))
        case Elements():
            texts = [value.data, value.owner, *value.dims, *value.strides]
        case Block():
            texts = [value.owner]
    for k, (word, text) in enumerate(zip(_words(t, listed=listed), texts, strict=True)):
        code.do(f"store {word} {text}, ptr {offset_by(code, place, str(8 * k))}")


def load_record(code: Code, t: Type, place: str, *, listed: bool = False) -> Value:
    """Read a value of this type from memory."""
    texts = [
        code.op(f"load {word}, ptr {offset_by(code, place, str(8 * k))}")
        for k, word in enumerate(_words(t, listed=listed))
    ]
    match t:
        case Scalar(dtype=dtype, kind=kind):
            number = from_memory(code, texts[0], dtype)
            flag = "true" if listed else from_memory(code, texts[1], "bool")
            return Number(dtype, number, _flag(kind, [number, flag]))
        case Array(dtype=dtype, dims=dims):
            data, owner, *rest = texts
            count = len(dims)
            found = [
                str(d) if isinstance(d, int) else n
                for d, n in zip(dims, rest[:count], strict=True)
            ]
            return Elements(dtype, data, owner, tuple(found), tuple(rest[count:]))
        case _:
            return Block(texts[0])


def offset_by(code: Code, place: str, count: str) -> str:
    """A place so many bytes on."""
    return (
        place
        if count == "0"
        else code.op(f"getelementptr i8, ptr {place}, i64 {count}")
    )


def to_memory(code: Code, text: str, dtype: str) -> str:
    if dtype != "bool":
        return text
    if text in ("true", "false"):
        return str(int(text == "true"))
    return code.op(f"zext i1 {text} to i8")


def from_memory(code: Code, text: str, dtype: str) -> str:
    return code.op(f"icmp ne i8 {text}, 0") if dtype == "bool" else text


def element(code: Code, x: Elements, offset: str) -> str:
    """The place of an element, so many elements from the first."""
    word = in_memory(x.dtype)
    if offset == "0":
        return x.data
    return code.op(f"getelementptr {word}, ptr {x.data}, i64 {offset}")


def read(code: Code, x: Elements, offset: str) -> str:
    """An element."""
    place = element(code, x, offset)
    text = code.op(f"load {in_memory(x.dtype)}, ptr {place}{code.access}")
    return from_memory(code, text, x.dtype)


def write(code: Code, x: Elements, offset: str, text: str) -> None:
    """Store an element of the array's dtype."""
    word, held = in_memory(x.dtype), to_memory(code, text, x.dtype)
    code.do(f"store {word} {held}, ptr {element(code, x, offset)}{code.access}")
