"""Augmented assignment: ``y += v`` and ``x[i] *= v``, where a person would write these.

In: a statement, its text, and the pieces of its operands. Out: the text, augmented
where that says the same.
Invariants: the user's own statements are augmented only where they were; an array is
changed in place only by what changes it in the IR, and in its own dtype.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import PRODUCT, Piece
from adcompiler.ir.types import Scalar

SIGNS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "ieee_divide": "/",
    "floor_divide": "//",
    "remainder": "%",
    "power": "**",
}

# What may begin with a sign, that of its first operand.
SIGNED = ("negative", "multiply", "divide", "ieee_divide", "matmul")


def augments(let: Let, symbol: str) -> bool:
    """Whether a statement is to be augmented: the user's own only where it was."""
    line = let.span.text if let.span is not None and let.role == "primal" else None
    return line is None or f"{symbol}=" in line


def assigned(target: str, let: Let, text: str, pieces: Sequence[Piece]) -> str:
    """``y = ...``, or ``y += ...`` where a number is changed by an operator."""
    sign = SIGNS.get(let.primitive.name)
    # An array of rank 0 would change in place, though the result is a number.
    types = (let.result.type, *(a.type for a in let.operands[:1]))
    number = all(isinstance(t, Scalar) for t in types)
    if sign and number and not let.param("via") and augments(let, sign):
        left, right = pieces
        if left.text == target and text.startswith(f"{target} {sign} "):
            return f"{target} {sign}= {right.text}"
    return f"{target} = {text}"


def scaled(store: Let, value: Let, text: str, pieces: Sequence[Piece]) -> str:
    """``x[i] *= v`` for ``x[i] = x[i] * v``, and so for quotients; `pieces` are the
    operands of what is stored."""
    name = value.primitive.name
    if name not in ("multiply", "divide", "ieee_divide") or value.param("via"):
        return text
    dtypes = {getattr(v.type, "dtype", None) for v in (value.result, store.result)}
    if len(dtypes) > 1:
        return text  # an array of ints does not take floats in place
    sign = SIGNS[name]
    if not augments(store, sign):
        return text
    target = text.partition(" = ")[0]
    left, right = (piece.text for piece in pieces)
    if text.startswith(f"{target} = {target} {sign} ") and left == target:
        return f"{target} {sign}= {right}"
    swapped = name == "multiply" and right == target
    return f"{target} *= {left}" if swapped else text


def subtracted(text: str, value: Piece) -> str:
    """``x -= v`` for ``x += -v``, where the sign is that of all of v.

    >>> subtracted("x += -(a * b)", Piece("-(a * b)", PRODUCT + 1))
    'x -= a * b'
    >>> subtracted("x += -a * b", Piece("-a * b", PRODUCT))
    'x -= a * b'
    """
    if not value.text.startswith("-") or value.precedence < PRODUCT:
        return text
    if value.precedence == PRODUCT and re.search(r"//|%", value.text):
        return text  # these round, and not the same way for both signs
    rest = value.text[1:]
    if rest.startswith("(") and _closes(rest) == len(rest) - 1:
        rest = rest[1:-1]
    target = text.removesuffix(f" += {value.text}")
    return f"{target} -= {rest}" if target != text else text


def _closes(text: str) -> int:
    """The position of the bracket that closes the first one."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return position
    return -1
