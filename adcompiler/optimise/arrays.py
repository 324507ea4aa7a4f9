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
from adcompiler.ir.nodes import Atom, Const, Let, Var
from adcompiler.ir.primitive import Storage
from adcompiler.ir.types import (
    Array,
    Length,
    Scalar,
    broadcast_dims,
    dims_of,
    may_stretch,
)
from adcompiler.optimise.rewriting import ELEMENTWISE, Given, Site, rank, rewrites

# --- Broadcasting ----------------------------------------------------------------


@rewrites(ELEMENTWISE)
def narrow(let: Let, at: Site) -> Given:
    """An elementwise operand need not be broadcast to the shape of another."""
    for k, atom in enumerate(let.operands):
        source = _unspread(atom, at)
        if source is None:
            continue
        operands = (*let.operands[:k], source, *let.operands[k + 1 :])
        if _shapes_suffice(operands, let.result, at):
            return at.make(let.primitive.name, *operands, **dict(let.params))
    return None


def _shapes_suffice(operands: tuple[Atom, ...], whole: Var, at: Site) -> bool:
    """Whether operands broadcast to a shape, as far as their types tell."""
    if any(at.same(a, whole) for a in operands):
        return True
    dims = broadcast_dims(*(dims_of(a.type) for a in operands))
    return at.known.shapes.same(dims, dims_of(whole.type))


def _unspread(atom: Atom, at: Site) -> Atom | None:
    """What an array repeats, if broadcasting gives the array back."""
    uniform = _uniform(atom, at)
    if uniform is not None:
        return uniform
    inner = at.let(atom, "broadcast_to")
    return None if inner is None else inner.operands[0]


def _uniform(atom: Atom, at: Site) -> Atom | None:
    """The number that every element of an array is."""
    inner = at.let(atom, "broadcast_to", *REARRANGED, "ones_like")
    if inner is None:
        return None
    if inner.primitive.name == "ones_like":
        assert isinstance(inner.result.type, Scalar | Array)
        kind = np.dtype(inner.result.type.dtype).kind
        return constant({"b": True, "i": 1, "f": 1.0}[kind])
    source = inner.operands[0]
    if isinstance(source.type, Scalar):
        return source
    return _uniform(source, at)


REARRANGED = ("expand_dims", "squeeze", "transpose", "flip", "reshape_like")


@rewrites(ELEMENTWISE)
def leading_axes(let: Let, at: Site) -> Given:
    """Axes of length 1 in front come by themselves: ``g[None] * x`` is ``g * x``."""
    count = rank(let.result)
    for k, atom in enumerate(let.operands):
        inner = at.let(atom, "expand_dims")
        if inner is None:
            continue
        axes = inner.param("axis")
        rest = (rank(a) for j, a in enumerate(let.operands) if j != k)
        if axes == tuple(range(len(axes))) and max(rest, default=0) == count:
            source = inner.operands[0]
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


@rewrites("multiply")
def expand_later(let: Let, at: Site) -> Given:
    """``2 * (3 * g)[:, None]`` is ``(6 * g)[:, None]``: numbers meet."""
    shaped = [a for a in let.operands if isinstance(a.type, Array)]
    inner = at.own(shaped[0], "expand_dims") if len(shaped) == 1 else None
    if inner is None or not _has_constant(inner.operands[0], at):
        return None
    (source,) = inner.operands
    operands = (source if a == shaped[0] else a for a in let.operands)
    small = at.make(let.primitive.name, *operands, **dict(let.params))
    return at.make("expand_dims", small, **dict(inner.params))


def _has_constant(atom: Atom, at: Site) -> bool:
    """Whether an array is a product that begins with a constant."""
    inner = at.own(atom, "multiply", "ieee_divide")
    if inner is None:
        return False
    first = inner.operands[0]
    return isinstance(first, Const) or _has_constant(first, at)


@rewrites("broadcast_to", "reshape_like", exact=True)
def shaped_already(let: Let, at: Site) -> Given:
    """``broadcast_to(x, like)`` is x if x has the lengths of `like`."""
    source = let.operands[0]
    if isinstance(source.type, Array) and at.same(source, let.result):
        return source
    return source if source.type == let.result.type else None


@rewrites("broadcast_to")
def broadcast_again(let: Let, at: Site) -> Given:
    """``broadcast_to(broadcast_to(g, x), y)`` is ``broadcast_to(g, y)``."""
    source = _unspread(let.operands[0], at)
    return None if source is None else at.make("broadcast_to", source, let.operands[1])


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
    if at.same(value, like):
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


@rewrites("multiply", "ieee_divide")
def sum_of_constant(let: Let, at: Site) -> Given:
    """The sum of a constant is the constant times the number of elements."""
    if let.params:
        return None
    for k, atom in enumerate(let.operands):
        inner = at.own(atom, "sum")
        value = _uniform(inner.operands[0], at) if inner else None
        if inner and isinstance(value, Const) and inner.param("axis") is None:
            total = at.make("multiply", value, at.make("size", inner.operands[0]))
            operands = (*let.operands[:k], total, *let.operands[k + 1 :])
            return at.make(let.primitive.name, *operands)
    return None


@rewrites("sum")
def sum_of_repeated(let: Let, at: Site) -> Given:
    """A sum over axes that a broadcast did not stretch is taken before it."""
    array, axes, kept = let.operands[0], let.param("axis"), let.param("keepdims")
    inner = at.let(array, "broadcast_to")
    if inner is None or kept or axes is None:
        return None
    source = inner.operands[0]
    narrow, wide = dims_of(source.type), dims_of(array.type)
    if len(narrow) != len(wide):
        return None
    if not all(at.known.shapes.same((narrow[a],), (wide[a],)) for a in axes):
        return None
    like = at.known.shapes.array(dims_of(let.result.type))
    if like is None:
        return None
    return at.make("broadcast_to", at.make("sum", source, **dict(let.params)), like)


# --- Shapes ----------------------------------------------------------------------


@rewrites("load", exact=True)
def load_of_new_axes(let: Let, at: Site) -> Given:
    """``x[:, None]`` adds an axis, and reads no element."""
    index = let.param("index")
    axes = tuple(k for k, entry in enumerate(index) if entry == "new")
    if not axes or any(entry not in ("full", "new") for entry in index):
        return None
    return at.make("expand_dims", let.operands[0], axis=axes)


@rewrites("squeeze")
def squeeze_of_kept(let: Let, at: Site) -> Given:
    """Axes that a sum keeps, or that were put in, need not be taken away."""
    array, axes = let.operands[0], let.param("axis")
    inner = at.own(array, "sum", "mean")
    if inner is not None and inner.param("axis") == axes and inner.param("keepdims"):
        name, read = inner.primitive.name, inner.operands
        return at.make(name, *read, axis=axes, keepdims=False)
    inner = at.let(array, "expand_dims")
    return inner.operands[0] if inner and inner.param("axis") == axes else None


@rewrites("squeeze")
def squeeze_of_multiple(let: Let, at: Site) -> Given:
    """``squeeze(c * x)`` is ``c * squeeze(x)``, ``squeeze(-x)`` is ``-squeeze(x)``."""
    inner = at.own(let.operands[0], "multiply", "negative")
    if inner is None or inner.params:
        return None
    *factor, array = inner.operands
    if factor and not isinstance(factor[0].type, Scalar):
        return None
    small = at.make("squeeze", array, **dict(let.params))
    return at.make(inner.primitive.name, *factor, small)


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


@rewrites("copy", exact=True)
def copy_of_new(let: Let, at: Site) -> Given:
    """A copy of an array that was just computed and is not used otherwise."""
    (array,) = let.operands
    if not isinstance(array, Var) or array.type != let.result.type:
        return None
    inner = at.known.lets.get(array)
    if inner is None or not _is_new(inner):
        return None  # it may be written to again, or belong to a list
    return array if at.known.uses.get(array, 0) <= 1 else None


def _is_new(let: Let) -> bool:
    """Whether what it gives belongs to nothing else."""
    return let.primitive.storage is Storage.NEW and let.primitive.name != "list_get"


LIKE = ("zeros_like", "ones_like", "empty_like", "broadcast_to", "sum_to")


@rewrites(*LIKE, "reshape_like")
def only_for_its_shape(let: Let, at: Site) -> Given:
    """What is computed for its shape alone gives way to an array of that shape."""
    *values, like = let.operands
    other = at.known.shapes.instead_of(like)
    if other is None:
        return None
    params = dict(let.params)
    if "dtype" in params:
        params["dtype"] = _like_dtype(let, other)
    return at.make(let.primitive.name, *values, other, **params)


@rewrites(*LIKE)
def like_what_that_is_like(let: Let, at: Site) -> Given:
    """``zeros_like(zeros_like(x))`` is like x, unless x gives way in its turn."""
    *values, like = let.operands
    inner = at.let(like, "zeros_like", "ones_like", "empty_like")
    other = inner.operands[0] if inner is not None else None
    if not isinstance(other, Var) or dims_of(other.type) != dims_of(like.type):
        return None
    if at.known.shapes.instead_of(other) is not None:  # to `like` itself, it may be
        return None
    params = dict(let.params)
    if "dtype" in params:
        params["dtype"] = _like_dtype(let, other)
    return at.make(let.primitive.name, *values, other, **params)


@rewrites("size", "shape")
def only_for_its_length(let: Let, at: Site) -> Given:
    """Likewise what is computed for a length alone."""
    (like,) = let.operands
    other = at.known.shapes.instead_of(like)
    if other is not None:
        return at.make(let.primitive.name, other, **dict(let.params))
    if not at.known.shapes.is_spare(like):
        return None
    dims = dims_of(like.type)
    if let.primitive.name == "shape":
        dims = (dims[let.param("axis")],)
    found = [at.known.shapes.length(n) for n in dims]
    if None in found or len(found) > 2:
        return None
    lengths = [at.make("shape", place[0], axis=place[1]) for place in found if place]
    return lengths[0] if len(lengths) == 1 else at.make("multiply", *lengths)


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


@rewrites("add")
def accumulate_on_sum(let: Let, at: Site) -> Given:
    """``zeros`` with some elements added to, plus g: g with these elements added to."""
    for k, atom in enumerate(let.operands):
        other = let.operands[1 - k]
        fresh = at.own(other, *SCALED)
        if fresh is not None and other.type == let.result.type:
            total = _accumulated(atom, other, at)
            if total is not None:
                return total
    return None


@rewrites("add")
def twice_what_it_began_as(let: Let, at: Site) -> Given:
    """g with some elements added to, plus g again: 2 * g with these added to."""
    for k, base in enumerate(let.operands):
        atom = let.operands[1 - k]
        made = at.let(base, *SCALED)
        if made is None or made.role == "primal" or base.type != let.result.type:
            continue
        if at.known.uses.get(made.result, 0) == 2 and at.own(atom, "accumulate"):
            total = _doubled(atom, base, at)
            if total is not None:
                return total
    return None


def _doubled(atom: Atom, base: Atom, at: Site) -> Atom | None:
    if atom == base:
        return at.make("multiply", constant(2), base)
    inner = at.own(atom, "accumulate")
    if inner is None or atom.type != base.type:
        return None
    array, value, *index = inner.operands
    start = _doubled(array, base, at)
    if start is None or value == base:
        return None
    return at.make("accumulate", start, value, *index, **dict(inner.params))


SCALED = ("multiply", "ieee_divide", "matmul", "add", "subtract", "negative")


def _accumulated(atom: Atom, base: Atom, at: Site) -> Atom | None:
    inner = at.own(atom, "accumulate", "zeros_like")
    if inner is None or atom.type != base.type:
        return None
    if inner.primitive.name == "zeros_like":
        return base
    array, value, *index = inner.operands
    start = _accumulated(array, base, at)
    if start is None:
        return None
    return at.make("accumulate", start, value, *index, **dict(inner.params))


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
