"""Short names for values that the user did not name.

In: values that share a name, and the statements that define them. Out: a word that says
what the value is, never an identity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from adcompiler.analysis.nouns import noun_of
from adcompiler.ir.nodes import For, If, Let, Stmt, Var, While, is_adjoint
from adcompiler.ir.types import ListOf, Scalar


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
    asked: set[Var] = field(default_factory=set)  # those whose name is looked for now

    def word(self, members: Sequence[Var]) -> str:
        """A word for what these values are, after the first that a statement
        computes."""
        if isinstance(members[0].type, ListOf):
            if members[0].type.indexed:
                return "items"
            recorded = self.recorded(members)
            return f"{recorded}_tape" if recorded else "tape"
        nouns = (self.noun(v) for v in members)
        noun = next((noun for noun in nouns if noun), None)
        if noun is not None:
            return noun
        for var in members:
            stmt = self.origin.get(var)
            if isinstance(stmt, Let):
                return self.let(stmt)
        return _by_type(members[0], self.origin.get(members[0]))

    def noun(self, var: Var) -> str | None:
        """What the value is known to be, by the statement that defines it."""
        stmt = self.origin.get(var)
        defined = stmt.results if isinstance(stmt, Let) else ()
        return next((v.noun for v in defined if v == var), None)

    def let(self, let: Let) -> str:
        name = let.primitive.name
        source = let.operands[0] if let.operands else None
        if _is_taken(let):
            assert isinstance(source, Var)
            assert isinstance(source.type, ListOf)
            found = self.hint(source)
            item = f"{found}_item" if found and source.type.indexed else "saved"
            return self.recorded(self.together(source)) or item
        if name == "copy" and isinstance(source, Var):
            return self.name(source)
        if name == "logical_and" and is_adjoint(let) and self.is_trip(let):
            return "last"
        return noun_of(let, self.hint) or "value"

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
        if value in self.asked:
            # Round a loop, each of these is a copy of the other.
            return "value"
        self.asked.add(value)
        try:
            return self.hint(value) or self.word(self.together(value))
        finally:
            self.asked.discard(value)

    def is_trip(self, let: Let) -> bool:
        """Whether this tells if a trip is the one at which its loop stopped."""
        last = let.operands[1]
        stmt = self.origin.get(last) if isinstance(last, Var) else None
        return isinstance(stmt, Let) and stmt.primitive.name == "equal"


def _is_taken(let: Let) -> bool:
    """Whether this pops an element, or reads what was recorded off a tape."""
    if let.primitive.name not in ("list_pop", "list_get"):
        return False
    xs = let.operands[0].type
    assert isinstance(xs, ListOf)
    return let.primitive.name == "list_pop" or not xs.indexed


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
