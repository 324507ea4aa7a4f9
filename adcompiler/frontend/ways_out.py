"""What is done on every way out of a block, as `finally` says.

In: the statements of a block, and those that are last. Out: the block, with a copy of
what is last before each `return`, `break` and `continue` that leads out of it, and
before each `raise` and `assert` that fails, if errors are said to be a way out.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Closing", "leaves"]


def leaves(node: ast.AST, outside: bool = True) -> bool:
    """Whether control leaves a statement, by an error that it raises too; `outside` of
    the loops in it.

    >>> [leaves(ast.parse(t).body[0]) for t in ("raise e", "while a: break", "f(x)")]
    [True, False, False]
    """
    if isinstance(node, ast.Break | ast.Continue):
        return outside
    if isinstance(node, ast.Return | ast.Raise):
        return True
    return any(
        leaves(child, outside and not _in_loop(node, child))
        for child in ast.iter_child_nodes(node)
        if not isinstance(child, ast.FunctionDef | ast.Lambda)
    )


def _in_loop(node: ast.AST, child: ast.AST) -> bool:
    """Whether a `break` in a part of this statement belongs to the statement."""
    return isinstance(node, ast.For | ast.While) and child not in node.orelse


@dataclass(frozen=True, slots=True)
class Closing:
    """What is last, and what gives the value of a `return` a name before.

    >>> tree = ast.parse("while a:\\n if b: break\\n if c: return")
    >>> last = Closing(ast.parse("f(x)").body, lambda stmt, value: stmt)
    >>> tree.body = last.block(tree.body, outside=True)
    >>> print(ast.unparse(tree))
    while a:
        if b:
            break
        if c:
            f(x)
            return
    """

    final: list[ast.stmt]
    kept: Callable[[ast.Return, ast.expr], ast.stmt]
    errors: bool = False

    def block(self, stmts: list[ast.stmt], *, outside: bool) -> list[ast.stmt]:
        """Statements, `outside` of the loops in the block."""
        return [new for stmt in stmts for new in self.statement(stmt, outside=outside)]

    def statement(self, stmt: ast.stmt, *, outside: bool) -> list[ast.stmt]:
        """A statement, with what is last before each exit in it."""
        match stmt:
            case ast.Return(value=value):
                first = [] if value is None else [self.kept(stmt, value)]
                return [*first, *copy.deepcopy(self.final), stmt]
            case ast.Break() | ast.Continue() if outside:
                return [*copy.deepcopy(self.final), stmt]
            case ast.Raise() if self.errors and not _binds(self.final, stmt):
                return [*copy.deepcopy(self.final), stmt]
            case ast.Assert() if self.errors and not _binds(self.final, stmt):
                failed = copy.deepcopy(stmt)
                failed.test = ast.copy_location(ast.Constant(False), stmt.test)
                test = ast.copy_location(ast.UnaryOp(ast.Not(), stmt.test), stmt.test)
                arm = [*copy.deepcopy(self.final), failed]
                return [ast.copy_location(ast.If(test, arm, []), stmt)]
            case ast.With():
                stmt.body = self.block(stmt.body, outside=outside)
            case ast.If() | ast.For() | ast.While():
                inside = outside and isinstance(stmt, ast.If)
                stmt.body = self.block(stmt.body, outside=inside)
                stmt.orelse = self.block(stmt.orelse, outside=outside)
            case _:
                pass
        return [stmt]


def _binds(final: list[ast.stmt], stmt: ast.Raise | ast.Assert) -> bool:
    """Whether what is last assigns a name of which the error is made."""
    names = [n for last in final for n in ast.walk(last) if isinstance(n, ast.Name)]
    bound = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    return any(isinstance(n, ast.Name) and n.id in bound for n in ast.walk(stmt))
