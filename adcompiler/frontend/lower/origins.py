"""Where integers would come from that are known while compiling: arguments, captures
and the indices of loops.

In: the values that a function is given, and the applications of primitives to them.
Out: for an integer or bool computed from such values alone, all of these; and what to
start lowering again with, so that it is known.
Invariant: what only decides between paths is made known at no loss, so never at the
price of a float that would be compiled in; of a loop laid out only where the program
would be refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from adcompiler.frontend.interface import NeedLength, NeedStatic
from adcompiler.frontend.lower.restarts import NeedCapture, NeedUnroll
from adcompiler.ir.nodes import Atom, Var
from adcompiler.ir.types import Dim, Length, Scalar, is_float


@dataclass(frozen=True, slots=True)
class LoopIndex:
    """The index of a loop, as where a known integer would come from."""

    loop: ast.For


Origin = int | str | LoopIndex  # a parameter's index, the key of a capture


@dataclass(slots=True)
class Origins:
    """What each integer comes from; `choices` are the arguments and captures that may
    be known at no loss, `axes` tells of which argument's axis each length is."""

    of: dict[Var, frozenset[Origin]] = field(default_factory=dict)
    choices: set[Origin] = field(default_factory=set)
    axes: dict[Length, tuple[int, int]] = field(default_factory=dict)

    def given(self, var: Var, origin: Origin) -> None:
        """Enter a number from outside."""
        self.of[var] = frozenset({origin})
        if isinstance(var.type, Scalar) and not is_float(var.type):
            self.choices.add(origin)

    def trace(self, results: tuple[Var, ...], operands: tuple[Atom, ...]) -> None:
        """Enter what a primitive computes.

        >>> from adcompiler.ir.nodes import fresh_var
        >>> from adcompiler.ir.types import PY_INT
        >>> n, k, twice = (fresh_var(PY_INT, name) for name in ("n", "k", "twice"))
        >>> origins = Origins()
        >>> origins.given(n, 0)
        >>> origins.trace((twice,), (n, n))
        >>> origins.of[twice]
        frozenset({0})
        """
        found: frozenset[Origin] = frozenset()
        for atom in operands:
            if isinstance(atom, Var):
                if atom not in self.of:
                    return
                found |= self.of[atom]
        for var in results:
            if isinstance(var.type, Scalar) and var.type.dtype in ("int64", "bool"):
                self.of[var] = found

    def settle(self, cond: Atom | None) -> None:
        """Start again with what a condition depends on known, if that is integers and
        bools from outside: then only one of two paths is left."""
        found = self.of.get(cond) if isinstance(cond, Var) else None
        if found and found <= self.choices:
            _restart(found, "what decides between two paths")

    def deciding(self, cond: Atom | None) -> ast.For | None:
        """The loop whose index decides between two paths, alone or with integers and
        bools from outside."""
        found = self.of.get(cond) if isinstance(cond, Var) else None
        loops = [o.loop for o in found or () if isinstance(o, LoopIndex)]
        others = {o for o in found or () if not isinstance(o, LoopIndex)}
        return loops[0] if loops and others <= self.choices else None

    def require(self, atom: Var, what: str) -> None:
        """Start again with one of those known that an integer comes from, if any."""
        _restart(self.of.get(atom, frozenset()), what)

    def require_length(self, length: Length, refusal: Exception) -> None:
        """Start again with one of those lengths of arguments known that a length is
        computed from, if any."""
        for base in _bases(length):
            if base in self.axes:
                raise NeedLength(*self.axes[base], refusal)


def _bases(length: Length) -> Iterator[Length]:
    """The lengths that a length is computed from, itself among them."""
    yield length
    key = length.key if isinstance(length, Dim) else None
    for part in key if isinstance(key, tuple) else ():
        if isinstance(part, Dim):
            yield from _bases(part)


def _restart(origins: Iterable[Origin], what: str) -> None:
    for origin in sorted(origins, key=str):
        match origin:
            case int():
                raise NeedStatic(origin)
            case LoopIndex(loop):
                raise NeedUnroll(loop, what)
            case str():
                raise NeedCapture(origin)
