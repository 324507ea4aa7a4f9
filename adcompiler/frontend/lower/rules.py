"""Functions with a rule of their own: ``ad.custom_vjp``.

In: what has a `VjpRule`, and the bindings of arguments. Out: the binding of the value
that `forward` computes in place of the call, whose derivative is stated by a `ruled`.

    y = f(x)    ->    value, saved = forward(x)
                      y = ruled(value, x, saved), whose pullback is
                      x_bar, = backward(saved, y_bar)

Invariants: `backward` is lowered as a function of its own. What it gives is shaped as
the arguments, or the program is refused, or raises. Neither stores into what was there
before. Derivatives of derivatives differentiate both as any other code, but the value,
which has the rule at every order.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import numpy as np

from adcompiler.analysis.linearity import not_linear
from adcompiler.frontend import capture as capturing
from adcompiler.frontend import subset
from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    Location,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.interface import Captured, ResultTree, VjpRule
from adcompiler.frontend.lower import (
    calls,
    messages,
    names,
    records,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.frames import Arm
from adcompiler.frontend.lower.isolation import flattened, holds_float, rebuilt
from adcompiler.frontend.lower.operands import describe
from adcompiler.frontend.lower.restarts import Unreachable
from adcompiler.frontend.reads import Attribute
from adcompiler.ir.builder import constant
from adcompiler.ir.callee import derivative_type
from adcompiler.ir.nodes import Atom, Const, Function, Region, Var, fresh_var
from adcompiler.ir.rule import Rule
from adcompiler.ir.types import Array, Scalar, Type, dims_of, is_float
from adcompiler.ir.walk import free_vars

__all__ = ["call"]


def call(
    ctx: Context,
    node: ast.AST,
    owner: Any,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> Binding:
    """The result of a call of what has a rule in `__adcompiler_rule__`."""
    rule: VjpRule = owner.__adcompiler_rule__
    name = getattr(rule.function, "__name__", "function")
    if rule.forward is None:
        ctx.refuse(
            node,
            f"{name}() is to have a rule of its own, and has none",
            f"state it: {name}.defvjp(forward, backward)",
        )
    key = f"rule {id(owner)}"
    names.guard(ctx, key, name, Attribute(owner, "__adcompiler_rule__"), rule)
    captured = _captured(rule.function)
    spec = captured.node.args
    if spec.vararg is not None or spec.kwarg is not None:
        what = f"{name}() has a rule, and takes any number of arguments"
        _refuse(captured, what, f"name each of them: def {name}(x, y)")
    given = calls.python_defaults(ctx, node, captured.function)
    env = calls.bind_arguments(ctx, node, captured.node, given, args, kwargs)
    arguments = [records.frozen(ctx, node, env[n]) for n in _parameters(captured)]
    # In its own rule the function is what its code says.
    plain = rule in ctx.ruled or not any(map(holds_float, arguments))
    if ctx.frame.muted or plain:
        return calls.apply(ctx, node, Static(rule.function), args, kwargs)
    ctx.ruled, saved = (*ctx.ruled, rule), ctx.ruled
    try:
        return _Ruled(ctx, node, name, rule, arguments).value()
    finally:
        ctx.ruled = saved


def _captured(function: object) -> Captured:
    captured = capturing.capture(function)
    subset.check(captured)
    return captured


def _parameters(captured: Captured) -> list[str]:
    spec = captured.node.args
    return [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]


def _refuse(captured: Captured, message: str, hint: str) -> NoReturn:
    """Refuse a function of a rule, at its head."""
    subset.refuse(captured, captured.node, message, hint)


@dataclass(slots=True)
class _Ruled:
    """A call; `inputs` are the float numbers and arrays that the arguments hold."""

    ctx: Context
    node: ast.AST
    name: str
    rule: VjpRule
    arguments: list[Binding]
    inputs: list[Atom] = field(default_factory=list)
    before: set[Location] = field(default_factory=set)  # the memory that there was

    def value(self) -> Binding:
        ctx, node = self.ctx, self.node
        self.before |= {*ctx.values, *ctx.outer}
        for argument in self.arguments:
            self.inputs += (a for a in self._leaves(argument) if is_float(a.type))
        value, residuals = self._forward()
        values: list[Atom] = []
        tree = flattened(ctx, node, value, values)
        saved: list[Atom] = []
        kept = flattened(ctx, node, residuals, saved)
        saved = [a for a in saved if isinstance(a, Var)]
        backward, free = self._backward(tree, [v.type for v in values], residuals, kept)
        derive = ctx.derive
        assert derive is not None
        rule = Rule(
            self.name,
            backward,
            len(self.inputs),
            sum(is_float(v.type) for v in values),
            tuple(range(len(self.inputs))),
            derive,
            not_linear,
        )
        operands = (*values, *self.inputs, *saved, *free)
        results = ctx.emit_all(node, "ruled", *operands, rule=rule, count=len(values))
        return self._given(value, iter(results))

    def _leaves(self, value: Binding) -> list[Atom]:
        found: list[Atom] = []
        if holds_float(value):
            _flat(self.ctx, self.node, value, found)
        return found

    def _call(self, role: str, given: list[Binding]) -> Binding:
        """What `forward` or `backward` gives."""
        function = Static(getattr(self.rule, role))
        found = calls.apply(self.ctx, self.node, function, given, {})
        return records.frozen(self.ctx, self.node, found)

    def _unchanged(self, captured: Captured, action: Callable[[], Binding]) -> Binding:
        """What a function of the rule gives, which stores into nothing from before."""
        ctx = self.ctx
        values, objects = dict(ctx.values), dict(ctx.objects)
        found = action()
        if any(ctx.values.get(at) is not held for at, held in values.items()) or any(
            ctx.objects.get(at) is not held for at, held in objects.items()
        ):
            _refuse(
                captured,
                f"{captured.function.__name__}() is of the rule of {self.name}(), and "
                "changes what it is given",
                "let it work on a copy: x = x.copy()",
            )
        return found

    # --- forward

    def _forward(self) -> tuple[Binding, Binding]:
        """The value and the residuals, computed here."""
        ctx = self.ctx
        captured, count = _captured(self.rule.forward), len(self.arguments)
        if len(_parameters(captured)) < count:
            _refuse(
                captured,
                f"the forward of {self.name}() takes {len(_parameters(captured))} "
                f"arguments, and {self.name}() takes {count}",
                f"let it take what {self.name}() takes, in the same order",
            )
        given = [records.thawed(ctx, a) for a in self.arguments]

        pair = self._unchanged(captured, lambda: self._call("forward", given))
        if not isinstance(pair, TupleVal) or len(pair.items) != 2:
            _refuse(
                captured,
                f"the forward of {self.name}() gives the value and the residuals",
                "return a tuple of two, as in: return y, x",
            )
        value, residuals = pair.items
        return value, residuals

    def _given(self, value: Binding, results: Iterator[Var]) -> Binding:
        """The value, of these results; one that may be memory of before stays so."""
        ctx = self.ctx

        def visit(value: Binding) -> Binding:
            match value:
                case Dyn():
                    return replace(value, atom=next(results))
                case ArrayRef(location):
                    ref = ctx.fresh_array(next(results), value.contiguous)
                    if location in self.before:
                        ctx.entangle(ref.location, location)
                    return ref
                case TupleVal(items, cls):
                    return TupleVal(tuple(map(visit, items)), cls)
                case RecordVal(shape, items):
                    return RecordVal(shape, tuple(map(visit, items)))
                case _:
                    return value

        return records.thawed(ctx, visit(value))

    # --- backward

    def _backward(
        self, tree: ResultTree, types: list[Type], residuals: Binding, kept: ResultTree
    ) -> tuple[Function, tuple[Var, ...]]:
        """The function of IR, and what it reads of what is around."""
        ctx, node = self.ctx, self.node
        captured = _captured(self.rule.backward)
        order = _parameters(captured)
        if len(order) != 2:
            _refuse(
                captured,
                f"the backward of {self.name}() takes {len(order)} arguments",
                "let it take two: the residuals, and the cotangent of the value",
            )
        inputs = [_param(a) for a in self.inputs]
        atoms: list[Atom] = []
        flattened(ctx, node, residuals, atoms)
        saved = [a if isinstance(a, Const) else _param(a) for a in atoms]
        bars = [
            fresh_var(derivative_type(t), order[1]) if is_float(t) else None
            for t in types
        ]

        def leaf(atom: Atom | None) -> Binding:
            if atom is None:
                return NONE
            return ctx.wrap(atom, False) if isinstance(atom, Var) else Dyn(atom)

        def compute() -> Binding:
            given = [
                records.thawed(ctx, rebuilt(kept, lambda k: leaf(saved[k]))),
                records.thawed(ctx, rebuilt(tree, lambda k: leaf(bars[k]))),
            ]
            found = self._unchanged(captured, lambda: self._call("backward", given))
            return TupleVal(tuple(self._cotangents(captured, found, inputs)))

        arm = ctx.run(compute)
        if not arm.falls and ctx.awaits_results():
            raise Unreachable
        if not arm.falls or arm.value is None:
            what = f"the backward of {self.name}() always raises"
            _refuse(captured, what, "let it return a cotangent for each argument")
        own = [v for v in (*inputs, *saved) if isinstance(v, Var)]
        last = [v for v in bars if v is not None]
        return self._function(captured, arm, own, last)

    def _function(
        self, captured: Captured, arm: Arm, own: list[Var], last: list[Var]
    ) -> tuple[Function, tuple[Var, ...]]:
        """What was computed as a function of its own parameters, then what it reads of
        what is around, then the last."""
        results: list[Atom] = []
        self.ctx.resume(arm, lambda: _flat(self.ctx, self.node, arm.value, results))
        stmts = tuple(arm.builder.stmts)
        free = free_vars(Region((*own, *last), stmts, tuple(results)))
        region = Region((*own, *free, *last), stmts, tuple(results))
        return Function(self.name, region, captured.span(captured.node)), free

    def _cotangents(
        self, captured: Captured, found: Binding, inputs: list[Var]
    ) -> Iterator[Binding]:
        """A cotangent for each of the inputs."""
        count = len(self.arguments)
        if not isinstance(found, TupleVal) or len(found.items) != count:
            _refuse(
                captured,
                f"the backward of {self.name}() gives a tuple with a cotangent for "
                f"each argument of {self.name}(), which has {count}",
                "return (x_bar,) for one; None for an argument that has none",
            )
        rest = iter(inputs)
        for argument, item in zip(self.arguments, found.items, strict=True):
            yield from self._of_argument(captured, argument, item, rest)

    def _of_argument(
        self, captured: Captured, argument: Binding, given: Binding, rest: Iterator[Var]
    ) -> Iterator[Binding]:
        match argument:
            case TupleVal(items) | RecordVal(_, items):
                parts: tuple[Binding, ...] = (NONE,) * len(items)
                if given != NONE:
                    parts = ()
                    if isinstance(given, TupleVal | RecordVal):
                        parts = given.items
                if len(parts) != len(items):
                    _refuse(
                        captured,
                        f"a cotangent that the backward of {self.name}() gives is not "
                        "put together as its argument",
                        f"give a tuple of {len(items)}, as its items are, or None",
                    )
                for item, part in zip(items, parts, strict=True):
                    yield from self._of_argument(captured, item, part, rest)
            case Dyn() | ArrayRef() if holds_float(argument):
                yield self._cotangent(captured, next(rest), given)

    def _cotangent(self, captured: Captured, param: Var, given: Binding) -> Binding:
        """What `backward` gives for an input, shaped as that."""
        ctx, node = self.ctx, self.node
        match param.type, given:
            case Scalar(dtype), Static(None):
                zero = 0.0 if dtype == "float64" else np.dtype(dtype).type(0)
                return Dyn(constant(zero))
            case Array(), Static(None):
                return ctx.wrap(ctx.emit(node, "zeros_like", param, dtype=None))
            case Scalar(dtype), Dyn(atom) if isinstance(atom.type, Scalar):
                return Dyn(self._typed(atom, dtype))
            case Array(dtype), ArrayRef(type=t) if t.ndim == param.type.ndim:
                return ctx.wrap(self._shaped(ctx.read(given, node), param), False)
            case _:
                what = describe(given)
                if isinstance(given, ArrayRef):
                    what = str(given.type)
                _refuse(
                    captured,
                    f"the backward of {self.name}() gives {what} as a cotangent of "
                    f"{param.type}",
                    "a cotangent is shaped as its argument: np.sum what was broadcast",
                )

    def _typed(self, atom: Atom, dtype: str) -> Atom:
        """A number as a cotangent of this dtype."""
        assert isinstance(atom.type, Scalar)
        if atom.type.dtype == dtype:
            return atom
        if isinstance(atom, Const):
            value = np.dtype(dtype).type(atom.value)
            return constant(float(value) if dtype == "float64" else value)
        via = "builtin" if dtype == "float64" else "scalar"
        return self.ctx.emit(self.node, "cast", atom, dtype=dtype, via=via)

    def _shaped(self, atom: Atom, param: Var) -> Atom:
        """An array as a cotangent of this one; raises where it has other lengths."""
        ctx, node = self.ctx, self.node
        assert isinstance(param.type, Array)
        pairs = zip(dims_of(atom.type), param.type.dims, strict=True)
        unlike = [axis for axis, (n, m) in enumerate(pairs) if n != m]
        for axis in unlike:
            lengths = [ctx.emit(node, "shape", a, axis=axis) for a in (atom, param)]
            wrong = ctx.emit(node, "not_equal", *lengths)
            text = (
                f"the backward of {self.name}() gives a cotangent of length {{0}}, not "
                f"{{1}}, along axis {axis}"
            )
            operands = (lengths[0], lengths[1])
            messages.fail_if(ctx, node, wrong, "ValueError", text, operands)
        if getattr(atom.type, "dtype", None) != param.type.dtype:
            dtype = param.type.dtype
            atom = ctx.emit(node, "cast", atom, dtype=dtype, via="astype")
        # The lengths agree, as was checked; now their types do.
        return ctx.emit(node, "reshape_like", atom, param) if unlike else atom


def _param(atom: Atom) -> Var:
    return fresh_var(atom.type, atom.name if isinstance(atom, Var) else None)


def _flat(ctx: Context, node: ast.AST, value: Binding | None, out: list[Atom]) -> None:
    """Append what a value consists of."""
    match value:
        case Dyn(atom):
            out.append(atom)
        case ArrayRef():
            out.append(ctx.read(value, node))
        case TupleVal(items) | RecordVal(_, items):
            for item in items:
                _flat(ctx, node, item, out)
        case _:
            pass
