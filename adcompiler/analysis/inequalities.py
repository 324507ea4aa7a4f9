"""Systems of linear inequalities over the integers, and proofs that they have no
solution.

In: `Affine` forms: integer combinations of unknowns (any hashable) plus a constant.
Out: `infeasible`: True only if no integers satisfy all constraints; False where some do
or none was found to fail. Invariant: exact integer arithmetic; work is bounded, and
giving up answers False.

Equalities are solved by substitution, with the GCD test; inequalities by
Fourier-Motzkin elimination, each tightened to integers. Pugh, "The Omega test" (1991),
without its shadows, which a proof that nothing fits does not need.

>>> i, j, n = map(unknown, "ijn")
>>> infeasible([i - j - 1, j - i])  # i >= j + 1 and j >= i
True
>>> infeasible([i, n - 1 - i], equal=[i.scaled(2) - j.scaled(4) - constant(1)])
True
>>> infeasible([i - 3, n - 1 - i])
False
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from math import gcd

LIMIT = 120  # constraints; beyond that a proof is given up


@dataclass(frozen=True, slots=True)
class Affine:
    """``sum(c * unknown for unknown, c in terms) + constant``, no `c` being 0."""

    terms: tuple[tuple[Hashable, int], ...]
    constant: int

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.terms, self.constant + other)
        total = dict(self.terms)
        for unknown, c in other.terms:
            total[unknown] = total.get(unknown, 0) + c
        return _affine(total, self.constant + other.constant)

    def __sub__(self, other: Affine | int) -> Affine:
        return self + (-other if isinstance(other, int) else other.scaled(-1))

    def __rsub__(self, other: int) -> Affine:
        return self.scaled(-1) + other

    def scaled(self, factor: int) -> Affine:
        """The form times a number."""
        if factor == 0:
            return constant(0)
        terms = tuple((unknown, c * factor) for unknown, c in self.terms)
        return Affine(terms, self.constant * factor)


def constant(value: int) -> Affine:
    """A number."""
    return Affine((), value)


def unknown(symbol: Hashable) -> Affine:
    """An unknown integer."""
    return Affine(((symbol, 1),), 0)


def _affine(terms: dict[Hashable, int], value: int) -> Affine:
    return Affine(tuple((u, c) for u, c in terms.items() if c), value)


def infeasible(nonnegative: Iterable[Affine], equal: Iterable[Affine] = ()) -> bool:
    """Whether it is proven that no integers make all of `nonnegative` at least zero and
    all of `equal` zero."""
    system = list(nonnegative)
    pending = list(equal)
    while pending:
        form = pending.pop()
        divisor = _divisor(form)
        if divisor == 0 and form.constant:
            return True
        if divisor == 0:
            continue
        if form.constant % divisor:
            return True
        form = _divided(form, divisor)
        unit = next((u for u, c in form.terms if abs(c) == 1), None)
        if unit is None:
            system += [form, form.scaled(-1)]
            continue
        pending = [_substituted(f, unit, form) for f in pending]
        system = [_substituted(f, unit, form) for f in system]
    return _eliminated(system)


System = tuple[tuple[Affine, ...], tuple[Affine, ...]]


def essence(nonnegative: Iterable[Affine], equal: Iterable[Affine]) -> System | None:
    """The same question for `infeasible` without what plainly follows from the rest;
    None if that is a contradiction.

    >>> i, n = unknown("i"), unknown("n")
    >>> essence([i, i + 3, n - 1 - i], [i - 2]) == essence([i, n - 4 - i], [i - 2])
    True
    """
    ties = tuple(equal)
    tied = {symbol for form in ties for symbol, _ in form.terms}
    kept = _tightest(_bounded(list(nonnegative), tied))
    return None if kept is None else (tuple(kept), ties)


def _divisor(form: Affine) -> int:
    return gcd(*(c for _, c in form.terms))


def _divided(form: Affine, divisor: int) -> Affine:
    """An inequality over integers, divided and tightened."""
    terms = tuple((unknown, c // divisor) for unknown, c in form.terms)
    return Affine(terms, form.constant // divisor)


def _substituted(form: Affine, symbol: Hashable, zero: Affine) -> Affine:
    """The form without an unknown that `zero`, being zero, tells."""
    factor, unit = dict(form.terms).get(symbol, 0), dict(zero.terms)[symbol]
    return form - zero.scaled(factor * unit) if factor else form


def _eliminated(system: list[Affine]) -> bool:
    """Whether the inequalities come to a contradiction, unknown after unknown."""
    kept = _tightest(_bounded(system, set()))
    while kept is not None and kept:
        symbol = _cheapest(kept)
        lower = [f for f in kept if dict(f.terms).get(symbol, 0) > 0]
        upper = [f for f in kept if dict(f.terms).get(symbol, 0) < 0]
        rest = [f for f in kept if symbol not in dict(f.terms)]
        if len(rest) + len(lower) * len(upper) > LIMIT:
            return False
        for low in lower:
            for high in upper:
                a, b = dict(low.terms)[symbol], -dict(high.terms)[symbol]
                rest.append(low.scaled(b) + high.scaled(a))
        kept = _tightest(rest)
    return kept is None


def _bounded(system: list[Affine], tied: set[Hashable]) -> list[Affine]:
    """The inequalities without those that an unknown may satisfy by being large, or
    small, enough: nothing bounds it on the other side, nor is it one of the `tied`."""
    while True:
        positive, negative = set[Hashable](), set[Hashable]()
        for form in system:
            for symbol, c in form.terms:
                (positive if c > 0 else negative).add(symbol)
        free = (positive ^ negative) - tied
        if not free:
            return system
        system = [f for f in system if not any(u in free for u, _ in f.terms)]


def _tightest(system: list[Affine]) -> list[Affine] | None:
    """The inequalities without those that others imply; None for a contradiction."""
    bounds: dict[frozenset[tuple[Hashable, int]], Affine] = {}
    for form in system:
        divisor = _divisor(form)
        if divisor == 0:
            if form.constant < 0:
                return None
            continue
        tight = _divided(form, divisor)
        key = frozenset(tight.terms)
        other = bounds.get(key)
        if other is None or tight.constant < other.constant:
            bounds[key] = tight
    return list(bounds.values())


def _cheapest(system: list[Affine]) -> Hashable:
    """The unknown whose elimination makes the fewest inequalities."""
    counts: dict[Hashable, list[int]] = {}
    for form in system:
        for symbol, c in form.terms:
            counts.setdefault(symbol, [0, 0])[c > 0] += 1
    return min(counts, key=lambda s: counts[s][0] * counts[s][1] - sum(counts[s]))
