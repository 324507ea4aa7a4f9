"""The row of random numbers: a draw from a generator.

In: the state of a generator, an array that a draw changes behind the back of the IR;
the numbers that the draw depends on; lengths. Out: what is drawn.
Invariants: a draw has an effect, so that each is made once, where it stands, and none
is merged, moved past another, dropped or made again. Its first operand is an argument,
a captured value, or what `generator` or `fork` has made: nothing
stores to it, so nothing copies it.

Derivatives hold the noise fixed: `uniform` and `normal` by their parameters are linear
in these, with the noise, a second result where it may be asked for, as the slope. What
jumps (`bernoulli`) has the derivative zero almost everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Effect, Piece, Primitive, Raises, define
from adcompiler.ir.types import Array, Scalar, Type, dims_of
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import of_lengths
from adcompiler.primitives.rules import cast_like
from adcompiler.primitives.typerules import Params, Types, known_dims, number_array
from adcompiler.random import draws
from adcompiler.random.state import LENGTH

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A function that draws.

    `numbers`: how many operands stand between the state and the lengths. `dtype`: the
    default, which is not written. `spread`: lengths are written one by one. `shaped`:
    it takes lengths. `fails`: it may refuse its numbers.
    """

    function: Callable[..., Any]
    numbers: int = 0
    dtype: str | None = "float32"
    spread: bool = False
    shaped: bool = True
    fails: bool = True

    @property
    def name(self) -> str:
        return self.function.__name__


KINDS = {
    "rand": Kind(draws.rand, spread=True, fails=False),
    "randn": Kind(draws.randn, spread=True, fails=False),
    "uniform": Kind(draws.uniform, 2),
    "normal": Kind(draws.normal, 2),
    "uniform_and_noise": Kind(draws.uniform_and_noise, 2),
    "normal_and_noise": Kind(draws.normal_and_noise, 2),
    "exponential": Kind(draws.exponential, 1),
    "randint": Kind(draws.randint, 2, "int64"),
    "randperm": Kind(draws.randperm, 1, "int64", shaped=False),
    "coins": Kind(draws.bernoulli, 1),
    "bernoulli": Kind(draws.bernoulli, 1, None, shaped=False),
    "multinomial": Kind(draws.multinomial, 2, None, shaped=False),
    "start": Kind(draws.start, 1, None, shaped=False),
}


def _types(types: Types, params: Params) -> Types:
    kind, dtype = KINDS[params["kind"]], params.get("dtype")
    match params["kind"]:
        case "start":
            return ()
        case "bernoulli":
            return _like(types[1])
        case "randperm":
            return (Array(dtype or "int64", known_dims(params, 1)),)
        case "multinomial":
            return (Array("int64", known_dims(params, len(dims_of(types[1])))),)
    dims = known_dims(params, len(types) - 1 - kind.numbers)
    found = number_array(dtype or "float32", dims)
    return (found, found) if params["kind"].endswith("_and_noise") else (found,)


def _like(t: Type) -> Types:
    """Numbers of the shape and the dtype of this."""
    assert isinstance(t, Array | Scalar)
    return (number_array(t.dtype, dims_of(t)),)


def _spell(let: Let, pieces: spelling.Pieces) -> Piece:
    kind = KINDS[let.param("kind")]
    state, *rest = spelling.texts(pieces)
    numbers, lengths = rest[: kind.numbers], rest[kind.numbers :]
    parts = numbers
    if kind.spread:
        parts = [*numbers, *lengths]
    elif kind.shaped and lengths:
        parts = [*numbers, spelling.lengths_text(pieces[1 + kind.numbers :])]
    elif kind.shaped and let.param("kind") == "coins":
        parts = [*numbers, "()"]
    if let.param("replacement"):
        parts = [*parts, "replacement=True"]
    dtype = let.param("dtype")
    if dtype is not None and dtype != kind.dtype:
        parts = [*parts, f"dtype={spelling.dtype_text(dtype)}"]
    return spelling.called(f"random.{kind.name}", *parts, f"generator={state}")


def _evaluate(
    state: Any,
    *rest: Any,
    kind: str,
    dtype: str | None = None,
    replacement: bool = False,
    known: Any = None,
) -> Any:
    return _called(kind, dtype, replacement)(state, rest)


@cache
def _called(kind: str, dtype: str | None, replacement: bool) -> Callable[..., Any]:
    """A draw of a state, and of the other operands."""
    row = KINDS[kind]
    more: dict[str, Any] = {} if dtype is None else {"dtype": dtype}
    if replacement:
        more["replacement"] = True
    function = partial(row.function, **more)
    if row.spread or not row.shaped:
        return lambda state, rest: function(*rest, generator=state)
    n = row.numbers
    return lambda state, rest: function(*rest[:n], rest[n:], generator=state)


def _raises(types: Types, params: Params) -> tuple[Raises, ...]:
    kind = KINDS[params["kind"]]
    found = of_lengths(1 + kind.numbers)(types, params) if kind.shaped else ()
    return (*found, Raises("ValueError", None)) if kind.fails else found


# --- Derivatives --------------------------------------------------------------------


def _slopes(let: Let, operands: Exprs, results: Exprs) -> dict[int, Expr | None]:
    """The partial derivatives of what is drawn by operands; None stands for one."""
    match let.param("kind"):
        case "normal_and_noise":
            return {1: None, 2: results[1]}
        case "uniform_and_noise":
            return {1: 1.0 - results[1], 2: results[1]}
        case "exponential":
            # At a rate r it is e / r.
            return {1: -results[0] / operands[1]}
        case _:
            return {}


def _push(dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    total: Expr | None = None
    for k, slope in _slopes(let, operands, results).items():
        dot = dots[k]
        if dot is not None:
            term = _like_result(dot, results[0]) if slope is None else slope * dot
            total = term if total is None else total + term
    if total is not None:
        total = cast_like(total, results[0].atom)
    return (total, *[None] * (len(results) - 1))


def _like_result(dot: Expr, result: Expr) -> Expr:
    """The tangent of a number for each that is drawn."""
    if not dims_of(result.type):
        return dot
    return result.call("zeros_like", dtype=None) + dot


def _pull(bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let) -> MaybeExprs:
    found: list[Expr | None] = [None] * len(operands)
    bar = bars[0] if bars else None
    if bar is None:
        return tuple(found)
    for k, slope in _slopes(let, operands, results).items():
        term = bar if slope is None else bar * slope
        if dims_of(term.type):
            term = term.call("sum", axis=None, keepdims=False)
        found[k] = cast_like(term, operands[k].atom)
    return tuple(found)


draw = define(
    Primitive(
        "draw",
        _types,
        _spell,
        _evaluate,
        Effect.DRAWS,
        raises=_raises,
        pushforward=_push,
        pullback=_pull,
        cost=math.inf,
    )
)

# --- What a generator starts with, and masks ----------------------------------------

generator = define(
    Primitive(
        "generator",
        lambda types, params: (Array("int64", (LENGTH,)),),
        lambda let, pieces: spelling.called("random.fresh"),
        draws.fresh,
        Effect.DRAWS,
        linear=(),
        cost=math.inf,
    )
)

fork = define(
    Primitive(
        "fork",
        lambda types, params: types[:1],
        lambda let, pieces: spelling.called("random.fork", pieces[0].text),
        draws.fork,
        Effect.DRAWS,
        linear=(),
        cost=math.inf,
    )
)

touch = define(
    Primitive(
        "touch",
        lambda types, params: (),
        lambda let, pieces: spelling.called("random.touch", pieces[0].text),
        draws.touch,
        Effect.DRAWS,
        linear=(),
        cost=math.inf,
    )
)


def _spell_mask(let: Let, pieces: spelling.Pieces) -> Piece:
    state, x, p = spelling.texts(pieces)
    return spelling.called("random.dropout_mask", x, p, f"generator={state}")


dropout_mask = define(
    Primitive(
        "dropout_mask",
        lambda types, params: _like(types[1]),
        _spell_mask,
        lambda state, x, p: draws.dropout_mask(x, p, generator=state),
        Effect.DRAWS,
        raises=(Raises("ValueError", None),),
        linear=(),
        unknown=(2,),
        shape_only=(1,),
        cost=math.inf,
    )
)
