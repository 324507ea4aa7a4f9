"""The row of values whose derivatives a user states: `ruled`.

In: the values, what they depend on, and what their rule needs besides. Out: the values.
Invariants: the derivatives of the results are those of the rule, by the inputs alone,
whatever computed the values; so it is at every order. What is emitted has no such row.

    y = ruled(value, x, saved)      y_bar   ->   x_bar = backward(x, saved, y_bar)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from adcompiler.ir.builder import Builder, Expr
from adcompiler.ir.nodes import Atom, Const, Function, Let, Region, Stmt
from adcompiler.ir.primitive import Primitive, define
from adcompiler.ir.rule import Partials, Rule
from adcompiler.ir.types import is_float
from adcompiler.ir.walk import inline, map_regions
from adcompiler.primitives.rules import zero_like

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]


def _pull(bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    rule, count = _rule(let), let.param("count")
    builder = results[0].builder
    if isinstance(rule, Partials):
        return (None, *_products(rule, bars[0], operands, results, let))
    given = [
        (zero_like(y) if bar is None else bar).atom
        for y, bar in zip(results, bars, strict=True)
        if is_float(y.type)
    ]
    found = _applied(builder, rule.backward, (*_inputs(operands, results, let), *given))
    places = {count + k: atom for k, atom in zip(rule.outputs, found, strict=True)}
    return tuple(
        Expr(builder, places[k]) if k in places else None for k in range(len(operands))
    )


def _push(dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    rule, count = _rule(let), let.param("count")
    if isinstance(rule, Partials):
        return (_total(rule, dots[1:], operands, results, let),)
    wrt = tuple(k for k in rule.outputs if dots[count + k] is not None)
    if not wrt:
        return (None,) * len(results)
    builder = results[0].builder
    floats = [y for y in results if is_float(y.type)]
    # Of the cotangents only the shapes are read.
    like = [zero_like(y).atom for y in floats]
    moving = [d.atom for k in wrt if (d := dots[count + k]) is not None]
    inputs = _inputs(operands, results, let)
    found = _applied(builder, rule.tangent(wrt), (*inputs, *like, *moving))
    tangents = iter(found)
    return tuple(
        Expr(builder, next(tangents)) if is_float(y.type) else None for y in results
    )


def _products(
    rule: Partials, bar: Expr | None, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """The cotangent times each partial derivative."""
    more = len(operands) - 1
    if bar is None:
        return (None,) * more
    found = (_times(bar, f, operands, results, let) for f in rule.functions)
    return (*found, *(None,) * (more - rule.inputs))


def _total(
    rule: Partials, dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> Expr | None:
    """The sum of the tangents, each times its partial derivative."""
    total: Expr | None = None
    for dot, function in zip(dots, rule.functions, strict=False):
        if dot is not None:
            term = _times(dot, function, operands, results, let)
            total = term if total is None else total + term
    return total


def _times(
    factor: Expr, function: Function, operands: Exprs, results: Exprs, let: Let
) -> Expr:
    builder = factor.builder
    (partial,) = _applied(builder, function, _inputs(operands, results, let))
    if isinstance(partial, Const) and partial.value == 1:
        return factor
    return factor * Expr(builder, partial)


def _rule(let: Let) -> Rule | Partials:
    rule = let.param("rule")
    assert isinstance(rule, Rule | Partials)
    return rule


def _inputs(operands: Exprs, results: Exprs, let: Let) -> tuple[Atom, ...]:
    """What a rule takes besides derivatives; a value among the residuals is the result,
    which has the rule's derivative."""
    count = let.param("count")
    first = count + _rule(let).inputs
    same = {v.atom: y.atom for v, y in zip(operands[:count], results, strict=True)}
    residuals = (same.get(x.atom, x.atom) for x in operands[first:])
    return (*(x.atom for x in operands[count:first]), *residuals)


def _applied(
    builder: Builder, function: Function, atoms: Iterable[Atom]
) -> tuple[Atom, ...]:
    """The results of a function of a rule, as of the line that is derived."""
    scratch = Builder()
    results = inline(scratch, function, atoms)
    builder.stmts += _placed(scratch.stmts, builder)
    return results


def _placed(stmts: Sequence[Stmt], builder: Builder) -> tuple[Stmt, ...]:
    """Statements with the builder's span and role; one of which a kind that is known at
    run time alone tells whether it raises has its own, since the user's rule may."""

    def inside(region: Region) -> Region:
        return replace(region, body=tuple(map(placed, region.body)))

    def placed(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Let):
            role = stmt.role if any(r.kind for r in stmt.raises) else builder.role
            return replace(stmt, span=builder.span, role=role)
        stmt = map_regions(stmt, inside)
        return replace(stmt, span=builder.span, role=builder.role)

    return tuple(map(placed, stmts))


def _values(*operands: Any, rule: Rule | Partials, count: int) -> Any:
    return operands[0] if count == 1 else operands[:count]


ruled = define(
    Primitive(
        "ruled",
        lambda types, params: types[: params["count"]],
        lambda let, pieces: pieces[0],
        _values,
        pushforward=_push,
        pullback=_pull,
    )
)
