"""IR built by hand, as tests of passes need it, and what optimising leaves of it."""

from __future__ import annotations

import adcompiler.primitives  # noqa: F401  (fills the registry)
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    For,
    Function,
    If,
    Let,
    Range,
    fresh_var,
)
from adcompiler.ir.printer import formula
from adcompiler.ir.types import (
    NP_FLOAT,
    PY_BOOL,
    PY_INT,
    Array,
    fresh_dim,
    join_types,
)
from adcompiler.ir.verifier import verify
from adcompiler.ir.walk import all_stmts
from adcompiler.optimise import (
    optimise,
)

N = fresh_dim(not_one=True)
M = fresh_dim(not_one=True)
VECTOR = Array("float64", (N,))
MATRIX = Array("float64", (M, N))


def built(params, build, role="primal"):
    b = Builder(role=role)
    results = build(b, *params)
    atoms = results if isinstance(results, tuple) else (results,)
    function = Function("f", b.region(tuple(params), atoms))
    verify(function)
    return function


def var(name, type=NP_FLOAT):
    return fresh_var(type, name)


def result(params, build, role="adjoint"):
    """The formula that optimising leaves."""
    function = optimise(built(params, build, role))
    verify(function)
    return formula(function)


def names(function):
    """The primitives that a function applies, in order."""
    return [s.primitive.name for s in all_stmts(function.region) if isinstance(s, Let)]


def for_loop(b, inits, body, *, stop=3, exits=False):
    """Append a counted loop; `body(b, index, *state)` gives the next state."""
    index = fresh_var(PY_INT, "i")
    state = tuple(fresh_var(a.type) for a in inits)
    inner = b.child()
    ends = body(inner, index, *state)
    results = tuple(fresh_var(a.type) for a in inits)
    range_ = Range(constant(0), constant(stop), constant(1))
    stopped = fresh_var(PY_BOOL) if exits else None
    trips = fresh_var(PY_INT)
    r = inner.region((index, *state), tuple(ends))
    b.append(For(results, range_, tuple(inits), r, trips, stopped, None, b.role))
    return results


def choose(b, cond, then, orelse):
    """Append an `If`; each arm builds and gives one atom."""
    (given,) = choose_all(b, cond, lambda b: (then(b),), lambda b: (orelse(b),))
    return given


def choose_all(b, cond, then, orelse):
    """Append an `If`; each arm builds and gives some atoms."""
    sides = []
    for arm in (then, orelse):
        inner = b.child()
        sides.append((inner, arm(inner)))
    pairs = zip(sides[0][1], sides[1][1], strict=True)
    given = tuple(fresh_var(join_types(p.type, q.type)) for p, q in pairs)
    arms = (inner.region((), atoms) for inner, atoms in sides)
    b.append(If(given, cond, *arms, None, b.role))
    return given
