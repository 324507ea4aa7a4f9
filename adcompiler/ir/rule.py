"""A derivative that a user states of values: what `ruled` names in its parameters.

In: the user's rule for reverse mode as a function of IR, and the passes. Out: `Rule`,
which gives that function, and its transpose for forward mode.
Invariant: forward mode is refused unless the rule is seen to be linear in cotangents,
so that the transpose depends on none.

    x_bar = backward(x, saved, y_bar)     ->     y_dot = tangent(x, saved, x_dot)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adcompiler.errors import UnsupportedError
from adcompiler.ir.builder import Builder
from adcompiler.ir.callee import derivative_type
from adcompiler.ir.nodes import Function, Region, Stmt, Var, fresh_var
from adcompiler.ir.walk import inline

__all__ = ["Partials", "Rule"]

Wrt = tuple[int, ...]
Derive = Callable[[Any, Function, tuple[int, ...]], tuple[Function, ...]]


@dataclass(frozen=True, eq=False, slots=True)
class Partials:
    """Partial derivatives of one value by each of `inputs`, elementwise: functions of
    these and of what else it depends on, each with one result."""

    name: str
    functions: tuple[Function, ...]

    @property
    def inputs(self) -> int:
        return len(self.functions)


@dataclass(eq=False, slots=True)
class Rule:
    """A rule: its `backward` takes what the values depend on, in `inputs` parameters,
    residuals, and at last a cotangent for each float value; it gives a cotangent of
    each of the parameters `outputs`. `not_linear` finds a statement that is not linear.
    """

    name: str
    backward: Function
    inputs: int
    bars: int
    outputs: tuple[int, ...]
    derive: Derive
    not_linear: Callable[[Region, tuple[Var, ...]], Stmt | None]
    _tangents: dict[Wrt, Function] = field(default_factory=dict)

    def tangent(self, wrt: Wrt) -> Function:
        """Takes what `backward` takes, the cotangents being any, then tangents of the
        parameters `wrt`; gives a tangent for each float value."""
        if wrt not in self._tangents:
            self._tangents[wrt] = self._transposed(wrt)
        return self._tangents[wrt]

    def _transposed(self, wrt: Wrt) -> Function:
        region, span = self.backward.region, self.backward.span
        results = tuple(region.results[self.outputs.index(k)] for k in wrt)
        count = len(region.params) - self.bars
        bars = region.params[count:]
        part = Region(region.params, region.body, results)
        (pullback,) = self.derive("value", Function(self.name, part, span), ())
        params = pullback.region.params
        self._require_linear(pullback)
        places = tuple(range(count, len(params)))
        first, second = self.derive("called vjp", pullback, places)
        builder = Builder()
        given = tuple(fresh_var(p.type, p.name) for p in params[:count])
        dots = tuple(fresh_var(derivative_type(given[k].type)) for k in wrt)
        zeros = tuple(fresh_var(p.type, p.name) for p in bars)
        saved = inline(builder, first, (*given, *zeros))[len(wrt) :]
        tangents = inline(builder, second, (*saved, *dots))
        whole = Region((*given, *zeros, *dots), tuple(builder.stmts), tangents)
        (found,) = self.derive("value", Function(self.name, whole, span), ())
        return found

    def _require_linear(self, pullback: Function) -> None:
        region = pullback.region
        bars = region.params[len(region.params) - self.bars :]
        stmt = self.not_linear(region, bars)
        if stmt is not None:
            raise UnsupportedError(
                f"the rule of {self.name}() serves reverse mode alone: its transpose, "
                "for forward mode, takes what is seen to be linear in the cotangent",
                span=stmt.span or self.backward.span,
                hint="take a gradient, or let backward multiply and add cotangents",
            )
