"""The public functions of the package, called inside a function.

In: ``ad.grad(f)``, ``f.grad``, ``ad.stop_gradient(x)``. Out: what they stand for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    FunctionVal,
    ListRef,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.interface import Derivative
from adcompiler.frontend.lower import derivatives, gradientless, names, records
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.jacobians import Pending, PendingJacobian, Tangent
from adcompiler.ir.types import is_float


class PendingHvp:
    """What ``ad.hvp(f)`` stands for inside a function: the tangent of the gradient."""

    def __init__(self, function: Binding, wrt: tuple[str | int, ...] | None) -> None:
        self.gradient = Static(Pending(Derivative("grad", function, wrt)))

    def lower(
        self,
        ctx: Context,
        node: ast.AST,
        args: list[Binding],
        kwargs: dict[str, Binding],
    ) -> Binding:
        """``ad.hvp(f)(args, vectors)``."""
        vectors = Call(ctx, node, "an hvp", args, kwargs).bind("args", "vectors")
        pair = derivatives.jvp(ctx, node, self.gradient, vectors, {})
        assert isinstance(pair, TupleVal)
        return pair.items[1]


def derivative_maker(kind: str) -> Handler:
    """``ad.grad(f, wrt=...)``."""

    def handle(call: Call) -> Binding:
        function, wrt, _ = call.bind("f", wrt=None, backend=None)
        if not isinstance(function, Static | FunctionVal):
            value = isinstance(function, Dyn | ArrayRef)
            hint = f"pass the function, not its value: {call.name}(f)(x)"
            if not value:
                hint = f"wrap the call: {call.name}(lambda x: g(x))(x)"
            call.refuse(f"{call.name} takes a function", hint)
        entries: tuple[str | int, ...] | None = None
        if wrt != NONE:
            parts = wrt.items if isinstance(wrt, TupleVal) else (wrt,)
            entries = tuple(_entry(call, part) for part in parts)
        return made(function, kind, entries)

    return handle


def made(
    function: Static | FunctionVal, kind: str, wrt: tuple[str | int, ...] | None
) -> Static:
    """The derivative of this kind, to be called."""
    inner = function.value if isinstance(function, Static) else None
    found = getattr(inner, "__adcompiler_derivative__", None)
    if isinstance(found, Derivative) and found.kind == "value":
        # ad.grad of a differentiable function keeps its arguments.
        wrt = found.wrt if wrt is None else wrt
        held = found.function
        function = held if isinstance(held, Static | FunctionVal) else Static(held)
    if kind == "hvp":
        return Static(PendingHvp(function, wrt))
    if kind in ("jacobian", "hessian"):
        return Static(PendingJacobian(kind, function, wrt))
    return Static(Pending(Derivative(kind, function, wrt)))  # type: ignore[arg-type]


def attribute(ctx: Context, node: ast.AST, value: object, name: str) -> Static | None:
    """``d.grad`` of a differentiable function; None if it has no such derivative."""
    found = getattr(value, "__adcompiler_derivative__", None)
    if not isinstance(found, Derivative) or found.kind != "value":
        return None
    if name not in KINDS:
        return None
    refuse_bound(ctx, node, value)
    return made(Static(value), KINDS[name], None)


def refuse_bound(ctx: Context, node: ast.AST, value: object) -> None:
    """Refuse a differentiable method with its object."""
    base = getattr(value, "base", value)
    if getattr(base, "prefix", ()):
        ctx.refuse(
            node,
            "a differentiable method is not supported inside a function",
            "differentiate a function, and pass it what it reads",
        )


def _entry(call: Call, part: Binding) -> str | int:
    if isinstance(part, Static) and isinstance(part.value, str):
        return part.value
    return names.static_int(call.ctx, call.node, part, "a position in wrt")


def _parts(value: Binding) -> Iterator[Binding]:
    yield value
    if isinstance(value, TupleVal | RecordVal):
        for item in value.items:
            yield from _parts(item)


def stop(call: Call) -> Binding:
    """``ad.stop_gradient(x)``."""
    (x,) = call.bind("x")
    value = records.frozen(call.ctx, call.node, x)
    if any(
        isinstance(part, ListRef) and is_float(part.element) for part in _parts(value)
    ):
        call.refuse(
            "the derivative of a whole list is not stopped",
            "stop that of its elements: [ad.stop_gradient(v) for v in xs]",
        )
    stopped = gradientless.stopped(call.ctx, call.node, value)
    return records.thawed(call.ctx, stopped)


def detached(call: Call) -> Binding:
    """``w.detach()`` of a parameter."""
    (x,) = call.bind("self")
    return gradientless.stopped(call.ctx, call.node, x)


PENDING = (PendingHvp, PendingJacobian, Tangent)

DERIVATIVES = ("grad", "value_and_grad", "vjp", "jvp", "hvp", "jacobian", "hessian")
KINDS = {name: name for name in DERIVATIVES}

INTRINSICS: dict[str, Handler] = {
    "stop_gradient": stop,
    **{name: derivative_maker(kind) for name, kind in KINDS.items()},
    "differentiate": derivative_maker("value"),
}

METHODS: dict[str, Handler] = {"detach": detached}
