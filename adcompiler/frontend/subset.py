"""The gatekeeper: which syntax is accepted, said in one table.

In: a captured function. Out: nothing, or an `UnsupportedError` at the first construct
that is refused.
Invariant: a node class that no row names is refused, so that syntax of a later Python
cannot slip through. What depends on types and values is refused while lowering, through
`refuse`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NoReturn

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.interface import Captured

__all__ = ["ACCEPTED", "REFUSED", "check", "refuse"]


def refuse(captured: Captured, node: ast.AST, message: str, hint: str) -> NoReturn:
    """Refuse the program at a node of its tree, and say what to write instead."""
    raise UnsupportedError(message, span=captured.span(node), hint=hint)


def refuse_syntax(captured: Captured, node: ast.AST) -> NoReturn:
    """Refuse a node of a kind that no table names."""
    what = f"this syntax ({type(node).__name__}) is not supported"
    refuse(captured, node, what, "do it outside of what is differentiated")


ACCEPTED: tuple[type[ast.AST], ...] = (
    # statements
    *(ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Pass),
    *(ast.If, ast.For, ast.While, ast.Break, ast.Continue, ast.Return),
    *(ast.Assert, ast.Raise, ast.FunctionDef, ast.With, ast.Delete),
    ast.Nonlocal,
    # written out by `shorthand`, but for a match with a pattern that is refused
    *(
        ast.Import,
        ast.ImportFrom,
        ast.Match,
        ast.match_case,
        ast.MatchAs,
        ast.MatchClass,
        ast.MatchOr,
    ),
    *(ast.MatchSequence, ast.MatchSingleton, ast.MatchStar, ast.MatchValue),
    # expressions
    *(
        ast.Name,
        ast.NamedExpr,
        ast.Constant,
        ast.Tuple,
        ast.List,
        ast.Attribute,
        ast.Subscript,
    ),
    *(
        ast.Starred,
        ast.Slice,
        ast.Call,
        ast.Lambda,
        ast.IfExp,
        ast.JoinedStr,
        ast.FormattedValue,
    ),
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare),
    *(ast.ListComp, ast.GeneratorExp, ast.comprehension, ast.Dict, ast.DictComp),
    # operators
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow),
    *(ast.MatMult, ast.BitAnd, ast.BitOr, ast.BitXor),
    *(ast.LShift, ast.RShift),
    *(ast.UAdd, ast.USub, ast.Not, ast.Invert, ast.And, ast.Or),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot),
    *(ast.In, ast.NotIn),
    # parts
    *(ast.Load, ast.Store, ast.Del, ast.keyword, ast.arguments, ast.arg, ast.withitem),
)

_LOOP = "write a for loop that adds up, or stores into an array"
_TEST = "test beforehand what would raise"
OUTSIDE = "open resources outside, and pass what is read from them"
WITH = "'with' is supported for ad.no_grad(), np.errstate() and objects", OUTSIDE
_PASS_IN = "pass the value as an argument and return it"

REFUSED: dict[type[ast.AST], tuple[str, str]] = {
    ast.Try: ("'try' is not supported, but for 'finally' alone", _TEST),
    ast.TryStar: ("'try' is not supported", _TEST),
    ast.AsyncFor: ("'async for' is not supported", "write it with for"),
    ast.AsyncWith: ("'async with' is not supported", OUTSIDE),
    ast.AsyncFunctionDef: ("async functions are not supported", "write it with def"),
    ast.Await: ("'await' is not supported", "await it outside, pass the result"),
    ast.Yield: (
        "'yield' is not supported",
        "append the values to a list, and return np.array(values)",
    ),
    ast.YieldFrom: (
        "'yield' is not supported",
        "append the values to a list, and return np.array(values)",
    ),
    ast.Global: ("'global' is not supported", _PASS_IN),
    ast.ClassDef: ("a class cannot be defined here", "define it outside"),
    ast.MatchMapping: ("a pattern of a dict is not supported", "write if and elif"),
    ast.Set: ("sets are not supported", "compare with each value: a == 1 or a == 2"),
    ast.SetComp: ("a set comprehension is not supported", _LOOP),
}


def check(captured: Captured) -> None:
    """Refuse the function if any part of it is outside the language."""
    _Checker(captured).function(captured.node)


class _Checker:
    """One walk over a function, nested functions included."""

    def __init__(self, captured: Captured) -> None:
        self.captured = captured
        self.indices: set[ast.AST] = set()  # what stands in tuples of indices

    def function(self, node: ast.FunctionDef | ast.Lambda) -> None:
        """A function's body; what stands outside it runs before it."""
        for part in [node.body] if isinstance(node, ast.Lambda) else node.body:
            self.visit(part)

    def refuse(self, node: ast.AST, message: str, hint: str) -> NoReturn:
        refuse(self.captured, node, message, hint)

    def visit(self, node: ast.AST, parent: ast.AST | None = None) -> None:
        """Accept or refuse a node, then what it holds."""
        kind = type(node)
        if kind in REFUSED:
            # Operators have no position of their own.
            place = node if hasattr(node, "lineno") else parent
            self.refuse(place or node, *REFUSED[kind])
        if kind not in ACCEPTED:
            refuse_syntax(self.captured, node)
        special = _SPECIAL.get(kind)
        if special is not None:
            special(self, node, parent)
        for child in self.children(node):
            self.visit(child, node)

    def children(self, node: ast.AST) -> list[ast.AST]:
        """What of a node runs where it stands; annotations do not."""
        match node:
            case ast.FunctionDef(args=args) | ast.Lambda(args=args):
                defaults = (*args.defaults, *args.kw_defaults)
                return [default for default in defaults if default is not None]
            case ast.AnnAssign(target=target, value=value):
                return [target] if value is None else [target, value]
            case _:
                return list(ast.iter_child_nodes(node))

    def nested(self, node: ast.AST, parent: ast.AST | None) -> None:
        assert isinstance(node, ast.FunctionDef | ast.Lambda)
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            self.refuse(
                node.decorator_list[0],
                f"this decorator refers to '{node.name}', which it is to make",
                "give the function another name",
            )
        self.function(node)

    def constant(self, node: ast.AST, parent: ast.AST | None) -> None:
        assert isinstance(node, ast.Constant)
        if isinstance(node.value, complex):
            self.refuse(
                node, "complex numbers are not supported", "use two real numbers"
            )
        if isinstance(node.value, bytes):
            self.refuse(node, "bytes are not supported", "use a str")

    def delete(self, node: ast.AST, parent: ast.AST | None) -> None:
        assert isinstance(node, ast.Delete)
        for target in node.targets:
            if not isinstance(target, ast.Name):
                hint = "write xs.pop(k) of a list or dict, np.delete(x, k) of an array"
                self.refuse(target, "'del' takes a name or an item here", hint)

    def subscript(self, node: ast.AST, parent: ast.AST | None) -> None:
        assert isinstance(node, ast.Subscript)
        if isinstance(node.slice, ast.Tuple):
            self.indices.update(node.slice.elts)

    def with_statement(self, node: ast.AST, parent: ast.AST | None) -> None:
        assert isinstance(node, ast.With)
        for item in node.items:
            callee = item.context_expr
            call = callee.func if isinstance(callee, ast.Call) else None
            name = getattr(call, "attr", None) or getattr(call, "id", None)
            known = name in ("no_grad", "errstate")
            if not known or item.optional_vars is not None:
                self.refuse(callee, *WITH)

    def raise_statement(self, node: ast.AST, parent: ast.AST | None) -> None:
        assert isinstance(node, ast.Raise)
        alone = isinstance(node.cause, ast.Constant) and node.cause.value is None
        if node.exc is None or not (node.cause is None or alone):
            self.refuse(
                node,
                "only 'raise SomeError(...)' is supported",
                "name the exception, and leave 'from' away, or write 'from None'",
            )


_SPECIAL: dict[type[ast.AST], Callable[[_Checker, ast.AST, ast.AST | None], None]] = {
    ast.FunctionDef: _Checker.nested,
    ast.Lambda: _Checker.nested,
    ast.Constant: _Checker.constant,
    ast.Subscript: _Checker.subscript,
    ast.With: _Checker.with_statement,
    ast.Raise: _Checker.raise_statement,
    ast.Delete: _Checker.delete,
}
