"""Questions about the syntax tree alone.

In: nodes. Out: names assigned, exits contained. Nested functions are scopes of their
own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

_COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.DictComp)
_SCOPES = (ast.FunctionDef, ast.Lambda, *_COMPREHENSIONS)
_BINDS = (ast.Store, ast.Del)


# A function is asked again in every frame and at every pass over a loop around it, a
# loop at every pass over it.
cache_per_function = lru_cache(maxsize=1024)
cache_per_loop = lru_cache(maxsize=4096)


def own_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes below, without those inside nested functions."""
    for node in nodes:
        yield node
        if not isinstance(node, _SCOPES):
            yield from own_nodes(ast.iter_child_nodes(node))


def assigned(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """The names that the statements assign.

    >>> sorted(assigned(ast.parse("x = y\\nfor i in z: a[i] += 1").body))
    ['i', 'x']
    """
    return _assigned(tuple(nodes))


@cache_per_loop
def _assigned(nodes: tuple[ast.AST, ...]) -> frozenset[str]:
    found = set()
    for node in own_nodes(nodes):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, _COMPREHENSIONS):
            found |= named([node])
    return frozenset(found)


def named(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """The names that ``:=`` assigns, in comprehensions too.

    >>> sorted(named([ast.parse("(a := b) + sum((c := v) for v in x)")]))
    ['a', 'c']
    """
    found = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.NamedExpr):
            found.add(node.target.id)
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            pending += ast.iter_child_nodes(node)
    return frozenset(found)


def stored(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """The names of arrays that the statements visibly store into.

    >>> sorted(stored(ast.parse("a[i][j] = 1\\nb += 1").body))
    ['a', 'b']
    """
    return _stored(tuple(nodes))


@cache_per_loop
def _stored(nodes: tuple[ast.AST, ...]) -> frozenset[str]:
    found = set()
    for node in own_nodes(nodes):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            inner: ast.expr = node
            while isinstance(inner, ast.Subscript):
                inner = inner.value
            if isinstance(inner, ast.Name):
                found.add(inner.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return frozenset(found)


def placed(fn: ast.FunctionDef, node: ast.AST) -> ast.FunctionDef:
    """The function with the node's place in the source where it has none."""
    for child in ast.walk(fn):
        if "lineno" in child._attributes and not hasattr(child, "lineno"):
            ast.copy_location(child, node)
    return fn


@cache_per_function
def local_names(fn: ast.FunctionDef | ast.Lambda) -> frozenset[str]:
    """The names that are local to a function: its parameters and what it assigns."""
    spec = fn.args
    params = {a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)}
    params |= {a.arg for a in (spec.vararg, spec.kwarg) if a is not None}
    if isinstance(fn, ast.Lambda):
        return named([fn.body]) | params
    return (assigned(fn.body) | params) - nonlocals(fn)


@cache_per_function
def nonlocals(fn: ast.FunctionDef | ast.Lambda) -> frozenset[str]:
    """The names that a function says are those of a function around it."""
    body = [fn.body] if isinstance(fn, ast.Lambda) else fn.body
    return frozenset(
        name
        for node in own_nodes(body)
        if isinstance(node, ast.Nonlocal)
        for name in node.names
    )


@cache_per_function
def rebound(fn: ast.FunctionDef | ast.Lambda) -> frozenset[str]:
    """The names of a function that others in it assign: functions that say so, and
    comprehensions with ``:=``."""
    body = [fn.body] if isinstance(fn, ast.Lambda) else fn.body
    found: set[str] = set()
    for node in ast.walk(fn):
        if isinstance(node, ast.Nonlocal):
            found.update(node.names)
    for node in own_nodes(body):
        if isinstance(node, _COMPREHENSIONS):
            found |= named([node])
    return local_names(fn) & found


@cache_per_loop
def breaks(loop: ast.For | ast.While) -> bool:
    """Whether a `break` belongs to this loop."""
    return any(isinstance(node, ast.Break) for node in _own_exits(loop.body))


@cache_per_loop
def returns(loop: ast.For | ast.While) -> bool:
    """Whether there is a `return` in the loop, at any depth."""
    return any(isinstance(node, ast.Return) for node in own_nodes(loop.body))


@cache_per_loop
def exits(loop: ast.For | ast.While) -> bool:
    """Whether a trip may end early: `break`, `continue`, or `return` at any depth."""
    return returns(loop) or leaves_outwards(loop.body)


def leaves_outwards(stmts: Iterable[ast.stmt]) -> bool:
    """Whether a `break` or `continue` here belongs to a loop around."""
    return any(isinstance(n, ast.Break | ast.Continue) for n in _own_exits(stmts))


def _own_exits(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes whose `break` and `continue` belong to the loop around them."""
    for node in nodes:
        yield node
        if isinstance(node, ast.For | ast.While):
            yield from _own_exits(node.orelse)
        elif not isinstance(node, _SCOPES):
            yield from _own_exits(ast.iter_child_nodes(node))


def always_leaves(stmts: Sequence[ast.stmt]) -> bool:
    """Whether the statements end in `return`, `break` or `continue` on every path.

    >>> always_leaves(ast.parse("if a: return 1\\nelse: return 2").body)
    True
    """
    match stmts[-1:]:
        case [ast.Return() | ast.Break() | ast.Continue()]:
            return True
        case [ast.If(body=body, orelse=orelse)]:
            return always_leaves(body) and always_leaves(orelse)
        case _:
            return False
