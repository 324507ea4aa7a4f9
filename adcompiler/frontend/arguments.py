"""What is known of the arguments of a call, and which of them are differentiated.

In: argument values. Out: an `ArgSpec` per argument, the flat dynamic leaves, and a
cache key.
Invariant: arguments with equal keys have equal specs up to the names of lengths. A
length that is not 1 is never part of a key: a new length compiles nothing.
"""

from __future__ import annotations

import enum
import functools
import inspect
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import FunctionType, MethodType, NoneType
from typing import Any

import numpy as np

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.interface import (
    ArgSpec,
    LeafSpec,
    StaticSpec,
    TupleSpec,
)
from adcompiler.frontend.structures import (
    Keywords,
    KeywordsOf,
    ObjectOf,
    Positional,
    Shape,
    parts_of,
    shape_of,
)
from adcompiler.ir.types import (
    PY_BOOL,
    PY_FLOAT,
    PY_INT,
    Array,
    Scalar,
    fresh_dim,
    is_float,
)
from adcompiler.parameter import Parameter

__all__ = [
    "as_differentiated",
    "bind",
    "describe",
    "differentiated",
    "is_dynamic",
    "is_wanted",
    "key_of",
    "leaf_specs",
    "leaves_of",
    "named",
    "same_static",
    "signature_of",
    "spread",
    "with_parameters_alone",
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


def spread(
    specs: Mapping[str, ArgSpec], names: Iterable[str], *, floats: bool = True
) -> dict[str, ArgSpec]:
    """The arguments of these names, those behind `*args` and `**kwargs` by themselves,
    if they hold floats.

    >>> spec = TupleSpec((LeafSpec(PY_FLOAT), LeafSpec(PY_INT)), Positional)
    >>> list(spread({"x": LeafSpec(PY_INT), "more": spec}, ("x", "more")))
    ['x', 'more_0']
    """
    found: dict[str, ArgSpec] = {}
    for name in names:
        match specs[name]:
            case TupleSpec(items=items, cls=cls) if cls is Positional:
                parts = {f"{name}_{k}": item for k, item in enumerate(items)}
            case TupleSpec(items=items, cls=KeywordsOf(names=keys)):
                parts = dict(zip(map(str, keys), items, strict=True))
            case spec:
                found[name] = spec
                continue
        found.update({n: s for n, s in parts.items() if _holds(s) or not floats})
    return found


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
                raise UnsupportedError(f"{name} does not fit into 64 bits: {value}")
            return LeafSpec(PY_INT)
        case float():
            return LeafSpec(PY_FLOAT)
        case complex():
            raise UnsupportedError(
                f"{name} is a complex number", hint="pass its two parts"
            )
        case tuple() | list() if isinstance(value, tuple) or type(value) is list:
            if id(value) in around:
                raise UnsupportedError(f"{name} holds itself")
            inside = (*around, id(value))
            items = tuple(
                describe(item, name=f"{name}[{k}]", around=inside)
                for k, item in enumerate(value)
            )
            return TupleSpec(items, type(value))
        case _:
            shape = shape_of(value)
            if shape is not None:
                return _describe_parts(value, shape, name, around)
            return _describe_object(value, name)


def _describe_parts(
    value: Any, shape: Shape, name: str, around: tuple[int, ...]
) -> ArgSpec:
    """What is known of a dict or an object, by its parts."""
    if id(value) in around:
        if isinstance(shape, ObjectOf):
            return StaticSpec(value)
        raise UnsupportedError(f"{name} holds itself")
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
    return LeafSpec(Array(dtype, dims), value.flags.c_contiguous)


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
        case LeafSpec(Array(dtype=dtype, dims=dims), contiguous, trained, _):
            key = (dtype, tuple(length == 1 for length in dims), contiguous)
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


def differentiated(
    specs: Mapping[str, ArgSpec],
    wrt: Sequence[str | int] | None,
    passed: frozenset[str],
    function: str,
) -> tuple[str, ...]:
    """The names of the arguments to differentiate.

    Without `wrt` they are those that are or hold parameters, if there are such; else
    those passed that are or hold floats. An argument that is
    left to its default is differentiated only if it is named.

    >>> specs = {"x": LeafSpec(PY_FLOAT), "n": LeafSpec(PY_INT)}
    >>> differentiated(specs, None, frozenset(specs), "f")
    ('x',)
    >>> differentiated(specs, (1,), frozenset(specs), "f")
    ('n',)
    """
    names = tuple(specs)
    if wrt is not None:
        return tuple(named(names, entry, function) for entry in wrt)
    trained = tuple(n for n in names if any(x.trained for x in leaf_specs(specs[n])))
    if trained:
        return trained
    chosen = tuple(name for name in names if name in passed and _holds(specs[name]))
    if chosen:
        return chosen
    left = [n for n in names if n not in passed and _holds(specs[n])]
    if left:
        raise TypeError(
            f"nothing can be differentiated in {function}(): {left[0]} is left to its "
            "default, which is not differentiated unless it is passed, or named as in "
            f"wrt={left[0]!r}"
        )
    kinds = ", ".join(f"{name} is {_kind(specs[name])}" for name in names)
    reason = f": {kinds}" if names else ": it takes no arguments"
    raise TypeError(
        f"nothing can be differentiated in {function}(){reason}. {_advice(specs)}"
    )


def _advice(specs: Mapping[str, ArgSpec]) -> str:
    """What to pass where no argument holds a float."""
    for name, spec in specs.items():
        match spec:
            case LeafSpec(type=Array()):
                return f"Pass it as floats: {name}.astype(float)"
            case TupleSpec(items=items) if any(map(is_dynamic, items)):
                return f"Pass floats, as 1.0 for 1, or np.array({name}, float)"
    first = next(iter(specs), "x")
    return (
        "Pass a float or an array of floats, or name an argument, as in "
        f"wrt={(first,)!r}"
    )


def named(names: tuple[str, ...], entry: str | int, function: str) -> str:
    """The argument that an entry of `wrt` names, by name or position."""
    if isinstance(entry, str) and entry in names:
        return entry
    if isinstance(entry, int) and 0 <= entry < len(names):
        return names[entry]
    raise ValueError(
        f"wrt names {entry!r}, which is no argument of {function}({', '.join(names)})"
    )


def _holds(spec: ArgSpec) -> bool:
    return any(map(is_wanted, leaf_specs(spec)))


def is_wanted(leaf: LeafSpec) -> bool:
    """Whether a leaf of an argument that is differentiated has a gradient: it is a
    float, and no parameter that is frozen."""
    return is_float(leaf.type) and leaf.trained is not False and not leaf.constant


def with_parameters_alone(spec: ArgSpec) -> ArgSpec:
    """The spec of an argument of which the parameters are differentiated."""
    match spec:
        case LeafSpec(trained=None):
            return replace(spec, constant=True)
        case TupleSpec(items=items):
            return replace(spec, items=tuple(map(with_parameters_alone, items)))
        case _:
            return spec


def _kind(spec: ArgSpec) -> str:
    """What an argument is, in the words of an error message."""
    match spec:
        case LeafSpec(type=Array(dtype=dtype)):
            return f"an array of {dtype}"
        case LeafSpec(type=Scalar(dtype=dtype)):
            return {"int64": "an int", "bool": "a bool", "float64": "a float"}.get(
                dtype, f"a number of {dtype}"
            )
        case TupleSpec(cls=cls):
            what = cls.__name__ if isinstance(cls, Shape) or cls is list else "tuple"
            return f"a {what} without floats"
        case StaticSpec(value=None):
            return "None"
        case StaticSpec(value=value):
            return f"a {type(value).__name__}"
        case LeafSpec():
            return "a list"


def as_differentiated(spec: ArgSpec, *, name: str) -> ArgSpec:
    """The spec of an argument that is differentiated: a whole number becomes float64.

    >>> as_differentiated(LeafSpec(PY_INT), name="n").type == PY_FLOAT
    True
    """
    match spec:
        case LeafSpec() if is_wanted(spec):
            return spec
        case LeafSpec(trained=False):
            hint = "; let it be trained: w.requires_grad_()"
            raise TypeError(f"{name} is a parameter that is frozen{hint}")
        case LeafSpec(type=Scalar(dtype=dtype, kind=kind)) if dtype != "bool":
            return LeafSpec(Scalar("float64", kind))
        case TupleSpec() if _holds(spec):
            return spec
        case LeafSpec(type=Array()):
            hint = "; pass it as floats: x.astype(float)"
        case _:
            hint = ""
    raise TypeError(f"{name} cannot be differentiated: it is {_kind(spec)}{hint}")
