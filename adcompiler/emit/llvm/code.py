"""The text of one LLVM function while it is written.

In: instructions, as text. Out: the definition.
Invariants: every block ends in one terminator; `block` is the label of the block that
is being written, which is what phis of its successors name.

>>> code = Code()
>>> total = code.op("fadd double %x, 1.0")
>>> code.do(f"ret double {total}")
>>> print(code.text)
entry:
  %v0 = fadd double %x, 1.0
  ret double %v0
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "FAILED",
    "FALLBACK",
    "LINED",
    "UNEQUAL",
    "Code",
    "Loop",
    "note_unequal",
    "with_loops_numbered",
]

# Of a loop whose trips are independent, and of what loads and stores in it. Each loop
# is numbered when a module is put together.
PARALLEL_LOOP = ", !llvm.loop !PARALLEL"
CALLING_LOOP = ", !llvm.loop !CALLING"  # of independent trips that call functions
PLAIN_LOOP = ", !llvm.loop !PLAIN"  # of a loop of few trips
PARALLEL_ACCESS = ", !llvm.access.group !1"

# Of a function with loops. Vectors for which there is no register, at calls all of
# them, wait on the stack. LLVM takes that as aligned to 16 bytes: most would lie in two
# lines of the cache each, which took a fifth of the time of Black-Scholes.
LINED = "alignstack(64)"

FAILED = 1  # the status of a run in which Python has raised
FALLBACK = 2  # the status of a run that the NumPy program is to repeat
UNEQUAL = 3  # as FALLBACK, of lengths that were taken for equal: which is noted


def with_loops_numbered(text: str) -> str:
    """The module, with what is said of each loop."""
    head, *rest = re.split("!(PARALLEL|CALLING|PLAIN)", text)
    parts, said = [head], []
    for n, (kind, part) in enumerate(zip(rest[::2], rest[1::2], strict=True), 1000):
        parts.append(f"!{n}{part}")
        said.append(f"!{n} = distinct !{{!{n}, {_SAID[kind]}}}\n")
    return "".join([*parts, "\n", _FACTS, *said])


_SAID = {"PARALLEL": "!2", "CALLING": "!2, !5", "PLAIN": "!3, !4"}
_FACTS = """!1 = distinct !{}
!2 = !{!"llvm.loop.parallel_accesses", !1}
!3 = !{!"llvm.loop.vectorize.enable", i1 false}
!4 = !{!"llvm.loop.unroll.runtime.disable"}
!5 = !{!"llvm.loop.unroll.disable"}
"""


@dataclass(slots=True)
class Code:
    """Instructions of one function, in blocks."""

    lines: list[str] = field(default_factory=lambda: ["entry:"])
    block: str = "entry"
    failures: set[int] = field(default_factory=set)
    exits: int = 0  # where the function may be left with a status
    access: str = ""  # what is said of loads and stores
    in_frame: bool = False  # whether new arrays may be memory of the function's own
    frame: int = 0  # the bytes of those that are
    looped: bool = False  # whether it is a trip of a loop of the program
    mark: int = 0  # what is being written, as `Module.marks` has it
    marks: list[int] = field(default_factory=lambda: [0])  # of the lines
    names: dict[str, str] = field(default_factory=dict)  # what values are called
    loops: int = 0  # that were begun
    _count: int = 0
    _blocks: int = 0

    # -- instructions --

    def op(self, text: str) -> str:
        """An instruction that has a value."""
        name = f"%v{self._count}"
        self._count += 1
        self.lines.append(f"  {name} = {text}")
        self.marks.append(self.mark)
        return name

    def do(self, text: str) -> None:
        """An instruction without a value."""
        self.lines.append(f"  {text}")
        self.marks.append(self.mark)

    def alloca(self, type_: str, count: int = 1, *, align: int | None = None) -> str:
        """Memory of the function's own, for one or more of a type."""
        name = f"%v{self._count}"
        self._count += 1
        # In the entry block, so that a loop does not take more of it each time.
        said = "" if align is None else f", align {align}"
        self.lines.insert(1, f"  {name} = alloca {type_}, i64 {count}{said}")
        self.marks.insert(1, self.mark)
        return name

    def dropped(self, length: str, count: int) -> str:
        """A length less some elements, where all of the function can use it."""
        fewer, least = (f"%v{self._count + k}" for k in range(2))
        self._count += 2
        self.lines[1:1] = [
            f"  {fewer} = sub i64 {length}, {count}",
            f"  {least} = call i64 @llvm.smax.i64(i64 {fewer}, i64 0)",
        ]
        self.marks[1:1] = [self.mark, self.mark]
        return least

    def call_them(self, texts: Mapping[Any, str]) -> None:
        """Have values called as variables of the IR are, where somebody reads them."""
        for var, text in texts.items():
            name = var.name or var.noun
            if name is not None:
                self.names.setdefault(text, name)

    # -- blocks --

    def label(self, hint: str) -> str:
        """A name for a block."""
        self._blocks += 1
        return f"{hint}{self._blocks}"

    def start(self, label: str) -> None:
        """Go on in this block."""
        self.lines.append(f"{label}:")
        self.marks.append(0)
        self.block = label

    def jump(self, label: str) -> None:
        self.do(f"br label %{label}")

    def branch(
        self, condition: str, then: str, orelse: str, *, seldom: bool = False
    ) -> None:
        said = ", !prof !0" if seldom else ""
        self.do(f"br i1 {condition}, label %{then}, label %{orelse}{said}")

    def phi(self, type_: str, ends: Iterable[tuple[str, str]]) -> str:
        """The value that comes from the block that control came from."""
        pairs = [(text, block) for text, block in ends]
        texts = {text for text, _ in pairs}
        if len(texts) == 1:
            return texts.pop()
        shown = ", ".join(f"[{text}, %{block}]" for text, block in pairs)
        return self.op(f"phi {type_} {shown}")

    def fail_if(self, condition: str, status: int = FALLBACK) -> None:
        """Leave the function with a status where the condition holds."""
        if condition == "false":
            return
        self.failures.add(status)
        self.exits += 1
        onward = self.label("ok")
        self.branch(condition, f"fail{status}", onward, seldom=True)
        self.start(onward)

    def fail(self, status: int = FALLBACK) -> None:
        """Leave the function with a status."""
        self.failures.add(status)
        self.exits += 1
        self.jump(f"fail{status}")

    def finish(self) -> None:
        """Write the blocks that leave with a status."""
        for status in sorted(self.failures):
            self.start(f"fail{status}")
            if status == UNEQUAL:
                note_unequal(self)
            self.do(f"ret i32 {min(status, FALLBACK)}")

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    # -- small arithmetic --

    def add(self, a: str, b: str) -> str:
        """A sum of lengths or offsets."""
        if a == "0":
            return b
        if b == "0":
            return a
        if _whole(a) and _whole(b):
            return str(int(a) + int(b))
        return self.op(f"add i64 {a}, {b}")

    def subtract(self, a: str, b: str) -> str:
        if b == "0":
            return a
        if _whole(a) and _whole(b):
            return str(int(a) - int(b))
        return self.op(f"sub i64 {a}, {b}")

    def multiply(self, a: str, b: str) -> str:
        """A product of lengths or offsets."""
        if a == "1":
            return b
        if b == "1":
            return a
        if "0" in (a, b):
            return "0"
        if _whole(a) and _whole(b):
            return str(int(a) * int(b))
        return self.op(f"mul nsw i64 {a}, {b}")

    def divided(self, a: str, b: int) -> str:
        """How often a number goes into a length."""
        if _whole(a):
            return str(int(a) // b)
        return self.op(f"udiv i64 {a}, {b}")

    def product(self, terms: Iterable[str]) -> str:
        total = "1"
        for term in terms:
            total = self.multiply(total, term)
        return total

    def least(self, a: str, b: str) -> str:
        return self.op(f"call i64 @llvm.smin.i64(i64 {a}, i64 {b})")

    def most(self, a: str, b: str) -> str:
        return self.op(f"call i64 @llvm.smax.i64(i64 {a}, i64 {b})")

    def select(self, condition: str, type_: str, a: str, b: str) -> str:
        if a == b or condition == "true":
            return a
        if condition == "false":
            return b
        return self.op(f"select i1 {condition}, {type_} {a}, {type_} {b}")

    def both(self, a: str, b: str) -> str:
        """The conjunction of two bools."""
        if a == "true" or b == "false":
            return b
        if b == "true" or a == "false":
            return a
        return self.op(f"and i1 {a}, {b}")

    def either(self, a: str, b: str) -> str:
        """The disjunction of two bools."""
        if a == "false" or b == "true":
            return b
        if b == "false" or a == "true":
            return a
        return self.op(f"or i1 {a}, {b}")

    # -- control --

    def counted(
        self,
        count: str,
        body: Callable[[str, tuple[str, ...]], Sequence[str]],
        inits: Sequence[tuple[str, str]] = (),
        *,
        parallel: bool = False,
        plain: bool = False,
    ) -> tuple[str, ...]:
        """A loop of `count` trips; `inits` are (type, value) of what it carries.

        `body(index, carried)` writes a trip and gives what is carried to the next.
        `parallel`: no trip touches memory that another one stores to. `plain`: there
        are few trips.
        """
        if count == "1":
            return tuple(body("0", tuple(value for _, value in inits)))
        loop = Loop(self, [("i64", "0"), *inits])
        index, *carried = loop.values
        more = self.op(f"icmp slt i64 {index}, {count}")
        inside, after = self.label("trip"), self.label("after")
        self.branch(more, inside, after)
        self.start(inside)
        outside, self.access = self.access, PARALLEL_ACCESS if parallel else ""
        ends = body(index, tuple(carried))
        self.access = outside
        following = self.op(f"add nuw nsw i64 {index}, 1")
        said = PLAIN_LOOP if plain else ""
        if parallel:
            # One that is laid out before it is vectorised has no functions of vectors.
            short = _whole(count) and any(map(_calls, self.lines[loop.place :]))
            said = CALLING_LOOP if short else PARALLEL_LOOP
        loop.close((following, *ends), said)
        self.start(after)
        return tuple(carried)

    def chosen(
        self,
        condition: str,
        then: Callable[[], Sequence[str]],
        orelse: Callable[[], Sequence[str]],
        types: Sequence[str] = (),
        *,
        seldom: bool = False,
    ) -> tuple[str, ...]:
        """What one of two arms gives; both give values of these types. The first may be
        taken `seldom`."""
        first, second, after = (self.label(h) for h in ("then", "else", "done"))
        self.branch(condition, first, second, seldom=seldom)
        self.start(first)
        left, left_end = then(), self.block
        self.jump(after)
        self.start(second)
        right, right_end = orelse(), self.block
        self.jump(after)
        self.start(after)
        return tuple(
            self.phi(t, ((a, left_end), (b, right_end)))
            for t, a, b in zip(types, left, right, strict=True)
        )


class Loop:
    """The head of a loop: phis, whose second ends are known when it is closed."""

    def __init__(self, code: Code, inits: Sequence[tuple[str, str]]) -> None:
        self.code, self.inits = code, inits
        code.loops += 1
        before, self.head = code.block, code.label("loop")
        code.jump(self.head)
        code.start(self.head)
        self.place = len(code.lines)
        self.values = [code.op(f"phi {t} [{v}, %{before}]") for t, v in inits]

    def close(self, ends: Sequence[str], said: str = "") -> None:
        """Go to the head again with these values; `said` is what is said of it."""
        code = self.code
        for k, end in enumerate(ends):
            place = self.place + k + self._shift()
            code.lines[place] += f", [{end}, %{code.block}]"
        code.do(f"br label %{self.head}{said}")

    def _shift(self) -> int:
        """By how much lines moved for allocas, which come first."""
        wanted = f"{self.head}:"
        at = self.place - 1
        while self.code.lines[at] != wanted:
            at += 1
        return at - (self.place - 1)


def _calls(line: str) -> bool:
    """Whether a line calls a function of numbers that is not LLVM's own."""
    return re.search(r"= call (double|float) @(?!llvm[.])", line) is not None


def _whole(text: str) -> bool:
    return text.lstrip("-").isdigit()


def note_unequal(code: Code) -> None:
    """Note that a run is given up for lengths that were taken for equal."""
    code.do("store i8 1, ptr @adc_unequal")
