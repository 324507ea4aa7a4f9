"""Rules of selections and of flags.

In: `Let`s of `where`, negations and checks. Out: simpler ones; see `rewriting` for the
conventions.
"""

from __future__ import annotations

import numpy as np

from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, Let
from adcompiler.ir.types import NP_BOOL, dims_of, may_stretch
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
    """``where(c, x, x)`` is x; so is ``where(True, x, y)``, or of an array of True."""
    mask, a, b = let.operands
    chosen = number(mask)
    if chosen is not None or at.let(mask, "ones_like") is not None:
        atom = b if chosen is not None and not chosen else a
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


@rewrites("where")
def where_nonzero(let: Let, at: Site) -> Given:
    """``where(a != 0, a, 0)`` is a, but for the sign of a zero."""
    mask, a, b = let.operands
    test = at.let(mask, "not_equal")
    if test is None or number(b) != 0 or test.operands[0] != a:
        return None
    return a if number(test.operands[1]) == 0 and same_shape(a, let) else None


@rewrites("where", exact=True)
def where_met_once(let: Let, at: Site) -> Given:
    """Of places that are met once each, every one is the last at its place."""
    mask, a, _ = let.operands
    test = at.let(mask, "equal")
    if test is None or not same_shape(a, let):
        return None
    met = at.let(test.operands[0], "gather")
    order = at.let(test.operands[1], "reshape_like", "arange")
    turn = None if met is None else at.let(met.operands[0], "scatter")
    if met is None or order is None or turn is None:
        return None
    same = turn.operands[2:] == met.operands[1:]
    same = same and turn.param("index") == met.param("index")
    same = same and turn.operands[1] == order.result
    return a if same and _differ(met, met.operands[1:], at) else None


@rewrites("scatter_add", exact=True)
def added_once(let: Let, at: Site) -> Given:
    """What is added at places that are met once each is added as ``x[i] += v``."""
    if not let.param("repeats") or not _differ(let, let.operands[2:], at):
        return None
    return at.make(
        "scatter_add", *let.operands, **dict(let.params) | {"repeats": False}
    )


def _differ(let: Let, indices: tuple[Atom, ...], at: Site) -> bool:
    """Whether an index by arrays is of places of which no two are one: where vectors
    beside each other have no two elements alike, or are what `nonzero` gives; where
    arrays count up along each of their axes, as those of a grid do."""
    entries = let.param("index")
    if any(isinstance(e, tuple) or e == "mask" for e in entries):
        return False
    arrays = [a for a in indices if dims_of(a.type)]
    if not arrays:
        return True  # one place: of numbers alone
    if any(len(dims_of(a.type)) != 1 for a in arrays):
        return _is_grid(arrays, at)
    for a in arrays:
        (mine,) = dims_of(a.type)
        kept = all(
            at.same(a, b) or not may_stretch(mine, *dims_of(b.type)) for b in arrays
        )
        if kept and (_counts_up(a, at) or at.let(a, "argsort")):
            return True
    places = at.let(arrays[0], "nonzero")
    return places is not None and set(places.results) <= set(arrays)


def _is_grid(arrays: list[Atom], at: Site) -> bool:
    """Whether of arrays that are broadcast one counts up along each axis, alone."""
    rank = max(len(dims_of(a.type)) for a in arrays)
    shapes = [(1,) * (rank - len(dims_of(a.type))) + dims_of(a.type) for a in arrays]
    return all(
        any(
            all(n == 1 for k, n in enumerate(mine) if k != axis)
            and not any(may_stretch(mine[axis], n[axis]) for n in shapes)
            and _counts_up(_as_vector(a, at), at)
            for a, mine in zip(arrays, shapes, strict=True)
        )
        for axis in range(rank)
    )


def _as_vector(atom: Atom, at: Site) -> Atom:
    """The vector that an array of one axis beside ones is made of."""
    while (inner := at.let(atom, "reshape", "expand_dims")) is not None:
        atom = inner.operands[0]
    return atom


def _counts_up(atom: Atom, at: Site) -> bool:
    """Whether this is a vector of numbers that grow, none of which is negative."""
    let = at.let(atom, "arange")
    if let is None:
        return False
    start, step = (number(let.operands[k]) for k in (0, 2))
    return start is not None and step is not None and start >= 0 and step > 0


@rewrites("check_bound", exact=True)
def surely_bound(let: Let, at: Site) -> Given:
    """A name that is bound needs no check."""
    return () if number(let.operands[0]) is True else None


@rewrites("logical_and", "logical_or")
def said_twice(let: Let, at: Site) -> Given:
    """``a & a`` is a, and so of an array and what it is when it is broadcast."""
    left, right = let.operands
    sources = {_unspread(atom, at) for atom in let.operands}
    if len(sources) > 1:
        return None
    fitting = (atom for atom in (left, right) if atom.type == let.result.type)
    return next(fitting, None)


@rewrites("logical_and", "logical_or")
def said_beside_a_constant(let: Let, at: Site) -> Given:
    """``a or False`` is a; so is ``a and True``, also of an array of True."""
    neutral = let.primitive.name == "logical_and"
    for one, other in (let.operands, let.operands[::-1]):
        value = number(one)
        settled = value is not None and bool(value) is neutral
        true = neutral and at.let(one, "ones_like") is not None
        if (settled or true) and same_shape(other, let):
            return other
    return None


@rewrites("logical_and", "logical_or")
def said_and_denied(let: Let, at: Site) -> Given:
    """``a or not a`` is True, as is ``a or True``; the same with ``and`` is False."""
    if dims_of(let.result.type):
        return None
    absorbing = let.primitive.name == "logical_or"
    settled = constant(np.bool_(absorbing) if let.result.type == NP_BOOL else absorbing)
    known = (number(a) for a in let.operands)
    if any(value is not None and bool(value) is absorbing for value in known):
        return settled
    for one, other in (let.operands, let.operands[::-1]):
        denied = at.let(other, "logical_not")
        if denied is not None and denied.operands[0] == one:
            return settled
    return None


def _unspread(atom: Atom, at: Site) -> Atom:
    """What an array repeats."""
    inner = at.let(atom, "broadcast_to")
    return atom if inner is None else inner.operands[0]


@rewrites("equal", "not_equal", exact=True)
def lengths_compared(let: Let, at: Site) -> Given:
    """Two lengths of arrays that are known to be equal are."""
    lets = [at.let(atom, "shape") for atom in let.operands]
    if any(known is None for known in lets):
        return None
    dims = [(dims_of(x.operands[0].type)[x.param("axis")],) for x in lets if x]
    if not at.known.shapes.same(*dims):
        return None
    return Const(let.primitive.name == "equal", let.result.type)


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
