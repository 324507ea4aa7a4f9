"""Loops as functions of their own, some trips of which are done by a call.

In: the text of a loop's trips from one to another, and what it reads of the function
around it. Out: that text as a function; one that does a chunk for `adc_share`, see
`chunks`; and one that does all chunks and joins what they give.
Invariants: the loop touches no object of Python. What chunks give is joined in order,
and an array that trips add to is one of its own for each chunk: nothing depends on who
does which. A loop that *runs* takes memory for what it computes and may be left with a
status; a chunk of it has a context of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from adcompiler.emit.llvm.chunks import CHUNKS, ONCE
from adcompiler.emit.llvm.code import LINED, Code
from adcompiler.emit.llvm.memory import CONTEXT_BYTES
from adcompiler.emit.llvm.nests import At, Source, bytes_of, each, filled
from adcompiler.emit.llvm.shown import names_of, renamed, tagged
from adcompiler.emit.llvm.values import Elements, Number, machine, offset_by
from adcompiler.emit.llvm.writer import Module, Writer

__all__ = ["Apart", "Given", "Outlined", "Total", "enter", "new_name"]


@dataclass(frozen=True, slots=True)
class Total:
    """What a loop carries from trip to trip: its type, what it starts from, and how
    that of more trips is joined to it."""

    word: str
    first: str
    join: Callable[[Code, str, str], str]


@dataclass(frozen=True, slots=True)
class Apart:
    """An array in C order that trips add to: what it starts from, and how an element is
    joined to another."""

    array: Elements
    first: Callable[[Code], str]
    join: Callable[[Code, At, At], None]


@dataclass(slots=True)
class Given:
    """The parameters of a loop: of each value around it that it reads one."""

    types: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def take(self, text: str, word: str) -> str:
        """What a value around the loop is in it."""
        if not text.startswith("%"):
            return text
        self.types[text] = word
        return self.names.setdefault(text, f"%p{len(self.names)}")

    def number(self, found: Number) -> Number:
        text = self.take(found.text, machine(found.dtype))
        return Number(found.dtype, text, self.take(found.python, "i1"))

    def elements(self, found: Elements) -> Elements:
        """An array, which is held outside."""
        return replace(
            found,
            data=self.take(found.data, "ptr"),
            owner="null",
            dims=tuple(self.take(n, "i64") for n in found.dims),
            strides=tuple(self.take(s, "i64") for s in found.strides),
        )

    def source(self, found: Source) -> Source:
        if isinstance(found, Elements):
            return self.elements(found)
        return self.number(replace(found, python="false"))

    @property
    def inside(self) -> list[str]:
        return list(self.names.values())

    def passed(self, texts: Sequence[str]) -> str:
        """These as arguments."""
        words = self.types.values()
        return "".join(f", {w} {n}" for w, n in zip(words, texts, strict=True))


@dataclass(frozen=True, slots=True)
class Outlined:
    """A loop that is a function: `name` does some of it, `name_all` all by chunks.

    `apart` are arrays by their names in the loop. Where the loop `runs` it gives a
    status, and stores its totals where it is told.
    """

    name: str
    given: Given
    totals: Sequence[Total]
    apart: Sequence[Apart]
    runs: bool

    @property
    def result(self) -> str:
        """The type of what the functions give."""
        if self.runs:
            return "i32"
        if len(self.totals) < 2:
            return "".join(t.word for t in self.totals) or "void"
        return f"{{{', '.join(t.word for t in self.totals)}}}"

    def some(
        self, code: Code, ctx: str, start: str, stop: str, texts: Sequence[str], to: str
    ) -> str:
        """Call the loop for some trips; gives what it gives, if that is anything."""
        given = f"i64 {start}, i64 {stop}{self.given.passed(texts)}"
        if self.runs:
            given = f"ptr {ctx}, {given}, ptr {to}"
        return self._called(code, f"@{self.name}({given})")

    def all(self, code: Code, count: str, every: str, to: str = "null") -> str:
        """Call the loop for all of so many trips, over `every` element."""
        given = f"i64 {count}, i64 {every}{self.given.passed(list(self.given.names))}"
        if self.runs:
            given = f"ptr %ctx, {given}, ptr {to}"
        return self._called(code, f"@{self.name}_all({given})")

    def _called(self, code: Code, call: str) -> str:
        if self.result != "void":
            return code.op(f"call {self.result} {call}")
        code.do(f"call void {call}")
        return ""

    def split(self, code: Code, found: str) -> list[str]:
        """The totals, of what a call has given that has no status."""
        if len(self.totals) < 2:
            return [found] * len(self.totals)
        places = range(len(self.totals))
        return [code.op(f"extractvalue {self.result} {found}, {k}") for k in places]

    def give(self, code: Code, texts: Sequence[str]) -> None:
        """Leave a function with the totals."""
        if self.runs:
            self.store(code, texts, "%totals")
            code.do("ret i32 0")
        elif len(texts) < 2:
            code.do(f"ret {self.result} {texts[0]}" if texts else "ret void")
        else:
            whole = "undef"
            for k, (total, text) in enumerate(zip(self.totals, texts, strict=True)):
                pair = f"{self.result} {whole}, {total.word} {text}, {k}"
                whole = code.op(f"insertvalue {pair}")
            code.do(f"ret {self.result} {whole}")

    def store(self, code: Code, texts: Sequence[str], to: str) -> None:
        """Put totals where they are looked for."""
        for k, (total, text) in enumerate(zip(self.totals, texts, strict=True)):
            code.do(f"store {total.word} {text}, ptr {offset_by(code, to, str(8 * k))}")

    def load(self, code: Code, place: str) -> list[str]:
        """The totals that a call has put there."""
        return [
            code.op(f"load {t.word}, ptr {offset_by(code, place, str(8 * k))}")
            for k, t in enumerate(self.totals)
        ]


def enter(
    writer: Writer, loop: Outlined, code: Code, *, least: int, rounded: str
) -> None:
    """Put the functions of a loop into the module: `code` is what it does. Of `least`
    elements chunks are made, whose trips are a multiple of `rounded`."""
    _drop_idle(loop, code, rounded)
    extra = writer.module.extra
    extra[loop.name] = _some_of(writer, loop, code)
    extra[f"{loop.name}_part"] = _part_of(loop)
    extra[f"{loop.name}_all"] = _all_of(loop, least, rounded)


def _drop_idle(loop: Outlined, code: Code, rounded: str) -> None:
    """Leave out parameters that nothing reads."""
    read = {rounded, *re.findall(r"%p\d+\b", code.text)}
    for apart in loop.apart:
        read |= {apart.array.data, *apart.array.dims}
    given = loop.given
    for text in [t for t, name in given.names.items() if name not in read]:
        del given.names[text], given.types[text]


def new_name(module: Module) -> str:
    """What no other loop is called."""
    return f"adc_loop{len(module.extra)}"


def _header(loop: Outlined, code: Code, kind: str = "") -> str:
    first = "i64 %count, i64 %all" if kind else "i64 %from, i64 %to"
    given = f"{first}{loop.given.passed(loop.given.inside)}"
    if loop.runs:
        given = f"ptr %ctx, {given}, ptr %totals"
    given = renamed(given, code.names)
    return f"define internal {loop.result} @{loop.name}{kind}({given})"


def _some_of(writer: Writer, loop: Outlined, code: Code) -> str:
    """The function that does the trips of a loop from one to another."""
    text = code.text
    if writer.module.notes is not None:
        outside = names_of(writer.values)
        names = loop.given.names
        mine = {name: outside[t] for t, name in names.items() if t in outside}
        code.names = {**mine, **code.names}
        text = tagged(code, {})
    else:
        code.names = {}
    # Inlined, it would be there twice.
    return f"{_header(loop, code)} noinline {LINED} {{\n{text}\n}}\n"


def _bytes(code: Code, apart: Apart) -> str:
    """The bytes of an array of a chunk's own."""
    size = code.multiply(
        code.product(apart.array.dims), str(bytes_of(apart.array.dtype))
    )
    return code.op(f"and i64 {code.add(size, '15')}, -16")


def _with_names(apart: Apart, names: dict[str, str]) -> Apart:
    """The array, by what is called otherwise here."""
    array = apart.array
    dims = tuple(names.get(n, n) for n in array.dims)
    strides = tuple(names.get(n, n) for n in array.strides)
    data = names.get(array.data, array.data)
    return replace(apart, array=replace(array, data=data, dims=dims, strides=strides))


def _part_of(loop: Outlined) -> str:
    """The function that does a chunk, and stores what it gives."""
    code = Code()
    inside, types = loop.given.inside, loop.given.types.values()
    places = (offset_by(code, "%env", str(8 * k)) for k in range(len(inside)))
    texts = [code.op(f"load {w}, ptr {p}") for w, p in zip(types, places, strict=True)]
    offset = str(8 * len(loop.totals))
    for apart in loop.apart:
        mine = _with_names(apart, dict(zip(inside, texts, strict=True)))
        place = offset_by(code, "%totals", offset)
        offset = code.add(offset, _bytes(code, mine))
        texts[inside.index(apart.array.data)] = place
        array = replace(mine.array, data=place)
        filled(code, array.dtype, array.dims, mine.first(code), array)
    status, ctx = "0", "null"
    if loop.runs:
        ctx = code.alloca("i64", CONTEXT_BYTES // 8)
        code.do(f"call void @adc_fresh_context(ptr {ctx})")
    found = loop.some(code, ctx, "%from", "%to", texts, "%totals")
    if loop.runs:
        status = found
        code.do(f"call void @adc_free_all(ptr {ctx})")
    else:
        loop.store(code, loop.split(code, found), "%totals")
    code.do(f"ret i32 {status}")
    header = f"@{loop.name}_part(ptr %env, i64 %from, i64 %to, ptr %totals)"
    how = "noinline" if loop.apart else ONCE
    return f"define internal i32 {header} {how} {{\n{code.text}\n}}\n"


def _all_of(loop: Outlined, least: int, rounded: str) -> str:
    """The function that does all of a large loop, and joins what chunks give."""
    code, types, inside = Code(), loop.given.types.values(), loop.given.inside
    env = code.alloca("i64", max(1, len(inside)))
    for k, (word, name) in enumerate(zip(types, inside, strict=True)):
        code.do(f"store {word} {name}, ptr {offset_by(code, env, str(8 * k))}")
    given = f"i64 %count, i64 %all, i64 {least}, i64 {rounded}"
    size = code.op(f"call i64 @adc_size({given})")
    past = code.op(f"sub i64 {code.add('%count', size)}, 1")
    chunks, own = code.op(f"udiv i64 {past}, {size}"), str(8 * len(loop.totals))
    for apart in loop.apart:
        own = code.add(own, _bytes(code, apart))
    place = _room(loop, code, chunks, own)
    ctx = "%ctx" if loop.runs else "null"
    given = (
        f"ptr {ctx}, ptr @{loop.name}_part, ptr {env}, i64 %count, i64 %all, "
        f"i64 {least}, i64 {size}, ptr {place}, i64 {own}"
    )
    status = code.op(f"call i32 @adc_share({given})")
    if loop.runs:
        good, bad = code.label("good"), code.label("bad")
        code.branch(code.op(f"icmp eq i32 {status}, 0"), good, bad)
        code.start(bad)
        _let_go(loop, code, place)
        code.do(f"ret i32 {status}")
        code.start(good)
    totals = _joined(loop, code, place, chunks, own)
    _let_go(loop, code, place)
    loop.give(code, totals)
    how = "noinline" if loop.apart else ONCE
    return f"{_header(loop, Code(), '_all')} {how} {{\n{code.text}\n}}\n"


def _room(loop: Outlined, code: Code, chunks: str, own: str) -> str:
    """Where chunks put what they give. Where memory is lacking all is one chunk."""
    if not loop.apart:
        return code.alloca("i64", max(1, CHUNKS * len(loop.totals)))
    place = code.op(f"call ptr @malloc(i64 {code.multiply(chunks, own)})")
    lacking, onward = code.label("lacking"), code.label("there")
    code.branch(code.op(f"icmp eq ptr {place}, null"), lacking, onward, seldom=True)
    code.start(lacking)
    inside = loop.given.inside
    found = loop.some(code, "%ctx", "0", "%count", inside, "%totals")
    code.do(f"ret {loop.result} {found}".rstrip())
    code.start(onward)
    return place


def _let_go(loop: Outlined, code: Code, place: str) -> None:
    if loop.apart:
        code.do(f"call void @free(ptr {place})")


def _joined(
    loop: Outlined, code: Code, place: str, chunks: str, own: str
) -> Sequence[str]:
    """The totals of all chunks; arrays are joined to those that the loop was given."""

    def chunk(index: str, held: tuple[str, ...]) -> list[str]:
        first = code.op(
            f"getelementptr i8, ptr {place}, i64 {code.multiply(index, own)}"
        )
        more = loop.load(code, first)
        rows = zip(loop.totals, held, more, strict=True)
        offset = str(8 * len(loop.totals))
        for apart in loop.apart:
            _join_array(code, apart, offset_by(code, first, offset))
            offset = code.add(offset, _bytes(code, apart))
        return [total.join(code, text, new) for total, text, new in rows]

    inits = [(t.word, t.first) for t in loop.totals]
    return code.counted(chunks, chunk, inits) if inits or loop.apart else ()


def _join_array(code: Code, apart: Apart, data: str) -> None:
    """Join what a chunk has to all that came before."""
    array = apart.array

    def join(places: list[At], carried: tuple[str, ...]) -> None:
        apart.join(code, places[0], places[1])

    each(code, array.dims, [array, replace(array, data=data)], join, parallel=True)
