"""How rows print: infix, prefix, call, method, index.

In: a `Let` and the pieces of its operands. Out: a `Piece` of NumPy source with the
precedence of its outermost operator. `HELPERS` has the source of the few functions
that generated code calls and NumPy lacks; the emitter puts them in front of the code
that uses them.
Invariant: the source computes what the row's `evaluate` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from adcompiler.ir.nodes import Const, Let
from adcompiler.ir.primitive import (
    AND,
    ATOM,
    COMPARE,
    NOT,
    OR,
    POWER,
    TERNARY,
    UNARY,
    Piece,
    Speller,
)

Pieces = tuple[Piece, ...]

_DTYPES = {"bool": "bool", "int64": "int", "float64": "float"}


def within(piece: Piece, least: int) -> str:
    """The piece's text, in parentheses unless it binds at least this tightly."""
    return piece.text if piece.precedence >= least else f"({piece.text})"


def atom(text: str) -> Piece:
    """A piece that needs no parentheses anywhere."""
    return Piece(text, ATOM)


def called(function: str, *arguments: str) -> Piece:
    """A call, e.g. ``np.sum(x, axis=0)``; empty arguments are left out."""
    return atom(f"{function}({', '.join(a for a in arguments if a)})")


def texts(pieces: Sequence[Piece]) -> list[str]:
    """The pieces as arguments of a call."""
    return [p.text for p in pieces]


def tuple_text(items: Sequence[object]) -> str:
    """A tuple display."""
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(map(str, items))})"


def axis_text(axis: int | tuple[int, ...] | None) -> str:
    """An axis as written: an int where there is only one."""
    if isinstance(axis, tuple):
        return str(axis[0]) if len(axis) == 1 else tuple_text(axis)
    return str(axis)


def dtype_text(dtype: str) -> str:
    """A dtype as written, e.g. ``float`` or ``np.float32``."""
    return _DTYPES.get(dtype, f"np.{dtype}")


# --- Spellers ---------------------------------------------------------------------


def function(np_name: str, math_name: str | None = None) -> Speller:
    """``np.sin(x)``, or ``math.sin(x)`` where `via` says so."""

    def spell(let: Let, pieces: Pieces) -> Piece:
        if let.param("via") == "math":
            return called(f"math.{math_name or np_name}", *texts(pieces))
        return called(f"np.{np_name}", *texts(pieces))

    return spell


def infix(symbol: str, precedence: int, np_name: str) -> Speller:
    """``a + b``; the function's name where `via` is ``"np"`` or ``"math"``."""

    def spell(let: Let, pieces: Pieces) -> Piece:
        if let.spelled or let.param("via") in ("np", "math"):
            return function(np_name)(let, pieces)
        left, right = pieces
        loosest = precedence + 1 if precedence == COMPARE else precedence
        return Piece(
            f"{within(left, loosest)} {symbol} {within(right, precedence + 1)}",
            precedence,
        )

    return spell


def prefix(symbol: str, np_name: str) -> Speller:
    """``-a``."""

    def spell(let: Let, pieces: Pieces) -> Piece:
        if let.spelled or let.param("via") == "np":
            return function(np_name)(let, pieces)
        return Piece(f"{symbol}{within(pieces[0], UNARY)}", UNARY)

    return spell


def power(let: Let, pieces: Pieces) -> Piece:
    """``a ** b``, which binds to the right and tighter than a sign on its left."""
    if let.param("via") == "math":
        return called("math.pow", *texts(pieces))
    if let.param("via") == "np":
        return called("np.power", *texts(pieces))
    base, exponent = pieces
    return Piece(f"{within(base, ATOM)} ** {within(exponent, UNARY)}", POWER)


def absolute(let: Let, pieces: Pieces) -> Piece:
    """``abs(x)``, ``np.abs(x)`` or ``math.fabs(x)``."""
    names = {"np": "np.abs", "math": "math.fabs"}
    name = names.get(let.spelled or let.param("via"), "abs")
    return called(name, pieces[0].text)


def connective(word: str, precedence: int, pieces: Pieces) -> Piece:
    """``a and b``."""
    left, right = (within(p, precedence) for p in pieces)
    return Piece(f"{left} {word} {right}", precedence)


def negation(piece: Piece) -> Piece:
    """``not a``."""
    return Piece(f"not {within(piece, NOT)}", NOT)


def conditional(condition: Piece, then: Piece, orelse: Piece) -> Piece:
    """``a if c else b``."""
    first, test = within(then, OR), within(condition, OR)
    return Piece(f"{first} if {test} else {within(orelse, TERNARY)}", TERNARY)


def method(piece: Piece, name: str, *arguments: str) -> Piece:
    """``x.copy()``."""
    return called(f"{within(piece, ATOM)}.{name}", *arguments)


def attribute(piece: Piece, name: str) -> Piece:
    """``x.shape``."""
    return atom(f"{within(piece, ATOM)}.{name}")


def lengths_text(pieces: Sequence[Piece]) -> str:
    """A shape: one length alone, several as a tuple."""
    return pieces[0].text if len(pieces) == 1 else tuple_text(texts(pieces))


def is_constant(let: Let, k: int, value: float) -> bool:
    """Whether an operand is known to be this number."""
    operand = let.operands[k]
    return isinstance(operand, Const) and bool(operand.value == value)


# --- Indices ----------------------------------------------------------------------


def first_index_operand(let: Let) -> int:
    """The position of the first index operand of a load, store or accumulate."""
    return 1 if let.primitive.name in ("load", "gather") else 2


def index_text(let: Let, pieces: Pieces) -> str:
    """The subscript of a load, store or accumulate, e.g. ``i, 1:n``.

    `pieces` are those of all operands, the array first.
    """
    rest = iter(pieces[first_index_operand(let) :])
    entries = [_entry_text(entry, rest) for entry in let.param("index")]
    return ", ".join(entries) if entries else "..."


def index_value(let: Let, pieces: Pieces) -> str:
    """The index as an expression of its own, as ``np.add.at`` takes it."""
    rest = iter(pieces[first_index_operand(let) :])
    entries = [_value_text(entry, rest) for entry in let.param("index")]
    return entries[0] if len(entries) == 1 else tuple_text(entries)


def _value_text(entry: object, pieces: Iterator[Piece]) -> str:
    match entry:
        case "full":
            return "slice(None)"
        case ("slice", *given):
            parts = [next(pieces).text if has else "None" for has in given]
            return f"slice({', '.join(parts)})"
        case _:
            return _entry_text(entry, pieces)


def _entry_text(entry: object, pieces: Iterator[Piece]) -> str:
    match entry:
        case "int" | "array" | "mask":
            return next(pieces).text
        case "new":
            return "None"
        case "full":
            return ":"
        case ("slice", has_start, has_stop, has_step):
            start = within(next(pieces), OR) if has_start else ""
            stop = within(next(pieces), OR) if has_stop else ""
            step = ":" + within(next(pieces), OR) if has_step else ""
            return f"{start}:{stop}{step}"
        case _:
            raise ValueError(f"not an index entry: {entry!r}")


# --- What stands in front of generated code ----------------------------------------

# The modules it may use, by the name that it uses, with their imports in order.
MODULES = {
    "math": "import math",
    "np": "import numpy as np",
    "random": "from adcompiler import random",
    "linalg": "from scipy import linalg",
    "special": "from scipy import special",
}

# --- Functions that generated code brings along -----------------------------------

HELPERS = {
    "zeros_of": '''\
def zeros_of(saved):
    """The derivative of residuals that depend on nothing."""
    if isinstance(saved, tuple | list):
        return type(saved)(map(zeros_of, saved))
    return None if saved is None else np.zeros_like(saved)[()]
''',
    "copy_of": '''\
def copy_of(saved):
    """Residuals that share no memory with these."""
    if isinstance(saved, tuple | list):
        return type(saved)(map(copy_of, saved))
    return saved.copy() if isinstance(saved, np.ndarray) else saved
''',
    "sum_of": '''\
def sum_of(left, right):
    """The sum of two derivatives of the same residuals."""
    if isinstance(left, tuple | list):
        return type(left)(map(sum_of, left, right))
    return None if left is None else left + right
''',
    "sum_to": '''\
def sum_to(g, shape):
    """Undo broadcasting: sum g over the axes along which it was repeated."""
    lead = np.ndim(g) - len(shape)
    ones = tuple(lead + k for k, n in enumerate(shape) if n == 1)
    return np.sum(g, axis=(*range(lead), *ones), keepdims=True).reshape(shape)
''',
    "put_back": '''\
def put_back(g, index, shape, axis):
    """The transpose of np.take_along_axis: g added to zeros where it was taken."""
    x = np.zeros(shape, g.dtype)
    places = list(np.indices(g.shape, sparse=True))
    places[axis] = index
    np.add.at(x, tuple(places), g)
    return x
''',
    "cofactor": '''\
def cofactor(a):
    """The matrix of cofactors, right for singular matrices too; nan if a number is."""
    finite = np.isfinite(a).all(axis=(-2, -1), keepdims=True)
    u, s, vh = np.linalg.svd(np.where(finite, a, 0.0))
    ones = np.ones_like(s[..., :1])
    below = np.cumprod(np.concatenate((ones, s[..., :-1]), axis=-1), axis=-1)
    above = np.cumprod(np.concatenate((ones, s[..., :0:-1]), axis=-1), axis=-1)
    others = np.linalg.det(u @ vh)[..., None] * below * above[..., ::-1]
    return np.where(finite, (u * others[..., None, :]) @ vh, np.nan)
''',
    "over_gaps": '''\
def over_gaps(q, w, u, close=np.nan, pulled=False):
    """q[i, j] / (w[j] - u[i]), and 0 on the diagonal; nan where these are equal, unless
    q is 0: if it is `pulled` back, and so may depend on w, they must differ in a digit.
    """
    gaps = w[..., None, :] - u[..., :, None]
    n = w.shape[-1]
    least = n * np.finfo(w.dtype).eps * np.max(abs(w), axis=-1, initial=0.0)
    none = (q == 0.0) & (gaps != 0.0) if pulled else q == 0.0
    gaps = np.where(abs(gaps) <= least[..., None, None], close, gaps)
    return np.where(none | np.eye(n, dtype=bool), 0.0, q / gaps)
''',
    "real_root": '''\
def real_root(root, total=False):
    """The root of a matrix, if it is real; else an error, or nan."""
    if not np.iscomplexobj(root):
        return root
    if total:
        return np.full(root.shape, np.nan)
    raise ValueError("the root of this matrix is complex, which is not followed")
''',
    "real_values": '''\
def real_values(values, vectors):
    """Eigenvalues and vectors, if they are real."""
    if np.iscomplexobj(values):
        raise ValueError("the eigenvalues of this matrix are complex")
    return values, vectors
''',
    "row_order": '''\
def row_order(swaps):
    """The order in which rows are that have been exchanged, one after the other."""
    order = np.arange(len(swaps), dtype=swaps.dtype)
    for k, i in enumerate(swaps):
        order[[k, i]] = order[[i, k]]
    return order
''',
    "row_swaps": '''\
def row_swaps(order):
    """With which row each has to be exchanged, one after the other, for this order."""
    rows, swaps = list(range(len(order))), np.empty_like(order)
    for k, row in enumerate(order):
        i = swaps[k] = rows.index(row)
        rows[k], rows[i] = rows[i], rows[k]
    return swaps
''',
    "inv_or_nan": '''\
def inv_or_nan(a):
    """The inverse; nan for a singular matrix."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        if a.ndim == 2:
            return np.full_like(a, np.nan)
        return np.stack([inv_or_nan(matrix) for matrix in a])
''',
}


@cache
def helper(name: str) -> Callable[..., Any]:
    """A helper as a function, made of the source that is printed."""
    namespace: dict[str, Any] = {"np": np}
    exec(HELPERS[name], namespace)
    function: Callable[..., Any] = namespace[name]
    return function


CONNECTIVES = {"logical_and": ("and", AND), "logical_or": ("or", OR)}
