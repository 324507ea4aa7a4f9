"""What a pass learns while it replaces values: equal lengths, and better names.

In: each value as it is defined, in program order, and each replacement of one type by
another. Out: the function with what was learnt applied to all its types.
Invariant: a value is only replaced by one whose type says at least as much. A symbolic
length that the replaced value was the first to have becomes the other's length
everywhere; one that was known before must be the same already, there at least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adcompiler.ir.nodes import Function, Let, Var
from adcompiler.ir.types import Dim, Length, Type, covers, dims_of
from adcompiler.ir.walk import Lengths, retype

Same = Callable[[tuple[Length, ...], tuple[Length, ...]], bool]


class Equations:
    """Lengths found equal, and names found, so far.

    >>> from adcompiler.ir.types import Array, fresh_dim
    >>> old, new = (Array("float64", (fresh_dim(),)) for _ in range(2))
    >>> equations = Equations()
    >>> equations.agree(old, new)
    True
    >>> equations.define(Var(1, old))
    >>> equations.agree(old, new)
    False
    """

    def __init__(self) -> None:
        self._seen: set[Dim] = set()
        self._lengths = Lengths(fresh=False)
        self._names: dict[Var, str] = {}

    def define(self, var: Var) -> None:
        """A value that stays is defined here."""
        for d in dims_of(var.type):
            if isinstance(d, Dim):
                self._seen.add(d)

    def agree(self, old: Type, new: Type, same: Same | None = None) -> bool:
        """Whether values of the new type may stand for ones of the old.

        `same` tells of further lengths that are equal where the values are.
        """
        return covers(old, new) and all(
            a == b or not self._known(a) or (same is not None and same((a,), (b,)))
            for a, b in _pairs(old, new)
        )

    def equate(self, old: Type, new: Type) -> None:
        """Values of the new type stand for ones of the old.

        A length that was known before keeps its symbol: it may be equal only here.
        """
        for a, b in _pairs(old, new):
            if a != b and isinstance(a, Dim) and not self._known(a):
                self._lengths.known[a] = self._lengths.length(b)

    def refine(self, let: Let) -> bool:
        """Whether the operands' types, better known by now, tell the results' lengths.

        What they tell is learnt.
        """
        lengths = [n for r in let.results for n in dims_of(r.type)]
        if all(map(self._known, lengths)):
            return False
        types = let.primitive.types(
            tuple(a.type for a in let.operands), dict(let.params)
        )
        found = False
        for result, better in zip(let.results, types, strict=True):
            for a, b in _pairs(result.type, better):
                if isinstance(a, Dim) and not self._known(a) and self._known(b):
                    self._lengths.known[a] = self._lengths.length(b)
                    found = True
        return found

    def name(self, var: Var, name: str) -> None:
        """A name for the value, unless it has one."""
        if var.name is None:
            self._names.setdefault(var, name)

    def applied(self, function: Function) -> Function:
        """The function with what was learnt applied."""
        if any(a != b for a, b in self._lengths.known.items()) or self._names:
            return retype(function, self._lengths, self._names)
        return function

    def _known(self, length: Length) -> bool:
        if isinstance(length, int) or length in self._seen:
            return True
        # A structural length (of a slice) is known if what it is made of is.
        parts = length.key if isinstance(length.key, tuple) else ()
        return any(isinstance(p, Dim) and self._known(p) for p in parts)


def _pairs(old: Type, new: Type) -> Iterator[tuple[Length, Length]]:
    return zip(dims_of(old), dims_of(new), strict=True)
