"""How often loops look for signals: not so seldom that Ctrl-C waits, nor so often that
it costs.

In: a loop, while it is written. Out: what is written around its trips.
Invariants: a loop that counts, and neither holds another nor is in one, is written as
runs of at most a million trips, or elements, between which it looks: within a run
nothing is added. One in another tells that how many trips it made. Other loops count
their trips, and what arrays they hold; where the count is high, they look.
"""

from __future__ import annotations

from collections.abc import Sequence

from adcompiler.emit.llvm.code import FAILED, Loop
from adcompiler.emit.llvm.signals import TRIPS
from adcompiler.emit.llvm.values import Elements
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import For, Let, Stmt, Var, While
from adcompiler.ir.types import Array
from adcompiler.ir.walk import all_stmts, free_vars, regions

__all__ = ["Pace"]

_ARRAYS = 4  # arrays that are looked at, to know how much a trip does


class Pace:
    """The pace of one loop.

    `bound` is where its trips end, or pause.
    """

    def __init__(
        self, writer: Writer, loop: For | While, count: str | None = None
    ) -> None:
        self.code, self.count = writer.code, count
        self.elements = _elements(writer, loop)
        self.plain = count is not None and not _is_long(loop)
        self.inside = writer.depth > 0
        self.runs = self.plain and not self.inside and not self._is_short()
        self.bound = count or ""
        self._outer: Loop | None = None

    def _is_short(self) -> bool:
        """Whether it is known to be over soon."""
        if self.count is None or not (self.count + self.elements).isdigit():
            return False
        return int(self.count) * max(1, int(self.elements)) <= 1 << TRIPS

    def opened(self, inits: Sequence[tuple[str, str]]) -> Loop:
        """The loop, whose first carried value counts its trips; where it goes in runs,
        inside of the loop over these."""
        if not self.runs:
            return Loop(self.code, inits)
        code, assured = self.code, self.count
        assert assured is not None
        most = self._trips_of_a_run()
        self._outer = Loop(code, inits)
        values = self._outer.values
        self.bound = code.least(assured, code.add(values[0], most))
        return Loop(code, [(t, v) for (t, _), v in zip(inits, values, strict=True)])

    def _trips_of_a_run(self) -> str:
        if self.elements.isdigit():
            return str(max(1, (1 << TRIPS) // max(1, int(self.elements))))
        code = self.code
        zeros = code.op(f"call i64 @llvm.ctlz.i64(i64 {self.elements}, i1 false)")
        digits = code.op(f"sub i64 64, {zeros}")
        power = code.most(code.op(f"sub i64 {TRIPS}, {digits}"), "0")
        return code.op(f"shl i64 1, {power}")

    def head(self, loop: Loop, more: str, inside: str, after: str) -> str:
        """Go on or leave; gives the block from which the loop is left."""
        code, block = self.code, self.code.block
        if self._outer is None:
            code.branch(more, inside, after)
            return block
        pause, look = code.label("pause"), code.label("look")
        code.branch(more, inside, pause)
        code.start(pause)
        over = code.op(f"icmp sge i64 {loop.values[0]}, {self.count}")
        code.branch(over, after, look)
        code.start(look)
        code.fail_if(code.op("call i1 @adc_look(ptr %ctx)"), FAILED)
        self._outer.close(loop.values)
        return pause

    def tick(self) -> None:
        """Count a trip, where it does not go in runs."""
        if not self.plain:
            weight = self._weight()
            tick = self.code.op(f"call i1 @adc_tick(ptr %ctx, i64 {weight})")
            self.code.fail_if(tick, FAILED)

    def over(self, trips: str) -> None:
        """Count the trips of a plain loop for the one around it."""
        if self.plain and self.inside:
            count = self.code.multiply(trips, self._weight())
            self.code.do(f"call void @adc_count(ptr %ctx, i64 {count})")

    def _weight(self) -> str:
        if self.elements.isdigit():
            return str(1 + int(self.elements) // 4)
        return self.code.add(self.code.op(f"lshr i64 {self.elements}, 2"), "1")


def _is_long(loop: For | While) -> bool:
    """Whether trips are counted one by one: not where they are few instructions."""
    inner = any(isinstance(s, For | While) for s in all_stmts(loop.body))
    return inner or isinstance(loop, While) or loop.exits


def _elements(writer: Writer, loop: For | While) -> str:
    """How many elements the arrays have that trips take."""
    code, total = writer.code, "0"
    inside = (v for region in regions(loop) for v in free_vars(region))
    given = dict.fromkeys((*(a for a in loop.inits if isinstance(a, Var)), *inside))
    values = (writer.values.get(v) for v in given)
    shapes = dict.fromkeys(v.dims for v in values if isinstance(v, Elements))
    whole = any(_is_whole(s) for s in all_stmts(loop.body))
    for dims in list(shapes)[:_ARRAYS] if whole else ():
        total = code.add(total, code.product(dims))
    return total


def _is_whole(stmt: Stmt) -> bool:
    """Whether a statement may take all elements of arrays."""
    if not isinstance(stmt, Let) or stmt.primitive.name in ("shape", "size"):
        return False
    taken = stmt.results
    if stmt.primitive.name in ("store", "accumulate"):
        taken = tuple(a for a in stmt.operands[1:2] if isinstance(a, Var))
    elif stmt.primitive.name != "load":
        taken = (*taken, *(a for a in stmt.operands if isinstance(a, Var)))
    return any(isinstance(v.type, Array) for v in taken)
