"""What is kept, in bytes, as an expression of lengths.

In: the functions that a program was written from, their values named. Out: `Sizes`:
expressions over arguments, in Python, that give the bytes of a tape or an array.
Invariants: an expression is exact, unless it begins with "at most": a loop may end
early, an arm may not be taken. A length below zero counts as zero. What arguments
do not tell has none.

>>> times("8", "len(x)", "3"), times("8", "len(x) - 1")
('24 * len(x)', '8 * (len(x) - 1)')
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from adcompiler.emit.numpy_source import Source
from adcompiler.ir.names import Named
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    If,
    Let,
    Range,
    Region,
    Stmt,
    Var,
    While,
)
from adcompiler.ir.types import Array, Dim, Length, ListOf, Scalar, Type, dims_of
from adcompiler.ir.walk import all_stmts

__all__ = ["Sizes", "lengths_of", "times"]

_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "floor_divide": "//"}


def times(*factors: str) -> str:
    """A product, the numbers of it multiplied."""
    parts = [part for factor in factors for part in _factors(factor)]
    number = math.prod(int(f) for f in parts if f.isdigit())
    rest = [f for f in parts if not f.isdigit()]
    if number == 0:
        return "0"
    return " * ".join([*(str(number) for _ in range(number != 1 or not rest)), *rest])


def _factors(text: str) -> list[str]:
    parts = text.split(" * ")
    return parts if all(map(_is_simple, parts)) else [f"({text})"]


def _is_simple(text: str) -> bool:
    """Whether an expression is a name, a number, a call or a subscript.

    >>> _is_simple("len(range(1, n))"), _is_simple("(n) - (m)")
    (True, False)
    """
    while (inner := re.sub(r"\([^()]*\)", "", text)) != text:
        text = inner
    return " " not in text


def lengths_of(function: Function, names: Mapping[Var, str]) -> dict[Hashable, str]:
    """The lengths that arguments have, by the keys of their symbols."""
    found: dict[Hashable, str] = {}
    for param in function.params:
        if not isinstance(param.type, Array) or param not in names:
            continue
        name, dims = names[param], param.type.dims
        for k, dim in enumerate(dims):
            if isinstance(dim, Dim):
                text = f"len({name})" if k == 0 else f"{name}.shape[{k}]"
                found.setdefault(dim.key, text)
    return found


@dataclass(frozen=True, slots=True)
class Sizes:
    """The expressions for the values of a function."""

    named: Named
    _lengths: Mapping[Hashable, str] = field(init=False)
    _makers: Mapping[Var, Let] = field(init=False)

    def __post_init__(self) -> None:
        function = self.named.function
        object.__setattr__(self, "_lengths", lengths_of(function, self.named.names))
        made = (s for s in all_stmts(function.region) if isinstance(s, Let))
        makers = {v: let for let in made for v in let.results}
        object.__setattr__(self, "_makers", makers)

    @classmethod
    def of_source(cls, source: Source) -> Sizes:
        """Those of the function that a text defines."""
        assert source.named is not None
        return cls(source.named)

    def of(self, name: str) -> str | None:
        """The bytes of what has this name; None where arguments do not tell."""
        found = [v for v, n in self.named.names.items() if n == name]
        if any(isinstance(v.type, ListOf) for v in found):
            return self._of_tape(name)
        sizes = {self._of_type(v.type) for v in found if isinstance(v.type, Array)}
        return sizes.pop() if len(sizes) == 1 else None

    def length(self, length: Length) -> str | None:
        """A length."""
        if isinstance(length, int):
            return str(length)
        if (text := self._lengths.get(length.key)) is not None:
            return text
        match length.key:
            case ("drop", Dim(key=base), int(count)):
                text = self._lengths.get(base)
                return None if text is None else f"{text} - {count}"
        return None

    # --- Types ------------------------------------------------------------------------

    def _of_type(self, t: Type) -> str | None:
        match t:
            case Scalar(dtype=dtype):
                return str(np.dtype(dtype).itemsize)
            case Array(dtype=dtype, dims=dims):
                lengths = [self.length(d) for d in dims]
                known = [n for n in lengths if n is not None]
                size = str(np.dtype(dtype).itemsize)
                return times(size, *known) if len(known) == len(dims) else None
            case _:
                return None

    # --- Tapes ------------------------------------------------------------------------

    def _of_tape(self, name: str) -> str | None:
        names, total, fewer = self.named.names, [], False
        if self._is_changed(name):
            return None
        for let, around in _appends(self.named.function.region, ()):
            if names.get(let.result) != name and names.get(_list(let)) != name:
                continue
            counts = [self._trips(s) for s in around if isinstance(s, For)]
            size = self._of_type(let.operands[1].type)
            inside = any(isinstance(s, While) for s in around)
            if size is None or inside or any(n is None for n in counts):
                return None
            fewer = fewer or any(isinstance(s, If) or s.exits for s in around)
            total.append(times(size, *(n for n in counts if n is not None)))
        if not total:
            return None
        return f"{'at most ' if fewer else ''}{' + '.join(total)}"

    def _is_changed(self, name: str) -> bool:
        """Whether a list of the program is more than appended to."""
        return any(
            isinstance(s, Let)
            and s.role == "primal"
            and s.primitive.name.startswith("list_")
            and s.primitive.name not in ("list_new", "list_append", "list_get")
            and any(
                self.named.names.get(v) == name
                for v in (*s.operands, *s.results)
                if isinstance(v, Var) and isinstance(v.type, ListOf)
            )
            for s in all_stmts(self.named.function.region)
        )

    def _trips(self, loop: For) -> str | None:
        return None if loop.range.limit is not None else self._span(loop.range)

    def _span(self, bounds: Range) -> str | None:
        start, stop, step = map(self._int, (bounds.start, bounds.stop, bounds.step))
        if start is None or stop is None or step is None:
            return None
        if step not in ("1", "-1"):
            return f"len(range({start}, {stop}, {step}))"
        if step == "-1":
            start, stop = f"{stop} + 1" if stop != "-1" else "0", f"{start} + 1"
        if start == "0":
            return re.sub(r"^(.*) - 1 \+ 1$", r"\1", stop)
        if start.isdigit() and stop.isdigit():
            return str(max(0, int(stop) - int(start)))
        return f"{stop} - {start if start.isdigit() else f'({start})'}"

    def _int(self, atom: Atom) -> str | None:
        """An int, as an expression over arguments."""
        if isinstance(atom, Const):
            return str(atom.value)
        if not isinstance(atom, Var):
            return None
        if atom in self.named.function.params:
            return self.named.names.get(atom)
        let = self._makers.get(atom)
        return None if let is None else self._computed(let)

    def _computed(self, let: Let) -> str | None:
        match let.primitive.name:
            case "shape":
                t = let.operands[0].type
                return self.length(dims_of(t)[let.param("axis")])
            case name if name in _SIGNS:
                left, right = map(self._int, let.operands)
                if left is None or right is None:
                    return None
                if name == "multiply":
                    return times(left, right)
                right = right if _is_simple(right) else f"({right})"
                return f"{left} {_SIGNS[name]} {right}"
            case _:
                return None


def _list(let: Let) -> Var:
    (found, *_) = let.operands
    assert isinstance(found, Var)
    return found


def _appends(
    region: Region, around: tuple[Stmt, ...]
) -> Iterator[tuple[Let, tuple[For | While | If, ...]]]:
    """The statements that append to lists, each with what it stands in."""
    for stmt in region.body:
        match stmt:
            case Let() if stmt.primitive.name == "list_append":
                yield stmt, around  # type: ignore[misc]
            case If():
                for arm in (stmt.then, stmt.orelse):
                    yield from _appends(arm, (*around, stmt))
            case For() | While():
                yield from _appends(stmt.body, (*around, stmt))
