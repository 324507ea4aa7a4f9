"""How a function's values are written as Python: the bridge from lowering to emission.

In: decided by `lowering.naming`. Out: read by `emit`.
Invariants: values that share a name are never needed at the same time, except where one
is the other stored to in place; a folded value is computed by exactly one expression,
where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adcompiler.ir.nodes import Function, If, Let, Var


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A function whose values have names.

    Attributes:
        function: the function, its parameters named too.
        names: the name of every value that may need one.
        folded: the statement of each value that is written out at its use; an `If` of
            these is a conditional expression.
        choices: the `If`s that are conditional expressions.
        unset: values that some path leaves without a value, yet are copied: `None`
            stands for them there.
        lacking: values that may be `None`.
    """

    function: Function
    names: Mapping[Var, str]
    folded: Mapping[Var, Let | If]
    choices: frozenset[If]
    unset: frozenset[Var]
    lacking: frozenset[Var]
