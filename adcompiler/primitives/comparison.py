"""Rows that give bools: comparisons, connectives, tests of floats.

In: scalars and arrays. Out: bools, Python's where all operands are Python numbers.
Invariants: all operands are evaluated (short circuit is control flow); no row here has
a derivative.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adcompiler.ir.nodes import Atom, Let
from adcompiler.ir.primitive import (
    BIT_AND,
    BIT_OR,
    BIT_XOR,
    COMPARE,
    UNARY,
    Piece,
    Primitive,
    Speller,
    define,
)
from adcompiler.ir.types import PY_BOOL, Kind, ListOf, Scalar, dims_of, is_float
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import broadcasting
from adcompiler.primitives.typerules import (
    Params,
    Types,
    all_scalars,
    is_python,
    leaves,
    math_computes,
    math_types,
    operator_computes,
    operator_types,
    shaped,
    ufunc_computes,
    ufunc_types,
)

Function = Callable[..., Any]

_OPPOSITE = {"equal": "not_equal", "not_equal": "equal"}
_OPPOSITE_WITHOUT_NAN = {
    "less": "greater_equal",
    "greater_equal": "less",
    "greater": "less_equal",
    "less_equal": "greater",
}


def opposite(name: str, operands: Sequence[Atom]) -> str | None:
    """The comparison that is true where this one is false, if there is one: of floats,
    which may be nan, only that of ``==``."""
    if name not in _OPPOSITE_WITHOUT_NAN:
        return _OPPOSITE.get(name)
    exact = not any(isinstance(a.type, ListOf) or is_float(a.type) for a in operands)
    return _OPPOSITE_WITHOUT_NAN[name] if exact else None


def comparison(name: str, symbol: str, python: Function) -> Primitive:
    """``a < b``; ``np.less(a, b)`` where `via` is ``"np"``.

    One that is of a `cotangent` asks whether that was used, see `differentiate.again`.
    """
    numpy: Function = getattr(np, name)

    def evaluate(
        a: Any, b: Any, via: str | None = None, cotangent: bool = False
    ) -> Any:
        return (numpy if via == "np" else python)(a, b)

    return define(
        Primitive(
            name,
            operator_types(name, python),
            spelling.infix(symbol, COMPARE, name),
            evaluate,
            raises=broadcasting,
            computes=operator_computes(name),
            elementwise=True,
            operator=True,
            domain=("real", "real"),
        )
    )


less = comparison("less", "<", operator.lt)
less_equal = comparison("less_equal", "<=", operator.le)
greater = comparison("greater", ">", operator.gt)
greater_equal = comparison("greater_equal", ">=", operator.ge)
equal = comparison("equal", "==", operator.eq)
not_equal = comparison("not_equal", "!=", operator.ne)


# --- Connectives ------------------------------------------------------------------
# `via` is "builtin" (`and`), "operator" (`&`, on bools) or "np"; where it is absent,
# scalars are joined by `and` and arrays by `np.logical_and`.


def connective_via(types: Types, via: str | None) -> str:
    """How the connective is written."""
    return via or ("builtin" if all_scalars(types) else "np")


def _connective_types(name: str, types: Types, via: str | None) -> Types:
    operands = leaves(name, types)
    how = connective_via(types, via)
    if how == "np":
        return (shaped("bool", *operands),)
    if any(t.dtype != "bool" for t in operands):
        raise TypeError(
            "and, or, &, | and ^ are accepted for bools only so far",
            "compare first: (a != 0) & (b != 0); of integers n % 2 is n & 1",
        )
    if how == "operator" and not all_scalars(operands):
        return (shaped("bool", *operands),)
    return (Scalar("bool", _bool_kind(name, types, how)),)


def _bool_kind(name: str, types: Types, how: str) -> Kind:
    for t in types:
        if dims_of(t):
            raise TypeError(
                "the truth value of an array is ambiguous",
                f"use np.any, np.all or np.{name}",
            )
    kinds = {t.kind if isinstance(t, Scalar) else "numpy" for t in types}
    if how == "operator" and "numpy" in kinds:
        return "numpy"
    if len(kinds) == 1:
        return kinds.pop()
    return "either"


def connective(name: str, symbol: str, precedence: int, python: Function) -> Primitive:
    """``a and b``, ``a & b`` or ``np.logical_and(a, b)``."""
    numpy: Function = getattr(np, name)
    by_operator = spelling.infix(symbol, precedence, name)

    def how(let: Let) -> str:
        types = tuple(a.type for a in let.operands)
        return connective_via(types, let.param("via"))

    def spell(let: Let, pieces: spelling.Pieces) -> Piece:
        match how(let):
            case "builtin":
                return spelling.connective(*spelling.CONNECTIVES[name], pieces)
            case "operator":
                return by_operator(let, pieces)
            case _:
                return spelling.function(name)(let, pieces)

    def evaluate(a: Any, b: Any, via: str | None = None) -> Any:
        scalar = not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray)
        if via == "builtin" or (via is None and scalar):
            return (a and b) if name == "logical_and" else (a or b)
        return (python if via == "operator" else numpy)(a, b)

    return define(
        Primitive(
            name,
            lambda types, params: _connective_types(name, types, params.get("via")),
            spell,
            evaluate,
            raises=broadcasting,
            elementwise=True,
            domain=("bool", "bool"),
        )
    )


logical_and = connective("logical_and", "&", BIT_AND, operator.and_)
logical_or = connective("logical_or", "|", BIT_OR, operator.or_)


def _xor_types(types: Types, params: Params) -> Types:
    if params.get("via") == "operator":
        return _connective_types("logical_xor", types, "operator")
    return (shaped("bool", *leaves("np.logical_xor", types)),)


def _xor_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    by_symbol = let.param("via") == "operator"
    spell: Speller = spelling.function("logical_xor")
    if by_symbol:
        spell = spelling.infix("^", BIT_XOR, "logical_xor")
    return spell(let, pieces)


logical_xor = define(
    Primitive(
        "logical_xor",
        _xor_types,
        _xor_spell,
        lambda a, b, via="np": (
            operator.xor(a, b) if via == "operator" else np.logical_xor(a, b)
        ),
        raises=broadcasting,
        elementwise=True,
        domain=("bool", "bool"),
    )
)


def _not_types(types: Types, params: Params) -> Types:
    (operand,) = leaves("not", types)
    how = connective_via(types, params.get("via"))
    if how == "builtin":
        _bool_kind("logical_not", types, how)
        return (PY_BOOL,)
    if how == "operator" and (operand.dtype != "bool" or is_python(operand)):
        raise TypeError(
            "~ is accepted for NumPy bools only so far", "use not; of an integer -k - 1"
        )
    return (shaped("bool", operand),)


def _not_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    how = connective_via((let.operands[0].type,), let.param("via"))
    if how == "builtin":
        return spelling.negation(pieces[0])
    if how == "operator":
        return Piece(f"~{spelling.within(pieces[0], UNARY)}", UNARY)
    return spelling.function("logical_not")(let, pieces)


def _not_evaluate(a: Any, via: str | None = None) -> Any:
    scalar = not isinstance(a, np.ndarray)
    if via == "builtin" or (via is None and scalar):
        return not a
    return ~a if via == "operator" else np.logical_not(a)


logical_not = define(
    Primitive(
        "logical_not",
        _not_types,
        _not_spell,
        _not_evaluate,
        elementwise=True,
        domain=("bool",),
    )
)

# --- Tests of floats --------------------------------------------------------------


def test_of(name: str) -> Primitive:
    """``np.isnan(x)`` or ``math.isnan(x)``."""
    numpy: Function = getattr(np, name)
    python: Function = getattr(math, name)

    def types(operands: Types, params: Params) -> Types:
        if params.get("via") == "math":
            return math_types(name, operands, PY_BOOL)
        return ufunc_types(name)(operands, params)

    def computes(operands: Types, params: Params) -> tuple[str, ...]:
        if params.get("via") == "math":
            return math_computes(operands, params)
        return ufunc_computes(name)(operands, params)

    return define(
        Primitive(
            name,
            types,
            spelling.function(name),
            lambda x, via="np": (python if via == "math" else numpy)(x),
            computes=computes,
            elementwise=True,
            domain=("real",),
        )
    )


isnan = test_of("isnan")
isinf = test_of("isinf")
isfinite = test_of("isfinite")
