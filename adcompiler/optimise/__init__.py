"""Optimisation: simplify, merge what is computed twice, remove what is dead.

In: a primal or derivative function. Out: an equal one that reads better.
Invariant: the passes repeat until nothing changes, a bounded number of times.
"""

from __future__ import annotations

from adcompiler.ir.nodes import Function
from adcompiler.optimise.cse import merge_common_subexpressions
from adcompiler.optimise.dce import eliminate_dead_code
from adcompiler.optimise.signs import settle_signs
from adcompiler.optimise.simplify import simplify

__all__ = [
    "eliminate_dead_code",
    "merge_common_subexpressions",
    "optimise",
    "settle_signs",
    "simplify",
]

ROUNDS = 5


def optimise(function: Function) -> Function:
    """Simplify, merge and remove, until nothing changes."""
    for _ in range(ROUNDS):
        before = function
        function = simplify(function)
        function = merge_common_subexpressions(function)
        function = eliminate_dead_code(function)
        if function is before:
            break
    return eliminate_dead_code(settle_signs(function))
