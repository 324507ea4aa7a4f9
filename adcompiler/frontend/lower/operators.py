"""Python's operators on bindings: arithmetic, shifts, signs, `not`.

In: bindings of operands. Out: the binding of the result.
Invariants: operators on known numbers are evaluated where that cannot raise; every
other application is typed by the primitive's rule, hence NEP 50.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from types import UnionType
from typing import Any

from adcompiler.frontend.bindings import (
    Binding,
    Dyn,
    Static,
    TextVal,
    TupleVal,
    is_list,
)
from adcompiler.frontend.lower import lengths, listing, overloads
from adcompiler.frontend.lower.comparisons import negated, truth
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.operands import atom_of, fold, in_order, known_int
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import PY_BOOL, Scalar
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
        case Static(str() as text), Dyn() if name == "multiply":
            from adcompiler.frontend.lower import names

            count = names.static_int(ctx, node, right, "how often a text is repeated")
            return Static(text * count)
        case (TextVal(), (TextVal() | Static(str()))) | (Static(str()), TextVal()) if (
            name == "add"
        ):
            from adcompiler.frontend.lower import messages

            return messages.joined(ctx, node, left, right)
        case ((TextVal() | Static(str())), _) if name == "remainder":
            from adcompiler.frontend.lower import texts

            return texts.percent(ctx, node, left, right)
        case Static(type() | UnionType() as one), Static(value) if isinstance(
            op, ast.BitOr
        ) and (value is None or isinstance(value, type | UnionType)):
            return Static(one | value)  # as in isinstance(x, int | float)
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
        if _of_bools(a, b):
            params["via"] = "operator"
        else:
            name = BITS[type(op)]
    result = ctx.emit(node, name, a, b, **params)
    if name == "power" and may_be_complex(node, b, result):
        ctx.emit_all(node, "check_real", result, a, b, power=_shortened(node))
    if name == "subtract":
        lengths.less(ctx, result, a, b)
    return ctx.wrap(result, name == "matmul" or in_order(left, right))


def _shifted(
    ctx: Context, node: ast.AST, op: ast.operator, left: Binding, right: Binding
) -> Binding:
    """``n << k``, ``n >> k`` of integers, by as many places as are known or counted."""
    from adcompiler.frontend.lower import names

    if isinstance(right, Dyn) and known_int(right) is None:
        count = right.atom
        if ctx.is_count(count) and not ctx.softened & {count}:
            two = Dyn(constant(2))
            factor = binary(ctx, node, ast.Pow(), two, right)
            by_factor = ast.Mult() if isinstance(op, ast.LShift) else ast.FloorDiv()
            return binary(ctx, node, by_factor, left, factor)
    places = names.static_int(ctx, node, right, "by how many places is shifted")
    t = atom_of(ctx, node, left).type
    if getattr(t, "dtype", "") not in ("int64", "int32"):
        what = "what is shifted is no integer of 32 or 64 bits"
        ctx.refuse(node, what, "convert it: int(n)")
    if not 0 <= places < 62:
        what = "an integer is shifted by 0 to 61 places"
        ctx.refuse(node, what, "multiply or floor-divide by a power of two")
    by = Dyn(constant(2**places))
    scaled = ast.Mult() if isinstance(op, ast.LShift) else ast.FloorDiv()
    return binary(ctx, node, scaled, left, by)


def _of_bools(*atoms: Atom) -> bool:
    """Whether bits are truth values."""
    return all(getattr(a.type, "dtype", "") == "bool" for a in atoms)


BITS: dict[type[ast.operator], str] = {
    ast.BitAnd: "bitwise_and",
    ast.BitOr: "bitwise_or",
    ast.BitXor: "bitwise_xor",
}


def _exponent(ctx: Context, node: ast.AST, base: Atom, exponent: Atom) -> Atom:
    """Python's ``int ** int`` is an int or a float, by the exponent's sign."""
    from adcompiler.frontend.lower import names

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
    value = names.int_or_restart(ctx, Dyn(exponent), "the exponent of an int")
    if value is None:
        ctx.refuse(
            node,
            "an int to the power of an int is an int or a float, by the sign of the "
            "exponent",
            "make the base a float: float(n) ** k",
        )
    return constant(float(value)) if value < 0 else exponent


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
        if getattr(atom.type, "dtype", "") in ("int64", "int32"):
            turned = unary(ctx, node, ast.USub(), operand)
            return binary(ctx, node, ast.Sub(), turned, Dyn(constant(1)))
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
