"""Types of IR values: what is known about a value while compiling.

In: nothing. Out: `Scalar`, `Array`, `ListOf` and the symbolic dimensions in arrays.
Invariant: two equal dimensions are equal at run time; dimensions that differ may or
may not be equal. A type never says more than every run of the function makes true.

Promotion is NumPy 2's (NEP 50): Python scalars are weak, NumPy scalars are strong.
A scalar of kind *either* is a Python number on some paths and a NumPy scalar on
others (``s = 0.0`` then ``s = s + x[i]``); it arises at joins only. It is two values, a
number and the flag *is Python's*: of an operator's result the flag is that all operands
are Python's, of a join that of the path taken. Only what a row `raises` may depend on
it, in primal code; derivative code reads the number alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np

Kind = Literal["python", "numpy", "either"]

_fresh = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Dim:
    """A symbolic length. Equal keys mean equal lengths.

    `not_one` records that the length is known to differ from 1, so that
    broadcasting cannot stretch it; it is a fact about the key, not part of it.
    """

    key: Hashable
    not_one: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return _dim_text(self.key)


def _dim_text(key: Hashable) -> str:
    if isinstance(key, tuple) and key and key[0] == "drop":
        return f"{key[1]}-{key[2]}"
    if isinstance(key, tuple):
        return "(" + " ".join(map(_dim_text, key)) + ")"
    return f"n{key}" if isinstance(key, int) else str(key)


Length = int | Dim

# The length of a list's elements: each its own.
ANY = Dim(":")


def fresh_dim(*, not_one: bool = False) -> Dim:
    """A length about which nothing else is known."""
    return Dim(next(_fresh), not_one)


def drop_dim(base: Length, count: int) -> Length:
    """The length `max(0, base - count)`, as of ``x[a:-b]`` with ``a + b == count``.

    >>> n = fresh_dim()
    >>> drop_dim(drop_dim(n, 1), 1) == drop_dim(n, 2)
    True
    >>> drop_dim(3, 1)
    2
    """
    if isinstance(base, int):
        return max(0, base - count)
    if count == 0:
        return base
    if isinstance(base.key, tuple) and base.key[0] == "drop":
        return Dim(("drop", base.key[1], base.key[2] + count))
    return Dim(("drop", base, count))


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number or bool that is not an array: Python's (weak) or NumPy's (strong)."""

    dtype: str
    kind: Kind

    def __str__(self) -> str:
        mark = {"python": "", "numpy": "np.", "either": "?"}[self.kind]
        return f"{mark}{self.dtype}"


@dataclass(frozen=True, slots=True)
class Array:
    """An ndarray of any rank, 0-d included."""

    dtype: str
    dims: tuple[Length, ...]

    @property
    def ndim(self) -> int:
        return len(self.dims)

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.dims))}]"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A growable list whose elements share one type up to their lengths.

    It says nothing of lengths: what is read out of it says which it has. A list of the
    program's is `indexed`, as are those of its derivatives. Any other is a tape:
    appended to and popped only, and empty where its derivative is zero.

    >>> print(ListOf(Array("float64", (fresh_dim(), 3))))
    list<float64[:, :]>
    """

    element: Type
    indexed: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.element, Array):
            element = Array(self.element.dtype, (ANY,) * self.element.ndim)
            object.__setattr__(self, "element", element)

    @property
    def any_element(self) -> Type:
        """The type of an element of which nothing else is known."""
        if isinstance(self.element, Array):
            dims = tuple(fresh_dim() for _ in self.element.dims)
            return Array(self.element.dtype, dims)
        return self.element

    def __str__(self) -> str:
        return f"list<{self.element}>"


@dataclass(frozen=True, slots=True)
class Residuals:
    """What the forward sweep of a called function leaves for its pullback.

    A tuple that only these two look into: `of` says whose it is. Its derivatives are
    of the same type, and hold the derivatives of what it holds.
    """

    of: str

    def __str__(self) -> str:
        return f"residuals<{self.of}>"


Type = Scalar | Array | ListOf | Residuals

PY_FLOAT = Scalar("float64", "python")
PY_INT = Scalar("int64", "python")
PY_BOOL = Scalar("bool", "python")
NP_FLOAT = Scalar("float64", "numpy")
NP_INT = Scalar("int64", "numpy")
NP_BOOL = Scalar("bool", "numpy")


def is_float(t: Type) -> bool:
    """Whether values of this type carry derivatives: floats and lists of floats.

    >>> is_float(PY_FLOAT), is_float(PY_INT), is_float(ListOf(NP_FLOAT))
    (True, False, True)
    """
    if isinstance(t, ListOf):
        return is_float(t.element)
    if isinstance(t, Residuals):
        return True
    return kind_of(t.dtype) == "f"


@cache
def kind_of(dtype: str) -> str:
    """NumPy's letter for what numbers a dtype has: "f" for floats.

    >>> kind_of("float32"), kind_of("uint8"), kind_of("bool")
    ('f', 'u', 'b')
    """
    return np.dtype(dtype).kind


def result_dtype(*types: Scalar | Array) -> str:
    """The NEP 50 result dtype of an arithmetic operation on these types.

    >>> result_dtype(Array("float32", (3,)), PY_FLOAT)
    'float32'
    >>> result_dtype(Array("float32", (3,)), NP_FLOAT)
    'float64'
    >>> result_dtype(PY_INT, PY_FLOAT)
    'float64'
    """
    weak = {"float64": 0.0, "int64": 0, "bool": False}
    terms = [
        weak[t.dtype]
        if isinstance(t, Scalar) and t.kind == "python"
        else np.dtype(t.dtype)
        for t in types
    ]
    return str(np.result_type(*terms))


def result_kind(*types: Scalar) -> Kind:
    """Kind of the result of an operator on scalars: a NumPy operand makes it NumPy's.

    >>> result_kind(PY_FLOAT, NP_FLOAT)
    'numpy'
    >>> result_kind(PY_FLOAT, Scalar("float64", "either"))
    'either'
    """
    kinds = {t.kind for t in types}
    if "numpy" in kinds:
        return "numpy"
    return "either" if "either" in kinds else "python"


def broadcast_lengths(left: Length, right: Length) -> Length:
    """The broadcast length of two lengths; run time raises where they clash."""
    if left == right or right == 1:
        return left
    if left == 1:
        return right
    for length in (left, right):
        if isinstance(length, int) or length.not_one:
            return length
    return fresh_dim()


def broadcast_dims(*shapes: tuple[Length, ...]) -> tuple[Length, ...]:
    """The broadcast shape, NumPy's rule on symbolic lengths.

    >>> n = fresh_dim(not_one=True)
    >>> broadcast_dims((n, 1), (3,)) == (n, 3)
    True
    """
    rank = max(map(len, shapes), default=0)
    result: list[Length] = [1] * rank
    for shape in shapes:
        for axis, length in enumerate(shape, rank - len(shape)):
            result[axis] = broadcast_lengths(result[axis], length)
    return tuple(result)


def may_stretch(length: Length, target: Length) -> bool:
    """Whether broadcasting `length` to `target` may repeat elements.

    >>> n = fresh_dim(not_one=True)
    >>> may_stretch(1, n), may_stretch(n, n), may_stretch(n, fresh_dim())
    (True, False, False)
    """
    if length == target:
        return False
    return length == 1 if isinstance(length, int) else not length.not_one


def dims_of(t: Type) -> tuple[Length, ...]:
    """The dimensions of an array; none for a scalar."""
    return t.dims if isinstance(t, Array) else ()


def join_types(left: Type, right: Type) -> Type | None:
    """The least type that holds both, or None where values or errors could differ.

    >>> print(join_types(PY_FLOAT, NP_FLOAT))
    ?float64
    >>> join_types(PY_INT, NP_FLOAT) is None
    True
    """
    match left, right:
        case Scalar(), Scalar() if left.dtype == right.dtype:
            kind: Kind = left.kind if left.kind == right.kind else "either"
            return Scalar(left.dtype, kind)
        case Array(), Array() if (left.dtype, left.ndim) == (right.dtype, right.ndim):
            dims = tuple(
                a if a == b else fresh_dim(not_one=never_one(a) and never_one(b))
                for a, b in zip(left.dims, right.dims, strict=True)
            )
            return Array(left.dtype, dims)
        case Residuals(), Residuals() if left == right:
            return left
        case ListOf(), ListOf() if left.indexed == right.indexed:
            element = join_types(left.element, right.element)
            return None if element is None else ListOf(element, left.indexed)
        case _:
            return None


def join_all(types: Sequence[Type]) -> Type | None:
    """The join of one or more types."""
    result: Type | None = types[0]
    for other in types[1:]:
        result = None if result is None else join_types(result, other)
    return result


def never_one(length: Length) -> bool:
    """Whether a length is known not to be 1."""
    return length != 1 if isinstance(length, int) else length.not_one


def covers(general: Type, special: Type) -> bool:
    """Whether every value of type `special` is a value of type `general`."""
    match general, special:
        case Scalar(), Scalar():
            return general.dtype == special.dtype and (
                general.kind in ("either", special.kind)
            )
        case Array(), Array():
            # A symbol may stand for any length: rank and dtype are what must agree.
            return (general.dtype, general.ndim) == (special.dtype, special.ndim)
        case Residuals(), Residuals():
            return general == special
        case ListOf(), ListOf() if general.indexed == special.indexed:
            return covers(general.element, special.element)
        case _:
            return False
