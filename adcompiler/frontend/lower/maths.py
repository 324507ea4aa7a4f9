"""The functions of `math` that are more than one elementwise row.

In: calls. Out: what they give: computed where the operands are known, else primitives.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Hashable, Sequence

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    ListRef,
    TupleVal,
)
from adcompiler.frontend.lower import iteration, listing, operators
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.operands import fold, known_int
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom
from adcompiler.ir.types import Scalar
from adcompiler.library import iterating


def log(call: Call) -> Binding:
    """``math.log(x)`` and ``math.log(x, base)``."""
    x, base = call.bind("x", base=None)
    top = call.result("log", call.atom(x), via="math")
    if base == NONE:
        return top
    bottom = call.emit("log", call.atom(base), via="math")
    return call.result("divide", call.atom(top), bottom)


def hypot(call: Call) -> Binding:
    """``math.hypot(*coordinates)``."""
    return _length(call, [call.atom(x) for x in call.args])


def distance(call: Call) -> Binding:
    """``math.dist(p, q)`` of two points."""
    one, other = call.bind("p", "q")
    if isinstance(one, ArrayRef) or isinstance(other, ArrayRef):
        return _norm(call, _binary(call, ast.Sub(), call.array(one), call.array(other)))
    p, q = _items(call, one), _items(call, other)
    if len(p) != len(q):
        call.refuse(
            "both points of math.dist must have the same number of coordinates",
            f"the first has {len(p)}, the second {len(q)}",
        )
    pairs = zip(p, q, strict=True)
    return _length(call, [_binary(call, ast.Sub(), a, b) for a, b in pairs])


def _norm(call: Call, apart: Atom) -> Binding:
    """The length of a vector whose number of coordinates is not known."""
    squares = call.emit("square", apart, via="np")
    total = call.emit("sum", squares, axis=None, keepdims=False)
    root = call.emit("sqrt", total, via="math")
    return Dyn(root)


def _length(call: Call, atoms: Sequence[Atom]) -> Binding:
    """The length of a vector, without overflow on the way."""
    if not atoms:
        return Dyn(constant(0.0))
    result, *rest = atoms
    if not rest:
        return call.result("absolute", result, via="math")
    for atom in rest:
        result = call.emit("hypot", result, atom, via="math")
    return Dyn(result)


def _binary(call: Call, operator: ast.operator, a: Binding, b: Binding) -> Atom:
    return call.atom(operators.binary(call.ctx, call.node, operator, a, b))


_OF_ARRAYS = {
    "math.prod": "np.prod(x)",
    "math.fsum": "np.sum(x)",
    "math.sumprod": "p @ q",
    "math.dist": "np.linalg.norm(p - q)",
}


def _items(call: Call, x: Binding) -> list[Binding]:
    """The entries of what has a length known while compiling."""
    items = iteration.static_items(call.ctx, call.node, x)
    if items is None:
        call.refuse(
            f"{call.name} takes what has a length known while compiling",
            f"of an array: {_OF_ARRAYS.get(call.name, 'write a loop')}",
        )
    return list(items)


def exact_sum(call: Call) -> Binding:
    """``math.fsum(x)`` of a tuple or vector."""
    (x,) = call.bind("seq")
    if isinstance(x, ArrayRef | ListRef):
        return call.result("fsum", call.atom(x))
    return _fsum(call, [call.atom(item) for item in _items(call, x)])


def _fsum(call: Call, atoms: Sequence[Atom]) -> Binding:
    if not atoms:
        return Dyn(constant(0.0))
    return call.result("fsum", *atoms)


def product(call: Call) -> Binding:
    """``math.prod(x, start=1)``, from left to right."""
    x, start = call.bind("iterable", start=Dyn(constant(1)))
    if isinstance(x, ArrayRef) and x.type.ndim == 1:
        result = call.result("prod", call.atom(x), axis=None, keepdims=False)
        if known_int(start) == 1:
            return result
        return operators.binary(call.ctx, call.node, ast.Mult(), start, result)
    if isinstance(x, ListRef):
        return listing.call(call.ctx, call.node, iterating.multiplied, x, start)
    result = start
    for item in _items(call, x):
        if known_int(result) == 1:
            result = item
        else:
            result = operators.binary(call.ctx, call.node, ast.Mult(), result, item)
    return result


def sum_of_products(call: Call) -> Binding:
    """``math.sumprod(p, q)``."""
    p, q = (_items(call, x) for x in call.bind("p", "q"))
    if len(p) != len(q):
        call.refuse(
            "both operands of math.sumprod must have the same length",
            f"the first has {len(p)} items, the second {len(q)}",
        )
    atoms = [_binary(call, ast.Mult(), a, b) for a, b in zip(p, q, strict=True)]
    if all(isinstance(a.type, Scalar) and a.type.dtype != "float64" for a in atoms):
        call.refuse("math.sumprod of integers", "write sum(a * b for ...) as a loop")
    return _fsum(call, atoms)


def close(call: Call) -> Binding:
    """``math.isclose(a, b, rel_tol=1e-9, abs_tol=0.0)``."""
    defaults = {"rel_tol": Dyn(constant(1e-9)), "abs_tol": Dyn(constant(0.0))}
    atoms = [call.atom(x) for x in call.bind("a", "b", **defaults)]
    return call.result("isclose", *atoms)


def scaled(call: Call) -> Binding:
    """``math.ldexp(x, i)``."""
    x, i = call.bind("x", "i")
    return call.result("ldexp", call.atom(x), call.atom(i), via="math")


def parts(name: str) -> Handler:
    """``math.frexp(x)`` and ``math.modf(x)`` give two numbers."""

    def handle(call: Call) -> Binding:
        (x,) = call.bind("x")
        results = call.ctx.emit_all(call.node, name, call.atom(x))
        return TupleVal(tuple(map(Dyn, results)))

    return handle


def _integers(call: Call, name: str, *bindings: Binding) -> Atom:
    """A row on integers, computed where they are known."""
    atoms = [call.atom(b) for b in bindings]
    known = fold(getattr(math, name), *atoms)
    return call.emit(name, *atoms) if known is None else known


def of_integers(name: str, *parameters: str) -> Handler:
    """``math.comb(n, k)``, ``math.isqrt(n)`` and their like."""

    def handle(call: Call) -> Binding:
        return Dyn(_integers(call, name, *call.bind(*parameters)))

    return handle


def permutations(call: Call) -> Binding:
    """``math.perm(n, k)``, and ``math.perm(n)``, all of them."""
    n, k = call.bind("n", k=None)
    if k == NONE:
        return Dyn(_integers(call, "factorial", n))
    return Dyn(_integers(call, "perm", n, k))


def of_all(name: str) -> Handler:
    """``math.gcd(*integers)`` and ``math.lcm(*integers)``."""
    neutral = getattr(math, name)()

    def handle(call: Call) -> Binding:
        call.bind(*(f"x{k}" for k in range(len(call.args))))
        result: Binding = Dyn(constant(neutral))
        for x in call.args:
            result = Dyn(_integers(call, name, result, x))
        return result

    return handle


def plain(name: str, *parameters: str) -> Handler:
    """A row of `math` alone."""

    def handle(call: Call) -> Binding:
        return call.result(name, *map(call.atom, call.bind(*parameters)))

    return handle


_BY_NAME: dict[str, Handler] = {
    "log": log,
    "hypot": hypot,
    "dist": distance,
    "fsum": exact_sum,
    "prod": product,
    "sumprod": sum_of_products,
    "isclose": close,
    "ldexp": scaled,
    "frexp": parts("frexp"),
    "modf": parts("modf"),
    "comb": of_integers("comb", "n", "k"),
    "factorial": of_integers("factorial", "x"),
    "isqrt": of_integers("isqrt", "n"),
    "perm": permutations,
    "gcd": of_all("gcd"),
    "lcm": of_all("lcm"),
    "remainder": plain("ieee_remainder", "x", "y"),
    "nextafter": plain("nextafter", "x", "y"),
    "ulp": plain("ulp", "x"),
}

# Some are of newer Pythons.
FUNCTIONS: dict[Hashable, Handler] = {
    getattr(math, name): handler
    for name, handler in _BY_NAME.items()
    if hasattr(math, name)
}
