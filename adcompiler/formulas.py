"""Functions of numbers from formulas: `elementwise`.

In: a name and a formula. Out: a callable that computes it by NumPy, and whose partial
derivatives SymPy finds when they are first asked for.
Invariant: a formula is a Python expression of its arguments, numbers and known
functions; nothing else is evaluated.
"""

from __future__ import annotations

import ast
import difflib
import functools
import linecache
import re
from types import FunctionType
from typing import Any

import numpy as np

from adcompiler.frontend.interface import FormulaRule

__all__ = ["Elementwise", "elementwise"]


class Elementwise:
    """A function that applies a formula to numbers, or to arrays by elements.

    >>> square_sum = Elementwise("square_sum", "x**2 + y**2")
    >>> square_sum(3.0, 4.0), square_sum.arguments
    (25.0, ('x', 'y'))
    """

    __name__: str

    def __init__(self, name: str, formula: str) -> None:
        self.__name__, self.arguments = _named(name, formula)
        self.__qualname__ = self.__name__
        self.formula = formula
        self._given = name
        tree = _checked(formula, self.arguments)
        self.__doc__ = f"{self.__name__}({', '.join(self.arguments)}) = {formula}"
        self._function = _defined(
            self.__name__, self.arguments, _numpy(tree, self.arguments)
        )

    @property
    def __adcompiler_rule__(self) -> FormulaRule:
        return self._rule

    @functools.cached_property
    def _rule(self) -> FormulaRule:
        return FormulaRule(self._function, self._partial)

    @property
    def __wrapped__(self) -> FunctionType:
        return self._function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    @functools.cache  # noqa: B019  (as long as the formula, of which there are few)
    def partial(self, argument: str) -> str:
        """The partial derivative by an argument, as NumPy source.

        >>> Elementwise("softplus", "log(1 + exp(x))").partial("x")
        '1 / (1 + np.exp(-x))'
        """
        from adcompiler.symbolic.partials import partial

        if argument not in self.arguments:
            known = ", ".join(self.arguments)
            raise ValueError(f"{argument!r} is no argument of {self.__name__}({known})")
        k = self.arguments.index(argument)
        return partial(self.formula, self.arguments, k)

    @functools.cache  # noqa: B019
    def _partial(self, k: int) -> FunctionType:
        argument = self.arguments[k]
        name = f"{self.__name__}_by_{argument}"
        return _defined(name, self.arguments, self.partial(argument))

    def __repr__(self) -> str:
        return f"<elementwise {self.__doc__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return elementwise, (self._given, self.formula)


def elementwise(name: str, formula: str) -> Elementwise:
    """A function from a formula; SymPy derives and simplifies its partial derivatives.

    Its arguments are the names in the formula, in the order in which they come; another
    order is stated with the name: ``elementwise("power(x, n)", "exp(n * log(x))")``.

    >>> softplus = elementwise("softplus", "log(1 + exp(x))")
    >>> softplus(0.0)
    np.float64(0.6931471805599453)
    """
    return Elementwise(name, formula)


# --- Formulas ---------------------------------------------------------------------


def _named(name: str, formula: str) -> tuple[str, tuple[str, ...]]:
    """The name and the arguments."""
    from adcompiler.symbolic.partials import CONSTANTS, FUNCTIONS

    match = re.fullmatch(r"\s*(\w+)\s*(?:\(([\w\s,]*)\))?\s*", name)
    if match is None or not match[1].isidentifier():
        raise ValueError(f"{name!r} is no name of a function, as 'f' or 'f(x, y)' is")
    if match[2] is not None:
        return match[1], tuple(a.strip() for a in match[2].split(",") if a.strip())
    words = re.findall(r"(?<![\w.])[^\W\d]\w*", formula)
    known = (*FUNCTIONS, *CONSTANTS)
    called = set(re.findall(r"([^\W\d]\w*)\s*\(", formula))
    found = (w for w in words if w not in known and w not in called)
    return match[1], tuple(dict.fromkeys(found))


_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)


def _checked(formula: str, arguments: tuple[str, ...]) -> ast.expr:
    """The formula as a tree; a ValueError for what it cannot hold."""
    from adcompiler.symbolic.partials import CONSTANTS, FUNCTIONS

    try:
        tree = ast.parse(formula.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"{formula!r} is no formula: {error.msg}") from None

    def fail(node: ast.expr, why: str) -> ValueError:
        return ValueError(f"{ast.unparse(node)!r} in {formula!r}: {why}")

    def visit(node: ast.expr) -> None:
        match node:
            case ast.Constant(value=int() | float() as value) if (
                type(value) is not bool
            ):
                return
            case ast.Name(id=name) if name in arguments or name in CONSTANTS:
                return
            case ast.Name(id=name):
                raise fail(node, f"this is no argument; they are {arguments}")
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=x):
                visit(x)
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _OPERATORS):
                visit(left)
                visit(right)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                if name not in FUNCTIONS:
                    near = difflib.get_close_matches(name, FUNCTIONS, 1)
                    hint = f"; did you mean {near[0]}?" if near else "."
                    known = ", ".join(FUNCTIONS)
                    raise fail(node, f"{name} is not known{hint} Known are {known}")
                if len(args) != 1 + (name in ("maximum", "minimum")):
                    raise fail(node, f"{name} takes another number of arguments")
                for arg in args:
                    visit(arg)
            case _:
                raise fail(node, "a formula holds numbers, names, + - * / ** and calls")

    visit(tree)
    return tree


def _numpy(tree: ast.expr, arguments: tuple[str, ...]) -> str:
    """The formula as NumPy source."""
    from adcompiler.symbolic.partials import CONSTANTS, FUNCTIONS

    class Spelled(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            known = {**CONSTANTS, **FUNCTIONS}
            if node.id in arguments or node.id not in known:
                return node
            return ast.parse(known[node.id], mode="eval").body

    return ast.unparse(Spelled().visit(tree))


def _defined(name: str, arguments: tuple[str, ...], text: str) -> FunctionType:
    """A function of this text, which tracebacks and the compiler find."""
    source = f"def {name}({', '.join(arguments)}):\n    return {text}\n"
    filename = f"<formula {name}: {text}>"
    scope: dict[str, Any] = {"np": np, "__name__": "adcompiler.formula"}
    if "special." in text:
        from scipy import special

        scope["special"] = special
    exec(compile(source, filename, "exec"), scope)
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    found = scope[name]
    assert isinstance(found, FunctionType)
    return found
