"""SymPy's expressions as NumPy source.

In: an expression of SymPy's. Out: its text, with functions as `FUNCTIONS` spells them;
None where there is none, as of an expression that tells cases apart.
Invariants: the text has the expression's meaning for real arguments. SymPy is imported
with this module, which is imported only where something is printed.

>>> import sympy
>>> x = sympy.Symbol("x", real=True)
>>> printed(sympy.exp(x) / (2 * sympy.sqrt(x)))
'0.5 * np.exp(x) / np.sqrt(x)'
"""

from __future__ import annotations

import ast
from typing import Any

import sympy
from sympy.printing.codeprinter import PrintMethodNotImplementedError
from sympy.printing.pycode import PythonCodePrinter

from adcompiler.symbolic.partials import FUNCTIONS

# SymPy's names, where they are not those of `FUNCTIONS`.
SPELLED = {
    "exp": "exp",
    "log": "log",
    "Abs": "abs",
    "Cbrt": "cbrt",
    **{n.replace("arc", "a"): n for n in FUNCTIONS if n.startswith("arc")},
}


def printed(form: Any) -> str | None:
    """The expression as NumPy source; None if there is none."""
    try:
        text = Printer({"strict": True}).doprint(form)
    except (PrintMethodNotImplementedError, NotImplementedError):
        return None
    if " if " in text:
        return None  # SymPy has told cases apart
    return ast.unparse(ast.parse(text, mode="eval"))


class Printer(PythonCodePrinter):  # type: ignore[misc]
    """Prints functions as they are spelled here."""

    def _print_Function(self, expr: Any) -> Any:
        name = type(expr).__name__
        spelled = FUNCTIONS.get(SPELLED.get(name, name))
        if spelled is None:
            return super()._print_Function(expr)
        return f"{spelled}({', '.join(map(self._print, expr.args))})"

    def _print_Pow(self, expr: Any, **_: Any) -> Any:
        base, power = expr.as_base_exp()
        if power == sympy.S.Half:
            return f"np.sqrt({self._print(base)})"
        if power.is_number and power.is_negative:
            return f"1 / ({self._print(base**-power)})"
        return str(super()._print_Pow(expr, rational=True))

    def _print_Rational(self, expr: Any) -> str:
        # What a float holds exactly is written as one.
        if expr.q & (expr.q - 1) == 0:
            return repr(float(expr))
        return f"{expr.p} / {expr.q}"

    def _print_Heaviside(self, expr: Any) -> str:
        return f"np.heaviside({self._print(expr.args[0])}, 0.5)"

    def _print_Max(self, expr: Any) -> str:
        return self._chosen("maximum", expr.args)

    def _print_Min(self, expr: Any) -> str:
        return self._chosen("minimum", expr.args)

    def _chosen(self, name: str, args: Any) -> str:
        first, *rest = args
        text = str(self._print(first))
        return f"np.{name}({text}, {self._chosen(name, rest)})" if rest else text

    def _print_Pi(self, expr: Any) -> str:
        return "np.pi"

    def _print_Exp1(self, expr: Any) -> str:
        return "np.e"


for _name in (*SPELLED, *FUNCTIONS, "sign"):
    setattr(Printer, f"_print_{_name}", Printer._print_Function)
