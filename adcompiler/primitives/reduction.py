"""Rows that reduce axes, and running sums and products.

In: an array (or a scalar) and the axes. Out: the reduction; a NumPy scalar where no
axis is left.
Invariants: `axis` is None or a sorted tuple of nonnegative ints (an int for argmax,
argmin and the running ones). Extrema share ties equally; products are right with any
number of zeros, to every order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import (
    DtypeRule,
    Piece,
    Primitive,
    RaiseRule,
    Raises,
    Speller,
    define,
)
from adcompiler.ir.types import Array, Length, Scalar, dims_of, fresh_dim
from adcompiler.primitives import products, spelling
from adcompiler.primitives.raising import any_of
from adcompiler.primitives.rules import all_axes, count, length
from adcompiler.primitives.typerules import Leaf, Params, Types, leaves, number_array

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]
Axes = tuple[int, ...]


# --- What reductions share ---------------------------------------------------------


def reduced_dims(x: Leaf, axis: Axes | None, keepdims: bool) -> tuple[Length, ...]:
    """The lengths that are left."""
    dims = dims_of(x)
    gone = tuple(range(len(dims))) if axis is None else axis
    if keepdims:
        return tuple(1 if k in gone else d for k, d in enumerate(dims))
    return tuple(d for k, d in enumerate(dims) if k not in gone)


@cache
def _reduced_dtype(name: str, dtype: str) -> str:
    return str(np.asarray(getattr(np, name)(np.ones(1, dtype))).dtype)


def _types(name: str) -> Callable[[Types, Params], Types]:
    def rule(types: Types, params: Params) -> Types:
        (x,) = leaves(f"np.{name}", types)
        axis = params.get("axis")
        axes = (axis,) if isinstance(axis, int) else axis
        dims = reduced_dims(x, axes, params.get("keepdims", False))
        return (number_array(_reduced_dtype(name, x.dtype), dims),)

    return rule


def _computes(name: str) -> DtypeRule:
    """Sums and products run in the dtype of the result."""
    return lambda types, params: (_reduced_dtype(name, leaves(name, types)[0].dtype),)


def _spell(name: str) -> Speller:
    def spell(let: Let, pieces: spelling.Pieces) -> Piece:
        axis = let.param("axis")
        where = "" if axis is None else f"axis={spelling.axis_text(axis)}"
        kept = "keepdims=True" if let.param("keepdims") else ""
        least = let.param("initial")
        first = "" if least is None else f"initial={_bound_text(least)}"
        return spelling.called(f"np.{name}", pieces[0].text, where, kept, first)

    return spell


def _bound_text(bound: float) -> str:
    return f"{'-' if bound < 0 else ''}np.inf" if np.isinf(bound) else repr(bound)


def _evaluate(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def evaluate(
        x: Any, axis: Any = None, keepdims: bool = False, **initial: Any
    ) -> Any:
        return function(x, axis=axis, keepdims=keepdims, **initial)

    return evaluate


def _of_nothing(types: Types, params: Params) -> tuple[Raises, ...]:
    """Extrema of nothing raise, unless it is said what they are."""
    if params.get("initial") is not None:
        return ()
    dims = dims_of(types[0])
    axis = params.get("axis")
    given = range(len(dims)) if axis is None else axis
    axes = (given,) if isinstance(given, int) else given
    found = [a for a in axes if not (isinstance(n := dims[a], int) and n > 0)]

    def empty(x: Expr) -> Expr:
        return any_of([length(x, a).call("equal", 0) for a in found])

    return (Raises("ValueError", empty),) if found else ()


def reduced(x: Expr, let: Let) -> Axes:
    """The axes that the reduction takes."""
    axis = let.param("axis")
    return all_axes(x) if axis is None else axis


def kept(y: Expr, let: Let) -> Expr:
    """A result (or its cotangent) with the reduced axes put back as ones."""
    axis = let.param("axis")
    if axis is None or let.param("keepdims") or not axis:
        return y
    return y.call("expand_dims", axis=axis)


def _spread(y_bar: Expr, x: Expr, let: Let) -> Expr:
    """The cotangent of a reduction, repeated over the axes that it took."""
    return kept(y_bar, let).call("broadcast_to", x)


# --- Linear ------------------------------------------------------------------------


def _sum_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    return _spread(y_bar, operands[0], let)


def _mean_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    (x,) = operands
    return _spread(y_bar / count(x, reduced(x, let)), x, let)


define(
    Primitive(
        "sum",
        _types("sum"),
        _spell("sum"),
        _evaluate("sum"),
        computes=_computes("sum"),
        linear=(0,),
        transpose=_sum_transpose,
        mask=_sum_transpose,
        domain=("real",),
    )
)
define(
    Primitive(
        "mean",
        _types("mean"),
        _spell("mean"),
        _evaluate("mean"),
        computes=_computes("mean"),
        linear=(0,),
        transpose=_mean_transpose,
        mask=_sum_transpose,
        domain=("real",),
    )
)

# --- Extrema -----------------------------------------------------------------------


def _shares(x: Expr, y: Expr, let: Let) -> tuple[Expr, Expr]:
    """Where the extremum is attained, and how often."""
    mask = x.call("equal", kept(y, let))
    axis = let.param("axis")
    ties = mask.call("sum", axis=axis, keepdims=bool(let.param("keepdims")))
    if let.param("initial") is not None:  # there may be no elements
        ties = ties.call("maximum", 1)
    return mask, ties


def _extremum_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (x_dot,) = dots
    if x_dot is None:
        return (None,)
    mask, ties = _shares(operands[0], results[0], let)
    params = {"axis": let.param("axis"), "keepdims": bool(let.param("keepdims"))}
    return ((mask * x_dot).call("sum", **params) / ties,)


def _extremum_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (y_bar,) = bars
    if y_bar is None:
        return (None,)
    mask, ties = _shares(operands[0], results[0], let)
    return (mask * kept(y_bar / ties, let),)


def extremum(name: str) -> Primitive:
    """``np.max(x)``: ties share the cotangent equally. With `initial`, a number that no
    element exceeds, that is the extremum of nothing."""
    return define(
        Primitive(
            name,
            _types(name),
            _spell(name),
            _evaluate(name),
            raises=_of_nothing,
            pushforward=_extremum_push,
            pullback=_extremum_pull,
            domain=("real",),
        )
    )


extremum("max")
extremum("min")

# --- Without a derivative ------------------------------------------------------------


def predicate(name: str, raises: RaiseRule | tuple[Raises, ...] = ()) -> Primitive:
    """A reduction to bools or indices."""
    return define(
        Primitive(
            name,
            _types(name),
            _spell(name),
            _evaluate(name),
            raises=raises,
            linear=(),
            domain=("real",),
        )
    )


predicate("any")
predicate("all")
predicate("argmax", _of_nothing)
predicate("argmin", _of_nothing)

# --- Products ------------------------------------------------------------------------


def _prod_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (x_dot,), (x,) = dots, operands
    if x_dot is None:
        return (None,)
    others = products.of_others(x, reduced(x, let))
    params = {"axis": let.param("axis"), "keepdims": bool(let.param("keepdims"))}
    return ((others * x_dot).call("sum", **params),)


def _prod_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    (y_bar,), (x,) = bars, operands
    if y_bar is None:
        return (None,)
    return (kept(y_bar, let) * products.of_others(x, reduced(x, let)),)


define(
    Primitive(
        "prod",
        _types("prod"),
        _spell("prod"),
        _evaluate("prod"),
        computes=_computes("prod"),
        pushforward=_prod_push,
        pullback=_prod_pull,
        domain=("real",),
    )
)

# --- Running sums ------------------------------------------------------------------


def running_types(types: Types, params: Params) -> Types:
    """The rule of cumsum and cumprod; without an axis the array is flattened."""
    (x,) = leaves("a running sum", types)
    dtype = _reduced_dtype("sum", x.dtype)
    if params.get("axis") is not None:
        return (Array(dtype, dims_of(x)),)
    dims = dims_of(x)
    if isinstance(x, Scalar) or all(d == 1 for d in dims):
        return (Array(dtype, (1,)),)
    if len(dims) == 1:
        return (Array(dtype, dims),)
    known = [d for d in dims if isinstance(d, int)]
    size = int(np.prod(known)) if len(known) == len(dims) else fresh_dim()
    return (Array(dtype, (size,)),)


def _cumsum_transpose(k: int, y_bar: Expr, operands: Exprs, let: Let) -> Expr:
    (x,) = operands
    axis = let.param("axis")
    back = (axis or 0,)
    total = y_bar.call("flip", axis=back).call("cumsum", axis=axis)
    g = total.call("flip", axis=back)
    if isinstance(x.type, Scalar):
        return g.call("sum", axis=None, keepdims=False)
    return g.call("reshape_like", x) if axis is None and dims_of(x.type)[1:] else g


define(
    Primitive(
        "cumsum",
        running_types,
        _spell("cumsum"),
        lambda x, axis=None: np.cumsum(x, axis=axis),
        computes=_computes("sum"),
        linear=(0,),
        transpose=_cumsum_transpose,
        domain=("real",),
    )
)
define(
    Primitive(
        "cumprod",
        running_types,
        _spell("cumprod"),
        lambda x, axis=None: np.cumprod(x, axis=axis),
        computes=_computes("sum"),
        pushforward=products.cumprod_push,
        pullback=products.cumprod_pull,
        domain=("real",),
    )
)
