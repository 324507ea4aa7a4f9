"""Derivatives taken inside a function: ``ad.grad(f)(x)`` and its kin.

In: a callable that stands for a derivative, and arguments. Out: the derivative's
statements, in place of the call.
Invariant: the function inside is derived as one of its own (`isolation`), with the
passes that serve a call from Python; what is derived may be derived again.
"""

from __future__ import annotations

import ast
from typing import Any

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    PullbackVal,
    RecordVal,
    TupleVal,
)
from adcompiler.frontend.interface import (
    Derivative,
    ResultLeaf,
    ResultStatic,
    ResultTree,
    ResultTuple,
)
from adcompiler.frontend.lower import calls, drawing, messages, records
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call
from adcompiler.frontend.lower.isolation import (
    Isolated,
    as_float,
    conformed,
    gradient_tree,
    holds_float,
    isolated,
    parameter_names,
    rebuilt,
    without_prints,
    zero_like,
)
from adcompiler.frontend.lower.operands import atom_of
from adcompiler.frontend.lower.wanted import NAMED, callee_of, wanted
from adcompiler.frontend.structures import Shape
from adcompiler.gradients import gradients_type
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import Array, ListOf, Scalar, Type, dims_of, is_float
from adcompiler.ir.walk import inline


def lower(
    ctx: Context,
    node: ast.AST,
    derivative: Derivative,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> Binding:
    """A call of a derivative."""
    callee = callee_of(derivative)
    assert ctx.derive is not None
    match derivative.kind:
        case "value" | "inplace":
            return calls.apply(ctx, node, callee, args, kwargs)
        case "jvp":
            return jvp(ctx, node, callee, args, kwargs)
        case "vjp":
            return _vjp(ctx, node, derivative, callee, args, kwargs)
        case "backward" | "backward_from":
            ctx.refuse(node, "backward() is not called inside", "call grad")
        case "grad" | "value_and_grad":
            return _grad(ctx, node, derivative, callee, args, kwargs)


# --- Reverse mode --------------------------------------------------------------------


def _grad(
    ctx: Context,
    node: ast.AST,
    derivative: Derivative,
    callee: Binding,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> Binding:
    """``ad.grad(f)(x)`` and ``ad.value_and_grad(f)(x)``."""
    given, chosen = wanted(ctx, node, derivative, args, kwargs)
    inner = isolated(ctx, node, callee, given)
    _require_scalar(ctx, node, inner)
    wrt, tree = _differentiated(inner, given, chosen)
    assert ctx.derive is not None
    (derived,) = ctx.derive(derivative.kind, inner.function, wrt)
    results = inner.apply(ctx, derived)
    count = len(results) - len(wrt)
    found = _gradients(ctx, node, inner.function.params, wrt, tree, results[count:])
    if derivative.kind == "grad":
        return records.thawed(ctx, found)
    value = rebuilt(
        inner.tree, lambda k: conformed(ctx, node, results[k], inner.types[k])
    )
    return records.thawed(ctx, TupleVal((value, found)))


def _vjp(
    ctx: Context,
    node: ast.AST,
    derivative: Derivative,
    callee: Binding,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> Binding:
    """``ad.vjp(f)(x)``: the value and its pullback."""
    given, chosen = wanted(ctx, node, derivative, args, kwargs)
    inner = isolated(ctx, node, callee, given)
    wrt, tree = _differentiated(inner, given, chosen)
    assert ctx.derive is not None
    forward, pullback = ctx.derive("vjp", inner.function, wrt)
    taped = any(isinstance(atom.type, ListOf) for atom in forward.results)
    states = drawing.kept(ctx, node, forward, inner.atoms) if taped else {}
    results = inner.apply(ctx, forward)
    count = len(inner.types)
    value = rebuilt(
        inner.tree, lambda k: conformed(ctx, node, results[k], inner.types[k])
    )
    gradients = tuple(inner.function.params[k].type for k in wrt)
    back = PullbackVal(
        forward,
        inner.atoms,
        pullback,
        results[count:],
        results[:count],
        inner.tree,
        tree,
        gradients,
        [ctx.builder],
        tuple(states.items()),
    )
    return TupleVal((records.thawed(ctx, value), back))


def pull_back(
    ctx: Context, node: ast.AST, pullback: PullbackVal, bar: Binding
) -> Binding:
    """A call of a pullback."""
    given: dict[int, Atom] = {}
    cotangent = records.frozen(ctx, node, bar)
    _cotangents(ctx, node, pullback, pullback.tree, cotangent, given)
    atoms = [
        given[k] if k in given else zero_like(ctx, node, value)
        for k, value in enumerate(pullback.values)
        if is_float(value.type)
    ]
    residuals = _residuals(ctx, pullback)
    results = inline(ctx.builder, pullback.function, (*residuals, *atoms))
    gradients = rebuilt(
        pullback.gradients,
        lambda k: conformed(ctx, node, results[k], pullback.types[k]),
    )
    return records.thawed(ctx, gradients)


def _residuals(ctx: Context, pullback: PullbackVal) -> tuple[Atom, ...]:
    """The residuals for one call of a pullback.

    A tape is popped once, so that it can be differentiated in turn. Where the pullback
    may be called again, in a loop or a second time, the forward sweep is run again.
    """
    taped = any(isinstance(atom.type, ListOf) for atom in pullback.residuals)
    if not taped or pullback.home == [ctx.builder]:
        pullback.home.clear()
        return pullback.residuals
    forward = without_prints(pullback.forward)
    inputs = drawing.again(ctx, pullback.inputs, dict(pullback.states))
    results = inline(ctx.builder, forward, inputs)
    return results[len(pullback.values) :]


def _cotangents(
    ctx: Context,
    node: ast.AST,
    pullback: PullbackVal,
    tree: ResultTree,
    cotangent: Binding,
    out: dict[int, Atom],
) -> None:
    """The cotangents of the results, by the index of the result."""
    if cotangent == NONE:
        return
    match tree:
        case ResultLeaf(index):
            value = pullback.values[index]
            if is_float(value.type):
                out[index] = _like(ctx, node, cotangent, value, "the cotangent")
        case ResultTuple(items, cls):
            parts: tuple[Binding, ...] = ()
            if isinstance(cotangent, TupleVal):
                parts = cotangent.items
            if isinstance(cls, Shape):
                parts = records.mirrored(ctx, node, cls, cotangent, "the cotangent")
            if len(parts) != len(items):
                ctx.refuse(
                    node,
                    f"the cotangent is a tuple of {len(items)}, or None",
                    f"give one for each result: {_first_alone(len(items))}",
                )
            for item, part in zip(items, parts, strict=True):
                _cotangents(ctx, node, pullback, item, part, out)
        case ResultStatic():
            return


def _differentiated(
    inner: Isolated, given: dict[str, Binding], chosen: list[str]
) -> tuple[tuple[int, ...], ResultTree]:
    """The parameters to differentiate, and how their gradients are handed back."""
    wrt = tuple(k for name in chosen for k in inner.floats(name))
    counter: list[int] = []
    trees = tuple(gradient_tree(given[name], counter) for name in chosen)
    if len(trees) == 1:
        return wrt, trees[0]
    return wrt, ResultTuple(trees, gradients_type(tuple(chosen)))


def _gradients(
    ctx: Context,
    node: ast.AST,
    params: tuple[Any, ...],
    wrt: tuple[int, ...],
    tree: ResultTree,
    found: tuple[Atom, ...],
) -> Binding:
    types = [params[k].type for k in wrt]
    return rebuilt(tree, lambda k: conformed(ctx, node, found[k], types[k]))


def _require_scalar(ctx: Context, node: ast.AST, inner: Isolated) -> None:
    match inner.tree:
        case ResultLeaf(index):
            t = inner.types[index]
            scalar = isinstance(t, Scalar) or all(n == 1 for n in dims_of(t))
            if scalar and is_float(t):
                return
            what = f"this is {t}"
        case ResultTuple(items):
            what = f"this is a tuple of {len(items)}"
        case ResultStatic(value):
            what = f"this is {value!r}"
    ctx.refuse(
        node,
        f"a gradient needs a scalar, and {what}",
        "reduce it to a float, as with np.sum; or call ad.vjp",
    )


# --- Forward mode --------------------------------------------------------------------


def jvp(
    ctx: Context,
    node: ast.AST,
    callee: Binding,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> Binding:
    """``ad.jvp(f)(primals, tangents)``: the value and its tangent."""
    call = Call(ctx, node, "a jvp", args, kwargs)
    given, tangents = _primals(call, callee)
    inner = isolated(ctx, node, callee, given)
    dots: dict[int, Atom] = {}
    for (name, value), dot in zip(given.items(), tangents, strict=True):
        _moving(call, inner, value, dot, iter(inner.floats(name)), dots)
    if not dots:
        call.refuse(
            "no argument moves: every tangent is None",
            "give an argument that is a float a tangent: ad.jvp(f)((x,), (1.0,))",
        )
    assert ctx.derive is not None
    (derived,) = ctx.derive("jvp", inner.function, tuple(dots))
    results = inner.apply(ctx, derived, *dots.values())
    floats = [k for k, t in enumerate(inner.types) if is_float(t)]
    place = {k: len(inner.types) + n for n, k in enumerate(floats)}

    def tangent(k: int) -> Binding:
        if k not in place:
            return NONE
        return conformed(ctx, node, results[place[k]], inner.types[k])

    value = rebuilt(
        inner.tree, lambda k: conformed(ctx, node, results[k], inner.types[k])
    )
    return records.thawed(ctx, TupleVal((value, rebuilt(inner.tree, tangent))))


def _primals(
    call: Call, callee: Binding
) -> tuple[dict[str, Binding], tuple[Binding, ...]]:
    """The arguments by name, those that move as floats, and their tangents."""
    ctx, node = call.ctx, call.node
    primals, tangents = (
        records.frozen(ctx, node, part) for part in call.bind("primals", "tangents")
    )
    for name, part in (("primals", primals), ("tangents", tangents)):
        if not isinstance(part, TupleVal):
            call.refuse(
                f"{name} is a tuple with an entry per argument, as in (x,)",
                "put it into a tuple: ad.jvp(f)((x,), (x_dot,))",
            )
    assert isinstance(primals, TupleVal)
    assert isinstance(tangents, TupleVal)
    if len(primals.items) != len(tangents.items):
        call.refuse(
            f"there are {len(primals.items)} primals and {len(tangents.items)} "
            "tangents",
            "an argument that does not move has the tangent None",
        )
    order = parameter_names(ctx, node, callee)
    if len(primals.items) > len(order):
        call.refuse(f"the function takes {len(order)} arguments", NAMED)
    given = {
        name: value if dot == NONE else as_float(ctx, node, value)
        for name, value, dot in zip(order, primals.items, tangents.items, strict=False)
    }
    return given, tangents.items


def _first_alone(count: int) -> str:
    """Tangents or cotangents of so many, of which the first is not zero.

    >>> _first_alone(2), _first_alone(1)
    ('(1.0, None)', '(1.0,)')
    """
    return f"({', '.join(['1.0', *['None'] * (count - 1)])}{',' * (count == 1)})"


def _moving(
    call: Call,
    inner: Isolated,
    value: Binding,
    dot: Binding,
    places: Any,
    out: dict[int, Atom],
) -> None:
    """The tangents of an argument, by the parameter that they belong to."""
    match value:
        case TupleVal(items):
            parts: tuple[Binding, ...] = (NONE,) * len(items) if dot == NONE else ()
            if isinstance(dot, TupleVal):
                parts = dot.items
            if len(parts) != len(items):
                call.refuse(
                    f"this tangent is no tuple of {len(items)}",
                    f"give one for each item: {_first_alone(len(items))}",
                )
            for item, part in zip(items, parts, strict=True):
                _moving(call, inner, item, part, places, out)
        case RecordVal(shape, items):
            parts = (NONE,) * len(items)
            if dot != NONE:
                parts = records.mirrored(call.ctx, call.node, shape, dot, "the tangent")
            for item, part in zip(items, parts, strict=True):
                _moving(call, inner, item, part, places, out)
        case Dyn() | ArrayRef() if holds_float(value):
            place = next(places)
            if dot != NONE:
                primal = inner.atoms[place]
                out[place] = _like(call.ctx, call.node, dot, primal, "the tangent")
        case _ if dot != NONE:
            call.refuse("this argument is no float, and cannot move", "pass None")
        case _:
            return


def _like(ctx: Context, node: ast.AST, given: Binding, value: Atom, what: str) -> Atom:
    """A tangent or cotangent as a value of the type and shape that it belongs to."""
    atom = atom_of(ctx, node, given)
    t, wanted = atom.type, value.type
    assert isinstance(t, Scalar | Array)
    if t.dtype == "bool" or len(dims_of(t)) != len(dims_of(wanted)):
        of = "argument" if "tangent" in what.split() else "value"
        hint = "give a float, as 1.0"
        if isinstance(wanted, Array):
            hint = f"give one of the {of}'s own shape: np.ones_like(...) of the {of}"
        ctx.refuse(node, f"{what} is {t}, and not shaped like {wanted}", hint)
    for axis, (n, m) in enumerate(zip(dims_of(t), dims_of(wanted), strict=True)):
        if n != m:
            lengths = [ctx.emit(node, "shape", a, axis=axis) for a in (atom, value)]
            wrong = ctx.emit(node, "not_equal", *lengths)
            text = f"{what} has length {{0}}, not {{1}}, along axis {axis}"
            operands = (lengths[0], lengths[1])
            messages.fail_if(ctx, node, wrong, "ValueError", text, operands)
    atom = _typed(ctx, node, atom, wanted)
    if isinstance(wanted, Array) and dims_of(t) != wanted.dims:
        # The lengths agree, as was checked; now their types do.
        atom = ctx.emit(node, "reshape_like", atom, value)
    return atom


def _typed(ctx: Context, node: ast.AST, atom: Atom, wanted: Type) -> Atom:
    assert isinstance(wanted, Scalar | Array)
    if isinstance(atom, Const) and isinstance(wanted, Scalar):
        if wanted.kind == "numpy":
            return ctx.emit(node, "cast", atom, dtype=wanted.dtype, via="scalar")
        return constant(float(atom.value))
    match wanted, atom.type:
        case Array(dtype), Array(other) if dtype != other:
            return ctx.emit(node, "cast", atom, dtype=dtype, via="astype")
        case Array(), _:
            return atom
        case Scalar(dtype, kind), Scalar(other, given) if (dtype, kind) != (
            other,
            given,
        ):
            via = "scalar" if kind == "numpy" else "builtin"
            return ctx.emit(node, "cast", atom, dtype=dtype, via=via)
        case _:
            return atom
