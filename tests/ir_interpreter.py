"""A direct reading of the IR: every value is computed with NumPy, nothing is shared.

In: an `ir.Function` and the values of its parameters. Out: the values of its results.
It is independent of bufferise, naming and the emitter, so that a fault of lowering
shows as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adcompiler.frontend.arguments import describe
from adcompiler.frontend.capture import capture
from adcompiler.frontend.interface import (
    Lowered,
    NeedLength,
    NeedStatic,
    ResultLeaf,
    ResultStatic,
    ResultTree,
    StaticSpec,
)
from adcompiler.frontend.lower import lower_function
from adcompiler.frontend.subset import check
from adcompiler.ir.builder import Builder
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Undef,
    Var,
    While,
    fresh_var,
)
from adcompiler.ir.primitive import Raises
from adcompiler.ir.types import Array, Scalar, Type
from adcompiler.ir.verifier import verify
from adcompiler.pipeline import derive
from adcompiler.primitives.raising import always
from tests.programs.exits import OutOfRangeError


class UndefinedRead(Exception):
    """A value that no run reads has been read."""


UNDEFINED = object()
ERRORS = (
    *(ArithmeticError, AttributeError, LookupError, NameError, RuntimeError),
    TypeError,
    *(StopIteration, ValueError, OutOfRangeError),
)


def interpret(function: Function, values: Sequence[Any]) -> tuple[Any, ...]:
    """The results of the function at these values."""
    env: dict[Var, Any] = {}
    copies = [v.copy() if isinstance(v, np.ndarray) else v for v in values]
    results = _region(function.region, copies, env)
    for value in results:
        if value is UNDEFINED:
            raise UndefinedRead
    return tuple(results)


def _atom(atom: Atom, env: dict[Var, Any]) -> Any:
    match atom:
        case Const(value=value):
            return value
        case Undef():
            return UNDEFINED
        case Var():
            return env[atom]


def _read(atom: Atom, env: dict[Var, Any]) -> Any:
    value = _atom(atom, env)
    if value is UNDEFINED:
        raise UndefinedRead(atom)
    return value


def _region(region: Region, given: Sequence[Any], env: dict[Var, Any]) -> list[Any]:
    env.update(zip(region.params, given, strict=True))
    for stmt in region.body:
        _stmt(stmt, env)
    return [_atom(a, env) for a in region.results]


def _stmt(stmt: Stmt, env: dict[Var, Any]) -> None:
    match stmt:
        case Let():
            _let(stmt, env)
        case If():
            arm = stmt.then if _read(stmt.cond, env) else stmt.orelse
            env.update(zip(stmt.results, _region(arm, (), env), strict=True))
        case For():
            r = stmt.range
            bounds = [_read(a, env) for a in (r.start, r.stop, r.step)]
            indices = range(*bounds)
            if r.limit is not None:
                indices = indices[: _read(r.limit, env)]
            _loop(stmt, reversed(indices) if r.reverse else indices, env)
        case While():
            _loop(stmt, None, env)


def _loop(stmt: For | While, indices: Any, env: dict[Var, Any]) -> None:
    carried = [_atom(a, env) for a in stmt.inits]
    trips, stopped = 0, False
    indices = None if indices is None else iter(indices)
    while not stopped:
        if isinstance(stmt, While):
            (flag,) = _region(stmt.cond, carried, env)
            if not flag:
                break
            given = carried
        else:
            index = next(indices, None)
            if index is None:
                break
            given = [index, *carried]
        trips += 1
        row = _region(stmt.body, given, env)
        if stmt.exits:
            stopped, *row = row
        carried = row
    env.update(zip(stmt.results, carried, strict=True))
    env[stmt.trips] = trips
    if stmt.stopped is not None:
        env[stmt.stopped] = stopped


def _let(stmt: Let, env: dict[Var, Any]) -> None:
    operands = [_read(a, env) for a in stmt.operands]
    name = stmt.primitive.name
    if name == "call":
        env.update(zip(stmt.results, called(stmt, operands), strict=True))
        return
    assert stmt.primitive.evaluate is not None, name
    try:
        value = stmt.primitive.evaluate(*operands, **dict(stmt.params))
    except ERRORS as error:
        _is_stated(type(error).__name__, stmt, operands)
        raise
    if not stmt.results:
        return
    values = (value,) if len(stmt.results) == 1 else value
    for var, result in zip(stmt.results, values, strict=True):
        env[var] = result.copy() if isinstance(result, np.ndarray) else result
        _agrees(var, env[var], name)


def called(let: Let, operands: Sequence[Any]) -> tuple[Any, ...]:
    """What the function that a call names gives."""
    found = interpret(let.param("callee").function, operands)
    for var, value in zip(let.results, found, strict=True):
        _agrees(var, value, str(let.param("callee")))
    return found


def _is_stated(exception: str, stmt: Let, values: list[Any]) -> None:
    """The exception is the one that the IR says this statement raises here."""
    found = [
        r.exception
        for r in stmt.raises
        if r.when is None or _holds(r, [a.type for a in stmt.operands], values)
    ]
    assert found[:1] == [exception], (stmt.primitive, stmt.safe, exception, found)


def _holds(raises: Raises, types: Sequence[Type], values: Sequence[Any]) -> bool:
    """Whether a condition is met: its formula, run as IR."""
    if raises.kind is not None and any(isinstance(v, np.generic) for v in values):
        return False
    assert raises.when is not None
    if raises.when is always:
        return True
    builder, params = Builder(), tuple(map(fresh_var, types))
    flag = raises.when(*map(builder.expr, params))
    condition = Function("when", builder.region(params, (flag.atom,)))
    return bool(interpret(condition, values)[0])


def _agrees(var: Var, value: Any, name: str) -> None:
    """The value is of the type that the IR gives it."""
    t = var.type
    dtype, dims = getattr(t, "dtype", None), getattr(t, "dims", None)
    if dtype is None or (isinstance(value, int) and abs(value) >= 2**63):
        return
    assert str(np.asarray(value).dtype) == dtype, (name, t, type(value))
    assert isinstance(value, np.ndarray) == (dims is not None), (name, t, value)
    if isinstance(t, Scalar) and t.kind != "either":
        numpy = isinstance(value, np.generic)
        assert numpy == (t.kind == "numpy"), (name, t, type(value))
    for length, n in zip(dims or (), np.shape(value), strict=True):
        assert not isinstance(length, int) or length == n, (name, t, np.shape(value))


# --- Whole functions -------------------------------------------------------------


def lowered(function: Any, args: Sequence[Any]) -> tuple[Lowered, list[Any]]:
    """The function lowered for these arguments, and the values of its parameters."""
    captured = capture(function)
    check(captured)
    parameters = captured.function.__code__.co_varnames
    defaults = captured.function.__defaults__ or ()
    spec = captured.node.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    missing = names[len(args) :]
    given = [*args, *defaults[len(defaults) - len(missing) :]]
    assert list(parameters[: len(names)]) == names
    keywords = captured.function.__kwdefaults__ or {}
    given += [keywords[a.arg] for a in spec.kwonlyargs]
    names += [a.arg for a in spec.kwonlyargs]
    specs = {n: describe(v, name=n) for n, v in zip(names, given, strict=True)}
    static: set[int] = set()
    lengths: set[tuple[int, int]] = set()
    while True:
        chosen, leaves = _with_static(specs, given, static, lengths)
        try:
            low = lower_function(captured, chosen, derive)
        except NeedStatic as need:
            static.add(leaves[need.leaf][0])
            continue
        except NeedLength as need:
            lengths.add((leaves[need.leaf][0], need.axis))
            continue
        verify(low.function, stage="lower")
        values = [v for _, v in leaves] + [c.read() for c in low.captures]
        return low, values


def _with_static(
    specs: dict[str, Any],
    given: list[Any],
    static: set[int],
    lengths: set[tuple[int, int]],
) -> tuple[dict[str, Any], list[tuple[int, Any]]]:
    """The specs with some leaves or lengths static, and the others numbered."""
    count = 0
    leaves: list[tuple[int, Any]] = []
    chosen = {}

    def visit(spec: Any, value: Any) -> Any:
        nonlocal count
        if hasattr(spec, "items"):
            parts = tuple(map(visit, spec.items, value))
            return type(spec)(parts, spec.cls)
        if isinstance(spec, StaticSpec):
            return spec
        number = count
        count += 1
        if number in static:
            return StaticSpec(value)
        leaves.append((number, value))
        if not isinstance(spec.type, Array):
            return spec
        dims = enumerate(spec.type.dims)
        new = tuple(
            np.shape(value)[k] if (number, k) in lengths else n for k, n in dims
        )
        return replace(spec, type=Array(spec.type.dtype, new))

    for (name, spec), value in zip(specs.items(), given, strict=True):
        chosen[name] = visit(spec, value)
    return chosen, leaves


def run(function: Any, args: Sequence[Any]) -> Any:
    """The function's result by way of the IR."""
    low, values = lowered(function, args)
    flat = interpret(low.function, values)
    return _rebuild(low.result, flat)


def _rebuild(tree: ResultTree, flat: Sequence[Any]) -> Any:
    match tree:
        case ResultLeaf(index=index):
            return flat[index]
        case ResultStatic(value=value):
            return value
        case _:
            parts = tuple(_rebuild(item, flat) for item in tree.items)
            return tree.cls(*parts) if hasattr(tree.cls, "_fields") else parts


__all__ = ["interpret", "lowered", "run"]
