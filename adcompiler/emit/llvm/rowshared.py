"""Loops over the rows of arrays are shared by several threads.

In: a loop of `rowloop`, and the values around it. Out: a call of it as a function of
its own, for all trips or for chunks of them, as in `sharing`; or nothing, where a trip
touches objects or calls what is not known to be for several threads.
Invariants: trips store to rows that are theirs alone, and add to what they read
nowhere. What is around the loop is held there, so that in it nobody counts the holders.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from adcompiler.emit.llvm.code import FAILED, Code
from adcompiler.emit.llvm.fusion import is_dear
from adcompiler.emit.llvm.nests import At
from adcompiler.emit.llvm.outlined import Apart, Given, Outlined, Total, enter, new_name
from adcompiler.emit.llvm.pace import Pace
from adcompiler.emit.llvm.scalars import LIBM, elementwise
from adcompiler.emit.llvm.sharing import CALL, ROWS, least_of, may_share
from adcompiler.emit.llvm.spans import range_length
from adcompiler.emit.llvm.values import (
    Block,
    Elements,
    Number,
    Value,
    constant_text,
    machine,
)
from adcompiler.ir.nodes import (
    Atom,
    For,
    Let,
    Var,
    carried_params,
    carried_results,
)
from adcompiler.ir.types import Array, Scalar
from adcompiler.ir.walk import free_vars

if TYPE_CHECKING:
    from adcompiler.emit.llvm.functions import FunctionWriter

__all__ = ["shared_rows"]

Kind = Literal["stored", "array", "number"]

_OURS = (
    *("adc_array", "adc_each_trip", "adc_pooled", "adc_block", "adc_unequal"),
    *("adc_release", "adc_retain", "adc_rounded"),
    *("adc_range_length", "adc_floor_divide_i64", "adc_floor_divide_f64"),
    *("adc_remainder_i64", "adc_remainder_f64", "adc_power_i64"),
)
_KNOWN = {*_OURS, *LIBM, *(f"{name}f" for name in LIBM)}
_KNOWN |= {f"{n}{f}" for n in ("pow", "atan2", "hypot", "fmod") for f in ("", "f")}


def shared_rows(writer: FunctionWriter, stmt: For) -> bool:
    """Write such a loop; whether that could be done."""
    kinds = _kinds(stmt)
    if kinds is None or not may_share(writer):
        return False
    every, least = _elements(writer, stmt), least_of(_cost(stmt))
    if every.isdigit() and int(every) < least:
        return False
    rows = _Rows(writer, stmt, kinds)
    loop = rows.outlined(least)
    if loop is not None:
        rows.call(loop, every, least)
    return loop is not None


def _kinds(stmt: For) -> list[Kind] | None:
    """What each of the values is that the loop carries; None of another loop."""
    lets = [s for s in stmt.body.body if isinstance(s, Let)]
    if len(lets) < len(stmt.body.body) or stmt.exits or stmt.range.reverse:
        return None
    makers = {v: let for let in lets for v in let.results}
    read = Counter(a for let in lets for a in let.operands if isinstance(a, Var))
    pairs = zip(carried_params(stmt), carried_results(stmt), strict=True)
    found = [_kind(p, r, makers, read) for p, r in pairs]
    kinds = [kind for kind in found if kind is not None]
    return kinds if len(kinds) == len(found) else None


def _kind(
    param: Var, end: Atom, makers: Mapping[Var, Let], read: Mapping[Var, int]
) -> Kind | None:
    """What a carried value is, which nothing else may read."""
    names: set[tuple[str, bool]] = set()
    while end is not param:
        if not isinstance(end, Var) or end not in makers:
            return None
        if read.get(end, 0) > bool(names):
            return None
        let = makers[end]
        names.add((let.primitive.name, let.param("index", ()) == ()))
        end = let.operands[0]
    if read.get(param, 0) != 1 or len(names) != 1:
        return None
    match names.pop(), param.type:
        case ("store", False), Array():
            return "stored"
        case ("accumulate", True), Array():
            return "array"
        case ("add", True), Scalar(kind="numpy"):
            return "number"
        case _:
            return None


def _elements(writer: FunctionWriter, stmt: For) -> str:
    """How many elements the largest array has that is taken by rows."""
    code, found = writer.code, "0"
    inits = dict(zip(carried_params(stmt), stmt.inits, strict=True))
    arrays: dict[Atom, None] = {}
    for let in stmt.body.body:
        if isinstance(let, Let) and let.primitive.name in ("load", "store"):
            taken = let.operands[0]
            arrays[inits.get(taken, taken) if isinstance(taken, Var) else taken] = None
    there = {*free_vars(stmt.body), *stmt.inits}
    shapes = dict.fromkeys(writer.elements(a).dims for a in arrays if a in there)
    for dims in shapes:
        count = code.product(dims)
        found = count if found == "0" else code.most(found, count)
    return found


def _cost(stmt: For) -> int:
    """What the statements cost for each element, see `least_of`."""
    lets = [s for s in stmt.body.body if isinstance(s, Let)]
    wide = [let for let in lets if any(isinstance(v.type, Array) for v in let.results)]
    return max(1, len(wide)) + CALL * sum(map(is_dear, wide))


class _Rows:
    """A loop while it becomes a function."""

    def __init__(
        self, writer: FunctionWriter, stmt: For, kinds: Sequence[Kind]
    ) -> None:
        self.writer, self.stmt, self.kinds = writer, stmt, kinds
        code, bounds = writer.code, stmt.range
        stop, step = (writer.int64(a) for a in (bounds.stop, bounds.step))
        self.step = step
        self.trips = range_length(code, "0", stop, step)
        self.way = Pace(writer, stmt, self.trips)
        self.params = carried_params(stmt)
        self.given = Given()

    def outlined(self, least: int) -> Outlined | None:
        """The loop as a function; None where it is none for several threads."""
        writer, given, inner = self.writer, self.given, Code()
        outside = {v: writer.value(v) for v in free_vars(self.stmt.body)}
        if any(isinstance(value, Block) for value in outside.values()):
            return None
        rounded = self._rounded()
        inits = [writer.value(a) for a in self.stmt.inits]
        values = {v: self._taken(value) for v, value in outside.items()}
        lengths = {k: given.take(n, "i64") for k, n in writer.lengths.items()}
        around = writer.values, writer.lengths, writer.by_rows
        writer.values, writer.lengths, writer.by_rows = values, lengths, True
        try:
            with writer.writing(inner):
                loop = self._written(inner, inits)
        finally:
            writer.values, writer.lengths, writer.by_rows = around
        if loop is None or not _is_for_threads(inner.text):
            return None
        enter(writer, loop, inner, least=least, rounded=rounded)
        return loop

    def _rounded(self) -> str:
        """Of how many trips the trips of a chunk are a multiple."""
        if "array" not in self.kinds:
            return "1"
        code = self.writer.code
        several = code.most(code.op(f"udiv i64 {ROWS}, {self.step}"), "1")
        return self.given.take(several, "i64")

    def _taken(self, value: Value) -> Value:
        assert not isinstance(value, Block)
        if isinstance(value, Number):
            return self.given.number(value)
        return self.given.elements(value)

    def _written(self, code: Code, inits: Sequence[Value]) -> Outlined | None:
        """The trips from one to another; None where an array ends as another one."""
        writer, stmt = self.writer, self.stmt
        numbers: list[Var] = []
        apart: list[Apart] = []
        for param, init, kind in zip(self.params, inits, self.kinds, strict=True):
            if kind == "number":
                numbers.append(param)
                continue
            assert isinstance(init, Elements)
            writer.values[param] = self.given.elements(init)
            if kind == "array":
                apart.append(_apart(self.given.elements(init)))
        totals = [_total(param) for param in numbers]
        step = self.given.take(self.step, "i64")
        same = []

        def trip(k: str, held: tuple[str, ...]) -> Sequence[str]:
            place = code.multiply(code.op(f"add nsw i64 %from, {k}"), step)
            writer.values[stmt.body.params[0]] = Number("int64", place, "true")
            for param, text in zip(numbers, held, strict=True):
                assert isinstance(param.type, Scalar)
                writer.values[param] = Number(param.type.dtype, text, "false")
            before = [writer.values[p] for p in self.params]
            same.append(writer.region(stmt.body))
            if not same[0]:
                writer.scopes.pop()
                return held
            ends = [writer.handed(a) for a in carried_results(stmt)]
            writer.leave()
            found = []
            for old, new, kind in zip(before, ends, self.kinds, strict=True):
                if isinstance(new, Number):
                    found.append(new.text)
                else:
                    same.append(kind != "number" and _lies_as(old, new))
            return found

        code.looped = True
        count = code.op("sub i64 %to, %from")
        pairs = [(t.word, t.first) for t in totals]
        loop = Outlined(new_name(writer.module), self.given, totals, apart, runs=True)
        loop.give(code, code.counted(count, trip, pairs))
        code.finish()
        return loop if all(same) else None

    def call(self, loop: Outlined, every: str, least: int) -> None:
        """Call the loop, and give what it carries at last to the writer."""
        writer, code, stmt = self.writer, self.writer.code, self.stmt
        inside = set(free_vars(stmt.body))
        inits = [
            writer.kept(a) if a in inside else writer.handed(a) for a in stmt.inits
        ]
        texts, place = list(loop.given.names), "null"
        if loop.totals:
            place = code.alloca("i64", len(loop.totals))

        def whole() -> Sequence[str]:
            return [loop.some(code, "%ctx", "0", self.trips, texts, place)]

        def chunks() -> Sequence[str]:
            return [loop.all(code, self.trips, every, place)]

        large = code.op(f"icmp uge i64 {every}, {least}")
        (status,) = code.chosen(large, chunks, whole, ["i32"], seldom=True)
        code.fail_if(code.op(f"icmp eq i32 {status}, {FAILED}"), FAILED)
        code.fail_if(code.op(f"icmp ne i32 {status}, 0"))
        totals = iter(loop.load(code, place))
        writer.values[stmt.trips] = Number("int64", self.trips, "true")
        for var, init in zip(stmt.results, inits, strict=True):
            if isinstance(init, Elements):
                writer.enter_value(var, init)
            else:
                assert isinstance(var.type, Scalar)
                writer.values[var] = Number(var.type.dtype, next(totals), "false")
        self.way.over(self.trips)


def _lies_as(old: Value, new: Value) -> bool:
    """Whether an array lies where it lay."""
    if not isinstance(old, Elements) or not isinstance(new, Elements):
        return False
    return (old.data, old.strides) == (new.data, new.strides)


def _total(param: Var) -> Total:
    """A sum of numbers."""
    assert isinstance(param.type, Scalar)
    dtype = param.type.dtype

    def join(code: Code, text: str, more: str) -> str:
        return elementwise(code, "add", {}, [text, more], [dtype, dtype])[0]

    return Total(machine(dtype), constant_text(0, dtype), join)


def _apart(array: Elements) -> Apart:
    """A sum of arrays."""

    def join(code: Code, place: At, more: At) -> None:
        texts = [place.get(code), more.get(code)]
        dtypes = [array.dtype] * 2
        place.put(code, elementwise(code, "add", {}, texts, dtypes)[0])

    return Apart(replace(array), lambda code: constant_text(0, array.dtype), join)


def _is_for_threads(text: str) -> bool:
    """Whether it calls only what several threads may call at once."""
    called = set(re.findall(r"@([\w.]+)", text))
    return all(name in _KNOWN or name.startswith("llvm.") for name in called)
