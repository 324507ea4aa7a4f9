"""What is decided of bindings: comparison, membership, identity, truth.

In: bindings of operands. Out: a bool, in the IR, known or not; of arrays, bools.
Invariants: what an object from outside would decide is decided once only if it says the
same at every call; whether two names are one object is never guessed.
"""

from __future__ import annotations

import ast
import dataclasses
import operator
from collections.abc import Callable, Sequence
from types import BuiltinFunctionType
from typing import Any, NoReturn

import numpy as np

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    FunctionVal,
    IterVal,
    ListRef,
    MaybeNone,
    MethodVal,
    ObjectRef,
    PartialVal,
    PullbackVal,
    RangeVal,
    RecordVal,
    Static,
    TextVal,
    TupleVal,
)
from adcompiler.frontend.lower import listing, maybe, overloads
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.operands import atom_of, describe, fold, in_order
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import PY_INT, Array, Scalar

COMPARE: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Lt: ("less", operator.lt),
    ast.LtE: ("less_equal", operator.le),
    ast.Gt: ("greater", operator.gt),
    ast.GtE: ("greater_equal", operator.ge),
    ast.Eq: ("equal", operator.eq),
    ast.NotEq: ("not_equal", operator.ne),
}


def compare(
    ctx: Context, node: ast.AST, op: ast.cmpop, left: Binding, right: Binding
) -> Binding:
    """``left op right``."""
    left, right = maybe.read(ctx, left), maybe.read(ctx, right)
    if isinstance(op, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
        flag = maybe.is_none(left, right)
        if flag is not None:
            no = isinstance(op, ast.IsNot | ast.NotEq)
            return Dyn(negated(ctx, node, flag) if no else flag)
        left, right = (maybe.certain(ctx, node, side) for side in (left, right))
    if isinstance(op, ast.Is | ast.IsNot):
        known = _which(ctx, node, left, right)
        if known is not None:
            return Dyn(
                negated(ctx, node, known) if isinstance(op, ast.IsNot) else known
            )
        same = _identical(ctx, node, left, right)
        return Dyn(constant(same == isinstance(op, ast.Is)))
    if isinstance(op, ast.In | ast.NotIn):
        left, right = (maybe.certain(ctx, node, side) for side in (left, right))
        found = _contains(ctx, node, left, right)
        return Dyn(negated(ctx, node, found) if isinstance(op, ast.NotIn) else found)
    left, right = maybe.operands(ctx, node, op, left, right)
    given = overloads.compare(ctx, node, op, left, right)
    if given is not None:
        return given
    if isinstance(left, TextVal) or isinstance(right, TextVal):
        from adcompiler.frontend.lower import messages

        left, right = (messages.settled(ctx, node, side) for side in (left, right))
    left, right = (_laid_out(ctx, node, side) for side in (left, right))
    name, python = COMPARE[type(op)]
    for side in (left, right):
        value = side.value if isinstance(side, Static) else None
        classes = type(value).__mro__[:-1]
        if not _lasting(value) and any("__eq__" in vars(c) for c in classes):
            _refuse_changing(ctx, node, value, "is equal to another")
    if isinstance(left, Static) and isinstance(right, Static):
        return Dyn(constant(bool(python(left.value, right.value))))
    for side in (left, right):
        if isinstance(side, ObjectRef | RecordVal) and _compares(side.cls):
            what = f"{side.cls.__name__}.__eq__ is not followed"
            ctx.refuse(node, what, "compare attributes, or use 'is'")
    unlike = isinstance(left, Static) or isinstance(right, Static)
    classes_ = [v.cls for v in (left, right) if isinstance(v, ObjectRef | RecordVal)]
    unlike = unlike or (len(classes_) == 2 and classes_[0] is not classes_[1])
    if unlike and name in ("equal", "not_equal"):
        return Dyn(constant(name == "not_equal"))
    if isinstance(left, TupleVal) and isinstance(right, TupleVal):
        return _compare_tuples(ctx, node, op, left, right)
    a, b = atom_of(ctx, node, left), atom_of(ctx, node, right)
    known = fold(python, a, b)
    if known is not None:
        return Dyn(known)
    return ctx.wrap(ctx.emit(node, name, a, b), in_order(left, right))


def _laid_out(ctx: Context, node: ast.AST, side: Binding) -> Binding:
    """A list of known length as its items, which are compared."""
    from adcompiler.frontend.lower import sequences

    return sequences.as_tuple(ctx, node, side)


def _compares(cls: type) -> bool:
    """Whether a class says itself what its objects are equal to."""
    found = next(c for c in cls.__mro__ if "__eq__" in vars(c))
    return found not in (object, dict, list) and not dataclasses.is_dataclass(found)


def _contains(ctx: Context, node: ast.AST, item: Binding, owner: Binding) -> Atom:
    """``item in owner``: whether it equals one of the entries."""
    match item, owner:
        case Static(str() as part), Static(str() as text):
            return constant(part in text)
        case _, (ObjectRef() | RecordVal()) if owner.cls is dict:
            from adcompiler.frontend.lower import records

            key = records.key_of(ctx, node, item)
            return constant(key in records.entries(ctx, node, owner))
        case _, ObjectRef() if owner.cls is list:
            from adcompiler.frontend.lower import sequences

            return _contains(ctx, node, item, sequences.as_tuple(ctx, node, owner))
        case _, IterVal("keys", (view,)):
            return _contains(ctx, node, item, view)
        case _ if found := overloads.call(ctx, node, owner, "__contains__", item):
            return truth(ctx, node, found)
        case _, TupleVal(items):
            result: Atom = constant(False)
            for entry in items:
                same = truth(ctx, node, compare(ctx, node, ast.Eq(), item, entry))
                result = disjunction(ctx, node, result, same)
            return result
        case Dyn(), ArrayRef():
            equal = compare(ctx, node, ast.Eq(), owner, item)
            atom = atom_of(ctx, node, equal)
            some = ctx.emit(node, "any", atom, axis=None, keepdims=False)
            return ctx.emit(node, "cast", some, dtype="bool", via="builtin")
        case _:
            ctx.refuse(
                node,
                f"'in' looks into a tuple or an array, not into {describe(owner)}",
                "compare with each value: a == 1 or a == 2",
            )


def _compare_tuples(
    ctx: Context, node: ast.AST, op: ast.cmpop, left: TupleVal, right: TupleVal
) -> Binding:
    """Tuples or lists: equal in all items, or ordered by the first that differ; all are
    evaluated."""
    of_one_kind = (left.cls is list) is (right.cls is list)
    if isinstance(op, ast.Eq | ast.NotEq):
        if not of_one_kind or len(left.items) != len(right.items):
            return Dyn(constant(isinstance(op, ast.NotEq)))
        joined = conjunction if isinstance(op, ast.Eq) else disjunction
        result: Atom = constant(isinstance(op, ast.Eq))
        for a, b in zip(left.items, right.items, strict=True):
            item = truth(ctx, node, compare(ctx, node, op, a, b))
            result = joined(ctx, node, result, item)
        return Dyn(result)
    if not of_one_kind:
        ctx.refuse(node, "a tuple and a list have no order", "make both tuples")
    return Dyn(_ordered(ctx, node, op, list(left.items), list(right.items)))


def _ordered(
    ctx: Context,
    node: ast.AST,
    op: ast.cmpop,
    left: Sequence[Binding],
    right: Sequence[Binding],
) -> Atom:
    """``a0 < b0 or a0 == b0 and ...``; where one begins alike, the shorter is less."""
    if not left or not right:
        _, python = COMPARE[type(op)]
        return constant(bool(python(len(left), len(right))))
    strictly = ast.Lt() if isinstance(op, ast.Lt | ast.LtE) else ast.Gt()
    before = truth(ctx, node, compare(ctx, node, strictly, left[0], right[0]))
    if before == constant(True):
        return before
    same = truth(ctx, node, compare(ctx, node, ast.Eq(), left[0], right[0]))
    if same == constant(False):
        return before
    rest = _ordered(ctx, node, op, left[1:], right[1:])
    return disjunction(ctx, node, before, conjunction(ctx, node, same, rest))


def conjunction(ctx: Context, node: ast.AST, left: Atom, right: Atom) -> Atom:
    """Both, evaluated already."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Const):
            return other if one.value else constant(False)
    return ctx.emit(node, "logical_and", left, right, via="builtin")


def disjunction(ctx: Context, node: ast.AST, left: Atom, right: Atom) -> Atom:
    """One or the other, evaluated already."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Const):
            return constant(True) if one.value else other
    return ctx.emit(node, "logical_or", left, right, via="builtin")


ONE = "whether these are one object depends on the path"

# What is equal to another, or true, once and for all.
_LASTING = (str, bytes, int, float, tuple, frozenset, range, type, np.dtype, np.generic)


def _lasting(value: object) -> bool:
    return value is None or isinstance(value, (*_LASTING, BuiltinFunctionType))


def _refuse_changing(ctx: Context, node: ast.AST, value: object, what: str) -> NoReturn:
    """Refuse to decide by an object that may say something else at a later call."""
    ctx.refuse(
        node,
        f"whether this {type(value).__name__} {what} may change between calls",
        "decide by a number or a string in it, or by 'is'",
    )


def _which(ctx: Context, node: ast.AST, left: Binding, right: Binding) -> Atom | None:
    """``c is True`` of a bool; None of anything else."""
    match left, right:
        case Dyn(atom), Dyn(Const(bool() as value)):
            t = atom.type
            if not isinstance(t, Scalar) or t.kind == "either" or atom in ctx.mixed:
                ctx.refuse(node, ONE, "test the flag itself, or write == for 'is'")
            if t.dtype != "bool" or t.kind == "numpy":
                return constant(False)
            return atom if value else negated(ctx, node, atom)
        case _:
            return None


def _identical(ctx: Context, node: ast.AST, left: Binding, right: Binding) -> bool:
    match left, right:
        case Static(a), Static(b):
            return a is b
        case (Static(None), _) | (_, Static(None)):
            return False
        case ObjectRef(one), ObjectRef(other):
            if one is other:
                return True
            if other not in ctx.entangled.get(one, ()):
                return False
            ctx.refuse(node, ONE, "set a flag where the paths part, and test that")
        case ArrayRef(), ArrayRef() if left.location is right.location:
            return left.path == right.path
        case _:
            ctx.refuse(
                node,
                "whether these are one object is not followed",
                "compare what they hold, with ==, or set a flag where the paths part",
            )


def negated(ctx: Context, node: ast.AST, flag: Atom) -> Atom:
    """``not flag`` of a bool."""
    if isinstance(flag, Const):
        return constant(not flag.value)
    return ctx.emit(node, "logical_not", flag, via="builtin")


def truth(ctx: Context, node: ast.AST, binding: Binding) -> Atom:
    """What `if` and `not` see in a value: a bool."""
    binding = maybe.read(ctx, binding)
    match binding:
        case MaybeNone():
            given = maybe.truth(
                ctx, node, binding, lambda value: Dyn(truth(ctx, node, value))
            )
            assert isinstance(given, Dyn)
            return given.atom
        case Static(value):
            hooks = {"__bool__", "__len__"}
            classes = type(value).__mro__
            if not _lasting(value) and any(hooks & vars(c).keys() for c in classes):
                _refuse_changing(ctx, node, value, "is true")
            return constant(bool(value))
        case TupleVal(items, cls) if not hasattr(cls, "_fields"):
            return constant(len(items) > 0)
        case ObjectRef() | RecordVal() | TupleVal():
            from adcompiler.frontend.lower import records

            return records.truth(ctx, node, binding)
        case ListRef():
            count = listing.length(ctx, node, binding).atom
            return ctx.emit(node, "greater", count, constant(0))
        case FunctionVal() | MethodVal() | PartialVal() | PullbackVal():
            return constant(True)
        case ArrayRef(_, _, t):
            if any(length != 1 for length in t.dims):
                ctx.refuse(
                    node,
                    "the truth value of an array is ambiguous",
                    "use np.any, np.all, or one element",
                )
            index = ("int",) * t.ndim
            zeros = (Const(0, PY_INT),) * t.ndim
            atom: Atom = ctx.emit(
                node, "load", ctx.read(binding, node), *zeros, index=index
            )
        case Dyn(inner):
            atom = inner
        case _:
            hint = "make a list of it first, and test that: list(...)"
            if isinstance(binding, RangeVal):
                hint = "test its length: len(r) > 0"
            ctx.refuse(node, f"{describe(binding)} has no truth value here", hint)
    if isinstance(atom, Const):
        return constant(bool(atom.value))
    assert isinstance(atom.type, Scalar | Array)
    if atom.type.dtype == "bool":
        return atom
    return ctx.emit(node, "not_equal", atom, Const(0, PY_INT))
