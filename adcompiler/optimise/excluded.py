"""Errors that an operand's value excludes.

In: any function. Out: the same, in which what cannot raise with the constants that it
is given is `safe`.
Invariant: nothing else changes. Only errors that are not `ARRAY_ERRORS` are weighed:
one of those is as good as another of its kind.

    n // 2      ->      n // 2, safe: ZeroDivisionError needs a divisor of 0

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import constant
>>> from adcompiler.ir.types import PY_INT
>>> n, builder = fresh_var(PY_INT, "n"), Builder()
>>> halves = [builder.apply("floor_divide", n, constant(k)) for k in (2, 0)]
>>> function = Function("f", builder.region((n,), tuple(halves)))
>>> [s.safe for s in without_excluded_errors(function).region.body]
[True, False]
"""

from __future__ import annotations

from adcompiler.analysis.raising import ARRAY_ERRORS, error_kinds
from adcompiler.ir.builder import Builder
from adcompiler.ir.nodes import Const, Function, Let, fresh_var
from adcompiler.ir.primitive import Raises
from adcompiler.ir.walk import all_stmts
from adcompiler.optimise.bounds import made_safe
from adcompiler.optimise.simplify import simplify


def without_excluded_errors(function: Function) -> Function:
    """The function with such statements safe; the same object where there are none."""
    stmts = (s for s in all_stmts(function.region) if isinstance(s, Let))
    return made_safe(function, {s for s in stmts if _is_sure(s)})


def _is_sure(let: Let) -> bool:
    """Whether every error that it may raise is excluded."""
    if not any(isinstance(a, Const) for a in let.operands):
        return False
    kinds = error_kinds(let)
    if kinds <= ARRAY_ERRORS or "" in kinds:
        return False
    return all(_is_excluded(each, let) for each in let.raises)


def _is_excluded(raises: Raises, let: Let) -> bool:
    """Whether the condition of an error comes to false."""
    if raises.when is None:
        return False
    atoms = [a if isinstance(a, Const) else fresh_var(a.type) for a in let.operands]
    builder = Builder()
    flag = raises.when(*map(builder.expr, atoms)).atom
    params = tuple(a for a in atoms if not isinstance(a, Const))
    settled = simplify(Function("when", builder.region(params, (flag,))))
    (found,) = settled.region.results
    return isinstance(found, Const) and not found.value
