"""Lengths that follow from the operands, and lengths that statements show to be equal.

In: any function. Out: the same, its symbolic lengths replaced by their equals.
Invariant: a length is replaced only where it is that of a statement's own result, by
one that the statement's operands have (or that its bounds give): equal lengths get
equal symbols, so that ``u[2:] - u[:-2]`` needs no test whether one was stretched.

    u[2:]: float64[n1]   ->   u[2:]: float64[n0-2], where u: float64[n0]

What a statement only checks (two lengths known not to be 1 that meet in a broadcast)
is a fact where it has run, not before: such lengths keep their symbols, since the check
must stay, and `EqualLengths` holds the facts, by union, in the regions where they are.
So it is with what the program tests, ``if len(x) != len(y): raise ...``, behind it.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

from adcompiler.ir.nodes import Atom, Const, Function, If, Let, Region, Var, defined
from adcompiler.ir.types import Array, Dim, Length, dims_of
from adcompiler.ir.walk import Lengths, regions, retype
from adcompiler.primitives.indexing import part_lengths


def infer_lengths(function: Function) -> Function:
    """The function with every length that its operands tell."""
    lengths = Lengths(fresh=False)
    _infer(function.region, lengths, set())
    changed = any(old != new for old, new in lengths.known.items())
    return retype(function, lengths) if changed else function


def _infer(region: Region, lengths: Lengths, seen: set[Length]) -> None:
    """Note what the statements of a region tell of lengths not seen before."""
    seen.update(d for p in region.params for d in dims_of(p.type))
    for stmt in region.body:
        for inner in regions(stmt):
            _infer(inner, lengths, seen)
        own = {d for r in defined(stmt) for d in dims_of(r.type)}
        if isinstance(stmt, Let) and any(_is_new(d, seen) for d in own):
            for old, new in _told(stmt, lengths):
                if _is_new(old, seen):
                    lengths.known[old] = new
        seen.update(own)


def _is_new(length: Length, seen: set[Length]) -> TypeGuard[Dim]:
    """Whether a length is a symbol that no statement before has."""
    symbol = isinstance(length, Dim) and isinstance(length.key, int)
    return symbol and length not in seen


def _told(let: Let, lengths: Lengths) -> Iterator[tuple[Length, Length]]:
    """Pairs of a result's length and what it is equal to."""
    types = tuple(lengths.type(a.type) for a in let.operands)
    if let.primitive.name == "load":
        part = part_lengths(dims_of(types[0]), let.param("index"), let.operands[1:])
        yield from zip(dims_of(let.result.type), part, strict=True)
        return
    results = let.primitive.types(types, dict(let.params))
    given = {d for t in types for d in dims_of(t)}
    for result, new in zip(let.results, results, strict=True):
        for old, length in zip(dims_of(result.type), dims_of(new), strict=True):
            if length in given or isinstance(length, int):
                yield old, length


# --- Lengths shown to be equal -----------------------------------------------------

Dims = tuple[Length, ...]


class EqualLengths:
    """Lengths that are equal because a statement that needs it has succeeded.

    >>> from adcompiler.ir.types import fresh_dim
    >>> n, m = fresh_dim(), fresh_dim()
    >>> outer = EqualLengths()
    >>> inner = outer.child()
    >>> inner.equate((n, m))
    >>> inner.same((n, 3), (m, 3)), outer.same((n, 3), (m, 3))
    (True, False)
    """

    def __init__(self, facts: ChainMap[Length, Length] | None = None) -> None:
        self._parent: ChainMap[Length, Length] = ChainMap() if facts is None else facts

    def child(self) -> EqualLengths:
        """The same facts, to be added to in a nested region."""
        return EqualLengths(self._parent.new_child())

    def root(self, length: Length) -> Length:
        """One length for all that are equal."""
        while length in self._parent:
            length = self._parent[length]
        return length

    def same(self, left: Dims, right: Dims) -> bool:
        """Whether two shapes are known to be equal."""
        return len(left) == len(right) and all(
            a == b or self.root(a) == self.root(b)
            for a, b in zip(left, right, strict=True)
        )

    def equate(self, group: Iterable[Length]) -> None:
        """Note that these lengths are equal.

        Of two numbers that differ nothing is noted: what needs them to be equal
        raises, and the statements after it, which never run, stay well typed.
        """
        first, *rest = group
        for other in rest:
            ends = {self.root(first), self.root(other)}
            if len(ends) == 2 and not all(isinstance(n, int) for n in ends):
                # A number is the root of its class.
                low, high = sorted(ends, key=lambda n: isinstance(n, int))
                self._parent[low] = high

    def learn(self, let: Let) -> None:
        """Note the lengths that must be equal or this statement raises ValueError."""
        for group in _met(let):
            self.equate(group)
        if let.primitive.name == "solve":
            a, b = (dims_of(x.type) for x in let.operands)
            self.equate((a[-1], b[-2 if len(b) > 1 else 0]))

    def learn_all(self, let: Let) -> None:
        """Likewise, whatever the error."""
        self.learn(let)
        if let.primitive.name in LINALG and not let.param("total"):
            self.equate(dims_of(let.operands[0].type)[-2:])

    def learn_behind(self, stmt: If, lets: Mapping[Var, Let]) -> None:
        """Note what holds behind a branch of which one arm ends in an error."""
        for arm, held in ((stmt.then, False), (stmt.orelse, True)):
            if not arm.falls:
                self.learn_from(stmt.cond, held, lets)

    def learn_from(self, cond: Atom, held: bool, lets: Mapping[Var, Let]) -> None:
        """Note the lengths that are equal where a condition is true, or false."""
        for group in _tested(cond, held, lets):
            self.equate(group)

    def allow(self, let: Let) -> bool:
        """Whether this statement cannot fail to broadcast."""
        types = [a.type for a in let.operands]
        rank = max(len(dims_of(t)) for t in types)
        axes = sum(1 for _ in _columns(types, rank))
        groups = list(_met(let))
        return axes == len(groups) and all(
            len({self.root(n) for n in group}) == 1 for group in groups
        )


def _tested(cond: Atom, held: bool, lets: Mapping[Var, Let]) -> Iterator[Dims]:
    """Pairs of lengths that are equal where the condition has this value."""
    let = lets.get(cond) if isinstance(cond, Var) else None
    if let is None:
        return
    match let.primitive.name:
        case "logical_not":
            yield from _tested(let.operands[0], not held, lets)
        case "logical_and" | "logical_or" as name if held == (name == "logical_and"):
            for operand in let.operands:
                yield from _tested(operand, held, lets)
        case "equal" | "not_equal" as name if held == (name == "equal"):
            pair = tuple(n for a in let.operands for n in _length_of(a, lets))
            if len(pair) == 2:
                yield pair


def _length_of(atom: Atom, lets: Mapping[Var, Let]) -> Iterator[Length]:
    """The length that a number is, if it is one."""
    if isinstance(atom, Const):
        if type(atom.value) is int:
            yield atom.value
        return
    let = lets.get(atom) if isinstance(atom, Var) else None
    if let is not None and let.primitive.name == "shape":
        yield dims_of(let.operands[0].type)[let.param("axis")]


def shows_equal(let: Let) -> bool:
    """Whether this statement raises ValueError unless some lengths are equal."""
    return let.primitive.name == "solve" or any(True for _ in _met(let))


LINALG = ("solve", "inv", "det", "logabsdet", "signdet", "cholesky")


def _met(let: Let) -> Iterator[Dims]:
    """For each axis, the lengths that must agree; none where one may be stretched."""
    types = [a.type for a in let.operands]
    if let.primitive.name == "matmul":
        left, right = map(dims_of, types)
        if left and right:
            yield left[-1], right[-2 if len(right) > 1 else 0]
        return
    if not let.primitive.elementwise:
        return
    rank = max(map(len, map(dims_of, types)), default=0)
    for column in _columns(types, rank):
        lengths = tuple(n for n in column if n != 1)
        if lengths and all(_never_one(n) for n in lengths):
            yield lengths


def _columns(types: Iterable[object], rank: int) -> Iterator[list[Length]]:
    """The lengths on each axis of a broadcast that has more than one operand there."""
    shapes = [t.dims for t in types if isinstance(t, Array)]
    for axis in range(1, rank + 1):
        column = [dims[-axis] for dims in shapes if len(dims) >= axis]
        if any(n != 1 for n in column):
            yield column


def _never_one(length: Length) -> bool:
    return length.not_one if isinstance(length, Dim) else length != 1
