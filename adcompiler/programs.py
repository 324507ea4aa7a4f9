"""Programs: what a function or a derivative of one computes, compiled for arguments.

In: a target and the arguments. Out: a `Program`.
Invariant: as few arguments as possible are static: those that must be known while
compiling, which the program is guarded by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from adcompiler.building import Built, build
from adcompiler.directly import direct_of
from adcompiler.errors import InternalError, UnsupportedError
from adcompiler.frontend.arguments import (
    leaf_specs,
)
from adcompiler.frontend.interface import (
    ArgSpec,
    LeafSpec,
    Lowered,
    NeedLength,
    NeedStatic,
    StaticSpec,
    TupleSpec,
)
from adcompiler.ir.types import Array, Dim, Type
from adcompiler.targets import Lowering, Target, derivative_of, name_of

if TYPE_CHECKING:
    from adcompiler.emit.numpy_source import Source

__all__ = ["Program", "Request", "compile_program", "derivative_of", "name_of"]

MOST = 64  # items of an argument that are laid out


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
    backend: str = "numpy"


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled target.

    `call` takes the dynamic leaves without those in `statics`, which are leaves with
    the values that they had while compiling; `lengths` are those that had to be known,
    of leaves along an axis. Of `types`, one per result, the first `values` belong to
    `lowered.result`; with a `pullback`, the others are its residuals. The last results
    are the gradients of the parameters in `wrt`, which are counted without the statics;
    those of a pullback are parameters of its primal.
    """

    lowered: Lowered
    statics: tuple[tuple[int, Any], ...]
    built: Built
    call: Callable[..., tuple[Any, ...]]
    types: tuple[Type, ...]
    values: int
    wrt: tuple[int, ...] = ()
    pullback: Program | None = None
    lengths: tuple[tuple[tuple[int, int], int], ...] = ()

    @property
    def source(self) -> Source:
        return self.built.source

    @property
    def text(self) -> str:
        return self.source.text


def compile_program(request: Request) -> Program:
    """Compile what a call asks for, with as few arguments static as possible."""
    statics: dict[int, Any] = {}
    lengths: dict[tuple[int, int], int] = {}
    while True:
        specs = _with_statics(request.specs, statics, lengths)
        try:
            program = _compile(request, specs, statics)
            return replace(program, lengths=tuple(lengths.items()))
        except NeedLength as need:
            leaf = _leaf(request, statics, need.leaf)
            length = np.shape(request.leaves[leaf])[need.axis]
            if length > MOST:
                raise need.refusal from None
            lengths[leaf, need.axis] = length
        except NeedStatic as need:
            leaf = _leaf(request, statics, need.leaf)
            statics[leaf] = _static_value(request, leaf)


def _leaf(request: Request, statics: Mapping[int, Any], leaf: int) -> int:
    """The leaf that is this one of those that are not known."""
    dynamic = [k for k in range(len(request.leaves)) if k not in statics]
    if leaf >= len(dynamic):
        raise InternalError(f"leaf {leaf} is no argument")
    return dynamic[leaf]


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
    specs: Mapping[str, ArgSpec],
    statics: Mapping[int, Any],
    lengths: Mapping[tuple[int, int], int],
) -> dict[str, ArgSpec]:
    """The specs with these leaves known, and these lengths."""
    leaf = -1

    def visit(spec: ArgSpec) -> ArgSpec:
        nonlocal leaf
        match spec:
            case LeafSpec():
                leaf += 1
                if leaf in statics:
                    return StaticSpec(statics[leaf])
                t = spec.type
                if not isinstance(t, Array):
                    return spec
                dims = (lengths.get((leaf, k), n) for k, n in enumerate(t.dims))
                return replace(spec, type=Array(t.dtype, tuple(dims)))
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
    lowering = Lowering(request.passed, lengths)
    known = tuple(statics.items())
    if derivative is not None and derivative.kind == "vjp":
        forward, pullback, values = lowering.vjp(derivative, specs)
        program = _built(pullback, request, known, "pullback", forward)
        whole = _built(forward, request, known, "forward")
        return replace(whole, values=values, pullback=program)
    lowered = lowering.lower(request.target, specs)
    return _built(lowered, request, known)


def _lengths(request: Request) -> Iterator[tuple[Dim, int]]:
    specs = [leaf for spec in request.specs.values() for leaf in leaf_specs(spec)]
    for spec, value in zip(specs, request.leaves, strict=True):
        if isinstance(spec.type, Array):
            for dim, length in zip(spec.type.dims, value.shape, strict=True):
                if isinstance(dim, Dim):
                    yield dim, length


def _built(
    target: Target,
    request: Request,
    statics: tuple[tuple[int, Any], ...],
    part: str = "",
    primal: Target | None = None,
) -> Program:
    origin = request.target
    name = name_of(origin)
    derivative = derivative_of(origin)
    if part and derivative is not None:
        name = f"{name_of(derivative.function)}_{part}"
    lowered = target.lowered
    params = (primal or target).lowered.function.params
    wrt = [params[k].name or "x" for k in target.wrt]
    label = _label(origin, part)
    doc = _doc(label, origin, wrt)
    backend = request.backend
    direct = None
    if backend == "llvm" and not part and not statics:
        direct = direct_of(lowered, target.types, target.wrt)
    built = build(
        lowered.function,
        name=name,
        label=label,
        doc=doc,
        backend=backend,
        direct=direct,
    )
    types = target.types
    return Program(lowered, statics, built, built.call, types, len(types), target.wrt)


_LABELS = {
    "grad": "Gradient of {}",
    "value_and_grad": "Value and gradient of {}",
    "jvp": "Value and tangent of {}",
    "backward": "Value of {}, and the gradients of its parameters",
    "forward": "Value of {}, and what its pullback needs",
    "pullback": "Gradient of {}, given the cotangent of its value",
    "value": "{}, as it was understood",
}
_WIDTH = 77


def _label(origin: Any, part: str) -> str:
    derivative = derivative_of(origin)
    if derivative is None:
        return f"{name_of(origin)}, as it was understood"
    inner = derivative_of(derivative.function)
    if derivative.kind == "jvp" and inner is not None and inner.kind == "grad":
        return f"Gradient of {name_of(inner.function)}, and its Hessian times a vector"
    return _LABELS[part or derivative.kind].format(name_of(derivative.function))


def _doc(label: str, origin: Any, wrt: Sequence[str]) -> str:
    """The docstring: the label, and with respect to what the derivatives are."""
    derivative = derivative_of(origin)
    if derivative is None or not wrt:
        return f"{label}."
    *others, last = wrt
    names = f"{', '.join(others)} and {last}" if others else last
    subject, comma, given = label.partition(",")
    doc = f"{subject} with respect to {names}{comma}{given}."
    return doc if len(doc) <= _WIDTH else f"{label}."
