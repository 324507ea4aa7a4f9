"""Partial derivatives of formulas, as NumPy source that keeps its digits.

In: a formula in Python's syntax, with functions by their names in `FUNCTIONS`, and its
arguments. Out: the text of a partial derivative.
Invariants: arguments are real. Of the forms that SymPy finds, that one is taken that
loses the fewest digits over a range of arguments, and of those the shortest: a form
that overflows where another does not is no simplification.

>>> partial("log(1 + exp(x))", ("x",), 0)
'1 / (1 + np.exp(-x))'
>>> partial("x * y ** 2", ("x", "y"), 1)
'2 * x * y'
"""

from __future__ import annotations

import ast
import itertools
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

__all__ = ["CONSTANTS", "FUNCTIONS", "partial"]

# How a function is written; SymPy has them under the same names or those below.
FUNCTIONS = {
    **{
        name: f"np.{name}"
        for name in (
            *("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt"),
            *("sin", "cos", "tan", "sinh", "cosh", "tanh"),
            *("arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh"),
            *("abs", "sign", "maximum", "minimum"),
        )
    },
    "erf": "special.erf",
    "erfc": "special.erfc",
}
CONSTANTS = {"pi": "np.pi", "e": "np.e"}

_POINTS = (-700.0, -40.0, -3.0, -0.7, -1e-9, 1e-9, 0.3, 0.9, 2.0, 30.0, 800.0)
_MOST_POINTS = 60


def partial(formula: str, arguments: tuple[str, ...], k: int) -> str:
    """The text of the partial derivative by argument k."""
    import sympy

    from adcompiler.symbolic.printing import printed

    symbols = {name: sympy.Symbol(name, real=True) for name in arguments}
    whole = _symbolic(ast.parse(formula, mode="eval").body, symbols)
    wanted = _regular(sympy.diff(whole, symbols[arguments[k]]))
    best: tuple[tuple[int, ...], str] | None = None
    reference = _Reference(wanted, tuple(symbols.values()))
    for form in dict.fromkeys(_forms(wanted)):
        text = printed(_regular(form))
        if text is None:
            continue
        score = (*reference.lost(text), int(sympy.count_ops(form)), len(text))
        if best is None or score < best[0]:
            best = score, text
    if best is None:
        raise ValueError(f"no partial derivative of {formula!r} by {arguments[k]}")
    return best[1]


# --- From Python to SymPy ---------------------------------------------------------


def _symbolic(node: ast.expr, symbols: dict[str, Any]) -> Any:
    """The expression in SymPy's terms; what it consists of has been checked."""
    import sympy

    match node:
        case ast.Constant(value=int() | float() as value):
            return sympy.nsimplify(value, rational=True)
        case ast.Name(id=name):
            known = {"pi": sympy.pi, "e": sympy.E}
            return symbols[name] if name in symbols else known[name]
        case ast.UnaryOp(op=ast.USub(), operand=x):
            return -_symbolic(x, symbols)
        case ast.UnaryOp(operand=x):
            return _symbolic(x, symbols)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _symbolic(left, symbols), _symbolic(right, symbols)
            return _OPERATORS[type(op)](a, b)
        case ast.Call(func=ast.Name(id=name), args=args):
            function = _functions()[name]
            return function(*(_symbolic(a, symbols) for a in args))
        case _:
            raise ValueError(f"{ast.unparse(node)} is no part of a formula")


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


def _functions() -> dict[str, Any]:
    import sympy
    from sympy.codegen import cfunctions

    named = {
        name: getattr(sympy, name.replace("arc", "a"))
        for name in FUNCTIONS
        if hasattr(sympy, name.replace("arc", "a"))
    }
    return named | {
        "abs": sympy.Abs,
        "maximum": sympy.Max,
        "minimum": sympy.Min,
        "expm1": cfunctions.expm1,
        "log1p": cfunctions.log1p,
        "log2": cfunctions.log2,
        "log10": cfunctions.log10,
        "cbrt": cfunctions.Cbrt,
    }


# --- Forms ------------------------------------------------------------------------


def _regular(form: Any) -> Any:
    """The form without what is zero almost everywhere."""
    import sympy

    return form.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))


def _forms(wanted: Any) -> Iterator[Any]:
    """Ways to write an expression."""
    import sympy

    plain = (wanted, sympy.simplify(wanted), sympy.factor(wanted))
    for form in (*plain, sympy.together(wanted), sympy.powsimp(wanted)):
        yield form
        above, below = sympy.fraction(sympy.together(form))
        for power in below.atoms(sympy.exp):
            # Divided through by an exponential, which then may not overflow.
            reduced = (sympy.expand(part / power) for part in (above, below))
            up, down = (sympy.powsimp(part) for part in reduced)
            yield up / down


def _expanded(form: Any) -> Any:
    """The form in functions that are known to any precision."""
    from sympy import Rational, exp, log
    from sympy.codegen import cfunctions

    for function, meaning in (
        (cfunctions.expm1, lambda x: exp(x) - 1),
        (cfunctions.log1p, lambda x: log(1 + x)),
        (cfunctions.log2, lambda x: log(x) / log(2)),
        (cfunctions.log10, lambda x: log(x) / log(10)),
        (cfunctions.Cbrt, lambda x: x ** Rational(1, 3)),
    ):
        form = form.replace(function, meaning)
    return form


# --- Digits -----------------------------------------------------------------------


class _Reference:
    """Values of an expression in many digits, to which those of texts are compared."""

    def __init__(self, wanted: Any, symbols: tuple[Any, ...]) -> None:
        import mpmath
        import sympy

        self.names = tuple(str(s) for s in symbols)
        compute = sympy.lambdify(symbols, _expanded(wanted), "mpmath")
        points = list(itertools.product(_POINTS, repeat=len(symbols)))
        random.Random(0).shuffle(points)
        self.known: list[tuple[tuple[float, ...], float]] = []
        for point in points[:_MOST_POINTS]:
            try:
                with mpmath.workdps(100):
                    value = complex(compute(*map(mpmath.mpf, point)))
            except (TypeError, ValueError, ArithmeticError):
                continue
            if value.imag == 0 and math.isfinite(value.real):
                self.known.append((point, value.real))

    def lost(self, text: str) -> tuple[int, int]:
        """How many digits a text loses at worst, more where it gives no number; and at
        how many zeros and ones it gives none."""
        from scipy import special

        code = compile(text, "<formula>", "eval")
        scope = {"np": np, "special": special}
        worst, singular = 0.0, 0
        with np.errstate(all="ignore"):
            for point, value in self.known:
                given = map(np.float64, point)
                found = eval(code, scope, dict(zip(self.names, given, strict=True)))
                error = abs(float(found) - value) / max(abs(value), 1e-290)
                worst = max(worst, error if math.isfinite(error) else 1e30)
            for point in itertools.product((0.0, 1.0, 2.0), repeat=len(self.names)):
                given = map(np.float64, point)
                found = eval(code, scope, dict(zip(self.names, given, strict=True)))
                singular += not math.isfinite(float(found))
        return max(0, round(math.log10(max(worst, 1e-13)) + 13)), singular
