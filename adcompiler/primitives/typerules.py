"""Typing rules that rows share.

In: the types of the operands (and params). Out: result types.
Invariants: promotion is NumPy 2's (NEP 50), asked of the installed NumPy; an operation
on operands of rank 0 gives a scalar, as NumPy's ufuncs do; operands that NumPy would
refuse raise TypeError with a message for the user.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np

from adcompiler.ir.primitive import DtypeRule, TypeRule
from adcompiler.ir.types import (
    PY_FLOAT,
    Array,
    Kind,
    Length,
    Scalar,
    Type,
    broadcast_dims,
    dims_of,
    fresh_dim,
    result_dtype,
    result_kind,
)

Params = Mapping[str, Any]
Types = tuple[Type, ...]
Leaf = Scalar | Array
_LEAVES = (Scalar, Array)  # far faster to ask for than either of two
Kinds = tuple[tuple[str, Kind], ...]

_SAMPLES: dict[str, Any] = {"float64": 1.0, "int64": 1, "bool": True}
_PYTHON_TYPES: dict[str, type] = {"float64": float, "int64": int}


def leaves(name: str, types: Iterable[Type]) -> tuple[Leaf, ...]:
    """The operand types, none of which may be a list."""
    found: list[Leaf] = []
    for t in types:
        if not isinstance(t, _LEAVES):
            raise TypeError(
                f"{name} takes numbers and arrays, not a list",
                "make it an array: np.array(xs)",
            )
        found.append(t)
    return tuple(found)


def is_python(t: Type) -> bool:
    """Whether values of this type may be Python numbers on some path."""
    return isinstance(t, Scalar) and t.kind != "numpy"


def all_scalars(types: Iterable[Type]) -> bool:
    """Whether no operand is an array."""
    return all(isinstance(t, Scalar) for t in types)


# --- Elementwise results ----------------------------------------------------------


@cache
def ufunc(name: str) -> Any:
    """NumPy's function of this name, or SciPy's if it is called ``special.name``.

    SciPy is imported where it is used alone.
    """
    if name.startswith("special."):
        from scipy import special

        return getattr(special, name.removeprefix("special."))
    return getattr(np, name, None)


def full_name(name: str) -> str:
    """The function as it is written in a program."""
    return name if name.startswith("special.") else f"np.{name}"


@cache
def _resolve(name: str, terms: tuple[tuple[str, bool], ...]) -> tuple[str, ...]:
    """The dtypes that a ufunc computes in, and gives; flags tell what is weak."""
    dtypes = [
        _PYTHON_TYPES[d] if weak and d in _PYTHON_TYPES else np.dtype(d)
        for d, weak in terms
    ]
    try:
        return tuple(map(str, ufunc(name).resolve_dtypes((*dtypes, None))))
    except TypeError:
        operands = " and ".join(d for d, _ in terms)
        raise TypeError(
            f"{full_name(name)} is not defined for {operands}",
            "convert its arguments: x.astype(float), or float(x)",
        ) from None


def _kinds(types: tuple[Leaf, ...]) -> Kinds:
    """What promotion asks of operands, among which arrays are like NumPy's numbers."""
    return tuple((t.dtype, t.kind if isinstance(t, Scalar) else "numpy") for t in types)


_WEAK = {"python": (True,), "numpy": (False,), "either": (True, False)}


def _versions(kinds: Kinds) -> Iterable[tuple[tuple[str, bool], ...]]:
    """The operands as (dtype, weak), once for each kind that a scalar may have."""
    return itertools.product(*([(d, weak) for weak in _WEAK[k]] for d, k in kinds))


def _one_dtype(name: str, dtypes: set[str]) -> str:
    if len(dtypes) > 1:
        # The second argument is the hint of the refusal that this becomes.
        raise TypeError(
            f"the dtype of {name} depends on the path taken, since an operand is a "
            "Python number on one path and a NumPy number on another",
            "convert it where the paths part: float(x)",
        )
    (dtype,) = dtypes
    return dtype


def ufunc_dtype(name: str, types: tuple[Leaf, ...]) -> str:
    """The result dtype of the NumPy function on these operands."""
    return _ufunc_dtype(name, _kinds(types))


@cache
def _ufunc_dtype(name: str, kinds: Kinds) -> str:
    return _one_dtype(name, {_resolve(name, v)[-1] for v in _versions(kinds)})


def shaped(dtype: str, *types: Type) -> Leaf:
    """The broadcast of the operands with this dtype; a NumPy scalar at rank 0."""
    dims = broadcast_dims(*map(dims_of, types))
    return Array(dtype, dims) if dims else Scalar(dtype, "numpy")


def ufunc_types(name: str) -> TypeRule:
    """The rule of a ufunc."""

    def rule(types: Types, params: Params) -> Types:
        operands = leaves(full_name(name), types)
        return (shaped(ufunc_dtype(name, operands), *operands),)

    return rule


def operator_types(name: str, python: Callable[..., Any]) -> TypeRule:
    """The rule of an operator: Python's on Python numbers, else the ufunc's.

    With ``via="np"`` it is always the ufunc; with ``via="math"`` a Python float.
    """
    by_ufunc = ufunc_types(name)

    @cache
    def of_numbers(kinds: Kinds) -> Types:
        dtypes = set()
        for version in _versions(kinds):
            # A float32 that may be Python's, as the sum of no items is, is no double.
            if all(weak and d in _SAMPLES for d, weak in version):
                sample = python(*(_SAMPLES[d] for d, _ in version))
                dtypes.add(str(np.dtype(type(sample))))
            else:
                dtypes.add(_resolve(name, version)[-1])
        scalars = (Scalar(*k) for k in kinds)
        return (Scalar(_one_dtype(name, dtypes), result_kind(*scalars)),)

    def rule(types: Types, params: Params) -> Types:
        via = params.get("via")
        if via == "math":
            return math_types(name, types)
        operands = leaves(name, types)
        if via == "np" or not all_scalars(operands):
            return by_ufunc(types, params)
        return of_numbers(_kinds(operands))

    return rule


_UNLIKE = ("remainder", "isclose")  # NumPy's of this name say something else


def math_types(name: str, types: Types, result: Type = PY_FLOAT) -> Types:
    """The rule of a function of `math`: numbers in, a Python number out."""
    for t in leaves(f"math.{name}", types):
        if dims_of(t):
            hint = f"use NumPy's function of arrays: np.{name}(x)"
            if name in _UNLIKE or not hasattr(np, name):
                hint = f"call math.{name} for each element, in a loop: for v in x"
            raise TypeError(f"math.{name} takes a number, not an array", hint)
    return (result,)


# --- The dtypes computed in -------------------------------------------------------


def ufunc_computes(name: str) -> DtypeRule:
    """As the ufunc does: by NEP 50, then to a dtype that it has a loop for."""

    def rule(types: Types, params: Params) -> tuple[str, ...]:
        return _ufunc_computes(name, _kinds(leaves(full_name(name), types)))

    return rule


@cache
def _ufunc_computes(name: str, kinds: Kinds) -> tuple[str, ...]:
    (version, *_) = _versions(kinds)
    return _resolve(name, version)[:-1]


def operator_computes(name: str) -> DtypeRule:
    """As the ufunc does; Python's numbers as Python does, whose bools are ints.

    Python compares ints with floats exactly, which no dtype says: here they are floats.
    """
    by_ufunc = ufunc_computes(name)

    def rule(types: Types, params: Params) -> tuple[str, ...]:
        via = params.get("via")
        if via == "math":
            return math_computes(types, params)
        if via == "np" or not all(map(is_python, types)):
            return by_ufunc(types, params)
        dtypes = (t.dtype for t in leaves(name, types))
        numbers = tuple("int64" if d == "bool" else d for d in dtypes)
        return _resolve(name, tuple((d, False) for d in numbers))[:-1]

    return rule


def math_computes(types: Types, params: Params) -> tuple[str, ...]:
    """`math` computes in double precision."""
    return ("float64",) * len(types)


def in_common(types: Types, params: Params) -> tuple[str, ...]:
    """All in the dtype to which they promote."""
    return (result_dtype(*leaves("a computation", types)),) * len(types)


# --- Lengths ----------------------------------------------------------------------


def known_dims(params: Params, count: int) -> tuple[Length, ...]:
    """The lengths stated by the param `known` (an Array type), or fresh ones."""
    known = params.get("known")
    if isinstance(known, Array) and known.ndim == count:
        return known.dims
    return tuple(fresh_dim() for _ in range(count))


def rank(t: Type) -> int:
    """The number of axes; 0 for a scalar."""
    return len(dims_of(t))


def number_array(dtype: str, dims: tuple[Length, ...]) -> Leaf:
    """An array, or at rank 0 the NumPy scalar that reductions give."""
    return Array(dtype, dims) if dims else Scalar(dtype, "numpy")


def lengths_agree(left: Length, right: Length) -> bool:
    """Whether two lengths are known to broadcast together."""
    return left == right or left == 1 or right == 1


def broadcasts_safely(shapes: Iterable[tuple[Length, ...]]) -> bool:
    """Whether the shapes are known to broadcast together."""
    for left, right in itertools.combinations(list(shapes), 2):
        count = min(len(left), len(right))
        pairs = zip(left[len(left) - count :], right[len(right) - count :], strict=True)
        if not all(lengths_agree(a, b) for a, b in pairs):
            return False
    return True
