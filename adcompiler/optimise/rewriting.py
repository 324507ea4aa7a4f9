"""What a rewrite rule is, and what it may look at.

In: rules, decorated by `rewrites`. Out: the table `RULES`, by primitive.

A rule looks at one `Let` (the operands of which are simplified already) through a
`Site` and gives the atom that stands for its result, building what it needs with
``at.make``, or None where it does not apply. Statements that it leaves without use are
removed by `dce`, not by it.

Invariants: an *exact* rule changes no bit, no dtype, no kind, no error, and so serves
primal code too. All others serve derivative code only, where the sign of a zero and the
last bit are not significant. `simplify` refuses what a rule gives if its type is not
that of the replaced value.

The laws of arithmetic do not hold where floats meet integers that wrap: of an array of
`uint8` ``x * -a`` is not ``-(x * a)``. So what may have wrapped (`may_wrap`) is like an
argument to rules: none takes it apart or builds it, and only exact ones apply to it.

Order in products is ``constant * cotangent * partial``: ``2 * y_bar * x``. Reverse mode
multiplies the cotangent by the partial, in this order, so that the rules need only
bring constants forward and remove parentheses. A sign stands in front of everything
(``-(y_bar * x)``) while rules run, so that a sum can take it in (``- y_bar * x``);
`simplify.settle_signs` at the end gives each that is left to the first factor
(``-y_bar * x``).
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

import numpy as np

from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Atom, Const, If, Let, Var
from adcompiler.ir.primitive import Primitive
from adcompiler.ir.types import dims_of
from adcompiler.ir.wrapping import may_wrap
from adcompiler.optimise.shapes import Shapes

Given = Atom | tuple[Atom, ...] | None
Rewrite = Callable[[Let, "Site"], Given]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rewrite, and whether it is exact."""

    rewrite: Rewrite
    exact: bool


RULES: dict[str, list[Rule]] = {}
QUOTIENTS = ("divide", "ieee_divide")
ELEMENTWISE = "elementwise"  # stands for every elementwise primitive


@cache
def rules_for(primitive: Primitive, exact: bool) -> tuple[Rule, ...]:
    """The rules for applications of a primitive, in the order to be tried; all of them,
    or those that are exact."""
    general = RULES.get(ELEMENTWISE, []) if primitive.elementwise else []
    rules = RULES.get(primitive.name, []) + general
    return tuple(r for r in rules if r.exact or not exact)


def rewrites(*primitives: str, exact: bool = False) -> Callable[[Rewrite], Rewrite]:
    """Enter a rule for applications of these primitives, after those entered before."""

    def enter(rewrite: Rewrite) -> Rewrite:
        for name in primitives:
            RULES.setdefault(name, []).append(Rule(rewrite, exact))
        rules_for.cache_clear()
        return rewrite

    return enter


@dataclass(slots=True)
class Known:
    """What is known of the values in scope: their definitions, and how often read.

    `places` tells the region that a value is defined in, by its number; `quotients` has
    the quotient of two values where one is in scope.
    """

    uses: dict[Var, int]
    shapes: Shapes
    lets: dict[Var, Let] = field(default_factory=dict)
    places: dict[Var, int] = field(default_factory=dict)
    quotients: ChainMap[tuple[Hashable, Hashable], Var] = field(
        default_factory=ChainMap
    )

    def enter(self) -> None:
        """A nested region begins."""
        self.shapes.enter()
        self.quotients = self.quotients.new_child()

    def leave(self) -> None:
        """It ends, and with it what was known only there."""
        self.shapes.leave()
        self.quotients = self.quotients.parents

    def learn(self, let: Let) -> None:
        """Note what a statement shows that runs here."""
        self.shapes.equal.learn_all(let)
        if let.primitive.name in QUOTIENTS and not self.shapes.is_spare(let.result):
            a, b = let.operands
            self.quotients.setdefault((atom_key(a), atom_key(b)), let.result)

    def learn_behind(self, stmt: If) -> None:
        """Note what a branch shows where it is left."""
        self.shapes.equal.learn_behind(stmt, self.lets)


@dataclass(slots=True)
class Site:
    """Where a rule is applied: what it may ask, and where it builds."""

    known: Known
    builder: Builder
    place: int

    def let(self, atom: Atom, *names: str) -> Let | None:
        """The definition of the atom if it applies one of these primitives, and is no
        arithmetic that may have wrapped."""
        let = self.known.lets.get(atom) if isinstance(atom, Var) else None
        if let is None or let.primitive.name not in names or may_wrap(let):
            return None
        return let

    def own(self, atom: Atom, *names: str) -> Let | None:
        """Likewise, if nothing else reads the atom and it is derivative code of this
        region: then the definition can be taken apart without computing more."""
        let = self.let(atom, *names)
        if let is None or let.role == "primal":
            return None
        single = self.known.uses.get(let.result, 0) <= 1
        near = self.known.places.get(let.result) == self.place
        return let if single and near else None

    def same_statement(self, atom: Atom, *names: str) -> Let | None:
        """Likewise, if it is derivative code of the same source statement.

        What another statement gave stays as it is: else a factor would move through
        the whole chain of the statements before.
        """
        let = self.own(atom, *names)
        return let if let is not None and let.span == self.builder.span else None

    def same(self, left: Atom, right: Atom) -> bool:
        """Whether two values are known to have one shape here."""
        return self.known.shapes.same(dims_of(left.type), dims_of(right.type))

    def make(self, name: str, *operands: Any, **params: Any) -> Var:
        """Apply a primitive; numbers are constants."""
        atoms = (a if isinstance(a, _ATOMS) else constant(a) for a in operands)
        return self.builder.apply(name, *atoms, **params)


_ATOMS = get_args(Atom)


def number(atom: Atom) -> Any:
    """The value of a constant, or None."""
    return atom.value if isinstance(atom, Const) else None


def atom_key(atom: Atom) -> Hashable:
    """What tells an atom from every other; 0.0 from -0.0 and 1 from True, too.

    >>> atom_key(constant(0.0)) == atom_key(constant(-0.0))
    False
    """
    match atom:
        case Const():
            return (atom.type, repr(atom.value))
        case _:
            return atom


def is_number(atom: Atom, value: float) -> bool:
    """Whether an atom is this constant.

    >>> is_number(constant(1.0), 1), is_number(constant(True), 1)
    (True, False)
    """
    found = number(atom)
    # A bool in arithmetic is an int, but it has another type than the result.
    is_bool = isinstance(found, bool | np.bool_)
    return found is not None and not is_bool and bool(found == value)


def rank(atom: Atom) -> int:
    """The number of axes; 0 for a number."""
    return len(dims_of(atom.type))


def short(value: Any) -> bool:
    """Whether a folded constant reads better than the operation.

    >>> short(0.5), short(1 / 3)
    (True, False)
    """
    return len(repr(value)) <= 8
