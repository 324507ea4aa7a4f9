"""Masks of cotangents, on their way back through arrays that are moved about.

In: the mask that a `where` has put on the cotangent of a result. Out: the mask of the
cotangent of an operand: the elements that reach what the mask selects.

Invariants: where a mask is false, the cotangent is exactly zero, whatever its value
says. A mask of one bool for a whole array passes through anything linear.

    y = np.where(x.T > 0, np.sqrt(x).T, 0)     # masked by x.T > 0
    np.sqrt(x)                                 # masked by (x.T > 0).T
"""

from __future__ import annotations

from collections.abc import Callable

from adcompiler.analysis.partials import partial_of
from adcompiler.differentiate.cotangents import (
    Cotangent,
    Cotangents,
    Factors,
    nonzero,
)
from adcompiler.ir.builder import Builder, Expr
from adcompiler.ir.joins import joined
from adcompiler.ir.nodes import Atom, Const, If, Let, Region, Stmt, Var
from adcompiler.ir.primitive import EDGED
from adcompiler.ir.types import Array, ListOf, Residuals, Scalar, dims_of, is_float
from adcompiler.ir.walk import all_stmts


def factors(region: Region) -> Factors:
    """By what the cotangents of a region's values are multiplied."""
    return Factors(factored(region), exposed(region), scaled(region))


def factored(region: Region) -> frozenset[Var]:
    """The values behind which a partial may be infinite, as that of a logarithm: where
    a function is not defined for all reals."""
    return _behind(list(all_stmts(region)), is_singular)


def scaled(region: Region) -> frozenset[Var]:
    """The values behind which a derivative depends on values; none where no branch
    makes it matter which of them are used."""
    stmts = list(all_stmts(region))
    if not any(isinstance(stmt, If) for stmt in stmts):
        return frozenset()
    return _behind(stmts, _scales)


def _behind(stmts: list[Stmt], starts: Callable[[Let], bool]) -> frozenset[Var]:
    """What such statements give, and all that is computed from it."""
    first = (stmt for stmt in stmts if isinstance(stmt, Let) and starts(stmt))
    found = {var for let in first for var in let.results}
    before = -1
    while len(found) > before:  # around loops
        before = len(found)
        for stmt in stmts:
            if not isinstance(stmt, Let):
                rows = joined(stmt)
                found.update(v for v, given in rows if not found.isdisjoint(given))
            elif not found.isdisjoint(stmt.operands):
                found.update(stmt.results)
    return frozenset(found)


def _scales(let: Let) -> bool:
    """Whether a cotangent is multiplied by values on its way through a statement."""
    if not any(is_float(result.type) for result in let.results):
        return False
    if let.primitive.partials is None:
        return let.primitive.linear is None
    floats = (k for k, a in enumerate(let.operands) if is_float(a.type))
    partials = (partial_of(let, k)[0] for k in floats)
    return any(isinstance(p, Expr) and not isinstance(p.atom, Const) for p in partials)


def exposed(region: Region) -> frozenset[Var]:
    """The values of which an elementwise result has such a partial."""
    found: set[Atom] = set()
    for let in reversed(list(all_stmts(region))):
        if not isinstance(let, Let) or let.primitive.partials is None:
            continue
        if is_singular(let) or not found.isdisjoint(let.results):
            found.update(let.operands)
    return frozenset(v for v in found if isinstance(v, Var))


def is_singular(let: Let) -> bool:
    """Whether a partial may be infinite: not where Python raises instead."""
    row = let.primitive
    if row.partials is None or EDGED.isdisjoint(row.domain):
        return False
    return not any(
        r.exception == "ZeroDivisionError" and r.kind is None for r in let.raises
    )


def through(
    let: Let,
    k: int,
    mask: Atom | None,
    bars: Cotangents,
    contribution: Atom | None = None,
) -> Atom | None:
    """The mask of operand k, of that of the result; None where no factor can be
    infinite, and no branch was passed by. Where the row has no rule, what is exactly
    zero in the contribution to the operand comes of elements that were left out, and is
    left out."""
    operand = let.operands[k]
    if mask is None or not bars.keeps(operand, mask):
        return None
    if not dims_of(mask.type):
        return mask
    builder, rule = bars.builder, let.primitive.mask
    if rule is None:
        return None if contribution is None else nonzero(builder, contribution)
    if dims_of(mask.type) != dims_of(let.result.type):
        mask = builder.apply("broadcast_to", mask, let.result)
    operands = tuple(map(builder.expr, let.operands))
    return rule(k, builder.expr(mask), operands, let).atom


def pulled_back(
    let: Let,
    k: int,
    cotangents: list[Cotangent | None],
    contribution: Atom,
    bars: Cotangents,
) -> Cotangent:
    """The cotangent of operand k by a pullback, with what is known of its zeros."""
    operand = let.operands[k]
    assert isinstance(operand, Var)
    given = [c for c in cotangents if c is not None]
    if isinstance(operand.type, ListOf | Residuals):
        zeroed = any(c.mask is not None or c.zeroed for c in given)
        return Cotangent(contribution, zeroed=zeroed and bars.keeps(operand))
    if any(c.mask is None and c.zeroed for c in given) and bars.keeps(operand):
        return Cotangent(contribution, nonzero(bars.builder, contribution))
    if len(cotangents) > 1 or not given:
        return Cotangent(contribution)
    mask = given[0].mask
    if mask is not None and not dims_of(mask.type) and _scales(let):
        return Cotangent(contribution, mask)
    mask = through(let, k, mask, bars, contribution)
    return Cotangent(contribution, mask, zeroed=mask is not None)


def outside(bars: Cotangents, var: Var, cond: Atom, lacking: list[bool]) -> Atom | None:
    """The mask of a cotangent that one arm of a branch gives and the other lacks: what
    was computed before a branch is of no effect where the branch does not use it."""
    if lacking.count(True) != 1:
        return None
    return bars.builder.apply("logical_not", cond) if lacking[0] else cond


def chosen(builder: Builder, product: Cotangent, partial: Expr | float) -> Cotangent:
    """The cotangent of an operand of which some elements were not chosen."""
    if not isinstance(partial, Expr):
        return product
    is_bool = isinstance(partial.type, Scalar | Array) and partial.type.dtype == "bool"
    mask = partial if is_bool else partial.call("not_equal", 0)
    if product.mask is None:
        return Cotangent(product.value, mask.atom)
    both = builder.apply("logical_and", product.mask, mask.atom)
    return Cotangent(product.value, both)
