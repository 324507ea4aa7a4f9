"""Products and linear algebra.

In: calls. Out: applications of contractions and factorisations.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower import composed
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.shapes import array_of, flat_copy
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Const
from adcompiler.ir.types import Length
from adcompiler.library.linear import cross_of_plane, lstsq_above, pinv_above
from adcompiler.library.registry import COMPOSED

ROUNDING = 1e-9  # a cut below leaves out nothing but what should be zero


def dot(call: Call) -> Binding:
    """``np.dot(a, b)``: a product of numbers, else sums over products at every rank."""
    a, b = (call.array(x) for x in call.bind("a", "b"))
    left, right = call.rank(a), call.rank(b)
    if left == 0 or right == 0:
        return call.result("multiply", call.atom(a), call.atom(b))
    left_atom, right_atom = call.atom(a), call.atom(b)
    if left == 1 or right <= 2:
        return call.result("matmul", left_atom, right_atom)
    # The left's rows meet every matrix of the right's stack.
    ones = tuple(range(left - 1, left + right - 2))
    wide = call.emit("expand_dims", left_atom, axis=ones)
    product = call.emit("matmul", wide, right_atom)
    return call.result("squeeze", product, axis=(left + right - 3,))


def matmul(call: Call) -> Binding:
    """``np.matmul(a, b)``."""
    a, b = (call.array(x) for x in call.bind("x1", "x2"))
    return call.result("matmul", call.atom(a), call.atom(b))


def vdot(call: Call) -> Binding:
    """``np.vdot(a, b)``: of vectors, as which all are taken."""
    a, b = (_flat(call, x) for x in call.bind("a", "b"))
    return call.result("matmul", call.atom(a), call.atom(b))


def cross(call: Call) -> Binding:
    """``np.cross(a, b)``, of which the rank depends on lengths that are 2 or 3."""
    a, b, first, second, _, axis = call.bind(
        "a", "b", axisa=None, axisb=None, axisc=None, axis=None
    )
    places = (first, second) if axis == NONE else (axis, axis)
    lengths = [_length(call, x, k) for x, k in zip((a, b), places, strict=True)]
    of_plane = lengths in ([2, 2], [2, 3], [3, 2])
    definition = cross_of_plane if of_plane else COMPOSED[np.cross]
    assert isinstance(definition, FunctionType)
    return composed.composed(definition)(call)


def _length(call: Call, x: Binding, axis: Binding) -> Length | None:
    """The length of an axis of an array, the last if it is not said which."""
    k = -1 if axis == NONE else call.integer(axis, "the axis")
    dims = array_dims(call.array(x))
    return dims[k] if -len(dims) <= k < len(dims) else None


def outer(call: Call) -> Binding:
    """``np.outer(a, b)``: of vectors, as which all are taken."""
    a, b = (_flat(call, x) for x in call.bind("a", "b"))
    return call.result("outer", call.atom(a), call.atom(b))


def _flat(call: Call, x: Binding) -> Binding:
    ref = array_of(call, x)
    return ref if ref.type.ndim == 1 else flat_copy(call, ref)


def convolve(call: Call) -> Binding:
    """``np.convolve(a, v)`` in full is a row; the other modes are parts of it."""
    a, v, mode = call.bind("a", "v", mode=Static("full"))
    if mode != Static("full"):
        by_definition = composed.handler_of(np.convolve)
        assert by_definition is not None
        return by_definition(call)
    return call.result("convolve", call.atom(call.array(a)), call.atom(call.array(v)))


def linear(name: str, *params: str) -> Handler:
    """A function of ``np.linalg`` that is one primitive."""

    def handle(call: Call) -> Binding:
        bound = call.bind(*params)
        return call.result(name, *(call.atom(call.array(x)) for x in bound))

    return handle


def cholesky(call: Call) -> Binding:
    """``np.linalg.cholesky(a)``; the upper factor is that of the transpose, turned."""
    a, upper = call.bind("a", upper=Dyn(constant(False)))
    ref = array_of(call, a)
    if not call.flag(upper, "upper"):
        return call.result("cholesky", call.atom(ref))
    rank = ref.type.ndim
    axes = (*range(rank - 2), rank - 1, rank - 2)
    turned = call.emit("transpose", call.atom(ref), axes=axes)
    factor = call.emit("cholesky", turned)
    return call.ctx.wrap(call.emit("transpose", factor, axes=axes), False)


def slogdet(call: Call) -> Binding:
    """``np.linalg.slogdet(a)``: the pair of sign and logarithm."""
    (a,) = call.bind("a")
    atom = call.atom(call.array(a))
    pair = (call.result("signdet", atom), call.result("logabsdet", atom))
    cls: type = getattr(np.linalg._linalg, "SlogdetResult")  # noqa: B009
    return TupleVal(pair, cls)


def _option(call: Call, binding: Binding, allowed: tuple[object, ...]) -> object:
    """A keyword that must be known, of these values."""
    match binding:
        case Dyn(Const(value=value)) | Static(value) if value in allowed:
            return value
        case _:
            choices = ", ".join(map(repr, allowed))
            what = f"an option of {call.name} is not one of {choices}"
            call.refuse(what, f"write one of them out: {allowed[0]!r}")


def _named(call: Call, kind: str, row: str, a: Binding, **params: Any) -> Binding:
    """The results of a row as the named tuple that NumPy gives."""
    cls = getattr(np.linalg._linalg, kind)
    atom = call.atom(call.array(a))
    atoms = call.ctx.emit_all(call.node, row, atom, **params)
    return TupleVal(tuple(map(call.ctx.wrap, atoms)), cls)


def eigh(call: Call) -> Binding:
    """``np.linalg.eigh(a, UPLO)``."""
    a, uplo = call.bind("a", UPLO=Static("L"))
    upper = str(_option(call, uplo, ("L", "U", "l", "u"))) in "uU"
    return _named(call, "EighResult", "eigh", a, **_if(upper=upper))


def eig(call: Call) -> Binding:
    """``np.linalg.eig(a)``, if its values are real."""
    (a,) = call.bind("a")
    return _named(call, "EigResult", "eig", a)


def eigvals(call: Call) -> Binding:
    """``np.linalg.eigvals(a)``, if these are real."""
    found = eig(call)
    assert isinstance(found, TupleVal)
    return found.items[0]


def eigvalsh(call: Call) -> Binding:
    """``np.linalg.eigvalsh(a, UPLO)``."""
    a, uplo = call.bind("a", UPLO=Static("L"))
    upper = str(_option(call, uplo, ("L", "U", "l", "u"))) in "uU"
    return call.result("eigvalsh", call.atom(call.array(a)), **_if(upper=upper))


def array_dims(binding: Binding) -> tuple[Length, ...]:
    """The lengths of an array."""
    return binding.type.dims if isinstance(binding, ArrayRef) else ()


def _if(**flags: bool) -> dict[str, bool]:
    """The flags that are set."""
    return {name: True for name, value in flags.items() if value}


def svd(call: Call) -> Binding:
    """``np.linalg.svd(a)``; all vectors are those of the values, if a is square."""
    yes, no = Dyn(constant(True)), Dyn(constant(False))
    a, full, vectors, symmetric = call.bind(
        "a", full_matrices=yes, compute_uv=yes, hermitian=no
    )
    _option(call, symmetric, (False,))
    ref = array_of(call, a)
    if not call.flag(vectors, "compute_uv"):
        return call.result("svdvals", call.atom(ref))
    all_of_them = call.flag(full, "full_matrices") and not _known_square(ref)
    return _named(call, "SVDResult", "full_svd" if all_of_them else "svd", ref)


def _known_square(ref: ArrayRef) -> bool:
    """Whether a factorisation has as many vectors as rows and columns."""
    return ref.type.ndim < 2 or ref.type.dims[-1] == ref.type.dims[-2]


def qr(call: Call) -> Binding:
    """``np.linalg.qr(a, mode)``."""
    a, mode = call.bind("a", mode=Static("reduced"))
    kind = _option(call, mode, ("reduced", "complete", "r"))
    ref = array_of(call, a)
    whole = kind == "complete" and not _known_square(ref)
    found = _named(call, "QRResult", "full_qr" if whole else "qr", ref)
    assert isinstance(found, TupleVal)
    return found.items[1] if kind == "r" else found


def _number(call: Call, binding: Binding, what: str) -> float:
    match binding:
        case Dyn(Const(value=int() | float() as value)):
            return float(value)
        case _:
            call.refuse(f"{what} must be known while compiling", "write the number")


def pinv(call: Call) -> Binding:
    """``np.linalg.pinv(a, rcond)``, which is now called rtol."""
    a, cut, symmetric, also = call.bind(
        "a", rcond=None, hermitian=Dyn(constant(False)), rtol=None
    )
    _option(call, symmetric, (False,))
    cut = also if cut == NONE else cut
    given = {} if cut == NONE else {"rcond": _number(call, cut, "rcond")}
    if given.get("rcond", 0.0) > ROUNDING:
        return _cut(call, pinv_above, call.array(a), cut)
    return call.result("pinv", call.atom(call.array(a)), **given)


def _cut(call: Call, definition: Any, *args: Binding) -> Binding:
    """A function of a matrix without its small singular values."""
    return composed.composed(definition)(replace(call, args=list(args), kwargs={}))


def lstsq(call: Call) -> Binding:
    """``np.linalg.lstsq(a, b, rcond)``."""
    a, b, cut = call.bind("a", "b", rcond=None)
    given = None if cut == NONE else _number(call, cut, "rcond")
    if given is not None and given > ROUNDING:
        return _cut(call, lstsq_above, call.array(a), call.array(b), cut)
    atoms = (call.atom(call.array(a)), call.atom(call.array(b)))
    found = call.ctx.emit_all(call.node, "lstsq", *atoms, rcond=given)
    return TupleVal(tuple(map(call.ctx.wrap, found)))


def norm(call: Call) -> Binding:
    """``np.linalg.norm(x)``: the root of a sum of squares, or what defines another."""
    x, order, axis, keep = call.bind("x", ord=None, axis=None, keepdims=None)
    ref = call.array(x)
    rank = call.rank(ref)
    axes = call.axes(axis, rank)
    count = rank if axes is None else len(axes)
    two = isinstance(order, Dyn) and order.atom == constant(2)
    if rank and (order == NONE or (two and count == 1)):
        keepdims = call.flag(keep, "keepdims")
        return call.result("norm", call.atom(ref), axis=axes, keepdims=keepdims)
    handler = composed.handler_of(np.linalg.norm)
    assert handler is not None
    return handler(call)


FUNCTIONS: dict[Hashable, Handler] = {
    np.dot: dot,
    np.matmul: matmul,
    np.vdot: vdot,
    np.cross: cross,
    np.outer: outer,
    np.convolve: convolve,
    np.linalg.solve: linear("solve", "a", "b"),
    np.linalg.inv: linear("inv", "a"),
    np.linalg.det: linear("det", "a"),
    np.linalg.cholesky: cholesky,
    np.linalg.slogdet: slogdet,
    np.linalg.eigh: eigh,
    np.linalg.eigvalsh: eigvalsh,
    np.linalg.eig: eig,
    np.linalg.eigvals: eigvals,
    np.linalg.svd: svd,
    np.linalg.qr: qr,
    np.linalg.pinv: pinv,
    np.linalg.lstsq: lstsq,
    np.linalg.norm: norm,
}

METHODS: dict[str, Handler] = {"dot": dot}
