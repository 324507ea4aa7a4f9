"""Large nests are shared by several threads.

In: a nest over arrays, whose trips along an axis are independent but for what they add
up. Out: a call of the nest as a function of its own, for the whole of it where it is
small, and otherwise for *chunks*, which threads take one after the other.

Invariants: chunks follow from lengths alone, and what they give is joined in order: so
results do not depend on the number of threads. The nest touches no object, no memory of
the run but the arrays that it is given, and cannot leave. Threads end with the nest:
none is left to be looked after at a fork, or when Python ends. They block all signals.
Where none can be made, or others have taken them, the caller takes all chunks.

    for i in range(n): y[i] = exp(x[i])
->  if n < least:  nest(0, n, y, x)
    else:          all(n, y, x), which is `adc_share` of nest(from, to, y, x)
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.nests import Source
from adcompiler.emit.llvm.shown import names_of, renamed, tagged
from adcompiler.emit.llvm.values import Number, element, machine, offset_by
from adcompiler.emit.llvm.writer import Writer

__all__ = ["Total", "shared"]

SHARES = sys.platform == "linux"  # whose threads and masks of signals are known here
_CHUNKS = 64  # at most
_FEW = 4096  # elements that are never worth it
_WORTH = 3 << 20  # what threads are made for, in units of `cost`: some 300 us
_ROUND = 64  # elements of which chunks of vectors are multiples
_ONCE = (
    "noinline optnone"  # what is done once for each chunk: LLVM takes no time for it
)

# A job: what does a chunk, what it is given, how many places there are, how many of
# them a chunk has, how many chunks, where totals go, their bytes, the next chunk.
_TEXT = """
@adc_threads = external global [2 x i64]
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_join(ptr, ptr)
declare i32 @pthread_sigmask(i32, ptr, ptr)
declare i32 @sigfillset(ptr)

define internal ptr @adc_work(ptr %job) ONCE {
entry:
  %part = load ptr, ptr %job
  %env_at = getelementptr i8, ptr %job, i64 8
  %env = load ptr, ptr %env_at
  %count_at = getelementptr i8, ptr %job, i64 16
  %count = load i64, ptr %count_at
  %size_at = getelementptr i8, ptr %job, i64 24
  %size = load i64, ptr %size_at
  %chunks_at = getelementptr i8, ptr %job, i64 32
  %chunks = load i64, ptr %chunks_at
  %totals_at = getelementptr i8, ptr %job, i64 40
  %totals = load ptr, ptr %totals_at
  %bytes_at = getelementptr i8, ptr %job, i64 48
  %bytes = load i64, ptr %bytes_at
  %next = getelementptr i8, ptr %job, i64 56
  br label %loop
loop:
  %chunk = atomicrmw add ptr %next, i64 1 monotonic
  %more = icmp slt i64 %chunk, %chunks
  br i1 %more, label %one, label %done
one:
  %from = mul i64 %chunk, %size
  %end = add i64 %from, %size
  %to = call i64 @llvm.smin.i64(i64 %end, i64 %count)
  %offset = mul i64 %chunk, %bytes
  %place = getelementptr i8, ptr %totals, i64 %offset
  call void %part(ptr %env, i64 %from, i64 %to, ptr %place)
  br label %loop
done:
  ret ptr null
}

define internal i64 @adc_claim(i64 %wanted) ONCE {
  %allowed = load atomic i64, ptr @adc_threads monotonic, align 8
  %others = sub i64 %allowed, 1
  %most = call i64 @llvm.smin.i64(i64 %others, i64 %wanted)
  %some = icmp sgt i64 %most, 0
  br i1 %some, label %ask, label %none
ask:
  %busy_at = getelementptr i8, ptr @adc_threads, i64 8
  %busy = atomicrmw add ptr %busy_at, i64 %most monotonic
  %free = sub i64 %others, %busy
  %above = call i64 @llvm.smax.i64(i64 %free, i64 0)
  %got = call i64 @llvm.smin.i64(i64 %above, i64 %most)
  %back = sub i64 %most, %got
  %was = atomicrmw sub ptr %busy_at, i64 %back monotonic
  ret i64 %got
none:
  ret i64 0
}

define internal i64 @adc_share(ptr %part, ptr %env, i64 %count, i64 %all, i64 %least,
    i64 %round, ptr %totals, i64 %bytes) ONCE {
entry:
  %job = alloca [8 x i64]
  %handles = alloca [CHUNKS x i64]
  %full = alloca [128 x i8], align 8
  %mask = alloca [128 x i8], align 8
  %grain = lshr i64 %least, 4
  %pieces = udiv i64 %all, %grain
  %few = call i64 @llvm.umin.i64(i64 %pieces, i64 CHUNKS)
  %parts = call i64 @llvm.umax.i64(i64 %few, i64 1)
  %past = add i64 %count, %parts
  %top = sub i64 %past, 1
  %even = udiv i64 %top, %parts
  %more = sub i64 %round, 1
  %up = add i64 %even, %more
  %cut = sub i64 0, %round
  %size = and i64 %up, %cut
  %past_size = add i64 %count, %size
  %top_size = sub i64 %past_size, 1
  %chunks = udiv i64 %top_size, %size
  store ptr %part, ptr %job
  %env_at = getelementptr i8, ptr %job, i64 8
  store ptr %env, ptr %env_at
  %count_at = getelementptr i8, ptr %job, i64 16
  store i64 %count, ptr %count_at
  %size_at = getelementptr i8, ptr %job, i64 24
  store i64 %size, ptr %size_at
  %chunks_at = getelementptr i8, ptr %job, i64 32
  store i64 %chunks, ptr %chunks_at
  %totals_at = getelementptr i8, ptr %job, i64 40
  store ptr %totals, ptr %totals_at
  %bytes_at = getelementptr i8, ptr %job, i64 48
  store i64 %bytes, ptr %bytes_at
  %next_at = getelementptr i8, ptr %job, i64 56
  store i64 0, ptr %next_at
  %half = lshr i64 %least, 1
  %pays = udiv i64 %all, %half
  %useful = call i64 @llvm.umin.i64(i64 %pays, i64 %chunks)
  %wanted = sub i64 %useful, 1
  %claimed = call i64 @adc_claim(i64 %wanted)
  %alone = icmp eq i64 %claimed, 0
  br i1 %alone, label %all_of_it, label %begin
all_of_it:
  %left = call ptr @adc_work(ptr %job)
  ret i64 %chunks
begin:
  %filled = call i32 @sigfillset(ptr %full)
  %blocked = call i32 @pthread_sigmask(i32 2, ptr %full, ptr %mask)
  br label %make
make:
  %k = phi i64 [0, %begin], [%following, %made]
  %enough = icmp eq i64 %k, %claimed
  br i1 %enough, label %work, label %one
one:
  %handle = getelementptr i64, ptr %handles, i64 %k
  %status = call i32 @pthread_create(ptr %handle, ptr null, ptr @adc_work, ptr %job)
  %good = icmp eq i32 %status, 0
  br i1 %good, label %made, label %work
made:
  %following = add i64 %k, 1
  br label %make
work:
  %mine = phi i64 [%k, %make], [%k, %one]
  %unblocked = call i32 @pthread_sigmask(i32 2, ptr %mask, ptr null)
  %done = call ptr @adc_work(ptr %job)
  br label %join
join:
  %j = phi i64 [0, %work], [%after, %joined]
  %over = icmp eq i64 %j, %mine
  br i1 %over, label %end, label %joined
joined:
  %which = getelementptr i64, ptr %handles, i64 %j
  %thread = load ptr, ptr %which
  %ended = call i32 @pthread_join(ptr %thread, ptr null)
  %after = add i64 %j, 1
  br label %join
end:
  %busy_at = getelementptr i8, ptr @adc_threads, i64 8
  %was = atomicrmw sub ptr %busy_at, i64 %claimed monotonic
  ret i64 %chunks
}
"""

_SHARE = _TEXT.replace("CHUNKS", str(_CHUNKS)).replace("ONCE", _ONCE)


@dataclass(frozen=True, slots=True)
class Total:
    """What a nest carries from place to place: its type, what it starts from, and how
    that of more places is joined to it."""

    word: str
    first: str
    join: Callable[[Code, str, str], str]


# A nest over places of these lengths, which carries what it is given, by type.
Nest = Callable[
    [Code, Sequence[str], Sequence[Source], Sequence[tuple[str, str]]], tuple[str, ...]
]


def shared(
    writer: Writer,
    dims: Sequence[str],
    sources: Sequence[Source],
    totals: Sequence[Total],
    cost: int,
    nest: Nest,
) -> tuple[str, ...]:
    """Write a nest, and give what it carries at last.

    Its trips along the first axis are independent. `cost` tells how dear an element is:
    1 for each that is read or written, and for what is computed.
    """
    code, inits = writer.code, [(t.word, t.first) for t in totals]
    least = max(_FEW, _WORTH // cost)
    count = code.product(dims)
    few = count.isdigit() and int(count) < least
    kept = not SHARES or (writer.module.strict and bool(totals))
    if few or kept or writer.by_rows:
        return nest(code, dims, sources, inits)
    found = _outlined(writer, dims, sources, totals, nest, least)
    if found is None:
        return nest(code, dims, sources, inits)
    return found.called(code, dims[found.axis], count, least)


@dataclass(slots=True)
class _Given:
    """The parameters of a nest: of each value around it that it reads one."""

    types: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def take(self, text: str, word: str) -> str:
        """What a value around the nest is in it."""
        if not text.startswith("%"):
            return text
        self.types[text] = word
        return self.names.setdefault(text, f"%p{len(self.names)}")

    def source(self, found: Source) -> Source:
        if isinstance(found, Number):
            text = self.take(found.text, machine(found.dtype))
            return Number(found.dtype, text, "false")
        return replace(
            found,
            data=self.take(found.data, "ptr"),
            owner="null",
            dims=tuple(self.take(n, "i64") for n in found.dims),
            strides=tuple(self.take(s, "i64") for s in found.strides),
        )

    def passed(self, names: Sequence[str]) -> str:
        """The values as arguments, under these names."""
        words = self.types.values()
        return "".join(f", {w} {n}" for w, n in zip(words, names, strict=True))


@dataclass(frozen=True, slots=True)
class _Outlined:
    """A nest that is a function: `name` does some of it, `name_all` all by chunks;
    chunks are along an axis."""

    name: str
    axis: int
    given: _Given
    totals: Sequence[Total]

    @property
    def words(self) -> list[str]:
        return [t.word for t in self.totals]

    @property
    def result(self) -> str:
        """The type of what it gives."""
        if len(self.totals) < 2:
            return "".join(self.words) or "void"
        return f"{{{', '.join(self.words)}}}"

    def called(self, code: Code, count: str, every: str, least: int) -> tuple[str, ...]:
        """Call the nest: as a whole where it has fewer elements."""
        given = self.given.passed(list(self.given.names))

        def whole() -> tuple[str, ...]:
            return self.run(code, f"@{self.name}(i64 0, i64 {count}{given})")

        def chunks() -> tuple[str, ...]:
            return self.run(code, f"@{self.name}_all(i64 {count}, i64 {every}{given})")

        if every.isdigit():
            return chunks()
        large = code.op(f"icmp uge i64 {every}, {least}")
        return code.chosen(large, chunks, whole, self.words, seldom=True)

    def run(self, code: Code, call: str) -> tuple[str, ...]:
        """What a call gives, one by one."""
        if not self.totals:
            code.do(f"call void {call}")
            return ()
        found = code.op(f"call {self.result} {call}")
        if len(self.totals) == 1:
            return (found,)
        places = range(len(self.totals))
        return tuple(
            code.op(f"extractvalue {self.result} {found}, {k}") for k in places
        )


def _give(code: Code, totals: Sequence[Total], texts: Sequence[str]) -> None:
    """Leave a function with what it carries."""
    if len(totals) < 2:
        code.do(f"ret {totals[0].word} {texts[0]}" if totals else "ret void")
        return
    result, whole = f"{{{', '.join(t.word for t in totals)}}}", "undef"
    for k, (total, text) in enumerate(zip(totals, texts, strict=True)):
        whole = code.op(f"insertvalue {result} {whole}, {total.word} {text}, {k}")
    code.do(f"ret {result} {whole}")


def _outlined(
    writer: Writer,
    dims: Sequence[str],
    sources: Sequence[Source],
    totals: Sequence[Total],
    nest: Nest,
    least: int,
) -> _Outlined | None:
    """The functions of a nest; None where what it does may leave the function."""
    axis = next((k for k, n in enumerate(dims) if n != "1"), 0)
    given, inner = _Given(), Code()
    inside = [given.take(n, "i64") for n in dims]
    taken = [given.source(s) for s in sources]
    inside[axis] = inner.op("sub i64 %to, %from")
    shifted = [_shifted(inner, s, axis, inside[axis]) for s in taken]
    with writer.writing(inner):
        inits = [(t.word, t.first) for t in totals]
        _give(inner, totals, nest(inner, inside, shifted, inits))
    if inner.failures or _OF_THE_RUN.search(inner.text):
        return None
    extra = writer.module.extra
    extra.setdefault("adc_share", _SHARE)
    found = _Outlined(f"adc_nest{len(extra)}", axis, given, totals)
    extra[found.name] = _some_of(writer, found, inner)
    extra[f"{found.name}_part"] = _part_of(found)
    rounded = _ROUND if len(dims) == 1 else 1
    extra[f"{found.name}_all"] = _all_of(found, least, rounded)
    return found


_OF_THE_RUN = re.compile(r"%(ctx|out)\b")


def _shifted(code: Code, source: Source, axis: int, count: str) -> Source:
    """An array from the first place of a chunk on."""
    if isinstance(source, Number):
        return source
    stride = source.strides[axis]
    dims = tuple(count if k == axis else n for k, n in enumerate(source.dims))
    data = element(code, source, code.multiply("%from", stride))
    return replace(source, data=data, dims=dims)


def _some_of(writer: Writer, nest: _Outlined, code: Code) -> str:
    """The function that does the places of a nest from one to another."""
    names, text = nest.given.names, code.text
    given = f"i64 %from, i64 %to{nest.given.passed(list(names.values()))}"
    if writer.module.notes is not None:
        outside = names_of(writer.values)
        mine = {name: outside[t] for t, name in names.items() if t in outside}
        code.names = {**mine, **code.names}
        text = tagged(code, {})
        given = renamed(given, code.names)
    # Inlined, it would be there twice.
    header = f"define internal {nest.result} @{nest.name}({given}) noinline"
    return f"{header} {{\n{text}\n}}\n"


def _part_of(nest: _Outlined) -> str:
    """The function that does a chunk, and stores what it gives."""
    code = Code()
    types = nest.given.types.values()
    places = (offset_by(code, "%env", str(8 * k)) for k in range(len(types)))
    texts = [code.op(f"load {w}, ptr {p}") for w, p in zip(types, places, strict=True)]
    given = nest.given.passed(texts)
    found = nest.run(code, f"@{nest.name}(i64 %from, i64 %to{given})")
    for k, (total, text) in enumerate(zip(nest.totals, found, strict=True)):
        place = offset_by(code, "%totals", str(8 * k))
        code.do(f"store {total.word} {text}, ptr {place}")
    code.do("ret void")
    header = f"@{nest.name}_part(ptr %env, i64 %from, i64 %to, ptr %totals)"
    return f"define internal void {header} {_ONCE} {{\n{code.text}\n}}\n"


def _all_of(nest: _Outlined, least: int, rounded: int) -> str:
    """The function that does all of a large nest, and joins what chunks give."""
    code, types = Code(), nest.given.types.values()
    names, bytes_ = list(nest.given.names.values()), 8 * len(nest.totals)
    env = code.alloca("i64", max(1, len(names)))
    totals = code.alloca("i64", max(1, _CHUNKS * len(nest.totals)))
    for k, (word, name) in enumerate(zip(types, names, strict=True)):
        code.do(f"store {word} {name}, ptr {offset_by(code, env, str(8 * k))}")
    given = (
        f"ptr @{nest.name}_part, ptr {env}, i64 %count, i64 %all, i64 {least}, "
        f"i64 {rounded}, ptr {totals}, i64 {bytes_}"
    )
    chunks = code.op(f"call i64 @adc_share({given})")

    def joined(chunk: str, held: tuple[str, ...]) -> list[str]:
        first = code.multiply(chunk, str(bytes_))
        found = []
        for k, (total, text) in enumerate(zip(nest.totals, held, strict=True)):
            place = offset_by(code, totals, code.add(first, str(8 * k)))
            more = code.op(f"load {total.word}, ptr {place}")
            found.append(total.join(code, text, more))
        return found

    inits = [(t.word, t.first) for t in nest.totals]
    _give(code, nest.totals, code.counted(chunks, joined, inits) if inits else ())
    header = f"@{nest.name}_all(i64 %count, i64 %all{nest.given.passed(names)})"
    return f"define internal {nest.result} {header} {_ONCE} {{\n{code.text}\n}}\n"
