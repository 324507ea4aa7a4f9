"""What may be None: ``best = None`` before a loop that gives it a number.

In: a `MaybeNone`, and where it is read. Out: what it is there, so far as the path says;
a check that raises what Python raises of None; or a refusal.
Invariant: what is None is never computed with. A path knows of a flag what the tests
around it say (`Context.facts`), which is kept by flag: whatever name or entry the
value is read by.

    best = None
    for v in x:
        if best is None or v < best:     # read only where it is not None
            best = v
    return 2.0 * best                    # TypeError if it is None
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import numpy as np

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    MaybeNone,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import Array, Scalar

HINT = "test it first: if {} is not None"
OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//",
    ast.Mod: "%", ast.Pow: "** or pow()", ast.MatMult: "@", ast.BitAnd: "&",
    ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.USub: "-", ast.UAdd: "+", ast.Invert: "~",
}  # fmt: skip

# Built-in functions that take no None, and ufuncs that do.
NUMERIC = frozenset({"abs", "float", "int", "len", "max", "min", "pow", "round"})
LENIENT = frozenset(
    {"equal", "not_equal", "logical_and", "logical_or", "logical_xor", "logical_not"}
)


def known(ctx: Context, binding: Binding) -> Binding:
    """What a value is on this path: itself, or None, where that is known."""
    if not isinstance(binding, MaybeNone):
        return binding
    fact = ctx.facts.get(binding.flag)
    if isinstance(binding.flag, Const):
        fact = bool(binding.flag.value)
    if fact is None:
        return binding
    ctx.told += 1
    return NONE if fact else known(ctx, binding.value)


def read(ctx: Context, binding: Binding) -> Binding:
    """`known`, where integers from outside do not decide: else these become known."""
    found = known(ctx, binding)
    if isinstance(found, MaybeNone):
        ctx.origins.settle(found.cond)
    return found


def certain(ctx: Context, node: ast.AST, binding: Binding) -> Binding:
    """What is surely a value, or surely None: else it is refused."""
    found = read(ctx, binding)
    if isinstance(found, MaybeNone):
        text = ast.unparse(node) if isinstance(node, ast.expr) else "it"
        ctx.refuse(node, f"'{text}' may be None here", HINT.format(text))
    return found


def present(
    ctx: Context,
    node: ast.AST,
    binding: Binding,
    text: str,
    exception: str = "TypeError",
) -> Binding:
    """The value; where it is None, Python's error."""
    found = read(ctx, binding)
    if not isinstance(found, MaybeNone):
        return found
    from adcompiler.frontend.lower.joins import join_arms

    flag = found.flag
    bad = ctx.run(lambda: _raise(ctx, node, exception, text))
    good = ctx.run(lambda: None, (flag, False))
    with ctx.at(node):
        join_arms(ctx, flag, bad, good, ctx.frame.env, node)
    return known(ctx, found)


def _raise(ctx: Context, node: ast.AST, exception: str, text: str) -> Binding:
    ctx.fail(node, exception, text)


def operands(
    ctx: Context, node: ast.AST, op: ast.AST, left: Binding, right: Binding
) -> tuple[Binding, Binding]:
    """The operands of an operator that takes no None."""
    left, right = read(ctx, left), read(ctx, right)
    a, b = _class_name(left), _class_name(right)
    if isinstance(left, MaybeNone):
        left = present(ctx, node, left, _unsupported(op, "NoneType", b))
    if isinstance(right, MaybeNone):
        right = present(ctx, node, right, _unsupported(op, a, "NoneType"))
    return left, right


def operand(ctx: Context, node: ast.AST, op: ast.unaryop, value: Binding) -> Binding:
    """The operand of a sign."""
    if isinstance(op, ast.Not):
        return read(ctx, value)
    text = f"bad operand type for unary {OPERATORS[type(op)]}: 'NoneType'"
    return present(ctx, node, value, text)


def _unsupported(op: ast.AST, left: str, right: str) -> str:
    sign = OPERATORS[type(op)]
    if isinstance(op, ast.cmpop):
        return f"'{sign}' not supported between instances of '{left}' and '{right}'"
    return f"unsupported operand type(s) for {sign}: '{left}' and '{right}'"


def argument(
    ctx: Context, node: ast.AST, function: object, binding: Binding
) -> Binding:
    """An argument of a library function; some raise TypeError of None."""
    name = getattr(function, "__name__", "")
    module = getattr(function, "__module__", "")
    strict = module == "math" or (module == "builtins" and name in NUMERIC)
    if strict or (isinstance(function, np.ufunc) and name not in LENIENT):
        return present(ctx, node, binding, "must be real number, not NoneType")
    return certain(ctx, node, binding)


def _class_name(binding: Binding) -> str:
    """What Python's errors call the class of a value."""
    match binding:
        case MaybeNone(value):
            return _class_name(value)
        case Dyn(atom) if isinstance(atom.type, Scalar):
            return atom.type.dtype.rstrip("0123456789")
        case ArrayRef(_, _, Array(dtype)):
            return dtype.rstrip("0123456789")
        case TupleVal(_, cls):
            return cls.__name__
        case Static(None):
            return "NoneType"
        case _:
            return "object"


def is_none(left: Binding, right: Binding) -> Atom | None:
    """``left is right`` where one is None and the other may be; None of others."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, MaybeNone) and other == NONE:
            return one.flag
    return None


def truth(
    ctx: Context,
    node: ast.AST,
    binding: MaybeNone,
    of_value: Callable[[Binding], Binding],
) -> Binding:
    """Whether a value that may be None counts as true."""
    from adcompiler.frontend.lower import comparisons, shortcircuit

    given = comparisons.negated(ctx, node, binding.flag)
    return shortcircuit.connective(
        ctx, node, True, Dyn(given), lambda: of_value(known(ctx, binding))
    )
