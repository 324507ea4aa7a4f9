"""Rows of sums of products by index: einsum, and the diagonals of matrices.

In: arrays, and one letter for each of their axes. Out: the sum of their products over
the letters that the result does not have.
Invariant: `einsum` is in normal form. No letter is repeated within an operand or the
result, every operand has letters, and a letter of one operand alone is in the result.
So the cotangent of an operand is again an einsum in normal form, of the others with
the result's cotangent in its place; diagonals and sums of one operand are taken before.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Piece, Primitive, Raises, Storage, define
from adcompiler.ir.types import (
    Array,
    Length,
    broadcast_lengths,
    dims_of,
    may_stretch,
    result_dtype,
)
from adcompiler.ir.wrapping import as_float, is_sized
from adcompiler.primitives import spelling
from adcompiler.primitives.contraction import rank_of
from adcompiler.primitives.raising import any_of, both, differ
from adcompiler.primitives.rules import length, zero_like
from adcompiler.primitives.typerules import (
    Params,
    Types,
    in_common,
    leaves,
    lengths_agree,
    number_array,
)

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]


def terms_of(spec: str) -> tuple[tuple[str, ...], str]:
    """The letters of the operands and of the result.

    >>> terms_of("ij,jk->ik")
    (('ij', 'jk'), 'ik')
    """
    left, _, result = spec.partition("->")
    return tuple(left.split(",")), result


def _lengths(types: Types, terms: tuple[str, ...]) -> dict[str, Length]:
    """The length that each letter stands for."""
    found: dict[str, Length] = {}
    for term, t in zip(terms, types, strict=True):
        if len(dims_of(t)) != len(term):
            raise TypeError(f"np.einsum: '{term}' does not fit an array of this rank")
        for letter, n in zip(term, dims_of(t), strict=True):
            found[letter] = broadcast_lengths(found.get(letter, 1), n)
    return found


def _einsum_types(types: Types, params: Params) -> Types:
    terms, result = terms_of(params["spec"])
    found = _lengths(types, terms)
    dtype = result_dtype(*leaves("np.einsum", types))
    return (number_array(dtype, tuple(found[letter] for letter in result)),)


def _einsum_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    """ValueError where two lengths of a letter are not known to agree."""
    terms, _ = terms_of(params["spec"])
    axes = [(c, k, a) for k, term in enumerate(terms) for a, c in enumerate(term)]
    pairs = [
        (k, a, m, b)
        for (c, k, a), (d, m, b) in itertools.combinations(axes, 2)
        if c == d and not lengths_agree(dims_of(types[k])[a], dims_of(types[m])[b])
    ]

    def clash(*operands: Expr) -> Expr:
        tests = []
        for k, a, m, b in pairs:
            left, right = length(operands[k], a), length(operands[m], b)
            tests.append(both(left.call("not_equal", 1), differ(left, right)))
        return any_of(tests)

    return (Raises("ValueError", clash),) if pairs else ()


def _einsum_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    how = "optimize=True" if let.param("optimize") else ""
    spec = f'"{let.param("spec")}"'
    return spelling.called("np.einsum", spec, *spelling.texts(pieces), how)


def _product(factors: list[tuple[str, Expr]], result: str, let: Let) -> Expr:
    """The sum of products of factors, of which some may be numbers."""
    numbers = [x for term, x in factors if not term]
    arrays = [(term, x) for term, x in factors if term]
    if numbers and all(is_sized(x.type) for _, x in arrays):
        arrays = [(term, as_float(x, "float64")) for term, x in arrays]
    if len(arrays) == 1:
        ((term, product),) = arrays
        axes = tuple(map(term.index, result))
        if axes != tuple(range(len(axes))):
            product = product.call("transpose", axes=axes)
    else:
        spec = f"{','.join(term for term, _ in arrays)}->{result}"
        (_, first), *rest = arrays
        others = (x for _, x in rest)
        product = first.call("einsum", *others, **{**dict(let.params), "spec": spec})
    for x in numbers:
        product = x * product
    return product


def _einsum_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """The sum over the operands, each replaced by its tangent in turn."""
    terms, result = terms_of(let.param("spec"))
    total: Expr | None = None
    for k, dot in enumerate(dots):
        if dot is None:
            continue
        factors = list(zip(terms, operands, strict=True))
        factors[k] = (terms[k], dot)
        term = _product(factors, result, let)
        total = term if total is None else total + term
    return (total,)


def _einsum_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """For each operand, the others with the result's cotangent in its place."""
    (y_bar,) = bars
    if y_bar is None:
        return (None,) * len(operands)
    terms, result = terms_of(let.param("spec"))
    found = []
    for k, (term, x) in enumerate(zip(terms, operands, strict=True)):
        factors = list(zip(terms, operands, strict=True))
        factors[k] = (result, y_bar)
        found.append(_stretched(_product(factors, term, let), x))
    return tuple(found)


def _stretched(x_bar: Expr, x: Expr) -> Expr:
    """A cotangent that may lack repetitions of what the other factors had once."""
    pairs = zip(dims_of(x_bar.type), dims_of(x.type), strict=True)
    if any(may_stretch(have, want) for have, want in pairs):
        return x_bar + zero_like(x)
    return x_bar


def _einsum(*operands: Any, spec: str, optimize: bool = False) -> Any:
    return np.einsum(spec, *operands, optimize=optimize)


einsum = define(
    Primitive(
        "einsum",
        _einsum_types,
        _einsum_spell,
        _einsum,
        computes=in_common,
        raises=_einsum_raises,
        pushforward=_einsum_push,
        pullback=_einsum_pull,
        cost=math.inf,
        domain=("real", "real"),
    )
)

# --- Diagonals ---------------------------------------------------------------------


def _diagonal_types(types: Types, params: Params) -> Types:
    (a,) = leaves("a diagonal", types)
    if not isinstance(a, Array) or a.ndim < 2:
        raise TypeError(
            "a diagonal is that of a matrix", "give each axis a letter of its own"
        )
    return (Array(a.dtype, a.dims[:-1]),)


def _diagonal_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    rows, columns = dims_of(types[0])[-2:]

    def oblong(a: Expr) -> Expr:
        last = rank_of(a) - 1
        return length(a, last - 1).call("not_equal", length(a, last))

    return () if rows == columns else (Raises("ValueError", oblong),)


def _diagonal_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    (a,) = operands
    last = rank_of(a) - 1
    dtype = getattr(a.type, "dtype", "float64")
    return y_bar.call("expand_dims", axis=(last,)) * length(a, last).call(
        "eye", dtype=dtype
    )


def _diagonal(a: Any) -> Any:
    spec = "ii->i" if np.ndim(a) == 2 else "...ii->...i"
    return np.einsum(spec, a)


def _diagonal_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    spec = "ii->i" if len(dims_of(let.operands[0].type)) == 2 else "...ii->...i"
    return spelling.called("np.einsum", f'"{spec}"', pieces[0].text)


# The diagonals of square matrices.
define(
    Primitive(
        "matrix_diagonal",
        _diagonal_types,
        _diagonal_spell,
        _diagonal,
        raises=_diagonal_raises,
        linear=(0,),
        transpose=_diagonal_transpose,
        storage=Storage.READ_ONLY,
        domain=("matrix",),
    )
)
