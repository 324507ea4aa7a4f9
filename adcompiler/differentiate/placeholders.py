"""Values of a type, for paths that leave one unassigned.

In: a type, and what is in scope. Out: statements that make some value of it.
Invariant: an array has the lengths that its type says, as what reads it may go by them:
a length is read off an array in scope that has it, or is made of such. One that no
array in scope tells, such as a symbol of its own, is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, assert_never

import numpy as np

from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Atom, Let, Var
from adcompiler.ir.types import (
    Array,
    Dim,
    Length,
    ListOf,
    Residuals,
    Scalar,
    Type,
    dims_of,
)

Axes = Mapping[Length, tuple[Var, int]]  # symbols, each with an array and its axis


def axes_of(values: Iterable[Var], outer: Axes) -> Axes:
    """The symbols that arrays in scope tell, with these values in it, too."""
    inner: dict[Length, tuple[Var, int]] = {}
    for var in values:
        for axis, length in enumerate(dims_of(var.type)):
            if isinstance(length, Dim):
                inner.setdefault(length, (var, axis))
    return {**inner, **outer} if inner else outer


def placeholder(t: Type, builder: Builder, axes: Axes) -> Atom:
    """Some value of a type."""
    match t:
        case Scalar():
            python = {"float64": 0.0, "int64": 0, "bool": False}
            if t.kind != "numpy":
                return constant(python[t.dtype])
            return constant(np.dtype(t.dtype).type(0))
        case Array():
            lengths = [_length(n, builder, axes) for n in t.dims]
            return _zeros(t, lengths, builder)
        case ListOf():
            more: dict[str, Any] = {"indexed": True} if t.indexed else {}
            return builder.apply("list_new", element=t.element, **more)
        case Residuals():
            return builder.apply("residuals_none", of=t.of)
        case _:
            assert_never(t)


def _length(length: Length, builder: Builder, axes: Axes) -> Atom:
    """A length as a number."""
    if isinstance(length, int):
        return constant(length)
    if length in axes:
        var, axis = axes[length]
        return builder.apply("shape", var, axis=axis)
    match length.key:
        case ("drop", (int() | Dim()) as base, int() as count):
            whole = _length(base, builder, axes)
            rest = builder.apply("subtract", whole, constant(count))
            return builder.apply("maximum", constant(0), rest, via="builtin")
        case ("slice", (int() | Dim()) as base, *bounds):
            numbers = [n for n in bounds if n is None or isinstance(n, int)]
            if len(numbers) == len(bounds):
                return _sliced(base, numbers, builder, axes)
            return constant(0)
        case _:
            return constant(0)


def _sliced(
    base: Length, bounds: list[int | None], builder: Builder, axes: Axes
) -> Atom:
    """The length of a slice of an axis of length `base`."""
    if base in axes:
        array, axis = axes[base]
    else:
        whole = [_length(base, builder, axes)]
        array, axis = _zeros(Array("float64", (base,)), whole, builder), 0
    index = ("full",) * axis + (("slice", *(n is not None for n in bounds)),)
    operands = [constant(n) for n in bounds if n is not None]
    part = builder.apply("load", array, *operands, index=index)
    return builder.apply("shape", part, axis=axis)


def _zeros(t: Array, lengths: list[Atom], builder: Builder) -> Var:
    made = builder.apply("zeros", *lengths, dtype=t.dtype, known=t)
    let = builder.stmts[-1]
    assert isinstance(let, Let)
    builder.stmts[-1] = replace(let, safe=True)
    return made
