"""Rows that make arrays, and those that convert or copy values.

In: lengths, a fill value, or a value whose shape is taken. Out: a new value.
Invariants: what is constant says ``linear=()``, so that it has the derivative zero.
The optional param `known`, an Array type, states what lengths the front end knows;
without it each length is a new symbol.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import COMPARE, TERNARY, Piece, Primitive, Raises, define
from adcompiler.ir.types import (
    PY_INT,
    Array,
    Residuals,
    Scalar,
    dims_of,
)
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import (
    always,
    never,
    of_lengths,
    to_int,
    unfit,
)
from adcompiler.primitives.rules import all_axes, cast_like
from adcompiler.primitives.typerules import Params, Types, known_dims, leaves

Evaluator = Callable[..., Any]


def _dtype_argument(let: Let, default: str | None = "float64") -> str:
    """``dtype=...`` unless it is the default."""
    dtype = let.param("dtype")
    shown = dtype is not None and dtype != default
    return f"dtype={spelling.dtype_text(dtype)}" if shown else ""


# --- From lengths -----------------------------------------------------------------


def filled_by(name: str) -> Primitive:
    """``np.zeros((n, m))``."""
    numpy: Evaluator = getattr(np, name)

    def types(operands: Types, params: Params) -> Types:
        dtype = params.get("dtype") or "float64"
        return (Array(dtype, known_dims(params, len(operands))),)

    def spell(let: Let, pieces: spelling.Pieces) -> Piece:
        shape = spelling.lengths_text(pieces)
        return spelling.called(f"np.{name}", shape, _dtype_argument(let))

    def evaluate(*lengths: int, dtype: Any = "float64", known: Any = None) -> Any:
        return numpy(lengths, dtype=dtype or "float64")

    return define(
        Primitive(name, types, spell, evaluate, raises=of_lengths(), linear=())
    )


zeros = filled_by("zeros")
ones = filled_by("ones")
empty = filled_by("empty")


def _full_types(types: Types, params: Params) -> Types:
    (fill, *_) = leaves("np.full", types)
    dims = known_dims(params, len(types) - 1)
    return (Array(params.get("dtype") or fill.dtype, dims),)


def _full_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    shape = spelling.lengths_text(pieces[1:])
    fill = let.operands[0].type
    default = fill.dtype if isinstance(fill, Scalar | Array) else None
    dtype = _dtype_argument(let, default)
    return spelling.called("np.full", shape, pieces[0].text, dtype)


def _summed(k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let) -> Expr:
    """The cotangent of a fill value: the sum over all that it fills."""
    fill = operands[k]
    lead = len(all_axes(y_bar)) - len(dims_of(fill.type))
    if isinstance(fill.type, Scalar):
        total = y_bar.call("sum", axis=None, keepdims=False)
    elif lead == 0:
        total = y_bar.call("sum_to", fill)
    else:
        rows = y_bar.call("sum", axis=tuple(range(lead)), keepdims=False)
        total = rows.call("sum_to", fill)
    return cast_like(total, fill.atom)


def _full_evaluate(
    fill: Any, *lengths: int, dtype: Any = None, known: Any = None
) -> Any:
    return np.full(lengths, fill, dtype=dtype)


def _full_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    found = of_lengths(1)(types, params)
    return (
        (*found, Raises("ValueError", lambda x, *n: unfit(x, n)))
        if dims_of(types[0])
        else found
    )


full = define(
    Primitive(
        "full",
        _full_types,
        _full_spell,
        _full_evaluate,
        raises=_full_raises,
        linear=(0,),
        transpose=_summed,
        domain=("real",),
    )
)


def _arange_types(types: Types, params: Params) -> Types:
    operands = leaves("np.arange", types)
    dtype = params.get("dtype")
    if dtype is None:
        # np.arange makes arrays of its operands: Python numbers are not weak here.
        dtype = str(np.result_type("int64", *(np.dtype(t.dtype) for t in operands)))
    return (Array(dtype, known_dims(params, 1)),)


def _arange_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    start, stop, step = spelling.texts(pieces)
    arguments = [start, stop, step]
    if spelling.is_constant(let, 2, 1):
        arguments = [start, stop]
        if spelling.is_constant(let, 0, 0):
            arguments = [stop]
    return spelling.called("np.arange", *arguments, _dtype_argument(let, None))


def _arange_push(
    dots: tuple[Expr | None, ...],
    operands: tuple[Expr, ...],
    results: tuple[Expr, ...],
    let: Let,
) -> tuple[Expr | None]:
    start_dot, _, step_dot = dots
    (y,) = results
    total = None if step_dot is None else step_dot * _counter(y)
    if start_dot is not None:
        constant = y.call("full_like", start_dot, dtype=None)
        total = constant if total is None else start_dot + total
    return (total,)


def _arange_pull(
    bars: tuple[Expr | None, ...],
    operands: tuple[Expr, ...],
    results: tuple[Expr, ...],
    let: Let,
) -> tuple[Expr | None, ...]:
    (y_bar,) = bars
    if y_bar is None:
        return (None, None, None)
    start = y_bar.call("sum", axis=None, keepdims=False)
    weighted = y_bar * _counter(y_bar)
    return (start, None, weighted.call("sum", axis=None, keepdims=False))


def _counter(y: Expr) -> Expr:
    """0, 1, 2, ... as long as y."""
    known = Array("int64", dims_of(y.type))
    zero, one = y.lift(0), y.lift(1)
    stop = y.call("size").atom
    atom = y.builder.apply("arange", zero, stop, one, known=known)
    return Expr(y.builder, atom)


def _endless(start: Expr, stop: Expr, step: Expr) -> Expr:
    total = (stop - start) / step
    return never(total.call("isfinite"))


def _arange_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    zero = Raises("ZeroDivisionError", lambda start, stop, step: step.call("equal", 0))
    whole = all(getattr(t, "dtype", "") == "int64" for t in types)
    return (zero,) if whole else (zero, Raises("ValueError", _endless))


arange = define(
    Primitive(
        "arange",
        _arange_types,
        _arange_spell,
        lambda start, stop, step, dtype=None, known=None: np.arange(
            start, stop, step, dtype=dtype
        ),
        raises=_arange_raises,
        pushforward=_arange_push,
        pullback=_arange_pull,
        domain=("real", "far", "positive"),
    )
)


def _eye_types(types: Types, params: Params) -> Types:
    dtype = params.get("dtype") or "float64"
    dims = known_dims(params, len(types))
    return (Array(dtype, dims if len(types) == 2 else dims * 2),)


eye = define(
    Primitive(
        "eye",
        _eye_types,
        lambda let, pieces: spelling.called(
            "np.eye",
            *spelling.texts(pieces),
            f"k={let.param('k')}" if let.param("k", 0) else "",
            _dtype_argument(let),
        ),
        lambda n, m=None, dtype="float64", known=None, k=0: np.eye(n, m, k, dtype),
        raises=of_lengths(),
        linear=(),
    )
)

# --- Like another value -----------------------------------------------------------
# Of a scalar they give a scalar: a plain number if that is of the right dtype.


def _like_types(types: Types, params: Params) -> Types:
    like, *fill = leaves("np.zeros_like", types)
    dtype = params.get("dtype") or like.dtype
    if isinstance(like, Array):
        return (Array(dtype, like.dims),)
    if fill:
        (value,) = fill
        kind = value.kind if isinstance(value, Scalar) else "numpy"
        return (Scalar(dtype, kind if value.dtype == dtype else "numpy"),)
    weak = dtype in ("float64", "int64", "bool")
    return (Scalar(dtype, "python" if weak else "numpy"),)


def like_constant(name: str, value: int | None) -> Primitive:
    """``np.zeros_like(x)``; of a scalar, the number."""
    numpy: Evaluator = getattr(np, name)

    def plain(dtype: str) -> Any:
        chosen = 0 if value is None else value
        return {"float64": float, "int64": int, "bool": bool}.get(
            dtype, np.dtype(dtype).type
        )(chosen)

    def spell(let: Let, pieces: spelling.Pieces) -> Piece:
        result = let.result.type
        if isinstance(result, Scalar):
            number = repr(plain(result.dtype))
            return spelling.atom(number)
        like = let.operands[0].type
        default = like.dtype if isinstance(like, Array) else None
        dtype = _dtype_argument(let, default)
        return spelling.called(f"np.{name}", pieces[0].text, dtype)

    def evaluate(x: Any, dtype: Any = None) -> Any:
        if not isinstance(x, np.ndarray):
            return plain(str(np.dtype(dtype or np.asarray(x).dtype)))
        return numpy(x, dtype=dtype)

    return define(
        Primitive(name, _like_types, spell, evaluate, linear=(), shape_only=(0,))
    )


zeros_like = like_constant("zeros_like", 0)
ones_like = like_constant("ones_like", 1)
empty_like = like_constant("empty_like", None)


def _full_like_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    like, fill = (a.type for a in let.operands)
    if isinstance(like, Array):
        dtype = _dtype_argument(let, like.dtype)
        return spelling.called("np.full_like", *spelling.texts(pieces), dtype)
    result = let.result.type
    assert isinstance(result, Scalar)
    if isinstance(fill, Scalar) and fill.dtype == result.dtype:
        return pieces[1]
    return spelling.called(f"np.{result.dtype}", pieces[1].text)


def _full_like_evaluate(x: Any, fill: Any, dtype: Any = None) -> Any:
    if isinstance(x, np.ndarray):
        return np.full_like(x, fill, dtype=dtype)
    target = np.dtype(dtype or np.asarray(x).dtype)
    return fill if np.asarray(fill).dtype == target else target.type(fill)


def _full_like_transpose(
    k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let
) -> Expr:
    if isinstance(y_bar.type, Scalar):
        return cast_like(y_bar, operands[k].atom)
    return _summed(k, y_bar, operands, let)


full_like = define(
    Primitive(
        "full_like",
        _like_types,
        _full_like_spell,
        _full_like_evaluate,
        linear=(1,),
        transpose=_full_like_transpose,
        shape_only=(0,),
        domain=("real", "real"),
    )
)

# --- Conversions ------------------------------------------------------------------


def _cast_types(types: Types, params: Params) -> Types:
    (x,) = leaves("a conversion", types)
    dtype, via = params["dtype"], params.get("via", "astype")
    if via == "builtin":
        return (Scalar(dtype, "python"),)
    if isinstance(x, Array) and (via == "astype" or x.dims):
        return (Array(dtype, x.dims),)
    return (Scalar(dtype, "numpy"),)


def _cast_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    dtype, via = let.param("dtype"), let.param("via", "astype")
    if via == "builtin":
        return spelling.called(spelling.dtype_text(dtype), pieces[0].text)
    operand = let.operands[0].type
    python = isinstance(operand, Scalar) and operand.kind != "numpy"
    if via == "scalar" or python:
        return spelling.called(f"np.{dtype}", pieces[0].text)
    return spelling.method(pieces[0], "astype", spelling.dtype_text(dtype))


def _cast_evaluate(x: Any, dtype: str, via: str = "astype") -> Any:
    if via == "builtin":
        return {"float64": float, "int64": int, "bool": bool}[dtype](x)
    if via == "scalar" or not isinstance(x, np.ndarray | np.generic):
        return np.dtype(dtype).type(x)
    return x.astype(dtype)


def _cast_raises(types: Types, params: Params) -> tuple[Raises, ...]:
    if params.get("via") != "builtin":
        return ()
    if dims_of(types[0]):
        return _not_one_element(types, params)
    return to_int(types, params) if params["dtype"] == "int64" else ()


def _not_one_element(types: Types, params: Params) -> tuple[Raises, ...]:
    """An array with axes is no number; one with a single element has a truth value."""
    if params["dtype"] != "bool":
        return (Raises("TypeError", always),)
    return (Raises("ValueError", lambda x: x.call("size").call("not_equal", 1)),)


def _cast_transpose(k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let) -> Expr:
    (x,) = operands
    g = cast_like(y_bar, x.atom)
    spread = dims_of(x.type) and not dims_of(g.type)
    return g.call("broadcast_to", x) if spread else g


cast = define(
    Primitive(
        "cast",
        _cast_types,
        _cast_spell,
        _cast_evaluate,
        raises=_cast_raises,
        linear=(0,),
        transpose=_cast_transpose,
        mask=lambda k, mask, operands, let: mask,
        domain=("real",),
    )
)


def _copy_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    if isinstance(let.operands[0].type, Scalar):
        return pieces[0]
    copied = spelling.method(pieces[0], "copy")
    if isinstance(let.operands[0].type, Residuals):
        copied = spelling.called("copy_of", pieces[0].text)
    if not let.param("maybe"):
        return copied
    # What is not assigned on some path is None there.
    given = spelling.within(pieces[0], COMPARE + 1)
    return Piece(f"None if {given} is None else {copied.text}", TERNARY)


copy = define(
    Primitive(
        "copy",
        lambda types, params: types,
        _copy_spell,
        lambda x, maybe=False: x.copy() if isinstance(x, np.ndarray | list) else x,
        linear=(0,),
        transpose=lambda k, y_bar, operands, let: y_bar,
        mask=lambda k, mask, operands, let: mask,
        domain=("real",),
    )
)


range_length = define(
    Primitive(
        "range_length",
        lambda types, params: (PY_INT,),
        lambda let, pieces: spelling.called(
            "len", spelling.called("range", *spelling.texts(pieces)).text
        ),
        lambda start, stop, step: len(range(start, stop, step)),
        raises=(Raises("ValueError", lambda start, stop, step: step.call("equal", 0)),),
        linear=(),
    )
)
