"""Targets in IR: functions, and derivatives of targets.

In: a Python function, or a callable with `__adcompiler_derivative__`, which may hold
another; and what is known of the arguments. Out: a `Target`: the lowered function with
the types that its results are handed back in.
Invariant: a derivative of a derivative is the derivation applied twice, to IR.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.arguments import leaf_specs, signature_of
from adcompiler.frontend.capture import capture
from adcompiler.frontend.interface import (
    ArgSpec,
    Derivative,
    LeafSpec,
    Lowered,
    ResultLeaf,
    ResultStatic,
    ResultTree,
    ResultTuple,
    StaticSpec,
    TupleSpec,
)
from adcompiler.frontend.structures import Shape, Stacked
from adcompiler.frontend.subset import check
from adcompiler.frontend.wrt import (
    as_differentiated,
    differentiated,
    is_wanted,
    moving,
    spread,
    with_parameters_alone,
)
from adcompiler.gradients import gradients_type
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Function, Region, fresh_var
from adcompiler.ir.types import Array, Dim, Scalar, Type, is_float, never_one
from adcompiler.pipeline import derive, with_stores_at_end

__all__ = ["Lowering", "Target", "derivative_of", "name_of"]

BY_COTANGENT = "give a cotangent: backward(..., cotangent=c)"


@dataclass(frozen=True, slots=True)
class Target:
    """A lowered target; a function that only raises is its own derivative.

    A gradient has its argument's type, whatever the IR yields: NumPy's arithmetic turns
    0-d arrays into scalars. The last results are the gradients of the leaves in `wrt`.
    """

    lowered: Lowered
    types: tuple[Type, ...]
    wrt: tuple[int, ...] = ()


def derivative_of(target: Any) -> Derivative | None:
    """What a derivative stands for; None for a function."""
    found = getattr(target, "__adcompiler_derivative__", None)
    return found if isinstance(found, Derivative) else None


def name_of(target: Any) -> str:
    """The name of the generated function.

    >>> def loss(x): ...
    >>> name_of(loss)
    'loss'
    """
    derivative = derivative_of(target)
    if derivative is None:
        return getattr(target, "__name__", "function")
    inner = derivative_of(derivative.function)
    if derivative.kind == "jvp" and inner is not None and inner.kind == "grad":
        return f"{name_of(inner.function)}_hvp"
    name = name_of(derivative.function)
    return name if derivative.kind == "value" else f"{name}_{derivative.kind}"


@dataclass(frozen=True, slots=True)
class Lowering:
    """Lowers targets. `passed` are the arguments not left to their defaults.

    `lengths` are the lengths of the arguments, for messages only.
    """

    passed: frozenset[str]
    lengths: Mapping[Dim, int]

    def lower(self, target: Any, specs: Mapping[str, ArgSpec]) -> Target:
        """The target in IR."""
        derivative = derivative_of(target)
        if derivative is None:
            lowered = _lower_function(target, specs)
            return Target(lowered, tuple(a.type for a in lowered.function.results))
        match derivative.kind:
            case "value":
                return self.lower(derivative.function, specs)
            case "grad" | "value_and_grad":
                return self.gradient(derivative, specs)
            case "jvp":
                return self.jvp(derivative, specs)
            case "backward":
                return self.backward(derivative, specs)
            case "inplace":
                return self.inplace(derivative, specs)
            case "vjp" | "backward_from":
                raise UnsupportedError(
                    "a pullback cannot be differentiated as a whole",
                    hint="differentiate a function that calls vjp and the pullback",
                )

    def gradient(self, derivative: Derivative, specs: Mapping[str, ArgSpec]) -> Target:
        """The gradient, after the value if that is wanted."""
        names, specs = self.chosen(derivative, specs)
        inner = _without_static_floats(self.lower(derivative.function, specs))
        if not inner.lowered.function.region.falls:
            return inner
        self.require_scalar(inner, name_of(derivative.function))
        wrt = _wrt_leaves(specs, names)
        primal = inner.lowered
        (function,) = derive(derivative.kind, primal.function, wrt)
        values = inner.types if derivative.kind == "value_and_grad" else ()
        result = gradient_tree(specs, names, len(values))
        if values:
            result = ResultTuple((primal.result, result))
        lowered = replace(primal, function=function, result=result)
        return Target(lowered, (*values, *_types(primal, wrt)), wrt)

    def backward(self, derivative: Derivative, specs: Mapping[str, ArgSpec]) -> Target:
        """The value, then the gradients of all parameters that are trained."""
        inner = _without_static_floats(self.lower(derivative.function, specs))
        primal, name = inner.lowered, name_of(derivative.function)
        if not primal.function.region.falls:
            return inner
        self.require_scalar(inner, name, BY_COTANGENT)
        wrt = _trained(specs, primal, name)
        (function,) = derive("value_and_grad", primal.function, wrt)
        count = len(inner.types)
        gradients = ResultTuple(tuple(ResultLeaf(count + k) for k in range(len(wrt))))
        result = ResultTuple((primal.result, gradients))
        lowered = replace(primal, function=function, result=result)
        return Target(lowered, (*inner.types, *_types(primal, wrt)), wrt)

    def inplace(self, derivative: Derivative, specs: Mapping[str, ArgSpec]) -> Target:
        """The function, and what it does to its arguments."""
        primal = _lower_function(derivative.function, specs, finals=True)
        types = tuple(a.type for a in primal.function.results)
        if not primal.function.region.falls:
            return Target(primal, types)
        (function,) = derive("inplace", primal.function, ())
        function = with_stores_at_end(function, tuple(primal.mutated))
        return Target(replace(primal, function=function), types)

    def vjp(
        self, derivative: Derivative, specs: Mapping[str, ArgSpec]
    ) -> tuple[Target, Target, int]:
        """The two sweeps, and how many results of the first are values."""
        collected = derivative.kind == "backward_from"
        names: tuple[str, ...] = ()
        if not collected:
            names, specs = self.chosen(derivative, specs)
        inner = _without_static_floats(self.lower(derivative.function, specs))
        if not inner.lowered.function.region.falls:
            return inner, inner, 0
        primal = inner.lowered
        if collected:
            wrt = _trained(specs, primal, name_of(derivative.function))
        else:
            wrt = _wrt_leaves(specs, names)
        forward, pullback = derive("vjp", primal.function, wrt)
        count = len(inner.types)
        residuals = tuple(atom.type for atom in forward.results[count:])
        tree: ResultTree = ResultTuple(tuple(map(ResultLeaf, range(len(wrt)))))
        if not collected:
            tree = gradient_tree(specs, names, 0)
        return (
            Target(replace(primal, function=forward), (*inner.types, *residuals)),
            Target(Lowered(pullback, (), tree, {}, ()), _types(primal, wrt), wrt),
            count,
        )

    def jvp(self, derivative: Derivative, specs: Mapping[str, ArgSpec]) -> Target:
        """Value and tangent; the arguments are the tuples of primals and tangents."""
        primals, tangents = specs["primals"], specs["tangents"]
        assert isinstance(primals, TupleSpec)
        assert isinstance(tangents, TupleSpec)
        names = tuple(signature_of(derivative.function).parameters)
        # Which arguments of the function inside were passed; all, if nothing is said.
        passed = self.passed & frozenset(names) or frozenset(names)
        inner = Lowering(passed, self.lengths).lower(
            derivative.function,
            dict(zip(names, _moved(primals, tangents), strict=True)),
        )
        inner = _without_static_floats(inner)
        primal = inner.lowered
        if not primal.function.region.falls:
            return Target(_with_tangents(primal, tangents), ())
        (function,) = derive("jvp", primal.function, tuple(_moving(primals, tangents)))
        function = _captures_last(
            function, sum(1 for _ in leaf_specs(primals)), len(primal.function.params)
        )
        result = ResultTuple((primal.result, _tangent_tree(inner)))
        lowered = replace(primal, function=function, result=result)
        return Target(lowered, (*inner.types, *filter(is_float, inner.types)))

    def chosen(
        self, derivative: Derivative, specs: Mapping[str, ArgSpec]
    ) -> tuple[tuple[str, ...], dict[str, ArgSpec]]:
        """The differentiated arguments, and the specs with these made floats."""
        name = name_of(derivative.function)
        names = differentiated(specs, derivative.wrt, self.passed, name)
        if derivative.wrt is None and any(x.trained for x in _leaves(specs)):
            specs = {n: with_parameters_alone(spec) for n, spec in specs.items()}
        changed = {n: as_differentiated(specs[n], name=n) for n in names}
        return names, {**specs, **changed}

    def require_scalar(
        self, target: Target, name: str, way: str = "call vjp, or jacobian"
    ) -> None:
        """Refuse a function unless its result is one float; there may be another way to
        what is asked for."""
        hint = f"reduce it to a float, as with np.sum; or {way}"
        match target.lowered.result:
            case ResultLeaf(index=index):
                type_ = target.types[index]
                if is_float(type_) and _has_one_element(type_):
                    return
                if isinstance(type_, Array) and not all(map(never_one, type_.dims)):
                    hint = f"{hint}; if it has one element, take it: y.item()"
                what = self.result_text(type_)
                if isinstance(type_, Scalar):
                    hint = "its derivative is zero: return the float that it comes from"
            case ResultTuple(items=items, cls=cls):
                what, part = _container_text(items, cls)
                hint = f"return one of them, or take it: lambda x: {name}(x){part}"
                if way == BY_COTANGENT:
                    hint += f"; or {way}, as c = (1.0, None)"
            case ResultStatic(value=value):
                kind = type(value).__name__
                what = "None" if value is None else f"the {kind} {value!r}"
                hint = "return a float"
                if value is None:
                    hint = "end it with return and the value"
        raise UnsupportedError(
            f"{name}() returns {what}, and a gradient needs a scalar",
            span=target.lowered.function.span,
            hint=hint,
        )

    def result_text(self, type_: Type) -> str:
        if isinstance(type_, Array) and is_float(type_):
            lengths = [
                str(n if isinstance(n, int) else self.lengths.get(n, "n"))
                for n in type_.dims
            ]
            comma = "," if len(lengths) == 1 else ""
            return f"an array of shape ({', '.join(lengths)}{comma})"
        return (
            f"a result of type {type_}"
            if not isinstance(type_, Scalar)
            else ({"int64": "an int", "bool": "a bool"}.get(type_.dtype, str(type_)))
        )


def _container_text(items: Sequence[Any], cls: type | Shape) -> tuple[str, str]:
    """A container in words, and how its first part is taken."""
    if isinstance(cls, Stacked):
        return "a list", "[0]"
    if isinstance(cls, Shape) and cls.names:
        return f"a {cls.__name__} of {len(items)}", cls.path(cls.names[0])
    kind = "list" if cls is list else "tuple"
    return f"a {kind} of {len(items)}", "[0]"


def _lower_function(
    function: Any, specs: Mapping[str, ArgSpec], *, finals: bool = False
) -> Lowered:
    rule = getattr(function, "__adcompiler_rule__", None)
    captured = capture(function if rule is None else rule.function)
    check(captured)
    # The compiler proper is imported by the first derivative call.
    import adcompiler.primitives  # noqa: F401  (fills the registry)
    from adcompiler.frontend.lower import lower_function

    owner = None if rule is None else function
    return lower_function(captured, specs, derive, owner, finals=finals)


def _captures_last(function: Function, leaves: int, primal: int) -> Function:
    """A tangent function with the captured values behind the tangents."""
    params, region = function.params, function.region
    params = (*params[:leaves], *params[primal:], *params[leaves:primal])
    body = Region(params, region.body, region.results, region.falls)
    return Function(function.name, body, function.span)


def _with_tangents(primal: Lowered, tangents: TupleSpec) -> Lowered:
    """A function that only raises, with tangents among its parameters."""
    function = primal.function
    dots = tuple(fresh_var(leaf.type) for leaf in leaf_specs(tangents))
    count, region = len(function.params), function.region
    body = Region((*function.params, *dots), region.body, (), region.falls)
    function = Function(function.name, body, function.span)
    leaves = count - len(primal.captures)
    return replace(primal, function=_captures_last(function, leaves, count))


def _leaves(specs: Mapping[str, ArgSpec]) -> list[LeafSpec]:
    return [leaf for spec in specs.values() for leaf in leaf_specs(spec)]


def _types(lowered: Lowered, wrt: Sequence[int]) -> tuple[Type, ...]:
    return tuple(lowered.function.params[k].type for k in wrt)


# --- Which leaves are differentiated, and how results are put together ------------


def _wrt_leaves(specs: Mapping[str, ArgSpec], names: Sequence[str]) -> tuple[int, ...]:
    """The leaves to differentiate, in the order of `names`."""
    starts, count = {}, 0
    for name, spec in specs.items():
        starts[name] = count
        count += sum(1 for _ in leaf_specs(spec))
    return tuple(
        starts[name] + k
        for name in names
        for k, leaf in enumerate(leaf_specs(specs[name]))
        if is_wanted(leaf)
    )


def _trained(
    specs: Mapping[str, ArgSpec], primal: Lowered, name: str
) -> tuple[int, ...]:
    """The parameters of the function that are trained: arguments, and what it reads."""
    leaves = [*_leaves(specs), *(capture.spec for capture in primal.captures)]
    wrt = tuple(k for k, leaf in enumerate(leaves) if leaf.trained)
    if not wrt:
        raise TypeError(
            f"backward() finds no parameter in {name}() that requires a gradient: "
            "pass an ad.Parameter, or let the function read one; or call grad"
        )
    return wrt


def gradient_tree(
    specs: Mapping[str, ArgSpec], names: Sequence[str], first: int
) -> ResultTree:
    """How gradients are handed back; they are results from `first` on."""
    index = first - 1

    def visit(spec: ArgSpec) -> ResultTree:
        nonlocal index
        match spec:
            case LeafSpec() if is_wanted(spec):
                index += 1
                return ResultLeaf(index)
            case TupleSpec(items=items, cls=cls):
                return ResultTuple(tuple(map(visit, items)), cls)
            case _:
                return ResultStatic(None)

    chosen = spread(specs, names)
    trees = tuple(map(visit, chosen.values()))
    return (
        trees[0]
        if len(trees) == 1
        else ResultTuple(trees, gradients_type(tuple(chosen)))
    )


def _tangent_tree(inner: Target) -> ResultTree:
    """Tangents in the structure of the result; None for what carries none."""
    floats = [k for k, type_ in enumerate(inner.types) if is_float(type_)]
    place = {k: len(inner.types) + n for n, k in enumerate(floats)}

    def visit(tree: ResultTree) -> ResultTree:
        match tree:
            case ResultLeaf(index=index) if index in place:
                return ResultLeaf(place[index])
            case ResultTuple(items=items, cls=cls):
                return ResultTuple(tuple(map(visit, items)), cls)
            case _:
                return ResultStatic(None)

    return visit(inner.lowered.result)


def _moved(primals: TupleSpec, tangents: TupleSpec) -> Iterator[ArgSpec]:
    """The arguments of which those that have a tangent are never made known."""
    for primal, tangent in zip(primals.items, tangents.items, strict=True):
        still = isinstance(tangent, StaticSpec)
        yield primal if still else moving(primal)


def _moving(primals: ArgSpec, tangents: ArgSpec, first: int = 0) -> Iterator[int]:
    """The leaves of the primals that have a tangent."""
    match primals, tangents:
        case LeafSpec(), LeafSpec():
            yield first
        case TupleSpec(), TupleSpec():
            for primal, tangent in zip(primals.items, tangents.items, strict=True):
                yield from _moving(primal, tangent, first)
                first += sum(1 for _ in leaf_specs(primal))


def _without_static_floats(target: Target) -> Target:
    """Floats known while compiling become results with a zero derivative."""
    lowered = target.lowered
    results: list[Atom] = list(lowered.function.results)

    def visit(tree: ResultTree) -> ResultTree:
        match tree:
            case ResultStatic(value=float() | np.floating() as value):
                results.append(constant(value))
                return ResultLeaf(len(results) - 1)
            case ResultTuple(items=items, cls=cls):
                return ResultTuple(tuple(map(visit, items)), cls)
            case _:
                return tree

    result = visit(lowered.result)
    region = lowered.function.region
    region = Region(region.params, region.body, tuple(results), region.falls)
    function = Function(lowered.function.name, region, lowered.function.span)
    constants = tuple(atom.type for atom in results[len(target.types) :])
    lowered = replace(lowered, function=function, result=result)
    return Target(lowered, (*target.types, *constants))


def _has_one_element(type_: Type) -> bool:
    return not isinstance(type_, Array) or all(n == 1 for n in type_.dims)
