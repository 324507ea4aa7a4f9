"""`stop_gradient` and `no_grad`.

In: a call or a `with` block. Out: values that pass no derivative on.
"""

from __future__ import annotations

import ast

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower import expressions, statements
from adcompiler.frontend.lower.context import Context
from adcompiler.ir.nodes import Const
from adcompiler.ir.types import is_float


def stopped(ctx: Context, node: ast.AST, binding: Binding) -> Binding:
    """The value without its derivative."""
    match binding:
        case Dyn(atom) if not isinstance(atom, Const) and is_float(atom.type):
            return Dyn(ctx.emit(node, "stop_gradient", atom))
        case ArrayRef(_, _, t, contiguous) if is_float(t):
            value = ctx.emit(node, "stop_gradient", ctx.read(binding, node))
            return ctx.fresh_array(value, contiguous)
        case TupleVal(items, cls):
            return TupleVal(tuple(stopped(ctx, node, item) for item in items), cls)
        case RecordVal(shape, items):
            return RecordVal(shape, tuple(stopped(ctx, node, item) for item in items))
        case _:
            return binding


def lower_with(ctx: Context, node: ast.With) -> None:
    """``with ad.no_grad():``; what is assigned inside has no derivative."""
    for item in node.items:
        manager = item.context_expr
        callee = manager.func if isinstance(manager, ast.Call) else manager
        binding = expressions.evaluate(ctx, callee)
        marker = getattr(
            binding.value if isinstance(binding, Static) else None,
            "__adcompiler_intrinsic__",
            None,
        )
        if marker != "no_grad":
            ctx.refuse(manager, "'with' is supported for ad.no_grad() only")
    saved = ctx.frame.muted
    ctx.frame.muted = True
    try:
        statements.block(ctx, node.body)
    finally:
        ctx.frame.muted = saved
