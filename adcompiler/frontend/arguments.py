"""What is known of the arguments of a call.

In: argument values. Out: an `ArgSpec` per argument, the flat dynamic leaves, and a
cache key.
Invariant: arguments with equal keys have equal specs up to the names of lengths. A
length that is not 1 is never part of a key: a new length compiles nothing.
"""

from __future__ import annotations

import enum
import functools
import inspect
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from types import FunctionType, MethodType, NoneType
from typing import Any

import numpy as np

from adcompiler.errors import UnsupportedError
from adcompiler.frontend import inherited
from adcompiler.frontend.interface import ArgSpec, LeafSpec, StaticSpec, TupleSpec
from adcompiler.frontend.structures import (
    Keywords,
    ObjectOf,
    Positional,
    Shape,
    parts_of,
    shape_of,
)
from adcompiler.ir.types import PY_BOOL, PY_FLOAT, PY_INT, Array, Scalar, fresh_dim
from adcompiler.parameter import Parameter

__all__ = [
    "bind",
    "describe",
    "is_dynamic",
    "key_of",
    "leaf_specs",
    "leaves_of",
    "same_static",
    "signature_of",
]

# The dtypes that programs are compiled for. Looked up at every call: a dtype's own
# `name` is slow.
_DTYPES: dict[np.dtype[Any], str] = {
    np.dtype(code): np.dtype(code).name for code in (*"?bBhHiIlLqQefd",)
}

# Static values that are compared by value; all others are compared by identity.
_BY_VALUE = (str, int, float, bool, NoneType, bytes)


def bind(
    signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[dict[str, Any], frozenset[str]]:
    """The value of every parameter, and the names of those that were passed.

    Raises the TypeError of a plain call.

    >>> def f(x, n=3): ...
    >>> bind(inspect.signature(f), (1.5,), {})
    ({'x': 1.5, 'n': 3}, frozenset({'x'}))
    """
    bound = signature.bind(*args, **kwargs)
    passed = frozenset(bound.arguments)
    bound.apply_defaults()
    values = dict(bound.arguments)
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            values[name] = Positional(values[name])
        elif parameter.kind is parameter.VAR_KEYWORD:
            values[name] = Keywords(values[name])
    return values, passed


def signature_of(function: Any) -> inspect.Signature:
    """The signature of what runs: of a wrapper its own, not that of what it wraps.

    >>> import functools
    >>> def wrapper(*args): ...
    >>> signature_of(functools.wraps(len)(wrapper))
    <Signature (*args)>
    """
    while isinstance(function, functools._lru_cache_wrapper):
        function = function.__wrapped__
    if isinstance(function, MethodType):
        whole = signature_of(function.__func__)
        first, *others = whole.parameters.values()
        every = first.kind is first.VAR_POSITIONAL
        return whole if every else whole.replace(parameters=others)
    if not isinstance(function, FunctionType):
        return inspect.signature(function)
    bare = FunctionType(function.__code__, {}, "", None, function.__closure__)
    bare.__defaults__ = function.__defaults__
    bare.__kwdefaults__ = function.__kwdefaults__
    bare.__annotations__ = function.__annotations__
    return inspect.signature(bare)


def describe(
    value: Any, *, name: str = "the argument", around: tuple[int, ...] = ()
) -> ArgSpec:
    """What is known of an argument; a TypeError if no program can take it.

    >>> describe(2.5).type
    Scalar(dtype='float64', kind='python')
    >>> describe(np.zeros((1, 3), "f")).type.dims[0]
    1
    >>> describe("same")
    StaticSpec(value='same')
    >>> describe((1, None))
    TupleSpec(items=(LeafSpec(...), StaticSpec(value=None)), cls=<class 'tuple'>)

    `around` are the containers that hold it.
    """
    if isinstance(value, int | float | np.generic | tuple):
        _check_inherited(value, name)
    match value:
        case enum.Enum():
            return StaticSpec(value)
        case np.ndarray():
            return _describe_array(value, name)
        case Parameter():
            spec = _describe_array(value.data, name)
            return replace(spec, trained=value.requires_grad)
        case np.bool_() | np.number():
            return LeafSpec(Scalar(_dtype(value.dtype, name), "numpy"))
        case bool():
            return LeafSpec(PY_BOOL)
        case int():
            if not -(2**63) <= value < 2**63:
                raise UnsupportedError(
                    f"{name} does not fit into 64 bits: {value}",
                    hint="make it a float: float(...)",
                )
            return LeafSpec(PY_INT)
        case float():
            return LeafSpec(PY_FLOAT)
        case complex():
            raise UnsupportedError(
                f"{name} is a complex number", hint="pass its two parts"
            )
        case tuple() | list() if isinstance(value, tuple) or type(value) is list:
            return _describe_items(value, name, around)
        case _:
            shape = shape_of(value)
            if shape is not None:
                return _describe_parts(value, shape, name, around)
            return _describe_object(value, name)


def _describe_items(
    value: tuple[Any, ...] | list[Any], name: str, around: tuple[int, ...]
) -> ArgSpec:
    """What is known of a tuple or list, by its items."""
    if id(value) in around:
        raise UnsupportedError(f"{name} holds itself", hint=ENDLESS)
    inside = (*around, id(value))
    items = tuple(
        describe(item, name=f"{name}[{k}]", around=inside)
        for k, item in enumerate(value)
    )
    return TupleSpec(items, type(value))


def _check_inherited(value: Any, name: str) -> None:
    """Refuse what computes otherwise than the number or tuple that it is."""
    cls: Any = type(value)
    found = None if cls in _PLAIN else inherited.own_method(cls)
    if found is not None:
        raise UnsupportedError(
            f"{name} is a {cls.__name__}, whose {found} is not followed",
            hint=inherited.advice(cls),
        )


def _describe_parts(
    value: Any, shape: Shape, name: str, around: tuple[int, ...]
) -> ArgSpec:
    """What is known of a dict or an object, by its parts."""
    if id(value) in around:
        if isinstance(shape, ObjectOf):
            return StaticSpec(value)
        raise UnsupportedError(f"{name} holds itself", hint=ENDLESS)
    items: list[ArgSpec] = []
    for key, part in zip(shape.names, shape.parts(value), strict=True):
        if isinstance(shape, ObjectOf) and _is_opaque(part):
            # It may not be read at all.
            items.append(StaticSpec(part))
        else:
            where = f"{name}{shape.path(key)}"
            inside = (*around, id(value))
            items.append(describe(part, name=where, around=inside))
    return TupleSpec(tuple(items), shape)


def _is_opaque(value: Any) -> bool:
    """Whether this is a container that cannot be taken apart."""
    if type(value) is list:
        return False
    return isinstance(value, _CONTAINERS) and shape_of(value) is None


def _describe_array(value: np.ndarray[Any, Any], name: str) -> LeafSpec:
    kind = type(value)
    if kind is not np.ndarray and kind is not np.memmap:
        hint = "pass a plain array: np.asarray(...)"
        if issubclass(kind, np.ma.MaskedArray):
            hint = "pass x.filled(0.0), and the mask as an array of its own"
        if issubclass(kind, np.matrix):
            hint = "pass a plain array: np.asarray(...), and write @ for products"
        raise UnsupportedError(f"{name} is a {kind.__name__}", hint=hint)
    dims = tuple(1 if n == 1 else fresh_dim(not_one=True) for n in value.shape)
    dtype = _dtype(value.dtype, name)
    if value.flags.c_contiguous:
        return LeafSpec(Array(dtype, dims))
    fortran = value.flags.f_contiguous
    return LeafSpec(Array(dtype, dims), False, seams=_seams(value), fortran=fortran)


def _seams(value: np.ndarray[Any, Any]) -> tuple[bool, ...]:
    """Between which of the axes that are longer than one a walk in C order goes on at
    even steps.

    >>> _seams(np.zeros((2, 3, 4))[:, ::-1, ::2])
    (False, False)
    >>> _seams(np.zeros((2, 3, 4))[:, :, ::2])
    (True, True)
    """
    axes = zip(value.shape, value.strides, strict=True)
    long = [(length, stride) for length, stride in axes if length != 1]
    return tuple(a == n * b for (_, a), (n, b) in pairwise(long))


def _dtype(dtype: np.dtype[Any], name: str) -> str:
    """The name of a dtype that programs are compiled for."""
    known = _DTYPES.get(dtype)
    if known is not None:
        return known
    if not dtype.isnative:
        raise UnsupportedError(
            f"the bytes of {name} are not in this machine's order (dtype {dtype.str})",
            hint="convert it: x.astype(x.dtype.newbyteorder('='))",
        )
    what = {"O": "object", "c": "complex"}.get(dtype.kind, str(dtype))
    hint = {
        "O": "convert it: x.astype(float)",
        "c": "pass x.real and x.imag",
        "f": "convert it: x.astype(np.float64)",
        "V": "pass its fields, each an array",
        "M": "pass the time as a number: (x - x[0]) / np.timedelta64(1, 's')",
        "m": "pass the time as a number: x / np.timedelta64(1, 's')",
    }
    raise UnsupportedError(
        f"{name} has dtype {what}", hint=hint.get(dtype.kind, "pass numbers")
    )


ENDLESS = "leave out the entry that leads back to it"
_PLAIN = (float, int, bool, tuple, np.float64)
_CONTAINERS = (dict, list, set, frozenset, bytearray, range)


def _describe_object(value: Any, name: str) -> StaticSpec:
    kind = type(value).__name__
    if isinstance(value, _CONTAINERS):
        hint = "pass its parts as arguments, or a tuple of them"
        if isinstance(value, dict):
            hint = "its keys are to be strings, ints or tuples of such"
            if type(value) is not dict:
                hint = "pass a plain dict: dict(...)"
        if isinstance(value, range):
            hint = "pass its bounds, or list(...)"
        raise UnsupportedError(f"{name} is a {kind}", hint=hint)
    if hasattr(value, "to_numpy"):
        article = "an" if kind[:1] in "AEIOU" else "a"
        raise UnsupportedError(
            f"{name} is {article} {kind}, not a NumPy array",
            hint="pass its values: .to_numpy()",
        )
    if hasattr(value, "__array__") and not isinstance(value, type):
        raise UnsupportedError(
            f"{name} is a {type(value).__module__}.{kind}, not a NumPy array",
            hint="convert it: np.asarray(...)",
        )
    return StaticSpec(value)


def is_dynamic(spec: ArgSpec) -> bool:
    """Whether an argument has any leaf that is not known while compiling."""
    if isinstance(spec, TupleSpec):
        return any(map(is_dynamic, spec.items))
    return isinstance(spec, LeafSpec)


def leaves_of(spec: ArgSpec, value: Any) -> Iterator[tuple[LeafSpec, Any]]:
    """The dynamic leaves of an argument, in order, with their specs."""
    if isinstance(spec, LeafSpec):
        yield spec, value
    elif isinstance(spec, TupleSpec):
        parts = parts_of(spec.cls, value)
        for item_spec, item in zip(spec.items, parts, strict=True):
            yield from leaves_of(item_spec, item)


def key_of(spec: ArgSpec) -> Hashable:
    """What two specs have in common when one program serves both.

    >>> key_of(describe(np.zeros(3))) == key_of(describe(np.zeros(4)))
    True
    >>> key_of(describe(np.zeros(3))) == key_of(describe(np.zeros(1)))
    False
    >>> key_of(StaticSpec(1)) == key_of(StaticSpec(True))
    False
    """
    match spec:
        case LeafSpec(Array(dtype=dtype, dims=dims), _, trained, _, seams, fortran):
            key = (dtype, tuple(length == 1 for length in dims), seams, fortran)
            return key if trained is None else (*key, trained)
        case LeafSpec(type=type_):
            return type_
        case TupleSpec(items=items, cls=cls):
            return (cls, tuple(map(key_of, items)))
        case StaticSpec(value=value):
            return static_key(value)


class _Same:
    """A key that is equal for one and the same object, which it keeps alive."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def same_static(left: Any, right: Any) -> bool:
    """Whether a value known while compiling is still what it was."""
    return static_key(left) == static_key(right)


def static_key(value: Any) -> Hashable:
    if type(value) in _BY_VALUE:
        # repr tells 0.0 from -0.0, and finds nan equal to itself
        return ("static", type(value), repr(value))
    if isinstance(value, np.generic):
        return ("static", value.dtype.str, repr(value))
    if isinstance(value, tuple):
        return ("static", type(value), tuple(map(static_key, value)))
    if isinstance(value, np.dtype):
        return ("static", np.dtype, value.str)
    return ("static", _Same(value))


def leaf_specs(spec: ArgSpec) -> Iterator[LeafSpec]:
    """The specs of the dynamic leaves, in order."""
    if isinstance(spec, LeafSpec):
        yield spec
    elif isinstance(spec, TupleSpec):
        for item in spec.items:
            yield from leaf_specs(item)
