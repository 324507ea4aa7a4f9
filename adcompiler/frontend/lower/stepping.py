"""Loops over objects of the program that have a `__next__`.

In: a loop, and the object that it goes over. Out: what the `while` does that asks the
object for its next item, and ends where `__next__` raises StopIteration.

    def __next__(self):
        if self.k >= self.n: raise StopIteration
        self.k += 1
        return self.x[self.k - 1]

    for v in steps: body        while True:
                                    if steps.k >= steps.n: break
                                    steps.k += 1
                                    v = steps.x[steps.k - 1]
                                    body

Where `__next__` does not begin with its only test for the end, it gives a pair, whether
this is the end and else the item. Where an `else` leaves a loop around, the `while` has
it as its own: at the end what it tests is no longer true.
Invariant: StopIteration ends the loop only where `__next__` itself says so; what may
raise it further down is refused.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from adcompiler.frontend import capture as capturing
from adcompiler.frontend import subset
from adcompiler.frontend.bindings import DEAD, Binding, Dyn, TupleVal
from adcompiler.frontend.interface import Captured
from adcompiler.frontend.lower import (
    calls,
    comparisons,
    instances,
    loops,
    names,
    overloads,
    shortcircuit,
    statements,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call
from adcompiler.frontend.lower.syntax import leaves_outwards
from adcompiler.frontend.reads import Attribute
from adcompiler.ir.builder import constant
from adcompiler.library import collected, iterating

ITERATOR, STEP, NEXT, MORE = "$iterator", "$step", "$next", "$more"


def is_stepped(ctx: Context, value: Binding) -> bool:
    """Whether this is an object that is asked for its next item."""
    return overloads.method_of(ctx, value, "__next__") is not None


def check_raised(ctx: Context, node: ast.AST) -> None:
    """Refuse StopIteration that a function raises which `__next__` calls."""
    if any(getattr(fn, "name", "") == NEXT for fn, _ in ctx.calls):
        ctx.refuse(
            node,
            "StopIteration is raised by what __next__ calls, which ends the loop there",
            "raise it in __next__ itself, as a statement",
        )


# --- Loops ---------------------------------------------------------------------------


def lower(ctx: Context, loop: ast.For, over: Binding) -> None:
    """``for target in over``."""
    apart = _parts(ctx, loop, over).test is not None
    key = ("stepped", loop, apart)
    stepped = ctx.memo.setdefault(key, _written_out(loop, apart))
    frame = ctx.frame
    saved = frame.liveness
    frame.liveness = saved.replaced(loop, stepped)
    frame.env.update({ITERATOR: over, MORE: statements.TRUE})
    try:
        loops.lower_while(ctx, stepped)
    finally:
        frame.liveness = saved
    for name in (ITERATOR, MORE):
        frame.env.pop(name, None)


def _written_out(loop: ast.For, apart: bool) -> ast.While:
    """The loop as one that asks for its items."""

    def name(word: str) -> ast.expr:
        return ast.Name(word, ast.Load())

    def part(k: int) -> ast.expr:
        return ast.Subscript(name(STEP), ast.Constant(k), ast.Load())

    leaving = leaves_outwards(loop.orelse)
    over = ast.Assign([ast.Name(MORE, ast.Store())], ast.Constant(False))
    end = [over, ast.Continue()] if leaving else [*loop.orelse, ast.Break()]
    if apart:
        head = [
            ast.If(_asked(iterating.is_at_end), end, []),
            ast.Assign([loop.target], _asked(iterating.next_of)),
        ]
    else:
        head = [
            ast.Assign([ast.Name(STEP, ast.Store())], _asked(iterating.step_of)),
            ast.If(part(0), end, []),
            ast.Assign([loop.target], part(1)),
        ]
    for stmt in head:
        for child in ast.walk(stmt):
            if "lineno" in child._attributes and not hasattr(child, "lineno"):
                ast.copy_location(child, loop.iter)
    test = ast.copy_location(name(MORE) if leaving else ast.Constant(True), loop.iter)
    body, orelse = [*head, *loop.body], loop.orelse if leaving else []
    return ast.copy_location(ast.While(test, body, orelse), loop)


def _asked(function: object) -> ast.expr:
    """A call of one of the functions below."""
    callee = ast.Constant(function)  # type: ignore[arg-type]
    return ast.Call(callee, [ast.Name(ITERATOR, ast.Load())], [])


def made_of(call: Call, cls: type, *args: Binding) -> Binding | None:
    """An object of ours, where one of these is asked for its items; None elsewhere."""
    if not any(is_stepped(call.ctx, arg) for arg in args):
        return None
    return instances.instance(call.ctx, call.node, cls, list(args), {})


# --- Steps ---------------------------------------------------------------------------


class Parts(NamedTuple):
    """`__next__`, and it as functions: the test for the end, and what comes after it,
    if it can be taken apart; else it as one that gives a pair."""

    method: Any
    captured: Captured
    test: ast.FunctionDef | None
    rest: ast.FunctionDef


def _parts(ctx: Context, node: ast.AST, owner: Binding) -> Parts:
    method = overloads.method_of(ctx, owner, "__next__")
    if method is None:
        what = "only objects that the program makes are asked here for a next item"
        ctx.refuse(node, what, "keep an index, and read what it goes over: x[self.k]")
    key = ("step", method)
    if key not in ctx.memo:
        captured = capturing.capture(method)
        subset.check(captured)
        site = None
        if method.__module__ == collected.__name__:
            site = ctx.frame.captured.site or ctx.frame.captured.span(node)
        captured = replace(captured, site=site)
        code = Attribute(method, "__code__")
        names.guard(ctx, f"code {id(method)}", "__next__", code, code())
        fn = captured.node
        assert isinstance(fn, ast.FunctionDef)
        ctx.memo[key] = Parts(method, captured, *_apart(captured, fn))
    found: Parts = ctx.memo[key]
    return found


def _apart(
    captured: Captured, fn: ast.FunctionDef
) -> tuple[ast.FunctionDef | None, ast.FunctionDef]:
    """What begins with the only test for the end, as two functions."""
    doc = ast.get_docstring(fn) is not None
    first, *rest = fn.body[1:] if doc else fn.body
    match first:
        case ast.If(test=test, body=[ast.Raise() as end], orelse=[]) if _stops(end):
            pass
        case ast.If(test=inverse, body=body, orelse=[]) if (
            len(rest) == 1 and _stops(rest[0]) and isinstance(body[-1], ast.Return)
        ):
            test, rest = ast.UnaryOp(ast.Not(), inverse), body
            ast.copy_location(test, inverse)
        case _ if not _ends_within(fn.body):
            test, rest = ast.copy_location(ast.Constant(False), first), [first, *rest]
        case _:
            return None, _Ends(captured).of(fn)
    if _ends_within(rest):
        return None, _Ends(captured).of(fn)
    asks = ast.copy_location(ast.Return(test), first)
    return _with_body(fn, [asks]), _with_body(fn, rest or [ast.Pass()])


def _with_body(fn: ast.FunctionDef, body: list[ast.stmt]) -> ast.FunctionDef:
    new = ast.FunctionDef(NEXT, fn.args, body, [])
    for stmt in body:
        if not hasattr(stmt, "lineno"):
            ast.copy_location(stmt, fn)
    return ast.copy_location(new, fn)


def _stops(stmt: ast.stmt) -> bool:
    """Whether this is ``raise StopIteration``."""
    exc = stmt.exc if isinstance(stmt, ast.Raise) else None
    exc = exc.func if isinstance(exc, ast.Call) else exc
    return isinstance(exc, ast.Name) and exc.id == "StopIteration"


def _ends_within(body: list[ast.stmt]) -> bool:
    """Whether statements may raise StopIteration themselves, or by `next`."""
    found = (n for stmt in body for n in ast.walk(stmt))
    return any((isinstance(n, ast.stmt) and _stops(n)) or _asks(n) for n in found)


def _asks(node: ast.AST) -> bool:
    """Whether this is ``next(it)``, which may raise StopIteration."""
    if not isinstance(node, ast.Call) or len(node.args) != 1:
        return False
    return isinstance(node.func, ast.Name) and node.func.id == "next"


def _called(call: Call, owner: Binding, fn: ast.FunctionDef) -> Binding:
    ctx, node = call.ctx, call.node
    parts = _parts(ctx, node, owner)
    captured = replace(parts.captured, node=fn)
    given = calls.python_defaults(ctx, node, parts.method)
    return calls.inline(ctx, node, captured, fn, None, given, [owner], {})


def at_end(call: Call) -> Binding:
    """Whether an object has come to its end."""
    (owner,) = call.bind("owner")
    test = _parts(call.ctx, call.node, owner).test
    assert test is not None
    return _called(call, owner, test)


def after_test(call: Call) -> Binding:
    """The next item of an object that has not."""
    (owner,) = call.bind("owner")
    return _called(call, owner, _parts(call.ctx, call.node, owner).rest)


def step(call: Call) -> Binding:
    """Whether an object has come to its end, and else its next item."""
    (owner,) = call.bind("owner")
    ctx, node = call.ctx, call.node
    parts = _parts(ctx, node, owner)
    if parts.test is None:
        return _called(call, owner, parts.rest)
    ended = comparisons.truth(ctx, node, _called(call, owner, parts.test))
    never = Dyn(constant(True)), DEAD
    return shortcircuit.choose(
        ctx,
        node,
        ended,
        lambda: TupleVal(never),
        lambda: TupleVal((Dyn(constant(False)), _called(call, owner, parts.rest))),
    )


def following(call: Call, owner: Binding, default: Binding) -> Binding:
    """``next(owner, default)``."""
    found = step(Call(call.ctx, call.node, call.name, [owner], {}))
    assert isinstance(found, TupleVal)
    ended, item = found.items
    cond = comparisons.truth(call.ctx, call.node, ended)
    return shortcircuit.choose(call.ctx, call.node, cond, lambda: default, lambda: item)


def never(call: Call) -> Binding:
    """What is not read."""
    call.bind()
    return DEAD


class _Ends(ast.NodeTransformer):
    """`__next__` as a function that gives whether this is the end, and an item."""

    def __init__(self, captured: Captured) -> None:
        self.captured = captured
        self.count = 0

    def of(self, fn: ast.FunctionDef) -> ast.FunctionDef:
        """The function; the end of its body returns None."""
        end = ast.copy_location(ast.Return(None), fn.body[-1])
        body = [copy.deepcopy(stmt) for stmt in [*fn.body, end]]
        found: list[ast.stmt] = []
        for stmt in body:
            made = self.visit(stmt)
            found += made if isinstance(made, list) else [made]
        return _with_body(fn, found)

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        if not _stops(node):
            return node
        nothing = ast.Call(ast.Constant(iterating.never), [], [])  # type: ignore[arg-type]
        return self.returned(node, True, nothing)

    def visit_Return(self, node: ast.Return) -> ast.stmt | list[ast.stmt]:
        value = node.value or ast.Constant(None)
        return self.asked(node, value, lambda v: self.returned(node, False, v))

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        def assign(value: ast.expr) -> ast.stmt:
            return ast.copy_location(ast.Assign(node.targets, value), node)

        return self.asked(node, node.value, assign)

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | list[ast.stmt]:
        return self.asked(
            node, node.value, lambda v: ast.copy_location(ast.Expr(v), node)
        )

    def asked(
        self, node: ast.stmt, value: ast.expr, then: Callable[[ast.expr], ast.stmt]
    ) -> ast.stmt | list[ast.stmt]:
        """``v = next(it)`` ends where `it` does."""
        if not _asks(value):
            self.generic_visit(node)
            return then(value)
        self.count += 1
        name = f"{STEP}_{self.count}"

        def part(k: int) -> ast.expr:
            return ast.Subscript(
                ast.Name(name, ast.Load()), ast.Constant(k), ast.Load()
            )

        assert isinstance(value, ast.Call)
        call = ast.Call(ast.Constant(iterating.step_of), value.args, [])  # type: ignore[arg-type]
        ask = ast.Assign([ast.Name(name, ast.Store())], call)
        nothing = ast.Call(ast.Constant(iterating.never), [], [])  # type: ignore[arg-type]
        test = ast.If(part(0), [self.returned(node, True, nothing)], [])
        found = [ask, test, then(part(1))]
        for stmt in found:
            for child in ast.walk(stmt):
                if "lineno" in child._attributes and not hasattr(child, "lineno"):
                    ast.copy_location(child, node)
        return found

    def returned(self, node: ast.stmt, ended: bool, value: ast.expr) -> ast.stmt:
        """``return ended, value``."""
        pair = ast.Tuple([ast.Constant(ended), value], ast.Load())
        made = ast.Return(pair)
        for child in ast.walk(made):
            if "lineno" in child._attributes and not hasattr(child, "lineno"):
                ast.copy_location(child, node)
        return made

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if _asks(node):
            subset.refuse(
                self.captured,
                node,
                "this may raise StopIteration, which would end the loop around",
                "write it on a line of its own: v = next(it)",
            )
        self.generic_visit(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node
