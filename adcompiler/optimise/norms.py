"""A norm that its derivative divides by, and that the cotangent has as a factor.

In: products of derivative code. Out: the same without the norm.
Invariant: the gradient of a norm is stated to be zero where the norm is, so that what
it divides by is then infinite. Times the norm it is the vector itself, which is zero
there, and has a derivative: of ``norm(x) ** 2`` it is ``2 * x`` everywhere.

>>> import numpy as np
>>> import adcompiler as ad
>>> def squared(x): return np.linalg.norm(x) ** 2
>>> ad.hessian(squared)(np.zeros(2))
array([[2., 0.],
       [0., 2.]])
"""

from __future__ import annotations

import math

from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Let, Var
from adcompiler.ir.types import Array
from adcompiler.optimise.rewriting import Given, Site, is_number, rewrites

__all__ = ["norm_of_vector"]


@rewrites("multiply")
def norm_of_vector(let: Let, at: Site) -> Given:
    """``2 * n / (inf if n == 0 else n) * x`` is ``2 * x``, of the norm n of x."""
    if let.params:
        return None
    for factor, x in (let.operands, let.operands[::-1]):
        spread = at.own(factor, "expand_dims")
        quotient = at.own(factor if spread is None else spread.operands[0], *_QUOTIENT)
        if quotient is None:
            continue
        whole, divisor = quotient.operands
        norm = _divided_by(divisor, at)
        if norm is None or norm.operands[0] != x:
            continue
        rest = _without(whole, norm.result, at)
        if rest is None:
            continue
        if spread is not None and isinstance(rest.type, Array):
            rest = at.make("expand_dims", rest, axis=spread.param("axis"))
        return _times(rest, x, at)
    return None


_QUOTIENT = ("ieee_divide",)


def _divided_by(divisor: Atom, at: Site) -> Let | None:
    """The norm that stands for itself, or for infinity where it is zero."""
    choice = at.let(divisor, "where")
    if choice is None:
        return None
    cond, infinite, atom = choice.operands
    norm, test = at.let(atom, "norm"), at.let(cond, "equal")
    if norm is None or test is None or not is_number(infinite, math.inf):
        return None
    zero = test.operands[0] == atom and is_number(test.operands[1], 0)
    return norm if zero else None


def _without(value: Atom, factor: Var, at: Site) -> Atom | None:
    """A value without one of its factors, which all of its terms have; None where it
    has none such."""
    if value == factor:
        return constant(1.0)
    inner = at.let(value, "multiply", "power", "add", "subtract")
    if inner is None or inner.params:
        return None
    a, b = inner.operands
    match inner.primitive.name:
        case "power":
            return a if a == factor and is_number(b, 2) else None
        case "multiply":
            for one, other in ((a, b), (b, a)):
                rest = _without(one, factor, at)
                if rest is not None:
                    return _times(rest, other, at)
            return None
        case name:
            parts = [_without(part, factor, at) for part in (a, b)]
            return None if None in parts else at.make(name, *parts)


def _times(a: Atom, b: Atom, at: Site) -> Atom:
    return b if is_number(a, 1) else at.make("multiply", a, b)
