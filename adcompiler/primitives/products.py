"""Derivatives of products that hold with any number of zeros, to every order.

In: an array and axes. Out: formulas without a division.
Invariant: everything is built of `cumprod` and linear rows, so that it differentiates
again. The derivative of `cumprod` itself takes memory quadratic in the length: it is
met at second order only.
"""

from __future__ import annotations

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.types import Array, dims_of, drop_dim, fresh_dim
from adcompiler.primitives.rules import length, number, select

MaybeExprs = tuple[Expr | None, ...]
Exprs = tuple[Expr, ...]


def of_others(x: Expr, axes: tuple[int, ...]) -> Expr:
    """For each element the product of all others along the axes."""
    if not axes:
        return x.call("ones_like", dtype=None)
    *rest, axis = axes
    others = before(x, axis) * after(x, axis)
    if not rest:
        return others
    inner = x.call("prod", axis=(axis,), keepdims=True)
    return of_others(inner, tuple(rest)) * others


def before(x: Expr, axis: int) -> Expr:
    """For each element the product of those that stand before it."""
    one = _up_to(x, axis, 1).call("ones_like", dtype=None)
    known = Array("float64", dims_of(x.type))
    moved = one.call("concatenate", _up_to(x, axis, -1), axis=axis, known=known)
    return moved.call("cumprod", axis=axis)


def after(x: Expr, axis: int) -> Expr:
    """For each element the product of those that stand behind it."""
    backwards = before(x.call("flip", axis=(axis,)), axis)
    return backwards.call("flip", axis=(axis,))


def _up_to(x: Expr, axis: int, stop: int) -> Expr:
    """``x[:stop]`` along an axis, `stop` being 1 or -1."""
    dims = list(dims_of(x.type))
    here = dims[axis]
    if stop < 0:
        dims[axis] = drop_dim(here, 1)
    else:
        dims[axis] = min(here, 1) if isinstance(here, int) else fresh_dim()
    index = (*("full",) * axis, ("slice", False, True, False))
    return x.call("load", stop, index=index, known=Array("float64", tuple(dims)))


# --- cumprod -----------------------------------------------------------------------


def _weights(x: Expr, axis: int) -> Expr:
    """The derivative of running product j by element i, at axes (axis, axis + 1).

    It is the product before i times that from i + 1 to j, and zero for j < i.
    """
    n = length(x, axis)
    trailing = len(dims_of(x.type)) - axis - 1
    rows, columns = _positions(n, 1, trailing), _positions(n, 0, trailing)
    later = x.call("expand_dims", axis=(axis + 1,))
    factors = select(rows.call("greater", columns), later, 1.0)
    segments = factors.call("cumprod", axis=axis)
    kept = select(rows.call("greater_equal", columns), segments, 0.0)
    return kept * before(x, axis).call("expand_dims", axis=(axis,))


def _positions(n: Expr, new: int, trailing: int) -> Expr:
    """0 .. n - 1 as a column (`new` is 1) or row, before the trailing axes."""
    builder = n.builder
    zero, one = number(n, 0).atom, number(n, 1).atom
    line = Expr(builder, builder.apply("arange", zero, n.atom, one))
    axes = (new, *range(2, 2 + trailing))
    return line.call("expand_dims", axis=axes)


def _flat(x: Expr, let: Let) -> tuple[Expr, int]:
    """The operand and axis of a running product, flattened if it has no axis."""
    axis = let.param("axis")
    if axis is not None:
        return x, axis
    if len(dims_of(x.type)) == 1:
        return x, 0
    return x.call("reshape", -1), 0


def cumprod_push(
    dots: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """y_dot_j = sum over i of the weight times x_dot_i."""
    (x_dot,) = dots
    if x_dot is None:
        return (None,)
    x, axis = _flat(operands[0], let)
    x_dot, _ = _flat(x_dot, let)
    weighted = _weights(x, axis) * x_dot.call("expand_dims", axis=(axis,))
    return (weighted.call("sum", axis=(axis + 1,), keepdims=False),)


def cumprod_pull(
    bars: MaybeExprs, operands: Exprs, results: Exprs, let: Let
) -> MaybeExprs:
    """x_bar_i = sum over j of the weight times y_bar_j."""
    (y_bar,) = bars
    if y_bar is None:
        return (None,)
    x, axis = _flat(operands[0], let)
    weighted = _weights(x, axis) * y_bar.call("expand_dims", axis=(axis + 1,))
    total = weighted.call("sum", axis=(axis,), keepdims=False)
    same = len(dims_of(operands[0].type)) == len(dims_of(x.type))
    return (total if same else total.call("reshape_like", operands[0]),)
