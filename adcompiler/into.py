"""``out=``: gradients go to arrays that the caller gives.

In: a program, a request, and arrays in the structure of the gradients. Out: what the
program gives, with these arrays in the place of its own.
Invariants: nothing is written before all arrays are known to fit: their shapes, dtypes
and that they share memory neither with arguments nor with each other. Machine code
writes to arrays in C order itself; to others, and by the NumPy program, gradients are
copied when they are there. Where a call raises, what they hold is not said. Calls like
the one before go straight to machine code (`repeated`), and come here where arrays do
not fit.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from adcompiler.evaluation import (
    arguments_of,
    check_shapes,
    flattened,
    overlaps_itself,
    result_of,
)
from adcompiler.frontend.interface import ResultTree, ResultTuple
from adcompiler.ir.types import Array, Type
from adcompiler.programs import Program, Request

__all__ = ["run_into", "takes_out"]

Target = np.ndarray[Any, Any]


def takes_out(kind: str, signature: inspect.Signature) -> bool:
    """Whether ``out=`` is the derivative's own: a function that has a parameter of that
    name, or takes any, is given it."""
    if kind not in ("grad", "value_and_grad"):
        return False
    parameters = signature.parameters.values()
    return not any(p.name == "out" or p.kind is p.VAR_KEYWORD for p in parameters)


def run_into(program: Program, request: Request, out: Any, *, valued: bool) -> Any:
    """What the program gives, its gradients in the arrays of `out`.

    `out` is None where a gradient is to have memory of its own. `valued`: the value
    comes before the gradients.
    """
    arguments = arguments_of(program, request)
    tree = program.outline.result
    if valued:
        assert isinstance(tree, ResultTuple)
        tree = tree.items[1]
    targets = dict(_targets(tree, out, program, arguments))
    _refuse_shared_memory(program, targets, arguments)
    results = list(_results(program, arguments, targets))
    shapes = [np.shape(arguments[k]) for k in program.wrt]
    check_shapes(program, tuple(results), shapes)
    for k, target in targets.items():
        if results[k] is not target:
            target[...] = results[k]
            results[k] = target
    return result_of(program, tuple(results))


# --- What is given --------------------------------------------------------------------


def _targets(
    tree: ResultTree, out: Any, program: Program, arguments: Sequence[Any]
) -> Iterator[tuple[int, Target]]:
    """The arrays that are given, by the indices of the results that they are for."""
    first = len(program.types) - len(program.wrt)
    seen: set[int] = set()
    for k, given in flattened(tree, out, "out"):
        if given is None:
            continue
        if k < first:
            raise TypeError("out has an array for what is no gradient")
        if k in seen:
            raise TypeError("out has two arrays for one gradient")
        seen.add(k)
        place = program.wrt[k - first]
        name = program.outline.params[place].name
        what = f"out for the gradient by {name}" if name else "out"
        wanted = np.shape(arguments[place])
        yield k, _checked(given, program.types[k], wanted, what)


def _checked(given: Any, type_: Type, shape: tuple[int, ...], what: str) -> Target:
    """An array that a gradient may be written to."""
    if not isinstance(type_, Array):
        raise TypeError(f"{what}: the gradient is a number; write None in its place")
    if not isinstance(given, np.ndarray):
        raise TypeError(f"{what} is no array but {type(given).__name__}")
    if given.dtype != np.dtype(type_.dtype):
        raise TypeError(f"{what} is of dtype {given.dtype}, not {type_.dtype}")
    if given.shape != shape:
        raise ValueError(f"{what} has shape {given.shape}, not {shape}")
    if not given.flags.writeable:
        raise ValueError(f"{what} is read-only")
    if overlaps_itself(given):
        raise ValueError(f"elements of {what} share memory")
    return given


def _refuse_shared_memory(
    program: Program, targets: Mapping[int, Target], arguments: Sequence[Any]
) -> None:
    params = program.outline.params
    given = list(targets.values())
    for k, target in enumerate(given):
        for param, value in zip(params, arguments, strict=True):
            if isinstance(value, np.ndarray) and _overlap(target, value):
                raise ValueError(
                    f"out shares memory with {param.name}, which is read while "
                    "gradients are written: give another array"
                )
        if any(_overlap(target, other) for other in given[:k]):
            raise ValueError("two arrays of out share memory")


def _overlap(left: Target, right: Target) -> bool:
    return np.may_share_memory(left, right) and bool(np.shares_memory(left, right))


# --- Running --------------------------------------------------------------------------


def _results(
    program: Program, arguments: Sequence[Any], targets: Mapping[int, Target]
) -> Sequence[Any]:
    """The results, those that machine code can write to arrays there."""
    pairs = _places(program)
    plain = all(t.flags.c_contiguous and t.flags.aligned for t in targets.values())
    if plain and targets:
        call = program.built.writing(pairs, _not_served)
        if call is not None:
            places = [
                targets[k]
                if k in targets
                else np.empty_like(arguments[param], order="C")
                for k, param in pairs
            ]
            found = call(*arguments, *places)
            if found is not None:
                return tuple(found)
    return program.call(*arguments)


def _places(program: Program) -> list[tuple[int, int]]:
    """The gradients that are arrays, each with the parameter that has its shape."""
    first = len(program.types) - len(program.wrt)
    return [
        (first + n, param)
        for n, param in enumerate(program.wrt)
        if isinstance(program.types[first + n], Array)
    ]


def _not_served(*_: Any) -> None:
    """What the machine code does not serve is computed anew, and copied."""
