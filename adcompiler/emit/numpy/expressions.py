"""Values as pieces of Python source.

In: named values. Out: a `Piece` for every atom: a name, a number, or the expression of
a folded value. Parentheses follow from precedences alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from adcompiler.ir.names import Named
from adcompiler.ir.nodes import Atom, Const, If, Let, Undef, Var
from adcompiler.ir.primitive import ATOM, OR, PRIMITIVES, PRODUCT, TERNARY, UNARY, Piece
from adcompiler.ir.types import Scalar
from adcompiler.primitives.comparison import opposite
from adcompiler.primitives.spelling import CONNECTIVES, connective, negation, within

# Numbers of so many characters are written as quotients of numbers up to MOST.
LONG, MOST = 12, 1000


def number(const: Const) -> Piece:
    """A number as written, in its own type.

    >>> from adcompiler.ir.builder import constant
    >>> number(constant(-2.5)), number(constant(np.float32(1))).text
    (Piece(text='-2.5', precedence=12), 'np.float32(1.0)')
    >>> number(constant(math.inf)).text
    'math.inf'
    """
    value, kind = const.value, const.type
    if isinstance(kind, Scalar) and kind.kind == "numpy":
        return _strong(value, kind.dtype)
    if isinstance(value, np.generic):
        return _strong(value, str(value.dtype))
    if isinstance(value, float) and not math.isfinite(value):
        text = "math.nan" if math.isnan(value) else "math.inf"
        return Piece(f"-{text}", UNARY) if value < 0 else Piece(text, ATOM)
    return _plain(value)


def _plain(value: object) -> Piece:
    """A Python number; one with many digits as the quotient or the multiple of pi that
    it is, if it is one.

    >>> [_plain(v).text for v in (1e-05, 8 / 3, -1 / 6, 2 * math.pi, 0.1, 12)]
    ['1e-5', '8 / 3', '-1 / 6', '2 * math.pi', '0.1', '12']
    """
    text = re.sub(r"e([-+])0?", lambda m: f"e{m[1].strip('+')}", repr(value))
    if isinstance(value, float) and len(text) > LONG:
        for count in (1, 2, 4):
            if abs(value) == count * math.pi:
                text = "math.pi" if count == 1 else f"{count} * math.pi"
                tight = PRODUCT if count > 1 else UNARY if value < 0 else ATOM
                return Piece(f"-{text}" if value < 0 else text, tight)
        near = Fraction(value).limit_denominator(MOST)
        if abs(near.numerator) <= MOST and near.numerator / near.denominator == value:
            return Piece(f"{near.numerator} / {near.denominator}", PRODUCT)
    return Piece(text, UNARY if text.startswith("-") else ATOM)


def _strong(value: object, dtype: str) -> Piece:
    item = value.item() if isinstance(value, np.generic) else value
    if dtype == "bool":
        return Piece(f"np.{bool(item)}_", ATOM)
    if isinstance(item, float) and not math.isfinite(item):
        return Piece(f'np.{dtype}("{item}")', ATOM)
    return Piece(f"np.{dtype}({item!r})", ATOM)


class Expressions:
    """The pieces of a function's values."""

    def __init__(self, named: Named) -> None:
        self.named = named

    def piece(self, atom: Atom) -> Piece:
        """The source of a value."""
        match atom:
            case Const():
                return number(atom)
            case Undef():
                return Piece("None", ATOM)
            case Var():
                stmt = self.named.folded.get(atom)
                if stmt is None:
                    return Piece(self.named.names[atom], ATOM)
                return self.expression(stmt)

    def text(self, atom: Atom) -> str:
        return self.piece(atom).text

    def pieces(self, atoms: Iterable[Atom]) -> tuple[Piece, ...]:
        return tuple(map(self.piece, atoms))

    def expression(self, stmt: Let | If) -> Piece:
        """What a statement computes, written out."""
        if not isinstance(stmt, Let):
            return self.choice(stmt)
        if stmt.param("maybe") and self.named.lacking.isdisjoint(stmt.operands):
            stmt = replace(stmt, params=())  # a copy of what is there after all
        return stmt.primitive.spell(stmt, self.pieces(stmt.operands))

    def choice(self, stmt: If) -> Piece:
        """``a if c else b``, ``c and b`` or ``c or a``."""
        then, orelse = stmt.then.results[0], stmt.orelse.results[0]
        cond = self.piece(stmt.cond)
        if _is(orelse, False, stmt.cond):
            return connective(*CONNECTIVES["logical_and"], (cond, self.piece(then)))
        if _is(then, True, stmt.cond):
            return connective(*CONNECTIVES["logical_or"], (cond, self.piece(orelse)))
        arms = within(self.piece(then), OR), within(self.piece(orelse), TERNARY)
        return Piece(f"{arms[0]} if {within(cond, OR)} else {arms[1]}", TERNARY)

    def opposite(self, atom: Atom) -> str:
        """The source of ``not c``."""
        stmt = self.named.folded.get(atom) if isinstance(atom, Var) else None
        if isinstance(stmt, Let) and stmt.primitive.name == "logical_not":
            return self.text(stmt.operands[0])
        if isinstance(stmt, Let) and not stmt.params:
            name = opposite(stmt.primitive.name, stmt.operands)
            if name is not None:
                return self.expression(replace(stmt, primitive=PRIMITIVES[name])).text
        return negation(self.piece(atom)).text

    def read(self, atom: Atom) -> set[str]:
        """The names read where the value is written out."""
        if not isinstance(atom, Var):
            return set()
        stmt = self.named.folded.get(atom)
        if stmt is None:
            return {self.named.names[atom]}
        if isinstance(stmt, Let):
            parts: tuple[Atom, ...] = stmt.operands
        else:
            parts = (stmt.cond, stmt.then.results[0], stmt.orelse.results[0])
        return set().union(*map(self.read, parts))


def _is(atom: Atom, value: bool, cond: Atom) -> bool:
    """Whether an arm gives what the condition is where it is taken."""
    return isinstance(atom, Const) and atom.type == cond.type and atom.value == value
