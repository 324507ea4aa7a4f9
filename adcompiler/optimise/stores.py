"""An element that is set to zero and then added to is set once.

In: any function. Out: an equal one, in which derivative code that sets an element (or a
slice) of an array to zero, and later adds to the same element, stores the sum instead.
In between it may change and read other elements: those that surely are others.
Invariant: values are the same but for the sign of a zero; the store happens where the
last addition did, so whatever reads the array in between sees the same elements.

    y_bar[i] = 0.0
    y_bar[i - 1] += g         ->   y_bar[i - 1] += g
    y_bar[i] += 2 * g              y_bar[i] = 2 * g

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import NP_FLOAT, Array
>>> x, g = fresh_var(Array("float64", (3,)), "x"), fresh_var(NP_FLOAT, "g")
>>> b, at = Builder(role="adjoint"), {"index": ("int",)}
>>> y = b.apply("store", x, constant(0.0), constant(1), **at)
>>> z = b.apply("accumulate", y, g, constant(0), **at)
>>> total = b.apply("accumulate", z, g, constant(1), **at)
>>> print(show(join_stores(Function("f", b.region((x, g), (total,))))))
f(x: float64[3], g: np.float64)
    %0: float64[3] = accumulate(x, g, 0, index=('int',))
    %1: float64[3] = store(%0, g, 1, index=('int',))
    return %1
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    Let,
    Range,
    Region,
    Stmt,
    Var,
)
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.walk import all_stmts, count_uses, map_regions
from adcompiler.optimise.rewriting import atom_key, is_number, number

Sum = tuple[Var | None, int]
Span = tuple[Sum, Sum | None] | None


def join_stores(function: Function) -> Function:
    """The function with such stores joined; the same object where there are none."""
    stores = [s for s in all_stmts(function.region) if _sets_zero(s)]
    if not stores:
        return function
    joiner = _Joiner(function.region)
    region = joiner.region(function.region)
    return replace(function, region=region) if joiner.changed else function


def _sets_zero(stmt: Stmt) -> bool:
    return (
        isinstance(stmt, Let)
        and stmt.primitive.name == "store"
        and stmt.role != "primal"
        and is_number(stmt.operands[1], 0)
    )


class _Joiner:
    def __init__(self, region: Region) -> None:
        self.uses = count_uses(region)
        self.indices = _Indices(region)
        self.changed = False

    def region(self, region: Region) -> Region:
        body = list(region.body)
        place = 0
        while place < len(body):
            if not (_sets_zero(body[place]) and self.joined(body, place)):
                place += 1
        return replace(region, body=tuple(map(self.inner, body)))

    def inner(self, stmt: Stmt) -> Stmt:
        return stmt if isinstance(stmt, Let) else map_regions(stmt, self.region)

    def joined(self, body: list[Stmt], start: int) -> bool:
        """Whether the store at this place was joined with an addition after it."""
        store = body[start]
        assert isinstance(store, Let)
        new: dict[int, Let] = {}
        before, after = store.operands[0], store.result  # without and with the store
        left = self.uses.get(after, 0)
        for position in range(start + 1, len(body)):
            stmt = body[position]
            if not isinstance(stmt, Let) or stmt.operands[:1] != (after,):
                continue
            if after in stmt.operands[1:]:
                return False
            other = replace(stmt, operands=(before, *stmt.operands[1:]))
            match stmt.primitive.name:
                case "load" if self.indices.differ(store, stmt):
                    new[position] = other
                    left -= 1
                case "accumulate" if left > 1 or stmt.role == "primal":
                    return False
                case "accumulate" if _same_place(store, stmt):
                    new[position] = replace(other, primitive=PRIMITIVES["store"])
                    for place, let in new.items():
                        body[place] = let
                    del body[start]
                    self.changed = True
                    return True
                case "store" if left > 1:
                    return False
                case "accumulate" | "store" if self.indices.differ(store, stmt):
                    new[position] = other
                    before = after = stmt.result
                    left = self.uses.get(after, 0)
                case _:
                    return False
        return False


def _places(let: Let) -> tuple[Atom, ...]:
    """The operands that say where an array is read or written."""
    return let.operands[1 if let.primitive.name == "load" else 2 :]


def _same_place(store: Let, other: Let) -> bool:
    same = store.param("index") == other.param("index")
    return same and [*map(atom_key, _places(store))] == [*map(atom_key, _places(other))]


def _is_remainder(let: Let) -> bool:
    """Whether this is ``k % n`` of ints, n a positive number."""
    by = number(let.operands[1]) if let.primitive.name == "remainder" else None
    return isinstance(by, int) and by > 0


class _Indices:
    """What is known of ints: constants, loop indices, and these plus constants."""

    def __init__(self, region: Region) -> None:
        self.ranges: dict[Var, Range] = {}
        self.sums: dict[Var, tuple[Atom, int]] = {}
        self.remainders: set[Var] = set()  # ints that are not negative
        for stmt in all_stmts(region):
            if isinstance(stmt, For):
                self.ranges[stmt.body.params[0]] = stmt.range
            elif isinstance(stmt, Let) and _is_remainder(stmt):
                self.remainders.add(stmt.result)
            elif isinstance(stmt, Let) and stmt.primitive.name in ("add", "subtract"):
                by = number(stmt.operands[1])
                if isinstance(by, int):
                    sign = 1 if stmt.primitive.name == "add" else -1
                    self.sums[stmt.result] = (stmt.operands[0], sign * by)

    def differ(self, one: Let, other: Let) -> bool:
        """Whether two statements surely reach different elements of an array."""
        pairs = zip(self.spans(one), self.spans(other), strict=False)
        return any(self.apart(a, b) for a, b in pairs)

    def spans(self, let: Let) -> Iterator[Span]:
        """Along each axis, the first place and the one after the last, as far as
        known to count from the front."""
        rest = iter(_places(let))
        for entry in let.param("index"):
            if entry == "new":
                return
            if entry == "int":
                first = self.sum(next(rest))
                yield self.counted(first, first and (first[0], first[1] + 1))
            elif entry == "full":
                yield None
            else:
                _, has_start, has_stop, has_step = entry
                start = self.sum(next(rest)) if has_start else (None, 0)
                stop = self.sum(next(rest)) if has_stop else None
                plain = not (has_step and next(rest))
                known = plain and not (has_stop and stop is None)
                yield self.counted(start, stop) if known else None

    def counted(self, first: Sum | None, end: Sum | None) -> Span:
        zero = (None, 0)
        if first is None or not self.at_most(zero, first):
            return None
        return (first, end) if end is None or self.at_most(zero, end) else None

    def apart(self, one: Span, other: Span) -> bool:
        if one is None or other is None:
            return False
        return any(
            a[1] is not None and self.at_most(a[1], b[0])
            for a, b in ((one, other), (other, one))
        )

    def sum(self, atom: Atom) -> Sum | None:
        """An int as a value plus a constant."""
        offset = 0
        while isinstance(atom, Var) and atom in self.sums:
            atom, more = self.sums[atom]
            offset += more
        if isinstance(atom, Const):
            whole = isinstance(atom.value, int) and not isinstance(atom.value, bool)
            return (None, atom.value + offset) if whole else None
        return (atom, offset) if isinstance(atom, Var) else None

    def at_most(self, low: Sum, high: Sum) -> bool:
        """Whether the first int is surely no greater than the second."""
        if low[0] == high[0]:
            return low[1] <= high[1]
        below = self.bound(high[0], 0)
        if below is not None and self.at_most(low, (below[0], below[1] + high[1])):
            return True
        above = self.bound(low[0], 1)
        return above is not None and self.at_most((above[0], above[1] + low[1]), high)

    def bound(self, var: Var | None, side: int) -> Sum | None:
        """The least (0) or greatest (1) value that a loop's index may have, or the
        least of a remainder."""
        if var in self.remainders:
            return (None, 0) if side == 0 else None
        loop = self.ranges.get(var) if var is not None else None
        step = None if loop is None else number(loop.step)
        if loop is None or not isinstance(step, int) or step == 0:
            return None
        if (step > 0) == (side == 0):
            return self.sum(loop.start)
        end = self.sum(loop.stop)
        return None if end is None else (end[0], end[1] + (1 if step < 0 else -1))
