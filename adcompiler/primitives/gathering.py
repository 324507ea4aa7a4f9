"""Rows that index by arrays: of integers, and of bools (masks).

In: an array, perhaps a value, and the operands of the static param `index`, whose
entries may be "array" and "mask" besides those of `indexing`. Out: a new array, never a
view; or the array with the part replaced or added to.
Invariants: shapes are NumPy's: arrays and integers broadcast together, and their axes
stand where the first of them does, or in front if something stands between them. An
index may be repeated: `scatter` keeps the last value written to an element, and
`scatter_add` adds each (`repeats`), or as ``x[i] += v`` does the last alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import (
    ATOM,
    LAMBDA,
    Piece,
    Primitive,
    RaiseRule,
    Raises,
    Storage,
    define,
)
from adcompiler.ir.types import (
    Array,
    Length,
    Scalar,
    Type,
    broadcast_dims,
    dims_of,
    fresh_dim,
)
from adcompiler.primitives import spelling
from adcompiler.primitives.indexing import Index, runtime_index
from adcompiler.primitives.raising import any_of, both, differ, unfit
from adcompiler.primitives.rules import cast_like, length, number, select, zero_like
from adcompiler.primitives.typerules import (
    Params,
    Types,
    leaves,
    number_array,
    ufunc_computes,
)

ADVANCED = ("array", "mask")


def gathered_dims(x: Array, indices: Types, params: Params) -> tuple[Length, ...]:
    """The lengths of ``x[index]``.

    >>> from adcompiler.ir.types import Scalar
    >>> x, i = Array("float64", (5, 6, 7)), Array("int64", (2,))
    >>> gathered_dims(x, (i,), {"index": ("full", "array")})
    (5, 2, 7)
    >>> gathered_dims(x, (i, i), {"index": ("array", "full", "array")})
    (2, 6)
    """
    index = params["index"]
    rest, types = list(x.dims), list(indices)
    before: list[Length] = []
    groups: list[tuple[Length, ...]] = []
    places: list[int] = []
    start = 0
    for place, entry in enumerate(index):
        match entry:
            case "int" | "array" | "mask":
                start = start if places else len(before)
                places.append(place)
                t = types.pop(0)
                taken = max(1, len(dims_of(t))) if entry == "mask" else 1
                _take(rest, taken)
                groups.append((fresh_dim(),) if entry == "mask" else dims_of(t))
            case "new":
                before.append(1)
            case "full":
                before.append(_take(rest, 1)[0])
            case ("slice", *given):
                _take(rest, 1)
                del types[: sum(given)]
                before.append(fresh_dim())
            case _:
                raise TypeError(f"not an index entry: {entry!r}")
    together = places == list(range(places[0], places[-1] + 1))
    at = start if together else 0
    return (*before[:at], *broadcast_dims(*groups), *before[at:], *rest)


def _take(rest: list[Length], count: int) -> list[Length]:
    if count > len(rest):
        raise TypeError(
            "too many indices for the array",
            "leave indices away, or add an axis: x[:, None]",
        )
    taken = rest[:count]
    del rest[:count]
    return taken


def _array(types: Types) -> Array:
    x = types[0]
    if not isinstance(x, Array):
        raise TypeError(
            "a number cannot be indexed",
            "use it as it is, or make it an array: np.atleast_1d(x)",
        )
    return x


def _gather_type(types: Types, params: Params) -> Type:
    x = _array(types)
    return number_array(x.dtype, gathered_dims(x, types[1:], params))


def _write_types(types: Types, params: Params) -> Types:
    x = _array(types)
    leaves("a store", types)
    target, source = gathered_dims(x, types[2:], params), dims_of(types[1])
    if len(source) > len(target):
        raise TypeError(
            f"rank {len(source)} is stored where there is {len(target)}",
            "take axes of length 1 away: np.squeeze(v), or v[0]",
        )
    return (x,)


# --- Meaning and spelling ---------------------------------------------------------


def _gather(x: Any, *values: Any, index: Any) -> Any:
    return x[runtime_index(index, values)]


def _scatter(x: Any, value: Any, *values: Any, index: Any) -> Any:
    result = x.copy()
    result[runtime_index(index, values)] = value
    return result


def _scatter_add(x: Any, g: Any, *values: Any, index: Any, repeats: bool) -> Any:
    result = x.copy()
    where = runtime_index(index, values)
    if repeats:
        np.add.at(result, where, g)
    else:
        result[where] += g
    return result


def _spell_gather(let: Let, pieces: spelling.Pieces) -> Piece:
    array = spelling.within(pieces[0], ATOM)
    return spelling.atom(f"{array}[{spelling.index_text(let, pieces)}]")


def _spell_scatter(let: Let, pieces: spelling.Pieces) -> Piece:
    target = spelling.within(pieces[0], ATOM)
    text = f"{target}[{spelling.index_text(let, pieces)}] = {pieces[1].text}"
    return Piece(text, LAMBDA)


def _spell_scatter_add(let: Let, pieces: spelling.Pieces) -> Piece:
    target = spelling.within(pieces[0], ATOM)
    if not let.param("repeats"):
        index = spelling.index_text(let, pieces)
        return Piece(f"{target}[{index}] += {pieces[1].text}", LAMBDA)
    index = spelling.index_value(let, pieces)
    return spelling.atom(f"np.add.at({target}, {index}, {pieces[1].text})")


def _stored(types: Types, params: Params) -> tuple[str, ...]:
    """The value in the array's dtype."""
    return (_array(types).dtype,) * 2 + _indices(types)


def _added(types: Types, params: Params) -> tuple[str, ...]:
    """The sum is that of the ufunc, brought back to the array's dtype."""
    return ufunc_computes("add")(types[:2], params) + _indices(types)


def _indices(types: Types) -> tuple[str, ...]:
    return tuple(t.dtype for t in leaves("an index", types[2:]))


# --- What is raised ---------------------------------------------------------------


def _mask_misfits(first: int) -> Callable[..., Expr]:
    """Whether a mask has not the lengths of the axes that it stands for."""

    def when(x: Expr, *operands: Expr, index: Index) -> Expr:
        tests = [
            length(mask, k).call("not_equal", length(x, axis + k))
            for entry, axis, mask in entries(index, operands[first - 1 :])
            if entry == "mask"
            for k in range(len(dims_of(mask.type)))
        ]
        return any_of(tests)

    return when


def entries(index: Index, operands: Sequence[Expr]) -> Iterator[tuple[str, int, Expr]]:
    """The integers, arrays, masks and steps of an index, each with its axis."""
    rest, axis = iter(operands), 0
    for entry in index:
        match entry:
            case "int" | "array" | "mask":
                operand = next(rest)
                yield entry, axis, operand
                axis += max(1, len(dims_of(operand.type))) if entry == "mask" else 1
            case ("slice", start, stop, step):
                for _ in range(start + stop):
                    next(rest)
                if step:
                    yield "step", axis, next(rest)
                axis += 1
            case "full":
                axis += 1
            case _:
                pass


def _still(first: int) -> Callable[..., Expr]:
    """Whether a slice has step zero."""

    def when(x: Expr, *operands: Expr, index: Index) -> Expr:
        found = entries(index, operands[first - 1 :])
        return any_of([s.call("equal", 0) for kind, _, s in found if kind == "step"])

    return when


def _apart(first: int) -> Callable[..., Expr]:
    """Whether the arrays and the counts of the masks do not broadcast together."""

    def when(x: Expr, *operands: Expr, index: Index) -> Expr:
        groups: list[list[Expr]] = []
        for entry, _, i in entries(index, operands[first - 1 :]):
            if entry == "mask":
                groups.append([i.call("sum", axis=None, keepdims=False)])
            elif entry == "array":
                groups.append([length(i, k) for k in range(len(dims_of(i.type)))])
        tests = [number(x, 0).call("equal", 1)]
        for left, right in itertools.combinations(groups, 2):
            for a, b in zip(left[::-1], right[::-1], strict=False):
                tests.append(both(a.call("not_equal", 1), differ(a, b)))
        return any_of(tests)

    return when


def _outside(first: int, entry: str) -> Callable[..., Expr]:
    """Whether an index is out of bounds on its axis."""

    def when(x: Expr, *operands: Expr, index: Index) -> Expr:
        tests = [number(x, 0).call("equal", 1)]
        for found, axis, i in entries(index, operands[first - 1 :]):
            if found == entry:
                n = length(x, axis)
                for out in (i.call("less", -n), i.call("greater_equal", n)):
                    several = dims_of(out.type)
                    one = {"axis": None, "keepdims": False}
                    tests.append(out.call("any", **one) if several else out)
        return any_of(tests)

    return when


def _misplaced(x: Expr, value: Expr, *operands: Expr, index: Index) -> Expr:
    """Whether a value does not broadcast to the part that it is written to.

    The shape of the part does not depend on the numbers in the indices.
    """
    known = entries(index, operands)
    axes = {id(i): axis for entry, axis, i in known if entry in ("int", "array")}
    inside = []
    for i in operands:
        if id(i) in axes:
            n = length(x, axes[id(i)]).call("maximum", 1, via="builtin")
            inside.append(i.call("remainder", n))
        else:
            inside.append(i)
    part = x.call("gather", *inside, index=index)
    return unfit(value, [length(part, k) for k in range(len(dims_of(part.type)))])


def _raises(first: int) -> RaiseRule:
    """Errors of the index, whose operands begin at `first`, and of the value.

    NumPy looks at the value before it looks for index arrays out of bounds, but where
    it adds.
    """

    def rule(types: Types, params: Params) -> tuple[Raises, ...]:
        index = params["index"]
        steps = any(isinstance(e, tuple) and e[3] for e in index)
        found = [("IndexError", _mask_misfits(first))] if "mask" in index else []
        found += [("ValueError", _still(first))] if steps else []
        found.append(("IndexError", _apart(first)))
        if "int" in index:
            found.append(("IndexError", _outside(first, "int")))
        last = [("IndexError", _outside(first, "array"))] if "array" in index else []
        if first == 2 and dims_of(types[1]):
            place = len(last) if "repeats" in params else 0
            last.insert(place, ("ValueError", _misplaced))
        found += last
        return tuple(Raises(name, partial(when, index=index)) for name, when in found)

    return rule


# --- Rules ------------------------------------------------------------------------


def _last_written(part: Expr, like: Expr, indices: tuple[Expr, ...], let: Let) -> Expr:
    """A mask over `part`: whether the element written is the last at its place."""
    index, dims = let.param("index"), dims_of(part.type)
    zero, flat = number(part, 0), len(dims) == 1
    count = length(part, 0) if flat else part.call("size")
    params = {"known": Array("int64", dims)} if flat else {}
    order = zero.call("arange", count, 1, dtype=None, **params)
    if not flat:
        order = order.call("reshape_like", part)
    turn = like.call("zeros_like", dtype="int64")
    turn = turn.call("scatter", order, *indices, index=index)
    return turn.call("gather", *indices, index=index).call("equal", order)


def _written(y_bar: Expr, operands: tuple[Expr, ...], let: Let) -> Expr:
    """The part of a cotangent that belongs to the values written, each once."""
    _, _, *indices = operands
    part = y_bar.call("gather", *indices, index=let.param("index"))
    if "array" not in let.param("index") or isinstance(part.type, Scalar):
        return part
    return select(_last_written(part, y_bar, tuple(indices), let), part, 0.0)


def _gather_transpose(
    k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let
) -> Expr:
    x, *indices = operands
    index = let.param("index")
    value = cast_like(y_bar, x.atom)
    repeats = "array" in index
    return zero_like(x).call(
        "scatter_add", value, *indices, index=index, repeats=repeats
    )


def _scatter_transpose(
    k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let
) -> Expr:
    if k == 1:
        return _written(y_bar, operands, let)
    return y_bar.call("scatter", 0.0, *operands[2:], index=let.param("index"))


def _scatter_add_transpose(
    k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let
) -> Expr:
    if k == 0:
        return y_bar
    if let.param("repeats"):
        return y_bar.call("gather", *operands[2:], index=let.param("index"))
    return _written(y_bar, operands, let)


# --- Rows -------------------------------------------------------------------------

gather = define(
    Primitive(
        "gather",
        lambda types, params: (_gather_type(types, params),),
        _spell_gather,
        _gather,
        raises=_raises(1),
        linear=(0,),
        transpose=_gather_transpose,
        domain=("real",),
    )
)

scatter = define(
    Primitive(
        "scatter",
        _write_types,
        _spell_scatter,
        _scatter,
        computes=_stored,
        raises=_raises(2),
        linear=(0, 1),
        transpose=_scatter_transpose,
        storage=Storage.IN_PLACE,
        domain=("real", "real"),
    )
)

scatter_add = define(
    Primitive(
        "scatter_add",
        _write_types,
        _spell_scatter_add,
        _scatter_add,
        computes=_added,
        raises=_raises(2),
        linear=(0, 1),
        transpose=_scatter_add_transpose,
        storage=Storage.IN_PLACE,
        domain=("real", "real"),
    )
)
