"""`stop_gradient`, and what `with` is for: `no_grad`, `np.errstate`.

In: a call or a `with` block. Out: values that pass no derivative on.
"""

from __future__ import annotations

import ast

import numpy as np

from adcompiler.frontend import subset
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
    """``with ad.no_grad():``; what is assigned inside has no derivative. Under
    ``np.errstate`` things are as they are outside."""
    saved = ctx.frame.muted
    muted = saved
    for item in node.items:
        manager = item.context_expr
        callee = manager.func if isinstance(manager, ast.Call) else manager
        binding = expressions.evaluate(ctx, callee)
        value = binding.value if isinstance(binding, Static) else None
        if value is np.errstate:
            _check_quiet(ctx, manager)
        elif getattr(value, "__adcompiler_intrinsic__", None) == "no_grad":
            muted = True
        else:
            ctx.refuse(manager, *subset.WITH)
    ctx.frame.muted = muted
    try:
        statements.block(ctx, node.body)
    finally:
        ctx.frame.muted = saved


def _check_quiet(ctx: Context, manager: ast.expr) -> None:
    """Refuse an ``np.errstate`` under which arithmetic raises errors."""
    keywords = manager.keywords if isinstance(manager, ast.Call) else []
    words = [keyword.value for keyword in keywords]
    quiet = all(isinstance(w, ast.Constant) and w.value in _QUIET for w in words)
    if not quiet or (isinstance(manager, ast.Call) and manager.args):
        ctx.refuse(
            manager,
            "np.errstate is supported with 'ignore' and 'warn' only",
            "test beforehand what would raise",
        )


_QUIET = ("ignore", "warn")
