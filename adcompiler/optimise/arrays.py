"""Rules of arrays: what broadcasts by itself, what keeps its shape, what is zero.

In: `Let`s of shape, reduction, indexing and list primitives. Out: simpler ones.
Invariant: an array is replaced by one of the same lengths, as far as types tell.

A cotangent is broadcast by the pullback of a reduction; the product that it then enters
broadcasts as well, so that the explicit broadcast goes:

    multiply(broadcast_to(y_bar, x), x)    ->    multiply(y_bar, x)
"""

from __future__ import annotations

import numpy as np

from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Let, Var
from adcompiler.ir.types import (
    Array,
    Length,
    Scalar,
    broadcast_dims,
    dims_of,
    may_stretch,
)
from adcompiler.optimise.rewriting import ELEMENTWISE, Given, Site, rewrites

# --- Broadcasting ----------------------------------------------------------------


@rewrites(ELEMENTWISE)
def narrow(let: Let, at: Site) -> Given:
    """An elementwise operand need not be broadcast to the shape of another."""
    dims = dims_of(let.result.type)
    for k, atom in enumerate(let.operands):
        inner = at.let(atom, "broadcast_to")
        if inner is None:
            continue
        rest = [dims_of(a.type) for j, a in enumerate(let.operands) if j != k]
        source = inner.operands[0]
        if broadcast_dims(dims_of(source.type), *rest) == dims and dims in rest:
            operands = (*let.operands[:k], source, *let.operands[k + 1 :])
            return at.make(let.primitive.name, *operands, **dict(let.params))
    return None


@rewrites(ELEMENTWISE)
def widen_later(let: Let, at: Site) -> Given:
    """``f(broadcast_to(g, x), 2)`` is ``broadcast_to(f(g, 2), x)``: less to compute."""
    shaped = [a for a in let.operands if isinstance(a.type, Array)]
    inner = at.let(shaped[0], "broadcast_to") if len(shaped) == 1 else None
    if inner is None:
        return None
    source, like = inner.operands
    if isinstance(source.type, Array) and not at.own(shaped[0], "broadcast_to"):
        return None  # what is computed anyway serves twice
    operands = (source if a == shaped[0] else a for a in let.operands)
    small = at.make(let.primitive.name, *operands, **dict(let.params))
    return at.make("broadcast_to", small, like)


@rewrites("broadcast_to", "reshape_like", exact=True)
def shaped_already(let: Let, at: Site) -> Given:
    """``broadcast_to(x, like)`` is x if x has the lengths of `like`."""
    return let.operands[0] if let.operands[0].type == let.result.type else None


@rewrites("broadcast_to")
def broadcast_again(let: Let, at: Site) -> Given:
    """``broadcast_to(broadcast_to(g, x), y)`` is ``broadcast_to(g, y)``."""
    inner = at.let(let.operands[0], "broadcast_to")
    if inner is None:
        return None
    return at.make("broadcast_to", inner.operands[0], let.operands[1])


@rewrites("store", "accumulate")
def stored_broadcast(let: Let, at: Site) -> Given:
    """A stored value broadcasts by itself."""
    array, value, *index = let.operands
    inner = at.let(value, "broadcast_to")
    if inner is None:
        return None
    source = inner.operands[0]
    return at.make(let.primitive.name, array, source, *index, **dict(let.params))


@rewrites("load")
def load_of_broadcast(let: Let, at: Site) -> Given:
    """An element of a broadcast number is the number."""
    inner = at.let(let.operands[0], "broadcast_to")
    if inner is None or not isinstance(let.result.type, Scalar):
        return None
    source = inner.operands[0]
    return source if isinstance(source.type, Scalar) else None


@rewrites("sum_to")
def sum_to_known(let: Let, at: Site) -> Given:
    """``sum_to`` is a plain sum where the lengths tell which axes were stretched."""
    value, like = let.operands
    source, target = dims_of(value.type), dims_of(like.type)
    if source == target:
        return value if value.type == let.result.type else None
    if not isinstance(like.type, Array):
        return at.make("sum", value, axis=None, keepdims=False)
    lead = len(source) - len(target)
    if lead < 0 or any(map(_undecided, target, source[lead:])):
        return None
    ones = tuple(k for k, n in enumerate(target) if n == 1 and source[lead + k] != 1)
    if lead:
        axes = tuple(range(lead)) if target else None
        value = at.make("sum", value, axis=axes, keepdims=False)
    if ones:
        value = at.make("sum", value, axis=ones, keepdims=True)
    return value


def _undecided(target: Length, source: Length) -> bool:
    return target != 1 and may_stretch(target, source)


@rewrites("sum", "sum_to")
def sum_of_multiple(let: Let, at: Site) -> Given:
    """``sum(c * x)`` is ``c * sum(x)`` for a number c; ``sum(-x)`` is ``-sum(x)``."""
    name, (value, *rest) = let.primitive.name, let.operands
    inner = at.own(value, "multiply", "negative")
    if inner is None or inner.params:
        return None
    *factor, array = inner.operands
    if factor and not isinstance(factor[0].type, Scalar):
        return None
    total = at.make(name, array, *rest, **dict(let.params))
    return at.make(inner.primitive.name, *factor, total)


# --- Shapes ----------------------------------------------------------------------


@rewrites("transpose", exact=True)
def transpose_again(let: Let, at: Site) -> Given:
    """A transpose of a transpose is one transpose, or none."""
    axes: tuple[int, ...] = let.param("axes")
    if axes == tuple(range(len(axes))):
        return let.operands[0]
    inner = at.let(let.operands[0], "transpose")
    if inner is None:
        return None
    composed = tuple(inner.param("axes")[a] for a in axes)
    return at.make("transpose", inner.operands[0], axes=composed)


@rewrites("flip", exact=True)
def flip_again(let: Let, at: Site) -> Given:
    """``flip(flip(x))`` is x."""
    inner = at.let(let.operands[0], "flip")
    if inner is None or inner.param("axis") != let.param("axis"):
        return None
    return inner.operands[0]


@rewrites("reshape_like")
def reshape_again(let: Let, at: Site) -> Given:
    """Of two changes of shape the last one counts."""
    inner = at.let(let.operands[0], "reshape_like", "reshape", "expand_dims", "squeeze")
    if inner is None:
        return None
    return at.make("reshape_like", inner.operands[0], let.operands[1])


@rewrites("shape", exact=True)
def known_length(let: Let, at: Site) -> Given:
    """A length that the type tells is a constant."""
    length = dims_of(let.operands[0].type)[let.param("axis")]
    return constant(length) if isinstance(length, int) else None


@rewrites("cast", exact=True)
def cast_to_same(let: Let, at: Site) -> Given:
    """A conversion to the type that the value has."""
    return let.operands[0] if let.operands[0].type == let.result.type else None


WRITTEN = ("store", "accumulate", "scatter", "scatter_add", "list_pop")


@rewrites("copy", exact=True)
def copy_of_new(let: Let, at: Site) -> Given:
    """A copy of an array that was just computed and is not used otherwise."""
    (array,) = let.operands
    inner = at.known.lets.get(array) if isinstance(array, Var) else None
    if inner is None or inner.primitive.view or array.type != let.result.type:
        return None
    if inner.primitive.name in WRITTEN:
        return None  # it may be written to again, or belong to a list
    return array if at.known.uses.get(inner.result, 0) <= 1 else None


LIKE = ("shape", "size", "zeros_like", "ones_like", "empty_like")


@rewrites(*LIKE, "broadcast_to", "sum_to", "reshape_like")
def only_for_its_shape(let: Let, at: Site) -> Given:
    """What is computed for its shape alone gives way to an argument of that shape."""
    *values, like = let.operands
    inner = at.known.lets.get(like) if isinstance(like, Var) else None
    if inner is None or len(inner.results) != 1:
        return None
    if at.known.uses.get(inner.result, 0) > 1:
        return None
    other = at.known.arguments.get(dims_of(like.type))
    if other is None or not isinstance(like.type, Array):
        return None
    params = dict(let.params)
    if "dtype" in params:
        params["dtype"] = _like_dtype(let, other)
    return at.make(let.primitive.name, *values, other, **params)


def _like_dtype(let: Let, like: Var) -> str | None:
    """The dtype to ask of ``zeros_like(like)``, None if it is that of `like`."""
    dtypes = [t.dtype for t in (let.result.type, like.type) if isinstance(t, Array)]
    return None if len(set(dtypes)) == 1 else dtypes[0]


# --- Numbers like another value ---------------------------------------------------


@rewrites("zeros_like", "ones_like", exact=True)
def like_a_number(let: Let, at: Site) -> Given:
    """``zeros_like(x)`` of a number x is 0."""
    evaluate = let.primitive.evaluate
    if not isinstance(let.result.type, Scalar) or evaluate is None:
        return None
    return constant(evaluate(np.zeros((), let.result.type.dtype)[()]))


@rewrites("full_like", exact=True)
def full_like_a_number(let: Let, at: Site) -> Given:
    """``full_like(x, v)`` of a number x is v."""
    fill = let.operands[1]
    scalar = isinstance(let.result.type, Scalar)
    return fill if scalar and fill.type == let.result.type else None


# --- Zeros, lists ----------------------------------------------------------------


@rewrites("accumulate")
def accumulate_on_zeros(let: Let, at: Site) -> Given:
    """``zeros[:] += g`` is g, if g has the whole shape."""
    array, value, *_ = let.operands
    whole = all(entry == "full" for entry in let.param("index"))
    if not whole or at.let(array, "zeros_like", "zeros") is None:
        return None
    return value if value.type == let.result.type else None


@rewrites("list_pop", exact=True)
def pop_of_append(let: Let, at: Site) -> Given:
    """``list_pop(list_append(xs, v))`` is v, xs."""
    inner = at.let(let.operands[0], "list_append")
    return None if inner is None else (inner.operands[1], inner.operands[0])
