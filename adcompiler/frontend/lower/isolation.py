"""A function lowered as one of its own, inside another, to be differentiated.

In: a callable and the bindings of its arguments. Out: `Isolated`: a function of IR,
what is passed to it, and how its results are put together.
Invariant: what the function reads of the one around becomes a parameter, which is not
differentiated; so no derivative can mistake one level for another.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from adcompiler.frontend import resolve
from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    FunctionVal,
    Location,
    MaybeNone,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.interface import (
    Derivative,
    ResultLeaf,
    ResultStatic,
    ResultTree,
    ResultTuple,
)
from adcompiler.frontend.lower import calls, drawing, hints, maybe, records
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.frames import Arm
from adcompiler.frontend.lower.operands import describe
from adcompiler.frontend.lower.restarts import Inexpressible, Unreachable
from adcompiler.frontend.structures import Shape, StreamOf
from adcompiler.ir.builder import constant
from adcompiler.ir.callee import called_in
from adcompiler.ir.nodes import (
    Atom,
    Const,
    Function,
    Let,
    Region,
    Undef,
    Var,
    fresh_var,
)
from adcompiler.ir.types import Array, Scalar, Type, covers, is_float
from adcompiler.ir.walk import free_vars, inline, map_regions
from adcompiler.library import collected

# --- Structures ----------------------------------------------------------------------


def flattened(
    ctx: Context, node: ast.AST, binding: Binding, atoms: list[Atom]
) -> ResultTree:
    """How a value is put together; its numbers and arrays are appended."""
    match binding:
        case Dyn(atom):
            atoms.append(atom)
            return ResultLeaf(len(atoms) - 1)
        case ArrayRef():
            atoms.append(ctx.read(binding, node))
            return ResultLeaf(len(atoms) - 1)
        case TupleVal(items, cls):
            parts = tuple(flattened(ctx, node, item, atoms) for item in items)
            return ResultTuple(parts, cls)
        case RecordVal(StreamOf()):
            ctx.refuse(
                node,
                "a generator is returned, which is not supported",
                "it is there already: draws have moved it on",
            )
        case RecordVal(shape, items) if shape.cls not in collected.ORIGINALS:
            parts = tuple(flattened(ctx, node, item, atoms) for item in items)
            return ResultTuple(parts, shape)
        case Static(value) if value is None or isinstance(value, str):
            return ResultStatic(value)
        case MaybeNone():
            text = "the result is None, which has no derivative"
            value = maybe.present(ctx, node, binding, text)
            return flattened(ctx, node, value, atoms)
        case _:
            ctx.refuse(
                node,
                f"{describe(binding)} is returned, which is not supported",
                "return numbers, arrays, or tuples of them",
            )


def rebuilt(tree: ResultTree, leaf: Callable[[int], Binding]) -> Binding:
    """A value of this structure."""
    match tree:
        case ResultLeaf(index):
            return leaf(index)
        case ResultTuple(items, cls):
            parts = tuple(rebuilt(item, leaf) for item in items)
            if isinstance(cls, Shape):
                return RecordVal(cls, parts)
            return TupleVal(parts, cls)
        case ResultStatic(value):
            return Static(value)


def conformed(ctx: Context, node: ast.AST, atom: Atom, t: Type) -> Binding:
    """A result of a derivative as Python would hand it back: of this type.

    Arithmetic turns 0-d arrays into NumPy scalars, and NumPy functions Python floats.
    """
    match t, atom.type:
        case Array(dtype, ()), Scalar():
            atom = ctx.emit(node, "full", atom, dtype=dtype)
        case Scalar(dtype, "python"), _ if not covers(t, atom.type):
            atom = ctx.emit(node, "cast", atom, dtype=dtype, via="builtin")
        case Scalar(dtype, "numpy"), _ if not covers(t, atom.type):
            atom = ctx.emit(node, "cast", atom, dtype=dtype, via="scalar")
        case _:
            pass
    return ctx.as_found(atom)


def holds_float(value: Binding) -> bool:
    """Whether there is something to differentiate in a value."""
    match value:
        case Dyn(atom):
            return is_float(atom.type)
        case ArrayRef(_, _, t):
            return is_float(t)
        case TupleVal(items) | RecordVal(_, items):
            return any(map(holds_float, items))
        case _:
            return False


def as_float(ctx: Context, node: ast.AST, value: Binding) -> Binding:
    """An argument that is differentiated: a whole number becomes a float."""
    match value:
        case Dyn(Const(int() as known)) if not isinstance(known, bool):
            return Dyn(constant(float(known)))
        case Dyn(atom) if isinstance(t := atom.type, Scalar) and "int" in t.dtype:
            via = "scalar" if t.kind == "numpy" else "builtin"
            return Dyn(ctx.emit(node, "cast", atom, dtype="float64", via=via))
        case _:
            return value


def parameter_names(ctx: Context, node: ast.AST, callee: Binding) -> list[str]:
    """The names of a callable's parameters."""
    if isinstance(callee, FunctionVal):
        spec = callee.node.args
        return [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    assert isinstance(callee, Static)
    value = callee.value
    found = getattr(value, "__adcompiler_derivative__", None)
    if isinstance(found, Derivative):
        if found.kind == "jvp":
            return ["primals", "tangents"]
        inner = found.function
        if not isinstance(inner, FunctionVal | Static):
            inner = Static(inner)
        return parameter_names(ctx, node, inner)
    try:
        return list(inspect.signature(value).parameters)
    except (TypeError, ValueError):
        name = hints.called(resolve.shown(value), node)
        what = f"the parameters of {name} are not known"
        ctx.refuse(node, what, f"wrap the call: lambda x, y: {name}(x, y)")


# --- Isolated functions --------------------------------------------------------------


class Leaves:
    """The parameters of an isolated function, and what is passed for them."""

    def __init__(self, ctx: Context, node: ast.AST) -> None:
        self.ctx, self.node = ctx, node
        self.params: list[Var] = []
        self.atoms: list[Atom] = []
        self.memory: dict[Location, ArrayRef] = {}

    def inside(self, value: Binding) -> tuple[Binding, range]:
        """The binding inside, and which parameters it consists of."""
        start = len(self.params)
        return self._visit(value), range(start, len(self.params))

    def _visit(self, value: Binding) -> Binding:
        match value:
            case Dyn(Const() as atom) if not is_float(atom.type):
                return Dyn(atom)
            case Dyn(atom):
                return Dyn(self._add(atom))
            case ArrayRef():
                var = self._add(self.ctx.read(value, self.node))
                ref = self.ctx.fresh_array(var, value.contiguous)
                self.memory[ref.location] = value
                return ref
            case TupleVal(items, cls):
                return TupleVal(tuple(self._visit(item) for item in items), cls)
            case RecordVal(shape, items):
                return RecordVal(shape, tuple(self._visit(item) for item in items))
            case _:
                return value

    def _add(self, atom: Atom) -> Var:
        name = atom.name if isinstance(atom, Var) else None
        self.params.append(fresh_var(atom.type, name))
        self.atoms.append(atom)
        if isinstance(atom, Var) and atom in self.ctx.mixed:
            self.ctx.mixed[self.params[-1]] = self.ctx.mixed[atom]
        if isinstance(atom, Var) and atom in self.ctx.classes:
            self.ctx.classes[self.params[-1]] = self.ctx.classes[atom]
        return self.params[-1]


@dataclass(frozen=True, slots=True)
class Isolated:
    """A function of IR; `atoms` are what it is applied to, `tree` its result.

    `places` are the parameters that each argument consists of.
    """

    function: Function
    atoms: tuple[Atom, ...]
    places: dict[str, range]
    tree: ResultTree

    @property
    def types(self) -> tuple[Type, ...]:
        return tuple(atom.type for atom in self.function.results)

    def floats(self, name: str) -> Sequence[int]:
        """The parameters of an argument that can be differentiated."""
        params = self.function.params
        return [k for k in self.places[name] if is_float(params[k].type)]

    def apply(self, ctx: Context, function: Function, *more: Atom) -> tuple[Atom, ...]:
        """The results of a function derived from this one, for these arguments."""
        atoms = drawing.again(ctx, self.atoms, ctx.replayed)
        return inline(ctx.builder, function, (*atoms, *more))


def isolated(
    ctx: Context, node: ast.AST, callee: Binding, given: dict[str, Binding]
) -> Isolated:
    """The callee as a function of IR, for these arguments."""
    leaves = Leaves(ctx, node)
    inner, places = {}, {}
    for name, value in given.items():
        inner[name], places[name] = leaves.inside(value)
    before = dict(ctx.values)
    first = []
    for name in parameter_names(ctx, node, callee):
        if name not in inner:
            break
        first.append(inner.pop(name))
    arm = ctx.run(lambda: calls.apply(ctx, node, callee, first, inner))
    if not arm.falls and ctx.awaits_results():
        raise Unreachable
    if not arm.falls or arm.value is None:
        ctx.refuse(
            node,
            "the function that is differentiated here always raises",
            "look for the 'raise' or 'assert' that these arguments run into",
        )
    _check_stores(ctx, node, leaves, before, arm)
    if any(arm.objects[location] is not held for location, held in ctx.objects.items()):
        ctx.refuse(
            node,
            "a function that is differentiated here changes an object outside",
            "let it return what it changes, and assign that outside",
        )
    results: list[Atom] = []
    trees: list[ResultTree] = []

    def gather() -> None:
        assert arm.value is not None
        value = records.frozen(ctx, node, arm.value)
        trees.append(flattened(ctx, node, value, results))

    ctx.resume(arm, gather)
    stmts = tuple(arm.builder.stmts)
    free = free_vars(Region(tuple(leaves.params), stmts, tuple(results)))
    region = Region((*leaves.params, *free), stmts, tuple(results))
    if any(callee.made is None for callee in called_in(region)):
        raise Inexpressible("takes a derivative of itself")
    _check_overlaps(ctx, node, leaves, arm, free)
    function = Function("inner", region, ctx.builder.span)
    return Isolated(function, (*leaves.atoms, *free), places, trees[0])


def _check_stores(
    ctx: Context,
    node: ast.AST,
    leaves: Leaves,
    before: Mapping[Location, object],
    arm: Arm,
) -> None:
    """A function may store into its arguments, which are its own copies here."""
    for location, held in before.items():
        if location not in leaves.memory and arm.values.get(location) != held:
            ctx.refuse(
                node,
                "a function that is differentiated here stores outside",
                "let it return what it stores, and store that outside",
            )


def _check_overlaps(
    ctx: Context, node: ast.AST, leaves: Leaves, arm: Arm, free: tuple[Var, ...]
) -> None:
    """Refuse an argument that is stored to, and may be read under another name."""
    params = set(leaves.params)
    for location, ref in leaves.memory.items():
        if arm.values.get(location) in params:
            continue
        same = {ref.location, *ctx.entangled.get(ref.location, ())}
        others = [o.location for at, o in leaves.memory.items() if at is not location]
        read = {ctx.values.get(place) or ctx.outer.get(place) for place in same}
        if same & set(others) or read & set(free):
            ctx.refuse(
                node,
                "a function that is differentiated here stores into an array that it "
                "is given twice",
                "pass a copy: x.copy()",
            )


def gradient_tree(value: Binding, counter: list[int]) -> ResultTree:
    """The structure of the gradient by an argument; its leaves are counted."""
    match value:
        case TupleVal(items, cls):
            parts = tuple(gradient_tree(item, counter) for item in items)
            return ResultTuple(parts, cls)
        case RecordVal(shape, items):
            parts = tuple(gradient_tree(item, counter) for item in items)
            return ResultTuple(parts, shape)
        case Dyn() | ArrayRef() if holds_float(value):
            counter.append(len(counter))
            return ResultLeaf(len(counter) - 1)
        case _:
            return ResultStatic(NONE.value)


def zero_like(ctx: Context, node: ast.AST, atom: Atom) -> Atom:
    """Zeros for a value that has no cotangent."""
    if isinstance(atom, Undef):
        return atom
    return ctx.emit(node, "zeros_like", atom, dtype=None)


def without_prints(function: Function) -> Function:
    """The function to be run a second time: what it prints has been printed."""

    def quiet(region: Region) -> Region:
        body = tuple(
            map_regions(stmt, quiet)
            for stmt in region.body
            if not (isinstance(stmt, Let) and stmt.primitive.name == "print")
        )
        return replace(region, body=body)

    return replace(function, region=quiet(function.region))
