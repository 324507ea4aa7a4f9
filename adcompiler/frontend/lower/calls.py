"""Calls: user functions are inlined or called, library functions have handlers.

In: an `ast.Call`. Out: the binding of its result.
Invariants: a callee is interpreted in a frame of its own, with its own file and spans.
A function that calls itself, and a large one that is called again, become functions of
their own (`called`), so that what is built grows with the source.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any, NoReturn

from adcompiler.errors import UnsupportedError
from adcompiler.frontend import capture as capturing
from adcompiler.frontend import liveness, resolve, subset
from adcompiler.frontend.bindings import (
    NONE,
    UNASSIGNED,
    ArrayRef,
    Binding,
    Dyn,
    FunctionVal,
    ListRef,
    MethodVal,
    ObjectRef,
    PartialVal,
    PullbackVal,
    RecordVal,
    Static,
    TextVal,
    TupleVal,
    is_list,
)
from adcompiler.frontend.interface import Captured, Derivative, FormulaRule, VjpRule
from adcompiler.frontend.lower import (
    applying,
    called,
    comprehensions,
    derivatives,
    expressions,
    formulas,
    hints,
    instances,
    intrinsics,
    iteration,
    iterators,
    list_methods,
    listing,
    maybe,
    messages,
    names,
    objects,
    records,
    rules,
    signatures,
    statements,
    tensors,
    texts,
)
from adcompiler.frontend.lower.context import DONE, RETURNED, STOP, VALUE, Context
from adcompiler.frontend.lower.frames import Frame
from adcompiler.frontend.lower.handling import Call
from adcompiler.frontend.lower.operands import describe
from adcompiler.frontend.lower.restarts import Inexpressible, NeedCall, Unreachable
from adcompiler.frontend.lower.syntax import local_names, nonlocals, rebound
from adcompiler.frontend.reads import Attribute, Default
from adcompiler.frontend.structures import Cell, Key
from adcompiler.ir.builder import constant
from adcompiler.library import collected, lists

MOST_CALLS = 40
MOST_UNFOLDED, MOST_UNFOLDINGS = 16, 200
ROOM = 250  # of the calls that Python allows within one another

Parameters = tuple[tuple[Binding, ...], Mapping[str, Binding]]


def call(ctx: Context, node: ast.Call) -> Binding:
    """The result of a call."""
    callee = expressions.evaluate(ctx, node.func)
    if isinstance(callee, Static) and callee.value is print:
        return messages.lower_print(ctx, node)
    if isinstance(callee, Static) and callee.value is sum:
        folded = comprehensions.summed(ctx, node)
        if folded is not None:
            return folded
    match callee, node.args:
        case Static(value), [ast.Starred(value=spread)] if value is zip:
            rows = expressions.evaluate(ctx, spread)
            if listing.is_rows(rows):
                columns = listing.of_them(ctx, node, rows, collected.Rows.columns)
                return iteration.iterator(ctx, node, "chain", (columns,))
    comprehensions.note_rows(ctx, node, callee)
    args = _arguments(ctx, node, callee)
    kwargs: dict[str, Binding] = {}
    for keyword in node.keywords:
        value = expressions.optional(ctx, keyword.value)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
            continue
        for key, part in records.mapping(ctx, keyword.value, value).items():
            if not isinstance(key, str):
                what = f"{key!r} is a key that '**' cannot spread"
                ctx.refuse(keyword.value, what, "name arguments by strings: {'k': v}")
            if key in kwargs:
                what = f"the argument '{key}' is given twice"
                hint = f"name it in one place: **{{**d, {key!r}: value}}"
                ctx.refuse(keyword.value, what, hint)
            kwargs[key] = part
    return apply(ctx, node, callee, args, kwargs)


def _arguments(ctx: Context, node: ast.Call, callee: Binding) -> list[Binding]:
    """The positional arguments; `max` and `min` take more than are known."""
    value = callee.value if isinstance(callee, Static) else None
    if value not in (max, min) or not any(
        isinstance(arg, ast.Starred) for arg in node.args
    ):
        return list(expressions.spread(ctx, node.args))
    items = expressions.listed(ctx, node, node.args)
    if isinstance(items, ListRef):
        return [listing.call(ctx, node, lists.several, items)]
    assert isinstance(items, TupleVal)
    if len(items.items) == 1 and isinstance(items.items[0], Dyn):
        ctx.fail(node, "TypeError", "'float' object is not iterable")
    return list(items.items)


def apply(
    ctx: Context,
    node: ast.AST,
    callee: Binding,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> Binding:
    """Call what is known to be callable."""
    if isinstance(callee, MethodVal | PullbackVal):
        args = [maybe.certain(ctx, node, arg) for arg in args]
        kwargs = {key: maybe.certain(ctx, node, v) for key, v in kwargs.items()}
    match callee:
        case FunctionVal(fn, frame, defaults, kw_defaults):
            given = (defaults, kw_defaults)
            return inline(ctx, node, frame.captured, fn, frame, given, args, kwargs)
        case MethodVal(owner, name) if is_list(owner):
            return list_methods.method(ctx, node, owner, name, args, kwargs)
        case MethodVal((ObjectRef() | RecordVal()) as receiver, name):
            return records.METHODS[name](
                Call(ctx, node, f".{name}", [receiver, *args], kwargs)
            )
        case MethodVal(TupleVal() as receiver, name):
            return instances.METHODS[name](
                Call(ctx, node, f".{name}", [receiver, *args], kwargs)
            )
        case MethodVal((Static() | TextVal()) as receiver, name):
            return texts.method(
                Call(ctx, node, f".{name}", args, kwargs), name, receiver
            )
        case MethodVal(receiver, name):
            handler = resolve.method(name)
            if handler is None:
                what = f"the method '.{name}()' is not supported yet"
                ctx.refuse(node, what, hints.of_method(name))
            return handler(Call(ctx, node, f".{name}", [receiver, *args], kwargs))
        case PartialVal(inner, first, keywords):
            return apply(ctx, node, inner, [*first, *args], {**keywords, **kwargs})
        case PullbackVal():
            (bar,) = Call(ctx, node, "a pullback", args, kwargs).bind("cotangent")
            return derivatives.pull_back(ctx, node, callee, bar)
        case Static(value):
            return _apply_object(ctx, node, value, args, kwargs)
        case ObjectRef() | RecordVal() if (
            method := instances.callable_of(ctx, node, callee)
        ) is not None:
            return apply(ctx, node, method, args, kwargs)
        case _:
            _refuse_call(ctx, node, callee)


def _refuse_call(ctx: Context, node: ast.AST, callee: Binding) -> NoReturn:
    """Refuse to call what is no function."""
    func = node.func if isinstance(node, ast.Call) else None
    name = func.id if isinstance(func, ast.Name) else "x"
    match callee:
        case Dyn() if isinstance(func, ast.Attribute) and func.attr == "size":
            hint = tensors.SIZE
        case Dyn():
            hint = "write * to multiply; a number needs another name than a function"
        case ArrayRef() | TupleVal() | ListRef():
            hint = f"write brackets to index: {name}[0]"
        case ObjectRef() | RecordVal() if callee.cls in (dict, list):
            hint = f"write brackets to index: {name}[0]"
        case ObjectRef() | RecordVal():
            hint = f"give the class {callee.cls.__name__} a __call__, or name a method"
        case Static(None):
            hint = "give it a function, or decide by 'is None' whether to call it"
        case _:
            hint = "call a function: def, lambda, or one of NumPy's"
    ctx.refuse(node, f"{describe(callee)} cannot be called", hint)


def _apply_object(
    ctx: Context,
    node: ast.AST,
    value: Any,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> Binding:
    handler = resolve.function(value)
    shown = resolve.shown(value)
    if handler is not None:
        args = [maybe.argument(ctx, node, value, arg) for arg in args]
        kwargs = {key: maybe.certain(ctx, node, v) for key, v in kwargs.items()}
        if value in iterators.OPENING and len(args) == 1:
            args = [comprehensions.opened(ctx, node, args[0])]
        if value not in iterators.TAKE_ITERATORS:
            args = [comprehensions.used_up(ctx, node, arg) for arg in args]
        return handler(Call(ctx, node, shown, args, kwargs))
    derivative = getattr(value, "__adcompiler_derivative__", None)
    if isinstance(value, intrinsics.PENDING):
        return value.lower(ctx, node, args, kwargs)
    rule = getattr(value, "__adcompiler_rule__", None)
    if isinstance(rule, VjpRule | FormulaRule):
        lower = rules.call if isinstance(rule, VjpRule) else formulas.call
        return lower(ctx, node, value, args, kwargs)
    if isinstance(derivative, Derivative):
        intrinsics.refuse_bound(ctx, node, value)
        return derivatives.lower(ctx, node, derivative, args, kwargs)
    if isinstance(value, functools._lru_cache_wrapper):
        value = value.__wrapped__
    effect = hints.around(value)
    if effect is not None:
        ctx.refuse(node, f"{hints.called(shown, node)} is not supported", effect)
    if isinstance(value, FunctionType) and not resolve.is_library(value):
        return inline_python(ctx, node, value, args, kwargs)
    if isinstance(value, objects.Initialiser):
        owner, *rest = args
        instances.initialise(ctx, node, owner, value.classes, rest, kwargs)
        return NONE
    if isinstance(value, type):
        value = collected.CLASSES.get(value, value)
    made = isinstance(value, type) and not resolve.is_library(value)
    if made and not issubclass(value, BaseException):
        return instances.instance(ctx, node, value, args, kwargs)
    method = applying.of_object(ctx, node, value) or objects.callable_of(
        ctx, node, value
    )
    if method is not None:
        return apply(ctx, node, method, args, kwargs)
    if not callable(value):
        _refuse_call(ctx, node, Static(value))
    written = hints.called(shown, node)
    ctx.refuse(node, f"{written} is not supported yet", hints.instead(shown, node))


def inline_python(
    ctx: Context,
    node: ast.AST,
    function: FunctionType,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> Binding:
    captured = capturing.capture(function)
    subset.check(captured)
    if ctx.frame.captured.site is not None:
        captured = replace(captured, site=ctx.frame.captured.site)
    elif resolve.is_ours(function):
        captured = replace(captured, site=ctx.frame.captured.span(node))
    if not resolve.is_ours(function):
        key, code = f"code {id(function)}", Attribute(function, "__code__")
        names.guard(ctx, key, function.__name__, code, code())
    given = python_defaults(ctx, node, function)
    return inline(ctx, node, captured, captured.node, None, given, args, kwargs)


def python_defaults(ctx: Context, node: ast.AST, function: FunctionType) -> Parameters:
    """The defaults of a Python function: numbers are known, and guarded, but for those
    of our own."""
    ours = resolve.is_ours(function)

    def binding(value: Any, place: int | str) -> Binding:
        if ours and (value is None or isinstance(value, int | float | str)):
            number = isinstance(value, int | float)
            return Dyn(constant(value)) if number else Static(value)
        key, read = f"default {id(function)} {place}", Default(function, place)
        if isinstance(value, int | float) and not isinstance(value, bool):
            names.guard(ctx, key, f"a default of {function.__name__}", read, value)
            return Dyn(constant(value))
        return names.from_outside(ctx, node, value, "default", key, read)

    given = enumerate(function.__defaults__ or ())
    defaults = tuple(binding(value, k) for k, value in given)
    named = (function.__kwdefaults__ or {}).items()
    return defaults, {name: binding(value, name) for name, value in named}


# --- Inlining ------------------------------------------------------------------------


def inline(
    ctx: Context,
    node: ast.AST,
    captured: Captured,
    fn: ast.FunctionDef | ast.Lambda,
    closure: Frame | None,
    given: Parameters,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> Binding:
    """Interpret a function's body in place of the call."""
    full = not ctx.unfolded and _is_stack_full()
    if full or len(ctx.calls) >= MOST_CALLS:
        what = f"calls are nested {len(ctx.calls)} deep, which is too much"
        ctx.refuse(node, what, "write what the innermost do where they are called")
    env = bind_arguments(ctx, node, fn, given, args, kwargs)
    if fn.args.kwarg is not None:
        env[fn.args.kwarg.arg] = records.new_dict(ctx, node, more_keywords(fn, kwargs))
    recursive = (fn, closure) in ctx.calls
    site, expansion = (*ctx.path, (node, ctx.trips)), ctx.expansion
    counted = closure is None and captured.site is None and fn not in expansion.called
    repeated = counted and expansion.is_repeated(fn, site)
    if (repeated or fn in expansion.called) and fn not in ctx.unfolded:
        try:
            return called.call(ctx, node, captured, fn, closure, env)
        except Inexpressible as reason:
            if isinstance(reason.__cause__, UnsupportedError) and recursive:
                raise reason.__cause__ from None
            if recursive:
                ctx.unfolded[fn] = str(reason)
    elif recursive and fn not in ctx.unfolded:
        raise NeedCall(fn)
    if recursive:
        _check_unfolding(ctx, node, fn, closure)
    path, before = ctx.path, ctx.emitted
    ctx.path = site
    try:
        result = interpret(ctx, captured, fn, closure, env)
    finally:
        ctx.path = path
    if counted and fn not in expansion.called:
        expansion.note(fn, site, ctx.emitted - before)
    return result


def _check_unfolding(
    ctx: Context, node: ast.AST, fn: ast.AST, closure: Frame | None
) -> None:
    """A function that calls itself on objects is interpreted each time, as one is that
    walks a tree of known structure: refused where there seems to be no end."""
    ctx.unfoldings += 1
    depth = sum(call == (fn, closure) for call in ctx.calls)
    endless = depth > MOST_UNFOLDED or ctx.unfoldings > MOST_UNFOLDINGS
    if endless or _is_stack_full():
        _refuse_recursion(ctx, node, fn, ctx.unfolded[fn])


def _is_stack_full() -> bool:
    """Whether Python would soon refuse to go deeper: an expression that is nested
    takes several calls of ours for each of its parts."""
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    return depth > sys.getrecursionlimit() - ROOM


def _refuse_recursion(ctx: Context, node: ast.AST, fn: ast.AST, reason: str) -> None:
    name = getattr(fn, "name", "lambda")
    message = f"{name}() calls itself, and {reason}, which is not supported together"
    ctx.refuse(node, message, signatures.hint(reason))


def interpret(
    ctx: Context,
    captured: Captured,
    fn: ast.FunctionDef | ast.Lambda,
    closure: Frame | None,
    env: dict[str, Binding],
) -> Binding:
    """Interpret a function's body, with these arguments, where we are."""
    frame = make_frame(captured, fn, closure, env)
    saved = ctx.frame, ctx.calls
    span = ctx.builder.span
    frame.muted, frame.caller = saved[0].muted, saved[0]
    make_cells(ctx, frame)
    ctx.frame, ctx.calls = frame, (*ctx.calls, (fn, closure))
    try:
        return run_function(ctx)
    finally:
        ctx.frame, ctx.calls = saved
        ctx.builder.span = span


def make_frame(
    captured: Captured,
    fn: ast.FunctionDef | ast.Lambda,
    closure: Frame | None,
    env: dict[str, Binding],
) -> Frame:
    """The frame in which a function's body is interpreted."""
    live = liveness.live_after(fn)
    frame = Frame(captured, fn, live, local_names(fn), closure, env)
    frame.nonlocals = nonlocals(fn)
    return frame


def make_cells(ctx: Context, frame: Frame) -> None:
    """Give the names of a frame that nested functions assign a memory."""
    for name in sorted(rebound(frame.node)):
        value = frame.env.pop(name, UNASSIGNED)
        frame.cells[name] = ctx.new_object(RecordVal(Cell((name,)), (value,)))


def run_function(ctx: Context) -> Binding:
    """Interpret the current frame's function; gives its result."""
    fn, env = ctx.frame.node, ctx.frame.env
    if isinstance(fn, ast.Lambda):
        with ctx.at(fn.body):
            return expressions.optional(ctx, fn.body)
    for flag in (DONE, STOP, RETURNED):
        env[flag] = Dyn(constant(False))
    end = ast.copy_location(ast.Return(value=None), fn.body[-1])
    statements.block(ctx, [*fn.body, end])
    return names.checked(ctx, fn, VALUE, ctx.frame.env.get(VALUE, NONE), ctx.frame)


def named_parameters(fn: ast.FunctionDef | ast.Lambda) -> set[str]:
    """The parameters that may be given by name."""
    return {a.arg for a in (*fn.args.args, *fn.args.kwonlyargs)}


def more_keywords(
    fn: ast.FunctionDef | ast.Lambda, kwargs: dict[str, Binding]
) -> dict[Key, Binding]:
    """What `**kwargs` takes."""
    allowed = named_parameters(fn)
    return {key: value for key, value in kwargs.items() if key not in allowed}


def bind_arguments(
    ctx: Context,
    node: ast.AST,
    fn: ast.FunctionDef | ast.Lambda,
    given: Parameters,
    args: list[Binding],
    kwargs: dict[str, Binding],
) -> dict[str, Binding]:
    """Parameters to bindings, by Python's rules."""
    spec = fn.args
    positional = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    name = getattr(fn, "name", "lambda")
    if len(args) > len(positional) and spec.vararg is None:
        what = f"{name}() takes {len(positional)} arguments, {len(args)} are given"
        ctx.refuse(node, what, hints.parameters(spec))
    defaults, kw_defaults = given
    env: dict[str, Binding] = dict(
        zip(positional[len(positional) - len(defaults) :], defaults, strict=True)
    )
    env.update(kw_defaults)
    bound = dict(zip(positional, args, strict=False))
    allowed = named_parameters(fn)
    for key, value in kwargs.items():
        if key not in allowed and spec.kwarg is not None:
            continue
        if key not in allowed:
            what = f"{name}() has no parameter '{key}'"
            ctx.refuse(node, what, hints.parameters(spec))
        if key in bound:
            what = f"{name}() gets '{key}' by its place and by its name"
            ctx.refuse(node, what, f"leave '{key}=' away: {hints.parameters(spec)}")
        bound[key] = value
    env.update(bound)
    if spec.vararg is not None:
        env[spec.vararg.arg] = TupleVal(tuple(args[len(positional) :]))
    for param in (*positional, *(a.arg for a in spec.kwonlyargs)):
        if param not in env:
            what = f"{name}() misses the argument '{param}'"
            ctx.refuse(node, what, hints.parameters(spec))
    return env


__all__ = ["Unreachable", "apply", "call", "inline", "interpret", "make_frame"]
