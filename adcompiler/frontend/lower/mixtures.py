"""Numbers that have one type on one path and another on another: an int or a float.

In: numbers that meet, and the primitives that are applied to what comes of it. Out:
the type that carries either, and what the result of a primitive may be in turn.
Invariant: the carrier holds every value exactly (integers up to 2**53). A primitive
that would compute in another precision, or give an array of another dtype, as the path
determines, is refused; so are print and messages, which would show the difference.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from adcompiler.ir.nodes import Atom, Const, Var
from adcompiler.ir.primitive import PRIMITIVES, Primitive
from adcompiler.ir.types import Array, Kind, Scalar, Type, result_dtype

Types = frozenset[Scalar]
Mixed = Mapping[Var, Types]
Classes = Mapping[Var, frozenset[Type]]

NP_SINGLE = Scalar("float32", "numpy")
HINT = "convert it where the paths part: float(x)"


STORING = ("store", "accumulate", "scatter", "scatter_add")
ROUNDED = (
    "this stores into an array that holds ints or floats, as the path decides",
    "make it of floats: np.array([float(z), ...]), np.full(n, float(z))",
)
COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")


class Differs(Exception):
    """Raised where the result of a primitive depends on the path; says how."""


def types_of(mixed: Mixed, atom: Atom) -> Types:
    """The types that a number may have; none of an array or a bool."""
    t = atom.type
    if not isinstance(t, Scalar) or t.dtype == "bool":
        return frozenset()
    found = mixed.get(atom) if isinstance(atom, Var) else None
    return found or frozenset({t})


def carrier(types: Types) -> Scalar:
    """The type that holds a number of any of these.

    >>> whole, single = Scalar("int64", "python"), Scalar("float32", "numpy")
    >>> print(carrier(frozenset({whole, single})))
    ?float64
    """
    dtype = str(np.result_type(*(np.dtype(t.dtype) for t in types)))
    kinds = {t.kind for t in types}
    kind: Kind = next(iter(kinds)) if len(kinds) == 1 else "either"
    return Scalar(dtype, kind)


def joined(mixed: Mixed, a: Atom, b: Atom) -> Types | None:
    """The types of what is `a` on one path and `b` on another."""
    left, right = types_of(mixed, a), types_of(mixed, b)
    return left | right if left and right else None


def through(
    mixed: Mixed,
    primitive: Primitive,
    operands: tuple[Atom, ...],
    params: Mapping[str, Any],
    results: tuple[Var, ...],
) -> dict[Var, Types]:
    """The results that are mixed in turn; raises Differs where that cannot be."""
    if primitive.name in ("print", "raise"):
        dtypes = {t.dtype[:3] for types in _mixed(mixed, operands) for t in types}
        which = "an int or a float" if len(dtypes) > 1 else "of single precision or not"
        raise Differs(f"this shows a number that is {which}, as the path decides")
    if primitive.name in ("cast", "check_real"):
        return {}
    if primitive.name in ("maximum", "minimum") and params.get("via") == "builtin":
        return {}  # `min` and `max` say what their results are
    if primitive.name == "where" and params.get("via") == "builtin":
        return {results[0]: types_of(mixed, operands[1]) | types_of(mixed, operands[2])}
    choices = [
        sorted(mixed[a], key=str) if isinstance(a, Var) and a in mixed else [a.type]
        for a in operands
    ]
    outcomes: list[tuple[Type, ...]] = []
    precisions: set[str] = set()
    for types in itertools.product(*choices):
        outcomes.append(primitive.types(types, params))
        precisions.add(_precision(primitive, types, params, operands))
    if len(precisions) > 1:
        which = " on one path and in ".join(sorted(precisions))
        raise Differs(f"this is computed in {which} on another")
    found: dict[Var, Types] = {}
    for k, result in enumerate(results):
        kinds = {outcome[k] for outcome in outcomes}
        if len(kinds) == 1 or len({_dtype(t) for t in kinds}) == 1:
            continue
        scalars = frozenset(t for t in kinds if isinstance(t, Scalar))
        if len(scalars) < len(kinds):
            which = " on one path and of ".join(sorted(map(_dtype, kinds)))
            raise Differs(f"this makes an array of {which} on another")
        found[result] = scalars
    return found


def classes(
    known: Classes,
    name: str,
    operands: tuple[Atom, ...],
    params: Mapping[str, Any],
    results: tuple[Var, ...],
) -> dict[Var, frozenset[Type]]:
    """The types that a result may have in the program, of operands that are `known` to
    have several there, and one here: the int that a sum starts with is a float, too.
    """
    if not results or known.keys().isdisjoint(operands):
        return {}
    choices = [sorted(_types(known, a), key=str) for a in operands]
    if params.get("via") == "builtin" and name in ("maximum", "minimum", "where"):
        found = {t for each in choices[-2:] for t in each}
    elif sum(len(each) > 1 for each in choices) > 4:
        ends = ([each[k] for each in choices] for k in (0, -1))
        found = {t for types in ends for t in _given(name, tuple(types), params)}
    else:
        every = itertools.product(*choices)
        found = {t for types in every for t in _given(name, types, params)}
    several = frozenset(found)
    return {results[0]: several} if len(_dtypes(several)) > 1 else {}


def met(known: Classes, leaf: Var, *given: object) -> dict[Var, frozenset[Type]]:
    """Likewise of what is one thing or another, as a path decides."""
    atoms = [a for a in given if isinstance(a, Var | Const)]
    types = frozenset(t for a in atoms for t in _types(known, a))
    return {leaf: types} if len(_dtypes(types)) > 1 else {}


def _dtypes(types: frozenset[Type]) -> set[str]:
    return {t.dtype for t in types if isinstance(t, Scalar | Array)}


def _types(known: Classes, atom: Atom) -> frozenset[Type]:
    """The types of an atom: of an array with its own lengths, wherever it was noted."""
    found = known.get(atom) if isinstance(atom, Var) else None
    if found is None:
        return frozenset({atom.type})
    if isinstance(atom.type, Array):
        return frozenset(replace(atom.type, dtype=d) for d in _dtypes(found))
    return found


def _given(
    name: str, types: tuple[Type, ...], params: Mapping[str, Any]
) -> tuple[Type, ...]:
    try:
        return PRIMITIVES[name].types(types, params)
    except TypeError:  # no run comes here with operands of these types
        return ()


def in_single(
    mixed: Mixed,
    primitive: Primitive,
    operands: tuple[Atom, ...],
    params: Mapping[str, Any],
) -> tuple[Atom, ...]:
    """The operands that a primitive takes in single precision on every path: numbers of
    Python's on some, beside float32. None of them if its results differ."""
    found = tuple(a for a in operands if isinstance(a, Var) and a in mixed)
    if not primitive.elementwise or params.get("via") in ("math", "builtin"):
        return ()
    weak = all(t == NP_SINGLE or t.kind == "python" for a in found for t in mixed[a])
    choices = [sorted(mixed[a], key=str) if a in found else [a.type] for a in operands]
    outcomes: set[tuple[Type, ...]] = set()
    try:
        outcomes.update(primitive.types(t, params) for t in itertools.product(*choices))
    except TypeError:
        return ()
    dtypes = {_dtype(t) for outcome in outcomes for t in outcome}
    return found if weak and len(outcomes) == 1 and dtypes == {"float32"} else ()


def _mixed(mixed: Mixed, operands: tuple[Atom, ...]) -> Iterator[Types]:
    for atom in operands:
        if isinstance(atom, Var) and atom in mixed:
            yield mixed[atom]


def _precision(
    primitive: Primitive,
    types: tuple[Type, ...],
    params: Mapping[str, Any],
    operands: tuple[Atom, ...],
) -> str:
    """The floating-point precision in which a primitive computes.

    Integers that a float holds exactly may be taken for floats.
    """
    if params.get("via") == "math" or primitive.name in ("store", "scatter"):
        return "float64"
    if primitive.name in COMPARISONS and any(map(_is_exact, operands)):
        return "float64"
    numbers = [t for t in types if isinstance(t, Scalar | Array)]
    dtype = result_dtype(*numbers)
    return dtype if dtype.startswith("float") else "float64"


def _is_exact(atom: Atom) -> bool:
    """Whether a number is known, and the same in every precision."""
    return isinstance(atom, Const) and is_single(atom.value)


def is_single(value: float) -> bool:
    """Whether float32 holds a number exactly."""
    if abs(value) > _LARGEST and abs(value) != math.inf:
        return False  # without asking NumPy, who warns of it
    return bool(float(np.float32(value)) == value)


_LARGEST = float(np.finfo(np.float32).max)


def _dtype(t: Type) -> str:
    assert isinstance(t, Scalar | Array)
    return t.dtype
