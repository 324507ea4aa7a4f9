"""What a name means while lowering: abstract values.

In: nothing. Out: the bindings that `frontend.lower` computes with, and two traversals.
Invariant: bindings are immutable. What may change, the contents of an array, is not in
the binding: an `ArrayRef` names a *location*, and the lowering state maps each location
to the IR value that it holds at this point of the program. So an `ObjectRef` names the
location of a dict or an object, which holds a `RecordVal`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from adcompiler.frontend.interface import LeafSpec, ResultTree
from adcompiler.frontend.structures import Shape
from adcompiler.ir.builder import Builder
from adcompiler.ir.nodes import Atom, Const, Function, Var
from adcompiler.ir.types import Array, Type

if TYPE_CHECKING:
    from adcompiler.frontend.lower.frames import Frame


@dataclass(eq=False, slots=True)
class Location:
    """The memory of an array, a list or an object, compared by identity.

    `contiguous` tells that it is in C order. An argument that is not says which `seams`
    are even (`lower.layouts`), and whether it is in Fortran's order; where neither is
    said, either may be. `params` are the parameters of the
    function whose memory it may be; `captured` names the closed-over or global array
    that it is, if it is one. What is `read_only` is a view to NumPy, which nobody may
    store through.
    """

    contiguous: bool = True
    params: frozenset[int] = frozenset()
    captured: str | None = None
    seams: tuple[bool, ...] | None = None
    fortran: bool = False
    read_only: bool = False

    @classmethod
    def of(cls, leaf: LeafSpec, **more: Any) -> Location:
        """The memory of such an array."""
        return cls(leaf.contiguous, seams=leaf.seams, fortran=leaf.fortran, **more)


@dataclass(frozen=True, slots=True)
class Step:
    """One step from an array to a view of it: a primitive with its operands."""

    primitive: str
    operands: tuple[Atom, ...]
    params: tuple[tuple[str, Any], ...]

    @property
    def skeleton(self) -> tuple[Any, ...]:
        """The step without what is known at run time only."""
        return self.primitive, len(self.operands), self.params


@dataclass(frozen=True, slots=True)
class Dyn:
    """A number: a `Const` is known while compiling.

    It is `boxed` where a path may hold it in an array of rank 0, which ``+=`` changes
    in place and arithmetic makes a number of.
    """

    atom: Atom
    boxed: bool = False


@dataclass(frozen=True, slots=True)
class ArrayRef:
    """An array: the memory that it is in, and the way from there to this view."""

    location: Location
    path: tuple[Step, ...]
    type: Array
    contiguous: bool


@dataclass(frozen=True, slots=True, eq=False)
class Static:
    """A Python object known while compiling: None, a string, a function, a module.

    Two are the same only if of one type: np.dtype("float64") equals None.
    """

    value: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Static) or type(self.value) is not type(other.value):
            return False
        return self.value is other.value or bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True, slots=True)
class TupleVal:
    """A tuple (or a list display, or a named tuple) of known length."""

    items: tuple[Binding, ...]
    cls: type = tuple
    site: tuple[object, ...] | None = field(
        default=None, compare=False
    )  # of a display that may change


@dataclass(frozen=True, slots=True)
class ListRef:
    """A list whose length is known at run time only: the memory that it is in.

    `sites` are the displays that it may come from.
    """

    location: Location
    element: Type
    sites: frozenset[Any] = frozenset()


@dataclass(frozen=True, slots=True)
class RecordVal:
    """What a dict or an object of known structure holds.

    As a binding it is one that comes from outside, and is not changed.
    """

    shape: Shape
    items: tuple[Binding, ...]

    @property
    def cls(self) -> type:
        return self.shape.cls


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """A dict or an object that the program made: the memory that holds its record.

    So is a list of objects, functions or tuples that changes.
    """

    location: Location
    cls: type


@dataclass(frozen=True, slots=True)
class SliceVal:
    """A slice in a subscript; an absent part is None."""

    start: Dyn | None
    stop: Dyn | None
    step: Dyn | None


@dataclass(frozen=True, slots=True)
class RangeVal:
    """``range(start, stop, step)``."""

    start: Dyn
    stop: Dyn
    step: Dyn


@dataclass(frozen=True, slots=True)
class IterVal:
    """An iterator, as `enumerate`, `map` or a generator expression gives one.

    It is gone over once: the contents of `location` tell whether it has been. A view
    of a dict has none, and is gone over as often as one likes. A
    generator has the first iterable as its part, and its node with the frame whose
    names it reads when it is gone over.
    """

    kind: str
    parts: tuple[Binding, ...]
    start: Dyn | None = None
    location: Location | None = None
    generator: tuple[ast.GeneratorExp, Frame] | None = None


@dataclass(frozen=True, slots=True)
class FunctionVal:
    """A nested function or lambda, with the frame whose names it reads."""

    node: ast.FunctionDef | ast.Lambda
    frame: Frame
    defaults: tuple[Binding, ...]
    kw_defaults: Mapping[str, Binding]

    @property
    def name(self) -> str:
        return self.node.name if isinstance(self.node, ast.FunctionDef) else "lambda"


@dataclass(frozen=True, slots=True)
class MethodVal:
    """A method of an array or number, not called yet."""

    receiver: Binding
    name: str


@dataclass(frozen=True, slots=True)
class PartialVal:
    """A callable with its first arguments: a bound method, a `functools.partial`."""

    callee: Binding
    args: tuple[Binding, ...]
    kwargs: Mapping[str, Binding]


@dataclass(frozen=True, slots=True, eq=False)
class PullbackVal:
    """The pullback of ``ad.vjp``: a function of residuals and of cotangents.

    `forward`, given `inputs`, computed the flat results `values` and then the
    residuals. `tree` tells how the values are put together, `gradients` how the
    pullback's results are, and `types` what those are. `home` is the region that
    called vjp, until the pullback is called there. `states` are those of generators
    among the inputs, each with a copy from before.
    """

    forward: Function
    inputs: tuple[Atom, ...]
    function: Function
    residuals: tuple[Atom, ...]
    values: tuple[Atom, ...]
    tree: ResultTree
    gradients: ResultTree
    types: tuple[Type, ...]
    home: list[Builder]
    states: tuple[tuple[Atom, Atom], ...]


@dataclass(frozen=True, slots=True)
class TextVal:
    """A text that numbers are part of: a template in the manner of `str.format`."""

    template: str
    operands: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class MaybeUnbound:
    """A name that is assigned on some paths only; `flag` tells whether it was."""

    value: Binding
    flag: Atom


@dataclass(frozen=True, slots=True)
class MaybeNone:
    """What is None on some paths only; `flag` tells whether it is.

    `cond` decided between the paths.
    """

    value: Binding
    flag: Atom
    cond: Atom | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A name whose values on two paths have nothing in common; refused when read.

    `cond` decided between the paths; or they are the entry of a loop and its trips.
    `lists` are displays of elements of one type whose lengths differ, and that type.
    """

    message: str
    hint: str
    cond: Atom | None = None
    loop: ast.For | None = None
    lists: tuple[tuple[tuple[object, ...], Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Dead:
    """A name that liveness says is never read before it is assigned again."""


Binding = (
    Dyn
    | ArrayRef
    | Static
    | TupleVal
    | ListRef
    | RecordVal
    | ObjectRef
    | SliceVal
    | RangeVal
    | IterVal
    | FunctionVal
    | MethodVal
    | PartialVal
    | PullbackVal
    | TextVal
    | MaybeUnbound
    | MaybeNone
    | Conflict
    | Dead
)

DEAD = Dead()
NONE = Static(None)


class Unassigned:
    """What a name that nested functions assign holds before."""


UNASSIGNED = Static(Unassigned())


def is_list(binding: Binding | None) -> bool:
    """Whether this is a list, of known length or not."""
    if isinstance(binding, TupleVal):
        return binding.cls is list
    if isinstance(binding, ObjectRef):
        return binding.cls is list
    return isinstance(binding, ListRef)


def map_atoms(binding: Binding, change: Callable[[Atom], Atom]) -> Binding:
    """The binding with every atom in it replaced.

    >>> from adcompiler.ir.builder import constant
    >>> pair = TupleVal((Dyn(constant(1)), NONE))
    >>> map_atoms(pair, lambda atom: constant(2)).items[0].atom.value
    2
    """

    def inside(parts: Iterable[Binding]) -> tuple[Binding, ...]:
        return tuple(map_atoms(part, change) for part in parts)

    match binding:
        case Dyn(atom, boxed):
            return Dyn(change(atom), boxed)
        case ArrayRef(location, path, type_, contiguous):
            steps = tuple(
                Step(s.primitive, tuple(map(change, s.operands)), s.params)
                for s in path
            )
            return ArrayRef(location, steps, type_, contiguous)
        case TupleVal(items, cls, site):
            return TupleVal(inside(items), cls, site)
        case RecordVal(shape, items):
            return RecordVal(shape, inside(items))
        case RangeVal(start, stop, step):
            return RangeVal(
                Dyn(change(start.atom)), Dyn(change(stop.atom)), Dyn(change(step.atom))
            )
        case SliceVal(start, stop, step):
            bounds = (
                None if p is None else Dyn(change(p.atom)) for p in (start, stop, step)
            )
            return SliceVal(*bounds)
        case IterVal(_, parts, begin):
            first = None if begin is None else Dyn(change(begin.atom))
            return replace(binding, parts=inside(parts), start=first)
        case MethodVal(receiver, name):
            return MethodVal(map_atoms(receiver, change), name)
        case PartialVal(callee, args, kwargs):
            given = dict(zip(kwargs, inside(kwargs.values()), strict=True))
            return PartialVal(map_atoms(callee, change), inside(args), given)
        case PullbackVal():
            return _pullback_mapped(binding, change)
        case TextVal(template, operands):
            return TextVal(template, inside(operands))
        case MaybeUnbound(value, flag):
            return MaybeUnbound(map_atoms(value, change), change(flag))
        case MaybeNone(value, flag, cond):
            found = change(flag)
            if isinstance(found, Const):
                return NONE if found.value else map_atoms(value, change)
            return MaybeNone(map_atoms(value, change), found, cond)
        case _:
            return binding


def _pullback_mapped(pullback: PullbackVal, change: Callable[[Atom], Atom]) -> Binding:
    """A pullback with every atom in it replaced."""
    return replace(
        pullback,
        inputs=tuple(map(change, pullback.inputs)),
        residuals=tuple(map(change, pullback.residuals)),
        values=tuple(map(change, pullback.values)),
        states=tuple((change(a), change(b)) for a, b in pullback.states),
    )


def locations(binding: Binding) -> Iterator[Location]:
    """The memory that the binding refers to."""
    match binding:
        case ArrayRef(location) | ListRef(location) | ObjectRef(location):
            yield location
        case TupleVal(items) | RecordVal(_, items):
            for item in items:
                yield from locations(item)
        case IterVal(_, parts, _, location):
            if location is not None:
                yield location
            for item in parts:
                yield from locations(item)
        case MethodVal(inner) | MaybeUnbound(inner) | MaybeNone(inner):
            yield from locations(inner)
        case PartialVal(callee, args, kwargs):
            for item in (callee, *args, *kwargs.values()):
                yield from locations(item)
        case _:
            return


def holds_function(binding: Binding) -> bool:
    """Whether there is a nested function or generator in it, which reads names."""
    match binding:
        case FunctionVal():
            return True
        case TupleVal(items):
            return any(map(holds_function, items))
        case IterVal(_, parts):
            return binding.generator is not None or any(map(holds_function, parts))
        case MethodVal(inner) | MaybeUnbound(inner) | MaybeNone(inner):
            return holds_function(inner)
        case PartialVal(callee, args, kwargs):
            return any(map(holds_function, (callee, *args, *kwargs.values())))
        case _:
            return False


def variables(binding: Binding) -> Iterator[Var]:
    """The IR values that the binding holds (not those in its locations)."""
    found: list[Atom] = []

    def note(atom: Atom) -> Atom:
        found.append(atom)
        return atom

    map_atoms(binding, note)
    for atom in found:
        if isinstance(atom, Var):
            yield atom
