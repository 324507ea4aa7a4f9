"""What values without a name are, in a word.

In: a function's region. Out: the same, in which each value that one statement computes
and that has no name has a *noun*, made of the primitive and of the names of what it is
computed from. Invariant: nouns change names in emitted code and nothing else; they are
given before a derivative is taken, whose values are called after those of the primal.

    t = sin(x)             ->   t is the ``sin_x``, its cotangent ``sin_x_bar``
    u = multiply(t, y)          u is a ``product``, its cotangent ``product_bar``

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.types import PY_FLOAT
>>> x, b = fresh_var(PY_FLOAT, "x"), Builder()
>>> t = b.apply("sin", x, via="math")
>>> _ = b.apply("multiply", t, b.apply("power", x, constant(2)))
>>> region = with_nouns(b.region((x,), ()))
>>> [let.results[0].noun for let in region.body]
['sin_x', 'x_squared', 'product']
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from adcompiler.ir.nodes import Atom, Const, Let, Region, Stmt, Var
from adcompiler.ir.types import PY_INT, Array, ListOf, Scalar
from adcompiler.ir.walk import all_stmts, rebuild

_WORDS: dict[str, str | None] = {
    "store": None,
    "accumulate": None,
    "scatter": None,
    "scatter_add": None,
    "copy": None,
    "add": "total",
    "subtract": "difference",
    "multiply": "product",
    "divide": "quotient",
    "ieee_divide": "quotient",
    "floor_divide": "quotient",
    "power": "power",
    "negative": "negated",
    "matmul": "product",
    "einsum": "product",
    "matrix_diagonal": "diagonal",
    "sum": "summed",
    "sum_to": "summed",
    "prod": "product",
    "max": "largest",
    "min": "least",
    "maximum": "larger",
    "minimum": "smaller",
    "argmax": "position",
    "argmin": "position",
    "size": "size",
    "where": "selected",
    "load": "part",
    "list_get": "item",
    "list_length": "count",
    "list_stack": "array",
    "list_concatenate": "joined",
    "list_split": "parts",
    "list_sum": "summed",
    "gather": "part",
    "transpose": "transposed",
    "reshape": "reshaped",
    "reshape_like": "reshaped",
    "broadcast_to": "spread",
    "zeros": "zeros",
    "zeros_like": "zeros",
    "range_length": "trips",
    "solve": "solution",
    "inv": "inverse",
    "cholesky": "factor",
    "row_order": "order",
    "row_swaps": "swaps",
    "eigvalsh": "values",
    "svdvals": "values",
    "over_gaps": "turn",
    "call": "value",
    "unpack": "saved",
    "pack": "residuals",
    "residuals_none": "residuals",
    "residuals_zeros": "residuals",
    "residuals_add": "residuals",
}
# Of several results.
_PARTS: dict[str, tuple[str, ...]] = {
    "eigh": ("values", "vectors"),
    "eig": ("values", "vectors"),
    "svd": ("u", "s", "vh"),
    "full_svd": ("u", "s", "vh"),
    "qr": ("q", "r"),
    "full_qr": ("q", "r"),
    "lu": ("order", "lower", "upper"),
    "lstsq": ("solution", "residuals", "rank", "s"),
}
_COMPARISONS = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
# Functions that are read with what they are applied to: ``sin_x``.
_FUNCTIONS = frozenset(
    {"sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"}
    | {"exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "erf"}
)
# What is made of an array: ``x_sum``.
_REDUCTIONS = frozenset({"sum", "mean", "max", "min", "prod", "cumsum", "cumprod"})
_POWERS = {2: "squared", 3: "cubed"}
_LENGTHS = frozenset({"shape", "size"})
_BETWEEN = {"add": "plus", "subtract": "minus", "divide": "over"}
# Names of more characters are no part of others: of all, and of those of two.
LONGEST, SHORT = 12, 6


def own_name(var: Var) -> str | None:
    """The name that a value has."""
    return var.name


def noun_of(let: Let, name_of: Callable[[Var], str | None] = own_name) -> str | None:
    """What a statement computes, in a word; None where the primitive's name is none."""
    name = let.primitive.name
    source = let.operands[0] if let.operands else None
    found = name_of(source) if isinstance(source, Var) else None
    base = found if found is not None and len(found) <= LONGEST else None
    match name:
        case "shape":
            return "n" if let.param("axis") == 0 else "m"
        case "list_get" if found:
            return f"{found}_item"
        case "load" if found:
            return f"{found}_{_part(let)}"
        case "add" | "subtract" if isinstance(let.operands[1], Const):
            if let.results[0].type == PY_INT:
                return _moved(let, base) or _WORDS[name]
        case "add" | "subtract" | "multiply" | "matmul" | "divide":
            pair = [name_of(a) if isinstance(a, Var) else None for a in let.operands]
            return _of_two(name, *pair) or _WORDS[name]
        case "power" if base and _whole(let.operands[1]) in _POWERS:
            return f"{base}_{_POWERS[_whole(let.operands[1])]}"
    if name in _COMPARISONS or name.startswith(("logical", "is")):
        return "mask" if isinstance(let.results[0].type, Array) else "condition"
    if base and name in _FUNCTIONS:
        return f"{name}_{base}"
    if base and name in _REDUCTIONS and isinstance(let.operands[0].type, Array):
        return f"{base}_{name}"
    return _WORDS.get(name, name)


def _whole(atom: Atom) -> int:
    """A number that is whole; 0 for anything else."""
    if not isinstance(atom, Const) or not np.isfinite(atom.value):
        return 0
    return int(atom.value) if atom.value == int(atom.value) else 0


def _moved(let: Let, base: str | None) -> str | None:
    """An index or a length and a few more, or less: ``n_plus_1``; one less than a
    length is the last index."""
    count, minus = _whole(let.operands[1]), let.primitive.name == "subtract"
    if base is None:
        return "last" if minus and count == 1 else None
    if not 0 < count < 10:
        return None
    return f"{base}_{'minus' if minus else 'plus'}_{count}"


def _of_two(name: str, left: str | None, right: str | None) -> str | None:
    """What is made of two values of short names: ``rho_minus_z``, ``ax``."""
    if left is None or right is None or "_" in left + right:
        return None
    if name in ("multiply", "matmul"):
        if left == right and name == "multiply":
            return f"{left}_squared" if len(left) <= SHORT else None
        return f"{left}{right}" if len(left) == len(right) == 1 else None
    if left == right or len(left) > SHORT or len(right) > SHORT:
        return None
    return f"{left}_{_BETWEEN[name]}_{right}"


def _part(load: Let) -> str:
    """What a load takes out of an array."""
    index = [entry for entry in load.param("index") if entry != "new"]
    if isinstance(load.results[0].type, Scalar):
        return "item"
    if index == ["int"]:
        return "row"
    return "column" if index == ["full", "int"] else "part"


def with_nouns(region: Region) -> Region:
    """The region with a noun for each value without a name that a statement gives."""
    known: dict[Var, Var] = {}
    for stmt in all_stmts(region):
        if isinstance(stmt, Let) and len(stmt.results) == 1:
            (result,) = stmt.results
            if result.name is None and not isinstance(result.type, ListOf):
                noun = result.noun or noun_of(stmt)
                known[result] = replace(result, noun=noun)
        elif isinstance(stmt, Let) and stmt.primitive.name in _PARTS:
            for result, part in zip(
                stmt.results, _PARTS[stmt.primitive.name], strict=True
            ):
                if result.name is None:
                    known[result] = replace(result, noun=part)

    def define(var: Var) -> Var:
        return known.get(var, var)

    def atom(a: Atom) -> Atom:
        return known.get(a, a) if isinstance(a, Var) else a

    def inner(r: Region) -> Region:
        body: tuple[Stmt, ...] = tuple(rebuild(s, atom, inner, define) for s in r.body)
        results = tuple(map(atom, r.results))
        return replace(r, body=body, results=results)

    return inner(region)
