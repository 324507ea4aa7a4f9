"""Elementwise functions of NumPy and `math`.

In: calls. Out: applications of elementwise primitives, broadcast by their type rules.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from adcompiler.frontend.bindings import NONE, Binding, TupleVal
from adcompiler.frontend.lower import operators
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.operands import in_order
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import PY_INT, Scalar
from adcompiler.library import statistics


def function(name: str, count: int, via: str = "np") -> Handler:
    """A primitive of `count` operands, spelled as the user did."""

    def handle(call: Call) -> Binding:
        bound = list(map(call.array, call.bind(*"xyzw"[:count])))
        atoms = [call.atom(b) for b in bound]
        if via == "np" and PRIMITIVES[name].operator and any(map(_strong, atoms)):
            result = call.emit(name, *atoms, spelled="np")
        else:
            result = call.emit(name, *atoms, via=via)
        return call.ctx.wrap(result, in_order(*bound))

    return handle


def _strong(atom: Atom) -> bool:
    """Whether an operand is surely NumPy's, so that its rules hold for operators."""
    return not isinstance(atom.type, Scalar) or atom.type.kind == "numpy"


def clip(call: Call) -> Binding:
    """``np.clip(x, low, high)``; a bound may be None."""
    names = {"min": "a_min", "max": "a_max"}
    kwargs = {names.get(key, key): value for key, value in call.kwargs.items()}
    x, low, high = replace(call, kwargs=kwargs).bind("a", a_min=None, a_max=None)
    return clipped(call, x, low, high)


def clip_method(call: Call) -> Binding:
    """``x.clip(low, high)``."""
    x, low, high = call.bind("a", min=None, max=None)
    return clipped(call, x, low, high)


def clipped(call: Call, x: Binding, low: Binding, high: Binding) -> Binding:
    """The value between two bounds, of which either may be absent."""
    bounds = [
        Const(default, Scalar("float64", "python")) if b == NONE else call.atom(b)
        for b, default in ((low, -math.inf), (high, math.inf))
    ]
    if low == NONE and high == NONE:
        return call.ctx.wrap(call.emit("positive", call.atom(x)), in_order(x))
    result = call.emit("clip", call.atom(x), *bounds)
    return call.ctx.wrap(result, in_order(x, low, high))


def where(call: Call) -> Binding:
    """``np.where(c, a, b)``; ``np.where(c)`` is where c is not zero."""
    if len(call.args) == 1 and not call.kwargs:
        return nonzero(call)
    c, a, b = (call.array(x) for x in call.bind("condition", "x", "y"))
    result = call.emit("where", call.atom(c), call.atom(a), call.atom(b))
    return call.ctx.wrap(result, in_order(c, a, b))


def nonzero(call: Call) -> Binding:
    """``np.nonzero(x)``: a vector of integers for each axis."""
    (x,) = call.bind("a")
    ref = call.array(x)
    if call.rank(ref) == 0:
        what = f"{call.name} takes an array, not a number"
        call.refuse(what, "make it an array first: np.atleast_1d(x)")
    found = call.ctx.emit_all(call.node, "nonzero", call.atom(ref))
    return TupleVal(tuple(map(call.ctx.wrap, found)))


def bitwise(op: ast.operator) -> Handler:
    """``np.bitwise_and(a, b)``: what the operator gives."""

    def handle(call: Call) -> Binding:
        a, b = (call.array(x) for x in call.bind("x1", "x2"))
        left, right = call.atom(a).type, call.atom(b).type
        if left == PY_INT and isinstance(right, Scalar) and right.kind == "python":
            # The operator would give Python's number.
            a = call.result("cast", call.atom(a), dtype="int64", via="scalar")
        return operators.binary(call.ctx, call.node, op, a, b)

    return handle


def inverted(call: Call) -> Binding:
    """``np.invert(x)``."""
    (x,) = call.bind("x")
    return operators.unary(call.ctx, call.node, ast.Invert(), call.array(x))


def real(call: Call) -> Binding:
    """``np.real(x)`` of what is real: the array itself."""
    (x,) = call.bind("val")
    return call.array(x)


def rounded(call: Call) -> Binding:
    """``np.round(x, decimals)``."""
    x, decimals = call.bind("a", decimals=None)
    digits = 0 if decimals == NONE else call.integer(decimals, "the decimals")
    result = call.emit("round", call.atom(x), decimals=digits, via="np")
    return call.ctx.wrap(result, in_order(x))


UNARY = [
    "absolute",
    "negative",
    "positive",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "cbrt",
    "square",
    "reciprocal",
    "sign",
    "floor",
    "ceil",
    "trunc",
    "rint",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "degrees",
    "radians",
    "isnan",
    "isinf",
    "isfinite",
    "logical_not",
]

BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "floor_divide",
    "remainder",
    "power",
    "fmod",
    "arctan2",
    "hypot",
    "copysign",
    "maximum",
    "minimum",
    "logaddexp",
    "logaddexp2",
    "heaviside",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "equal",
    "not_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
]

OTHER_NAMES = {
    "fabs": "absolute",
    "deg2rad": "radians",
    "rad2deg": "degrees",
    "fix": "trunc",
    "conjugate": "positive",
}

MATH_UNARY = {
    "fabs": "absolute",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "lgamma": "gammaln",
    **{
        name: name
        for name in [
            "exp",
            "exp2",
            "expm1",
            "log2",
            "log10",
            "log1p",
            "sqrt",
            "cbrt",
            "floor",
            "ceil",
            "trunc",
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "tanh",
            "degrees",
            "radians",
            "isnan",
            "isinf",
            "isfinite",
            "erf",
            "erfc",
            "gamma",
        ]
    },
}

MATH_BINARY = {
    "pow": "power",
    "fmod": "fmod",
    "atan2": "arctan2",
    "copysign": "copysign",
}


FUNCTIONS: dict[Hashable, Handler] = {
    **{getattr(np, name): function(name, 1) for name in UNARY},
    **{getattr(np, name): function(name, 2) for name in BINARY},
    **{
        getattr(math, name): function(primitive, 1, "math")
        for name, primitive in MATH_UNARY.items()
        if hasattr(math, name)
    },
    **{
        getattr(math, name): function(primitive, 2, "math")
        for name, primitive in MATH_BINARY.items()
    },
    **{getattr(np, name): function(row, 1) for name, row in OTHER_NAMES.items()},
    np.i0: function("i0", 1),
    np.ldexp: function("ldexp", 2),
    statistics.root: function("root", 1),
    np.clip: clip,
    np.where: where,
    np.round: rounded,
    np.around: rounded,
    np.nonzero: nonzero,
    np.bitwise_and: bitwise(ast.BitAnd()),
    np.bitwise_or: bitwise(ast.BitOr()),
    np.bitwise_xor: bitwise(ast.BitXor()),
    np.left_shift: bitwise(ast.LShift()),
    np.right_shift: bitwise(ast.RShift()),
    np.gcd: function("common_divisor", 2),
    np.lcm: function("common_multiple", 2),
    np.bitwise_count: function("bitwise_count", 1),
    np.invert: inverted,
    np.real: real,
}

METHODS: dict[str, Handler] = {
    "clip": clip_method,
    "round": rounded,
    "nonzero": nonzero,
    "conj": real,
    "conjugate": real,
}
