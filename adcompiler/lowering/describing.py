"""Short names for values that the user did not name.

In: values that share a name, and the statements that define them. Out: a word that says
what the value is, never an identity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adcompiler.ir.nodes import For, If, Let, Stmt, Var, While
from adcompiler.ir.types import Array, ListOf, Scalar

_WORDS = {
    "add": "total",
    "subtract": "difference",
    "multiply": "product",
    "divide": "quotient",
    "ieee_divide": "quotient",
    "floor_divide": "quotient",
    "power": "power",
    "negative": "negated",
    "matmul": "product",
    "sum": "total",
    "sum_to": "total",
    "prod": "product",
    "max": "largest",
    "min": "least",
    "maximum": "larger",
    "minimum": "smaller",
    "argmax": "position",
    "argmin": "position",
    "size": "size",
    "where": "selected",
    "list_pop": "saved",
    "list_new": "tape",
    "load": "part",
    "gather": "part",
    "transpose": "transposed",
    "reshape": "reshaped",
    "reshape_like": "reshaped",
    "broadcast_to": "spread",
    "zeros": "zeros",
    "zeros_like": "zeros",
    "range_length": "trips",
    "solve": "solution",
    "inv": "inverse",
    "cholesky": "factor",
}
_COMPARISONS = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}


def describe(members: Sequence[Var], origin: Mapping[Var, Stmt]) -> str:
    """A word for what these values are, after the first that a statement computes."""
    for var in members:
        stmt = origin.get(var)
        if isinstance(stmt, Let):
            return _describe(stmt, var)
    return _by_type(members[0], origin.get(members[0]))


def _describe(let: Let, var: Var) -> str:
    name = let.primitive.name
    source = let.operands[0] if let.operands else None
    base = source.name if isinstance(source, Var) else None
    if name == "copy" and base:
        return base
    if name == "shape":
        return "n" if let.param("axis") == 0 else "m"
    if name == "load" and base and isinstance(var.type, Scalar):
        return f"{base}_item"
    if name in _COMPARISONS or name.startswith(("logical", "is")):
        return "mask" if isinstance(var.type, Array) else "condition"
    return _WORDS.get(name) or (name if name.isidentifier() else "value")


def _by_type(var: Var, stmt: Stmt | None) -> str:
    """Values without a statement of their own: indices, carried values, joins."""
    match var.type:
        case ListOf():
            return "tape"
        case Scalar(dtype="bool"):
            return "condition"
        case Scalar(dtype="int64") if not isinstance(stmt, If | For | While):
            return "k"
        case _:
            return "value"
