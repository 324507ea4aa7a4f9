"""Short names for values that the user did not name.

In: values that share a name, and the statements that define them. Out: a word that says
what the value is, never an identity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from adcompiler.ir.nodes import For, If, Let, Stmt, Var, While, is_adjoint
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


@dataclass(frozen=True, slots=True)
class Describer:
    """Finds words.

    Attributes:
        origin: the statement that defines each value that is no parameter.
        hint: the name that a value's class has already, if any.
        together: the values that share a name with one.
    """

    origin: Mapping[Var, Stmt]
    hint: Callable[[Var], str | None]
    together: Callable[[Var], Sequence[Var]]

    def word(self, members: Sequence[Var]) -> str:
        """A word for what these values are, after the first that a statement
        computes."""
        if isinstance(members[0].type, ListOf):
            recorded = self.recorded(members)
            return f"{recorded}_tape" if recorded else "tape"
        for var in members:
            stmt = self.origin.get(var)
            if isinstance(stmt, Let):
                return self.let(stmt, var)
        return _by_type(members[0], self.origin.get(members[0]))

    def let(self, let: Let, var: Var) -> str:
        name = let.primitive.name
        source = let.operands[0] if let.operands else None
        base = source.name if isinstance(source, Var) else None
        if name == "list_pop" and isinstance(source, Var):
            return self.recorded(self.together(source)) or "saved"
        if name == "copy" and isinstance(source, Var):
            return base or self.name(source)
        if name == "shape":
            return "n" if let.param("axis") == 0 else "m"
        if name == "load" and base:
            return f"{base}_{_part(let, var)}"
        if name == "logical_and" and is_adjoint(let) and self.is_trip(let):
            return "last"
        if name in _COMPARISONS or name.startswith(("logical", "is")):
            return "mask" if isinstance(var.type, Array) else "condition"
        return _WORDS.get(name) or (name if name.isidentifier() else "value")

    def recorded(self, lists: Sequence[Var]) -> str | None:
        """The name of what is appended to a list."""
        for var in lists:
            stmt = self.origin.get(var)
            if isinstance(stmt, Let) and stmt.primitive.name == "list_append":
                value = stmt.operands[1]
                if isinstance(value, Var) and not isinstance(value.type, ListOf):
                    return self.name(value)
        return None

    def name(self, value: Var) -> str:
        return self.hint(value) or self.word(self.together(value))

    def is_trip(self, let: Let) -> bool:
        """Whether this tells if a trip is the one at which its loop stopped."""
        last = let.operands[1]
        stmt = self.origin.get(last) if isinstance(last, Var) else None
        return isinstance(stmt, Let) and stmt.primitive.name == "equal"


def _part(load: Let, var: Var) -> str:
    """What a load takes out of an array."""
    index = [entry for entry in load.param("index") if entry != "new"]
    if isinstance(var.type, Scalar):
        return "item"
    if index == ["int"]:
        return "row"
    return "column" if index == ["full", "int"] else "part"


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
