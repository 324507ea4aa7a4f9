"""What a function that is called takes: the structure of its arguments, and its leaves.

In: the bindings of arguments. Out: their structure, what is known while compiling; and
a `Leaf` for each number or array: a number that is known, or an operand of some type.
Invariants: floats are operands, also where they are known, since they may be
differentiated; equal lengths of operands have equal symbols, which are the callee's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    FunctionVal,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower import records
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.numbers import converted, join_scalars
from adcompiler.frontend.lower.restarts import Inexpressible
from adcompiler.frontend.structures import named_part
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, Undef
from adcompiler.ir.types import (
    PY_FLOAT,
    Array,
    Dim,
    Length,
    Scalar,
    Type,
    fresh_dim,
    is_float,
    join_types,
    never_one,
)

Given = Dyn | ArrayRef
ZERO = constant(0.0)


def hint(reason: str) -> str:
    """What to write instead."""
    if "stores" in reason:
        return "return what it stores, in an array of its own: x = x.copy()"
    if "assigns" in reason:
        return "pass the value as an argument, and return it"
    if "another" in reason or "two ways" in reason:
        return "give and return values of one type in every call, as 0.0 for 0"
    return "write a loop"


@dataclass(frozen=True, slots=True)
class Open:
    """An operand: its type, and whether an array is known to be in C order. A float
    that may be `whole` is an int in some calls: a known one, or what a sum begins with.
    """

    type: Type
    contiguous: bool = True
    whole: bool = False


Leaf = Open | Const


def as_it_is(ctx: Context, node: ast.AST, value: Binding, *, walks: bool) -> Binding:
    """An argument whose objects are what they hold now: a callee stores into none. A
    function that calls itself takes none, since it `walks` them."""
    try:
        found = records.frozen(ctx, node, value)
    except UnsupportedError as error:
        raise Inexpressible("takes an object that is not known") from error
    if walks and _holds_objects(found):
        raise Inexpressible("takes an argument that is no number, array or tuple")
    return found


def _holds_objects(value: Binding) -> bool:
    if isinstance(value, TupleVal):
        return any(map(_holds_objects, value.items))
    return isinstance(value, RecordVal)


def named_leaves(value: Binding, name: str) -> Iterator[str]:
    """The names of an argument's numbers and arrays, as the user would call them."""
    match value:
        case Dyn() | ArrayRef():
            yield name
        case TupleVal(items):
            for k, item in enumerate(items):
                yield from named_leaves(item, f"{name}_{k}")
        case RecordVal(shape, items):
            for key, item in zip(shape.names, items, strict=True):
                yield from named_leaves(item, named_part(name, key))
        case _:
            pass


def structure_of(value: Binding, given: list[Given]) -> object:
    """How an argument is put together; its numbers and arrays are appended."""
    match value:
        case Dyn(boxed=True):
            raise Inexpressible("takes an array of rank 0")
        case Dyn() | ArrayRef():
            given.append(value)
            return None
        case TupleVal(items, cls):
            return cls, tuple(structure_of(item, given) for item in items)
        case RecordVal(shape, items):
            return shape, tuple(structure_of(item, given) for item in items)
        case Static(value):
            return "known", id(value)
        case FunctionVal(node, frame):
            return "function", node, id(frame)
        case _:
            raise Inexpressible("takes an argument that is not numbers and arrays")


def with_leaves(value: Binding, leaf: Iterator[Binding]) -> Binding:
    """An argument of the same structure."""
    match value:
        case Dyn() | ArrayRef():
            return next(leaf)
        case TupleVal(items, cls):
            return TupleVal(tuple(with_leaves(item, leaf) for item in items), cls)
        case RecordVal(shape, items):
            return RecordVal(shape, tuple(with_leaves(item, leaf) for item in items))
        case _:
            return value


def atom_of(ctx: Context, node: ast.AST, value: Given) -> Atom:
    """What is passed for a number or an array."""
    atom = ctx.read(value, node) if isinstance(value, ArrayRef) else value.atom
    if isinstance(atom.type, Array) and not atom.type.dims:
        raise Inexpressible("takes an array of rank 0")
    if atom in ctx.mixed:
        raise Inexpressible("takes a number of one of two types")
    return atom


def leaf_of(ctx: Context, atom: Atom, value: Binding) -> Leaf:
    """What is known of an argument: a float that is known is an operand all the same,
    since it may be differentiated."""
    if isinstance(atom, Const) and not is_float(atom.type):
        return atom
    contiguous = not isinstance(value, ArrayRef) or value.contiguous
    return Open(atom.type, contiguous, atom in ctx.classes)


def own_lengths(leaves: list[Leaf]) -> list[Leaf]:
    """The leaves with lengths of their own: equal ones stay so."""
    mapping: dict[Length, Length] = {}

    def length(n: Length) -> Length:
        if isinstance(n, int):
            return n
        return mapping.setdefault(n, fresh_dim(not_one=n.not_one))

    return [
        Open(Array(t.dtype, tuple(map(length, t.dims))), leaf.contiguous)
        if isinstance(leaf, Open) and isinstance(t := leaf.type, Array)
        else leaf
        for leaf in leaves
    ]


def fits(
    ctx: Context, leaves: list[Leaf], atoms: list[Atom], given: list[Given]
) -> bool:
    """Whether a callee with these leaves takes these arguments."""
    meaning: dict[Dim, Length] = {}
    return all(
        _leaf_fits(ctx, leaf, atom, value, meaning)
        for leaf, atom, value in zip(leaves, atoms, given, strict=True)
    )


def _leaf_fits(
    ctx: Context, leaf: Leaf, atom: Atom, value: Binding, meaning: dict[Dim, Length]
) -> bool:
    if isinstance(leaf, Const):
        return leaf == atom and type(leaf.value) is type(atom.value)
    match leaf.type, atom.type:
        case Scalar() as general, Scalar():
            given = as_float(atom).type if leaf.whole else atom.type
            known = leaf.whole or atom not in ctx.classes
            return known and join_types(general, given) == general
        case Array() as general, Array() as special:
            kind = (general.dtype, general.ndim) == (special.dtype, special.ndim)
            order = not leaf.contiguous or _is_contiguous(value)
            pairs = zip(general.dims, special.dims, strict=False)
            return kind and order and all(_means(n, m, meaning) for n, m in pairs)
        case _:
            return False


def as_float(atom: Atom) -> Atom:
    """A known int as a float; anything else as it is."""
    return converted(atom, PY_FLOAT) if join_scalars(atom, ZERO) else atom


def _means(symbol: Length, length: Length, meaning: dict[Dim, Length]) -> bool:
    if isinstance(symbol, int):
        return symbol == length
    if symbol.not_one and not never_one(length):
        return False
    return meaning.setdefault(symbol, length) == length


def _is_contiguous(value: Binding) -> bool:
    return isinstance(value, ArrayRef) and value.contiguous


def widened(
    ctx: Context, leaves: list[Leaf], atoms: list[Atom], given: list[Given]
) -> list[Leaf]:
    """Leaves that take these arguments too; of arrays every length is open then."""
    return [
        _joined(ctx, leaf, atom, value)
        for leaf, atom, value in zip(leaves, atoms, given, strict=True)
    ]


def _joined(ctx: Context, leaf: Leaf, atom: Atom, value: Binding) -> Leaf:
    if isinstance(leaf, Const) and leaf == atom:
        return leaf
    joined = join_types(leaf.type, atom.type)
    whole = (isinstance(leaf, Open) and leaf.whole) or atom in ctx.classes
    if joined is None:  # a known int becomes a float where the other is one
        before = leaf if isinstance(leaf, Const) else Undef(leaf.type)
        joined, whole = join_scalars(before, atom), True
    if joined is None:
        raise Inexpressible(f"takes {leaf.type} in one call and {atom.type} in another")
    if isinstance(joined, Array):
        joined = Array(joined.dtype, tuple(fresh_dim() for _ in joined.dims))
    contiguous = isinstance(leaf, Const) or leaf.contiguous
    contiguous = contiguous and (isinstance(value, Dyn) or _is_contiguous(value))
    return Open(joined, contiguous, whole)
