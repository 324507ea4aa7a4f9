"""Sums to several parts of one array become one nest.

In: statements ``x[1:] += a``, ``x[:-1] += b`` that follow one another. Out: a group of
them, written when somebody asks for the array, when what they read changes, or when
control parts.
Invariants: an element gets what is added to it in the order of the statements. What is
added does not lie in the array. A value that one of them alone needs is computed where
it is added, and never stored.

    x_bar[:-2] += g; x_bar[1:-1] += -2 * g; x_bar[2:] += g
        ->   one nest where all three meet, and what is left at either end of each
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.fusion import is_dear
from adcompiler.emit.llvm.grouped import operand_texts, value_text
from adcompiler.emit.llvm.groups import Group, Scope, Term
from adcompiler.emit.llvm.nests import At, Source, broadcast, visited
from adcompiler.emit.llvm.notes import Nest
from adcompiler.emit.llvm.parts import added, may_sink, part_shape, sliced
from adcompiler.emit.llvm.reductions import is_whole, reduces_axes
from adcompiler.emit.llvm.sharing import shared
from adcompiler.emit.llvm.values import Elements, Number, element
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Atom, Let, Var
from adcompiler.ir.types import dims_of

__all__ = ["joins_sums", "write_sums"]


# -- waiting -----------------------------------------------------------------------


def joins_sums(writer: Writer, let: Let) -> bool:
    """Have a sum to a part of an array wait for others; whether it does."""
    if not _adds_to_part(let):
        return False
    target, value = let.operands[:2]
    assert isinstance(target, Var)
    group = next((g for g in writer.groups if g.result is target), None)
    scope = writer.scopes[-1]
    if group is None:
        if let.param("index") == () or not _goes_on(scope, let):
            return False
        if target in writer.pending:
            writer.flush(writer.pending[target])
    elif group.scope is not scope or scope.last.get(target) != scope.at:
        return False
    if value in writer.waiting or writer.roots(target) & writer.roots(value):
        return False
    if not _is_ready(writer, let, group):
        return False
    if group is None:
        writer.flush_readers(target)
        group = _begun(writer, let)
    else:
        scope.moved.add(target)
    _add_term(writer, group, let)
    lies = writer.values[target]
    assert isinstance(lies, Elements)
    writer.enter_value(let.result, lies)
    group.result = let.result
    return True


def _adds_to_part(let: Let) -> bool:
    """Whether a statement adds to a part that has all axes of the array."""
    if let.primitive.name != "accumulate":
        return False
    full = all(e == "full" or _is_run(e) for e in let.param("index"))
    return full and bool(dims_of(let.operands[0].type))


def _is_run(entry: object) -> bool:
    """Whether an entry of an index takes neighbours."""
    return isinstance(entry, tuple) and not entry[3]


def _goes_on(scope: Scope, let: Let) -> bool:
    """Whether the next to look at the array adds to it, too."""
    for stmt in scope.body[scope.at + 1 :]:
        if not isinstance(stmt, Let):
            return False
        if let.result in stmt.operands:
            first = stmt.operands[0] is let.result
            return first and let.result not in stmt.operands[1:] and _adds_to_part(stmt)
    return False


def _is_ready(writer: Writer, let: Let, group: Group | None) -> bool:
    """Whether the value is in memory, or in a group that can be computed in the nest;
    False if the nest of its own group is the better place to add it in."""
    value = let.operands[1]
    own = writer.pending.get(value) if isinstance(value, Var) else None
    if own is None or _is_private(writer, let, own):
        return True
    if group is None:
        writer.flush_readers(let.operands[0])
    if value in writer.pending and may_sink(writer, let, own):
        return False
    if value in writer.pending:
        writer.flush(own)
    return True


def _is_private(writer: Writer, let: Let, group: Group) -> bool:
    """Whether a group computes what this statement alone needs, and cheaply."""
    scope = writer.scopes[-1]
    array, value, *_ = let.operands
    if group.sinks or group.places or group.after or group.terms:
        return False
    if group.scope is not scope or value not in group.elements:
        return False
    if any(is_whole(m) or reduces_axes(m) or is_dear(m) for m in group.members):
        return False
    if any(scope.last.get(m.result, -1) > scope.at for m in group.members):
        return False
    if any(writer.roots(array) & writer.roots(v) for v in group.sources):
        return False
    return part_shape(writer, let) == group.shape


def _begun(writer: Writer, let: Let) -> Group:
    target = let.operands[0]
    held = writer.handed(target)
    assert isinstance(target, Var)
    assert isinstance(held, Elements)
    group = Group(writer.scopes[-1], ("sums", let.result), held.dims)
    group.written = writer.roots(target)
    writer.groups.append(group)
    writer.values[target] = held
    return group


def _add_term(writer: Writer, group: Group, let: Let) -> None:
    """Add a sum to those that wait."""
    code, (array, value, *_) = writer.code, let.operands
    assert isinstance(array, Var)
    x = writer.values[array]
    assert isinstance(x, Elements)
    first, dims = _place(writer, let, x)
    term = Term(let, first, dims)
    own = writer.pending.get(value) if isinstance(value, Var) else None
    if own is None:
        found = writer.source(value)
        if isinstance(value, Var):
            group.sources[value] = found
        shape = part_shape(writer, let)
        if isinstance(found, Elements) and len(found.dims) <= len(dims):
            found = writer.aligned(value.type, found, shape, dims)
        term.sources[value] = _of_shape(code, found, dims)
    else:
        for mine, theirs in zip(dims, own.dims, strict=True):
            writer.require_equal(mine, theirs)
        writer.groups.remove(own)
        for member in own.members:
            del writer.pending[member.result]
        term.members += own.members
        for var, source in own.sources.items():
            group.sources[var] = source
            term.sources[var] = _of_shape(code, source, dims)
        group.released += own.released
    group.terms.append(term)


def _place(
    writer: Writer, let: Let, x: Elements
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where a part of an array begins along each axis, and its lengths."""
    atoms = iter(let.operands[2:])
    entries = [*let.param("index"), *["full"] * len(x.dims)]
    first, dims = [], []
    for entry, n in zip(entries, x.dims, strict=False):
        bounds: list[str | None] = [None, None]
        if isinstance(entry, tuple):
            bounds = [writer.int64(next(atoms)) if has else None for has in entry[1:3]]
        begin, count, _ = sliced(writer.code, n, bounds[0], bounds[1], None)
        first.append(begin)
        dims.append(count)
    return tuple(first), tuple(dims)


def _of_shape(code: Code, x: Source, dims: tuple[str, ...]) -> Source:
    """What is added to a part, as of its lengths; ones in front do not count."""
    if isinstance(x, Number):
        return x
    extra = len(x.dims) - len(dims)
    if extra > 0:
        mine, strides = x.dims[extra:], x.strides[extra:]
        x = replace(x, dims=mine, strides=strides, contiguous=False)
    return broadcast(code, x, dims)


# -- writing -----------------------------------------------------------------------


def write_sums(writer: Writer, group: Group) -> None:
    """The nests of the sums that wait."""
    target = group.terms[0].let.operands[0]
    assert isinstance(target, Var)
    x = writer.values[target]
    assert isinstance(x, Elements)
    _Sums(writer, group.terms, x).write()


@dataclass(frozen=True, slots=True)
class _Span:
    """A part of an array along one axis, up to `end`."""

    begin: str
    end: str


class _Sums:
    """The nests of several sums to parts of one array."""

    def __init__(self, writer: Writer, terms: Sequence[Term], x: Elements) -> None:
        self.writer, self.code, self.terms, self.x = writer, writer.code, terms, x
        self.spans = {
            id(t): tuple(
                _Span(b, self.code.add(b, n))
                for b, n in zip(t.first, t.dims, strict=True)
            )
            for t in terms
        }
        self.nest = self._noted()
        self.middle = tuple(self._middle(axis) for axis in range(len(x.dims)))

    def _noted(self) -> int | None:
        notes, terms = self.writer.module.notes, self.terms
        lets = tuple(let for t in terms for let in (*t.members, t.let))
        over = dims_of(terms[0].let.operands[0].type)
        return None if notes is None else notes.begin(Nest(lets, over))

    def _middle(self, axis: int) -> _Span:
        """What all parts have in common along an axis."""
        code, spans = self.code, [s[axis] for s in self.spans.values()]
        begins = list(dict.fromkeys(s.begin for s in spans))
        ends = list(dict.fromkeys(s.end for s in spans))
        begin, end = begins[0], ends[0]
        for other in begins[1:]:
            begin = code.most(begin, other)
        for other in ends[1:]:
            end = code.least(end, other)
        same = len(begins) == len(ends) == 1
        return _Span(begin, end if same else code.most(begin, end))

    def write(self) -> None:
        self._add(self.terms, self.middle, rest=False)
        for term in self.terms:
            for rest in self._rests(self.spans[id(term)]):
                self._add([term], rest, rest=True)

    def _rests(self, spans: Sequence[_Span]) -> Iterator[list[_Span]]:
        """What a part has outside of the middle: along each axis what is before it and
        what is after it, of axes in front what is in the middle of these."""
        code = self.code
        for axis, (own, middle) in enumerate(zip(spans, self.middle, strict=True)):
            around = list(self.middle[:axis]), list(spans[axis + 1 :])
            if own.begin != middle.begin:
                before = _Span(own.begin, code.least(own.end, middle.begin))
                yield [*around[0], before, *around[1]]
            if own.end != middle.end:
                past = code.most(own.begin, code.least(middle.end, own.end))
                yield [*around[0], _Span(past, own.end), *around[1]]

    def _add(
        self, terms: Sequence[Term], spans: Sequence[_Span], *, rest: bool
    ) -> None:
        """Add what these terms have in a part of the array. The `rest` is small."""
        code, writer = self.code, self.writer
        begins = [s.begin for s in spans]
        dims = tuple(code.subtract(s.end, s.begin) for s in spans)
        arrays: list[Source] = [_moved(code, self.x, begins, dims)]
        for term in terms:
            offsets = [
                code.subtract(b, own) for b, own in zip(begins, term.first, strict=True)
            ]
            arrays += (_moved(code, s, offsets, dims) for s in term.sources.values())

        def body(_: object, places: list[At], carried: tuple[str, ...]) -> None:
            code, (target, *read) = writer.code, places
            total = target.get(code)
            for term in terms:
                own, read = read[: len(term.sources)], read[len(term.sources) :]
                texts = {
                    v: place.get(code)
                    for v, place in zip(term.sources, own, strict=True)
                }
                total = added(code, term.let, total, self._value(term, texts))
            target.put(code, total)

        def nest(
            code: Code,
            dims: Sequence[str],
            sources: Sequence[Source],
            inits: Sequence[tuple[str, str]],
        ) -> tuple[str, ...]:
            return visited(code, dims, sources, body, parallel=True)

        if rest:
            visited(code, dims, arrays, body, plain=True)
            return
        members = sum(len(t.members) + 1 for t in terms)
        shared(writer, dims, arrays, (), len(arrays) + members, nest)

    def _value(self, term: Term, texts: dict[Atom, str]) -> str:
        """An element of what is added."""
        module, code = self.writer.module, self.writer.code
        for member in term.members:
            code.mark = module.mark(member, self.nest)
            args = operand_texts(self.writer, member, texts)
            texts[member.result] = value_text(self.writer, member, args)
        code.mark = module.mark(term.let, self.nest)
        return texts[term.let.operands[1]]


def _moved(
    code: Code, source: Source, offsets: Sequence[str], dims: tuple[str, ...]
) -> Source:
    """The part of an array that begins at these offsets."""
    if isinstance(source, Number):
        return source
    offset = "0"
    for mine, stride in zip(offsets, source.strides, strict=True):
        offset = code.add(offset, code.multiply(mine, stride))
    data = element(code, source, offset)
    return replace(source, data=data, dims=dims, contiguous=False)
