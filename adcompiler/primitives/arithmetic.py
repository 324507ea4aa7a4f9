"""Rows of arithmetic: the operators, the derivative's own division, remainders.

In: scalars and arrays. Out: their broadcast.
Invariants: operators on Python numbers raise as Python does (`via` is absent), those
of NumPy never; partials never raise where the primal did not.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Const, Let
from adcompiler.ir.primitive import (
    INTRICATE,
    PRODUCT,
    SUM,
    Piece,
    Primitive,
    Raises,
    define,
)
from adcompiler.ir.types import Scalar, result_dtype
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import (
    both,
    broadcasting,
    division,
    either,
    float_of,
    fractional_power,
    integer_power,
    kind_of,
    made_infinite,
    of_math,
)
from adcompiler.primitives.rules import (
    Factor,
    known_number,
    ratio,
    select,
)
from adcompiler.primitives.typerules import (
    Params,
    Types,
    is_python,
    leaves,
    math_computes,
    math_types,
    operator_computes,
    operator_types,
    ufunc_computes,
    ufunc_types,
)

REAL = ("real", "real")


def _either(python: Callable[..., Any], numpy: Callable[..., Any]) -> Any:
    """The operator, or NumPy's function where `via` says so."""

    def evaluate(*values: Any, via: str | None = None) -> Any:
        return (numpy if via == "np" else python)(*values)

    return evaluate


add = define(
    Primitive(
        "add",
        operator_types("add", operator.add),
        spelling.infix("+", SUM, "add"),
        _either(operator.add, np.add),
        raises=broadcasting,
        computes=operator_computes("add"),
        elementwise=True,
        operator=True,
        partials=(lambda a, b, y, **_: 1, lambda a, b, y, **_: 1),
        domain=REAL,
    )
)

subtract = define(
    Primitive(
        "subtract",
        operator_types("subtract", operator.sub),
        spelling.infix("-", SUM, "subtract"),
        _either(operator.sub, np.subtract),
        raises=broadcasting,
        computes=operator_computes("subtract"),
        elementwise=True,
        operator=True,
        partials=(lambda a, b, y, **_: 1, lambda a, b, y, **_: -1),
        domain=REAL,
    )
)

multiply = define(
    Primitive(
        "multiply",
        operator_types("multiply", operator.mul),
        spelling.infix("*", PRODUCT, "multiply"),
        _either(operator.mul, np.multiply),
        raises=broadcasting,
        computes=operator_computes("multiply"),
        elementwise=True,
        operator=True,
        partials=(lambda a, b, y, **_: b, lambda a, b, y, **_: a),
        domain=REAL,
    )
)


# --- Division ---------------------------------------------------------------------


def _divided(a: Expr, b: Expr) -> bool:
    """Whether the primal raised if b was zero, or b is NumPy's: plain division of what
    is Python's on every path. Of another numerator it gave an infinity on some."""
    return isinstance(a.type, Scalar) and a.type.kind == "python" and is_python(b.type)


def _by_denominator(a: Expr, b: Expr, y: Expr, safe: bool) -> Factor:
    """``-y / b``; of a reciprocal it takes no second division."""
    return -(y * y) if known_number(a) == 1 else ratio(-y, b, safe=safe)


divide = define(
    Primitive(
        "divide",
        operator_types("divide", operator.truediv),
        spelling.infix("/", PRODUCT, "divide"),
        _either(operator.truediv, np.divide),
        raises=division,
        computes=operator_computes("divide"),
        elementwise=True,
        operator=True,
        partials=(
            lambda a, b, y, via=None: ratio(1, b, safe=via is None and _divided(a, b)),
            lambda a, b, y, via=None: _by_denominator(
                *(a, b, y, via is None and _divided(a, b))
            ),
        ),
        domain=("real", "nonzero"),
    )
)


def _ieee_types(types: Types, params: Params) -> Types:
    if params.get("safe"):
        return operator_types("divide", operator.truediv)(types, {})
    return ufunc_types("divide")(types, params)


def _ieee_evaluate(a: Any, b: Any, safe: bool = False) -> Any:
    return a / b if safe else np.divide(a, b)


def _ieee_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    if let.param("safe") or not all(is_python(a.type) for a in let.operands):
        return spelling.infix("/", PRODUCT, "divide")(let, pieces)
    return spelling.called("np.divide", *spelling.texts(pieces))


def _also(safe: bool, b: Expr) -> bool:
    return safe and is_python(b.type)


# The derivative's division. With `safe` the primal has shown that b is not zero, so
# that Python's own division does; it is stated pure, being run after the primal.
ieee_divide = define(
    Primitive(
        "ieee_divide",
        _ieee_types,
        _ieee_spell,
        _ieee_evaluate,
        raises=broadcasting,
        computes=operator_computes("divide"),
        elementwise=True,
        partials=(
            lambda a, b, y, safe=False: ratio(1, b, safe=_also(safe, b)),
            lambda a, b, y, safe=False: _by_denominator(a, b, y, _also(safe, b)),
        ),
        domain=("real", "nonzero"),
    )
)

floor_divide = define(
    Primitive(
        "floor_divide",
        operator_types("floor_divide", operator.floordiv),
        spelling.infix("//", PRODUCT, "floor_divide"),
        _either(operator.floordiv, np.floor_divide),
        raises=division,
        computes=operator_computes("floor_divide"),
        elementwise=True,
        operator=True,
        partials=(None, None),
        domain=("far", "period"),
    )
)


def _whole_quotient(a: Expr, b: Expr, y: Expr, via: str | None = None) -> Factor:
    """``-(a // b)``, by NumPy's function where Python's operator might raise before the
    remainder does, with another message."""
    if is_python(a.type) and is_python(b.type) and not known_number(b):
        via = "np"
    return -a.call("floor_divide", b, **({} if via is None else {"via": via}))


remainder = define(
    Primitive(
        "remainder",
        operator_types("remainder", operator.mod),
        spelling.infix("%", PRODUCT, "remainder"),
        _either(operator.mod, np.remainder),
        raises=division,
        computes=operator_computes("remainder"),
        elementwise=True,
        operator=True,
        partials=(lambda a, b, y, **_: 1, _whole_quotient),
        domain=("far", "period"),
    )
)


def _fmod_types(types: Types, params: Params) -> Types:
    if params.get("via") == "math":
        return math_types("fmod", types)
    return ufunc_types("fmod")(types, params)


fmod = define(
    Primitive(
        "fmod",
        _fmod_types,
        spelling.function("fmod"),
        lambda a, b, via="np": (math.fmod if via == "math" else np.fmod)(a, b),
        raises=of_math("fmod", poles=False),
        computes=lambda types, params: (
            math_computes(types, params)
            if params.get("via") == "math"
            else ufunc_computes("fmod")(types, params)
        ),
        elementwise=True,
        partials=(
            lambda a, b, y, **_: 1,
            lambda a, b, y, via="np": ratio(y - a, b, safe=via == "math"),
        ),
        domain=("far", "period"),
    )
)

# --- Powers -----------------------------------------------------------------------


def _raised(x: Expr, exponent: Factor) -> Expr:
    """``x ** exponent`` that gives inf where Python numbers would raise."""
    via = {"via": "np"} if is_python(x.type) else {}
    return x.call("power", exponent, **via)


def _by_base(x: Expr, p: Expr, y: Expr, via: str | None = None) -> Factor:
    """``p * x ** (p - 1)``, which is 0 at p = 0 even for x = 0."""
    n = known_number(p)
    if n is None:
        return p * _raised(x, _lowered(x, p))
    if n == 0:
        return 0.0
    if n == 1:
        return 1
    if n == 2:
        return p * x
    if n == 0.5:
        return ratio(0.5, y)
    if n > 1:
        return p * x.call("power", n - 1)
    return p * _raised(x, n - 1)


def _lowered(x: Expr, p: Expr) -> Expr:
    """``p - 1``, except where both are zero and the factor p alone decides."""
    mask = p.call("equal", 0)
    if isinstance(p.type, Scalar) and p.type.dtype == "int64":
        return select(mask, 1, p - 1)
    return select(x.call("equal", 0).call("logical_and", mask), 1.0, p - 1)


def _by_exponent(x: Expr, p: Expr, y: Expr, via: str | None = None) -> Factor:
    """``y * log(x)``, which is 0 at x = 0 for every exponent not negative."""
    base = known_number(x)
    if base is not None and base > 0:
        return y * x.call("log", via="math" if is_python(x.type) else "np")
    origin = x.call("equal", 0).call("logical_and", p.call("greater_equal", 0))
    return y * select(origin, 1.0, x).call("log")


def _pole(a: Expr, b: Expr) -> Expr:
    """Zero to a negative power, which is infinite to that of -inf."""
    pole = both(a.call("equal", 0), b.call("less", 0))
    whole = getattr(b.type, "dtype", "") != "float64"
    return pole if whole else both(pole, b.call("isfinite"))


def _infinite_power(a: Expr, b: Expr) -> Expr:
    a, b = float_of(a), float_of(b)
    return made_infinite(a.call("power", b, via="np"), a, b)


def _outside(a: Expr, b: Expr) -> Expr:
    """What `math.pow` calls outside of its domain."""
    return either(_pole(a, b), fractional_power(a, b))


def _power_cost(let: Let) -> float:
    """A small whole power is a few products."""
    match let.operands[1]:
        case Const(int() | float() as n) if n == 0.5 or (n % 1 == 0 and abs(n) <= 4):
            return 0.0
        case _:
            return INTRICATE


def _power_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    if params.get("via") == "math":
        return (
            Raises("ValueError", _outside),
            Raises("OverflowError", _infinite_power),
        )
    whole = np.dtype(result_dtype(*leaves("power", types))).kind in "iu"
    if params.get("via") == "np" or not all(map(is_python, types)):
        found = broadcasting(types, params)
        return (*found, *integer_power(types)) if whole else found
    kind = kind_of(types)
    zero = Raises("ZeroDivisionError", _pole, kind)
    if whole:
        return (zero,) if kind is None else (zero, *integer_power(types))
    return (zero, Raises("OverflowError", _infinite_power, kind))


def _power_evaluate(a: Any, b: Any, via: str | None = None) -> Any:
    if via == "math":
        return math.pow(a, b)
    return np.power(a, b) if via == "np" else a**b


power = define(
    Primitive(
        "power",
        operator_types("power", operator.pow),
        spelling.power,
        _power_evaluate,
        raises=_power_raises,
        computes=operator_computes("power"),
        elementwise=True,
        partials=(_by_base, _by_exponent),
        cost=_power_cost,
        domain=("positive", "real"),
    )
)

# --- One operand ------------------------------------------------------------------

negative = define(
    Primitive(
        "negative",
        operator_types("negative", operator.neg),
        spelling.prefix("-", "negative"),
        _either(operator.neg, np.negative),
        computes=operator_computes("negative"),
        elementwise=True,
        operator=True,
        partials=(lambda a, y, **_: -1,),
        domain=("real",),
    )
)

positive = define(
    Primitive(
        "positive",
        operator_types("positive", operator.pos),
        spelling.prefix("+", "positive"),
        _either(operator.pos, np.positive),
        computes=operator_computes("positive"),
        elementwise=True,
        operator=True,
        partials=(lambda a, y, **_: 1,),
        domain=("real",),
    )
)


def _absolute_evaluate(a: Any, via: str | None = None) -> Any:
    if via == "math":
        return math.fabs(a)
    return np.absolute(a) if via == "np" else abs(a)


absolute = define(
    Primitive(
        "absolute",
        operator_types("absolute", abs),
        spelling.absolute,
        _absolute_evaluate,
        computes=operator_computes("absolute"),
        elementwise=True,
        operator=True,
        partials=(lambda a, y, **_: a.call("sign"),),
        domain=("kinked",),
    )
)

square = define(
    Primitive(
        "square",
        ufunc_types("square"),
        spelling.function("square"),
        lambda a, via="np": np.square(a),
        computes=ufunc_computes("square"),
        elementwise=True,
        partials=(lambda a, y, **_: 2 * a,),
        domain=("real",),
    )
)
