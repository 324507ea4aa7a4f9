"""Rules of selections and of flags.

In: `Let`s of `where`, negations and checks. Out: simpler ones; see `rewriting` for the
conventions.
"""

from __future__ import annotations

from adcompiler.ir.nodes import Let
from adcompiler.optimise.algebra import COMPARISONS, same_shape
from adcompiler.optimise.rewriting import (
    Given,
    Site,
    atom_key,
    number,
    rewrites,
)
from adcompiler.primitives.comparison import opposite


@rewrites("where", exact=True)
def where_settled(let: Let, at: Site) -> Given:
    """``where(c, x, x)`` is x; so is ``where(True, x, y)``."""
    mask, a, b = let.operands
    chosen = number(mask)
    if chosen is not None:
        atom = a if chosen else b
    elif atom_key(a) == atom_key(b):
        atom = a
    else:
        return None
    return atom if same_shape(atom, let) else None


@rewrites("where")
def where_not(let: Let, at: Site) -> Given:
    """``where(not c, a, b)`` is ``where(c, b, a)``."""
    mask, a, b = let.operands
    inner = at.let(mask, "logical_not")
    if inner is None or inner.operands[0].type != mask.type:
        return None
    return at.make("where", inner.operands[0], b, a, **dict(let.params))


@rewrites("where")
def where_again(let: Let, at: Site) -> Given:
    """``where(c, where(c, a, b), d)`` is ``where(c, a, d)``."""
    mask, a, b = let.operands
    for k, atom in ((1, a), (2, b)):
        inner = at.let(atom, "where")
        if inner is not None and inner.operands[0] == mask:
            arms = (inner.operands[1], b) if k == 1 else (a, inner.operands[2])
            return at.make("where", mask, *arms, **dict(let.params))
    return None


@rewrites("check_bound", exact=True)
def surely_bound(let: Let, at: Site) -> Given:
    """A name that is bound needs no check."""
    return () if number(let.operands[0]) is True else None


@rewrites("logical_not")
def not_compared(let: Let, at: Site) -> Given:
    """``not a == b`` is ``a != b``; ``not a < b`` is ``a >= b`` of ints only (nan)."""
    inner = at.let(let.operands[0], "logical_not", *COMPARISONS)
    if inner is None:
        return None
    name, read = inner.primitive.name, inner.operands
    if name == "logical_not":
        return read[0] if read[0].type == let.result.type else None
    other = opposite(name, read)
    return None if other is None else at.make(other, *read, **dict(inner.params))
