"""Rows that reduce axes.

In: a statement. Out: its result; None where NumPy is to compute it.
Invariants: a sum may be taken in any order, which is what lets it be vectorised; nan is
handed on by extrema.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from adcompiler.emit.llvm.accumulators import STEPS, Reduction, plus
from adcompiler.emit.llvm.cascaded import Carried
from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.nests import (
    At,
    Source,
    allocated,
    broadcast,
    each,
    filled,
    jammed,
)
from adcompiler.emit.llvm.outlined import Apart
from adcompiler.emit.llvm.scalars import convert, elementwise
from adcompiler.emit.llvm.sharing import first_axis, shared
from adcompiler.emit.llvm.values import (
    Elements,
    Number,
    Value,
    constant_text,
    dense,
    machine,
)
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let, Var
from adcompiler.ir.types import Array, Scalar, dims_of

__all__ = [
    "ROWS",
    "AxisReduction",
    "axis_reduction",
    "is_sum_of_nothing",
    "is_whole",
    "reduced_axes",
    "reduces_axes",
]

_COST = 3  # of an element, see `least_of`

Values = list[Value]


def _axes(let: Let, x: Elements) -> tuple[int, ...]:
    axis = let.param("axis")
    if axis is None:
        return tuple(range(len(x.dims)))
    return (axis,) if isinstance(axis, int) else tuple(axis)


@dataclass(frozen=True, eq=False)
class AxisReduction:
    """A reduction of some axes of what a nest computes.

    `made` is its result, of which `target` is what the places of the nest belong to.
    What a row of the last axis gives stays in a register, if that axis is reduced.
    """

    found: Reduction
    axes: tuple[int, ...]
    made: Elements
    target: Elements

    @property
    def in_rows(self) -> bool:
        return len(self.target.dims) - 1 in self.axes

    @property
    def over_rows(self) -> bool:
        """Whether all rows of the last axis are reduced to one."""
        return _over_rows(self.axes, len(self.target.dims))

    def add(self, code: Code, place: At, text: str) -> None:
        """Reduce what is at a place, and what a row gave, to one."""
        found, dtype = self.found, self.made.dtype
        total = convert(code, place.get(code), dtype, found.dtype)
        text = STEPS[found.name](code, found.dtype, total, text)
        place.put(code, convert(code, text, found.dtype, dtype))

    def add_elements(self, code: Code, place: At, texts: Sequence[str]) -> None:
        """Reduce what is at a place, and some elements, to one."""
        found, dtype = self.found, self.made.dtype
        total = convert(code, place.get(code), dtype, found.dtype)
        for text in texts:
            total = found.step(code, total, text)
        place.put(code, convert(code, total, found.dtype, dtype))

    def apart(self) -> Apart:
        """The result, which chunks of a nest have one each of."""
        found, dtype = self.found, self.made.dtype

        def first(code: Code) -> str:
            return convert(code, found.first, found.dtype, dtype)

        def join(code: Code, place: At, more: At) -> None:
            self.add(code, place, convert(code, more.get(code), dtype, found.dtype))

        return Apart(self.made, first, join)

    def finish(self, code: Code) -> None:
        """Divide what is a mean."""
        if self.found.name != "mean":
            return
        lengths = (self.target.dims[a] for a in self.axes)
        _divide(code, self.made, code.product(lengths))


def _over_rows(axes: Sequence[int], rank: int) -> bool:
    return rank > 1 and rank - 2 in axes and rank - 1 not in axes


def axis_reduction(writer: Writer, let: Let, dims: Sequence[str]) -> AxisReduction:
    """The reduction of some axes of these lengths, which begins."""
    code, found, t = writer.code, Reduction(let), let.result.type
    axes = reduced_axes(let)
    assert axes is not None
    assert isinstance(t, Array)
    axis_of = _axes_of(let, axes, len(dims))
    shown = ["1" if k in axes else dims[k] for k in axis_of]
    made = writer.room(let.result, shown)
    first = convert(code, found.first, found.dtype, t.dtype)
    made = filled(code, t.dtype, shown, first, made)
    strides = ["0"] * len(dims)
    for k, stride in zip(axis_of, made.strides, strict=True):
        strides[k] = "0" if k in axes else stride
    target = replace(made, dims=tuple(dims), strides=tuple(strides), contiguous=False)
    return AxisReduction(found, axes, made, target)


def _axes_of(let: Let, axes: Sequence[int], rank: int) -> list[int]:
    """Which axis of what is reduced each axis of the result is."""
    if let.primitive.name == "sum_to":
        return list(range(rank - len(dims_of(let.result.type)), rank))
    keeps = bool(let.param("keepdims"))
    return [k for k in range(rank) if keeps or k not in axes]


def reduces_axes(let: Let) -> bool:
    """Whether a statement reduces some axes, which its type tells."""
    return bool(reduced_axes(let))


def is_sum_of_nothing(let: Let) -> bool:
    """Whether a sum over what was repeated is of nothing, as far as its type tells."""
    named = let.primitive.name == "sum_to" and isinstance(let.result.type, Array)
    return named and not reduces_axes(let)


def reduced_axes(let: Let) -> tuple[int, ...] | None:
    """The axes that a statement reduces, where its type tells."""
    if let.primitive.name not in (*STEPS, "sum_to"):
        return None
    t, given = let.result.type, let.operands[0].type
    if not isinstance(t, Array) or not isinstance(given, Array):
        return None
    if let.primitive.name == "sum_to":
        lead = given.ndim - t.ndim
        ones = (lead + k for k, d in enumerate(t.dims) if d == 1)
        return (*range(lead), *(k for k in ones if given.dims[k] != 1))
    axis = let.param("axis")
    if axis is None:
        return tuple(range(given.ndim))
    return (axis,) if isinstance(axis, int) else tuple(axis)


def _divide(code: Code, made: Elements, count: str) -> None:
    word = machine(made.dtype)
    number = convert(code, count, "int64", made.dtype)

    def divided(places: list[At], carried: tuple[str, ...]) -> None:
        text = places[0].get(code)
        places[0].put(code, code.op(f"fdiv {word} {text}, {number}"))

    each(code, made.dims, [made], divided, parallel=True)


def is_whole(let: Let) -> bool:
    """Whether a statement reduces an array to a number."""
    known = let.primitive.name in STEPS
    array = known and isinstance(let.operands[0].type, Array)
    return array and isinstance(let.result.type, Scalar)


def _reduced(name: str) -> Callable[[Writer, Let], Values | None]:
    def row(writer: Writer, let: Let) -> Values | None:
        x, t = writer.value(let.operands[0]), let.result.type
        if not isinstance(t, Array | Scalar):
            return None
        if not isinstance(x, Elements):
            return _of_number(writer, name, x, t)
        axes = _axes(let, x)
        if isinstance(t, Scalar) or not axes:
            return None
        return [_along(writer, let, x, axes, t)]

    return row


def _of_number(writer: Writer, name: str, x: Value, t: Array | Scalar) -> Values | None:
    """The reduction of a number, which is the number."""
    if not isinstance(x, Number) or not isinstance(t, Scalar):
        return None
    return [Number(t.dtype, convert(writer.code, x.text, x.dtype, t.dtype), "")]


def _along(
    writer: Writer, let: Let, x: Elements, axes: tuple[int, ...], t: Array
) -> Elements:
    """Reduce some axes: each element is added to its place in the result."""
    code, found = writer.code, Reduction(let)
    keepdims = bool(let.param("keepdims"))
    dims = [
        "1" if k in axes else x.dims[k]
        for k in range(len(x.dims))
        if keepdims or k not in axes
    ]
    if axes[-1] == len(x.dims) - 1:
        return _along_last(writer, found, x, axes, t, dims)
    start = convert(code, found.first, found.dtype, t.dtype)
    made = filled(code, t.dtype, dims, start)
    target = _spread(made, x, axes, keepdims=keepdims)
    whole = AxisReduction(found, axes, made, target)

    def nest(
        code: Code,
        dims: Sequence[str],
        sources: Sequence[Source],
        inits: Sequence[tuple[str, str]],
    ) -> tuple[str, ...]:
        def some(rows: list[list[At]], carried: tuple[str, ...]) -> Sequence[str]:
            given = [mine.get(code) for _, mine in rows]
            whole.add_elements(code, rows[0][0], given)
            return ()

        if whole.over_rows:
            return jammed(code, dims, sources, some)
        return each(code, dims, sources, lambda places, held: some([places], held))

    apart = [whole.apart()] if first_axis(x.dims) in axes else []
    shared(writer, x.dims, [target, x], (), _COST, nest, apart)
    whole.finish(code)
    return made


def _along_last(
    writer: Writer,
    found: Reduction,
    x: Elements,
    axes: tuple[int, ...],
    t: Array,
    dims: Sequence[str],
) -> Elements:
    """Reduce the last axis, and perhaps others: what is reduced stays in a register."""
    code, others = writer.code, [k for k in range(len(x.dims)) if k not in axes]
    made = allocated(code, t.dtype, dims)
    outside = tuple(x.dims[k] for k in others)
    inside = replace(
        x,
        dims=tuple(x.dims[k] for k in axes),
        strides=tuple(x.strides[k] for k in axes),
        contiguous=x.contiguous and axes == tuple(range(len(others), len(x.dims))),
    )
    rows = replace(
        *(x,),
        dims=outside,
        strides=tuple(x.strides[k] for k in others),
        contiguous=False,
    )
    target = replace(made, dims=outside, strides=dense(code, outside))
    texts = [Number("int64", n, "false") for n in (*inside.dims, *inside.strides)]

    def nest(
        code: Code,
        dims: Sequence[str],
        sources: Sequence[Source],
        inits: Sequence[tuple[str, str]],
    ) -> tuple[str, ...]:
        known = tuple(n.text for n in sources[2:] if isinstance(n, Number))
        lengths, strides = known[: len(axes)], known[len(axes) :]
        row = replace(inside, dims=lengths, strides=strides)
        count = code.product(lengths)

        def body(places: list[At], carried: tuple[str, ...]) -> None:
            from_ = replace(row, data=places[1].address(code))
            total = _total_of(writer, code, found, from_)
            places[0].put(code, found.result(code, total, count))

        return each(code, dims, sources, body)

    every = code.product(x.dims)
    shared(writer, outside, [target, rows, *texts], (), _COST, nest, every=every)
    return made


def _total_of(writer: Writer, code: Code, found: Reduction, x: Elements) -> str:
    """What is reduced of all of an array."""

    def step(places: list[At], held: tuple[str, ...]) -> Sequence[str]:
        return [found.step(code, held[0], places[0].get(code))]

    word = machine(found.dtype)
    sums = () if writer.module.strict else (Carried(word, found.first, found.join),)
    inits = [(word, found.first)]
    return each(code, x.dims, [x], step, inits, parallel=True, sums=sums)[0]


def _spread(
    made: Elements, x: Elements, axes: tuple[int, ...], *, keepdims: bool
) -> Elements:
    """The result as an array of the operand's shape, along whose axes it stays."""
    rest = iter(made.strides)
    strides = []
    for k in range(len(x.dims)):
        if k in axes:
            strides.append("0")
            if keepdims:
                next(rest)
        else:
            strides.append(next(rest))
    return replace(made, dims=x.dims, strides=tuple(strides), contiguous=False)


def _sum_to(writer: Writer, let: Let) -> Values | None:
    """The sum over the axes that a broadcast repeats."""
    code = writer.code
    g, like = (writer.value(a) for a in let.operands)
    t = let.result.type
    if isinstance(g, Number):
        return [replace(g, python="")]
    if not isinstance(g, Elements) or not isinstance(t, Array | Scalar):
        return None
    if isinstance(t, Scalar):
        return [Number(t.dtype, _total(code, g), "")]
    assert isinstance(like, Elements)
    given = let.operands[0]
    same = writer.shape(given.type) == writer.shape(let.operands[1].type)
    if same and isinstance(given, Var):
        for mine, theirs in zip(g.dims, like.dims, strict=True):
            writer.require_equal(mine, theirs)
        return [writer.taken(given)]
    found = writer.room(let.result, like.dims)
    found = filled(code, t.dtype, found.dims, constant_text(0, t.dtype), found)
    target = broadcast(code, replace(found, contiguous=False), g.dims)

    def some(rows: list[list[At]], carried: tuple[str, ...]) -> Sequence[str]:
        total = rows[0][0].get(code)
        for _, mine in rows:
            total = plus(code, t.dtype, total, mine.get(code))
        rows[0][0].put(code, total)
        return ()

    arrays = [replace(target, contiguous=False), g]
    if _over_rows(reduced_axes(let) or (), len(g.dims)):
        jammed(code, g.dims, arrays, some)
    else:
        each(code, g.dims, arrays, lambda places, held: some([places], held))
    return [found]


def _total(code: Code, x: Elements) -> str:
    def body(places: list[At], carried: tuple[str, ...]) -> Sequence[str]:
        return [plus(code, x.dtype, carried[0], places[0].get(code))]

    inits = [(machine(x.dtype), constant_text(0, x.dtype))]
    return each(code, x.dims, [x], body, inits)[0]


def _cumulated(name: str) -> Callable[[Writer, Let], Values | None]:
    """A running sum or product of a vector."""
    step = {"cumsum": "add", "cumprod": "multiply"}[name]

    def row(writer: Writer, let: Let) -> Values | None:
        x, t = writer.value(let.operands[0]), let.result.type
        if not isinstance(x, Elements) or len(x.dims) != 1 or not isinstance(t, Array):
            return None
        code, dtype = writer.code, t.dtype
        found = allocated(code, dtype, x.dims)

        def body(places: list[At], carried: tuple[str, ...]) -> Sequence[str]:
            text = convert(code, places[1].get(code), x.dtype, dtype)
            total, _ = elementwise(code, step, {}, [carried[0], text], [dtype, dtype])
            places[0].put(code, total)
            return [total]

        first = constant_text(0 if step == "add" else 1, dtype)
        each(code, x.dims, [found, x], body, [(machine(dtype), first)])
        return [found]

    return row


ROWS: dict[str, Callable[[Writer, Let], Values | None]] = {
    **{name: _reduced(name) for name in STEPS},
    "sum_to": _sum_to,
    "cumsum": _cumulated("cumsum"),
    "cumprod": _cumulated("cumprod"),
}
