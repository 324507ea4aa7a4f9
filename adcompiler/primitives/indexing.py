"""Rows that read and write parts of arrays.

In: an array, perhaps a value, and the operands of the static param `index` (see the
table in docs/architecture.md). Out: the part, or the array with the part replaced.
Invariants: arrays are values: `store` and `accumulate` give new arrays. The optional
param `known`, an Array type, states the lengths of ``x[index]`` that the front end
knows, and with them that no slice has step zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, assert_never

import numpy as np

from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Atom, Const, Let, Undef, Var
from adcompiler.ir.primitive import (
    ATOM,
    LAMBDA,
    Piece,
    Primitive,
    RaiseRule,
    Raises,
    Speller,
    Storage,
    define,
)
from adcompiler.ir.types import (
    Array,
    Dim,
    Length,
    ListOf,
    Scalar,
    Type,
    dims_of,
    drop_dim,
    fresh_dim,
)
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import always, either, unfit
from adcompiler.primitives.rules import cast_like, length, zero_like
from adcompiler.primitives.typerules import (
    Params,
    Types,
    broadcasts_safely,
    leaves,
    number_array,
    ufunc_computes,
)

Index = tuple[Any, ...]


def index_operand_count(index: Index) -> int:
    """How many operands an index takes."""
    counts = (sum(e[1:]) if isinstance(e, tuple) else e == "int" for e in index)
    return int(sum(counts))


def _consumed(index: Index) -> int:
    return sum(entry != "new" for entry in index)


def loaded_dims(x: Array, params: Params) -> tuple[Length, ...]:
    """The lengths of ``x[index]``."""
    index: Index = params["index"]
    if _consumed(index) > x.ndim:
        raise TypeError(
            f"too many indices: the array has {x.ndim} axes, the index {len(index)}",
            "leave indices away, or add an axis: x[:, None]",
        )
    rest = iter(x.dims)
    dims: list[Length] = []
    for entry in index:
        match entry:
            case "int":
                next(rest)
            case "new":
                dims.append(1)
            case "full" | ("slice", False, False, False):
                dims.append(next(rest))
            case _:
                next(rest)
                dims.append(fresh_dim())
    dims.extend(rest)
    known = params.get("known")
    if isinstance(known, Array) and known.ndim == len(dims):
        return known.dims
    return tuple(dims)


def part_lengths(
    dims: tuple[Length, ...], index: Index, operands: Sequence[Atom]
) -> Iterator[Length]:
    """The lengths of ``x[index]`` where the operands of the index are at hand."""
    rest, atoms = iter(dims), list(operands)
    for entry in index:
        if entry == "new":
            yield 1
            continue
        base = next(rest)
        if entry == "int":
            del atoms[0]
        elif entry == "full":
            yield base
        else:
            yield sliced(base, *(atoms.pop(0) if has else None for has in entry[1:]))
    yield from rest


def sliced(
    base: Length, start: Atom | None, stop: Atom | None, step: Atom | None
) -> Length:
    """The length of ``range(base)[start:stop:step]``; equal for equal bounds.

    >>> from adcompiler.ir.builder import constant
    >>> sliced(7, constant(1), constant(-1), None)
    5
    >>> n = Dim("n")
    >>> print(sliced(n, constant(2), None, None), sliced(n, None, constant(-2), None))
    n-2 n-2
    """
    bounds = tuple(map(_bound, (start, stop, step)))
    match bounds:
        case (int() | None) as low, (int() | None) as high, (int() | None) as stride:
            if isinstance(base, int) and stride != 0:
                return len(range(base)[slice(low, high, stride)])
            first, last = low or 0, high or 0
            if stride in (None, 1) and first >= 0 and (high is None or last < 0):
                return drop_dim(base, first - last)
    return Dim(("slice", base, *bounds))


def _bound(atom: Atom | None) -> int | str | None:
    """A bound as part of a symbol's key: a number, or the value that it is."""
    match atom:
        case None:
            return None
        case Const(value=value):
            return int(value)
        case Var():
            return f"%{atom.id}"
        case Undef():
            return "undefined"
        case _:
            assert_never(atom)


def _array(types: Types) -> Array:
    x = types[0]
    if not isinstance(x, Array):
        raise TypeError(
            "a number cannot be indexed",
            "use it as it is, or make it an array: np.atleast_1d(x)",
        )
    return x


def _part(types: Types, params: Params) -> Type:
    x = _array(types)
    return number_array(x.dtype, loaded_dims(x, params))


def _outside(axis: int, operand: int) -> Callable[..., Expr]:
    """Whether an index is out of bounds on its axis."""

    def when(x: Expr, *operands: Expr) -> Expr:
        i, n = operands[operand], length(x, axis)
        return either(i.call("less", -n), i.call("greater_equal", n))

    return when


def _still(operand: int) -> Callable[..., Expr]:
    """Whether the step of a slice is zero."""
    return lambda x, *operands: operands[operand].call("equal", 0)


def _index_raises(params: Params, first: int = 0) -> tuple[Raises, ...]:
    """Ints may be out of bounds; slices raise for step zero alone.

    `first` is the place of the first index among the operands after the array.
    """
    stated = params.get("known") is not None
    found, axis = [], 0
    for entry in params["index"]:
        if entry == "int":
            found.append(Raises("IndexError", _outside(axis, first)))
            first += 1
        elif isinstance(entry, tuple):
            first += sum(entry[1:])
            if entry[3] and not stated:
                found.append(Raises("ValueError", _still(first - 1)))
        axis += entry != "new"
    return tuple(found)


def _write_raises(*, adds: bool) -> RaiseRule:
    """An index out of bounds, or a value that does not fit where it is written."""

    def rule(types: Types, params: Params) -> tuple[Raises, ...]:
        x, value = _array(types), types[1]
        target, source = loaded_dims(x, params), dims_of(value)
        fits = len(source) <= len(target) and broadcasts_safely((source, target))
        stretched = any(
            s != 1 and t == 1 for s, t in zip(source[::-1], target[::-1], strict=False)
        )
        found = _index_raises(params, 1)
        if fits and not stretched:
            return found
        return (*found, Raises("ValueError", _unfit(params, adds=adds)))

    return rule


def _unfit(params: Params, *, adds: bool) -> Callable[..., Expr]:
    """Whether a value does not broadcast to the part that it is written to."""

    def when(x: Expr, value: Expr, *operands: Expr) -> Expr:
        part = x.call("load", *operands, **params)
        rank, mine = len(dims_of(part.type)), len(dims_of(value.type))
        element = not rank and params["index"]
        if mine > rank and (adds or element):
            return always(value)
        return unfit(value, [length(part, k) for k in range(rank)])

    return when


def _write_types(types: Types, params: Params) -> Types:
    x, value = _array(types), types[1]
    loaded_dims(x, params)
    if isinstance(value, ListOf):
        raise TypeError(
            "a list cannot be stored in an array", "make it an array: np.array(xs)"
        )
    leaves("a store", types)
    return (x,)


def _stored(types: Types, params: Params) -> tuple[str, ...]:
    """The value in the array's dtype; indices are ints."""
    dtype = _array(types).dtype
    return (dtype, dtype, *("int64" for _ in types[2:]))


def _added(types: Types, params: Params) -> tuple[str, ...]:
    """The sum is that of the ufunc, brought back to the array's dtype."""
    sums = ufunc_computes("add")(types[:2], params)
    return (*sums, *("int64" for _ in types[2:]))


# --- The index at run time --------------------------------------------------------


def runtime_index(index: Index, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The subscript as NumPy takes it."""
    rest = iter(values)
    return tuple(_entry(e, rest) for e in index) if index else (...,)


def _entry(entry: Any, rest: Iterator[Any]) -> Any:
    match entry:
        case "int" | "array" | "mask":
            return next(rest)
        case "new":
            return None
        case "full":
            return slice(None)
        case _:
            return slice(*(next(rest) if given else None for given in entry[1:]))


def _load(x: Any, *values: Any, index: Index, known: Any = None) -> Any:
    found = x[runtime_index(index, values)]
    return found if np.ndim(found) else found[()]


def _store(x: Any, value: Any, *values: Any, index: Index, known: Any = None) -> Any:
    result = x.copy()
    result[runtime_index(index, values)] = value
    return result


def _accumulate(x: Any, g: Any, *values: Any, index: Index, known: Any = None) -> Any:
    result = x.copy()
    result[runtime_index(index, values)] += g
    return result


# --- Rows -------------------------------------------------------------------------


def _load_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    if not let.param("index") and isinstance(let.result.type, Array):
        return pieces[0]  # all of it, of which lengths are known
    index = spelling.index_text(let, pieces) if let.param("index") else "()"
    return spelling.atom(f"{spelling.within(pieces[0], ATOM)}[{index}]")


def _write_spell(sign: str) -> Speller:
    def spell(let: Let, pieces: spelling.Pieces) -> Piece:
        target = spelling.within(pieces[0], ATOM)
        index = spelling.index_text(let, pieces)
        text = f"{target}[{index}] {sign} {pieces[1].text}"
        return Piece(text, LAMBDA)

    return spell


def _read(y_bar: Expr, operands: tuple[Expr, ...], let: Let) -> Expr:
    """The part of a cotangent that belongs to the value written."""
    x = operands[0].type
    assert isinstance(x, Array)
    if isinstance(y_bar.type, Scalar):
        return y_bar  # of an array of rank 0
    index = let.param("index")
    atoms = [e.atom for e in operands[2:]]
    known = Array(x.dtype, tuple(part_lengths(x.dims, index, atoms)))
    return y_bar.call("load", *operands[2:], index=index, known=known)


def _load_transpose(k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let) -> Expr:
    x, *indices = operands
    zero, params = zero_like(x), dict(let.params)
    return zero.call("accumulate", cast_like(y_bar, x.atom), *indices, **params)


def _store_transpose(
    k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let
) -> Expr | None:
    if k == 1:
        return _read(y_bar, operands, let)
    if isinstance(y_bar.type, Scalar):
        return None
    return y_bar.call("store", 0.0, *operands[2:], **dict(let.params))


def _accumulate_transpose(
    k: int, y_bar: Expr, operands: tuple[Expr, ...], let: Let
) -> Expr:
    return _read(y_bar, operands, let) if k == 1 else y_bar


def _load_mask(k: int, mask: Expr, operands: tuple[Expr, ...], let: Let) -> Expr:
    x, *indices = operands
    nothing = x.call("zeros_like", dtype="bool")
    return nothing.call("store", mask, *indices, **dict(let.params))


def _store_mask(k: int, mask: Expr, operands: tuple[Expr, ...], let: Let) -> Expr:
    if k == 1:
        return _read(mask, operands, let)
    return mask.call("store", False, *operands[2:], **dict(let.params))


load = define(
    Primitive(
        "load",
        lambda types, params: (_part(types, params),),
        _load_spell,
        _load,
        raises=lambda types, params: _index_raises(params),
        linear=(0,),
        transpose=_load_transpose,
        mask=_load_mask,
        storage=Storage.VIEW,
        domain=("real",),
    )
)

store = define(
    Primitive(
        "store",
        _write_types,
        _write_spell("="),
        _store,
        computes=_stored,
        raises=_write_raises(adds=False),
        linear=(0, 1),
        transpose=_store_transpose,
        mask=_store_mask,
        storage=Storage.IN_PLACE,
        domain=("real", "real"),
    )
)

accumulate = define(
    Primitive(
        "accumulate",
        _write_types,
        _write_spell("+="),
        _accumulate,
        computes=_added,
        raises=_write_raises(adds=True),
        linear=(0, 1),
        transpose=_accumulate_transpose,
        mask=_accumulate_transpose,
        storage=Storage.IN_PLACE,
        domain=("real", "real"),
    )
)
