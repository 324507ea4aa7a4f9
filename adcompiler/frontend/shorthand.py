"""Syntax that stands for other syntax, written out.

In: the tree of a function. Out: a tree that does the same in fewer kinds of node:

    while (v := next(x)) > 0: body      while True: if (v := next(x)) > 0: pass
                                                    else: break
                                                    body
    match s: case (a, 0) if a > 1: b    subject = s; if it is a sequence of two ...: b
    import numpy as np                  np = the module
    @d def f(x): ...                    def f(x): ...; f = d(f)
    try: return x finally: print(x)     result = x; print(x); return result
    with p as v: x = v                  v = entered(p); x = v; left(p)
    k in {1, 2}                         k in (1, 2)
    del xs[k]                           deleted(xs, k)

Invariants: every node keeps the place in the file that it stands for; names that are
made here start with ``$``. What has no such form is left as it is, for `subset` to
refuse.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any

from adcompiler.frontend import patterns, stand_ins, ways_out

FunctionNode = ast.FunctionDef | ast.Lambda


def written_out(node: FunctionNode) -> FunctionNode:
    """The function without shorthand; itself if it has none.

    >>> tree = ast.parse('''
    ... def f(x):
    ...     while (y := x - 1.0) > 0.0:
    ...         x = y / 2.0
    ...     return x
    ... ''').body[0]
    >>> print(ast.unparse(written_out(tree)))
    def f(x):
        while True:
            if (y := (x - 1.0)) > 0.0:
                pass
            else:
                break
            x = y / 2.0
        return x
    """
    if not any(_is_shorthand(n) for n in ast.walk(node) if n is not node):
        return node
    fresh = _Writer().function(copy.deepcopy(node))
    for child in ast.walk(fresh):
        if "lineno" in child._attributes and not hasattr(child, "lineno"):
            ast.copy_location(child, node)
    return fresh


def _is_shorthand(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef):
        return bool(node.decorator_list)
    kinds = ast.NamedExpr | ast.Match | ast.Import | ast.ImportFrom | ast.Set
    kinds |= ast.Try | ast.With | ast.Delete
    return isinstance(node, kinds)


class _Writer(ast.NodeTransformer):
    """One walk over a function."""

    def __init__(self) -> None:
        self.count = 0
        self.blocks = 0
        self.loose: frozenset[str] = frozenset()  # names read outside their cases

    def function(self, node: FunctionNode) -> FunctionNode:
        """The function itself, whose own decorators are not looked at."""
        self.loose = frozenset(patterns.loose_names(node, frozenset()))
        self.generic_visit(node)
        return node

    def name(self, word: str) -> str:
        """A name of our own."""
        self.count += 1
        return f"${word}_{self.count}" if self.count > 1 else f"${word}"

    # --- while

    def visit_While(self, node: ast.While) -> ast.stmt:
        self.generic_visit(node)
        named = any(isinstance(n, ast.NamedExpr) for n in ast.walk(node.test))
        if not named or any(map(_leaves, node.orelse)):
            return node
        ends = [*node.orelse, ast.Break()]
        test = ast.If(node.test, [ast.Pass()], ends)
        _place(test, node.test)
        always = ast.copy_location(ast.Constant(True), node.test)
        return ast.copy_location(ast.While(always, [test, *node.body], []), node)

    # --- in

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        pairs = zip(node.ops, node.comparators, strict=True)
        node.comparators = [
            ast.copy_location(ast.Tuple(right.elts, ast.Load()), right)
            if isinstance(op, ast.In | ast.NotIn) and isinstance(right, ast.Set)
            else right
            for op, right in pairs
        ]
        return node

    # --- def

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        decorators = node.decorator_list
        if not decorators or any(_mentions(d, node.name) for d in decorators):
            return node
        node.decorator_list = []
        value: ast.expr = ast.Name(node.name, ast.Load())
        for decorator in reversed(decorators):
            value = ast.Call(decorator, [value], [])
            _place(value, decorator)
        assign = ast.Assign([ast.Name(node.name, ast.Store())], value)
        return [node, _place(assign, decorators[0])]

    # --- try, with

    def visit_Try(self, node: ast.Try) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        if node.handlers or any(map(ways_out.leaves, node.finalbody)):
            return node
        return self.closed(node.body, node.finalbody, errors=True)

    def closed(
        self, body: list[ast.stmt], final: list[ast.stmt], *, errors: bool = False
    ) -> list[ast.stmt]:
        """The body, with what is to be done last on every way out of it."""
        self.blocks += 1
        first, *_ = final
        start, last, end = (
            _place(ast.Expr(patterns.call(marker, self.blocks, errors)), first)
            for marker in (
                stand_ins.block_begun,
                stand_ins.last_begun,
                stand_ins.last_ended,
            )
        )
        whole = [last, *final, end]
        closing = ways_out.Closing(whole, self.kept, errors)
        return [start, *closing.block(body, outside=True), *whole]

    def kept(self, stmt: ast.Return, value: ast.expr) -> ast.stmt:
        """What a function returns gets a name, for something to be done before."""
        name = self.name("result")
        stmt.value = _place(patterns.read(name)(), stmt)
        return _bound(stmt, name, value)

    def visit_With(self, node: ast.With) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        first, *rest = node.items
        if _is_known(first.context_expr):
            if rest and not all(_is_known(item.context_expr) for item in rest):
                inner = ast.copy_location(ast.With(rest, node.body), node)
                node.items, node.body = [first], _listed(self.visit_With(inner))
            return node
        body = node.body
        if rest:
            body = _listed(
                self.visit_With(ast.copy_location(ast.With(rest, body), node))
            )
        place, manager = first.context_expr, self.name("manager")
        value: ast.stmt = ast.Expr(
            patterns.call(stand_ins.entered, patterns.read(manager)())
        )
        if first.optional_vars is not None:
            value = ast.Assign(
                [first.optional_vars],
                patterns.call(stand_ins.entered, patterns.read(manager)()),
            )
        end = _place(
            ast.Expr(patterns.call(stand_ins.left, patterns.read(manager)())), place
        )
        begin = _bound(place, manager, place)
        return [begin, _place(value, place), *self.closed(body, [end])]

    # --- del

    def visit_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        self.generic_visit(node)
        return [_deleted(target) for target in node.targets]

    # --- import

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        return [_bound(node, *_imported(alias)) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt]:
        return [
            _bound(
                node,
                alias.asname or alias.name,
                patterns.call(
                    stand_ins.member, node.level, node.module or "", alias.name
                ),
            )
            for alias in node.names
        ]

    # --- match

    def visit_Match(self, node: ast.Match) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        if any(isinstance(n, ast.MatchMapping) for n in ast.walk(node)):
            return node
        subject = self.name("subject")
        bind = _bound(node.subject, subject, node.subject)
        chain: list[ast.stmt] = []
        for case in reversed(node.cases):
            test, names = patterns.pattern_test(case.pattern, patterns.read(subject))
            binds = [_bound(case.pattern, name, value) for name, value in names]
            body = [*binds, *case.body]
            if case.guard is not None and self.loose & {name for name, _ in names}:
                # Names that are read later are bound even where the guard says no.
                body, test = (
                    case.body,
                    patterns.conjunction([test, patterns.guarded(names, case.guard)]),
                )
            elif case.guard is not None:
                test = patterns.conjunction(
                    [test, patterns.Replaced(dict(names)).visit(case.guard)]
                )
            choice = ast.If(test or ast.Constant(True), body, chain)
            chain = [_place(choice, case.pattern)]
        return [bind, *chain]


def _deleted(target: ast.expr) -> ast.stmt:
    """What takes away a name, or an item."""
    gone: ast.stmt = ast.Delete([target])
    if isinstance(target, ast.Subscript):
        key = target.slice
        if isinstance(key, ast.Slice):
            key = patterns.call(slice, key.lower, key.upper, key.step)
        gone = ast.Expr(patterns.call(stand_ins.deleted, target.value, key))
    _place(gone, target)
    return gone


def _imported(alias: ast.alias) -> tuple[str, ast.expr]:
    """The name that ``import a.b as c`` binds, and to what."""
    if alias.asname:
        return alias.asname, patterns.call(stand_ins.module, 0, alias.name)
    root = alias.name.partition(".")[0]
    if root == alias.name:
        return root, patterns.call(stand_ins.module, 0, root)
    # The whole is imported, and its root bound.
    both: list[ast.expr] = [
        patterns.call(stand_ins.module, 0, alias.name),
        patterns.call(stand_ins.module, 0, root),
    ]
    pair = ast.Tuple(both, ast.Load())
    return root, ast.Subscript(pair, ast.Constant(1), ast.Load())


def _bound(node: ast.AST, name: str, value: ast.expr) -> ast.stmt:
    """``name = value``, where the node stands."""
    assign = ast.Assign([ast.Name(name, ast.Store())], value)
    _place(assign, node)
    return assign


def _place(stmt: Any, node: ast.AST) -> Any:
    """The new nodes stand where this one does."""
    for child in _new(stmt):
        ast.copy_location(child, node)
    return stmt


def _new(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes from here down that have no place yet."""
    if "lineno" in node._attributes and not hasattr(node, "lineno"):
        yield node
    for child in ast.iter_child_nodes(node):
        if not hasattr(child, "lineno"):
            yield from _new(child)


def _leaves(node: ast.AST) -> bool:
    """Whether a `break` or `continue` here belongs to a loop around."""
    if isinstance(node, ast.Break | ast.Continue):
        return True
    if isinstance(node, ast.For | ast.While):
        return any(map(_leaves, node.orelse))
    return any(
        _leaves(child)
        for child in ast.iter_child_nodes(node)
        if not isinstance(child, ast.FunctionDef | ast.Lambda)
    )


def _is_known(manager: ast.expr) -> bool:
    """Whether it is called `no_grad` or `errstate`."""
    callee = manager.func if isinstance(manager, ast.Call) else None
    name = getattr(callee, "attr", None) or getattr(callee, "id", None)
    return name in ("no_grad", "errstate")


def _listed(stmts: ast.stmt | list[ast.stmt]) -> list[ast.stmt]:
    return stmts if isinstance(stmts, list) else [stmts]


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))
