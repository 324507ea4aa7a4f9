"""Forward mode: the tangent of each value, computed beside it.

In: a primal function and the parameters that move. Out: a function that takes, after
the primal's parameters, one tangent per such parameter and gives, after the primal's
results, one tangent per float result.

Invariants: control flow is the primal's; a tangent has its value's dtype and shape;
only varied values have tangents, a structural zero is materialised only where control
flow or the result must carry it.

    y = x * x            ->   y = x * x
                              y_dot = 2 * x * x_dot
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, assert_never

import numpy as np

from adcompiler.analysis.activity import differentiable_operands, varied
from adcompiler.analysis.nouns import with_nouns
from adcompiler.differentiate import calls
from adcompiler.differentiate.boundary import define_residuals, zeroed
from adcompiler.differentiate.cotangents import (
    called_last,
    derived_name,
    in_an_array,
    in_precision,
    zero_of_type,
)
from adcompiler.differentiate.settling import CarriedTypes, join_derivatives
from adcompiler.errors import InternalError
from adcompiler.ir.builder import Builder, Expr, constant
from adcompiler.ir.callee import derivative_type
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Undef,
    Var,
    While,
    carried_params,
    carried_results,
    fresh_var,
)
from adcompiler.ir.types import (
    Array,
    Scalar,
    Type,
    dims_of,
    is_float,
)
from adcompiler.ir.walk import clone


def jvp(function: Function, wrt: tuple[int, ...], *, called: bool = False) -> Function:
    """The function beside its tangent in the directions of the parameters in `wrt`.

    The tangents of one that is `called` may be Python's numbers or NumPy's.
    """
    region = with_nouns(clone(function.region))
    params = [region.params[k] for k in wrt]
    retyped = derivative_type if called else type_of
    dots = tuple(fresh_var(retyped(p.type), dot_name(p)) for p in params)
    sweep = _Tangents(
        varied(region, params), Builder(), dict(zip(params, dots, strict=True))
    )
    sweep.statements(region.body)
    with sweep.builder.at(None, "tangent"):
        floats = [a for a in region.results if is_float(a.type)]
        tangents = tuple(map(sweep.tangent_or_zero, floats))
    stmts = tuple(sweep.builder.stmts)
    both = (*region.params, *dots)
    body = Region(
        both,
        define_residuals(both, stmts, zeroed(stmts)),
        (*region.results, *tangents),
    )
    return Function(function.name, body, function.span)


def type_of(t: Type) -> Type:
    """The type of a derivative that is a value of the same kind."""
    return t


def dot_name(var: Var) -> str | None:
    """The name of a value's tangent in emitted code."""
    return derived_name(var, "dot")


@dataclass(slots=True)
class _Tangents:
    """The tangents of the values in scope, and where statements go."""

    varied: set[Var]
    builder: Builder
    known: dict[Var, Atom]

    def tangent(self, atom: Atom) -> Atom | None:
        """The tangent of an atom; None for a structural zero."""
        return self.known.get(atom) if isinstance(atom, Var) else None

    def tangent_or_zero(self, atom: Atom) -> Atom:
        """The tangent of an atom, zeros materialised."""
        if isinstance(atom, Undef):
            return atom
        if not is_float(atom.type) and not isinstance(atom.type, Array):
            return constant(0.0)  # an integer does not move
        found = self.tangent(atom)
        hint = dot_name(atom) if isinstance(atom, Var) else None
        if found is not None:
            return in_an_array(self.builder, found, atom.type, hint)
        return zero_of_type(self.builder, atom.type, atom, hint)

    def inner(self) -> _Tangents:
        """The same tangents, for a nested region."""
        return _Tangents(self.varied, self.builder.child(), dict(self.known))

    def statements(self, stmts: tuple[Stmt, ...]) -> None:
        """Append statements, each with its tangent."""
        for stmt in stmts:
            match stmt:
                case Let():
                    self._let(stmt)
                case If():
                    self.builder.append(self._if(stmt))
                case For() | While():
                    self.builder.append(self._loop(stmt))
                case _:
                    assert_never(stmt)

    def _let(self, let: Let) -> None:
        wanted = [
            k
            for k in differentiable_operands(let)
            if self.tangent(let.operands[k]) is not None
        ]
        if wanted and calls.is_call(let):
            self._call(let, wanted)
            return
        self.builder.append(let)
        if not wanted:
            return
        with self.builder.at(let.span, "tangent"):
            row = let.primitive
            if row.pushforward is not None:
                self._push_forward(let)
                return
            if row.partials is not None and row.linear is None:
                total = self._elementwise(let, wanted)
            elif row.linear is not None:
                total = self._linear(let)
            else:
                total = self._bilinear(let, wanted)
            self._set(let.result, total)

    def _call(self, let: Let, wanted: list[int]) -> None:
        """The call of the callee's tangent function, in place of the callee's."""
        moving = [r for r in let.results if is_float(r.type)]
        pairs = zip(moving, calls.tangent_types(let), strict=True)
        dots = tuple(
            fresh_var(t, dot_name(r), f"{r.noun}_dot" if r.noun else None)
            for r, t in pairs
        )
        given = (self.tangent_or_zero(let.operands[k]) for k in wanted)
        let = replace(let, operands=(*let.operands, *given))
        self.builder.append(calls.with_tangents(let, wanted, dots))
        self.known.update(zip(moving, dots, strict=True))

    def _set(self, result: Var, tangent: Atom) -> None:
        value = _fit(self.builder, tangent, result)
        self.known[result] = called_last(self.builder, value, result, "dot")

    def _elementwise(self, let: Let, wanted: list[int]) -> Atom:
        """sum of dy/dx_k * x_k_dot."""
        builder = self.builder
        operands = tuple(builder.expr(a) for a in let.operands)
        result, partials = builder.expr(let.result), let.primitive.partials
        assert partials is not None
        total: Expr | None = None
        for k in wanted:
            rule = partials[k]
            assert rule is not None
            partial = rule(*operands, result, **dict(let.params))
            x_dot = _present(self.tangent(let.operands[k]))
            if isinstance(partial, Expr):
                x_dot = in_precision(builder, x_dot, partial.type, let.result.type)
            term = _times(partial, builder.expr(x_dot))
            total = term if total is None else total + term
        assert total is not None
        return total.atom

    def _linear(self, let: Let) -> Atom:
        """The same map, of the tangents of the operands in which it is linear."""
        linear = {k % len(let.operands) for k in let.primitive.linear or ()}
        operands = tuple(
            self.tangent_or_zero(a) if k in linear else a
            for k, a in enumerate(let.operands)
        )
        return self.builder.apply(let.primitive.name, *operands, **dict(let.params))

    def _bilinear(self, let: Let, wanted: list[int]) -> Atom:
        """The sum over the operands, each replaced by its tangent in turn."""
        terms = []
        for k in wanted:
            operands = list(let.operands)
            operands[k] = _present(self.tangent(operands[k]))
            terms.append(
                self.builder.apply(let.primitive.name, *operands, **dict(let.params))
            )
        total = terms[0]
        for term in terms[1:]:
            total = self.builder.apply("add", total, term)
        return total

    def _push_forward(self, let: Let) -> None:
        builder, rule = self.builder, let.primitive.pushforward
        assert rule is not None
        dots = tuple(
            None if (t := self.tangent(a)) is None else builder.expr(t)
            for a in let.operands
        )
        operands = tuple(builder.expr(a) for a in let.operands)
        results = tuple(builder.expr(r) for r in let.results)
        tangents = rule(dots, operands, results, let)
        for result, tangent in zip(let.results, tangents, strict=True):
            if tangent is not None:
                self._set(result, tangent.atom)

    def _if(self, stmt: If) -> If:
        moving = [k for k, r in enumerate(stmt.results) if r in self.varied]
        arms = []
        for arm in (stmt.then, stmt.orelse):
            inner = self.inner()
            inner.statements(arm.body)
            results = arm.results
            if arm.falls:
                with inner.builder.at(stmt.span, "tangent"):
                    results += tuple(inner.tangent_or_zero(results[k]) for k in moving)
            arms.append(
                Region(arm.params, tuple(inner.builder.stmts), results, arm.falls)
            )
        dots = []
        for j, k in enumerate(moving, len(stmt.results)):
            sides = [a.results[j].type for a in arms if a.falls]
            dot = fresh_var(join_derivatives(sides), dot_name(stmt.results[k]))
            self.known[stmt.results[k]] = dot
            dots.append(dot)
        everything = (*stmt.results, *dots)
        return replace(stmt, results=everything, then=arms[0], orelse=arms[1])

    def _loop(self, loop: For | While) -> For | While:
        params = carried_params(loop)
        moving = [k for k, p in enumerate(params) if p in self.varied]
        with self.builder.at(loop.span, "tangent"):
            inits = [self.tangent_or_zero(loop.inits[k]) for k in moving]
        names = [dot_name(params[k]) for k in moving]
        types = CarriedTypes([a.type for a in inits])
        while True:
            dots = tuple(map(fresh_var, types.types, names))
            body = self._body(loop, moving, dots)
            ends = body.results[len(body.results) - len(moving) :]
            if not types.absorb([e.type for e in ends]):
                break
        finals = tuple(map(fresh_var, types.after(), names))
        for k, final in zip(moving, finals, strict=True):
            self.known[loop.results[k]] = final
        changes: dict[str, Any] = {
            "results": loop.results + finals,
            "inits": (*loop.inits, *inits),
            "body": body,
        }
        if isinstance(loop, While):
            more = tuple(fresh_var(d.type, d.name) for d in dots)
            cond = replace(loop.cond, params=loop.cond.params + more)
            changes["cond"] = cond
        return replace(loop, **changes)

    def _body(
        self, loop: For | While, moving: list[int], dots: tuple[Var, ...]
    ) -> Region:
        inner = self.inner()
        params, ends = carried_params(loop), carried_results(loop)
        for k, dot in zip(moving, dots, strict=True):
            inner.known[params[k]] = dot
        inner.statements(loop.body.body)
        with inner.builder.at(loop.span, "tangent"):
            tangents = tuple(inner.tangent_or_zero(ends[k]) for k in moving)
        return Region(
            loop.body.params + dots,
            tuple(inner.builder.stmts),
            loop.body.results + tangents,
        )


def _present(atom: Atom | None) -> Atom:
    if atom is None:
        raise InternalError("a rule was asked to propagate a structural zero")
    return atom


def _times(partial: Expr | float | int, x_dot: Expr) -> Expr:
    if isinstance(partial, Expr):
        if not (isinstance(partial.atom, Const) and partial.atom.value == 1):
            return partial * x_dot
        return x_dot
    return x_dot if partial == 1 else constant_times(partial, x_dot)


def constant_times(factor: float | int, x_dot: Expr) -> Expr:
    """A known multiple of a tangent."""
    return -x_dot if factor == -1 else factor * x_dot


def _fit(builder: Builder, tangent: Atom, result: Var) -> Atom:
    """The tangent in its value's dtype and shape."""
    source, target = tangent.type, result.type
    if not isinstance(source, Scalar | Array) or not isinstance(target, Scalar | Array):
        return tangent
    if isinstance(target, Array) and dims_of(source) != target.dims:
        tangent = builder.apply("broadcast_to", tangent, result)
    if isinstance(target, Scalar) and isinstance(source, Array):
        # Arithmetic makes a number of an array of rank 0.
        tangent = builder.apply("load", tangent, index=())
    if source.dtype != target.dtype:
        if isinstance(tangent, Const):
            return constant(np.dtype(target.dtype).type(tangent.value))
        via = "astype" if isinstance(tangent.type, Array) else "scalar"
        tangent = builder.apply("cast", tangent, dtype=target.dtype, via=via)
    return tangent
