"""The partial derivatives that a row states, built aside to be looked at.

In: an elementwise statement and the number of an operand. Out: what the partial
derivative by it is, None where there is none, and the statements that compute it.
Invariant: it is built as reverse mode builds it, as derivative code, which takes kinds
and dtypes beside one another that the primal may not.

    y = multiply(a, b), 0   ->   b, []
"""

from __future__ import annotations

from adcompiler.ir.builder import Builder, Expr
from adcompiler.ir.nodes import Let, Stmt

__all__ = ["partial_of"]


def partial_of(let: Let, k: int) -> tuple[Expr | float | None, list[Stmt]]:
    """What the rule of a row gives for an operand, and the statements it builds."""
    rule = (let.primitive.partials or ())[k]
    if rule is None:
        return None, []
    builder = Builder(role="adjoint", span=let.span)
    operands = map(builder.expr, let.operands)
    found = rule(*operands, builder.expr(let.result), **dict(let.params))
    return found, builder.stmts
