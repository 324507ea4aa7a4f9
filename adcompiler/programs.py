"""Programs: what a function or a derivative of one computes, compiled for arguments.

In: a target (a Python function, or a callable with `__adcompiler_derivative__`, which
may hold another), and what is known of the arguments. Out: a `Program`.
Invariants: a derivative of a derivative is the derivation applied twice, to IR; an
argument that must be known while compiling is guarded by its value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adcompiler.errors import InternalError, UnsupportedError
from adcompiler.frontend.arguments import (
    as_differentiated,
    differentiated,
    leaf_specs,
)
from adcompiler.frontend.capture import capture
from adcompiler.frontend.interface import (
    ArgSpec,
    Derivative,
    LeafSpec,
    Lowered,
    NeedStatic,
    ResultLeaf,
    ResultStatic,
    ResultTree,
    ResultTuple,
    StaticSpec,
    TupleSpec,
)
from adcompiler.frontend.subset import check
from adcompiler.gradients import gradients_type
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Function, Region
from adcompiler.ir.types import Array, Dim, Scalar, Type, is_float
from adcompiler.pipeline import build, derive

__all__ = ["Program", "Request", "compile_program", "derivative_of", "name_of"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a call asks for.

    `specs` has every argument in the order of the signature, `passed` those that were
    not left to their defaults, `leaves` the values of the dynamic leaves.
    """

    target: Any
    specs: Mapping[str, ArgSpec]
    passed: frozenset[str]
    leaves: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled target.

    `call` takes the dynamic leaves without those in `statics`, which are leaves with
    the values that they had while compiling. Of `types`, one per result, the first
    `values` belong to `lowered.result`; with a `pullback`, the others are its
    residuals.
    """

    lowered: Lowered
    statics: tuple[tuple[int, Any], ...]
    text: str
    call: Callable[..., tuple[Any, ...]]
    types: tuple[Type, ...]
    values: int
    pullback: Program | None = None


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
    name = name_of(derivative.function)
    return name if derivative.kind == "value" else f"{name}_{derivative.kind}"


# --- Lowering --------------------------------------------------------------------


def compile_program(request: Request) -> Program:
    """Compile what a call asks for, with as few arguments static as possible."""
    statics: dict[int, Any] = {}
    while True:
        specs = _with_statics(request.specs, statics)
        try:
            return _compile(request, specs, statics)
        except NeedStatic as need:
            dynamic = [k for k in range(len(request.leaves)) if k not in statics]
            if need.leaf >= len(dynamic):
                raise InternalError(f"leaf {need.leaf} is no argument") from None
            leaf = dynamic[need.leaf]
            statics[leaf] = _static_value(request, leaf)


def _static_value(request: Request, leaf: int) -> Any:
    value = request.leaves[leaf]
    if isinstance(value, np.ndarray):
        raise UnsupportedError(
            f"{name_of(request.target)}() needs the contents of an array while "
            "compiling, for an axis or a length",
            hint="pass it as a tuple of ints",
        )
    return value


def _with_statics(
    specs: Mapping[str, ArgSpec], statics: Mapping[int, Any]
) -> dict[str, ArgSpec]:
    """The specs with these leaves known."""
    leaf = -1

    def visit(spec: ArgSpec) -> ArgSpec:
        nonlocal leaf
        match spec:
            case LeafSpec():
                leaf += 1
                return StaticSpec(statics[leaf]) if leaf in statics else spec
            case TupleSpec(items=items, cls=cls):
                return TupleSpec(tuple(map(visit, items)), cls)
            case StaticSpec():
                return spec

    return {name: visit(spec) for name, spec in specs.items()}


def _compile(
    request: Request, specs: Mapping[str, ArgSpec], statics: Mapping[int, Any]
) -> Program:
    derivative = derivative_of(request.target)
    lengths = dict(_lengths(request))
    lowering = _Lowering(request.passed, lengths)
    known = tuple(statics.items())
    if derivative is not None and derivative.kind == "vjp":
        forward, pullback, values = lowering.vjp(derivative, specs)
        program = _built(pullback, request.target, known, "pullback")
        whole = _built(forward, request.target, known, "forward")
        return replace(whole, values=values, pullback=program)
    lowered = lowering.lower(request.target, specs)
    return _built(lowered, request.target, known)


def _lengths(request: Request) -> Iterator[tuple[Dim, int]]:
    specs = [leaf for spec in request.specs.values() for leaf in leaf_specs(spec)]
    for spec, value in zip(specs, request.leaves, strict=True):
        if isinstance(spec.type, Array):
            for dim, length in zip(spec.type.dims, value.shape, strict=True):
                if isinstance(dim, Dim):
                    yield dim, length


def _built(
    lowered: Lowered,
    target: Any,
    statics: tuple[tuple[int, Any], ...],
    part: str = "",
) -> Program:
    derivative = derivative_of(target)
    if part == "pullback":
        name = f"{name_of(derivative.function)}_pullback" if derivative else part
    elif part == "forward":
        name = f"{name_of(derivative.function)}_forward" if derivative else part
    else:
        name = name_of(target)
    built = build(lowered.function, name=name, doc=_doc(target, part))
    types = tuple(atom.type for atom in lowered.function.results)
    return Program(lowered, statics, built.text, built.call, types, len(types))


_DOCS = {
    "grad": "Gradient of {}.",
    "value_and_grad": "Value and gradient of {}.",
    "jvp": "Value and tangent of {}.",
    "forward": "Value of {}, and what its pullback needs.",
    "pullback": "Gradient of {}, given the cotangent of its value.",
    "value": "{}, as it was understood.",
}


def _doc(target: Any, part: str) -> str:
    derivative = derivative_of(target)
    if derivative is None:
        return f"{name_of(target)}, as it was understood."
    return _DOCS[part or derivative.kind].format(name_of(derivative.function))


@dataclass(frozen=True, slots=True)
class _Lowering:
    """Lowering targets: functions, and derivatives of targets.

    `lengths` are the lengths of the arguments, for messages only.
    """

    passed: frozenset[str]
    lengths: Mapping[Dim, int]

    def lower(self, target: Any, specs: Mapping[str, ArgSpec]) -> Lowered:
        """The target in IR."""
        derivative = derivative_of(target)
        if derivative is None:
            return _lower_function(target, specs)
        match derivative.kind:
            case "value":
                return self.lower(derivative.function, specs)
            case "grad" | "value_and_grad":
                return self.gradient(derivative, specs)
            case "jvp":
                return self.jvp(derivative, specs)
            case "vjp":
                raise UnsupportedError(
                    "a pullback cannot be differentiated as a whole",
                    hint="differentiate a function that calls vjp and the pullback",
                )

    def gradient(self, derivative: Derivative, specs: Mapping[str, ArgSpec]) -> Lowered:
        names, specs = self.chosen(derivative, specs)
        inner = self.lower(derivative.function, specs)
        inner = self.scalar(inner, name_of(derivative.function))
        wrt = _wrt_leaves(specs, names)
        (function,) = derive(derivative.kind, inner.function, wrt)
        with_value = derivative.kind == "value_and_grad"
        first = len(inner.function.results) if with_value else 0
        result = gradient_tree(specs, names, first)
        if with_value:
            result = ResultTuple((inner.result, result))
        return Lowered(function, inner.captures, result, inner.mutated, inner.guards)

    def vjp(
        self, derivative: Derivative, specs: Mapping[str, ArgSpec]
    ) -> tuple[Lowered, Lowered, int]:
        """The two sweeps, and how many results of the first are values."""
        names, specs = self.chosen(derivative, specs)
        inner = _without_static_floats(self.lower(derivative.function, specs))
        wrt = _wrt_leaves(specs, names)
        forward, pullback = derive("vjp", inner.function, wrt)
        tree = gradient_tree(specs, names, 0)
        return (
            Lowered(forward, inner.captures, inner.result, inner.mutated, inner.guards),
            Lowered(pullback, (), tree, frozenset(), ()),
            len(inner.function.results),
        )

    def jvp(self, derivative: Derivative, specs: Mapping[str, ArgSpec]) -> Lowered:
        """Arguments are the tuples of primals and of tangents."""
        primals, tangents = specs["primals"], specs["tangents"]
        assert isinstance(primals, TupleSpec)
        assert isinstance(tangents, TupleSpec)
        names = parameter_names(derivative.function)
        inner_specs = dict(zip(names, primals.items, strict=True))
        # Which arguments of the function inside were passed; all, if nothing is said.
        passed = self.passed & frozenset(names) or frozenset(names)
        lowering = _Lowering(passed, self.lengths)
        inner = lowering.lower(derivative.function, inner_specs)
        inner = _without_static_floats(inner)
        wrt = tuple(_moving(primals, tangents))
        (function,) = derive("jvp", inner.function, wrt)
        count = sum(1 for _ in leaf_specs(primals))
        params = function.params
        leaves, captures = params[:count], params[count : len(inner.function.params)]
        dots = params[len(inner.function.params) :]
        region = function.region
        body = Region((*leaves, *dots, *captures), region.body, region.results)
        function = Function(function.name, body, function.span)
        tangent = _tangent_tree(inner)
        result = ResultTuple((inner.result, tangent))
        return Lowered(function, inner.captures, result, inner.mutated, inner.guards)

    def chosen(
        self, derivative: Derivative, specs: Mapping[str, ArgSpec]
    ) -> tuple[tuple[str, ...], dict[str, ArgSpec]]:
        """The differentiated arguments, and the specs with these made floats."""
        name = name_of(derivative.function)
        names = differentiated(specs, derivative.wrt, self.passed, name)
        changed = {n: as_differentiated(specs[n], name=n) for n in names}
        return names, {**specs, **changed}

    def scalar(self, lowered: Lowered, name: str) -> Lowered:
        """The function with exactly one float result, or a refusal."""
        lowered = _without_static_floats(lowered)
        match lowered.result:
            case ResultLeaf(index=index):
                type_ = lowered.function.results[index].type
                if is_float(type_) and _has_one_element(type_):
                    return lowered
                what = self.result_text(type_)
            case ResultTuple(items=items):
                what = f"a tuple of {len(items)}"
            case ResultStatic(value=value):
                what = (
                    "None" if value is None else f"the {type(value).__name__} {value!r}"
                )
        raise UnsupportedError(
            f"{name}() returns {what}, and a gradient needs a scalar",
            span=lowered.function.span,
            hint="reduce it to a float, as with np.sum; or call vjp, or jacobian",
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


def _lower_function(function: Any, specs: Mapping[str, ArgSpec]) -> Lowered:
    captured = capture(function)
    check(captured)
    from adcompiler.frontend.lower import lower_function

    return lower_function(captured, specs, derive)


def parameter_names(target: Any) -> tuple[str, ...]:
    """The names of a target's arguments."""
    import inspect

    return tuple(inspect.signature(target).parameters)


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
        if is_float(leaf.type)
    )


def gradient_tree(
    specs: Mapping[str, ArgSpec], names: Sequence[str], first: int
) -> ResultTree:
    """How gradients are handed back; they are results from `first` on."""
    index = first - 1

    def visit(spec: ArgSpec) -> ResultTree:
        nonlocal index
        match spec:
            case LeafSpec(type=type_) if is_float(type_):
                index += 1
                return ResultLeaf(index)
            case TupleSpec(items=items, cls=cls):
                return ResultTuple(tuple(map(visit, items)), cls)
            case _:
                return ResultStatic(None)

    trees = tuple(visit(specs[name]) for name in names)
    return (
        trees[0]
        if len(trees) == 1
        else ResultTuple(trees, gradients_type(tuple(names)))
    )


def _tangent_tree(inner: Lowered) -> ResultTree:
    """Tangents in the structure of the result; None for what carries none."""
    results = inner.function.results
    floats = [k for k, atom in enumerate(results) if is_float(atom.type)]
    place = {k: len(results) + n for n, k in enumerate(floats)}

    def visit(tree: ResultTree) -> ResultTree:
        match tree:
            case ResultLeaf(index=index) if index in place:
                return ResultLeaf(place[index])
            case ResultTuple(items=items, cls=cls):
                return ResultTuple(tuple(map(visit, items)), cls)
            case _:
                return ResultStatic(None)

    return visit(inner.result)


def _moving(primals: ArgSpec, tangents: ArgSpec, first: int = 0) -> Iterator[int]:
    """The leaves of the primals that have a tangent."""
    match primals, tangents:
        case LeafSpec(), LeafSpec():
            yield first
        case TupleSpec(), TupleSpec():
            for primal, tangent in zip(primals.items, tangents.items, strict=True):
                yield from _moving(primal, tangent, first)
                first += sum(1 for _ in leaf_specs(primal))


def _without_static_floats(lowered: Lowered) -> Lowered:
    """Floats known while compiling become results with a zero derivative."""
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
    return Lowered(function, lowered.captures, result, lowered.mutated, lowered.guards)


def _has_one_element(type_: Type) -> bool:
    return not isinstance(type_, Array) or all(n == 1 for n in type_.dims)
