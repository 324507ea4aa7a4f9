"""Which exception an application raises, and under which condition.

In: the types of the operands (and params). Out: what rows state as `raises`: for each
exception the condition, a formula over the operands that gives a bool.
Invariants: conditions are tested in order, the first that holds raises; each reads what
cannot fail by itself. A condition that only the routine can tell (a singular matrix) is
None. Lengths that the types show to agree are not tested: where nothing is left to
test, nothing raises. Memory is taken to suffice, and ints to have 64 bits.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Literal

from adcompiler.ir.builder import Expr
from adcompiler.ir.primitive import RaiseRule, Raises
from adcompiler.ir.types import Scalar, Type, dims_of
from adcompiler.primitives.rules import length, number
from adcompiler.primitives.typerules import (
    Params,
    Types,
    all_scalars,
    broadcasts_safely,
    is_python,
    lengths_agree,
)

Found = tuple[Raises, ...]


# --- Formulas -----------------------------------------------------------------------


def both(left: Expr, right: Expr) -> Expr:
    """Whether both conditions hold."""
    return left.call("logical_and", right, via="builtin")


def either(left: Expr, right: Expr) -> Expr:
    """Whether one of two conditions holds."""
    return left.call("logical_or", right, via="builtin")


def never(condition: Expr) -> Expr:
    """Whether a condition does not hold."""
    return condition.call("logical_not", via="builtin")


def any_of(tests: Sequence[Expr]) -> Expr:
    """Whether one of some conditions holds."""
    total = tests[0]
    for test in tests[1:]:
        total = either(total, test)
    return total


def differ(left: Expr, right: Expr) -> Expr:
    """Whether two lengths differ and the second is not stretched to the first."""
    return both(left.call("not_equal", right), right.call("not_equal", 1))


def unfit(value: Expr, lengths: Sequence[Expr]) -> Expr:
    """Whether a value written to a part of these lengths does not fit.

    Ones in front of its own shape do not count.
    """
    rank, mine = len(lengths), len(dims_of(value.type))
    lead = [length(value, k).call("not_equal", 1) for k in range(mine - rank)]
    rest = range(1, min(rank, mine) + 1)
    return any_of(lead + [differ(lengths[-k], length(value, mine - k)) for k in rest])


def always(*operands: Expr) -> Expr:
    """What raises wherever it runs."""
    return number(operands[0], 1).call("equal", 1)


# --- Shapes -------------------------------------------------------------------------


def clash(*xs: Expr) -> Expr:
    """Whether the shapes do not broadcast together."""
    tests = []
    arrays = [x for x in xs if dims_of(x.type)]
    for a, b in itertools.combinations(arrays, 2):
        left, right = dims_of(a.type), dims_of(b.type)
        for k in range(1, min(len(left), len(right)) + 1):
            if not lengths_agree(left[-k], right[-k]):
                m, n = length(a, len(left) - k), length(b, len(right) - k)
                tests.append(both(m.call("not_equal", 1), differ(m, n)))
    return any_of(tests)


def broadcasting(types: Types, params: Params) -> Found:
    """ValueError unless the lengths are known to agree."""
    safe = broadcasts_safely(map(dims_of, types))
    return () if safe else (Raises("ValueError", clash),)


def axes_differ(skip: int | None = None) -> Callable[..., Expr]:
    """Whether the shapes differ on an axis other than this one."""

    def when(*xs: Expr) -> Expr:
        first, *rest = xs
        axes = [k for k in range(len(dims_of(first.type))) if k != skip]
        return any_of(
            [
                length(first, k).call("not_equal", length(x, k))
                for x in rest
                for k in axes
            ]
        )

    return when


def negative_length(start: int = 0) -> Callable[..., Expr]:
    """Whether a length is negative; lengths are the operands from `start` on."""

    def when(*operands: Expr) -> Expr:
        return any_of([n.call("less", 0) for n in operands[start:]])

    return when


def of_lengths(start: int = 0) -> RaiseRule:
    """ValueError where a length is negative."""

    def rule(types: Types, params: Params) -> Found:
        found = Raises("ValueError", negative_length(start))
        return (found,) if len(types) > start else ()

    return rule


# --- Numbers ------------------------------------------------------------------------


def kind_of(types: Sequence[Type]) -> Literal["python"] | None:
    """At which run-time kind Python's rules hold: always (None), or "python" alone."""
    open_ = any(isinstance(t, Scalar) and t.kind == "either" for t in types)
    return "python" if open_ else None


def division(types: Types, params: Params) -> Found:
    """Python numbers raise ZeroDivisionError; NumPy's give inf or nan."""
    if params.get("via") != "np" and all(map(is_python, types)):
        zero = lambda a, b: b.call("equal", 0)  # noqa: E731
        return (Raises("ZeroDivisionError", zero, kind_of(types)),)
    return broadcasting(types, params)


def float_of(x: Expr) -> Expr:
    """A number as `math` takes it, but one that NumPy's rules hold for."""
    return x.call("cast", dtype="float64", via="scalar")


def made_nan(y: Expr, *operands: Expr) -> Expr:
    """Whether a result is nan though no operand is."""
    found = y.call("isnan")
    for x in operands:
        found = both(found, never(x.call("isnan")))
    return found


def made_infinite(y: Expr, *operands: Expr) -> Expr:
    """Whether a result is infinite though all operands are finite."""
    found = y.call("isinf")
    for x in operands:
        found = both(found, x.call("isfinite"))
    return found


def of_math(name: str, *, overflows: bool = False, poles: bool = True) -> RaiseRule:
    """The domain errors of a function of `math`; NumPy's gives nan.

    Where it `overflows` it has the value nan of nan alone; `poles` are domain errors.
    """

    def at(*operands: Expr) -> tuple[Expr, list[Expr]]:
        numbers = [float_of(x) for x in operands]
        return numbers[0].call(name, *numbers[1:]), numbers

    def outside(*operands: Expr) -> Expr:
        y, numbers = at(*operands)
        test = made_nan(y, *numbers)
        return either(test, made_infinite(y, *numbers)) if poles else test

    def too_large(*operands: Expr) -> Expr:
        y, numbers = at(*operands)
        return made_infinite(y, *numbers)

    def rule(types: Types, params: Params) -> Found:
        if params.get("via") != "math":
            return broadcasting(types, params)
        if overflows:
            return (Raises("OverflowError", too_large),)
        return (Raises("ValueError", outside),)

    return rule


def to_int(types: Types, params: Params) -> Found:
    """A float as an int: nan and the infinities have none."""
    if getattr(types[0], "dtype", "") in ("int64", "bool"):
        return ()
    return (
        Raises("ValueError", lambda x: x.call("isnan")),
        Raises("OverflowError", lambda x: x.call("isinf")),
    )


def fractional_power(a: Expr, b: Expr) -> Expr:
    """A finite negative number to a finite power that is not whole."""
    fraction = b.call("not_equal", b.call("floor"))
    finite = both(a.call("isfinite"), b.call("isfinite"))
    return both(both(a.call("less", 0), fraction), finite)


def integer_power(types: Types) -> Found:
    """NumPy's integers to negative powers."""
    if all_scalars(types):
        when = lambda a, b: b.call("less", 0)  # noqa: E731
    else:
        when = _some_negative
    return (Raises("ValueError", when),)


def _some_negative(a: Expr, b: Expr) -> Expr:
    """Whether an exponent is negative, unless there is nothing to compute."""
    least = b.call("less", 0)
    found = least.call("any", axis=None, keepdims=False) if dims_of(b.type) else least
    for x in (a, b):
        if dims_of(x.type):
            found = both(found, x.call("size").call("greater", 0))
    return found
