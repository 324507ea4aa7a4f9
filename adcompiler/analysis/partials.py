"""The partial derivatives that a row states, built aside to be looked at.

In: an elementwise statement. Out: what each partial derivative is, None where there is
none, and the statements that compute them.
Invariant: they are built as reverse mode builds them, as derivative code, which takes
kinds and dtypes beside one another that the primal may not.

    y = multiply(a, b)   ->   (b, a), []
"""

from __future__ import annotations

from adcompiler.ir.builder import Builder, Expr
from adcompiler.ir.nodes import Let, Stmt

__all__ = ["partials_of"]

Partial = Expr | float | None


def partials_of(let: Let) -> tuple[tuple[Partial, ...], list[Stmt]]:
    """What the rules of a row give for each operand, and the statements they build."""
    builder = Builder(role="adjoint", span=let.span)
    operands = tuple(map(builder.expr, let.operands))
    result, params = builder.expr(let.result), dict(let.params)
    found = tuple(
        None if rule is None else rule(*operands, result, **params)
        for rule in let.primitive.partials or ()
    )
    return found, builder.stmts
