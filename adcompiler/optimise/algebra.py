"""Rules of arithmetic: neutral elements, signs, products, quotients, constants.

In: `Let`s of elementwise primitives. Out: simpler ones; see `rewriting` for the
conventions. Nothing here is true of real numbers only: ``0 * x`` may be nan.

>>> from adcompiler.optimise import tidy
>>> tidy(lambda x, y_bar: (y_bar * 1) * x)
'y_bar * x'
"""

from __future__ import annotations

import numpy as np

from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, Let, Var
from adcompiler.ir.types import PY_INT, Array, ListOf, Scalar, Type, dims_of, is_float
from adcompiler.ir.wrapping import is_sized
from adcompiler.optimise.rewriting import (
    QUOTIENTS,
    Given,
    Site,
    atom_key,
    is_number,
    number,
    rank,
    rewrites,
    short,
)

# --- Constants -------------------------------------------------------------------

COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
CONNECTIVES = ("logical_not", "logical_and", "logical_or")
MANY = 8  # factors; more are not compared
OPERATORS = ("add", "subtract", "multiply", "divide", "power", "negative", "positive")


@rewrites(*OPERATORS, *COMPARISONS, *CONNECTIVES, exact=True)
def fold(let: Let, at: Site) -> Given:
    """A pure function of Python numbers is computed, if the result reads better."""
    kinds = [isinstance(a, Const) and _is_python(a) for a in let.operands]
    evaluate = let.primitive.evaluate
    if not all(kinds) or evaluate is None:
        return None
    try:
        value = evaluate(*map(number, let.operands), **dict(let.params))
    except (ArithmeticError, ValueError):
        return None  # the program raises when it runs
    if not isinstance(value, bool | int | float) or not short(value):
        return None
    return constant(value)


@rewrites("multiply")
def fold_factor(let: Let, at: Site) -> Given:
    """``np.float32(1.0) * 2`` is ``np.float32(2.0)``: what NumPy would say of it."""
    left, right = map(number, let.operands)
    if not isinstance(left, np.floating) or not isinstance(right, int | float):
        return None
    value = left * type(left)(right)
    exact = float(left) * right == float(value)
    return constant(value) if exact and short(float(value)) else None


def _is_python(atom: Atom) -> bool:
    return isinstance(atom.type, Scalar) and atom.type.kind == "python"


@rewrites("not_equal")
def bool_of_a_flag(let: Let, at: Site) -> Given:
    """``float(c) != 0`` is c, of a bool c."""
    left, right = let.operands
    cast = at.let(left, "cast")
    if cast is None or not is_number(right, 0):
        return None
    source = cast.operands[0]
    return source if source.type == let.result.type else None


# --- Kinds -----------------------------------------------------------------------


@rewrites("add", "subtract", "multiply", "ieee_divide")
def float_beside_numpy(let: Let, at: Site) -> Given:
    """``y * float(x)`` is ``y * x`` where both are NumPy's, in double precision."""
    for k, atom in enumerate(let.operands):
        cast, other = at.let(atom, "cast"), let.operands[1 - k].type
        if cast is None or cast.role == "primal" or cast.param("via") != "builtin":
            continue
        source = cast.operands[0]
        if _is_double(source.type) and _is_double(other):
            operands = list(let.operands)
            operands[k] = source
            return at.make(let.primitive.name, *operands, **dict(let.params))
    return None


def _is_double(t: Type) -> bool:
    """Whether a type is NumPy's float64."""
    match t:
        case Array(dtype="float64") | Scalar(dtype="float64", kind="numpy"):
            return True
        case _:
            return False


# --- Neutral elements ------------------------------------------------------------


@rewrites("multiply", exact=True)
def times_one(let: Let, at: Site) -> Given:
    """``x * 1`` and ``1 * x`` are x."""
    a, b = let.operands
    if is_number(b, 1):
        return a
    return b if is_number(a, 1) else None


@rewrites("divide", "ieee_divide", "power", exact=True)
def over_one(let: Let, at: Site) -> Given:
    """``x / 1`` and ``x ** 1`` are x."""
    return let.operands[0] if is_number(let.operands[1], 1) else None


@rewrites("power", exact=True)
def to_the_zero(let: Let, at: Site) -> Given:
    """``x ** 0`` is 1, even of nan."""
    if not is_number(let.operands[1], 0) or not _is_python(let.result):
        return None
    return constant(1 if let.result.type == PY_INT else 1.0)


@rewrites("subtract", exact=True)
def minus_zero(let: Let, at: Site) -> Given:
    """``x - 0`` is x."""
    a, b = let.operands
    negative_zero = str(number(b)) == "-0.0"
    return a if is_number(b, 0) and not negative_zero else None


@rewrites("add")
def plus_zero(let: Let, at: Site) -> Given:
    """``x + 0`` and ``0 + x`` are x: the zero is structural."""
    a, b = let.operands
    if _is_zero(b, at) and same_shape(a, let):
        return a
    return b if _is_zero(a, at) and same_shape(b, let) else None


@rewrites("subtract")
def zero_minus(let: Let, at: Site) -> Given:
    """``0 - x`` is ``-x``."""
    a, b = let.operands
    if _is_zero(b, at) and same_shape(a, let):
        return a
    if _is_zero(a, at) and same_shape(b, let):
        return at.make("negative", b)
    return None


def _is_zero(atom: Atom, at: Site) -> bool:
    return is_number(atom, 0) or at.let(atom, "zeros_like", "zeros") is not None


def same_shape(atom: Atom, let: Let) -> bool:
    """Whether a value has the shape of what it is to stand for."""
    return dims_of(atom.type) == dims_of(let.result.type)


# --- Signs -----------------------------------------------------------------------


@rewrites("negative", exact=True)
def twice_negative(let: Let, at: Site) -> Given:
    """``-(-x)`` is x."""
    inner = at.let(let.operands[0], "negative")
    return inner.operands[0] if inner and _is_float(inner.operands[0]) else None


def _is_float(atom: Atom) -> bool:
    return not isinstance(atom.type, ListOf) and is_float(atom.type)


@rewrites("negative")
def negative_difference(let: Let, at: Site) -> Given:
    """``-(a - b)`` is ``b - a``."""
    inner = at.own(let.operands[0], "subtract")
    if inner is None or inner.params:
        return None
    a, b = inner.operands
    return at.make("subtract", b, a)


def unsigned(atom: Atom, at: Site) -> Atom | None:
    """x where the atom is ``-x``, in derivative code."""
    if isinstance(atom, Const):
        value = number(atom)
        sized = is_sized(atom.type)  # -128 of one byte has no opposite
        negative = not isinstance(value, bool) and not sized and value < 0
        return Const(-value, atom.type) if negative else None
    let = at.let(atom, "negative")
    return None if let is None else let.operands[0]


@rewrites("add")
def add_negative(let: Let, at: Site) -> Given:
    """``a + (-b)`` is ``a - b``, ``(-a) + b`` is ``b - a``, both negative ``-(a + b)``.

    >>> from adcompiler.optimise import tidy
    >>> tidy(lambda x, y: -x + y)
    'y - x'
    >>> tidy(lambda x, y: -x + -y)
    '-(x + y)'
    """
    a, b = let.operands
    minus_a, minus_b = unsigned(a, at), unsigned(b, at)
    if minus_a is not None and minus_b is not None:
        return at.make("negative", at.make("add", minus_a, minus_b))
    if minus_b is not None:
        return at.make("subtract", a, minus_b)
    if minus_a is not None:
        return at.make("subtract", b, minus_a)
    return None


@rewrites("subtract")
def subtract_negative(let: Let, at: Site) -> Given:
    """``a - (-b)`` is ``a + b``, ``(-a) - b`` is ``-(a + b)``.

    >>> from adcompiler.optimise import tidy
    >>> tidy(lambda x, y: -x - y)
    '-(x + y)'
    """
    a, b = let.operands
    minus_a, minus_b = unsigned(a, at), unsigned(b, at)
    if minus_a is not None and minus_b is not None:
        return at.make("subtract", minus_b, minus_a)
    if minus_b is not None:
        return at.make("add", a, minus_b)
    if minus_a is not None and not isinstance(a, Const):
        return at.make("negative", at.make("add", minus_a, b))
    return None


@rewrites("multiply", "ieee_divide", "matmul")
def sign_in_front(let: Let, at: Site) -> Given:
    """``x * (-y)`` is ``-(x * y)``, and so for each factor; so for quotients.

    >>> from adcompiler.optimise import tidy
    >>> tidy(lambda x, y_bar: y_bar * -(2 * x))
    '-2 * y_bar * x'
    >>> tidy(lambda x, y, y_bar: y_bar * -(x / -y))
    'y_bar * (x / y)'
    """
    a, b = let.operands
    minus_a, minus_b = unsigned(a, at), unsigned(b, at)
    if minus_a is None and minus_b is None:
        return None
    left = a if minus_a is None else minus_a
    right = b if minus_b is None else minus_b
    product = at.make(let.primitive.name, left, right, **dict(let.params))
    both = minus_a is not None and minus_b is not None
    return product if both else at.make("negative", product)


# --- Products and quotients ------------------------------------------------------


@rewrites("multiply")
def constant_first(let: Let, at: Site) -> Given:
    """``x * 2`` is ``2 * x``, ``2 * (3 * x)`` is ``6 * x``.

    >>> from adcompiler.optimise import tidy
    >>> tidy(lambda x, y_bar: y_bar * 2 * (x * 3))
    '6 * y_bar * x'
    """
    a, b = let.operands
    if isinstance(b, Const):
        inner = at.let(a, "multiply")
        if isinstance(a, Const) or (inner and isinstance(inner.operands[1], Const)):
            return None  # constants whose product is long to write stay in a row
        return at.make("multiply", b, a)
    inner = at.same_statement(b, "multiply")
    if inner is None or not isinstance(a, Const):
        return None
    c, x = inner.operands
    if not isinstance(c, Const) or not (_is_python(a) and _is_python(c)):
        return None
    product = a.value * c.value
    return at.make("multiply", product, x) if short(product) else None


@rewrites("multiply")
def regroup(let: Let, at: Site) -> Given:
    """``a * (b * c)`` is ``a * b * c``, with constants and numbers before arrays.

    >>> from adcompiler.optimise import tidy
    >>> tidy(lambda x, y, y_bar: y_bar * (2 * x * y))
    '2 * y_bar * x * y'
    """
    a, inner = let.operands[0], at.same_statement(let.operands[1], "multiply")
    if inner is None or inner.params or let.params:
        return None
    b, c = inner.operands
    if rank(a) > max(rank(b), rank(c)):
        # Numbers are multiplied before they meet an array.
        return at.make("multiply", inner.result, a)
    if isinstance(b, Const) and not isinstance(a, Const):
        return at.make("multiply", at.make("multiply", b, a), c)
    return at.make("multiply", at.make("multiply", a, b), c)


@rewrites("multiply")
def times_reciprocal(let: Let, at: Site) -> Given:
    """``a * (2 / b)`` is ``2 * a / b``.

    Of ``a * (b / c)`` the parentheses stay, since ``a * b`` may be out of range.

    >>> from adcompiler.optimise import tidy
    >>> tidy(lambda x, y_bar: y_bar * (1 / x))
    'y_bar / x'
    """
    a, b = let.operands
    for factor, other in ((a, b), (b, a)):
        quotient = at.own(other, "ieee_divide")
        if quotient is not None and isinstance(quotient.operands[0], Const):
            c, x = quotient.operands
            if rank(factor) > rank(x) and not is_number(c, 1):
                return None  # one pass over an array, not two
            scaled = at.make("multiply", c, factor)
            return at.make("ieee_divide", scaled, x, **dict(quotient.params))
    return None


@rewrites("multiply")
def constant_times_quotient(let: Let, at: Site) -> Given:
    """``2 * (a / b)`` is ``2 * a / b``; ``2 / n * a`` of a number n and an array a.

    The latter only where it is written so: of two Python numbers the quotient is
    ``np.divide(2, n)``.
    """
    c, quotient = let.operands[0], at.own(let.operands[1], "ieee_divide")
    if not isinstance(c, Const) or quotient is None:
        return None
    (a, b), params = quotient.operands, dict(quotient.params)
    if rank(b) < rank(a) and not _is_python(b):
        return at.make("multiply", at.make("ieee_divide", c, b, **params), a)
    return at.make("ieee_divide", at.make("multiply", c, a), b, **params)


@rewrites("ieee_divide")
def quotient_of_quotient(let: Let, at: Site) -> Given:
    """``c / (a / b) / b`` is ``c / a``: so it is of the logarithm of a quotient.

    >>> from adcompiler.optimise import tidy
    >>> tidy(lambda a, b, y_bar: y_bar / (a / b) / b)
    'y_bar / a'
    """
    outer = at.own(let.operands[0], "ieee_divide")
    inner = None if outer is None else at.let(outer.operands[1], *QUOTIENTS)
    if outer is None or inner is None:
        return None
    a, b = inner.operands
    if atom_key(b) != atom_key(let.operands[1]) or inner.param("via") == "math":
        return None
    return at.make("ieee_divide", outer.operands[0], a, **dict(outer.params))


@rewrites("add")
def collect(let: Let, at: Site) -> Given:
    """``x + x`` is ``2 * x``, ``a + x + x`` is ``a + 2 * x``; factors in any order.

    >>> from adcompiler.optimise import tidy
    >>> tidy(lambda x: x + x + x)
    '3 * x'
    >>> tidy(lambda x, y, z: x * y * z + x * z * y)
    '2 * x * y * z'
    """
    a, b = let.operands
    total = collected(a, b, at)
    if total is not None:
        return total
    inner = at.own(a, "add")
    for k, term in enumerate(inner.operands if inner else ()):
        total = collected(term, b, at)
        if inner is not None and total is not None:
            rest = inner.operands[1 - k]
            return at.make("add", rest, total)
    return None


@rewrites("subtract")
def collect_subtracted(let: Let, at: Site) -> Given:
    """``a - x - x`` is ``a - 2 * x``.

    >>> from adcompiler.optimise import tidy
    >>> tidy(lambda a, x: a - x - 2 * x)
    'a - 3 * x'
    """
    a, b = let.operands
    inner = at.own(a, "subtract")
    if inner is None or inner.params or let.params:
        return None
    total = collected(inner.operands[1], b, at)
    return None if total is None else at.make("subtract", inner.operands[0], total)


def collected(a: Atom, b: Atom, at: Site) -> Atom | None:
    """The sum of two multiples of the same float, the factors in any order."""
    if isinstance(a, Const) or isinstance(b, Const) or not _is_float(a):
        return None
    # Of one with more factors than the other they need not all be found.
    single = at.let(b, "multiply") is None
    c, xs = _multiple(a, at, own=False, room=2 if single else MANY)
    d, ys = _multiple(b, at, own=False, room=min(MANY, len(xs) + 1))
    if len(xs) != len(ys) or len(xs) > MANY:
        return None
    if sorted(map(_order, xs)) != sorted(map(_order, ys)):
        return None
    if a != b and len(xs) > 1 and _alike(a, b, at):
        return None  # these are merged first, with others perhaps
    # What is computed for others too is not computed again.
    terms = [(*_multiple(a, at), c), (*_multiple(b, at), d)]
    number, (product, *rest), whole = min(terms, key=lambda t: len(t[1]))
    if whole == 0 or not np.isfinite(whole):
        return None
    times = (c + d) * (number / whole)
    if not short(times):
        return None
    for factor in rest:
        product = at.make("multiply", product, factor)
    return at.make("multiply", int(times) if times == int(times) else times, product)


def _alike(a: Atom, b: Atom, at: Site, depth: int = 4) -> bool:
    """Whether two products are computed in the same way."""
    one, other = at.let(a, "multiply"), at.let(b, "multiply")
    if one is None or other is None or a == b or depth == 0:
        return atom_key(a) == atom_key(b)
    (p, q), (r, s) = one.operands, other.operands
    return any(
        _alike(p, left, at, depth - 1) and _alike(q, right, at, depth - 1)
        for left, right in ((r, s), (s, r))
    )


def _multiple(
    atom: Atom, at: Site, *, own: bool = True, room: int = MANY
) -> tuple[float, tuple[Atom, ...]]:
    """A product as a number and the other factors; unless `own`, with the factors of
    what others read too."""
    inner = at.own(atom, "multiply") if own else at.let(atom, "multiply")
    if inner is None or inner.params or room <= 0:
        return 1, (atom,)
    coefficient: float = 1
    factors: list[Atom] = []
    for operand in inner.operands:
        if isinstance(operand, Const) and _is_python(operand):
            coefficient *= number(operand)
        else:
            left = room - len(factors) - 1
            more, parts = _multiple(operand, at, own=own, room=left)
            coefficient *= more
            factors += parts
    return (coefficient, tuple(factors)) if factors else (1, (atom,))


def _order(atom: Atom) -> str:
    return str(atom.id) if isinstance(atom, Var) else repr(atom_key(atom))


@rewrites("less_equal", exact=True)
def no_more_than_itself(let: Let, at: Site) -> Given:
    """``n <= n`` is true of integers; nan is not equal to itself."""
    a, b = let.operands
    same = a == b and isinstance(a.type, Scalar) and a.type.dtype == "int64"
    return constant(True) if same else None
