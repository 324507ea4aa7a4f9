"""What the tests of primitives share: building, running and differentiating one row.

In: a row's name, operand values and params. Out: a straight-line `Function`, its value,
its derivatives by the compiler's drivers and by Richardson differences.
Invariant: `run` checks every statement that it evaluates: the result has the inferred
type, and the spelled source computes the same value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import adcompiler.primitives  # noqa: F401  (fills the registry)
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Const, Function, Let, Var, fresh_var
from adcompiler.ir.primitive import ATOM, PRIMITIVES, UNARY, Piece, Storage
from adcompiler.ir.types import (
    Array,
    Dim,
    ListOf,
    Scalar,
    Type,
    drop_dim,
    fresh_dim,
    is_float,
)
from adcompiler.lowering.aliasing import is_view
from adcompiler.primitives.spelling import HELPERS, MODULES
from tests.numerics import LADDER, extrapolate

WRITES = {"store", "accumulate", "scatter", "scatter_add"}
HOLDING = {"list_get", "unpack", "pack", "call", "ruled"}


@dataclass(frozen=True)
class Case:
    """One application: operand values (constants wrapped in `Const`) and params."""

    name: str
    values: tuple
    params: dict = field(default_factory=dict)
    label: str = ""
    second: bool = True
    result: int = 0  # the one that is differentiated

    def __str__(self) -> str:
        return f"{self.name}-{self.label}" if self.label else self.name


# --- building ---------------------------------------------------------------------


def type_of(value: Any, lengths: str = "known") -> Type:
    """The type of a run-time value; its lengths are numbers or symbols."""
    if isinstance(value, np.ndarray):
        return Array(str(value.dtype), tuple(_length(n, lengths) for n in value.shape))
    if isinstance(value, list):
        return ListOf(type_of(value[0], lengths))
    return constant(value).type


_symbols: dict[int, Dim] = {}


def _length(n: int, lengths: str):
    if lengths == "known" or (lengths == "specialised" and n == 1):
        return n
    if lengths == "specialised":
        return _symbols.setdefault(n, fresh_dim(not_one=True))
    return fresh_dim()


def build(case: Case, lengths: str = "known") -> tuple[Function, tuple]:
    """The row as a function of its operands, and the arguments to call it with."""
    builder, params, atoms, arguments = Builder(), [], [], []
    for k, value in enumerate(case.values):
        if isinstance(value, Const):
            atoms.append(value)
            continue
        params.append(fresh_var(type_of(value, lengths), f"x{k}"))
        atoms.append(params[-1])
        arguments.append(value)
    results = builder.apply_all(case.name, *atoms, **case.params)
    return Function(case.name, builder.region(tuple(params), results)), tuple(arguments)


def weighted_sum(function: Function, result: int = 0) -> Function:
    """sum(w * y) for a weight w added to the parameters, y one of the results."""
    y = function.results[result]
    builder = Builder(list(function.region.body))
    w = fresh_var(y.type, "w")
    total = builder.expr(y) * builder.expr(w)
    if isinstance(y.type, Array):
        total = total.call("sum", axis=None, keepdims=False)
    return Function("s", builder.region((*function.params, w), (total.atom,)))


# --- running ----------------------------------------------------------------------


def run(function: Function, *arguments: Any) -> tuple:
    """The results, every statement checked against its type and its source."""
    env: dict[Var, Any] = {}
    lengths: dict[Dim, int] = {}
    for param, value in zip(function.params, arguments, strict=True):
        check_type(value, param.type, lengths)
        env[param] = value
    with np.errstate(all="ignore"):
        for let in function.region.body:
            _step(let, env, lengths)
    return tuple(_value(a, env) for a in function.results)


def _value(atom: Any, env: dict[Var, Any]) -> Any:
    return atom.value if isinstance(atom, Const) else env[atom]


def _step(let: Let, env: dict[Var, Any], lengths: dict[Dim, int]) -> None:
    values = [_value(a, env) for a in let.operands]
    found = let.primitive.evaluate(*values, **dict(let.params))
    results = found if len(let.results) > 1 else (found,)
    check_spelling(let, values, found)
    for var, value in zip(let.results, results, strict=True):
        try:
            check_type(value, var.type, lengths)
        except AssertionError as error:
            raise AssertionError(
                f"{let.primitive.name} {let.params}: {error}"
            ) from None
        env[var] = value


def check_type(value: Any, type_: Type, lengths: dict[Dim, int]) -> None:
    """The value is one of this type, and equal symbols are equal lengths."""
    match type_:
        case ListOf():
            assert isinstance(value, list), f"{value!r} is not {type_}"
        case Scalar():
            number = not isinstance(value, np.ndarray)
            assert number, f"{value!r} is not {type_}"
            assert str(np.asarray(value).dtype) == type_.dtype, f"{value!r}: {type_}"
            python = not isinstance(value, np.generic)
            kinds = {"python": (True,), "numpy": (False,), "either": (True, False)}
            assert python in kinds[type_.kind], f"{value!r} is not {type_}"
        case Array():
            assert isinstance(value, np.ndarray), f"{value!r} is not {type_}"
            assert str(value.dtype) == type_.dtype, f"{value.dtype}: {type_}"
            assert value.ndim == type_.ndim, f"{value.shape}: {type_}"
            for n, dim in zip(value.shape, type_.dims, strict=True):
                _check_length(n, dim, lengths)


def _check_length(n: int, dim: Any, lengths: dict[Dim, int]) -> None:
    if isinstance(dim, int):
        assert n == dim, f"length {n}, inferred {dim}"
        return
    assert not (dim.not_one and n == 1), "a length of 1 is stated not to be 1"
    if isinstance(dim.key, tuple) and dim.key[0] == "drop":
        _, base, count = dim.key
        if base in lengths:
            assert n == drop_dim(lengths[base], count)
    assert lengths.setdefault(dim, n) == n, "equal symbols, different lengths"


# --- source -----------------------------------------------------------------------


def check_spelling(let: Let, values: list, expected: Any) -> None:
    """The source computes the value, with the same type."""
    names = {f"a{k}": v for k, v in enumerate(values)}
    pieces = tuple(piece_of(a, k) for k, a in enumerate(let.operands))
    space: dict[str, Any] = {}
    for source in (*MODULES.values(), *HELPERS.values()):
        exec(source, space)
    space |= names
    if let.primitive.name in WRITES:
        space["a0"] = space["a0"].copy()
        text = let.primitive.spell(let, pieces).text
        exec(text.replace("a0[]", "a0[...]"), space)
        found = space["a0"]
    elif let.primitive.writes:
        return
    else:
        found = eval(let.primitive.spell(let, pieces).text, space)
    if let.primitive.name.startswith("empty"):
        return
    assert type(found) is type(expected), let.primitive.spell(let, pieces).text
    check_memory(let, values, found)
    if let.primitive.name == "sum_to":  # a sum of sums, or one over all axes
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    elif isinstance(expected, tuple):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)
    else:
        np.testing.assert_array_equal(found, expected)


def check_memory(let: Let, values: list, found: Any) -> None:
    """What the source gives may be stored to, and is new memory, unless it is known
    not to be."""
    if let.primitive.name in WRITES or let.primitive.name in HOLDING:
        return
    arrays = [v for v in values if isinstance(v, np.ndarray)]
    for result in found if isinstance(found, tuple) else (found,):
        if not isinstance(result, np.ndarray):
            continue
        name = let.primitive.name
        given = all(array.flags.writeable for array in arrays)
        read_only = let.primitive.storage is Storage.READ_ONLY
        writeable = result.flags.writeable or not given or read_only
        assert writeable, f"{name} is read-only"
        if not is_view(let):
            own = not any(np.shares_memory(result, array) for array in arrays)
            assert own, f"{name} shares memory with its operand"


def piece_of(atom: Any, k: int) -> Piece:
    if isinstance(atom, Var):
        return Piece(f"a{k}", ATOM)
    value = atom.value
    text = repr(value)
    if isinstance(value, float) and not math.isfinite(value):
        text = f"float('{value}')"
    negative = not isinstance(value, bool) and value < 0
    return Piece(text, UNARY if negative and not text.startswith("float") else ATOM)


# --- derivatives ------------------------------------------------------------------


def float_positions(function: Function) -> tuple[int, ...]:
    """The parameters that have a derivative by the row."""
    (let,) = (s for s in function.region.body[:1])
    row, found = let.primitive, []
    for k, param in enumerate(function.params):
        position = let.operands.index(param)
        if not is_float(param.type):
            continue
        if row.partials is not None and row.partials[position] is None:
            continue
        if row.linear is not None and position not in row.linear:
            continue
        found.append(k)
    return tuple(found)


def random_like(value: Any, rng: np.random.Generator) -> Any:
    """A direction: the shape, dtype and kind of a value."""
    noise = rng.uniform(0.5, 1.5, np.shape(value)) * rng.choice([-1, 1])
    if isinstance(value, np.ndarray):
        return np.asarray(noise, value.dtype)
    if isinstance(value, np.generic):
        return value.dtype.type(noise)
    return float(noise)


def moved(arguments: tuple, positions: tuple, directions: tuple, h: float) -> tuple:
    """The arguments a step along the directions, in double precision."""
    result = list(arguments)
    for k, direction in zip(positions, directions, strict=True):
        here = arguments[k]
        step = here + h * np.asarray(direction, float)
        result[k] = np.asarray(step) if isinstance(here, np.ndarray) else float(step)
    return tuple(result)


def directional(f: Any, arguments: tuple, positions: tuple, directions: tuple):
    """Richardson's derivative of f along the directions, with its error."""

    def central(h: float) -> np.ndarray:
        above = np.asarray(f(*moved(arguments, positions, directions, h)), float)
        below = np.asarray(f(*moved(arguments, positions, directions, -h)), float)
        return np.atleast_1d((above - below) / (2 * h))

    return extrapolate(central, LADDER)


def dot(left: tuple, right: tuple) -> float:
    """The inner product of two tuples of values."""
    return float(sum(np.sum(np.asarray(a, float) * b) for a, b in zip(left, right)))


def rows_covered(cases: list[Case]) -> set[str]:
    """Rows that no case exercises."""
    return set(PRIMITIVES) - {c.name for c in cases}
