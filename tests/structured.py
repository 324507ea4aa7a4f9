"""Random functions in IR, and what they mean: values that never change.

`evaluate` interprets a function by the rows' own `evaluate`; `random_function` draws
one with nested branches, loops with exits, stores, views, swaps, lists and few names,
so that names clash. Every function drawn runs without errors on `arguments`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

import adcompiler.primitives  # noqa: F401  (fills the registry)
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    If,
    Let,
    Range,
    Region,
    Undef,
    Var,
    While,
    fresh_var,
)
from adcompiler.ir.types import (
    PY_BOOL,
    PY_FLOAT,
    PY_INT,
    Array,
    ListOf,
    Scalar,
    Type,
    fresh_dim,
)

LENGTH = 4
ROW = Array("float64", (fresh_dim(not_one=True),))
SLICE = ("slice", True, True, False)
REVERSED = ("slice", False, False, True)

# --- the meaning of a function -----------------------------------------------------


class Raised(Exception):
    """The function raised."""


def evaluate(function: Function, values: Sequence[Any]) -> tuple[Any, ...]:
    """The results of the function on these values, which are left alone."""
    scope: dict[Var, Any] = {}
    return _region(function.region, values, scope)


def _region(region: Region, values: Sequence[Any], scope: dict[Var, Any]):
    scope.update(zip(region.params, values, strict=True))
    for stmt in region.body:
        _stmt(stmt, scope)
    return tuple(_read(a, scope) for a in region.results)


def _read(atom: Atom, scope: dict[Var, Any]) -> Any:
    if isinstance(atom, Const):
        return atom.value
    return None if isinstance(atom, Undef) else scope[atom]


def _stmt(stmt, scope: dict[Var, Any]) -> None:
    match stmt:
        case Let():
            values = [_read(a, scope) for a in stmt.operands]
            if stmt.primitive.name == "raise":
                raise Raised
            found = stmt.primitive.evaluate(*values, **dict(stmt.params))
            if len(stmt.results) == 1:
                found = (found,)
            scope.update(zip(stmt.results, found or (), strict=True))
        case If():
            arm = stmt.then if _read(stmt.cond, scope) else stmt.orelse
            scope.update(zip(stmt.results, _region(arm, (), scope), strict=True))
        case For():
            _for(stmt, scope)
        case While():
            _while(stmt, scope)


def _for(loop: For, scope: dict[Var, Any]) -> None:
    r = loop.range
    indices = range(*(_read(a, scope) for a in (r.start, r.stop, r.step)))
    if r.limit is not None:
        indices = indices[: _read(r.limit, scope)]
    carried = tuple(_read(a, scope) for a in loop.inits)
    trips, stop = 0, False
    for index in reversed(indices) if r.reverse else indices:
        trips += 1
        carried = _region(loop.body, (index, *carried), scope)
        if loop.exits:
            stop, *carried = carried
        if stop:
            break
    _finish(loop, carried, trips, stop, scope)


def _while(loop: While, scope: dict[Var, Any]) -> None:
    carried = tuple(_read(a, scope) for a in loop.inits)
    trips, stop = 0, False
    while _region(loop.cond, carried, scope)[0]:
        trips += 1
        carried = _region(loop.body, carried, scope)
        if loop.exits:
            stop, *carried = carried
        if stop:
            break
    _finish(loop, carried, trips, stop, scope)


def _finish(loop, carried, trips, stop, scope) -> None:
    scope.update(zip(loop.results, carried, strict=True))
    scope[loop.trips] = trips
    if loop.exits:
        scope[loop.stopped] = bool(stop)


# --- writing functions by hand ------------------------------------------------------


def counted(n: Atom, results, inits, body: Region) -> For:
    """``for i in range(n)``."""
    bounds = Range(constant(0), n, constant(1))
    return For(results, bounds, inits, body, fresh_var(PY_INT, "trips"))


def body_of(text: str) -> list[str]:
    """The statements of the function that the source defines."""
    lines = text[text.index("def f(") :].splitlines()[1:]
    return [line[4:] for line in lines]


# --- random functions --------------------------------------------------------------

HINTS = ("x", "x", "y", "u", "v", "s", None, None, None, None)


def arguments(seed: int) -> tuple[Any, ...]:
    """Two arrays, a number and a trip count."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=LENGTH), rng.normal(size=LENGTH), 0.7, int(rng.integers(4))


def random_function(seed: int, size: int = 12) -> Function:
    """A function of (x, y, s, n)."""
    params = (
        fresh_var(ROW, "x"),
        fresh_var(ROW, "y"),
        fresh_var(PY_FLOAT, "s"),
        fresh_var(PY_INT, "n"),
    )
    draw = _Draw(random.Random(seed), Builder(), list(params))
    draw.statements(size, 2)
    results = tuple(draw.any(draw.pick_type()) for _ in range(draw.rng.randint(1, 3)))
    return Function("f", draw.builder.region(params, results))


class _Draw:
    def __init__(self, rng: random.Random, builder: Builder, scope: list[Var]):
        self.rng = rng
        self.builder = builder
        self.scope = scope

    # --- values ---

    def any(self, type: Type) -> Atom:
        """A value in scope; recent ones are likelier."""
        found = [v for v in self.scope if _like(v.type, type)]
        if isinstance(type, Scalar) and (not found or self.rng.random() < 0.1):
            return constant({"float64": 0.25, "int64": 2, "bool": True}[type.dtype])
        if self.rng.random() < 0.5:
            return self.rng.choice(found[-3:])
        return self.rng.choice(found)

    def pick_type(self) -> Type:
        return self.rng.choice((ROW, ROW, PY_FLOAT))

    def apply(self, name: str, *operands: Atom, **params: Any) -> Var:
        hint = self.rng.choice(HINTS)
        role = self.rng.choice(("primal", "adjoint"))
        self.builder.role = role
        result = self.builder.apply(name, *operands, hint=hint, **params)
        self.builder.role = "primal"
        self.scope.append(result)
        return result

    def index(self) -> Const:
        return constant(self.rng.randrange(-LENGTH, LENGTH))

    def cond(self) -> Var:
        name = self.rng.choice(("less", "greater"))
        a, b = self.any(PY_FLOAT), self.any(PY_FLOAT)
        return self.builder.apply(name, a, b, hint=self.rng.choice((None, "c")))

    # --- statements ---

    def statements(self, count: int, depth: int) -> None:
        for _ in range(count):
            kinds = ["scalar", "array", "view", "store", "store", "add_to", "sum"]
            if depth:
                kinds += ["branch", "loop", "loop", "tape", "maybe", "guard"]
            getattr(self, self.rng.choice(kinds))(*((depth,) if depth else ()))

    def scalar(self, *_: int) -> None:
        name = self.rng.choice(("add", "subtract", "multiply"))
        mixed = self.apply(name, self.any(PY_FLOAT), self.any(PY_FLOAT))
        if self.rng.random() < 0.5:
            self.apply("sin", mixed, via="np")

    def sum(self, *_: int) -> None:
        if self.rng.random() < 0.5:
            self.apply("load", self.any(ROW), self.index(), index=("int",))
        else:
            self.apply("sum", self.any(ROW), axis=None, keepdims=False)

    def array(self, *_: int) -> None:
        match self.rng.randrange(4):
            case 0:
                self.apply("multiply", self.any(PY_FLOAT), self.any(ROW))
            case 1:
                self.apply("sin", self.any(ROW), via="np")
            case 2:
                self.apply("copy", self.any(ROW))
            case _:
                self.apply("zeros_like", self.any(ROW), dtype=None)

    def add_to(self, *_: int) -> None:
        x = self.any(ROW)
        self.apply("add", x, self.any(ROW))

    def view(self, *_: int) -> None:
        base, step = self.any(ROW), constant(-1)
        self.apply("load", base, step, index=(REVERSED,), known=ROW)

    def store(self, *_: int) -> None:
        name, x = self.rng.choice(("store", "accumulate")), self.any(ROW)
        if self.rng.random() < 0.5:
            self.apply(name, x, self.any(PY_FLOAT), self.index(), index=("int",))
            return
        a = self.builder.apply(
            "load", self.any(ROW), constant(0), constant(2), index=(SLICE,)
        )
        self.apply(name, x, a, constant(1), constant(3), index=(SLICE,))

    # --- control flow ---

    def child(self) -> _Draw:
        return _Draw(self.rng, self.builder.child(), list(self.scope))

    def results(self, types: Sequence[Type]) -> tuple[Var, ...]:
        found = tuple(fresh_var(_loose(t), self.rng.choice(HINTS)) for t in types)
        self.scope.extend(found)
        return found

    def branch(self, depth: int) -> None:
        types = [self.pick_type() for _ in range(self.rng.randrange(3))]
        cond, arms = self.cond(), []
        for _ in range(2):
            arm = self.child()
            arm.statements(self.rng.randrange(4), depth - 1)
            arms.append(arm.builder.region((), tuple(map(arm.any, types))))
        self.builder.append(If(self.results(types), cond, *arms))

    def guard(self, depth: int) -> None:
        """``if s > 1e9: raise``, the rest of the block in the other arm."""
        big = self.builder.apply("greater", self.any(PY_FLOAT), constant(1e300))
        wrong, rest = self.child(), self.child()
        wrong.builder.apply_all("raise", exception="ValueError", template="bad")
        rest.statements(3, depth - 1)
        types = [self.pick_type()]
        arms = [
            Region((), tuple(wrong.builder.stmts), (), False),
            rest.builder.region((), tuple(map(rest.any, types))),
        ]
        self.builder.append(If(self.results(types), big, *arms))

    def maybe(self, depth: int) -> None:
        """A value that one path leaves without one, and its flag."""
        cond, arm = self.cond(), self.child()
        arm.statements(2, depth - 1)
        value = fresh_var(ROW, self.rng.choice(HINTS))
        flag = fresh_var(PY_BOOL, "bound")
        given = arm.builder.region((), (constant(True), arm.any(ROW)))
        absent = Region((), (), (constant(False), Undef(ROW)))
        self.builder.append(If((flag, value), cond, given, absent))
        self.statements(2, 0)
        use = self.child()
        use.scope.append(value)
        use.statements(2, depth - 1)
        types = [self.pick_type()]
        arms = [
            use.builder.region((), tuple(map(use.any, types))),
            Region((), (), tuple(map(self.any, types))),
        ]
        self.builder.append(If(self.results(types), flag, *arms))

    def loop(self, depth: int) -> None:
        types = [self.pick_type() for _ in range(self.rng.randint(1, 3))]
        inits = tuple(map(self.any, types))
        exits = self.rng.random() < 0.4
        results = tuple(fresh_var(_loose(t), self.rng.choice(HINTS)) for t in types)
        trips = fresh_var(PY_INT, "trips")
        stopped = fresh_var(PY_BOOL, "stopped") if exits else None
        params = tuple(fresh_var(_loose(t), self.rng.choice(HINTS)) for t in types)
        if self.rng.random() < 0.7:
            index = fresh_var(PY_INT, self.rng.choice(("i", None)))
            body = self.body((index, *params), types, exits, depth)
            bounds = Range(
                constant(0),
                self.any(PY_INT),
                constant(1),
                None,
                not exits and self.rng.random() < 0.3,
            )
            loop: For | While = For(results, bounds, inits, body, trips, stopped)
        else:
            loop = self.while_loop(results, inits, params, types, trips, stopped, depth)
            results = loop.results
        self.builder.append(loop)
        self.scope.extend(results)
        if self.rng.random() < 0.4:
            self.scope.append(trips)
        if stopped is not None and self.rng.random() < 0.4:
            mark = self.builder.apply("where", stopped, constant(1.0), constant(0.0))
            self.apply("multiply", mark, constant(0.5))

    def while_loop(self, results, inits, params, types, trips, stopped, depth):
        count, seen = fresh_var(PY_INT, "k"), fresh_var(PY_INT, "k")
        heads = tuple(fresh_var(p.type, p.name) for p in params)
        test = Builder()
        cond = test.apply("less", seen, constant(3))
        cond_region = test.region((seen, *heads), (cond,))
        inner = self.child()
        more = inner.builder.apply("add", count, constant(1))
        body = inner.body(
            (count, *params), types, stopped is not None, depth, [more], inner.builder
        )
        results = (fresh_var(PY_INT, "k"), *results)
        inits = (constant(0), *inits)
        return While(results, inits, cond_region, body, trips, stopped)

    def body(self, params, types, exits, depth, first=(), builder=None) -> Region:
        inner = self.child()
        if builder is not None:
            inner.builder = builder
        inner.scope.extend(params)
        inner.statements(self.rng.randint(1, 4), depth - 1)
        # A mere permutation of what was carried is a swap.
        ends = tuple(inner.any(t) for t in types)
        if not exits:
            return inner.builder.region(params, (*first, *ends))
        if self.rng.random() < 0.3:
            return inner.builder.region(params, (inner.cond(), *first, *ends))
        cond, arms = inner.cond(), []
        flags = [True, False]
        self.rng.shuffle(flags)
        for flag in flags:
            arm = inner.child()
            arm.statements(self.rng.randrange(3), depth - 1)
            atoms = (constant(flag), *(arm.any(t) for t in types))
            arms.append(arm.builder.region((), atoms))
        joined = (fresh_var(PY_BOOL), *inner.results(types))
        inner.builder.append(If(joined, cond, *arms))
        return inner.builder.region(params, (joined[0], *first, *joined[1:]))

    def tape(self, depth: int) -> None:
        """A loop that records an array at each trip, and one that reads them back."""
        empty = self.builder.apply("list_new", element=ROW, hint="tape")
        kind = ListOf(ROW)
        n = self.any(PY_INT)
        inner, state, tape = self.child(), fresh_var(ROW, "x"), fresh_var(kind, "tape")
        index = fresh_var(PY_INT, "i")
        inner.scope.append(state)
        inner.statements(self.rng.randrange(3), depth - 1)
        kept = inner.builder.apply("list_append", tape, inner.any(ROW), hint="tape")
        inner.statements(self.rng.randrange(3), depth - 1)
        body = inner.builder.region((index, state, tape), (inner.any(ROW), kept))
        last, full = fresh_var(ROW, "x"), fresh_var(kind, "tape")
        bounds = Range(constant(0), n, constant(1))
        trips = fresh_var(PY_INT, "trips")
        self.builder.append(
            For((last, full), bounds, (self.any(ROW), empty), body, trips)
        )
        self.scope.append(last)
        self.statements(self.rng.randrange(2), 0)
        inner, state, tape = self.child(), fresh_var(ROW, "u"), fresh_var(kind, "tape")
        saved, rest = inner.builder.apply_all("list_pop", tape, hint="u")
        inner.scope.extend((state, saved))
        inner.statements(self.rng.randint(1, 3), depth - 1)
        body = inner.builder.region(
            (fresh_var(PY_INT, "i"), state, tape), (inner.any(ROW), rest)
        )
        result, left = fresh_var(ROW, "u"), fresh_var(kind, "tape")
        count = fresh_var(PY_INT, "trips")
        inits = (self.any(ROW), full)
        self.builder.append(For((result, left), bounds, inits, body, count))
        self.scope.append(result)


def _like(type: Type, wanted: Type) -> bool:
    if isinstance(type, Scalar) and isinstance(wanted, Scalar):
        return type.dtype == wanted.dtype
    return type == wanted


def _loose(type: Type) -> Type:
    """The type of a join."""
    return Scalar(type.dtype, "either") if isinstance(type, Scalar) else type
