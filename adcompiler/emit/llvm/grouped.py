"""Groups of elementwise statements and reductions, each written as one nest.

In: a group, and which of its values are needed. Out: a nest, after which they have
their values.
Invariants: what only the group reads is never stored. A nest that reduces the last axis
keeps what a row gives in registers; what other axes give is added up in memory, which
is new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import starmap
from typing import Any

from adcompiler.emit.llvm.accumulators import Reduction
from adcompiler.emit.llvm.cascaded import Carried
from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.divisors import Divisor, divisor_of, over
from adcompiler.emit.llvm.fusion import is_dear
from adcompiler.emit.llvm.groups import Group
from adcompiler.emit.llvm.mapped import applied, is_mapped, scalar_result
from adcompiler.emit.llvm.nests import (
    At,
    Source,
    broadcast,
    each,
    flattened,
    jammed,
    rowed,
)
from adcompiler.emit.llvm.notes import Nest
from adcompiler.emit.llvm.outlined import Total
from adcompiler.emit.llvm.parts import put_part
from adcompiler.emit.llvm.reductions import (
    axis_reduction,
    is_sum_of_nothing,
    is_whole,
    reduces_axes,
)
from adcompiler.emit.llvm.scalars import convert, elementwise
from adcompiler.emit.llvm.sharing import CALL, first_axis, shared
from adcompiler.emit.llvm.values import Elements, Number, machine
from adcompiler.emit.llvm.writer import Writer
from adcompiler.errors import InternalError
from adcompiler.ir.nodes import Const, Let, Var
from adcompiler.ir.types import Scalar, dims_of

__all__ = ["operand_texts", "value_text", "write_group"]


_JAMMED = 24  # statements and arrays: of more, registers hold a single row


def write_group(writer: Writer, group: Group, needed: set[Var]) -> None:
    """The nest of a group, which gives the values that are needed."""
    code = writer.code
    around = code.mark
    nest = _Nest(writer, group, needed)
    nest.write()
    nest.enter(needed)
    for let in group.after:
        code.mark = writer.module.mark(let) or around
        writer.enter(let, [applied(writer, let)])
    code.mark = around


def _noted(group: Group) -> Nest:
    lets = [m for m in group.members if not is_sum_of_nothing(m)]
    first = group.members[0]
    over = first.operands[0] if is_whole(first) else first.result
    return Nest(tuple(lets), dims_of(over.type))


class _Nest:
    """The nest of a group while it is written: what it gives, and what it reads.

    At a place of it there are those of `targets`, then those of the group's sources,
    those of its sinks, those of divisors, and those of reductions of axes.
    """

    def __init__(self, writer: Writer, group: Group, needed: set[Var]) -> None:
        self.writer, self.group = writer, group
        code, dims = writer.code, group.dims
        notes = writer.module.notes
        self.nest = None if notes is None else notes.begin(_noted(group))
        code.mark = writer.module.mark(group.members[0], self.nest)
        inner = [m for m in group.members if not (is_whole(m) or reduces_axes(m))]
        self.sunk = {s.value: s for s in group.sinks if s.stays and s.value in needed}
        stored = {*needed, *group.places} - self.sunk.keys()
        outputs = [m.result for m in inner if m.result in stored]
        self.targets = {v: group.places.get(v) or writer.room(v, dims) for v in outputs}
        self.sums = {m: Reduction(m) for m in group.members if is_whole(m)}
        self.axes = {
            m: axis_reduction(writer, m, dims) for m in group.members if reduces_axes(m)
        }
        self.rows = [m for m, found in self.axes.items() if found.in_rows]
        given = (
            broadcast(code, s, dims) if isinstance(s, Elements) else s
            for s in group.sources.values()
        )
        sinks = (s.target for s in group.sinks)
        reduced = (found.target for found in self.axes.values())
        made: dict[Var, Divisor] = {}
        divisors = {m: divisor_of(writer, group, m, made) for m in inner}
        self.divisors = {m: d for m, d in divisors.items() if d is not None}
        self.reciprocals = tuple(dict.fromkeys(self.divisors.values()))
        numbers = (number for d in self.reciprocals for number in d.sources)
        self.arrays = [*self.targets.values(), *given, *sinks, *numbers, *reduced]

    def write(self) -> None:
        """The nest, which several threads share where it is large."""
        self.writer.changes(self.group.written)
        code, group = self.writer.code, self.group
        found = (self.axes[m].found for m in self.rows)
        own = [(machine(r.dtype), r.first) for r in found]
        few = len(group.members) + len(self.arrays) <= _JAMMED
        jam = few and all(axis.over_rows for axis in self.axes.values())

        held = [*self.sums.values(), *(self.axes[m].found for m in self.rows)]
        joins = [Carried(machine(r.dtype), r.first, r.join) for r in held]
        if self.writer.module.strict:
            joins = []  # the order in which they are stated is kept

        def nest(
            code: Code,
            dims: Sequence[str],
            sources: Sequence[Source],
            inits: Sequence[tuple[str, str]],
        ) -> tuple[str, ...]:
            if not self.axes:
                given = (code, dims, sources, self.body, inits)
                return each(*given, parallel=True, sums=joins)
            if jam:
                return jammed(code, dims, sources, self.some, inits)
            given = (code, dims, sources, self.body, inits)
            return rowed(*given, own, self.end, joins)

        dims: Sequence[str] = group.dims
        arrays: Sequence[Source] = self.arrays
        if not self.axes:
            dims, arrays = flattened(code, dims, arrays)
        totals = [Total(machine(s.dtype), s.first, s.join) for s in self.sums.values()]
        cut = first_axis(dims)
        apart = [r.apart() for r in self.axes.values() if cut in r.axes]
        dear = sum(map(is_dear, group.members))
        cost = len(arrays) + len(group.members) + CALL * dear
        given = (self.writer, dims, arrays, totals, cost, nest, apart)
        self.totals = shared(*given)

    def reduced_at(self, places: list[At]) -> dict[Let, At]:
        """The places of what is reduced along axes."""
        first = len(places) - len(self.axes)
        return dict(zip(self.axes, places[first:], strict=True))

    def divisors_at(self, places: list[At]) -> dict[Let, Divisor]:
        """The divisors, as they are read there."""
        code = self.writer.code
        last = len(places) - len(self.axes)
        found = [p.get(code) for p in places[last - 2 * len(self.reciprocals) : last]]
        pairs = zip(found[::2], found[1::2], strict=True)
        here = dict(zip(self.reciprocals, starmap(Divisor, pairs), strict=True))
        return {m: here[d] for m, d in self.divisors.items()}

    def body(self, places: list[At], carried: tuple[str, ...]) -> Sequence[str]:
        return self.some([places], carried)

    def some(self, rows: list[list[At]], carried: tuple[str, ...]) -> Sequence[str]:
        """The elements at the places of some rows, which are reduced to one."""
        code, found = self.writer.code, []
        for places in rows:
            carried, texts = self.element(places, carried)
            found.append(texts)
        for places, texts in zip(rows, found, strict=True):
            self.put(places, texts)
        for member, place in self.reduced_at(rows[0]).items():
            if member not in self.rows:
                code.mark = self.writer.module.mark(member, self.nest)
                x = member.operands[0]
                given = [operand_text(self.writer, x, texts) for texts in found]
                self.axes[member].add_elements(code, place, given)
        return carried

    def element(
        self, places: list[At], carried: tuple[str, ...]
    ) -> tuple[tuple[str, ...], dict[Var, str]]:
        """What is carried past a place, and the values there."""
        code, group = self.writer.code, self.group
        read = places[len(self.targets) :]
        texts = {v: p.get(code) for v, p in zip(group.sources, read, strict=False)}
        held = dict(zip((*self.sums, *self.rows), carried, strict=True))
        divisors = self.divisors_at(places)
        for member in group.members:
            code.mark = self.writer.module.mark(member, self.nest)
            args = operand_texts(self.writer, member, texts)
            if member in self.sums:
                held[member] = self.sums[member].step(code, held[member], *args)
            elif member in self.rows:
                found = self.axes[member].found
                held[member] = found.step(code, held[member], *args)
            elif member in divisors:
                divisor = divisors[member]
                texts[member.result] = over(self.writer, member, args[0], divisor)
            elif member not in self.axes:
                texts[member.result] = value_text(self.writer, member, args)
        return tuple(held[m] for m in (*self.sums, *self.rows)), texts

    def put(self, places: list[At], texts: dict[Var, str]) -> None:
        """Store what is to be stored at a place."""
        code, group = self.writer.code, self.group
        for place, var in zip(places, self.targets, strict=False):
            place.put(code, texts[var])
        code.call_them({} if self.nest is None else texts)
        sinks = places[len(self.targets) + len(group.sources) :]
        for place, sink in zip(sinks, group.sinks, strict=False):
            put_part(code, sink.let, place, texts[sink.value])

    def end(self, places: list[At], totals: tuple[str, ...]) -> None:
        """What a row has given goes to its place."""
        reduced = self.reduced_at(places)
        for member, total in zip(self.rows, totals, strict=True):
            self.axes[member].add(self.writer.code, reduced[member], total)

    def enter(self, needed: set[Var]) -> None:
        """Give the values of the group to the writer."""
        writer, code = self.writer, self.writer.code
        for var, target in self.targets.items():
            writer.enter_value(var, target)
        for var, sink in self.sunk.items():
            writer.retain(sink.target)
            writer.enter_value(var, sink.target)
        for let, axis in self.axes.items():
            axis.finish(code)
            writer.enter_value(let.result, axis.made)
            if let.result not in needed:
                writer.release(axis.made)
        for found, total in zip(self.sums.values(), self.totals, strict=True):
            count = code.product(self.group.dims)
            text = found.result(code, total, count)
            t = found.let.result.type
            assert isinstance(t, Scalar)
            writer.enter(found.let, [Number(t.dtype, text, "")])


def value_text(writer: Writer, member: Let, args: Sequence[str]) -> str:
    """An element of what a member gives."""
    if is_mapped(member):
        return scalar_result(writer, member, args)
    if member.primitive.writes:
        return _sum(writer.code, member, *args)
    return args[0]


def _sum(code: Code, let: Let, old: str, more: str) -> str:
    """An element of the target, and what is added to it."""
    given = [str(getattr(a.type, "dtype", "")) for a in let.operands]
    wide = let.dtypes[0] or given[0]
    args = [convert(code, t, g, wide) for t, g in zip((old, more), given, strict=True)]
    text, _ = elementwise(code, "add", {}, args, [wide, wide])
    return convert(code, text, wide, given[0])


def operand_texts(writer: Writer, member: Let, texts: Mapping[Any, str]) -> list[str]:
    """The elements of what a member is given; of what a sum is shaped like there is
    none."""
    count = 1 if member.primitive.name == "sum_to" else None
    return [operand_text(writer, a, texts) for a in member.operands[:count]]


def operand_text(writer: Writer, atom: object, texts: Mapping[Any, str]) -> str:
    """An element of what a member is given."""
    if isinstance(atom, Var):
        if atom not in texts:
            raise InternalError(f"{atom} has no element in its nest")
        return texts[atom]
    assert isinstance(atom, Const)
    return writer.number(atom).text
