"""Functions of numbers whose partial derivatives are stated: ``ad.elementwise``.

In: what has a `FormulaRule`, and the bindings of arguments. Out: the value, computed in
place of the call, whose partial derivatives are stated by a `ruled`.

    y = f(x)    ->    value = formula(x)
                      y = ruled(value, x), whose partial derivative is partial(x)

Invariant: a partial derivative raises nothing: it divides as NumPy does.
"""

from __future__ import annotations

import ast
from typing import Any

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    ListRef,
    Static,
    TupleVal,
)
from adcompiler.frontend.interface import FormulaRule
from adcompiler.frontend.lower import calls
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.operands import atom_of, describe
from adcompiler.ir.nodes import Atom, Function, Let, Region, Var, fresh_var
from adcompiler.ir.rule import Partials
from adcompiler.ir.types import Scalar, is_float
from adcompiler.ir.walk import all_stmts, free_vars

__all__ = ["call"]


def call(
    ctx: Context,
    node: ast.AST,
    owner: Any,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> Binding:
    """The result of a call of what has a rule in `__adcompiler_rule__`."""
    rule: FormulaRule = owner.__adcompiler_rule__
    name = rule.function.__name__
    for given in (*args, *kwargs.values()):
        if not isinstance(given, Dyn | ArrayRef):
            what = describe(given)
            hint = "make it an array: np.array(...)"
            if not isinstance(given, TupleVal | ListRef):
                hint = f"say what {name}() is to be of: pass a number or an array"
            ctx.refuse(node, f"{name}() takes numbers and arrays, not {what}", hint)
    value = calls.apply(ctx, node, Static(rule.function), args, kwargs)
    order = rule.function.__code__.co_varnames[: rule.function.__code__.co_argcount]
    named = dict(zip(order, args, strict=False)) | kwargs
    atoms = {n: atom_of(ctx, node, named[n]) for n in order}
    floats = [n for n in order if is_float(atoms[n].type)]
    result = atom_of(ctx, node, value)
    if ctx.frame.muted or not floats or not is_float(result.type):
        return value
    names = [*floats, *(n for n in order if n not in floats)]
    inputs = [atoms[n] for n in names]
    functions = tuple(
        _function(ctx, node, rule.partial(order.index(n)), order, names, inputs)
        for n in floats
    )
    partials = Partials(name, functions)
    ruled = ctx.emit(node, "ruled", result, *inputs, rule=partials, count=1)
    return ctx.wrap(ruled, False)


def _function(
    ctx: Context,
    node: ast.AST,
    partial: Any,
    order: tuple[str, ...],
    names: list[str],
    inputs: list[Atom],
) -> Function:
    """A partial derivative as a function of IR."""
    found = _lowered(ctx, node, partial, order, names, inputs, exact=False)
    stmts = all_stmts(found.region)
    if any(isinstance(s, Let) and s.raises for s in stmts):
        # Of Python's numbers; NumPy's raise nothing.
        found = _lowered(ctx, node, partial, order, names, inputs, exact=True)
    return found


def _lowered(
    ctx: Context,
    node: ast.AST,
    partial: Any,
    order: tuple[str, ...],
    names: list[str],
    inputs: list[Atom],
    *,
    exact: bool,
) -> Function:
    params = [
        fresh_var(a.type, a.name if isinstance(a, Var) else n)
        for n, a in zip(names, inputs, strict=True)
    ]

    def given(param: Var) -> Binding:
        t = param.type
        if exact and isinstance(t, Scalar) and is_float(t) and t.kind != "numpy":
            return Dyn(ctx.emit(node, "cast", param, dtype=t.dtype, via="scalar"))
        return ctx.wrap(param, False)

    def compute() -> Binding:
        known = dict(zip(names, map(given, params), strict=True))
        ordered = [known[n] for n in order]
        return calls.apply(ctx, node, Static(partial), ordered, {})

    arm = ctx.run(compute)
    results: list[Atom] = []

    def gather() -> None:
        assert arm.value is not None
        results.append(atom_of(ctx, node, arm.value))

    ctx.resume(arm, gather)
    stmts = tuple(arm.builder.stmts)
    region = Region(tuple(params), stmts, tuple(results))
    assert not free_vars(region), "a formula reads nothing but its arguments"
    return Function(partial.__name__, region, ctx.builder.span)
