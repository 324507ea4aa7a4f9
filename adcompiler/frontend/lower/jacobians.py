"""Jacobians and Hessians taken inside a function: a loop over the columns.

In: ``ad.jacobian(f)`` or ``ad.hessian(f)``, and a call of it. Out: what `columns` below
computes, lowered like any function of the program; that of a number is a gradient.
Invariant: the shape is that of the result followed by that of the argument, as it is
when called from Python.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    FunctionVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.interface import Derivative
from adcompiler.frontend.lower import calls, derivatives, drawing
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.isolation import isolated, rebuilt
from adcompiler.frontend.lower.wanted import wanted
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom


def columns(tangent: Any, x: Any, value: Any) -> Any:
    """The derivatives of what is like `value` by each element of x."""
    jacobian = np.zeros((x.size,) + value.shape, dtype=value.dtype)  # noqa: RUF005
    units = np.eye(x.size, dtype=x.dtype)
    for k in range(x.size):
        jacobian[k] = tangent(units[k].reshape(x.shape) if x.ndim > 1 else units[k])
    by_columns = np.moveaxis(jacobian, 0, -1)
    return by_columns.reshape(value.shape + x.shape) if x.ndim > 1 else by_columns


assert isinstance(columns, FunctionType)
COLUMNS: FunctionType = columns


class Pending:
    """What ``ad.grad(f)`` stands for inside a function."""

    def __init__(self, derivative: Derivative) -> None:
        self.__adcompiler_derivative__ = derivative


@dataclass(frozen=True, slots=True)
class PendingJacobian:
    """What ``ad.jacobian(f)`` and ``ad.hessian(f)`` stand for inside a function."""

    kind: str
    function: Static | FunctionVal
    wrt: tuple[str | int, ...] | None

    def lower(
        self,
        ctx: Context,
        node: ast.AST,
        args: list[Binding],
        kwargs: dict[str, Binding],
    ) -> Binding:
        """A call."""
        kwargs.pop("mode", None)
        derivative = Derivative("grad", self.function, self.wrt)
        found = wanted(ctx, node, derivative, args, kwargs)
        given, (name, *others) = found
        x = given[name]
        if others or not isinstance(x, ArrayRef | Dyn):
            ctx.refuse(
                node,
                f"a {self.kind} by several arguments is not supported here",
                f"take them one by one: ad.{self.kind}(f, wrt='{name}')",
            )
        before = ctx.replayed
        try:
            return self._columns(ctx, node, given, name, x)
        finally:
            ctx.replayed = before

    def _columns(
        self,
        ctx: Context,
        node: ast.AST,
        given: dict[str, Binding],
        name: str,
        x: ArrayRef | Dyn,
    ) -> Binding:
        """Each column is one run of the function, and all are to draw what one run of
        it draws."""
        callee, value = self._result(ctx, node, given, name)
        if self.kind == "jacobian" and (isinstance(value, Dyn) or not value.type.dims):
            single = Derivative("grad", self.function, (name,))
            return derivatives.lower(ctx, node, single, [], given)
        tangent = Tangent(callee, given, name)
        if isinstance(x, Dyn):
            return tangent.lower(ctx, node, [Dyn(constant(1.0))], {})
        return calls.inline_python(ctx, node, COLUMNS, [Static(tangent), x, value], {})

    def _result(
        self, ctx: Context, node: ast.AST, given: dict[str, Binding], name: str
    ) -> tuple[Binding, ArrayRef | Dyn]:
        """What is differentiated by its columns, and something like its result."""
        inner = isolated(ctx, node, self.function, given)
        states = drawing.kept(ctx, node, inner.function, inner.atoms)
        results: tuple[Atom, ...] = ()
        if states or self.kind == "jacobian":
            results = inner.apply(ctx, inner.function)
            ctx.replayed = {**ctx.replayed, **states}
        if self.kind == "hessian":
            gradient = Derivative("grad", self.function, (name,))
            like = given[name]
            assert isinstance(like, ArrayRef | Dyn)
            return Static(Pending(gradient)), like
        value = rebuilt(inner.tree, lambda k: ctx.as_found(results[k]))
        if not isinstance(value, ArrayRef | Dyn):
            count = len(value.items) if isinstance(value, TupleVal) else 0
            ctx.refuse(
                node,
                f"the function returns a tuple of {count}, and a Jacobian needs an "
                "array",
                "return one of them, or np.stack them",
            )
        return self.function, value


@dataclass(frozen=True, slots=True)
class Tangent:
    """The tangent of a function's result where one argument moves."""

    callee: Binding
    given: dict[str, Binding]
    name: str

    def lower(
        self,
        ctx: Context,
        node: ast.AST,
        args: list[Binding],
        kwargs: dict[str, Binding],
    ) -> Binding:
        """``tangent(direction)``."""
        (direction,) = args
        primals = tuple(self.given.values())
        dots = tuple(direction if n == self.name else NONE for n in self.given)
        pair = derivatives.jvp(
            ctx, node, self.callee, [TupleVal(primals), TupleVal(dots)], {}
        )
        assert isinstance(pair, TupleVal)
        return pair.items[1]
