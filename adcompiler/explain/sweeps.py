"""The two sweeps of a generated gradient: where one ends, and what the other reads.

In: the definition of a gradient as an `ast`, and the roles of its lines. Out: the
places at which the reverse sweep begins, the names it reads there, and which of its
statements are the reason.
Invariant: a path through the function meets the reverse sweep at one `Start`.

>>> text = '''
... def f_grad(x):
...     y = np.exp(x)
...     y_bar = 2 * y
...     return y_bar * y
... '''
>>> tree = ast.parse(text).body[0]
>>> (start,) = starts(tree.body, {3: False, 4: True, 5: True}.get)
>>> ast.unparse(start.rest[0]), sorted(start.names)
('y_bar = 2 * y', ['y'])
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Start", "is_cotangent", "reasons", "starts"]

# Whether a line is of the reverse sweep; None where it may be of either.
Role = Callable[[int], bool | None]
Stmts = Sequence[ast.stmt]


@dataclass(frozen=True, slots=True)
class Start:
    """A place at which the reverse sweep begins.

    Attributes:
        block: the statements among which it is, by identity.
        position: that of its first statement.
        rest: what is run from here on, to the end of the function.
        names: those that this reads before it assigns them.
    """

    block: list[ast.stmt]
    position: int
    rest: tuple[ast.stmt, ...]
    names: frozenset[str]


def starts(body: list[ast.stmt], reverse: Role, after: Stmts = ()) -> list[Start]:
    """Where the reverse sweep begins; in several arms of branches, perhaps."""
    found: list[Start] = []
    for k in range(_first(body, reverse), len(body)):
        stmt, rest = body[k], (*body[k + 1 :], *after)
        if isinstance(stmt, ast.If) and not reverse(stmt.lineno):
            for arm in (stmt.body, stmt.orelse):
                found += starts(arm, reverse, rest)
        elif not isinstance(stmt, ast.Return) and reverse(stmt.lineno) is not None:
            rest = (stmt, *rest)
            found.append(Start(body, k, rest, _live(rest, frozenset())))
            break
    return found


def _first(body: Stmts, reverse: Role) -> int:
    """The position behind the last statement that is of the forward sweep alone."""
    for k in range(len(body) - 1, -1, -1):
        inside = (n for n in ast.walk(body[k]) if isinstance(n, ast.stmt))
        if reverse(body[k].lineno) is False and not any(
            reverse(s.lineno) for s in inside
        ):
            return k + 1
    return 0


# --- Names ------------------------------------------------------------------------


def _names_read(node: ast.AST) -> frozenset[str]:
    """The names that an expression or a statement without others inside reads."""
    loads = {
        n.id
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Store)
    }
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        loads.add(node.target.id)
    return frozenset(loads)


def _assigned(node: ast.AST) -> frozenset[str]:
    return frozenset(
        n.id
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    )


def _live(stmts: Stmts, after: frozenset[str]) -> frozenset[str]:
    """The names that these statements read before they assign them, if `after` are
    those read behind them."""
    for stmt in reversed(stmts):
        match stmt:
            case ast.If():
                arms = _live(stmt.body, after) | _live(stmt.orelse, after)
                after = arms | _names_read(stmt.test)
            case ast.For():
                inside = _live(stmt.body, after) - _assigned(stmt.target)
                inside = _live(stmt.body, after | inside) - _assigned(stmt.target)
                after = after | inside | _names_read(stmt.iter)
            case ast.While():
                test = _names_read(stmt.test)
                inside = _live(stmt.body, after | test)
                after = _live(stmt.body, after | test | inside) | test | after
            case ast.Return():
                after = _names_read(stmt)
            case _:
                after = (after - _assigned(stmt)) | _names_read(stmt)
    return after


# --- Reasons ----------------------------------------------------------------------


def _headed(stmt: ast.stmt) -> tuple[ast.AST, ...]:
    """The parts of a statement without the statements inside it."""
    match stmt:
        case ast.If() | ast.While():
            return (stmt.test,)
        case ast.For():
            return (stmt.iter, stmt.target)
        case _:
            return (stmt,)


def reasons(name: str, rest: Stmts) -> list[ast.stmt]:
    """The statements for whose sake a name is read: where that only reads a number off
    it, or computes a value of the forward sweep again, those that read this."""
    found: dict[ast.stmt, None] = {}
    pending: list[tuple[str, Stmts]] = [(name, rest)]
    seen: set[tuple[str, ast.stmt]] = set()
    while pending:
        wanted, stmts = pending.pop(0)
        for stmt, behind in _readers(wanted, stmts):
            if (wanted, stmt) in seen:
                continue
            seen.add((wanted, stmt))
            targets = _passed_on(stmt)
            if targets:
                pending += [(target, behind) for target in sorted(targets)]
            else:
                found[stmt] = None
    return list(found)


def _passed_on(stmt: ast.stmt) -> frozenset[str]:
    """The names that a statement gives values of the forward sweep."""
    match stmt:
        case ast.For(iter=ast.Call(func=ast.Name("range"))):
            return frozenset()
        case ast.For(target=target):
            names = _assigned(target)
        case ast.Assign(targets=[ast.Name() | ast.Tuple() as target]):
            names = _assigned(target)
            # What is assigned to elements is put back there.
            if _names_read(target):
                return frozenset()
        case _:
            return frozenset()
    read = frozenset().union(*map(_names_read, _headed(stmt)))
    return frozenset() if any(map(is_cotangent, names | read)) else names


def is_cotangent(name: str) -> bool:
    """Whether a generated name is that of a cotangent, or of an element of one."""
    return re.search(r"_bar(_|\d|$)", name) is not None


def _readers(name: str, stmts: Stmts) -> Iterator[tuple[ast.stmt, Stmts]]:
    """The statements that read a name, until it is assigned; each with what may read
    what it assigns."""
    for k, stmt in enumerate(stmts):
        body = getattr(stmt, "body", [])
        if any(name in _names_read(part) for part in _headed(stmt)):
            yield stmt, body if isinstance(stmt, ast.For) else stmts[k + 1 :]
        if isinstance(stmt, ast.For) and name in _assigned(stmt.target):
            continue
        for inner in (body, getattr(stmt, "orelse", [])):
            yield from _readers(name, inner)
        if not body and name in _assigned(stmt):
            return
