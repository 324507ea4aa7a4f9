"""Which kinds of errors a statement may raise.

In: a statement. Out: the names of the exceptions; ``""`` stands for one that the user
would miss: that of a `raise`, of a name without a value, of `math`'s functions.

Array code meets three kinds, `ARRAY_ERRORS`: a shape that does not broadcast, an index
out of bounds, a matrix that is not square. Of two errors of one of these kinds either
may be reported.

>>> from adcompiler.ir.builder import Builder
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.types import PY_INT, Array, fresh_dim
>>> import adcompiler.primitives
>>> builder, vector = Builder(), Array("float64", (fresh_dim(),))
>>> x, i = fresh_var(vector), fresh_var(PY_INT)
>>> item = builder.apply("load", x, i, index=("int",))
>>> [sorted(error_kinds(stmt)) for stmt in builder.stmts]
[['IndexError']]
"""

from __future__ import annotations

from dataclasses import replace

from adcompiler.ir.nodes import Let

ARRAY_ERRORS = frozenset({"ValueError", "IndexError", "LinAlgError"})
NOTICED = frozenset({"raise", "check_bound"})


def error_kinds(let: Let) -> frozenset[str]:
    """The kinds of errors that running the statement may raise."""
    if let.primitive.name in NOTICED:
        return frozenset({""})
    kinds = frozenset(r.exception for r in let.raises)
    return frozenset({""}) if kinds and let.param("via") == "math" else kinds


def sheltered_kinds(let: Let) -> frozenset[str]:
    """The kinds of errors that a safe statement would raise, were it run earlier: what
    it is safe for may be that another one has not raised."""
    if let.primitive.name == "ieee_divide" and let.param("safe"):
        return frozenset({"ZeroDivisionError"})
    return error_kinds(replace(let, safe=False)) if let.safe else frozenset()
