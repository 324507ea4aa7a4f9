"""Programs: what a function or a derivative of one computes, compiled for arguments.

In: a target and the arguments. Out: a `Program`.
Invariant: as few arguments as possible are static: those that must be known while
compiling, which the program is guarded by.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from adcompiler import settings
from adcompiler.building import Built, Shelf
from adcompiler.cache.entries import Part, alike
from adcompiler.cache.places import Kept, Place, place_of
from adcompiler.directly import direct_of
from adcompiler.errors import InternalError, UnsupportedError
from adcompiler.frontend.arguments import (
    leaf_specs,
)
from adcompiler.frontend.interface import (
    ArgSpec,
    LeafSpec,
    NeedLength,
    NeedStatic,
    Outline,
    Param,
    StaticSpec,
    TupleSpec,
)
from adcompiler.ir.nodes import Function
from adcompiler.ir.types import Array, Dim, Type
from adcompiler.targets import Lowering, Target, derivative_of, name_of

if TYPE_CHECKING:
    from adcompiler.emit.llvm.direct import Direct
    from adcompiler.emit.numpy_source import Source

__all__ = [
    "SETS",
    "Program",
    "Request",
    "compile_program",
    "derivative_of",
    "has_lengths",
    "name_of",
]

MOST = 64  # items of an argument that are laid out
SMALL = 64  # the largest length that machine code is made for
FEW = 1024  # elements, of which the arrays that loops compute with have no more
_SWEEPS = ("vjp", "backward_from")  # what is two functions
SETS = 2  # of small lengths that code is made for, before there is one program for all


Axis = tuple[int, int]  # a leaf, and an axis of it
Lengths = tuple[tuple[Axis, int], ...]


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
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled target.

    Of a program of an earlier process, the function itself is lowered when something
    but its machine code is asked for. `call` takes the dynamic leaves without those in
    `statics`, which are leaves with the values that they had while compiling;
    `lengths` are those that had to be known, of leaves along an axis; `small` are those
    that the machine code knows besides, to be faster. Of `types`, one per result, the
    first `values` belong to `outline.result`; with a `pullback`, the others are its
    residuals. The last results are the gradients of the parameters in `wrt`, which are
    counted without the statics; those of a pullback are parameters of its primal.
    """

    outline: Outline
    statics: tuple[tuple[int, Any], ...]
    built: Built
    call: Callable[..., tuple[Any, ...]]
    types: tuple[Type, ...]
    values: int
    wrt: tuple[int, ...] = ()
    pullback: Program | None = None
    lengths: Lengths = ()
    small: Lengths = ()

    @property
    def source(self) -> Source:
        return self.built.source

    @property
    def text(self) -> str:
        return self.source.text


def has_lengths(program: Program, request: Request) -> bool:
    """Whether the arguments have the lengths that a program was compiled for."""
    known, leaves = (*program.lengths, *program.small), request.leaves
    return all(np.shape(leaves[k])[axis] == n for (k, axis), n in known)


def compile_program(request: Request, *, small: bool = False) -> Program:
    """Compile what a call asks for, with as few arguments static as possible, unless an
    earlier process has.

    `small`: if machine code is the faster for small lengths that it knows, it is made
    for those of the arguments.
    """
    place = _place(request)
    kept = None if place is None else place.find(request.leaves, small=small)
    if kept is not None:
        return _restored(request, kept)
    found, statics, lengths = _with_what_is_needed(request)
    more = _small(request, found, statics, lengths) if small else None
    given, known = tuple(statics.items()), tuple(lengths.items())
    chosen, native = more or ((), None)
    parts = [part for part, _ in found]
    shelves = None if place is None else place.shelves(parts, given, known, chosen)
    sweeps = [
        _Sweep(
            part,
            lambda f=function: f,  # type: ignore[misc]
            None if shelves is None else shelves[k],
            None if native is None else lambda: native,
        )
        for k, (part, function) in enumerate(found)
    ]
    return _program(request, sweeps, given, known, chosen)


def _with_what_is_needed(
    request: Request,
) -> tuple[Sequence[tuple[Part, Function]], Mapping[int, Any], Mapping[Axis, int]]:
    """The function that is asked for, and the leaves and the lengths that it knows."""
    statics: dict[int, Any] = {}
    lengths: dict[Axis, int] = {}
    while True:
        try:
            found = _lowered(request, statics, lengths)
        except NeedLength as need:
            leaf = _leaf(request, statics, need.leaf)
            length = np.shape(request.leaves[leaf])[need.axis]
            if length > MOST:
                raise need.refusal from None
            lengths[leaf, need.axis] = length
        except NeedStatic as need:
            leaf = _leaf(request, statics, need.leaf)
            statics[leaf] = _static_value(request, leaf)
        else:
            return found, statics, lengths


def _small(
    request: Request,
    found: Sequence[tuple[Part, Function]],
    statics: Mapping[int, Any],
    lengths: Mapping[Axis, int],
) -> tuple[Lengths, Function] | None:
    """The small lengths that machine code is to know, and the function that knows them;
    None where there are none, or what a caller sees would be another."""
    if request.backend != "llvm" or len(found) != 1 or settings.current().dump:
        return None
    from adcompiler.emit.llvm.looped import looped_lengths

    ((part, function),) = found
    specs = [leaf for spec in request.specs.values() for leaf in leaf_specs(spec)]
    keys = looped_lengths(function)
    chosen: dict[Axis, int] = {}
    for k, (spec, value) in enumerate(zip(specs, request.leaves, strict=True)):
        if k in statics or not isinstance(spec.type, Array):
            continue
        pairs = enumerate(zip(spec.type.dims, value.shape, strict=True))
        mine = {
            (k, axis): n
            for axis, (d, n) in pairs
            if isinstance(d, Dim) and d.key in keys and (k, axis) not in lengths
        }
        if math.prod(mine.values()) > FEW:
            return None
        chosen |= {place: n for place, n in mine.items() if n <= SMALL}
    if not chosen:
        return None
    try:
        ((other, known),) = _lowered(request, statics, {**lengths, **chosen})
    except (NeedLength, NeedStatic, UnsupportedError):
        return None
    read, more = (
        {guard.description for guard in p.outline.guards} for p in (part, other)
    )
    same = alike(part, other) and more <= read
    return (tuple(chosen.items()), known) if same else None


def _place(request: Request) -> Place | None:
    """Where programs for such a request are kept; None where they are not."""
    wanted = settings.current()
    if request.backend != "llvm" or wanted.dump or wanted.keep:
        return None
    return place_of(request.target, request.specs, request.passed, wanted)


def _restored(request: Request, kept: Kept) -> Program:
    """The program that an earlier process has compiled."""
    lengths = dict(_lengths(request))
    request = replace(request, leaves=())  # or they would live as long as the program

    @cache
    def again() -> Sequence[tuple[Part, Function]]:
        found = _lowered(request, dict(kept.statics), dict(kept.lengths), lengths)
        if not all(
            alike(part, k) for (part, _), k in zip(found, kept.parts, strict=True)
        ):
            raise InternalError(
                f"{name_of(request.target)}() compiles to another program now than to "
                "the one that is kept"
            )
        return found

    def native() -> Function:
        known = dict((*kept.lengths, *kept.small))
        ((_, function),) = _lowered(request, dict(kept.statics), known, lengths)
        return function

    sweeps = [
        _Sweep(
            part,
            lambda k=k: again()[k][1],  # type: ignore[misc]
            kept.shelves[k],
            native if kept.small else None,
        )
        for k, part in enumerate(kept.parts)
    ]
    return _program(request, sweeps, kept.statics, kept.lengths, kept.small)


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
    lengths: Mapping[Axis, int],
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


def _lowered(
    request: Request,
    statics: Mapping[int, Any],
    known: Mapping[Axis, int],
    lengths: Mapping[Dim, int] | None = None,
) -> Sequence[tuple[Part, Function]]:
    """The function that is asked for; of a vjp that of its pullback, too."""
    specs = _with_statics(request.specs, statics, known)
    if lengths is None:
        lengths = dict(_lengths(request))
    lowering = Lowering(request.passed, lengths)
    derivative = derivative_of(request.target)
    if derivative is not None and derivative.kind in _SWEEPS:
        forward, pullback, values = lowering.vjp(derivative, specs)
        return [_part(forward, values), _part(pullback)]
    return [_part(lowering.lower(request.target, specs))]


def _part(target: Target, values: int | None = None) -> tuple[Part, Function]:
    """A target, as a caller sees it and as IR."""
    types = target.types
    count = len(types) if values is None else values
    lowered = target.lowered
    return Part(lowered.outline, types, count, target.wrt), lowered.function


def _lengths(request: Request) -> Iterator[tuple[Dim, int]]:
    specs = [leaf for spec in request.specs.values() for leaf in leaf_specs(spec)]
    for spec, value in zip(specs, request.leaves, strict=True):
        if isinstance(spec.type, Array):
            for dim, length in zip(spec.type.dims, value.shape, strict=True):
                if isinstance(dim, Dim):
                    yield dim, length


@dataclass(frozen=True, slots=True)
class _Sweep:
    """What is made a program of: the function, how it is seen, where its code is, and
    the function that machine code is made of, if that is another."""

    part: Part
    function: Callable[[], Function]
    shelf: Shelf | None
    native: Callable[[], Function] | None


def _program(
    request: Request,
    sweeps: Sequence[_Sweep],
    statics: tuple[tuple[int, Any], ...],
    lengths: Lengths,
    small: Lengths,
) -> Program:
    """The program of a function, or of the two sweeps of a vjp."""
    derivative = derivative_of(request.target)
    vjp = derivative is not None and derivative.kind in _SWEEPS
    words = ("forward", "pullback") if vjp else ("",)
    params = sweeps[0].part.outline.params
    made: Program | None = None
    for word, sweep in reversed(list(zip(words, sweeps, strict=True))):
        part = sweep.part
        built = _built(request, word, sweep, params, direct=not statics)
        call, seen, values = built.call, part.outline, part.values
        made = Program(
            *(seen, statics, built, call, part.types, values, part.wrt, made, lengths),
            small=small,
        )
    assert made is not None
    return made


def _built(
    request: Request, word: str, sweep: _Sweep, params: Sequence[Param], *, direct: bool
) -> Built:
    origin, part = request.target, sweep.part
    name = name_of(origin)
    derivative = derivative_of(origin)
    if word and derivative is not None:
        name = f"{name_of(derivative.function)}_{word}"
    label = _label(origin, word)
    doc = _doc(label, origin, [params[k].name or "x" for k in part.wrt])

    def directly() -> Direct | None:
        if not direct or word:
            return None
        kind = "value" if derivative is None else derivative.kind
        return direct_of(part.outline, part.types, part.wrt, kind)

    return Built(
        *(sweep.function, name, label, doc, request.backend, directly, sweep.shelf),
        strict=request.strict,
        native=sweep.native,
    )


_LABELS = {
    "grad": "Gradient of {}",
    "value_and_grad": "Value and gradient of {}",
    "jvp": "Value and tangent of {}",
    "backward": "Value of {}, and the gradients of its parameters",
    "forward": "Value of {}, and what its pullback needs",
    "pullback": "Gradient of {}, given the cotangent of its value",
    "value": "{}, as it was understood",
    "inplace": "{}, which changes its arguments",
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
