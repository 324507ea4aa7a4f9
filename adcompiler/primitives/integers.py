"""Rows of integers: counting, divisors, roots of `math`, and bits.

In: integers. Out: a Python int; of bits and divisors of arrays what NumPy gives.
Invariants: no derivative, since an integer has none; results are taken to have 64 bits.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.primitive import (
    BIT_AND,
    BIT_OR,
    BIT_XOR,
    Primitive,
    Raises,
    TypeRule,
    define,
)
from adcompiler.ir.types import PY_INT, Scalar
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import any_of, broadcasting
from adcompiler.primitives.typerules import (
    Params,
    Types,
    leaves,
    operator_computes,
    operator_types,
    ufunc_computes,
    ufunc_types,
)


def _negative(*operands: Expr) -> Expr:
    """Whether an operand is negative."""
    return any_of([n.call("less", 0) for n in operands])


def _row(name: str, arity: int, *, of_naturals: bool) -> Primitive:
    function: Callable[..., int] = getattr(math, name)

    def types(operands: Types, params: Params) -> Types:
        for t in leaves(f"math.{name}", operands):
            if not isinstance(t, Scalar) or t.dtype not in ("int64", "bool", "int32"):
                raise TypeError(f"math.{name} takes integers", "convert them: int(n)")
        return (PY_INT,)

    return define(
        Primitive(
            name,
            types,
            lambda let, pieces: spelling.called(
                f"math.{name}", *spelling.texts(pieces)
            ),
            function,
            computes=lambda types, params: ("int64",) * len(types),
            raises=(Raises("ValueError", _negative),) if of_naturals else (),
            linear=(),
            domain=("natural",) * arity,
        )
    )


comb = _row("comb", 2, of_naturals=True)
perm = _row("perm", 2, of_naturals=True)
factorial = _row("factorial", 1, of_naturals=True)
isqrt = _row("isqrt", 1, of_naturals=True)
gcd = _row("gcd", 2, of_naturals=False)
lcm = _row("lcm", 2, of_naturals=False)

# --- Of arrays too -------------------------------------------------------------------


def _of_integers(name: str, rule: TypeRule) -> TypeRule:
    def types(operands: Types, params: Params) -> Types:
        for t in leaves(f"np.{name}", operands):
            if t.dtype not in ("int64", "int32", "bool"):
                hint = "convert them: x.astype(int), or int(x)"
                raise TypeError(f"np.{name} takes integers", hint)
        return rule(operands, params)

    return types


def _bits(name: str, symbol: str, precedence: int, python: Callable[..., Any]) -> None:
    """``a & b`` of integers; with ``via="np"`` NumPy's function on Python's too."""
    numpy: Callable[..., Any] = getattr(np, name)

    def evaluate(a: Any, b: Any, via: str | None = None) -> Any:
        return (numpy if via == "np" else python)(a, b)

    define(
        Primitive(
            name,
            _of_integers(name, operator_types(name, python)),
            spelling.infix(symbol, precedence, name),
            evaluate,
            raises=broadcasting,
            computes=operator_computes(name),
            elementwise=True,
            operator=True,
            partials=(None, None),
            domain=("natural", "natural"),
        )
    )


_bits("bitwise_and", "&", BIT_AND, operator.and_)
_bits("bitwise_or", "|", BIT_OR, operator.or_)
_bits("bitwise_xor", "^", BIT_XOR, operator.xor)


def _ufunc(row: str, name: str, arity: int) -> None:
    numpy: Callable[..., Any] = getattr(np, name)

    def evaluate(*values: Any, via: str | None = None) -> Any:
        return numpy(*values)

    define(
        Primitive(
            row,
            _of_integers(name, ufunc_types(name)),
            spelling.function(name),
            evaluate,
            raises=broadcasting if arity == 2 else (),
            computes=ufunc_computes(name),
            elementwise=True,
            partials=(None,) * arity,
            domain=("natural",) * arity,
        )
    )


_ufunc("common_divisor", "gcd", 2)
_ufunc("common_multiple", "lcm", 2)
_ufunc("bitwise_count", "bitwise_count", 1)
