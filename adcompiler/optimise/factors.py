"""Rules of common factors in array code: counts, quotients, transposes.

In: `Let`s of derivative code. Out: ones that compute less, or read as one writes them.
Invariants: what is brought out of a sum is a count of elements (or a number over one),
which cannot bring a finite result out of range; a quotient that was computed stands for
itself, whichever of the two products ``y_bar * (y / b)`` and ``(y_bar / b) * y`` needs
it.

    e_bar = p_bar / total - np.sum(p_bar * (p / total))
    ->
    quotient = p_bar / total
    e_bar = quotient - np.sum(quotient * p)

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder
>>> from adcompiler.ir.nodes import Function, fresh_var
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import fresh_dim
>>> from adcompiler.optimise import optimise
>>> b = Builder(role="adjoint")
>>> x = b.expr(fresh_var(Array("float64", (fresh_dim(not_one=True), 3)), "x"))
>>> share = 1.0 / x.call("size")
>>> total = share * x.call("exp") - share * x
>>> print(show(optimise(Function("f", b.region((x.atom,), (total.atom,))))))
f(x: float64[n0, 3])
    %0: int64 = size(x)
    %1: float64[n0, 3] = exp(x)
    %2: float64[n0, 3] = subtract(%1, x)
    %3: float64[n0, 3] = ieee_divide(%2, %0)
    return %3
"""

from __future__ import annotations

from dataclasses import dataclass

from adcompiler.ir.nodes import Atom, Const, Let, Var
from adcompiler.ir.types import PY_INT, Array, dims_of, is_float
from adcompiler.optimise.algebra import collected
from adcompiler.optimise.lengths import Dims
from adcompiler.optimise.rewriting import (
    QUOTIENTS,
    Given,
    Site,
    atom_key,
    is_number,
    rank,
    rewrites,
)
from adcompiler.optimise.shapes import lengths_counted

# --- Counts ----------------------------------------------------------------------


def _is_count(atom: Atom) -> bool:
    """Whether a number is an int, as lengths are: it is no tiny divisor."""
    return atom.type == PY_INT


@rewrites("multiply")
def over_count(let: Let, at: Site) -> Given:
    """``np.divide(2, n) * x`` is ``2 * x / n`` of an array, which no n makes raise."""
    for factor, other in (let.operands, let.operands[::-1]):
        quotient = at.let(factor, "ieee_divide")
        if quotient is None or not isinstance(other.type, Array) or let.params:
            continue
        c, n = quotient.operands
        if isinstance(c, Const) and _is_count(n):
            scaled = other if is_number(c, 1) else at.make("multiply", c, other)
            return at.make("ieee_divide", scaled, n)
    return None


@rewrites("ieee_divide")
def count_last(let: Let, at: Site) -> Given:
    """``a / n / b`` is ``a / b / n``, ``np.divide(1, n) / b`` is ``1 / b / n``."""
    a, b = let.operands
    number = not isinstance(a.type, Array)
    inner = at.let(a, "ieee_divide") if number else at.own(a, "ieee_divide")
    if inner is None or _is_count(b) or not isinstance(let.result.type, Array):
        return None
    whole, n = inner.operands
    if not _is_count(n) or (number and not isinstance(whole, Const)):
        return None
    if not number and rank(a) < rank(let.result):
        return None
    quotient = at.make("ieee_divide", whole, b, **dict(let.params))
    return at.make("ieee_divide", quotient, n)


@rewrites("multiply")
def count_of_product_last(let: Let, at: Site) -> Given:
    """``a / n * b`` is ``a * b / n`` of arrays of one rank."""
    if let.params:
        return None
    for k, factor in enumerate(let.operands):
        inner, other = at.own(factor, "ieee_divide"), let.operands[1 - k]
        if inner is None or not _is_count(inner.operands[1]):
            continue
        a, n = inner.operands
        if rank(a) == rank(let.result) > 0:
            pair = (a, other) if k == 0 else (other, a)
            return at.make("ieee_divide", at.make("multiply", *pair), n)
    return None


@rewrites("sum", "sum_to")
def sum_of_share(let: Let, at: Site) -> Given:
    """``sum(x / n)`` is ``sum(x) / n``."""
    inner = at.own(let.operands[0], "ieee_divide")
    if inner is None or not _is_count(inner.operands[1]):
        return None
    x, n = inner.operands
    if not isinstance(x.type, Array):
        return None
    total = at.make(let.primitive.name, x, *let.operands[1:], **dict(let.params))
    return at.make("ieee_divide", total, n)


@rewrites("sum")
def sum_before_product(let: Let, at: Site) -> Given:
    """``np.sum(a @ b, axis=0)`` is ``np.sum(a, axis=0) @ b``, also in sums of terms."""
    value, axes = let.operands[0], let.param("axis")
    if axes is None or not at.own(value, "matmul", "add", "subtract", "negative"):
        return None
    leading = axes == tuple(range(len(axes))) and not let.param("keepdims")
    for sums in (_Sums(at, axes, False), _Sums(at, axes, True))[not leading :]:
        if sums.has_product(value):
            total = sums.of(value)
            squeezed = sums.kept and not let.param("keepdims")
            return at.make("squeeze", total, axis=axes) if squeezed else total
    return None


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over some axes, which are kept or dropped; those dropped are the first."""

    at: Site
    axes: tuple[int, ...]
    kept: bool

    def has_product(self, atom: Atom) -> bool:
        """Whether there is a product in a term whose sum is taken before it."""
        inner = self.linear(atom)
        if inner is None:
            return False
        let, places = inner
        return let.primitive.name == "matmul" or any(
            self.has_product(let.operands[k]) for k in places
        )

    def of(self, atom: Atom) -> Atom:
        """The sum of a value, taken as far in as it goes."""
        inner = self.linear(atom)
        if inner is None:
            return self.at.make("sum", atom, axis=self.axes, keepdims=self.kept)
        let, places = inner
        operands = list(let.operands)
        for k in places:
            operands[k] = self.of(operands[k])
        return self.at.make(let.primitive.name, *operands, **dict(let.params))

    def linear(self, atom: Atom) -> tuple[Let, tuple[int, ...]] | None:
        """The definition of a value, and those of its operands of which the sum may be
        taken instead."""
        let = self.at.own(atom, "matmul", "add", "subtract", "negative", "multiply")
        if let is None or (let.primitive.name != "matmul" and let.params):
            return None
        types, dims = [a.type for a in let.operands], dims_of(atom.type)
        if not all(isinstance(t, Array) for t in types):
            return None
        if let.primitive.name == "matmul":
            a, b = map(dims_of, types)
            return (let, (0,)) if len(a) == len(dims) and self.passes(a, b) else None
        same = self.at.known.shapes.same
        whole = tuple(k for k, t in enumerate(types) if same(dims_of(t), dims))
        if let.primitive.name != "multiply":
            return (let, whole) if len(whole) == len(types) else None
        places = (k for k in whole if self.is_constant(dims_of(types[1 - k]), dims))
        return next(((let, (k,)) for k in places), None)

    def passes(self, a: Dims, b: Dims) -> bool:
        """Whether a sum over rows, or over matrices, may be taken before a product."""
        rows, plain = len(a) - 2, len(b) == 2
        if not self.kept:
            return plain and len(self.axes) <= rows + 1
        return len(b) > 1 and all(k == rows or (k < rows and plain) for k in self.axes)

    def is_constant(self, other: Dims, dims: Dims) -> bool:
        """Whether a factor is the same along the axes."""
        lead = len(dims) - len(other)
        if not self.kept:
            return len(self.axes) <= lead
        return all(k < lead or other[k - lead] == 1 for k in self.axes)


@rewrites("ieee_divide")
def mean_of(let: Let, at: Site) -> Given:
    """``sum(x) / x.size`` is ``mean(x)``, also inside a product."""
    total, n = let.operands
    counted = lengths_counted(n, at.known.lets)
    return None if counted is None else _mean(total, counted, at)


def _mean(atom: Atom, counted: Dims, at: Site) -> Atom | None:
    """A value divided by a count, where a sum in it becomes a mean."""
    inner = at.own(atom, "sum", "multiply", "ieee_divide", "negative")
    if inner is None:
        return None
    name, read, params = inner.primitive.name, inner.operands, dict(inner.params)
    if name == "sum":
        dims, axis = dims_of(read[0].type), inner.param("axis")
        summed = dims if axis is None else tuple(dims[a] for a in axis)
        if not at.known.shapes.same(summed, counted):
            return None
        return at.make("mean", *read, **params)
    for k, part in enumerate(read[:1] if name == "ieee_divide" else read):
        mean = _mean(part, counted, at)
        if mean is not None:
            return at.make(name, *read[:k], mean, *read[k + 1 :], **params)
    return None


@rewrites("add", "subtract", "where")
def common_count(let: Let, at: Site) -> Given:
    """``a / n + b / n`` is ``(a + b) / n``; so for the arms of `where`."""
    params = dict(let.params)
    if not isinstance(let.result.type, Array) or params.get("via", "np") != "np":
        return None
    *mask, a, b = let.operands
    for n in _counts(a, at):
        left, right = _times(a, n, at), _times(b, n, at)
        if left is not None and right is not None:
            total = at.make(let.primitive.name, *mask, left, right, **params)
            return at.make("ieee_divide", total, n)
    return None


INTO = ("negative", "expand_dims", "squeeze", "transpose")


def _counts(atom: Atom, at: Site) -> list[Atom]:
    """The counts by which a value is divided somewhere."""
    inner = at.own(atom, "multiply", "ieee_divide", *INTO)
    if inner is None:
        return _count_of_number(atom, at)
    found = [n for a in inner.operands for n in _counts(a, at)]
    if inner.primitive.name == "ieee_divide":
        found = _counts(inner.operands[0], at)
        if _is_count(inner.operands[1]):
            found.append(inner.operands[1])
    return found


def _count_of_number(atom: Atom, at: Site) -> list[Atom]:
    """n of a number ``c / n`` that is read elsewhere, too."""
    inner = at.let(atom, "ieee_divide")
    constant = inner is not None and isinstance(inner.operands[0], Const)
    if inner is None or not constant or not _is_count(inner.operands[1]):
        return []
    return [inner.operands[1]]


def _times(atom: Atom, n: Atom, at: Site) -> Atom | None:
    """A value without a division by n."""
    if n in _count_of_number(atom, at):
        inner = at.let(atom, "ieee_divide")
        return None if inner is None else inner.operands[0]
    inner = at.own(atom, "multiply", "ieee_divide", *INTO)
    if inner is None:
        return None
    name, read, params = inner.primitive.name, inner.operands, dict(inner.params)
    if name == "ieee_divide" and read[1] == n:
        first = read[0]  # but a mask is no number
        return first if is_float(first.type) or isinstance(first, Const) else None
    divided = read[:1] if name == "ieee_divide" else read
    for k, part in enumerate(divided):
        whole = _times(part, n, at)
        if whole is not None:
            return at.make(name, *read[:k], whole, *read[k + 1 :], **params)
    return None


# --- Quotients -------------------------------------------------------------------


@rewrites("multiply")
def quotient_again(let: Let, at: Site) -> Given:
    """``a * (b / c)`` is ``(a / c) * b`` where ``a / c`` is known, and the reverse."""
    for factor, other in (let.operands, let.operands[::-1]):
        inner = at.own(other, *QUOTIENTS)
        if inner is None or let.params:
            continue
        b, c = inner.operands
        known = at.known.quotients.get((atom_key(factor), atom_key(c)))
        if known is not None and known != other and _is_worth_a_name(known):
            return at.make("multiply", known, b)
    return None


def _is_worth_a_name(quotient: Var) -> bool:
    """Whether to keep a quotient for a second use: an array, or what has a name."""
    return isinstance(quotient.type, Array) or quotient.name is not None


@rewrites("multiply")
def over_column(let: Let, at: Site) -> Given:
    """``(1 / t)[:, None] * x`` is ``x / t[:, None]``; so for other constants."""
    for factor, other in (let.operands, let.operands[::-1]):
        column = at.own(factor, "expand_dims")
        inner = column and at.own(column.operands[0], "ieee_divide")
        if inner is None or column is None or rank(other) < rank(let.result):
            continue
        counted = at.own(inner.operands[0], "ieee_divide")
        n = inner.operands[1]
        if counted is not None and _is_count(n):
            inner = counted
        c, t = inner.operands
        if isinstance(c, Const) and isinstance(t.type, Array) and not let.params:
            wide = at.make("expand_dims", t, **dict(column.params))
            value = at.make("ieee_divide", other, wide)
            value = value if is_number(c, 1) else at.make("multiply", c, value)
            return value if inner is not counted else at.make("ieee_divide", value, n)
    return None


@rewrites("ieee_divide")
def over_int(let: Let, at: Site) -> Given:
    """``1.0 * n / x`` is ``n / x``: a quotient of ints is a float."""
    inner = at.own(let.operands[0], "multiply")
    if inner is None or not is_number(inner.operands[0], 1):
        return None
    n = inner.operands[1]
    return at.make("ieee_divide", n, let.operands[1], **dict(let.params))


@rewrites("add")
def collect_difference(let: Let, at: Site) -> Given:
    """``x - b + x`` is ``2 * x - b``."""
    inner = at.own(let.operands[0], "subtract")
    if inner is None or inner.params:
        return None
    total = collected(inner.operands[0], let.operands[1], at)
    return None if total is None else at.make("subtract", total, inner.operands[1])


# --- Selections ------------------------------------------------------------------


@rewrites("add")
def where_both(let: Let, at: Site) -> Given:
    """``where(c, a, 0) + where(c, 0, b)`` is ``where(c, a, b)``."""
    left, right = (at.own(a, "where") for a in let.operands)
    if left is None or right is None or left.operands[0] != right.operands[0]:
        return None
    mask, a, b = left.operands
    _, c, d = right.operands
    if is_number(b, 0) and is_number(c, 0):
        return at.make("where", mask, a, d, **dict(left.params))
    if is_number(a, 0) and is_number(d, 0):
        return at.make("where", mask, c, b, **dict(left.params))
    return None


# --- Transposes ------------------------------------------------------------------


@rewrites("transpose", "expand_dims", "squeeze")
def sign_outside(let: Let, at: Site) -> Given:
    """``(-x).T`` is ``-x.T``."""
    inner = at.own(let.operands[0], "negative")
    if inner is None or inner.params:
        return None
    moved = at.make(let.primitive.name, inner.operands[0], **dict(let.params))
    return at.make("negative", moved)


@rewrites("transpose")
def transpose_of_product(let: Let, at: Site) -> Given:
    """``(a.T @ b).T`` is ``b.T @ a``, ``outer(a, b).T`` is ``outer(b, a)``."""
    if let.param("axes") != (1, 0):
        return None
    return _transposed(let.operands[0], at)


def _transposed(atom: Atom, at: Site) -> Atom | None:
    """The transpose of a matrix where it is as short as the matrix."""
    inner = at.own(atom, "matmul", "outer", "add", "subtract", "negative")
    if inner is None:
        found = at.let(atom, "transpose")
        return found.operands[0] if found and found.param("axes") == (1, 0) else None
    name, read, params = inner.primitive.name, inner.operands, dict(inner.params)
    if name == "outer":
        return at.make("outer", *read[::-1])
    if name == "matmul":
        if any(rank(a) != 2 for a in read):
            return None
        turned = [at.let(a, "transpose") for a in read]
        if not any(turned):
            return None
        a, b = (at.make("transpose", x, axes=(1, 0)) for x in read)
        return at.make("matmul", b, a, **params)
    if any(rank(a) != 2 for a in read):
        return None
    parts = [_transposed(a, at) for a in read]
    return None if None in parts else at.make(name, *parts, **params)
