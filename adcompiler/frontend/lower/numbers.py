"""Numbers where paths meet: the type that holds both, and each in that type.

In: the numbers of two paths. Out: their common type, and casts to it.
Invariant: a known integer becomes a float where the other path has one, if that is
exact; a known number that a loop starts with becomes one of single precision.
"""

from __future__ import annotations

import ast

import numpy as np

from adcompiler.frontend.bindings import ArrayRef, Binding, Dyn
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.mixtures import NP_SINGLE, is_single
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, Undef
from adcompiler.ir.types import PY_FLOAT, PY_INT, Scalar, Type, join_types


def number_of(binding: Binding | None) -> Atom:
    """What stands for a number, or for the one in an array of rank 0, in a join."""
    if isinstance(binding, ArrayRef):
        return Undef(Scalar(binding.type.dtype, "numpy"))
    assert isinstance(binding, Dyn)
    return binding.atom


def converted(atom: Atom, t: Type) -> Atom:
    """A known number as the float that it becomes; anything else as it is."""
    if isinstance(atom, Const) and is_float64(t) and not is_float64(atom.type):
        of_numpy = isinstance(atom.type, Scalar) and atom.type.kind == "numpy"
        return constant((np.float64 if of_numpy else float)(atom.value))
    if t == NP_SINGLE and is_held(atom):
        assert isinstance(atom, Const)
        return constant(np.float32(atom.value))
    return atom


def carried(ctx: Context, atom: Atom, t: Scalar, node: ast.AST) -> Atom:
    """A number in the dtype that carries it and others."""
    assert isinstance(atom.type, Scalar)
    if atom.type.dtype == t.dtype or isinstance(atom, Undef):
        return atom
    via = "scalar" if t.kind == "numpy" else "builtin"
    return ctx.emit(node, "cast", atom, dtype=t.dtype, via=via)


def is_float64(t: Type) -> bool:
    """Whether this is a number in double precision."""
    return isinstance(t, Scalar) and t.dtype == "float64"


def join_scalars(a: Atom, b: Atom) -> Type | None:
    """The type of both; a known integer may be a float where the other side is."""
    for one, other in ((a, b), (b, a)):
        if _becomes_float(one) and is_float64(other.type):
            return join_types(PY_FLOAT, other.type)
    return join_types(a.type, b.type)


def in_single(start: Atom, later: Atom) -> bool:
    """Whether a loop starts with a known number, and goes on in single precision, which
    holds it exactly."""
    return later.type == NP_SINGLE and is_held(start)


def is_held(atom: Atom) -> bool:
    """Whether this is a known number of Python's that float32 holds exactly."""
    if not isinstance(atom, Const) or atom.type not in (PY_INT, PY_FLOAT):
        return False
    return is_single(atom.value)


def _becomes_float(atom: Atom) -> bool:
    return (
        isinstance(atom, Const) and type(atom.value) is int and abs(atom.value) <= 2**53
    )
