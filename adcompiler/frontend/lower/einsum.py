"""``np.einsum``, in all its forms.

In: a call with subscripts, or with lists of axes. Out: diagonals and sums of the single
operands, then one `einsum` in normal form, or nothing but a transpose.
Invariant: what NumPy would give as a view of its one operand is a view of it here, or
is entangled with it.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np

from adcompiler.frontend.bindings import ArrayRef, Binding, Dyn, Static, TupleVal
from adcompiler.frontend.lower import attributes, hints
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import Array, Scalar, dims_of, result_dtype
from adcompiler.primitives.typerules import leaves

ELLIPSIS = "..."
AS_IN = 'as in np.einsum("ij,jk->ik", a, b)'


@dataclass(frozen=True, slots=True)
class Term:
    """An operand and the letters of its axes."""

    letters: str
    atom: Atom


def einsum(call: Call) -> Binding:
    """``np.einsum("ij,jk->ik", a, b)``."""
    optimize = call.kwargs.pop("optimize", None)
    for key in call.kwargs:
        hint = hints.KEYWORDS.get(key, f"leave {key}= away")
        call.refuse(f"'{key}=' of np.einsum is not supported", hint)
    left, result, operands = _parts(call)
    refs = [call.array(x) for x in operands]
    ranks = list(map(call.rank, refs))
    letters, target = _spelled_out(call, left, result, ranks)
    seen = refs[0] if len(refs) == 1 and set(letters[0]) == set(target) else None
    if isinstance(seen, ArrayRef) and not seen.type.ndim:
        dtype = seen.type.dtype
        return call.result("cast", call.atom(seen), dtype=dtype, via="scalar")
    if isinstance(seen, ArrayRef) and len(target) == seen.type.ndim:
        axes = tuple(letters[0].index(c) for c in target)
        return attributes.transposed(call.ctx, call.node, seen, axes)
    terms = [Term(c, call.atom(x)) for c, x in zip(letters, refs, strict=True)]
    if set("".join(letters)) - set(target):
        _check_sums(call, terms)
    value = contracted(call, terms, target, optimize is not None and _true(optimize))
    found = call.ctx.as_found(value)
    if isinstance(found, ArrayRef) and isinstance(seen, ArrayRef):
        call.ctx.entangle(found.location, seen.location)
    return found


def _check_sums(call: Call, terms: list[Term]) -> None:
    """NumPy adds up small integers in their own dtype here, unlike in np.sum."""
    found = np.dtype(result_dtype(*leaves("np.einsum", [t.atom.type for t in terms])))
    if found.itemsize < 4:
        what = f"np.einsum of {found} arrays, whose sums wrap"
        call.refuse(what, "make them floats: x.astype(float)")


def _true(binding: Binding) -> bool:
    match binding:
        case Dyn(Const(value=value)) | Static(value):
            return bool(value)
        case _:
            return True


# --- Subscripts ---------------------------------------------------------------------


def _parts(call: Call) -> tuple[list[str], str | None, list[Binding]]:
    """The subscripts of operands and result, None if they are implied."""
    if not call.args:
        call.refuse("np.einsum misses its arguments", AS_IN)
    first, *rest = call.args
    if not (isinstance(first, Static) and isinstance(first.value, str)):
        return _of_lists(call)
    left, arrow, right = first.value.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(rest):
        what = f"np.einsum has {len(terms)} terms and {len(rest)} operands"
        call.refuse(what, f"write a term for each operand, {AS_IN}")
    return terms, right if arrow else None, rest


def _of_lists(call: Call) -> tuple[list[str], str | None, list[Binding]]:
    """``np.einsum(a, [0, 1], b, [1, 2], [0, 2])``."""
    pairs = len(call.args) // 2
    terms = [_word(call, x) for x in call.args[1 : 2 * pairs : 2]]
    result = _word(call, call.args[-1]) if len(call.args) % 2 else None
    return terms, result, call.args[: 2 * pairs : 2]


def _word(call: Call, axes: Binding) -> str:
    if not isinstance(axes, TupleVal):
        call.refuse(
            "the subscripts of np.einsum must be known while compiling",
            'write them out: np.einsum("ij,jk->ik", a, b)',
        )
    found = []
    for axis in axes.items:
        if isinstance(axis, Static) and axis.value is Ellipsis:
            found.append(ELLIPSIS)
        else:
            found.append(string.ascii_letters[call.integer(axis, "a subscript")])
    return "".join(found)


TOO_MANY = "einstein sum subscripts string contains too many subscripts for operand {}"
TOO_FEW = (
    "operand has more dimensions than subscripts given in einstein sum, but no '...' "
    "ellipsis provided to broadcast the extra dimensions."
)


def _spelled_out(
    call: Call, terms: list[str], result: str | None, ranks: list[int]
) -> tuple[list[str], str]:
    """Letters for all axes, those of an ellipsis too."""
    used = set("".join([*terms, result or ""]))
    free = [c for c in string.ascii_lowercase + string.ascii_uppercase if c not in used]
    counts = [
        rank - len(term.replace(ELLIPSIS, ""))
        for term, rank in zip(terms, ranks, strict=True)
    ]
    most = max(
        (n for t, n in zip(terms, counts, strict=True) if ELLIPSIS in t), default=0
    )
    rest = "".join(free[: max(most, 0)])
    found = []
    for k, (term, count) in enumerate(zip(terms, counts, strict=True)):
        if count < 0:
            call.ctx.fail(call.node, "ValueError", TOO_MANY.format(k))
        if count and ELLIPSIS not in term:
            call.ctx.fail(call.node, "ValueError", TOO_FEW)
        found.append(term.replace(ELLIPSIS, rest[len(rest) - count :] if count else ""))
    if result is None:
        seen = Counter("".join(terms).replace(ELLIPSIS, ""))
        result = ELLIPSIS + "".join(sorted(c for c, n in seen.items() if n == 1))
    elif rest and ELLIPSIS not in result:
        call.refuse(
            "np.einsum: the result has no '...' for the operands' axes",
            f"write '->...{result}'; to sum over these axes, name them by letters",
        )
    target = result.replace(ELLIPSIS, rest)
    everywhere = set("".join(found))
    if not all(map(str.isalpha, everywhere | set(target))):
        what = "np.einsum: subscripts are letters, commas, '...' and '->'"
        call.refuse(what, AS_IN)
    if len(set(target)) < len(target) or not set(target) <= everywhere:
        what = f"np.einsum: the result '{target}' repeats or invents an index"
        call.refuse(what, f"name each once, out of '{''.join(sorted(everywhere))}'")
    return found, target


# --- The normal form ----------------------------------------------------------------


def contracted(call: Call, terms: list[Term], target: str, optimize: bool) -> Atom:
    """The sum of products of these terms over the letters not in the target."""
    counts = Counter(c for t in terms for c in set(t.letters))
    terms = [_single(call, t, target, counts) for t in terms]
    dtype = result_dtype(*(_strong(t.atom) for t in terms))
    numbers = [t.atom for t in terms if not t.letters]
    arrays = [t for t in terms if t.letters]
    if not arrays:
        product, *numbers = numbers
    elif len(arrays) == 1:
        product = _ordered(call, arrays[0], target)
    else:
        spec = f"{','.join(t.letters for t in arrays)}->{target}"
        how = {"optimize": True} if optimize else {}
        product = call.emit("einsum", *(t.atom for t in arrays), spec=spec, **how)
    for x in numbers:
        product = call.emit("multiply", x, product)
    if getattr(product.type, "dtype", dtype) != dtype:
        via = "astype" if isinstance(product.type, Array) else "scalar"
        product = call.emit("cast", product, dtype=dtype, via=via)
    return product


def _strong(atom: Atom) -> Scalar | Array:
    """The type as an array's, which is what einsum makes of numbers."""
    return Array(getattr(atom.type, "dtype", "float64"), dims_of(atom.type))


def _single(call: Call, term: Term, target: str, counts: Counter[str]) -> Term:
    """The term with no letter twice and none that it alone has but the target lacks."""
    for letter, n in Counter(term.letters).items():
        for _ in range(n - 1):
            term = _on_the_diagonal(call, term, letter)
    alone = tuple(
        k for k, c in enumerate(term.letters) if counts[c] == 1 and c not in target
    )
    if not alone:
        return term
    left = "".join(c for k, c in enumerate(term.letters) if k not in alone)
    axis = alone if left else None
    return Term(left, call.emit("sum", term.atom, axis=axis, keepdims=False))


def _on_the_diagonal(call: Call, term: Term, letter: str) -> Term:
    """The first two axes of a letter as one, the last."""
    first = term.letters.index(letter)
    second = term.letters.index(letter, first + 1)
    rest = [k for k in range(len(term.letters)) if k not in (first, second)]
    order = (*rest, first, second)
    moved = replace(term, letters="".join(term.letters[k] for k in order))
    if order != tuple(range(len(order))):
        moved = replace(moved, atom=call.emit("transpose", term.atom, axes=order))
    return Term(moved.letters[:-1], call.emit("matrix_diagonal", moved.atom))


def _ordered(call: Call, term: Term, target: str) -> Atom:
    axes = tuple(term.letters.index(c) for c in target)
    if axes == tuple(range(len(axes))):
        return term.atom
    return call.emit("transpose", term.atom, axes=axes)


FUNCTIONS: dict[Hashable, Handler] = {np.einsum: einsum}
