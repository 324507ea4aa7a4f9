"""Expressions of which only one part is evaluated: ``a if c else b``, `and`, `or`.

In: a condition, and what evaluates each part. Out: the binding of the value.
Invariant: a part is evaluated in an arm of its own, unless it is a bool that may be
evaluated always: then the two become one logical operation.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from adcompiler.frontend.bindings import Binding, Conflict, Dyn
from adcompiler.frontend.lower import comparisons, maybe
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.frames import Arm
from adcompiler.frontend.lower.joins import join_arms
from adcompiler.frontend.lower.syntax import assigned
from adcompiler.ir.nodes import Atom, Const, Let
from adcompiler.ir.primitive import Effect
from adcompiler.ir.types import Scalar


def choose(
    ctx: Context,
    node: ast.AST,
    cond: Atom,
    then: Callable[[], Binding],
    orelse: Callable[[], Binding],
) -> Binding:
    """The value of one of two expressions, of which only one is evaluated."""
    if isinstance(cond, Const):
        return then() if cond.value else orelse()
    arms = ctx.run(then, (cond, True)), ctx.run(orelse, (cond, False))
    return _joined(ctx, node, cond, *arms)


def _joined(ctx: Context, node: ast.AST, cond: Atom, then: Arm, orelse: Arm) -> Binding:
    """The value of an expression with two paths, which has one type."""
    # What a path has learnt of a name, as that it is bound, leaves the name live.
    live = frozenset(ctx.frame.env) | assigned([node])
    with ctx.at(node):
        value = join_arms(ctx, cond, then, orelse, live, node)
    assert value is not None
    if isinstance(value, Conflict):
        connected = "write a if c else b, with one type: 'and' and 'or' give an operand"
        ctx.disagree(node, value, connected if isinstance(node, ast.BoolOp) else None)
    return value


def connective(
    ctx: Context,
    node: ast.AST,
    conjunctive: bool,
    left: Binding,
    right: Callable[[], Binding],
) -> Binding:
    """``left and right`` or ``left or right``; the right is evaluated if needed."""
    flag = comparisons.truth(ctx, node, left)
    if isinstance(flag, Const):
        return right() if bool(flag.value) == conjunctive else left
    told = ctx.told
    arm = ctx.run(right, (flag, conjunctive))
    name = "logical_and" if conjunctive else "logical_or"
    if (
        _splices(arm)
        and told == ctx.told
        and not _stores(ctx, arm)
        and not assigned([node])
        and isinstance(left, Dyn)
        and flag == left.atom
    ):
        assert isinstance(arm.value, Dyn)
        ctx.builder.stmts.extend(arm.builder.stmts)
        ctx.cache, ctx.values, ctx.objects = arm.cache, arm.values, arm.objects
        return Dyn(ctx.emit(node, name, flag, arm.value.atom, via="builtin"))
    other = ctx.run(lambda: maybe.known(ctx, left), (flag, not conjunctive))
    pair = (arm, other) if conjunctive else (other, arm)
    found = _joined(ctx, node, flag, *pair)
    if isinstance(found, Dyn) and isinstance(arm.value, Dyn):
        connection = (name, (flag, arm.value.atom))
        ctx.connected.setdefault(found.atom, []).append(connection)
    return found


def _stores(ctx: Context, arm: Arm) -> bool:
    """Whether an arm changes arrays, lists, iterators or objects."""
    return any(arm.values.get(k) is not held for k, held in ctx.values.items()) or any(
        arm.objects.get(k) is not held for k, held in ctx.objects.items()
    )


def _splices(arm: Arm) -> bool:
    """Whether the right operand may be evaluated always: a bool, without effects."""
    return (
        arm.falls
        and isinstance(arm.value, Dyn)
        and isinstance(arm.value.atom.type, Scalar)
        and arm.value.atom.type.dtype == "bool"
        and all(
            isinstance(stmt, Let) and stmt.effect is Effect.PURE
            for stmt in arm.builder.stmts
        )
    )
