"""What passes between the stages of the front end, and out of it.

In: a captured function and what is known of its arguments. Out: a `Lowered` function.
Invariant: a `Lowered` function is valid for every call whose arguments have the same
specs and for which every guard still holds.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CellType, FunctionType
from typing import Any, Literal, Protocol

from adcompiler.errors import Span
from adcompiler.frontend.reads import Read
from adcompiler.frontend.structures import Shape
from adcompiler.ir.nodes import Function
from adcompiler.ir.types import Type


@dataclass(frozen=True, slots=True)
class Captured:
    """A user function with its syntax tree, whose positions are those of its file.

    A function of our own library has a `site`: the user's call that it stands for,
    which is where all of its statements are said to be.
    """

    function: FunctionType
    node: ast.FunctionDef | ast.Lambda
    filename: str
    site: Span | None = None

    @property
    def globals(self) -> Mapping[str, Any]:
        return self.function.__globals__

    @property
    def cells(self) -> dict[str, CellType]:
        closure = self.function.__closure__ or ()
        return dict(zip(self.function.__code__.co_freevars, closure, strict=True))

    def span(self, node: ast.AST) -> Span:
        """Where a node of the tree stands in the file."""
        if self.site is not None:
            return self.site
        lineno: int = getattr(node, "lineno", self.node.lineno)
        return Span(
            self.filename,
            lineno,
            getattr(node, "col_offset", 0),
            getattr(node, "end_lineno", None) or lineno,
            getattr(node, "end_col_offset", None) or 0,
        )


@dataclass(frozen=True, slots=True)
class LeafSpec:
    """A dynamic argument leaf; `contiguous` tells C order of an array, `fortran` and
    `seams` how one lies that is not in it (`lower.layouts`), `trained`
    whether gradients are computed for a parameter, None of what is none; what is
    `constant` is not differentiated, though its argument may be. A number that is
    `moving` is differentiated, and so never made known while compiling."""

    type: Type
    contiguous: bool = True
    trained: bool | None = None
    constant: bool = False
    seams: tuple[bool, ...] | None = None
    fortran: bool = False
    moving: bool = False


@dataclass(frozen=True, slots=True)
class StaticSpec:
    """An argument known while compiling, guarded by value."""

    value: Any


@dataclass(frozen=True, slots=True)
class TupleSpec:
    """A container of static structure: a tuple or a namedtuple, by its class, or what
    has a shape."""

    items: tuple[ArgSpec, ...]
    cls: type | Shape = tuple


ArgSpec = LeafSpec | StaticSpec | TupleSpec


@dataclass(frozen=True, slots=True)
class Capture:
    """A number or array read from a cell or a global at each call.

    `spec` is what it was while compiling; a call that reads something else needs
    another specialisation.
    """

    name: str
    read: Read
    spec: LeafSpec


@dataclass(frozen=True, slots=True)
class Guard:
    """A fact evaluated while compiling: `read()` must still give `value` (identity for
    functions and modules, equality and type for numbers and strings)."""

    description: str
    read: Read
    value: Any


@dataclass(frozen=True, slots=True)
class ResultLeaf:
    """The result at `index` of the lowered function's results."""

    index: int


@dataclass(frozen=True, slots=True)
class ResultStatic:
    """A result known while compiling: None, a string, a static number."""

    value: Any


@dataclass(frozen=True, slots=True)
class ResultTuple:
    """A result that is a tuple or another container."""

    items: tuple[ResultTree, ...]
    cls: type | Shape = tuple


ResultTree = ResultLeaf | ResultStatic | ResultTuple


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a lowered function: what the user calls it, and its type."""

    name: str | None
    type: Type


@dataclass(frozen=True, slots=True)
class Outline:
    """What a caller must know of a lowered function; `results` are their types.

    `params` are the dynamic leaves of the arguments in order, then the captures.
    `mutated` tells which array parameters the program stores to, and where first (their
    results are not returned: derivative calls leave the caller's data alone).
    """

    name: str
    params: tuple[Param, ...]
    results: tuple[Type, ...]
    captures: tuple[Capture, ...]
    result: ResultTree
    mutated: Mapping[int, Span]
    guards: tuple[Guard, ...]


@dataclass(frozen=True, slots=True)
class Lowered:
    """A function in IR with what its caller must know; see `Outline`."""

    function: Function
    captures: tuple[Capture, ...]
    result: ResultTree
    mutated: Mapping[int, Span]
    guards: tuple[Guard, ...]

    @property
    def outline(self) -> Outline:
        """What its caller must know."""
        function = self.function
        return Outline(
            function.name,
            tuple(Param(p.name, p.type) for p in function.params),
            tuple(atom.type for atom in function.results),
            self.captures,
            self.result,
            self.mutated,
            self.guards,
        )


class NeedStatic(Exception):
    """Raised while lowering: the dynamic leaf at `leaf` must be known (an axis, a key).

    `leaf` is the index of the function parameter in question. The caller lowers again
    with that leaf static, guarded by its value.
    """

    def __init__(self, leaf: int) -> None:
        super().__init__(f"argument leaf {leaf} must be static")
        self.leaf = leaf


class NeedLength(Exception):
    """Raised while lowering: the length of an argument along an axis must be known.

    `leaf` is as for `NeedStatic`; `refusal` is raised where it is too long.
    """

    def __init__(self, leaf: int, axis: int, refusal: Exception) -> None:
        super().__init__(f"axis {axis} of argument leaf {leaf} must be known")
        self.leaf, self.axis, self.refusal = leaf, axis, refusal


DerivativeKind = Literal[
    "value",
    "grad",
    "value_and_grad",
    "vjp",
    "jvp",
    "backward",
    "backward_from",
    "inplace",
]
DerivedKind = DerivativeKind | Literal["called vjp", "called jvp"]


@dataclass(frozen=True, slots=True)
class Derivative:
    """What a callable such as `ad.grad(f)` stands for, in `__adcompiler_derivative__`.

    "backward" is the value, with gradients of the parameters among the arguments and
    among what the function reads; "backward_from" the same as two functions, of which
    the second takes a cotangent. `function` is the Python function, or another such
    callable (``grad(grad(f))``); `wrt` are argument names or positions, None for the
    default. A call means what the public method of the same name does; "value" is the
    function itself, "inplace" the function with all that it does to its arguments.
    """

    kind: DerivativeKind
    function: Any
    wrt: tuple[str | int, ...] | None


@dataclass(frozen=True, slots=True)
class VjpRule:
    """A function with a rule of its own, in `__adcompiler_rule__`; see `ad.custom_vjp`.

    `forward` gives the value and residuals, `backward` takes these and a cotangent, and
    gives a cotangent for each argument. They are None as long as no rule is stated.
    """

    function: Any
    forward: Any = None
    backward: Any = None


@dataclass(frozen=True, slots=True)
class FormulaRule:
    """A function of numbers whose partial derivatives are stated, in
    `__adcompiler_rule__`; see `ad.elementwise`. `partial(k)` is that by argument k, a
    function of the same arguments."""

    function: Any
    partial: Callable[[int], Any]


class Derive(Protocol):
    """The passes that differentiate, given to the front end, which may not import them.

    Lowering a call to a callable with `__adcompiler_derivative__` lowers the function
    inside as one of its own (values of an enclosing function that it reads become
    further parameters), derives it, and inlines what it gets:

    - "grad": the gradients of the parameters `wrt`;
    - "value_and_grad", "backward": the function's results, then the gradients;
    - "jvp": takes further a tangent per parameter in `wrt`, gives the results, then a
      tangent per float result;
    - "vjp": two functions, see `differentiate.gradient.vjp`;
    - "called vjp" and "called jvp": these of a function that is called (`ir.callee`).
    """

    def __call__(
        self, kind: DerivedKind, function: Function, wrt: tuple[int, ...]
    ) -> tuple[Function, ...]: ...
