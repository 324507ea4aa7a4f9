"""Python's operators on bindings: arithmetic, comparison, truth, short circuit.

In: bindings of operands. Out: the binding of the result.
Invariants: operators on known numbers are evaluated where that cannot raise; every
other application is typed by the primitive's rule, hence NEP 50.
"""

from __future__ import annotations

import ast
import dataclasses
import operator
from collections.abc import Callable
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
    MethodVal,
    ObjectRef,
    PartialVal,
    PullbackVal,
    RangeVal,
    RecordVal,
    Static,
    TupleVal,
    is_list,
)
from adcompiler.frontend.lower import lengths, listing, orders, overloads
from adcompiler.frontend.lower.context import Context
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import PY_BOOL, PY_INT, Array, Scalar
from adcompiler.library import lists as library

BINARY: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("subtract", operator.sub),
    ast.Mult: ("multiply", operator.mul),
    ast.Div: ("divide", operator.truediv),
    ast.FloorDiv: ("floor_divide", operator.floordiv),
    ast.Mod: ("remainder", operator.mod),
    ast.Pow: ("power", operator.pow),
    ast.MatMult: ("matmul", operator.matmul),
    ast.BitAnd: ("logical_and", operator.and_),
    ast.BitOr: ("logical_or", operator.or_),
    ast.BitXor: ("logical_xor", operator.xor),
}

COMPARE: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Lt: ("less", operator.lt),
    ast.LtE: ("less_equal", operator.le),
    ast.Gt: ("greater", operator.gt),
    ast.GtE: ("greater_equal", operator.ge),
    ast.Eq: ("equal", operator.eq),
    ast.NotEq: ("not_equal", operator.ne),
}


def atom_of(ctx: Context, node: ast.AST, binding: Binding) -> Atom:
    """The IR value of a number or array; anything else is refused."""
    match binding:
        case Dyn(atom):
            return atom
        case ArrayRef():
            return ctx.read(binding, node)
        case TupleVal(_, cls):
            ctx.refuse(
                node,
                f"a {cls.__name__} is used where a number or an array is needed",
                "make it an array: np.array(...)",
            )
        case _:
            hint = converted(binding) or "compute with numbers and arrays only"
            if binding == Static(None):
                hint = "give it a value first, or decide by 'is None'"
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
                hint = "write an f-string: f'{x:.2f}'"
            what = "is used where a number or an array is needed"
            ctx.refuse(node, f"{describe(binding)} {what}", hint)


def converted(binding: Binding) -> str | None:
    """How an object from outside is made one that is followed, if it can be."""
    match binding:
        case Static(dict()):
            return "make it a plain dict outside: dict(...)"
        case Static(value) if hasattr(value, "to_numpy"):
            return "take its values outside: .to_numpy()"
        case Static(value) if hasattr(value, "__array__"):
            return "make it an array outside: np.asarray(...)"
        case Static(value) if hasattr(value, "__float__"):
            return "make it a float outside: float(...)"
        case _:
            return None


def describe(binding: Binding) -> str:
    """A binding in words."""
    match binding:
        case Static(None):
            return "None"
        case Static(str() as text):
            return f"the string {text!r}"
        case Dyn(atom) if isinstance(atom.type, Scalar):
            return "a bool" if atom.type.dtype == "bool" else "a number"
        case ArrayRef(_, _, t):
            return f"an array of rank {t.ndim}"
        case Static(value):
            named = getattr(value, "__name__", None)
            plain = vars(object)["__repr__"] is type(value).__repr__
            return repr(named or value) if named or not plain else _object(value)
        case FunctionVal() | MethodVal():
            return f"the function {binding.name!r}"
        case PartialVal(callee):
            return describe(callee)
        case PullbackVal():
            return "a pullback"
        case RangeVal():
            return "a range"
        case TupleVal(_, cls):
            return f"a {cls.__name__}"
        case ListRef():
            return "a list"
        case RecordVal() | ObjectRef():
            return f"a {binding.cls.__name__}"
        case IterVal():
            return "an iterator"
        case _:
            return "this value"


def _object(value: object) -> str:
    """An object whose class does not say how it is shown."""
    name = type(value).__name__
    return f"{'an' if name[:1] in 'AEIOU' else 'a'} {name}"


def in_order(*operands: Binding) -> bool:
    """Whether NumPy lays out the elementwise result in C order."""
    return all(orders.axes_kept(b) for b in operands if isinstance(b, ArrayRef))


def fold(function: Callable[..., Any], *atoms: Atom) -> Const | None:
    """The result on known Python numbers, if there is one."""
    values = []
    for atom in atoms:
        if not isinstance(atom, Const) or isinstance(atom.value, np.generic):
            return None
        values.append(atom.value)
    try:
        result = function(*values)
    except (ArithmeticError, ValueError, TypeError):
        return None
    if isinstance(result, bool | float) or (
        isinstance(result, int) and abs(result) < 2**63
    ):
        return constant(result)
    return None


# --- Arithmetic ----------------------------------------------------------------------


def binary(
    ctx: Context, node: ast.AST, op: ast.operator, left: Binding, right: Binding
) -> Binding:
    """``left op right``."""
    if isinstance(op, ast.LShift | ast.RShift):
        return _shifted(ctx, node, op, left, right)
    found = overloads.binary(ctx, node, op, left, right)
    if found is not None:
        return found
    name, python = BINARY[type(op)]
    match left, right:
        case TupleVal(xs, c), TupleVal(ys, d) if name == "add" and c is d:
            joined = (*xs, *ys)
            return listing.display(ctx, node, joined) if c is list else TupleVal(joined)
        case (TupleVal(xs, c), Dyn(Const(int() as n))) if name == "multiply":
            return TupleVal(xs * n, c)
        case Static(str() as text), Static(str() as more) if name == "add":
            return Static(text + more)
        case _ if name == "add" and is_list(left) and is_list(right):
            return listing.call(ctx, node, library.joined, left, right)
        case _:
            pass
    a, b = atom_of(ctx, node, left), atom_of(ctx, node, right)
    known = fold(python, a, b)
    if known is not None:
        return Dyn(known)
    if name == "power":
        b = _exponent(ctx, node, a, b)
    params = {}
    if isinstance(op, ast.BitAnd | ast.BitOr | ast.BitXor):
        params["via"] = "operator"
    result = ctx.emit(node, name, a, b, **params)
    if name == "power" and may_be_complex(node, b, result):
        ctx.emit_all(node, "check_real", result, a, b, power=_shortened(node))
    if name == "subtract":
        lengths.less(ctx, result, a, b)
    return ctx.wrap(result, name == "matmul" or in_order(left, right))


def _shifted(
    ctx: Context, node: ast.AST, op: ast.operator, left: Binding, right: Binding
) -> Binding:
    """``n << k``, ``n >> k`` of integers, by as many places as are known."""
    from adcompiler.frontend.lower import names

    places = names.static_int(ctx, node, right, "by how many places is shifted")
    t = atom_of(ctx, node, left).type
    whole = isinstance(t, Scalar) and t.dtype == "int64"
    if not whole or not 0 <= places < 62:
        what = "an integer is shifted by 0 to 61 places"
        ctx.refuse(node, what, "multiply or floor-divide by a power of two")
    by = Dyn(constant(2**places))
    scaled = ast.Mult() if isinstance(op, ast.LShift) else ast.FloorDiv()
    return binary(ctx, node, scaled, left, by)


def _exponent(ctx: Context, node: ast.AST, base: Atom, exponent: Atom) -> Atom:
    """Python's ``int ** int`` is an int or a float, by the exponent's sign."""
    integers = all(
        isinstance(a.type, Scalar)
        and a.type.kind != "numpy"
        and a.type.dtype in ("int64", "bool")
        for a in (base, exponent)
    )
    if not integers:
        return exponent
    if ctx.is_count(exponent):
        return exponent
    if not isinstance(exponent, Const):
        ctx.refuse(
            node,
            "an int to the power of an int is an int or a float, by the sign of the "
            "exponent",
            "make the base a float: float(n) ** k",
        )
    negative = exponent.value < 0
    return constant(float(exponent.value)) if negative else exponent


def may_be_complex(node: ast.AST, exponent: Atom, result: Atom) -> bool:
    """Whether Python's power may be complex: of a negative float to a fraction."""
    t = result.type
    if not isinstance(t, Scalar) or t.kind == "numpy" or t.dtype != "float64":
        return False
    if getattr(exponent.type, "dtype", None) != "float64":
        return False
    if isinstance(exponent, Const) and float(exponent.value).is_integer():
        return False
    return not (isinstance(node, ast.BinOp) and never_negative(node.left))


def never_negative(node: ast.expr) -> bool:
    """Whether a number is plainly not negative (it may be nan).

    >>> [never_negative(ast.parse(t, mode="eval").body) for t in ("x*x + 1", "x*y")]
    [True, False]
    """
    match node:
        case ast.Constant(value=int() | float() as value):
            return value >= 0
        case ast.BinOp(op=ast.Mult(), left=ast.Name(id=a), right=ast.Name(id=b)):
            return a == b
        case ast.BinOp(op=ast.Pow(), right=ast.Constant(value=int() as value)):
            return value % 2 == 0
        case ast.BinOp(op=ast.Add() | ast.Mult() | ast.Div(), left=left, right=right):
            return never_negative(left) and never_negative(right)
        case ast.Call(func=ast.Name(id="abs")):
            return True
        case ast.Call(func=ast.Attribute(ast.Name("np" | "math"), name)):
            return name in ("abs", "fabs", "exp", "sqrt", "square", "hypot", "cosh")
        case _:
            return False


def _shortened(node: ast.AST) -> str:
    """The source of a power, to be quoted."""
    text = ast.unparse(node)
    return text if isinstance(node, ast.BinOp) and len(text) <= 40 else "this power"


def unary(ctx: Context, node: ast.AST, op: ast.unaryop, operand: Binding) -> Binding:
    """``-x``, ``+x``, ``not x``, ``~x``."""
    if isinstance(op, ast.Not):
        return Dyn(negated(ctx, node, truth(ctx, node, operand)))
    found = overloads.unary(ctx, node, op, operand)
    if found is not None:
        return found
    atom = atom_of(ctx, node, operand)
    if isinstance(op, ast.Invert):
        result = ctx.emit(node, "logical_not", atom, via="operator")
        return ctx.wrap(result, in_order(operand))
    python = operator.neg if isinstance(op, ast.USub) else operator.pos
    known = fold(python, atom)
    if known is not None:
        return Dyn(known)
    plus = isinstance(op, ast.UAdd) and isinstance(atom.type, Scalar)
    if plus and atom.type != PY_BOOL:
        return operand
    name = "negative" if isinstance(op, ast.USub) else "positive"
    return ctx.wrap(ctx.emit(node, name, atom), in_order(operand))


# --- Comparison and truth ------------------------------------------------------------


def compare(
    ctx: Context, node: ast.AST, op: ast.cmpop, left: Binding, right: Binding
) -> Binding:
    """``left op right``."""
    if isinstance(op, ast.Is | ast.IsNot):
        known = _which(ctx, node, left, right)
        if known is not None:
            return Dyn(
                negated(ctx, node, known) if isinstance(op, ast.IsNot) else known
            )
        same = _identical(ctx, node, left, right)
        return Dyn(constant(same == isinstance(op, ast.Is)))
    if isinstance(op, ast.In | ast.NotIn):
        found = _contains(ctx, node, left, right)
        return Dyn(negated(ctx, node, found) if isinstance(op, ast.NotIn) else found)
    given = overloads.compare(ctx, node, op, left, right)
    if given is not None:
        return given
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
    if unlike and name in ("equal", "not_equal"):
        return Dyn(constant(name == "not_equal"))
    if isinstance(left, TupleVal) and isinstance(right, TupleVal):
        return _compare_tuples(ctx, node, op, left, right)
    a, b = atom_of(ctx, node, left), atom_of(ctx, node, right)
    known = fold(python, a, b)
    if known is not None:
        return Dyn(known)
    return ctx.wrap(ctx.emit(node, name, a, b), in_order(left, right))


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
    """Equality of tuples or lists, all items of which are evaluated."""
    if not isinstance(op, ast.Eq | ast.NotEq):
        ctx.refuse(node, "tuples are compared by == and != only")
    of_one_kind = (left.cls is list) is (right.cls is list)
    if not of_one_kind or len(left.items) != len(right.items):
        return Dyn(constant(isinstance(op, ast.NotEq)))
    result: Atom = constant(True)
    for a, b in zip(left.items, right.items, strict=True):
        item = truth(ctx, node, compare(ctx, node, ast.Eq(), a, b))
        result = conjunction(ctx, node, result, item)
    return Dyn(negated(ctx, node, result) if isinstance(op, ast.NotEq) else result)


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
                ctx.refuse(node, "whether these are one object depends on the path")
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
            ctx.refuse(node, "whether these are one object depends on the path")
        case ArrayRef(), ArrayRef() if left.location is right.location:
            return left.path == right.path
        case _:
            ctx.refuse(node, "'is' compares with None only", "use == or !=")


def negated(ctx: Context, node: ast.AST, flag: Atom) -> Atom:
    """``not flag`` of a bool."""
    if isinstance(flag, Const):
        return constant(not flag.value)
    return ctx.emit(node, "logical_not", flag, via="builtin")


def truth(ctx: Context, node: ast.AST, binding: Binding) -> Atom:
    """What `if` and `not` see in a value: a bool."""
    match binding:
        case Static(value):
            hooks = {"__bool__", "__len__"}
            classes = type(value).__mro__
            if not _lasting(value) and any(hooks & vars(c).keys() for c in classes):
                _refuse_changing(ctx, node, value, "is true")
            return constant(bool(value))
        case TupleVal(items):
            return constant(len(items) > 0)
        case ObjectRef() | RecordVal():
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
            ctx.refuse(node, f"{describe(binding)} has no truth value here")
    if isinstance(atom, Const):
        return constant(bool(atom.value))
    assert isinstance(atom.type, Scalar | Array)
    if atom.type.dtype == "bool":
        return atom
    return ctx.emit(node, "not_equal", atom, Const(0, PY_INT))


# --- Known numbers -------------------------------------------------------------------


def known_int(binding: Binding) -> int | None:
    """An integer known while compiling."""
    if isinstance(binding, Dyn) and isinstance(binding.atom, Const):
        value = binding.atom.value
        if isinstance(value, int | np.integer):
            return int(value)
    return None
