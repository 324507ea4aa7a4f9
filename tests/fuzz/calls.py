"""A program's function and its derivatives, called with numbers and arrays alone.

A module whose function takes containers defines `packed(*leaves)`, which gives the
arguments of `program`. Here the leaves go in, and of gradients the leaves come out, in
the order of the program's arguments: None where there is no gradient.
"""

from __future__ import annotations

from typing import Any

from tests.fuzz.instrument import call
from tests.fuzz.program import is_real
from tests.fuzz.reference import weights
from tests.fuzz.trees import leaves, structure


class Mismatch(Exception):
    """A number that disagrees: `args[0]` says which, `args[1]` gives both."""


class NotANumber(Mismatch):
    """A derivative that is nan, and should be a number."""


class Calls:
    """What `ad` makes of the program in the module `made`."""

    def __init__(self, made: Any, ad: Any, scalar: bool = True) -> None:
        self._made, self._scalar = made, scalar
        self._derivatives = ad.differentiate(made.program)

    def packed(self, values: list[Any]) -> tuple[Any, ...]:
        pack = getattr(self._made, "packed", None)
        return pack(*values) if pack else tuple(values)

    def plain(self, values: list[Any]) -> Any:
        return call(vars(self._made), "program", values)

    def compiled(self, values: list[Any]) -> Any:
        return self._derivatives(*self.packed(values))

    def value_and_grad(self, values: list[Any]) -> tuple[Any, list[Any]]:
        args = self.packed(values)
        value, returned = self._derivatives.value_and_grad(*args)
        return value, self._unpacked(returned, args)

    def grad(self, values: list[Any]) -> list[Any]:
        args = self.packed(values)
        return self._unpacked(self._derivatives.grad(*args), args)

    def vjp(self, values: list[Any]) -> tuple[Any, list[Any]]:
        """The gradients of `weighed`."""
        args = self.packed(values)
        value, pullback = self._derivatives.vjp(*args)
        return value, self._unpacked(pullback(weights(value)), args)

    def value_and_gradients(self, values: list[Any]) -> tuple[Any, list[Any]]:
        """Of the number, or of `weighed` of what is no number."""
        return self.value_and_grad(values) if self._scalar else self.vjp(values)

    def jvp(self, values: list[Any], direction: list[Any]) -> tuple[Any, Any]:
        return self._derivatives.jvp(self.packed(values), self.packed(direction))

    def hvp(self, values: list[Any], direction: list[Any]) -> list[Any]:
        args = self.packed(values)
        returned = self._derivatives.hvp(args, self.packed(direction))
        return self._unpacked(returned, args)

    def _unpacked(self, returned: Any, args: tuple[Any, ...]) -> list[Any]:
        """The gradients in the order of the leaves, which `packed` may change."""
        found = _leaves_of(returned, args)
        order = leaves(self.packed(list(range(len(found)))))
        return [found[order.index(k)] for k in range(len(found))]


def _leaves_of(returned: Any, args: tuple[Any, ...]) -> list[Any]:
    """The leaves of the gradients, None of an argument that has none."""
    wanted = [any(map(is_real, leaves(a))) for a in args]
    parts = [returned] if sum(wanted) == 1 else list(returned)
    if len(parts) != sum(wanted):
        raise Mismatch("number of gradients", f"{len(parts)} for {sum(wanted)}")
    following, found = iter(parts), []
    for argument, given in zip(args, wanted, strict=True):
        if not given:
            found += [None] * len(leaves(argument))
            continue
        part = next(following)
        if structure(part) != structure(argument):
            raise Mismatch("structure of a gradient", f"{part!r} of {argument!r}")
        found += leaves(part)
        for g, v in zip(leaves(part), leaves(argument), strict=True):
            if (g is None) is is_real(v):
                raise Mismatch("which gradients there are", f"{part!r}, {argument!r}")
    return found
