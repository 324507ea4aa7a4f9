"""Rows of `math` on integers: counting, divisors, roots.

In: integers. Out: a Python int.
Invariants: no derivative, since an integer has none; results are taken to have 64 bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from adcompiler.ir.builder import Expr
from adcompiler.ir.primitive import Primitive, Raises, define
from adcompiler.ir.types import PY_INT, Scalar
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import any_of
from adcompiler.primitives.typerules import Params, Types, leaves


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
