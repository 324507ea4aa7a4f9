"""What a primitive is: one row that every mode, order, backend and test reads.

In: rows written in `primitives/`. Out: the registry `PRIMITIVES`.
Invariant: a row is the only place where a derivative is stated, and it states it once:
either the *partials* of an elementwise function, or the *transpose* of a linear one,
or, for the few that are neither, a pushforward and a pullback.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, Flag, auto
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from adcompiler.ir.types import Type
from adcompiler.ir.wrapping import in_floats

if TYPE_CHECKING:
    from adcompiler.ir.builder import Expr
    from adcompiler.ir.nodes import Let


class Effect(Flag):
    """What running a primitive may do besides giving its results."""

    PURE = 0
    MAY_RAISE = auto()
    PRINTS = auto()
    DRAWS = auto()
    READS_STATE = auto()


class Storage(Enum):
    """Where the memory of an array or a list comes from that a row gives last."""

    NEW = auto()
    VIEW = auto()  # it may be the first operand's, or a part of it
    READ_ONLY = auto()  # likewise, and cannot be stored to
    IN_PLACE = auto()  # it is the first operand's, changed


class Raises(NamedTuple):
    """An exception that an application may raise.

    - `when(*operands)`: the condition, a bool as a formula over the operands; None
      where only the routine that computes the result can tell.
    - `kind`: where an operand's kind is known at run time alone, the exception is
      Python's: it is raised only if no operand is a NumPy number.
    """

    exception: str
    when: Callable[..., Expr] | None
    kind: Literal["python"] | None = None


class Piece(NamedTuple):
    """A piece of Python source and the precedence of its outermost operator."""

    text: str
    precedence: int


# Python's binding strengths, loosest first; a `Piece` tighter than its place needs
# no parentheses.
LAMBDA, TERNARY, OR, AND, NOT, COMPARE = 0, 1, 2, 3, 4, 5
BIT_OR, BIT_XOR, BIT_AND, SHIFT, SUM, PRODUCT, UNARY, POWER, ATOM = range(6, 15)

TypeRule = Callable[[tuple[Type, ...], Mapping[str, Any]], tuple[Type, ...]]
RaiseRule = Callable[[tuple[Type, ...], Mapping[str, Any]], tuple[Raises, ...]]
EDGED = frozenset({"positive", "nonzero", "unit", "fraction", "ge1"})
DtypeRule = Callable[[tuple[Type, ...], Mapping[str, Any]], tuple[str, ...]]
Speller = Callable[["Let", tuple[Piece, ...]], Piece]
Partial = Callable[..., "Expr | float"]


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """One row.

    - `types(operand_types, params)` gives the result types; raises TypeError with a
      message for the user where NumPy would refuse the operands.
    - `spell(let, pieces)` is the NumPy source of an application.
    - `evaluate(*values, **params)` is its NumPy meaning, for folding and for tests.
    - `effect`: what it does besides, whatever the operands.
    - `raises(operand_types, params)` or a constant: the exceptions it may raise, each
      with its condition, in the order in which they are tested.
    - `computes(operand_types, params)`: the dtypes in which it computes, one for each
      operand, which is converted first; a result that is of another dtype is converted
      at the end. Absent: operands are taken as they are.
    - `elementwise`: operands broadcast together; `partials[k](*operands, y, **params)`
      is the partial derivative by operand k as an expression in the operands and the
      result `y`; None where it is zero almost everywhere (an integer operand, floor).
      Operands that are integers are floats to it where they would wrap (`in_floats`).
    - `unknown`: the operands by which no partial derivative is stated though there is
      one: a value that depends on what is differentiated is refused there.
    - `chooses`: where a partial is zero another operand was chosen, and what the result
      is multiplied by later, an infinity perhaps, is not for this one.
    - `operator`: it has an operator that means what NumPy's function does wherever an
      operand is NumPy's.
    - `linear`: the operands in which it is linear *jointly* (all others fixed) and
      `transpose(k, y_bar, operands, let)`: cotangent of linear operand k.
    - `bilinear`: linear in each of two operands *separately*; `transpose` too.
    - `pushforward(tangents, operands, results, let)` gives result tangents;
      `pullback(cotangents, operands, results, let)` gives operand cotangents. Absent
      (structurally zero) tangents and cotangents are None, in and out.
    - `mask(k, mask, operands, let)`: of a linear row that moves elements or adds them:
      which elements of operand k reach those of the result that a mask selects.
    - `shape_only`: the operands of which it reads the shape and dtype, no elements.
    - `storage`: where the memory of its last result comes from.
    - `cost`: what computing an element of the result again costs, where recording one
      costs 1; infinite if it is never worth it. A number, or a rule of the statement.
    - `domain`: for each operand how tests draw it ("real", "positive", "unit", ...);
      at the edge of one of `EDGED` a partial may be infinite.
    """

    name: str
    types: TypeRule
    spell: Speller
    evaluate: Callable[..., Any] | None = None
    effect: Effect = Effect.PURE
    raises: RaiseRule | tuple[Raises, ...] = ()
    computes: DtypeRule | None = None
    elementwise: bool = False
    chooses: bool = False
    operator: bool = False
    partials: tuple[Partial | None, ...] | None = None
    unknown: tuple[int, ...] = ()
    linear: tuple[int, ...] | None = None
    bilinear: tuple[int, int] | None = None
    transpose: Callable[..., Expr | None] | None = None
    pushforward: Callable[..., tuple[Expr | None, ...]] | None = None
    pullback: Callable[..., tuple[Expr | None, ...]] | None = None
    mask: Callable[..., Expr] | None = None
    shape_only: tuple[int, ...] = ()
    storage: Storage = Storage.NEW
    cost: float | Callable[[Let], float] = 0.0
    domain: tuple[str, ...] = ()

    def effect_on(self, types: tuple[Type, ...], params: Mapping[str, Any]) -> Effect:
        """The effect of applying it to operands of these types."""
        if self.raises_on(types, params):
            return self.effect | Effect.MAY_RAISE
        return self.effect

    def raises_on(
        self, types: tuple[Type, ...], params: Mapping[str, Any]
    ) -> tuple[Raises, ...]:
        """What applying it to operands of these types may raise."""
        if isinstance(self.raises, tuple):
            return self.raises
        return self.raises(types, params)

    def cost_of(self, let: Let) -> float:
        """What computing an element of its result again costs."""
        return self.cost(let) if callable(self.cost) else self.cost

    def is_repeatable(self, let: Let) -> bool:
        """Whether its result may be computed again rather than recorded."""
        return self.cost_of(let) < math.inf

    @property
    def writes(self) -> bool:
        """Whether it changes its first operand in place."""
        return self.storage is Storage.IN_PLACE

    def __repr__(self) -> str:
        return f"<{self.name}>"


# The cost of a function that takes a polynomial or a table, as of `exp` or `sin`. It is
# below 1: the result is recorded in the place of the argument, not beside it. A second
# record takes less than the function while it stays in the cache, and longer where the
# arrays are large; of numbers in loops it takes as long.
ELEMENTARY = 0.75
# That of one that takes twice as long, as `tanh`: recorded beside the argument, too.
INTRICATE = 1.5

PRIMITIVES: dict[str, Primitive] = {}


def define(primitive: Primitive) -> Primitive:
    """Enter a row; its name is unique."""
    if primitive.name in PRIMITIVES:
        raise ValueError(f"primitive {primitive.name!r} is defined twice")
    if primitive.partials is not None:
        rules = tuple(r and in_floats(r) for r in primitive.partials)
        primitive = replace(primitive, partials=rules)
    PRIMITIVES[primitive.name] = primitive
    return primitive
