"""Rows of calls of functions of their own, and of the residuals that these leave.

In: a `Callee` among the parameters. Out: what it gives.
Invariants: the types of results are stated, in the caller's lengths, since only the
caller can tell them; a call in reverse mode has been replaced by one of its callee's
forward sweep, which names the pullback. Residuals are tuples; the derivative of a tuple
is the tuple of derivatives, with zeros for what has none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from adcompiler.errors import InternalError
from adcompiler.ir.builder import Expr, constant
from adcompiler.ir.callee import derivative_type
from adcompiler.ir.nodes import Atom, Let, Var
from adcompiler.ir.primitive import ATOM, Piece, Primitive, Raises, define
from adcompiler.ir.types import PY_FLOAT, ListOf, Residuals, covers, is_float
from adcompiler.primitives import spelling
from adcompiler.primitives.rules import zero_like
from adcompiler.primitives.typerules import Params, Types

if TYPE_CHECKING:
    from adcompiler.ir.callee import Callee

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]

# --- Calls --------------------------------------------------------------------------


def _call_types(types: Types, params: Params) -> Types:
    callee: Callee = params["callee"]
    stated: Types = params["types"]
    for verb, declared, found in (
        ("takes", callee.params, types),
        ("gives", callee.results, stated),
    ):
        if len(declared) != len(found) or not all(map(covers, declared, found)):
            shown = ", ".join(map(str, found))
            raise TypeError(f"{callee.name}() does not {verb[:-1]} ({shown})")
    return stated


def _call_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    pullback, wrt = let.param("pullback"), let.param("wrt")
    if pullback is None:
        raise InternalError(f"{let.param('callee')} is reversed without its residuals")
    *values, saved = results
    given = [
        (_zeros(y) if bar is None else bar).atom
        for y, bar in zip(values, bars, strict=False)
        if is_float(y.type)
    ]
    # A cotangent has the lengths of its operand.
    types = tuple(derivative_type(operands[k].type) for k in wrt)
    builder = saved.builder
    params = {"callee": pullback, "types": types}
    nouns = [_called(operands[k].atom, "bar") for k in wrt]
    found = builder.apply_all("call", saved.atom, *given, nouns=nouns, **params)
    gradients = {k: Expr(builder, atom) for k, atom in zip(wrt, found, strict=True)}
    return tuple(map(gradients.get, range(len(operands))))


def _called(atom: Atom, word: str) -> str | None:
    """What the derivative of a value is."""
    base = (atom.name or atom.noun) if isinstance(atom, Var) else None
    return f"{base}_{word}" if base else None


def _spell_call(let: Let, pieces: spelling.Pieces) -> Piece:
    name = let.param("name") or let.param("callee").name
    return spelling.called(name, *spelling.texts(pieces))


call = define(
    Primitive(
        "call",
        _call_types,
        _spell_call,
        raises=(Raises("Exception", None),),
        pullback=_call_pull,
        cost=math.inf,
    )
)

# --- Residuals ----------------------------------------------------------------------


def _zeros(x: Expr) -> Expr:
    """What is held where nothing depends on what is differentiated."""
    match x.type:
        case Residuals():
            return x.call("residuals_zeros")
        case ListOf():
            return x.call("list_zeros")
        case _:
            return zero_like(x) if is_float(x.type) else x.builder.expr(constant(0.0))


def _all(derivatives: MaybeExprs, of: Exprs) -> list[Expr]:
    return [_zeros(x) if d is None else d for x, d in zip(of, derivatives, strict=True)]


def _pack_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    if all(d is None for d in dots):
        return (None,)
    builder = results[0].builder
    atoms = (x.atom for x in _all(dots, operands))
    return (Expr(builder, builder.apply("pack", *atoms, **dict(let.params))),)


def _pack_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (packed,) = bars
    return _taken_out(packed, operands, "bar")


def _taken_out(packed: Expr | None, of: Exprs, word: str) -> MaybeExprs:
    """The derivatives of what is held: of what is no float there is none."""
    if packed is None:
        return (None,) * len(of)
    builder = packed.builder
    types = tuple(x.type if is_float(x.type) else PY_FLOAT for x in of)
    nouns = [_called(x.atom, word) for x in of]
    found = builder.apply_all("unpack", packed.atom, types=types, nouns=nouns)
    return tuple(
        Expr(builder, atom) if is_float(x.type) else None
        for x, atom in zip(of, found, strict=True)
    )


def _spell_pack(let: Let, pieces: spelling.Pieces) -> Piece:
    return spelling.atom(spelling.tuple_text(spelling.texts(pieces)))


pack = define(
    Primitive(
        "pack",
        lambda types, params: (Residuals(params["of"]),),
        _spell_pack,
        lambda *values, of: values,
        pushforward=_pack_push,
        pullback=_pack_pull,
        cost=math.inf,
    )
)


def _unpack_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    return _taken_out(dots[0], results, "dot")


def _unpack_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (packed,) = operands
    if all(b is None for b in bars) or not isinstance(packed.type, Residuals):
        return (None,)
    atoms = (x.atom for x in _all(bars, results))
    built = packed.builder.apply("pack", *atoms, of=packed.type.of)
    return (Expr(packed.builder, built),)


def _spell_unpack(let: Let, pieces: spelling.Pieces) -> Piece:
    if len(let.results) == 1:
        return spelling.atom(f"{spelling.within(pieces[0], ATOM)}[0]")
    return pieces[0]


unpack = define(
    Primitive(
        "unpack",
        lambda types, params: params["types"],
        _spell_unpack,
        lambda packed, types: packed[0] if len(types) == 1 else packed,
        pushforward=_unpack_push,
        pullback=_unpack_pull,
        cost=math.inf,
    )
)

residuals_none = define(
    Primitive(
        "residuals_none",
        lambda types, params: (Residuals(params["of"]),),
        lambda let, pieces: spelling.atom("None"),
        lambda of: None,
        linear=(),
    )
)


def _same(types: Types, params: Params) -> Types:
    return types[:1]


residuals_zeros = define(
    Primitive(
        "residuals_zeros",
        _same,
        lambda let, pieces: spelling.called("zeros_of", pieces[0].text),
        linear=(),
        cost=math.inf,
    )
)

residuals_add = define(
    Primitive(
        "residuals_add",
        _same,
        lambda let, pieces: spelling.called("sum_of", *spelling.texts(pieces)),
        linear=(0, 1),
        transpose=lambda k, y_bar, operands, let: y_bar,
        cost=math.inf,
    )
)
