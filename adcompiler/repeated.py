"""A call like the one before: straight to the machine code.

In: a program and the request that it has served. Out: a callable on arguments, which
gives what the program does, or `MISS` for any that are not alike.
Invariants: the entry checks types, ranks, dtypes and layouts; guards are checked anew,
and what was captured is read anew, as on the long way. What stores into its arguments,
and what takes containers or values known while compiling, always goes that way.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from adcompiler.evaluation import as_type
from adcompiler.frontend.interface import (
    LeafSpec,
    ResultLeaf,
    ResultStatic,
    ResultTree,
)
from adcompiler.frontend.specialise import guards_hold
from adcompiler.frontend.structures import made
from adcompiler.ir.types import Array, Scalar, Type
from adcompiler.programs import Program, Request

__all__ = ["MISS", "Repeated", "repeated"]

Results = tuple[Any, ...]


class _Miss:
    """The answer to a call that is not alike."""

    def __repr__(self) -> str:
        return "MISS"


MISS = _Miss()


def _miss(*_: Any) -> Any:
    return MISS


class Repeated:
    """A program, called without a request."""

    __slots__ = ("_call", "_captures", "_count", "_finish", "_guards", "_shaped")

    def __init__(self, program: Program, call: Callable[..., Any], count: int) -> None:
        lowered = program.lowered
        self._call = call
        self._count = count
        self._guards = lowered.guards
        self._captures = tuple(c.read for c in lowered.captures)
        self._finish = _finisher(lowered.result, program)
        first = len(program.types) - len(program.wrt)
        self._shaped = tuple(
            (first + n, k)
            for n, k in enumerate(program.wrt)
            if isinstance(program.types[first + n], Array)
        )

    def __call__(self, args: tuple[Any, ...]) -> Any:
        if len(args) != self._count or not guards_hold(self._guards, ()):
            return MISS
        if self._captures:
            args = (*args, *(read() for read in self._captures))
        results = self._call(*args)
        if results is MISS:
            return MISS
        for result, argument in self._shaped:
            if results[result].shape != args[argument].shape:
                return MISS  # the long way says what is wrong
        return self._finish(results)


def repeated(program: Program, request: Request) -> Repeated | None:
    """The short way of calls like this one, if there is one."""
    plain = all(isinstance(s, LeafSpec) for s in request.specs.values())
    if not plain or program.statics or program.lowered.mutated or program.pullback:
        return None
    if len(request.passed) != len(request.specs):
        return None
    call = program.built.sharing(_miss)
    return None if call is None else Repeated(program, call, len(request.specs))


def _finisher(tree: ResultTree, program: Program) -> Callable[[Results], Any]:
    """What puts results together."""
    types = program.types
    given = [atom.type for atom in program.lowered.function.results]
    exact = list(map(_is_exact, given, types))
    if all(exact) and _whole(tree) == tuple(range(len(types))):
        return lambda results: results

    def visit(tree: ResultTree) -> Callable[[Results], Any]:
        match tree:
            case ResultLeaf(index=index) if exact[index]:
                return operator.itemgetter(index)
            case ResultLeaf(index=index):
                return lambda results: as_type(results[index], types[index])
            case ResultStatic(value=value):
                return lambda results: value
            case _:
                cls, parts = tree.cls, [visit(t) for t in tree.items]
                return lambda results: made(cls, (part(results) for part in parts))

    return visit(tree)


def _is_exact(given: Type, wanted: Type) -> bool:
    """Whether results of a type are handed back as they come."""
    match given, wanted:
        case Scalar(), Scalar():
            return wanted.kind == "either" or given == wanted
        case Array(), Array():
            return (given.dtype, given.ndim) == (wanted.dtype, wanted.ndim)
        case _:
            return False


def _whole(tree: ResultTree) -> tuple[int, ...] | None:
    """The results that a plain tuple consists of, in order."""
    if isinstance(tree, ResultLeaf | ResultStatic) or tree.cls is not tuple:
        return None
    if not all(isinstance(item, ResultLeaf) for item in tree.items):
        return None
    return tuple(i.index for i in tree.items if isinstance(i, ResultLeaf))
