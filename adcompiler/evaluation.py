"""A derivative call: from Python arguments to flat leaves, and back from flat results.

In: the arguments of a call. Out: a `Request`, the `Program` that serves it, and what it
gives, in the structure and the kinds that the caller expects.
Invariants: a float argument has a float gradient, a NumPy scalar a NumPy scalar, an
array an array of its own; an argument that is stored to overlaps no other.
"""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from adcompiler import settings
from adcompiler.errors import InternalError, UnsupportedError
from adcompiler.execute.llvm.threads import allow
from adcompiler.frontend.arguments import bind, describe, key_of, leaves_of, same_static
from adcompiler.frontend.interface import (
    ArgSpec,
    LeafSpec,
    ResultLeaf,
    ResultStatic,
    ResultTree,
    ResultTuple,
    StaticSpec,
    TupleSpec,
)
from adcompiler.frontend.specialise import Specialisations, guards_hold
from adcompiler.frontend.structures import (
    Positional,
    Shape,
    Stacked,
    made,
    parts_of,
    shape_of,
)
from adcompiler.frontend.wrt import as_differentiated
from adcompiler.ir.types import Array, Scalar, Type, is_float
from adcompiler.parameter import Parameter
from adcompiler.programs import (
    SETS,
    Program,
    Request,
    compile_program,
    derivative_of,
    has_lengths,
)

__all__ = [
    "Pullback",
    "arguments_of",
    "as_type",
    "bind_call",
    "bind_jvp",
    "check_shapes",
    "collect",
    "find_program",
    "flattened",
    "overlaps_itself",
    "result_of",
    "run",
]

# --- Arguments -------------------------------------------------------------------


def bind_call(
    target: Any,
    signature: inspect.Signature,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    own: int = 0,
) -> Request:
    """What a call with these arguments asks for; the first `own` are a method's."""
    values, passed = bind(signature, args, kwargs)
    specs = {name: describe(value, name=name) for name, value in values.items()}
    # The object of a method is differentiated only if it is named.
    first = list(specs)[:own]
    for name in first:
        derivative, held = derivative_of(target), values[name]
        if derivative is not None and name in (derivative.wrt or ()):
            continue
        specs[name] = StaticSpec(held)
        if isinstance(held, Positional):  # of a method that takes `*args` alone
            more = (describe(v, name=f"{name}[{k}]") for k, v in enumerate(held[own:]))
            known = map(StaticSpec, held[:own])
            specs[name] = TupleSpec((*known, *more), Positional)
    return Request(target, specs, passed, _leaves(specs, values))


def bind_jvp(
    target: Any,
    signature: inspect.Signature,
    prefix: tuple[Any, ...],
    primals: tuple[Any, ...],
    tangents: tuple[Any, ...],
) -> Request:
    """What ``jvp(primals, tangents)`` asks for."""
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple):
            raise TypeError(
                f"{name} is a tuple with an entry per argument, as in (x,), "
                f"not {type(given).__name__}"
            )
    if len(primals) != len(tangents):
        raise ValueError(
            f"there are {len(primals)} primals and {len(tangents)} tangents; "
            "an argument that does not move has the tangent None"
        )
    values, passed = bind(signature, (*prefix, *primals), {})
    dots, _ = bind(signature, (*[None] * len(prefix), *tangents), {})
    specs: list[ArgSpec] = []
    dot_specs, dot_values = [], []
    for name, value in values.items():
        dot = dots[name] if name in passed else None
        known: ArgSpec = StaticSpec(value)
        known = known if len(specs) < len(prefix) else describe(value, name=name)
        spec, dot_spec, dot = _moving(known, value, dot, name)
        specs.append(spec)
        dot_specs.append(dot_spec)
        dot_values.append(dot)
    both: dict[str, ArgSpec] = {
        "primals": TupleSpec(tuple(specs)),
        "tangents": TupleSpec(tuple(dot_specs)),
    }
    arguments = {"primals": tuple(values.values()), "tangents": tuple(dot_values)}
    if not any(True for _ in leaves_of(both["tangents"], arguments["tangents"])):
        raise ValueError("no argument moves: every tangent is None")
    return Request(target, both, passed, _leaves(both, arguments))


def _moving(
    spec: ArgSpec, value: Any, dot: Any, name: str
) -> tuple[ArgSpec, ArgSpec, Any]:
    """The specs of an argument and its tangent, and the tangent like the argument."""
    if dot is None:
        return spec, StaticSpec(None), None
    if isinstance(spec, TupleSpec):
        values = parts_of(spec.cls, value)
        dots = _mirrored(spec.cls, dot, len(spec.items), f"the tangent of {name}")
        parts = [
            _moving(s, v, d, f"{name}[{k}]")
            for k, (s, v, d) in enumerate(zip(spec.items, values, dots, strict=True))
        ]
        return (
            TupleSpec(tuple(p[0] for p in parts), spec.cls),
            TupleSpec(tuple(p[1] for p in parts)),
            tuple(p[2] for p in parts),
        )
    spec = as_differentiated(spec, name=name)
    assert isinstance(spec, LeafSpec)
    dot = _like(dot, spec.type, np.shape(value), f"the tangent of {name}")
    return spec, LeafSpec(spec.type), dot


def _mirrored(cls: type | Shape, given: Any, count: int, what: str) -> Any:
    """The parts of a tangent or cotangent, which is a container like its primal."""
    if isinstance(cls, Stacked):
        if not isinstance(given, list | tuple | np.ndarray):
            raise TypeError(f"{what} is no list like the value itself")
        return cls.parts(given)
    if isinstance(cls, Shape):
        like = shape_of(given)
        if like is None or like.cls is not cls.cls or set(like.names) != set(cls.names):
            raise TypeError(f"{what} is no {cls.__name__} like the value itself")
        return cls.parts(given)
    if not isinstance(given, tuple | list) or len(given) != count:
        kind = "list" if cls is list else "tuple"
        raise TypeError(f"{what} is no {kind} of {count}")
    return given


def _like(given: Any, type_: Type, shape: tuple[int, ...], what: str) -> Any:
    """A tangent or cotangent as a value of this type and shape."""
    if np.asarray(given).dtype.kind not in "fiu":
        raise TypeError(f"{what} is of dtype {np.asarray(given).dtype}, not a float")
    if np.shape(given) != shape:
        raise ValueError(f"{what} has shape {np.shape(given)}, not {shape}")
    return as_type(given, type_)


def _leaves(specs: Mapping[str, ArgSpec], values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(
        leaf
        for name, spec in specs.items()
        for _, leaf in leaves_of(spec, values[name])
    )


# --- Programs --------------------------------------------------------------------


def find_program(
    programs: Specialisations[Program], request: Request, backend: str | None = None
) -> Program:
    """The program that serves a request, compiled if there is none.

    Where no backend is named, the settings say which.
    """
    wanted = settings.current()
    allow(wanted.threads)
    backend = backend or wanted.backend
    strict = wanted.strict_fp and backend == "llvm"
    request = replace(request, backend=backend, strict=strict)
    derivative = derivative_of(request.target)
    kind = "value" if derivative is None else derivative.kind
    key: tuple[Hashable, ...] = (
        kind,
        tuple(map(key_of, request.specs.values())),
        request.passed,
        request.backend,
        request.strict,
    )

    left = 0  # programs for other small lengths

    def fits(program: Program) -> bool:
        nonlocal left
        if not _known_as(program, request):
            return False
        # One that was left is not returned to: where lengths change again and again,
        # one program serves them all.
        found = has_lengths(program, request) and not (program.small and left)
        left += bool(program.small and not found)
        return found

    return programs.find(
        key, fits, lambda _: compile_program(request, small=left < SETS)
    )


def _known_as(program: Program, request: Request) -> bool:
    """Whether what is known while compiling is so, but for lengths."""
    outline, leaves = program.outline, request.leaves
    statics = all(same_static(leaves[k], value) for k, value in program.statics)
    return statics and guards_hold(outline.guards, outline.captures)


def run(program: Program, request: Request) -> Any:
    """What the program gives for these leaves; of a vjp, the value and the pullback."""
    arguments = arguments_of(program, request)
    results = program.call(*arguments)
    value = result_of(program, results)
    if program.pullback is None:
        check_shapes(program, results, [np.shape(arguments[k]) for k in program.wrt])
        return value
    shapes = [np.shape(arguments[k]) for k in program.pullback.wrt]
    return value, Pullback(program, results, shapes)


def arguments_of(program: Program, request: Request) -> list[Any]:
    """The leaves and the captured values, as the program takes them."""
    params, values = program.outline.params, _held(program, request)
    arguments = [as_type(v, p.type) for v, p in zip(values, params, strict=True)]
    _refuse_overlaps(program, arguments)
    return arguments


def collect(program: Program, request: Request, cotangent: Any = None) -> Any:
    """The value; its gradients are added to those of the parameters: of two sweeps
    those that belong to a cotangent of the value."""
    value, gradients = run(program, request)
    places = program.wrt
    if program.pullback is not None:
        places = program.pullback.wrt
        gradients = gradients(cotangent)
    held = _held(program, request)
    for k, gradient in zip(places, gradients, strict=True):
        parameter = held[k]
        assert isinstance(parameter, Parameter)
        parameter.accumulate(gradient)
    return value


def _held(program: Program, request: Request) -> list[Any]:
    """The leaves and the captured values, in the order of the program's parameters."""
    static = {k for k, _ in program.statics}
    values = [leaf for k, leaf in enumerate(request.leaves) if k not in static]
    return [*values, *(capture.read() for capture in program.outline.captures)]


def check_shapes(
    program: Program, results: tuple[Any, ...], shapes: list[tuple[int, ...]]
) -> None:
    """A gradient that is not shaped like its argument is wrong."""
    gradients = results[len(results) - len(shapes) :]
    for gradient, shape in zip(gradients, shapes, strict=True):
        if np.shape(gradient) != shape:
            raise InternalError(
                f"a gradient has shape {np.shape(gradient)}, its argument {shape}",
                ir=program.text,
            )


def _refuse_overlaps(program: Program, arguments: list[Any]) -> None:
    """Refuse arrays that share memory with one that the function stores to.

    A derivative stores into copies; a read-only argument is an error all the same, as
    it is in a plain call.
    """
    for k, span in program.outline.mutated.items():
        name = program.outline.params[k].name
        if not arguments[k].flags.writeable:
            where = f"line {span.lineno} of {span.filename}"
            raise ValueError(
                f"assignment destination is read-only: {name}, stored to at {where}"
            )
        if overlaps_itself(arguments[k]):
            raise UnsupportedError(
                f"{name} is stored to, and elements of it share memory",
                span=span,
                hint=f"pass a copy: {name}.copy()",
            )
        for other, value in enumerate(arguments):
            if other == k or not isinstance(value, np.ndarray):
                continue
            if _overlap(arguments[k], value):
                params = program.outline.params
                raise UnsupportedError(
                    f"{name} is stored to and overlaps {params[other].name} in memory",
                    span=span,
                    hint=f"pass a copy of one of them: {name}.copy()",
                )


def _overlap(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> bool:
    return np.may_share_memory(left, right) and bool(np.shares_memory(left, right))


def overlaps_itself(array: np.ndarray[Any, Any]) -> bool:
    """Whether two elements may be one in memory, as in windows that slide.

    >>> overlaps_itself(np.zeros((4, 6))[::2, ::-3].T)
    False
    >>> overlaps_itself(np.lib.stride_tricks.sliding_window_view(np.zeros(4), 2))
    True
    """
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return False
    extent = array.itemsize
    for stride, length in sorted(
        zip(map(abs, array.strides), array.shape, strict=True)
    ):
        if length > 1 and stride < extent:
            return array.size > 0
        extent += stride * (length - 1)
    return False


# --- Results ---------------------------------------------------------------------


def as_type(value: Any, type_: Type) -> Any:
    """The value as its type has it: a float, a NumPy scalar, an array.

    >>> as_type(np.float64(2), Scalar("float64", "python"))
    2.0
    >>> as_type(2, Scalar("float64", "numpy"))
    np.float64(2.0)
    """
    match type_:
        case Scalar(kind="python", dtype="bool"):
            return bool(value)
        case Scalar(kind="python", dtype=dtype):
            return int(value) if dtype == "int64" else float(value)
        case Scalar(kind="numpy", dtype=dtype):
            return value if type(value) is (t := np.dtype(dtype).type) else t(value)
        case Array(dtype=dtype):
            return np.asarray(value, dtype)
        case _:
            return value


def result_of(program: Program, results: tuple[Any, ...]) -> Any:
    """The results in the structure of the target's result."""

    def visit(tree: ResultTree) -> Any:
        match tree:
            case ResultLeaf(index=index):
                return as_type(results[index], program.types[index])
            case ResultStatic(value=value):
                return value
            case _:
                return made(tree.cls, map(visit, tree.items))

    return visit(program.outline.result)


class Pullback:
    """Takes the cotangent of a value, gives gradients; any number of times."""

    __slots__ = (
        "_floats",
        "_gradients",
        "_program",
        "_residuals",
        "_result",
        "_shapes",
        "_types",
    )

    def __init__(
        self,
        program: Program,
        results: tuple[Any, ...],
        gradients: list[tuple[int, ...]],
    ) -> None:
        pullback = program.pullback
        assert pullback is not None
        self._program = pullback
        self._result = program.outline.result
        self._types = program.types
        self._floats = [k for k in range(program.values) if is_float(program.types[k])]
        self._shapes = {k: np.shape(results[k]) for k in self._floats}
        self._residuals = results[program.values :]
        self._gradients = gradients

    def __call__(self, cotangent: Any) -> Any:
        given: dict[int, Any] = {}
        for k, part in flattened(self._result, cotangent, "the cotangent"):
            if k in self._shapes and part is not None:
                c = _like(part, self._types[k], self._shapes[k], "the cotangent")
                given[k] = c + given[k] if k in given else c
        cotangents = [
            given[k]
            if k in given
            else as_type(np.zeros(self._shapes[k]), self._types[k])
            for k in self._floats
        ]
        results = self._program.call(*self._residuals, *cotangents)
        check_shapes(self._program, results, self._gradients)
        return result_of(self._program, results)

    def __repr__(self) -> str:
        return f"<pullback {self._program.outline.name}>"


def flattened(tree: ResultTree, given: Any, what: str) -> Iterator[tuple[int, Any]]:
    """What is given for each result, by its index."""
    match tree:
        case ResultLeaf(index=index):
            yield index, given
        case ResultTuple(items=items, cls=cls):
            if given is None:
                return
            parts = _mirrored(cls, given, len(items), what)
            for item, part in zip(items, parts, strict=True):
                yield from flattened(item, part, what)
