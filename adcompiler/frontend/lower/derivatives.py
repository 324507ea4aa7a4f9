"""Derivatives taken inside a function: ``ad.grad(f)(x)``, and `stop_gradient`.

In: a callable that stands for a derivative, and arguments. Out: the derivative's
statements, in place of the call.
Invariant: the function inside is lowered as one of its own. What it reads of the
function around becomes a parameter that is not differentiated.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence

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
from adcompiler.frontend.lower import calls, gradientless, names, operators
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.ir.nodes import Atom, Const, Function, Region, Var, fresh_var
from adcompiler.ir.types import Array, Scalar, is_float
from adcompiler.ir.walk import free_vars, inline


def lower(
    ctx: Context,
    node: ast.AST,
    derivative: Derivative,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> Binding:
    """A call of a derivative."""
    callee = derivative.function
    if not isinstance(callee, Static | FunctionVal):
        callee = Static(callee)
    if derivative.kind == "value":
        return calls.apply(ctx, node, callee, args, kwargs)
    if derivative.kind not in ("grad", "value_and_grad") or ctx.derive is None:
        ctx.refuse(
            node,
            f"{derivative.kind} inside a function is not supported yet",
            "take it outside, or use ad.grad",
        )
    order = parameter_names(ctx, node, callee)
    given = dict(zip(order, args, strict=False)) | kwargs
    chosen = chosen_names(ctx, node, derivative, order, given)
    leaves = Leaves(ctx, node)
    inner = {name: leaves.parameter(value) for name, value in given.items()}
    function, count = isolated(ctx, node, callee, inner, leaves)
    wrt = tuple(
        k
        for name in chosen
        for k in leaves.of(inner[name])
        if is_float(function.params[k].type)
    )
    (derived,) = ctx.derive(derivative.kind, function, wrt)
    extra = function.params[len(leaves.params) :]
    results = iter(inline(ctx.builder, derived, (*leaves.atoms, *extra)))
    shown = count if derivative.kind == "value_and_grad" else 0
    values = [ctx.wrap(next(results)) for _ in range(shown)]
    gradients = [gradient(ctx, given[name], results) for name in chosen]
    found = gradients[0] if len(gradients) == 1 else TupleVal(tuple(gradients))
    return TupleVal((*values, found)) if values else found


class Leaves:
    """The parameters of an isolated function, and what is passed for them."""

    def __init__(self, ctx: Context, node: ast.AST) -> None:
        self.ctx, self.node = ctx, node
        self.params: list[Var] = []
        self.atoms: list[Atom] = []
        self.places: dict[int, list[int]] = {}

    def parameter(self, value: Binding) -> Binding:
        """The binding inside; known integers stay known."""
        start = len(self.params)
        inner = self._visit(value)
        self.places[id(inner)] = list(range(start, len(self.params)))
        return inner

    def of(self, inner: Binding) -> Sequence[int]:
        """The parameters that a binding inside consists of."""
        return self.places[id(inner)]

    def _visit(self, value: Binding) -> Binding:
        match value:
            case Dyn(Const() as atom) if not is_float(atom.type):
                return Dyn(atom)
            case Dyn(atom):
                return Dyn(self._add(atom))
            case ArrayRef():
                var = self._add(self.ctx.read(value, self.node))
                return self.ctx.fresh_array(var, value.contiguous)
            case TupleVal(items, cls):
                return TupleVal(tuple(self._visit(item) for item in items), cls)
            case _:
                return value

    def _add(self, atom: Atom) -> Var:
        name = atom.name if isinstance(atom, Var) else None
        self.params.append(fresh_var(atom.type, name))
        self.atoms.append(atom)
        return self.params[-1]


def isolated(
    ctx: Context,
    node: ast.AST,
    callee: Binding,
    inner: dict[str, Binding],
    leaves: Leaves,
) -> tuple[Function, int]:
    """The callee as a function of IR, and how many results it has."""
    before = dict(ctx.values)
    arm = ctx.run(lambda: calls.apply(ctx, node, callee, [], dict(inner)))
    if not arm.falls or arm.value is None:
        ctx.refuse(node, "this function always raises")
    params = set(leaves.params)
    for location, held in before.items():
        # A function may store into its arguments: they are its own copies here.
        if arm.values.get(location) != held and held not in params:
            ctx.refuse(node, "a function that is differentiated here stores outside")
    results: list[Atom] = []

    def gather() -> None:
        assert value is not None
        results.append(operators.atom_of(ctx, node, value))

    value = arm.value
    if not isinstance(value, Dyn | ArrayRef):
        ctx.refuse(node, "a function that is differentiated returns one number")
    ctx.resume(arm, gather)
    for t in (results[0].type,):
        scalar = isinstance(t, Scalar) or (
            isinstance(t, Array) and all(n == 1 for n in t.dims)
        )
        if not scalar or not is_float(t):
            ctx.refuse(
                node, f"a gradient needs a scalar, and this is {t}", "reduce it: np.sum"
            )
    stmts = tuple(arm.builder.stmts)
    closed = Region(tuple(leaves.params), stmts, tuple(results))
    free = free_vars(closed)
    region = Region((*leaves.params, *free), stmts, tuple(results))
    return Function("inner", region, ctx.builder.span), len(results)


def gradient(ctx: Context, value: Binding, results: Iterator[Atom]) -> Binding:
    """The gradient by an argument, in its structure."""
    match value:
        case TupleVal(items, cls):
            return TupleVal(tuple(gradient(ctx, i, results) for i in items), cls)
        case Dyn(atom) if is_float(atom.type):
            return ctx.wrap(next(results))
        case ArrayRef(_, _, t) if is_float(t):
            return ctx.wrap(next(results))
        case _:
            return NONE


def parameter_names(ctx: Context, node: ast.AST, callee: Binding) -> list[str]:
    """The names of a callable's parameters."""
    if isinstance(callee, FunctionVal):
        spec = callee.node.args
        return [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    assert isinstance(callee, Static)
    value = callee.value
    while isinstance(
        found := getattr(value, "__adcompiler_derivative__", None), Derivative
    ):
        value = found.function
        if isinstance(value, FunctionVal | Static):
            return parameter_names(ctx, node, value)
    try:
        return list(inspect.signature(value).parameters)
    except (TypeError, ValueError):
        ctx.refuse(node, "the parameters of this function are not known")


def chosen_names(
    ctx: Context,
    node: ast.AST,
    derivative: Derivative,
    order: list[str],
    given: dict[str, Binding],
) -> list[str]:
    """The arguments to differentiate."""
    if derivative.wrt is None:
        return [name for name in order if name in given and _has_float(given[name])]
    chosen = []
    for entry in derivative.wrt:
        name = order[entry] if isinstance(entry, int) else entry
        if name not in given or not _has_float(given[name]):
            ctx.refuse(node, f"'{name}' is no float argument of the function")
        chosen.append(name)
    return chosen


def _has_float(value: Binding) -> bool:
    match value:
        case Dyn(atom):
            return is_float(atom.type)
        case ArrayRef(_, _, t):
            return is_float(t)
        case TupleVal(items):
            return any(map(_has_float, items))
        case _:
            return False


# --- Marked functions ----------------------------------------------------------------


class Pending:
    """What ``ad.grad(f)`` stands for inside a function."""

    def __init__(self, derivative: Derivative) -> None:
        self.__adcompiler_derivative__ = derivative


def derivative_maker(kind: str) -> Handler:
    """``ad.grad(f, wrt=...)``."""

    def handle(call: Call) -> Binding:
        function, wrt, _ = call.bind("f", wrt=None, backend=None)
        if not isinstance(function, Static | FunctionVal):
            call.refuse(f"{call.name} takes a function")
        entries: tuple[str | int, ...] | None = None
        if wrt != NONE:
            parts = wrt.items if isinstance(wrt, TupleVal) else (wrt,)
            entries = tuple(_entry(call, part) for part in parts)
        return Static(Pending(Derivative(kind, function, entries)))  # type: ignore[arg-type]

    return handle


def _entry(call: Call, part: Binding) -> str | int:
    if isinstance(part, Static) and isinstance(part.value, str):
        return part.value
    return names.static_int(call.ctx, call.node, part, "a position in wrt")


def stop(call: Call) -> Binding:
    """``ad.stop_gradient(x)``."""
    (x,) = call.bind("x")
    return gradientless.stopped(call.ctx, call.node, x)


INTRINSICS: dict[str, Handler] = {
    "stop_gradient": stop,
    "grad": derivative_maker("grad"),
    "value_and_grad": derivative_maker("value_and_grad"),
    "differentiate": derivative_maker("value"),
}
