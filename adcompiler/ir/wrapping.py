"""Arithmetic whose result may have wrapped.

In: a statement, or the rule of a partial derivative. Out: whether the statement
computes with integers of a fixed size, NumPy's, so that its result need not be what
real numbers would give; the rule, which then computes with floats. Of an array of
``uint8`` ``x * -a`` is not ``-(x * a)``: the laws of arithmetic hold among Python's
ints, and among integers of one size, but not where floats meet integers.

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.types import NP_FLOAT, NP_INT, PY_INT
>>> b = Builder()
>>> for t in (NP_INT, PY_INT, NP_FLOAT):
...     _ = b.apply("negative", fresh_var(t))
>>> [may_wrap(let) for let in b.stmts]
[True, False, False]
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from adcompiler.ir.types import Array, Scalar, Type, is_float

if TYPE_CHECKING:
    from adcompiler.ir.builder import Expr
    from adcompiler.ir.nodes import Let

_SUMS = ("sum", "sum_to", "prod", "cumsum", "cumprod", "matmul", "outer", "einsum")
_ARITHMETIC = frozenset(
    ("add", "subtract", "multiply", "negative", "absolute", "power", "square")
).union(_SUMS, ("floor_divide", "remainder"))


def may_wrap(let: Let) -> bool:
    """Whether a statement computes with integers of NumPy's, or adds bools."""
    name = let.primitive.name
    if name not in _ARITHMETIC:
        return False
    for result in let.results:  # every pass asks this of every statement
        if is_sized(result.type):
            break
    else:
        return False
    types = [a.type for a in let.operands if isinstance(a.type, Scalar | Array)]
    dtypes = [np.dtype(t.dtype) for t in types]
    if name == "sum":  # in 64 bits
        return dtypes[0].itemsize == 8
    return name != "multiply" or any(d.kind != "b" for d in dtypes)


def is_sized(t: Type) -> bool:
    """Whether values of a type are integers of a fixed size, or bools."""
    if isinstance(t, Scalar):
        return t.kind != "python" and not is_float(t)
    return isinstance(t, Array) and not is_float(t)


def in_floats(rule: Callable[..., Any]) -> Callable[..., Any]:
    """The rule of a partial, computed with floats where it would compute with integers
    that may wrap, or with bools, which have no sign: that of ``x ** n`` takes one from
    n, but an n of ``uint8`` may be zero."""

    @wraps(rule)
    def partial(*operands: Expr, **params: Any) -> Any:
        if not any(is_sized(x.type) for x in operands):
            return rule(*operands, **params)
        stmts = operands[0].builder.stmts
        before = len(stmts)
        try:
            found = rule(*operands, **params)
            if not any(map(_matters, stmts[before:])):
                return found
        except TypeError:
            pass  # of a bool
        del stmts[before:]
        dtype = _dtype_of(operands[-1])
        floats = (as_float(x, dtype) if is_sized(x.type) else x for x in operands)
        return rule(*floats, **params)

    return partial


def _matters(let: Any) -> bool:
    """Whether a step of a rule may wrap. What is one more than an integer of 64 bits
    does only where a float could not tell it from that."""
    if not may_wrap(let):
        return False
    counts = let.primitive.name in ("add", "subtract")
    steps = counts and any(hasattr(a, "value") for a in let.operands)
    return not (steps and let.result.type.dtype == "int64")


def _dtype_of(y: Expr) -> str:
    """The dtype in which the partial of a result is computed."""
    t = y.type
    return t.dtype if isinstance(t, Scalar | Array) and is_float(t) else "float64"


def as_float(x: Expr, dtype: str) -> Expr:
    """Integers of a fixed size as floats."""
    via = "astype" if isinstance(x.type, Array) else "scalar"
    return x.call("cast", dtype=dtype, via=via)
