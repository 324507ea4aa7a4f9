"""Products and linear algebra.

In: calls. Out: applications of contractions and factorisations.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from adcompiler.frontend.bindings import Binding, Static, TupleVal
from adcompiler.frontend.lower import composed
from adcompiler.frontend.lower.handling import Call, Handler


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
    """``np.vdot(a, b)`` of vectors."""
    a, b = (call.array(x) for x in call.bind("a", "b"))
    if call.rank(a) != 1 or call.rank(b) != 1:
        call.refuse(f"{call.name} is supported for vectors only", "write a @ b")
    return call.result("matmul", call.atom(a), call.atom(b))


def outer(call: Call) -> Binding:
    """``np.outer(a, b)`` of vectors."""
    a, b = (call.array(x) for x in call.bind("a", "b"))
    if call.rank(a) != 1 or call.rank(b) != 1:
        call.refuse("np.outer is supported for vectors only")
    return call.result("outer", call.atom(a), call.atom(b))


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


def slogdet(call: Call) -> Binding:
    """``np.linalg.slogdet(a)``: the pair of sign and logarithm."""
    (a,) = call.bind("a")
    atom = call.atom(call.array(a))
    pair = (call.result("signdet", atom), call.result("logabsdet", atom))
    return TupleVal(pair)


FUNCTIONS: dict[Hashable, Handler] = {
    np.dot: dot,
    np.matmul: matmul,
    np.vdot: vdot,
    np.outer: outer,
    np.convolve: convolve,
    np.linalg.solve: linear("solve", "a", "b"),
    np.linalg.inv: linear("inv", "a"),
    np.linalg.det: linear("det", "a"),
    np.linalg.cholesky: linear("cholesky", "a"),
    np.linalg.slogdet: slogdet,
}

METHODS: dict[str, Handler] = {"dot": dot}
