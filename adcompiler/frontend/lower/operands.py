"""What an operator is given: the value of a binding, in the IR, in words, or known.

In: a binding. Out: its atom, or a refusal that says what it is and what to write
instead; its description; the number that it is known to be.
Invariant: `fold` gives what Python gives, and nothing where Python would raise.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

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
from adcompiler.frontend.lower import orders
from adcompiler.frontend.lower.context import Context
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import Scalar, is_float
from adcompiler.library import collected


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
            if isinstance(binding, Static) and isinstance(binding.value, str):
                hint = "write a number: texts are for print, raise and keys"
            if binding == Static(None):
                hint = "give it a value first, or decide by 'is None'"
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
                hint = "write an f-string: f'{x:.2f}'"
            what = "is used where a number or an array is needed"
            ctx.refuse(node, f"{describe(binding)} {what}", hint)


def converted(binding: Binding) -> str | None:
    """How an object from outside is made one that is followed, if it can be."""
    match binding:
        case Static(type()):
            return None
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


def check_count(ctx: Context, node: ast.AST, what: str, count: Binding) -> None:
    """Refuse to repeat a list or a tuple but by an integer."""
    if not isinstance(count, Dyn) or is_float(count.atom.type):
        times = "a float" if isinstance(count, Dyn) else describe(count)
        message = f"a {what} times {times} is an error in Python"
        ctx.refuse(node, message, "make it an array: np.array(...)")


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
        case Static(list() | tuple() | dict() as value) if type(value) not in (
            *(list, tuple, dict),
        ):
            return f"a {type(value).__name__}"
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
            name = collected.name_of(binding.cls)
            return f"{'an' if name[:1] in 'AEIO' else 'a'} {name}"
        case IterVal():
            return "an iterator"
        case TextVal():
            return "a text"
        case MaybeNone():
            return "what may be None"
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


def known_int(binding: Binding) -> int | None:
    """An integer known while compiling."""
    if isinstance(binding, Dyn) and isinstance(binding.atom, Const):
        value = binding.atom.value
        if isinstance(value, int | np.integer):
            return int(value)
    return None
