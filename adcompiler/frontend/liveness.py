"""Which names a function may still read: a backward analysis of its syntax tree.

In: the tree of a function. Out: `Liveness`, the names live after each statement and at
the head of each loop.
Invariant: a name that is not live is not read before it is assigned again, on any path.
A name that a nested function reads, or a generator expression that is not used up at
once, is live everywhere, since the call may come from anywhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

__all__ = ["Liveness", "captured", "live_after"]

Names = frozenset[str]
NONE: Names = frozenset()

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_LATER = (*_SCOPES, ast.GeneratorExp)
_USE_UP = frozenset({"sum", "max", "min", "list", "tuple", "sorted", "any", "all"})


@dataclass(frozen=True, slots=True)
class Liveness:
    """What `live_after` found."""

    _after: dict[ast.stmt, Names]
    _heads: dict[ast.stmt, Names]

    def after(self, stmt: ast.stmt) -> Names:
        """The names live when this statement is done: where a `break` leads to, and for
        the last statement of a loop body on the way to the next trip."""
        return self._after[stmt]

    def head(self, loop: ast.For | ast.While) -> Names:
        """The names live where the loop asks for its next trip, or ends."""
        return self._heads[loop]

    def replaced(self, loop: ast.For, other: ast.For | ast.While) -> Liveness:
        """What holds where another loop stands in the place of this one."""
        always = captured([other])
        analysis = _Analysis(always, dict(self._after), dict(self._heads))
        # A `break` in the loop's `else` leaves a loop around this one.
        out = self._after[loop]
        analysis.block([other], out, _Exits(out, out))
        return Liveness(analysis.after, analysis.heads)


def live_after(node: ast.FunctionDef | ast.Lambda) -> Liveness:
    """The liveness of the names in one function.

    >>> tree = ast.parse('''
    ... def f(x, n):
    ...     u, v = x, 2 * x
    ...     for i in range(n):
    ...         u, v = v, u
    ...         if u > 1:
    ...             break
    ...     return v
    ... ''').body[0]
    >>> first, loop, last = tree.body
    >>> live = live_after(tree)
    >>> sorted(live.after(first)), sorted(live.after(loop)), sorted(live.head(loop))
    (['n', 'range', 'u', 'v'], ['v'], ['u', 'v'])
    >>> swap, test = loop.body
    >>> sorted(live.after(swap))
    ['u', 'v']
    """
    if isinstance(node, ast.Lambda):
        return Liveness({}, {})
    always = captured(node.body)
    analysis = _Analysis(always)
    analysis.block(node.body, always, _Exits(always, always))
    return Liveness(analysis.after, analysis.heads)


@dataclass(frozen=True, slots=True)
class _Exits:
    """What is live where `break` and `continue` lead to."""

    broken: Names
    continued: Names


@dataclass(slots=True)
class _Analysis:
    """The state of one analysis; `always` are the captured names."""

    always: Names
    after: dict[ast.stmt, Names] = field(default_factory=dict)
    heads: dict[ast.stmt, Names] = field(default_factory=dict)

    def block(self, stmts: Iterable[ast.stmt], out: Names, exits: _Exits) -> Names:
        """The names live before the statements, given those live after them."""
        for stmt in reversed(list(stmts)):
            out = out | self.always
            # Loop bodies are visited until nothing changes: what was found only grows.
            self.after[stmt] = self.target(stmt, exits, out) | self.always
            out = self.statement(stmt, out, exits)
        return out

    def target(self, stmt: ast.stmt, exits: _Exits, out: Names) -> Names:
        """What is live where control goes from a statement."""
        match stmt:
            case ast.Break():
                return exits.broken
            case ast.Continue():
                return exits.continued
            case ast.Return() | ast.Raise():
                return NONE
            case _:
                return out

    def statement(self, stmt: ast.stmt, out: Names, exits: _Exits) -> Names:
        match stmt:
            case ast.Assign(targets=targets, value=value):
                return _before(value, _store(targets, out))
            case ast.AnnAssign(target=target, value=value):
                return out if value is None else _before(value, _store([target], out))
            case ast.AugAssign(target=target, value=value):
                return _before(value, out | _reads(target) | _names(target))
            case ast.If(test=test, body=body, orelse=orelse):
                arms = self.block(body, out, exits) | self.block(orelse, out, exits)
                return _before(test, arms)
            case ast.For(iter=iterable):
                return _before(iterable, self.loop(stmt, out, exits))
            case ast.While():
                return self.loop(stmt, out, exits)
            case ast.Return(value=value):
                return _before(value, self.always)
            case ast.Raise():
                return self.always | _reads(stmt)
            case ast.Break():
                return exits.broken
            case ast.Continue():
                return exits.continued
            case ast.Delete(targets=targets):
                return out.union(*map(_names, targets))
            case ast.FunctionDef(name=name, args=args, decorator_list=decorators):
                defaults = (*args.defaults, *args.kw_defaults, *decorators)
                return (out - {name}).union(*map(_reads, defaults))
            case ast.With(items=items, body=body):
                inner = self.block(body, out, exits)
                return inner.union(*(_reads(item.context_expr) for item in items))
            case ast.Expr(value=value):
                return _before(value, out)
            case _:
                return out | _reads(stmt)

    def loop(self, loop: ast.For | ast.While, out: Names, exits: _Exits) -> Names:
        """The names live at the head of a loop, a fixpoint over its back edge."""
        ended = self.block(loop.orelse, out, exits)
        test = _reads(loop.test) if isinstance(loop, ast.While) else NONE
        head = ended | test
        while True:
            body = self.block(loop.body, head, _Exits(out, head))
            if isinstance(loop, ast.For):
                body = _store([loop.target], body)
            if body <= head:
                break
            head |= body
        self.heads[loop] = head | self.always
        return head


def _store(targets: Iterable[ast.expr], out: Names) -> Names:
    """What is live before a store: without the names stored, with those of indices."""
    targets = list(targets)
    names = frozenset().union(*map(_names, targets))
    return (out - names).union(*map(_reads, targets))


def _names(target: ast.expr) -> Names:
    """The plain names that a target assigns."""
    match target:
        case ast.Name(id=name):
            return frozenset({name})
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return frozenset().union(*map(_names, items))
        case ast.Starred(value=value):
            return _names(value)
        case _:
            return NONE


def _before(node: ast.expr | None, out: Names) -> Names:
    """The names live before an expression is evaluated, given those after it.

    >>> test = ast.parse("(y := x - 1.0) > 0.0 and (z := y) > 1.0").body[0].value
    >>> sorted(_before(test, frozenset("yz")))
    ['x', 'z']
    """
    if not any(isinstance(n, ast.NamedExpr) for n in ast.walk(node or ast.Pass())):
        return out | _reads(node)
    reads, binds = _in_order(node)
    return (out - binds) | reads


def _in_order(node: ast.AST | None) -> tuple[Names, Names]:
    """The names that an expression reads before it binds them, and those that it binds
    on every path."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            return frozenset({name}), NONE
        case ast.NamedExpr(target=target, value=value):
            reads, binds = _in_order(value)
            return reads, binds | {target.id}
        case ast.BoolOp(values=[first, *rest]):
            return _some_time([first], rest)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _some_time([test], [body, orelse])
        case ast.Compare(left=left, comparators=[first, *rest]):
            return _some_time([left, first], rest)
        case ast.Dict():
            return _some_time([], list(ast.iter_child_nodes(node)))
        case ast.ListComp() | ast.GeneratorExp() | ast.DictComp():
            return _reads(node), NONE
        case _ if isinstance(node, _SCOPES):
            return _reads(node), NONE
        case None:
            return NONE, NONE
        case _:
            return _some_time(list(ast.iter_child_nodes(node)), [])


def _some_time(
    always: Iterable[ast.AST], perhaps: Iterable[ast.AST]
) -> tuple[Names, Names]:
    """Of parts that are evaluated in this order, the last perhaps not."""
    reads, binds = NONE, NONE
    for part in always:
        more, names = _in_order(part)
        reads |= more - binds
        binds |= names
    for part in perhaps:
        reads |= _reads(part) - binds
    return reads, binds


def _reads(node: ast.AST | None) -> Names:
    """The names that an expression reads, those of nested scopes included."""
    if node is None:
        return NONE
    return frozenset(
        child.id
        for child in ast.walk(node)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load)
    )


def captured(nodes: Iterable[ast.AST]) -> Names:
    """The names that functions and generators among the nodes may read later.

    >>> tree = ast.parse("f = lambda v: v + k; sum(v for v in x); g = (a for a in y)")
    >>> sorted(captured(tree.body))
    ['k', 'y']
    """
    return NONE.union(*map(_captured, _scopes_in(nodes)))


def _scopes_in(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The outermost nested functions, lambdas and generators."""
    for node in nodes:
        if isinstance(node, _LATER):
            yield node
        elif isinstance(node, ast.Call):
            yield from _scopes_in(_parts(node))
        else:
            yield from _scopes_in(ast.iter_child_nodes(node))


def _parts(call: ast.Call) -> Iterator[ast.AST]:
    """What a call consists of; of a generator that it uses up at once, the parts."""
    uses_up = isinstance(call.func, ast.Name) and call.func.id in _USE_UP
    for child in ast.iter_child_nodes(call):
        if uses_up and isinstance(child, ast.GeneratorExp):
            yield from ast.iter_child_nodes(child)
        else:
            yield child


def _captured(scope: ast.AST) -> Names:
    """The names that a nested function or generator reads from around it."""
    if isinstance(scope, ast.GeneratorExp):
        targets = (_names(part.target) for part in scope.generators)
        return _reads(scope).difference(*targets)
    if not isinstance(scope, ast.FunctionDef | ast.Lambda):
        return _reads(scope)
    body = [scope.body] if isinstance(scope, ast.Lambda) else scope.body
    own = {arg.arg for arg in ast.walk(scope.args) if isinstance(arg, ast.arg)}
    reads: set[str] = set()
    for node in _own_nodes(body):
        if isinstance(node, ast.Name):
            (reads if isinstance(node.ctx, ast.Load) else own).add(node.id)
        elif isinstance(node, ast.FunctionDef):
            own.add(node.name)
    return (captured(body) | reads) - own


def _own_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a function body without those inside nested functions."""
    for node in nodes:
        yield node
        if not isinstance(node, _SCOPES):
            yield from _own_nodes(ast.iter_child_nodes(node))
